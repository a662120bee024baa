//! The clocks' alarms: at half, three quarters and nine tenths of the time, and when it is over. Each is called
//! once for each deadline, on the timeline and to whoever follows the outbox.

use std::time::Duration;

use domain::obligation::clock::Alarm;
use domain::timeline::EntryKind;
use domain::{Actor, IncidentId};
use jiff::Timestamp;

use super::{Running, settle, store};
use crate::app::App;
use crate::change::Change;
use crate::error::Result;
use crate::incident::{self, above};

/// Where the outbox tells of an alarm: `INC-1/gdpr_33/notification/half`.
const ALARM: &str = "obligation.alarm";
/// How often the clocks are looked at.
const EVERY: Duration = Duration::from_secs(20);

/// Looks at the clocks again and again.
pub async fn watch(app: App) {
    loop {
        if let Err(error) = check(&app).await {
            tracing::error!(%error, "clocks of duties to notify cannot be looked at");
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Calls what is due now, and takes in incidents that are new; says how many incidents were looked at.
pub async fn check(app: &App) -> Result<usize> {
    if store::profiles(&mut *app.db.readers().acquire().await?, 1).await?.is_empty() {
        return Ok(0);
    }
    let mut due = store::due(&app.db, app.clock.now()).await?;
    let known = store::known(&app.db).await?;
    due.extend(incident::above::open(app).await?.into_iter().filter(|id| !known.contains(id)));
    for id in &due {
        let id = *id;
        let looked = app.change(&Actor::Watchbell, move |change| {
            Box::pin(async move {
                let record = above::to_read(change, &Actor::Watchbell, id).await?;
                settle(change, record).await
            })
        });
        // One that cannot be looked at keeps no other from being looked at.
        if let Err(error) = looked.await {
            tracing::error!(%error, incident = %id, "the clocks of an incident's duties cannot be looked at");
        }
    }
    Ok(due.len())
}

/// Calls the alarms of these clocks that are due and were not called yet, the gravest of each alone.
pub(super) async fn call(change: &mut Change<'_>, id: IncidentId, running: &[Running]) -> Result<()> {
    for clock in running {
        let Some(alarm) = Alarm::called(clock.start, clock.deadline, change.at) else { continue };
        if !store::note_alarm(change, id, &clock.duty, &clock.stage, clock.deadline, alarm).await? {
            continue;
        }
        let certain =
            if clock.certain { "" } else { " It is open whether the duty applies: answer its questions." };
        let line = format!(
            "{}: {}\nThe deadline by the strict reading is {}.{certain}",
            clock.name,
            alarm.label(),
            clock.deadline.strftime("%Y-%m-%d %H:%M UTC")
        );
        above::line(change, &Actor::Watchbell, id, EntryKind::Status, line).await?;
        let record = format!("{id}/{}/{}/{alarm}", clock.duty, clock.stage);
        change.tell(ALARM, &record, Some(id.get())).await?;
    }
    Ok(())
}

/// When this clock calls next after `now`.
pub(super) fn next_call(clock: &Running, now: Timestamp) -> Option<Timestamp> {
    Alarm::ALL.iter().map(|alarm| alarm.at(clock.start, clock.deadline)).filter(|at| *at > now).min()
}

//! The values that stand in an alert's first events: by them it is found when somebody adds a value to an
//! incident, and by them other alerts are told to be like it. Values of later events are found once the alert is
//! in an incident, which notes all of them.

use std::collections::BTreeSet;

use domain::{Actor, AlertId, EventId, IncidentId, Observable, Permission};
use platform::search::Document;

use super::{Match, store};
use crate::app::App;
use crate::change::Change;
use crate::error::Result;
use crate::event;
use crate::identity::{need, scope};
use crate::search::document;

/// How many of an alert's first events are read for values, and how many values are kept of it.
const EVENTS_READ: i64 = 50;
const MOST_VALUES: usize = 200;
/// Longer values are not kept: no two alerts are known to be alike by them, and an index takes them ill.
const LONGEST: usize = 600;
/// How many alerts with one value are told; there may be more.
pub const HOLDERS: usize = 50;

/// Notes the values in an alert's new matches, as long as it is young. `count` is how many it has with them.
pub async fn note(change: &mut Change<'_>, grown: &[(AlertId, i64, &[Match])]) -> Result<()> {
    let mut wanted: Vec<(AlertId, EventId)> = Vec::new();
    for (alert, count, new) in grown {
        let before = count - i64::try_from(new.len()).unwrap_or(i64::MAX);
        let room = usize::try_from(EVENTS_READ - before).unwrap_or(0);
        wanted.extend(new.iter().take(room).map(|one| (*alert, one.event)));
    }
    let events: BTreeSet<EventId> = wanted.iter().map(|(_, event)| *event).collect();
    let events: Vec<EventId> = events.into_iter().collect();
    let mut values: BTreeSet<(AlertId, Observable)> = BTreeSet::new();
    for some in events.chunks(500) {
        for event in event::load(change.tx, some).await? {
            let seen: Vec<Observable> = event.sightings().into_iter().map(|one| one.observable).collect();
            for (alert, _) in wanted.iter().filter(|(_, wanted)| *wanted == event.id) {
                values.extend(
                    seen.iter().filter(|one| one.value().len() <= LONGEST).map(|one| (*alert, one.clone())),
                );
            }
        }
    }
    let mut kept = Vec::with_capacity(values.len());
    for (alert, observable) in values {
        if kept.iter().rev().take_while(|(known, _)| *known == alert).count() < MOST_VALUES {
            kept.push((alert, observable));
        }
    }
    store::values::insert(change.tx, &kept).await?;
    let alerts: BTreeSet<AlertId> = kept.iter().map(|(alert, _)| *alert).collect();
    for holder in store::values::texts_in(change.tx, &alerts.into_iter().collect::<Vec<_>>()).await? {
        change.find_by(holder.document());
    }
    Ok(())
}

/// An alert with all values that it is found by.
pub(super) struct Texts {
    pub alert: AlertId,
    pub incident: Option<i64>,
    pub created: i64,
    pub title: String,
    pub values: Vec<String>,
}

impl Texts {
    fn document(&self) -> Document {
        let values: Vec<&str> = self.values.iter().map(String::as_str).collect();
        document::of_values(self.alert.get(), self.incident, self.created, &self.title, &values)
    }
}

/// What alerts with higher numbers than `after` are found by, for a store that is indexed later.
pub async fn documents(app: &App, after: i64, limit: i64) -> Result<Vec<Document>> {
    let holders = store::values::holding_after(&app.db, after, limit).await?;
    let texts = store::values::texts(&app.db, &holders).await?;
    Ok(texts.iter().map(Texts::document).collect())
}

/// An alert that holds a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    pub observable: Observable,
    pub alert: AlertId,
    pub incident: Option<IncidentId>,
}

/// The values of these alerts. Whoever calls has seen to it that they may be seen.
pub async fn of(app: &App, alerts: &[AlertId]) -> Result<Vec<(AlertId, Observable)>> {
    store::values::of(&app.db, alerts).await
}

/// The alerts that hold these values, of each value the newest [`HOLDERS`] that the actor may see.
pub async fn holders(app: &App, actor: &Actor, values: &[Observable]) -> Result<Vec<Holder>> {
    need(actor, Permission::ReadAlerts, "seeing alerts")?;
    store::values::holders(&app.db, scope::account(actor), values, HOLDERS).await
}

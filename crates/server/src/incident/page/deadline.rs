//! What is due next in an incident: the earliest of all that runs out.

use domain::IncidentId;
use domain::response::ClockKind;
use jiff::Timestamp;

use super::super::store;
use crate::app::App;
use crate::error::Result;
use crate::identity::scope;

/// Something with a time by which it must be done.
pub struct Deadline {
    /// In the words of the task or the clock.
    pub what: String,
    pub due: Timestamp,
    /// Where it is done.
    pub href: String,
}

/// The earliest deadline of an incident that the caller may see. A further kind is a line in `all`.
pub async fn next(app: &App, incident: IncidentId) -> Result<Option<Deadline>> {
    let all = [task(app, incident).await?, clock(app, incident).await?, above(app, incident).await?];
    Ok(all.into_iter().flatten().min_by_key(|deadline| deadline.due))
}

/// What slices above know to be due: clocks of duties to notify.
async fn above(app: &App, incident: IncidentId) -> Result<Option<Deadline>> {
    let due = store::due::next(&app.db, incident).await?;
    Ok(due.map(|due| Deadline { what: due.what, due: due.at, href: due.href }))
}

async fn task(app: &App, incident: IncidentId) -> Result<Option<Deadline>> {
    let task = store::work::next_due(&app.db, &scope::family(app, incident).await?).await?;
    Ok(task.and_then(|task| {
        let href = format!("/incidents/{incident}/tasks#{}", task.id);
        task.due.map(|due| Deadline { what: task.title, due, href })
    }))
}

/// The time that is owed next.
async fn clock(app: &App, incident: IncidentId) -> Result<Option<Deadline>> {
    let open =
        store::clock::of_incident(&app.db, incident).await?.into_iter().filter(|owed| owed.clock().is_open());
    Ok(open.min_by_key(|owed| owed.due).map(|owed| Deadline {
        what: if owed.kind == ClockKind::Update {
            "Situation report".to_owned()
        } else {
            owed.kind.label().to_owned()
        },
        due: owed.due,
        href: format!("/incidents/{incident}/response#clocks"),
    }))
}

//! What is due next in an incident: the earliest of all that runs out.

use domain::IncidentId;
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
    let all = [task(app, incident).await?];
    Ok(all.into_iter().flatten().min_by_key(|deadline| deadline.due))
}

async fn task(app: &App, incident: IncidentId) -> Result<Option<Deadline>> {
    let task = store::work::next_due(&app.db, &scope::family(app, incident).await?).await?;
    Ok(task.and_then(|task| {
        let href = format!("/incidents/{incident}/tasks#{}", task.id);
        task.due.map(|due| Deadline { what: task.title, due, href })
    }))
}

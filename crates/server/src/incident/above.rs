//! What the slices above incidents do to one within a change of their own: they ask for it with the right that
//! they need, write on its timeline, keep a decision, and say what is due next in their own matter.

use domain::timeline::EntryKind;
use domain::{Actor, IncidentId};
use jiff::Timestamp;

use super::{Decision, Record, keep, record, store};
use crate::app::App;
use crate::change::Change;
use crate::error::Result;

/// The incident, if this actor may know of it.
pub async fn to_read(change: &mut Change<'_>, actor: &Actor, id: IncidentId) -> Result<Record> {
    keep::seen(change, actor, id).await
}

/// The incident, for whoever may work on it.
pub async fn to_work(change: &mut Change<'_>, actor: &Actor, id: IncidentId) -> Result<Record> {
    keep::to_work(change, actor, id).await
}

/// The incident, for whoever may add to it: not to one that is merged into another.
pub async fn to_add(change: &mut Change<'_>, actor: &Actor, id: IncidentId) -> Result<Record> {
    keep::to_add(change, actor, id).await
}

/// The incident, for whoever may steer it.
pub async fn to_command(change: &mut Change<'_>, actor: &Actor, id: IncidentId) -> Result<Record> {
    keep::to_command(change, actor, id).await
}

/// Writes on the timeline, and tells the pages.
pub async fn line(
    change: &mut Change<'_>,
    actor: &Actor,
    incident: IncidentId,
    kind: EntryKind,
    text: String,
) -> Result<()> {
    keep::line(change, actor, incident, kind, text).await?;
    keep::tell(change, incident).await
}

/// Keeps a decision that `maker` made, with its line on the timeline.
pub async fn decided(
    change: &mut Change<'_>,
    actor: &Actor,
    incident: IncidentId,
    decision: String,
    reason: String,
) -> Result<()> {
    let decision = Decision {
        id: keep::unnumbered()?,
        incident,
        at: change.at,
        recorded_at: change.at,
        decision,
        reason,
        maker: actor.name().to_owned(),
        by: actor.name().to_owned(),
        account: actor.user(),
        act: None,
        approvals: Vec::new(),
    };
    record::decision_kept(change, actor, decision).await?;
    keep::tell(change, incident).await
}

/// What is due next in a matter of a slice above.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    pub what: String,
    /// Where it is done.
    pub href: String,
    pub at: Timestamp,
}

/// Says what is due next of one kind; `None` if nothing is.
pub async fn set_due(
    change: &mut Change<'_>,
    incident: IncidentId,
    kind: &'static str,
    due: Option<&Due>,
) -> Result<()> {
    store::due::set(change, incident, kind, due).await
}

/// The open incidents' numbers.
pub async fn open(app: &App) -> Result<Vec<IncidentId>> {
    store::due::open_incidents(&app.db).await
}

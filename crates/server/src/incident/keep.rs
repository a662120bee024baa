//! What every verb of an incident does around its own work: finds the incident as far as the actor may
//! see it, asks for the right, and afterwards stores, commits to the ledger, writes on the timeline
//! and tells the live pages.

use std::collections::BTreeMap;

use domain::custom::FieldKey;
use domain::timeline::EntryKind;
use domain::{Actor, IncidentId, Permission, UserId};
use jiff::Timestamp;
use serde::Serialize;

use super::{Entry, Record, store, topic};
use crate::change::Change;
use crate::error::{Error, Result};
use crate::identity::{need, scope};

/// The number of something that is about to be inserted; the store gives the real one.
pub fn unnumbered<T: TryFrom<i64, Error = domain::Error>>() -> Result<T> {
    Ok(T::try_from(1)?)
}

/// The incident, if this actor may know of it.
pub async fn seen(change: &mut Change<'_>, actor: &Actor, id: IncidentId) -> Result<Record> {
    need(actor, Permission::ReadIncident, "reading incidents")?;
    let record = store::record_in(change.tx, id).await?.ok_or(Error::NotFound("incident"))?;
    if scope::sees_in(change, actor, id.get()).await? { Ok(record) } else { Err(Error::NotFound("incident")) }
}

/// The incident, for whoever may work on it.
pub async fn to_work(change: &mut Change<'_>, actor: &Actor, id: IncidentId) -> Result<Record> {
    let record = seen(change, actor, id).await?;
    need(actor, Permission::WorkIncident, "working on incidents")?;
    Ok(record)
}

/// The incident, for whoever may add to it. To one that is merged into another nothing is added.
pub async fn to_add(change: &mut Change<'_>, actor: &Actor, id: IncidentId) -> Result<Record> {
    let record = to_work(change, actor, id).await?;
    scope::stands_alone(change, id).await?;
    Ok(record)
}

/// The incident, for whoever may steer it: by role or as its commander. One that is merged into another is
/// steered there.
pub async fn to_command(change: &mut Change<'_>, actor: &Actor, id: IncidentId) -> Result<Record> {
    let record = commanded(change, actor, id).await?;
    scope::stands_alone(change, id).await?;
    Ok(record)
}

/// The same for one that may be merged.
pub async fn commanded(change: &mut Change<'_>, actor: &Actor, id: IncidentId) -> Result<Record> {
    let record = seen(change, actor, id).await?;
    if actor.may_command(&record.incident()?) {
        Ok(record)
    } else {
        Err(Error::Forbidden("only an incident manager or the incident's commander steers it"))
    }
}

/// What the ledger commits to when an incident changes: the record, who belongs to it, and what it holds in the
/// organisation's own fields.
#[derive(Serialize)]
struct Whole<'r> {
    #[serde(flatten)]
    record: &'r Record,
    members: Vec<UserId>,
    fields: BTreeMap<FieldKey, String>,
}

/// Stores the incident's new state and commits it to the ledger.
pub async fn incident(change: &mut Change<'_>, record: &mut Record, act: &str) -> Result<()> {
    record.updated_at = change.at;
    store::update(change, record).await?;
    commit(change, record, act).await
}

/// Commits the incident as it stands.
pub async fn commit(change: &mut Change<'_>, record: &Record, act: &str) -> Result<()> {
    let members = scope::members_in(change, record.id).await?;
    let fields = store::custom::values_in(change.tx, record.id).await?;
    let scope = Some(record.id.get());
    change.record(&record.id.to_string(), act, &Whole { record, members, fields }, scope).await?;
    tell(change, record.id).await
}

/// Tells the live pages of this incident and of those that it is merged into, and the list.
pub async fn tell(change: &mut Change<'_>, incident: IncidentId) -> Result<()> {
    let scope = Some(incident.get());
    change.tell("incidents", &incident.to_string(), scope).await?;
    for shown in std::iter::once(incident).chain(scope::heads_in(change, incident).await?) {
        change.tell(&topic(shown), &incident.to_string(), scope).await?;
    }
    Ok(())
}

/// An entry before it is stored.
pub fn entry(
    change: &Change<'_>,
    actor: &Actor,
    incident: IncidentId,
    kind: EntryKind,
    at: Timestamp,
    text: String,
) -> Result<Entry> {
    Ok(Entry {
        id: unnumbered()?,
        incident,
        lane: kind.lane(),
        kind,
        at,
        recorded_at: change.at,
        by: actor.name().to_owned(),
        account: actor.user(),
        text,
        techniques: Vec::new(),
        alert: None,
        event: None,
        raw_sha256: None,
        corrects: None,
        corrected_by: None,
    })
}

/// Stores entries, each with its leaf.
pub async fn entries(change: &mut Change<'_>, act: &str, entries: Vec<Entry>) -> Result<Vec<Entry>> {
    let entries = store::timeline::insert(change, entries).await?;
    for entry in &entries {
        change.record(&entry.id.to_string(), act, entry, Some(entry.incident.get())).await?;
    }
    Ok(entries)
}

/// Writes on the timeline what somebody just did.
pub async fn line(
    change: &mut Change<'_>,
    actor: &Actor,
    incident: IncidentId,
    kind: EntryKind,
    text: String,
) -> Result<()> {
    let line = entry(change, actor, incident, kind, change.at, text)?;
    entries(change, "entry.add", vec![line]).await?;
    Ok(())
}

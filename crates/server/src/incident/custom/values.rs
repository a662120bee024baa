//! What one incident holds in the organisation's own fields, and the status in which it stands.

use std::collections::BTreeMap;

use domain::custom::{FieldKey, FieldValue, Needed, fits};
use domain::timeline::EntryKind;
use domain::{Actor, IncidentId, StatusId};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::{Record, keep, optional, read, store, text};
use super::{Field, Status, status_in};
use crate::app::App;
use crate::change::Change;
use crate::error::{Error, Result};

/// A field of an incident, and what it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Held {
    #[serde(flatten)]
    pub field: Field,
    /// Numbers as decimals, days as `2026-03-31`, `yes` or `no`; null while nothing is filled in.
    #[schema(example = "CHG-1042")]
    pub value: Option<String>,
}

/// The fields that this incident has: those offered for its type, and retired ones that hold something.
pub async fn held(app: &App, actor: &Actor, id: IncidentId) -> Result<Vec<Held>> {
    let view = read::get(app, actor, id).await?;
    let fields = store::custom::fields(&app.db).await?;
    let mut values = store::custom::values(&app.db, id).await?;
    let mut all = Vec::with_capacity(fields.len());
    for field in fields {
        let value = values.remove(&field.key);
        let offered = field.retired_at.is_none() && field.shape()?.is_for(view.record.incident_type);
        if offered || value.is_some() {
            all.push(Held { field, value });
        }
    }
    Ok(all)
}

/// The statuses in which the incident could stand now.
pub async fn open_to(app: &App, actor: &Actor, record: &Record) -> Result<Vec<Status>> {
    let mut all = super::statuses(app, actor).await?;
    all.retain(|status| status.retired_at.is_none() && fits(&status.phases, record.phase));
    Ok(all)
}

/// Fills in fields, by their keys. Blank takes away; what is left out stays. All or nothing is changed.
pub async fn fill(
    app: &App,
    actor: &Actor,
    id: IncidentId,
    written: BTreeMap<FieldKey, Option<String>>,
) -> Result<Vec<Held>> {
    let acting = actor.clone();
    app.change(actor, move |change| {
        Box::pin(async move {
            let mut incident = keep::to_add(change, &acting, id).await?;
            let fields = store::custom::fields_in(change.tx).await?;
            let before = store::custom::values_in(change.tx, id).await?;
            let mut lines = Vec::new();
            for (key, given) in written {
                let field = fields.iter().find(|field| field.key == key).ok_or(Error::NotFound("field"))?;
                let new = read_value(field, &incident, given.as_deref())?;
                let old = before.get(&key);
                if new.as_ref().map(FieldValue::as_str) == old.map(String::as_str) {
                    continue;
                }
                store::custom::set_value(change, id, field.id, new.as_ref(), acting.user()).await?;
                lines.push(changed(&field.label, old.map(String::as_str), new.as_ref()));
            }
            if !lines.is_empty() {
                keep::incident(change, &mut incident, "incident.fill").await?;
                keep::line(change, &acting, id, EntryKind::Status, lines.join("\n")).await?;
            }
            Ok(())
        })
    })
    .await?;
    held(app, actor, id).await
}

/// A retired field, or one of another type of incident, can be emptied but not filled.
fn read_value(field: &Field, incident: &Record, written: Option<&str>) -> Result<Option<FieldValue>> {
    let shape = field.shape()?;
    let value = shape.read(written.unwrap_or_default())?;
    if value.is_some() && field.retired_at.is_some() {
        return Err(Error::Conflict(format!("The field “{}” is retired.", field.label)));
    }
    if value.is_some() && !shape.is_for(incident.incident_type) {
        return Err(Error::Conflict(format!(
            "Incidents of the type {} have no field “{}”.",
            incident.incident_type.label().to_lowercase(),
            field.label
        )));
    }
    Ok(value)
}

fn changed(label: &str, old: Option<&str>, new: Option<&FieldValue>) -> String {
    match (old, new) {
        (None, Some(new)) => format!("{label}: {new}"),
        (Some(old), Some(new)) => format!("{label}: {old} → {new}"),
        (old, None) => format!("{label}: taken away, it was {}", old.unwrap_or("empty")),
    }
}

/// Moves the incident to a status of the organisation's own, or out of it.
pub async fn set_status(
    app: &App,
    actor: &Actor,
    id: IncidentId,
    to: Option<StatusId>,
    why: Option<String>,
) -> Result<Record> {
    let why = optional(why).map(|given| text("the reason", &given)).transpose()?;
    let acting = actor.clone();
    app.change(actor, move |change| {
        Box::pin(async move {
            let mut incident = keep::to_add(change, &acting, id).await?;
            if incident.status == to {
                return Ok(incident);
            }
            let label = match to {
                None => "none".to_owned(),
                Some(to) => {
                    let status = status_in(change, to).await?;
                    if status.retired_at.is_some() || !fits(&status.phases, incident.phase) {
                        return Err(Error::Conflict(format!(
                            "“{}” is no status of an incident in {}.",
                            status.label,
                            incident.phase.label().to_lowercase()
                        )));
                    }
                    status.label
                }
            };
            incident.status = to;
            incident.status_since = to.map(|_| change.at);
            keep::incident(change, &mut incident, "incident.set_status").await?;
            let line = format!("Status: {label}");
            let line = why.map_or_else(|| line.clone(), |why| format!("{line}\n{why}"));
            keep::line(change, &acting, id, EntryKind::Status, line).await?;
            Ok(incident)
        })
    })
    .await
}

/// In another phase a status that does not belong there falls away. Called before the incident is stored.
pub async fn leave_phase(change: &mut Change<'_>, incident: &mut Record) -> Result<()> {
    let Some(status) = incident.status else { return Ok(()) };
    if !fits(&status_in(change, status).await?.phases, incident.phase) {
        incident.status = None;
        incident.status_since = None;
    }
    Ok(())
}

/// Refuses to close an incident in which something is not filled in that has to be by then.
pub async fn complete(change: &mut Change<'_>, incident: &Record) -> Result<()> {
    let values = store::custom::values_in(change.tx, incident.id).await?;
    let mut missing = Vec::new();
    for field in store::custom::fields_in(change.tx).await? {
        let asked = field.retired_at.is_none() && field.needed == Needed::Closing;
        if asked && !values.contains_key(&field.key) && field.shape()?.is_for(incident.incident_type) {
            missing.push(field.label);
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(Error::Conflict(format!("Fill in before {} is closed: {}.", incident.id, missing.join(", "))))
}

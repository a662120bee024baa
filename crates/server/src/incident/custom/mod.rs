//! What the organisation adds to its incidents: fields and statuses of its own, defined once for all of them.
//! What one incident holds in them is [`values`]' business.

pub mod values;

use domain::custom::{Field as Shape, FieldKey, FieldKind, Needed};
use domain::{Actor, FieldId, IncidentType, Line, Permission, Phase, StatusId, UserId};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{keep, optional, store, text};
use crate::app::App;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::identity::need;

/// More than these nobody fills in.
const MOST: usize = 60;

/// A field as it is stored, and as the ledger commits to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Field {
    #[schema(value_type = String, example = "FLD-1")]
    pub id: FieldId,
    /// By this name programs know it; it never changes.
    #[schema(value_type = String, example = "change_ticket")]
    pub key: FieldKey,
    #[schema(example = "Change ticket")]
    pub label: String,
    #[schema(value_type = String, example = "line")]
    pub kind: FieldKind,
    /// What one of a list is chosen from.
    #[schema(example = json!([]))]
    pub choices: Vec<String>,
    /// The types of incident that have it; all of them if empty.
    #[schema(value_type = Vec<String>, example = json!(["ransomware"]))]
    pub types: Vec<IncidentType>,
    /// What people are to write there.
    pub help: Option<String>,
    #[schema(value_type = String, example = "never")]
    pub needed: Needed,
    /// Its place among the fields.
    pub place: i64,
    #[schema(value_type = String, example = "USR-1")]
    pub created_by: UserId,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Since when it is offered no longer.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub retired_at: Option<Timestamp>,
}

impl Field {
    pub fn shape(&self) -> Result<Shape> {
        shape(&self.label, self.kind, &self.choices, self.types.clone(), self.needed)
    }
}

/// A status as it is stored, and as the ledger commits to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Status {
    #[schema(value_type = String, example = "STS-1")]
    pub id: StatusId,
    #[schema(example = "Waiting for the supplier")]
    pub label: String,
    /// The phases in which it can stand; any while the incident is open if empty.
    #[schema(value_type = Vec<String>, example = json!(["recovery"]))]
    pub phases: Vec<Phase>,
    /// Whether the response waits for somebody else.
    pub waits: bool,
    pub place: i64,
    #[schema(value_type = String, example = "USR-1")]
    pub created_by: UserId,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub retired_at: Option<Timestamp>,
}

fn shape(
    label: &str,
    kind: FieldKind,
    choices: &[String],
    types: Vec<IncidentType>,
    needed: Needed,
) -> Result<Shape> {
    let choices = choices.iter().map(|one| Line::new("a choice", one)).collect::<Result<Vec<_>, _>>()?;
    Ok(Shape::new(Line::new("the field's name", label)?, kind, choices, types, needed)?)
}

/// All fields in their order, those that are retired as well.
pub async fn fields(app: &App, actor: &Actor) -> Result<Vec<Field>> {
    need(actor, Permission::ReadIncident, "reading the fields of incidents")?;
    store::custom::fields(&app.db).await
}

/// All statuses in their order, those that are retired as well.
pub async fn statuses(app: &App, actor: &Actor) -> Result<Vec<Status>> {
    need(actor, Permission::ReadIncident, "reading the statuses of incidents")?;
    store::custom::statuses(&app.db).await
}

/// What is said of a field. Its key and kind are said once, when it is made.
pub struct FieldWords {
    pub label: String,
    pub choices: Vec<String>,
    pub types: Vec<IncidentType>,
    pub help: Option<String>,
    pub needed: Needed,
}

pub async fn add_field(
    app: &App,
    actor: &Actor,
    key: FieldKey,
    kind: FieldKind,
    words: FieldWords,
) -> Result<Field> {
    let created_by = keeper(actor)?;
    let shape = shape(&words.label, kind, &words.choices, words.types, words.needed)?;
    let help = optional(words.help).map(|given| text("the help", &given)).transpose()?;
    app.change(actor, move |change| {
        Box::pin(async move {
            let there = store::custom::fields_in(change.tx).await?;
            if there.iter().any(|field| field.key == key) {
                return Err(Error::Conflict(format!("There is a field {key} already; change that one.")));
            }
            room(there.iter().filter(|field| field.retired_at.is_none()).count(), "fields")?;
            let mut field = Field {
                id: keep::unnumbered()?,
                key,
                label: shape.label.to_string(),
                kind,
                choices: shape.choices().iter().map(ToString::to_string).collect(),
                types: shape.types,
                help: help.map(|text| text.to_string()),
                needed: shape.needed,
                place: next(there.iter().map(|field| field.place)),
                created_by,
                created_at: change.at,
                retired_at: None,
            };
            field.id = store::custom::insert_field(change, &field).await?;
            commit_field(change, &field, "field.add").await?;
            Ok(field)
        })
    })
    .await
}

/// Says a field anew, in other words. A choice that incidents hold cannot be taken away from under them.
pub async fn change_field(app: &App, actor: &Actor, id: FieldId, words: FieldWords) -> Result<Field> {
    keeper(actor)?;
    app.change(actor, move |change| {
        Box::pin(async move {
            let mut field = field_in(change, id).await?;
            let shape = shape(&words.label, field.kind, &words.choices, words.types, words.needed)?;
            let choices: Vec<String> = shape.choices().iter().map(ToString::to_string).collect();
            if field.kind == FieldKind::Choice {
                let held = store::custom::held_in(change.tx, id).await?;
                if let Some(lost) = held.iter().find(|value| !choices.contains(*value)) {
                    return Err(Error::Conflict(format!(
                        "Incidents hold {lost:?}; that choice has to stay."
                    )));
                }
            }
            field.label = shape.label.to_string();
            field.choices = choices;
            field.types = shape.types;
            field.needed = shape.needed;
            field.help = optional(words.help)
                .map(|given| text("the help", &given))
                .transpose()?
                .map(|help| help.to_string());
            store::custom::update_field(change, &field).await?;
            commit_field(change, &field, "field.change").await?;
            Ok(field)
        })
    })
    .await
}

/// Retires a field, or offers it again. What incidents hold in it stays either way.
pub async fn retire_field(app: &App, actor: &Actor, id: FieldId, retired: bool) -> Result<Field> {
    keeper(actor)?;
    app.change(actor, move |change| {
        Box::pin(async move {
            let mut field = field_in(change, id).await?;
            if field.retired_at.is_some() == retired {
                return Ok(field);
            }
            field.retired_at = retired.then_some(change.at);
            store::custom::update_field(change, &field).await?;
            commit_field(change, &field, if retired { "field.retire" } else { "field.restore" }).await?;
            Ok(field)
        })
    })
    .await
}

/// What is said of a status.
pub struct StatusWords {
    pub label: String,
    pub phases: Vec<Phase>,
    pub waits: bool,
}

pub async fn add_status(app: &App, actor: &Actor, words: StatusWords) -> Result<Status> {
    let created_by = keeper(actor)?;
    let label = Line::new("the status", &words.label)?;
    app.change(actor, move |change| {
        Box::pin(async move {
            let there = store::custom::statuses_in(change.tx).await?;
            let offered = || there.iter().filter(|status| status.retired_at.is_none());
            if offered().any(|status| status.label.eq_ignore_ascii_case(&label)) {
                return Err(Error::Conflict(format!("There is a status “{label}” already.")));
            }
            room(offered().count(), "statuses")?;
            let mut status = Status {
                id: keep::unnumbered()?,
                label: label.to_string(),
                phases: words.phases,
                waits: words.waits,
                place: next(there.iter().map(|status| status.place)),
                created_by,
                created_at: change.at,
                retired_at: None,
            };
            status.id = store::custom::insert_status(change, &status).await?;
            commit_status(change, &status, "status.add").await?;
            Ok(status)
        })
    })
    .await
}

/// Retires a status, or offers it again. Incidents that stand in it stay there until somebody moves them.
pub async fn retire_status(app: &App, actor: &Actor, id: StatusId, retired: bool) -> Result<Status> {
    keeper(actor)?;
    app.change(actor, move |change| {
        Box::pin(async move {
            let mut status = status_in(change, id).await?;
            if status.retired_at.is_some() == retired {
                return Ok(status);
            }
            status.retired_at = retired.then_some(change.at);
            store::custom::update_status(change, &status).await?;
            commit_status(change, &status, if retired { "status.retire" } else { "status.restore" }).await?;
            Ok(status)
        })
    })
    .await
}

/// Whoever keeps the plan says what incidents are described by.
fn keeper(actor: &Actor) -> Result<UserId> {
    need(actor, Permission::EditPlan, "changing the fields and statuses of incidents")?;
    actor.user().ok_or(Error::Forbidden("only a person changes the fields and statuses of incidents"))
}

fn room(there: usize, what: &'static str) -> Result<()> {
    if there < MOST {
        return Ok(());
    }
    Err(Error::Conflict(format!("There are {MOST} {what} already; retire one first.")))
}

fn next(places: impl Iterator<Item = i64>) -> i64 {
    places.max().unwrap_or(0).saturating_add(1)
}

async fn field_in(change: &mut Change<'_>, id: FieldId) -> Result<Field> {
    let all = store::custom::fields_in(change.tx).await?;
    all.into_iter().find(|field| field.id == id).ok_or(Error::NotFound("field"))
}

async fn status_in(change: &mut Change<'_>, id: StatusId) -> Result<Status> {
    let all = store::custom::statuses_in(change.tx).await?;
    all.into_iter().find(|status| status.id == id).ok_or(Error::NotFound("status"))
}

async fn commit_field(change: &mut Change<'_>, field: &Field, act: &str) -> Result<()> {
    change.record(&field.id.to_string(), act, field, None).await
}

async fn commit_status(change: &mut Change<'_>, status: &Status, act: &str) -> Result<()> {
    change.record(&status.id.to_string(), act, status, None).await
}

//! The organisation's own fields and statuses over HTTP, and what an incident holds in them.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use domain::custom::{FieldKey, FieldKind, Needed};
use domain::{FieldId, IncidentId, IncidentType, Phase, StatusId};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::custom::values::{self, Held};
use super::super::custom::{self, Field, FieldWords, Status, StatusWords};
use super::super::{IncidentView, read};
use crate::app::App;
use crate::error::{Problem, Result};
use crate::web::extract::{Json, Path, Who};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(fields, add_field))
        .routes(routes!(change_field))
        .routes(routes!(retire_field))
        .routes(routes!(statuses, add_status))
        .routes(routes!(retire_status))
        .routes(routes!(held, fill))
        .routes(routes!(set_status))
}

/// Lists the organisation's own fields of incidents, those that are retired as well.
#[utoipa::path(get, path = "/api/v1/incident-fields", tag = "incident", responses((status = 200, body = Vec<Field>)))]
async fn fields(State(app): State<App>, Who(actor): Who) -> Result<axum::Json<Vec<Field>>> {
    Ok(axum::Json(custom::fields(&app, &actor).await?))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFieldInput {
    /// By this name programs know it; it never changes.
    #[schema(value_type = String, example = "change_ticket")]
    pub key: FieldKey,
    #[schema(value_type = String, example = "line")]
    pub kind: FieldKind,
    #[schema(example = "Change ticket")]
    pub label: String,
    #[serde(default)]
    #[schema(example = json!([]))]
    pub choices: Vec<String>,
    /// The types of incident that have it; all of them if empty.
    #[serde(default)]
    #[schema(value_type = Vec<String>, example = json!(["ransomware"]))]
    pub types: Vec<IncidentType>,
    pub help: Option<String>,
    #[serde(default = "never")]
    #[schema(value_type = String, example = "never")]
    pub needed: Needed,
}

const fn never() -> Needed {
    Needed::Never
}

/// Adds a field to all incidents of some types, or of all.
#[utoipa::path(post, path = "/api/v1/incident-fields", tag = "incident", request_body = NewFieldInput,
    responses((status = 201, body = Field), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn add_field(
    State(app): State<App>,
    Who(actor): Who,
    Json(input): Json<NewFieldInput>,
) -> Result<(StatusCode, axum::Json<Field>)> {
    let NewFieldInput { key, kind, label, choices, types, help, needed } = input;
    let words = FieldWords { label, choices, types, help, needed };
    Ok((StatusCode::CREATED, axum::Json(custom::add_field(&app, &actor, key, kind, words).await?)))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldInput {
    #[schema(example = "Change ticket")]
    pub label: String,
    #[serde(default)]
    #[schema(example = json!([]))]
    pub choices: Vec<String>,
    #[serde(default)]
    #[schema(value_type = Vec<String>, example = json!([]))]
    pub types: Vec<IncidentType>,
    pub help: Option<String>,
    #[serde(default = "never")]
    #[schema(value_type = String, example = "closing")]
    pub needed: Needed,
}

/// Says a field anew. Its key and kind stay; so does a choice that incidents hold.
#[utoipa::path(put, path = "/api/v1/incident-fields/{id}", tag = "incident", params(("id" = String, Path, example = "FLD-1")),
    request_body = FieldInput, responses((status = 200, body = Field), (status = 404, body = Problem), (status = 409, body = Problem),
    (status = 422, body = Problem)))]
async fn change_field(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<FieldId>,
    Json(input): Json<FieldInput>,
) -> Result<axum::Json<Field>> {
    let FieldInput { label, choices, types, help, needed } = input;
    let words = FieldWords { label, choices, types, help, needed };
    Ok(axum::Json(custom::change_field(&app, &actor, id, words).await?))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RetireInput {
    /// False offers it again.
    pub retired: bool,
}

/// Retires a field, or offers it again. What incidents hold in it stays.
#[utoipa::path(post, path = "/api/v1/incident-fields/{id}/retire", tag = "incident", params(("id" = String, Path, example = "FLD-1")),
    request_body = RetireInput, responses((status = 200, body = Field), (status = 404, body = Problem)))]
async fn retire_field(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<FieldId>,
    Json(input): Json<RetireInput>,
) -> Result<axum::Json<Field>> {
    Ok(axum::Json(custom::retire_field(&app, &actor, id, input.retired).await?))
}

/// Lists the organisation's own statuses of incidents, those that are retired as well.
#[utoipa::path(get, path = "/api/v1/incident-statuses", tag = "incident", responses((status = 200, body = Vec<Status>)))]
async fn statuses(State(app): State<App>, Who(actor): Who) -> Result<axum::Json<Vec<Status>>> {
    Ok(axum::Json(custom::statuses(&app, &actor).await?))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusWordsInput {
    #[schema(example = "Waiting for the supplier")]
    pub label: String,
    /// The phases in which it can stand; any while the incident is open if empty.
    #[serde(default)]
    #[schema(value_type = Vec<String>, example = json!(["recovery"]))]
    pub phases: Vec<Phase>,
    /// Whether the response waits for somebody else.
    #[serde(default)]
    pub waits: bool,
}

/// Adds a status.
#[utoipa::path(post, path = "/api/v1/incident-statuses", tag = "incident", request_body = StatusWordsInput,
    responses((status = 201, body = Status), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn add_status(
    State(app): State<App>,
    Who(actor): Who,
    Json(input): Json<StatusWordsInput>,
) -> Result<(StatusCode, axum::Json<Status>)> {
    let StatusWordsInput { label, phases, waits } = input;
    let status = custom::add_status(&app, &actor, StatusWords { label, phases, waits }).await?;
    Ok((StatusCode::CREATED, axum::Json(status)))
}

/// Retires a status, or offers it again. Incidents that stand in it stay there.
#[utoipa::path(post, path = "/api/v1/incident-statuses/{id}/retire", tag = "incident", params(("id" = String, Path, example = "STS-1")),
    request_body = RetireInput, responses((status = 200, body = Status), (status = 404, body = Problem)))]
async fn retire_status(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<StatusId>,
    Json(input): Json<RetireInput>,
) -> Result<axum::Json<Status>> {
    Ok(axum::Json(custom::retire_status(&app, &actor, id, input.retired).await?))
}

/// Gives the fields that an incident has, and what they hold.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/fields", tag = "incident", params(("id" = String, Path, example = "INC-1")),
    responses((status = 200, body = Vec<Held>), (status = 404, body = Problem)))]
async fn held(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
) -> Result<axum::Json<Vec<Held>>> {
    Ok(axum::Json(values::held(&app, &actor, id).await?))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FillInput {
    /// Values by the keys of their fields. Null or blank takes away; what is left out stays.
    #[schema(value_type = Object, example = json!({ "change_ticket": "CHG-1042", "restored_on": "2026-03-31" }))]
    pub fields: BTreeMap<FieldKey, Option<String>>,
}

/// Fills in fields of an incident: all of them, or none where one is refused.
#[utoipa::path(put, path = "/api/v1/incidents/{id}/fields", tag = "incident", params(("id" = String, Path, example = "INC-1")),
    request_body = FillInput, responses((status = 200, body = Vec<Held>), (status = 404, body = Problem), (status = 409, body = Problem),
    (status = 422, body = Problem)))]
async fn fill(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Json(input): Json<FillInput>,
) -> Result<axum::Json<Vec<Held>>> {
    Ok(axum::Json(values::fill(&app, &actor, id, input.fields).await?))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetStatusInput {
    /// None of the organisation's own if null.
    #[schema(value_type = Option<String>, example = "STS-1")]
    pub status: Option<StatusId>,
    pub reason: Option<String>,
}

/// Moves an incident to a status of the organisation's own, or out of it.
#[utoipa::path(put, path = "/api/v1/incidents/{id}/status", tag = "incident", params(("id" = String, Path, example = "INC-1")),
    request_body = SetStatusInput, responses((status = 200, body = IncidentView), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn set_status(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Json(input): Json<SetStatusInput>,
) -> Result<axum::Json<IncidentView>> {
    values::set_status(&app, &actor, id, input.status, input.reason).await?;
    Ok(axum::Json(read::get(&app, &actor, id).await?))
}

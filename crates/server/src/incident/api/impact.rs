//! What an incident did and cost, over HTTP.

use axum::extract::State;
use axum::http::StatusCode;
use domain::impact::{
    Confidence, CostKind, Country, Currency, DataKind, DataSubject, DoneToData, PeopleCount, Protection,
};
use domain::{AffectedId, CostId, EffortId, IncidentId};
use jiff::civil::Date;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::impact::{self, Affected, Cost, Effort, Impact, NewAffected, NewCost, NewEffort, Which};
use crate::app::App;
use crate::error::{Problem, Result};
use crate::web::extract::{Json, Path, Who};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(all))
        .routes(routes!(add_data))
        .routes(routes!(add_effort))
        .routes(routes!(add_cost))
        .routes(routes!(withdraw_data))
        .routes(routes!(withdraw_effort))
        .routes(routes!(withdraw_cost))
}

/// Gives what the incident did and cost: data and people concerned, work, money, with the sums.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/impact", tag = "incident", params(("id" = String, Path, example = "INC-1")),
    responses((status = 200, body = Impact), (status = 404, body = Problem)))]
async fn all(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
) -> Result<axum::Json<Impact>> {
    Ok(axum::Json(impact::impact(&app, &actor, id).await?))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DataInput {
    #[schema(value_type = Vec<String>, example = json!(["personal", "credentials"]))]
    pub kinds: Vec<DataKind>,
    /// Empty while that is not known.
    #[serde(default)]
    #[schema(value_type = Vec<String>, example = json!(["taken"]))]
    pub done: Vec<DoneToData>,
    #[serde(default)]
    #[schema(value_type = Vec<String>, example = json!(["customers"]))]
    pub subjects: Vec<DataSubject>,
    #[serde(default)]
    #[schema(value_type = Vec<String>, example = json!(["DE", "US-CA"]))]
    pub countries: Vec<Country>,
    /// `1200`, `~1200`, `300-1000` or `500+`.
    #[schema(value_type = Option<String>, example = "~1200")]
    pub people: Option<PeopleCount>,
    #[schema(value_type = String, example = "readable")]
    pub protection: Protection,
    #[schema(value_type = String, example = "likely")]
    pub confidence: Confidence,
    /// Where this is known from.
    #[schema(example = "Listing of the share, EVD-4")]
    pub source: String,
    pub note: Option<String>,
}

/// Records data and people concerned.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/impact/data", tag = "incident", params(("id" = String, Path, example = "INC-1")),
    request_body = DataInput, responses((status = 201, body = Affected), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn add_data(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Json(input): Json<DataInput>,
) -> Result<(StatusCode, axum::Json<Affected>)> {
    let new = NewAffected {
        kinds: input.kinds,
        done: input.done,
        subjects: input.subjects,
        countries: input.countries,
        people: input.people,
        protection: input.protection,
        confidence: input.confidence,
        source: input.source,
        note: input.note,
    };
    Ok((StatusCode::CREATED, axum::Json(impact::add_data(&app, &actor, id, new).await?)))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EffortInput {
    /// The caller if left out.
    #[schema(example = "Response firm, two analysts")]
    pub who: Option<String>,
    #[schema(example = 90)]
    pub minutes: i64,
    pub what: String,
    /// Today (UTC) if left out.
    #[schema(value_type = Option<String>, format = Date, example = "2026-11-24")]
    pub day: Option<Date>,
}

/// Records work that was done.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/impact/effort", tag = "incident", params(("id" = String, Path, example = "INC-1")),
    request_body = EffortInput, responses((status = 201, body = Effort), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn add_effort(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Json(input): Json<EffortInput>,
) -> Result<(StatusCode, axum::Json<Effort>)> {
    let EffortInput { who, minutes, what, day } = input;
    let effort = impact::add_effort(&app, &actor, id, NewEffort { who, minutes, what, day }).await?;
    Ok((StatusCode::CREATED, axum::Json(effort)))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CostInput {
    #[schema(value_type = String, example = "response")]
    pub kind: CostKind,
    #[schema(example = "1200.50")]
    pub amount: String,
    /// ISO 4217.
    #[schema(value_type = String, example = "EUR")]
    pub currency: Currency,
    pub vendor: Option<String>,
    pub what: String,
    /// Today (UTC) if left out.
    #[schema(value_type = Option<String>, format = Date, example = "2026-11-24")]
    pub day: Option<Date>,
}

/// Records money that was spent or lost.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/impact/cost", tag = "incident", params(("id" = String, Path, example = "INC-1")),
    request_body = CostInput, responses((status = 201, body = Cost), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn add_cost(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Json(input): Json<CostInput>,
) -> Result<(StatusCode, axum::Json<Cost>)> {
    let CostInput { kind, amount, currency, vendor, what, day } = input;
    let new = NewCost { kind, amount, currency, vendor, what, day };
    Ok((StatusCode::CREATED, axum::Json(impact::add_cost(&app, &actor, id, new).await?)))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawInput {
    pub reason: String,
}

/// Withdraws a record of data that was wrong. It stays to be read.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/impact/data/{record}/withdraw", tag = "incident",
    params(("id" = String, Path, example = "INC-1"), ("record" = String, Path, example = "DAT-1")), request_body = WithdrawInput,
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn withdraw_data(
    State(app): State<App>,
    Who(actor): Who,
    Path((id, record)): Path<(IncidentId, AffectedId)>,
    Json(input): Json<WithdrawInput>,
) -> Result<StatusCode> {
    impact::withdraw(&app, &actor, id, Which::Data(record), &input.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Withdraws an effort that was wrong. It stays to be read.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/impact/effort/{record}/withdraw", tag = "incident",
    params(("id" = String, Path, example = "INC-1"), ("record" = String, Path, example = "EFF-1")), request_body = WithdrawInput,
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn withdraw_effort(
    State(app): State<App>,
    Who(actor): Who,
    Path((id, record)): Path<(IncidentId, EffortId)>,
    Json(input): Json<WithdrawInput>,
) -> Result<StatusCode> {
    impact::withdraw(&app, &actor, id, Which::Effort(record), &input.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Withdraws a cost that was wrong. It stays to be read.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/impact/cost/{record}/withdraw", tag = "incident",
    params(("id" = String, Path, example = "INC-1"), ("record" = String, Path, example = "CST-1")), request_body = WithdrawInput,
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn withdraw_cost(
    State(app): State<App>,
    Who(actor): Who,
    Path((id, record)): Path<(IncidentId, CostId)>,
    Json(input): Json<WithdrawInput>,
) -> Result<StatusCode> {
    impact::withdraw(&app, &actor, id, Which::Cost(record), &input.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

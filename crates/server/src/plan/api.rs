//! The plan over HTTP. Its files, drafts and attestations are in [`draft`].

mod draft;

use axum::extract::State;
use domain::plan::RoleKey;
use domain::{IncidentType, PlanVersionId, Severity, UserId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Holders;
use super::facts::FactsQuery;
use crate::app::App;
use crate::error::{Error, Problem, Result};
use crate::web::extract::{Json, Path, Query, Who};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(plan))
        .routes(routes!(severity))
        .routes(routes!(procedure))
        .routes(routes!(holders))
        .routes(routes!(set_holders))
        .merge(draft::routes())
}

/// The plan in force.
#[derive(Serialize, ToSchema)]
struct PlanInForce {
    #[schema(value_type = String, example = "PLAN-1")]
    id: PlanVersionId,
    /// The author's own version.
    version: String,
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// All of it: head, roles, channels, severity, notifications, evidence, review, procedures, chapters.
    #[schema(value_type = Object)]
    plan: serde_json::Value,
}

/// Gives the plan in force.
#[utoipa::path(get, path = "/api/v1/plan", tag = "plan", responses((status = 200, body = PlanInForce)))]
async fn plan(State(app): State<App>, Who(actor): Who) -> Result<axum::Json<PlanInForce>> {
    let now = super::read(&app, &actor).await?;
    Ok(axum::Json(PlanInForce {
        id: now.id,
        version: now.plan.head.version.to_string(),
        since: now.since,
        plan: serde_json::to_value(&*now.plan)?,
    }))
}

/// Gives the procedure for a type of incident.
#[utoipa::path(get, path = "/api/v1/plan/procedures/{type}", tag = "plan",
    params(("type" = String, Path, example = "ransomware")),
    responses((status = 200, body = Object), (status = 404, body = Problem)))]
async fn procedure(
    State(app): State<App>,
    Who(actor): Who,
    Path(incident_type): Path<IncidentType>,
) -> Result<axum::Json<serde_json::Value>> {
    let now = super::read(&app, &actor).await?;
    let procedure = now.plan.procedure(incident_type).ok_or(Error::NotFound("procedure"))?;
    Ok(axum::Json(serde_json::to_value(procedure)?))
}

/// What the plan proposes, and why.
#[derive(Serialize, ToSchema)]
struct ProposedSeverity {
    #[schema(value_type = String, example = "high")]
    severity: Severity,
    because: String,
}

/// Asks the plan's matrix for the severity of these facts.
#[utoipa::path(get, path = "/api/v1/plan/severity", tag = "plan", params(FactsQuery),
    responses((status = 200, body = ProposedSeverity), (status = 422, body = Problem)))]
async fn severity(
    State(app): State<App>,
    Who(actor): Who,
    Query(facts): Query<FactsQuery>,
) -> Result<axum::Json<ProposedSeverity>> {
    let proposal = super::propose(&app, &actor, &facts.into()).await?;
    Ok(axum::Json(ProposedSeverity { severity: proposal.severity, because: proposal.because }))
}

/// Lists the roles of the plan with the people who may be asked to fill them.
#[utoipa::path(get, path = "/api/v1/plan/holders", tag = "plan", responses((status = 200, body = Vec<Holders>)))]
async fn holders(State(app): State<App>, Who(actor): Who) -> Result<axum::Json<Vec<Holders>>> {
    Ok(axum::Json(super::holders(&app, &actor).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct HoldersInput {
    /// First choice first; an empty list clears the role.
    #[schema(value_type = Vec<String>, example = json!(["USR-3", "USR-5"]))]
    people: Vec<UserId>,
}

/// Says who may be asked to fill a role of the plan.
#[utoipa::path(put, path = "/api/v1/plan/holders/{role}", tag = "plan",
    params(("role" = String, Path, example = "forensics_lead")), request_body = HoldersInput,
    responses((status = 200, body = Holders), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn set_holders(
    State(app): State<App>,
    Who(actor): Who,
    Path(role): Path<RoleKey>,
    Json(input): Json<HoldersInput>,
) -> Result<axum::Json<Holders>> {
    Ok(axum::Json(super::set_holders(&app, &actor, role, input.people).await?))
}

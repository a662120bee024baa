//! What an incident's severity sets going, over HTTP: the preview of another severity, the muster list,
//! approvals, clocks, and what waits for one person.

use axum::extract::State;
use axum::http::StatusCode;
use domain::plan::RoleKey;
use domain::response::ActKind;
use domain::{ApprovalId, IncidentId, MusterId, Severity, UserId};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::response::approval::{self, Answer, Approval};
use super::super::response::clock::{self, ClockView};
use super::super::response::mine::{self, Mine};
use super::super::response::muster::{self, Order, Post};
use super::super::response::{self as responses, Preview};
use crate::app::App;
use crate::error::{Problem, Result};
use crate::web::extract::{Json, Path, Query, Who};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(preview))
        .routes(routes!(places))
        .routes(routes!(ask))
        .routes(routes!(assign))
        .routes(routes!(stand_down))
        .routes(routes!(answer))
        .routes(routes!(approvals, ask_approval))
        .routes(routes!(give))
        .routes(routes!(refuse))
        .routes(routes!(withdraw))
        .routes(routes!(clocks))
        .routes(routes!(waiting))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PreviewQuery {
    #[param(value_type = String, example = "critical")]
    pub severity: Severity,
}

/// Tells what another severity would change of the response. Nothing is changed.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/severity", tag = "incident",
    params(("id" = String, Path, example = "INC-1"), PreviewQuery),
    responses((status = 200, body = Preview), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn preview(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Query(query): Query<PreviewQuery>,
) -> Result<axum::Json<Preview>> {
    Ok(axum::Json(responses::preview(&app, &actor, id, query.severity).await?))
}

/// Lists the roles that the incident needs somebody for.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/muster", tag = "incident", params(("id" = String, Path, example = "INC-1")),
    responses((status = 200, body = Vec<Post>), (status = 404, body = Problem)))]
async fn places(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
) -> Result<axum::Json<Vec<Post>>> {
    Ok(axum::Json(muster::list(&app, &actor, id).await?))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonInput {
    #[schema(value_type = String, example = "USR-3")]
    pub person: UserId,
}

/// Asks somebody to come in a role; they answer for themselves.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/muster/{role}/ask", tag = "incident",
    params(("id" = String, Path, example = "INC-1"), ("role" = String, Path, example = "forensics_lead")), request_body = PersonInput,
    responses((status = 200, body = Post), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn ask(
    State(app): State<App>,
    Who(actor): Who,
    Path((id, role)): Path<(IncidentId, RoleKey)>,
    Json(input): Json<PersonInput>,
) -> Result<axum::Json<Post>> {
    Ok(axum::Json(muster::order(&app, &actor, id, role, Order::Ask(input.person)).await?))
}

/// Sets somebody into a role, as after a telephone call.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/muster/{role}/assign", tag = "incident",
    params(("id" = String, Path, example = "INC-1"), ("role" = String, Path, example = "forensics_lead")), request_body = PersonInput,
    responses((status = 200, body = Post), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn assign(
    State(app): State<App>,
    Who(actor): Who,
    Path((id, role)): Path<(IncidentId, RoleKey)>,
    Json(input): Json<PersonInput>,
) -> Result<axum::Json<Post>> {
    Ok(axum::Json(muster::order(&app, &actor, id, role, Order::Assign(input.person)).await?))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WhyInput {
    pub reason: Option<String>,
}

/// Stands a role down: nobody needs to fill it any more.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/muster/{role}/stand-down", tag = "incident",
    params(("id" = String, Path, example = "INC-1"), ("role" = String, Path, example = "forensics_lead")), request_body = WhyInput,
    responses((status = 200, body = Post), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn stand_down(
    State(app): State<App>,
    Who(actor): Who,
    Path((id, role)): Path<(IncidentId, RoleKey)>,
    Json(input): Json<WhyInput>,
) -> Result<axum::Json<Post>> {
    Ok(axum::Json(muster::order(&app, &actor, id, role, Order::StandDown { why: input.reason }).await?))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerInput {
    pub coming: bool,
    /// When, or why not.
    #[schema(example = "On the bridge in ten minutes")]
    pub note: Option<String>,
}

/// Answers for oneself whether one comes. Who cannot is followed by the next who holds the role.
#[utoipa::path(post, path = "/api/v1/muster/{id}/answer", tag = "incident", params(("id" = String, Path, example = "MUS-1")),
    request_body = AnswerInput, responses((status = 200, body = Post), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn answer(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<MusterId>,
    Json(input): Json<AnswerInput>,
) -> Result<axum::Json<Post>> {
    Ok(axum::Json(muster::answer(&app, &actor, id, input.coming, input.note).await?))
}

/// Lists the approvals that were asked for, the newest first.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/approvals", tag = "incident", params(("id" = String, Path, example = "INC-1")),
    responses((status = 200, body = Vec<Approval>), (status = 404, body = Problem)))]
async fn approvals(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
) -> Result<axum::Json<Vec<Approval>>> {
    Ok(axum::Json(approval::list(&app, &actor, id).await?))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApprovalInput {
    /// `ransom_payment`, `public_statement`, `system_shutdown`, `external_notification` or `closing`.
    #[schema(value_type = String, example = "public_statement")]
    pub act: ActKind,
    /// What exactly is to be done.
    #[schema(example = "The statement of 04:10 on the home page")]
    pub what: String,
}

/// Asks for the approvals that an act needs at the incident's severity.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/approvals", tag = "incident", params(("id" = String, Path, example = "INC-1")),
    request_body = ApprovalInput, responses((status = 201, body = Vec<Approval>), (status = 404, body = Problem),
    (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn ask_approval(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Json(input): Json<ApprovalInput>,
) -> Result<(StatusCode, axum::Json<Vec<Approval>>)> {
    let asked = approval::ask(&app, &actor, id, input.act, &input.what).await?;
    Ok((StatusCode::CREATED, axum::Json(asked)))
}

/// Gives an approval, by somebody in the role who did not ask for it.
#[utoipa::path(post, path = "/api/v1/approvals/{id}/give", tag = "incident", params(("id" = String, Path, example = "APR-1")),
    request_body = WhyInput, responses((status = 200, body = Approval), (status = 403, body = Problem), (status = 404, body = Problem),
    (status = 422, body = Problem)))]
async fn give(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<ApprovalId>,
    Json(input): Json<WhyInput>,
) -> Result<axum::Json<Approval>> {
    Ok(axum::Json(approval::answer(&app, &actor, id, Answer::Give { reason: input.reason }).await?))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefuseInput {
    pub reason: String,
}

/// Refuses an approval, with the reason.
#[utoipa::path(post, path = "/api/v1/approvals/{id}/refuse", tag = "incident", params(("id" = String, Path, example = "APR-1")),
    request_body = RefuseInput, responses((status = 200, body = Approval), (status = 403, body = Problem), (status = 404, body = Problem),
    (status = 422, body = Problem)))]
async fn refuse(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<ApprovalId>,
    Json(input): Json<RefuseInput>,
) -> Result<axum::Json<Approval>> {
    Ok(axum::Json(approval::answer(&app, &actor, id, Answer::Refuse { reason: input.reason }).await?))
}

/// Withdraws a request, or takes a word back that was not used yet.
#[utoipa::path(post, path = "/api/v1/approvals/{id}/withdraw", tag = "incident", params(("id" = String, Path, example = "APR-1")),
    request_body = WhyInput, responses((status = 200, body = Approval), (status = 403, body = Problem), (status = 404, body = Problem),
    (status = 422, body = Problem)))]
async fn withdraw(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<ApprovalId>,
    Json(input): Json<WhyInput>,
) -> Result<axum::Json<Approval>> {
    Ok(axum::Json(approval::answer(&app, &actor, id, Answer::Withdraw { reason: input.reason }).await?))
}

/// Lists the times that the incident owes or owed, with how each stands and what it took.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/clocks", tag = "incident", params(("id" = String, Path, example = "INC-1")),
    responses((status = 200, body = Vec<ClockView>), (status = 404, body = Problem)))]
async fn clocks(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
) -> Result<axum::Json<Vec<ClockView>>> {
    Ok(axum::Json(clock::list(&app, &actor, id).await?))
}

/// Tells what waits for the caller over all incidents: places, approvals, updates, tasks.
#[utoipa::path(get, path = "/api/v1/mine", tag = "incident", responses((status = 200, body = Mine)))]
async fn waiting(State(app): State<App>, Who(actor): Who) -> Result<axum::Json<Mine>> {
    Ok(axum::Json(mine::mine(&app, &actor).await?))
}

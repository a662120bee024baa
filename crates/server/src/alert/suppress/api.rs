//! Suppressions and exceptions over HTTP.

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use domain::suppression::{Clause, Hides, SuppressionKind};
use domain::{AlertId, Entity, SuppressionId};
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Effect, New, Proposal, Suppression};
use crate::app::App;
use crate::error::{Problem, Result};
use crate::web::extract::{Json, Path, Query, Who};
use crate::web::paging::{Page, PageQuery};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, make))
        .routes(routes!(one))
        .routes(routes!(end))
        .routes(routes!(sigma))
        .routes(routes!(propose, try_out))
}

/// Lists suppressions and exceptions, the latest made first, with what each has hidden.
#[utoipa::path(get, path = "/api/v1/suppressions", tag = "alerts", params(PageQuery),
    responses((status = 200, body = Page<Suppression>)))]
async fn list(
    State(app): State<App>,
    Who(actor): Who,
    Query(page): Query<PageQuery>,
) -> Result<axum::Json<Page<Suppression>>> {
    Ok(axum::Json(super::list(&app, &actor, &page).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// suppression (for a time) or exception (mends a rule).
    #[schema(value_type = String, example = "suppression")]
    kind: SuppressionKind,
    rule: Option<String>,
    #[schema(value_type = Option<Object>, example = json!({ "kind": "host", "name": "ws01" }))]
    entity: Option<Entity>,
    /// Each with `field`, `comparison` (equals, contains, startswith, endswith) and `value`.
    #[schema(value_type = Vec<Object>)]
    #[serde(default)]
    clauses: Vec<Clause>,
    reason: String,
    /// The alert that it is made from.
    #[schema(value_type = Option<String>, example = "ALR-1")]
    alert: Option<AlertId>,
    /// When it ends by itself, within 366 days. Only an exception may have none.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
}

/// Keeps from becoming alerts whatever fits the rule, the entity and all clauses that are given.
#[utoipa::path(post, path = "/api/v1/suppressions", tag = "alerts", request_body = Wanted,
    responses((status = 201, body = Suppression), (status = 422, body = Problem)))]
async fn make(State(app): State<App>, Who(actor): Who, Json(input): Json<Wanted>) -> Result<Response> {
    let Wanted { kind, rule, entity, clauses, reason, alert, until } = input;
    let new = New { kind, hides: Hides { rule, entity, clauses }, reason, alert, until };
    let made = super::make(&app, &actor, new).await?;
    Ok((axum::http::StatusCode::CREATED, axum::Json(made)).into_response())
}

/// Reads one suppression or exception.
#[utoipa::path(get, path = "/api/v1/suppressions/{id}", tag = "alerts",
    params(("id" = String, Path, example = "SUP-1")),
    responses((status = 200, body = Suppression), (status = 404, body = Problem)))]
async fn one(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<SuppressionId>,
) -> Result<axum::Json<Suppression>> {
    Ok(axum::Json(super::get(&app, &actor, id).await?))
}

/// Ends a suppression before its time.
#[utoipa::path(post, path = "/api/v1/suppressions/{id}/end", tag = "alerts",
    params(("id" = String, Path, example = "SUP-1")),
    responses((status = 200, body = Suppression), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn end(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<SuppressionId>,
) -> Result<axum::Json<Suppression>> {
    Ok(axum::Json(super::end(&app, &actor, id).await?))
}

/// Gives an exception as a Sigma filter.
#[utoipa::path(get, path = "/api/v1/suppressions/{id}/sigma", tag = "alerts",
    params(("id" = String, Path, example = "SUP-1")),
    responses((status = 200, content_type = "application/yaml", body = String), (status = 404, body = Problem),
        (status = 422, body = Problem)))]
async fn sigma(State(app): State<App>, Who(actor): Who, Path(id): Path<SuppressionId>) -> Result<Response> {
    let one = super::get(&app, &actor, id).await?;
    let rule = one.rule.as_deref().and_then(|id| app.rules.get(id));
    let yaml = super::filter(&one, rule.map(std::convert::AsRef::as_ref))?;
    Ok(([(CONTENT_TYPE, "application/yaml")], yaml).into_response())
}

/// Proposes an exception from what an alert's events have in common, and says what it would have hidden.
#[utoipa::path(get, path = "/api/v1/alerts/{id}/exception", tag = "alerts",
    params(("id" = String, Path, example = "ALR-1")),
    responses((status = 200, body = Proposal), (status = 404, body = Problem)))]
async fn propose(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<AlertId>,
) -> Result<axum::Json<Proposal>> {
    Ok(axum::Json(super::propose(&app, &actor, id).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Condition {
    #[schema(value_type = Vec<Object>)]
    clauses: Vec<Clause>,
}

/// Tries a condition on the alert's rule without storing it: what would it have hidden?
#[utoipa::path(post, path = "/api/v1/alerts/{id}/exception", tag = "alerts", request_body = Condition,
    params(("id" = String, Path, example = "ALR-1")),
    responses((status = 200, body = Effect), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn try_out(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<AlertId>,
    Json(input): Json<Condition>,
) -> Result<axum::Json<Effect>> {
    Ok(axum::Json(super::try_out(&app, &actor, id, input.clauses).await?))
}

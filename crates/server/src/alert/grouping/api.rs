//! Groupings over HTTP.

use axum::extract::State;
use domain::grouping::{By, Grouping};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Preview, Setting};
use crate::app::App;
use crate::error::{Problem, Result};
use crate::web::extract::{Json, Path, Who};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(read, set)).routes(routes!(undo)).routes(routes!(preview))
}

/// How a rule is grouped, and what was set before.
#[derive(Serialize, ToSchema)]
struct OfRule {
    #[schema(value_type = Object, example = json!({ "by": ["entity"], "window_minutes": 60 }))]
    grouping: Grouping,
    /// The latest first. The first is in force; none means the default.
    history: Vec<Setting>,
}

/// Reads how a rule's detections are grouped into alerts.
#[utoipa::path(get, path = "/api/v1/rules/{id}/grouping", tag = "rules", params(("id" = String, Path)),
    responses((status = 200, body = OfRule), (status = 404, body = Problem)))]
async fn read(State(app): State<App>, Who(actor): Who, Path(id): Path<String>) -> Result<axum::Json<OfRule>> {
    let history = super::history(&app, &actor, &id).await?;
    let grouping = history.first().map(|set| set.grouping.clone()).unwrap_or_default();
    Ok(axum::Json(OfRule { grouping, history }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// Each `entity`, `host`, `account`, `address` or `field:` with a field's Sigma name; at most 4. None:
    /// all of the rule's detections are one alert.
    #[schema(value_type = Vec<String>, example = json!(["host", "field:Image"]))]
    by: Vec<By>,
    /// How long after its last detection an alert still takes in further ones, 1 to 10080.
    window_minutes: i64,
    reason: String,
}

/// Groups a rule's detections in another way from now on.
#[utoipa::path(post, path = "/api/v1/rules/{id}/grouping", tag = "rules", request_body = Wanted,
    params(("id" = String, Path)),
    responses((status = 200, body = Setting), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn set(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<String>,
    Json(input): Json<Wanted>,
) -> Result<axum::Json<Setting>> {
    let grouping = Grouping::new(input.by, input.window_minutes)?;
    Ok(axum::Json(super::set(&app, &actor, &id, grouping, &input.reason).await?))
}

/// Goes back to how the rule was grouped before the last setting.
#[utoipa::path(post, path = "/api/v1/rules/{id}/grouping/undo", tag = "rules", params(("id" = String, Path)),
    responses((status = 200, body = Setting), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn undo(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<String>,
) -> Result<axum::Json<Setting>> {
    Ok(axum::Json(super::undo(&app, &actor, &id).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Trial {
    #[schema(value_type = Vec<String>, example = json!(["host", "field:Image"]))]
    by: Vec<By>,
    window_minutes: i64,
    /// How far to look back, 1 to 90; 7 if left out.
    days: Option<i64>,
}

/// Says how many alerts another grouping would have made of the last days, without setting it.
#[utoipa::path(post, path = "/api/v1/rules/{id}/grouping/preview", tag = "rules", request_body = Trial,
    params(("id" = String, Path)),
    responses((status = 200, body = Preview), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn preview(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<String>,
    Json(input): Json<Trial>,
) -> Result<axum::Json<Preview>> {
    let grouping = Grouping::new(input.by, input.window_minutes)?;
    Ok(axum::Json(super::preview(&app, &actor, &id, &grouping, input.days.unwrap_or(7)).await?))
}

//! Entities and their risk over HTTP.

use axum::extract::State;
use domain::EntityKind;
use domain::risk::Settings;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{EntityDetail, EntityRisk, Setting, Wanted};
use crate::app::App;
use crate::error::{Problem, Result};
use crate::web::extract::{Json, Path, Query, Who};
use crate::web::paging::{Page, PageQuery};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(one)).routes(routes!(settings, set))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct EntityQuery {
    /// host, account or address.
    #[param(value_type = Option<String>, example = "host")]
    kind: Option<EntityKind>,
    /// Part of the name.
    text: Option<String>,
    /// The `next` of the page before. Left out for the first page.
    cursor: Option<String>,
    /// How many, 1 to 500; 50 if left out.
    limit: Option<u16>,
}

/// Lists entities by their risk, the highest first.
#[utoipa::path(get, path = "/api/v1/entities", tag = "entities", params(EntityQuery),
    responses((status = 200, body = Page<EntityRisk>), (status = 422, body = Problem)))]
async fn list(
    State(app): State<App>,
    Who(actor): Who,
    Query(query): Query<EntityQuery>,
) -> Result<axum::Json<Page<EntityRisk>>> {
    let page = PageQuery { cursor: query.cursor, limit: query.limit };
    let wanted = Wanted { kind: query.kind, text: query.text };
    Ok(axum::Json(super::list(&app, &actor, &wanted, &page).await?))
}

/// Reads one entity: its score over time, the signs behind it, and the alerts about it.
#[utoipa::path(get, path = "/api/v1/entities/{kind}/{name}", tag = "entities",
    params(("kind" = String, Path, example = "host"), ("name" = String, Path, example = "ws01.example.org")),
    responses((status = 200, body = EntityDetail), (status = 404, body = Problem)))]
async fn one(
    State(app): State<App>,
    Who(actor): Who,
    Path((kind, name)): Path<(EntityKind, String)>,
) -> Result<axum::Json<EntityDetail>> {
    let entity = super::page::entity(kind, &name)?;
    Ok(axum::Json(super::get(&app, &actor, &entity).await?))
}

/// How risk is reckoned, and what was set before.
#[derive(Serialize, ToSchema)]
struct Reckoning {
    #[schema(value_type = Object)]
    settings: Settings,
    /// The latest first. The first is in force; none means the defaults.
    history: Vec<Setting>,
}

/// Reads how risk is reckoned.
#[utoipa::path(get, path = "/api/v1/risk/settings", tag = "entities",
    responses((status = 200, body = Reckoning)))]
async fn settings(State(app): State<App>, Who(actor): Who) -> Result<axum::Json<Reckoning>> {
    let history = super::settings_history(&app, &actor).await?;
    let settings = history.first().map(|set| set.settings).unwrap_or_default();
    Ok(axum::Json(Reckoning { settings, history }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Wish {
    /// `threshold`, `rules_needed`, `half_life_hours`, `points` by level, and `alerts_from`: the level below which rules
    /// raise no alert of their own.
    #[schema(value_type = Object, example = json!({ "threshold": 100, "rules_needed": 3,
        "half_life_hours": 168,
        "points": { "informational": 2, "low": 8, "medium": 20, "high": 40, "critical": 70 },
        "alerts_from": "low" }))]
    settings: Settings,
    reason: String,
}

/// Reckons risk in another way from now on.
#[utoipa::path(post, path = "/api/v1/risk/settings", tag = "entities", request_body = Wish,
    responses((status = 200, body = Setting), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn set(
    State(app): State<App>,
    Who(actor): Who,
    Json(input): Json<Wish>,
) -> Result<axum::Json<Setting>> {
    Ok(axum::Json(super::set(&app, &actor, input.settings, &input.reason).await?))
}

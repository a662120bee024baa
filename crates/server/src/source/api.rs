//! Sources over HTTP. What they send comes in through `intake`.

use axum::Json;
use axum::extract::State;
use domain::SourceId;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Edit, Rate, Source};
use crate::app::App;
use crate::error::{Problem, Result};
use crate::web::extract::{Json as Body, Path, Query, Who};
use crate::web::paging::{Page, PageQuery};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get, edit)).routes(routes!(rates))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Whether retired sources are listed too.
    #[serde(default)]
    retired: bool,
    cursor: Option<String>,
    limit: Option<u16>,
}

/// The sources of telemetry, newest first.
#[utoipa::path(get, path = "/api/v1/sources", tag = "source", params(ListQuery),
    responses((status = 200, body = Page<Source>), (status = 422, body = Problem)))]
async fn list(
    State(app): State<App>,
    Who(actor): Who,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<Source>>> {
    let page = PageQuery { cursor: query.cursor, limit: query.limit };
    Ok(Json(super::list(&app, &actor, query.retired, &page).await?))
}

/// One source: what it is, how much came from it, when it last spoke.
#[utoipa::path(get, path = "/api/v1/sources/{id}", tag = "source",
    params(("id" = String, Path, example = "SRC-1")),
    responses((status = 200, body = Source), (status = 404, body = Problem)))]
async fn get(State(app): State<App>, Who(actor): Who, Path(id): Path<SourceId>) -> Result<Json<Source>> {
    Ok(Json(super::get(&app, &actor, id).await?))
}

/// Names, pauses or retires a source, sets its format or its silence alarm.
#[utoipa::path(patch, path = "/api/v1/sources/{id}", tag = "source", request_body = Edit,
    params(("id" = String, Path, example = "SRC-1")),
    responses((status = 200, body = Source), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn edit(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<SourceId>,
    Body(edit): Body<Edit>,
) -> Result<Json<Source>> {
    Ok(Json(super::edit(&app, &actor, id, edit).await?))
}

/// How much came from a source in each five minutes of the last two days. Five minutes in which
/// nothing came are left out.
#[utoipa::path(get, path = "/api/v1/sources/{id}/rates", tag = "source",
    params(("id" = String, Path, example = "SRC-1")),
    responses((status = 200, body = Vec<Rate>), (status = 404, body = Problem)))]
async fn rates(State(app): State<App>, Who(actor): Who, Path(id): Path<SourceId>) -> Result<Json<Vec<Rate>>> {
    Ok(Json(super::rates(&app, &actor, id).await?))
}

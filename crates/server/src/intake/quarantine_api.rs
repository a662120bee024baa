//! The quarantine over HTTP: what could not be read, replaying and discarding it.

use axum::Json;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use domain::{IntakeId, SourceId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Replay;
use crate::app::App;
use crate::error::{Problem, Result};
use crate::event::quarantine::{self, HeldRecord, HeldState, Which};
use crate::web::extract::{Json as Body, Path, Query, Who};
use crate::web::paging::{Page, PageQuery};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(raw))
        .routes(routes!(replay))
        .routes(routes!(discard))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    #[param(value_type = Option<String>, example = "SRC-1")]
    source: Option<SourceId>,
    #[param(value_type = Option<String>, example = "INT-1")]
    delivery: Option<IntakeId>,
    state: Option<HeldState>,
    cursor: Option<String>,
    limit: Option<u16>,
}

/// Records that could not be read, oldest first.
#[utoipa::path(get, path = "/api/v1/quarantine", tag = "source", params(ListQuery),
    responses((status = 200, body = Page<HeldRecord>), (status = 422, body = Problem)))]
async fn list(
    State(app): State<App>,
    Who(actor): Who,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<HeldRecord>>> {
    let which = Which { source: query.source, delivery: query.delivery, record: None };
    let page = PageQuery { cursor: query.cursor, limit: query.limit };
    Ok(Json(quarantine::held(&app, &actor, &which, query.state, &page).await?))
}

/// A refused record's bytes, as far as they are kept beside its delivery.
#[utoipa::path(get, path = "/api/v1/quarantine/{number}/raw", tag = "source",
    params(("number" = i64, Path, example = 1)),
    responses(
        (status = 200, content_type = "application/octet-stream"),
        (status = 404, body = Problem)
    ))]
async fn raw(State(app): State<App>, Who(actor): Who, Path(number): Path<i64>) -> Result<Response> {
    let record = quarantine::held_record(&app, &actor, number).await?;
    let name = format!("attachment; filename=\"refused-{number}.raw\"");
    let headers = [(CONTENT_TYPE, "application/octet-stream".to_owned()), (CONTENT_DISPOSITION, name)];
    Ok((headers, record.raw).into_response())
}

/// Reads held records again, at most a thousand at once. Those that can be read now become events of a
/// new delivery; the others stay held.
#[utoipa::path(post, path = "/api/v1/quarantine/replay", tag = "source", request_body = Which,
    responses((status = 200, body = Replay), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn replay(State(app): State<App>, Who(actor): Who, Body(which): Body<Which>) -> Result<Json<Replay>> {
    Ok(Json(super::replay(&app, &actor, which).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Discard {
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "SRC-1")]
    source: Option<SourceId>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "INT-1")]
    delivery: Option<IntakeId>,
    #[serde(default)]
    record: Option<i64>,
    reason: String,
}

#[derive(Serialize, ToSchema)]
struct Discarded {
    discarded: i64,
}

/// Gives held records up. The delivery keeps their bytes.
#[utoipa::path(post, path = "/api/v1/quarantine/discard", tag = "source", request_body = Discard,
    responses((status = 200, body = Discarded), (status = 422, body = Problem)))]
async fn discard(
    State(app): State<App>,
    Who(actor): Who,
    Body(body): Body<Discard>,
) -> Result<Json<Discarded>> {
    let which = Which { source: body.source, delivery: body.delivery, record: body.record };
    Ok(Json(Discarded { discarded: quarantine::discard(&app, &actor, which, &body.reason).await? }))
}

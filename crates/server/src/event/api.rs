//! Deliveries and events over HTTP.

use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use domain::{EventId, IntakeId, SourceId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Delivery, From, RefusedRecord, StoredEvent};
use crate::app::App;
use crate::error::{Problem, Result};
use crate::web::extract::{Path, Query, Who};
use crate::web::paging::{Page, PageQuery};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(deliveries))
        .routes(routes!(delivery))
        .routes(routes!(event))
        .routes(routes!(raw))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DeliveriesQuery {
    /// Only what this source sent.
    #[param(value_type = Option<String>, example = "SRC-1")]
    source: Option<SourceId>,
    cursor: Option<String>,
    limit: Option<u16>,
}

/// Lists what was taken in, newest first.
#[utoipa::path(get, path = "/api/v1/deliveries", tag = "events", params(DeliveriesQuery),
    responses((status = 200, body = Page<Delivery>), (status = 422, body = Problem)))]
async fn deliveries(
    State(app): State<App>,
    Who(actor): Who,
    Query(query): Query<DeliveriesQuery>,
) -> Result<axum::Json<Page<Delivery>>> {
    let from = query.source.map_or(From::Anywhere, From::Source);
    let page = PageQuery { cursor: query.cursor, limit: query.limit };
    Ok(axum::Json(super::deliveries(&app, &actor, from, &page).await?))
}

/// A delivery with a page of its records that could not be read.
#[derive(Serialize, ToSchema)]
struct DeliveryWithRefused {
    #[serde(flatten)]
    delivery: Delivery,
    /// The first 1000 are kept; `refused` counts all.
    refused_records: Page<RefusedRecord>,
}

/// Tells of one delivery, with the records in it that could not be read.
#[utoipa::path(get, path = "/api/v1/deliveries/{id}", tag = "events",
    params(("id" = String, Path, example = "INT-1"), PageQuery),
    responses((status = 200, body = DeliveryWithRefused), (status = 404, body = Problem)))]
async fn delivery(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IntakeId>,
    Query(page): Query<PageQuery>,
) -> Result<axum::Json<DeliveryWithRefused>> {
    let delivery = super::delivery(&app, &actor, id).await?;
    let refused_records = super::refused(&app, &actor, id, &page).await?;
    Ok(axum::Json(DeliveryWithRefused { delivery, refused_records }))
}

/// Reads one event.
#[utoipa::path(get, path = "/api/v1/events/{id}", tag = "events", params(("id" = String, Path, example = "EVT-1")),
    responses((status = 200, body = StoredEvent), (status = 404, body = Problem)))]
async fn event(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<EventId>,
) -> Result<axum::Json<StoredEvent>> {
    Ok(axum::Json(super::get(&app, &actor, id).await?))
}

/// Gives the record as it stood in its file, byte for byte.
#[utoipa::path(get, path = "/api/v1/events/{id}/raw", tag = "events", params(("id" = String, Path, example = "EVT-1")),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"), (status = 404, body = Problem)))]
async fn raw(State(app): State<App>, Who(actor): Who, Path(id): Path<EventId>) -> Result<Response> {
    let raw = super::raw(&app, &actor, id).await?;
    let headers = [
        (CONTENT_TYPE, "application/octet-stream".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{id}.raw\"")),
    ];
    Ok((headers, raw).into_response())
}

//! The ledger over HTTP.

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Committed, Consistency, Inclusion, Proven};
use crate::app::App;
use crate::error::{Problem, Result};
use crate::web::extract::{Path, Query, Who};
use crate::web::paging::{Page, PageQuery};

const TEXT: &str = "text/plain; charset=utf-8";

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(key))
        .routes(routes!(checkpoint))
        .routes(routes!(leaves))
        .routes(routes!(leaf))
        .routes(routes!(inclusion))
        .routes(routes!(consistency))
}

/// The ledger's public key, as a C2SP verifier key. Compare it with the one that was published.
#[utoipa::path(get, path = "/api/v1/ledger/key", tag = "ledger", responses((status = 200, body = String, content_type = "text/plain")))]
async fn key(State(app): State<App>) -> impl IntoResponse {
    ([(CONTENT_TYPE, TEXT)], format!("{}\n", app.key.verifying_key()))
}

/// The newest signed checkpoint, as a C2SP signed note.
#[utoipa::path(get, path = "/api/v1/ledger/checkpoint", tag = "ledger", responses((status = 200, body = String, content_type = "text/plain")))]
async fn checkpoint(State(app): State<App>) -> Result<impl IntoResponse> {
    Ok(([(CONTENT_TYPE, TEXT)], super::newest_checkpoint(&app).await?))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct LeafQuery {
    /// Only the changes of this record.
    #[param(example = "INC-1")]
    pub record: Option<String>,
    /// Where the page begins: the `next` of the page before. Left out for the first page.
    pub cursor: Option<String>,
    /// How many items, 1 to 500; 50 if left out.
    pub limit: Option<u16>,
}

/// Lists the changes that the caller may know of, newest first.
#[utoipa::path(get, path = "/api/v1/ledger/leaves", tag = "ledger", params(LeafQuery),
    responses((status = 200, body = Page<Committed>), (status = 403, body = Problem)))]
async fn leaves(
    State(app): State<App>,
    Who(actor): Who,
    Query(query): Query<LeafQuery>,
) -> Result<axum::Json<Page<Committed>>> {
    let page = PageQuery { cursor: query.cursor, limit: query.limit };
    Ok(axum::Json(super::leaves(&app, &actor, query.record.as_deref(), &page).await?))
}

/// One change with the record after it, proven against the ledger as it is now.
#[utoipa::path(get, path = "/api/v1/ledger/leaves/{index}", tag = "ledger", params(("index" = u64, Path)),
    responses((status = 200, body = Proven), (status = 404, body = Problem)))]
async fn leaf(State(app): State<App>, Who(actor): Who, Path(index): Path<u64>) -> Result<axum::Json<Proven>> {
    Ok(axum::Json(super::leaf(&app, &actor, index).await?))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct InclusionQuery {
    index: u64,
    /// The tree's; its present one if left out.
    size: Option<u64>,
}

/// Proves that a leaf stands in the tree of some size (RFC 6962 §2.1.1).
#[utoipa::path(get, path = "/api/v1/ledger/proof/inclusion", tag = "ledger", params(InclusionQuery),
    responses((status = 200, body = Inclusion), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn inclusion(
    State(app): State<App>,
    Who(actor): Who,
    Query(query): Query<InclusionQuery>,
) -> Result<axum::Json<Inclusion>> {
    Ok(axum::Json(super::inclusion(&app, &actor, query.index, query.size).await?))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ConsistencyQuery {
    old: u64,
    /// The present size if left out.
    new: Option<u64>,
}

/// Proves that the ledger at one size continues the ledger at a smaller one (RFC 6962 §2.1.2).
#[utoipa::path(get, path = "/api/v1/ledger/proof/consistency", tag = "ledger", params(ConsistencyQuery),
    responses((status = 200, body = Consistency), (status = 422, body = Problem)))]
async fn consistency(
    State(app): State<App>,
    Query(query): Query<ConsistencyQuery>,
) -> Result<axum::Json<Consistency>> {
    Ok(axum::Json(super::consistency(&app, query.old, query.new).await?))
}

//! Search over HTTP.

use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Kind, Results};
use crate::app::App;
use crate::error::{Problem, Result};
use crate::web::extract::{Query, Who};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(search))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SearchQuery {
    /// Words, all of which must be found; the last may be unfinished. Quotation marks make a phrase. Addresses,
    /// hashes, paths and mail addresses are found whole and by their parts, also written as `hxxp` and `[.]`.
    #[param(example = "10.0.0.5")]
    q: String,
    /// Only things of this kind, up to 100 of them; of each kind up to 6 if left out.
    kind: Option<Kind>,
}

/// Finds what the reader may see, grouped by kind, the newest first.
#[utoipa::path(get, path = "/api/v1/search", tag = "search", params(SearchQuery),
    responses((status = 200, body = Results), (status = 422, body = Problem)))]
async fn search(
    State(app): State<App>,
    Who(actor): Who,
    Query(query): Query<SearchQuery>,
) -> Result<axum::Json<Results>> {
    Ok(axum::Json(super::search(&app, &actor, &query.q, query.kind).await?))
}

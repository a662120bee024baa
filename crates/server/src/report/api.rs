//! Reports and bundles over HTTP.

use axum::extract::State;
use axum::response::Response;
use domain::IncidentId;
use paper::Format;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::bundle;
use crate::app::App;
use crate::error::{Error, Problem, Result};
use crate::web::download;
use crate::web::extract::{Path, Query, Who};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(report)).routes(routes!(export))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ReportQuery {
    /// `pdf`, `md`, `html` or `docx`.
    #[param(example = "pdf")]
    format: Option<String>,
}

impl ReportQuery {
    pub(super) fn format(&self, otherwise: Format) -> Result<Format> {
        let Some(name) = &self.format else { return Ok(otherwise) };
        name.parse().map_err(|error: paper::Error| Error::Invalid(error.to_string()))
    }
}

/// The report of an incident, to be saved; PDF if no format is named.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/report", tag = "report", params(("id" = String, Path, example = "INC-1"), ReportQuery),
    responses((status = 200, content_type = "application/pdf"), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn report(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Query(query): Query<ReportQuery>,
) -> Result<Response> {
    let rendered = Box::pin(super::render(&app, &actor, id, query.format(Format::Pdf)?)).await?;
    Ok(download::bytes(&rendered.name, rendered.format.media_type(), rendered.bytes))
}

/// The bundle of an incident: all its records and evidence with proofs, to be verified offline.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/bundle", tag = "report", params(("id" = String, Path, example = "INC-1")),
    responses((status = 200, content_type = "application/zip"), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn export(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
) -> Result<Response> {
    let file = Box::pin(bundle::export(&app, &actor, id)).await?;
    download::file(&format!("{id}-bundle.zip"), "application/zip", file)
}

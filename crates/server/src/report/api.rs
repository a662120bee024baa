//! Reports and bundles over HTTP.

use axum::extract::State;
use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use domain::{EvidenceId, IncidentId};
use paper::Format;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::exhibit::{self, Export};
use super::{Wanted, bundle};
use crate::app::App;
use crate::error::{Error, Problem, Result};
use crate::web::download;
use crate::web::extract::{Json, Path, Query, Who};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(report))
        .routes(routes!(export))
        .routes(routes!(export_item))
        .routes(routes!(export_evidence))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ReportQuery {
    /// `pdf`, `md`, `html` or `docx`.
    #[param(example = "pdf")]
    format: Option<String>,
    /// The template: `incident`, `one-pager`, `technical-annex`, `evidence-inventory`, `review`, or one of your own.
    #[param(example = "one-pager")]
    kind: Option<String>,
    /// For which marking; what is marked above it is left out. That of the incident unless it is said.
    #[param(example = "green")]
    tlp: Option<String>,
}

impl ReportQuery {
    pub(super) fn wanted(&self) -> Result<Wanted> {
        let tlp = self.tlp.as_deref().filter(|word| !word.is_empty()).map(str::parse).transpose()?;
        Ok(Wanted { kind: self.kind.clone(), tlp })
    }

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
    let rendered =
        Box::pin(super::render(&app, &actor, id, &query.wanted()?, query.format(Format::Pdf)?)).await?;
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

/// Under which password evidence is packed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ExportInput {
    /// 12 to 200 characters. One is made if it is left out; the header `Watchbell-Export-Password` tells it, once.
    #[schema(example = "k7m2p-x9q4r-h3t8w-b5n6c-d2f7g")]
    #[serde(default)]
    pub password: Option<String>,
}

/// One evidence item in a ZIP under a password (AES-256), with its custody form and a manifest.
#[utoipa::path(post, path = "/api/v1/evidence/{id}/export", tag = "evidence", request_body = ExportInput,
    params(("id" = String, Path, example = "EVD-1")),
    responses((status = 200, content_type = "application/zip"), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn export_item(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<EvidenceId>,
    Json(input): Json<ExportInput>,
) -> Result<Response> {
    let (password, told) = password(input.password)?;
    sent(Box::pin(exhibit::item(&app, &actor, id, &password)).await?, told.then_some(&*password))
}

/// All evidence of an incident in a ZIP under a password (AES-256), with custody forms and a manifest.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/evidence/export", tag = "evidence", request_body = ExportInput,
    params(("id" = String, Path, example = "INC-1")),
    responses((status = 200, content_type = "application/zip"), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn export_evidence(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Json(input): Json<ExportInput>,
) -> Result<Response> {
    let (password, told) = password(input.password)?;
    sent(Box::pin(exhibit::incident(&app, &actor, id, &password)).await?, told.then_some(&*password))
}

/// The given password, or a new one, and whether it is new.
fn password(given: Option<String>) -> Result<(String, bool)> {
    match given {
        Some(given) => Ok((given, false)),
        None => Ok((exhibit::passphrase()?, true)),
    }
}

/// The export, with its password if the caller does not know it yet.
pub(super) fn sent(export: Export, password: Option<&str>) -> Result<Response> {
    let mut response = download::file(&export.name, "application/zip", export.file)?;
    if let Some(password) = password.and_then(|password| HeaderValue::from_str(password).ok()) {
        response.headers_mut().insert(HeaderName::from_static("watchbell-export-password"), password);
    }
    Ok(response)
}

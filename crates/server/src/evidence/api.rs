//! Evidence over HTTP.

use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::evidence::CustodyAct;
use domain::{EvidenceId, IncidentId};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::collect::LARGEST;
use super::{Evidence, content, custody, form};
use crate::app::App;
use crate::error::{Error, Problem, Result};
use crate::web::download;
use crate::web::extract::{Json, Path, Query, Who};
use crate::web::paging::{Page, PageQuery};

pub fn routes() -> OpenApiRouter<App> {
    // An upload has a limit of its own and is never held in memory.
    let uploads =
        OpenApiRouter::new().routes(routes!(of_incident, hand_over)).layer(DefaultBodyLimit::disable());
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get))
        .routes(routes!(bytes))
        .routes(routes!(act))
        .routes(routes!(verify))
        .merge(super::derive_api::routes())
        .merge(uploads)
}

/// Lists the evidence of all incidents that the caller may know of, newest first.
#[utoipa::path(get, path = "/api/v1/evidence", tag = "evidence", params(PageQuery),
    responses((status = 200, body = Page<Evidence>)))]
async fn list(
    State(app): State<App>,
    Who(actor): Who,
    Query(query): Query<PageQuery>,
) -> Result<axum::Json<Page<Evidence>>> {
    Ok(axum::Json(super::list(&app, &actor, &query).await?))
}

/// One item with its chain of custody.
#[utoipa::path(get, path = "/api/v1/evidence/{id}", tag = "evidence", params(("id" = String, Path, example = "EVD-1")),
    responses((status = 200, body = Evidence), (status = 404, body = Problem)))]
async fn get(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<EvidenceId>,
) -> Result<axum::Json<Evidence>> {
    Ok(axum::Json(super::get(&app, &actor, id).await?))
}

/// The item's bytes, to be saved.
#[utoipa::path(get, path = "/api/v1/evidence/{id}/content", tag = "evidence",
    params(("id" = String, Path, example = "EVD-1")),
    responses((status = 200, content_type = "application/octet-stream"), (status = 404, body = Problem)))]
async fn bytes(State(app): State<App>, Who(actor): Who, Path(id): Path<EvidenceId>) -> Result<Response> {
    let (item, content) = content::open(&app, &actor, id).await?;
    Ok(download::stream(&item.file_name(), download::BYTES, content.length(), content))
}

/// The evidence of one incident, oldest first.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/evidence", tag = "evidence",
    params(("id" = String, Path, example = "INC-1"), PageQuery),
    responses((status = 200, body = Page<Evidence>), (status = 404, body = Problem)))]
async fn of_incident(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Query(page): Query<PageQuery>,
) -> Result<axum::Json<Page<Evidence>>> {
    super::seen(&app, &actor, id).await?;
    let all = super::of_incident(&app, &actor, id).await?;
    Ok(axum::Json(page.cut(all, |item| item.id.get())?))
}

/// What is sent with a file.
#[derive(ToSchema)]
#[allow(dead_code, reason = "it describes the form; the form is read as a stream")]
struct HandOver {
    /// The file, at most 512 MiB.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    #[schema(example = "live export")]
    method: String,
    /// With its version.
    #[schema(example = "wevtutil 10.0")]
    tool: String,
    /// The host, room or service it was taken from.
    #[schema(example = "FIN-WS-07")]
    place: String,
    /// Now if left out.
    #[schema(value_type = Option<String>, format = DateTime)]
    acquired_at: Option<String>,
    note: Option<String>,
}

/// Hands a file over as evidence. It is hashed as it arrives; the caller is its first custodian.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/evidence", tag = "evidence",
    params(("id" = String, Path, example = "INC-1")),
    request_body(content = HandOver, content_type = "multipart/form-data"),
    responses((status = 201, body = Evidence), (status = 404, body = Problem), (status = 413, body = Problem), (status = 422, body = Problem)))]
async fn hand_over(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    request: Request,
) -> Result<(StatusCode, axum::Json<Evidence>)> {
    let form = read_form(&app, request).await?;
    let item = Box::pin(form::take(&app, &actor, id, form)).await?;
    Ok((StatusCode::CREATED, axum::Json(item)))
}

pub(super) async fn read_form(app: &App, mut request: Request) -> Result<Multipart> {
    // The file has a limit of its own; this one is for what stands around it.
    let largest = usize::try_from(LARGEST).unwrap_or(usize::MAX).saturating_add(1 << 20);
    DefaultBodyLimit::max(largest).apply(&mut request);
    Multipart::from_request(request, app)
        .await
        .map_err(|refusal| Error::Invalid(format!("The form cannot be read: {}.", refusal.body_text())))
}

/// One link of the chain of custody.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CustodyInput {
    /// `transferred`, `checked_out`, `returned`, `sealed` or `unsealed`.
    #[schema(value_type = String, example = "transferred")]
    pub act: CustodyAct,
    /// Who receives it: when it is transferred or checked out.
    #[schema(example = "Forensics laboratory")]
    #[serde(default)]
    pub to: Option<String>,
    /// What for, when it is checked out; why, when it is unsealed.
    #[serde(default)]
    pub reason: Option<String>,
}

/// Adds a link to the chain of custody.
#[utoipa::path(post, path = "/api/v1/evidence/{id}/custody", tag = "evidence", request_body = CustodyInput,
    params(("id" = String, Path, example = "EVD-1")),
    responses((status = 200, body = Evidence), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn act(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<EvidenceId>,
    Json(input): Json<CustodyInput>,
) -> Result<axum::Json<Evidence>> {
    Ok(axum::Json(custody::act(&app, &actor, id, input.act, input.to, input.reason).await?))
}

/// Hashes the item's bytes again; `checked` says what came of it. Custody is not touched.
#[utoipa::path(post, path = "/api/v1/evidence/{id}/verify", tag = "evidence",
    params(("id" = String, Path, example = "EVD-1")),
    responses((status = 200, body = Evidence), (status = 404, body = Problem)))]
async fn verify(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<EvidenceId>,
) -> Result<axum::Json<Evidence>> {
    Ok(axum::Json(content::verify(&app, &actor, id).await?))
}

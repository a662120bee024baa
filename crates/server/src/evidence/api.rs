//! Evidence over HTTP.

use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::evidence::CustodyAct;
use domain::{EvidenceId, HoldId, IncidentId, Period};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::collect::LARGEST;
use super::keeping::{self, Due, Hold, Keeping, Retention};
use super::{Evidence, content, custody, form, upload};
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
        .routes(routes!(all_due))
        .routes(routes!(kept))
        .routes(routes!(hold_item))
        .routes(routes!(holds, hold_incident))
        .routes(routes!(lift))
        .routes(routes!(retain))
        .merge(uploads)
        .merge(upload::tus::routes())
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
    #[schema(example = "dc3dd")]
    tool: String,
    #[schema(example = "7.3.1")]
    tool_version: Option<String>,
    /// The host, room or service it was taken from.
    #[schema(example = "FIN-WS-07")]
    place: String,
    /// Make, model, inventory number of the source.
    #[schema(example = "Lenovo T14, inventory 4711")]
    device: Option<String>,
    #[schema(example = "PF3XK2Q1")]
    serial: Option<String>,
    /// The write blocker that stood between source and tool.
    #[schema(example = "Tableau T356789iu")]
    write_blocker: Option<String>,
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

/// One link of the chain of custody, signed by whoever adds it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CustodyInput {
    /// `attested`, `offered`, `accepted`, `refused`, `withdrawn`, `checked_out`, `returned`, `sealed`, `unsealed`,
    /// `destruction_proposed`, `destruction_declined` or `destroyed`.
    #[schema(value_type = String, example = "offered")]
    pub act: CustodyAct,
    /// Who receives it: an account when it is offered (they have to accept), a name when it is checked out.
    #[schema(example = "USR-3")]
    #[serde(default)]
    pub to: Option<String>,
    /// Owed when it is checked out (what for), unsealed, refused, or proposed or declined for destruction.
    #[serde(default)]
    pub reason: Option<String>,
    /// The password of whoever acts: it opens the key with which the act is signed.
    #[schema(example = "correct horse battery")]
    #[serde(default)]
    pub password: String,
}

/// Adds a link to the chain of custody. An item is destroyed by two people: one proposes it, another does it.
#[utoipa::path(post, path = "/api/v1/evidence/{id}/custody", tag = "evidence", request_body = CustodyInput,
    params(("id" = String, Path, example = "EVD-1")),
    responses((status = 200, body = Evidence), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem)))]
async fn act(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<EvidenceId>,
    Json(input): Json<CustodyInput>,
) -> Result<axum::Json<Evidence>> {
    let act = custody::Act { act: input.act, to: input.to, reason: input.reason };
    Ok(axum::Json(Box::pin(custody::act(&app, &actor, id, act, &input.password)).await?))
}

/// What is due to be destroyed: its incident is closed, the time of retention has passed, no hold stands.
#[utoipa::path(get, path = "/api/v1/evidence/due", tag = "evidence", responses((status = 200, body = Vec<Due>)))]
async fn all_due(State(app): State<App>, Who(actor): Who) -> Result<axum::Json<Vec<Due>>> {
    Ok(axum::Json(keeping::all_due(&app, &actor).await?))
}

/// How an item is kept: legal holds, retention, and when it is due.
#[utoipa::path(get, path = "/api/v1/evidence/{id}/keeping", tag = "evidence",
    params(("id" = String, Path, example = "EVD-1")),
    responses((status = 200, body = Keeping), (status = 404, body = Problem)))]
async fn kept(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<EvidenceId>,
) -> Result<axum::Json<Keeping>> {
    Ok(axum::Json(keeping::of(&app, &actor, id).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReasonInput {
    #[schema(example = "Ordered by counsel: Harbour v. Miller, file 2026/118")]
    pub reason: String,
}

/// Orders a legal hold of one item: it is neither due nor destroyed until the hold is lifted.
#[utoipa::path(post, path = "/api/v1/evidence/{id}/holds", tag = "evidence", request_body = ReasonInput,
    params(("id" = String, Path, example = "EVD-1")),
    responses((status = 201, body = Hold), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn hold_item(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<EvidenceId>,
    Json(input): Json<ReasonInput>,
) -> Result<(StatusCode, axum::Json<Hold>)> {
    let incident = super::get(&app, &actor, id).await?.incident;
    Ok((
        StatusCode::CREATED,
        axum::Json(keeping::hold(&app, &actor, incident, Some(id), &input.reason).await?),
    ))
}

/// Orders a legal hold of all evidence of an incident, of what comes later too.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/holds", tag = "evidence", request_body = ReasonInput,
    params(("id" = String, Path, example = "INC-1")),
    responses((status = 201, body = Hold), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn hold_incident(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Json(input): Json<ReasonInput>,
) -> Result<(StatusCode, axum::Json<Hold>)> {
    Ok((StatusCode::CREATED, axum::Json(keeping::hold(&app, &actor, id, None, &input.reason).await?)))
}

/// The legal holds of an incident and its items, lifted ones too.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/holds", tag = "evidence",
    params(("id" = String, Path, example = "INC-1")),
    responses((status = 200, body = Vec<Hold>), (status = 404, body = Problem)))]
async fn holds(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
) -> Result<axum::Json<Vec<Hold>>> {
    Ok(axum::Json(keeping::of_incident(&app, &actor, id).await?))
}

/// Lifts a legal hold.
#[utoipa::path(post, path = "/api/v1/holds/{hold}/lift", tag = "evidence", request_body = ReasonInput,
    params(("hold" = String, Path, example = "HLD-1")),
    responses((status = 200, body = Hold), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn lift(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<HoldId>,
    Json(input): Json<ReasonInput>,
) -> Result<axum::Json<Hold>> {
    Ok(axum::Json(keeping::lift(&app, &actor, id, &input.reason).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RetentionInput {
    /// After the incident is closed.
    #[schema(value_type = String, example = "365d")]
    pub retain_for: Period,
    #[schema(example = "The insurer asks for three years")]
    pub reason: String,
}

/// Sets how long the evidence of an incident is kept, instead of the plan's time.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/retention", tag = "evidence", request_body = RetentionInput,
    params(("id" = String, Path, example = "INC-1")),
    responses((status = 200, body = Retention), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn retain(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Json(input): Json<RetentionInput>,
) -> Result<axum::Json<Retention>> {
    Ok(axum::Json(keeping::retain(&app, &actor, id, input.retain_for, &input.reason).await?))
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

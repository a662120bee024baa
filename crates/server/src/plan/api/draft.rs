//! Files, drafts, approval, versions and attestations of the plan over HTTP.

use axum::extract::State;
use axum::http::StatusCode;
use domain::PlanVersionId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::approval::{self, Approved};
use super::super::attest::{self, Reader, Version};
use super::super::diff::FileDiff;
use super::super::draft::{self, Draft};
use super::super::files::{FileProblem, Files};
use crate::app::App;
use crate::error::{Problem, Result};
use crate::web::extract::{Json, Query, Who};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(files))
        .routes(routes!(versions))
        .routes(routes!(read, begin))
        .routes(routes!(save))
        .routes(routes!(send))
        .routes(routes!(withdraw))
        .routes(routes!(send_back))
        .routes(routes!(approve))
        .routes(routes!(discard))
        .routes(routes!(readers, attest))
}

/// A version's files.
#[derive(Serialize, ToSchema)]
struct PlanFiles {
    #[schema(value_type = String, example = "PLAN-1")]
    id: PlanVersionId,
    /// Path to text, byte for byte.
    files: Files,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct WhichVersion {
    /// The one in force if left out.
    #[param(value_type = Option<String>, example = "PLAN-1")]
    version: Option<PlanVersionId>,
}

/// Gives the files of a version of the plan.
#[utoipa::path(get, path = "/api/v1/plan/files", tag = "plan", params(WhichVersion),
    responses((status = 200, body = PlanFiles), (status = 404, body = Problem)))]
async fn files(
    State(app): State<App>,
    Who(actor): Who,
    Query(which): Query<WhichVersion>,
) -> Result<axum::Json<PlanFiles>> {
    let (id, files) = super::super::export(&app, &actor, which.version).await?;
    Ok(axum::Json(PlanFiles { id, files }))
}

/// Lists the versions that are or were in force, the newest first.
#[utoipa::path(get, path = "/api/v1/plan/versions", tag = "plan", responses((status = 200, body = Vec<Version>)))]
async fn versions(State(app): State<App>, Who(actor): Who) -> Result<axum::Json<Vec<Version>>> {
    Ok(axum::Json(attest::versions(&app, &actor).await?))
}

/// The draft with what keeps it from approval and what it changes.
#[derive(Serialize, ToSchema)]
struct DraftView {
    draft: Draft,
    problems: Vec<FileProblem>,
    changes: Vec<FileDiff>,
}

/// Gives the draft under way.
#[utoipa::path(get, path = "/api/v1/plan/draft", tag = "plan",
    responses((status = 200, body = DraftView), (status = 404, body = Problem)))]
async fn read(State(app): State<App>, Who(actor): Who) -> Result<axum::Json<DraftView>> {
    let draft = draft::the_draft(&app, &actor).await?;
    let changes = draft::changes(&app, &draft).await?;
    Ok(axum::Json(DraftView { problems: draft.problems(), changes, draft }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BeginInput {
    /// A whole plan as files; left out, the draft begins with the version in force.
    files: Option<Files>,
}

/// Begins a draft. Files that are no plan are refused with file and line, and nothing changes.
#[utoipa::path(post, path = "/api/v1/plan/draft", tag = "plan", request_body = BeginInput,
    responses((status = 201, body = Draft), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn begin(
    State(app): State<App>,
    Who(actor): Who,
    Json(input): Json<BeginInput>,
) -> Result<(StatusCode, axum::Json<Draft>)> {
    Ok((StatusCode::CREATED, axum::Json(draft::begin(&app, &actor, input.files).await?)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SaveInput {
    #[schema(example = "roles.yaml")]
    file: String,
    text: String,
    /// The edition that the text was made from.
    edition: i64,
}

/// Keeps one file of the draft.
#[utoipa::path(put, path = "/api/v1/plan/draft/file", tag = "plan", request_body = SaveInput,
    responses((status = 200, body = Draft), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn save(
    State(app): State<App>,
    Who(actor): Who,
    Json(input): Json<SaveInput>,
) -> Result<axum::Json<Draft>> {
    Ok(axum::Json(draft::save(&app, &actor, input.file, input.text, input.edition).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EditionInput {
    /// The edition of the draft that is meant.
    edition: i64,
}

/// Sends the draft for approval.
#[utoipa::path(post, path = "/api/v1/plan/draft/send", tag = "plan", request_body = EditionInput,
    responses((status = 200, body = Draft), (status = 409, body = Problem)))]
async fn send(
    State(app): State<App>,
    Who(actor): Who,
    Json(input): Json<EditionInput>,
) -> Result<axum::Json<Draft>> {
    Ok(axum::Json(approval::send(&app, &actor, input.edition).await?))
}

/// Takes the draft back from its approvers.
#[utoipa::path(post, path = "/api/v1/plan/draft/withdraw", tag = "plan", request_body = EditionInput,
    responses((status = 200, body = Draft), (status = 409, body = Problem)))]
async fn withdraw(
    State(app): State<App>,
    Who(actor): Who,
    Json(input): Json<EditionInput>,
) -> Result<axum::Json<Draft>> {
    Ok(axum::Json(approval::withdraw(&app, &actor, input.edition).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReturnInput {
    reason: String,
    edition: i64,
}

/// As an approver, sends the draft back with a reason.
#[utoipa::path(post, path = "/api/v1/plan/draft/return", tag = "plan", request_body = ReturnInput,
    responses((status = 200, body = Draft), (status = 409, body = Problem)))]
async fn send_back(
    State(app): State<App>,
    Who(actor): Who,
    Json(input): Json<ReturnInput>,
) -> Result<axum::Json<Draft>> {
    Ok(axum::Json(approval::send_back(&app, &actor, input.reason, input.edition).await?))
}

/// What came of an approval.
#[derive(Serialize, ToSchema)]
struct ApprovedView {
    /// The version in force, if this was the last word that was needed.
    #[schema(value_type = Option<String>, example = "PLAN-2")]
    published: Option<PlanVersionId>,
}

/// As an approver, says yes. The last yes that is needed puts the draft in force.
#[utoipa::path(post, path = "/api/v1/plan/draft/approve", tag = "plan", request_body = EditionInput,
    responses((status = 200, body = ApprovedView), (status = 409, body = Problem)))]
async fn approve(
    State(app): State<App>,
    Who(actor): Who,
    Json(input): Json<EditionInput>,
) -> Result<axum::Json<ApprovedView>> {
    let published = match approval::approve(&app, &actor, input.edition).await? {
        Approved::Published(id) => Some(id),
        Approved::Waits(_) => None,
    };
    Ok(axum::Json(ApprovedView { published }))
}

/// Gives the draft up.
#[utoipa::path(post, path = "/api/v1/plan/draft/discard", tag = "plan", request_body = EditionInput,
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn discard(
    State(app): State<App>,
    Who(actor): Who,
    Json(input): Json<EditionInput>,
) -> Result<StatusCode> {
    draft::discard(&app, &actor, input.edition).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists everybody who is asked to read the version in force, with when they attested it.
#[utoipa::path(get, path = "/api/v1/plan/attestations", tag = "plan", responses((status = 200, body = Vec<Reader>)))]
async fn readers(State(app): State<App>, Who(actor): Who) -> Result<axum::Json<Vec<Reader>>> {
    Ok(axum::Json(attest::readers(&app, &actor).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AttestInput {
    #[schema(value_type = String, example = "PLAN-2")]
    plan: PlanVersionId,
}

/// Attests that one has read the version in force.
#[utoipa::path(post, path = "/api/v1/plan/attestations", tag = "plan", request_body = AttestInput,
    responses((status = 204), (status = 409, body = Problem)))]
async fn attest(
    State(app): State<App>,
    Who(actor): Who,
    Json(input): Json<AttestInput>,
) -> Result<StatusCode> {
    attest::attest(&app, &actor, input.plan).await?;
    Ok(StatusCode::NO_CONTENT)
}

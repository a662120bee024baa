//! Playbooks over HTTP. Runs of them are in [`runs`].

pub(super) mod runs;

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::PlaybookId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Playbook, Version, view};
use crate::app::App;
use crate::error::{Problem, Result};
use crate::web::download;
use crate::web::extract::{Json, Path, Query, Who};
use crate::web::paging::{Page, PageQuery};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, keep))
        .routes(routes!(check))
        .routes(routes!(get))
        .routes(routes!(versions))
        .routes(routes!(content))
        .routes(routes!(seal))
        .routes(routes!(rehearse))
        .merge(runs::routes())
}

/// The library, by name.
#[utoipa::path(get, path = "/api/v1/playbooks", tag = "playbook", params(PageQuery),
    responses((status = 200, body = Page<Playbook>)))]
async fn list(
    State(app): State<App>,
    Who(actor): Who,
    Query(page): Query<PageQuery>,
) -> Result<axum::Json<Page<Playbook>>> {
    let all = super::list(&app, &actor).await?;
    Ok(axum::Json(page.cut(all, |playbook| playbook.id.get())?))
}

/// Keeps a playbook: the body is the CACAO v2.0 document itself. One with a known identifier is a further version. What
/// cannot be run is refused with its findings.
#[utoipa::path(post, path = "/api/v1/playbooks", tag = "playbook", request_body(content = String, content_type = "application/json"),
    responses((status = 201, body = Playbook), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn keep(
    State(app): State<App>,
    Who(actor): Who,
    text: String,
) -> Result<(StatusCode, axum::Json<Playbook>)> {
    Ok((StatusCode::CREATED, axum::Json(super::keep(&app, &actor, text).await?)))
}

/// What is said of a playbook before it is kept.
#[derive(Serialize, ToSchema)]
struct CheckAnswer {
    refused: bool,
    findings: Vec<FindingView>,
    /// What is said of each signature.
    signatures: Vec<SealView>,
}

/// One thing that the check found.
#[derive(Serialize, ToSchema)]
struct FindingView {
    /// `error`, `warning` or `note`.
    severity: &'static str,
    rule: &'static str,
    /// A JSON pointer.
    pointer: String,
    sentence: String,
}

/// What is said of a signature.
#[derive(Serialize, ToSchema)]
struct SealView {
    signee: String,
    algorithm: String,
    /// SHA-256 of the public key.
    fingerprint: Option<String>,
    holds: bool,
    sentence: &'static str,
}

/// Checks a playbook without keeping it; the body is the document itself.
#[utoipa::path(post, path = "/api/v1/playbooks/check", tag = "playbook", request_body(content = String, content_type = "application/json"),
    responses((status = 200, body = CheckAnswer)))]
async fn check(State(app): State<App>, Who(actor): Who, text: String) -> Result<axum::Json<CheckAnswer>> {
    let checked = super::check(&app, &actor, &text)?;
    Ok(axum::Json(CheckAnswer {
        refused: checked.refused(),
        findings: checked
            .findings
            .into_iter()
            .map(|one| FindingView {
                severity: one.severity.word(),
                rule: one.rule,
                pointer: one.pointer,
                sentence: one.sentence,
            })
            .collect(),
        signatures: checked
            .seals
            .into_iter()
            .map(|seal| SealView {
                signee: seal.signee,
                algorithm: seal.algorithm,
                fingerprint: seal.fingerprint,
                holds: seal.verdict.holds(),
                sentence: seal.verdict.sentence(),
            })
            .collect(),
    }))
}

/// One playbook.
#[utoipa::path(get, path = "/api/v1/playbooks/{id}", tag = "playbook", params(("id" = String, Path, example = "PBK-1")),
    responses((status = 200, body = Playbook), (status = 404, body = Problem)))]
async fn get(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<PlaybookId>,
) -> Result<axum::Json<Playbook>> {
    Ok(axum::Json(super::get(&app, &actor, id, None).await?.playbook))
}

/// All versions that were kept, newest first.
#[utoipa::path(get, path = "/api/v1/playbooks/{id}/versions", tag = "playbook", params(("id" = String, Path, example = "PBK-1"), PageQuery),
    responses((status = 200, body = Page<Version>), (status = 404, body = Problem)))]
async fn versions(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<PlaybookId>,
    Query(page): Query<PageQuery>,
) -> Result<axum::Json<Page<Version>>> {
    super::get(&app, &actor, id, None).await?;
    let all = super::versions(&app, &actor, id).await?;
    Ok(axum::Json(page.cut(all, |version| version.version)?))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct VersionQuery {
    /// The number of a version; the present one if left out.
    pub version: Option<i64>,
}

/// The document, byte for byte as it was kept.
#[utoipa::path(get, path = "/api/v1/playbooks/{id}/content", tag = "playbook", params(("id" = String, Path, example = "PBK-1"), VersionQuery),
    responses((status = 200, content_type = "application/json"), (status = 404, body = Problem)))]
async fn content(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<PlaybookId>,
    Query(query): Query<VersionQuery>,
) -> Result<Response> {
    let kept = super::get(&app, &actor, id, query.version).await?;
    let name = format!("{id}-v{}.json", kept.version.version);
    Ok(download::bytes(&name, "application/json", kept.text.into_bytes()))
}

/// Signs the present version with this server's key (Ed25519); the signed document is a further version.
#[utoipa::path(post, path = "/api/v1/playbooks/{id}/seal", tag = "playbook", params(("id" = String, Path, example = "PBK-1")),
    responses((status = 200, body = Playbook), (status = 404, body = Problem)))]
async fn seal(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<PlaybookId>,
) -> Result<axum::Json<Playbook>> {
    Ok(axum::Json(super::seal::seal(&app, &actor, id).await?))
}

/// Values for the playbook's external variables.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Values {
    #[serde(default)]
    values: BTreeMap<String, String>,
}

/// A step that a run would take.
#[derive(Serialize, ToSchema)]
struct Rehearsed {
    /// What would be done, in order: the step's name, its command type, its target.
    steps: Vec<RehearsedStep>,
    /// Whether it would come to its end without a failure.
    completes: bool,
}

#[derive(Serialize, ToSchema)]
struct RehearsedStep {
    step: String,
    what: String,
    target: Option<String>,
}

/// A dry run: says what a run would do, and does nothing. Conditions that only a real run decides are taken for true once.
#[utoipa::path(post, path = "/api/v1/playbooks/{id}/rehearse", tag = "playbook", request_body = Values, params(("id" = String, Path, example = "PBK-1")),
    responses((status = 200, body = Rehearsed), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn rehearse(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<PlaybookId>,
    Json(input): Json<Values>,
) -> Result<axum::Json<Rehearsed>> {
    let kept = super::get(&app, &actor, id, None).await?.read()?;
    let rehearsal = super::rehearse(&app, &actor, id, &input.values).await?;
    let steps = view::rehearsed(&rehearsal, &kept)
        .into_iter()
        .map(|(step, what, target)| RehearsedStep { step, what, target })
        .collect();
    Ok(axum::Json(Rehearsed {
        steps,
        completes: rehearsal.run.failure().is_none() && rehearsal.run.is_over(),
    }))
}

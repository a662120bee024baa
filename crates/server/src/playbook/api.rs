//! Playbooks and runs over HTTP.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use cacao::{Outcome, Verdict};
use domain::{IncidentId, PlaybookId, RunId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::run::{self, Act, RunView};
use super::view::{self, RunDetail};
use super::{Playbook, Version};
use crate::app::App;
use crate::error::{Error, Problem, Result};
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
        .routes(routes!(runs, start))
        .routes(routes!(get_run))
        .routes(routes!(events))
        .routes(routes!(answer))
        .routes(routes!(approve))
        .routes(routes!(settle))
        .routes(routes!(stop))
        .routes(routes!(roll_back))
}

/// The library, by name.
#[utoipa::path(get, path = "/api/v1/playbooks", tag = "playbook", params(PageQuery),
    responses((status = 200, body = Page<Playbook>)))]
async fn list(State(app): State<App>, Who(actor): Who, Query(page): Query<PageQuery>) -> Result<axum::Json<Page<Playbook>>> {
    let all = super::list(&app, &actor).await?;
    Ok(axum::Json(page.cut(all, |playbook| playbook.id.get())?))
}

/// Keeps a playbook: the body is the CACAO v2.0 document itself. One with a known identifier is a further version. What
/// cannot be run is refused with its findings.
#[utoipa::path(post, path = "/api/v1/playbooks", tag = "playbook", request_body(content = String, content_type = "application/json"),
    responses((status = 201, body = Playbook), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn keep(State(app): State<App>, Who(actor): Who, text: String) -> Result<(StatusCode, axum::Json<Playbook>)> {
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
async fn get(State(app): State<App>, Who(actor): Who, Path(id): Path<PlaybookId>) -> Result<axum::Json<Playbook>> {
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
    Ok(([("content-type", "application/json")], kept.text).into_response())
}

/// Signs the present version with this server's key (Ed25519); the signed document is a further version.
#[utoipa::path(post, path = "/api/v1/playbooks/{id}/seal", tag = "playbook", params(("id" = String, Path, example = "PBK-1")),
    responses((status = 200, body = Playbook), (status = 404, body = Problem)))]
async fn seal(State(app): State<App>, Who(actor): Who, Path(id): Path<PlaybookId>) -> Result<axum::Json<Playbook>> {
    Ok(axum::Json(super::seal(&app, &actor, id).await?))
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
    Ok(axum::Json(Rehearsed { steps, completes: rehearsal.run.failure().is_none() && rehearsal.run.is_over() }))
}

/// The runs of an incident, newest first.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/runs", tag = "playbook", params(("id" = String, Path, example = "INC-1"), PageQuery),
    responses((status = 200, body = Page<RunView>), (status = 404, body = Problem)))]
async fn runs(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Query(page): Query<PageQuery>,
) -> Result<axum::Json<Page<RunView>>> {
    let all = run::of_incident(&app, &actor, id).await?;
    Ok(axum::Json(page.cut(all, |run| run.id.get())?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StartInput {
    #[schema(value_type = String, example = "PBK-1")]
    playbook: PlaybookId,
    /// Values for the playbook's external variables.
    #[serde(default)]
    values: BTreeMap<String, String>,
}

/// Starts the present version of a playbook on an incident.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/runs", tag = "playbook", request_body = StartInput, params(("id" = String, Path, example = "INC-1")),
    responses((status = 201, body = RunView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn start(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Json(input): Json<StartInput>,
) -> Result<(StatusCode, axum::Json<RunView>)> {
    let run = run::start(&app, &actor, id, input.playbook, input.values).await?;
    Ok((StatusCode::CREATED, axum::Json(run.view())))
}

/// A run with its steps and what waits for somebody.
#[utoipa::path(get, path = "/api/v1/runs/{id}", tag = "playbook", params(("id" = String, Path, example = "RUN-1")),
    responses((status = 200, body = RunDetail), (status = 404, body = Problem)))]
async fn get_run(State(app): State<App>, Who(actor): Who, Path(id): Path<RunId>) -> Result<axum::Json<RunDetail>> {
    let record = run::get(&app, &actor, id).await?;
    let kept = super::get(&app, &actor, record.playbook, Some(record.version)).await?.read()?;
    Ok(axum::Json(view::detail(&record, &kept)))
}

/// One line of a run's log.
#[derive(Serialize, ToSchema)]
struct RunEventView {
    number: i64,
    #[schema(value_type = String, format = DateTime)]
    at: jiff::Timestamp,
    /// Who brought it about.
    actor: String,
    /// `started`, `intended`, `outcome`, `interrupted`, `tick`, `settled`, `approval`, `stopped` or `roll-back`, with its parts.
    #[schema(value_type = Object)]
    event: serde_json::Value,
}

/// The run's log, from its start: each line was stored before anything was done about it.
#[utoipa::path(get, path = "/api/v1/runs/{id}/events", tag = "playbook", params(("id" = String, Path, example = "RUN-1"), PageQuery),
    responses((status = 200, body = Page<RunEventView>), (status = 404, body = Problem)))]
async fn events(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<RunId>,
    Query(page): Query<PageQuery>,
) -> Result<axum::Json<Page<RunEventView>>> {
    let mut all = Vec::new();
    for line in run::log(&app, &actor, id).await? {
        all.push(RunEventView {
            number: line.number,
            at: line.at,
            actor: line.actor,
            event: serde_json::to_value(&line.event)?,
        });
    }
    Ok(axum::Json(page.cut(all, |line| line.number)?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AnswerInput {
    /// The key of what waits.
    key: String,
    /// The values that the step gives.
    #[serde(default)]
    outputs: BTreeMap<String, String>,
    /// Why it could not be done; left out where it was done.
    #[serde(default)]
    failed: Option<String>,
}

async fn acted(app: &App, actor: &domain::Actor, id: RunId, act: Act) -> Result<axum::Json<RunView>> {
    Ok(axum::Json(run::act(app, actor, id, act).await?.view()))
}

/// Answers a manual step: done, with its values, or failed.
#[utoipa::path(post, path = "/api/v1/runs/{id}/answer", tag = "playbook", request_body = AnswerInput, params(("id" = String, Path, example = "RUN-1")),
    responses((status = 200, body = RunView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn answer(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<RunId>,
    Json(input): Json<AnswerInput>,
) -> Result<axum::Json<RunView>> {
    let outcome = match input.failed {
        Some(message) if message.trim().is_empty() => {
            return Err(Error::Invalid("Say why the step could not be done.".to_owned()));
        }
        Some(message) => Outcome::Failed { message, again: false },
        None => Outcome::Done { outputs: input.outputs },
    };
    acted(&app, &actor, id, Act::Answer { key: input.key, outcome }).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ApproveInput {
    /// The key of what waits.
    key: String,
    yes: bool,
}

/// Says yes or no to a step that needs approval. Whoever may steer the incident may.
#[utoipa::path(post, path = "/api/v1/runs/{id}/approve", tag = "playbook", request_body = ApproveInput, params(("id" = String, Path, example = "RUN-1")),
    responses((status = 200, body = RunView), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn approve(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<RunId>,
    Json(input): Json<ApproveInput>,
) -> Result<axum::Json<RunView>> {
    acted(&app, &actor, id, Act::Approve { key: input.key, yes: input.yes }).await
}

/// How a person settles a doubt.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SettleInput {
    /// The key of what is in doubt.
    key: String,
    /// `happened`, `again` (it did not; do it) or `give_up` (it did not; the step has failed).
    #[schema(example = "happened")]
    verdict: String,
    /// The values that the step gave, where it happened.
    #[serde(default)]
    outputs: BTreeMap<String, String>,
}

pub(super) fn verdict(word: &str, outputs: BTreeMap<String, String>) -> Result<Verdict> {
    match word {
        "happened" => Ok(Verdict::Happened { outputs }),
        "again" => Ok(Verdict::Again),
        "give_up" => Ok(Verdict::GiveUp),
        _ => Err(Error::Invalid("A doubt is settled by `happened`, `again` or `give_up`.".to_owned())),
    }
}

/// Says whether something that may have happened did.
#[utoipa::path(post, path = "/api/v1/runs/{id}/settle", tag = "playbook", request_body = SettleInput, params(("id" = String, Path, example = "RUN-1")),
    responses((status = 200, body = RunView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn settle(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<RunId>,
    Json(input): Json<SettleInput>,
) -> Result<axum::Json<RunView>> {
    let verdict = verdict(&input.verdict, input.outputs)?;
    acted(&app, &actor, id, Act::Settle { key: input.key, verdict }).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StopInput {
    reason: String,
}

/// Stops a run. What is under way is not forgotten: the run is over when it is known what came of it.
#[utoipa::path(post, path = "/api/v1/runs/{id}/stop", tag = "playbook", request_body = StopInput, params(("id" = String, Path, example = "RUN-1")),
    responses((status = 200, body = RunView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn stop(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<RunId>,
    Json(input): Json<StopInput>,
) -> Result<axum::Json<RunView>> {
    acted(&app, &actor, id, Act::Stop { reason: input.reason }).await
}

/// Undoes the steps of a run that is over and that name what undoes them, the last first. Whoever may steer the incident may.
#[utoipa::path(post, path = "/api/v1/runs/{id}/roll-back", tag = "playbook", params(("id" = String, Path, example = "RUN-1")),
    responses((status = 200, body = RunView), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn roll_back(State(app): State<App>, Who(actor): Who, Path(id): Path<RunId>) -> Result<axum::Json<RunView>> {
    acted(&app, &actor, id, Act::RollBack).await
}

//! Runs of playbooks over HTTP.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use domain::{IncidentId, PlaybookId, RunId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::role::Desk;
use super::super::run::act::verdict;
use super::super::run::{self, Act, Record, RunView};
use super::super::view::{self, RunDetail};
use crate::app::App;
use crate::error::{Problem, Result};
use crate::playbook;
use crate::web::extract::{Json, Path, Query, Who};
use crate::web::paging::{Page, PageQuery};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(runs, start))
        .routes(routes!(get_run))
        .routes(routes!(events))
        .routes(routes!(answer))
        .routes(routes!(approve))
        .routes(routes!(hand_on))
        .routes(routes!(settle))
        .routes(routes!(stop))
        .routes(routes!(roll_back))
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
    let all = run::of_incident(&app, &actor, id).await?.iter().map(Record::view).collect();
    Ok(axum::Json(page.cut(all, |run: &RunView| run.id.get())?))
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
async fn get_run(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<RunId>,
) -> Result<axum::Json<RunDetail>> {
    let record = run::get(&app, &actor, id).await?;
    let kept = playbook::get(&app, &actor, record.playbook, Some(record.version)).await?.read()?;
    let desk = Desk::of(&app, &actor, record.incident).await?;
    Ok(axum::Json(view::detail(&record, &kept, &desk)))
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
    acted(&app, &actor, id, Act::Answer { key: input.key, outputs: input.outputs, failed: input.failed })
        .await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ApproveInput {
    /// The key of what waits.
    key: String,
    yes: bool,
}

/// Says yes or no to a step that needs approval, as somebody who fills the role that is asked, holds it or stands in for
/// it; where nobody does at all, as whoever steers the incident.
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

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct HandOnInput {
    /// The key of what waits.
    key: String,
    /// Who says yes or no instead.
    #[schema(value_type = String, example = "USR-5")]
    to: UserId,
}

/// Hands the approval of a step to another person. Whoever handed it on says neither yes nor no any more.
#[utoipa::path(post, path = "/api/v1/runs/{id}/hand-on", tag = "playbook", request_body = HandOnInput, params(("id" = String, Path, example = "RUN-1")),
    responses((status = 200, body = RunView), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn hand_on(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<RunId>,
    Json(input): Json<HandOnInput>,
) -> Result<axum::Json<RunView>> {
    acted(&app, &actor, id, Act::HandOn { key: input.key, to: input.to }).await
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
async fn roll_back(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<RunId>,
) -> Result<axum::Json<RunView>> {
    acted(&app, &actor, id, Act::RollBack).await
}

//! One run: what waits for whom, the workflow in the colours of its steps, and what happened. The page follows the run as
//! it goes on.

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::State;
use axum::response::Redirect;
use axum::routing::{get, post};
use cacao::{Ending, Options, Status};
use domain::{Actor, RunId, UserId};
use maud::{Markup, html};
use serde::Deserialize;

use super::super::role::Desk;
use super::super::run::act::verdict;
use super::super::run::{self, Act, Record};
use super::super::view::{self, RunDetail, StepView};
use super::tab::{given, taken};
use super::{figure, plain_name, state, wait};
use crate::app::App;
use crate::error::Result;
use crate::web::extract::{Form, Path, Who};
use crate::web::frame::{self, Nav};
use crate::web::parts;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/runs/{id}", get(page))
        .route("/runs/{id}/answer", post(answer))
        .route("/runs/{id}/approve", post(approve))
        .route("/runs/{id}/hand-on", post(hand_on))
        .route("/runs/{id}/settle", post(settle))
        .route("/runs/{id}/stop", post(stop))
        .route("/runs/{id}/roll-back", post(roll_back))
}

async fn page(State(app): State<App>, Who(actor): Who, Path(id): Path<RunId>) -> Result<Markup> {
    let record = run::get(&app, &actor, id).await?;
    let kept = super::super::get(&app, &actor, record.playbook, Some(record.version)).await?.read()?;
    let desk = Desk::of(&app, &actor, record.incident).await?;
    let detail = view::detail(&record, &kept, &desk);
    let link = format!("/playbooks/{}?version={}#step-", record.playbook, record.version);
    let drawing = cacao::draw(&kept, &Options { looks: view::looks(&record), link: Some(link) });
    let topic = run::topic(id);
    let here = format!("/runs/{id}");
    let content = html! {
        div id="run" data-refresh=(topic) hx-get=(here) hx-select="#run" hx-trigger={ "live:" (topic) " from:body" @if record.ended_at.is_none() { ", load delay:700ms" } } hx-ext="morph" hx-swap="morph" {
            (head(&record, &detail, &desk))
            (ending(&record, &desk))
            div class="playbook-columns" data-run="" {
                div class="stack" {
                    @for wait in &detail.waiting { (wait::card(&record, wait, &desk)) }
                    @if detail.waiting.is_empty() && record.ended_at.is_none() {
                        div class="notice" data-level="info" { (parts::icon("clock")) div { strong { "Nothing waits for people" } "The run goes on by itself; this page follows it." } }
                    }
                    (happened(&detail.steps))
                    (values(&detail))
                }
                section class="card run-figure" aria-labelledby="figure" {
                    div class="card-head" { h2 id="figure" { "Workflow" } (legend()) }
                    (figure(&drawing, "Workflow and where it stands"))
                }
            }
        }
    };
    let title = format!("{id} {}", record.name);
    Ok(frame::page(&app, &actor, Nav::Incidents, &title, &[topic.as_str()], &content).await)
}

fn head(run: &Record, detail: &RunDetail, desk: &Desk) -> Markup {
    let here = format!("/runs/{}", run.id);
    let starter = run.started_by.and_then(|id| desk.names.get(&id));
    html! {
        header class="page-head" {
            div class="page-title" {
                nav aria-label="Where you are" { ol class="breadcrumb" {
                    li { a href={ "/incidents/" (run.incident) } { (run.incident) } }
                    li { a href={ "/incidents/" (run.incident) "/playbooks" } { "Playbooks" } }
                    li { (run.id) }
                } }
                h1 { (run.name) }
                div class="page-meta" {
                    (state(&detail.run))
                    span { "started " (parts::ago(run.started_at)) @if let Some(name) = starter { " by " (name) } }
                    span { (detail.run.steps_done) @if detail.run.steps_done == 1 { " step" } @else { " steps" } " done" }
                    a href={ "/playbooks/" (run.playbook) "?version=" (run.version) } { "version " (run.version) }
                    @if let Some((parent, _)) = &run.parent { a href={ "/runs/" (parent) } { "called by " (parent) } }
                }
            }
            div class="page-actions" {
                @if desk.works && run.ended_at.is_none() {
                    details class="menu" {
                        summary class="button" { (parts::icon("x")) "Stop" }
                        form class="menu-list menu-form" method="post" action={ (here) "/stop" } data-done="Stopped" {
                            div class="field" { label for="stop-reason" { "Why it is stopped" } input id="stop-reason" name="reason" required maxlength="300" autocomplete="off"; }
                            button class="button" data-kind="danger" data-size="small" type="submit" { "Stop the run" }
                        }
                    }
                }
                @if desk.steers && detail.undoable {
                    form method="post" action={ (here) "/roll-back" } data-confirm="Undo the steps of this run that name what undoes them, the last first?" data-done="The steps are being undone" { button class="button" type="submit" { "Undo its steps" } }
                }
            }
        }
    }
}

fn acts(step: &StepView) -> bool {
    matches!(step.kind, "action" | "playbook-action")
}

fn ending(run: &Record, desk: &Desk) -> Markup {
    let closing = matches!(run.state.status, Status::Closing { .. });
    html! {
        @if closing { div class="notice" data-level="warning" { (parts::icon("clock")) div { strong { "Ending" } "It is over once it is known what came of everything that was begun." } } }
        @match &run.state.status {
            Status::Ended { ending: Ending::Failed { failure } } => div class="notice" data-level="error" { (parts::icon("x")) div { strong { "A step failed" } (desk.named(&failure.message)) } },
            Status::Ended { ending: Ending::Stopped { by, reason } } => div class="notice" data-level="warning" { (parts::icon("x")) div { strong { "Stopped by " (by) } (reason) } },
            _ => {}
        }
    }
}

fn legend() -> Markup {
    let looks = [
        ("done", "done"),
        ("active", "running"),
        ("waiting", "waiting"),
        ("doubt", "in doubt"),
        ("failed", "failed"),
    ];
    html! { ul class="cacao-legend small" aria-hidden="true" { @for (look, word) in looks { li { span data-look=(look) {} (word) } } } }
}

fn happened(steps: &[StepView]) -> Markup {
    // What was entered last stands first: that is what people look for.
    let shown: Vec<&StepView> =
        steps.iter().rev().filter(|step| acts(step) && step.result != "open").collect();
    html! {
        @if !shown.is_empty() {
            section class="card" aria-labelledby="happened" {
                div class="card-head" { h2 id="happened" { "What happened" } span class="muted" { (shown.len()) @if shown.len() == 1 { " step" } @else { " steps" } } }
                ol class="run-steps" {
                    @for step in shown {
                        li data-result=(step.result) {
                            span class="run-mark" aria-hidden="true" { (parts::icon(if step.result == "done" { "check" } else { "x" })) }
                            div {
                                p { strong { (step.title) } @if step.count > 1 { " " span class="muted" { "time " (step.count) } } @if step.undoes { " " span class="badge" data-kind="code" { "undoing" } } span class="visually-hidden" { ": " (word(step.result)) } }
                                @if let Some(reason) = &step.reason { p class="small" { (reason) } }
                                @if !step.outputs.is_empty() { dl class="run-values" { @for (name, value) in &step.outputs { dt { (plain_name(name)) } dd class="breaks" { (cut(value)) } } } }
                            }
                            @if let Some(left) = step.left { span class="small muted" { (parts::ago(left)) } }
                        }
                    }
                }
            }
        }
    }
}

fn values(detail: &RunDetail) -> Markup {
    html! {
        @if !detail.values.is_empty() {
            section class="card" aria-labelledby="values" {
                div class="card-head" { h2 id="values" { "Values" } }
                div class="card-body" {
                    dl class="facts" data-layout="stacked" {
                        @for (name, value) in &detail.values { dt { (plain_name(name)) } dd class="breaks" { @match value { Some(value) if !value.is_empty() => (cut(value)), _ => span class="muted" { "unknown" } } } }
                    }
                }
            }
        }
    }
}

fn cut(value: &str) -> String {
    match value.char_indices().nth(300) {
        Some((end, _)) => format!("{}…", value.get(..end).unwrap_or_default()),
        None => value.to_owned(),
    }
}

fn word(result: &str) -> &'static str {
    match result {
        "done" => "done",
        "failed" => "failed",
        "called_off" => "called off",
        _ => "open",
    }
}

async fn acted(app: &App, actor: &Actor, id: RunId, act: Act) -> Result<Redirect> {
    run::act(app, actor, id, act).await?;
    Ok(Redirect::to(&format!("/runs/{id}")))
}

async fn answer(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<RunId>,
    Form(mut form): Form<BTreeMap<String, String>>,
) -> Result<Redirect> {
    let key = taken(&mut form, "key")?;
    let failed = form.remove("failed");
    acted(&app, &actor, id, Act::Answer { key, outputs: given(form), failed }).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ApproveForm {
    key: String,
    yes: bool,
}

async fn approve(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<RunId>,
    Form(form): Form<ApproveForm>,
) -> Result<Redirect> {
    acted(&app, &actor, id, Act::Approve { key: form.key, yes: form.yes }).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HandOnForm {
    key: String,
    to: UserId,
}

async fn hand_on(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<RunId>,
    Form(form): Form<HandOnForm>,
) -> Result<Redirect> {
    acted(&app, &actor, id, Act::HandOn { key: form.key, to: form.to }).await
}

async fn settle(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<RunId>,
    Form(mut form): Form<BTreeMap<String, String>>,
) -> Result<Redirect> {
    let (key, word) = (taken(&mut form, "key")?, taken(&mut form, "verdict")?);
    let verdict = verdict(&word, given(form))?;
    acted(&app, &actor, id, Act::Settle { key, verdict }).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StopForm {
    reason: String,
}

async fn stop(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<RunId>,
    Form(form): Form<StopForm>,
) -> Result<Redirect> {
    acted(&app, &actor, id, Act::Stop { reason: form.reason }).await
}

async fn roll_back(State(app): State<App>, Who(actor): Who, Path(id): Path<RunId>) -> Result<Redirect> {
    acted(&app, &actor, id, Act::RollBack).await
}

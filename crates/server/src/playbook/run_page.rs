//! Runs as pages: the tab of an incident, and one run with its figure in the colours of its steps, what waits for
//! somebody, and what happened. The page follows the run as it goes on.

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::State;
use axum::response::Redirect;
use axum::routing::{get, post};
use cacao::{Options, Outcome};
use domain::{Actor, IncidentId, Permission, PlaybookId, RunId};
use maud::{Markup, html};
use serde::Deserialize;

use super::page::figure;
use super::run::{self, Act, Record, RunView};
use super::view::{self, OutputView, RunDetail, StepView, Wait};
use crate::app::App;
use crate::error::{Error, Result};
use crate::incident;
use crate::web::extract::{Form, Path, Query, Who};
use crate::web::frame::{self, Nav};
use crate::web::parts;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/incidents/{id}/playbooks", get(of_incident).post(start))
        .route("/runs/{id}", get(one))
        .route("/runs/{id}/answer", post(answer))
        .route("/runs/{id}/approve", post(approve))
        .route("/runs/{id}/settle", post(settle))
        .route("/runs/{id}/stop", post(stop))
        .route("/runs/{id}/roll-back", post(roll_back))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Chosen {
    playbook: Option<PlaybookId>,
}

async fn of_incident(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Query(chosen): Query<Chosen>,
) -> Result<Markup> {
    let runs = run::of_incident(&app, &actor, id).await?;
    let library = super::list(&app, &actor).await?;
    let chosen = match chosen.playbook {
        Some(playbook) => Some(super::get(&app, &actor, playbook, None).await?),
        None => None,
    };
    let topic = incident::topic(id);
    let here = format!("/incidents/{id}/playbooks");
    let part = html! {
        div class="stack" {
            div class="stack" id="runs" data-refresh=(topic) hx-get=(here) hx-select="#runs" hx-trigger={ "live:" (topic) " from:body" } hx-swap="outerHTML" {
                @if runs.is_empty() {
                    (parts::empty("play", "No playbook was run yet", "Choose one below: every step is stored before it is done, and what is done stands on the timeline.", None))
                } @else { (table(&runs)) }
            }
            @if actor.may(Permission::WorkIncident) {
                section class="card" aria-labelledby="start" {
                    div class="card-head" { h2 id="start" { "Run a playbook" } }
                    div class="card-body" {
                        @match &chosen {
                            Some(kept) => (start_form(&here, kept.playbook.id, &kept.read()?)),
                            None if library.is_empty() => p class="muted" { "The library is empty. " a href="/playbooks" { "Add a playbook" } " first." },
                            None => ul class="stack-s" {
                                @for playbook in &library {
                                    li {
                                        a href={ (here) "?playbook=" (playbook.id) "#start" } { (playbook.name) }
                                        @if let Some(text) = &playbook.description { " " span class="muted" { (text.lines().next().unwrap_or_default()) } }
                                    }
                                }
                            },
                        }
                    }
                }
            }
        }
    };
    incident::page::playbooks_tab(&app, &actor, id, &part).await
}

fn start_form(here: &str, id: PlaybookId, playbook: &cacao::Playbook) -> Markup {
    html! {
        form class="form" method="post" action=(here) data-done={ (playbook.name) " started" } {
            p { strong { (playbook.name) } " · " (playbook.workflow.len()) " steps · " a href={ "/playbooks/" (id) } { "look at it" } " · " a href={ "/playbooks/" (id) "/rehearse" } { "dry run" } }
            input type="hidden" name="playbook" value=(id);
            (value_fields(playbook, &BTreeMap::new()))
            div class="form-actions" {
                button class="button" data-kind="primary" type="submit" { (parts::icon("play")) "Run it" }
                a class="button" href=(here) { "Choose another" }
            }
        }
    }
}

/// A field for each value that a playbook asks for.
pub(super) fn value_fields(playbook: &cacao::Playbook, given: &BTreeMap<String, String>) -> Markup {
    html! {
        @for (name, variable) in playbook.variables().filter(|(_, variable)| variable.is_external()) {
            @let preset = given.get(name).cloned().or_else(|| variable.text()).unwrap_or_default();
            div class="field" {
                label for={ "value-" (name) } { (plain_name(name)) " " span class="optional" { (variable.kind) } }
                input id={ "value-" (name) } name=(name) value=(preset) autocomplete="off";
                @if let Some(text) = &variable.description { p class="help" { (text) } }
            }
        }
    }
}

/// `__found_host__` as people read it.
fn plain_name(name: &str) -> String {
    let words = name.trim_matches('_').replace(['_', '-'], " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn table(runs: &[RunView]) -> Markup {
    html! {
        div class="table-scroll" role="region" aria-label="Runs" tabindex="0" {
            table class="table" data-narrow="stack" {
                thead { tr { th { "Run" } th { "State" } th data-type="number" { "Steps done" } th { "Started" } th { "Ended" } } }
                tbody {
                    @for run in runs {
                        @let href = format!("/runs/{}", run.id);
                        tr data-href=(href) {
                            td class="cell-main" { a class="row-link" href=(href) { (run.id) " " (run.name) } span class="cell-sub" { "version " (run.version) } }
                            td data-label="State" { (state(run.status)) }
                            td data-type="number" data-label="Steps done" { (run.steps_done) }
                            td data-type="time" data-label="Started" { (parts::ago(run.started_at)) }
                            td data-type="time" data-label="Ended" { @match run.ended_at { Some(at) => (parts::ago(at)), None => span class="muted" { "–" } } }
                        }
                    }
                }
            }
        }
    }
}

fn state(status: &str) -> Markup {
    let (look, word) = match status {
        "completed" => ("good", "Completed"),
        "failed" => ("bad", "Failed"),
        "stopped" => ("acknowledged", "Stopped"),
        "doubt" => ("bad", "In doubt"),
        "closing" => ("waiting", "Ending"),
        "undoing" => ("waiting", "Being undone"),
        _ => ("waiting", "Running"),
    };
    html! { span class="badge" data-status=(look) { (word) } }
}

async fn one(State(app): State<App>, Who(actor): Who, Path(id): Path<RunId>) -> Result<Markup> {
    let record = run::get(&app, &actor, id).await?;
    let kept = super::get(&app, &actor, record.playbook, Some(record.version)).await?.read()?;
    let detail = view::detail(&record, &kept);
    let options = Options { looks: view::looks(&record), link: None };
    let drawing = cacao::draw(&kept, &options);
    let steering = may_steer(&app, &actor, &record).await?;
    let topic = run::topic(id);
    let here = format!("/runs/{id}");
    let content = html! {
        div id="run" data-refresh=(topic) hx-get=(here) hx-select="#run" hx-trigger={ "live:" (topic) " from:body" } hx-swap="outerHTML" {
            (head(&actor, &record, &detail, steering))
            (ending(&record))
            div class="playbook-columns" {
                div class="stack" {
                    @for wait in &detail.waiting { (wait_card(&here, wait, &actor, steering)) }
                    (step_table(&detail.steps))
                }
                section class="card" aria-labelledby="figure" {
                    div class="card-head" { h2 id="figure" { "Workflow" } }
                    (figure(drawing.markup(), "Workflow and where it stands"))
                }
            }
        }
    };
    Ok(frame::page(&app, &actor, Nav::Incidents, &format!("{id} {}", record.name), &[topic.as_str()], &content).await)
}

async fn may_steer(app: &App, actor: &Actor, run: &Record) -> Result<bool> {
    let view = incident::get(app, actor, run.incident).await?;
    Ok(actor.may_command(&view.record.incident()?))
}

fn head(actor: &Actor, run: &Record, detail: &RunDetail, steering: bool) -> Markup {
    let here = format!("/runs/{}", run.id);
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
                    (state(detail.run.status))
                    span { "started " (parts::ago(run.started_at)) }
                    a href={ "/playbooks/" (run.playbook) "?version=" (run.version) } { "version " (run.version) }
                    @if let Some((parent, _)) = &run.parent { a href={ "/runs/" (parent) } { "called by " (parent) } }
                }
            }
            div class="page-actions" {
                @if actor.may(Permission::WorkIncident) && run.ended_at.is_none() {
                    details class="menu" {
                        summary class="button" { (parts::icon("x")) "Stop" }
                        form class="menu-list form" method="post" action={ (here) "/stop" } data-done="Stopped" {
                            div class="field" { label for="stop-reason" { "Why it is stopped" } input id="stop-reason" name="reason" required maxlength="300" autocomplete="off"; }
                            button class="button" data-kind="danger" type="submit" { "Stop the run" }
                        }
                    }
                }
                @if steering && detail.undoable {
                    form method="post" action={ (here) "/roll-back" } data-confirm="Undo the steps of this run that can be undone, the last first?" data-done="The steps are being undone" { button class="button" type="submit" { "Undo its steps" } }
                }
            }
        }
    }
}

fn ending(run: &Record) -> Markup {
    html! {
        @if let Some(failure) = run.state.failure() {
            div class="notice" data-level="error" { (parts::icon("x")) div { strong { "A step failed" } (failure.message) } }
        }
    }
}

fn wait_card(here: &str, wait: &Wait, actor: &Actor, steering: bool) -> Markup {
    let works = actor.may(Permission::WorkIncident);
    html! {
        section class="card" aria-label={ "Waiting: " (wait.title) } {
            div class="card-head" {
                h2 { (wait.title) }
                @match wait.kind {
                    "doubt" => span class="badge" data-status="bad" { "In doubt" },
                    "approval" => span class="badge" data-status="waiting" { "Needs approval" },
                    _ => span class="badge" data-status="waiting" { "Waits for you" },
                }
            }
            div class="card-body stack-s" {
                @if wait.kind == "doubt" { p { "It may have happened, and nobody knows. Look at " (wait.target.as_deref().unwrap_or("the target")) ", then say so." } }
                @if let Some(role) = &wait.role { p { span class="muted" { "Role: " } (role) } }
                @if !wait.text.is_empty() { div class="viewer" { pre data-wrap tabindex="0" aria-label="What it is about" { (wait.text) } } }
                @if let (Some(said), Some(quorum)) = (wait.said_yes, wait.quorum) { p { (said) " of " (quorum) " have said yes." } }
                @if let Some(until) = wait.until { p class="muted" { "Until " (parts::time(until)) } }
                @match wait.kind {
                    "approval" if steering => (approval_form(here, wait)),
                    "approval" => p class="muted" { "Whoever steers the incident says yes or no." },
                    _ if !works => {}
                    "doubt" => (doubt_form(here, wait)),
                    _ => (manual_form(here, wait)),
                }
            }
        }
    }
}

fn approval_form(here: &str, wait: &Wait) -> Markup {
    html! {
        form method="post" action={ (here) "/approve" } class="row" {
            input type="hidden" name="key" value=(wait.key);
            button class="button" data-kind="primary" type="submit" name="yes" value="true" { (parts::icon("check")) "Approve" }
            button class="button" type="submit" name="yes" value="false" { "Refuse" }
        }
    }
}

fn output_fields(key: &str, outputs: &[OutputView]) -> Markup {
    html! {
        @for output in outputs {
            @let id = format!("{key}-{}", output.name);
            div class="field" {
                label for=(id) { (plain_name(&output.name)) " " span class="optional" { (output.kind) } }
                input id=(id) name=(output.name) autocomplete="off";
                @if let Some(text) = &output.description { p class="help" { (text) } }
            }
        }
    }
}

fn manual_form(here: &str, wait: &Wait) -> Markup {
    html! {
        form class="form" method="post" action={ (here) "/answer" } data-done="Noted" {
            input type="hidden" name="key" value=(wait.key);
            (output_fields(&wait.key, &wait.outputs))
            details { summary { "It could not be done" }
                div class="field gap-top" { label for={ (wait.key) "-failed" } { "Why not" } input id={ (wait.key) "-failed" } name="failed" maxlength="300" autocomplete="off"; }
                p class="help" { "With a reason here the step counts as failed." }
            }
            div class="form-actions" { button class="button" data-kind="primary" type="submit" { (parts::icon("check")) "Answer" } }
        }
    }
}

fn doubt_form(here: &str, wait: &Wait) -> Markup {
    html! {
        form class="form" method="post" action={ (here) "/settle" } data-done="Settled" {
            input type="hidden" name="key" value=(wait.key);
            (output_fields(&wait.key, &wait.outputs))
            div class="form-actions" {
                button class="button" data-kind="primary" type="submit" name="verdict" value="happened" { "It happened" }
                button class="button" type="submit" name="verdict" value="again" { "It did not: do it" }
                button class="button" data-kind="quiet" type="submit" name="verdict" value="give_up" { "It did not: give it up" }
            }
        }
    }
}

fn step_table(steps: &[StepView]) -> Markup {
    let shown: Vec<&StepView> = steps.iter().filter(|step| !matches!(step.kind, "start" | "end")).collect();
    html! {
        section class="card" aria-labelledby="happened" {
            div class="card-head" { h2 id="happened" { "What happened" } span class="muted" { (shown.len()) " steps entered" } }
            div class="table-scroll" role="region" aria-label="Steps that were entered" tabindex="0" {
                table class="table" data-narrow="stack" {
                    thead { tr { th { "Step" } th { "Result" } th { "Gave" } th { "Ended" } } }
                    tbody {
                        @for step in shown {
                            tr {
                                td class="cell-main" {
                                    (step.title) @if step.count > 1 { " " span class="muted" { "(" (step.count) ")" } }
                                    @if step.undoes { " " span class="badge" data-kind="code" { "undoing" } }
                                    @if let Some(reason) = &step.reason { span class="cell-sub" { (reason) } }
                                }
                                td data-label="Result" { (result(step.result)) }
                                td class="break" data-label="Gave" {
                                    @if step.outputs.is_empty() { span class="muted" { "–" } }
                                    @for (name, value) in &step.outputs { div { code { (name) } " " (cut(value)) } }
                                }
                                td data-type="time" data-label="Ended" { @match step.left { Some(at) => (parts::ago(at)), None => span class="muted" { "–" } } }
                            }
                        }
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

fn result(result: &str) -> Markup {
    let (look, word) = match result {
        "done" => ("good", "Done"),
        "failed" => ("bad", "Failed"),
        "called_off" => ("acknowledged", "Called off"),
        _ => ("waiting", "Open"),
    };
    html! { span class="badge" data-status=(look) { (word) } }
}

/// Takes a field out of a form whose other fields are the step's values. A value left empty is not given.
fn taken(form: &mut BTreeMap<String, String>, name: &'static str) -> Result<String> {
    form.remove(name).ok_or_else(|| Error::Invalid(format!("The form lacks the field `{name}`.")))
}

fn given(form: BTreeMap<String, String>) -> BTreeMap<String, String> {
    form.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

async fn start(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Form(mut form): Form<BTreeMap<String, String>>,
) -> Result<Redirect> {
    let playbook: PlaybookId = taken(&mut form, "playbook")?.parse()?;
    let run = run::start(&app, &actor, id, playbook, given(form)).await?;
    Ok(Redirect::to(&format!("/runs/{}", run.id)))
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
    let failed = form.remove("failed").filter(|reason| !reason.trim().is_empty());
    let outcome = match failed {
        Some(message) => Outcome::Failed { message, again: false },
        None => Outcome::Done { outputs: given(form) },
    };
    acted(&app, &actor, id, Act::Answer { key, outcome }).await
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

async fn settle(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<RunId>,
    Form(mut form): Form<BTreeMap<String, String>>,
) -> Result<Redirect> {
    let (key, word) = (taken(&mut form, "key")?, taken(&mut form, "verdict")?);
    let verdict = super::api::verdict(&word, given(form))?;
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

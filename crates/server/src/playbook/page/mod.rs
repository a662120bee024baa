//! Playbooks as pages. This file: the library, with what is running now. One playbook is in [`one`], the editor in
//! [`editor`], dry runs in [`rehearse`], the tab of an incident in [`tab`], a run in [`run`].

mod editor;
mod one;
mod rehearse;
mod run;
mod tab;
mod wait;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::routing::{get, post};
use cacao::CommandKind;
use domain::{Actor, IncidentId, IncidentType, Permission};
use maud::{Markup, PreEscaped, html};

use super::role::Desk;
use super::run::{Record, RunView, open};
use super::view::Wait;
use super::{Playbook, TOPIC, list};
use crate::app::App;
use crate::error::Result;
use crate::web::extract::Who;
use crate::web::frame::{self, Nav};
use crate::web::parts;

pub fn routes() -> Router<App> {
    // A playbook in a form is longer than other forms are.
    let texts = Router::new()
        .route("/playbooks", get(library).post(editor::keep))
        .route("/playbooks/check", post(editor::check))
        .layer(DefaultBodyLimit::max(16 << 20));
    texts
        .route("/playbooks/new", get(editor::new))
        .route("/playbooks/{id}", get(one::page))
        .route("/playbooks/{id}/edit", get(editor::edit))
        .route("/playbooks/{id}/seal", post(one::seal))
        .route("/playbooks/{id}/rehearse", get(rehearse::page))
        .route("/incidents/{id}/playbooks", get(tab::page).post(tab::start))
        .merge(run::routes())
}

async fn library(State(app): State<App>, Who(actor): Who) -> Result<Markup> {
    let all = list(&app, &actor).await?;
    let running = if actor.may(Permission::ReadIncident) { open(&app, &actor).await? } else { Vec::new() };
    let mine = waits_for_reader(&app, &actor, &running).await?;
    let may_edit = actor.may(Permission::EditPlan);
    let content = html! {
        header class="page-head" {
            div class="page-title" {
                h1 { "Playbooks" }
                p class="page-sub" { "CACAO v2.0 playbooks. Each was checked before it was kept; run one from the tab Playbooks of an incident." }
            }
            @if may_edit { div class="page-actions" { a class="button" data-kind="primary" href="/playbooks/new" { (parts::icon("plus")) "Add a playbook" } } }
        }
        div class="stack" id="playbooks" data-refresh=(TOPIC) hx-get="/playbooks" hx-select="#playbooks" hx-trigger={ "live:" (TOPIC) " from:body" } hx-swap="outerHTML" {
            @if !mine.is_empty() { section class="card" aria-labelledby="mine" { div class="card-head" { h2 id="mine" { "Waits for you" } span class="muted" { (mine.len()) } } (wait::lines(&mine)) } }
            @if !running.is_empty() { (running_now(&running)) }
            @if all.is_empty() {
                (parts::empty("play", "No playbooks yet", "Paste a CACAO v2.0 playbook: it is checked, drawn and kept, and can then be run on an incident.", may_edit.then_some(("/playbooks/new", "Add a playbook"))))
            } @else { (table(&all)) }
        }
    };
    Ok(frame::page(&app, &actor, Nav::Playbooks, "Playbooks", &[TOPIC], &content).await)
}

/// What waits in these runs for whoever reads, by the roles that they fill in each incident.
async fn waits_for_reader(app: &App, actor: &Actor, runs: &[Record]) -> Result<Vec<(Record, Wait)>> {
    let mut desks: BTreeMap<IncidentId, Desk> = BTreeMap::new();
    for run in runs {
        if let Entry::Vacant(free) = desks.entry(run.incident) {
            free.insert(Desk::of(app, actor, run.incident).await?);
        }
    }
    let mut mine = Vec::new();
    for run in runs {
        let Some(desk) = desks.get(&run.incident) else { continue };
        mine.extend(tab::waiting(app, actor, std::slice::from_ref(run), desk).await?);
    }
    mine.retain(|(_, wait)| wait.yours);
    Ok(mine)
}

fn running_now(runs: &[Record]) -> Markup {
    html! {
        section class="card" aria-labelledby="running" {
            div class="card-head" { h2 id="running" { "Running now" } span class="muted" { (runs.len()) } }
            div class="table-scroll" role="group" aria-label="Running now" tabindex="0" {
                table class="table" data-narrow="stack" {
                    thead { tr { th { "Run" } th { "Incident" } th { "State" } th data-type="number" { "Steps done" } th { "Started" } } }
                    tbody { @for run in runs { (run_row(&run.view(), true)) } }
                }
            }
        }
    }
}

/// A run as a row of a table.
fn run_row(run: &RunView, with_incident: bool) -> Markup {
    let href = format!("/runs/{}", run.id);
    html! {
        tr data-href=(href) {
            td class="cell-main" {
                a class="row-link" href=(href) { (run.name) }
                span class="cell-sub" { (run.id) " · version " (run.version) }
            }
            @if with_incident { td data-label="Incident" { a href={ "/incidents/" (run.incident) } { (run.incident) } } }
            td data-label="State" { (state(run)) }
            td data-type="number" data-label="Steps done" { (run.steps_done) }
            td data-type="time" data-label="Started" { (parts::ago(run.started_at)) }
        }
    }
}

/// How a run stands, as a badge.
fn state(run: &RunView) -> Markup {
    let (look, word) = match run.status {
        "completed" => ("good", "Completed"),
        "failed" => ("bad", "Failed"),
        "stopped" => ("closed", "Stopped"),
        "doubt" => ("bad", "In doubt"),
        "waiting" => ("waiting", "Waits for people"),
        "closing" => ("waiting", "Ending"),
        "undoing" => ("waiting", "Being undone"),
        _ => ("acknowledged", "Running"),
    };
    html! { span class="badge" data-status=(look) { (word) } }
}

fn table(all: &[Playbook]) -> Markup {
    html! {
        section class="card" aria-labelledby="library" {
            div class="card-head" { h2 id="library" { "Library" } span class="muted" { (all.len()) } }
            div class="table-scroll" role="group" aria-label="Library" tabindex="0" {
                table class="table" data-narrow="stack" {
                    thead { tr { th { "Playbook" } th { "For" } th data-type="number" { "Steps" } th { "Done by" } th { "Checks" } th { "Changed" } } }
                    tbody { @for playbook in all { (row(playbook)) } }
                }
            }
        }
    }
}

fn row(playbook: &Playbook) -> Markup {
    let href = format!("/playbooks/{}", playbook.id);
    html! {
        tr data-href=(href) {
            td class="cell-main" {
                a class="row-link" href=(href) { (playbook.name) }
                @if let Some(text) = &playbook.description { span class="cell-sub" { (first_sentence(text)) } }
            }
            td data-label="For" { (purposes(playbook)) }
            td data-type="number" data-label="Steps" { (playbook.steps) }
            td data-label="Done by" { (done_by(playbook)) }
            td data-label="Checks" { (checks(playbook)) }
            td data-type="time" data-label="Changed" { (parts::ago(playbook.updated_at)) }
        }
    }
}

/// What a playbook is for: types of incident, else CACAO's types.
fn purposes(playbook: &Playbook) -> Markup {
    let types: Vec<&str> = playbook.incident_types().map(IncidentType::label).collect();
    html! {
        div class="row" {
            @for label in &types { span class="badge" data-role="responder" { (label) } }
            @if types.is_empty() { @for one in &playbook.summary.types { span class="badge" data-kind="code" { (one) } } }
            @if types.is_empty() && playbook.summary.types.is_empty() { span class="muted" { "–" } }
        }
    }
}

fn done_by(playbook: &Playbook) -> &'static str {
    let commands = &playbook.summary.commands;
    let people = commands.contains_key(CommandKind::Manual.name());
    let machines = commands.keys().any(|kind| kind != CommandKind::Manual.name());
    match (people, machines) {
        (true, true) => "People and machines",
        (true, false) => "People",
        (false, true) => "Machines",
        (false, false) => "Nobody",
    }
}

/// What the check said when it was kept, and whether it is signed.
fn checks(playbook: &Playbook) -> Markup {
    let summary = &playbook.summary;
    html! {
        div class="row" {
            @match summary.warnings {
                0 => span class="badge" data-status="good" { "Clean" },
                1 => span class="badge" data-status="waiting" { "1 warning" },
                many => span class="badge" data-status="waiting" { (many) " warnings" },
            }
            @if summary.signatures > 0 { span class="badge" data-kind="good" { "Signed" } }
            @if summary.shipped { span class="badge" title="It came with Watchbell, and nobody has changed it" { "Shipped" } }
        }
    }
}

/// The beginning of a description, for a list.
fn first_sentence(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let line = line.split_once(": ").or_else(|| line.split_once(". ")).map_or(line, |(first, _)| first);
    match line.char_indices().nth(160) {
        Some((cut, _)) => format!("{}…", line.get(..cut).unwrap_or_default()),
        None => line.to_owned(),
    }
}

/// A workflow's figure: our own markup, in which all text of the playbook is escaped. It scrolls in itself.
fn figure(drawing: &cacao::Drawing, label: &str) -> Markup {
    html! { div class="cacao-figure" role="group" aria-label=(label) tabindex="0" { (PreEscaped(drawing.markup())) } }
}

/// `__found_host__` as people read it.
fn plain_name(name: &str) -> String {
    let words = name.trim_matches('_').replace(['_', '-'], " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

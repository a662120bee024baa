//! The tab of an incident: what waits for people now, the runs, and which playbook to run next: those that are meant for
//! its type first.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Redirect;
use cacao::Options;
use domain::{Actor, IncidentId, Permission, PlaybookId};
use maud::{Markup, html};
use serde::Deserialize;

use super::super::role::Desk;
use super::super::run::{self, Record};
use super::super::view::{Wait, waits};
use super::super::{Kept, Playbook, get, list};
use super::{figure, first_sentence, plain_name, run_row, wait};
use crate::app::App;
use crate::error::{Error, Result};
use crate::incident;
use crate::web::extract::{Form, Path, Query, Who};
use crate::web::parts;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chosen {
    playbook: Option<PlaybookId>,
}

pub async fn page(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Query(chosen): Query<Chosen>,
) -> Result<Markup> {
    let record = incident::get(&app, &actor, id).await?.record;
    let runs = run::of_incident(&app, &actor, id).await?;
    let desk = Desk::of(&app, &actor, id).await?;
    let waiting = waiting(&app, &actor, &runs, &desk).await?;
    let starts = actor.may(Permission::WorkIncident) && !record.is_closed();
    let start = match chosen.playbook.filter(|_| starts) {
        Some(playbook) => Some(start_card(id, &get(&app, &actor, playbook, None).await?)?),
        None if starts => {
            let (fitting, others): (Vec<Playbook>, Vec<Playbook>) =
                list(&app, &actor).await?.into_iter().partition(|one| one.fits(record.incident_type));
            Some(choose_card(id, record.incident_type.label(), &fitting, &others))
        }
        None => None,
    };
    let topic = incident::topic(id);
    let here = format!("/incidents/{id}/playbooks");
    let part = html! {
        header class="page-head" { div class="page-title" { h2 { "Playbooks" } p class="page-sub" { "Every step is stored before it is done; what was done stands on the timeline." } } }
        div class="stack" {
            div class="stack" id="runs" data-refresh=(topic) hx-get=(here) hx-select="#runs" hx-trigger={ "live:" (topic) " from:body" } hx-ext="morph" hx-swap="morph" {
                @if !waiting.is_empty() { (wait::list(&waiting)) }
                @if !runs.is_empty() { (table(&runs)) }
                @if runs.is_empty() && start.is_none() {
                    (parts::empty("play", "No playbook was run", "Nothing of this incident was done by a playbook.", None))
                }
            }
            @if let Some(start) = &start { (start) }
        }
    };
    incident::page::tab_around(&app, &actor, id, incident::page::Tab::Playbooks, &part).await
}

/// What waits in all runs that are not over, theirs who asks first.
pub async fn waiting(app: &App, actor: &Actor, runs: &[Record], desk: &Desk) -> Result<Vec<(Record, Wait)>> {
    let mut all = Vec::new();
    for record in runs.iter().filter(|run| run.ended_at.is_none()) {
        let playbook = get(app, actor, record.playbook, Some(record.version)).await?.read()?;
        all.extend(waits(record, &playbook, desk).into_iter().map(|wait| (record.clone(), wait)));
    }
    all.sort_by_key(|(_, wait)| !wait.yours);
    Ok(all)
}

fn table(runs: &[Record]) -> Markup {
    html! {
        section class="card" aria-labelledby="runs-title" {
            div class="card-head" { h3 id="runs-title" { "Runs" } span class="muted" { (runs.len()) } }
            div class="table-scroll" role="group" aria-label="Runs" tabindex="0" {
                table class="table" data-narrow="stack" {
                    thead { tr { th { "Run" } th { "State" } th data-type="number" { "Steps done" } th { "Started" } } }
                    tbody { @for run in runs { (run_row(&run.view(), false)) } }
                }
            }
        }
    }
}

fn choose_card(id: IncidentId, kind: &str, fitting: &[Playbook], others: &[Playbook]) -> Markup {
    html! {
        section class="card" aria-labelledby="start" {
            div class="card-head" { h3 id="start" { "Run a playbook" } @if !fitting.is_empty() { span class="muted" { "for " (kind.to_lowercase()) } } }
            @if fitting.is_empty() && others.is_empty() {
                div class="card-body" { p class="muted" { "The library is empty. " a href="/playbooks" { "Add a playbook" } " first." } }
            }
            @if !fitting.is_empty() { ul class="choosable" { @for playbook in fitting { (choice(id, playbook, true)) } } }
            @if !others.is_empty() {
                details class="card-body" open[fitting.is_empty()] {
                    summary { @if fitting.is_empty() { "All playbooks" } @else { "Others" } " (" (others.len()) ")" }
                    ul class="choosable gap-top" { @for playbook in others { (choice(id, playbook, false)) } }
                }
            }
        }
    }
}

fn choice(id: IncidentId, playbook: &Playbook, fits: bool) -> Markup {
    html! {
        li {
            div {
                p { a href={ "/playbooks/" (playbook.id) } { (playbook.name) } span class="muted small" { " · " (playbook.steps) " steps" } }
                @if let Some(text) = &playbook.description { p class="small muted" { (first_sentence(text)) } }
            }
            a class="button" data-size="small" data-kind=[fits.then_some("primary")] aria-label={ "Choose: " (playbook.name) } href={ "/incidents/" (id) "/playbooks?playbook=" (playbook.id) "#start" } { (parts::icon("play")) "Choose" }
        }
    }
}

fn start_card(id: IncidentId, kept: &Kept) -> Result<Markup> {
    let playbook = kept.read()?;
    let here = format!("/incidents/{id}/playbooks");
    let drawing = cacao::draw(&playbook, &Options::default());
    Ok(html! {
        section class="card" aria-labelledby="start" {
            div class="card-head" { h3 id="start" { (playbook.name) } span class="muted" { (playbook.workflow.len()) " steps" } }
            form class="card-body form" method="post" action=(here) data-done={ (playbook.name) " started" } {
                @if let Some(text) = &playbook.description { p { (text) } }
                input type="hidden" name="playbook" value=(kept.playbook.id);
                (value_fields(&playbook, &BTreeMap::new()))
                div class="form-actions" {
                    button class="button" data-kind="primary" type="submit" { (parts::icon("play")) "Run it" }
                    a class="button" href={ "/playbooks/" (kept.playbook.id) "/rehearse" } { "Dry run" }
                    a class="button" data-kind="quiet" href=(here) { "Choose another" }
                }
            }
            (figure(&drawing, "Workflow"))
        }
    })
}

/// A field for each value that a playbook asks for.
pub fn value_fields(playbook: &cacao::Playbook, given: &BTreeMap<String, String>) -> Markup {
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

/// Takes a field out of a form whose other fields are a step's values.
pub fn taken(form: &mut BTreeMap<String, String>, name: &'static str) -> Result<String> {
    form.remove(name).ok_or_else(|| Error::Invalid(format!("The form lacks the field `{name}`.")))
}

/// The values of a form. One that is left empty is not given.
pub fn given(form: BTreeMap<String, String>) -> BTreeMap<String, String> {
    form.into_iter().filter(|(_, value)| !value.trim().is_empty()).collect()
}

pub async fn start(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Form(mut form): Form<BTreeMap<String, String>>,
) -> Result<Redirect> {
    let playbook: PlaybookId = taken(&mut form, "playbook")?.parse()?;
    let run = run::start(&app, &actor, id, playbook, given(form)).await?;
    Ok(Redirect::to(&format!("/runs/{}", run.id)))
}

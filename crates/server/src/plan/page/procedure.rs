//! Procedures: in the plan's document a line each, on their own page a card each, and one whole with
//! its steps in the order in which they are done.

use domain::plan::{Plan, Procedure, Step};
use domain::{IncidentType, Phase};
use maud::{Markup, html};

use super::names::{Names, count, part, period};
use crate::web::parts::icon;

/// The procedures as a part of the plan's document.
pub fn contents(plan: &Plan) -> Markup {
    part(
        "procedures",
        "Procedures",
        Some("One for each type of incident"),
        &html! {
            div class="table-scroll" role="group" aria-label="Procedures" tabindex="0" {
                table class="table" data-narrow="stack" {
                    thead { tr { th { "Procedure" } th { "Type" } th data-type="number" { "Steps" } } }
                    tbody {
                        @for procedure in &plan.procedures {
                            @let href = address(procedure.incident_type);
                            tr data-href=(href) {
                                td class="cell-main" { a class="row-link" href=(href) { (procedure.title) } }
                                td data-label="Type" { (procedure.incident_type.label()) }
                                td data-type="number" data-label="Steps" { (procedure.steps.len()) }
                            }
                        }
                    }
                }
            }
        },
    )
}

pub fn cards(plan: &Plan) -> Markup {
    html! {
        div class="halves" {
            @for procedure in &plan.procedures {
                @let id = format!("procedure-{}", procedure.id);
                section class="card" aria-labelledby=(id) {
                    div class="card-head" {
                        h2 id=(id) { a href=(address(procedure.incident_type)) { (procedure.title) } }
                        span class="muted" { (count(procedure.steps.len(), "step")) }
                    }
                    div class="card-body" {
                        p { (procedure.when_to_use) }
                        div class="row" { span class="badge" { (procedure.incident_type.label()) } }
                    }
                }
            }
        }
    }
}

/// One procedure, to be worked through or printed.
pub fn whole(procedure: &Procedure, names: Names<'_>) -> Markup {
    let mut number = 0;
    let phases = Phase::ALL.iter().copied().filter(|phase| procedure.steps_of(*phase).next().is_some());
    html! {
        div class="columns" {
            div class="stack document" {
                div class="notice" data-level="info" { (icon("info")) div { strong { "When to use it" } (procedure.when_to_use) } }
                @for phase in phases.clone() {
                    section class="card" aria-labelledby=(phase) {
                        div class="card-head" {
                            h2 id=(phase) { (heading(phase)) }
                            span class="muted" { (count(procedure.steps_of(phase).count(), "step")) }
                        }
                        ol class="steps" {
                            @for one in procedure.steps_of(phase) {
                                ({ number += 1; step(one, number, names) })
                            }
                        }
                    }
                }
            }
            nav class="toc" aria-label="Phases" { @for phase in phases { a href={ "#" (phase) } { (heading(phase)) } } }
        }
    }
}

fn heading(phase: Phase) -> &'static str {
    match phase {
        Phase::Closed => "After closing",
        other => other.label(),
    }
}

fn step(step: &Step, number: usize, names: Names<'_>) -> Markup {
    html! {
        li class="step" id={ "step-" (step.id) } value=(number) {
            span class="step-number" aria-hidden="true" { (number) }
            div {
                h3 { (step.title) }
                p { (step.text) }
                div class="step-facts" {
                    (names.role(&step.role))
                    @if let Some(within) = step.due_within { span class="due" { (icon("clock")) "within " (period(within)) } }
                    @for technique in &step.attack { span class="badge" data-kind="code" title="ATT&CK technique" { (technique) } }
                    @for countermeasure in &step.d3fend { span class="badge" data-kind="code" title="D3FEND countermeasure" { (countermeasure) } }
                }
                @if !step.evidence.is_empty() {
                    p class="step-keep" { span { "Keep: " } (step.evidence.iter().map(ToString::to_string).collect::<Vec<_>>().join(" · ")) }
                }
            }
        }
    }
}

fn address(incident_type: IncidentType) -> String {
    format!("/plan/procedures/{incident_type}")
}

//! How bad it is and what follows: the matrix for one recoverability at a time (for all of them on
//! paper), the rules behind it, and the levels.

use std::fmt::Display;

use domain::SeverityFacts;
use domain::plan::{SeverityLevel, SeverityPlan, Start};
use domain::severity::{FunctionalImpact, InformationImpact, Recoverability, SeverityMatrix};
use maud::{Markup, html};

use super::names::{Names, part, period};
use crate::web::parts;

pub fn sections(plan: &SeverityPlan, chosen: Recoverability, names: Names<'_>) -> Markup {
    html! {
        (part("severity", "Severity", Some("What the plan proposes from three confirmed facts"), &html! {
            div class="card-body" {
                div class="chips screen-only" role="group" aria-label="Recoverability" {
                    @for one in Recoverability::ALL {
                        a class="chip" href={ "/plan?recoverability=" (one) "#severity" } aria-current=[(*one == chosen).then_some("true")] { (one.label()) }
                    }
                }
                @for one in Recoverability::ALL {
                    div class=[(*one != chosen).then_some("paper-only")] { (matrix(&plan.matrix, *one)) }
                }
                p class="muted small" { "A different severity may be chosen, with a reason that stays in the incident's record." }
                (reasons(&plan.matrix))
            }
        }))
        section aria-labelledby="levels" class="stack-s" {
            h2 id="levels" { "Levels" }
            div class="halves" { @for level in &plan.levels { (card(plan, level, names)) } }
        }
    }
}

fn matrix(matrix: &SeverityMatrix, recoverability: Recoverability) -> Markup {
    html! {
        h3 class="matrix-name" { "Recoverability: " (recoverability.label().to_lowercase()) " " span class="muted" { (recoverability.help()) } }
        div class="table-scroll" role="group" aria-label={ "Severity where recoverability is " (recoverability.label().to_lowercase()) } tabindex="0" {
            table class="table matrix" {
                thead {
                    tr { td {} th scope="colgroup" colspan=(InformationImpact::ALL.len()) { "Information impact" } }
                    tr {
                        th scope="col" { "Functional impact" }
                        @for information in InformationImpact::ALL { th scope="col" title=(information.help()) { (information.label()) } }
                    }
                }
                tbody {
                    @for functional in FunctionalImpact::ALL {
                        tr {
                            th scope="row" title=(functional.help()) { (functional.label()) }
                            @for information in InformationImpact::ALL {
                                @let facts = SeverityFacts { functional: *functional, information: *information, recoverability };
                                @let proposal = matrix.propose(&facts);
                                td title=(proposal.because) { (parts::severity(proposal.severity)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The rules in their order, with the reason that each gives.
fn reasons(matrix: &SeverityMatrix) -> Markup {
    html! {
        details {
            summary { "The rules behind the matrix" }
            p class="muted small" { "The first rule that holds decides." }
            div class="table-scroll" role="group" aria-label="Rules of severity" tabindex="0" {
                table class="table" data-narrow="list" {
                    thead { tr { th data-type="number" { "Rule" } th { "Severity" } th { "Because" } th { "Functional" } th { "Information" } th { "Recoverability" } } }
                    tbody {
                        @for (number, rule) in matrix.rules().iter().enumerate() {
                            tr {
                                td data-type="number" data-label="Rule" { (number + 1) }
                                td data-label="Severity" { (parts::severity(rule.severity)) }
                                td class="cell-main" { (rule.because) }
                                td data-label="Functional" { (any_of(&rule.when.functional, |one| one.label())) }
                                td data-label="Information" { (any_of(&rule.when.information, |one| one.label())) }
                                td data-label="Recoverability" { (any_of(&rule.when.recoverability, |one| one.label())) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn any_of<T, L: Display>(values: &[T], label: impl Fn(&T) -> L) -> String {
    if values.is_empty() {
        return "any".to_owned();
    }
    values.iter().map(|value| label(value).to_string()).collect::<Vec<_>>().join(", ")
}

fn card(plan: &SeverityPlan, level: &SeverityLevel, names: Names<'_>) -> Markup {
    html! {
        section class="card" id={ "level-" (level.severity) } aria-label={ "Level " (level.severity.label()) } {
            div class="card-head" { h3 { (parts::severity(level.severity)) } }
            div class="card-body" {
                p { (level.meaning) }
                h4 { "Such as" }
                ul class="fine-list" { @for example in &level.examples { li { (example) } } }
                h4 { "How we work" }
                ul class="fine-list" { @for act in &level.response { li { (act) } } }
                @if !level.start.is_empty() {
                    h4 { "Started at once" }
                    ul class="fine-list" { @for start in &level.start { (started(plan, start, names)) } }
                }
                dl class="facts" {
                    dt { "Acknowledge within" } dd { (period(level.acknowledge_within)) }
                    @if let Some(within) = level.assign_within { dt { "Assign within" } dd { (period(within)) } }
                    @if let Some(within) = level.contain_within { dt { "Contain within" } dd { (period(within)) } }
                    dt { "Update every" } dd { @match level.update_every { Some(every) => (period(every)), None => "no updates owed" } }
                    dt { "Told at once" } dd { @if level.notify.is_empty() { "nobody" } @else { (names.roles(&level.notify)) } }
                    dt { "Mustered" } dd { @if level.muster.is_empty() { "nobody in particular" } @else { (names.roles(&level.muster)) } }
                    @for rule in &level.approvals { dt { (rule.act.label()) } dd { "only with the word of " (names.roles(&rule.roles)) } }
                }
            }
        }
    }
}

/// An action that the level starts, with the whole of it folded.
fn started(plan: &SeverityPlan, start: &Start, names: Names<'_>) -> Markup {
    html! {
        @if let Some(action) = plan.action(&start.action) {
            li {
                (action.title)
                @if let Some(within) = start.within { ", within " (period(within)) }
                " " (names.role(&action.role))
                details class="small" { summary { "How" } p { (action.text) } }
            }
        }
    }
}

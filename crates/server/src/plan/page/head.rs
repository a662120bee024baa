//! The plan's head: what it is for, whom it binds, on whose word, and what its words mean.

use domain::plan::Plan;
use maud::{Markup, html};

use super::names::{Names, part};
use crate::web::markdown;

pub fn sections(plan: &Plan, names: Names<'_>) -> Markup {
    let head = &plan.head;
    html! {
        (part("purpose", "Purpose", None, &prose(&head.purpose)))
        (part("scope", "Scope", Some("What the plan covers, and whom it binds"), &prose(&head.scope)))
        (part("objectives", "Objectives", None, &html! {
            div class="card-body" { div class="prose" { ol { @for objective in &head.objectives { li { (objective) } } } } }
        }))
        (part("authority", "Authority", Some("Who may decide what, at any hour"), &prose(&head.authority)))
        (part("definitions", "Definitions", None, &html! {
            div class="card-body" { dl class="facts" {
                @for definition in &head.definitions { dt { (definition.term) } dd { (definition.meaning) } }
            } }
        }))
        (part("stakeholders", "Stakeholders", Some("Who is concerned, and who speaks with them"), &html! {
            div class="table-scroll" role="group" aria-label="Stakeholders" tabindex="0" {
                table class="table" data-narrow="list" {
                    thead { tr { th { "Stakeholder" } th { "What they need" } th { "Speaks with them" } } }
                    tbody {
                        @for stakeholder in &head.stakeholders {
                            tr {
                                td class="cell-main" { (stakeholder.name) }
                                td data-label="Needs" { (stakeholder.interest) }
                                td data-label="Contact" { @if let Some(role) = &stakeholder.contact { (names.role(role)) } }
                            }
                        }
                    }
                }
            }
        }))
    }
}

/// A text of the plan in a card's body.
pub fn prose(text: &str) -> Markup {
    html! { div class="card-body" { div class="prose" { (markdown::render(text, 3)) } } }
}

//! Who acts and how they reach each other: the chain of command as a tree, roles, channels.

use domain::plan::{Channel, Plan, PlanRole};
use maud::{Markup, html};

use super::names::{Names, part};
use crate::web::markdown;

pub fn sections(plan: &Plan, names: Names<'_>) -> Markup {
    html! {
        (part("chain", "Chain of command", Some("Each reports to the one above"), &html! {
            div class="card-body chain" { (below(plan, None)) }
        }))
        section aria-labelledby="roles" class="stack-s" {
            h2 id="roles" { "Roles" }
            div class="halves" { @for role in &plan.roles { (card(role, names)) } }
        }
        (part("channels", "Channels", Some("How responders reach each other"), &html! {
            (channels("Primary", &plan.channels.primary))
            (channels("Out of band", &plan.channels.out_of_band))
            div class="card-body" {
                h3 { "When to leave the primary channels" }
                div class="prose" { (markdown::render(&plan.channels.switch_when, 4)) }
            }
        }))
    }
}

/// Those who report to `superior`, each with those below. A plan in which the chain of command runs in
/// a circle is never put in force, and each role has one superior, so this ends.
fn below(plan: &Plan, superior: Option<&PlanRole>) -> Markup {
    let mut roles =
        plan.roles.iter().filter(|role| role.reports_to.as_ref() == superior.map(|role| &role.id)).peekable();
    html! {
        @if roles.peek().is_some() {
            ul {
                @for role in roles {
                    li { a class="chain-role" href={ "#role-" (role.id) } { (role.title) } (below(plan, Some(role))) }
                }
            }
        }
    }
}

fn card(role: &PlanRole, names: Names<'_>) -> Markup {
    html! {
        section class="card" id={ "role-" (role.id) } aria-label=(role.title) {
            div class="card-head" { h3 { (role.title) } }
            div class="card-body" {
                ul class="fine-list" { @for duty in &role.responsibilities { li { (duty) } } }
                dl class="facts" {
                    dt { "Alternates" } dd { (names.roles(&role.alternates)) }
                    dt { "Reports to" }
                    dd { @match &role.reports_to { Some(superior) => (names.role(superior)), None => "Nobody: the top of the chain" } }
                }
            }
        }
    }
}

fn channels(title: &str, channels: &[Channel]) -> Markup {
    html! {
        div class="table-scroll" role="group" aria-label={ (title) " channels" } tabindex="0" {
            table class="table" data-narrow="list" {
                thead { tr { th { (title) } th { "Kind" } th { "Used for" } th { "Address" } } }
                tbody {
                    @for channel in channels {
                        tr {
                            td class="cell-main" { (channel.name) }
                            td data-label="Kind" { (channel.kind.label()) }
                            td data-label="Used for" { (channel.purpose) }
                            td data-label="Address" {
                                @match &channel.address { Some(address) => (address), None => span class="person-none" { "not filled in" } }
                            }
                        }
                    }
                }
            }
        }
    }
}

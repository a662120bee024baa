//! Legal holds and retention on pages: what stands, what is due, and the forms for whoever may order it.

use axum::Router;
use axum::extract::State;
use axum::response::Redirect;
use axum::routing::post;
use domain::{Actor, EvidenceId, HoldId, IncidentId, Permission};
use maud::{Markup, html};

use super::super::api::{ReasonInput, RetentionInput};
use super::super::keeping::{self, Due, Hold, Keeping};
use super::super::{Evidence, get};
use crate::app::App;
use crate::error::Result;
use crate::web::extract::{Form, Path, Who};
use crate::web::parts;

/// How many due items the list shows.
const SHOWN: usize = 20;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/evidence/{id}/hold", post(hold_item))
        .route("/incidents/{id}/hold", post(hold_incident))
        .route("/incidents/{id}/retention", post(retain))
        .route("/holds/{hold}/lift", post(lift))
}

pub fn badge() -> Markup {
    html! { span class="badge" data-kind="warning" { "Legal hold" } }
}

/// The items whose time has passed.
pub fn due_card(due: &[Due]) -> Markup {
    html! {
        @if !due.is_empty() {
            section class="card" aria-labelledby="due" {
                div class="card-head" { h2 id="due" { "Due for destruction" } span class="muted" { "Nothing is destroyed by itself: one person proposes, another approves." } }
                div class="card-body" {
                    ul class="lines" {
                        @for one in due.iter().take(SHOWN) {
                            li { a class="line-main" href={ "/evidence/" (one.item.id) "#acts" } { (one.item.id) " " (one.item.name) }
                                span class="line-end" { (one.item.incident) ", since " (parts::ago(one.since)) } }
                        }
                    }
                    @if due.len() > SHOWN { p class="muted" { "and " (due.len() - SHOWN) " more" } }
                }
            }
        }
    }
}

/// How one item is kept.
pub fn card(actor: &Actor, item: &Evidence, keeping: &Keeping) -> Markup {
    let commands = actor.may(Permission::CommandIncident);
    html! {
        section class="card" aria-labelledby="keeping" {
            div class="card-head" { h2 id="keeping" { "Kept" } }
            div class="card-body stack" {
                @for hold in &keeping.holds { (standing(hold, commands, true)) }
                dl class="facts" data-layout="stacked" {
                    dt { "For" } dd { (keeping.retain_for) " after the incident is closed"
                        @match &keeping.retention {
                            Some(set) => span class="muted" { ", set by " (set.by) ": " (set.reason) },
                            None => span class="muted" { ", by the plan" },
                        } }
                    dt { "Due" } dd {
                        @match keeping.due {
                            Some(due) => (parts::time(due)),
                            None if item.destroyed_at.is_some() => "destroyed",
                            None if item.delivery.is_some() => "goes with its telemetry",
                            None if !keeping.holds.is_empty() => "not while the hold stands",
                            None => "not while the incident is open",
                        }
                    }
                }
                @if commands && item.destroyed_at.is_none() { (order_form(&format!("/evidence/{}/hold", item.id), "Put this item under legal hold")) }
            }
        }
    }
}

/// How the evidence of an incident is kept.
pub fn of_incident(actor: &Actor, incident: IncidentId, holds: &[Hold]) -> Markup {
    let commands = actor.may(Permission::CommandIncident);
    let stand: Vec<&Hold> = holds.iter().filter(|hold| hold.lifted_at.is_none()).collect();
    html! {
        @if commands || !stand.is_empty() {
            section class="card" aria-labelledby="keeping" {
                div class="card-head" { h2 id="keeping" { "How long it is kept" } span class="muted" { "Holds go before retention." } }
                div class="card-body stack" {
                    @for hold in stand { (standing(hold, commands, false)) }
                    @if commands {
                        div class="row" {
                            (order_form(&format!("/incidents/{incident}/hold"), "Put all of it under legal hold"))
                            details class="act" {
                                summary class="button" { "Set the time of retention" }
                                form class="form gap-top" method="post" action={ "/incidents/" (incident) "/retention" } data-done="The time of retention is set" {
                                    div class="field-row" {
                                        div class="field" { label for="retain-for" { "After closing, for" } input id="retain-for" name="retain_for" required placeholder="365d" maxlength="20" autocomplete="off"; }
                                        div class="field" { label for="retain-why" { "Why" } input id="retain-why" name="reason" required maxlength="2000" autocomplete="off"; }
                                    }
                                    div class="form-actions" { button class="button" data-kind="primary" type="submit" { "Set" } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn standing(hold: &Hold, commands: bool, short: bool) -> Markup {
    html! {
        div class="notice" data-level="warning" { (parts::icon("lock")) div {
            strong { "Legal hold " (hold.id) @if hold.evidence.is_none() && short { " on all of " (hold.incident) } @else if let Some(item) = hold.evidence.filter(|_| !short) { " on " (item) } }
            p { (hold.reason) }
            p class="muted" { "ordered by " (hold.by) ", " (parts::time(hold.at)) }
            @if commands {
                details class="act" {
                    summary class="button" data-size="small" { "Lift" }
                    form class="form gap-top" method="post" action={ "/holds/" (hold.id) "/lift" } data-done="The hold is lifted" {
                        @let id = format!("lift-{}", hold.id);
                        div class="field" { label for=(id) { "Why it is lifted" } input id=(id) name="reason" required maxlength="2000" autocomplete="off"; }
                        div class="form-actions" { button class="button" type="submit" { "Lift the hold" } }
                    }
                }
            }
        } }
    }
}

fn order_form(action: &str, verb: &str) -> Markup {
    html! {
        details class="act" {
            summary class="button" { (verb) }
            form class="form gap-top" method="post" action=(action) data-done="The hold stands until it is lifted" {
                div class="field" { label for="hold-why" { "Who ordered it, and why" } input id="hold-why" name="reason" required maxlength="2000" autocomplete="off"; }
                div class="form-actions" { button class="button" data-kind="primary" type="submit" { (parts::icon("lock")) "Order the hold" } }
            }
        }
    }
}

async fn hold_item(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<EvidenceId>,
    Form(input): Form<ReasonInput>,
) -> Result<Redirect> {
    let incident = get(&app, &actor, id).await?.incident;
    keeping::hold(&app, &actor, incident, Some(id), &input.reason).await?;
    Ok(Redirect::to(&format!("/evidence/{id}")))
}

async fn hold_incident(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Form(input): Form<ReasonInput>,
) -> Result<Redirect> {
    keeping::hold(&app, &actor, id, None, &input.reason).await?;
    Ok(Redirect::to(&format!("/incidents/{id}/evidence")))
}

async fn retain(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Form(input): Form<RetentionInput>,
) -> Result<Redirect> {
    keeping::retain(&app, &actor, id, input.retain_for, &input.reason).await?;
    Ok(Redirect::to(&format!("/incidents/{id}/evidence")))
}

async fn lift(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<HoldId>,
    Form(input): Form<ReasonInput>,
) -> Result<Redirect> {
    let hold = keeping::lift(&app, &actor, id, &input.reason).await?;
    Ok(Redirect::to(&match hold.evidence {
        Some(item) => format!("/evidence/{item}"),
        None => format!("/incidents/{}/evidence", hold.incident),
    }))
}

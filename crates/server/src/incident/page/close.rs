//! The page on which an incident is closed, and what its room says once it is.

use axum::extract::State;
use domain::incident::Outcome;
use domain::kinship::LinkKind;
use domain::response::ActKind;
use domain::{IncidentId, Phase};
use maud::{Markup, html};

use super::super::response::approval;
use super::super::{Task, kin, read};
use super::fields::{choices, select, text_field};
use super::{Shown, Tab, tab};
use crate::app::App;
use crate::error::Result;
use crate::web::extract::{Path, Who};
use crate::web::parts;

/// The page on which an incident is closed: what is asked, and what is still open.
pub async fn page(State(app): State<App>, Who(actor): Who, Path(id): Path<IncidentId>) -> Result<Markup> {
    let shown = Shown::load(&app, &actor, id).await?;
    let open: Vec<Task> = read::tasks(&app, &actor, id)
        .await?
        .into_iter()
        .filter(|task| task.phase != Phase::Closed && task.is_wanted())
        .collect();
    let mut children = kin::relatives(&app, &actor, id).await?;
    children
        .retain(|one| one.reversed && one.link.kind == LinkKind::ChildOf && !one.incident.record.is_closed());
    let missing = approval::missing(&app, &actor, id, ActKind::Closing).await?;
    let content = html! {
        @if let Some(roles) = missing {
            div class="notice" data-level="warning" {
                (parts::icon("lock"))
                div { strong { "Closing waits for an approval" } "At " (shown.view.record.severity.label().to_lowercase()) " the plan wants the word of: " (roles.join(", ")) ". " a href={ (shown.path("/response")) "#approvals" } { "Ask for it" } }
            }
        }
        div class="columns" {
            @if shown.view.record.is_closed() { p { "This incident is closed already." } }
            @else if !shown.commands { p { "Only an incident manager or the commander closes an incident." } }
            @else {
                form class="form" method="post" action=(shown.path("/close")) data-done="The incident is closed" data-confirm="Closing ends the response. The record stays; it can be opened again only with a reason." data-confirm-title={ "Close " (id) "?" } data-confirm-word=(id) data-confirm-action="Close incident" {
                    h2 { "Close the incident" }
                    (select("outcome", "Outcome", None, &choices!(Outcome), Some(Outcome::Resolved)))
                    (text_field("root_cause", "Root cause", 4, false, "Why it could happen, not who did it."))
                    (text_field("lessons", "Lessons", 4, false, "What went well, what did not, what to change."))
                    (text_field("impact", "Impact", 3, true, "What it cost: services, data, money, trust."))
                    (text_field("recommendations", "Recommendations", 3, true, ""))
                    @if !children.is_empty() {
                        label class="check" {
                            input type="checkbox" name="leave_children" value="true" required;
                            span { "Leave its children open" small { @for (n, one) in children.iter().enumerate() { @if n > 0 { ", " } (one.incident.record.id) " " (one.incident.record.title) } " go on by themselves." } }
                        }
                    }
                    div class="form-actions" { button class="button" data-kind="danger" type="submit" { (parts::icon("lock")) "Close incident" } a class="button" href=(shown.path("")) { "Not yet" } }
                }
            }
            aside class="stack" aria-label="Still open" {
                @if !children.is_empty() {
                    section class="card" {
                        div class="card-head" { h2 { "Children still open" } span class="muted" { (children.len()) } }
                        div class="card-body" { ul class="stack-s" { @for one in &children { li { (parts::phase(one.incident.record.phase)) " " a href={ "/incidents/" (one.incident.record.id) } { (one.incident.record.id) " " (one.incident.record.title) } } } } }
                    }
                }
                section class="card" {
                    div class="card-head" { h2 { "Still open" } span class="muted" { (open.len()) } }
                    div class="card-body" {
                        @if open.is_empty() { p class="muted" { "Every task of the response is done or skipped." } }
                        ul class="stack-s" { @for task in &open { li { (parts::phase(task.phase)) " " (task.title) } } }
                    }
                    @if !open.is_empty() { div class="card-foot" { a class="button" href=(shown.path("/tasks")) { "To the tasks" } } }
                }
            }
        }
    };
    Ok(tab(&app, &actor, &shown, Tab::Overview, &content).await)
}

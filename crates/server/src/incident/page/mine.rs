//! What waits for whoever is signed in, over all incidents.

use axum::extract::State;
use domain::plan::{Plan, RoleKey};
use domain::response::MusterStatus;
use jiff::Timestamp;
use maud::{Markup, html};

use super::super::response::mine::{self, AskedApproval, AskedPost, Mine, MyTask, OwedUpdate, Where};
use super::due_at;
use super::response::answer_form;
use crate::app::App;
use crate::error::Result;
use crate::plan;
use crate::web::extract::Who;
use crate::web::frame::{self, Nav};
use crate::web::parts;

pub async fn page(State(app): State<App>, Who(actor): Who) -> Result<Markup> {
    let mine = mine::mine(&app, &actor).await?;
    let plan = plan::in_force(&app).await?.plan;
    let now = app.clock.now();
    let asked: Vec<&AskedPost> =
        mine.places.iter().filter(|place| place.status == MusterStatus::Asked).collect();
    let filled: Vec<&AskedPost> =
        mine.places.iter().filter(|place| place.status == MusterStatus::Assigned).collect();
    let content = html! {
        header class="page-head" { div class="page-title" { h1 { "For you" } p class="page-sub" { (said(&mine, asked.len())) } } }
        div class="stack" id="mine" data-refresh="mine" hx-get="/mine" hx-select="#mine" hx-trigger="live:mine from:body, live:incidents from:body" {
            (plan::page::banner(&app, &actor).await?)
            (plan::page::hint(&app, &actor).await?)
            @for place in &asked { (call(&plan, place)) }
            @for approval in &mine.approvals { (word(&plan, approval)) }
            @if mine.updates.is_empty() && mine.tasks.is_empty() && filled.is_empty() && asked.is_empty() && mine.approvals.is_empty() {
                (parts::empty("check", "Nothing waits for you", "When somebody calls you to an incident, asks for your approval or gives you a task, it stands here.", None))
            }
            @if !mine.updates.is_empty() { (updates(&mine.updates, now)) }
            @if !mine.tasks.is_empty() { (tasks(&plan, &mine.tasks, now)) }
            @if !filled.is_empty() { (places(&plan, &filled)) }
        }
    };
    Ok(frame::page(&app, &actor, Nav::Mine, "For you", &["mine", "incidents"], &content).await)
}

fn said(mine: &Mine, asked: usize) -> String {
    let late = mine.approvals.len() + asked;
    match late {
        0 => "Nothing waits for an answer.".to_owned(),
        1 => "One question waits for your answer.".to_owned(),
        many => format!("{many} questions wait for your answer."),
    }
}

fn title(plan: &Plan, role: &RoleKey) -> String {
    plan.role(role).map_or_else(|| role.to_string(), |known| known.title.to_string())
}

fn incident(place: &Where) -> Markup {
    html! { (parts::severity(place.severity)) " " a href={ "/incidents/" (place.incident) } { (place.incident) " " (place.title) } " " (parts::phase(place.phase)) }
}

fn call(plan: &Plan, place: &AskedPost) -> Markup {
    let role = title(plan, &place.role);
    html! {
        section class="card call" id=(place.id) data-severity=(place.place.severity.as_str()) aria-label={ "You are called as " (role) } {
            div class="card-head" { h2 class="row" { (parts::icon("bell")) "You are called as " (role) } @if let Some(asked) = place.asked_at { span class="muted" { (parts::ago(asked)) } } }
            div class="card-body stack-s" {
                p { (incident(&place.place)) }
                form class="form" method="post" action={ "/muster/" (place.id) "/answer" } {
                    div class="field" { label for={ "note-" (place.id) } { "When you come, or why you cannot " span class="optional" { "(optional)" } } input id={ "note-" (place.id) } name="note" autocomplete="off" placeholder="On the bridge in ten minutes"; }
                    div class="form-actions" {
                        button class="button" data-kind="primary" type="submit" name="coming" value="true" data-done={ "You are " (role) } { (parts::icon("check")) "I am coming" }
                        button class="button" type="submit" name="coming" value="false" data-done="Somebody else is asked" { "I cannot" }
                    }
                }
            }
        }
    }
}

fn word(plan: &Plan, approval: &AskedApproval) -> Markup {
    html! {
        section class="card call" id=(approval.id) data-severity=(approval.place.severity.as_str()) aria-label={ "Your approval: " (approval.act.label()) } {
            div class="card-head" { h2 class="row" { (parts::icon("flag")) (approval.act.label()) } span class="muted" { "as " (title(plan, &approval.role)) } }
            div class="card-body stack-s" {
                p class="break" { (approval.what) }
                p class="small muted" { "Asked by " (approval.asked_by) " " (parts::ago(approval.asked_at)) }
                p { (incident(&approval.place)) }
                (answer_form(approval.id))
            }
        }
    }
}

fn updates(updates: &[OwedUpdate], now: Timestamp) -> Markup {
    html! {
        section class="card" {
            div class="card-head" { h2 { "Situation reports that you owe" } }
            ul class="muster" {
                @for update in updates {
                    li { div class="muster-role" { p { (incident(&update.place)) } } div class="muster-state" { (due_at(update.due, now)) } a class="button" data-size="small" href={ "/incidents/" (update.place.incident) "/timeline" } { "Write it" } }
                }
            }
        }
    }
}

fn tasks(plan: &Plan, tasks: &[MyTask], now: Timestamp) -> Markup {
    html! {
        section class="card" {
            div class="card-head" { h2 { "Tasks" } span class="muted" { (tasks.len()) } }
            div class="table-scroll" role="region" aria-label="Your tasks" tabindex="0" {
                table class="table" data-narrow="list" {
                    thead { tr { th { "Task" } th { "Incident" } th { "Role" } th { "Due" } } }
                    tbody {
                        @for task in tasks {
                            tr data-href={ "/incidents/" (task.place.incident) "/tasks#" (task.id) } {
                                td class="cell-main" { a class="row-link" href={ "/incidents/" (task.place.incident) "/tasks#" (task.id) } { (task.task) } @if !task.mine { span class="cell-sub" { "Nobody has it yet" } } }
                                td data-label="Incident" { (parts::severity(task.place.severity)) " " (task.place.incident) }
                                td data-label="Role" { @if let Some(role) = &task.role { (title(plan, role)) } }
                                td data-label="Due" { @if let Some(due) = task.due { (due_at(due, now)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn places(plan: &Plan, filled: &[&AskedPost]) -> Markup {
    html! {
        section class="card" {
            div class="card-head" { h2 { "Where you are" } }
            ul class="muster" {
                @for place in filled {
                    li {
                        div class="muster-role" { p { (incident(&place.place)) } }
                        div class="muster-who" { (title(plan, &place.role)) }
                        form method="post" action={ "/muster/" (place.id) "/answer" } data-stay="" data-done="Somebody else is asked" data-confirm="Somebody else is asked to take your place." data-confirm-title="You cannot stay?" {
                            input type="hidden" name="note" value="";
                            button class="button" data-size="small" data-kind="quiet" type="submit" name="coming" value="false" { "I cannot any more" }
                        }
                    }
                }
            }
        }
    }
}

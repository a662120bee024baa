//! The tab of tasks: by phase, with role, due time and the two presses that settle one.

use axum::extract::State;
use domain::plan::Plan;
use domain::task::TaskStatus;
use domain::{IncidentId, Phase};
use maud::{Markup, html};

use super::super::{Task, read};
use super::related::origin;
use super::{Shown, Tab, choices, due_at, person_select, select, tab, text_field};
use crate::app::App;
use crate::error::Result;
use crate::plan;
use crate::web::extract::{Path, Who};
use crate::web::parts;

pub async fn page(State(app): State<App>, Who(actor): Who, Path(id): Path<IncidentId>) -> Result<Markup> {
    let shown = Shown::load(&app, &actor, id).await?;
    let tasks = read::tasks(&app, &actor, id).await?;
    let plan = plan::version(&app, shown.view.record.plan).await?;
    let settled = tasks.iter().filter(|task| task.is_settled()).count();
    let unfit = tasks.iter().filter(|task| !task.is_settled() && task.unfit.is_some()).count();
    let trigger = format!("live:{} from:body", super::topic(id));
    let content = html! {
        header class="page-head" {
            div class="page-title" {
                h2 { "Tasks" }
                p class="page-sub" {
                    (settled) " of " (tasks.len()) " settled."
                    @if shown.view.overdue_tasks > 0 { " " (shown.view.overdue_tasks) " late." }
                    @if unfit > 0 { " " (unfit) " do not fit the incident as it is." }
                }
            }
            @if shown.works { div class="page-actions" { a class="button" href=(shown.path("/tasks/library")) { (parts::icon("plus")) "From the library" } } }
        }
        div id="task-list" data-refresh="tasks" hx-get=(shown.path("/tasks")) hx-select="#task-list" hx-trigger=(trigger) {
            @for phase in Phase::ALL { (group(&shown, &plan, *phase, &tasks)) }
        }
        @if shown.works { (form(&shown, &plan)) }
    };
    Ok(tab(&app, &actor, &shown, Tab::Tasks, &content).await)
}

fn group(shown: &Shown, plan: &Plan, phase: Phase, tasks: &[Task]) -> Markup {
    let of_phase: Vec<&Task> = tasks.iter().filter(|task| task.phase == phase).collect();
    let settled = of_phase.iter().filter(|task| task.is_settled()).count();
    let label = if phase == Phase::Closed { "After closing" } else { phase.label() };
    html! {
        @if !of_phase.is_empty() {
            section class="task-group" aria-labelledby={ "g-" (phase) } {
                header class="task-group-head" {
                    h3 id={ "g-" (phase) } { (label) }
                    progress max=(of_phase.len()) value=(settled) aria-label={ (settled) " of " (of_phase.len()) " settled" } {}
                    span class="muted" { (settled) " of " (of_phase.len()) }
                }
                ul class="tasks" { @for task in of_phase { (item(shown, plan, task)) } }
            }
        }
    }
}

/// A task, in the list and on the overview.
pub fn item(shown: &Shown, plan: &Plan, task: &Task) -> Markup {
    let state = match task.status {
        TaskStatus::Open => "open",
        TaskStatus::InProgress => "doing",
        TaskStatus::Done => "done",
        TaskStatus::Skipped => "skipped",
    };
    let waits = task.phase > shown.view.record.phase && task.is_wanted();
    let unfit = task.unfit.as_ref().filter(|_| !task.is_settled());
    html! {
        li class="task" id=(task.id) data-state=(state) data-blocked[waits] data-unfit[unfit.is_some()] {
            @if task.is_settled() || !shown.works {
                span class="task-mark" { (parts::icon(if task.status == TaskStatus::Skipped { "skip" } else { "check" })) }
            } @else {
                form method="post" action={ "/tasks/" (task.id) "/done" } data-stay="" data-done={ "Done: " (task.title) } { button class="task-mark" type="submit" aria-label={ "Done: " (task.title) } { (parts::icon("check")) } }
            }
            div {
                span class="task-name" { (task.title) }
                div class="task-meta" {
                    @if let Some(role) = &task.role {
                        span class="badge" data-role="responder" { @match plan.role(role) { Some(role) => (role.title), None => (role) } }
                    }
                    (who(shown, task))
                    (origin(shown, task.incident))
                    @if !task.is_settled() {
                        @match (task.due, task.due_within) {
                            (Some(due), _) => (due_at(due, shown.now)),
                            (None, Some(within)) => span { (within) " from " (task.phase.label().to_lowercase()) },
                            (None, None) => {}
                        }
                    }
                    @if let Some(settled) = task.settled_at { span { (task.status.label().to_lowercase()) " " (parts::ago(settled)) } }
                    @if let Some(reason) = &task.reason { span { (reason) } }
                }
                (super::response::proposal(task))
                @if let Some(why) = unfit { p class="small muted" { (why) } }
                @if !task.after.is_empty() && !task.is_settled() {
                    p class="small muted" { "After " @for (n, before) in task.after.iter().enumerate() { @if n > 0 { ", " } a href={ (shown.path("/tasks")) "#" (before) } { (before) } } }
                }
                div class="task-folds" {
                    @if task.instructions.is_some() || !task.evidence.is_empty() {
                        details class="task-how" {
                            summary { "How" }
                            @if let Some(text) = &task.instructions { (super::paragraphs(text)) }
                            @if !task.evidence.is_empty() { p { "Keep: " (task.evidence.join("; ")) } }
                        }
                    }
                    @if shown.works { (more(shown, task)) }
                }
            }
            @if shown.works && !task.is_settled() {
                form class="task-actions" method="post" action={ "/tasks/" (task.id) "/done" } data-stay="" data-done={ "Done: " (task.title) } {
                    @if task.status == TaskStatus::Open { button class="button" data-size="small" type="submit" formaction={ "/tasks/" (task.id) "/start" } data-done={ "Yours: " (task.title) } { "Take" } }
                    button class="button" data-size="small" type="submit" { (parts::icon("check")) "Done" }
                }
            }
        }
    }
}

fn who(shown: &Shown, task: &Task) -> Markup {
    html! {
        @match task.by.or(task.owner) {
            Some(user) => (parts::person(&shown.name(user))),
            None => span class="person-none" { "nobody yet" },
        }
    }
}

/// What is done with a task less often.
fn more(shown: &Shown, task: &Task) -> Markup {
    let id = task.id;
    html! {
        details class="task-how" {
            summary { @if task.is_settled() { "Reopen" } @else { "Assign or skip" } }
            @if task.is_settled() {
                form method="post" action={ "/tasks/" (id) "/reopen" } data-stay="" data-done={ "Open again: " (task.title) } { button class="button" data-size="small" type="submit" { "Reopen" } }
            } @else {
                form class="row" method="post" action={ "/tasks/" (id) "/skip" } data-stay="" data-done={ "Skipped: " (task.title) } {
                    input name="reason" required aria-label={ "Why " (task.title) " is skipped" } placeholder="Why it is skipped";
                    button class="button" data-size="small" type="submit" { (parts::icon("skip")) "Skip" }
                }
                form class="row gap-top" method="post" action={ "/tasks/" (id) "/owner" } data-stay="" data-done={ "Assigned: " (task.title) } {
                    select name="owner" aria-label={ "Who does " (task.title) } {
                        option value="" { "Nobody in particular" }
                        @for (user, name) in &shown.names { option value=(user) selected[task.owner == Some(*user)] { (name) } }
                    }
                    button class="button" data-size="small" type="submit" { "Assign" }
                    @if task.library.is_none() && !shown.view.record.restricted { button class="button" data-size="small" data-kind="quiet" type="submit" formaction={ "/tasks/" (id) "/save" } data-done={ "Saved in the library: " (task.title) } { "Save for others" } }
                    @if task.status == TaskStatus::InProgress {
                        button class="button" data-size="small" type="submit" formaction={ "/tasks/" (id) "/release" } data-done={ "Free again: " (task.title) } { "Give back" }
                    }
                }
            }
        }
    }
}

fn form(shown: &Shown, plan: &Plan) -> Markup {
    html! {
        details class="gap-top" {
            summary class="button" { (parts::icon("plus")) "Add a task" }
            form class="form gap-top" method="post" action=(shown.path("/tasks")) data-done="Task added" {
                (text_field("title", "What is to be done", 1, false, ""))
                (text_field("instructions", "How", 3, true, ""))
                div class="field-row" {
                    (select("phase", "Phase", Some("The present one"), &choices!(Phase), None))
                    div class="field" {
                        label for="role" { "Role" }
                        select id="role" name="role" { option value="" { "None in particular" } @for role in &plan.roles { option value=(role.id) { (role.title) } } }
                    }
                    (person_select(shown, "owner", "Who", Some("Nobody yet"), None))
                    div class="field" { label for="due" { "Due (UTC)" } input id="due" type="datetime-local" name="due"; }
                }
                div class="form-actions" { button class="button" type="submit" { "Add" } }
            }
        }
    }
}

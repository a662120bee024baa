//! What is to be done next, by the role that is to do it. Those whose time runs out first stand first.

use std::collections::BTreeMap;

use domain::Phase;
use jiff::Timestamp;
use maud::{Markup, html};

use super::super::bar::due_at;
use super::{Drawing, Room, card};
use crate::error::Result;
use crate::incident::{Task, read};
use crate::web::parts;

/// How many tasks of one role the room shows.
const OF_A_ROLE: usize = 3;

pub fn draw<'r>(room: &'r Room<'r>) -> Drawing<'r> {
    Box::pin(async move { panel(room).await })
}

/// The open tasks of one role.
struct Group {
    title: String,
    tasks: Vec<Task>,
}

impl Group {
    fn soonest(&self) -> Option<Timestamp> {
        self.tasks.iter().filter_map(|task| task.due).min()
    }
}

async fn panel(room: &Room<'_>) -> Result<Markup> {
    let record = &room.shown.view.record;
    let tasks: Vec<Task> = read::tasks(room.app, room.actor, room.shown.id())
        .await?
        .into_iter()
        .filter(|task| task.phase <= record.phase && task.is_wanted())
        // What was left undone is told in the closing; after it only the work for afterwards counts.
        .filter(|task| !record.is_closed() || task.phase == Phase::Closed)
        .collect();
    let (closed, late) =
        (record.is_closed(), tasks.iter().filter(|task| task.is_overdue(room.shown.now)).count());
    let title = if closed { "Afterwards" } else { "To do now" };
    let aside = html! {
        @if late > 0 { span class="badge" data-kind="bad" { (late) " late" } }
        a href=(room.shown.path("/tasks")) { "All tasks" }
    };
    let below = if tasks.is_empty() {
        html! {
            div class="card-body" {
                p class="muted" {
                    @if closed { "Nothing is left to do." }
                    @else { "Nothing is open in " (record.phase.label().to_lowercase()) ". Move on, or add a task." }
                }
            }
        }
    } else {
        html! { @for group in &groups(room, tasks) { (of_role(room, group)) } }
    };
    Ok(card("panel-tasks", title, &aside, &below))
}

fn groups(room: &Room<'_>, tasks: Vec<Task>) -> Vec<Group> {
    let mut by_role: BTreeMap<Option<String>, Vec<Task>> = BTreeMap::new();
    for task in tasks {
        by_role.entry(task.role.as_ref().map(ToString::to_string)).or_default().push(task);
    }
    let mut groups: Vec<Group> = by_role
        .into_values()
        .map(|mut tasks| {
            tasks.sort_by_key(|task| (task.due.is_none(), task.due, task.id));
            let role = tasks.first().and_then(|task| task.role.as_ref());
            let title = role.map_or_else(
                || "Anybody".to_owned(),
                |key| room.plan.role(key).map_or_else(|| key.to_string(), |role| role.title.to_string()),
            );
            Group { title, tasks }
        })
        .collect();
    groups.sort_by_key(|group| (group.soonest().is_none(), group.soonest()));
    groups
}

fn of_role(room: &Room<'_>, group: &Group) -> Markup {
    let more = group.tasks.len().saturating_sub(OF_A_ROLE);
    html! {
        div class="by-role" {
            h3 { (group.title) " " span class="muted" { (group.tasks.len()) } }
            ul class="tasks" { @for task in group.tasks.iter().take(OF_A_ROLE) { (short(room, task)) } }
            @if more > 0 { p class="by-role-more" { a href=(room.shown.path("/tasks")) { (more) " more" } } }
        }
    }
}

fn short(room: &Room<'_>, task: &Task) -> Markup {
    let works = room.shown.works;
    let state = if task.by.is_some() { "doing" } else { "open" };
    html! {
        li class="task" id={ "room-" (task.id) } data-state=(state) {
            @if works {
                form method="post" action={ "/tasks/" (task.id) "/done" } data-stay="" data-done={ "Done: " (task.title) } {
                    button class="task-mark" type="submit" aria-label={ "Done: " (task.title) } { (parts::icon("check")) }
                }
            } @else { span class="task-mark" { (parts::icon("check")) } }
            div {
                a class="task-name" href=(room.shown.path(&format!("/tasks#{}", task.id))) { (task.title) }
                div class="task-meta" {
                    @match task.by.or(task.owner) {
                        Some(user) => (parts::person(&room.shown.name(user))),
                        None => span class="person-none" { "nobody yet" },
                    }
                    @if let Some(due) = task.due { (due_at(due, room.shown.now)) }
                }
            }
            @if works && task.by.is_none() {
                form class="task-actions" method="post" action={ "/tasks/" (task.id) "/start" } data-stay="" data-done={ "Yours: " (task.title) } {
                    button class="button" data-size="small" type="submit" { "Take" }
                }
            }
        }
    }
}

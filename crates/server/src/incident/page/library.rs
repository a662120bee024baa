//! The page on which tasks of the library are found and added, and the forms around it.

use axum::extract::State;
use axum::response::Redirect;
use domain::plan::{Plan, RoleKey};
use domain::{IncidentId, Phase, SavedTaskId, TaskId};
use maud::{Markup, html};
use serde::Deserialize;

use super::super::api::library::LibraryQuery;
use super::super::library::{self, Offer, Sought};
use super::super::{Task, read};
use super::{Shown, Tab, choices, select, tab};
use crate::app::App;
use crate::error::{Error, Result};
use crate::plan;
use crate::web::extract::{Form, Path, Query, Who};
use crate::web::parts;

pub async fn page(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Query(query): Query<LibraryQuery>,
) -> Result<Markup> {
    let shown = Shown::load(&app, &actor, id).await?;
    let asked = query.clone();
    let sought = query.sought()?;
    let offers = library::find(&app, &actor, &sought).await?;
    let there: Vec<Task> =
        read::tasks(&app, &actor, id).await?.into_iter().filter(|task| !task.is_settled()).collect();
    let plan = plan::in_force(&app).await?.plan;
    let mut groups: Vec<&str> = offers.iter().map(|offer| offer.group.as_str()).collect();
    groups.dedup();
    let content = html! {
        header class="page-head" {
            div class="page-title" { h2 { "Add tasks from the library" } p class="page-sub" { (offers.len()) @if offers.len() == 1 { " task" } @else { " tasks" } ". Tick those that you want, or add one at once." } }
            div class="page-actions" { a class="button" href=(shown.path("/tasks")) { "Back to the tasks" } }
        }
        (filter(&shown, &plan, &asked, &sought))
        @if offers.is_empty() { (parts::empty("search", "Nothing matches", "No task of the library says all of this. Use fewer words, or write the task yourself.", Some((shown.path("/tasks/library").as_str(), "Show all")))) }
        @else {
            form class="bulk" method="post" action=(shown.path("/tasks/library")) data-done="Added to the tasks" {
                div class="stack" {
                    @for group in &groups {
                        section class="card" aria-label=(group) {
                            div class="card-head" { h3 { (group) } }
                            ul class="offers" { @for offer in offers.iter().filter(|offer| offer.group == *group) { (line(&shown, &plan, offer, &there)) } }
                        }
                    }
                }
                @if shown.works {
                    div class="form-actions" data-sticky="" { button class="button" data-kind="primary" type="submit" { (parts::icon("plus")) "Add those ticked" } }
                }
            }
        }
    };
    Ok(tab(&app, &actor, &shown, Tab::Tasks, &content).await)
}

fn filter(shown: &Shown, plan: &Plan, asked: &LibraryQuery, sought: &Sought) -> Markup {
    html! {
        form class="filter-bar" method="get" action=(shown.path("/tasks/library")) {
            div class="field" data-grow="" { label for="f-q" { "Find" } input id="f-q" type="search" name="q" value=(asked.q.as_deref().unwrap_or_default()) placeholder="mailbox, krbtgt, backup …"; }
            (select("phase", "Phase", Some("Any"), &choices!(Phase), sought.phase))
            div class="field" {
                label for="role" { "Role" }
                select id="role" name="role" {
                    option value="" { "Any" }
                    @for role in &plan.roles { option value=(role.id) selected[sought.role.as_ref() == Some(&role.id)] { (role.title) } }
                }
            }
            button class="button" type="submit" { "Filter" }
        }
    }
}

fn line(shown: &Shown, plan: &Plan, offer: &Offer, there: &[Task]) -> Markup {
    let known = there.iter().find(|task| task.library.as_deref() == Some(&*offer.id));
    let unfit = offer.only_if.as_ref().and_then(|only| only.unmet(&shown.view.record.circumstances()));
    let role = |key: &RoleKey| plan.role(key).map_or_else(|| key.to_string(), |role| role.title.to_string());
    html! {
        li {
            @if known.is_none() && shown.works { label class="offer-tick" { input type="checkbox" name="task" value=(offer.id) aria-label={ "Tick: " (offer.title) }; } } @else { span class="offer-tick" { (parts::icon("check")) } }
            div {
                strong { (offer.title) }
                div class="task-meta" {
                    (parts::phase(offer.phase))
                    @if let Some(key) = &offer.role { span class="badge" data-role="responder" { (role(key)) } }
                    @if let Some(within) = offer.within { span { "within " (within.words()) } }
                    @if let Some(fits) = &offer.fits { span { (fits) } }
                }
                @if let Some(text) = &offer.text { p class="small muted" { (text) } }
                @if let Some(why) = unfit { p class="small" { (parts::icon("info")) " " (why) } }
            }
            @if let Some(task) = known { a class="small" href={ (shown.path("/tasks")) "#" (task.id) } { "On the list" } }
            @else if shown.works { button class="button" data-size="small" type="submit" name="only" value=(offer.id) aria-label={ "Add: " (offer.title) } { (parts::icon("plus")) "Add" } }
        }
    }
}

/// `POST /incidents/INC-1/tasks/library`: those ticked, or the one that was pressed.
pub async fn add(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Redirect> {
    let mut ticked = Vec::new();
    let mut only = None;
    for (name, value) in pairs {
        match name.as_str() {
            "task" => ticked.push(value),
            "only" => only = Some(value),
            _ => return Err(Error::Invalid(format!("The form has no field {name:?}."))),
        }
    }
    let wanted = only.map_or(ticked, |one| vec![one]);
    library::add(&app, &actor, id, &wanted).await?;
    Ok(Redirect::to(&format!("/incidents/{id}/tasks")))
}

/// `POST /tasks/TSK-1/save`
pub async fn save(State(app): State<App>, Who(actor): Who, Path(id): Path<TaskId>) -> Result<Redirect> {
    library::save(&app, &actor, id).await?;
    Ok(Redirect::to("/tasks/library"))
}

/// `GET /tasks/library`: what the library holds, with the tasks that people saved first.
pub async fn all(
    State(app): State<App>,
    Who(actor): Who,
    Query(query): Query<LibraryQuery>,
) -> Result<Markup> {
    let asked = query.clone();
    let offers = library::find(&app, &actor, &query.sought()?).await?;
    let mut groups: Vec<&str> = offers.iter().map(|offer| offer.group.as_str()).collect();
    groups.dedup();
    let may = actor.may(domain::Permission::WorkIncident);
    let content = html! {
        header class="page-head" {
            div class="page-title" { h1 { "Library of tasks" } p class="page-sub" { (offers.len()) @if offers.len() == 1 { " task" } @else { " tasks" } " that can be added to any incident. Save one from an incident's list to add your own." } }
        }
        form class="filter-bar" method="get" action="/tasks/library" {
            div class="field" data-grow="" { label for="f-q" { "Find" } input id="f-q" type="search" name="q" value=(asked.q.as_deref().unwrap_or_default()); }
            button class="button" type="submit" { "Filter" }
        }
        @if offers.is_empty() { (parts::empty("search", "Nothing matches", "No task of the library says all of this.", Some(("/tasks/library", "Show all")))) }
        div class="stack" {
            @for group in &groups {
                section class="card" aria-label=(group) {
                    div class="card-head" { h2 { (group) } }
                    ul class="offers" {
                        @for offer in offers.iter().filter(|offer| offer.group == *group) {
                            li {
                                span class="offer-tick" { (parts::icon("check")) }
                                div {
                                    strong { (offer.title) }
                                    div class="task-meta" { (parts::phase(offer.phase)) @if let Some(within) = offer.within { span { "within " (within.words()) } } @if let Some(fits) = &offer.fits { span { (fits) } } }
                                    @if let Some(text) = &offer.text { p class="small muted" { (text) } }
                                }
                                @if may && offer.id.starts_with("LIB-") {
                                    form method="post" action={ "/tasks/library/" (offer.id) "/remove" } data-stay="" data-done="Taken out of the library" data-confirm="Tasks that were made from it stay." data-confirm-title={ "Take “" (offer.title) "” out of the library?" } {
                                        button class="button" data-size="small" data-kind="quiet" type="submit" { "Take out" }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    };
    Ok(crate::web::frame::page(
        &app,
        &actor,
        crate::web::frame::Nav::Incidents,
        "Library of tasks",
        &[],
        &content,
    )
    .await)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoForm {}

/// `POST /tasks/library/LIB-1/remove`
pub async fn remove(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<SavedTaskId>,
    Form(NoForm {}): Form<NoForm>,
) -> Result<Redirect> {
    library::remove(&app, &actor, id).await?;
    Ok(Redirect::to("/tasks/library"))
}

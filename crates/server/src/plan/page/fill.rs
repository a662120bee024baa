//! The page of who may be asked to fill each role of the plan.

use axum::extract::State;
use axum::response::Redirect;
use domain::plan::RoleKey;
use domain::{Permission, UserId};
use maud::{Markup, html};

use super::super::{Holders, holders, set_holders};
use crate::app::App;
use crate::error::{Error, Result};
use crate::identity;
use crate::web::extract::{Form, Path, Who};
use crate::web::frame::{self, Nav};
use crate::web::parts;

/// How many people a role may name on this page.
const CHOICES: usize = 3;

pub async fn page(State(app): State<App>, Who(actor): Who) -> Result<Markup> {
    let roles = holders(&app, &actor).await?;
    let names = identity::names(&app).await?;
    let may = actor.may(Permission::EditPlan);
    let empty = roles.iter().filter(|role| role.people.is_empty()).count();
    let content = html! {
        header class="page-head" {
            div class="page-title" {
                nav aria-label="Where you are" { ol class="breadcrumb" { li { a href="/plan" { "Plan" } } li { "People" } } }
                h1 { "Who fills which role" }
                p class="page-sub" {
                    "An incident calls the first choice, then the next who has not said no, then those of the alternates. "
                    @if empty > 0 { (empty) @if empty == 1 { " role has nobody." } @else { " roles have nobody." } } @else { "Every role has somebody." }
                }
            }
        }
        section class="card" {
            ul class="muster" { @for role in &roles { (line(role, &names, may)) } }
        }
    };
    Ok(frame::page(&app, &actor, Nav::Plan, "Who fills which role", &[], &content).await)
}

fn line(role: &Holders, names: &std::collections::BTreeMap<UserId, String>, may: bool) -> Markup {
    let name = |person: &UserId| names.get(person).cloned().unwrap_or_else(|| person.to_string());
    html! {
        li id=(role.role) {
            div class="muster-role" { a href={ "/plan#role-" (role.role) } { (role.title) } }
            div class="muster-who row" {
                @if role.people.is_empty() { span class="person-none" { "nobody yet" } }
                @for person in &role.people { (parts::person(&name(person))) }
            }
            @if may {
                details class="menu" {
                    summary class="button" data-size="small" aria-label={ "Change: " (role.title) } { "Change" (parts::icon("chevron-down")) }
                    form class="menu-list menu-form" method="post" action={ "/plan/people/" (role.role) } data-stay="" data-done={ "Saved: " (role.title) } {
                        @for choice in 0..CHOICES.max(role.people.len()) {
                            select name="person" aria-label={ (role.title) ", choice " (choice + 1) } {
                                option value="" { @if choice == 0 { "First choice" } @else if choice == 1 { "Second choice" } @else { "Next choice" } }
                                @for (id, person) in names { option value=(id) selected[role.people.get(choice) == Some(id)] { (person) } }
                            }
                        }
                        button class="button" data-size="small" type="submit" { "Save" }
                    }
                }
            }
        }
    }
}

/// `POST /plan/people/forensics_lead`
pub async fn save(
    State(app): State<App>,
    Who(actor): Who,
    Path(role): Path<RoleKey>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Redirect> {
    let mut people = Vec::with_capacity(pairs.len());
    for (name, value) in pairs {
        if name != "person" {
            return Err(Error::Invalid(format!("The form has no field {name:?}.")));
        }
        if !value.trim().is_empty() {
            people.push(value.trim().parse::<UserId>()?);
        }
    }
    set_holders(&app, &actor, role, people).await?;
    Ok(Redirect::to("/plan/people"))
}

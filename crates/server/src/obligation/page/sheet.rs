//! The fact sheet of an incident: written once, drafted into every notice.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use domain::{IncidentId, Permission};
use maud::{Markup, html};

use super::{Pairs, sections};
use crate::app::App;
use crate::error::Result;
use crate::incident;
use crate::obligation::{book, facts};
use crate::web::extract::{Form, Path, Who};

pub async fn page(State(app): State<App>, Who(actor): Who, Path(id): Path<IncidentId>) -> Result<Markup> {
    let case = super::super::case(&app, &actor, id).await?;
    let works = actor.may(Permission::WorkIncident);
    let part = html! {
        div class="page-title gap-top" {
            nav aria-label="Where you are" { ol class="breadcrumb" { li { a href={ "/incidents/" (id) "/obligations" } { "Obligations" } } li { "Fact sheet" } } }
            h2 { "Fact sheet" }
            p class="page-sub" { "Each section is written once and stands in every notice that must hold it. Write what is established; say of the rest that it is suspected." }
        }
        form class="form" method="post" action={ "/incidents/" (id) "/obligations/sheet" } data-done="Fact sheet written" {
            @for section in book()?.sheet().sections() {
                div class="field" {
                    label for={ "section-" (section.id) } { (section.title) }
                    textarea id={ "section-" (section.id) } name={ "section." (section.id) } rows="3" maxlength="20000" readonly[!works] aria-describedby={ "asks-" (section.id) } { (case.sheet.get(&section.id).map(|text| &**text).unwrap_or_default()) }
                    p class="help" id={ "asks-" (section.id) } { (section.asks) }
                }
            }
            @if works { div class="form-actions" data-sticky { button class="button" data-kind="primary" type="submit" { "Write" } a class="button" href={ "/incidents/" (id) "/obligations" } { "Cancel" } } }
        }
    };
    incident::page::obligations_tab(&app, &actor, id, &part).await
}

pub async fn write(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Form(form): Form<Pairs>,
) -> Result<Response> {
    facts::write(&app, &actor, id, sections(&form)?).await?;
    Ok(Redirect::to(&format!("/incidents/{id}/obligations")).into_response())
}

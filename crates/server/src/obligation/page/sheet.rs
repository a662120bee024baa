//! The fact sheet of an incident: written once, drafted into every notice.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use domain::obligation::notice::Section;
use domain::obligation::{SectionKey, Verdict};
use domain::{IncidentId, Permission};
use maud::{Markup, html};

use super::{Pairs, sections};
use crate::app::App;
use crate::error::Result;
use crate::incident;
use crate::obligation::{Case, book, facts};
use crate::web::extract::{Form, Path, Who};

pub async fn page(State(app): State<App>, Who(actor): Who, Path(id): Path<IncidentId>) -> Result<Markup> {
    let case = super::super::case(&app, &actor, id).await?;
    let works = actor.may(Permission::WorkIncident);
    let wants = wanted_by(&case)?;
    let (wanted, rest): (Vec<_>, Vec<_>) =
        book()?.sheet().sections().iter().partition(|section| wants.contains_key(&section.id));
    let wanted: Vec<(&Section, &BTreeSet<&str>)> =
        wanted.into_iter().filter_map(|section| Some((section, wants.get(&section.id)?))).collect();
    let part = html! {
        div class="page-title gap-top" {
            nav aria-label="Where you are" { ol class="breadcrumb" { li { a href={ "/incidents/" (id) "/obligations" } { "Obligations" } } li { "Fact sheet" } } }
            h2 { "Fact sheet" }
            p class="page-sub" { "Each section is written once and stands in every notice that must hold it. Write what is established; say of the rest that it is suspected." }
        }
        form class="form gap-top" method="post" action={ "/incidents/" (id) "/obligations/sheet" } data-done="Fact sheet written" {
            @for (section, by) in &wanted { (field(&case, section, by, works)) }
            @if !rest.is_empty() {
                details class="task-how" open[wanted.is_empty()] {
                    summary { (rest.len()) " sections that no duty wants so far" }
                    @for section in &rest { (field(&case, section, &BTreeSet::new(), works)) }
                }
            }
            @if works { div class="form-actions" data-sticky { button class="button" data-kind="primary" type="submit" { "Write" } a class="button" href={ "/incidents/" (id) "/obligations" } { "Cancel" } } }
        }
    };
    incident::page::tab_around(&app, &actor, id, incident::page::Tab::Obligations, &part).await
}

/// The titles of the duties that apply or may apply, by the sections that their notices hold.
fn wanted_by(case: &Case) -> Result<BTreeMap<SectionKey, BTreeSet<&str>>> {
    let mut wants: BTreeMap<SectionKey, BTreeSet<&str>> = BTreeMap::new();
    for decision in case.decisions()? {
        if decision.verdict == Verdict::DoesNotApply || case.waived(&decision.duty.id).is_some() {
            continue;
        }
        let duty = decision.duty;
        for section in duty.stages.iter().flat_map(|stage| &stage.content) {
            wants.entry(section.clone()).or_default().insert(&duty.title);
        }
    }
    Ok(wants)
}

fn field(case: &Case, section: &Section, by: &BTreeSet<&str>, works: bool) -> Markup {
    /// How many duties are named.
    const NAMED: usize = 2;
    let text = case.sheet.get(&section.id).map(|text| &**text).unwrap_or_default();
    html! {
        input type="hidden" name={ "was." (section.id) } value=(text);
        div class="field" {
            label for={ "section-" (section.id) } { (section.title) }
            p class="help" id={ "asks-" (section.id) } { (section.asks)
                @if !by.is_empty() { " Wanted by: " (by.iter().take(NAMED).copied().collect::<Vec<_>>().join("; ")) @if by.len() > NAMED { " and " (by.len() - NAMED) " more" } "." } }
            textarea id={ "section-" (section.id) } name={ "section." (section.id) } rows="3" maxlength="20000" readonly[!works] aria-describedby={ "asks-" (section.id) } { (text) }
        }
    }
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

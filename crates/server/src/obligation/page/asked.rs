//! What is asked about an incident, what settles most first, and what is known.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use domain::IncidentId;
use domain::obligation::clock::shown;
use domain::obligation::{About, Decision, Fact, questions};
use maud::{Markup, html};

use super::duties::View;
use super::{Pairs, fields};
use crate::app::App;
use crate::error::Result;
use crate::obligation::{book, facts, is_derived};
use crate::web::extract::{Form, Path, Who};

/// How many questions are asked at first sight.
const FIRST: usize = 4;

/// Open questions first, in the order of what they decide; then what is known.
pub fn draw(view: &View<'_>, decisions: &[Decision<'_>]) -> Markup {
    let open = questions(decisions);
    let facts: Vec<(&Fact, usize)> = open
        .iter()
        .filter_map(|one| Some((view.book.fact(&one.fact)?, one.duties)))
        .filter(|(fact, _)| fact.about == About::Incident)
        .collect();
    let known: Vec<&Fact> = view
        .book
        .facts()
        .iter()
        .filter(|fact| fact.about == About::Incident)
        .filter(|fact| view.case.answers.get(&fact.id).is_some() || is_derived(view.case, &fact.id))
        .collect();
    let of_us = open.len() - facts.len();
    html! {
        section class="card" aria-labelledby="questions" {
            div class="card-head" { h2 id="questions" { "What is not known yet" } span class="muted" { (facts.len()) } }
            div class="card-body stack" {
                @if of_us > 0 { p { "The " a href="/settings/obligations" { "organisation's profile" } " leaves " (of_us) " more open." } }
                @if facts.is_empty() { p class="muted" { "Nothing that would change who must be told." } }
                @if view.works && !facts.is_empty() {
                    form class="form" method="post" action=(view.path("/facts")) data-done="Facts recorded" {
                        @for (fact, duties) in facts.iter().take(FIRST) { (question(view, fact, Some(*duties))) }
                        @if facts.len() > FIRST {
                            details class="task-how" { summary { (facts.len() - FIRST) " more questions" }
                                @for (fact, duties) in facts.iter().skip(FIRST) { (question(view, fact, Some(*duties))) } }
                        }
                        div class="form-actions" { button class="button" data-kind="primary" type="submit" { "Record the facts" } }
                    }
                }
            }
        }
        section class="card" aria-labelledby="known" {
            div class="card-head" { h2 id="known" { "What is known" } }
            div class="card-body stack" {
                @if known.is_empty() { p class="muted" { "Nothing yet." } }
                dl class="facts" data-layout="stacked" {
                    @for fact in &known {
                        dt { (fact.label) }
                        dd { (answer_words(view, fact)) @if is_derived(view.case, &fact.id) { span class="muted small" { " Taken from the declaration until somebody says otherwise." } } }
                    }
                }
                @if view.works && !known.is_empty() {
                    details class="task-how" { summary { "Correct what is known" }
                        form class="form" method="post" action=(view.path("/facts")) data-done="Facts corrected; the clocks are reckoned anew" {
                            @for fact in &known { (question(view, fact, None)) }
                            div class="form-actions" { button class="button" type="submit" { "Correct" } }
                        }
                    }
                }
            }
        }
    }
}

fn answer_words(view: &View<'_>, fact: &Fact) -> String {
    let known = view.case.known(view.book);
    match known.moment(&fact.id) {
        Some(at) => shown(at, &view.case.zone()),
        None => known.answer(&fact.id).map(|answer| fact.in_words(answer)).unwrap_or_default(),
    }
}

fn question(view: &View<'_>, fact: &Fact, duties: Option<usize>) -> Markup {
    let hint = duties.map(|duties| match duties {
        1 => "One duty waits for it.".to_owned(),
        many => format!("{many} duties wait for it."),
    });
    html! {
        @let answer = view.case.answers.get(&fact.id);
        input type="hidden" name="asked" value=(fact.id);
        input type="hidden" name={ "was." (fact.id) } value=(fields::shown(answer, &view.case.zone()));
        (fields::field(fact, answer, &view.case.zone(), hint.as_deref()))
    }
}

pub async fn answer(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Form(form): Form<Pairs>,
) -> Result<Response> {
    let case = super::super::case(&app, &actor, id).await?;
    let book = book()?;
    let asked: Vec<String> =
        form.iter().filter(|(name, _)| name == "asked").map(|(_, fact)| fact.clone()).collect();
    let fact = |name: &str| book.facts().iter().find(|fact| fact.id.as_str() == name);
    let given = fields::answers(&form, &case.zone(), fact, &asked)?;
    facts::answer(&app, &actor, id, given).await?;
    Ok(Redirect::to(&format!("/incidents/{id}/obligations")).into_response())
}

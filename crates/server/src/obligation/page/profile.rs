//! The organisation's profile, under the settings: what selects the duties that can apply.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use domain::obligation::{About, Contract, DutyKey, Fact, FactKey, FactKind};
use domain::{Actor, Permission};
use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::{Pairs, fields, value};
use crate::app::App;
use crate::error::{Error, Result};
use crate::identity;
use crate::obligation::book;
use crate::obligation::profile::{self, Version, Written};
use crate::web::extract::{Form, Path, Who};
use crate::web::frame::{self, Nav};
use crate::web::parts;

pub async fn page(State(app): State<App>, Who(actor): Who) -> Result<Markup> {
    let versions = profile::versions(&app, &actor).await?;
    let names = identity::names(&app).await?;
    let edits = actor.may(Permission::EditPlan);
    let written = versions.first().map(|version| version.profile.clone()).unwrap_or_default();
    let content = html! {
        header class="page-head" { div class="page-title" {
            nav aria-label="Where you are" { ol class="breadcrumb" { li { a href="/settings" { "Settings" } } li { "Duties to notify" } } }
            h1 { "Duties to notify: who we are" }
            p class="page-sub" { "Where the organisation is and what it is selects the laws that can apply to its incidents. Counsel confirms this once, in calm; a role that is chosen here is a word of a law." }
        } }
        div class="columns" {
            div class="stack" {
                @if edits { (form(&written)?) } @else { (reading(&written)?) }
            }
            aside class="stack" aria-label="Contracts and versions" {
                (contracts(&written, edits && !versions.is_empty())?)
                (history(&versions, &names))
            }
        }
    };
    Ok(frame::page(&app, &actor, Nav::Settings, "Duties to notify", &[], &content).await)
}

fn zone(written: &Written) -> &str {
    if written.zone.is_empty() { "UTC" } else { &written.zone }
}

fn asked() -> Result<impl Iterator<Item = &'static Fact>> {
    Ok(book()?.facts().iter().filter(|fact| fact.about == About::Organisation))
}

fn form(written: &Written) -> Result<Markup> {
    let book = book()?;
    let facts: Vec<&Fact> = asked()?.collect();
    Ok(html! {
        form class="form" method="post" action="/settings/obligations" data-done="In force" {
            @for (place, fact) in facts.iter().enumerate() {
                @if place == 0 || facts.get(place - 1).is_some_and(|before| before.group != fact.group) { h2 class="fact-group" { (fact.group) } }
                @let answer = written.answers.get(fact.id.as_str()).and_then(|text| fact.answer(text).ok());
                input type="hidden" name="asked" value=(fact.id);
                (fields::field(fact, answer.as_ref(), &TimeZone::UTC, None))
            }
            h2 class="fact-group" { "Days and nights" }
            div class="field" { label for="zone" { "Time zone" } input id="zone" name="zone" required value=(zone(written)) aria-describedby="zone-help"; p class="help" id="zone-help" { "In which days end, where the law does not name another: Europe/Berlin." } }
            div class="field" { label for="holidays" { "Own holidays" span class="optional" { " (optional)" } } input id="holidays" name="holidays" value=(written.holidays.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")) aria-describedby="holidays-help"; p class="help" id="holidays-help" { "Days of your region that the calendars lack: 2026-06-04, 2026-08-15." } }
            h2 class="fact-group" { "What does not bind yet" }
            fieldset { legend { "Decide these too, without alarms" }
                div class="checks" data-many { @for duty in book.duties().iter().filter(|duty| !duty.status.binds()) {
                    label class="check" { input type="checkbox" name="followed" value=(duty.id) checked[written.followed.contains(&duty.id)]; span { (duty.title) small { (duty.status.label()) ". " (duty.note.as_deref().unwrap_or_default()) } } }
                } }
            }
            div class="field" { label for="reason" { "Why" } textarea id="reason" name="reason" rows="2" required maxlength="20000" {} }
            div class="form-actions" data-sticky { button class="button" data-kind="primary" type="submit" { "Put in force" } a class="button" href="/settings" { "Cancel" } }
        }
    })
}

fn reading(written: &Written) -> Result<Markup> {
    Ok(html! {
        section class="card" aria-labelledby="now" {
            div class="card-head" { h2 id="now" { "In force" } }
            div class="card-body" { dl class="facts" data-layout="stacked" {
                @for fact in asked()? {
                    dt { (fact.label) }
                    dd { (written.answers.get(fact.id.as_str()).and_then(|text| fact.answer(text).ok()).map_or_else(|| "not known".to_owned(), |answer| fact.in_words(&answer))) }
                }
                dt { "Time zone" } dd { (zone(written)) }
            } }
        }
    })
}

fn label<'a>(moments: &[&'a Fact], of: &'a FactKey) -> &'a str {
    moments.iter().find(|fact| fact.id == *of).map_or(of.as_str(), |fact| &fact.label)
}

fn contracts(written: &Written, edits: bool) -> Result<Markup> {
    let moments: Vec<&Fact> = book()?.facts().iter().filter(|fact| fact.kind == FactKind::Moment).collect();
    Ok(html! {
        section class="card" aria-labelledby="contracts" {
            div class="card-head" { h2 id="contracts" { "Contracts" } }
            div class="card-body stack" {
                @if written.contracts.is_empty() { p class="muted" { "No customer, insurer or partner has a clause of notice here yet." } }
                @for contract in &written.contracts {
                    div { strong { (contract.partner) }
                        p class="muted small" { (contract.clause) ": " (contract.within) " from “" (label(&moments, &contract.from)) "”, if " code { (contract.when) } }
                        @if edits { form method="post" action={ "/settings/obligations/contracts/" (contract.id) "/remove" } data-stay="" data-done="Removed" data-confirm="Incidents are no longer held against this clause." data-confirm-title={ "Remove the contract with " (contract.partner) "?" } { button class="button" data-size="small" data-kind="quiet" type="submit" { "Remove" } } }
                    }
                }
                @if edits {
                    details class="task-how" { summary { "Add a contract" }
                        form class="form" method="post" action="/settings/obligations/contracts" data-done="Added" {
                            div class="field" { label for="c-id" { "Short name" } input id="c-id" name="id" required pattern="[a-z][a-z0-9_\\-]*" maxlength="64" placeholder="customer_north"; }
                            div class="field" { label for="c-partner" { "Partner" } input id="c-partner" name="partner" required maxlength="200"; }
                            div class="field" { label for="c-clause" { "Clause" } input id="c-clause" name="clause" required maxlength="200" placeholder="Master agreement, clause 14.2"; }
                            div class="field" { label for="c-when" { "If" } input id="c-when" name="when" required maxlength="200" value="data any personal_kinds" data-mono aria-describedby="c-when-help"; p class="help" id="c-when-help" { "A condition over the facts of an incident, with and, or, not." } }
                            div class="field-row" {
                                div class="field" { label for="c-within" { "Within" } input id="c-within" name="within" required value="48 hours"; }
                                div class="field" { label for="c-from" { "From" } select id="c-from" name="from" { @for fact in &moments { option value=(fact.id) selected[fact.id.as_str() == "aware"] { (fact.label) } } } }
                            }
                            div class="form-actions" { button class="button" type="submit" { "Add" } }
                        }
                    }
                }
            }
        }
    })
}

fn history(versions: &[Version], names: &std::collections::BTreeMap<domain::UserId, String>) -> Markup {
    html! {
        section class="card" aria-labelledby="history" {
            div class="card-head" { h2 id="history" { "What was set" } }
            div class="card-body" {
                @if versions.is_empty() { p class="muted" { "Nothing yet. Until a profile is in force, no duty is decided and no clock alarms." } }
                @else { ul class="changes" { @for version in versions {
                    li data-change="same" { span class="break" { (version.reason) span class="muted small" { " " (version.id) ", " (names.get(&version.set_by).map_or("somebody", String::as_str)) ", " (parts::ago(version.set_at)) } } }
                } } }
            }
        }
    }
}

/// The profile that is in force, to be changed.
async fn in_force(app: &App, actor: &Actor) -> Result<Written> {
    Ok(profile::versions(app, actor)
        .await?
        .into_iter()
        .next()
        .map(|version| version.profile)
        .unwrap_or_default())
}

pub async fn set(State(app): State<App>, Who(actor): Who, Form(form): Form<Pairs>) -> Result<Response> {
    let book = book()?;
    let mut written = in_force(&app, &actor).await?;
    let asked: Vec<String> =
        form.iter().filter(|(name, _)| name == "asked").map(|(_, fact)| fact.clone()).collect();
    let fact = |name: &str| book.facts().iter().find(|fact| fact.id.as_str() == name);
    let given = fields::answers(&form, &TimeZone::UTC, fact, &asked)?;
    written.answers.clear();
    written.answers.extend(given.into_iter().filter(|(_, text)| !text.is_empty()));
    value(&form, "zone").trim().clone_into(&mut written.zone);
    let days = value(&form, "holidays").split(',').map(str::trim).filter(|day| !day.is_empty());
    written.holidays = days
        .map(|day| {
            day.parse().map_err(|_| Error::Invalid(format!("{day:?} is no day; write it like 2026-06-04.")))
        })
        .collect::<Result<_>>()?;
    let followed = form.iter().filter(|(name, _)| name == "followed");
    written.followed = followed.map(|(_, duty)| Ok(duty.parse()?)).collect::<Result<_>>()?;
    profile::set(&app, &actor, written, value(&form, "reason")).await?;
    Ok(Redirect::to("/settings/obligations").into_response())
}

pub async fn add_contract(
    State(app): State<App>,
    Who(actor): Who,
    Form(form): Form<Pairs>,
) -> Result<Response> {
    let contract = Contract {
        id: value(&form, "id").trim().parse()?,
        partner: value(&form, "partner").parse()?,
        clause: value(&form, "clause").parse()?,
        when: value(&form, "when").parse()?,
        from: value(&form, "from").parse()?,
        within: value(&form, "within").parse()?,
    };
    profile::add_contract(&app, &actor, contract).await?;
    Ok(Redirect::to("/settings/obligations").into_response())
}

pub async fn remove_contract(
    State(app): State<App>,
    Who(actor): Who,
    Path(duty): Path<DutyKey>,
) -> Result<Response> {
    profile::remove_contract(&app, &actor, duty).await?;
    Ok(Redirect::to("/settings/obligations").into_response())
}

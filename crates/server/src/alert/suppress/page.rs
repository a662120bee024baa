//! The pages of suppressions: the list with what each hides, and the form that makes one from an alert.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use domain::suppression::{Clause, Comparison, Hides, SuppressionKind};
use domain::{Actor, AlertId, Permission, SuppressionId};
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};

use super::{Effect, New, Suppression};
use crate::alert::page::{Pairs, encode, value};
use crate::app::App;
use crate::error::{Error, Result};
use crate::event;
use crate::web::extract::{Form, Path, Query, Who};
use crate::web::frame::{self, Nav};
use crate::web::paging::PageQuery;
use crate::web::parts;

/// How long a suppression may last, in the form: hours and words. None is for exceptions alone.
const TERMS: [(&str, &str); 5] =
    [("8", "8 hours"), ("24", "1 day"), ("168", "1 week"), ("720", "30 days"), ("2160", "90 days")];

pub async fn list(State(app): State<App>, Who(actor): Who, Query(page): Query<PageQuery>) -> Result<Markup> {
    let found = super::list(&app, &actor, &page).await?;
    let names = event::page::names(&app, &actor).await?;
    let now = app.clock.now();
    let name = |one: &Suppression| names.get(&one.made_by).map_or("somebody", String::as_str).to_owned();
    let content = html! {
        header class="page-head" { div class="page-title" {
            nav aria-label="Where you are" { ol class="breadcrumb" { li { a href="/" { "Alerts" } } li { "Suppressions" } } }
            h1 { "Suppressions and exceptions" }
            p class="page-sub" { "What they hide raises no alert. It is counted here, and its events are kept." }
        } }
        div id="suppressions" data-refresh="suppressions" hx-get="/suppressions" hx-select="#suppressions" hx-swap="outerHTML" hx-trigger="live:suppressions from:body" {
            @if found.items.is_empty() {
                (parts::empty("skip", "Nothing is suppressed", "Open an alert and choose Suppress to keep its like from becoming alerts.", Some(("/", "To the queue"))))
            } @else {
                div class="card" { div class="table-scroll" role="region" aria-label="Suppressions" tabindex="0" {
                    table class="table" data-narrow="list" {
                        thead { tr { th { "What" } th { "Why" } th { "By" } th { "Until" } th data-type="number" { "Hidden" } th { "Last hidden" } th { span class="visually-hidden" { "Actions" } } } }
                        tbody { @for one in &found.items {
                            tr {
                                td class="cell-main" data-label="What" { div class="break" { (what(&app, one)) span class="cell-sub" { (one.id) ", " (one.kind.label().to_lowercase()) } } }
                                td data-label="Why" { (one.reason) }
                                td data-label="By" { (parts::person(&name(one))) }
                                td data-label="Until" { (until(one, now)) }
                                td data-type="number" data-label="Hidden" { (one.hidden) }
                                td data-type="time" data-label="Last hidden" {
                                    @match (one.last_hidden, one.last_event) {
                                        (Some(at), Some(event)) => a href={ "/events/" (event) } { (parts::ago(at)) },
                                        _ => span class="muted" { "never" },
                                    }
                                }
                                td data-type="actions" { (acts(&actor, one, now)) }
                            }
                        } }
                    }
                } }
                (parts::next_page("/suppressions?cursor=", found.next.as_deref()))
            }
        }
    };
    Ok(frame::page(&app, &actor, Nav::Alerts, "Suppressions", &["suppressions"], &content).await)
}

fn what(app: &App, one: &Suppression) -> Markup {
    html! {
        @match &one.rule {
            Some(id) => @match app.rules.get(id) {
                Some(rule) => a href={ "/rules/" (encode(id)) } { (rule.title) },
                None => span class="mono" { (id) },
            },
            None => "Any rule",
        }
        @if let Some(entity) = &one.entity { " on " span class="observable" { (entity.name()) } }
        @for clause in &one.clauses { div { (clause_words(clause)) } }
    }
}

pub(in crate::alert) fn clause_words(clause: &Clause) -> Markup {
    html! { span class="muted" { (clause.field) " " (clause.comparison.label()) " " } code { (clause.value) } }
}

pub(in crate::alert) fn until(one: &Suppression, now: Timestamp) -> Markup {
    html! {
        @if let Some(at) = one.ended_at { "ended " (parts::ago(at)) }
        @else if let Some(at) = one.until { @if at <= now { "ended by itself " } (parts::time(at)) }
        @else { "for good" }
    }
}

fn acts(actor: &Actor, one: &Suppression, now: Timestamp) -> Markup {
    html! {
        @if one.is_active(now) && actor.may(Permission::TriageAlerts) {
            form method="post" action={ "/suppressions/" (one.id) "/end" } data-done={ (one.id) " ended" } { button class="button" data-size="small" type="submit" { "End now" } }
        }
        @if one.rule.is_some() && !one.clauses.is_empty() {
            a class="button" data-size="small" data-kind="quiet" href={ "/api/v1/suppressions/" (one.id) "/sigma" } { "Sigma filter" }
        }
    }
}

pub async fn form(State(app): State<App>, Who(actor): Who, Query(query): Query<Pairs>) -> Result<Markup> {
    let id: AlertId = value(&query, "alert").unwrap_or_default().parse().map_err(|_| {
        Error::Invalid("Open the form from an alert: its page has the button Suppress.".to_owned())
    })?;
    let alert = crate::alert::get(&app, &actor, id).await?;
    let mut proposal = super::propose(&app, &actor, id).await?;
    let wanted = wanted(&query);
    if let Some(clause) = &wanted {
        proposal.effect = super::try_out(&app, &actor, id, vec![clause.clone()]).await?;
        proposal.clauses.retain(|one| one != clause);
        proposal.clauses.insert(0, clause.clone());
    }
    // One condition that is asked for stands alone; else the first few, as closely as they can be said.
    let ticked = if wanted.is_some() { 1 } else { 4 };
    let as_exception = value(&query, "kind") == Some("exception") && !proposal.clauses.is_empty();
    let content = html! {
        header class="page-head" { div class="page-title" {
            nav aria-label="Where you are" { ol class="breadcrumb" { li { a href="/" { "Alerts" } } li { a href={ "/alerts/" (id) } { (id) } } li { "Suppress" } } }
            h1 { "Suppress what is like " (id) }
            p class="page-sub" { (alert.title) " on " span class="observable" { (alert.entity.name()) } ". What is hidden raises no alert; it is counted, and its events are kept." }
        } }
        form class="form" method="post" action="/suppressions" data-done="Suppressed" {
            input type="hidden" name="alert" value=(id);
            fieldset {
                legend { "What is hidden?" }
                div class="choices" {
                    (choice("both", "This rule on this entity", "Until it ends, other entities still raise alerts.", !as_exception))
                    (choice("rule", "This rule everywhere", "The rule raises no alert at all until then.", false))
                    (choice("entity", "This entity, whatever fires", "Nothing about it raises an alert until then.", false))
                    @if !proposal.clauses.is_empty() {
                        (choice("exception", "This rule, where the conditions below hold", "An exception: the rule is wrong there. It may stay for good.", as_exception))
                    }
                }
            }
            @if !proposal.clauses.is_empty() {
                fieldset {
                    legend { "For an exception: what these events have in common" }
                    @for (place, clause) in proposal.clauses.iter().enumerate() {
                        @let wire = serde_json::to_string(clause)?;
                        label class="check" { input type="checkbox" name="clause" value=(wire) checked[place < ticked]; span { (clause_words(clause)) } }
                    }
                    p class="help" { @if wanted.is_some() { "With the first alone" } @else { "With all of them" } ", it would have hidden " (effect_words(&proposal.effect)) }
                    @if !proposal.effect.true_positives.is_empty() {
                        div class="notice" data-level="warning" { (parts::icon("alert")) div { strong { "It would have hidden true positives" } @for id in &proposal.effect.true_positives { a href={ "/alerts/" (id) } { (id) } " " } } }
                    }
                }
            }
            div class="field" { label for="hours" { "For how long" }
                select id="hours" name="hours" {
                    @for (hours, words) in TERMS { option value=(hours) selected[hours == "168"] { (words) } }
                    option value="" { "For good (exceptions alone)" }
                }
            }
            div class="field" { label for="reason" { "Why" } textarea id="reason" name="reason" rows="3" required maxlength="20000" {} }
            div class="form-actions" { button class="button" data-kind="primary" type="submit" { "Suppress" } a class="button" href={ "/alerts/" (id) } { "Cancel" } }
        }
    };
    Ok(frame::page(&app, &actor, Nav::Alerts, "Suppress", &[], &content).await)
}

/// The condition that the address asks for.
fn wanted(query: &Pairs) -> Option<Clause> {
    let (field, value) = (value(query, "field")?, value(query, "value")?);
    Some(Clause { field: field.to_owned(), comparison: Comparison::Equals, value: value.to_owned() })
}

fn choice(word: &str, name: &str, text: &str, chosen: bool) -> Markup {
    html! { label class="choice" { input type="radio" name="what" value=(word) checked[chosen]; span class="choice-name" { (name) } span class="choice-text" { (text) } } }
}

fn effect_words(effect: &Effect) -> String {
    let Effect { here, here_of, elsewhere, elsewhere_of, .. } = effect;
    let others = match elsewhere_of {
        0 => "; its rule has no other alerts.".to_owned(),
        _ => format!(", and {elsewhere} of {elsewhere_of} events of other alerts of this rule."),
    };
    format!("{here} of {here_of} events of this alert{others}")
}

pub async fn make(State(app): State<App>, Who(actor): Who, Form(form): Form<Pairs>) -> Result<Response> {
    let id: AlertId = value(&form, "alert")
        .unwrap_or_default()
        .parse()
        .map_err(|_| Error::Invalid("Name the alert that this is made from.".to_owned()))?;
    let alert = crate::alert::get(&app, &actor, id).await?;
    let clauses = || -> Result<Vec<Clause>> {
        let texts = form.iter().filter(|(name, _)| name == "clause");
        texts
            .map(|(_, text)| serde_json::from_str(text))
            .collect::<Result<_, _>>()
            .map_err(|_| Error::Invalid("A condition cannot be read. Open the form anew.".to_owned()))
    };
    let (rule, entity) = (Some(alert.rule.clone()), Some(alert.entity.clone()));
    let plain = SuppressionKind::Suppression;
    let (kind, hides) = match value(&form, "what").unwrap_or_default() {
        "both" => (plain, Hides { rule, entity, clauses: Vec::new() }),
        "rule" => (plain, Hides { rule, entity: None, clauses: Vec::new() }),
        "entity" => (plain, Hides { rule: None, entity, clauses: Vec::new() }),
        "exception" => (SuppressionKind::Exception, Hides { rule, entity: None, clauses: clauses()? }),
        _ => return Err(Error::Invalid("Choose what is to be hidden.".to_owned())),
    };
    let until = match value(&form, "hours").unwrap_or_default() {
        "" => None,
        hours => {
            let hours: u16 = hours
                .parse()
                .map_err(|_| Error::Invalid("Choose for how long it is to be hidden.".to_owned()))?;
            app.clock.now().checked_add(SignedDuration::from_hours(i64::from(hours))).ok()
        }
    };
    let reason = value(&form, "reason").unwrap_or_default().to_owned();
    super::make(&app, &actor, New { kind, hides, reason, alert: Some(id), until }).await?;
    Ok(Redirect::to("/suppressions").into_response())
}

pub async fn end(State(app): State<App>, Who(actor): Who, Path(id): Path<SuppressionId>) -> Result<Response> {
    super::end(&app, &actor, id).await?;
    Ok(Redirect::to("/suppressions").into_response())
}

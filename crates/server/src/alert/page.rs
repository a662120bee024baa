//! The page of one alert, and the forms by which alerts are triaged. The queue and the rules have
//! pages of their own beside this file.

use std::collections::HashMap;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use domain::alert::{AlertStatus, Verdict};
use domain::{Actor, AlertId, Permission, UserId};
use maud::{Markup, html};

use super::alike::{self, AlikeAlert};
use super::rules::{KnownRule, technique_name};
use super::{Act, Alert, Match, coverage_page, grouping, merge_page, queue_page, risk, rules_page, suppress};
use crate::app::App;
use crate::error::{Error, Result};
use crate::event::{self, StoredEvent};
use crate::web::extract::{Form, Path, Query, Who};
use crate::web::frame::{self, Nav};
use crate::web::paging::{Page, PageQuery};
use crate::web::parts;
pub(super) use crate::web::parts::encode;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/", get(queue_page::queue))
        .route("/alerts", get(|| async { Redirect::to("/") }))
        .route("/alerts/{id}", get(alert))
        .route("/alerts/acknowledge", post(acknowledge_all))
        .route("/alerts/dismiss", get(dismiss_form).post(dismiss_all))
        .route("/suppressions", get(suppress::page::list).post(suppress::page::make))
        .route("/suppressions/new", get(suppress::page::form))
        .route("/suppressions/{id}/end", post(suppress::page::end))
        .route("/alerts/merge", get(merge_page::form).post(merge_page::merge))
        .route("/alerts/{id}/unmerge", post(merge_page::unmerge))
        .route("/alerts/{id}/acknowledge", post(acknowledge))
        .route("/alerts/{id}/dismiss", post(dismiss))
        .route("/alerts/{id}/reopen", post(reopen))
        .route("/rules", get(rules_page::list))
        .route("/rules/coverage", get(coverage_page::page))
        .route("/rules/coverage/layer", get(coverage_page::layer))
        .route("/rules/{id}", get(rules_page::one).post(rules_page::try_event))
        .route("/entities", get(risk::list_page::list))
        .route("/entities/settings", get(risk::settings_page::form).post(risk::settings_page::set))
        .route("/entities/{kind}/{name}", get(risk::page::one))
        .route("/rules/{id}/grouping", get(grouping::page::form).post(grouping::page::set))
        .route("/rules/{id}/grouping/undo", post(grouping::page::undo))
}

/// What a form or an address with repeated names says.
pub(super) type Pairs = Vec<(String, String)>;

pub(super) fn value<'a>(pairs: &'a Pairs, name: &str) -> Option<&'a str> {
    pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

pub(super) fn chosen(pairs: &Pairs) -> Result<Vec<AlertId>> {
    let chosen: Vec<AlertId> = pairs
        .iter()
        .filter(|(name, _)| name == "alert")
        .map(|(_, value)| value.parse().map_err(|_| Error::NotFound("alert")))
        .collect::<Result<_>>()?;
    if chosen.is_empty() {
        return Err(Error::Invalid("Select at least one alert first.".to_owned()));
    }
    Ok(chosen)
}

/// An alert's status, with the way to its incident.
pub fn status(alert: &Alert) -> Markup {
    let word = match alert.status {
        AlertStatus::New => "new",
        AlertStatus::Acknowledged => "acknowledged",
        AlertStatus::InIncident => "escalated",
        AlertStatus::Dismissed => "dismissed",
    };
    html! {
        @match alert.incident {
            Some(incident) => span class="badge" data-status=(word) { "In " a href={ "/incidents/" (incident) } { (incident) } },
            None => span class="badge" data-status=(word) { (alert.status.label()) },
        }
    }
}

async fn alert(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<AlertId>,
    Query(page): Query<PageQuery>,
) -> Result<Markup> {
    let alert = super::get(&app, &actor, id).await?;
    let page = PageQuery { limit: page.limit.or(Some(25)), ..page };
    let matches = super::matches(&app, &actor, id, &page).await?;
    let history = super::history(&app, &actor, id).await?;
    let names = event::page::names(&app, &actor).await?;
    let merged = merge_page::card(&app, &actor, &alert).await?;
    let signs = risk::alert_card(&app, &actor, &alert).await?;
    let similar = alike::of_alert(&app, &actor, id).await?;
    let shown = match matches.items.first() {
        Some(first) => Some((event::get(&app, &actor, first.event).await?, first)),
        None => None,
    };
    let here = match &page.cursor {
        Some(cursor) => format!("/alerts/{id}?cursor={}", encode(cursor)),
        None => format!("/alerts/{id}"),
    };
    let content = html! {
        div id="alert" data-refresh="alerts" hx-get=(here) hx-select="#alert" hx-swap="outerHTML" hx-trigger="live:alerts from:body" {
            (head(&actor, &alert))
            (merge_page::notice(&actor, &alert))
            @if let (Some(verdict), Some(reason)) = (alert.verdict, &alert.reason) {
                div class="notice" data-level="info" { (parts::icon("info")) div { strong { "Dismissed: " (verdict.label()) } (reason) }
                    @if verdict == Verdict::FalsePositive && alert.rule != risk::RULE && actor.may(Permission::TriageAlerts) && alert.merged_into.is_none() {
                        a class="button" data-size="small" href={ "/suppressions/new?kind=exception&alert=" (alert.id) } { "Propose an exception" }
                    }
                }
            }
            div class="columns" {
                div class="stack" {
                    (why(&alert, app.rules.get(&alert.rule)))
                    @if let Some(signs) = &signs { (signs) }
                    (merged)
                    @if alert.origin.is_none() || !matches.items.is_empty() { (matches_card(&alert, &matches)) }
                    @if let Some((event, found)) = &shown { (event_card(event, found, app.rules.get(&found.rule))) }
                }
                aside class="stack" aria-label="Facts" {
                    (facts(&alert, &names))
                    @if actor.may(Permission::ReadIncident) { div hx-get={ "/incidents/like?alert=" (alert.id) } hx-trigger="load" hx-select="#similar-incidents" hx-swap="innerHTML" hx-target="this" {} }
                    (similar_card(&similar))
                    (history_card(&history, &names))
                }
            }
        }
    };
    Ok(frame::page(&app, &actor, Nav::Alerts, &alert.title, &["alerts"], &content).await)
}

fn head(actor: &Actor, alert: &Alert) -> Markup {
    // What is merged is dealt with on its lead's page.
    let triages = actor.may(Permission::TriageAlerts) && alert.merged_into.is_none();
    let waits =
        matches!(alert.status, AlertStatus::New | AlertStatus::Acknowledged) && alert.merged_into.is_none();
    html! {
        header class="page-head" {
            div class="page-title" {
                nav aria-label="Where you are" { ol class="breadcrumb" { li { a href="/" { "Alerts" } } li { (alert.id) } } }
                h1 { (alert.title) }
                div class="page-meta" {
                    (parts::severity(alert.severity)) (status(alert))
                    span { "on " (risk::link(&alert.entity)) }
                    span { (alert.count) @if alert.count == 1 { " event" } @else { " events" } ", last " (parts::ago(alert.last_seen)) }
                }
            }
            div class="page-actions" {
                @if triages && alert.status == AlertStatus::New {
                    form method="post" action={ "/alerts/" (alert.id) "/acknowledge" } data-done={ (alert.id) " acknowledged" } { button class="button" type="submit" data-key="a" { (parts::icon("check")) "Acknowledge" } }
                }
                @if triages && waits { a class="button" href={ "/alerts/dismiss?alert=" (alert.id) } { (parts::icon("x")) "Dismiss" } }
                @if triages { a class="button" href={ "/suppressions/new?alert=" (alert.id) } { (parts::icon("skip")) "Suppress" } }
                @if waits && actor.may(Permission::DeclareIncident) {
                    a class="button" data-kind="primary" href={ "/incidents/declare?alert=" (alert.id) } data-key="d" { (parts::icon("flag")) "Declare incident" }
                }
                @if triages && alert.status == AlertStatus::Dismissed {
                    form method="post" action={ "/alerts/" (alert.id) "/reopen" } data-done={ (alert.id) " is back in the queue" } { button class="button" type="submit" { "Reopen" } }
                }
            }
        }
    }
}

fn why(alert: &Alert, rule: Option<&std::sync::Arc<KnownRule>>) -> Markup {
    html! {
        section class="card" aria-labelledby="why" {
            div class="card-head" {
                h2 id="why" { @if alert.origin.is_some() { "What was reported" } @else { "Why this fired" } }
                @if rule.is_some() { a class="small" href={ "/rules/" (encode(&alert.rule)) } { "The rule" } }
            }
            div class="card-body prose" {
                @match rule {
                    Some(rule) => {
                        @if let Some(text) = &rule.description { p { (text) } }
                        @if !rule.false_positives.is_empty() {
                            p { strong { "Harmless when: " } (rule.false_positives.join("; ")) }
                        }
                    }
                    None if alert.origin.is_some() => (reported(alert)),
                    None if alert.rule == risk::RULE => p { "Several rules saw signs of " (risk::link(&alert.entity)) " that together crossed the threshold of risk. None of them alone need be grave. " a href="/entities/settings" { "How risk is reckoned" } },
                    None => p class="muted" { "The rule that fired (" code { (alert.rule) } ") is not in use any more." },
                }
            }
        }
    }
}

/// What came from outside, paragraph by paragraph and as it is: it is never taken for markup.
fn reported(alert: &Alert) -> Markup {
    let text = alert.description.as_deref().unwrap_or_default();
    html! {
        @if text.trim().is_empty() { p class="muted" { "Nothing more was told." } }
        @for line in text.lines().filter(|line| !line.trim().is_empty()) { p { (line) } }
    }
}

fn matches_card(alert: &Alert, matches: &Page<Match>) -> Markup {
    html! {
        section class="card" aria-labelledby="matches" {
            div class="card-head" { h2 id="matches" { "Matched events" } span class="muted" { (matches.items.len()) " of " (alert.count) ", the latest first" } }
            div class="table-scroll" role="region" aria-label="Table of matched events" tabindex="0" {
                table class="table" {
                    thead { tr { th { "When" } th { "Event" } th { @if alert.origin.is_none() { "What the rule found" } @else { "What was found" } } } }
                    tbody {
                        @for one in &matches.items {
                            tr data-href={ "/events/" (one.event) } {
                                td data-type="time" { (parts::time(one.at)) }
                                td { a class="row-link" href={ "/events/" (one.event) } { (one.event) } }
                                td class="cell-main" {
                                    @for found in &one.found {
                                        div { @if let Some(field) = &found.field { span class="muted" { (field) ": " } } mark class="mono" { (found.value) } }
                                    }
                                }
                            }
                        }
                    }
                }
            }
            @if let Some(told) = super::matches::told(alert.count) { div class="card-body" { p class="muted" { (told) } } }
            (parts::next_page(&format!("/alerts/{}?cursor=", alert.id), matches.next.as_deref()))
        }
    }
}

fn event_card(event: &StoredEvent, found: &Match, rule: Option<&std::sync::Arc<KnownRule>>) -> Markup {
    let matched = |name: &str, _: &str| found.found.iter().any(|found| found.field.as_deref() == Some(name));
    html! {
        section class="card" aria-labelledby="event" {
            div class="card-head" { h2 id="event" { "The first of these in full" } a class="small" href={ "/events/" (event.id) } { (event.id) } }
            (event::page::fields_table(event, matched))
            @if let Some(rule) = rule {
                div class="card-foot" { a class="button" data-size="small" href={ "/rules/" (encode(&rule.id)) "?event=" (event.id) "#try" } { "Explain the match" } }
            }
        }
    }
}

/// Techniques with their names in ATT&CK.
pub(super) fn techniques(ids: &[String]) -> Markup {
    html! {
        @if ids.is_empty() { span class="muted" { "none named" } }
        @for id in ids {
            div { @if let Some(name) = technique_name(id) { (name) " " } span class="badge" data-kind="code" { (id) } }
        }
    }
}

fn facts(alert: &Alert, names: &HashMap<UserId, String>) -> Markup {
    html! {
        section class="card" aria-labelledby="facts" {
            div class="card-head" { h2 id="facts" { "Facts" } }
            div class="card-body" {
                dl class="facts" data-layout="stacked" {
                    dt { (alert.entity.kind().label()) } dd { (risk::link(&alert.entity)) }
                    @for part in &alert.grouped { dt { "Grouped by " (part.by) } dd class="break" { @if part.value.is_empty() { span class="muted" { "none" } } @else { (part.value) } } }
                    @if let Some(origin) = &alert.origin { dt { "Reported by" } dd { (origin) } }
                    @if let Some(reference) = &alert.reference { dt { "Known there as" } dd class="mono" { (reference) } }
                    dt { "Techniques" } dd { (techniques(&alert.techniques)) }
                    @if !alert.tactics.is_empty() { dt { "Tactics" } dd { (parts::tactics(&alert.tactics)) } }
                    dt { "First seen" } dd { (parts::time(alert.first_seen)) }
                    dt { "Last seen" } dd { (parts::time(alert.last_seen)) }
                    dt { "Raised" } dd { (parts::time(alert.created_at)) }
                    @if let Some(kind) = alert.suggested_type { dt { "Suggested incident type" } dd { (kind.label()) } }
                    @if let Some(user) = alert.acknowledged_by {
                        dt { "Acknowledged by" } dd { (parts::person(names.get(&user).map_or("somebody", String::as_str))) }
                    }
                }
            }
        }
    }
}

/// Other alerts that are like it, with the reasons.
fn similar_card(similar: &[AlikeAlert]) -> Markup {
    html! {
        @if !similar.is_empty() {
            section class="card" aria-labelledby="similar" {
                div class="card-head" { h2 id="similar" { "Similar alerts" } span class="muted" { (similar.len()) } }
                ul class="lines" {
                    @for one in similar {
                        li id={ "like-" (one.alert.id) } {
                            div class="line-main" {
                                a href={ "/alerts/" (one.alert.id) } { (one.alert.id) " " (one.alert.title) }
                                p class="line-sub" { (one.reasons.join("; ")) }
                            }
                            span class="line-end" { (status(&one.alert)) }
                        }
                    }
                }
            }
        }
    }
}

fn history_card(history: &[Act], names: &HashMap<UserId, String>) -> Markup {
    html! {
        section class="card" aria-labelledby="history" {
            div class="card-head" { h2 id="history" { "History" } span class="muted" { "from the ledger" } }
            div class="card-body" {
                ul class="changes" {
                    @for act in history { li data-change="same" { span { (words(act)) " by " (name(act, names)) ", " (parts::ago(act.at)) } } }
                }
            }
        }
    }
}

fn words(act: &Act) -> &str {
    match act.act.as_str() {
        "alert.raise" => "Raised from what was sent",
        "alert.acknowledge" => "Acknowledged",
        "alert.dismiss" => "Dismissed",
        "alert.reopen" => "Reopened",
        "alert.merge" => "Merged into another",
        "alert.unmerge" => "Taken out of the other",
        "alert.lead" => "Others merged into this",
        "alert.let_go" => "Parted from merged ones",
        "alert.take_in" => "Taken into an incident",
        other => other,
    }
}

fn name<'a>(act: &'a Act, names: &'a HashMap<UserId, String>) -> &'a str {
    match act.actor.parse::<UserId>() {
        Ok(user) => names.get(&user).map_or(act.actor.as_str(), String::as_str),
        Err(_) => "Watchbell",
    }
}

async fn acknowledge(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<AlertId>,
    Form(form): Form<Pairs>,
) -> Result<Response> {
    super::acknowledge(&app, &actor, id).await?;
    let to = if value(&form, "to") == Some("queue") { "/".to_owned() } else { format!("/alerts/{id}") };
    Ok(Redirect::to(&to).into_response())
}

async fn reopen(State(app): State<App>, Who(actor): Who, Path(id): Path<AlertId>) -> Result<Response> {
    super::reopen(&app, &actor, id).await?;
    Ok(Redirect::to(&format!("/alerts/{id}")).into_response())
}

async fn dismiss(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<AlertId>,
    Form(form): Form<Pairs>,
) -> Result<Response> {
    // Whether there is such an alert comes before what is wrong with the form.
    super::get(&app, &actor, id).await?;
    let (verdict, reason) = dismissal(&form)?;
    super::dismiss(&app, &actor, id, verdict, reason).await?;
    Ok(Redirect::to(&format!("/alerts/{id}")).into_response())
}

async fn acknowledge_all(
    State(app): State<App>,
    Who(actor): Who,
    Form(form): Form<Pairs>,
) -> Result<Response> {
    super::acknowledge_all(&app, &actor, chosen(&form)?).await?;
    Ok(Redirect::to("/").into_response())
}

async fn dismiss_all(State(app): State<App>, Who(actor): Who, Form(form): Form<Pairs>) -> Result<Response> {
    let (verdict, reason) = dismissal(&form)?;
    super::dismiss_all(&app, &actor, chosen(&form)?, verdict, reason).await?;
    Ok(Redirect::to("/").into_response())
}

fn dismissal(form: &Pairs) -> Result<(Verdict, &str)> {
    let verdict = value(form, "verdict").unwrap_or_default().parse()?;
    Ok((verdict, value(form, "reason").unwrap_or_default()))
}

/// Asks for the verdict and the reason of a dismissal, of one alert or of many.
async fn dismiss_form(State(app): State<App>, Who(actor): Who, Query(query): Query<Pairs>) -> Result<Markup> {
    let mut alerts = Vec::new();
    for id in chosen(&query)? {
        alerts.push(super::get(&app, &actor, id).await?);
    }
    let content = html! {
        header class="page-head" { div class="page-title" {
            nav aria-label="Where you are" { ol class="breadcrumb" { li { a href="/" { "Alerts" } } li { "Dismiss" } } }
            h1 { @if alerts.len() == 1 { "Dismiss an alert" } @else { "Dismiss " (alerts.len()) " alerts" } }
            p class="page-sub" { "They leave the queue. They stay in the ledger with your name and reason, and can be reopened." }
        } }
        form class="form" method="post" action="/alerts/dismiss" data-done=[(!alerts.is_empty()).then(|| if alerts.len() == 1 { "One alert dismissed".to_owned() } else { format!("{} alerts dismissed", alerts.len()) })] {
            ul class="stack-s" {
                @for alert in &alerts {
                    li {
                        input type="hidden" name="alert" value=(alert.id);
                        (parts::severity(alert.severity)) " " a href={ "/alerts/" (alert.id) } { (alert.title) } " on " span class="observable" { (alert.entity.name()) }
                    }
                }
            }
            fieldset {
                legend { "What was it?" }
                div class="choices" {
                    @for verdict in Verdict::ALL {
                        label class="choice" {
                            input type="radio" name="verdict" value=(verdict.as_str()) required checked[*verdict == Verdict::FalsePositive];
                            span class="choice-name" { (verdict.label()) }
                            span class="choice-text" { (meaning(*verdict)) }
                        }
                    }
                }
            }
            div class="field" { label for="reason" { "Why" } textarea id="reason" name="reason" rows="3" required maxlength="20000" {} }
            div class="form-actions" { button class="button" data-kind="primary" type="submit" { "Dismiss" } a class="button" href="/" { "Cancel" } }
        }
    };
    Ok(frame::page(&app, &actor, Nav::Alerts, "Dismiss", &[], &content).await)
}

fn meaning(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::TruePositive => "It was what the rule says, and no incident is needed for it.",
        Verdict::FalsePositive => "The rule was wrong.",
        Verdict::Benign => "The rule was right, and what it saw is allowed.",
        Verdict::Duplicate => "Another alert is about the same.",
    }
}

//! The page of an entity, and what other pages show of risk.

use axum::extract::State;
use domain::{Actor, AlertId, Entity, EntityKind};
use maud::{Markup, html};

use super::{EntityDetail, EntityRisk, RULE, Sign};
use crate::alert::page::{encode, status};
use crate::alert::{Alert, noise};
use crate::app::App;
use crate::error::{Error, Result};
use crate::web::chart::line;
use crate::web::extract::{Path, Who};
use crate::web::frame::{self, Nav};
use crate::web::parts;

/// An entity with the way to its page; nobody in particular has none.
pub fn link(entity: &Entity) -> Markup {
    html! {
        @if entity.kind() == EntityKind::Unknown { span class="observable" { (entity.name()) } }
        @else { a class="observable" href=(address(entity)) { (entity.name()) } }
    }
}

pub fn address(entity: &Entity) -> String {
    format!("/entities/{}/{}", entity.kind(), encode(entity.name()))
}

/// A score as a number, with the threshold where it is crossed.
pub fn score(points: f64, threshold: i64) -> Markup {
    let is_over = points >= threshold as f64;
    html! { span class={ "number " @if is_over { "bad" } } { (format!("{points:.0}")) @if is_over { span class="visually-hidden" { " (over the threshold)" } } } }
}

/// What stands before `{kind}/{name}`: a name that is none is the name of nothing.
pub fn entity(kind: EntityKind, name: &str) -> Result<Entity> {
    Entity::new(kind, name).map_err(|_| Error::NotFound("entity"))
}

pub async fn one(
    State(app): State<App>,
    Who(actor): Who,
    Path((kind, name)): Path<(EntityKind, String)>,
) -> Result<Markup> {
    let entity = entity(kind, &name)?;
    let detail = super::get(&app, &actor, &entity).await?;
    let risk = &detail.risk;
    let here = address(&entity);
    let content = html! {
        div id="entity" data-refresh="entities" hx-get=(here) hx-select="#entity" hx-swap="outerHTML" hx-trigger="live:entities from:body, live:alerts from:body" {
            header class="page-head" {
                div class="page-title" {
                    nav aria-label="Where you are" { ol class="breadcrumb" { li { a href="/entities" { "Entities" } } li { (entity.name()) } } }
                    h1 class="break" { (entity.name()) }
                    div class="page-meta" {
                        span { (entity.kind().label()) }
                        span { "Risk " strong { (score(risk.score, detail.threshold)) } " of " (detail.threshold) }
                        @if let Some(at) = risk.last_seen { span { "last seen " (parts::ago(at)) } }
                    }
                }
                div class="page-actions" { a class="button" href={ "/?status=all&q=" (encode(entity.name())) } { "All its alerts" } }
            }
            div class="columns" {
                div class="stack" {
                    (course_card(&detail))
                    (signs_card(&detail.signs, "Signs", "What rules saw of it, the latest first", true))
                    (alerts_card(&detail.alerts))
                }
                aside class="stack" aria-label="Facts" { (facts(&detail)) (incidents_card(&detail.alerts)) }
            }
        }
    };
    Ok(frame::page(&app, &actor, Nav::Entities, entity.name(), &["entities", "alerts"], &content).await)
}

fn course_card(detail: &EntityDetail) -> Markup {
    let values: Vec<f64> = detail.course_of_30_days.iter().map(|point| point.score).collect();
    let day = |point: Option<&super::Point>| {
        point.map(|point| point.at.strftime("%Y-%m-%d").to_string()).unwrap_or_default()
    };
    let (begin, end) = (day(detail.course_of_30_days.first()), day(detail.course_of_30_days.last()));
    let most = values.iter().copied().fold(0.0, f64::max);
    let label =
        format!("Risk from {begin} to {end}: at most {most:.0}, the threshold is {}", detail.threshold);
    html! {
        section class="card" aria-labelledby="course" {
            div class="card-head" { h2 id="course" { "Risk over time" } span class="muted" { "30 days" } }
            div class="card-body" {
                @if detail.signs.is_empty() { p class="muted" { "No rule has seen a sign of it since risk is reckoned. Its alerts are below." } }
                @else { (line(&values, 640, 140, Some(detail.threshold as f64), &label, Some((&begin, &end)))) }
            }
        }
    }
}

/// Signs as a table. Those that count no more say why.
fn signs_card(signs: &[Sign], title: &str, sub: &str, with_state: bool) -> Markup {
    html! {
        section class="card" aria-labelledby="signs" {
            div class="card-head" { h2 id="signs" { (title) } span class="muted" { (sub) } }
            @if signs.is_empty() { div class="card-body" { p class="muted" { "None." } } } @else {
                div class="table-scroll" role="region" aria-label={ "Table: " (title.to_lowercase()) } tabindex="0" {
                    table class="table" data-narrow="stack" {
                        thead { tr { th { "Level" } th { "Rule" } th data-type="number" { "Points" } th data-type="number" { "Detections" } th { "Event" } th { "Alert" } th { "Last seen" } } }
                        tbody {
                            @for sign in signs {
                                tr {
                                    td data-label="Level" { (parts::severity(sign.severity)) }
                                    td class="cell-main" {
                                        a class="row-link" href={ "/rules/" (encode(&sign.rule)) } { (sign.title) }
                                        span class="cell-sub" {
                                            @if with_state && sign.cleared { "ended by a verdict" }
                                            @else if with_state && sign.in_incident { "dealt with in an incident" }
                                            @else { (sign.techniques.join(", ")) @if sign.confidence < 0.995 { @if !sign.techniques.is_empty() { ", " } "believed to " (noise::percent(sign.confidence)) } }
                                        }
                                    }
                                    td data-type="number" data-label="Points" { @if with_state && !sign.counts() { s class="muted" { (format!("{:.0}", sign.points)) } } @else { (format!("{:.0}", sign.points)) } }
                                    td data-type="number" data-label="Detections" { (sign.count) }
                                    td class="nowrap" { a href={ "/events/" (sign.event) } { (sign.event) } }
                                    td class="nowrap" { @if let Some(alert) = sign.alert { a href={ "/alerts/" (alert) } { (alert) } } @else { span class="muted" { "none" } } }
                                    td data-type="time" data-label="Last seen" { (parts::ago(sign.last_seen)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn alerts_card(alerts: &[Alert]) -> Markup {
    html! {
        section class="card" aria-labelledby="alerts" {
            div class="card-head" { h2 id="alerts" { "Alerts about it" } span class="muted" { (alerts.len()) } }
            @if alerts.is_empty() { div class="card-body" { p class="muted" { "None. Its signs are in alerts about something else, or raised none." } } } @else {
                div class="table-scroll" role="region" aria-label="Alerts about this entity" tabindex="0" {
                    table class="table" data-narrow="stack" {
                        thead { tr { th { "Severity" } th { "Alert" } th data-type="number" { "Events" } th { "Last seen" } th { "Status" } } }
                        tbody {
                            @for alert in alerts {
                                tr data-href={ "/alerts/" (alert.id) } data-severity=(alert.severity.as_str()) {
                                    td data-label="Severity" { (parts::severity(alert.severity)) }
                                    td class="cell-main" { a class="row-link" href={ "/alerts/" (alert.id) } { (alert.title) } span class="cell-sub" { (alert.id) } }
                                    td data-type="number" data-label="Events" { (alert.count) }
                                    td data-type="time" data-label="Last seen" { (parts::ago(alert.last_seen)) }
                                    td data-label="Status" { (status(alert)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn facts(detail: &EntityDetail) -> Markup {
    let EntityRisk { score: now, breadth, rules, peak, peak_at, first_seen, last_seen, .. } = &detail.risk;
    html! {
        section class="card" aria-labelledby="facts" {
            div class="card-head" { h2 id="facts" { "Facts" } }
            div class="card-body" {
                dl class="facts" data-layout="stacked" {
                    dt { "Risk now" } dd { (score(*now, detail.threshold)) @if *rules > 0 { " " span class="muted" { "by " (rules) @if *rules == 1 { " rule" } @else { " rules" } ", × " (format!("{breadth:.2}")) " for their variety" } } }
                    @if let Some(at) = peak_at { dt { "Highest" } dd { (score(*peak, detail.threshold)) " " span class="muted" { (parts::ago(*at)) } } }
                    @if let Some(at) = first_seen { dt { "First seen" } dd { (parts::time(*at)) } }
                    @if let Some(at) = last_seen { dt { "Last seen" } dd { (parts::time(*at)) } }
                }
                p class="small gap-top" { a href="/entities/settings" { "How risk is reckoned" } }
            }
        }
    }
}

/// The incidents that its alerts are in, as far as the reader may know of them.
fn incidents_card(alerts: &[Alert]) -> Markup {
    let mut incidents: Vec<_> = alerts.iter().filter_map(|alert| alert.incident).collect();
    incidents.sort_unstable();
    incidents.dedup();
    html! {
        @if !incidents.is_empty() {
            section class="card" aria-labelledby="incidents" {
                div class="card-head" { h2 id="incidents" { "Incidents" } }
                div class="card-body" { div class="row" { @for incident in &incidents { a class="button" data-size="small" href={ "/incidents/" (incident) } { (incident) } } } }
            }
        }
    }
}

/// On a risk alert's page: the signs that it lists.
pub async fn alert_card(app: &App, actor: &Actor, alert: &Alert) -> Result<Option<Markup>> {
    if alert.rule != RULE {
        return Ok(None);
    }
    let signs = super::of_alert(app, actor, AlertId::try_from(alert.id.get())?).await?;
    Ok(Some(signs_card(&signs, "Signs that make it up", "one a rule and day, in the order of time", false)))
}

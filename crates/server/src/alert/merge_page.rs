//! The form that asks which of some alerts is to lead, the forms' targets, and how an alert's page shows
//! what it is merged with.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use domain::{Actor, AlertId, Permission};
use maud::{Markup, html};

use super::page::{Pairs, chosen, status, value};
use super::{Alert, Filter};
use crate::app::App;
use crate::error::{Error, Result};
use crate::web::extract::{Form, Path, Query, Who};
use crate::web::frame::{self, Nav};
use crate::web::paging::PageQuery;
use crate::web::parts;

/// How many merged alerts an alert's page lists.
const SHOWN: u16 = 100;

pub async fn form(State(app): State<App>, Who(actor): Who, Query(query): Query<Pairs>) -> Result<Markup> {
    let mut alerts = Vec::new();
    for id in chosen(&query)? {
        alerts.push(super::get(&app, &actor, id).await?);
    }
    // The gravest that was there first is what the others most likely belong to.
    alerts.sort_by_key(|alert| (std::cmp::Reverse(alert.severity), alert.first_seen, alert.id));
    let content = html! {
        header class="page-head" { div class="page-title" {
            nav aria-label="Where you are" { ol class="breadcrumb" { li { a href="/" { "Alerts" } } li { "Merge" } } }
            h1 { "Merge " (alerts.len()) " alerts into one" }
            p class="page-sub" { "One leads and stands in the queue for all. The others keep their own state and can be taken out again, exactly as they were." }
        } }
        @if alerts.len() < 2 {
            (parts::empty("alert", "One alert alone cannot be merged", "Select two or more in the queue.", Some(("/", "Back to the queue"))))
        } @else {
            form class="form" method="post" action="/alerts/merge" data-done={ (alerts.len()) " alerts merged" } {
                @for alert in &alerts { input type="hidden" name="alert" value=(alert.id); }
                fieldset {
                    legend { "Which one leads?" }
                    div class="choices" {
                        @for (place, alert) in alerts.iter().enumerate() {
                            label class="choice" {
                                input type="radio" name="lead" value=(alert.id) checked[place == 0];
                                span class="choice-name" { (alert.id) " " (alert.title) }
                                span class="choice-text" { (parts::severity(alert.severity)) " on " span class="observable" { (alert.entity.name()) } ", " (alert.count) @if alert.count == 1 { " event" } @else { " events" } }
                            }
                        }
                    }
                }
                div class="form-actions" { button class="button" data-kind="primary" type="submit" { "Merge" } a class="button" href="/" { "Cancel" } }
            }
        }
    };
    Ok(frame::page(&app, &actor, Nav::Alerts, "Merge", &[], &content).await)
}

pub async fn merge(State(app): State<App>, Who(actor): Who, Form(form): Form<Pairs>) -> Result<Response> {
    let alerts = chosen(&form)?;
    let lead = value(&form, "lead").unwrap_or_default();
    let lead: AlertId =
        lead.parse().map_err(|_| Error::Invalid("Choose the alert that leads.".to_owned()))?;
    super::merge::merge(&app, &actor, lead, alerts).await?;
    Ok(Redirect::to(&format!("/alerts/{lead}")).into_response())
}

pub async fn unmerge(State(app): State<App>, Who(actor): Who, Path(id): Path<AlertId>) -> Result<Response> {
    super::merge::unmerge(&app, &actor, id).await?;
    Ok(Redirect::to(&format!("/alerts/{id}")).into_response())
}

/// That an alert is merged into another, on its page.
pub fn notice(actor: &Actor, alert: &Alert) -> Markup {
    html! {
        @if let Some(lead) = alert.merged_into {
            div class="notice" data-level="info" {
                (parts::icon("link"))
                div { strong { "Merged into " a href={ "/alerts/" (lead) } { (lead) } } "It counts and is dealt with there. Its own state is kept." }
                @if actor.may(Permission::TriageAlerts) { (part(alert.id, "Take it out")) }
            }
        }
    }
}

/// What is merged into an alert, on its page.
pub async fn card(app: &App, actor: &Actor, alert: &Alert) -> Result<Markup> {
    if alert.merged == 0 {
        return Ok(html! {});
    }
    let filter = Filter { merged_into: Some(alert.id), ..Filter::default() };
    let page = PageQuery { cursor: None, limit: Some(SHOWN) };
    let members = super::list(app, actor, &filter, &page).await?;
    Ok(html! {
        section class="card" aria-labelledby="merged" {
            div class="card-head" {
                h2 id="merged" { "Merged into this" }
                @if actor.may(Permission::TriageAlerts) { (part(alert.id, "Part them all")) }
            }
            div class="table-scroll" role="region" aria-label="Merged alerts" tabindex="0" {
                table class="table" data-narrow="stack" {
                    thead { tr { th { "Severity" } th { "Alert" } th { "Entity" } th data-type="number" { "Events" } th { "Last seen" } th { "Its own status" } } }
                    tbody {
                        @for member in &members.items {
                            tr data-href={ "/alerts/" (member.id) } {
                                td data-label="Severity" { (parts::severity(member.severity)) }
                                td class="cell-main" { a class="row-link" href={ "/alerts/" (member.id) } { (member.title) } span class="cell-sub" { (member.id) } }
                                td data-label="Entity" { span class="observable" { (member.entity.name()) } }
                                td data-type="number" data-label="Events" { (member.count) }
                                td data-type="time" data-label="Last seen" { (parts::ago(member.last_seen)) }
                                td data-label="Its own status" { (status(member)) }
                            }
                        }
                    }
                }
            }
            @if members.next.is_some() { div class="card-body" { p class="muted" { "The first " (SHOWN) " are shown." } } }
        }
    })
}

fn part(id: AlertId, label: &str) -> Markup {
    html! {
        form method="post" action={ "/alerts/" (id) "/unmerge" } data-done={ (id) " parted" } {
            button class="button" data-size="small" type="submit" { (label) }
        }
    }
}

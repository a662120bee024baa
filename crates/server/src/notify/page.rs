//! The pages: the log of what was sent to whom, the channels with the escalation, and how one is reached oneself.

mod channels;
mod me;

use axum::Router;
use axum::extract::State;
use axum::response::Redirect;
use axum::routing::{get, post};
use domain::notify::DeliveryState;
use domain::{Actor, NotificationId, Permission};
use maud::{Markup, html};

use super::{Delivery, Logged};
use crate::app::App;
use crate::error::Result;
use crate::identity;
use crate::web::extract::{Path, Who};
use crate::web::frame::{self, Nav};
use crate::web::parts;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/notifications", get(log))
        .route("/notifications/{id}/acknowledge", post(acknowledge))
        .route("/notifications/{id}/retry", post(retry))
        .merge(channels::routes())
        .merge(me::routes())
}

async fn log(State(app): State<App>, Who(actor): Who) -> Result<Markup> {
    let logged = super::list(&app, &actor).await?;
    let names = identity::names(&app).await?;
    let content = html! {
        header class="page-head" {
            div class="page-title" { h1 { "Notifications" } p class="muted" { "What was sent to whom, and what came of it" } }
            div class="row" {
                a class="button" href="/settings/me" { "How you are reached" }
                @if actor.may(Permission::ManageUsers) { a class="button" href="/settings/channels" { "Channels" } }
            }
        }
        @if logged.is_empty() {
            (parts::empty("bell", "Nothing was sent yet", "Calls to come, requests for approval and times that ran out are listed here. Say first how you want to be reached.", Some(("/settings/me", "How you are reached"))))
        } @else {
            section class="card" aria-label="Notifications" {
                div class="table-scroll" tabindex="0" role="region" aria-label="Table of notifications" {
                    table class="table" {
                        thead { tr { th { "Message" } th { "To" } th { "Sent by" } th { "State" } th { "When" } th { span class="visually-hidden" { "Actions" } } } }
                        tbody {
                            @for one in &logged {
                                (row(&actor, one, one.notification.person.and_then(|person| names.get(&person)).map_or("A team's channel", String::as_str)))
                            }
                        }
                    }
                }
            }
        }
    };
    Ok(frame::page(&app, &actor, Nav::Settings, "Notifications", &["notifications"], &content).await)
}

fn row(actor: &Actor, one: &Logged, to: &str) -> Markup {
    let told = &one.notification;
    let mine = told.person == actor.user();
    let failed = one.deliveries.iter().any(|delivery| delivery.state == DeliveryState::Failed);
    html! {
        tr {
            th scope="row" {
                @if let Some(incident) = told.incident { a href={ "/incidents/" (incident) } { (told.title) } } @else { (told.title) }
                div class="row" { (parts::severity(told.severity)) span class="muted" { (told.matter.label()) } }
            }
            td { (to) }
            td {
                @if one.deliveries.is_empty() { span class="muted" { "No way to reach them is set up" } }
                @for delivery in &one.deliveries { (way(delivery)) }
            }
            td {
                @if told.acknowledged_at.is_some() { span class="badge" data-status="good" { "Acknowledged" } }
                @else if let Some(why) = &told.settled { span class="muted" { (why) } }
                @else if let Some(next) = told.next_at { "Open, next told " (parts::ago(next)) }
                @else { "Open" }
            }
            td data-type="time" { (parts::ago(told.created_at)) }
            td data-type="actions" {
                @if told.is_open() && mine {
                    form method="post" action={ "/notifications/" (told.id) "/acknowledge" } data-done="Acknowledged" { button class="button" data-size="small" type="submit" { "Acknowledge" } }
                }
                @if failed {
                    form method="post" action={ "/notifications/" (told.id) "/retry" } data-done="It is tried again" { button class="button" data-size="small" type="submit" { "Try again" } }
                }
            }
        }
    }
}

fn way(delivery: &Delivery) -> Markup {
    let status = match delivery.state {
        DeliveryState::Sent => "good",
        DeliveryState::Failed => "bad",
        DeliveryState::Waiting | DeliveryState::Sending | DeliveryState::Needless => "closed",
    };
    html! {
        div {
            span class="badge" data-status=(status) { (delivery.state.label()) } " " (delivery.by)
            @if !delivery.address.is_empty() { " " span class="muted" { (delivery.address) } }
            @if delivery.state == DeliveryState::Waiting && delivery.attempts > 0 { " " span class="muted" { "again " (parts::ago(delivery.due_at)) } }
            @if let Some(answer) = &delivery.answer { div class="help mono" { (answer) } }
        }
    }
}

async fn acknowledge(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<NotificationId>,
) -> Result<Redirect> {
    super::acknowledge(&app, &actor, id).await?;
    Ok(Redirect::to("/notifications"))
}

async fn retry(State(app): State<App>, Who(actor): Who, Path(id): Path<NotificationId>) -> Result<Redirect> {
    super::retry(&app, &actor, id).await?;
    Ok(Redirect::to("/notifications"))
}

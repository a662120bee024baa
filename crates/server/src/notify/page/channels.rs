//! The channels, each with a button that tries it, and the escalation.

use axum::Router;
use axum::extract::State;
use axum::response::Redirect;
use axum::routing::{get, post};
use domain::notify::ChannelKind;
use domain::{Actor, ChannelId};
use maud::{Markup, html};
use serde::Deserialize;

use crate::app::App;
use crate::error::Result;
use crate::notify::channel::{self, Told};
use crate::notify::settings::{self, Channel, NewChannel};
use crate::plan;
use crate::web::extract::{Form, Path, Who};
use crate::web::frame::{self, Nav};
use crate::web::parts;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/settings/channels", get(channels).post(add))
        .route("/settings/channels/{channel}", post(switch))
        .route("/settings/channels/{channel}/test", post(test))
        .route("/settings/escalation", post(escalation))
}

async fn channels(State(app): State<App>, Who(actor): Who) -> Result<Markup> {
    draw(&app, &actor, None).await
}

async fn draw(app: &App, actor: &Actor, told: Option<(ChannelId, Told)>) -> Result<Markup> {
    let channels = settings::channels(app).await?;
    let policy = settings::policy(app).await?;
    let now = plan::in_force(app).await?;
    let roles: Vec<&str> = now.plan.roles.iter().map(|role| role.id.as_str()).collect();
    let content = html! {
        header class="page-head" {
            div class="page-title" { h1 { "Channels" } p class="muted" { "The ways by which messages go out" } }
            div class="row" { a class="button" href="/settings" { "Settings" } a class="button" href="/notifications" { "Notifications" } }
        }
        @if let Some((id, told)) = &told { (answer(*id, told)) }
        div class="stack" {
            section class="card" aria-labelledby="channels" {
                div class="card-head" { h2 id="channels" { "Channels" } span class="muted" { (channels.len()) } }
                @if channels.is_empty() {
                    div class="empty" { (parts::icon("bell")) h3 { "Nobody can be reached yet" } p { "Set up a way below. With e-mail everybody is reached at their account's address without doing anything." } }
                } @else { (table(&channels)) }
            }
            section class="card" aria-labelledby="new" {
                div class="card-head" { h2 id="new" { "Set up a channel" } }
                div class="card-body" {
                    p class="help" { "The secret is kept sealed and never shown again. Hosts within your own walls are reached only where the server was started with their names after " code { "--reach" } "." }
                    @for kind in channel::KINDS { (form(kind)) }
                }
            }
            section class="card" aria-labelledby="escalation" {
                div class="card-head" { h2 id="escalation" { "When nobody answers" } }
                div class="card-body" {
                    form class="form" method="post" action="/settings/escalation" data-done="The escalation is set" {
                        div class="field" {
                            label for="steps" { "Steps" }
                            textarea id="steps" name="steps" rows="5" class="mono" aria-describedby="steps-help" placeholder="10 incident_commander" { (policy) }
                            p class="help" id="steps-help" {
                                "One step a line: the minutes since the first message, and who is told then: a role of the plan, a person such as USR-1, or a channel such as CHN-1. An acknowledgement ends it. Roles: " (roles.join(", ")) "."
                            }
                        }
                        div class="form-actions" { button class="button" data-kind="primary" type="submit" { "Set" } }
                    }
                }
            }
        }
    };
    Ok(frame::page(app, actor, Nav::Settings, "Channels", &[], &content).await)
}

fn answer(id: ChannelId, told: &Told) -> Markup {
    let level = if told.sent { "good" } else { "error" };
    html! {
        div class="notice" data-level=(level) role="status" {
            (parts::icon(if told.sent { "check" } else { "alert" }))
            div { strong { @if told.sent { (id) " took the message." } @else { (id) " did not take the message." } } p class="mono" { (told.answer) } }
        }
    }
}

fn table(channels: &[Channel]) -> Markup {
    html! {
        div class="table-scroll" tabindex="0" role="region" aria-label="Table of channels" {
            table class="table" {
                thead { tr { th { "Channel" } th { "Kind" } th { "Address" } th { "State" } th { "Try it" } th { span class="visually-hidden" { "Switch" } } } }
                tbody {
                    @for one in channels {
                        tr {
                            th scope="row" { (one.name) div class="muted mono" { (one.id) } }
                            td { (one.kind.label()) }
                            td { span class="mono" { (one.address) } @if !one.detail.is_empty() { div class="muted" { (one.detail) } } }
                            td { @if one.active { span class="badge" data-status="good" { "On" } } @else { span class="badge" data-status="closed" { "Off" } } }
                            td {
                                form class="row" method="post" action={ "/settings/channels/" (one.id) "/test" } data-plain="" {
                                    @if let Some(contact) = channel::kind(one.kind).and_then(|kind| kind.contact) {
                                        input name="to" required aria-label={ (contact) " to which " (one.name) " is tried" } placeholder=(contact);
                                    } @else { input type="hidden" name="to" value=""; }
                                    button class="button" data-size="small" type="submit" { "Send a test" }
                                }
                            }
                            td data-type="actions" {
                                form method="post" action={ "/settings/channels/" (one.id) } data-done="Saved" {
                                    input type="hidden" name="active" value=(!one.active);
                                    button class="button" data-size="small" type="submit" { @if one.active { "Switch off" } @else { "Switch on" } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn form(kind: &channel::Kind) -> Markup {
    let word = kind.kind.as_str();
    let field = |name: &str, label: &str, secret: bool| {
        let id = format!("{word}-{name}");
        html! { @if !label.is_empty() {
            div class="field" { label for=(id) { (label) } input id=(id) name=(name) type=(if secret { "password" } else { "text" }) autocomplete="off"; }
        } }
    };
    html! {
        details {
            summary class="button" { (parts::icon("plus")) (kind.kind.label()) }
            form class="form" method="post" action="/settings/channels" data-done="The channel is set up; try it" {
                input type="hidden" name="kind" value=(word);
                (field("name", "Name", false))
                (field("address", kind.address, false))
                (field("detail", kind.detail, false))
                (field("secret", kind.secret, true))
                div class="form-actions" { button class="button" data-kind="primary" type="submit" { "Set up" } }
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChannelForm {
    kind: ChannelKind,
    name: String,
    address: String,
    #[serde(default)]
    detail: String,
    #[serde(default)]
    secret: String,
}

async fn add(State(app): State<App>, Who(actor): Who, Form(form): Form<ChannelForm>) -> Result<Redirect> {
    let ChannelForm { kind, name, address, detail, secret } = form;
    settings::add_channel(&app, &actor, NewChannel { kind, name, address, detail, secret }).await?;
    Ok(Redirect::to("/settings/channels"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SwitchForm {
    active: bool,
}

async fn switch(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<ChannelId>,
    Form(form): Form<SwitchForm>,
) -> Result<Redirect> {
    settings::switch_channel(&app, &actor, id, form.active).await?;
    Ok(Redirect::to("/settings/channels"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TestForm {
    #[serde(default)]
    to: String,
}

async fn test(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<ChannelId>,
    Form(form): Form<TestForm>,
) -> Result<Markup> {
    let told = settings::test_channel(&app, &actor, id, &form.to).await?;
    draw(&app, &actor, Some((id, told))).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepsForm {
    steps: String,
}

async fn escalation(
    State(app): State<App>,
    Who(actor): Who,
    Form(form): Form<StepsForm>,
) -> Result<Redirect> {
    settings::set_policy(&app, &actor, &form.steps).await?;
    Ok(Redirect::to("/settings/channels"))
}

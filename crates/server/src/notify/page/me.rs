//! How one is reached oneself: by which channels for which matters, and in which hours not.

use axum::Router;
use axum::extract::State;
use axum::response::Redirect;
use axum::routing::{get, post};
use domain::notify::Matter;
use domain::{ChannelId, Severity};
use maud::{Markup, html};
use serde::Deserialize;

use crate::app::App;
use crate::error::Result;
use crate::notify::channel;
use crate::notify::settings::{self, Quiet};
use crate::web::extract::{Form, Path, Who};
use crate::web::frame::{self, Nav};
use crate::web::parts;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/settings/me", get(me))
        .route("/settings/me/contacts", post(add))
        .route("/settings/me/contacts/{number}/remove", post(remove))
        .route("/settings/me/quiet", post(quiet))
}

async fn me(State(app): State<App>, Who(actor): Who) -> Result<Markup> {
    let points = settings::points(&app, &actor).await?;
    let channels: Vec<_> =
        settings::channels(&app).await?.into_iter().filter(|channel| channel.active).collect();
    let hours = settings::quiet(&app, &actor).await?;
    let content = html! {
        header class="page-head" {
            div class="page-title" { h1 { "How you are reached" } }
            div class="row" { a class="button" href="/settings" { "Settings" } a class="button" href="/notifications" { "Notifications" } }
        }
        div class="stack" {
            section class="card" aria-labelledby="points" {
                div class="card-head" { h2 id="points" { "Where" } }
                div class="card-body" {
                    @if points.is_empty() { p { "You said nothing yet: you get mail at your account's address, if mail is set up." } }
                    @else {
                        ul class="stack" {
                            @for point in &points {
                                li class="row" {
                                    strong { (point.by) } span { (point.address) }
                                    span class="muted" { @if point.matters.is_empty() { "everything" } @else { (point.matters.iter().map(|matter| matter.label()).collect::<Vec<_>>().join(", ")) } }
                                    form method="post" action={ "/settings/me/contacts/" (point.id) "/remove" } data-done="Removed" { button class="button" data-size="small" type="submit" aria-label={ "Remove " (point.by) " " (point.address) } { "Remove" } }
                                }
                            }
                        }
                    }
                    @if channels.is_empty() { p class="help" { "No channel is set up. An administrator does that under Settings, Channels." } }
                    @for one in &channels {
                        details {
                            summary class="button" { (parts::icon("plus")) (one.name) }
                            form class="form" method="post" action="/settings/me/contacts" data-done="You are reached there" {
                                input type="hidden" name="channel" value=(one.id);
                                @match channel::kind(one.kind).and_then(|kind| kind.contact) {
                                    Some(contact) => { div class="field" { label for={ "address-" (one.id) } { (contact) } input id={ "address-" (one.id) } name="address" required; } }
                                    None => { p class="help" { "A team reads this channel; messages for you go there as well." } }
                                }
                                fieldset class="field" {
                                    legend { "What for (nothing chosen: everything)" }
                                    @for matter in Matter::ALL { label class="row" { input type="checkbox" name=(matter.as_str()) value="true"; (matter.label()) } }
                                }
                                div class="form-actions" { button class="button" type="submit" { "Add" } }
                            }
                        }
                    }
                }
            }
            section class="card" aria-labelledby="quiet" {
                div class="card-head" { h2 id="quiet" { "Quiet hours" } }
                div class="card-body" { (quiet_form(hours.as_ref())) }
            }
        }
    };
    Ok(frame::page(&app, &actor, Nav::Settings, "How you are reached", &[], &content).await)
}

fn quiet_form(hours: Option<&Quiet>) -> Markup {
    let value = |of: fn(&Quiet) -> &str, usual: &'static str| hours.map_or(usual, of).to_owned();
    let breaks = hours.map_or(Severity::High, |hours| hours.breaks);
    html! {
        form class="form" method="post" action="/settings/me/quiet" data-done="Saved" {
            div class="field-row" {
                div class="field" { label for="from" { "From" } input id="from" name="from" type="time" required value=(value(|hours| &hours.from, "00:00")); }
                div class="field" { label for="to" { "To" } input id="to" name="to" type="time" required value=(value(|hours| &hours.to, "00:00")); }
            }
            div class="field-row" {
                div class="field" { label for="zone" { "Time zone" } input id="zone" name="zone" required value=(value(|hours| &hours.zone, "UTC")) aria-describedby="zone-help"; p class="help" id="zone-help" { "Such as Europe/Berlin" } }
                div class="field" {
                    label for="breaks" { "Disturb from this severity on" }
                    select id="breaks" name="breaks" { @for severity in Severity::ALL { option value=(severity.as_str()) selected[*severity == breaks] { (severity.label()) } } }
                }
            }
            div class="form-actions" { button class="button" type="submit" { "Save" } }
            p class="help" { "What comes in these hours is sent at their end. The same time twice: no quiet hours." }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PointForm {
    channel: ChannelId,
    #[serde(default)]
    address: String,
    #[serde(default)]
    muster: bool,
    #[serde(default)]
    approval: bool,
    #[serde(default)]
    clock: bool,
    #[serde(default)]
    mention: bool,
}

async fn add(State(app): State<App>, Who(actor): Who, Form(form): Form<PointForm>) -> Result<Redirect> {
    let chosen = [
        (Matter::Muster, form.muster),
        (Matter::Approval, form.approval),
        (Matter::Clock, form.clock),
        (Matter::Mention, form.mention),
    ];
    let matters = chosen.into_iter().filter(|(_, on)| *on).map(|(matter, _)| matter).collect();
    settings::add_point(&app, &actor, form.channel, &form.address, matters).await?;
    Ok(Redirect::to("/settings/me"))
}

async fn remove(State(app): State<App>, Who(actor): Who, Path(number): Path<i64>) -> Result<Redirect> {
    settings::remove_point(&app, &actor, number).await?;
    Ok(Redirect::to("/settings/me"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QuietForm {
    zone: String,
    from: String,
    to: String,
    breaks: Severity,
}

async fn quiet(State(app): State<App>, Who(actor): Who, Form(form): Form<QuietForm>) -> Result<Redirect> {
    let QuietForm { zone, from, to, breaks } = form;
    settings::set_quiet(&app, &actor, Quiet { zone, from, to, breaks }).await?;
    Ok(Redirect::to("/settings/me"))
}

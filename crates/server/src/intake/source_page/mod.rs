//! The pages of sources: all of them, one of them, and what of it could not be read.

mod chart;
mod connect;

use std::collections::HashMap;

use axum::Router;
use axum::extract::State;
use axum::response::Redirect;
use axum::routing::{get, post};
use domain::{Actor, Permission, SourceId, SourceKind, SourceState};
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};
use serde::Deserialize;

use crate::app::App;
use crate::error::{Error, Result};
use crate::event::page::bytes_view;
use crate::event::quarantine::{self, HeldRecord, HeldState, Which};
use crate::event::{self, Delivery};
use crate::source::mapping::{self, Version};
use crate::source::{self, Edit, Rate, Silence, Source};
use crate::web::extract::{Form, Path, Query, Who};
use crate::web::frame::{self, Nav};
use crate::web::paging::{Page, PageQuery};
use crate::web::parts;
use chart::chart;
use connect::connect;

/// How many deliveries and held records a source's page shows.
const SHOWN: u16 = 10;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/sources", get(list))
        .route("/sources/{id}", get(one).post(edit))
        .route("/sources/{id}/replay", post(replay))
        .route("/sources/{id}/discard", post(discard))
        .route("/quarantine/{number}", get(record))
}

async fn list(State(app): State<App>, Who(actor): Who, Query(page): Query<PageQuery>) -> Result<Markup> {
    let sources = source::list(&app, &actor, false, &page).await?;
    let rates = source::rates_of(&app, &actor, &sources.items).await?;
    let address = match &page.cursor {
        Some(cursor) => format!("/sources?cursor={cursor}"),
        None => "/sources".to_owned(),
    };
    let now = app.clock.now();
    let content = html! {
        header class="page-head" {
            div class="page-title" {
                h1 { "Sources" }
                p class="page-sub" { "Who sends telemetry again and again: how much, how late, and who fell silent." }
            }
        }
        div class="stack" {
            div id="sources" data-refresh="sources" hx-get=(address) hx-select="#sources" hx-swap="outerHTML" hx-trigger="live:sources from:body" {
                @if sources.items.is_empty() {
                    (parts::empty("host", "No source has sent anything yet", "Point a sender here as shown below; it appears with its first message.", None))
                } @else {
                    (table(&sources.items, &rates, now))
                    (parts::next_page("/sources?cursor=", sources.next.as_deref()))
                }
            }
            @if actor.may(Permission::TriageAlerts) { (new_webhook()) }
            (connect(sources.items.is_empty()))
        }
    };
    Ok(frame::page(&app, &actor, Nav::Sources, "Sources", &["sources"], &content).await)
}

fn table(sources: &[Source], rates: &HashMap<SourceId, Vec<Rate>>, now: Timestamp) -> Markup {
    html! {
        div class="table-scroll" role="region" aria-label="Sources" tabindex="0" {
            table class="table" data-narrow="stack" {
                thead { tr { th { "Source" } th { "Two days" } th { "Last seen" } th data-type="number" { "Lag" } th data-type="number" { "Events" } th data-type="number" { "Refused" } th { "State" } } }
                tbody {
                    @for source in sources {
                        @let rates = rates.get(&source.id).map(Vec::as_slice).unwrap_or_default();
                        tr data-href={ "/sources/" (source.id) } {
                            td class="cell-main" {
                                a class="row-link" href={ "/sources/" (source.id) } { (source.title()) }
                                span class="cell-sub" { (source.id) " · " (source.kind.label()) }
                            }
                            td data-label="Two days" { (chart(rates, now, 160, 28, &format!("Events of {} in the last two days", source.title()))) }
                            td data-type="time" data-label="Last seen" { @match source.last_seen { Some(at) => (parts::ago(at)), None => "never" } }
                            td data-type="number" data-label="Lag" { (lag(source)) }
                            td data-type="number" data-label="Events" { (source.events) }
                            td data-type="number" data-label="Refused" { (source.refused) }
                            td data-label="State" { (state(source)) }
                        }
                    }
                }
            }
        }
    }
}

fn new_webhook() -> Markup {
    html! {
        section class="card" aria-labelledby="webhook" {
            div class="card-head" { h2 id="webhook" { "Make a webhook" } }
            form class="card-body form" method="post" action="/sources" {
                p class="muted" { "For a product that can send JSON and speaks none of the protocols below: you write what its fields mean, and try it here." }
                div class="field" { label for="name" { "Name" } input id="name" name="name" required maxlength="200" placeholder="door-system"; }
                div class="form-actions" { button class="button" type="submit" { (parts::icon("plus")) "Make a webhook" } }
            }
        }
    }
}

/// What a webhook's records mean.
fn mapping_card(id: SourceId, version: Option<&Version>) -> Markup {
    html! {
        section class="card" aria-labelledby="mapping" {
            div class="card-head" { h2 id="mapping" { "Mapping" } }
            div class="card-body stack" {
                @match version {
                    Some(version) => p { "Version " (version.version) " is in force since " (parts::time(version.created_at)) "." },
                    None => p class="muted" { "None yet: its records are read as those of any source. Write what its fields mean." },
                }
                div { a class="button" href={ "/sources/" (id) "/mapping" } { @if version.is_some() { "Change or try it" } @else { "Write a mapping" } } }
            }
        }
    }
}

fn state(source: &Source) -> Markup {
    let (status, text) = match (source.state, source.silent_since) {
        (SourceState::Active, None) => ("good", "Active"),
        (SourceState::Active, Some(_)) => ("bad", "Silent"),
        (SourceState::Paused, _) => ("waiting", "Paused"),
        (SourceState::Retired, _) => ("waiting", "Retired"),
    };
    html! { span class="badge" data-status=(status) { (text) } }
}

/// A span of time in its largest unit.
fn span(seconds: i64) -> String {
    match seconds.abs() {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

fn lag(source: &Source) -> String {
    source.lag.map_or_else(|| "unknown".to_owned(), span)
}

async fn one(State(app): State<App>, Who(actor): Who, Path(id): Path<SourceId>) -> Result<Markup> {
    let source = source::get(&app, &actor, id).await?;
    let rates = source::rates(&app, &actor, id).await?;
    let silences = source::silences(&app, &actor, id).await?;
    let few = PageQuery { limit: Some(SHOWN), cursor: None };
    let deliveries = event::deliveries(&app, &actor, event::From::Source(id), &few).await?;
    let which = Which { source: Some(id), ..Which::default() };
    let held = quarantine::held(&app, &actor, &which, Some(HeldState::Held), &few).await?;
    let waiting = quarantine::count_held(&app, &which).await?;
    let version = mapping::newest(&app, &actor, id).await?;
    let path = format!("/sources/{id}");
    let content = html! {
        header class="page-head" {
            div class="page-title" {
                nav aria-label="Where you are" { ol class="breadcrumb" { li { a href="/sources" { "Sources" } } li { (id) } } }
                h1 { (source.title()) }
                div class="page-meta" { (state(&source)) span { (source.kind.label()) } @if let Some(at) = source.last_seen { span { "last seen " (parts::ago(at)) } } }
            }
        }
        @if let Some(since) = source.silent_since {
            div class="notice" data-level="error" { (parts::icon("alert")) div { strong { "It fell silent" } "Nothing has come since " (parts::time(since)) ". See whether its sender runs and reaches this server." } }
        }
        div class="columns" {
            div class="stack" {
                div class="stack" id="source" data-refresh="sources" hx-get=(path) hx-select="#source" hx-swap="outerHTML" hx-trigger="live:sources from:body" {
                    section class="card" aria-labelledby="rate" {
                        div class="card-head" { h2 id="rate" { "Events in two days" } span class="muted" { "half-hours" } }
                        div class="card-body" { (chart(&rates, app.clock.now(), 640, 84, "Events in the last two days")) }
                    }
                    (deliveries_card(&deliveries))
                    (held_card(&actor, id, &held, waiting))
                }
            }
            aside class="stack" aria-label="Facts and settings" {
                (facts(&source))
                @if source.kind == SourceKind::Webhook { (mapping_card(id, version.as_ref())) }
                @if actor.may(Permission::TriageAlerts) { (settings(&source, &rates)) }
                (silences_card(&silences))
            }
        }
    };
    Ok(frame::page(&app, &actor, Nav::Sources, source.title(), &["sources"], &content).await)
}

fn deliveries_card(deliveries: &Page<Delivery>) -> Markup {
    html! {
        section class="card" aria-labelledby="deliveries" {
            div class="card-head" { h2 id="deliveries" { "Latest deliveries" } }
            div class="table-scroll" role="region" aria-label="Table of latest deliveries" tabindex="0" {
                table class="table" {
                    thead { tr { th { "Delivery" } th data-type="number" { "Events" } th data-type="number" { "Refused" } th data-type="number" { "Detections" } th { "When" } } }
                    tbody {
                        @for delivery in &deliveries.items {
                            tr data-href={ "/intake/" (delivery.id) } {
                                td class="cell-main" { a class="row-link" href={ "/intake/" (delivery.id) } { (delivery.id) } }
                                td data-type="number" { (delivery.events) }
                                td data-type="number" { (delivery.refused) }
                                td data-type="number" { (delivery.detections) }
                                td data-type="time" { (parts::ago(delivery.received_at)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn held_card(actor: &Actor, id: SourceId, held: &Page<HeldRecord>, waiting: i64) -> Markup {
    html! {
        section class="card" aria-labelledby="held" {
            div class="card-head" { h2 id="held" { "Quarantine" } span class="muted" { (waiting) " held" } }
            @if held.items.is_empty() {
                div class="card-body" { p class="muted" { "Every record was read, or is settled." } }
            } @else {
                div class="table-scroll" role="region" aria-label="Held records" tabindex="0" {
                    table class="table" {
                        thead { tr { th { "Where" } th { "Why" } } }
                        tbody {
                            @for record in &held.items {
                                tr data-href={ "/quarantine/" (record.number) } {
                                    td class="cell-main" { a class="row-link" href={ "/quarantine/" (record.number) } { (record.delivery) ", " (record.record) } }
                                    td { (record.cause) }
                                }
                            }
                        }
                    }
                }
                @if waiting >= event::HELD_OF_SOURCE {
                    div class="card-body" { p class="muted" { "No more than " (event::HELD_OF_SOURCE) " are held; the deliveries hold the bytes of the others." } }
                }
                @if actor.may(Permission::TriageAlerts) {
                    div class="card-body stack" {
                        form method="post" action={ "/sources/" (id) "/replay" } data-done="Replayed" {
                            button class="button" type="submit" aria-describedby="replay-help" { (parts::icon("play")) "Replay" }
                            p class="help" id="replay-help" { "Reads them again, in the source's format as it is now; a thousand at a time." }
                        }
                        form class="form" method="post" action={ "/sources/" (id) "/discard" } data-done="Discarded" {
                            div class="field" { label for="reason" { "Why they can be given up" } input id="reason" name="reason" required maxlength="500"; }
                            div class="form-actions" { button class="button" type="submit" data-confirm="All held records of this source are given up. Their bytes stay in their deliveries." { "Discard all" } }
                        }
                    }
                }
            }
        }
    }
}

fn facts(source: &Source) -> Markup {
    html! {
        section class="card" aria-labelledby="facts" {
            div class="card-head" { h2 id="facts" { "Facts" } }
            div class="card-body" {
                dl class="facts" data-layout="stacked" {
                    dt { "Its sender's name for it" } dd { (source.name) }
                    dt { "Events" } dd { (source.events) " in " (source.batches) @if source.batches == 1 { " batch, " } @else { " batches, " } (parts::size(source.bytes)) }
                    dt { "Refused" } dd { (source.refused) }
                    @if source.dropped > 0 { dt { "Lost on the way" } dd { (source.dropped) } }
                    dt { "Detections" } dd { (source.detections) }
                    dt { "Lag" } dd { (lag(source)) }
                    @if let Some(at) = source.newest_event { dt { "Newest event" } dd { (parts::time(at)) } }
                    dt { "First seen" } dd { (parts::time(source.created_at)) }
                }
            }
        }
    }
}

fn settings(source: &Source, rates: &[Rate]) -> Markup {
    let after = source.silence_after.map(|seconds| (seconds / 60).to_string());
    html! {
        section class="card" aria-labelledby="settings" {
            div class="card-head" { h2 id="settings" { "Settings" } }
            form class="card-body form" method="post" action={ "/sources/" (source.id) } data-done="Saved" {
                div class="field" { label for="label" { "Name " span class="optional" { "(optional)" } } input id="label" name="label" maxlength="200" value=[source.label.as_deref()]; }
                div class="field" {
                    label for="format" { "Format" }
                    select id="format" name="format" {
                        option value="" selected[source.format.is_none()] { "Told by the bytes" }
                        @for (format, _) in telemetry::FORMATS {
                            option value=(format.name()) selected[source.format.as_deref() == Some(format.name())] { (format.name()) }
                        }
                    }
                }
                div class="field" {
                    label for="silence" { "Alarm after minutes of silence " span class="optional" { "(optional)" } }
                    input id="silence" name="silence" type="number" min="1" max="43200" value=[after] aria-describedby="silence-help";
                    p class="help" id="silence-help" { "No alarm if left empty. " (advice(rates)) }
                }
                div class="field" {
                    label for="state" { "State" }
                    select id="state" name="state" {
                        @for state in SourceState::ALL { option value=(state.as_str()) selected[*state == source.state] { (state.label()) } }
                    }
                }
                div class="form-actions" { button class="button" data-kind="primary" type="submit" { "Save" } }
            }
        }
    }
}

/// What the rate says of a silence that would be unusual: twice the longest pause of two days.
fn advice(rates: &[Rate]) -> String {
    let longest = rates.windows(2).filter_map(|pair| match pair {
        [one, next] => Some(next.from.duration_since(one.from)),
        _ => None,
    });
    match longest.max() {
        Some(pause) => {
            let minutes = (pause.max(SignedDuration::from_mins(15)).as_mins()).saturating_mul(2);
            format!("Twice its longest pause in two days would be {minutes}.")
        }
        None => "It has not sent for long enough to propose one.".to_owned(),
    }
}

fn silences_card(silences: &[Silence]) -> Markup {
    html! {
        @if !silences.is_empty() {
            section class="card" aria-labelledby="silences" {
                div class="card-head" { h2 id="silences" { "Silences" } }
                div class="card-body" {
                    ul {
                        @for silence in silences {
                            li { (parts::time(silence.began_at)) " – " @match silence.ended_at { Some(at) => (parts::time(at)), None => "still silent" } }
                        }
                    }
                }
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    label: String,
    format: String,
    silence: String,
    state: SourceState,
}

async fn edit(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<SourceId>,
    Form(form): Form<Settings>,
) -> Result<Redirect> {
    let text = |text: String| Some(text).filter(|text| !text.trim().is_empty());
    let minutes = text(form.silence).map(|text| text.trim().parse::<i64>()).transpose();
    let minutes =
        minutes.map_err(|_| Error::Invalid("The minutes of silence are a whole number.".to_owned()))?;
    let edit = Edit {
        label: Some(text(form.label)),
        format: Some(text(form.format)),
        silence_after: Some(minutes.map(|minutes| minutes.saturating_mul(60))),
        state: Some(form.state),
    };
    source::edit(&app, &actor, id, edit).await?;
    Ok(Redirect::to(&format!("/sources/{id}")))
}

async fn replay(State(app): State<App>, Who(actor): Who, Path(id): Path<SourceId>) -> Result<Redirect> {
    let done = crate::intake::replay(&app, &actor, Which { source: Some(id), ..Which::default() }).await?;
    match done.delivery {
        Some(delivery) => Ok(Redirect::to(&format!("/intake/{delivery}"))),
        None => Err(Error::Conflict(
            "None of the held records can be read yet. Set the source's format and try again.".to_owned(),
        )),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reason {
    reason: String,
}

async fn discard(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<SourceId>,
    Form(form): Form<Reason>,
) -> Result<Redirect> {
    quarantine::discard(&app, &actor, Which { source: Some(id), ..Which::default() }, &form.reason).await?;
    Ok(Redirect::to(&format!("/sources/{id}")))
}

async fn record(State(app): State<App>, Who(actor): Who, Path(number): Path<i64>) -> Result<Markup> {
    let record = quarantine::held_record(&app, &actor, number).await?;
    let content = html! {
        header class="page-head" {
            div class="page-title" {
                nav aria-label="Where you are" { ol class="breadcrumb" {
                    @match record.source { Some(source) => li { a href={ "/sources/" (source) } { (source) } }, None => li { a href="/intake" { "Intake" } } }
                    li { a href={ "/intake/" (record.delivery) } { (record.delivery) } }
                    li { (record.record) }
                } }
                h1 { "A record that could not be read" }
                div class="page-meta" { span class="badge" { (record.state) } span { (record.cause) } }
            }
            div class="page-actions" { a class="button" href={ "/api/v1/quarantine/" (number) "/raw" } download { (parts::icon("download")) "Record" } }
        }
        div class="stack" {
            @if record.cut { div class="notice" { (parts::icon("info")) div { "Only its beginning is kept here; the delivery's bytes hold all " (record.bytes.unwrap_or_default()) " bytes of it." } } }
            @if let Some(reason) = &record.reason { div class="notice" { (parts::icon("info")) div { strong { "Discarded" } (reason) } } }
            @if let Some(delivery) = record.replayed_in { div class="notice" { (parts::icon("check")) div { "Replayed in " a href={ "/intake/" (delivery) } { (delivery) } } } }
            @if record.raw.is_empty() { p class="muted" { "Its bytes are not kept apart; the delivery holds them." } } @else { (bytes_view(&record.raw)) }
        }
    };
    Ok(frame::page(&app, &actor, Nav::Sources, "Refused record", &[], &content).await)
}

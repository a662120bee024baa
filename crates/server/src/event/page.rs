//! The page of one event: everything that is known of it, and the record itself.

use std::collections::HashMap;
use std::fmt::Write;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use domain::{Actor, EventId, UserId};
use maud::{Markup, html};
use serde_json::Value;

use super::{Delivery, StoredEvent};
use crate::app::App;
use crate::error::Result;
use crate::identity;
use crate::web::extract::{Path, Who};
use crate::web::frame::{self, Nav};
use crate::web::parts;

/// How much of a record is drawn; all of it can be downloaded.
const DRAWN_TEXT: usize = 128 * 1024;
const DRAWN_HEX: usize = 8 * 1024;

pub fn routes() -> Router<App> {
    Router::new().route("/events/{id}", get(event))
}

/// The names of everybody who has an account.
pub async fn names(app: &App, actor: &Actor) -> Result<HashMap<UserId, String>> {
    let accounts = identity::accounts(app, actor).await?;
    Ok(accounts.into_iter().map(|account| (account.id, account.name)).collect())
}

async fn event(State(app): State<App>, Who(actor): Who, Path(id): Path<EventId>) -> Result<Markup> {
    let event = super::get(&app, &actor, id).await?;
    let delivery = super::delivery(&app, &actor, event.delivery).await?;
    let content = html! {
        header class="page-head" {
            div class="page-title" {
                nav aria-label="Where you are" {
                    ol class="breadcrumb" {
                        li { a href="/intake" { "Intake" } }
                        li { a href={ "/intake/" (event.delivery) } { (event.delivery) } }
                        li { (event.id) }
                    }
                }
                h1 { (headline(&event)) }
                div class="page-meta" {
                    @if let Some(at) = event.at { span { (parts::time(at)) } } @else { span { "tells no time" } }
                    @if let Some(host) = &event.host { span { "on " span class="observable" { (host) } } }
                    span class="badge" data-kind="code" { (event.format) }
                }
            }
            div class="page-actions" {
                a class="button" href={ "/api/v1/events/" (event.id) "/raw" } download { (parts::icon("download")) "Record" }
            }
        }
        div class="columns" {
            div class="stack" { (fields_card(&event)) (raw_card(&event)) }
            aside class="stack" aria-label="Facts" { (facts(&event, &delivery)) }
        }
    };
    Ok(frame::page(&app, &actor, Nav::Intake, &id.to_string(), &[], &content).await)
}

/// What the event is, in the record's own words where it has any.
fn headline(event: &StoredEvent) -> String {
    let source = event.source.to_string();
    let number = event.fields.get("EventID").and_then(Value::as_i64);
    match (source.is_empty(), number) {
        (true, _) => format!("Event {}", event.id),
        (false, Some(number)) => format!("{source}, event {number}"),
        (false, None) => source,
    }
}

fn fields_card(event: &StoredEvent) -> Markup {
    html! {
        section class="card" aria-labelledby="fields" {
            div class="card-head" { h2 id="fields" { "Fields" } span class="muted" { (event.fields.len()) } }
            (fields_table(event, |_, _| false))
        }
    }
}

/// All fields of an event as a table; those for which `matched` holds stand out.
pub fn fields_table(event: &StoredEvent, matched: impl Fn(&str, &str) -> bool) -> Markup {
    html! {
        div class="table-scroll" role="region" aria-label="Table of fields" tabindex="0" {
            table class="fields-table" {
                tbody {
                    @for (name, value) in &event.fields {
                        @let text = text_of(value);
                        tr data-matched=[matched(name, &text).then_some("")] { th scope="row" { (name) } td { (text) } }
                    }
                }
            }
        }
    }
}

/// A field's value as people read it.
pub fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text_of).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

fn raw_card(event: &StoredEvent) -> Markup {
    html! {
        section class="card" aria-labelledby="raw" {
            div class="card-head" { h2 id="raw" { "Original record" } span class="muted" { (event.raw.len()) " bytes, as they stood in the file" } }
            div class="card-body" { (bytes_view(&event.raw)) }
        }
    }
}

/// Bytes from outside: as text where they are readable, else as hex.
pub fn bytes_view(raw: &[u8]) -> Markup {
    let text = std::str::from_utf8(raw).ok().filter(|text| is_readable(text));
    html! {
        div class="viewer" {
            @match text {
                Some(text) => {
                    div class="viewer-head" {
                        span { "Text" }
                        button class="button needs-script" data-size="small" data-kind="quiet" type="button" data-copy-from="raw-text" { (parts::icon("copy")) "Copy" }
                    }
                    pre id="raw-text" data-wrap="" tabindex="0" aria-label="Original record" { (head_of(text)) }
                    @if text.len() > DRAWN_TEXT { p class="help" { "Only the beginning is shown. Download the record for all of it." } }
                }
                None => {
                    div class="viewer-head" { span { "Hex" } }
                    pre tabindex="0" aria-label="Original record as hex" { (hex_view(raw)) }
                    @if raw.len() > DRAWN_HEX { p class="help" { "Only the first " (DRAWN_HEX) " bytes are shown. Download the record for all of it." } }
                }
            }
        }
    }
}

fn is_readable(text: &str) -> bool {
    !text.chars().any(|sign| sign.is_control() && !matches!(sign, '\n' | '\r' | '\t'))
}

/// The first part of a text, cut between signs.
fn head_of(text: &str) -> &str {
    let mut end = text.len().min(DRAWN_TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or(text)
}

fn hex_view(bytes: &[u8]) -> Markup {
    let shown = bytes.get(..DRAWN_HEX.min(bytes.len())).unwrap_or(bytes);
    html! {
        @for (number, line) in shown.chunks(16).enumerate() {
            span class="offset" { (format!("{:08x}", number * 16)) } "  " (hex_line(line)) "\n"
        }
    }
}

/// Sixteen bytes as digits in two groups, then as signs.
fn hex_line(line: &[u8]) -> String {
    let mut text = String::with_capacity(70);
    for place in 0..16 {
        // Writing to a String cannot fail.
        match line.get(place) {
            Some(byte) => write!(text, "{byte:02x} ").ok(),
            None => write!(text, "   ").ok(),
        };
        if place == 7 {
            text.push(' ');
        }
    }
    text.push(' ');
    let sign = |byte: &u8| if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '.' };
    text.extend(line.iter().map(sign));
    text
}

fn facts(event: &StoredEvent, delivery: &Delivery) -> Markup {
    html! {
        section class="card" aria-labelledby="facts" {
            div class="card-head" { h2 id="facts" { "Facts" } }
            div class="card-body" {
                dl class="facts" data-layout="stacked" {
                    dt { "When" } dd { @match event.at { Some(at) => (parts::time(at)), None => "The record does not say." } }
                    dt { "Host" } dd { @match &event.host { Some(host) => span class="observable" { (host) }, None => "The record does not say." } }
                    dt { "Format" } dd { (event.format) }
                    dt { "Source" } dd { (event.source) }
                    dt { "Delivery" } dd { a href={ "/intake/" (delivery.id) } { (delivery.id) } " " (delivery.name) }
                    dt { "Record's hash" } dd { (parts::sha256(&event.raw_sha256)) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{DRAWN_TEXT, head_of, hex_line};

    #[test]
    fn a_line_of_hex_is_as_wide_as_any_other() {
        assert_eq!(
            hex_line(b"0123456789abcdef"),
            "30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  0123456789abcdef"
        );
        assert_eq!(hex_line(b"\0<>"), format!("00 3c 3e {}.<>", " ".repeat(41)));
    }

    #[test]
    fn long_text_is_cut_between_signs() {
        let text = format!("{}ä", "x".repeat(DRAWN_TEXT - 1));
        assert_eq!(head_of(&text).len(), DRAWN_TEXT - 1);
    }
}

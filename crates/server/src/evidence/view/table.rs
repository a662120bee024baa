//! The records of a log as a table, and one of them with all its fields.

use domain::{Actor, EvidenceId};
use maud::{Markup, html};

use super::{Asked, pager, query, warnings};
use crate::app::App;
use crate::error::Result;
use crate::event::page::bytes_view;
use crate::evidence::inspect::Seen;
use crate::evidence::records::{self, Place, Record, Records, Row, said};
use crate::web::parts;

pub(super) async fn page(app: &App, actor: &Actor, id: EvidenceId, asked: &Asked) -> Result<(Seen, Markup)> {
    let here = format!("/evidence/{id}/view/table");
    let from = asked.at().map(str::parse::<Place>).transpose()?.unwrap_or_default();
    let wanted = asked.wanted().map(str::to_owned);
    let (seen, told) = records::records(app, actor, id, from, wanted.clone()).await?;
    let with = wanted.as_deref().map(|wanted| format!("&q={}", query(wanted))).unwrap_or_default();
    let next = told.next.map(|next| format!("?at={next}{with}"));
    let many = match (told.rows.len(), told.looked_at) {
        (shown, looked_at) if shown == looked_at => format!("{shown} records"),
        (shown, looked_at) => format!("{shown} of the {looked_at} records looked at"),
    };
    let content = html! {
        form class="filter-bar" method="get" action=(here) role="search" aria-label="In this table" {
            div class="field" data-grow {
                label for="find" { "Show records that hold" }
                input id="find" type="search" name="q" value=[wanted.as_deref()] maxlength="200" placeholder="powershell, or EventID=4624" autocomplete="off";
            }
            button class="button" type="submit" { (parts::icon("search")) "Filter" }
        }
        (warnings("Not everything could be read", &told.refused))
        @if told.rows.is_empty() { (nothing(&told, wanted.is_some())) } @else { (rows(id, &told)) }
        (pager(&here, &many, from != Place::default(), None, next, None))
    };
    Ok((seen, content))
}

fn nothing(told: &Records, filtered: bool) -> Markup {
    let text = match (told.next.is_some(), filtered) {
        (true, _) => format!(
            "None of the {} records from here on holds that. Go on to look at the next.",
            told.looked_at
        ),
        (false, true) => "No record from here to the end holds that.".to_owned(),
        (false, false) => {
            "The log holds no record that can be read. Look at it as hexadecimal digits.".to_owned()
        }
    };
    parts::empty("search", "No records", &text, None)
}

fn rows(id: EvidenceId, told: &Records) -> Markup {
    let of_windows = told.rows.iter().any(|row| row.event_id.is_some());
    html! {
        div class="table-scroll" role="region" aria-label="Records" tabindex="0" {
            table class="table" data-narrow="stack" data-dense="" {
                thead { tr {
                    th { "Time" }
                    @if of_windows { th data-type="number" { "Event" } th { "Channel" } } @else { th { "Source" } }
                    th { "Computer" } th { "What it says" }
                } }
                tbody { @for row in &told.rows { (record_row(id, row, of_windows)) } }
            }
        }
    }
}

fn record_row(id: EvidenceId, row: &Row, of_windows: bool) -> Markup {
    let href = format!("/evidence/{id}/view/record?at={}", row.place);
    html! {
        tr data-href=(href) {
            td data-type="time" data-label="Time" {
                a class="row-link" href=(href) { @match row.at { Some(at) => (parts::time(at)), None => "no time" } }
            }
            @if of_windows {
                td data-type="number" data-label="Event" { (row.event_id.as_deref().unwrap_or("")) }
                td data-label="Channel" { (short_channel(row.channel.as_deref().unwrap_or(""))) }
            } @else {
                td class="nowrap" data-label="Source" { (row.source) }
            }
            td class="nowrap" data-label="Computer" { (row.host.as_deref().unwrap_or("")) }
            td class="cell-main" { ul class="record-says" { @for (name, text) in &row.says { li { span class="muted" { (name) } " " (text) } } } }
        }
    }
}

/// A channel without what all of Windows' own begin with.
fn short_channel(channel: &str) -> &str {
    channel.strip_prefix("Microsoft-Windows-").unwrap_or(channel)
}

pub(super) async fn record(
    app: &App,
    actor: &Actor,
    id: EvidenceId,
    asked: &Asked,
) -> Result<(Seen, Markup)> {
    let place = asked.at().map(str::parse::<Place>).transpose()?.unwrap_or_default();
    let (seen, record) = records::record(app, actor, id, place).await?;
    Ok((seen, one(id, &record)))
}

fn one(id: EvidenceId, record: &Record) -> Markup {
    let event = &record.event;
    let here = format!("/evidence/{id}/view/record");
    let before =
        record.place.number.checked_sub(1).map(|number| format!("?at={}", Place { number, ..record.place }));
    let fields: Vec<(&str, String)> = event.fields().map(|(name, value)| (name, said(value))).collect();
    html! {
        section class="card" aria-labelledby="fields" {
            div class="card-head" {
                h2 id="fields" { @match event.time { Some(at) => (parts::time(at)), None => "A record that tells no time" } }
                span class="muted" { "Record " (record.place) ", " (fields.len()) " fields" }
            }
            div class="table-scroll" role="region" aria-label="Fields" tabindex="0" {
                table class="fields-table" { tbody {
                    @for (name, value) in &fields { tr { th scope="row" { (name) } td { (value) } } }
                } }
            }
        }
        section class="card" aria-labelledby="raw" {
            div class="card-head" { h2 id="raw" { "Original record" } span class="muted" { (event.raw.len()) " bytes, as they stand in the file" } }
            div class="card-body" { (bytes_view(&event.raw)) }
        }
        (pager(&here, "", false, before, record.next.map(|next| format!("?at={next}")), None))
    }
}

//! The lines of the timeline: in two lanes, where runs of one alert's events are folded into one, and as
//! a table.

use domain::attack::catalogue;
use domain::timeline::{EntryKind, Lane};
use jiff::tz::Offset;
use maud::{Markup, html};

use super::super::super::Entry;
use super::super::fields::{linked, paragraphs};
use super::super::related::origin;
use super::super::runs::{Run, runs};
use super::{View, forms};
use crate::web::parts;

/// Runs of fewer events are told one by one.
const FOLDED: usize = 4;

pub fn lanes(view: &View<'_>) -> Markup {
    let all = runs(&view.entries.items);
    let day = |entry: &Entry| Offset::UTC.to_datetime(entry.at).date();
    html! {
        div class="timeline" {
            div class="timeline-lanes" aria-hidden="true" { span { "Adversary" } span { "Response" } }
            ol {
                @for (n, run) in all.iter().enumerate() {
                    @let before = n.checked_sub(1).and_then(|n| all.get(n)).map(|run| day(run.rest.last().unwrap_or(&run.first)));
                    @if before != Some(day(run.first)) {
                        li class="timeline-day" { span { time datetime=(day(run.first)) { (day(run.first).strftime("%A %-d %B %Y")) } } }
                    }
                    @if run.count < FOLDED { (one(view, run.first, None)) @for entry in &run.rest { (one(view, entry, None)) } }
                    @else { (one(view, run.first, Some(run))) }
                }
            }
        }
    }
}

fn one(view: &View<'_>, entry: &Entry, run: Option<&Run<'_>>) -> Markup {
    let (title, text) = entry.text.split_once('\n').unwrap_or((&entry.text, ""));
    html! {
        li class="entry" id=(entry.id) data-lane=(entry.lane.as_str()) data-kind=(entry.kind.as_str()) data-struck[entry.corrected_by.is_some()] {
            span class="entry-time" { time datetime=(entry.at) data-local="time" { (entry.at.strftime("%H:%M:%S")) } }
            div class="entry-body" {
                span class="visually-hidden" { (entry.lane.label()) ": " }
                div class="entry-title" { (linked(entry.incident, title)) @if let Some(run) = run { " " span class="badge" { (run.count) " events" } } }
                @if !text.is_empty() {
                    div class="entry-text" {
                        @if entry.alert.is_some() { @for field in text.lines() { code { (field) } br; } } @else { (paragraphs(text)) }
                    }
                }
                (techniques(view, entry))
                (foot(view, entry))
                @if let Some(run) = run { (rest(run)) }
                @if view.shown.works && entry.corrected_by.is_none() { (forms::mend(view.shown, entry)) }
            }
        }
    }
}

fn techniques(view: &View<'_>, entry: &Entry) -> Markup {
    html! {
        @if !entry.techniques.is_empty() {
            div class="entry-techniques" {
                @for id in &entry.techniques {
                    a class="technique" href=(view.address(&[("technique", id)])) { span class="badge" data-kind="code" { (id) } @if let Some(name) = catalogue::full_name(id) { " " (name) } }
                }
            }
        }
    }
}

/// Who wrote it, and what it comes from.
fn foot(view: &View<'_>, entry: &Entry) -> Markup {
    html! {
        div class="entry-foot" {
            @if entry.lane == Lane::Response || entry.account.is_some() { (parts::person(&entry.by)) }
            span { (entry.kind.label()) }
            (origin(view.shown, entry.incident))
            @if let Some(event) = entry.event { a href={ "/events/" (event) } { (event) } }
            @if let Some(alert) = entry.alert { a href={ "/alerts/" (alert) } { (alert) } }
            @if let Some(line) = view.origins.get(&entry.id.to_string()) { a href=(view.shown.path(&format!("/chat#{line}"))) { "said in the chat, " (line) } }
            @if let Some(wrong) = entry.corrects { a href={ "#" (wrong) } { "corrects " (wrong) } }
            @if let Some(better) = entry.corrected_by { a href={ "#" (better) } { "corrected by " (better) } }
            span { (entry.id) }
        }
    }
}

/// The further events of a run.
fn rest(run: &Run<'_>) -> Markup {
    let last = run.rest.last().unwrap_or(&run.first);
    html! {
        details class="task-how run" id={ "run-" (run.first.id) } {
            summary { (run.count - 1) " more like this until " time datetime=(last.at) data-local="time" { (last.at.strftime("%H:%M:%S")) } }
            ol class="run-lines" {
                @for entry in &run.rest {
                    li id=(entry.id) {
                        time datetime=(entry.at) data-local="time" { (entry.at.strftime("%H:%M:%S")) }
                        code { (entry.text.lines().nth(1).unwrap_or_default()) }
                        @if let Some(event) = entry.event { a href={ "/events/" (event) } { (event) } }
                    }
                }
            }
        }
    }
}

pub fn table(view: &View<'_>) -> Markup {
    html! {
        div class="table-scroll" role="region" aria-label="Entries" tabindex="0" {
            table class="table" data-narrow="list" {
                thead { tr { th { "When" } th { "Lane" } th { "Kind" } th { "What" } th { "ATT&CK" } th { "By" } th { "Source" } } }
                tbody { @for entry in &view.entries.items { (row(view, entry)) } }
            }
        }
    }
}

fn row(view: &View<'_>, entry: &Entry) -> Markup {
    let (title, text) = entry.text.split_once('\n').unwrap_or((&entry.text, ""));
    let lane = if entry.kind == EntryKind::Event { "adversary" } else { "response" };
    html! {
        tr id=(entry.id) data-struck[entry.corrected_by.is_some()] {
            td class="nowrap" data-type="time" data-label="When" { (parts::time(entry.at)) }
            td data-label="Lane" { span class="badge" data-kind=(lane) { (entry.lane.label()) } }
            td data-label="Kind" { (entry.kind.label()) }
            td class="cell-main" { (linked(entry.incident, title)) @if !text.is_empty() { span class="cell-sub" { (text.lines().next().unwrap_or_default()) } } }
            td data-label="ATT&CK" {
                @for id in &entry.techniques { a href=(view.address(&[("technique", id)])) title=(catalogue::full_name(id).unwrap_or_default()) { (id) } " " }
            }
            td data-label="By" { (entry.by) }
            td data-label="Source" {
                @if let Some(event) = entry.event { a href={ "/events/" (event) } { (event) } " " }
                @if let Some(alert) = entry.alert { a href={ "/alerts/" (alert) } { (alert) } " " }
                @if let Some(line) = view.origins.get(&entry.id.to_string()) { a href=(view.shown.path(&format!("/chat#{line}"))) { (line) } " " }
                (origin(view.shown, entry.incident)) " " span class="muted" { (entry.id) }
            }
        }
    }
}

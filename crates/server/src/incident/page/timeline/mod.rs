//! The tab of the timeline: the figure that can be zoomed, the lines below it in two lanes or as a
//! table, narrowed by what the address says. The lines: [`entry`]; the address: [`query`]; what is
//! written here: [`forms`].

mod entry;
mod forms;
mod query;

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use domain::attack::catalogue;
use domain::timeline::{EntryKind, Lane};
use domain::{ChatLineId, IncidentId, UserId};
use jiff::Timestamp;
use maud::{Markup, html};

use super::super::api::inputs::ExportQuery;
use super::super::export::{self, MOST_MARKS};
use super::super::figure::{Cluster, Figure};
use super::super::read::{self, TechniqueCount};
use super::super::{Entry, chat};
use super::{Shown, Tab, tab};
use crate::app::App;
use crate::error::Result;
use crate::web::extract::{Path, Query, Who};
use crate::web::paging::Page;
use crate::web::parts;
pub use forms::{entry as entry_form, when_field};
pub use query::TimelineQuery;

/// What the tab is drawn from.
struct View<'v> {
    shown: &'v Shown,
    query: &'v TimelineQuery,
    entries: Page<Entry>,
    figure: Figure,
    /// How many lines the filter finds, as far as the figure shows them.
    found: usize,
    window: Option<(Timestamp, Timestamp)>,
    techniques: Vec<TechniqueCount>,
    writers: Vec<UserId>,
    /// From which line of the chat an entry was kept.
    origins: BTreeMap<String, ChatLineId>,
    exports: bool,
}

impl View<'_> {
    /// This page with other words in its address.
    fn address(&self, changes: &[(&str, &str)]) -> String {
        format!("{}{}", self.shown.path("/timeline"), self.query.with(changes))
    }
}

pub async fn page(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Query(query): Query<TimelineQuery>,
) -> Result<Markup> {
    let shown = Shown::load(&app, &actor, id).await?;
    let (filter, page) = query.entries().split()?;
    let marks = read::marks(&app, &actor, id, &filter, MOST_MARKS).await?;
    let window = filter.from.or_else(|| marks.first().map(|mark| mark.at));
    let window = window.zip(filter.to.or_else(|| marks.last().map(|mark| mark.at)));
    let view = View {
        entries: read::entries(&app, &actor, id, &filter, &page).await?,
        figure: Figure::of(&marks),
        found: marks.len(),
        window,
        techniques: read::techniques(&app, &actor, id).await?,
        writers: read::writers(&app, &actor, id).await?,
        origins: chat::origins(&app, &actor, id).await?,
        exports: actor.may(domain::Permission::ExportIncident),
        shown: &shown,
        query: &query,
    };
    let trigger = format!("live:{} from:body", super::topic(id));
    let here = view.address(&[]);
    let content = html! {
        div id="timeline-view" data-refresh="timeline" hx-ext="morph" hx-get=(here) hx-select="#timeline-view" hx-swap="morph" hx-trigger=(trigger) {
            header class="page-head" {
                div class="page-title" { h2 { "Timeline" } p class="page-sub" { (shown.view.entries) " entries. What the adversary did, and what we did." } }
                div class="page-actions" { @if view.exports { (take_out(&view)) } }
            }
            @if shown.works { (forms::add(&shown)) }
            (filter_bar(&view))
            (figure(&view))
            (list(&view))
        }
    };
    Ok(tab(&app, &actor, &shown, Tab::Timeline, &content).await)
}

/// `GET /incidents/INC-1/timeline/export?format=csv`
pub async fn export(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Query(query): Query<ExportQuery>,
) -> Result<Response> {
    let format = query.format;
    export::timeline(&app, &actor, id, &query.filter()?, format).await
}

fn take_out(view: &View<'_>) -> Markup {
    let path = view.shown.path("/timeline/export");
    let query = view.query.filter_only();
    html! {
        details class="menu" {
            summary class="button" { (parts::icon("download")) "Export " (parts::icon("chevron-down")) }
            div class="menu-list" {
                @for (format, label) in [("csv", "Entries as CSV"), ("json", "Entries as JSON"), ("svg", "Figure as SVG")] {
                    a href={ (path) "?format=" (format) (query) } { (label) }
                }
            }
        }
    }
}

fn filter_bar(view: &View<'_>) -> Markup {
    let query = view.query;
    html! {
        form class="filter-bar gap-top" method="get" action=(view.shown.path("/timeline")) {
            @if !query.lane.is_empty() { input type="hidden" name="lane" value=(query.lane); }
            @if !query.view.is_empty() { input type="hidden" name="view" value=(query.view); }
            div class="field" data-grow="" { label for="f-q" { "Find" } input id="f-q" type="search" name="q" value=(query.q) placeholder="Words of an entry"; }
            div class="field" {
                label for="f-kind" { "Kind" }
                select id="f-kind" name="kind" {
                    option value="" { "Any" }
                    @for kind in EntryKind::ALL { option value=(kind.as_str()) selected[query.kind == kind.as_str()] { (kind.label()) } }
                }
            }
            div class="field" {
                label for="f-technique" { "Technique" }
                select id="f-technique" name="technique" {
                    option value="" { "Any" }
                    @for one in &view.techniques { option value=(one.technique) selected[query.technique == one.technique] { (one.technique) " " (catalogue::full_name(&one.technique).unwrap_or_default()) } }
                }
            }
            div class="field" {
                label for="f-by" { "By" }
                select id="f-by" name="by" {
                    option value="" { "Anybody" }
                    @for person in &view.writers { option value=(person) selected[query.by == person.to_string()] { (view.shown.name(*person)) } }
                }
            }
            div class="field" { label for="f-from" { "From (UTC)" } input id="f-from" type="datetime-local" name="from" step="1" value=(query::field(&query.from)); }
            div class="field" { label for="f-to" { "To (UTC)" } input id="f-to" type="datetime-local" name="to" step="1" value=(query::field(&query.to)); }
            button class="button" type="submit" { "Filter" }
            @if query.is_narrowed() { a class="button" data-kind="quiet" href=(view.shown.path("/timeline")) { "Show all" } }
        }
        div class="row-spread" {
            nav class="chips" aria-label="Lanes" {
                a class="chip" href=(view.address(&[("lane", "")])) aria-current=[query.lane.is_empty().then_some("true")] { "Both lanes" }
                @for lane in Lane::ALL {
                    a class="chip" data-lane=(lane.as_str()) href=(view.address(&[("lane", lane.as_str())])) aria-current=[(query.lane == lane.as_str()).then_some("true")] { (lane.label()) }
                }
            }
            nav class="button-group" aria-label="View" {
                a class="button" data-size="small" href=(view.address(&[("view", "")])) aria-current=[query.view.is_empty().then_some("true")] { "Lanes" }
                a class="button" data-size="small" href=(view.address(&[("view", "table")])) aria-current=[(!query.view.is_empty()).then_some("true")] { "Table" }
            }
        }
    }
}

/// The figure with the buttons that zoom it; the same by wheel and keys where scripts are on.
fn figure(view: &View<'_>) -> Markup {
    let Some((from, to)) = view.window else { return html! {} };
    let span = to.duration_since(from).max(jiff::SignedDuration::from_secs(1));
    let go = |from: Option<Timestamp>, to: Option<Timestamp>| {
        let text = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
        view.address(&[("from", &text(from)), ("to", &text(to))])
    };
    let shifted = |back: bool| {
        let by = if back { -span } else { span };
        go(from.checked_add(by).ok(), to.checked_add(by).ok())
    };
    let nearer = view.figure.nearer().map(|(from, to)| go(Some(from), Some(to)));
    let wider = go(from.checked_sub(span).ok(), to.checked_add(span).ok());
    let zoomed = view.query.is_zoomed();
    let leads = |cluster: &Cluster| leads_to(view, cluster);
    html! {
        section class="card figure-card gap-top" aria-labelledby="figure-title" {
            div class="figure-head" {
                h3 id="figure-title" { (words(view.found)) " " span class="muted" { (parts::time(from)) " to " (parts::time(to)) } }
                div class="button-group" role="group" aria-label="Zoom" {
                    @if let Some(nearer) = &nearer { a class="button" data-size="small" data-zoom="in" href=(nearer) aria-label="Zoom in" { "+" } }
                    @if zoomed {
                        a class="button" data-size="small" data-zoom="out" href=(wider) aria-label="Zoom out" { "−" }
                        a class="button" data-size="small" data-zoom="earlier" href=(shifted(true)) { "Earlier" }
                        a class="button" data-size="small" data-zoom="later" href=(shifted(false)) { "Later" }
                        a class="button" data-size="small" data-zoom="all" href=(go(None, None)) { "All" }
                    }
                }
            }
            div class="figure-view" id="figure-view" tabindex="0" role="group" aria-label="Timeline figure. Plus and minus zoom, arrows move, 0 shows all." data-scale=(view.figure.scale()) {
                (view.figure.draw("Timeline in two lanes", Some(&leads), None))
            }
            p class="figure-help needs-script" { "Press into the figure, then " kbd { "+" } " " kbd { "−" } " " kbd { "←" } " " kbd { "→" } " " kbd { "0" } " or the wheel. A mark with a number opens what lies in it." }
        }
    }
}

fn words(found: usize) -> String {
    match i64::try_from(found).unwrap_or(i64::MAX) {
        1 => "1 entry".to_owned(),
        MOST_MARKS.. => format!("The first {MOST_MARKS} entries"),
        many => format!("{many} entries"),
    }
}

/// A mark of many leads into its time; a mark of one to its line.
fn leads_to(view: &View<'_>, cluster: &Cluster) -> String {
    let first = &cluster.first;
    if cluster.marks > 1 && cluster.last > first.at {
        return view.address(&[("from", &first.at.to_string()), ("to", &cluster.last.to_string())]);
    }
    if view.entries.items.iter().any(|entry| entry.id == first.id) {
        return format!("#{}", first.id);
    }
    let cursor = format!("{}.{}", first.at.as_microsecond(), first.id.get() - 1);
    format!("{}#{}", view.address(&[("cursor", &cursor)]), first.id)
}

fn list(view: &View<'_>) -> Markup {
    html! {
        div id="timeline" class="gap-top" {
            @if view.entries.items.is_empty() {
                (parts::empty("clock", "Nothing here", "No entry is like this.", Some((&view.shown.path("/timeline"), "Show all"))))
            } @else if view.query.view.is_empty() { (entry::lanes(view)) }
            @else { (entry::table(view)) }
            @if let Some(next) = &view.entries.next {
                nav class="pager" aria-label="Pages of the timeline" { span class="pager-links" { a class="button" rel="next" href=(view.address(&[("cursor", next)])) { "Later" (parts::icon("chevron")) } } }
            }
        }
    }
}

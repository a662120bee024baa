//! The tab of the graph: the picture, what it shows in words, and the files to take away.

use axum::extract::State;
use axum::response::Response;
use domain::IncidentId;
use domain::graph::{FileForm, NodeKind};
use jiff::Timestamp;
use maud::{Markup, html};

use super::super::api::inputs::moment as time;
use super::super::graph::{Asked, EdgeView, GraphView, MOST_EVENTS, MOST_NODES, draw, export, graph};
use super::{Shown, Tab, tab};
use crate::app::App;
use crate::error::{Error, Result};
use crate::web::download;
use crate::web::extract::{Path, Query, Who};
use crate::web::parts;

/// How many relations the table lists.
const LISTED: usize = 500;

/// The filter as the address has it; kinds come more than once.
fn read(pairs: &[(String, String)]) -> Result<(Asked, Option<FileForm>)> {
    let (mut asked, mut form) = (Asked::default(), None);
    for (name, value) in pairs {
        match name.as_str() {
            "kind" => {
                asked.kinds.insert(value.parse()?);
            }
            "from" => asked.from = time(value)?,
            "until" => asked.until = time(value)?,
            "form" => form = Some(value.parse()?),
            _ => return Err(Error::Invalid(format!("There is no field {name:?}."))),
        }
    }
    Ok((asked, form))
}

/// The filter as it stands in a link.
fn own_query(asked: &Asked) -> String {
    let mut pairs = form_urlencoded::Serializer::new(String::new());
    for kind in &asked.kinds {
        pairs.append_pair("kind", kind.as_str());
    }
    for (name, at) in [("from", asked.from), ("until", asked.until)] {
        if let Some(at) = at {
            pairs.append_pair(name, &at.to_string());
        }
    }
    pairs.finish()
}

pub async fn page(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Markup> {
    let (asked, _) = read(&pairs)?;
    let shown = Shown::load(&app, &actor, id).await?;
    let graph = graph(&app, &actor, id, &asked).await?;
    let narrowed = !asked.kinds.is_empty() || asked.from.is_some() || asked.until.is_some();
    let content = html! {
        header class="page-head" {
            div class="page-title" { h2 { "Graph" } p class="page-sub" { "Who came from where, what ran, what it touched: read from " (graph.events) " events on the timeline." } }
            @if !graph.nodes.is_empty() { div class="page-actions" { (files(&shown, &asked)) } }
        }
        (filter(&shown, &asked))
        @if graph.nodes.is_empty() {
            @if narrowed { (parts::empty("graph", "Nothing of this kind or time", "Widen the filter.", Some((&shown.path("/graph"), "Show all")))) }
            @else { (parts::empty("graph", "No events to draw yet", "The graph comes with the events of alerts. Take alerts into this incident, or send their logs.", Some(("/intake", "To the intake")))) }
        } @else {
            (notes(&graph))
            section class="card graph-card" aria-label="Graph of this incident" {
                div class="graph-bar" {
                    (legend())
                    span class="button-group needs-script" role="group" aria-label="Size" {
                        button class="button" data-size="small" type="button" data-graph-zoom="in" aria-label="Larger" { "+" }
                        button class="button" data-size="small" type="button" data-graph-zoom="out" aria-label="Smaller" { "−" }
                        button class="button" data-size="small" type="button" data-graph-zoom="fit" { "Fit" }
                    }
                }
                div class="graph-frame" tabindex="0" role="region" aria-label="Graph" { (draw::svg(&graph, &id.to_string(), false)) }
                p class="graph-hint muted" { "Point at a box to see only what it has to do with; drag to move, scroll with Ctrl to zoom. By keyboard: Tab goes through the boxes, the arrow keys follow the lines, Enter opens." }
            }
            (table(&graph))
        }
    };
    Ok(tab(&app, &actor, &shown, Tab::Graph, &content).await)
}

fn notes(graph: &GraphView) -> Markup {
    html! {
        @if graph.folded > 0 { div class="notice" data-level="info" { (parts::icon("info")) div { strong { "Not every box stands alone" } "More than " (MOST_NODES) " would not be read: " (graph.folded) " that have least to do with others stand together, by kind. Filter by kind or time to see them." } } }
        @if graph.more_events { div class="notice" data-level="info" { (parts::icon("info")) div { strong { "The first " (MOST_EVENTS) " events are drawn" } "Choose a later time to see those after them." } } }
    }
}

fn files(shown: &Shown, asked: &Asked) -> Markup {
    let query = own_query(asked);
    html! {
        details class="menu" {
            summary class="button" { (parts::icon("download")) "Save as " (parts::icon("chevron-down")) }
            div class="menu-list" {
                @for form in FileForm::ALL { a href={ (shown.path("/graph/file")) "?" (query) "&form=" (form) } { (form.label()) } }
            }
        }
    }
}

fn filter(shown: &Shown, asked: &Asked) -> Markup {
    let value =
        |at: Option<Timestamp>| at.map(|at| at.strftime("%Y-%m-%dT%H:%M:%S").to_string()).unwrap_or_default();
    html! {
        form class="filter-bar" method="get" action=(shown.path("/graph")) {
            fieldset class="graph-kinds" {
                legend { "Kinds" }
                @for kind in NodeKind::ALL {
                    label class="chip" { input type="checkbox" name="kind" value=(kind) checked[asked.kinds.contains(kind)]; (kind.label()) }
                }
            }
            div class="field" { label for="g-from" { "From (UTC)" } input id="g-from" type="datetime-local" step="1" name="from" value=(value(asked.from)); }
            div class="field" { label for="g-until" { "Until (UTC)" } input id="g-until" type="datetime-local" step="1" name="until" value=(value(asked.until)); }
            button class="button" type="submit" { "Filter" }
            a class="button" data-kind="quiet" href=(shown.path("/graph")) { "All" }
        }
    }
}

fn legend() -> Markup {
    html! {
        ul class="legend" {
            @for kind in NodeKind::ALL { li { svg class="graph-key" viewBox="4 6 26 28" width="16" height="17" aria-hidden="true" data-kind=(kind) { (draw::mark(*kind)) } " " (kind.label()) } }
        }
    }
}

/// The same in words, for whoever does not see the picture.
fn table(graph: &GraphView) -> Markup {
    let label = |id: &str| graph.nodes.iter().find(|node| node.id == id);
    let cell = |id: &str| {
        html! {
            @if let Some(node) = label(id) {
                @match &node.href { Some(href) => a class="observable" href=(href) { (node.label) }, None => span class="observable" { (node.label) } }
                @if let Some(on) = &node.on { span class="cell-sub" { "on " (on) } }
            }
        }
    };
    let mut edges: Vec<&EdgeView> = graph.edges.iter().collect();
    edges.sort_by_key(|edge| (edge.first_seen, edge.from.clone(), edge.to.clone()));
    html! {
        section class="card" aria-labelledby="graph-table" {
            div class="card-head" { h3 id="graph-table" { "The same as a table" } span class="muted" { (graph.nodes.len()) " boxes, " (graph.edges.len()) " relations" @if edges.len() > LISTED { ", the first " (LISTED) " are listed" } } }
            details class="card-body" {
                summary { "Relations by when they first were" }
                div class="table-scroll gap-top" role="region" aria-label="Relations" tabindex="0" {
                    table class="table" data-narrow="list" {
                        thead { tr { th { "From" } th { "Relation" } th { "To" } th data-type="number" { "Events" } th { "First" } th { "Last" } } }
                        tbody {
                            @for edge in edges.iter().take(LISTED) {
                                tr {
                                    td class="cell-main" { (cell(&edge.from)) }
                                    td data-label="Relation" { (edge.relation.label()) }
                                    td data-label="To" { (cell(&edge.to)) }
                                    td data-type="number" data-label="Events" { (edge.events) }
                                    td data-type="time" data-label="First" { @if let Some(at) = edge.first_seen { (parts::time(at)) } }
                                    td data-type="time" data-label="Last" { @if let Some(at) = edge.last_seen { (parts::time(at)) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// `GET /incidents/INC-1/graph/file?form=svg`
pub async fn file(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Response> {
    let (asked, form) = read(&pairs)?;
    let form = form.unwrap_or(FileForm::Svg);
    let bytes = export(&app, &actor, id, &asked, form).await?;
    Ok(download::bytes(&format!("{id}-graph.{form}"), download::BYTES, bytes))
}

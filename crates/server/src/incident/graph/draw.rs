//! The picture of a graph: columns from where somebody came, through who and where, to what ran and what it touched.
//! Colours are the page's own; a picture that leaves the house brings its own. No script is needed to read it.

use std::collections::BTreeMap;

use domain::graph::{NodeKind, Relation};
use domain::observable::Standing;
use maud::{Markup, html};
use paper::graph::{Layout, Sizes, lay_out};

use super::{EdgeView, GraphView, NodeView};

const SIZES: Sizes = Sizes { width: 188.0, height: 40.0, across: 52.0, down: 12.0 };
/// Around the whole, with room for arcs at the right and the heads of columns above.
const MARGIN: f64 = 36.0;
/// How many characters of a name fit into a box, and of what stands below it.
const NAME: usize = 20;
const BELOW: usize = 25;
/// How deep a chain of processes goes in columns of its own.
const DEEPEST: usize = 3;

/// Colours of a picture that stands alone.
const OWN_STYLE: &str = "text{font-family:'IBM Plex Sans',system-ui,sans-serif;fill:#12181f}\
.graph-name{font-size:13px;font-weight:500}.graph-below{font-size:11px;fill:#515d69}\
.graph-box{fill:#fff;stroke:#7c8894}.graph-mark{fill:#515d69}.graph-edge path{fill:none;stroke:#7c8894}\
.graph-arrow{fill:#7c8894}[data-tone=bad] .graph-box{fill:#fde1e4;stroke:#a91129}\
[data-kind=host] .graph-mark{fill:#1a56b0}[data-kind=account] .graph-mark{fill:#14633a}\
[data-kind=address] .graph-mark{fill:#0c5b6d}[data-kind=process] .graph-mark{fill:#7d2a60}\
[data-kind=alert] .graph-mark{fill:#963a00}";

/// The graph as SVG. `alone`: to be saved, with its colours and without links.
pub fn svg(graph: &GraphView, title: &str, alone: bool) -> Markup {
    let columns = columns(graph);
    let places: BTreeMap<&str, usize> = graph.nodes.iter().map(|node| node.id.as_str()).zip(0..).collect();
    let ends = |edge: &EdgeView| Some((*places.get(edge.from.as_str())?, *places.get(edge.to.as_str())?));
    let pairs: Vec<(usize, usize)> = graph.edges.iter().filter_map(ends).collect();
    let layout = lay_out(&columns, &pairs, SIZES);
    let (width, height) = (layout.width + 2.0 * MARGIN, layout.height + 2.0 * MARGIN);
    let label = format!("{title}: {} nodes and {} relations", graph.nodes.len(), graph.edges.len());
    html! {
        svg class="graph" xmlns="http://www.w3.org/2000/svg" viewBox={ "0 0 " (whole(width)) " " (whole(height)) } width=(whole(width)) height=(whole(height)) role="group" aria-label=(label) data-graph[!alone] {
            @if alone { style { (OWN_STYLE) } }
            defs { marker id="graph-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse" { path class="graph-arrow" d="M0 0.6 L7.4 4 L0 7.4 Z" {} } }
            g transform={ "translate(" (whole(MARGIN)) " " (whole(MARGIN)) ")" } {
                @for edge in &graph.edges {
                    @if let Some((from, to)) = ends(edge) { (line(graph, edge, from, to, &layout)) }
                }
                @for (node, place) in graph.nodes.iter().zip(&layout.places) { (placed(node, *place, alone)) }
            }
        }
    }
}

/// In which column each node stands.
fn columns(graph: &GraphView) -> Vec<usize> {
    let edges = |from: &NodeView, relation: Relation| {
        graph.edges.iter().any(|edge| edge.from == from.id && edge.relation == relation)
    };
    let mut depth: BTreeMap<&str, usize> = BTreeMap::new();
    // As often as a chain can be deep; what starts itself in a circle stops there.
    for _ in 0..DEEPEST {
        for edge in
            graph.edges.iter().filter(|edge| matches!(edge.relation, Relation::Starts | Relation::Opens))
        {
            let below = depth.get(edge.from.as_str()).copied().unwrap_or(0) + 1;
            let known = depth.entry(edge.to.as_str()).or_default();
            *known = (*known).max(below.min(DEEPEST));
        }
    }
    graph
        .nodes
        .iter()
        .map(|node| match node.kind {
            NodeKind::Address if edges(node, Relation::LogsOn) || edges(node, Relation::Reaches) => 0,
            NodeKind::Account => 1,
            NodeKind::Host if edges(node, Relation::LogsOn) || edges(node, Relation::Reaches) => 2,
            NodeKind::Host => 3,
            NodeKind::Process => 4 + depth.get(node.id.as_str()).copied().unwrap_or(0),
            NodeKind::Address | NodeKind::File | NodeKind::Name => 5 + DEEPEST,
            NodeKind::Alert => 6 + DEEPEST,
            NodeKind::Evidence => 7 + DEEPEST,
        })
        .collect()
}

fn line(graph: &GraphView, edge: &EdgeView, from: usize, to: usize, layout: &Layout) -> Markup {
    let (Some((fx, fy)), Some((tx, ty))) = (layout.places.get(from), layout.places.get(to)) else {
        return html! {};
    };
    let (fy, ty) = (fy + SIZES.height / 2.0, ty + SIZES.height / 2.0);
    let path = if tx > fx {
        let (start, end) = (fx + SIZES.width, *tx);
        let bend = (end - start) / 2.0;
        curve((start, fy), (start + bend, fy), (end - bend, ty), (end - 2.0, ty))
    } else if tx < fx {
        let (start, end) = (*fx, tx + SIZES.width);
        let bend = (start - end) / 2.0;
        curve((start, fy), (start - bend, fy), (end + bend, ty), (end + 2.0, ty))
    } else {
        let side = fx + SIZES.width;
        let out = side + 18.0 + ((ty - fy).abs() / 6.0).min(40.0);
        curve((side, fy), (out, fy), (out, ty), (side + 2.0, ty))
    };
    let name = |place: usize| graph.nodes.get(place).map_or("", |node| node.label.as_str());
    let thick = 1.0 + (edge.events as f64).ln().min(4.0) * 0.6;
    let times = if edge.events == 1 { "once".to_owned() } else { format!("{} times", edge.events) };
    html! {
        g class="graph-edge" data-from=(edge.from) data-to=(edge.to) data-relation=(edge.relation) {
            path d=(path) stroke-width=(format!("{thick:.1}")) marker-end="url(#graph-arrow)" {
                title { (name(from)) " " (edge.relation.label()) " " (name(to)) ", " (times) }
            }
        }
    }
}

fn curve(start: (f64, f64), one: (f64, f64), other: (f64, f64), end: (f64, f64)) -> String {
    format!(
        "M{:.1} {:.1} C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}",
        start.0, start.1, one.0, one.1, other.0, other.1, end.0, end.1
    )
}

fn placed(node: &NodeView, (x, y): (f64, f64), alone: bool) -> Markup {
    let at = format!("translate({x:.1} {y:.1})");
    let tone = (node.standing == Some(Standing::Indicator)).then_some("bad");
    let drawn = html! { (shape(node)) };
    html! {
        @match node.href.as_deref().filter(|_| !alone) {
            Some(href) => a class="graph-node" href=(href) transform=(at) data-node=(node.id) data-kind=(node.kind) data-tone=[tone] { (drawn) },
            None => g class="graph-node" transform=(at) data-node=(node.id) data-kind=(node.kind) data-tone=[tone] { (drawn) },
        }
    }
}

fn shape(node: &NodeView) -> Markup {
    let round = if node.stands_for > 1 { "20" } else { "6" };
    html! {
        title { (told(node)) }
        rect class="graph-box" width=(whole(SIZES.width)) height=(whole(SIZES.height)) rx=(round) {}
        (mark(node.kind))
        text class="graph-name" x="32" y="17" { (cut(&node.label, NAME)) }
        text class="graph-below" x="32" y="32" { (cut(&below(node), BELOW)) }
    }
}

/// A sign for the kind: a shape each, so that colour is not all that tells them apart.
pub fn mark(kind: NodeKind) -> Markup {
    let path = match kind {
        NodeKind::Host => "M8 12h18v12h-18z M14 24h6v3h-6z M11 27h12v1.8h-12z",
        NodeKind::Account => "M17 11a4.6 4.6 0 1 1-.01 0z M8.5 29c0-11 17-11 17 0z",
        NodeKind::Address => "M17 10a8 8 0 0 0-8 8c0 6 8 12 8 12s8-6 8-12a8 8 0 0 0-8-8z",
        NodeKind::Process => "M8 11h18v18h-18z M12 16l4 4-4 4 M17 24h6",
        NodeKind::File => "M10 10h9l6 6v14h-15z",
        NodeKind::Name => "M17 11l9 9-9 9-9-9z",
        NodeKind::Alert => "M17 10l10 18h-20z",
        NodeKind::Evidence => "M8 13h7l2 3h9v13h-18z",
    };
    html! { path class="graph-mark" d=(path) {} }
}

fn below(node: &NodeView) -> String {
    let kind = node.kind.label().to_lowercase();
    match (&node.on, node.kind) {
        _ if node.stands_for > 1 => format!("{kind}s, shown together"),
        (Some(host), _) => format!("on {host}"),
        (None, NodeKind::Alert | NodeKind::Evidence) => node.value.clone(),
        (None, _) => format!("{kind}, {} {}", node.events, if node.events == 1 { "event" } else { "events" }),
    }
}

/// All that a box says, for whoever hears it.
fn told(node: &NodeView) -> String {
    let what = if node.value.is_empty() { &node.label } else { &node.value };
    let on = node.on.as_ref().map(|host| format!(" on {host}")).unwrap_or_default();
    let bad = if node.standing == Some(Standing::Indicator) { ", an indicator" } else { "" };
    let name = if matches!(node.kind, NodeKind::Alert | NodeKind::Evidence) {
        format!(" {}", node.label)
    } else {
        String::new()
    };
    format!("{} {what}{name}{on}{bad}, {} events", node.kind.label(), node.events)
}

/// A name that fits; of a long one the beginning and the end, which tell most.
fn cut(text: &str, most: usize) -> String {
    let signs: Vec<char> = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if signs.len() <= most {
        return signs.into_iter().collect();
    }
    let end = most / 3;
    let begin: String = signs.iter().take(most - end - 1).collect();
    let tail: String = signs.iter().skip(signs.len() - end).collect();
    format!("{begin}…{tail}")
}

fn whole(number: f64) -> String {
    format!("{number:.0}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_keeps_its_beginning_and_its_end() {
        assert_eq!(cut("short.exe", 12), "short.exe");
        let cut = cut("a-very-long-name-of-a-program.exe", 12);
        assert_eq!((cut.chars().count(), cut.ends_with(".exe")), (12, true), "{cut}");
    }

    #[test]
    fn text_from_outside_stays_text() {
        let node = NodeView {
            id: "n0".to_owned(),
            kind: NodeKind::Process,
            label: "<script>alert(1)</script>".to_owned(),
            value: "C:\\<script>".to_owned(),
            on: None,
            events: 1,
            first_seen: None,
            last_seen: None,
            stands_for: 1,
            standing: None,
            severity: None,
            href: Some("/observables/value".to_owned()),
        };
        let graph =
            GraphView { nodes: vec![node], edges: Vec::new(), events: 1, more_events: false, folded: 0 };
        for alone in [true, false] {
            let drawn = svg(&graph, "INC-1", alone).into_string();
            assert!(!drawn.contains("<script") && drawn.contains("&lt;script"), "{drawn}");
            assert_eq!(drawn.contains("<style>"), alone);
            assert_eq!(drawn.contains("<a "), !alone);
        }
    }
}

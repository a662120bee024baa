//! The graph as a file: a picture, JSON, or GraphML for Gephi, yEd and NetworkX.

use domain::graph::FileForm;
use domain::{Actor, IncidentId};
use maud::{Markup, html};

use super::{Asked, GraphView, draw, graph};
use crate::app::App;
use crate::error::Result;

/// Says of a text that it is XML, and how its letters are written.
const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// The graph in one form, as bytes.
pub async fn export(
    app: &App,
    actor: &Actor,
    id: IncidentId,
    asked: &Asked,
    form: FileForm,
) -> Result<Vec<u8>> {
    let graph = graph(app, actor, id, asked).await?;
    Ok(match form {
        FileForm::Svg => {
            format!("{XML}{}", draw::svg(&graph, &id.to_string(), true).into_string()).into_bytes()
        }
        FileForm::Json => serde_json::to_vec_pretty(&graph)?,
        FileForm::Graphml => format!("{XML}{}", graphml(&graph).into_string()).into_bytes(),
    })
}

fn graphml(graph: &GraphView) -> Markup {
    let keys = [
        ("label", "node", "string"),
        ("kind", "node", "string"),
        ("value", "node", "string"),
        ("on", "node", "string"),
        ("events", "node", "long"),
        ("relation", "edge", "string"),
        ("count", "edge", "long"),
        ("first", "edge", "string"),
        ("last", "edge", "string"),
    ];
    html! {
        graphml xmlns="http://graphml.graphdrawing.org/xmlns" {
            @for (name, of, kind) in keys { key id=(name) for=(of) "attr.name"=(name) "attr.type"=(kind) {} }
            graph edgedefault="directed" {
                @for node in &graph.nodes {
                    node id=(node.id) {
                        (data("label", &node.label)) (data("kind", node.kind.as_str())) (data("value", &node.value))
                        @if let Some(on) = &node.on { (data("on", on)) }
                        (data("events", &node.events.to_string()))
                    }
                }
                @for edge in &graph.edges {
                    edge source=(edge.from) target=(edge.to) {
                        (data("relation", edge.relation.as_str())) (data("count", &edge.events.to_string()))
                        @if let Some(at) = edge.first_seen { (data("first", &at.to_string())) }
                        @if let Some(at) = edge.last_seen { (data("last", &at.to_string())) }
                    }
                }
            }
        }
    }
}

/// XML knows no control characters, whatever stands before them.
fn data(key: &str, text: &str) -> Markup {
    let plain: String = text
        .chars()
        .map(|c| if c.is_control() && c != '\n' && c != '\t' { char::REPLACEMENT_CHARACTER } else { c })
        .collect();
    html! { data key=(key) { (plain) } }
}

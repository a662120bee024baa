//! The graph of an incident: who logged on where, what ran, what it touched, and the alerts and evidence about it. It
//! is read from the events on the timeline each time it is asked for; the relations are the domain's word
//! (`domain::graph`), the layout is `paper`'s, and [`draw`] makes the picture.

pub mod draw;
mod export;

use std::collections::{BTreeMap, BTreeSet};

use domain::graph::{Builder, Happening, Node, NodeKind, Relation};
use domain::observable::{Sighting, Standing};
use domain::{Actor, EventId, EvidenceId, IncidentId, IntakeId, ObservableKind, Severity};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

pub use export::export;

use super::page::address;
use super::{read, store};
use crate::alert;
use crate::app::App;
use crate::error::Result;
use crate::event;
use crate::evidence;
use crate::identity::scope;

/// How many nodes are drawn; the rest stands together.
pub const MOST_NODES: usize = 200;
/// How many events are read, the earliest first.
pub const MOST_EVENTS: i64 = 4000;

/// What of the graph is asked for. The default is all of it.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Empty: all kinds.
    pub kinds: BTreeSet<NodeKind>,
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
}

/// A node of the graph.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NodeView {
    #[schema(example = "n4")]
    pub id: String,
    #[schema(value_type = String, example = "process")]
    pub kind: NodeKind,
    /// A short name.
    #[schema(example = "cmd.exe")]
    pub label: String,
    /// The whole value; empty for a node that stands for many.
    #[schema(example = "C:\\Windows\\System32\\cmd.exe")]
    pub value: String,
    /// The host on which a process ran.
    pub on: Option<String>,
    /// In how many events it stands.
    pub events: u64,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub first_seen: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_seen: Option<Timestamp>,
    /// How many nodes it stands for: 1, or more where they were too many to be shown alone.
    pub stands_for: u64,
    /// What people found it to be.
    #[schema(value_type = Option<String>, example = "indicator")]
    pub standing: Option<Standing>,
    /// Of an alert.
    #[schema(value_type = Option<String>, example = "high")]
    pub severity: Option<Severity>,
    /// Where more is known of it.
    pub href: Option<String>,
}

/// A relation between two nodes.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EdgeView {
    #[schema(example = "n1")]
    pub from: String,
    #[schema(example = "n4")]
    pub to: String,
    #[schema(value_type = String, example = "runs")]
    pub relation: Relation,
    /// In how many events.
    pub events: u64,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub first_seen: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_seen: Option<Timestamp>,
}

/// The graph of an incident.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct GraphView {
    pub nodes: Vec<NodeView>,
    pub edges: Vec<EdgeView>,
    /// How many events it was read from.
    pub events: usize,
    /// There are more events than are read.
    pub more_events: bool,
    /// How many nodes do not stand alone.
    pub folded: u64,
}

pub async fn graph(app: &App, actor: &Actor, id: IncidentId, asked: &Asked) -> Result<GraphView> {
    read::get(app, actor, id).await?;
    let family = scope::family(app, id).await?;
    let times = (asked.from, asked.until);
    let lines = store::timeline::happenings(&app.db, &family, times, MOST_EVENTS + 1).await?;
    let more_events = lines.len() > usize::try_from(MOST_EVENTS).unwrap_or(usize::MAX);
    let mut held: BTreeMap<IntakeId, Vec<EvidenceId>> = BTreeMap::new();
    let items = evidence::of_incident(app, actor, id).await?;
    for item in &items {
        if let Some(delivery) = item.delivery {
            held.entry(delivery).or_default().push(item.id);
        }
    }
    let wanted: BTreeSet<EventId> = lines.iter().map(|line| line.event).collect();
    let wanted: Vec<EventId> = wanted.into_iter().collect();
    let mut seen: BTreeMap<EventId, (Vec<Sighting>, IntakeId)> = BTreeMap::new();
    for some in wanted.chunks(500) {
        for event in event::several(app, actor, some).await? {
            seen.insert(event.id, (event.sightings(), event.delivery));
        }
    }
    let mut builder = Builder::default();
    let mut events = 0;
    for line in lines.iter().take(usize::try_from(MOST_EVENTS).unwrap_or(usize::MAX)) {
        let Some((sightings, delivery)) = seen.get(&line.event) else { continue };
        events += 1;
        let evidence = held.get(delivery).map_or(&[][..], Vec::as_slice);
        builder.add(&Happening { at: line.at, sightings, alert: line.alert, evidence });
    }
    let built = builder.finish(MOST_NODES);
    let names = Names::load(app, actor, id, &items).await?;
    let is_wanted = |node: &Node| asked.kinds.is_empty() || asked.kinds.contains(&node.key.kind);
    let places: BTreeMap<usize, usize> =
        built.nodes.iter().enumerate().filter(|(_, node)| is_wanted(node)).map(|(n, _)| n).zip(0..).collect();
    let name = |place: usize| places.get(&place).map(|place| format!("n{place}"));
    let nodes: Vec<NodeView> = built
        .nodes
        .iter()
        .enumerate()
        .filter_map(|(place, node)| Some(names.view(name(place)?, node)))
        .collect();
    let edges = built
        .edges
        .iter()
        .filter_map(|edge| {
            Some(EdgeView {
                from: name(edge.from)?,
                to: name(edge.to)?,
                relation: edge.relation,
                events: edge.count,
                first_seen: edge.first,
                last_seen: edge.last,
            })
        })
        .collect();
    let folded = nodes.iter().filter(|node| node.stands_for > 1).map(|node| node.stands_for).sum();
    Ok(GraphView { nodes, edges, events, more_events, folded })
}

/// What is known of nodes beyond the events.
struct Names {
    alerts: BTreeMap<String, (String, Severity)>,
    evidence: BTreeMap<String, String>,
    standings: BTreeMap<(ObservableKind, String), Standing>,
}

impl Names {
    async fn load(app: &App, actor: &Actor, id: IncidentId, items: &[evidence::Evidence]) -> Result<Names> {
        let alerts = alert::of_incident(app, id).await?;
        let observables = read::observables(app, actor, id).await?;
        Ok(Names {
            alerts: alerts
                .into_iter()
                .map(|alert| (alert.id.to_string(), (alert.title, alert.severity)))
                .collect(),
            evidence: items.iter().map(|item| (item.id.to_string(), item.name.clone())).collect(),
            standings: observables.into_iter().map(|one| ((one.kind, one.value), one.standing)).collect(),
        })
    }

    fn view(&self, id: String, node: &Node) -> NodeView {
        let value = node.key.value.as_str();
        let kind = node.key.kind;
        let alert = self.alerts.get(value).filter(|_| kind == NodeKind::Alert);
        let label = match kind {
            _ if value.is_empty() => format!("{} more", node.stands_for),
            NodeKind::Alert => alert.map_or(value, |(title, _)| title.as_str()).to_owned(),
            NodeKind::Evidence => self.evidence.get(value).map_or(value, String::as_str).to_owned(),
            NodeKind::Process | NodeKind::File => last_part(value).to_owned(),
            _ => value.to_owned(),
        };
        let href = match (kind, node.observable) {
            _ if value.is_empty() => None,
            (NodeKind::Alert, _) => Some(format!("/alerts/{value}")),
            (NodeKind::Evidence, _) => Some(format!("/evidence/{value}")),
            (_, Some(kind)) => Some(address(kind, value)),
            (_, None) => None,
        };
        let known = node.observable.and_then(|kind| self.standings.get(&(kind, value.to_owned())));
        NodeView {
            id,
            kind,
            label,
            value: value.to_owned(),
            on: node.key.on.clone(),
            events: node.count,
            first_seen: node.first,
            last_seen: node.last,
            stands_for: node.stands_for,
            standing: known.copied(),
            severity: alert.map(|(_, severity)| *severity),
            href,
        }
    }
}

/// The end of a path or a key tells it from others.
fn last_part(value: &str) -> &str {
    value.rsplit(['\\', '/']).find(|part| !part.is_empty()).unwrap_or(value)
}

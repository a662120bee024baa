//! A graph of what took part in an incident: hosts, accounts, addresses, processes, what they touched, and the alerts
//! and evidence about them, with relations read from events. How it is drawn is not decided here.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::observable::{ObservableRole as Role, Sighting};
use crate::words::words;
use crate::{AlertId, EvidenceId, ObservableKind};

words! {
    pub enum NodeKind, "kind of node" {
        Address: "address", "Address";
        Account: "account", "Account";
        Host: "host", "Host";
        Process: "process", "Process";
        File: "file", "File or key";
        Name: "name", "Domain or URL";
        Alert: "alert", "Alert";
        Evidence: "evidence", "Evidence";
    }
}

words! {
    pub enum Relation, "relation" {
        LogsOn: "logs_on", "logs on to";
        Reaches: "reaches", "reaches";
        Runs: "runs", "runs";
        Starts: "starts", "starts";
        Opens: "opens", "opens the process";
        Touches: "touches", "touches";
        Asks: "asks", "asks for";
        ActsOn: "acts_on", "acts on";
        IsAbout: "is_about", "is about";
        Tells: "tells", "tells of";
    }
}

words! {
    /// In what form a graph leaves the house.
    pub enum FileForm, "form of a graph" {
        Svg: "svg", "SVG";
        Json: "json", "JSON";
        Graphml: "graphml", "GraphML";
    }
}

/// What a node is, and by what it is known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub kind: NodeKind,
    /// The whole value.
    pub value: String,
    /// The host on which a process ran: two machines' `cmd.exe` are two.
    pub on: Option<String>,
}

impl Key {
    pub fn new(kind: NodeKind, value: &str) -> Self {
        Key { kind, value: value.to_owned(), on: None }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    pub key: Key,
    /// The kind of observable that it is; none for alerts, evidence and groups.
    pub observable: Option<ObservableKind>,
    /// In how many events it stands.
    pub count: u64,
    pub first: Option<Timestamp>,
    pub last: Option<Timestamp>,
    /// How many nodes it stands for: 1, or more for those that were too many to be shown alone.
    pub stands_for: u64,
}

/// A relation between two nodes, by their places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    pub from: usize,
    pub to: usize,
    pub relation: Relation,
    pub count: u64,
    pub first: Option<Timestamp>,
    pub last: Option<Timestamp>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Graph {
    pub nodes: Vec<Node>,
    pub edges: Vec<Edge>,
}

/// An event as the graph reads it.
pub struct Happening<'a> {
    pub at: Timestamp,
    pub sightings: &'a [Sighting],
    pub alert: Option<AlertId>,
    /// The evidence that holds it.
    pub evidence: &'a [EvidenceId],
}

/// Gathers events into a graph. The order in which they come makes no difference.
#[derive(Debug, Default)]
pub struct Builder {
    nodes: BTreeMap<Key, Seen>,
    edges: BTreeMap<(Key, Key, Relation), Seen>,
}

#[derive(Debug, Clone, Default)]
struct Seen {
    observable: Option<ObservableKind>,
    count: u64,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
}

impl Seen {
    fn add(&mut self, at: Timestamp) {
        self.count += 1;
        self.first = self.first.into_iter().chain([at]).min();
        self.last = self.last.max(Some(at));
    }
}

/// The values of one event by the parts that they play.
#[derive(Default)]
struct Parts {
    host: Option<Key>,
    from_hosts: Vec<Key>,
    from_addresses: Vec<Key>,
    to_addresses: Vec<Key>,
    actors: Vec<Key>,
    targets: Vec<Key>,
    process: Option<Key>,
    parent: Option<Key>,
    opened: Vec<Key>,
    things: Vec<Key>,
    names: Vec<Key>,
}

impl Parts {
    fn read(sightings: &[Sighting]) -> Self {
        let mut parts = Parts::default();
        let own = sightings.iter().find(|one| one.role.is_none() && is_machine(one.observable.kind()));
        let on = own.map(|one| one.observable.value().to_owned());
        parts.host = on.as_deref().map(|value| Key::new(NodeKind::Host, value));
        for one in sightings {
            let value = one.observable.value();
            let process = || Key { kind: NodeKind::Process, value: value.to_owned(), on: on.clone() };
            match (one.observable.kind(), one.role) {
                (ObservableKind::Host, Some(Role::Source)) => {
                    parts.from_hosts.push(Key::new(NodeKind::Host, value));
                }
                (ObservableKind::Ipv4 | ObservableKind::Ipv6, Some(Role::Source)) => {
                    parts.from_addresses.push(Key::new(NodeKind::Address, value));
                }
                (ObservableKind::Ipv4 | ObservableKind::Ipv6, Some(_)) => {
                    parts.to_addresses.push(Key::new(NodeKind::Address, value));
                }
                (ObservableKind::Account, Some(Role::Target)) => {
                    parts.targets.push(Key::new(NodeKind::Account, value));
                }
                (ObservableKind::Account, _) => parts.actors.push(Key::new(NodeKind::Account, value)),
                (ObservableKind::Process, Some(Role::Parent)) => parts.parent = Some(process()),
                (ObservableKind::Process, Some(Role::Target)) => parts.opened.push(process()),
                (ObservableKind::Process, _) => parts.process = Some(process()),
                (ObservableKind::File | ObservableKind::RegistryKey, _) => {
                    parts.things.push(Key::new(NodeKind::File, value));
                }
                (ObservableKind::Domain | ObservableKind::Url, _) => {
                    parts.names.push(Key::new(NodeKind::Name, value));
                }
                _ => {}
            }
        }
        parts
    }
}

const fn is_machine(kind: ObservableKind) -> bool {
    matches!(kind, ObservableKind::Host | ObservableKind::Ipv4 | ObservableKind::Ipv6)
}

impl Builder {
    pub fn add(&mut self, event: &Happening<'_>) {
        let parts = Parts::read(event.sightings);
        let mut named: BTreeSet<Key> = BTreeSet::new();
        let mut said: BTreeSet<(Key, Key, Relation)> = BTreeSet::new();
        let mut say = |from: &Key, relation: Relation, to: &Key| {
            named.extend([from.clone(), to.clone()]);
            if from != to {
                said.insert((from.clone(), to.clone(), relation));
            }
        };
        relations(&parts, &mut say);
        // What the alert is about: what ran, else the machine, else whoever acted.
        let subject = parts.process.as_ref().or(parts.host.as_ref());
        let subject = subject.or(parts.actors.first()).or(parts.from_addresses.first());
        if let (Some(alert), Some(subject)) = (event.alert, subject) {
            say(&Key::new(NodeKind::Alert, &alert.to_string()), Relation::IsAbout, subject);
        }
        if let Some(told_of) = parts.host.as_ref().or(subject) {
            for item in event.evidence {
                say(&Key::new(NodeKind::Evidence, &item.to_string()), Relation::Tells, told_of);
            }
        }
        named.extend(parts.host.clone());
        for key in named {
            let seen = self.nodes.entry(key.clone()).or_default();
            seen.add(event.at);
            let kind = event.sightings.iter().find(|one| one.observable.value() == key.value);
            if !matches!(key.kind, NodeKind::Alert | NodeKind::Evidence) {
                seen.observable = seen.observable.or(kind.map(|one| one.observable.kind()));
            }
        }
        for edge in said {
            self.edges.entry(edge).or_default().add(event.at);
        }
    }

    /// The graph with at most `most` nodes: those that matter least stand together, a node a kind.
    pub fn finish(self, most: usize) -> Graph {
        let mut degree: BTreeMap<&Key, u64> = BTreeMap::new();
        for (from, to, _) in self.edges.keys() {
            *degree.entry(from).or_default() += 1;
            *degree.entry(to).or_default() += 1;
        }
        let mut ranked: Vec<&Key> = self.nodes.keys().collect();
        ranked.sort_by_key(|key| {
            let seen = self.nodes.get(*key).map_or(0, |seen| seen.count);
            let degree = degree.get(*key).copied().unwrap_or(0);
            (std::cmp::Reverse(weight(key.kind) + degree), std::cmp::Reverse(seen), (*key).clone())
        });
        // Each kind may need one more node for its rest.
        let room = if ranked.len() > most { most.saturating_sub(NodeKind::ALL.len()) } else { most };
        let alone: BTreeSet<Key> = ranked.into_iter().take(room).cloned().collect();
        let place_of =
            |key: &Key| -> Key { if alone.contains(key) { key.clone() } else { Key::new(key.kind, "") } };
        let mut nodes: BTreeMap<Key, Node> = BTreeMap::new();
        for (key, seen) in &self.nodes {
            let place = place_of(key);
            let observable = seen.observable.filter(|_| !place.value.is_empty());
            let node = nodes.entry(place.clone()).or_insert_with(|| Node {
                key: place,
                observable,
                count: 0,
                first: None,
                last: None,
                stands_for: 0,
            });
            node.count += seen.count;
            node.stands_for += 1;
            node.first = node.first.into_iter().chain(seen.first).min();
            node.last = node.last.max(seen.last);
        }
        let places: BTreeMap<Key, usize> = nodes.keys().cloned().zip(0..).collect();
        let mut edges: BTreeMap<(usize, usize, Relation), Edge> = BTreeMap::new();
        for ((from, to, relation), seen) in &self.edges {
            let ends = (places.get(&place_of(from)), places.get(&place_of(to)));
            let (Some(from), Some(to)) = ends else { continue };
            if from == to {
                continue;
            }
            let edge = edges.entry((*from, *to, *relation)).or_insert_with(|| Edge {
                from: *from,
                to: *to,
                relation: *relation,
                count: 0,
                first: None,
                last: None,
            });
            edge.count += seen.count;
            edge.first = edge.first.into_iter().chain(seen.first).min();
            edge.last = edge.last.max(seen.last);
        }
        Graph { nodes: nodes.into_values().collect(), edges: edges.into_values().collect() }
    }
}

/// How much a kind matters beside the number of its relations: machines and people are never folded before files.
const fn weight(kind: NodeKind) -> u64 {
    match kind {
        NodeKind::Host => 1000,
        NodeKind::Account | NodeKind::Address => 100,
        NodeKind::Alert => 50,
        NodeKind::Process => 10,
        NodeKind::Evidence => 5,
        NodeKind::File | NodeKind::Name => 0,
    }
}

fn relations(parts: &Parts, say: &mut impl FnMut(&Key, Relation, &Key)) {
    let (host, process) = (parts.host.as_ref(), parts.process.as_ref());
    let is_logon = !parts.targets.is_empty() && process.is_none() && parts.things.is_empty();
    for from in parts.from_hosts.iter().chain(&parts.from_addresses) {
        if let Some(host) = host {
            say(from, if is_logon { Relation::LogsOn } else { Relation::Reaches }, host);
        }
    }
    for actor in &parts.actors {
        match (process, host) {
            (Some(process), _) => say(actor, Relation::Runs, process),
            (None, Some(host)) if parts.targets.is_empty() => say(actor, Relation::LogsOn, host),
            _ => {}
        }
        for target in &parts.targets {
            say(actor, Relation::ActsOn, target);
        }
    }
    if let Some(host) = host {
        for target in &parts.targets {
            say(target, Relation::LogsOn, host);
        }
        // What started it stands for the machine where it is known.
        if let Some(first) = parts.parent.as_ref().or(process) {
            say(host, Relation::Runs, first);
        }
    }
    if let (Some(parent), Some(process)) = (&parts.parent, process) {
        say(parent, Relation::Starts, process);
    }
    let Some(doer) = process.or(host) else { return };
    for opened in &parts.opened {
        say(doer, Relation::Opens, opened);
    }
    for thing in &parts.things {
        say(doer, Relation::Touches, thing);
    }
    for name in &parts.names {
        say(doer, Relation::Asks, name);
    }
    for address in &parts.to_addresses {
        say(doer, Relation::Reaches, address);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observable::from_event;

    fn graph(events: &[&[(&str, &str)]], most: usize) -> Graph {
        let mut builder = Builder::default();
        for (n, fields) in events.iter().enumerate() {
            let sightings = from_event(fields.iter().copied());
            let at = Timestamp::from_second(i64::try_from(n).unwrap()).unwrap();
            let alert = AlertId::try_from(1).ok();
            builder.add(&Happening { at, sightings: &sightings, alert, evidence: &[] });
        }
        builder.finish(most)
    }

    fn told(graph: &Graph) -> Vec<String> {
        let name = |place: usize| graph.nodes[place].key.value.clone();
        graph
            .edges
            .iter()
            .map(|edge| format!("{} {} {} ×{}", name(edge.from), edge.relation, name(edge.to), edge.count))
            .collect()
    }

    const START: &[(&str, &str)] = &[
        ("Computer", "ws01"),
        ("User", "EXAMPLE\\anna"),
        ("Image", "C:\\x\\cmd.exe"),
        ("ParentImage", "C:\\x\\word.exe"),
    ];

    #[test]
    fn who_ran_what_from_where_is_read_from_events() {
        let logon: &[(&str, &str)] =
            &[("Computer", "ws01"), ("TargetUserName", "anna"), ("IpAddress", "203.0.113.9")];
        let graph = graph(&[START, START, logon], 200);
        assert_eq!(
            told(&graph),
            [
                "203.0.113.9 logs_on ws01 ×1",
                "anna logs_on ws01 ×1",
                "example\\anna runs C:\\x\\cmd.exe ×2",
                "ws01 runs C:\\x\\word.exe ×2",
                "C:\\x\\word.exe starts C:\\x\\cmd.exe ×2",
                "ALR-1 is_about ws01 ×1",
                "ALR-1 is_about C:\\x\\cmd.exe ×2",
            ]
        );
        assert_eq!(graph.nodes.len(), 7);
    }

    #[test]
    fn the_same_program_on_two_machines_is_two() {
        let other: &[(&str, &str)] = &[("Computer", "ws02"), ("Image", "C:\\x\\cmd.exe")];
        let graph = graph(&[START, other], 200);
        let shells = graph.nodes.iter().filter(|node| node.key.value.ends_with("cmd.exe"));
        assert_eq!(shells.count(), 2);
    }

    #[test]
    fn what_is_too_much_stands_together_and_nothing_is_lost() {
        let files: Vec<String> = (0..300).map(|n| format!("C:\\x\\{n}.doc")).collect();
        let fields: Vec<[(&str, &str); 3]> = files
            .iter()
            .map(|file| {
                [("Computer", "ws01"), ("Image", "C:\\x\\cmd.exe"), ("TargetFilename", file.as_str())]
            })
            .collect();
        let events: Vec<&[(&str, &str)]> = fields.iter().map(<[_; 3]>::as_slice).collect();
        let graph = graph(&events, 100);
        assert!(graph.nodes.len() <= 100);
        assert_eq!(graph.nodes.iter().map(|node| node.stands_for).sum::<u64>(), 303);
        let rest = graph.nodes.iter().find(|node| node.stands_for > 1).unwrap();
        assert_eq!(rest.key, Key::new(NodeKind::File, ""));
        let touches = graph.edges.iter().filter(|edge| edge.relation == Relation::Touches);
        assert_eq!(touches.map(|edge| edge.count).sum::<u64>(), 300);
        assert!(graph.nodes.iter().any(|node| node.key.kind == NodeKind::Host && node.key.value == "ws01"));
    }

    #[test]
    fn the_order_of_events_makes_no_difference() {
        let other: &[(&str, &str)] =
            &[("Computer", "ws02"), ("Image", "C:\\y.exe"), ("DestinationIp", "192.0.2.1")];
        let (one, two) = (graph(&[START, other], 50), graph(&[other, START], 50));
        assert_eq!(told(&one), told(&two));
    }
}

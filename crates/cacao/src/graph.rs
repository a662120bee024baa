//! A workflow as a graph: which step leads to which, and why. A branch ends at an end step or where nothing follows;
//! then the step that opened it goes on (CACAO v2.0 §4.7 to §4.10).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::Playbook;

/// Why one step leads to another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// `on_completion`.
    Next,
    Success,
    Failure,
    /// A branch of a parallel, if, while or switch step, with the word that chooses it.
    Branch(String),
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge<'a> {
    pub from: &'a str,
    pub to: &'a str,
    pub kind: Kind,
}

/// The edges of a workflow between steps that are there.
#[derive(Debug)]
pub struct Graph<'a> {
    out: BTreeMap<&'a str, Vec<Edge<'a>>>,
}

impl<'a> Graph<'a> {
    pub fn new(playbook: &'a Playbook) -> Self {
        let mut out = BTreeMap::new();
        for (id, step) in &playbook.workflow {
            let links = [
                (step.on_completion.as_deref(), Kind::Next),
                (step.on_success.as_deref(), Kind::Success),
                (step.on_failure.as_deref(), Kind::Failure),
            ];
            let branches = step.branches().into_iter().map(|(word, to)| (Some(to), Kind::Branch(word)));
            let edges: Vec<Edge<'a>> = branches
                .chain(links)
                .filter_map(|(to, kind)| Some(Edge { from: id, to: to?, kind }))
                .filter(|edge| playbook.workflow.contains_key(edge.to))
                .collect();
            out.insert(id.as_str(), edges);
        }
        Self { out }
    }

    pub fn from(&self, id: &str) -> &[Edge<'a>] {
        self.out.get(id).map(Vec::as_slice).unwrap_or_default()
    }

    pub fn edges(&self) -> impl Iterator<Item = &Edge<'a>> {
        self.out.values().flatten()
    }

    /// All steps that can be reached from one, itself among them.
    pub fn reach(&self, from: &'a str) -> BTreeSet<&'a str> {
        self.reach_by(from, |_| true)
    }

    /// All steps that can be reached from one along edges that are let pass.
    pub fn reach_by(&self, from: &'a str, pass: impl Fn(&Edge<'a>) -> bool) -> BTreeSet<&'a str> {
        let mut seen = BTreeSet::from([from]);
        let mut open = VecDeque::from([from]);
        while let Some(id) = open.pop_front() {
            for edge in self.from(id).iter().filter(|edge| pass(edge)) {
                if seen.insert(edge.to) {
                    open.push_back(edge.to);
                }
            }
        }
        seen
    }

    /// Sets of steps that lead to each other in a circle, each sorted; the sets by their first step.
    pub fn circles(&self) -> Vec<Vec<&'a str>> {
        let reach: BTreeMap<&str, BTreeSet<&str>> =
            self.out.keys().map(|id| (*id, self.beyond(id))).collect();
        let mut done = BTreeSet::new();
        let mut circles = Vec::new();
        for (id, ahead) in &reach {
            if done.contains(id) || !ahead.contains(id) {
                continue;
            }
            let circle: Vec<&'a str> = ahead
                .iter()
                .copied()
                .filter(|other| reach.get(other).is_some_and(|back| back.contains(id)))
                .collect();
            done.extend(circle.iter().copied());
            circles.push(circle);
        }
        circles
    }

    /// What can be reached by at least one edge.
    fn beyond(&self, id: &'a str) -> BTreeSet<&'a str> {
        self.from(id).iter().flat_map(|edge| self.reach(edge.to)).collect()
    }
}

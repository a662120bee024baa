//! Correlations over a stream, with their groups in memory. What it may take is bounded: the groups that
//! were quiet for longest are forgotten first, and of a group its oldest hits; both are counted.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::group::{Firing, Group, Hit};
use super::link::{Correlations, Sighting};

/// Events that a correlation which has fired hands on.
const MOST_EVENTS: usize = 1000;

#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub groups: usize,
    pub hits_per_group: usize,
    /// In all groups together.
    pub hits: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { groups: 100_000, hits_per_group: 10_000, hits: 1_000_000 }
    }
}

/// What could not be kept or came too late, so that something may have been missed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lost {
    /// Hits of groups that were forgotten because there were too many.
    pub with_groups: u64,
    /// Hits that were forgotten because their group had too many.
    pub hits: u64,
    /// Hits more than two time spans older than the newest of their group.
    pub late: u64,
}

/// A correlation that has fired.
#[derive(Debug, Clone, PartialEq)]
pub struct Fired<I> {
    pub correlation: usize,
    /// The values of `group-by`, in its order.
    pub group: Vec<String>,
    pub at: i64,
    /// Whether it fires anew; if not, this is more of what fired less than a time span ago.
    pub is_new: bool,
    /// What was counted or reckoned in the window.
    pub measured: f64,
    /// The events in the window, in their order; of what goes on, only those not told yet.
    pub events: Vec<I>,
}

struct Kept<I> {
    /// As the first hit wrote them.
    shown: Vec<String>,
    group: Group<I>,
}

pub struct Correlator<I> {
    correlations: Arc<Correlations>,
    limits: Limits,
    groups: HashMap<(usize, String), Kept<I>>,
    hits: usize,
    lost: Lost,
}

impl<I: Copy + Ord> Correlator<I> {
    pub fn new(correlations: Arc<Correlations>, limits: Limits) -> Correlator<I> {
        Correlator { correlations, limits, groups: HashMap::new(), hits: 0, lost: Lost::default() }
    }

    pub fn lost(&self) -> Lost {
        self.lost
    }

    /// Takes in what an event of that time, in microseconds since 1970, brings, and gives what fires by
    /// it; also what fires by that.
    pub fn add(&mut self, sighting: Sighting, at: i64, id: I) -> Vec<Fired<I>> {
        let mut all = Vec::new();
        let mut waiting = VecDeque::from([(sighting, at, id, Vec::new())]);
        // It ends: a correlation brings hits to those behind it only.
        while let Some((sighting, at, id, events)) = waiting.pop_front() {
            let correlation = sighting.correlation;
            let (shown, firings) = self.take(sighting, at, id, events);
            for firing in firings {
                let events = firing.events(MOST_EVENTS);
                let last = firing.hits.last().map_or(id, |hit| hit.id);
                for raised in self.correlations.raised(correlation, &firing) {
                    waiting.push_back((raised, firing.at, last, events.clone()));
                }
                let Firing { at, is_new, measured, .. } = firing;
                all.push(Fired { correlation, group: shown.clone(), at, is_new, measured, events });
            }
        }
        all
    }

    /// Gives the group as it is shown, too.
    fn take(&mut self, sighting: Sighting, at: i64, id: I, events: Vec<I>) -> (Vec<String>, Vec<Firing<I>>) {
        let index = sighting.correlation;
        let correlations = Arc::clone(&self.correlations);
        let Some(correlation) = correlations.get(index) else { return Default::default() };
        let key = (index, sighting.key());
        let is_full = self.groups.len() >= self.limits.groups && !self.groups.contains_key(&key);
        if is_full || self.hits >= self.limits.hits {
            self.forget_quiet();
        }
        let kept = self
            .groups
            .entry(key)
            .or_insert_with(|| Kept { shown: sighting.group.clone(), group: Group::new(correlation) });
        if kept.group.is_late(correlation, at) {
            self.lost.late += 1;
            return Default::default();
        }
        let before = kept.group.len();
        let hit = Hit { slot: sighting.slot, at, id, marks: sighting.marks, events, is_told: false };
        let firings = kept.group.add(correlation, hit);
        let lost = kept.group.prune(correlation, self.limits.hits_per_group.max(1));
        self.lost.hits += u64::try_from(lost).unwrap_or(u64::MAX);
        self.hits = (self.hits + kept.group.len()).saturating_sub(before);
        let shown = if firings.is_empty() { Vec::new() } else { kept.shown.clone() };
        (shown, firings)
    }

    /// Forgets the eighth of the groups that were quiet for longest.
    fn forget_quiet(&mut self) {
        let mut quiet: Vec<(Option<i64>, (usize, String))> =
            self.groups.iter().map(|(key, kept)| (kept.group.newest(), key.clone())).collect();
        quiet.sort_unstable();
        quiet.truncate((self.groups.len() / 8).max(1));
        for (_, key) in quiet {
            if let Some(kept) = self.groups.remove(&key) {
                self.hits = self.hits.saturating_sub(kept.group.len());
                self.lost.with_groups += u64::try_from(kept.group.len()).unwrap_or(u64::MAX);
            }
        }
    }
}

//! The hits of one group of one correlation in the order of time, and what they come to. Hits may come
//! late: each is judged with the windows that it is a part of.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::Correlation;
use super::tally::Tally;

/// What an event says of the fields that correlations of a correlation ask for.
pub(crate) type Lead = Vec<Option<Box<str>>>;

/// What of an event a correlation looks at, but for the group it belongs to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Marks {
    /// What is counted as different values; of a list, each item.
    pub values: Vec<Box<str>>,
    /// What is reckoned with.
    pub number: Option<f64>,
    /// Fields that correlations of this one ask for.
    pub carried: Vec<Option<Box<str>>>,
}

/// An event that one of a correlation's rules has matched, or a correlation that has fired.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit<I> {
    /// Which of the correlation's rules it is, by place.
    pub slot: usize,
    /// Microseconds since 1970.
    pub at: i64,
    /// The event; the last one where several made a correlation fire.
    pub id: I,
    pub marks: Marks,
    /// The events, where there are others than `id`.
    pub events: Vec<I>,
    /// Whether it was part of what fired before.
    pub is_told: bool,
}

/// A correlation that holds for the window that ends with some hit.
#[derive(Debug, Clone, PartialEq)]
pub struct Firing<I> {
    pub at: i64,
    /// Whether it fires anew; if not, this is more of what fired less than a time span ago.
    pub is_new: bool,
    /// What was measured in the window.
    pub measured: f64,
    /// The hits in the window, in the order of time; of what goes on, only those not told yet.
    pub hits: Vec<Hit<I>>,
    /// Different fields for the correlations of this one; of what goes on, only those not told yet.
    pub(crate) leads: Vec<Lead>,
}

impl<I: Copy + Ord> Firing<I> {
    /// The events, in their order; of more than `most` the last.
    pub fn events(&self, most: usize) -> Vec<I> {
        let mut all: Vec<I> = Vec::new();
        for hit in &self.hits {
            all.extend(&hit.events);
            all.push(hit.id);
        }
        all.sort_unstable();
        all.dedup();
        all.split_off(all.len().saturating_sub(most))
    }
}

#[derive(Debug, Clone)]
pub struct Group<I> {
    /// By time, then by rule, then by event.
    hits: VecDeque<Hit<I>>,
    /// When it fired anew.
    fired: Vec<i64>,
    /// Of the window that ends with the last hit, which begins with the hit at `begin`.
    last: Tally,
    begin: usize,
    /// Whether a hit may be behind others that were told, and not be told itself.
    has_late: bool,
}

impl<I: Copy + Ord> Group<I> {
    pub fn new(correlation: &Correlation) -> Group<I> {
        let (hits, fired) = (VecDeque::new(), Vec::new());
        Group { hits, fired, last: Tally::new(correlation), begin: 0, has_late: false }
    }

    /// What was kept of a group, in any order.
    pub fn restore(correlation: &Correlation, mut hits: Vec<Hit<I>>, mut fired: Vec<i64>) -> Group<I> {
        hits.sort_by_key(order);
        fired.sort_unstable();
        let mut told = hits.iter().rev().skip_while(|hit| !hit.is_told);
        let has_late = told.any(|hit| !hit.is_told);
        let mut group = Group { hits: hits.into(), fired, has_late, ..Group::new(correlation) };
        group.retell(correlation);
        group
    }

    pub fn len(&self) -> usize {
        self.hits.len()
    }

    pub fn is_empty(&self) -> bool {
        self.hits.is_empty()
    }

    pub fn newest(&self) -> Option<i64> {
        self.hits.back().map(|hit| hit.at)
    }

    /// Whether a hit of that time is later than what is kept for it to be judged.
    pub fn is_late(&self, correlation: &Correlation, at: i64) -> bool {
        self.newest().is_some_and(|newest| at < oldest_kept(correlation, newest))
    }

    /// Takes a hit in and gives what fires by it, in the order of time.
    pub fn add(&mut self, correlation: &Correlation, hit: Hit<I>) -> Vec<Firing<I>> {
        let key = order(&hit);
        let place = self.hits.partition_point(|other| order(other) <= key);
        let at = hit.at;
        if place == self.hits.len() {
            self.last.add(&hit);
            self.hits.push_back(hit);
            self.leave(correlation);
            let last = self.last.holds(correlation, begin_of(correlation, at));
            return last.and_then(|measured| self.fire(correlation, place, measured)).into_iter().collect();
        }
        self.hits.insert(place, hit);
        self.has_late = true;
        let fired = self.judge_from(correlation, place, at);
        self.retell(correlation);
        fired
    }

    /// Forgets what no hit that may still come is judged with, and the oldest of more than `most` hits.
    /// Gives how many were forgotten for the latter.
    pub fn prune(&mut self, correlation: &Correlation, most: usize) -> usize {
        let Some(newest) = self.newest() else { return 0 };
        let oldest = oldest_kept(correlation, newest);
        let mut lost = 0;
        while let Some(first) = self.hits.front() {
            let is_old = first.at < oldest;
            if !is_old && self.hits.len() <= most {
                break;
            }
            lost += usize::from(!is_old);
            if let Some(first) = self.hits.pop_front() {
                match self.begin.checked_sub(1) {
                    Some(begin) => self.begin = begin,
                    None => self.last.remove(&first),
                }
            }
        }
        self.fired.retain(|at| *at >= oldest);
        lost
    }

    /// Judges the windows that the hit at `place`, which came late, is a part of.
    fn judge_from(&mut self, correlation: &Correlation, place: usize, at: i64) -> Vec<Firing<I>> {
        let since = begin_of(correlation, at);
        let mut begin = self.hits.partition_point(|hit| hit.at < since);
        let mut tally = Tally::new(correlation);
        self.hits.range(begin..place).for_each(|hit| tally.add(hit));
        let mut all = Vec::new();
        for end in place..self.hits.len() {
            let Some(hit) = self.hits.get(end) else { break };
            let since = begin_of(correlation, hit.at);
            if since > at {
                break;
            }
            tally.add(hit);
            while let Some(first) = self.hits.get(begin).filter(|first| first.at < since) {
                tally.remove(first);
                begin += 1;
            }
            if let Some(measured) = tally.holds(correlation, since) {
                all.extend(self.fire(correlation, end, measured));
            }
        }
        all
    }

    /// Makes the last window's tally anew.
    fn retell(&mut self, correlation: &Correlation) {
        let Some(newest) = self.newest() else { return };
        let since = begin_of(correlation, newest);
        self.begin = self.hits.partition_point(|hit| hit.at < since);
        self.last = Tally::new(correlation);
        self.hits.range(self.begin..).for_each(|hit| self.last.add(hit));
    }

    /// Takes the hits out of the last window that it has left behind.
    fn leave(&mut self, correlation: &Correlation) {
        let Some(newest) = self.newest() else { return };
        let since = begin_of(correlation, newest);
        while let Some(first) = self.hits.get(self.begin).filter(|first| first.at < since) {
            self.last.remove(first);
            self.begin += 1;
        }
    }

    /// The window that ends with the hit at `end` holds: is there anything to tell of it?
    fn fire(&mut self, correlation: &Correlation, end: usize, measured: f64) -> Option<Firing<I>> {
        let at = self.hits.get(end)?.at;
        let since = begin_of(correlation, at);
        let begin = self.hits.partition_point(|hit| hit.at < since);
        // What fired later, because this came late, does not count: whoever asks for an order must know the first.
        let goes_on = |fired: &i64| (*fired..fired.saturating_add(correlation.timespan)).contains(&at);
        let is_new = !self.fired.iter().any(goes_on);
        let mut hits = Vec::new();
        let mut leads: Vec<Lead> = Vec::new();
        let mut first = begin;
        if !is_new && !self.has_late {
            // Whatever is before one that was told was told with it.
            let untold = self.hits.range(begin..=end).rev().take_while(|hit| !hit.is_told).count();
            first = (end + 1).saturating_sub(untold);
        }
        for hit in self.hits.range(first..=end) {
            if is_new || !hit.is_told {
                hits.push(hit.clone());
                let carried = &hit.marks.carried;
                let mut told = self.hits.range(begin..=end).rev().filter(|other| other.is_told);
                let is_known = !is_new && told.any(|other| is_same(&other.marks.carried, carried));
                if !is_known && !leads.iter().any(|lead| is_same(lead, carried)) {
                    leads.push(carried.clone());
                }
            }
        }
        if hits.is_empty() {
            return None;
        }
        self.hits.range_mut(first..=end).for_each(|hit| hit.is_told = true);
        if is_new {
            let place = self.fired.partition_point(|fired| *fired < at);
            self.fired.insert(place, at);
        }
        Some(Firing { at, is_new, measured, hits, leads })
    }
}

fn order<I: Copy>(hit: &Hit<I>) -> (i64, usize, I) {
    (hit.at, hit.slot, hit.id)
}

/// Letters count the same large and small.
fn is_same(left: &[Option<Box<str>>], right: &[Option<Box<str>>]) -> bool {
    let folded = |text: &Option<Box<str>>| text.as_deref().map(str::to_lowercase);
    left == right || left.iter().map(folded).eq(right.iter().map(folded))
}

fn begin_of(correlation: &Correlation, end: i64) -> i64 {
    end.saturating_sub(correlation.timespan)
}

/// A hit that comes a time span late is judged with what came a time span before it.
fn oldest_kept(correlation: &Correlation, newest: i64) -> i64 {
    newest.saturating_sub(correlation.timespan.saturating_mul(2))
}

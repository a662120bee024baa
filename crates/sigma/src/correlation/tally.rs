//! What is known of the hits in one window, kept up to date as hits come into it and leave it, and
//! whether that is what a correlation looks for.

use std::collections::HashMap;

use super::group::Hit;
use super::{Correlation, Demand, Kind};
use crate::condition::Condition;

#[derive(Debug, Clone)]
pub(super) enum Tally {
    Count(usize),
    Distinct(HashMap<Box<str>, usize>),
    /// Sorted, so that what is reckoned from them does not hang on the order in which they came.
    Numbers(Vec<f64>),
    /// Hits by rule.
    Present(Vec<usize>),
    Ordered {
        present: Vec<usize>,
        chains: Chains,
    },
}

/// For each rule and each length, the latest begin of a chain of hits that ends with that rule: hits of
/// so many different rules, in time and in the order of the rules. It never leaves a window by its end,
/// so that nothing needs to be taken away when hits leave the window: what began before it is too old.
#[derive(Debug, Clone)]
pub(super) struct Chains {
    /// Whether the rule may be a part of a chain.
    counts: Vec<bool>,
    begins: Vec<Vec<i64>>,
}

const NEVER: i64 = i64::MIN;

impl Chains {
    fn new(counts: Vec<bool>) -> Chains {
        let begins = vec![vec![NEVER; counts.len()]; counts.len()];
        Chains { counts, begins }
    }

    /// Hits must come in the order of time, and of rules where times are the same.
    fn add(&mut self, slot: usize, at: i64) {
        if self.counts.get(slot) != Some(&true) {
            return;
        }
        let (before, rest) = self.begins.split_at_mut(slot.min(self.counts.len()));
        let Some(own) = rest.first_mut() else { return };
        for (length, begin) in own.iter_mut().enumerate() {
            let longest = match length.checked_sub(1) {
                None => at,
                Some(shorter) => {
                    before.iter().filter_map(|chains| chains.get(shorter)).max().copied().unwrap_or(NEVER)
                }
            };
            *begin = (*begin).max(longest);
        }
    }

    /// The length of the longest chain that began at `since` or later.
    fn longest(&self, since: i64) -> usize {
        let length = |chains: &Vec<i64>| chains.iter().rposition(|begin| *begin >= since && *begin != NEVER);
        self.begins.iter().filter_map(length).max().map_or(0, |length| length + 1)
    }
}

impl Tally {
    pub fn new(correlation: &Correlation) -> Tally {
        let rules = correlation.rules.len();
        match correlation.kind {
            Kind::EventCount => Tally::Count(0),
            Kind::ValueCount => Tally::Distinct(HashMap::new()),
            Kind::Temporal => Tally::Present(vec![0; rules]),
            Kind::TemporalOrdered => {
                let counts = match &correlation.demand {
                    Demand::Bounds(_) => vec![true; rules],
                    Demand::Rules(condition) => {
                        let mut wanted = vec![false; rules];
                        mark_wanted(condition, false, &mut wanted);
                        wanted
                    }
                };
                Tally::Ordered { present: vec![0; rules], chains: Chains::new(counts) }
            }
            _ => Tally::Numbers(Vec::new()),
        }
    }

    pub fn add<I>(&mut self, hit: &Hit<I>) {
        match self {
            Tally::Count(count) => *count += 1,
            Tally::Distinct(counts) => {
                for value in &hit.marks.values {
                    match counts.get_mut(value) {
                        Some(count) => *count += 1,
                        None => {
                            counts.insert(value.clone(), 1);
                        }
                    }
                }
            }
            Tally::Numbers(numbers) => {
                if let Some(number) = hit.marks.number {
                    let at = numbers.partition_point(|other| other.total_cmp(&number).is_lt());
                    numbers.insert(at, number);
                }
            }
            Tally::Present(present) => change(present, hit.slot, |count| count + 1),
            Tally::Ordered { present, chains } => {
                change(present, hit.slot, |count| count + 1);
                chains.add(hit.slot, hit.at);
            }
        }
    }

    pub fn remove<I>(&mut self, hit: &Hit<I>) {
        match self {
            Tally::Count(count) => *count = count.saturating_sub(1),
            Tally::Distinct(counts) => {
                for value in &hit.marks.values {
                    if let Some(count) = counts.get_mut(value) {
                        *count -= 1;
                        if *count == 0 {
                            counts.remove(value);
                        }
                    }
                }
            }
            Tally::Numbers(numbers) => {
                if let Some(number) = hit.marks.number {
                    let at = numbers.partition_point(|other| other.total_cmp(&number).is_lt());
                    if numbers.get(at).is_some_and(|other| other.total_cmp(&number).is_eq()) {
                        numbers.remove(at);
                    }
                }
            }
            Tally::Present(present) | Tally::Ordered { present, .. } => {
                change(present, hit.slot, |count| count.saturating_sub(1));
            }
        }
    }

    /// What is measured in the window that begins at `since`, if it is what the correlation looks for.
    pub fn holds(&self, correlation: &Correlation, since: i64) -> Option<f64> {
        let measured = self.measured(correlation.kind, since)?;
        let holds = match &correlation.demand {
            Demand::Bounds(bounds) => {
                bounds.iter().all(|(comparison, wanted)| comparison.holds(measured, *wanted))
            }
            Demand::Rules(condition) => match self {
                Tally::Present(present) => is_true(condition, present),
                Tally::Ordered { present, chains } => {
                    let there =
                        present.iter().zip(&chains.counts).filter(|(count, counts)| **count > 0 && **counts);
                    is_true(condition, present) && chains.longest(since) == there.count()
                }
                _ => false,
            },
        };
        holds.then_some(measured)
    }

    fn measured(&self, kind: Kind, since: i64) -> Option<f64> {
        Some(match self {
            Tally::Count(count) => float(*count),
            Tally::Distinct(counts) => float(counts.len()),
            Tally::Present(present) => float(present.iter().filter(|count| **count > 0).count()),
            Tally::Ordered { chains, .. } => float(chains.longest(since)),
            Tally::Numbers(numbers) => return reckoned(kind, numbers),
        })
    }
}

/// `None` where there is no number. The numbers are sorted.
pub(super) fn reckoned(kind: Kind, numbers: &[f64]) -> Option<f64> {
    let (least, greatest) = (*numbers.first()?, *numbers.last()?);
    Some(match kind {
        Kind::ValueSum => numbers.iter().sum(),
        Kind::ValueAvg => numbers.iter().sum::<f64>() / float(numbers.len()),
        Kind::ValueMax => greatest,
        Kind::ValuePercentile(percentile) => {
            // Walked instead of indexed: the rank is a fraction, and no number of any size is cut.
            let rank = percentile / 100.0 * float(numbers.len() - 1);
            let mut pairs = numbers.iter().zip(numbers.iter().skip(1)).zip(0..);
            let place = pairs.find(|(_, at)| rank < float(*at + 1));
            place.map_or(greatest, |((below, above), at)| below + (above - below) * (rank - float(at)))
        }
        _ => least,
    })
}

fn change(counts: &mut [usize], slot: usize, how: impl Fn(usize) -> usize) {
    if let Some(count) = counts.get_mut(slot) {
        *count = how(*count);
    }
}

#[allow(clippy::cast_precision_loss, reason = "counts in a window are far below 2^53")]
pub(super) fn float(count: usize) -> f64 {
    count as f64
}

pub(super) fn is_true(condition: &Condition, present: &[usize]) -> bool {
    let there = |slot: &usize| present.get(*slot).is_some_and(|count| *count > 0);
    match condition {
        Condition::Search(slot) => there(slot),
        Condition::All(terms) => terms.iter().all(|term| is_true(term, present)),
        Condition::Any(terms) => terms.iter().any(|term| is_true(term, present)),
        Condition::Not(inner) => !is_true(inner, present),
        Condition::AtLeast { count, of } => of.iter().filter(|slot| there(slot)).count() >= *count,
    }
}

/// Marks the rules that the condition asks for, not those that it rules out.
pub(super) fn mark_wanted(condition: &Condition, is_negated: bool, wanted: &mut [bool]) {
    let mut mark = |slot: &usize| {
        if !is_negated && let Some(mark) = wanted.get_mut(*slot) {
            *mark = true;
        }
    };
    match condition {
        Condition::Search(slot) => mark(slot),
        Condition::AtLeast { of, .. } => of.iter().for_each(mark),
        Condition::All(terms) | Condition::Any(terms) => {
            terms.iter().for_each(|term| mark_wanted(term, is_negated, wanted));
        }
        Condition::Not(inner) => mark_wanted(inner, !is_negated, wanted),
    }
}

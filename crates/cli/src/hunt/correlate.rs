//! What many records mean together: the hits that correlation rules look at, and findings from what they
//! say. `watchbell tail` uses it, too.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use sigma::correlation::{Correlator, Fired, Kind, Limits, Lost, Sighting};
use sigma::{Correlations, Level};
use telemetry::LogSource;

use super::finding::{Finding, Found, Part, Place};
use super::rules::Rules;

/// A record that some rule of a correlation has matched.
#[derive(Debug)]
pub struct Seen {
    pub at: Timestamp,
    pub host: Option<String>,
    pub place: Place,
    /// The rule, and what its correlations want to know of the record.
    pub rule: usize,
    pub sightings: Vec<Sighting>,
}

/// What a correlator knows a record by. It fits into a few words, since there may be many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Known {
    at: i64,
    place: Place,
    rule: usize,
    host: usize,
}

pub struct Joiner {
    correlations: Arc<Correlations>,
    correlator: Correlator<Known>,
    level: Level,
    /// The number of the first correlation; those before it are rules.
    first: usize,
    hosts: Vec<Option<String>>,
    numbers: HashMap<Option<String>, usize>,
}

impl Joiner {
    pub fn new(rules: &Rules, level: Level) -> Joiner {
        let correlations = Arc::clone(&rules.correlations);
        Joiner {
            correlator: Correlator::new(Arc::clone(&correlations), Limits::default()),
            correlations,
            level,
            first: rules.engine.rules().len(),
            hosts: Vec::new(),
            numbers: HashMap::new(),
        }
    }

    pub fn lost(&self) -> Lost {
        self.correlator.lost()
    }

    /// All at once: a finding for each time that something fired, with all the records that it went on
    /// with.
    pub fn join(&mut self, mut seen: Vec<Seen>) -> Vec<Finding> {
        seen.sort_by_key(|one| (one.at, one.place, one.rule));
        let mut findings: Vec<Finding> = Vec::new();
        let mut open: HashMap<(usize, Vec<String>), usize> = HashMap::new();
        for one in seen {
            for (is_new, finding, group) in self.take(one) {
                let key = (finding.rule, group);
                match open.get(&key).and_then(|at| findings.get_mut(*at)) {
                    Some(known) if !is_new => known.extend(finding),
                    _ => {
                        open.insert(key, findings.len());
                        findings.push(finding);
                    }
                }
            }
        }
        findings
    }

    /// What fires by one record, as findings that know the records they are made of; whether each is new,
    /// or more of what fired before; and its group.
    pub fn take(&mut self, seen: Seen) -> Vec<(bool, Finding, Vec<String>)> {
        let hosts = &mut self.hosts;
        let host = *self.numbers.entry(seen.host).or_insert_with_key(|host| {
            hosts.push(host.clone());
            hosts.len() - 1
        });
        let known = Known { at: seen.at.as_microsecond(), place: seen.place, rule: seen.rule, host };
        let mut all = Vec::new();
        for sighting in seen.sightings {
            for fired in self.correlator.add(sighting, known.at, known) {
                let is_new = fired.is_new;
                let group = fired.group.clone();
                all.extend(self.finding(fired).map(|finding| (is_new, finding, group)));
            }
        }
        all
    }

    /// `None` for what is only there for other correlations, or below the level asked for.
    fn finding(&self, fired: Fired<Known>) -> Option<Finding> {
        let correlation = self.correlations.get(fired.correlation)?;
        if self.correlations.is_silent(fired.correlation) || correlation.rule.level < self.level {
            return None;
        }
        let last = fired.events.last()?;
        let mut hosts: Vec<usize> = fired.events.iter().map(|known| known.host).collect();
        hosts.dedup();
        let host = match hosts.as_slice() {
            [one] => self.hosts.get(*one).cloned().flatten(),
            _ => None,
        };
        let named = correlation.group_by.iter().zip(fired.group);
        let mut found: Vec<Found> =
            named.map(|(field, value)| Found { field: Some(field.clone()), value }).collect();
        if !matches!(correlation.kind, Kind::EventCount | Kind::Temporal | Kind::TemporalOrdered) {
            let value = sigma::correlation::shown(fired.measured);
            found.push(Found { field: Some(correlation.kind.measure().to_owned()), value });
        }
        let part = |known: &Known| Part { at: time(known.at), place: known.place, rule: known.rule };
        Some(Finding {
            at: Some(time(fired.at)),
            host,
            place: last.place,
            rule: self.first + fired.correlation,
            source: LogSource::default(),
            searches: Vec::new(),
            found,
            parts: fired.events.iter().map(part).collect(),
        })
    }
}

fn time(microseconds: i64) -> Timestamp {
    Timestamp::from_microsecond(microseconds).unwrap_or_default()
}

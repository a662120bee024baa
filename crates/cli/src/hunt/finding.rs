//! A finding: one rule that fired on one record, with what people want to know of it. It is all that
//! stays in memory of a record.

use jiff::Timestamp;
use serde::Serialize;
use sigma::{Detection, Level, Rule};
use telemetry::{Event, LogSource};

/// Values longer than this are shortened: a script block may hold tens of thousands of letters.
const LONGEST_VALUE: usize = 2000;

/// Where a record stands: which file, and the how-manieth record of it. Findings of the same time
/// are sorted by it, so that the order never hangs on which thread was faster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub file: usize,
    pub record: u64,
}

#[derive(Debug, Clone)]
pub struct Finding {
    pub at: Option<Timestamp>,
    pub host: Option<String>,
    pub place: Place,
    pub rule: usize,
    pub source: LogSource,
    /// The searches of the rule that held.
    pub searches: Vec<String>,
    pub found: Vec<Found>,
}

/// A value that the rule looked for, with its field; without one it was found anywhere in the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Found {
    pub field: Option<String>,
    pub value: String,
}

impl Finding {
    pub fn new(event: &Event, place: Place, detection: Detection) -> Finding {
        let found = detection.found.into_iter().map(|seen| Found {
            field: seen.field,
            value: crate::text::shortened(&seen.value, LONGEST_VALUE).into_owned(),
        });
        Finding {
            at: event.time,
            host: event.host.clone(),
            place,
            rule: detection.rule,
            source: event.source.clone(),
            searches: detection.searches,
            found: found.collect(),
        }
    }

    /// What findings are sorted by: time, with those that tell none at the end; then place; then rule.
    pub fn order(&self) -> impl Ord + use<> {
        (self.at.is_none(), self.at, self.place, self.rule)
    }
}

/// A finding with all that it points to, as the outputs draw it.
pub struct Row<'a> {
    pub finding: &'a Finding,
    pub rule: &'a Rule,
    pub file: &'a str,
}

impl Row<'_> {
    pub fn level(&self) -> Level {
        self.rule.level
    }

    /// ATT&CK techniques, with their tactics where the rule names no technique.
    pub fn attack(&self) -> String {
        let attack = &self.rule.attack;
        let named = if attack.techniques.is_empty() { &attack.tactics } else { &attack.techniques };
        named.join(" ")
    }

    pub fn host(&self) -> &str {
        self.finding.host.as_deref().unwrap_or("-")
    }
}

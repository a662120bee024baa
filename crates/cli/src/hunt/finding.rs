//! A finding: one rule that fired on one record, with what people want to know of it. It is all that
//! stays in memory of a record.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Serialize;
use sigma::{Detection, Level, Rule};
use telemetry::{Event, LogSource};

use super::rules::Rules;
use crate::text;

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
    /// Of a correlation: the records that it is about, in the order of time.
    pub parts: Vec<Part>,
}

/// A record that a correlation is about, and the rule that it matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Part {
    pub at: Timestamp,
    pub place: Place,
    pub rule: usize,
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
            value: text::shortened(&seen.value, LONGEST_VALUE).into_owned(),
        });
        Finding {
            at: event.time,
            host: event.host.clone(),
            place,
            rule: detection.rule,
            source: event.source.clone(),
            searches: detection.searches,
            found: found.collect(),
            parts: Vec::new(),
        }
    }

    /// Takes in the records of what goes on.
    pub fn extend(&mut self, more: Finding) {
        self.parts.extend(more.parts);
        self.parts.sort_unstable();
        self.parts.dedup();
        if self.host != more.host {
            self.host = None;
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
    /// Of a correlation: the records that it is about.
    pub parts: Vec<PartRow<'a>>,
}

pub struct PartRow<'a> {
    pub at: Timestamp,
    pub rule: &'a str,
    pub file: &'a str,
    pub record: u64,
}

impl<'a> Row<'a> {
    /// `None` where the finding points to nothing that is there.
    pub fn new(finding: &'a Finding, rules: &'a Rules, files: &'a [String]) -> Option<Row<'a>> {
        let file = |place: Place| files.get(place.file).map(String::as_str);
        let part = |part: &Part| {
            let rule = rules.rule(part.rule)?.title.as_str();
            Some(PartRow { at: part.at, rule, file: file(part.place)?, record: part.place.record })
        };
        Some(Row {
            finding,
            rule: rules.rule(finding.rule)?,
            file: file(finding.place)?,
            parts: finding.parts.iter().filter_map(part).collect(),
        })
    }

    /// The rule's title; of a correlation, how many records it is about as well.
    pub fn title(&self) -> Cow<'a, str> {
        if self.parts.is_empty() {
            return Cow::Borrowed(&self.rule.title);
        }
        let count = u64::try_from(self.parts.len()).unwrap_or(u64::MAX);
        Cow::Owned(format!("{} ({})", self.rule.title, text::count(count, "event", "events")))
    }

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

//! Correlation rules: what many events mean together (Sigma correlation rules specification 2.1).
//!
//! `parse` reads them, `link` joins them with the rules they refer to and says what an event brings to
//! them, `tally` and `group` judge the hits of one group, `state` keeps groups in memory. An event that a
//! rule matches is a *hit* of every correlation that refers to the rule. Hits are grouped by the values
//! of `group-by`, and each hit ends a window that reaches back by `timespan`: where the condition holds
//! for a window, the correlation fires. What has fired is not told anew for each further hit: within a
//! time span it goes on, and after it the correlation fires anew.

mod group;
mod link;
mod parse;
mod state;
mod tally;

pub use group::{Firing, Group, Hit, Marks};
pub use link::{Correlations, Sighting};
pub use state::{Correlator, Fired, Limits, Lost};

pub(crate) use link::link;
pub(crate) use parse::read;

use crate::condition::Condition;
use crate::rule::Rule;

/// What of the hits in a window is looked at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// How many hits there are.
    EventCount,
    /// How many different values a field has.
    ValueCount,
    /// Which of the rules have hits.
    Temporal,
    /// Which of the rules have hits, in the order in which the correlation names them.
    TemporalOrdered,
    ValueSum,
    ValueAvg,
    ValueMin,
    ValueMax,
    /// 0 to 100; between two values it is as far as its rank lies between theirs. The median is 50.
    ValuePercentile(f64),
}

impl Kind {
    /// Whether the values of a field are reckoned with.
    fn is_numeric(self) -> bool {
        !matches!(self, Kind::EventCount | Kind::ValueCount | Kind::Temporal | Kind::TemporalOrdered)
    }

    /// What is measured, for people.
    pub fn measure(self) -> &'static str {
        match self {
            Kind::EventCount => "events",
            Kind::ValueCount => "different values",
            Kind::Temporal => "rules",
            Kind::TemporalOrdered => "rules in order",
            Kind::ValueSum => "sum",
            Kind::ValueAvg => "average",
            Kind::ValueMin => "least value",
            Kind::ValueMax => "greatest value",
            Kind::ValuePercentile(50.0) => "median",
            Kind::ValuePercentile(_) => "percentile",
        }
    }
}

/// What was measured, for people: whole numbers as such, others with two places.
pub fn shown(measured: f64) -> String {
    if measured.fract() == 0.0 { format!("{measured:.0}") } else { format!("{measured:.2}") }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Greater,
    AtLeast,
    Less,
    AtMost,
    Equal,
    Unequal,
}

impl Comparison {
    fn holds(self, measured: f64, wanted: f64) -> bool {
        match self {
            Comparison::Greater => measured > wanted,
            Comparison::AtLeast => measured >= wanted,
            Comparison::Less => measured < wanted,
            Comparison::AtMost => measured <= wanted,
            Comparison::Equal => measured == wanted,
            Comparison::Unequal => measured != wanted,
        }
    }
}

/// When a window is what the correlation looks for.
#[derive(Debug, Clone)]
pub(crate) enum Demand {
    /// All of them must hold for what is measured.
    Bounds(Vec<(Comparison, f64)>),
    /// Of a temporal correlation: over the places of its rules.
    Rules(Condition),
}

/// Another name for fields that are called differently in the events of different rules.
#[derive(Debug, Clone)]
pub(crate) struct Alias {
    pub name: String,
    /// By the rule's id or name, with the line.
    pub of: Vec<(usize, String, String)>,
}

/// One correlation rule.
#[derive(Debug, Clone)]
pub struct Correlation {
    /// What is known of it as of any other rule. It has no log source, and matches no event by itself.
    pub rule: Rule,
    pub kind: Kind,
    /// Ids or names of the rules it looks at, with their lines.
    pub rules: Vec<(usize, String)>,
    pub group_by: Vec<String>,
    /// In microseconds.
    pub timespan: i64,
    /// The fields whose values are counted or reckoned with; several make one value together.
    pub fields: Vec<String>,
    /// Whether the rules it looks at raise detections of their own, too.
    pub generate: bool,
    pub(crate) demand: Demand,
    pub(crate) aliases: Vec<Alias>,
    /// Whether it says how critical it is; else that is told by its rules.
    pub(crate) has_level: bool,
}

impl Correlation {
    /// The time span as its rule would write it, such as `5m`.
    pub fn shown_timespan(&self) -> String {
        parse::shown_timespan(self.timespan)
    }
}

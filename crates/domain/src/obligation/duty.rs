//! A regime and its duties: who is bound, by which facts, to tell whom, in which stages, and until when. These
//! are checked values; how their file is written is `read`'s business.

use std::collections::BTreeSet;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use super::{CalendarKey, Condition, DutyKey, FactKey, RegimeKey, SectionKey, Span, StageKey};
use crate::words::words;
use crate::{Line, Text};

words! {
    /// Whether the duty binds.
    pub enum Status, "status of a duty" {
        InForce: "in_force", "In force";
        /// In force, and read in different ways.
        Contested: "contested", "In force, contested";
        /// Adopted, and binding from a later day.
        Pending: "pending", "Adopted, not yet binding";
        Proposed: "proposed", "Proposed, not law";
        /// By a contract with a partner.
        Contract: "contract", "Agreed by contract";
    }
}

impl Status {
    /// Whether it binds while its dates say so. What does not is shown only to those who ask for it.
    pub const fn binds(self) -> bool {
        matches!(self, Self::InForce | Self::Contested | Self::Contract)
    }
}

words! {
    /// How far what stands here was checked.
    pub enum Grounds, "grounds" {
        Source: "source", "read in the source";
        Secondary: "secondary", "from a secondary page";
        General: "general", "from general knowledge, not checked again";
        Unsure: "unsure", "unsure; have it checked before you rely on it";
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Regime {
    pub id: RegimeKey,
    pub name: Line,
    pub jurisdiction: Line,
    /// Who is bound, in words.
    pub binds: Text,
    pub source: Line,
    pub grounds: Grounds,
    /// The day for which all this was written down.
    pub as_of: Date,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duty {
    pub id: DutyKey,
    pub regime: RegimeKey,
    pub title: Line,
    /// Where in the source: "Art. 33(1)".
    pub clause: Line,
    /// Who is told.
    pub to: Line,
    pub status: Status,
    pub grounds: Grounds,
    pub effective_from: Option<Date>,
    pub effective_to: Option<Date>,
    /// What is contested or unsure about it.
    pub note: Option<Text>,
    /// All must hold.
    pub when: Vec<Clause>,
    pub stages: Vec<Stage>,
    /// The form that notices have, by the name of its file; the general one if none is named.
    pub notice: Option<Line>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    pub condition: Condition,
    /// The condition in words, as a statement.
    pub says: Line,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    pub id: StageKey,
    pub title: Line,
    /// Whom this stage tells, where it is not whom the duty names.
    pub to: Option<Line>,
    /// Only then; always if there is none.
    pub when: Option<Clause>,
    /// What the law says where it gives no number: "without undue delay".
    pub wording: Option<Line>,
    /// From when `wording` urges.
    pub urges_from: Option<Start>,
    /// The earliest counts; the later ones are other readings.
    pub clocks: Vec<ClockRule>,
    /// What the notice must hold.
    pub content: Vec<SectionKey>,
}

/// Where a clock starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    Moment(FactKey),
    /// The end of the calendar year in which the moment lies.
    EndOfYear(FactKey),
    /// The first time that this stage of the same duty was sent.
    Sent(StageKey),
    /// The latest time.
    LastSent(StageKey),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockRule {
    /// What this reading of the law is called, where there are several.
    pub reading: Option<Line>,
    pub from: Start,
    pub within: Span,
    /// Only under this condition; an unknown one is taken to hold, for safety.
    pub when: Option<Clause>,
    pub cap: Option<Cap>,
    /// Council Regulation 1182/71 art. 3(1): the hour of the event does not count.
    pub whole_hours: bool,
    /// Council Regulation 1182/71 art. 3(5): as many whole working days must lie within.
    pub working_days: Option<u8>,
    pub calendar: Option<CalendarKey>,
    pub roll: Option<Roll>,
    /// When the last day ends, if not at midnight.
    pub ends_at: Option<Time>,
    /// The organisation's zone if none is given.
    pub zone: Option<TimeZone>,
    /// A moment until which somebody may hold the notice back.
    pub held_until: Option<FactKey>,
    /// How far beyond the deadline that may reach.
    pub held_at_most: Option<Span>,
}

/// A second clock; the earlier deadline counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cap {
    pub from: Start,
    pub within: Span,
    /// It no longer counts once the first clock starts after it ended.
    pub void_if_started_later: bool,
}

/// What becomes of a deadline on a day that is no working day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Roll {
    /// The end of the next working day.
    EndOfDay,
    /// This time of the next working day.
    At(Time),
}

impl Duty {
    pub fn stage(&self, id: &StageKey) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.id == *id)
    }

    /// Every fact that decides whether it applies or starts one of its clocks.
    pub fn facts(&self) -> BTreeSet<&FactKey> {
        let stages = self.stages.iter();
        let conditions = stages.clone().filter_map(|stage| stage.when.as_ref());
        let clocks = stages.flat_map(|stage| &stage.clocks);
        let of_clocks = clocks.clone().filter_map(|clock| clock.when.as_ref());
        let clauses = self.when.iter().chain(conditions).chain(of_clocks);
        let starts = clocks.flat_map(|clock| [Some(&clock.from), clock.cap.as_ref().map(|cap| &cap.from)]);
        let urging = self.stages.iter().filter_map(|stage| stage.urges_from.as_ref());
        let moments = starts.flatten().chain(urging).filter_map(Start::moment);
        let holds =
            self.stages.iter().flat_map(|stage| &stage.clocks).filter_map(|clock| clock.held_until.as_ref());
        clauses.flat_map(|clause| clause.condition.facts()).chain(moments).chain(holds).collect()
    }
}

impl Start {
    pub const fn moment(&self) -> Option<&FactKey> {
        match self {
            Self::Moment(fact) | Self::EndOfYear(fact) => Some(fact),
            Self::Sent(_) | Self::LastSent(_) => None,
        }
    }
}

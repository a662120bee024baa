//! What is known about the organisation once and for all: its answers, its zone and holidays, its contracts
//! with a clause of notice, and the duties that do not bind yet but that it wants to see.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::condition::Vocabulary;
use super::duty::{Clause, ClockRule};
use super::{
    Answers, Book, Condition, Duty, DutyKey, FactKey, FactKind, Grounds, Regime, RegimeKey, SectionKey, Span,
    Stage, Start, Status,
};
use crate::{Error, Line, Text};

#[derive(Debug, Clone, Default)]
pub struct Profile {
    pub answers: Answers,
    /// UTC if none was given.
    pub zone: Option<TimeZone>,
    /// Days on which nobody works here, beside those of the calendars.
    pub holidays: BTreeSet<Date>,
    pub contracts: Vec<Contract>,
    /// Duties that do not bind yet and are decided all the same, without alarms.
    pub followed: BTreeSet<DutyKey>,
}

/// A promise to a customer, an insurer or another partner to tell them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contract {
    pub id: DutyKey,
    pub partner: Line,
    /// Where it stands: "Master agreement, clause 14.2".
    pub clause: Line,
    /// The condition, in the language of the duties: `data any personal`.
    pub when: Line,
    /// From which moment it runs: `aware`.
    pub from: FactKey,
    pub within: Span,
}

impl Profile {
    pub fn zone(&self) -> TimeZone {
        self.zone.clone().unwrap_or(TimeZone::UTC)
    }

    /// The duties that the contracts make.
    ///
    /// # Errors
    /// For a contract whose condition or moment cannot be read, or whose id a law has.
    pub fn contract_duties(&self, book: &Book) -> Result<Vec<Duty>, Error> {
        self.contracts.iter().map(|contract| contract.duty(book)).collect()
    }
}

impl Contract {
    /// # Errors
    /// When its condition or moment cannot be read, when it needs a calendar, or when its id is taken.
    pub fn duty(&self, book: &Book) -> Result<Duty, Error> {
        let refuse = |why: String| Error::Contract { partner: self.partner.to_string(), why };
        if book.duty(&self.id).is_some() {
            return Err(refuse(format!("a law's duty is called {} already; choose another id", self.id)));
        }
        if self.within.needs_calendar() {
            return Err(refuse("write its period in hours, days or months".to_owned()));
        }
        let vocabulary = Vocabulary { facts: &book.facts, sets: &book.sets };
        let condition = Condition::read(&self.when, &vocabulary).map_err(refuse)?;
        let is_moment = book.fact(&self.from).is_some_and(|fact| fact.kind == FactKind::Moment);
        if !is_moment {
            return Err(refuse(format!("{} is no moment from which a clock can run", self.from)));
        }
        let says = Line::new("the condition", &format!("The contract's condition holds: {}", self.when))
            .unwrap_or_else(|_| self.when.clone());
        Ok(Duty {
            id: self.id.clone(),
            regime: Self::regime_key()?,
            title: Line::new("the title", &format!("Tell {}", self.partner))
                .unwrap_or_else(|_| self.partner.clone()),
            clause: self.clause.clone(),
            to: self.partner.clone(),
            status: Status::Contract,
            grounds: Grounds::Source,
            effective_from: None,
            effective_to: None,
            note: None,
            when: vec![Clause { condition, says }],
            stages: vec![Stage {
                id: "notice".parse()?,
                title: Line::new("the title", "Notice under the contract")?,
                to: None,
                when: None,
                wording: None,
                urges_from: None,
                clocks: vec![ClockRule::plain(Start::Moment(self.from.clone()), self.within)],
                content: Self::content(book),
            }],
            notice: Some(Line::new("the form", "contract")?),
        })
    }

    /// Contracts rarely say what a notice holds: what every partner asks is drafted, where the sheet has it.
    fn content(book: &Book) -> Vec<SectionKey> {
        let wanted = ["contact", "nature", "timing", "data_concerned", "consequences", "measures"];
        let sections = book.sheet.sections().iter();
        sections.map(|section| &section.id).filter(|id| wanted.contains(&id.as_str())).cloned().collect()
    }

    fn regime_key() -> Result<RegimeKey, Error> {
        "contracts".parse()
    }

    /// What stands in a regime's place for duties by contract.
    ///
    /// # Errors
    /// Never for this text; the constructors are checked.
    pub fn regime(as_of: Date) -> Result<Regime, Error> {
        Ok(Regime {
            id: Self::regime_key()?,
            name: Line::new("the name", "Contracts")?,
            jurisdiction: Line::new("the jurisdiction", "By agreement")?,
            binds: Text::new("who is bound", "The organisation, by its own contracts.")?,
            source: Line::new("the source", "The organisation's profile")?,
            grounds: Grounds::Source,
            as_of,
        })
    }
}

impl ClockRule {
    /// So long from a moment, and nothing else.
    pub fn plain(from: Start, within: Span) -> Self {
        Self {
            reading: None,
            from,
            within,
            when: None,
            cap: None,
            whole_hours: false,
            working_days: None,
            calendar: None,
            roll: None,
            ends_at: None,
            zone: None,
            held_until: None,
            held_at_most: None,
        }
    }
}

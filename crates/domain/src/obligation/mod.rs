//! Who must be told: duties to notify authorities, people and partners of an incident.
//!
//! Duties are content (`content/obligations`): [`Book::read`] makes them from text and refuses what does not
//! hold together, with file, line and cause. The organisation's [`Profile`] and the [`Answers`] about an
//! incident decide which duties apply ([`decide`]), three-valued: what nobody knows yet is a question.
//! [`clock`] says from when a duty's time runs, until when, and by which reading of the law; [`notice`]
//! drafts what is sent and finds what the drafts say differently.
//!
//! Nothing here is legal advice: each duty carries its source, how far it was checked, and since when.

pub mod approval;
mod book;
mod calendar;
pub mod clock;
mod condition;
mod decide;
mod duty;
mod fact;
pub mod notice;
mod profile;
mod read;
mod span;

pub use book::Book;
pub use calendar::Calendar;
pub use condition::{Condition, Truth};
pub use decide::{Decision, Known, Open, Reason, Standing, Verdict, decide, decide_all, questions};
pub use duty::{ClockRule, Duty, Grounds, Regime, Roll, Stage, Start, Status};
pub use fact::{About, Answer, Answers, Fact, FactKind, Word};
pub use profile::{Contract, Profile};
pub use read::{Refusal, Source};
pub use span::Span;

use crate::key::keys;

keys! {
    RegimeKey = "the id of a regime", "gdpr";
    DutyKey = "the id of a duty", "gdpr_33";
    StageKey = "the id of a stage", "early_warning";
    FactKey = "the id of a fact", "people";
    CalendarKey = "the id of a calendar", "us_federal";
    SectionKey = "the id of a section of the fact sheet", "consequences";
}

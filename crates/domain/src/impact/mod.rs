//! What an incident did: which data of whose it touched ([`data`]), and what it cost in money and work
//! ([`cost`]).

pub mod cost;
pub mod data;

pub use cost::{CostKind, Currency, Money, Sums};
pub use data::{Confidence, Country, DataKind, DataSubject, DoneToData, PeopleCount, Protection};

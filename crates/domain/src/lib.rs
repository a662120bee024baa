//! What may happen: the types, state machines and rules of Watchbell's words. No I/O, no clock, no
//! async, no SQL, no HTTP: every function here gives the same answer for the same question.
//!
//! A value of these types is a checked value. Vocabularies are enums with one word for machines and one
//! label for people; a state carries what it cannot be without (a dismissed alert has its verdict and
//! reason, a closed incident its outcome and lessons); a verb returns the next state or the reason why
//! not.

mod error;
mod key;
mod period;
mod text;
mod words;

pub mod access;
pub mod alert;
pub mod asset;
pub mod attack;
pub mod chat;
pub mod custom;
pub mod entity;
pub mod evidence;
pub mod fitting;
pub mod graph;
pub mod grouping;
pub mod id;
pub mod impact;
pub mod incident;
pub mod kinship;
pub mod library;
pub mod likeness;
pub mod marking;
pub mod noise;
pub mod notify;
pub mod obligation;
pub mod observable;
pub mod plan;
pub mod response;
pub mod risk;
pub mod severity;
pub mod source;
pub mod suppression;
pub mod task;
pub mod timeline;

pub use access::{Actor, Permission, Role};
pub use entity::{Entity, EntityKind};
pub use error::Error;
pub use evidence::Sha256;
pub use id::*;
pub use incident::{Incident, IncidentType, Phase};
pub use marking::{Pap, Tlp};
pub use observable::{Observable, ObservableKind};
pub use period::Period;
pub use severity::{Severity, SeverityFacts};
pub use source::{SourceKind, SourceState};
pub use text::{Line, Text};

pub type Result<T, E = Error> = std::result::Result<T, E>;

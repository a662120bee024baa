//! The one timeline of an incident: what the adversary did and what we did, side by side.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::words::words;
use crate::{EntryId, IncidentId, Line, Text};

words! {
    pub enum Lane, "lane" {
        Adversary: "adversary", "Adversary";
        Response: "response", "Response";
    }
}

words! {
    pub enum EntryKind, "kind of entry" {
        /// Something that telemetry or a witness saw.
        Event: "event", "Event";
        Action: "action", "Action";
        Decision: "decision", "Decision";
        Note: "note", "Note";
        /// A change of phase, severity or command.
        Status: "status", "Status";
        Evidence: "evidence", "Evidence";
        Communication: "communication", "Communication";
        /// What changed, what is next, what is needed: it settles the update that is owed.
        SituationReport: "situation_report", "Situation report";
    }
}

impl EntryKind {
    pub const fn lane(self) -> Lane {
        match self {
            Self::Event => Lane::Adversary,
            Self::Action
            | Self::Decision
            | Self::Note
            | Self::Status
            | Self::Evidence
            | Self::Communication
            | Self::SituationReport => Lane::Response,
        }
    }
}

/// A line on the timeline. It is never changed; what was wrong is corrected by a further entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub id: EntryId,
    pub incident: IncidentId,
    pub kind: EntryKind,
    /// When it happened …
    pub at: Timestamp,
    /// … and when it was written down.
    pub recorded_at: Timestamp,
    /// The name of whoever wrote it.
    pub by: Line,
    pub text: Text,
}

impl Entry {
    /// Order of the timeline: by what happened when, then as written.
    pub fn position(&self) -> (Timestamp, EntryId) {
        (self.at, self.id)
    }
}

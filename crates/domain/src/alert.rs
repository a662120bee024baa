//! An alert's life, from its first detection to an incident or a dismissal, and the decision whether a
//! further detection belongs to an alert that is already there.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::words::words;
use crate::{Error, IncidentId, Result, Text, UserId};

words! {
    pub enum AlertStatus, "alert status" {
        New: "new", "New";
        Acknowledged: "acknowledged", "Acknowledged";
        InIncident: "in_incident", "In an incident";
        Dismissed: "dismissed", "Dismissed";
    }
}

words! {
    /// What an alert was, in the eyes of whoever dismissed it.
    pub enum Verdict, "verdict" {
        /// It was what the rule says, and no incident is needed for it.
        TruePositive: "true_positive", "True positive";
        /// The rule was wrong.
        FalsePositive: "false_positive", "False positive";
        /// The rule was right, and what it saw is allowed.
        Benign: "benign", "Benign";
        Duplicate: "duplicate", "Duplicate";
    }
}

/// A status with what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case", deny_unknown_fields)]
pub enum AlertState {
    New,
    Acknowledged { by: UserId },
    InIncident { incident: IncidentId },
    Dismissed { verdict: Verdict, reason: Text },
}

impl AlertState {
    pub const fn status(&self) -> AlertStatus {
        match self {
            Self::New => AlertStatus::New,
            Self::Acknowledged { .. } => AlertStatus::Acknowledged,
            Self::InIncident { .. } => AlertStatus::InIncident,
            Self::Dismissed { .. } => AlertStatus::Dismissed,
        }
    }

    /// The state that these columns of a row say.
    pub fn restore(
        status: AlertStatus,
        by: Option<UserId>,
        incident: Option<IncidentId>,
        dismissal: Option<(Verdict, Text)>,
    ) -> Result<Self> {
        match (status, by, incident, dismissal) {
            (AlertStatus::New, None, None, None) => Ok(Self::New),
            (AlertStatus::Acknowledged, Some(by), None, None) => Ok(Self::Acknowledged { by }),
            (AlertStatus::InIncident, None, Some(incident), None) => Ok(Self::InIncident { incident }),
            (AlertStatus::Dismissed, None, None, Some((verdict, reason))) => {
                Ok(Self::Dismissed { verdict, reason })
            }
            _ => Err(Error::Inconsistent {
                what: "alert",
                why: "its person, incident and dismissal do not fit its status",
            }),
        }
    }

    /// Somebody looks at it.
    pub fn acknowledge(&self, by: UserId) -> Result<Self> {
        match self {
            Self::New => Ok(Self::Acknowledged { by }),
            _ => Err(self.refuse(AlertStatus::Acknowledged, "")),
        }
    }

    /// It becomes part of an incident; declaring is acknowledgement enough.
    pub fn attach(&self, incident: IncidentId) -> Result<Self> {
        match self {
            Self::New | Self::Acknowledged { .. } => Ok(Self::InIncident { incident }),
            Self::InIncident { .. } => Err(Error::InAnIncident),
            Self::Dismissed { .. } => Err(self.refuse(AlertStatus::InIncident, "; reopen it first")),
        }
    }

    /// It was put into the wrong incident; `by` takes it back for another look.
    pub fn detach(&self, by: UserId) -> Result<Self> {
        match self {
            Self::InIncident { .. } => Ok(Self::Acknowledged { by }),
            _ => Err(self.refuse(AlertStatus::Acknowledged, " by being detached: it is in no incident")),
        }
    }

    pub fn dismiss(&self, verdict: Verdict, reason: Text) -> Result<Self> {
        match self {
            Self::New | Self::Acknowledged { .. } => Ok(Self::Dismissed { verdict, reason }),
            Self::InIncident { .. } => Err(Error::InAnIncident),
            Self::Dismissed { .. } => Err(self.refuse(AlertStatus::Dismissed, "; reopen it first")),
        }
    }

    /// A dismissal was wrong: back to the queue.
    pub fn reopen(&self) -> Result<Self> {
        match self {
            Self::Dismissed { .. } => Ok(Self::New),
            _ => Err(self.refuse(AlertStatus::New, " by being reopened: it is not dismissed")),
        }
    }

    fn refuse(&self, to: AlertStatus, hint: &'static str) -> Error {
        Error::NotAllowed { what: "the alert", from: self.status().as_str(), to: to.as_str(), hint }
    }
}

/// What alerts are grouped by: one alert for each rule and group within a window.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AlertKey {
    /// The rule's identifier.
    pub rule: String,
    /// What [`Grouping::group`](crate::grouping::Grouping::group) gives.
    pub group: String,
}

/// How long after its last detection an alert still takes in further ones.
pub const WINDOW: SignedDuration = SignedDuration::from_hours(1);

/// Whether a detection at `event_time` belongs to an alert of the same key that has seen detections from
/// `first_seen` to `last_seen`.
///
/// The window slides with the alert and is open on both sides: files arrive in any order, and a beacon
/// that goes on all night is one alert. An alert in an incident goes on taking in what belongs to it. A
/// dismissed one does not: what comes after the verdict deserves another look.
pub fn joins(
    first_seen: Timestamp,
    last_seen: Timestamp,
    status: AlertStatus,
    event_time: Timestamp,
    window: SignedDuration,
) -> bool {
    let within = |earlier: Timestamp, later: Timestamp| later.duration_since(earlier) <= window;
    status != AlertStatus::Dismissed && within(event_time, first_seen) && within(last_seen, event_time)
}

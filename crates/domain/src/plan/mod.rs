//! The incident response plan as data: what the files under `content/plan` say once they are read.
//! [`Plan::from_parts`] puts the parts together, [`Plan::check`] says what is wrong with the whole.
//! Reading files is not done here; turning steps into tasks is the server's business.
//!
//! | file | holds |
//! |---|---|
//! | `plan.yaml` | [`PlanHead`] |
//! | `roles.yaml` | a list of [`PlanRole`] |
//! | `channels.yaml` | [`Channels`] |
//! | `severity.yaml` | [`SeverityPlan`] |
//! | `notifications.yaml` | a list of [`NotificationRule`] |
//! | `evidence.yaml` | [`EvidencePlan`] |
//! | `review.yaml` | [`ReviewPlan`] |
//! | `procedures/<incident_type>.yaml` | one [`Procedure`] each |
//! | `prose/<order>-<name>.md` | the plan's chapters in Markdown, kept as text ([`Chapter`]) |

mod check;
mod draft;
mod key;
mod level;
mod people;
mod procedure;
mod rules;

pub use check::PlanProblem;
pub use draft::{DraftStatus, Refusal, Seat, Word, given, speaks_for};
pub use key::{ActionKey, ChannelKey, MetricKey, NotificationKey, ProcedureKey, RoleKey, StepKey};
pub use level::{ApprovalRule, ResponseAction, SeverityLevel, SeverityPlan, Start};
pub use people::{Channel, ChannelKind, Channels, PlanRole, Stakeholder};
pub use procedure::{Procedure, Step};
pub use rules::{EvidencePlan, EvidenceSource, Measure, Metric, NotificationRule, ReviewPlan, Trigger};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{IncidentType, Line, Text};

/// `plan.yaml`: what the plan is, whom it binds and on whose word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanHead {
    pub name: Line,
    /// The author's own version, such as `1.0.0`. The number in force is the store's (`PLAN-3`).
    pub version: Line,
    /// Left out in a plan that is shipped; the organisation's name is filled in at set-up.
    #[serde(default)]
    pub organisation: Option<Line>,
    pub purpose: Text,
    pub scope: Text,
    pub objectives: Vec<Text>,
    /// Who may declare, isolate, shut down, speak and pay, and on whose authority.
    pub authority: Text,
    pub definitions: Vec<Definition>,
    pub stakeholders: Vec<Stakeholder>,
    #[serde(default)]
    pub approval: Option<Approval>,
    /// The roles whose word puts a version in force; see [`Plan::approvers`] for where none is named.
    #[serde(default)]
    pub approvers: Vec<RoleKey>,
    /// In which zone the local times of the plan are meant, by its IANA name.
    #[serde(default)]
    pub time_zone: Option<Line>,
    /// The days on which the plan is meant to hold; left out where it holds until it is replaced.
    #[serde(default)]
    pub valid: Option<Validity>,
}

/// From the first to the last day, both included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Validity {
    pub from: Date,
    #[serde(default)]
    pub until: Option<Date>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    pub term: Line,
    pub meaning: Text,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    pub by: Line,
    pub on: Date,
}

/// A chapter in prose. Chapters stand in the order of their file names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chapter {
    /// The file's name without `.md`: `01-introduction`.
    pub name: Line,
    pub markdown: String,
}

/// The whole plan. Every reference in it is still only a name: [`Plan::check`] follows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    pub head: PlanHead,
    pub roles: Vec<PlanRole>,
    pub channels: Channels,
    pub severity: SeverityPlan,
    pub notifications: Vec<NotificationRule>,
    pub evidence: EvidencePlan,
    pub review: ReviewPlan,
    pub procedures: Vec<Procedure>,
    #[serde(default)]
    pub chapters: Vec<Chapter>,
}

impl Plan {
    /// The plan of these parts; procedures in the order of the incident types, chapters by name.
    #[allow(clippy::too_many_arguments, reason = "one argument for each file of the plan")]
    pub fn from_parts(
        head: PlanHead,
        roles: Vec<PlanRole>,
        channels: Channels,
        severity: SeverityPlan,
        notifications: Vec<NotificationRule>,
        evidence: EvidencePlan,
        review: ReviewPlan,
        mut procedures: Vec<Procedure>,
        mut chapters: Vec<Chapter>,
    ) -> Self {
        procedures.sort_by_key(|procedure| procedure.incident_type);
        chapters.sort_by(|a, b| a.name.cmp(&b.name));
        Self { head, roles, channels, severity, notifications, evidence, review, procedures, chapters }
    }

    /// What is done when an incident of this type is declared.
    pub fn procedure(&self, incident_type: IncidentType) -> Option<&Procedure> {
        self.procedures.iter().find(|procedure| procedure.incident_type == incident_type)
    }

    /// The roles whose word puts a version in force: those that the head names, else whoever is at the top of the
    /// chain of command.
    pub fn approvers(&self) -> Vec<&RoleKey> {
        if self.head.approvers.is_empty() {
            return self.roles.iter().filter(|role| role.reports_to.is_none()).map(|role| &role.id).collect();
        }
        self.head.approvers.iter().collect()
    }

    pub fn role(&self, id: &RoleKey) -> Option<&PlanRole> {
        self.roles.iter().find(|role| role.id == *id)
    }
}

//! The plan's rules: who is told what and when, how evidence is kept, when the plan is reviewed and how
//! it is measured. How severity is decided and what follows from it stands in `level`.

use serde::{Deserialize, Serialize};

use super::key::{ChannelKey, MetricKey, NotificationKey, RoleKey};
use crate::severity::Severity;
use crate::words::words;
use crate::{IncidentType, Line, Period, Phase, Text};

words! {
    /// What sets a notification off.
    pub enum Trigger, "trigger" {
        IncidentDeclared: "incident_declared", "Incident declared";
        SeverityRaised: "severity_raised", "Severity raised";
        PhaseChanged: "phase_changed", "Phase changed";
        TaskOverdue: "task_overdue", "Task overdue";
        UpdateOverdue: "update_overdue", "Update overdue";
        IncidentClosed: "incident_closed", "Incident closed";
        IncidentReopened: "incident_reopened", "Incident reopened";
    }
}

/// One entry of `notifications.yaml`: upon `trigger`, if the conditions hold, `roles` are told over
/// `channels`; without an acknowledgement in time, `escalate_to` is told too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotificationRule {
    pub id: NotificationKey,
    pub trigger: Trigger,
    /// At this severity or above; any if left out.
    #[serde(default)]
    pub severity_at_least: Option<Severity>,
    /// Only for these types; for all if empty.
    #[serde(default)]
    pub incident_types: Vec<IncidentType>,
    /// Only upon entering these phases; for all if empty.
    #[serde(default)]
    pub phases: Vec<Phase>,
    pub roles: Vec<RoleKey>,
    /// First choice first.
    pub channels: Vec<ChannelKey>,
    pub message: Text,
    #[serde(default)]
    pub escalate_to: Option<RoleKey>,
    /// Given exactly when `escalate_to` is.
    #[serde(default)]
    pub escalate_after: Option<Period>,
}

impl NotificationRule {
    pub fn applies(&self, trigger: Trigger, severity: Severity, kind: IncidentType, phase: Phase) -> bool {
        self.trigger == trigger
            && self.severity_at_least.is_none_or(|least| severity >= least)
            && (self.incident_types.is_empty() || self.incident_types.contains(&kind))
            && (self.phases.is_empty() || self.phases.contains(&phase))
    }
}

/// `evidence.yaml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidencePlan {
    /// The role that answers for the evidence.
    pub custodian: RoleKey,
    pub principles: Vec<Text>,
    /// What to collect, the most volatile first (RFC 3227 §2.1).
    pub sources: Vec<EvidenceSource>,
    /// How long evidence is kept after the incident is closed.
    pub retain_for: Period,
    /// What ends the retention early or forbids it to end: legal hold, privacy.
    #[serde(default)]
    pub exceptions: Vec<Text>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceSource {
    pub name: Line,
    /// How it is collected without spoiling it.
    pub how: Text,
    /// After what time it is usually gone; left out if it stays.
    #[serde(default)]
    pub lost_after: Option<Period>,
}

/// `review.yaml`: how the plan is kept alive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewPlan {
    /// The role that owns the plan.
    pub owner: RoleKey,
    pub plan_every: Period,
    pub exercise_every: Period,
    /// A review is held after every incident of this severity or above …
    pub incidents_at_least: Severity,
    /// … within this time after it was closed.
    pub incidents_within: Period,
    /// What else makes a review due.
    #[serde(default)]
    pub also_when: Vec<Text>,
    pub metrics: Vec<Metric>,
}

words! {
    /// What Watchbell can measure by itself from the records of an incident.
    pub enum Measure, "measure" {
        TimeToAcknowledge: "time_to_acknowledge", "Alert to acknowledgement";
        TimeToDeclare: "time_to_declare", "First event to declaration";
        TimeToContain: "time_to_contain", "Declaration to containment done";
        TimeToRecover: "time_to_recover", "Declaration to recovery done";
        TimeToClose: "time_to_close", "Declaration to closing";
        TasksInTime: "tasks_in_time", "Share of tasks done in time";
        FalsePositives: "false_positives", "Share of alerts that were false";
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metric {
    pub id: MetricKey,
    pub name: Line,
    /// The question that the number answers.
    pub question: Text,
    pub measure: Measure,
    /// In words: "below 4 hours for high and above".
    pub target: Line,
}

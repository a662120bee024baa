//! How severity is decided, and what each level of it sets going: actions, roles to muster, approvals,
//! and the times that are owed.

use serde::{Deserialize, Serialize};

use super::key::{ActionKey, RoleKey};
use crate::response::{ActKind, ClockKind};
use crate::severity::{Severity, SeverityMatrix};
use crate::{Line, Period, Text};

/// `severity.yaml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeverityPlan {
    /// Ordered rules; a matrix that leaves a case unanswered is refused when it is read.
    pub matrix: SeverityMatrix,
    /// What a level may start, each written once.
    #[serde(default)]
    pub actions: Vec<ResponseAction>,
    /// One for each severity.
    pub levels: Vec<SeverityLevel>,
}

impl SeverityPlan {
    pub fn level(&self, severity: Severity) -> Option<&SeverityLevel> {
        self.levels.iter().find(|level| level.severity == severity)
    }

    pub fn action(&self, id: &ActionKey) -> Option<&ResponseAction> {
        self.actions.iter().find(|action| action.id == *id)
    }
}

/// An action that a level starts. It becomes a task in the phase in which the incident then is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResponseAction {
    pub id: ActionKey,
    pub title: Line,
    /// What to do, for somebody who does it for the first time, at night.
    pub text: Text,
    pub role: RoleKey,
}

/// That a level starts an action, and by when it is to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Start {
    pub action: ActionKey,
    /// Counted from the moment at which the incident reaches the level.
    #[serde(default)]
    pub within: Option<Period>,
}

/// An act that nobody does at this level without the word of each of these roles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovalRule {
    pub act: ActKind,
    pub roles: Vec<RoleKey>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeverityLevel {
    pub severity: Severity,
    pub meaning: Text,
    pub examples: Vec<Text>,
    /// How work is done at this level.
    pub response: Vec<Text>,
    /// Actions that are started when the level is reached.
    #[serde(default)]
    pub start: Vec<Start>,
    /// Roles that somebody has to fill.
    #[serde(default)]
    pub muster: Vec<RoleKey>,
    /// Roles that are told at once.
    #[serde(default)]
    pub notify: Vec<RoleKey>,
    #[serde(default)]
    pub approvals: Vec<ApprovalRule>,
    /// From the first alert until somebody has it in hand.
    pub acknowledge_within: Period,
    /// From the declaration until somebody commands it; left out where none is asked for.
    #[serde(default)]
    pub assign_within: Option<Period>,
    /// From the declaration until containment is done; left out where nothing is to be contained.
    #[serde(default)]
    pub contain_within: Option<Period>,
    /// How often the commander informs; left out where no updates are owed.
    #[serde(default)]
    pub update_every: Option<Period>,
}

impl SeverityLevel {
    /// How long a clock of this kind runs at this level; none where nothing is owed.
    pub const fn target(&self, kind: ClockKind) -> Option<Period> {
        match kind {
            ClockKind::Acknowledge => Some(self.acknowledge_within),
            ClockKind::Assign => self.assign_within,
            ClockKind::Contain => self.contain_within,
            ClockKind::Update => self.update_every,
        }
    }

    pub fn starts(&self, action: &ActionKey) -> Option<&Start> {
        self.start.iter().find(|start| start.action == *action)
    }

    /// The roles whose word the act needs at this level; none if it needs nobody's.
    pub fn approval(&self, act: ActKind) -> Option<&ApprovalRule> {
        self.approvals.iter().find(|rule| rule.act == act)
    }
}

//! Work to do in an incident: mostly the steps of the plan's procedure, some added on the way.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::plan::{RoleKey, StepKey};
use crate::words::words;
use crate::{Error, IncidentId, Line, Phase, Result, TaskId, Text, UserId};

words! {
    pub enum TaskStatus, "task status" {
        Open: "open", "Open";
        InProgress: "in_progress", "In progress";
        Done: "done", "Done";
        Skipped: "skipped", "Skipped";
    }
}

/// A status with what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case", deny_unknown_fields)]
pub enum TaskState {
    Open,
    InProgress { by: UserId },
    Done { by: UserId },
    Skipped { reason: Text },
}

impl TaskState {
    pub const fn status(&self) -> TaskStatus {
        match self {
            Self::Open => TaskStatus::Open,
            Self::InProgress { .. } => TaskStatus::InProgress,
            Self::Done { .. } => TaskStatus::Done,
            Self::Skipped { .. } => TaskStatus::Skipped,
        }
    }

    /// The state that these columns of a row say.
    pub fn restore(status: TaskStatus, by: Option<UserId>, reason: Option<Text>) -> Result<Self> {
        match (status, by, reason) {
            (TaskStatus::Open, None, None) => Ok(Self::Open),
            (TaskStatus::InProgress, Some(by), None) => Ok(Self::InProgress { by }),
            (TaskStatus::Done, Some(by), None) => Ok(Self::Done { by }),
            (TaskStatus::Skipped, None, Some(reason)) => Ok(Self::Skipped { reason }),
            _ => {
                Err(Error::Inconsistent { what: "task", why: "its person and reason do not fit its status" })
            }
        }
    }

    /// Somebody takes the task, also out of another's hands.
    pub fn start(&self, by: UserId) -> Result<Self> {
        match self {
            Self::InProgress { by: current } if *current == by => {
                Err(self.refuse(TaskStatus::InProgress, ": it is in these hands already"))
            }
            Self::Open | Self::InProgress { .. } => Ok(Self::InProgress { by }),
            Self::Done { .. } | Self::Skipped { .. } => {
                Err(self.refuse(TaskStatus::InProgress, "; reopen it first"))
            }
        }
    }

    /// The task goes back to whoever will take it.
    pub fn release(&self) -> Result<Self> {
        match self {
            Self::InProgress { .. } => Ok(Self::Open),
            Self::Open => Err(self.refuse(TaskStatus::Open, "")),
            Self::Done { .. } | Self::Skipped { .. } => {
                Err(self.refuse(TaskStatus::Open, " by being released; reopen it"))
            }
        }
    }

    pub fn finish(&self, by: UserId) -> Result<Self> {
        match self {
            Self::Open | Self::InProgress { .. } => Ok(Self::Done { by }),
            Self::Done { .. } => Err(self.refuse(TaskStatus::Done, "")),
            Self::Skipped { .. } => Err(self.refuse(TaskStatus::Done, "; reopen it first")),
        }
    }

    pub fn skip(&self, reason: Text) -> Result<Self> {
        match self {
            Self::Open | Self::InProgress { .. } => Ok(Self::Skipped { reason }),
            Self::Done { .. } => Err(self.refuse(TaskStatus::Skipped, "; reopen it first")),
            Self::Skipped { .. } => Err(self.refuse(TaskStatus::Skipped, "")),
        }
    }

    pub fn reopen(&self) -> Result<Self> {
        match self {
            Self::Done { .. } | Self::Skipped { .. } => Ok(Self::Open),
            Self::Open | Self::InProgress { .. } => {
                Err(self.refuse(TaskStatus::Open, " by being reopened: it is not finished"))
            }
        }
    }

    /// Whether nothing remains to be done.
    pub const fn is_settled(&self) -> bool {
        matches!(self, Self::Done { .. } | Self::Skipped { .. })
    }

    fn refuse(&self, to: TaskStatus, hint: &'static str) -> Error {
        Error::NotAllowed { what: "the task", from: self.status().as_str(), to: to.as_str(), hint }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    pub id: TaskId,
    pub incident: IncidentId,
    pub phase: Phase,
    /// The plan's role that is to do it; nobody in particular for some tasks that people add.
    pub role: Option<RoleKey>,
    pub title: Line,
    pub instructions: Option<Text>,
    pub due: Option<Timestamp>,
    /// The step of the procedure that it comes from.
    pub step: Option<StepKey>,
    pub state: TaskState,
}

impl Task {
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        !self.state.is_settled() && self.due.is_some_and(|due| due < now)
    }
}

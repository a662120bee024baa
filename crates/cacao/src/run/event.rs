//! What goes into a run and what comes out of it.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Limits;

/// Names one attempt of one act: the step, its visit, the command, the target, the attempt. The same act never gets
/// another key, and no other act gets the same: it serves as the idempotency key within a run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Key(String);

impl Key {
    pub(super) fn new(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The step that it is about.
    pub fn step(&self) -> &str {
        self.0.split_once('#').map_or(self.0.as_str(), |(step, _)| step)
    }
}

impl From<String> for Key {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Something that happened to a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum Event {
    Started {
        at: Timestamp,
        values: BTreeMap<String, String>,
        limits: Limits,
        rehearsal: bool,
    },
    /// An act is about to be carried out. Stored before it is.
    Intended {
        at: Timestamp,
        key: Key,
    },
    /// What came of an act.
    Outcome {
        at: Timestamp,
        key: Key,
        outcome: Outcome,
    },
    /// Whoever carries acts out came up again, and knows nothing of those that were under way.
    Interrupted {
        at: Timestamp,
    },
    /// Time has passed.
    Tick {
        at: Timestamp,
    },
    /// A person said whether an act in doubt happened.
    Settled {
        at: Timestamp,
        key: Key,
        by: String,
        verdict: Verdict,
    },
    /// A person said yes or no to a step.
    Approval {
        at: Timestamp,
        key: Key,
        by: String,
        yes: bool,
    },
    /// A person whose yes is asked hands it to another.
    Delegated {
        at: Timestamp,
        key: Key,
        by: String,
        to: String,
    },
    Stopped {
        at: Timestamp,
        by: String,
        reason: String,
    },
    /// A person wants what was done undone.
    RollBack {
        at: Timestamp,
        by: String,
    },
}

impl Event {
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Started { at, .. }
            | Self::Intended { at, .. }
            | Self::Outcome { at, .. }
            | Self::Interrupted { at }
            | Self::Tick { at }
            | Self::Settled { at, .. }
            | Self::Approval { at, .. }
            | Self::Delegated { at, .. }
            | Self::Stopped { at, .. }
            | Self::RollBack { at, .. } => *at,
        }
    }
}

/// What came of an act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "came", content = "with")]
pub enum Outcome {
    /// It was done, and gave these values.
    Done { outputs: BTreeMap<String, String> },
    /// It was not done, or done without success; `again` where another attempt could help.
    Failed { message: String, again: bool },
    /// Nobody can tell whether it was done.
    Unknown { why: String },
}

/// How a person settles a doubt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "verdict")]
pub enum Verdict {
    /// It was done, and gave these values.
    Happened { outputs: BTreeMap<String, String> },
    /// It was not done: do it.
    Again,
    /// It was not done, and is not wanted any more: the step has failed.
    GiveUp,
}

/// Something to carry out.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "effect")]
pub enum Effect {
    /// Execute a command, or have a person do it.
    Do(Box<Work>),
    /// Ask people for their yes.
    Approve { key: Key, step: String, role: String, quorum: u32, until: Option<Timestamp> },
    /// Run another playbook, once for this key, and say what came of it.
    Playbook {
        key: Key,
        step: String,
        playbook: String,
        version: Option<String>,
        values: BTreeMap<String, String>,
        out_args: Vec<String>,
    },
    /// Say the time when it is this late.
    Wake { at: Timestamp },
}

/// A command to execute.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Work {
    pub key: Key,
    pub step: String,
    pub attempt: u32,
    pub call: Call,
    /// Whether doing it twice is the same as doing it once.
    pub safe: bool,
    /// The role of the plan that does it, where a person does.
    pub role: Option<String>,
    pub out_args: Vec<String>,
    pub due: Option<Timestamp>,
}

/// A command with its variables' values in it, and the target that it is for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// The command type.
    pub kind: String,
    pub command: String,
    pub headers: BTreeMap<String, Vec<String>>,
    pub body: Option<String>,
    /// Identifies the target in the playbook; the agent where there is no target.
    pub target: String,
    pub target_name: String,
    /// Kind of address and the address, where it has one.
    pub address: Option<(String, String)>,
    pub port: Option<String>,
    /// Identifies the authentication object in the playbook.
    pub authentication: Option<String>,
}

/// Why an event does not fit a run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RunRefusal {
    #[error("The run has not started.")]
    NotStarted,
    #[error("The run has started already.")]
    Started,
    #[error("The run is over.")]
    Over,
    #[error("Nothing waits under the key {0}: it was answered already, or its step has been left.")]
    NoSuchKey(Key),
    #[error("{0} is not in doubt, so there is nothing to settle.")]
    NotInDoubt(Key),
    #[error("Nothing waits for {0} any more, so it is not done again: say that it happened, or give it up.")]
    NotWaitedFor(Key),
    #[error("{0} has said yes already; another person must.")]
    SaidYes(String),
    #[error("{by} has handed this approval to {to}, who speaks now.")]
    HandedOn { by: String, to: String },
    #[error("An approval is handed to another person, and to one who has not handed it on already.")]
    HandedRound,
    #[error("{0} is no variable that can be given from outside.")]
    NotExternal(String),
    #[error("\"{value}\" is not of the type {kind}, which {name} has.")]
    WrongValue { name: String, kind: String, value: String },
    #[error("The step gives no value to {0}.")]
    NotAnOutput(String),
    #[error("Nothing of this run can be undone.")]
    NothingToUndo,
    #[error("The run must be over before its steps are undone.")]
    NotOver,
}

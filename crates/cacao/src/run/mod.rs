//! The execution of a playbook as a pure state machine: a state and an [`Event`] give the next state and the
//! [`Effect`]s to carry out. Whoever carries them out stores each event before he acts on it: first that he intends
//! to ([`Event::Intended`]), then what came of it ([`Event::Outcome`]). What was intended and has no outcome when the
//! carrier comes up again ([`Event::Interrupted`]) may have happened: it is *in doubt* and waits for a person, unless
//! doing it twice is the same as doing it once.
//!
//! What CACAO v2.0 leaves open is decided so:
//! - a step that fails goes to its own `on_failure`, else the step that opened its branch fails, and so on outwards;
//!   with nobody left, `workflow_exception` is next, once; without it the run has failed. `on_completion` is followed
//!   when a step has succeeded.
//! - a parallel step goes on when all its branches have ended; when one of them fails, the others are called off.
//! - a condition over a variable without value fails its step.

mod act;
mod end;
mod event;
mod pending;
mod step;
mod value;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Playbook;

pub use event::{Call, Effect, Event, Key, Outcome, RunRefusal, Verdict, Work};
pub use value::outputs_from;

pub(crate) use value::Held;

/// How far a run may go before it is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// How often one step may run.
    pub visits: u32,
    /// How many steps may run in all.
    pub steps: u32,
    /// How often the body of a while-condition may run, where the playbook does not say.
    pub iterations: u32,
    /// How many hosts may be acted on; the playbook may say fewer.
    pub targets: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { visits: 1000, steps: 5000, iterations: 100, targets: 50 }
    }
}

/// A run of a playbook: its whole state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    pub status: Status,
    pub now: Timestamp,
    pub limits: Limits,
    /// Whether it only rehearses: what cannot be decided is taken for true, once.
    pub rehearsal: bool,
    variables: BTreeMap<String, Held>,
    strands: BTreeMap<u32, Strand>,
    next_strand: u32,
    /// Every step that was entered, in order.
    visits: Vec<Visit>,
    /// What was begun and is no longer waited for, until it is known what came of it.
    loose: BTreeMap<Key, Loose>,
    /// The failure that nobody handled.
    failure: Option<Failure>,
    /// Whether `workflow_exception` has taken over.
    handling: bool,
    /// The hosts that were acted on.
    targets: BTreeSet<String>,
    /// Steps still to be run to undo others, the last one next.
    undo: Vec<u32>,
}

/// How a run stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum Status {
    Running,
    /// Nothing more is begun; something that was begun has no known outcome yet.
    Closing {
        ending: Ending,
    },
    Ended {
        ending: Ending,
    },
    /// Its steps are being undone.
    Undoing {
        ending: Ending,
    },
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "how")]
pub enum Ending {
    Completed,
    Failed { failure: Failure },
    Stopped { by: String, reason: String },
}

/// Why a step failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    pub code: FailureCode,
    /// The step in which it began.
    pub step: String,
    pub message: String,
}

/// What kind of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureCode {
    /// A command failed, as often as it may be tried.
    CommandFailed,
    /// CACAO's ACTION_TIMEOUT.
    ActionTimeout,
    ApprovalRefused,
    ApprovalExpired,
    ConditionUndecided,
    /// A variable has no value, or one that cannot stand where it is asked for.
    Variable,
    /// A command gave back what does not fit.
    WrongOutput,
    LoopLimit,
    StepLimit,
    TargetLimit,
    /// A playbook that was called failed.
    PlaybookFailed,
    /// A person settled a doubt by giving the step up.
    GivenUp,
}

/// One line of steps that is being walked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Strand {
    /// Whose branch it is; nothing for the main line.
    pub parent: Option<u32>,
    pub step: String,
    /// Which visit this is, as a place in [`Run::visits`].
    pub visit: u32,
    /// When the step has failed if it has not ended.
    pub due: Option<Timestamp>,
    locals: BTreeMap<String, Held>,
    pub phase: Phase,
}

/// What a strand does at its step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "phase")]
pub enum Phase {
    /// Waiting until the step begins.
    Delay { until: Timestamp },
    /// Waiting for people to say yes.
    Approval {
        yes: Vec<String>,
        until: Option<Timestamp>,
        /// Who has handed his yes to whom.
        #[serde(default)]
        handed: BTreeMap<String, String>,
    },
    /// Executing a command on a target.
    Act { command: u32, target: u32, attempt: u32, call: Box<Call>, flight: Flight },
    /// Running another playbook.
    Playbook { flight: Flight },
    /// Waiting for branches.
    Branches { open: BTreeSet<u32>, iteration: u32 },
}

/// How far an act has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "flight")]
pub enum Flight {
    /// Nothing was done yet.
    Ready,
    /// It was intended, and may be happening.
    Away { since: Timestamp },
    /// It may have happened.
    Doubt { since: Timestamp, why: Doubt },
    /// It failed, and is tried again.
    Backoff { until: Timestamp },
}

/// Why nobody knows whether an act happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "why", content = "words")]
pub enum Doubt {
    /// The server went down in between.
    Interrupted,
    /// The step's time ran out in between.
    TimedOut,
    /// Whoever carried it out could not tell, and said why.
    Unknown(String),
}

/// Something that was begun by a strand that is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loose {
    pub step: String,
    pub visit: u32,
    pub safe: bool,
    pub flight: Flight,
}

/// A step that was entered, and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Visit {
    pub step: String,
    /// How often the step had been entered, this time included.
    pub count: u32,
    pub entered: Timestamp,
    pub left: Option<Timestamp>,
    pub result: VisitResult,
    /// The values that it gave.
    pub outputs: BTreeMap<String, String>,
    /// Whether the visit undid another.
    pub undoes: Option<u32>,
}

/// What became of a visit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "result")]
pub enum VisitResult {
    Open,
    Done,
    Failed {
        failure: Failure,
    },
    /// Called off from outside.
    CalledOff,
}

/// What is still to do within one event.
enum Todo {
    Enter(u32, String),
    Begin(u32),
    Succeeded(u32),
    Failed(u32, Failure),
    BranchEnded(u32),
}

/// A run with the playbook that it runs: where transitions are made.
struct Walk<'a> {
    run: Run,
    playbook: &'a Playbook,
    todo: VecDeque<Todo>,
}

impl Run {
    /// Begins a run: its state and the first effects.
    ///
    /// # Errors
    /// Where a value is for no external variable, or does not fit its type.
    pub fn start(
        playbook: &Playbook,
        at: Timestamp,
        values: &BTreeMap<String, String>,
        limits: Limits,
        rehearsal: bool,
    ) -> Result<(Self, Vec<Effect>), RunRefusal> {
        let variables = value::declared(playbook, values)?;
        let policy = playbook.policy().unwrap_or_default();
        let limits = Limits {
            iterations: policy.max_iterations.unwrap_or(limits.iterations),
            targets: policy.max_targets.unwrap_or(limits.targets).min(limits.targets),
            ..limits
        };
        let run = Self {
            status: Status::Running,
            now: at,
            limits,
            rehearsal,
            variables,
            strands: BTreeMap::new(),
            next_strand: 0,
            visits: Vec::new(),
            loose: BTreeMap::new(),
            failure: None,
            handling: false,
            targets: BTreeSet::new(),
            undo: Vec::new(),
        };
        let mut walk = Walk { run, playbook, todo: VecDeque::new() };
        walk.spawn(None, &playbook.workflow_start);
        walk.settle();
        let effects = walk.run.pending(playbook);
        Ok((walk.run, effects))
    }

    /// What follows from an event: the state moves on, and what is newly to be done comes out.
    ///
    /// # Errors
    /// Where the event does not fit the state; then nothing has changed.
    pub fn apply(&mut self, playbook: &Playbook, event: &Event) -> Result<Vec<Effect>, RunRefusal> {
        let before = self.pending(playbook);
        let mut run = self.clone();
        run.now = run.now.max(event.at());
        let mut walk = Walk { run, playbook, todo: VecDeque::new() };
        walk.take(event)?;
        walk.settle();
        *self = walk.run;
        Ok(self.pending(playbook).into_iter().filter(|effect| !before.contains(effect)).collect())
    }

    /// Whether an event would change more than the time; not where it does not fit.
    pub fn changes_by(&self, playbook: &Playbook, event: &Event) -> bool {
        let mut after = self.clone();
        if after.apply(playbook, event).is_err() {
            return false;
        }
        after.now = self.now;
        after != *self
    }

    /// The state after these events.
    ///
    /// # Errors
    /// Where the first is not a start, or one of them does not fit.
    pub fn replay<'e>(
        playbook: &Playbook,
        events: impl IntoIterator<Item = &'e Event>,
    ) -> Result<Self, RunRefusal> {
        let mut events = events.into_iter();
        let Some(Event::Started { at, values, limits, rehearsal }) = events.next() else {
            return Err(RunRefusal::NotStarted);
        };
        let (mut run, _) = Self::start(playbook, *at, values, *limits, *rehearsal)?;
        for event in events {
            run.apply(playbook, event)?;
        }
        Ok(run)
    }

    pub fn strands(&self) -> impl Iterator<Item = &Strand> {
        self.strands.values()
    }

    pub fn visits(&self) -> &[Visit] {
        &self.visits
    }

    /// What was begun and is no longer waited for.
    pub fn loose(&self) -> &BTreeMap<Key, Loose> {
        &self.loose
    }

    /// The playbook's variables as they stand: name and value, nothing where it is unknown.
    pub fn values(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.variables.iter().map(|(name, held)| (name.as_str(), held.text.as_deref()))
    }

    /// The failure that nobody handled, once there is one.
    pub fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    pub fn is_over(&self) -> bool {
        matches!(self.status, Status::Ended { .. })
    }

    /// What waits for a person to say whether it happened.
    pub fn doubts(&self) -> Vec<(Key, String, Doubt)> {
        let held = self.strands.values().filter_map(|strand| match &strand.phase {
            Phase::Act { flight: Flight::Doubt { why, .. }, .. } => {
                Some((self.key(strand), strand.step.clone(), why.clone()))
            }
            _ => None,
        });
        let loose = self.loose.iter().filter_map(|(key, loose)| match &loose.flight {
            Flight::Doubt { why, .. } => Some((key.clone(), loose.step.clone(), why.clone())),
            _ => None,
        });
        held.chain(loose).collect()
    }

    /// Commands that were intended and have no outcome yet, those that wait for a person among them.
    pub fn open_calls(&self) -> impl Iterator<Item = (Key, &Strand, &Call)> {
        self.strands.values().filter_map(|strand| match &strand.phase {
            Phase::Act { call, flight: Flight::Away { .. }, .. } => {
                Some((self.key(strand), strand, call.as_ref()))
            }
            _ => None,
        })
    }

    /// The visits that could be undone, the last first: done, with a step that undoes them, and not undone yet.
    pub fn undoable(&self, playbook: &Playbook) -> Vec<(u32, String)> {
        let undone: BTreeSet<u32> = self
            .visits
            .iter()
            .filter(|visit| visit.result == VisitResult::Done)
            .filter_map(|visit| visit.undoes)
            .collect();
        let numbered = (0..).zip(&self.visits);
        let mut found: Vec<(u32, String)> = numbered
            .filter(|(number, visit)| {
                visit.result == VisitResult::Done && visit.undoes.is_none() && !undone.contains(number)
            })
            .filter_map(|(number, visit)| {
                let policy = playbook.step(&visit.step)?.policy().ok()?;
                Some((number, policy.rollback?))
            })
            .collect();
        found.reverse();
        found
    }
}

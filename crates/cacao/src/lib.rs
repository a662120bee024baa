//! CACAO v2.0 security playbooks. [`Document::read`] takes a playbook's text and keeps all of it, [`check`] says what
//! is wrong with it and where, [`draw`] makes a figure of its workflow, [`sign`] seals it and [`verify`] tests seals,
//! and [`Run`] executes it as a pure state machine: an event in, what is to be done out. Nothing here does anything:
//! no network, no files, no clock. Stands alone.

mod check;
mod condition;
mod draw;
mod error;
mod fill;
mod finding;
mod graph;
mod ident;
mod model;
mod policy;
mod read;
mod rehearse;
mod run;
mod shape;
mod sign;

pub use check::{StartLine, UNRUNNABLE, check, runnable, start_line};
pub use condition::{Condition, Undecided};
pub use draw::{Drawing, Look, Options, draw};
pub use error::CacaoError;
pub use fill::{Dialect, Filling, fill, variables_in};
pub use finding::{Finding, Severity, refuses};
pub use graph::{Edge, Graph, Kind as EdgeKind};
pub use ident::{is_identifier, is_timestamp, is_variable_name};
pub use model::{
    Action, AgentTarget, AuthenticationInfo, CivicLocation, Command, CommandKind, Contact, DataMarking,
    ExtensionDefinition, ExternalReference, IfCondition, Parallel, Playbook, PlaybookAction,
    ProcessingSummary, Signature, Step, StepKind, SwitchCondition, Variable, WhileCondition,
};
pub use policy::{Approval, EXTENSION, PlaybookPolicy, Retry, Span, StepPolicy};
pub use read::{Document, MOST_BYTES};
pub use rehearse::{Rehearsal, rehearse};
pub use run::{
    Call, Doubt, Effect, Ending, Event, Failure, FailureCode, Flight, Key, Limits, Loose, Outcome, Phase,
    Run, RunRefusal, Status, Strand, Verdict, Visit, VisitResult, Work, outputs_from,
};
pub use sign::{SealVerdict, Sealed, SigningKey, canonical, fingerprint, sign, verify};

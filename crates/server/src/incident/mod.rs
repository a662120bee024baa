//! Incidents: declared by a person from alerts, led through the phases to a closing, with their tasks,
//! timeline, decisions, observables and assets. This file says what an incident and its parts are;
//! the verbs stand beside it: [`declare`], [`command`] (phase, severity, people), [`tasks`],
//! [`record`] (entries, decisions), [`chat`], [`visit`] (what is new to whom), [`findings`] (observables, assets), [`follow`] (what alerts bring
//! in afterwards), [`export`] (what is taken out), [`figure`] (the
//! timeline drawn), [`dossier`] (all of it for reports).

pub mod alike;
pub mod api;
pub mod chat;
pub mod command;
pub mod declare;
pub mod dossier;
pub mod export;
mod figure;
pub mod findings;
pub mod follow;
mod gather;
pub mod graph;
mod keep;
pub mod kin;
pub mod page;
pub mod paste;
pub mod read;
pub mod record;
pub mod seen;
mod store;
pub mod tasks;
pub mod visit;

use domain::asset::AssetState;
use domain::evidence::Sha256;
use domain::incident::{Closing, Outcome, Stage};
use domain::observable::Standing;
use domain::plan::{RoleKey, StepKey};
use domain::severity::{FunctionalImpact, InformationImpact, Recoverability};
use domain::task::{TaskState, TaskStatus};
use domain::timeline::{EntryKind, Lane};
use domain::{
    AlertId, AssetId, DecisionId, EntryId, EventId, Incident, IncidentId, IncidentType, Line, ObservableId,
    ObservableKind, Period, Phase, PlanVersionId, Severity, SeverityFacts, TaskId, Text, Tlp, UserId,
};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

pub use declare::{Declaration, declare};
pub use dossier::{Dossier, dossier};
pub use follow::follow;
pub use read::{Filter, get, list};

use crate::error::{Error, Result};

/// An incident as it is stored, and as the ledger commits to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Record {
    #[schema(value_type = String, example = "INC-1")]
    pub id: IncidentId,
    pub title: String,
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "ransomware")]
    pub incident_type: IncidentType,
    #[schema(value_type = String, example = "high")]
    pub severity: Severity,
    /// What the plan's matrix said when the facts were confirmed.
    #[schema(value_type = String, example = "high")]
    pub proposed_severity: Severity,
    /// Why the severity is what it is.
    pub severity_reason: String,
    #[schema(value_type = String, example = "medium")]
    pub functional: FunctionalImpact,
    #[schema(value_type = String, example = "privacy")]
    pub information: InformationImpact,
    #[schema(value_type = String, example = "supplemented")]
    pub recoverability: Recoverability,
    #[schema(value_type = String, example = "containment")]
    pub phase: Phase,
    #[schema(value_type = String, format = DateTime)]
    pub phase_since: Timestamp,
    #[schema(value_type = String, example = "amber")]
    pub tlp: Tlp,
    /// Need-to-know: only its members see that it exists.
    pub restricted: bool,
    pub summary: Option<String>,
    #[schema(value_type = Option<String>, example = "USR-2")]
    pub commander: Option<UserId>,
    #[schema(value_type = String, example = "USR-2")]
    pub declared_by: UserId,
    #[schema(value_type = String, format = DateTime)]
    pub declared_at: Timestamp,
    /// The version of the plan under which it was declared.
    #[schema(value_type = String, example = "PLAN-1")]
    pub plan: PlanVersionId,
    /// How it ended; none while it is open.
    #[schema(value_type = Option<String>, example = "resolved")]
    pub outcome: Option<Outcome>,
    pub root_cause: Option<String>,
    pub lessons: Option<String>,
    pub impact: Option<String>,
    pub recommendations: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub closed_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

impl Record {
    pub const fn facts(&self) -> SeverityFacts {
        SeverityFacts {
            functional: self.functional,
            information: self.information,
            recoverability: self.recoverability,
        }
    }

    pub const fn is_closed(&self) -> bool {
        matches!(self.phase, Phase::Closed)
    }

    /// What tells one wording of the title, summary and marking from another: whoever saves says which
    /// one they changed, and a newer one is not overwritten.
    pub fn edition(&self) -> String {
        let wording =
            format!("{}\n{}\n{}", self.title, self.tlp, self.summary.as_deref().unwrap_or_default());
        ledger::Digest::of(wording.as_bytes()).to_string().chars().take(16).collect()
    }

    /// The incident as the domain knows it.
    pub fn incident(&self) -> Result<Incident> {
        let damaged = |error: domain::Error| Error::Damaged(format!("{}: {error}", self.id));
        let closing = match (self.outcome, &self.root_cause, &self.lessons) {
            (Some(outcome), Some(root_cause), Some(lessons)) => Some(Closing {
                outcome,
                root_cause: Text::new("the root cause", root_cause).map_err(damaged)?,
                lessons: Text::new("the lessons", lessons).map_err(damaged)?,
                impact: self
                    .impact
                    .as_deref()
                    .map(|impact| Text::new("the impact", impact))
                    .transpose()
                    .map_err(damaged)?,
            }),
            _ => None,
        };
        Ok(Incident {
            id: self.id,
            title: Line::new("the title", &self.title).map_err(damaged)?,
            incident_type: self.incident_type,
            severity: self.severity,
            stage: Stage::restore(self.phase, closing).map_err(damaged)?,
            commander: self.commander,
            restricted: self.restricted,
            tlp: self.tlp,
            declared_by: self.declared_by,
            declared_at: self.declared_at,
        })
    }

    /// Takes over what a verb of the domain decided.
    fn follow(&mut self, decided: &Incident, at: Timestamp) {
        if self.phase != decided.phase() {
            self.phase = decided.phase();
            self.phase_since = at;
        }
        let closing = decided.stage.closing();
        self.outcome = closing.map(|closing| closing.outcome);
        self.root_cause = closing.map(|closing| closing.root_cause.to_string());
        self.lessons = closing.map(|closing| closing.lessons.to_string());
        self.impact = closing.and_then(|closing| closing.impact.as_ref()).map(ToString::to_string);
        self.incident_type = decided.incident_type;
        self.severity = decided.severity;
        self.commander = decided.commander;
        self.restricted = decided.restricted;
        self.updated_at = at;
    }
}

/// An incident as people see it in a list or at the head of its page.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct IncidentView {
    #[serde(flatten)]
    pub record: Record,
    pub commander_name: Option<String>,
    pub declared_by_name: String,
    /// Tasks that are neither done nor skipped.
    pub open_tasks: i64,
    pub overdue_tasks: i64,
    /// When the next open task is due.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_due: Option<Timestamp>,
    /// How many lines its timeline has.
    pub entries: i64,
    /// The incident that this one is merged into. What it has is read there, and stays its own.
    #[schema(value_type = Option<String>, example = "INC-1")]
    pub merged_into: Option<IncidentId>,
    /// How many incidents are merged into this one; the counts are of all of them.
    pub merged: i64,
    /// Which wording of title, summary and marking this is; an edit that names another is refused.
    #[schema(example = "9f86d081884c7d65")]
    pub edition: String,
}

/// Somebody with an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Person {
    #[schema(value_type = String, example = "USR-2")]
    pub id: UserId,
    pub name: String,
}

/// When a phase was entered, by whom and, off the ordinary way, why.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PhaseChange {
    #[schema(value_type = String, example = "containment")]
    pub phase: Phase,
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    #[schema(value_type = Option<String>, example = "USR-2")]
    pub by: Option<UserId>,
    pub reason: Option<String>,
}

/// Work to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Task {
    #[schema(value_type = String, example = "TSK-1")]
    pub id: TaskId,
    #[schema(value_type = String, example = "INC-1")]
    pub incident: IncidentId,
    #[schema(value_type = String, example = "containment")]
    pub phase: Phase,
    /// The plan's role that is to do it.
    #[schema(value_type = Option<String>, example = "technical_lead")]
    pub role: Option<RoleKey>,
    pub title: String,
    pub instructions: Option<String>,
    /// Counted from entering the phase.
    #[schema(value_type = Option<String>, example = "4h")]
    pub due_within: Option<Period>,
    /// None until its phase is entered.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub due: Option<Timestamp>,
    /// The step of the procedure that it comes from.
    #[schema(value_type = Option<String>, example = "isolate_host")]
    pub step: Option<StepKey>,
    /// What to keep.
    pub evidence: Vec<String>,
    #[schema(value_type = String, example = "open")]
    pub status: TaskStatus,
    /// Who has it in hand or did it.
    #[schema(value_type = Option<String>, example = "USR-3")]
    pub by: Option<UserId>,
    /// Why it was skipped.
    pub reason: Option<String>,
    /// Who is to do it.
    #[schema(value_type = Option<String>, example = "USR-3")]
    pub owner: Option<UserId>,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was done or skipped.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub settled_at: Option<Timestamp>,
}

impl Task {
    pub fn state(&self) -> Result<TaskState> {
        let reason = self.reason.as_deref().map(|reason| Text::new("the reason", reason)).transpose()?;
        TaskState::restore(self.status, self.by, reason)
            .map_err(|error| Error::Damaged(format!("{}: {error}", self.id)))
    }

    pub const fn is_settled(&self) -> bool {
        matches!(self.status, TaskStatus::Done | TaskStatus::Skipped)
    }

    pub fn is_overdue(&self, now: Timestamp) -> bool {
        !self.is_settled() && self.due.is_some_and(|due| due < now)
    }
}

/// A line on the timeline. What it says never changes; a further entry corrects it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Entry {
    #[schema(value_type = String, example = "ENT-1")]
    pub id: EntryId,
    #[schema(value_type = String, example = "INC-1")]
    pub incident: IncidentId,
    #[schema(value_type = String, example = "adversary")]
    pub lane: Lane,
    #[schema(value_type = String, example = "event")]
    pub kind: EntryKind,
    /// When it happened …
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// … and when it was written down.
    #[schema(value_type = String, format = DateTime)]
    pub recorded_at: Timestamp,
    /// The name of whoever wrote it.
    pub by: String,
    #[schema(value_type = Option<String>, example = "USR-2")]
    pub account: Option<UserId>,
    pub text: String,
    /// ATT&CK techniques.
    pub techniques: Vec<String>,
    #[schema(value_type = Option<String>, example = "ALR-1")]
    pub alert: Option<AlertId>,
    #[schema(value_type = Option<String>, example = "EVT-1")]
    pub event: Option<EventId>,
    /// SHA-256 of the event's original bytes.
    #[schema(value_type = Option<String>)]
    pub raw_sha256: Option<Sha256>,
    /// The entry that this one corrects.
    #[schema(value_type = Option<String>, example = "ENT-3")]
    pub corrects: Option<EntryId>,
    /// The entry that corrects this one. Not part of the record in the ledger.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "ENT-9")]
    pub corrected_by: Option<EntryId>,
}

/// A choice with its reason and its maker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Decision {
    #[schema(value_type = String, example = "DEC-1")]
    pub id: DecisionId,
    #[schema(value_type = String, example = "INC-1")]
    pub incident: IncidentId,
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    pub recorded_at: Timestamp,
    pub decision: String,
    pub reason: String,
    /// Who decided.
    pub maker: String,
    /// Who wrote it down.
    pub by: String,
    #[schema(value_type = Option<String>, example = "USR-2")]
    pub account: Option<UserId>,
}

/// A value seen, or given by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Observed {
    #[schema(value_type = String, example = "OBS-1")]
    pub id: ObservableId,
    #[schema(value_type = String, example = "INC-1")]
    pub incident: IncidentId,
    #[schema(value_type = String, example = "domain")]
    pub kind: ObservableKind,
    pub value: String,
    #[schema(value_type = String, example = "indicator")]
    pub standing: Standing,
    pub note: Option<String>,
    /// How far it may be passed on; as its incident where nothing is said.
    #[schema(value_type = Option<String>, example = "green")]
    pub tlp: Option<Tlp>,
    /// Words to find it by, in lower case.
    pub tags: Vec<String>,
    /// In how many events it was seen.
    pub count: i64,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub first_seen: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_seen: Option<Timestamp>,
    /// The parts that it played: source, destination, actor, target, parent.
    pub parts: Vec<String>,
    /// The first of the events in which it was seen.
    #[schema(value_type = Vec<String>)]
    pub events: Vec<EventId>,
    /// The records of the same value in incidents that are merged into this one. Not part of the record in
    /// the ledger.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub united: Vec<SameValue>,
}

/// Another record of the same value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SameValue {
    #[schema(value_type = String, example = "OBS-7")]
    pub id: ObservableId,
    #[schema(value_type = String, example = "INC-4")]
    pub incident: IncidentId,
}

/// A thing of ours that is affected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Asset {
    #[schema(value_type = String, example = "AST-1")]
    pub id: AssetId,
    #[schema(value_type = String, example = "INC-1")]
    pub incident: IncidentId,
    /// `host` or `account`.
    #[schema(value_type = String, example = "host")]
    pub kind: ObservableKind,
    pub name: String,
    #[schema(value_type = String, example = "suspected")]
    pub state: AssetState,
    pub note: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub first_seen: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_seen: Option<Timestamp>,
}

/// The topic that the pages of one incident follow.
pub fn topic(incident: IncidentId) -> String {
    format!("incident-{}", incident.get())
}

/// A text field of a form or request: blank is none.
fn optional(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// A text that people write. Control characters other than line breaks and tabs say nothing to a
/// reader, and a database may refuse them.
fn text(what: &'static str, text: &str) -> Result<Text> {
    let stray = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if text.contains(stray) {
        return Err(Error::Invalid(format!("{what} must not hold control characters")));
    }
    Ok(Text::new(what, text)?)
}

fn reason(reason: Option<String>) -> Result<Option<Text>> {
    optional(reason).map(|given| text("the reason", &given)).transpose()
}

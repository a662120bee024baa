//! Incidents: declared by a person from alerts, led through the phases to a closing, with their tasks,
//! timeline, decisions, observables and assets. This file says what an incident and its parts are;
//! the verbs stand beside it: [`declare`], [`command`] (phase, severity, people), [`response`] (what the
//! severity sets going: people, times, approvals), [`tasks`], [`library`] (reusable ones), [`record`]
//! (entries, decisions), [`chat`], [`visit`] (what is new to whom), [`findings`] (observables, assets),
//! [`assets`] (where they stand), [`impact`] (data, people, work, money), [`custom`] (the organisation's own fields and statuses), [`follow`] (what alerts bring in
//! afterwards), [`export`] (what is taken out), [`figure`] (the timeline drawn), [`dossier`] (all of it for
//! reports), [`above`] (what slices above do to an incident).

pub mod above;
pub mod alike;
pub mod api;
pub mod assets;
pub mod chat;
pub mod command;
pub mod custom;
pub mod declare;
pub mod dossier;
pub mod export;
mod figure;
pub mod findings;
pub mod follow;
mod gather;
pub mod graph;
pub mod impact;
mod keep;
pub mod kin;
pub mod library;
pub mod page;
pub mod past;
pub mod paste;
pub mod read;
pub mod record;
pub mod response;
pub mod seen;
mod store;
pub mod tasks;
pub mod visit;

use domain::asset::{AssetState, Compromise, Containment, Standing as AssetStanding};
use domain::evidence::Sha256;
use domain::fitting::{Circumstances, OnlyIf};
use domain::incident::{Closing, Outcome, Stage};
use domain::observable::Standing;
use domain::plan::{ActionKey, RoleKey, StepKey};
use domain::response::{ActKind, ClockKind};
use domain::severity::{FunctionalImpact, InformationImpact, Recoverability};
use domain::task::{TaskState, TaskStatus};
use domain::timeline::{EntryKind, Lane};
use domain::{
    AlertId, ApprovalId, AssetId, DecisionId, EntryId, EventId, Incident, IncidentId, IncidentType, Line,
    ObservableId, ObservableKind, Period, Phase, PlanVersionId, Severity, SeverityFacts, StatusId, TaskId,
    Text, Tlp, UserId,
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
    /// More closely than the phase, in the organisation's own words.
    #[schema(value_type = Option<String>, example = "STS-1")]
    pub status: Option<StatusId>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub status_since: Option<Timestamp>,
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

    /// What conditions of tasks look at.
    pub const fn circumstances(&self) -> Circumstances {
        Circumstances { incident_type: self.incident_type, severity: self.severity, facts: self.facts() }
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
    /// What its status is called.
    pub status_label: Option<String>,
    pub declared_by_name: String,
    /// Tasks that are neither done nor skipped.
    pub open_tasks: i64,
    pub overdue_tasks: i64,
    /// When the next open task is due.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_due: Option<Timestamp>,
    /// The time that is owed next.
    pub next_clock: Option<NextClock>,
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

/// A time that is owed, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct NextClock {
    #[schema(value_type = String, example = "contain")]
    pub kind: ClockKind,
    #[schema(value_type = String, format = DateTime)]
    pub due: Timestamp,
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
    /// The action of a severity level that it comes from.
    #[schema(value_type = Option<String>, example = "open_bridge")]
    pub action: Option<ActionKey>,
    /// Why the plan does not ask for it at the present severity: it is proposed for skipping.
    pub surplus: Option<String>,
    /// Tasks that are done, or skipped, before this one can be taken or done.
    #[schema(value_type = Vec<String>, example = json!(["TSK-3"]))]
    pub after: Vec<TaskId>,
    /// The circumstances under which it fits; always if null.
    #[schema(value_type = Option<Object>, example = json!({ "types": ["phishing"], "severity_at_least": "high" }))]
    pub only_if: Option<OnlyIf>,
    /// Why it does not fit the incident as it is now. Such a task is not counted as open.
    pub unfit: Option<String>,
    /// The task of the library that it is.
    #[schema(example = "purge_message")]
    pub library: Option<String>,
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
    /// An open task that nobody has, without a time.
    fn new(incident: IncidentId, phase: Phase, title: String, at: Timestamp) -> Result<Self> {
        Ok(Task {
            id: keep::unnumbered()?,
            incident,
            phase,
            role: None,
            title,
            instructions: None,
            due_within: None,
            due: None,
            step: None,
            action: None,
            surplus: None,
            after: Vec::new(),
            only_if: None,
            unfit: None,
            library: None,
            evidence: Vec::new(),
            status: TaskStatus::Open,
            by: None,
            reason: None,
            owner: None,
            created_at: at,
            settled_at: None,
        })
    }

    pub fn state(&self) -> Result<TaskState> {
        let reason = self.reason.as_deref().map(|reason| Text::new("the reason", reason)).transpose()?;
        TaskState::restore(self.status, self.by, reason)
            .map_err(|error| Error::Damaged(format!("{}: {error}", self.id)))
    }

    pub const fn is_settled(&self) -> bool {
        matches!(self.status, TaskStatus::Done | TaskStatus::Skipped)
    }

    /// Whether somebody is to do it: not settled, and it fits.
    pub const fn is_wanted(&self) -> bool {
        !self.is_settled() && self.unfit.is_none()
    }

    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.is_wanted() && self.due.is_some_and(|due| due < now)
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
    /// The act under approval that it is about.
    #[schema(value_type = Option<String>, example = "public_statement")]
    pub act: Option<ActKind>,
    /// The approvals on which it stands.
    #[schema(value_type = Vec<String>)]
    pub approvals: Vec<ApprovalId>,
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
    /// Both of the following in one word: `suspected`, `compromised`, `contained` or `clean`.
    #[schema(value_type = String, example = "suspected")]
    pub state: AssetState,
    /// `suspected`, `confirmed` or `cleared`.
    #[schema(value_type = String, example = "confirmed")]
    pub compromise: Compromise,
    /// `open`, `requested`, `isolated`, `rebuilding` or `restored`.
    #[schema(value_type = String, example = "isolated")]
    pub containment: Containment,
    pub note: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub first_seen: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_seen: Option<Timestamp>,
}

impl Decision {
    /// A decision about nothing that needs an approval, made and written down by whoever acts.
    fn made(
        actor: &domain::Actor,
        incident: IncidentId,
        at: Timestamp,
        decision: String,
        reason: String,
    ) -> Result<Self> {
        Ok(Decision {
            id: keep::unnumbered()?,
            incident,
            at,
            recorded_at: at,
            decision,
            reason,
            act: None,
            approvals: Vec::new(),
            maker: actor.name().to_owned(),
            by: actor.name().to_owned(),
            account: actor.user(),
        })
    }
}

impl Asset {
    pub const fn standing(&self) -> AssetStanding {
        AssetStanding { compromise: self.compromise, containment: self.containment }
    }

    fn stand(&mut self, standing: AssetStanding) {
        self.compromise = standing.compromise;
        self.containment = standing.containment;
        self.state = standing.summary();
    }
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

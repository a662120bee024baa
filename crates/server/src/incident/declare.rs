//! Declaring an incident: from one or more alerts, or from none when somebody reports by phone. All
//! that it brings (tasks, entries, observables, assets, evidence) comes in the same change.

use domain::severity::Proposal;
use domain::timeline::EntryKind;
use domain::{
    Actor, AlertId, IncidentId, IncidentType, Line, Permission, Phase, Severity, SeverityFacts, Text, Tlp,
    UserId,
};

use super::gather::{self, EVENTS_AN_ALERT, Found};
use super::{Decision, IncidentView, Record, keep, optional, reason, record, response, store, tasks, text};
use crate::alert;
use crate::app::App;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::identity::{self, need, scope};
use crate::plan::{self, InForce};

/// How many alerts one declaration takes in.
const MOST_ALERTS: usize = 200;
const MOST_MEMBERS: usize = 200;

/// What somebody says when they declare an incident.
#[derive(Debug, Clone)]
pub struct Declaration {
    pub title: String,
    pub incident_type: IncidentType,
    pub facts: SeverityFacts,
    /// The proposed one if left out; another needs a reason.
    pub severity: Option<Severity>,
    pub severity_reason: Option<String>,
    /// TLP:AMBER if left out.
    pub tlp: Option<Tlp>,
    /// Whoever declares if left out.
    pub commander: Option<UserId>,
    pub restricted: bool,
    /// Who belongs to it, besides whoever declares and commands.
    pub members: Vec<UserId>,
    pub summary: Option<String>,
    pub alerts: Vec<AlertId>,
}

/// A declaration whose every part was checked.
struct Checked {
    title: Line,
    severity: Severity,
    proposal: Proposal,
    reason: Option<Text>,
    summary: Option<Text>,
    declared_by: UserId,
    said: Declaration,
}

pub async fn declare(app: &App, actor: &Actor, declaration: Declaration) -> Result<IncidentView> {
    need(actor, Permission::DeclareIncident, "declaring incidents")?;
    let now = plan::in_force(app).await?;
    let checked = check(actor, &now, declaration)?;
    // An alert of an incident that the actor may not know of is no alert to them.
    for alert in &checked.said.alerts {
        alert::get(app, actor, *alert).await?;
    }
    let who = actor.clone();
    let id = app
        .change(actor, move |change| Box::pin(async move { make(change, &who, &now, checked).await }))
        .await?;
    super::get(app, actor, id).await
}

fn check(actor: &Actor, now: &InForce, mut said: Declaration) -> Result<Checked> {
    let declared_by = actor.user().ok_or(Error::Forbidden("only a person declares an incident"))?;
    let title = Line::new("the title", &said.title)?;
    let summary = optional(said.summary.take()).map(|given| text("the summary", &given)).transpose()?;
    let reason = reason(said.severity_reason.take())?;
    let proposal = now.plan.severity.matrix.propose(&said.facts);
    let severity = said.severity.unwrap_or(proposal.severity);
    if severity != proposal.severity && reason.is_none() {
        return Err(Error::Invalid(format!(
            "The plan proposes {} for these facts. Say why it is to be {}.",
            proposal.severity.label().to_lowercase(),
            severity.label().to_lowercase()
        )));
    }
    said.alerts.sort_unstable();
    said.alerts.dedup();
    if said.alerts.len() > MOST_ALERTS || said.members.len() > MOST_MEMBERS {
        return Err(Error::Invalid(format!(
            "An incident is declared from at most {MOST_ALERTS} alerts and with at most {MOST_MEMBERS} members; add the others afterwards."
        )));
    }
    Ok(Checked { title, severity, proposal, reason, summary, declared_by, said })
}

async fn make(change: &mut Change<'_>, actor: &Actor, now: &InForce, checked: Checked) -> Result<IncidentId> {
    let said = &checked.said;
    let commander = said.commander.unwrap_or(checked.declared_by);
    let decided = checked.reason.as_ref().filter(|_| checked.severity != checked.proposal.severity);
    let mut incident = Record {
        id: keep::unnumbered()?,
        title: checked.title.to_string(),
        incident_type: said.incident_type,
        severity: checked.severity,
        proposed_severity: checked.proposal.severity,
        severity_reason: decided.map_or_else(|| checked.proposal.because.clone(), ToString::to_string),
        functional: said.facts.functional,
        information: said.facts.information,
        recoverability: said.facts.recoverability,
        phase: Phase::Detection,
        phase_since: change.at,
        status: None,
        status_since: None,
        tlp: said.tlp.unwrap_or(Tlp::Amber),
        restricted: said.restricted,
        summary: checked.summary.as_ref().map(ToString::to_string),
        commander: Some(commander),
        declared_by: checked.declared_by,
        declared_at: change.at,
        plan: now.id,
        outcome: None,
        root_cause: None,
        lessons: None,
        impact: None,
        recommendations: None,
        closed_at: None,
        updated_at: change.at,
    };
    let people = || said.members.iter().copied().chain([checked.declared_by, commander]);
    for person in people() {
        identity::person(change, person).await?;
    }
    let id = store::insert(change, &incident).await?;
    incident.id = id;
    for member in people() {
        scope::add_member(change, id, member).await?;
    }
    tasks::worker(change, actor, id, commander).await?;
    scope::restrict(change, id, said.restricted).await?;
    store::insert_phase(change, id, Phase::Detection, actor.user(), None).await?;
    keep::commit(change, &incident, "incident.declare").await?;
    say(change, actor, &incident, &checked).await?;
    let procedure = now.plan.procedure(said.incident_type).ok_or(Error::NotFound("procedure"))?;
    tasks::from_procedure(change, &incident, procedure, change.at).await?;
    response::begin(change, &incident, &now.plan).await?;
    take_in(change, actor, &incident, &said.alerts).await?;
    Ok(id)
}

/// The declaration and the decision on its severity, on the timeline.
async fn say(change: &mut Change<'_>, actor: &Actor, incident: &Record, checked: &Checked) -> Result<()> {
    let line = format!(
        "Incident declared: {}\n{}, {}",
        incident.title,
        incident.severity.label(),
        incident.incident_type.label()
    );
    keep::line(change, actor, incident.id, EntryKind::Status, line).await?;
    let decision = if checked.severity == checked.proposal.severity {
        format!("Severity {}, as the plan proposes", checked.severity.label())
    } else {
        format!(
            "Severity {}, where the plan proposes {}",
            checked.severity.label(),
            checked.proposal.severity.label()
        )
    };
    let reason = incident.severity_reason.clone();
    let decision = Decision::made(actor, incident.id, change.at, decision, reason)?;
    record::decision_kept(change, actor, decision).await?;
    Ok(())
}

/// Takes alerts into the incident with all that stands behind them.
async fn take_in(
    change: &mut Change<'_>,
    actor: &Actor,
    incident: &Record,
    alerts: &[AlertId],
) -> Result<()> {
    let id = incident.id;
    if alerts.is_empty() {
        return Ok(());
    }
    let taken = alert::take_in(change, actor, alerts, id).await?;
    response::clock::alerts_came(change, incident, &taken).await?;
    let room = usize::try_from(EVENTS_AN_ALERT).unwrap_or(usize::MAX);
    let mut found = Vec::with_capacity(taken.len());
    let mut more = Vec::new();
    for alert in taken {
        let matches = alert::matches_in(change.tx, alert.id, EVENTS_AN_ALERT).await?;
        if alert.count > EVENTS_AN_ALERT {
            more.push(more_in(&alert, alert.count - EVENTS_AN_ALERT));
        }
        found.push(Found { alert, matches, room });
    }
    gather::take_in(change, actor, id, &found).await?;
    for line in more {
        keep::line(change, &Actor::Watchbell, id, EntryKind::Status, line).await?;
    }
    Ok(())
}

pub(super) fn more_in(alert: &alert::Alert, more: i64) -> String {
    format!(
        "{more} more events of {} ({}) are counted in the alert, and not on the timeline",
        alert.id, alert.title
    )
}

/// Takes further alerts into an open incident.
pub async fn add_alerts(
    app: &App,
    actor: &Actor,
    id: IncidentId,
    mut alerts: Vec<AlertId>,
) -> Result<IncidentView> {
    alerts.sort_unstable();
    alerts.dedup();
    if alerts.is_empty() || alerts.len() > MOST_ALERTS {
        return Err(Error::Invalid(format!("Name from 1 to {MOST_ALERTS} alerts.")));
    }
    super::get(app, actor, id).await?;
    for alert in &alerts {
        alert::get(app, actor, *alert).await?;
    }
    let who = actor.clone();
    app.change(actor, move |change| {
        Box::pin(async move {
            let incident = keep::to_add(change, &who, id).await?;
            if incident.is_closed() {
                return Err(domain::Error::IncidentClosed.into());
            }
            take_in(change, &who, &incident, &alerts).await?;
            let named: Vec<String> = alerts.iter().map(ToString::to_string).collect();
            let line = format!("Alerts taken in: {}", named.join(", "));
            keep::line(change, &who, id, EntryKind::Status, line).await?;
            keep::tell(change, id).await
        })
    })
    .await?;
    super::get(app, actor, id).await
}

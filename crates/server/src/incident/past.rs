//! An incident that is over, or long under way, written down in one change with its times: what a generator of
//! stores needs. Rows, leaves and outbox lines are those of every other incident; the plan's tasks are left out,
//! for the people whose work they would be are not there.

use domain::incident::Outcome;
use domain::severity::{FunctionalImpact, InformationImpact, Recoverability};
use domain::timeline::EntryKind;
use domain::{Actor, IncidentId, IncidentType, Observable, Phase, Severity, Tlp, UserId};
use jiff::Timestamp;

use super::{Observed, Record, findings, keep, store};
use crate::change::Change;
use crate::error::Result;
use crate::identity::scope;
use crate::plan::InForce;

/// What is known of it.
#[derive(Debug, Clone)]
pub struct Past {
    pub title: String,
    pub incident_type: IncidentType,
    pub severity: Severity,
    pub summary: String,
    pub restricted: bool,
    pub commander: UserId,
    pub declared_at: Timestamp,
    /// The phases that it has been through after detection, each with when it was entered.
    pub phases: Vec<(Phase, Timestamp)>,
    /// Lines of its timeline, each with when it happened.
    pub lines: Vec<(Timestamp, String)>,
    pub values: Vec<Observable>,
}

/// Writes it down, in the name of its commander.
pub async fn write(change: &mut Change<'_>, actor: &Actor, now: &InForce, past: Past) -> Result<IncidentId> {
    let mut record = record(now, &past)?;
    record.id = store::insert(change, &record).await?;
    scope::add_member(change, record.id, past.commander).await?;
    scope::restrict(change, record.id, past.restricted).await?;
    store::insert_phase(change, record.id, Phase::Detection, Some(past.commander), None).await?;
    for (phase, _) in &past.phases {
        store::insert_phase(change, record.id, *phase, Some(past.commander), None).await?;
    }
    store::update(change, &record).await?;
    keep::commit(change, &record, "incident.write_down").await?;
    let mut entries = Vec::with_capacity(past.lines.len());
    for (at, line) in past.lines {
        entries.push(keep::entry(change, actor, record.id, EntryKind::Action, at, line)?);
    }
    keep::entries(change, "entry.add", entries).await?;
    let seen: Vec<Observed> =
        past.values.iter().map(|value| findings::unseen(record.id, value)).collect::<Result<_>>()?;
    for observed in store::things::insert(change, seen).await? {
        findings::commit(change, &observed, "observable.add").await?;
    }
    Ok(record.id)
}

fn record(now: &InForce, past: &Past) -> Result<Record> {
    let (phase, since) = past.phases.last().copied().unwrap_or((Phase::Detection, past.declared_at));
    let closed = phase == Phase::Closed;
    let text = |text: &str| closed.then(|| text.to_owned());
    Ok(Record {
        id: keep::unnumbered()?,
        title: past.title.clone(),
        incident_type: past.incident_type,
        severity: past.severity,
        proposed_severity: past.severity,
        severity_reason: "As it was written down.".to_owned(),
        functional: FunctionalImpact::Low,
        information: InformationImpact::None,
        recoverability: Recoverability::Regular,
        phase,
        phase_since: since,
        status: None,
        status_since: None,
        tlp: Tlp::Amber,
        restricted: past.restricted,
        summary: Some(past.summary.clone()),
        commander: Some(past.commander),
        declared_by: past.commander,
        declared_at: past.declared_at,
        plan: now.id,
        outcome: closed.then_some(Outcome::Resolved),
        root_cause: text("A weakness that was known and not closed."),
        lessons: text("Close what is known within the time that the plan gives."),
        impact: None,
        recommendations: None,
        closed_at: closed.then_some(since),
        updated_at: since,
    })
}

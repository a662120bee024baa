//! What people write down: entries on the timeline, corrections of them, and decisions.

use domain::attack::TechniqueId;
use domain::response::ActKind;
use domain::timeline::EntryKind;
use domain::{Actor, EntryId, IncidentId, Line};
use jiff::Timestamp;

use super::{Decision, Entry, Record, keep, optional, response, store, text};
use crate::app::App;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::identity::scope;
use crate::plan;

/// The latest time that an entry may bear: clocks differ a little, the future is not known.
const AHEAD: jiff::SignedDuration = jiff::SignedDuration::from_mins(5);

/// The incident, for another slice that works on it within a change.
pub async fn working(change: &mut Change<'_>, actor: &Actor, incident: IncidentId) -> Result<Record> {
    keep::to_work(change, actor, incident).await
}

/// The incident, for another slice that adds to it within a change. To one that is closed nothing is added.
pub async fn adding(change: &mut Change<'_>, actor: &Actor, incident: IncidentId) -> Result<Record> {
    let record = keep::to_add(change, actor, incident).await?;
    if record.is_closed() { Err(domain::Error::IncidentClosed.into()) } else { Ok(record) }
}

/// The incident, for another slice that steers it within a change.
pub async fn steering(change: &mut Change<'_>, actor: &Actor, incident: IncidentId) -> Result<Record> {
    keep::to_command(change, actor, incident).await
}

/// Writes on the timeline what another slice did within a change.
pub async fn worked(
    change: &mut Change<'_>,
    actor: &Actor,
    incident: IncidentId,
    text: String,
) -> Result<()> {
    keep::line(change, actor, incident, EntryKind::Action, text).await?;
    keep::tell(change, incident).await
}

/// A line that somebody writes.
pub struct NewEntry {
    pub kind: EntryKind,
    /// When it happened; now if left out.
    pub at: Option<Timestamp>,
    pub text: String,
    pub techniques: Vec<TechniqueId>,
}

/// Adds an entry. Changes of status and evidence write their own; people add the others.
pub async fn add_entry(app: &App, actor: &Actor, incident: IncidentId, new: NewEntry) -> Result<Entry> {
    may_be_written(new.kind)?;
    let text = text("the entry", &new.text)?;
    let now = plan::in_force(app).await?;
    let actor = actor.clone();
    app.change(&actor.clone(), move |change| {
        Box::pin(async move {
            let record = keep::to_add(change, &actor, incident).await?;
            let at = not_ahead(new.at, change.at)?;
            let mut entry = keep::entry(change, &actor, incident, new.kind, at, text.to_string())?;
            entry.techniques = new.techniques.iter().map(ToString::to_string).collect();
            let entry = one(keep::entries(change, "entry.add", vec![entry]).await?)?;
            if new.kind == EntryKind::SituationReport {
                // The clock counts from when it was written, whatever time it speaks of.
                let level = now.plan.severity.level(record.severity);
                response::clock::reported(change, &record, level).await?;
            }
            keep::tell(change, incident).await?;
            Ok(entry)
        })
    })
    .await
}

/// Whether people write entries of this kind.
pub(super) fn may_be_written(kind: EntryKind) -> Result<()> {
    if matches!(kind, EntryKind::Status | EntryKind::Evidence) {
        return Err(Error::Invalid(format!(
            "An entry of the kind {:?} is written by Watchbell itself; use note, action, decision, communication, situation_report or event.",
            kind.as_str()
        )));
    }
    Ok(())
}

/// Corrects an entry by a further one. The first stays as it was written.
pub async fn correct_entry(
    app: &App,
    actor: &Actor,
    incident: IncidentId,
    id: EntryId,
    at: Option<Timestamp>,
    corrected: &str,
) -> Result<Entry> {
    let text = text("the entry", corrected)?;
    let actor = actor.clone();
    app.change(&actor.clone(), move |change| {
        Box::pin(async move {
            keep::to_work(change, &actor, incident).await?;
            let family = scope::family_in(change, incident).await?;
            let wrong = store::timeline::entry_in(change.tx, &family, id).await?;
            let wrong = wrong.ok_or(Error::NotFound("timeline entry"))?;
            if let Some(later) = wrong.corrected_by {
                return Err(Error::Conflict(format!(
                    "{id} is corrected by {later} already; correct that one."
                )));
            }
            let at = not_ahead(at.or(Some(wrong.at)), change.at)?;
            let mut entry = keep::entry(change, &actor, wrong.incident, wrong.kind, at, text.to_string())?;
            entry.corrects = Some(id);
            entry.techniques = wrong.techniques;
            let entry = one(keep::entries(change, "entry.correct", vec![entry]).await?)?;
            keep::tell(change, entry.incident).await?;
            Ok(entry)
        })
    })
    .await
}

/// Says which ATT&CK techniques an entry shows. The line itself stays as it was written.
pub async fn set_techniques(
    app: &App,
    actor: &Actor,
    incident: IncidentId,
    id: EntryId,
    techniques: Vec<TechniqueId>,
) -> Result<Entry> {
    let actor = actor.clone();
    app.change(&actor.clone(), move |change| {
        Box::pin(async move {
            keep::to_work(change, &actor, incident).await?;
            let family = scope::family_in(change, incident).await?;
            let entry = store::timeline::entry_in(change.tx, &family, id).await?;
            let mut entry = entry.ok_or(Error::NotFound("timeline entry"))?;
            let incident = entry.incident;
            entry.techniques = techniques.iter().map(ToString::to_string).collect();
            store::timeline::set_techniques(change, &entry).await?;
            let body = Entry { corrected_by: None, ..entry.clone() };
            change.record(&id.to_string(), "entry.technique", &body, Some(incident.get())).await?;
            let listed = entry.techniques.join(", ");
            let line = format!("Techniques of {id}: {}", if listed.is_empty() { "none" } else { &listed });
            keep::line(change, &actor, incident, EntryKind::Action, line).await?;
            keep::tell(change, incident).await?;
            Ok(entry)
        })
    })
    .await
}

/// A choice that was made.
pub struct NewDecision {
    pub decision: String,
    pub reason: String,
    /// The act that it is about, if that may need an approval.
    pub act: Option<ActKind>,
    /// Who decided; whoever writes it down if left out.
    pub maker: Option<String>,
    pub at: Option<Timestamp>,
}

pub async fn decide(app: &App, actor: &Actor, incident: IncidentId, new: NewDecision) -> Result<Decision> {
    let decided = text("the decision", &new.decision)?;
    if new.reason.trim().is_empty() {
        return Err(domain::Error::ReasonNeeded { verb: "a decision" }.into());
    }
    let reason = text("the reason", &new.reason)?;
    let maker = optional(new.maker).unwrap_or_else(|| actor.name().to_owned());
    let maker = Line::new("the name of whoever decided", &maker)?;
    let now = plan::in_force(app).await?;
    let actor = actor.clone();
    app.change(&actor.clone(), move |change| {
        Box::pin(async move {
            let record = keep::to_add(change, &actor, incident).await?;
            let words = match new.act {
                Some(act) => response::approval::covering(change, &record, &now.plan, act).await?,
                None => Vec::new(),
            };
            let decision = Decision {
                at: not_ahead(new.at, change.at)?,
                act: new.act,
                approvals: words.iter().map(|word| word.id).collect(),
                maker: maker.to_string(),
                ..Decision::made(&actor, incident, change.at, decided.to_string(), reason.to_string())?
            };
            let decision = decision_kept(change, &actor, decision).await?;
            response::approval::use_up(change, words, &decision.id.to_string()).await?;
            keep::tell(change, incident).await?;
            Ok(decision)
        })
    })
    .await
}

/// Stores a decision, with its line on the timeline.
pub(super) async fn decision_kept(
    change: &mut Change<'_>,
    actor: &Actor,
    mut decision: Decision,
) -> Result<Decision> {
    let incident = decision.incident;
    decision.id = store::timeline::insert_decision(change, &decision).await?;
    change.record(&decision.id.to_string(), "decision.make", &decision, Some(incident.get())).await?;
    let text = format!("{}\n{} ({})", decision.decision, decision.reason, decision.maker);
    let line = keep::entry(change, actor, incident, EntryKind::Decision, decision.at, text)?;
    keep::entries(change, "entry.add", vec![line]).await?;
    Ok(decision)
}

fn not_ahead(at: Option<Timestamp>, now: Timestamp) -> Result<Timestamp> {
    let at = at.unwrap_or(now);
    if at > now + AHEAD {
        return Err(Error::Invalid("The time lies in the future; say when it happened.".to_owned()));
    }
    Ok(at)
}

fn one(mut entries: Vec<Entry>) -> Result<Entry> {
    entries.pop().ok_or_else(|| Error::Damaged("an entry was not stored".to_owned()))
}

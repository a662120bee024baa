//! Steering an incident: its phase, severity, type, marking, and the people in it. Every verb leaves a
//! line on the timeline that says who did it.

use domain::incident::{Closing, Outcome};
use domain::response::{ActKind, ClockKind};
use domain::timeline::EntryKind;
use domain::{Actor, IncidentId, IncidentType, Line, Phase, Severity, SeverityFacts, Text, Tlp, UserId};

use super::{Decision, Record, custom, keep, kin, optional, reason, record, response, store, tasks, text};
use crate::alert;
use crate::app::App;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::identity::{self, scope};
use crate::plan;

/// Moves to another phase: to the next as it is, over one or back with a reason.
pub async fn move_to(
    app: &App,
    actor: &Actor,
    id: IncidentId,
    to: Phase,
    why: Option<String>,
) -> Result<Record> {
    let why = reason(why)?;
    let actor = actor.clone();
    app.change(&actor.clone(), move |change| {
        Box::pin(async move {
            let mut incident = keep::to_command(change, &actor, id).await?;
            let before = incident.phase;
            let decided = incident.incident()?.move_to(to, why.as_ref())?;
            incident.follow(&decided, change.at);
            custom::values::leave_phase(change, &mut incident).await?;
            enter(change, &actor, &incident, why.as_deref()).await?;
            keep::incident(change, &mut incident, "incident.move").await?;
            response::clock::moved(change, &incident).await?;
            let line = because(format!("Phase: {} → {}", before.label(), to.label()), why.as_deref());
            keep::line(change, &actor, id, EntryKind::Status, line).await?;
            Ok(incident)
        })
    })
    .await
}

/// What is said when an incident is closed.
pub struct CloseWith {
    pub outcome: Outcome,
    pub root_cause: String,
    pub lessons: String,
    pub impact: Option<String>,
    pub recommendations: Option<String>,
    /// Said when it is to be closed although children of it are open.
    pub leave_children: bool,
}

pub async fn close(app: &App, actor: &Actor, id: IncidentId, with: CloseWith) -> Result<Record> {
    let closing = Closing {
        outcome: with.outcome,
        root_cause: text("the root cause", &with.root_cause)?,
        lessons: text("the lessons", &with.lessons)?,
        impact: optional(with.impact).map(|impact| text("the impact", &impact)).transpose()?,
    };
    let recommendations =
        optional(with.recommendations).map(|given| text("the recommendations", &given)).transpose()?;
    let now = plan::in_force(app).await?;
    let actor = actor.clone();
    app.change(&actor.clone(), move |change| {
        Box::pin(async move {
            let mut incident = keep::to_command(change, &actor, id).await?;
            let family = scope::family_in(change, id).await?;
            let children = store::kin::open_children_in(change.tx, scope::account(&actor), &family).await?;
            if !children.is_empty() && !with.leave_children {
                let named: Vec<String> = children.iter().map(ToString::to_string).collect();
                return Err(Error::Conflict(format!(
                    "Children of {id} are open: {}. Close them first, or say that they are to go on by themselves.",
                    named.join(", ")
                )));
            }
            custom::values::complete(change, &incident).await?;
            let decided = incident.incident()?.close(closing)?;
            let words = response::approval::covering(change, &incident, &now.plan, ActKind::Closing).await?;
            response::approval::use_up(change, words, &id.to_string()).await?;
            incident.follow(&decided, change.at);
            incident.recommendations = recommendations.map(|text| text.to_string());
            incident.closed_at = Some(change.at);
            custom::values::leave_phase(change, &mut incident).await?;
            enter(change, &actor, &incident, None).await?;
            keep::incident(change, &mut incident, "incident.close").await?;
            response::clock::closed(change, &incident).await?;
            for one in family {
                alert::noise::judge(change, one, Some(with.outcome.verdict())).await?;
            }
            let line = format!("Incident closed: {}", with.outcome.label());
            keep::line(change, &actor, id, EntryKind::Status, line).await?;
            Ok(incident)
        })
    })
    .await
}

/// Opens a closed incident again in the phase `to`. What its closing said stays in the ledger.
pub async fn reopen(app: &App, actor: &Actor, id: IncidentId, to: Phase, why: &str) -> Result<Record> {
    let why = needed(why, "reopening an incident")?;
    let now = plan::in_force(app).await?;
    let actor = actor.clone();
    app.change(&actor.clone(), move |change| {
        Box::pin(async move {
            let mut incident = keep::to_command(change, &actor, id).await?;
            let decided = incident.incident()?.reopen(to, &why)?;
            incident.follow(&decided, change.at);
            incident.recommendations = None;
            incident.closed_at = None;
            custom::values::leave_phase(change, &mut incident).await?;
            enter(change, &actor, &incident, Some(&why)).await?;
            keep::incident(change, &mut incident, "incident.reopen").await?;
            let level = now.plan.severity.level(incident.severity);
            response::clock::reopened(change, &incident, level).await?;
            for one in scope::family_in(change, id).await? {
                alert::noise::judge(change, one, None).await?;
            }
            let line = because(format!("Incident reopened in {}", to.label()), Some(&why));
            keep::line(change, &actor, id, EntryKind::Status, line).await?;
            Ok(incident)
        })
    })
    .await
}

async fn enter(change: &mut Change<'_>, actor: &Actor, incident: &Record, why: Option<&str>) -> Result<()> {
    store::insert_phase(change, incident.id, incident.phase, actor.user(), why).await?;
    for one in scope::family_in(change, incident.id).await? {
        tasks::enter_phase(change, one, incident.phase).await?;
    }
    Ok(())
}

/// Sets another severity, with a reason; new facts where they changed. The response follows: what the
/// plan asks for at that severity is started, what it no longer asks for is proposed to be left.
pub async fn set_severity(
    app: &App,
    actor: &Actor,
    id: IncidentId,
    severity: Severity,
    facts: Option<SeverityFacts>,
    why: &str,
) -> Result<Record> {
    let why = needed(why, "another severity")?;
    let now = plan::in_force(app).await?;
    let actor = actor.clone();
    app.change(&actor.clone(), move |change| {
        Box::pin(async move {
            let mut incident = keep::to_command(change, &actor, id).await?;
            let before = incident.severity;
            let decided = incident.incident()?.set_severity(severity, &why)?;
            incident.follow(&decided, change.at);
            incident.severity_reason = why.to_string();
            if let Some(facts) = facts {
                incident.functional = facts.functional;
                incident.information = facts.information;
                incident.recoverability = facts.recoverability;
                incident.proposed_severity = now.plan.severity.matrix.propose(&facts).severity;
            }
            keep::incident(change, &mut incident, "incident.set_severity").await?;
            let decision = format!("Severity: {} → {}", before.label(), severity.label());
            let decision = Decision::made(&actor, id, change.at, decision, why.to_string())?;
            record::decision_kept(change, &actor, decision).await?;
            response::replan(change, &incident, &now.plan, before).await?;
            tasks::refit(change, &incident).await?;
            Ok(incident)
        })
    })
    .await
}

/// Sets another type. Steps of the former procedure that nobody began fall away; those of the new one
/// become tasks.
pub async fn set_type(
    app: &App,
    actor: &Actor,
    id: IncidentId,
    to: IncidentType,
    why: &str,
) -> Result<Record> {
    let why = needed(why, "another type")?;
    let now = plan::in_force(app).await?;
    let actor = actor.clone();
    app.change(&actor.clone(), move |change| {
        Box::pin(async move {
            let mut incident = keep::to_command(change, &actor, id).await?;
            let before = incident.incident_type;
            let decided = incident.incident()?.set_type(to, &why)?;
            incident.follow(&decided, change.at);
            let procedure = now.plan.procedure(to).ok_or(Error::NotFound("procedure"))?;
            let dropped = format!("the incident turned out to be of the type {}", to.label().to_lowercase());
            let dropped = tasks::drop_untouched(change, id, &dropped).await?;
            let added = tasks::from_procedure(change, &incident, procedure, change.at).await?.len();
            tasks::refit(change, &incident).await?;
            keep::incident(change, &mut incident, "incident.set_type").await?;
            let line = format!(
                "Type: {} → {}; {dropped} steps fell away, {added} were added",
                before.label(),
                to.label()
            );
            keep::line(change, &actor, id, EntryKind::Status, because(line, Some(&why))).await?;
            Ok(incident)
        })
    })
    .await
}

/// Gives the command to somebody. They belong to the incident from then on.
pub async fn assign_commander(app: &App, actor: &Actor, id: IncidentId, to: UserId) -> Result<Record> {
    let actor = actor.clone();
    app.change(&actor.clone(), move |change| {
        Box::pin(async move {
            let mut incident = keep::to_command(change, &actor, id).await?;
            let decided = incident.incident()?.assign_commander(to)?;
            scope::add_member(change, id, to).await?;
            let name = tasks::worker(change, &actor, id, to).await?;
            incident.follow(&decided, change.at);
            keep::incident(change, &mut incident, "incident.assign_commander").await?;
            response::muster::command_passed(change, id, to).await?;
            response::clock::met(change, &incident, ClockKind::Assign).await?;
            keep::line(change, &actor, id, EntryKind::Status, format!("{name} takes command")).await?;
            Ok(incident)
        })
    })
    .await
}

/// Puts the incident under need-to-know, or lifts that. Whoever does it stays in.
pub async fn restrict(app: &App, actor: &Actor, id: IncidentId, restricted: bool) -> Result<Record> {
    let actor = actor.clone();
    app.change(&actor.clone(), move |change| {
        Box::pin(async move {
            let mut incident = keep::to_command(change, &actor, id).await?;
            if incident.restricted == restricted {
                let value = if restricted { "restricted" } else { "open to all" };
                return Err(domain::Error::NothingChanges { what: "incident", value }.into());
            }
            for member in actor.user().into_iter().chain(incident.commander) {
                scope::add_member(change, id, member).await?;
            }
            scope::restrict(change, id, restricted).await?;
            let decided = incident.incident()?.restrict(restricted);
            incident.follow(&decided, change.at);
            let (act, line) = if restricted {
                ("incident.restrict", "Restricted: only its members see it from now on")
            } else {
                ("incident.open", "No longer restricted: everyone with the right to read incidents sees it")
            };
            keep::incident(change, &mut incident, act).await?;
            keep::line(change, &actor, id, EntryKind::Status, line.to_owned()).await?;
            // The alerts of the incident come and go with it.
            change.tell("alerts", &id.to_string(), None).await?;
            Ok(incident)
        })
    })
    .await
}

pub async fn add_member(app: &App, actor: &Actor, id: IncidentId, member: UserId) -> Result<()> {
    let actor = actor.clone();
    app.change(&actor.clone(), move |change| {
        Box::pin(async move {
            let incident = keep::to_command(change, &actor, id).await?;
            let account = identity::person(change, member).await?;
            if scope::members_in(change, id).await?.contains(&member) {
                return Err(Error::Conflict(format!("{} belongs to this incident already.", account.name)));
            }
            scope::add_member(change, id, member).await?;
            kin::merge::admit(change, &actor, id, member).await?;
            keep::commit(change, &incident, "incident.add_member").await?;
            keep::line(change, &actor, id, EntryKind::Status, format!("{} joins", account.name)).await
        })
    })
    .await
}

pub async fn remove_member(app: &App, actor: &Actor, id: IncidentId, member: UserId) -> Result<()> {
    let names = identity::names(app).await?;
    let actor = actor.clone();
    app.change(&actor.clone(), move |change| {
        Box::pin(async move {
            let incident = keep::to_command(change, &actor, id).await?;
            let members = scope::members_in(change, id).await?;
            if !members.contains(&member) {
                return Err(Error::NotFound("member"));
            }
            if incident.commander == Some(member) {
                return Err(Error::Conflict(
                    "This person commands the incident; hand over the command first.".to_owned(),
                ));
            }
            if members.len() == 1 {
                return Err(Error::Conflict("An incident keeps at least one member.".to_owned()));
            }
            scope::remove_member(change, id, member).await?;
            keep::commit(change, &incident, "incident.remove_member").await?;
            let name = names.get(&member).cloned().unwrap_or_else(|| member.to_string());
            keep::line(change, &actor, id, EntryKind::Status, format!("{name} leaves")).await
        })
    })
    .await
}

/// What of an incident's head is to change; what is left out stays.
#[derive(Debug, Clone, Default)]
pub struct Edit {
    pub title: Option<String>,
    /// Blank takes it away.
    pub summary: Option<String>,
    pub tlp: Option<Tlp>,
    /// The wording that was changed; without it whatever stands there is overwritten.
    pub edition: Option<String>,
}

/// Changes title, summary or marking. The title and summary are everyone's work; the marking is the
/// commander's.
pub async fn edit(app: &App, actor: &Actor, id: IncidentId, edit: Edit) -> Result<Record> {
    let title = edit.title.map(|title| Line::new("the title", &title)).transpose()?;
    let takes_away = edit.summary.as_deref().is_some_and(|summary| summary.trim().is_empty());
    let summary = optional(edit.summary).map(|given| text("the summary", &given)).transpose()?;
    let actor = actor.clone();
    app.change(&actor.clone(), move |change| {
        Box::pin(async move {
            let mut incident = keep::to_add(change, &actor, id).await?;
            if edit.edition.is_some_and(|edition| edition != incident.edition()) {
                return Err(overtaken(&incident));
            }
            let mut lines = Vec::new();
            if let Some(title) = title.filter(|title| **title != *incident.title) {
                lines.push(format!("Title: {} → {title}", incident.title));
                incident.title = title.to_string();
            }
            let new = summary.map(|text| text.to_string());
            if (new.is_some() && new != incident.summary) || (takes_away && incident.summary.is_some()) {
                lines.push(format!("Summary: {}", new.as_deref().unwrap_or("taken away")));
                incident.summary = new;
            }
            if let Some(tlp) = edit.tlp.filter(|tlp| *tlp != incident.tlp) {
                keep::to_command(change, &actor, id).await?;
                lines.push(format!("Marking: {} → {}", incident.tlp.label(), tlp.label()));
                incident.tlp = tlp;
            }
            if lines.is_empty() {
                return Ok(incident);
            }
            keep::incident(change, &mut incident, "incident.edit").await?;
            for line in lines {
                keep::line(change, &actor, id, EntryKind::Status, line).await?;
            }
            Ok(incident)
        })
    })
    .await
}

/// Somebody else saved while this one wrote: what stands there now, so that both can be brought together.
fn overtaken(incident: &Record) -> Error {
    Error::Conflict(format!(
        "Somebody else saved while you wrote; nothing of theirs is overwritten. It now says: {} ({}). {} \
         Bring both together, then save again.",
        incident.title,
        incident.tlp.label(),
        incident.summary.as_deref().unwrap_or("There is no summary.")
    ))
}

fn needed(why: &str, verb: &'static str) -> Result<Text> {
    if why.trim().is_empty() {
        return Err(domain::Error::ReasonNeeded { verb }.into());
    }
    text("the reason", why)
}

fn because(line: String, why: Option<&str>) -> String {
    match why {
        Some(why) => format!("{line}\n{why}"),
        None => line,
    }
}

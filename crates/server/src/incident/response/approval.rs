//! Approvals: the plan's level says whose word an act needs; somebody asks for it, somebody else in that
//! role gives or refuses it, and the act is recorded on it. Closing and decisions that name their act are
//! refused until it is given.

use domain::notify::Matter;
use domain::plan::{Plan, RoleKey, SeverityLevel};
use domain::response::approval::gate;
use domain::response::{ActKind, ApprovalStatus};
use domain::timeline::EntryKind;
use domain::{Actor, ApprovalId, IncidentId, Text, UserId};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::{Record, keep, read, reason, store, text};
use super::muster;
use crate::app::App;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::identity::scope;
use crate::notify::{self, Notice};
use crate::plan;

/// A word that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Approval {
    #[schema(value_type = String, example = "APR-1")]
    pub id: ApprovalId,
    #[schema(value_type = String, example = "INC-1")]
    pub incident: IncidentId,
    #[schema(value_type = String, example = "public_statement")]
    pub act: ActKind,
    /// The plan's role whose word it is.
    #[schema(value_type = String, example = "communications_lead")]
    pub role: RoleKey,
    /// What exactly is to be done.
    pub what: String,
    /// `asked`, `given`, `refused`, `withdrawn` or `used`.
    #[schema(value_type = String, example = "asked")]
    pub status: ApprovalStatus,
    #[schema(value_type = String, example = "USR-2")]
    pub asked_by: UserId,
    #[schema(value_type = String, format = DateTime)]
    pub asked_at: Timestamp,
    #[schema(value_type = Option<String>, example = "USR-5")]
    pub answered_by: Option<UserId>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub answered_at: Option<Timestamp>,
    pub reason: Option<String>,
    /// The record of the act that was done on it.
    #[schema(example = "DEC-4")]
    pub used_for: Option<String>,
}

pub async fn list(app: &App, actor: &Actor, id: IncidentId) -> Result<Vec<Approval>> {
    read::get(app, actor, id).await?;
    store::approval::of_incident(&app.db, id).await
}

/// Asks for the words that an act needs at the incident's severity, as far as they are not asked for.
pub async fn ask(
    app: &App,
    actor: &Actor,
    id: IncidentId,
    act: ActKind,
    what: &str,
) -> Result<Vec<Approval>> {
    let what = text("what is to be done", what)?;
    let asked_by = actor.user().ok_or(Error::Forbidden("only a person asks for an approval"))?;
    let now = plan::in_force(app).await?;
    let actor = actor.clone();
    app.change(&actor.clone(), move |change| {
        Box::pin(async move {
            let record = keep::to_add(change, &actor, id).await?;
            if record.is_closed() {
                return Err(domain::Error::IncidentClosed.into());
            }
            let level = now.plan.severity.level(record.severity);
            let rule = level.and_then(|level| level.approval(act)).ok_or_else(|| {
                Error::Conflict(format!(
                    "{} needs nobody's approval at {}.",
                    act.label(),
                    record.severity.label().to_lowercase()
                ))
            })?;
            let live = store::approval::live_in(change.tx, id, act).await?;
            let mut asked = Vec::new();
            for role in rule.roles.iter().filter(|role| !live.iter().any(|one| one.role == **role)) {
                let mut new = Approval {
                    id: keep::unnumbered()?,
                    incident: id,
                    act,
                    role: role.clone(),
                    what: what.to_string(),
                    status: ApprovalStatus::Asked,
                    asked_by,
                    asked_at: change.at,
                    answered_by: None,
                    answered_at: None,
                    reason: None,
                    used_for: None,
                };
                new.id = store::approval::insert(change, &new).await?;
                commit(change, &new, "approval.ask").await?;
                tell_speakers(change, &record, &new).await?;
                let line = format!("Approval asked of {}: {}\n{what}", title(&now.plan, role), act.label());
                keep::line(change, &actor, id, EntryKind::Action, line).await?;
                asked.push(new);
            }
            if asked.is_empty() {
                return Err(Error::Conflict(format!(
                    "The approval for this act is asked for or given already: {}.",
                    act.label().to_lowercase()
                )));
            }
            keep::tell(change, id).await?;
            Ok(asked)
        })
    })
    .await
}

/// What is said to a request.
#[derive(Debug, Clone)]
pub enum Answer {
    Give {
        reason: Option<String>,
    },
    Refuse {
        reason: String,
    },
    /// By whoever asked or answered: it is asked for no longer, or the word is taken back.
    Withdraw {
        reason: Option<String>,
    },
}

pub async fn answer(app: &App, actor: &Actor, id: ApprovalId, answer: Answer) -> Result<Approval> {
    let me = actor.user().ok_or(Error::Forbidden("only a person gives an approval"))?;
    let now = plan::in_force(app).await?;
    let actor = actor.clone();
    app.change(&actor.clone(), move |change| {
        Box::pin(async move {
            let missing = || Error::NotFound("approval");
            let mut approval = store::approval::approval_in(change.tx, id).await?.ok_or_else(missing)?;
            keep::seen(change, &actor, approval.incident).await.map_err(|error| match error {
                Error::NotFound(_) => missing(),
                other => other,
            })?;
            let (act, said, why) = apply(change, &mut approval, me, answer).await?;
            store::approval::update(change, &approval).await?;
            commit(change, &approval, act).await?;
            notify::settle(change, &id.to_string(), "The request is answered.").await?;
            let because = why.map(|why| format!("\n{why}")).unwrap_or_default();
            let line = format!(
                "Approval {said}, as {}: {} ({})\n{}{because}",
                title(&now.plan, &approval.role),
                approval.act.label(),
                approval.id,
                approval.what
            );
            keep::line(change, &actor, approval.incident, EntryKind::Decision, line).await?;
            keep::tell(change, approval.incident).await?;
            Ok(approval)
        })
    })
    .await
}

async fn apply(
    change: &mut Change<'_>,
    approval: &mut Approval,
    me: UserId,
    answer: Answer,
) -> Result<(&'static str, &'static str, Option<Text>)> {
    let (status, act, said, why) = match answer {
        Answer::Give { reason: given } => {
            speaks_for(change, approval, me).await?;
            (approval.status.give(approval.asked_by, me)?, "approval.give", "given", reason(given)?)
        }
        Answer::Refuse { reason: given } => {
            let why = reason(Some(given))?.ok_or(domain::Error::ReasonNeeded { verb: "a refusal" })?;
            speaks_for(change, approval, me).await?;
            let status = approval.status.refuse(approval.asked_by, me, &why)?;
            (status, "approval.refuse", "refused", Some(why))
        }
        Answer::Withdraw { reason: given } => {
            if approval.asked_by != me && approval.answered_by != Some(me) {
                return Err(Error::Forbidden("only whoever asked for or gave an approval withdraws it"));
            }
            (approval.status.withdraw()?, "approval.withdraw", "withdrawn", reason(given)?)
        }
    };
    approval.status = status;
    if status != ApprovalStatus::Withdrawn {
        approval.answered_by = Some(me);
        approval.answered_at = Some(change.at);
    }
    approval.reason = why.as_ref().map(ToString::to_string).or_else(|| approval.reason.take());
    Ok((act, said, why))
}

async fn speaks_for(change: &mut Change<'_>, approval: &Approval, me: UserId) -> Result<()> {
    if muster::speakers_in(change, approval.incident, &approval.role).await?.contains(&me) {
        Ok(())
    } else {
        Err(Error::Forbidden("only somebody who fills the role that is asked gives or refuses it"))
    }
}

/// The given words that cover an act at the incident's severity; or the refusal that says whose is missing.
pub(in super::super) async fn covering(
    change: &mut Change<'_>,
    record: &Record,
    plan: &Plan,
    act: ActKind,
) -> Result<Vec<Approval>> {
    let Some(rule) = plan.severity.level(record.severity).and_then(|level| level.approval(act)) else {
        return Ok(Vec::new());
    };
    let live = store::approval::live_in(change.tx, record.id, act).await?;
    let given: Vec<(&RoleKey, ApprovalId)> = live
        .iter()
        .filter(|one| one.status == ApprovalStatus::Given)
        .map(|one| (&one.role, one.id))
        .collect();
    let covering = gate(rule, &given).map_err(|role| {
        Error::Conflict(format!(
            "{} needs the approval of the {} at {}; ask for it under Response, and do it once it is given.",
            act.label(),
            title(plan, role).to_lowercase(),
            record.severity.label().to_lowercase()
        ))
    })?;
    Ok(live.into_iter().filter(|one| covering.contains(&one.id)).collect())
}

/// The act was done on these words. `used_for` names its record.
pub(in super::super) async fn use_up(
    change: &mut Change<'_>,
    words: Vec<Approval>,
    used_for: &str,
) -> Result<()> {
    for mut approval in words {
        approval.status = approval.status.use_up()?;
        approval.used_for = Some(used_for.to_owned());
        store::approval::update(change, &approval).await?;
        commit(change, &approval, "approval.use").await?;
    }
    Ok(())
}

/// The titles of the roles whose word an act still waits for at the incident's severity; none if it may be done.
pub async fn missing(app: &App, actor: &Actor, id: IncidentId, act: ActKind) -> Result<Option<Vec<String>>> {
    let view = read::get(app, actor, id).await?;
    let plan = plan::in_force(app).await?.plan;
    let level = plan.severity.level(view.record.severity);
    let Some(rule) = level.and_then(|level| level.approval(act)).filter(|_| !view.record.is_closed()) else {
        return Ok(None);
    };
    let asked = store::approval::of_incident(&app.db, id).await?;
    let given = |role: &RoleKey| {
        asked.iter().any(|one| one.act == act && one.role == *role && one.status == ApprovalStatus::Given)
    };
    let waits: Vec<String> =
        rule.roles.iter().filter(|role| !given(role)).map(|role| title(&plan, role)).collect();
    Ok((!waits.is_empty()).then_some(waits))
}

/// The acts that need somebody's word at a level, with the latest requests for each.
pub fn needed(level: Option<&SeverityLevel>) -> impl Iterator<Item = (ActKind, &[RoleKey])> {
    level.into_iter().flat_map(|level| level.approvals.iter().map(|rule| (rule.act, rule.roles.as_slice())))
}

pub(super) fn title(plan: &Plan, role: &RoleKey) -> String {
    plan.role(role).map_or_else(|| role.to_string(), |known| known.title.to_string())
}

async fn commit(change: &mut Change<'_>, approval: &Approval, act: &str) -> Result<()> {
    let scope = Some(approval.incident.get());
    change.record(&approval.id.to_string(), act, approval, scope).await?;
    change.tell("mine", &approval.id.to_string(), scope).await
}

/// Tells those whose word is asked for and who may know of the incident, but for whoever asks.
async fn tell_speakers(change: &mut Change<'_>, record: &Record, asked: &Approval) -> Result<()> {
    let mut to = Vec::new();
    for person in muster::speakers_in(change, record.id, &asked.role).await? {
        let knows = scope::account_sees_in(change, person, record.id.get()).await?;
        if knows && person != asked.asked_by {
            to.push(person);
        }
    }
    let notice = Notice {
        matter: Matter::Approval,
        severity: record.severity,
        incident: record.id,
        record: asked.id.to_string(),
        round: 0,
        title: format!("{}: your approval is asked for: {}", record.id, asked.act.label().to_lowercase()),
        body: format!(
            "{}\n{}\nSign in to give or refuse it; to acknowledge says that you have seen it.",
            record.title, asked.what
        ),
    };
    notify::raise(change, &notice, &to).await
}

//! Who speaks for a role of the plan on an incident: whoever fills it there, those who hold it, and for an approval
//! those who stand in. Where nobody does at all, whoever steers the incident speaks.

use std::collections::BTreeMap;
use std::sync::Arc;

use cacao::{Approval, Effect, Phase, Playbook};
use domain::plan::{Plan, RoleKey};
use domain::response::MusterStatus;
use domain::{Actor, IncidentId, Permission, UserId};

use super::run::Record;
use super::store;
use crate::app::App;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::identity;
use crate::incident::response::muster;
use crate::{incident, plan};

/// The roles that may give an approval: the one that is asked first, then those that stand in for it.
fn asked(approval: &Approval, plan: &Plan) -> Vec<RoleKey> {
    let own: Option<RoleKey> = approval.role.parse().ok();
    let named: Vec<RoleKey> = approval.delegates.iter().filter_map(|role| role.parse().ok()).collect();
    let alternates = || own.as_ref().and_then(|role| plan.role(role)).map(|role| role.alternates.clone());
    let others = if approval.delegates.is_empty() { alternates().unwrap_or_default() } else { named };
    own.iter().cloned().chain(others).collect()
}

/// The approval that waits under a key, and who has handed his word to whom.
pub(super) fn waiting(
    run: &Record,
    playbook: &Playbook,
    key: &str,
) -> Option<(Approval, BTreeMap<String, String>)> {
    let (key, step) = run.state.pending(playbook).into_iter().find_map(|effect| match effect {
        Effect::Approve { key: asked, step, .. } if asked.as_str() == key => Some((asked, step)),
        _ => None,
    })?;
    let approval = playbook.step(&step)?.policy().ok()?.approval?;
    match &run.state.strand(&key)?.phase {
        Phase::Approval { handed, .. } => Some((approval, handed.clone())),
        _ => None,
    }
}

/// Refuses whoever has no say in what waits under this key.
pub(super) async fn may_approve(
    change: &mut Change<'_>,
    actor: &Actor,
    run: &Record,
    plan: &Plan,
    key: &str,
) -> Result<()> {
    let me = actor.user().ok_or(Error::Forbidden("only a person gives an approval"))?;
    let kept = store::get_in(change.tx, run.playbook, run.version).await?.read()?;
    let (approval, handed) = waiting(run, &kept, key).ok_or_else(|| {
        Error::Conflict(
            "Nothing waits for an approval here: it was answered already, or its step was left.".to_owned(),
        )
    })?;
    if handed.values().any(|to| *to == me.to_string()) {
        return Ok(());
    }
    let mut anybody = false;
    for role in asked(&approval, plan) {
        let speakers = muster::speakers_in(change, run.incident, &role).await?;
        if speakers.contains(&me) {
            return Ok(());
        }
        anybody |= !speakers.is_empty();
    }
    if anybody {
        return Err(Error::Forbidden(
            "only somebody who fills the role that is asked, or stands in for it, decides",
        ));
    }
    incident::record::steering(change, actor, run.incident).await.map(|_| ())
}

/// What a page knows of whoever reads it, and of who fills which role.
pub struct Desk {
    plan: Arc<Plan>,
    speakers: BTreeMap<RoleKey, Vec<UserId>>,
    pub names: BTreeMap<UserId, String>,
    me: Option<UserId>,
    /// Whether the reader may work on incidents.
    pub works: bool,
    /// Whether the reader steers this one.
    pub steers: bool,
}

impl Desk {
    pub async fn of(app: &App, actor: &Actor, incident: IncidentId) -> Result<Self> {
        let view = incident::get(app, actor, incident).await?;
        let mut speakers: BTreeMap<RoleKey, Vec<UserId>> = BTreeMap::new();
        for post in muster::list(app, actor, incident).await? {
            if let Some(person) = post.person.filter(|_| post.status == MusterStatus::Assigned) {
                speakers.entry(post.role).or_default().push(person);
            }
        }
        for holders in plan::holders(app, actor).await? {
            let known = speakers.entry(holders.role).or_default();
            known.extend(
                holders.people.iter().filter(|person| !known.contains(person)).copied().collect::<Vec<_>>(),
            );
        }
        Ok(Self {
            plan: plan::in_force(app).await?.plan,
            speakers,
            names: identity::names(app).await?,
            me: actor.user(),
            works: actor.may(Permission::WorkIncident),
            steers: actor.may_command(&view.record.incident()?),
        })
    }

    /// The plan's title of a role; its key where the plan does not know it.
    pub fn title(&self, role: &str) -> String {
        let known = role.parse::<RoleKey>().ok().and_then(|key| self.plan.role(&key));
        known.map_or_else(|| role.replace('_', " "), |role| role.title.to_string())
    }

    /// The names of those who speak for a role, whoever fills it on the incident first.
    pub fn who(&self, role: &str) -> Vec<String> {
        let speakers = role.parse::<RoleKey>().ok().and_then(|key| self.speakers.get(&key));
        speakers.into_iter().flatten().filter_map(|person| self.names.get(person).cloned()).collect()
    }

    /// Whether the reader speaks for a role.
    pub fn holds(&self, role: &str) -> bool {
        let speakers = role.parse::<RoleKey>().ok().and_then(|key| self.speakers.get(&key));
        self.me.is_some_and(|me| speakers.is_some_and(|speakers| speakers.contains(&me)))
    }

    /// As [`may_approve`], for the page that offers it.
    pub fn may_approve(&self, approval: &Approval, handed: &BTreeMap<String, String>) -> bool {
        let Some(me) = self.me else { return false };
        let own = me.to_string();
        if handed.contains_key(&own) {
            return false;
        }
        if handed.values().any(|to| *to == own) {
            return true;
        }
        let roles = asked(approval, &self.plan);
        let speakers: Vec<UserId> =
            roles.iter().filter_map(|role| self.speakers.get(role)).flatten().copied().collect();
        if speakers.is_empty() { self.steers } else { speakers.contains(&me) }
    }

    /// A text in which people are named by their accounts' numbers, with their names instead.
    pub fn named(&self, text: &str) -> String {
        self.names.iter().rev().fold(text.to_owned(), |text, (id, name)| text.replace(&id.to_string(), name))
    }
}

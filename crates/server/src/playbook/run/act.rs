//! What people do to a run: answer, approve, hand on, settle, stop, undo.

use std::collections::BTreeMap;

use cacao::{Event, Key, Outcome, Verdict};
use domain::plan::Plan;
use domain::{Actor, Permission, RunId, UserId};

use super::super::store::runs as store;
use super::super::{carry, role};
use super::{Record, call, get, happen};
use crate::app::App;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::identity::{self, need, scope};
use crate::{incident, plan};

/// What a person does to a run.
#[derive(Debug, Clone)]
pub enum Act {
    /// Answers a manual step.
    Answer {
        key: String,
        /// The values that the step gives.
        outputs: BTreeMap<String, String>,
        /// Why it could not be done; none where it was done.
        failed: Option<String>,
    },
    /// Says yes or no to a step.
    Approve {
        key: String,
        yes: bool,
    },
    /// Has another person say it.
    HandOn {
        key: String,
        to: UserId,
    },
    /// Says whether what is in doubt happened.
    Settle {
        key: String,
        verdict: Verdict,
    },
    Stop {
        reason: String,
    },
    RollBack,
}

pub async fn act(app: &App, actor: &Actor, id: RunId, act: Act) -> Result<Record> {
    need(actor, Permission::WorkIncident, "running playbooks")?;
    // Whoever may not see the incident learns nothing of its runs.
    get(app, actor, id).await?;
    let plan = plan::in_force(app).await?.plan;
    let who = actor.clone();
    app.change(actor, move |change| {
        Box::pin(async move {
            let mut run = store::one_in(change.tx, id).await?.ok_or(Error::NotFound("run"))?;
            let event = event(change, &who, &run, &plan, act).await?;
            happen(change, &who, &mut run, event).await?;
            call::tell_parent(change, &run).await
        })
    })
    .await?;
    carry::advance(app, id).await;
    get(app, actor, id).await
}

async fn event(change: &mut Change<'_>, actor: &Actor, run: &Record, plan: &Plan, act: Act) -> Result<Event> {
    let (at, by) = (change.at, actor.name().to_owned());
    Ok(match act {
        Act::Answer { key, outputs, failed } => {
            if !is_manual(run, &key) {
                return Err(Error::Conflict(
                    "This step is not a person's to answer, or it was answered already.".to_owned(),
                ));
            }
            let outcome = match failed.map(|why| why.trim().to_owned()) {
                Some(why) if why.is_empty() => {
                    return Err(Error::Invalid("Say why the step could not be done.".to_owned()));
                }
                Some(message) => Outcome::Failed { message, again: false },
                None => Outcome::Done { outputs },
            };
            Event::Outcome { at, key: Key::from(key), outcome }
        }
        Act::Approve { key, yes } => {
            role::may_approve(change, actor, run, plan, &key).await?;
            Event::Approval { at, key: Key::from(key), by: account(actor)?.to_string(), yes }
        }
        Act::HandOn { key, to } => {
            role::may_approve(change, actor, run, plan, &key).await?;
            let person = identity::person(change, to).await?;
            let sees = scope::account_sees_in(change, to, run.incident.get()).await?;
            if !sees || !person.role.may(Permission::WorkIncident) {
                return Err(Error::Conflict(format!(
                    "{} may not work on this incident; hand it to somebody who does.",
                    person.name
                )));
            }
            Event::Delegated { at, key: Key::from(key), by: account(actor)?.to_string(), to: to.to_string() }
        }
        Act::Settle { key, verdict } => Event::Settled { at, key: Key::from(key), by, verdict },
        Act::Stop { reason } => {
            let reason = reason.trim().to_owned();
            if reason.is_empty() {
                return Err(Error::Invalid("Say why the run is stopped.".to_owned()));
            }
            Event::Stopped { at, by, reason }
        }
        Act::RollBack => {
            incident::record::steering(change, actor, run.incident).await?;
            Event::RollBack { at, by }
        }
    })
}

/// How a person settles a doubt: `happened`, `again` or `give_up`.
pub(in super::super) fn verdict(word: &str, outputs: BTreeMap<String, String>) -> Result<Verdict> {
    match word {
        "happened" => Ok(Verdict::Happened { outputs }),
        "again" => Ok(Verdict::Again),
        "give_up" => Ok(Verdict::GiveUp),
        _ => Err(Error::Invalid("A doubt is settled by `happened`, `again` or `give_up`.".to_owned())),
    }
}

/// Two people with one name are two.
fn account(actor: &Actor) -> Result<UserId> {
    actor.user().ok_or(Error::Forbidden("only a person gives an approval"))
}

fn is_manual(run: &Record, key: &str) -> bool {
    run.state.open_calls().any(|(open, _, call)| open.as_str() == key && call.kind == "manual")
}

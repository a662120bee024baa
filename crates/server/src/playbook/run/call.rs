//! Playbooks that call each other: a step is a run of its own, begun in the change that notes the intent, and its end
//! is the step's outcome.

use std::collections::BTreeMap;

use cacao::{Ending, Event, Key, Outcome, Status};
use domain::Actor;

use super::super::store as library;
use super::super::store::runs as store;
use super::{Record, begin, happen};
use crate::change::Change;
use crate::error::{Error, Result};

/// How deep playbooks may call each other.
const DEEPEST: u32 = 5;

/// When a run is over, the step that called it has its outcome; so on up.
pub async fn tell_parent(change: &mut Change<'_>, run: &Record) -> Result<()> {
    let mut child = run.clone();
    while let (Status::Ended { ending }, Some((parent, key))) = (&child.state.status, &child.parent) {
        let mut above = store::one_in(change.tx, *parent).await?.ok_or(Error::NotFound("run"))?;
        let outcome = match ending {
            Ending::Completed => Outcome::Done { outputs: outputs(change, &above, &child).await? },
            Ending::Failed { failure } => Outcome::Failed { message: failure.message.clone(), again: false },
            Ending::Stopped { reason, .. } => {
                Outcome::Failed { message: format!("it was stopped: {reason}"), again: false }
            }
        };
        let event = Event::Outcome { at: change.at, key: Key::from(key.clone()), outcome };
        match happen(change, &Actor::Watchbell, &mut above, event).await {
            Ok(()) => child = above,
            // The step was left meanwhile, or the run is undone a second time: nobody waits any more.
            Err(Error::Conflict(_)) => break,
            Err(other) => return Err(other),
        }
    }
    Ok(())
}

/// The values of a finished run that the step which called it asks for.
async fn outputs(
    change: &mut Change<'_>,
    parent: &Record,
    child: &Record,
) -> Result<BTreeMap<String, String>> {
    let Some((_, key)) = &child.parent else { return Ok(BTreeMap::new()) };
    let kept = library::get_in(change.tx, parent.playbook, parent.version).await?.read()?;
    let step = kept.step(Key::from(key.clone()).step());
    let names = step.map(cacao::Step::out_args).unwrap_or_default();
    let held = child.state.values().filter(|(name, _)| names.iter().any(|wanted| wanted == name));
    Ok(held.filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect())
}

/// Starts the run of a playbook that a step calls: the intent and the new run are one change, so it is begun once.
pub async fn call(
    change: &mut Change<'_>,
    parent: &mut Record,
    key: &Key,
    called: &str,
    version: Option<&str>,
    values: BTreeMap<String, String>,
) -> Result<()> {
    happen(change, &Actor::Watchbell, parent, Event::Intended { at: change.at, key: key.clone() }).await?;
    let at = change.at;
    let fails = |message: String| Event::Outcome {
        at,
        key: key.clone(),
        outcome: Outcome::Failed { message, again: false },
    };
    let Some((id, present)) = library::by_cacao_id(change.tx, called).await? else {
        let event = fails(format!("the playbook {called} is not in the library"));
        return happen(change, &Actor::Watchbell, parent, event).await;
    };
    let number = match version {
        Some(modified) => library::modified_in(change.tx, id, modified).await?,
        None => Some(present),
    };
    let deep = store::depth_in(change.tx, Some(parent.id)).await? >= DEEPEST;
    let kept = match number {
        Some(number) if !deep => library::get_in(change.tx, id, number).await?,
        Some(_) => {
            let event = fails(format!("playbooks call each other {DEEPEST} deep at most"));
            return happen(change, &Actor::Watchbell, parent, event).await;
        }
        None => {
            let event =
                fails(format!("the playbook {called} has no version of {}", version.unwrap_or_default()));
            return happen(change, &Actor::Watchbell, parent, event).await;
        }
    };
    let above = Some((parent.id, key.to_string()));
    match begin(change, &Actor::Watchbell, &kept, parent.incident, values, above).await {
        Ok(child) => tell_parent(change, &child).await,
        Err(Error::Conflict(reason) | Error::Invalid(reason)) => {
            let event = fails(reason);
            happen(change, &Actor::Watchbell, parent, event).await
        }
        Err(other) => Err(other),
    }
}

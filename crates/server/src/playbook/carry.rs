//! Carries runs on: reads off each run what is to be done, stores that it is intended, does it, stores what came of
//! it. One loop looks at the runs that are due; each act is a task of its own, so that a slow host holds nobody up.

use std::sync::Arc;
use std::time::Duration;

use cacao::{Effect, Event, Outcome, Work};
use domain::{Actor, RunId};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use super::run::{self, Record, call};
use super::store::runs as store;
use super::{execute, store as library};
use crate::app::App;
use crate::error::{Error, Result};

/// How long the loop sleeps when nothing wakes it.
const PAUSE: Duration = Duration::from_millis(500);
/// How many commands are under way at once.
const AT_ONCE: usize = 32;

/// What the carrier needs beside the store.
pub struct Carrier {
    /// Wakes the loop.
    pub wake: Notify,
    slots: Arc<Semaphore>,
}

impl Default for Carrier {
    fn default() -> Self {
        Self { wake: Notify::new(), slots: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

/// After a start: whatever was under way when the server went down may have happened.
pub async fn resume(app: &App) -> Result<()> {
    for id in store::open(&app.db).await? {
        let resumed = app.change(&Actor::Watchbell, move |change| {
            Box::pin(async move {
                let mut record = store::one_in(change.tx, id).await?.ok_or(Error::NotFound("run"))?;
                let playbook = library::get_in(change.tx, record.playbook, record.version).await?.read()?;
                let event = Event::Interrupted { at: change.at };
                // A run that only waits for people knows no interruption: its log stays as it is.
                if !record.state.changes_by(&playbook, &event) {
                    return Ok(());
                }
                run::happen(change, &Actor::Watchbell, &mut record, event).await?;
                call::tell_parent(change, &record).await
            })
        });
        match resumed.await {
            // One that is damaged keeps no server from starting; it is not carried on either, for the same reason.
            Err(error @ (Error::Damaged(_) | Error::NotFound(_))) => {
                tracing::error!(%error, run = %id, "a run cannot go on after the restart");
            }
            other => other?,
        }
    }
    Ok(())
}

/// Looks at the runs that are due, for as long as the server runs.
pub async fn watch(app: App) {
    loop {
        if let Err(error) = round(&app).await {
            tracing::error!(%error, "runs of playbooks could not be carried on; trying again");
        }
        tokio::select! {
            () = app.playbooks.wake.notified() => {}
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

async fn round(app: &App) -> Result<()> {
    for id in store::due(&app.db, app.clock.now().as_microsecond()).await? {
        // One run that cannot go on holds up no other.
        advance_one(app, id).await;
    }
    Ok(())
}

/// Goes on with a run at once, after somebody did something to it: whoever is answered sees what waits next.
pub async fn advance(app: &App, id: RunId) {
    advance_one(app, id).await;
    // Those that called it, and those that it calls, go on by the loop.
    app.playbooks.wake.notify_one();
}

async fn advance_one(app: &App, id: RunId) {
    loop {
        match step(app, id).await {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                tracing::error!(%error, run = %id, "a run of a playbook could not be carried on; trying again");
                break;
            }
        }
    }
}

/// What the next step of a run turned out to be.
enum Taken {
    Nothing,
    More,
    Work(Box<(Record, Work, cacao::Playbook)>),
}

/// Does the next thing of a run; whether there may be more.
async fn step(app: &App, id: RunId) -> Result<bool> {
    // Taken before the intent is stored: what is intended is begun at once.
    let slot = Arc::clone(&app.playbooks.slots).try_acquire_owned().ok();
    let free = slot.is_some();
    let taken = app
        .change(&Actor::Watchbell, move |change| {
            Box::pin(async move {
                let mut record = store::one_in(change.tx, id).await?.ok_or(Error::NotFound("run"))?;
                let playbook = library::get_in(change.tx, record.playbook, record.version).await?.read()?;
                for effect in record.state.pending(&playbook) {
                    match effect {
                        Effect::Do(work) if free || work.call.kind == "manual" => {
                            let event = Event::Intended { at: change.at, key: work.key.clone() };
                            run::happen(change, &Actor::Watchbell, &mut record, event).await?;
                            return Ok(Taken::Work(Box::new((record, *work, playbook))));
                        }
                        Effect::Playbook { key, playbook, version, values, .. } => {
                            call::call(change, &mut record, &key, &playbook, version.as_deref(), values)
                                .await?;
                            // The step may have failed at once, and with it the run.
                            call::tell_parent(change, &record).await?;
                            return Ok(Taken::More);
                        }
                        Effect::Wake { at } if at <= change.at => {
                            let event = Event::Tick { at: change.at };
                            run::happen(change, &Actor::Watchbell, &mut record, event).await?;
                            call::tell_parent(change, &record).await?;
                            return Ok(Taken::More);
                        }
                        Effect::Do(_) | Effect::Wake { .. } | Effect::Approve { .. } => {}
                    }
                }
                Ok(Taken::Nothing)
            })
        })
        .await?;
    match (taken, slot) {
        (Taken::Nothing, _) => Ok(false),
        (Taken::More, _) => Ok(true),
        (Taken::Work(work), Some(slot)) if work.1.call.kind != "manual" => {
            tokio::spawn(carry_out(app.clone(), work, slot));
            Ok(true)
        }
        // A person was asked; the answer comes over the page or the API.
        (Taken::Work(_), _) => Ok(true),
    }
}

/// Executes a command whose intent is stored, and stores what came of it.
async fn carry_out(app: App, work: Box<(Record, Work, cacao::Playbook)>, slot: OwnedSemaphorePermit) {
    let (record, work, playbook) = *work;
    let outcome = execute::execute(&app, &record, &work, &playbook).await;
    drop(slot);
    let (id, key) = (record.id, work.key.clone());
    if let Err(error) = stored(&app, id, &work, outcome).await {
        // What was done stands in no log now; as after a crash, it is in doubt when the server starts again.
        tracing::error!(%error, run = %id, %key, "the outcome of a step could not be stored");
    }
    app.playbooks.wake.notify_one();
}

async fn stored(app: &App, id: RunId, work: &Work, outcome: Outcome) -> Result<()> {
    let key = work.key.clone();
    app.change(&Actor::Watchbell, move |change| {
        Box::pin(async move {
            let mut record = store::one_in(change.tx, id).await?.ok_or(Error::NotFound("run"))?;
            let event = Event::Outcome { at: change.at, key, outcome };
            run::happen(change, &Actor::Watchbell, &mut record, event).await?;
            call::tell_parent(change, &record).await
        })
    })
    .await
}

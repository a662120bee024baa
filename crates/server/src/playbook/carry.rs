//! Carries runs on: reads off each run what is to be done, stores that it is intended, does it, stores what came of
//! it. One loop looks at the runs that are due; each act is a task of its own, so that a slow host holds nobody up.

use std::time::Duration;

use cacao::{Effect, Event, Outcome, Work};
use domain::{Actor, RunId};

use super::run::{self, Record};
use super::{execute, store};
use crate::app::App;
use crate::error::{Error, Result};

/// How long the loop sleeps when nothing wakes it.
const PAUSE: Duration = Duration::from_millis(500);

/// After a start: whatever was under way when the server went down may have happened.
pub async fn resume(app: &App) -> Result<()> {
    for id in store::open_runs(&app.db).await? {
        app.change(&Actor::Watchbell, move |change| {
            Box::pin(async move {
                let mut record = store::run_in(change.tx, id).await?.ok_or(Error::NotFound("run"))?;
                run::happen(change, &Actor::Watchbell, &mut record, Event::Interrupted { at: change.at }).await?;
                run::tell_parent(change, &record).await
            })
        })
        .await?;
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
            () = app.playbooks.notified() => {}
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

async fn round(app: &App) -> Result<()> {
    for id in store::due_runs(&app.db, app.clock.now().as_microsecond()).await? {
        while step(app, id).await? {}
    }
    Ok(())
}

/// Does the next thing of a run; whether there may be more.
async fn step(app: &App, id: RunId) -> Result<bool> {
    let taken = app
        .change(&Actor::Watchbell, move |change| {
            Box::pin(async move {
                let mut record = store::run_in(change.tx, id).await?.ok_or(Error::NotFound("run"))?;
                let playbook = store::get_in(change.tx, record.playbook, record.version).await?.read()?;
                for effect in record.state.pending(&playbook) {
                    match effect {
                        Effect::Do(work) => {
                            let event = Event::Intended { at: change.at, key: work.key.clone() };
                            run::happen(change, &Actor::Watchbell, &mut record, event).await?;
                            return Ok(Taken::Work(Box::new((record, *work, playbook))));
                        }
                        Effect::Playbook { key, playbook, version, values, .. } => {
                            run::call(change, &mut record, &key, &playbook, version.as_deref(), values).await?;
                            return Ok(Taken::More);
                        }
                        Effect::Wake { at } if at <= change.at => {
                            run::happen(change, &Actor::Watchbell, &mut record, Event::Tick { at: change.at }).await?;
                            run::tell_parent(change, &record).await?;
                            return Ok(Taken::More);
                        }
                        Effect::Wake { .. } | Effect::Approve { .. } => {}
                    }
                }
                Ok(Taken::Nothing)
            })
        })
        .await?;
    match taken {
        Taken::Nothing => Ok(false),
        Taken::More => Ok(true),
        Taken::Work(work) => {
            let (record, work, playbook) = *work;
            // A person was asked; the answer comes over the page or the API.
            if work.call.kind != "manual" {
                tokio::spawn(carry_out(app.clone(), record, work, playbook));
            }
            Ok(true)
        }
    }
}

enum Taken {
    Nothing,
    More,
    Work(Box<(Record, Work, cacao::Playbook)>),
}

/// Executes a command whose intent is stored, and stores what came of it.
async fn carry_out(app: App, record: Record, work: Work, playbook: cacao::Playbook) {
    let outcome = execute::execute(&app, &record, &work, &playbook).await;
    let (id, key) = (record.id, work.key.clone());
    if let Err(error) = stored(&app, id, &work, outcome).await {
        // What was done stands in no log now; as after a crash, it is in doubt when the server starts again.
        tracing::error!(%error, run = %id, %key, "the outcome of a step could not be stored");
    }
    app.playbooks.notify_one();
}

async fn stored(app: &App, id: RunId, work: &Work, outcome: Outcome) -> Result<()> {
    let key = work.key.clone();
    app.change(&Actor::Watchbell, move |change| {
        Box::pin(async move {
            let mut record = store::run_in(change.tx, id).await?.ok_or(Error::NotFound("run"))?;
            let event = Event::Outcome { at: change.at, key, outcome };
            run::happen(change, &Actor::Watchbell, &mut record, event).await?;
            run::tell_parent(change, &record).await
        })
    })
    .await
}

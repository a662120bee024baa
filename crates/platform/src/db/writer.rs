//! The one writer. Changes queue up; the writer takes all that wait, runs each in a savepoint of one
//! transaction, commits once, and only then answers. Under load the cost of a durable commit is
//! shared; alone, a change waits for nobody.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sqlx::{AnyConnection, Connection, Executor};
use tokio::sync::{mpsc, oneshot, watch};

use super::{DbError, Tx};

/// How many changes share one commit at the most.
const GROUP: usize = 256;
/// How many changes may wait; beyond it callers wait to be let in.
const QUEUE: usize = 1024;

type Reply = Box<dyn FnOnce(Result<(), Arc<sqlx::Error>>) + Send>;
/// Runs a change. `Ok(reply)` keeps it, `Err(reply)` rolls it back; either way the reply waits.
type Job = Box<dyn for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<Reply, Reply>> + Send>;

enum Message {
    Job(Job),
    Stop(oneshot::Sender<()>),
}

/// A handle on the writer's queue.
#[derive(Clone)]
pub struct Writer {
    queue: mpsc::Sender<Message>,
    committed: watch::Receiver<u64>,
}

impl Writer {
    pub(super) fn start(connection: AnyConnection) -> Self {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let (announce, committed) = watch::channel(0);
        tokio::spawn(write(connection, jobs, announce));
        Writer { queue, committed }
    }

    /// Runs a change in a transaction. The change is durable when this returns `Ok`; when the
    /// change returns `Err`, or the commit fails, nothing of it remains.
    pub async fn run<T, E, F>(&self, change: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |tx| {
            Box::pin(async move {
                match change(tx).await {
                    Ok(value) => Ok(reply(answer, Ok(value))),
                    Err(refusal) => Err(reply(answer, Err(refusal))),
                }
            })
        });
        self.queue.send(Message::Job(job)).await.map_err(|_| DbError::WriterGone)?;
        answered.await.map_err(|_| DbError::WriterGone)?
    }

    /// Counts commits; changes whenever something new became durable.
    pub fn committed(&self) -> watch::Receiver<u64> {
        self.committed.clone()
    }

    pub(super) async fn stop(&self) {
        let (done, finished) = oneshot::channel();
        if self.queue.send(Message::Stop(done)).await.is_ok() {
            // An error here means that the writer is gone already, which is what was asked for.
            finished.await.ok();
        }
    }
}

fn reply<T, E>(answer: oneshot::Sender<Result<T, E>>, outcome: Result<T, E>) -> Reply
where
    T: Send + 'static,
    E: From<DbError> + Send + 'static,
{
    Box::new(move |commit| {
        let outcome = match (outcome, commit) {
            (Ok(_), Err(error)) => Err(E::from(DbError::Sql(sqlx::Error::Protocol(error.to_string())))),
            (outcome, _) => outcome,
        };
        // Nobody waits any more when a request was dropped; what is committed stays committed.
        answer.send(outcome).ok();
    })
}

async fn write(
    mut connection: AnyConnection,
    mut jobs: mpsc::Receiver<Message>,
    announce: watch::Sender<u64>,
) {
    while let Some(first) = jobs.recv().await {
        let (group, stop) = gather(first, &mut jobs);
        if !group.is_empty() {
            commit_group(&mut connection, group).await;
            announce.send_modify(|count| *count += 1);
        }
        if let Some(done) = stop {
            if let Err(error) = connection.close().await {
                tracing::warn!(%error, "closing the database");
            }
            done.send(()).ok();
            return;
        }
    }
}

fn gather(first: Message, jobs: &mut mpsc::Receiver<Message>) -> (Vec<Job>, Option<oneshot::Sender<()>>) {
    let mut group = Vec::new();
    let mut next = Some(first);
    while let Some(message) = next {
        match message {
            Message::Job(job) => group.push(job),
            Message::Stop(done) => return (group, Some(done)),
        }
        next = if group.len() < GROUP { jobs.try_recv().ok() } else { None };
    }
    (group, None)
}

async fn commit_group(connection: &mut AnyConnection, group: Vec<Job>) {
    let mut replies = Vec::with_capacity(group.len());
    let outcome = async {
        let mut transaction = connection.begin().await?;
        for job in group {
            if let Some(reply) = run_job(&mut transaction, job).await? {
                replies.push(reply);
            }
        }
        transaction.commit().await
    }
    .await;
    let outcome = outcome.map_err(|error: sqlx::Error| {
        tracing::error!(%error, "a group of changes was not committed");
        Arc::new(error)
    });
    for reply in replies {
        reply(outcome.clone());
    }
}

/// Runs one change in a savepoint, so that its failure takes nothing of its neighbours with it.
async fn run_job(tx: &mut Tx, job: Job) -> Result<Option<Reply>, sqlx::Error> {
    tx.execute("savepoint change").await?;
    let result = AssertUnwindSafe(job(tx)).catch_unwind().await;
    let keep = match result {
        Ok(Ok(reply)) => {
            tx.execute("release savepoint change").await?;
            return Ok(Some(reply));
        }
        Ok(Err(reply)) => Some(reply),
        // The caller learns that its change is gone because its answer channel closes.
        Err(panic) => {
            tracing::error!(panic = panic_text(&*panic), "a change failed in an unforeseen way");
            None
        }
    };
    tx.execute("rollback to savepoint change").await?;
    tx.execute("release savepoint change").await?;
    Ok(keep)
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("?")
}

//! The outbox: what a change tells the world, written in the change's own transaction. Live pages
//! follow it now; webhooks and the bus will follow the same rows.

use jiff::Timestamp;
use serde::Serialize;
use sqlx::Row;
use tokio::sync::broadcast;

use crate::db::{Db, DbError, Migration, Tx};

pub const MIGRATION: Migration = Migration {
    name: "platform_outbox",
    sql: "create table outbox (
            id {id},
            at bigint not null,
            topic text not null,
            record text not null,
            scope bigint
          )",
};

/// How many signals a slow listener may lag behind before it is told to look anew.
const BACKLOG: usize = 1024;

/// One line of the outbox: something about `record` changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Signal {
    pub id: i64,
    /// What kind of thing: `alerts`, `incidents`, …
    pub topic: String,
    /// The record's name, such as `ALR-3`.
    pub record: String,
    /// The incident whose need-to-know decides who may hear it.
    #[serde(skip)]
    pub scope: Option<i64>,
}

/// Adds a line within a change.
pub async fn publish(
    tx: &mut Tx,
    at: Timestamp,
    topic: &str,
    record: &str,
    scope: Option<i64>,
) -> Result<(), DbError> {
    sqlx::query("insert into outbox (at, topic, record, scope) values ($1, $2, $3, $4)")
        .bind(at.as_microsecond())
        .bind(topic)
        .bind(record)
        .bind(scope)
        .execute(tx)
        .await?;
    Ok(())
}

/// Lines after `after`, oldest first.
pub async fn since(db: &Db, after: i64, limit: i64) -> Result<Vec<Signal>, DbError> {
    let rows = sqlx::query("select id, topic, record, scope from outbox where id > $1 order by id limit $2")
        .bind(after)
        .bind(limit)
        .fetch_all(db.readers())
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Signal {
                id: row.try_get(0)?,
                topic: row.try_get(1)?,
                record: row.try_get(2)?,
                scope: row.try_get(3)?,
            })
        })
        .collect()
}

async fn last_id(db: &Db) -> Result<i64, DbError> {
    let row = sqlx::query("select coalesce(max(id), 0) from outbox").fetch_one(db.readers()).await?;
    Ok(row.try_get(0)?)
}

/// Follows the outbox and hands each committed line to whoever listens.
pub async fn follow(db: &Db) -> Result<broadcast::Sender<Signal>, DbError> {
    let (sender, _) = broadcast::channel(BACKLOG);
    let (mut committed, mut last) = (db.writer().committed(), last_id(db).await?);
    let (db, out) = (db.clone(), sender.clone());
    tokio::spawn(async move {
        while committed.changed().await.is_ok() {
            last = hand_out(&db, &out, last).await;
        }
    });
    Ok(sender)
}

async fn hand_out(db: &Db, out: &broadcast::Sender<Signal>, mut last: i64) -> i64 {
    loop {
        let signals = match since(db, last, 500).await {
            Ok(signals) => signals,
            Err(error) => {
                tracing::warn!(%error, "the outbox could not be read; the next commit tries again");
                return last;
            }
        };
        let Some(newest) = signals.last() else { return last };
        last = newest.id;
        for signal in signals {
            // No listener is no fault: the page that opens next reads the state itself.
            out.send(signal).ok();
        }
    }
}

//! A change: rows, ledger leaves and outbox lines in one transaction. Services make every change
//! through [`App::change`]; there is no side door.

use domain::Actor;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use ledger::{Digest, Frontier, Leaf};
use platform::db::{Bind, Dialect, Tx, insert_rows};
use platform::{outbox, search::Document};
use serde::Serialize;
use sqlx::Row;

use crate::app::App;
use crate::error::{Error, Result};
use crate::search::document::{self, State};

/// The future that a change's body returns.
pub type Changing<'c, T> = BoxFuture<'c, Result<T>>;

/// A record's new version, to be written to the ledger.
struct Written {
    leaf: Leaf,
    bytes: Vec<u8>,
    index: u64,
    body: String,
    scope: Option<i64>,
}

/// One change under way: the transaction, who acts, and when.
pub struct Change<'t> {
    pub tx: &'t mut Tx,
    pub at: Timestamp,
    pub dialect: Dialect,
    actor: String,
    /// What the search index is to hold beside the records.
    found_by: Vec<Document>,
    frontier: Option<Frontier>,
    hashes: Vec<(u64, ledger::Hash)>,
    written: Vec<Written>,
}

impl App {
    /// Runs a change for `actor`. It is durable when this returns `Ok`; on `Err` nothing remains.
    pub async fn change<T, F>(&self, actor: &Actor, change: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'c, 't> FnOnce(&'c mut Change<'t>) -> Changing<'c, T> + Send + 'static,
    {
        let (at, actor, dialect) = (self.clock.now(), ledger_name(actor), self.db.dialect());
        self.db
            .writer()
            .run(move |tx| {
                Box::pin(async move {
                    let mut under_way = Change {
                        tx,
                        at,
                        dialect,
                        actor,
                        found_by: Vec::new(),
                        frontier: None,
                        hashes: Vec::new(),
                        written: Vec::new(),
                    };
                    let value = change(&mut under_way).await?;
                    under_way.finish().await?;
                    Ok(value)
                })
            })
            .await
    }
}

impl Change<'_> {
    /// The time of this change as the database keeps it: microseconds since 1970, UTC.
    pub fn at_micros(&self) -> i64 {
        self.at.as_microsecond()
    }

    /// Commits a record's new state to the ledger. `record` is its name (`INC-1`), `act` what was
    /// done (`incident.declare`), `body` all of the record as it now is; `scope` is the incident
    /// that it belongs to.
    pub async fn record(
        &mut self,
        record: &str,
        act: &str,
        body: &impl Serialize,
        scope: Option<i64>,
    ) -> Result<()> {
        let body = serde_json::to_string(body)?;
        let version = self.next_version(record).await?;
        let leaf = Leaf::new(self.at, &self.actor, act, record, version, Digest::of(body.as_bytes()))?;
        let bytes = leaf.to_bytes();
        if self.frontier.is_none() {
            self.frontier = Some(self.load_frontier().await?);
        }
        let frontier = self.frontier.get_or_insert_with(Frontier::new);
        let appended = frontier.append_bytes(&bytes)?;
        self.hashes.extend(appended.hashes);
        self.written.push(Written { leaf, bytes, index: appended.index, body, scope });
        Ok(())
    }

    /// Lets the search find this too. Records are found by what they say without it.
    pub fn find_by(&mut self, document: Document) {
        self.found_by.push(document);
    }

    /// Tells live pages (and whoever follows the outbox) that `record` changed.
    pub async fn tell(&mut self, topic: &str, record: &str, scope: Option<i64>) -> Result<()> {
        outbox::publish(self.tx, self.at, topic, record, scope).await?;
        Ok(())
    }

    async fn next_version(&mut self, record: &str) -> Result<u64> {
        if let Some(last) = self.written.iter().rev().find(|written| written.leaf.record() == record) {
            return Ok(last.leaf.version() + 1);
        }
        let row = sqlx::query("select coalesce(max(version), 0) from record_version where record = $1")
            .bind(record)
            .fetch_one(&mut *self.tx)
            .await?;
        Ok(u64::try_from(row.try_get::<i64, _>(0)?).unwrap_or(0) + 1)
    }

    async fn load_frontier(&mut self) -> Result<Frontier> {
        let row = sqlx::query("select frontier from ledger_head").fetch_optional(&mut *self.tx).await?;
        match row {
            Some(row) => Ok(Frontier::from_bytes(&row.try_get::<Vec<u8>, _>(0)?)?),
            None => {
                sqlx::query("insert into ledger_head (one, frontier) values (1, $1)")
                    .bind(Frontier::new().to_bytes())
                    .execute(&mut *self.tx)
                    .await?;
                Ok(Frontier::new())
            }
        }
    }

    async fn finish(self) -> Result<()> {
        let Change { tx, at, dialect, found_by, frontier, hashes, written, .. } = self;
        let documents = written.iter().filter_map(|one| document::of(&state(at, one)));
        platform::search::put(tx, dialect, documents.chain(found_by).collect()).await?;
        let Some(frontier) = frontier else { return Ok(()) };
        let hashes = hashes.into_iter().map(|(index, hash)| [signed(index).into(), hash.0.to_vec().into()]);
        insert_rows(tx, "insert into ledger_hash (idx, hash)", hashes.collect(), "").await?;
        let versions = written.into_iter().map(|written| row(at, written));
        insert_rows(
            tx,
            "insert into record_version (leaf_index, record, version, at, actor, act, leaf, body, scope)",
            versions.collect(),
            "",
        )
        .await?;
        sqlx::query("update ledger_head set frontier = $1 where one = 1")
            .bind(frontier.to_bytes())
            .execute(tx)
            .await?;
        Ok(())
    }
}

fn state(at: Timestamp, written: &Written) -> State<'_> {
    State {
        record: written.leaf.record(),
        body: &written.body,
        scope: written.scope,
        at: at.as_microsecond(),
        leaf: signed(written.index),
    }
}

fn row(at: Timestamp, written: Written) -> [Bind; 9] {
    let leaf = &written.leaf;
    [
        signed(written.index).into(),
        leaf.record().into(),
        signed(leaf.version()).into(),
        at.as_microsecond().into(),
        leaf.actor().into(),
        leaf.act().into(),
        String::from_utf8_lossy(&written.bytes).into_owned().into(),
        written.body.into(),
        written.scope.into(),
    ]
}

/// Ledger indexes stay below 2^49 (`ledger::MAX_SIZE`), so they fit.
fn signed(index: u64) -> i64 {
    i64::try_from(index).unwrap_or(i64::MAX)
}

/// How the ledger names whoever acts: never by a personal name.
fn ledger_name(actor: &Actor) -> String {
    actor.user().map_or_else(|| actor.name().to_owned(), |user| user.to_string())
}

/// A time as the database keeps it.
pub fn time(micros: i64) -> Result<Timestamp> {
    Timestamp::from_microsecond(micros).map_err(|error| Error::Damaged(error.to_string()))
}

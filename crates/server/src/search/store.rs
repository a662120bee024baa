//! The SQL of the index's readers, and of how far a store that was made before it is indexed.

use platform::db::{Db, Sought, Tx};
use platform::search::{EDITION, Query};
use sqlx::{AssertSqlSafe, Row};

use super::kind::Kind;
use crate::error::Result;
use crate::identity::scope::visible;

/// A document that was found.
#[derive(Debug, Clone)]
pub struct Found {
    pub id: i64,
    pub scope: Option<i64>,
    pub at: i64,
    pub title: String,
    pub body: String,
}

fn found(row: &platform::db::Row) -> Result<Found> {
    Ok(Found {
        id: row.try_get(0)?,
        scope: row.try_get(1)?,
        at: row.try_get(2)?,
        title: row.try_get(3)?,
        body: row.try_get(4)?,
    })
}

/// The newest documents of a kind that have all of the query and that the account may see.
pub async fn find(
    db: &Db,
    account: Option<i64>,
    kind: Kind,
    query: &Query,
    limit: i64,
) -> Result<Vec<Found>> {
    let numbers = kind.numbers();
    let Sought { from, matches, id } = db.dialect().sought(&numbers);
    let sql = format!(
        "select d.id, d.scope, d.at, d.title, d.body from {from}
         where {matches} and {id} >= $3 and {id} < $4 and {} order by {id} desc limit $5",
        visible!("d.scope", "$2")
    );
    let rows = sqlx::query(AssertSqlSafe(sql))
        .bind(db.dialect().query(query))
        .bind(account)
        .bind(numbers.start)
        .bind(numbers.end)
        .bind(limit)
        .fetch_all(db.readers())
        .await?;
    rows.iter().map(found).collect()
}

/// One document, if the account may see it.
pub async fn get(db: &Db, account: Option<i64>, id: i64) -> Result<Option<Found>> {
    let row = sqlx::query(concat!(
        "select d.id, d.scope, d.at, d.title, d.body from search_document d where d.id = $1 and ",
        visible!("d.scope", "$2")
    ))
    .bind(id)
    .bind(account)
    .fetch_optional(db.readers())
    .await?;
    row.as_ref().map(found).transpose()
}

/// How far older changes are indexed: the next leaf to look at, and whether all are done.
pub async fn state(db: &Db) -> Result<Option<(i64, bool)>> {
    let row = sqlx::query("select done_to, whole from search_state where edition = $1")
        .bind(EDITION)
        .fetch_optional(db.readers())
        .await?;
    row.map(|row| Ok((row.try_get(0)?, row.try_get::<i64, _>(1)? != 0))).transpose()
}

pub async fn set_state(tx: &mut Tx, done_to: i64, whole: bool) -> Result<()> {
    sqlx::query(
        "insert into search_state (one, edition, done_to, whole) values (1, $1, $2, $3)
         on conflict (one) do update set edition = excluded.edition, done_to = excluded.done_to,
           whole = excluded.whole",
    )
    .bind(EDITION)
    .bind(done_to)
    .bind(i64::from(whole))
    .execute(tx)
    .await?;
    Ok(())
}

//! The SQL of reports from other tools: the tool's own words for an alert, and which alert it is.

use domain::AlertId;
use jiff::Timestamp;
use platform::db::{Db, Row as AnyRow, Tx};
use serde_json::Value;
use sqlx::Row;

use crate::change::{Change, time};
use crate::error::Result;

/// A report as it is kept.
pub struct Kept {
    pub id: i64,
    pub alert: AlertId,
    pub at: Timestamp,
    pub body: Value,
}

pub async fn get(db: &Db, dialect: &str, id: i64) -> Result<Option<Kept>> {
    let row = sqlx::query("select id, alert, at, body from reported where id = $1 and dialect = $2")
        .bind(id)
        .bind(dialect)
        .fetch_optional(db.readers())
        .await?;
    row.as_ref().map(read).transpose()
}

pub async fn is_known(db: &Db, identity: &str) -> Result<bool> {
    let row = sqlx::query("select 1 from reported where identity = $1").bind(identity);
    Ok(row.fetch_optional(db.readers()).await?.is_some())
}

pub async fn by_identity(tx: &mut Tx, identity: &str) -> Result<Option<Kept>> {
    let row = sqlx::query("select id, alert, at, body from reported where identity = $1")
        .bind(identity)
        .fetch_optional(tx)
        .await?;
    row.as_ref().map(read).transpose()
}

pub async fn insert(
    change: &mut Change<'_>,
    dialect: &str,
    identity: &str,
    alert: AlertId,
    body: &[u8],
) -> Result<Kept> {
    let row = sqlx::query(
        "insert into reported (dialect, identity, alert, at, body) values ($1, $2, $3, $4, $5)
         returning id, alert, at, body",
    )
    .bind(dialect)
    .bind(identity)
    .bind(alert.get())
    .bind(change.at_micros())
    .bind(String::from_utf8_lossy(body).into_owned())
    .fetch_one(&mut *change.tx)
    .await?;
    read(&row)
}

fn read(row: &AnyRow) -> Result<Kept> {
    Ok(Kept {
        id: row.try_get(0)?,
        alert: AlertId::try_from(row.try_get::<i64, _>(1)?)?,
        at: time(row.try_get(2)?)?,
        body: serde_json::from_str(&row.try_get::<String, _>(3)?)?,
    })
}

//! The SQL of webhooks' mappings.

use domain::{SourceId, UserId};
use platform::db::{Db, Row as AnyRow, Tx};
use sqlx::Row;

use super::Version;
use crate::change::{Change, time};
use crate::error::Result;

/// How many versions are listed.
const LISTED: i64 = 20;

macro_rules! version {
    () => {
        "source_id, version, content, created_at, created_by"
    };
}

pub async fn newest(db: &Db, id: SourceId) -> Result<Option<Version>> {
    Ok(list(db, id, 1).await?.into_iter().next())
}

pub async fn newest_in(tx: &mut Tx, id: SourceId) -> Result<Option<Version>> {
    let row = sqlx::query(concat!(
        "select ",
        version!(),
        " from source_mapping where source_id = $1 order by version desc limit 1"
    ))
    .bind(id.get())
    .fetch_optional(tx)
    .await?;
    row.as_ref().map(read).transpose()
}

/// Newest first.
pub async fn all(db: &Db, id: SourceId) -> Result<Vec<Version>> {
    list(db, id, LISTED).await
}

async fn list(db: &Db, id: SourceId, limit: i64) -> Result<Vec<Version>> {
    let rows = sqlx::query(concat!(
        "select ",
        version!(),
        " from source_mapping where source_id = $1 order by version desc limit $2"
    ))
    .bind(id.get())
    .bind(limit)
    .fetch_all(db.readers())
    .await?;
    rows.iter().map(read).collect()
}

pub async fn get(db: &Db, id: SourceId, version: i64) -> Result<Option<Version>> {
    let row = sqlx::query(concat!(
        "select ",
        version!(),
        " from source_mapping where source_id = $1 and version = $2"
    ))
    .bind(id.get())
    .bind(version)
    .fetch_optional(db.readers())
    .await?;
    row.as_ref().map(read).transpose()
}

pub async fn insert(change: &mut Change<'_>, version: &Version) -> Result<()> {
    sqlx::query(
        "insert into source_mapping (source_id, version, content, created_at, created_by)
         values ($1, $2, $3, $4, $5)",
    )
    .bind(version.source.get())
    .bind(version.version)
    .bind(version.text.clone())
    .bind(version.created_at.as_microsecond())
    .bind(version.created_by.map(UserId::get))
    .execute(&mut *change.tx)
    .await?;
    Ok(())
}

fn read(row: &AnyRow) -> Result<Version> {
    Ok(Version {
        source: SourceId::try_from(row.try_get::<i64, _>(0)?)?,
        version: row.try_get(1)?,
        text: row.try_get(2)?,
        created_at: time(row.try_get(3)?)?,
        created_by: row.try_get::<Option<i64>, _>(4)?.map(UserId::try_from).transpose()?,
    })
}

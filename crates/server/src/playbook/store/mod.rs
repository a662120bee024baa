//! The SQL of the library. That of runs is in [`runs`].

pub mod runs;

use std::collections::BTreeSet;

use domain::{PlaybookId, UserId};
use platform::db::{Db, Row as AnyRow, Tx};
use sqlx::Row;

use super::{Kept, Playbook, Version};
use crate::change::{Change, time};
use crate::error::{Error, Result};

/// The playbook with CACAO's identifier, and the number of its present version.
pub async fn by_cacao_id(tx: &mut Tx, cacao_id: &str) -> Result<Option<(PlaybookId, i64)>> {
    let row = sqlx::query("select id, version from playbook where cacao_id = $1")
        .bind(cacao_id)
        .fetch_optional(tx)
        .await?;
    row.map(|row| Ok((PlaybookId::try_from(row.try_get::<i64, _>(0)?)?, row.try_get(1)?))).transpose()
}

pub async fn put(
    change: &mut Change<'_>,
    known: Option<PlaybookId>,
    playbook: &Playbook,
) -> Result<PlaybookId> {
    match known {
        Some(id) => {
            update(change, id, playbook).await?;
            Ok(id)
        }
        None => insert(change, playbook).await,
    }
}

async fn insert(change: &mut Change<'_>, playbook: &Playbook) -> Result<PlaybookId> {
    let row = sqlx::query(
        "insert into playbook (cacao_id, name, description, version, steps, summary, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7) returning id",
    )
    .bind(&playbook.cacao_id)
    .bind(&playbook.name)
    .bind(playbook.description.clone())
    .bind(playbook.version)
    .bind(playbook.steps)
    .bind(serde_json::to_string(&playbook.summary)?)
    .bind(change.at_micros())
    .fetch_one(&mut *change.tx)
    .await?;
    Ok(PlaybookId::try_from(row.try_get::<i64, _>(0)?)?)
}

async fn update(change: &mut Change<'_>, id: PlaybookId, playbook: &Playbook) -> Result<()> {
    sqlx::query(
        "update playbook set name = $2, description = $3, version = $4, steps = $5, summary = $6, updated_at = $7
         where id = $1",
    )
    .bind(id.get())
    .bind(&playbook.name)
    .bind(playbook.description.clone())
    .bind(playbook.version)
    .bind(playbook.steps)
    .bind(serde_json::to_string(&playbook.summary)?)
    .bind(change.at_micros())
    .execute(&mut *change.tx)
    .await?;
    Ok(())
}

pub async fn add_version(
    change: &mut Change<'_>,
    id: PlaybookId,
    version: &Version,
    text: &str,
) -> Result<()> {
    sqlx::query(
        "insert into playbook_version (playbook, version, modified, sha256, body, kept_by, kept_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(id.get())
    .bind(version.version)
    .bind(&version.modified)
    .bind(&version.sha256)
    .bind(text)
    .bind(version.kept_by.map(UserId::get))
    .bind(version.kept_at.as_microsecond())
    .execute(&mut *change.tx)
    .await?;
    Ok(())
}

/// The hashes of the texts that came with Watchbell, of all versions.
pub async fn shipped(db: &Db) -> Result<BTreeSet<String>> {
    let rows = sqlx::query("select sha256 from playbook_version where kept_by is null")
        .fetch_all(db.readers())
        .await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

pub async fn list(db: &Db) -> Result<Vec<Playbook>> {
    let rows = sqlx::query(concat!(
        "select id, cacao_id, name, description, version, steps, summary, updated_at from playbook",
        " order by name, id"
    ))
    .fetch_all(db.readers())
    .await?;
    rows.iter().map(playbook).collect()
}

pub async fn get(db: &Db, id: PlaybookId, version: Option<i64>) -> Result<Option<Kept>> {
    let row = sqlx::query(
        "select p.id, p.cacao_id, p.name, p.description, p.version, p.steps, p.summary, p.updated_at,
                v.version as number, v.modified, v.sha256, v.body, v.kept_by, v.kept_at
         from playbook p join playbook_version v on v.playbook = p.id
         where p.id = $1 and v.version = coalesce(cast($2 as bigint), p.version)",
    )
    .bind(id.get())
    .bind(version)
    .fetch_optional(db.readers())
    .await?;
    row.as_ref().map(kept).transpose()
}

/// The same within a change.
pub async fn get_in(tx: &mut Tx, id: PlaybookId, version: i64) -> Result<Kept> {
    let row = sqlx::query(
        "select p.id, p.cacao_id, p.name, p.description, p.version, p.steps, p.summary, p.updated_at,
                v.version as number, v.modified, v.sha256, v.body, v.kept_by, v.kept_at
         from playbook p join playbook_version v on v.playbook = p.id
         where p.id = $1 and v.version = $2",
    )
    .bind(id.get())
    .bind(version)
    .fetch_optional(tx)
    .await?;
    row.as_ref().map(kept).transpose()?.ok_or(Error::NotFound("playbook"))
}

pub async fn versions(db: &Db, id: PlaybookId) -> Result<Vec<Version>> {
    let rows = sqlx::query(
        "select version as number, modified, sha256, kept_by, kept_at from playbook_version
         where playbook = $1 order by version desc",
    )
    .bind(id.get())
    .fetch_all(db.readers())
    .await?;
    rows.iter().map(version).collect()
}

pub async fn version_in(tx: &mut Tx, id: PlaybookId, number: i64) -> Result<Version> {
    let row = sqlx::query(
        "select version as number, modified, sha256, kept_by, kept_at from playbook_version
         where playbook = $1 and version = $2",
    )
    .bind(id.get())
    .bind(number)
    .fetch_one(tx)
    .await?;
    version(&row)
}

/// The version of a playbook that says it was modified then.
pub async fn modified_in(tx: &mut Tx, id: PlaybookId, modified: &str) -> Result<Option<i64>> {
    let row = sqlx::query("select max(version) from playbook_version where playbook = $1 and modified = $2")
        .bind(id.get())
        .bind(modified)
        .fetch_one(tx)
        .await?;
    Ok(row.try_get(0)?)
}

fn playbook(row: &AnyRow) -> Result<Playbook> {
    Ok(Playbook {
        id: PlaybookId::try_from(row.try_get::<i64, _>("id")?)?,
        cacao_id: row.try_get("cacao_id")?,
        name: row.try_get("name")?,
        description: row.try_get("description")?,
        version: row.try_get("version")?,
        steps: row.try_get("steps")?,
        summary: serde_json::from_str(&row.try_get::<String, _>("summary")?)?,
        updated_at: time(row.try_get("updated_at")?)?,
    })
}

fn version(row: &AnyRow) -> Result<Version> {
    Ok(Version {
        version: row.try_get("number")?,
        modified: row.try_get("modified")?,
        sha256: row.try_get("sha256")?,
        kept_by: row.try_get::<Option<i64>, _>("kept_by")?.map(UserId::try_from).transpose()?,
        kept_at: time(row.try_get("kept_at")?)?,
    })
}

fn kept(row: &AnyRow) -> Result<Kept> {
    Ok(Kept { playbook: playbook(row)?, version: version(row)?, text: row.try_get("body")? })
}

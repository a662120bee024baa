//! The SQL of saved tasks.

use domain::{SavedTaskId, UserId};
use jiff::Timestamp;
use platform::db::{Db, Row as AnyRow, Tx};
use sqlx::Row;

use super::super::library::Saved;
use super::{at, maybe, maybe_at, word};
use crate::change::Change;
use crate::error::Result;

const COLUMNS: &str = "id, title, instructions, role, phase, due_within, saved_by, saved_at, removed_at";

/// Those that were not taken out, by title.
pub async fn saved(db: &Db) -> Result<Vec<Saved>> {
    let statement =
        format!("select {COLUMNS} from saved_task where removed_at is null order by lower(title), id");
    let rows = sqlx::query(sqlx::AssertSqlSafe(statement)).fetch_all(db.readers()).await?;
    rows.iter().map(one).collect()
}

pub async fn saved_in(tx: &mut Tx, id: SavedTaskId) -> Result<Option<Saved>> {
    let statement = format!("select {COLUMNS} from saved_task where id = $1");
    let row = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(id.get()).fetch_optional(tx).await?;
    row.as_ref().map(one).transpose()
}

pub async fn insert(change: &mut Change<'_>, new: &Saved) -> Result<SavedTaskId> {
    let row = sqlx::query(
        "insert into saved_task (title, instructions, role, phase, due_within, saved_by, saved_at)
         values ($1, $2, $3, $4, $5, $6, $7) returning id",
    )
    .bind(&new.title)
    .bind(new.instructions.as_deref())
    .bind(new.role.as_ref().map(ToString::to_string))
    .bind(new.phase.as_str())
    .bind(new.due_within.map(|period| period.to_string()))
    .bind(new.saved_by.get())
    .bind(new.saved_at.as_microsecond())
    .fetch_one(&mut *change.tx)
    .await?;
    Ok(SavedTaskId::try_from(row.try_get::<i64, _>(0)?)?)
}

pub async fn remove(change: &mut Change<'_>, saved: &Saved) -> Result<()> {
    sqlx::query("update saved_task set removed_at = $2 where id = $1")
        .bind(saved.id.get())
        .bind(saved.removed_at.map(Timestamp::as_microsecond))
        .execute(&mut *change.tx)
        .await?;
    Ok(())
}

fn one(row: &AnyRow) -> Result<Saved> {
    Ok(Saved {
        id: SavedTaskId::try_from(row.try_get::<i64, _>("id")?)?,
        title: row.try_get("title")?,
        instructions: row.try_get("instructions")?,
        role: maybe(row, "role")?,
        phase: word(row, "phase")?,
        due_within: maybe(row, "due_within")?,
        saved_by: UserId::try_from(row.try_get::<i64, _>("saved_by")?)?,
        saved_at: at(row, "saved_at")?,
        removed_at: maybe_at(row, "removed_at")?,
    })
}

//! The SQL of the plan.

use domain::PlanVersionId;
use jiff::Timestamp;
use platform::db::{Db, Tx};
use sqlx::Row;

use crate::change::{Change, time};
use crate::error::Result;

/// The version in force: its number, its JSON, since when.
pub async fn latest(db: &Db) -> Result<Option<(PlanVersionId, String, Timestamp)>> {
    let row = sqlx::query("select id, content, since from plan_version order by id desc limit 1")
        .fetch_optional(db.readers())
        .await?;
    row.map(|row| {
        let id = PlanVersionId::try_from(row.try_get::<i64, _>(0)?)?;
        Ok((id, row.try_get(1)?, time(row.try_get(2)?)?))
    })
    .transpose()
}

pub async fn newest_id(db: &Db) -> Result<Option<PlanVersionId>> {
    let row = sqlx::query("select max(id) from plan_version").fetch_one(db.readers()).await?;
    Ok(row.try_get::<Option<i64>, _>(0)?.map(PlanVersionId::try_from).transpose()?)
}

pub async fn content(db: &Db, id: PlanVersionId) -> Result<Option<String>> {
    let row = sqlx::query("select content from plan_version where id = $1")
        .bind(id.get())
        .fetch_optional(db.readers())
        .await?;
    row.map(|row| Ok(row.try_get(0)?)).transpose()
}

pub async fn any_in(tx: &mut Tx) -> Result<bool> {
    Ok(sqlx::query("select 1 from plan_version limit 1").fetch_optional(tx).await?.is_some())
}

pub async fn insert(change: &mut Change<'_>, content: &str) -> Result<PlanVersionId> {
    let row = sqlx::query("insert into plan_version (content, since) values ($1, $2) returning id")
        .bind(content)
        .bind(change.at_micros())
        .fetch_one(&mut *change.tx)
        .await?;
    Ok(PlanVersionId::try_from(row.try_get::<i64, _>(0)?)?)
}

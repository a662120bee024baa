//! The SQL of who read which version of the plan, and of the versions themselves.

use domain::{PlanVersionId, UserId};
use jiff::Timestamp;
use platform::db::{Db, Tx};
use sqlx::Row;

use super::super::attest::Reader;
use crate::change::{Change, time};
use crate::error::Result;

/// Everybody with an account that stands, by name, and when they attested.
pub async fn readers(db: &Db, plan: PlanVersionId) -> Result<Vec<Reader>> {
    let rows = sqlx::query(
        "select a.id, a.name, t.at from account a
         left join plan_attestation t on t.account_id = a.id and t.plan = $1
         where a.disabled = 0 order by a.name, a.id",
    )
    .bind(plan.get())
    .fetch_all(db.readers())
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Reader {
                person: UserId::try_from(row.try_get::<i64, _>(0)?)?,
                name: row.try_get(1)?,
                at: row.try_get::<Option<i64>, _>(2)?.map(time).transpose()?,
            })
        })
        .collect()
}

pub async fn attested(db: &Db, plan: PlanVersionId, person: UserId) -> Result<Option<Timestamp>> {
    let row = sqlx::query("select at from plan_attestation where plan = $1 and account_id = $2")
        .bind(plan.get())
        .bind(person.get())
        .fetch_optional(db.readers())
        .await?;
    row.map(|row| time(row.try_get(0)?)).transpose()
}

pub async fn attested_in(tx: &mut Tx, plan: PlanVersionId, person: UserId) -> Result<Option<Timestamp>> {
    let row = sqlx::query("select at from plan_attestation where plan = $1 and account_id = $2")
        .bind(plan.get())
        .bind(person.get())
        .fetch_optional(tx)
        .await?;
    row.map(|row| time(row.try_get(0)?)).transpose()
}

pub async fn attest(change: &mut Change<'_>, plan: PlanVersionId, person: UserId) -> Result<()> {
    sqlx::query("insert into plan_attestation (plan, account_id, at) values ($1, $2, $3)")
        .bind(plan.get())
        .bind(person.get())
        .bind(change.at_micros())
        .execute(&mut *change.tx)
        .await?;
    Ok(())
}

/// Each version with when it came into force and how many attested it, the newest first.
pub async fn versions(db: &Db) -> Result<Vec<(PlanVersionId, Timestamp, i64)>> {
    let rows = sqlx::query(
        "select v.id, v.since, count(t.account_id) from plan_version v
         left join plan_attestation t on t.plan = v.id group by v.id, v.since order by v.id desc",
    )
    .fetch_all(db.readers())
    .await?;
    rows.iter()
        .map(|row| {
            Ok((PlanVersionId::try_from(row.try_get::<i64, _>(0)?)?, time(row.try_get(1)?)?, row.try_get(2)?))
        })
        .collect()
}

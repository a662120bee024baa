//! The SQL of the plan.

use std::collections::BTreeMap;

use domain::plan::RoleKey;
use domain::{PlanVersionId, UserId};
use jiff::Timestamp;
use platform::db::{Bind, Db, Tx, insert_rows};
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

/// The people of every role, first choice first; whose account is disabled speaks for no role.
pub async fn holders(db: &Db) -> Result<BTreeMap<RoleKey, Vec<UserId>>> {
    let rows = sqlx::query(
        "select h.role, h.account_id from role_holder h join account a on a.id = h.account_id
         where a.disabled = 0 order by h.role, h.place",
    )
    .fetch_all(db.readers())
    .await?;
    let mut people: BTreeMap<RoleKey, Vec<UserId>> = BTreeMap::new();
    for row in &rows {
        let role: RoleKey = row.try_get::<String, _>(0)?.parse()?;
        people.entry(role).or_default().push(UserId::try_from(row.try_get::<i64, _>(1)?)?);
    }
    Ok(people)
}

pub async fn roles_of(db: &Db, person: UserId) -> Result<Vec<RoleKey>> {
    let rows = sqlx::query("select role from role_holder where account_id = $1 order by role")
        .bind(person.get())
        .fetch_all(db.readers())
        .await?;
    rows.iter().map(|row| Ok(row.try_get::<String, _>(0)?.parse()?)).collect()
}

/// The people of one role whose accounts are not disabled.
pub async fn holders_in(tx: &mut Tx, role: &RoleKey) -> Result<Vec<UserId>> {
    let rows = sqlx::query(
        "select h.account_id from role_holder h join account a on a.id = h.account_id
         where h.role = $1 and a.disabled = 0 order by h.place",
    )
    .bind(role.as_str())
    .fetch_all(tx)
    .await?;
    rows.iter().map(|row| Ok(UserId::try_from(row.try_get::<i64, _>(0)?)?)).collect()
}

pub async fn set_holders(change: &mut Change<'_>, role: &RoleKey, people: &[UserId]) -> Result<()> {
    sqlx::query("delete from role_holder where role = $1")
        .bind(role.as_str())
        .execute(&mut *change.tx)
        .await?;
    let rows: Vec<[Bind; 3]> = people
        .iter()
        .zip(1_i64..)
        .map(|(person, place)| [role.as_str().into(), person.get().into(), place.into()])
        .collect();
    insert_rows(change.tx, "insert into role_holder (role, account_id, place)", rows, "").await?;
    Ok(())
}

//! The SQL of the plan.

use std::collections::BTreeMap;

use domain::plan::RoleKey;
use domain::{PlanDraftId, PlanVersionId, UserId};
use jiff::Timestamp;
use platform::db::{Bind, Db, Tx, insert_rows};
use sha2::{Digest, Sha256};
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

/// A version: its plan as JSON, its files, and the draft that became it.
pub async fn insert(
    change: &mut Change<'_>,
    content: &str,
    folder: i64,
    draft: Option<PlanDraftId>,
) -> Result<PlanVersionId> {
    let row = sqlx::query(
        "insert into plan_version (content, since, folder, draft) values ($1, $2, $3, $4) returning id",
    )
    .bind(content)
    .bind(change.at_micros())
    .bind(folder)
    .bind(draft.map(PlanDraftId::get))
    .fetch_one(&mut *change.tx)
    .await?;
    Ok(PlanVersionId::try_from(row.try_get::<i64, _>(0)?)?)
}

/// The files of a version; none for one that was put in force before files were kept.
pub async fn folder_of(db: &Db, id: PlanVersionId) -> Result<Option<i64>> {
    let row = sqlx::query("select folder from plan_version where id = $1")
        .bind(id.get())
        .fetch_optional(db.readers())
        .await?;
    row.map(|row| Ok(row.try_get(0)?)).transpose().map(Option::flatten)
}

pub async fn newest_in(tx: &mut Tx) -> Result<Option<PlanVersionId>> {
    let row = sqlx::query("select max(id) from plan_version").fetch_one(tx).await?;
    Ok(row.try_get::<Option<i64>, _>(0)?.map(PlanVersionId::try_from).transpose()?)
}

/// Every version, the newest first: its number, since when, and its draft.
pub async fn versions(db: &Db) -> Result<Vec<(PlanVersionId, Timestamp, Option<PlanDraftId>)>> {
    let rows = sqlx::query("select id, since, draft from plan_version order by id desc")
        .fetch_all(db.readers())
        .await?;
    let read = |row: &sqlx::any::AnyRow| {
        let draft: Option<i64> = row.try_get(2)?;
        let draft = draft.map(PlanDraftId::try_from).transpose()?;
        Ok((PlanVersionId::try_from(row.try_get::<i64, _>(0)?)?, time(row.try_get(1)?)?, draft))
    };
    rows.iter().map(read).collect()
}

/// Keeps a state of all files, each text once, and gives its number.
pub async fn keep_folder(change: &mut Change<'_>, files: &BTreeMap<String, String>) -> Result<i64> {
    let row = sqlx::query("insert into plan_folder (made_at) values ($1) returning id")
        .bind(change.at_micros())
        .fetch_one(&mut *change.tx)
        .await?;
    let folder: i64 = row.try_get(0)?;
    let (mut texts, mut rows) = (BTreeMap::new(), Vec::new());
    for (path, text) in files {
        let sha256 = hex::encode(Sha256::digest(text.as_bytes()));
        rows.push([Bind::from(folder), path.as_str().into(), sha256.as_str().into()]);
        texts.insert(sha256, text);
    }
    let texts: Vec<[Bind; 2]> =
        texts.into_iter().map(|(sha256, text)| [sha256.into(), text.as_str().into()]).collect();
    insert_rows(change.tx, "insert into plan_text (sha256, content)", texts, " on conflict do nothing").await?;
    insert_rows(change.tx, "insert into plan_file (folder, path, sha256)", rows, "").await?;
    Ok(folder)
}

pub async fn files(db: &Db, folder: i64) -> Result<BTreeMap<String, String>> {
    let rows = sqlx::query(
        "select f.path, t.content from plan_file f join plan_text t on t.sha256 = f.sha256 where f.folder = $1",
    )
    .bind(folder)
    .fetch_all(db.readers())
    .await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// Who said that they read a version, and when.
pub async fn attested(db: &Db, version: PlanVersionId) -> Result<BTreeMap<UserId, Timestamp>> {
    let rows = sqlx::query("select person, at from plan_attestation where version = $1")
        .bind(version.get())
        .fetch_all(db.readers())
        .await?;
    rows.iter()
        .map(|row| Ok((UserId::try_from(row.try_get::<i64, _>(0)?)?, time(row.try_get(1)?)?)))
        .collect()
}

/// Whether it is new.
pub async fn attest(change: &mut Change<'_>, version: PlanVersionId, person: UserId) -> Result<bool> {
    let done = sqlx::query(
        "insert into plan_attestation (version, person, at) values ($1, $2, $3) on conflict do nothing",
    )
    .bind(version.get())
    .bind(person.get())
    .bind(change.at_micros())
    .execute(&mut *change.tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The people of every role, first choice first.
pub async fn holders(db: &Db) -> Result<BTreeMap<RoleKey, Vec<UserId>>> {
    let rows = sqlx::query("select role, account_id from role_holder order by role, place")
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

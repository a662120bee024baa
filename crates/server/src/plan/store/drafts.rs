//! The SQL of drafts of the plan, of the words that were given for them, and of the files of versions.

use domain::plan::{DraftStatus, RoleKey, Word};
use domain::{PlanDraftId, PlanVersionId, UserId};
use platform::db::{Db, Tx};
use sqlx::Row;
use sqlx::any::AnyRow;

use super::super::draft::{Draft, Returned};
use super::super::files::Files;
use crate::change::{Change, time};
use crate::error::{Error, Result};

const COLUMNS: &str = "select id, base, files, edition, status, made_by, made_at, changed_by, changed_at, sent_by,
    sent_at, returned_by, returned_at, reason, plan from plan_draft";

fn user(number: i64) -> Result<UserId> {
    Ok(UserId::try_from(number)?)
}

fn draft(row: &AnyRow) -> Result<Draft> {
    let maybe = |name: &str| -> Result<Option<i64>> { Ok(row.try_get(name)?) };
    let returned = match (maybe("returned_by")?, maybe("returned_at")?, row.try_get("reason")?) {
        (Some(by), Some(at), Some(reason)) => Some(Returned { by: user(by)?, at: time(at)?, reason }),
        _ => None,
    };
    Ok(Draft {
        id: PlanDraftId::try_from(row.try_get::<i64, _>("id")?)?,
        base: PlanVersionId::try_from(row.try_get::<i64, _>("base")?)?,
        files: serde_json::from_str(row.try_get("files")?)?,
        edition: row.try_get("edition")?,
        status: row.try_get::<String, _>("status")?.parse::<DraftStatus>()?,
        made_by: user(row.try_get("made_by")?)?,
        made_at: time(row.try_get("made_at")?)?,
        changed_by: user(row.try_get("changed_by")?)?,
        changed_at: time(row.try_get("changed_at")?)?,
        sent_by: maybe("sent_by")?.map(user).transpose()?,
        sent_at: maybe("sent_at")?.map(time).transpose()?,
        returned,
        plan: maybe("plan")?.map(PlanVersionId::try_from).transpose()?,
    })
}

/// The draft that is neither published nor discarded.
pub async fn open(db: &Db) -> Result<Option<Draft>> {
    let sql = format!("{COLUMNS} where open = 1");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_optional(db.readers()).await?;
    row.as_ref().map(draft).transpose()
}

pub async fn open_in(tx: &mut Tx) -> Result<Option<Draft>> {
    let sql = format!("{COLUMNS} where open = 1");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_optional(tx).await?;
    row.as_ref().map(draft).transpose()
}

/// The draft that became this version.
pub async fn of_version(db: &Db, plan: PlanVersionId) -> Result<Option<Draft>> {
    let sql = format!("{COLUMNS} where plan = $1");
    let row =
        sqlx::query(sqlx::AssertSqlSafe(sql)).bind(plan.get()).fetch_optional(db.readers()).await?;
    row.as_ref().map(draft).transpose()
}

pub async fn insert(
    change: &mut Change<'_>,
    base: PlanVersionId,
    files: &Files,
    by: UserId,
) -> Result<PlanDraftId> {
    let row = sqlx::query(
        "insert into plan_draft (open, base, files, edition, status, made_by, made_at, changed_by, changed_at)
         values (1, $1, $2, 1, 'writing', $3, $4, $3, $4) returning id",
    )
    .bind(base.get())
    .bind(serde_json::to_string(files)?)
    .bind(by.get())
    .bind(change.at_micros())
    .fetch_one(&mut *change.tx)
    .await?;
    Ok(PlanDraftId::try_from(row.try_get::<i64, _>(0)?)?)
}

/// Keeps all of a draft, if it still stands at the edition before this one.
pub async fn save(change: &mut Change<'_>, draft: &Draft) -> Result<()> {
    let open = matches!(draft.status, DraftStatus::Writing | DraftStatus::Waiting);
    let returned = draft.returned.as_ref();
    let done = sqlx::query(
        "update plan_draft set open = $1, files = $2, edition = $3, status = $4, changed_by = $5, changed_at = $6,
           sent_by = $7, sent_at = $8, returned_by = $9, returned_at = $10, reason = $11, plan = $12
         where id = $13 and edition = $14",
    )
    .bind(open.then_some(1_i64))
    .bind(serde_json::to_string(&draft.files)?)
    .bind(draft.edition)
    .bind(draft.status.as_str())
    .bind(draft.changed_by.get())
    .bind(draft.changed_at.as_microsecond())
    .bind(draft.sent_by.map(UserId::get))
    .bind(draft.sent_at.map(jiff::Timestamp::as_microsecond))
    .bind(returned.map(|returned| returned.by.get()))
    .bind(returned.map(|returned| returned.at.as_microsecond()))
    .bind(returned.map(|returned| returned.reason.clone()))
    .bind(draft.plan.map(PlanVersionId::get))
    .bind(draft.id.get())
    .bind(draft.edition - 1)
    .execute(&mut *change.tx)
    .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(overtaken()) }
}

/// Somebody else changed the draft since it was read.
pub fn overtaken() -> Error {
    Error::Conflict(
        "The draft was changed since you opened it. Copy your text, open the part anew, and put it in there."
            .to_owned(),
    )
}

pub async fn add_author(change: &mut Change<'_>, draft: PlanDraftId, person: UserId) -> Result<()> {
    sqlx::query("insert into plan_author (draft, account_id) values ($1, $2) on conflict do nothing")
        .bind(draft.get())
        .bind(person.get())
        .execute(&mut *change.tx)
        .await?;
    Ok(())
}

pub async fn authors(db: &Db, draft: PlanDraftId) -> Result<Vec<UserId>> {
    let rows = sqlx::query("select account_id from plan_author where draft = $1 order by account_id")
        .bind(draft.get())
        .fetch_all(db.readers())
        .await?;
    rows.iter().map(|row| user(row.try_get(0)?)).collect()
}

pub async fn authors_in(tx: &mut Tx, draft: PlanDraftId) -> Result<Vec<UserId>> {
    let rows = sqlx::query("select account_id from plan_author where draft = $1 order by account_id")
        .bind(draft.get())
        .fetch_all(tx)
        .await?;
    rows.iter().map(|row| user(row.try_get(0)?)).collect()
}

fn word(row: &AnyRow) -> Result<Word> {
    Ok(Word { role: row.try_get::<String, _>(0)?.parse()?, by: user(row.try_get(1)?)? })
}

pub async fn words(db: &Db, draft: PlanDraftId) -> Result<Vec<Word>> {
    let rows = sqlx::query("select role, account_id from plan_word where draft = $1 order by at, role")
        .bind(draft.get())
        .fetch_all(db.readers())
        .await?;
    rows.iter().map(word).collect()
}

pub async fn words_in(tx: &mut Tx, draft: PlanDraftId) -> Result<Vec<Word>> {
    let rows = sqlx::query("select role, account_id from plan_word where draft = $1 order by at, role")
        .bind(draft.get())
        .fetch_all(tx)
        .await?;
    rows.iter().map(word).collect()
}

pub async fn add_word(change: &mut Change<'_>, draft: PlanDraftId, role: &RoleKey, by: UserId) -> Result<()> {
    sqlx::query("insert into plan_word (draft, role, account_id, at) values ($1, $2, $3, $4)")
        .bind(draft.get())
        .bind(role.as_str())
        .bind(by.get())
        .bind(change.at_micros())
        .execute(&mut *change.tx)
        .await?;
    Ok(())
}

/// Words count for the text that they were given for: they are gone when it goes back to be written.
pub async fn clear_words(change: &mut Change<'_>, draft: PlanDraftId) -> Result<()> {
    sqlx::query("delete from plan_word where draft = $1")
        .bind(draft.get())
        .execute(&mut *change.tx)
        .await?;
    Ok(())
}

pub async fn files(db: &Db, plan: PlanVersionId) -> Result<Option<Files>> {
    let row = sqlx::query("select files from plan_files where plan = $1")
        .bind(plan.get())
        .fetch_optional(db.readers())
        .await?;
    row.map(|row| Ok(serde_json::from_str(row.try_get(0)?)?)).transpose()
}

pub async fn insert_files(change: &mut Change<'_>, plan: PlanVersionId, files: &Files) -> Result<()> {
    sqlx::query("insert into plan_files (plan, files) values ($1, $2)")
        .bind(plan.get())
        .bind(serde_json::to_string(files)?)
        .execute(&mut *change.tx)
        .await?;
    Ok(())
}

//! The SQL of drafts.

use domain::plan::RoleKey;
use domain::{PlanDraftId, UserId};
use platform::db::{Db, Tx};
use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Draft, State, Word};
use crate::change::{Change, time};
use crate::error::Result;

const DRAFT: &str = "select id, title, base, status, author, made_at, state, changed_at from plan_draft";

fn draft(row: &AnyRow) -> Result<Draft> {
    Ok(Draft {
        id: PlanDraftId::try_from(row.try_get::<i64, _>(0)?)?,
        title: row.try_get(1)?,
        base: row.try_get::<i64, _>(2)?.try_into()?,
        status: row.try_get::<String, _>(3)?.parse()?,
        author: UserId::try_from(row.try_get::<i64, _>(4)?)?,
        made_at: time(row.try_get(5)?)?,
        state: row.try_get(6)?,
        changed_at: time(row.try_get(7)?)?,
    })
}

/// The newest first.
pub async fn drafts(db: &Db) -> Result<Vec<Draft>> {
    let rows = sqlx::query(
        "select id, title, base, status, author, made_at, state, changed_at from plan_draft order by id desc",
    )
    .fetch_all(db.readers())
    .await?;
    rows.iter().map(draft).collect()
}

pub async fn get(db: &Db, id: PlanDraftId) -> Result<Option<Draft>> {
    let row = sqlx::query(sqlx::AssertSqlSafe(format!("{DRAFT} where id = $1")))
        .bind(id.get())
        .fetch_optional(db.readers())
        .await?;
    row.as_ref().map(draft).transpose()
}

pub async fn get_in(tx: &mut Tx, id: PlanDraftId) -> Result<Option<Draft>> {
    let row = sqlx::query(sqlx::AssertSqlSafe(format!("{DRAFT} where id = $1")))
        .bind(id.get())
        .fetch_optional(tx)
        .await?;
    row.as_ref().map(draft).transpose()
}

pub async fn insert(change: &mut Change<'_>, title: &str, base: i64, author: UserId) -> Result<PlanDraftId> {
    let row = sqlx::query(
        "insert into plan_draft (title, base, status, author, made_at, state, changed_at)
         values ($1, $2, 'editing', $3, $4, 0, $4) returning id",
    )
    .bind(title)
    .bind(base)
    .bind(author.get())
    .bind(change.at_micros())
    .fetch_one(&mut *change.tx)
    .await?;
    Ok(PlanDraftId::try_from(row.try_get::<i64, _>(0)?)?)
}

pub async fn update(change: &mut Change<'_>, draft: &Draft) -> Result<()> {
    sqlx::query("update plan_draft set status = $1, base = $2, state = $3, changed_at = $4 where id = $5")
        .bind(draft.status.as_str())
        .bind(draft.base.get())
        .bind(draft.state)
        .bind(change.at_micros())
        .bind(draft.id.get())
        .execute(&mut *change.tx)
        .await?;
    Ok(())
}

pub async fn add_state(
    change: &mut Change<'_>,
    id: PlanDraftId,
    number: i64,
    folder: i64,
    what: &str,
    person: UserId,
) -> Result<()> {
    sqlx::query(
        "insert into plan_state (draft, number, folder, what, person, at) values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(id.get())
    .bind(number)
    .bind(folder)
    .bind(what)
    .bind(person.get())
    .bind(change.at_micros())
    .execute(&mut *change.tx)
    .await?;
    Ok(())
}

/// Every state of a draft, the newest first.
pub async fn states(db: &Db, id: PlanDraftId) -> Result<Vec<State>> {
    let rows = sqlx::query(
        "select number, folder, what, person, at from plan_state where draft = $1 order by number desc",
    )
    .bind(id.get())
    .fetch_all(db.readers())
    .await?;
    let read = |row: &AnyRow| {
        Ok(State {
            number: row.try_get(0)?,
            folder: row.try_get(1)?,
            what: row.try_get(2)?,
            person: UserId::try_from(row.try_get::<i64, _>(3)?)?,
            at: time(row.try_get(4)?)?,
        })
    };
    rows.iter().map(read).collect()
}

pub async fn add_word(
    change: &mut Change<'_>,
    draft: &Draft,
    role: &RoleKey,
    person: UserId,
    approved: bool,
    reason: &str,
) -> Result<()> {
    sqlx::query(
        "insert into plan_approval (draft, state, role, person, approved, reason, at)
         values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(draft.id.get())
    .bind(draft.state)
    .bind(role.as_str())
    .bind(person.get())
    .bind(i64::from(approved))
    .bind(reason)
    .bind(change.at_micros())
    .execute(&mut *change.tx)
    .await?;
    Ok(())
}

/// What approvers said of any state of a draft, the first first.
pub async fn words(db: &Db, id: PlanDraftId) -> Result<Vec<Word>> {
    let rows = sqlx::query(
        "select state, role, person, approved, reason, at from plan_approval where draft = $1 order by id",
    )
    .bind(id.get())
    .fetch_all(db.readers())
    .await?;
    let read = |row: &AnyRow| {
        Ok(Word {
            state: row.try_get(0)?,
            role: row.try_get::<String, _>(1)?.parse()?,
            person: UserId::try_from(row.try_get::<i64, _>(2)?)?,
            approved: row.try_get::<i64, _>(3)? == 1,
            reason: row.try_get(4)?,
            at: time(row.try_get(5)?)?,
        })
    };
    rows.iter().map(read).collect()
}

/// The roles that approved this very state.
pub async fn approved_in(tx: &mut Tx, id: PlanDraftId, state: i64) -> Result<Vec<RoleKey>> {
    let rows = sqlx::query("select role from plan_approval where draft = $1 and state = $2 and approved = 1")
        .bind(id.get())
        .bind(state)
        .fetch_all(tx)
        .await?;
    rows.iter().map(|row| Ok(row.try_get::<String, _>(0)?.parse()?)).collect()
}

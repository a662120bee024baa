//! The SQL of approvals.

use domain::response::ActKind;
use domain::{ApprovalId, IncidentId, UserId};
use jiff::Timestamp;
use platform::db::{Db, Row as AnyRow, Tx};
use sqlx::Row;

use super::super::response::approval::Approval;
use super::{at, maybe_at, user, word};
use crate::change::Change;
use crate::error::Result;

const COLUMNS: &str =
    "id, incident, act, role, what, status, asked_by, asked_at, answered_by, answered_at, reason, used_for";

pub async fn insert(change: &mut Change<'_>, new: &Approval) -> Result<ApprovalId> {
    let row = sqlx::query(
        "insert into approval (incident, act, role, what, status, asked_by, asked_at)
         values ($1, $2, $3, $4, $5, $6, $7) returning id",
    )
    .bind(new.incident.get())
    .bind(new.act.as_str())
    .bind(new.role.as_str())
    .bind(&new.what)
    .bind(new.status.as_str())
    .bind(new.asked_by.get())
    .bind(new.asked_at.as_microsecond())
    .fetch_one(&mut *change.tx)
    .await?;
    Ok(ApprovalId::try_from(row.try_get::<i64, _>(0)?)?)
}

pub async fn update(change: &mut Change<'_>, approval: &Approval) -> Result<()> {
    sqlx::query(
        "update approval set status = $2, answered_by = $3, answered_at = $4, reason = $5, used_for = $6
         where id = $1",
    )
    .bind(approval.id.get())
    .bind(approval.status.as_str())
    .bind(approval.answered_by.map(UserId::get))
    .bind(approval.answered_at.map(Timestamp::as_microsecond))
    .bind(approval.reason.as_deref())
    .bind(approval.used_for.as_deref())
    .execute(&mut *change.tx)
    .await?;
    Ok(())
}

pub async fn approval_in(tx: &mut Tx, id: ApprovalId) -> Result<Option<Approval>> {
    let statement = format!("select {COLUMNS} from approval where id = $1");
    let row = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(id.get()).fetch_optional(tx).await?;
    row.as_ref().map(approval).transpose()
}

/// Those for one act that are asked for, or given and not used yet.
pub async fn live_in(tx: &mut Tx, incident: IncidentId, act: ActKind) -> Result<Vec<Approval>> {
    let statement = format!(
        "select {COLUMNS} from approval where incident = $1 and act = $2 and status in ('asked', 'given') order by id"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(statement))
        .bind(incident.get())
        .bind(act.as_str())
        .fetch_all(tx)
        .await?;
    rows.iter().map(approval).collect()
}

/// All of an incident, the newest first.
pub async fn of_incident(db: &Db, incident: IncidentId) -> Result<Vec<Approval>> {
    let statement = format!("select {COLUMNS} from approval where incident = $1 order by id desc");
    let rows =
        sqlx::query(sqlx::AssertSqlSafe(statement)).bind(incident.get()).fetch_all(db.readers()).await?;
    rows.iter().map(approval).collect()
}

pub(super) fn approval(row: &AnyRow) -> Result<Approval> {
    Ok(Approval {
        id: ApprovalId::try_from(row.try_get::<i64, _>("id")?)?,
        incident: IncidentId::try_from(row.try_get::<i64, _>("incident")?)?,
        act: word(row, "act")?,
        role: word(row, "role")?,
        what: row.try_get("what")?,
        status: word(row, "status")?,
        asked_by: UserId::try_from(row.try_get::<i64, _>("asked_by")?)?,
        asked_at: at(row, "asked_at")?,
        answered_by: user(row, "answered_by")?,
        answered_at: maybe_at(row, "answered_at")?,
        reason: row.try_get("reason")?,
        used_for: row.try_get("used_for")?,
    })
}

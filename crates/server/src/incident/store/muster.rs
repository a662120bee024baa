//! The SQL of the muster list.

use domain::plan::RoleKey;
use domain::response::MusterStatus;
use domain::{IncidentId, MusterId, UserId};
use jiff::Timestamp;
use platform::db::{Db, Row as AnyRow, Tx};
use sqlx::Row;

use super::super::response::muster::Post;
use super::{at, maybe_at, user, word};
use crate::change::Change;
use crate::error::Result;

const COLUMNS: &str =
    "id, incident, role, status, person, note, surplus, declined, created_at, asked_at, answered_at";

pub async fn insert(change: &mut Change<'_>, post: &Post) -> Result<MusterId> {
    let row = sqlx::query(
        "insert into muster (incident, role, status, person, note, surplus, declined, created_at, asked_at, answered_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning id",
    )
    .bind(post.incident.get())
    .bind(post.role.as_str())
    .bind(post.status.as_str())
    .bind(post.person.map(UserId::get))
    .bind(post.note.as_deref())
    .bind(post.surplus.as_deref())
    .bind(serde_json::to_string(&post.declined)?)
    .bind(post.created_at.as_microsecond())
    .bind(post.asked_at.map(Timestamp::as_microsecond))
    .bind(post.answered_at.map(Timestamp::as_microsecond))
    .fetch_one(&mut *change.tx)
    .await?;
    Ok(MusterId::try_from(row.try_get::<i64, _>(0)?)?)
}

pub async fn update(change: &mut Change<'_>, post: &Post) -> Result<()> {
    sqlx::query(
        "update muster set status = $2, person = $3, note = $4, surplus = $5, declined = $6, asked_at = $7,
           answered_at = $8
         where id = $1",
    )
    .bind(post.id.get())
    .bind(post.status.as_str())
    .bind(post.person.map(UserId::get))
    .bind(post.note.as_deref())
    .bind(post.surplus.as_deref())
    .bind(serde_json::to_string(&post.declined)?)
    .bind(post.asked_at.map(Timestamp::as_microsecond))
    .bind(post.answered_at.map(Timestamp::as_microsecond))
    .execute(&mut *change.tx)
    .await?;
    Ok(())
}

pub async fn post_in(tx: &mut Tx, id: MusterId) -> Result<Option<Post>> {
    let statement = format!("select {COLUMNS} from muster where id = $1");
    let row = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(id.get()).fetch_optional(tx).await?;
    row.as_ref().map(post).transpose()
}

/// The place of a role in an incident.
pub async fn of_role_in(tx: &mut Tx, incident: IncidentId, role: &RoleKey) -> Result<Option<Post>> {
    let statement = format!("select {COLUMNS} from muster where incident = $1 and role = $2");
    let row = sqlx::query(sqlx::AssertSqlSafe(statement))
        .bind(incident.get())
        .bind(role.as_str())
        .fetch_optional(tx)
        .await?;
    row.as_ref().map(post).transpose()
}

pub async fn of_incident(db: &Db, incident: IncidentId) -> Result<Vec<Post>> {
    let statement = format!("select {COLUMNS} from muster where incident = $1 order by id");
    let rows =
        sqlx::query(sqlx::AssertSqlSafe(statement)).bind(incident.get()).fetch_all(db.readers()).await?;
    rows.iter().map(post).collect()
}

/// The same within a change.
pub async fn of_incident_in(tx: &mut Tx, incident: IncidentId) -> Result<Vec<Post>> {
    let statement = format!("select {COLUMNS} from muster where incident = $1 order by id");
    let rows = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(incident.get()).fetch_all(tx).await?;
    rows.iter().map(post).collect()
}

fn post(row: &AnyRow) -> Result<Post> {
    Ok(Post {
        id: MusterId::try_from(row.try_get::<i64, _>("id")?)?,
        incident: IncidentId::try_from(row.try_get::<i64, _>("incident")?)?,
        role: word(row, "role")?,
        status: word::<MusterStatus>(row, "status")?,
        person: user(row, "person")?,
        note: row.try_get("note")?,
        surplus: row.try_get("surplus")?,
        declined: serde_json::from_str(&row.try_get::<String, _>("declined")?)?,
        created_at: at(row, "created_at")?,
        asked_at: maybe_at(row, "asked_at")?,
        answered_at: maybe_at(row, "answered_at")?,
    })
}

//! The SQL of uploads under way.

use domain::{Actor, EvidenceId, IncidentId};
use jiff::Timestamp;
use platform::db::{Db, Row as AnyRow};
use sqlx::Row;

use crate::change::{Change, time};
use crate::error::Result;
use crate::identity::scope::{account, visible};

/// An upload as it is stored.
#[derive(Debug, Clone)]
pub struct Stored {
    pub id: String,
    pub incident: IncidentId,
    pub name: String,
    /// JSON of what was said about the file.
    pub statement: String,
    pub length: u64,
    /// Bytes that are durable.
    pub received: u64,
    /// Of those, what fills no chunk yet; sealed.
    pub tail: Vec<u8>,
    pub sealed_key: Vec<u8>,
    pub sealed_under: i64,
    pub expires_at: Timestamp,
    pub evidence: Option<EvidenceId>,
}

pub async fn insert(change: &mut Change<'_>, actor: &Actor, upload: &Stored) -> Result<()> {
    sqlx::query(
        "insert into evidence_upload (id, incident, account, name, statement, length, received, tail, sealed_key,
                                      sealed_under, made_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, 0, $7, $8, $9, $10, $11)",
    )
    .bind(&upload.id)
    .bind(upload.incident.get())
    .bind(account(actor))
    .bind(&upload.name)
    .bind(&upload.statement)
    .bind(signed(upload.length))
    .bind(upload.tail.clone())
    .bind(upload.sealed_key.clone())
    .bind(upload.sealed_under)
    .bind(change.at_micros())
    .bind(upload.expires_at.as_microsecond())
    .execute(&mut *change.tx)
    .await?;
    Ok(())
}

/// How many uploads this account has under way, and the bytes that all accounts' announce.
pub async fn under_way(change: &mut Change<'_>, actor: &Actor) -> Result<(i64, u64)> {
    let row = sqlx::query(
        "select coalesce(sum(case when account = $1 then 1 else 0 end), 0) as own,
                cast(coalesce(sum(length), 0) as bigint) as bytes
         from evidence_upload where evidence is null and expires_at > $2",
    )
    .bind(account(actor))
    .bind(change.at_micros())
    .fetch_one(&mut *change.tx)
    .await?;
    Ok((row.try_get("own")?, u64::try_from(row.try_get::<i64, _>("bytes")?).unwrap_or(0)))
}

/// An upload of the actor's own, of an incident that they may know of, and that has not expired.
pub async fn get(db: &Db, actor: &Actor, id: &str, now: Timestamp) -> Result<Option<Stored>> {
    let row = sqlx::query(concat!(
        "select u.id, u.incident, u.name, u.statement, u.length, u.received, u.tail, u.sealed_key, u.sealed_under,
                u.expires_at, u.evidence
         from evidence_upload u where u.id = $1 and u.account = $2 and u.expires_at > $3 and ",
        visible!("u.incident", "$2")
    ))
    .bind(id)
    .bind(account(actor))
    .bind(now.as_microsecond())
    .fetch_optional(db.readers())
    .await?;
    row.as_ref().map(stored).transpose()
}

/// What is durable now. `false` if the upload is gone or finished.
pub async fn advance(
    change: &mut Change<'_>,
    id: &str,
    received: u64,
    tail: &[u8],
    expires_at: Timestamp,
) -> Result<bool> {
    let done = sqlx::query(
        "update evidence_upload set received = $2, tail = $3, expires_at = $4 where id = $1 and evidence is null",
    )
    .bind(id)
    .bind(signed(received))
    .bind(tail.to_vec())
    .bind(expires_at.as_microsecond())
    .execute(&mut *change.tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The upload is an evidence item now. `false` if it was gone or finished.
pub async fn finish(change: &mut Change<'_>, upload: &Stored, evidence: EvidenceId) -> Result<bool> {
    let done = sqlx::query(
        "update evidence_upload set received = length, tail = $3, sealed_key = $3, evidence = $2
         where id = $1 and evidence is null",
    )
    .bind(&upload.id)
    .bind(evidence.get())
    .bind(Vec::<u8>::new())
    .execute(&mut *change.tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn delete(change: &mut Change<'_>, id: &str) -> Result<()> {
    sqlx::query("delete from evidence_upload where id = $1").bind(id).execute(&mut *change.tx).await?;
    Ok(())
}

/// Uploads whose time is over, a few at a time.
pub async fn expired(db: &Db, now: Timestamp) -> Result<Vec<String>> {
    let rows =
        sqlx::query("select id from evidence_upload where expires_at <= $1 order by expires_at limit 100")
            .bind(now.as_microsecond())
            .fetch_all(db.readers())
            .await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// Whether an upload of this name is under way.
pub async fn is_known(db: &Db, id: &str) -> Result<bool> {
    let row = sqlx::query("select 1 from evidence_upload where id = $1 and evidence is null")
        .bind(id)
        .fetch_optional(db.readers())
        .await?;
    Ok(row.is_some())
}

fn stored(row: &AnyRow) -> Result<Stored> {
    let count = |column| Ok::<_, sqlx::Error>(u64::try_from(row.try_get::<i64, _>(column)?).unwrap_or(0));
    Ok(Stored {
        id: row.try_get("id")?,
        incident: IncidentId::try_from(row.try_get::<i64, _>("incident")?)?,
        name: row.try_get("name")?,
        statement: row.try_get("statement")?,
        length: count("length")?,
        received: count("received")?,
        tail: row.try_get("tail")?,
        sealed_key: row.try_get("sealed_key")?,
        sealed_under: row.try_get("sealed_under")?,
        expires_at: time(row.try_get("expires_at")?)?,
        evidence: row.try_get::<Option<i64>, _>("evidence")?.map(EvidenceId::try_from).transpose()?,
    })
}

fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

//! The SQL of legal holds and retention.

use domain::{Actor, EvidenceId, HoldId, IncidentId, Period, UserId};
use jiff::Timestamp;
use platform::db::{Db, Row as AnyRow};
use sqlx::Row;

use crate::change::{Change, time};
use crate::error::{Error, Result};
use crate::evidence::keeping::{Hold, Retention};
use crate::identity::scope::{account, visible};

macro_rules! holds {
    ($rest:literal) => {
        concat!(
            "select h.id, h.incident, h.evidence, h.reason, h.person, h.account, h.at, h.lifted_at, h.lifted_by,
                    h.lift_reason
             from evidence_hold h where ",
            $rest
        )
    };
}

pub struct NewHold<'h> {
    pub incident: IncidentId,
    pub evidence: Option<EvidenceId>,
    pub reason: &'h str,
    pub by: &'h str,
    pub account: Option<UserId>,
}

pub async fn insert(change: &mut Change<'_>, new: &NewHold<'_>) -> Result<Hold> {
    let row = sqlx::query(
        "insert into evidence_hold (incident, evidence, reason, person, account, at) values ($1, $2, $3, $4, $5, $6)
         returning id",
    )
    .bind(new.incident.get())
    .bind(new.evidence.map(EvidenceId::get))
    .bind(new.reason)
    .bind(new.by)
    .bind(new.account.map(UserId::get))
    .bind(change.at_micros())
    .fetch_one(&mut *change.tx)
    .await?;
    Ok(Hold {
        id: HoldId::try_from(row.try_get::<i64, _>(0)?)?,
        incident: new.incident,
        evidence: new.evidence,
        reason: new.reason.to_owned(),
        by: new.by.to_owned(),
        account: new.account,
        at: change.at,
        lifted_at: None,
        lifted_by: None,
        lift_reason: None,
    })
}

/// `false` if it was lifted already.
pub async fn lift(change: &mut Change<'_>, id: HoldId, by: &str, reason: &str) -> Result<bool> {
    let done = sqlx::query(
        "update evidence_hold set lifted_at = $2, lifted_by = $3, lift_reason = $4 where id = $1 and lifted_at is null",
    )
    .bind(id.get())
    .bind(change.at_micros())
    .bind(by)
    .bind(reason)
    .execute(&mut *change.tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn get(db: &Db, actor: &Actor, id: HoldId) -> Result<Option<Hold>> {
    let row = sqlx::query(concat!(holds!("h.id = $1 and "), visible!("h.incident", "$2")))
        .bind(id.get())
        .bind(account(actor))
        .fetch_optional(db.readers())
        .await?;
    row.as_ref().map(hold).transpose()
}

pub async fn of_incident(db: &Db, incident: IncidentId) -> Result<Vec<Hold>> {
    let rows = sqlx::query(holds!("h.incident = $1 order by h.id"))
        .bind(incident.get())
        .fetch_all(db.readers())
        .await?;
    rows.iter().map(hold).collect()
}

/// What every hold that stands keeps: an incident's evidence, or one item of it.
pub async fn standing(db: &Db) -> Result<Vec<(IncidentId, Option<EvidenceId>)>> {
    let rows = sqlx::query("select incident, evidence from evidence_hold where lifted_at is null")
        .fetch_all(db.readers())
        .await?;
    rows.iter()
        .map(|row| {
            let evidence = row.try_get::<Option<i64>, _>(1)?.map(EvidenceId::try_from).transpose()?;
            Ok((IncidentId::try_from(row.try_get::<i64, _>(0)?)?, evidence))
        })
        .collect()
}

/// Whether a hold keeps this item, within a change.
pub async fn is_held(change: &mut Change<'_>, incident: IncidentId, id: EvidenceId) -> Result<bool> {
    let row = sqlx::query(
        "select 1 from evidence_hold where incident = $1 and (evidence is null or evidence = $2) and lifted_at is null
         limit 1",
    )
    .bind(incident.get())
    .bind(id.get())
    .fetch_optional(&mut *change.tx)
    .await?;
    Ok(row.is_some())
}

pub async fn retention(db: &Db, incident: IncidentId) -> Result<Option<Retention>> {
    let row =
        sqlx::query("select retain_for, reason, person, at from evidence_retention where incident = $1")
            .bind(incident.get())
            .fetch_optional(db.readers())
            .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Retention {
        incident,
        retain_for: period(&row.try_get::<String, _>("retain_for")?)?,
        reason: row.try_get("reason")?,
        by: row.try_get("person")?,
        at: time(row.try_get("at")?)?,
    }))
}

pub async fn set_retention(change: &mut Change<'_>, retention: &Retention, by: Option<UserId>) -> Result<()> {
    sqlx::query(
        "insert into evidence_retention (incident, retain_for, reason, person, account, at)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (incident) do update set retain_for = $2, reason = $3, person = $4, account = $5, at = $6",
    )
    .bind(retention.incident.get())
    .bind(retention.retain_for.to_string())
    .bind(&retention.reason)
    .bind(&retention.by)
    .bind(by.map(UserId::get))
    .bind(retention.at.as_microsecond())
    .execute(&mut *change.tx)
    .await?;
    Ok(())
}

/// When an incident was closed. Incidents stand above evidence, so this asks their table for nothing
/// but that.
pub async fn closed_at(db: &Db, incident: IncidentId) -> Result<Option<Timestamp>> {
    let row = sqlx::query("select closed_at from incident where id = $1")
        .bind(incident.get())
        .fetch_optional(db.readers())
        .await?;
    let Some(row) = row else { return Ok(None) };
    row.try_get::<Option<i64>, _>(0)?.map(time).transpose()
}

/// A closed incident with evidence that a person handed over and nobody has destroyed.
pub struct Closed {
    pub incident: IncidentId,
    pub at: Timestamp,
    pub retain_for: Option<Period>,
}

pub async fn closed(db: &Db, actor: &Actor) -> Result<Vec<Closed>> {
    let rows = sqlx::query(concat!(
        "select i.id, i.closed_at, r.retain_for from incident i
         left join evidence_retention r on r.incident = i.id
         where i.closed_at is not null
         and exists (select 1 from evidence e where e.incident = i.id and e.delivery is null and e.destroyed_at is null)
         and ",
        visible!("i.id", "$1")
    ))
    .bind(account(actor))
    .fetch_all(db.readers())
    .await?;
    rows.iter()
        .map(|row| {
            let retain_for = row.try_get::<Option<String>, _>("retain_for")?;
            Ok(Closed {
                incident: IncidentId::try_from(row.try_get::<i64, _>("id")?)?,
                at: time(row.try_get("closed_at")?)?,
                retain_for: retain_for.as_deref().map(period).transpose()?,
            })
        })
        .collect()
}

fn period(text: &str) -> Result<Period> {
    text.parse().map_err(|error: domain::Error| Error::Damaged(error.to_string()))
}

fn hold(row: &AnyRow) -> Result<Hold> {
    Ok(Hold {
        id: HoldId::try_from(row.try_get::<i64, _>("id")?)?,
        incident: IncidentId::try_from(row.try_get::<i64, _>("incident")?)?,
        evidence: row.try_get::<Option<i64>, _>("evidence")?.map(EvidenceId::try_from).transpose()?,
        reason: row.try_get("reason")?,
        by: row.try_get("person")?,
        account: row.try_get::<Option<i64>, _>("account")?.map(UserId::try_from).transpose()?,
        at: time(row.try_get("at")?)?,
        lifted_at: row.try_get::<Option<i64>, _>("lifted_at")?.map(time).transpose()?,
        lifted_by: row.try_get("lifted_by")?,
        lift_reason: row.try_get("lift_reason")?,
    })
}

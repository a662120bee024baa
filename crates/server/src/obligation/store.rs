//! The SQL of duties to notify.

use std::collections::{BTreeMap, BTreeSet};

use domain::obligation::clock::Alarm;
use domain::obligation::{DutyKey, StageKey};
use domain::{DutyProfileId, IncidentId, NoticeId, UserId, WaiverId};
use jiff::Timestamp;
use platform::db::{Db, Row as AnyRow, Tx};
use serde::de::DeserializeOwned;
use sqlx::Row;

use super::profile::Version;
use super::{Notice, Stored, Waiver};
use crate::change::{Change, time};
use crate::error::Result;

/// The newest versions of the profile, newest first.
pub async fn profiles(tx: &mut Tx, limit: i64) -> Result<Vec<Version>> {
    let rows = sqlx::query(
        "select id, profile, reason, set_by, set_at from obligation_profile order by id desc limit $1",
    )
    .bind(limit)
    .fetch_all(tx)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Version {
                id: DutyProfileId::try_from(row.try_get::<i64, _>(0)?)?,
                profile: serde_json::from_str(&row.try_get::<String, _>(1)?)?,
                reason: row.try_get(2)?,
                set_by: UserId::try_from(row.try_get::<i64, _>(3)?)?,
                set_at: time(row.try_get(4)?)?,
            })
        })
        .collect()
}

pub async fn insert_profile(change: &mut Change<'_>, version: Version) -> Result<Version> {
    let row = sqlx::query(
        "insert into obligation_profile (profile, reason, set_by, set_at) values ($1, $2, $3, $4) returning id",
    )
    .bind(serde_json::to_string(&version.profile)?)
    .bind(version.reason.clone())
    .bind(version.set_by.get())
    .bind(version.set_at.as_microsecond())
    .fetch_one(&mut *change.tx)
    .await?;
    Ok(Version { id: DutyProfileId::try_from(row.try_get::<i64, _>(0)?)?, ..version })
}

/// What was answered and written about an incident; `None` if nothing is kept of it.
pub async fn facts(tx: &mut Tx, id: IncidentId) -> Result<Option<Stored>> {
    let row = sqlx::query("select answers, sheet from obligation_case where incident = $1")
        .bind(id.get())
        .fetch_optional(tx)
        .await?;
    row.map(|row| {
        Ok(Stored {
            answers: serde_json::from_str(&row.try_get::<String, _>(0)?)?,
            sheet: serde_json::from_str(&row.try_get::<String, _>(1)?)?,
        })
    })
    .transpose()
}

pub async fn keep_facts(change: &mut Change<'_>, id: IncidentId, stored: &Stored) -> Result<()> {
    sqlx::query(
        "insert into obligation_case (incident, answers, sheet) values ($1, $2, $3)
         on conflict (incident) do update set answers = excluded.answers, sheet = excluded.sheet",
    )
    .bind(id.get())
    .bind(serde_json::to_string(&stored.answers)?)
    .bind(serde_json::to_string(&stored.sheet)?)
    .execute(&mut *change.tx)
    .await?;
    Ok(())
}

pub async fn set_next_call(change: &mut Change<'_>, id: IncidentId, at: Option<Timestamp>) -> Result<()> {
    sqlx::query(
        "insert into obligation_case (incident, answers, sheet, next_call) values ($1, $2, $3, $4)
         on conflict (incident) do update set next_call = excluded.next_call",
    )
    .bind(id.get())
    .bind("{}")
    .bind("{}")
    .bind(at.map(Timestamp::as_microsecond))
    .execute(&mut *change.tx)
    .await?;
    Ok(())
}

/// Has every incident looked at again.
pub async fn call_all(change: &mut Change<'_>) -> Result<()> {
    sqlx::query("update obligation_case set next_call = $1")
        .bind(change.at_micros())
        .execute(&mut *change.tx)
        .await?;
    Ok(())
}

/// Incidents of which a clock calls by `now`.
pub async fn due(db: &Db, now: Timestamp) -> Result<Vec<IncidentId>> {
    let rows = sqlx::query(
        "select incident from obligation_case where next_call <= $1 order by next_call, incident",
    )
    .bind(now.as_microsecond())
    .fetch_all(db.readers())
    .await?;
    rows.iter().map(|row| Ok(IncidentId::try_from(row.try_get::<i64, _>(0)?)?)).collect()
}

/// Incidents that were looked at before.
pub async fn known(db: &Db) -> Result<BTreeSet<IncidentId>> {
    let rows = sqlx::query("select incident from obligation_case").fetch_all(db.readers()).await?;
    rows.iter().map(|row| Ok(IncidentId::try_from(row.try_get::<i64, _>(0)?)?)).collect()
}

/// Notes that an alarm is called; `false` if it was before, or a graver one of the same deadline.
pub async fn note_alarm(
    change: &mut Change<'_>,
    id: IncidentId,
    duty: &DutyKey,
    stage: &StageKey,
    deadline: Timestamp,
    alarm: Alarm,
) -> Result<bool> {
    let done = sqlx::query(
        "insert into obligation_alarm (incident, duty, stage, deadline, alarm, at) values ($1, $2, $3, $4, $5, $6)
         on conflict do nothing",
    )
    .bind(id.get())
    .bind(duty.as_str())
    .bind(stage.as_str())
    .bind(deadline.as_microsecond())
    .bind(alarm.as_str())
    .bind(change.at_micros())
    .execute(&mut *change.tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn waivers(tx: &mut Tx, id: IncidentId) -> Result<Vec<Waiver>> {
    let rows = sqlx::query(
        "select id, incident, duty, reason, state, proposed_by, proposed_at, settled_by, settled_at
           from obligation_waiver where incident = $1 order by id",
    )
    .bind(id.get())
    .fetch_all(tx)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Waiver {
                id: WaiverId::try_from(row.try_get::<i64, _>("id")?)?,
                incident: IncidentId::try_from(row.try_get::<i64, _>("incident")?)?,
                duty: row.try_get::<String, _>("duty")?.parse()?,
                reason: row.try_get("reason")?,
                state: row.try_get::<String, _>("state")?.parse()?,
                proposed_by: UserId::try_from(row.try_get::<i64, _>("proposed_by")?)?,
                proposed_at: time(row.try_get("proposed_at")?)?,
                settled_by: user(row, "settled_by")?,
                settled_at: moment(row, "settled_at")?,
            })
        })
        .collect()
}

pub async fn insert_waiver(change: &mut Change<'_>, waiver: Waiver) -> Result<Waiver> {
    let row = sqlx::query(
        "insert into obligation_waiver (incident, duty, reason, state, proposed_by, proposed_at)
         values ($1, $2, $3, $4, $5, $6) returning id",
    )
    .bind(waiver.incident.get())
    .bind(waiver.duty.as_str())
    .bind(waiver.reason.clone())
    .bind(waiver.state.as_str())
    .bind(waiver.proposed_by.get())
    .bind(waiver.proposed_at.as_microsecond())
    .fetch_one(&mut *change.tx)
    .await?;
    Ok(Waiver { id: WaiverId::try_from(row.try_get::<i64, _>(0)?)?, ..waiver })
}

pub async fn update_waiver(change: &mut Change<'_>, waiver: &Waiver) -> Result<()> {
    sqlx::query("update obligation_waiver set state = $1, settled_by = $2, settled_at = $3 where id = $4")
        .bind(waiver.state.as_str())
        .bind(waiver.settled_by.map(UserId::get))
        .bind(waiver.settled_at.map(Timestamp::as_microsecond))
        .bind(waiver.id.get())
        .execute(&mut *change.tx)
        .await?;
    Ok(())
}

pub async fn notices(tx: &mut Tx, id: IncidentId) -> Result<Vec<Notice>> {
    let rows = sqlx::query(
        "select id, incident, duty, stage, state, own, frozen, begun_by, begun_at, routed_by, routed_at, approved_by,
                approved_at, sending
           from obligation_notice where incident = $1 order by id",
    )
    .bind(id.get())
    .fetch_all(tx)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Notice {
                id: NoticeId::try_from(row.try_get::<i64, _>("id")?)?,
                incident: IncidentId::try_from(row.try_get::<i64, _>("incident")?)?,
                duty: row.try_get::<String, _>("duty")?.parse()?,
                stage: row.try_get::<String, _>("stage")?.parse()?,
                state: row.try_get::<String, _>("state")?.parse()?,
                own: json(row, "own")?.unwrap_or_else(BTreeMap::new),
                frozen: json(row, "frozen")?,
                begun_by: UserId::try_from(row.try_get::<i64, _>("begun_by")?)?,
                begun_at: time(row.try_get("begun_at")?)?,
                routed_by: user(row, "routed_by")?,
                routed_at: moment(row, "routed_at")?,
                approved_by: user(row, "approved_by")?,
                approved_at: moment(row, "approved_at")?,
                sending: json(row, "sending")?,
            })
        })
        .collect()
}

pub async fn insert_notice(change: &mut Change<'_>, notice: Notice) -> Result<Notice> {
    let row = sqlx::query(
        "insert into obligation_notice (incident, duty, stage, state, own, begun_by, begun_at)
         values ($1, $2, $3, $4, $5, $6, $7) returning id",
    )
    .bind(notice.incident.get())
    .bind(notice.duty.as_str())
    .bind(notice.stage.as_str())
    .bind(notice.state.as_str())
    .bind(serde_json::to_string(&notice.own)?)
    .bind(notice.begun_by.get())
    .bind(notice.begun_at.as_microsecond())
    .fetch_one(&mut *change.tx)
    .await?;
    Ok(Notice { id: NoticeId::try_from(row.try_get::<i64, _>(0)?)?, ..notice })
}

pub async fn update_notice(change: &mut Change<'_>, notice: &Notice) -> Result<()> {
    sqlx::query(
        "update obligation_notice set state = $1, own = $2, frozen = $3, routed_by = $4, routed_at = $5,
                approved_by = $6, approved_at = $7, sending = $8 where id = $9",
    )
    .bind(notice.state.as_str())
    .bind(serde_json::to_string(&notice.own)?)
    .bind(notice.frozen.as_ref().map(serde_json::to_string).transpose()?)
    .bind(notice.routed_by.map(UserId::get))
    .bind(notice.routed_at.map(Timestamp::as_microsecond))
    .bind(notice.approved_by.map(UserId::get))
    .bind(notice.approved_at.map(Timestamp::as_microsecond))
    .bind(notice.sending.as_ref().map(serde_json::to_string).transpose()?)
    .bind(notice.id.get())
    .execute(&mut *change.tx)
    .await?;
    Ok(())
}

fn json<T: DeserializeOwned>(row: &AnyRow, column: &str) -> Result<Option<T>> {
    let text: Option<String> = row.try_get(column)?;
    Ok(text.map(|text| serde_json::from_str(&text)).transpose()?)
}

fn user(row: &AnyRow, column: &str) -> Result<Option<UserId>> {
    Ok(row.try_get::<Option<i64>, _>(column)?.map(UserId::try_from).transpose()?)
}

fn moment(row: &AnyRow, column: &str) -> Result<Option<Timestamp>> {
    row.try_get::<Option<i64>, _>(column)?.map(time).transpose()
}

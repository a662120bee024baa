//! The SQL of the organisation's own fields and statuses, and of what incidents hold in them.

use std::collections::BTreeMap;

use domain::custom::{FieldKey, FieldValue};
use domain::{FieldId, IncidentId, StatusId, UserId};
use jiff::Timestamp;
use platform::db::{Db, Row as AnyRow, Tx};
use sqlx::Row;

use super::super::custom::{Field, Status};
use super::{at, from_json, json, maybe_at, word};
use crate::change::Change;
use crate::error::Result;

const FIELDS: &str = "select id, name, label, kind, choices, types, help, needed, place, created_by, created_at, \
    retired_at from incident_field order by place, id";
const STATUSES: &str = "select id, label, phases, waits, place, created_by, created_at, retired_at \
    from incident_status order by place, id";
const VALUES: &str = "select f.name, v.value from incident_field_value v join incident_field f on f.id = v.field \
    where v.incident = $1";

pub async fn fields(db: &Db) -> Result<Vec<Field>> {
    sqlx::query(FIELDS).fetch_all(db.readers()).await?.iter().map(field).collect()
}

pub async fn fields_in(tx: &mut Tx) -> Result<Vec<Field>> {
    sqlx::query(FIELDS).fetch_all(tx).await?.iter().map(field).collect()
}

pub async fn insert_field(change: &mut Change<'_>, new: &Field) -> Result<FieldId> {
    let row = sqlx::query(
        "insert into incident_field (name, label, kind, choices, types, help, needed, place, created_by, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning id",
    )
    .bind(new.key.as_str())
    .bind(&new.label)
    .bind(new.kind.as_str())
    .bind(json(&new.choices)?)
    .bind(json(&new.types)?)
    .bind(new.help.as_deref())
    .bind(new.needed.as_str())
    .bind(new.place)
    .bind(new.created_by.get())
    .bind(new.created_at.as_microsecond())
    .fetch_one(&mut *change.tx)
    .await?;
    Ok(FieldId::try_from(row.try_get::<i64, _>(0)?)?)
}

pub async fn update_field(change: &mut Change<'_>, field: &Field) -> Result<()> {
    sqlx::query(
        "update incident_field set label = $2, choices = $3, types = $4, help = $5, needed = $6, place = $7,
           retired_at = $8 where id = $1",
    )
    .bind(field.id.get())
    .bind(&field.label)
    .bind(json(&field.choices)?)
    .bind(json(&field.types)?)
    .bind(field.help.as_deref())
    .bind(field.needed.as_str())
    .bind(field.place)
    .bind(field.retired_at.map(Timestamp::as_microsecond))
    .execute(&mut *change.tx)
    .await?;
    Ok(())
}

/// The different values that incidents hold in a field.
pub async fn held_in(tx: &mut Tx, id: FieldId) -> Result<Vec<String>> {
    let rows = sqlx::query("select distinct value from incident_field_value where field = $1 order by value")
        .bind(id.get())
        .fetch_all(tx)
        .await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

pub async fn values(db: &Db, incident: IncidentId) -> Result<BTreeMap<FieldKey, String>> {
    sqlx::query(VALUES).bind(incident.get()).fetch_all(db.readers()).await?.iter().map(pair).collect()
}

pub async fn values_in(tx: &mut Tx, incident: IncidentId) -> Result<BTreeMap<FieldKey, String>> {
    sqlx::query(VALUES).bind(incident.get()).fetch_all(tx).await?.iter().map(pair).collect()
}

/// Puts a value in a field of an incident, or takes it away.
pub async fn set_value(
    change: &mut Change<'_>,
    incident: IncidentId,
    field: FieldId,
    value: Option<&FieldValue>,
    by: Option<UserId>,
) -> Result<()> {
    let Some(value) = value else {
        sqlx::query("delete from incident_field_value where incident = $1 and field = $2")
            .bind(incident.get())
            .bind(field.get())
            .execute(&mut *change.tx)
            .await?;
        return Ok(());
    };
    sqlx::query(
        "insert into incident_field_value (incident, field, value, set_by, set_at) values ($1, $2, $3, $4, $5)
         on conflict (incident, field) do update set value = excluded.value, set_by = excluded.set_by,
           set_at = excluded.set_at",
    )
    .bind(incident.get())
    .bind(field.get())
    .bind(value.as_str())
    .bind(by.map(UserId::get))
    .bind(change.at_micros())
    .execute(&mut *change.tx)
    .await?;
    Ok(())
}

pub async fn statuses(db: &Db) -> Result<Vec<Status>> {
    sqlx::query(STATUSES).fetch_all(db.readers()).await?.iter().map(status).collect()
}

pub async fn statuses_in(tx: &mut Tx) -> Result<Vec<Status>> {
    sqlx::query(STATUSES).fetch_all(tx).await?.iter().map(status).collect()
}

pub async fn insert_status(change: &mut Change<'_>, new: &Status) -> Result<StatusId> {
    let row = sqlx::query(
        "insert into incident_status (label, phases, waits, place, created_by, created_at)
         values ($1, $2, $3, $4, $5, $6) returning id",
    )
    .bind(&new.label)
    .bind(json(&new.phases)?)
    .bind(i64::from(new.waits))
    .bind(new.place)
    .bind(new.created_by.get())
    .bind(new.created_at.as_microsecond())
    .fetch_one(&mut *change.tx)
    .await?;
    Ok(StatusId::try_from(row.try_get::<i64, _>(0)?)?)
}

pub async fn update_status(change: &mut Change<'_>, status: &Status) -> Result<()> {
    sqlx::query("update incident_status set retired_at = $2 where id = $1")
        .bind(status.id.get())
        .bind(status.retired_at.map(Timestamp::as_microsecond))
        .execute(&mut *change.tx)
        .await?;
    Ok(())
}

fn pair(row: &AnyRow) -> Result<(FieldKey, String)> {
    Ok((word(row, "name")?, row.try_get("value")?))
}

fn field(row: &AnyRow) -> Result<Field> {
    Ok(Field {
        id: FieldId::try_from(row.try_get::<i64, _>("id")?)?,
        key: word(row, "name")?,
        label: row.try_get("label")?,
        kind: word(row, "kind")?,
        choices: from_json(row, "choices")?,
        types: from_json(row, "types")?,
        help: row.try_get("help")?,
        needed: word(row, "needed")?,
        place: row.try_get("place")?,
        created_by: UserId::try_from(row.try_get::<i64, _>("created_by")?)?,
        created_at: at(row, "created_at")?,
        retired_at: maybe_at(row, "retired_at")?,
    })
}

fn status(row: &AnyRow) -> Result<Status> {
    Ok(Status {
        id: StatusId::try_from(row.try_get::<i64, _>("id")?)?,
        label: row.try_get("label")?,
        phases: from_json(row, "phases")?,
        waits: row.try_get::<i64, _>("waits")? != 0,
        place: row.try_get("place")?,
        created_by: UserId::try_from(row.try_get::<i64, _>("created_by")?)?,
        created_at: at(row, "created_at")?,
        retired_at: maybe_at(row, "retired_at")?,
    })
}

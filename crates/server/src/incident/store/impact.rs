//! The SQL of what an incident did and cost.

use domain::impact::Money;
use domain::{AffectedId, CostId, EffortId, IncidentId, UserId};
use jiff::Timestamp;
use jiff::civil::Date;
use platform::db::{Db, Row as AnyRow, Tx};
use sqlx::Row;

use super::super::impact::{Affected, Cost, Effort, Recorded};
use super::{at, first, from_json, json, maybe, maybe_at, user, word};
use crate::change::Change;
use crate::error::{Error, Result};
use crate::identity::scope::others;

const RECORDED: &str = "recorded_by, recorded_at, withdrawn_by, withdrawn_at, why";
const DATA: &str =
    "id, incident, kinds, done, subjects, countries, people, protection, confidence, source, note";
const EFFORT: &str = "id, incident, who, minutes, what, day";
const COST: &str = "id, incident, kind, units, currency, vendor, what, day";

pub async fn insert_data(change: &mut Change<'_>, new: &Affected) -> Result<AffectedId> {
    let row = sqlx::query(
        "insert into affected_data (incident, kinds, done, subjects, countries, people, protection, confidence, source,
           note, recorded_by, recorded_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) returning id",
    )
    .bind(new.incident.get())
    .bind(json(&new.kinds)?)
    .bind(json(&new.done)?)
    .bind(json(&new.subjects)?)
    .bind(json(&new.countries)?)
    .bind(new.people.map(|people| people.to_string()))
    .bind(new.protection.as_str())
    .bind(new.confidence.as_str())
    .bind(&new.source)
    .bind(new.note.as_deref())
    .bind(new.recorded.recorded_by.get())
    .bind(new.recorded.recorded_at.as_microsecond())
    .fetch_one(&mut *change.tx)
    .await?;
    Ok(AffectedId::try_from(row.try_get::<i64, _>(0)?)?)
}

pub async fn insert_effort(change: &mut Change<'_>, new: &Effort) -> Result<EffortId> {
    let row = sqlx::query(
        "insert into effort (incident, who, minutes, what, day, recorded_by, recorded_at)
         values ($1, $2, $3, $4, $5, $6, $7) returning id",
    )
    .bind(new.incident.get())
    .bind(&new.who)
    .bind(new.minutes)
    .bind(&new.what)
    .bind(new.day.to_string())
    .bind(new.recorded.recorded_by.get())
    .bind(new.recorded.recorded_at.as_microsecond())
    .fetch_one(&mut *change.tx)
    .await?;
    Ok(EffortId::try_from(row.try_get::<i64, _>(0)?)?)
}

pub async fn insert_cost(change: &mut Change<'_>, new: &Cost) -> Result<CostId> {
    let row = sqlx::query(
        "insert into cost (incident, kind, units, currency, vendor, what, day, recorded_by, recorded_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning id",
    )
    .bind(new.incident.get())
    .bind(new.kind.as_str())
    .bind(new.money.units)
    .bind(new.currency.as_str())
    .bind(new.vendor.as_deref())
    .bind(&new.what)
    .bind(new.day.to_string())
    .bind(new.recorded.recorded_by.get())
    .bind(new.recorded.recorded_at.as_microsecond())
    .fetch_one(&mut *change.tx)
    .await?;
    Ok(CostId::try_from(row.try_get::<i64, _>(0)?)?)
}

/// Marks a record of one of the three tables as withdrawn.
pub async fn withdraw(
    change: &mut Change<'_>,
    table: &'static str,
    id: i64,
    recorded: &Recorded,
) -> Result<()> {
    let statement =
        format!("update {table} set withdrawn_by = $2, withdrawn_at = $3, why = $4 where id = $1");
    sqlx::query(sqlx::AssertSqlSafe(statement))
        .bind(id)
        .bind(recorded.withdrawn_by.map(UserId::get))
        .bind(recorded.withdrawn_at.map(Timestamp::as_microsecond))
        .bind(recorded.why.as_deref())
        .execute(&mut *change.tx)
        .await?;
    Ok(())
}

pub async fn data(db: &Db, family: &[IncidentId]) -> Result<Vec<Affected>> {
    all_of(db, DATA, "affected_data", "id", family).await?.iter().map(affected).collect()
}

pub async fn efforts(db: &Db, family: &[IncidentId]) -> Result<Vec<Effort>> {
    all_of(db, EFFORT, "effort", "day, id", family).await?.iter().map(effort).collect()
}

pub async fn costs(db: &Db, family: &[IncidentId]) -> Result<Vec<Cost>> {
    all_of(db, COST, "cost", "day, id", family).await?.iter().map(cost).collect()
}

async fn all_of(
    db: &Db,
    columns: &'static str,
    table: &'static str,
    order: &'static str,
    family: &[IncidentId],
) -> Result<Vec<AnyRow>> {
    let statement = format!(
        "select {columns}, {RECORDED} from {table} where incident in ($1{}) order by {order}",
        others(family)
    );
    let query = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(first(family));
    Ok(query.fetch_all(db.readers()).await?)
}

/// The record, if it belongs to this incident.
pub async fn data_in(tx: &mut Tx, family: &[IncidentId], id: AffectedId) -> Result<Option<Affected>> {
    let row = one_in(tx, DATA, "affected_data", family, id.get()).await?;
    row.as_ref().map(affected).transpose()
}

pub async fn effort_in(tx: &mut Tx, family: &[IncidentId], id: EffortId) -> Result<Option<Effort>> {
    let row = one_in(tx, EFFORT, "effort", family, id.get()).await?;
    row.as_ref().map(effort).transpose()
}

pub async fn cost_in(tx: &mut Tx, family: &[IncidentId], id: CostId) -> Result<Option<Cost>> {
    let row = one_in(tx, COST, "cost", family, id.get()).await?;
    row.as_ref().map(cost).transpose()
}

async fn one_in(
    tx: &mut Tx,
    columns: &'static str,
    table: &'static str,
    family: &[IncidentId],
    id: i64,
) -> Result<Option<AnyRow>> {
    let statement = format!(
        "select {columns}, {RECORDED} from {table} where incident in ($1{}) and id = $2",
        others(family)
    );
    let query = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(first(family)).bind(id);
    Ok(query.fetch_optional(tx).await?)
}

fn recorded(row: &AnyRow) -> Result<Recorded> {
    Ok(Recorded {
        recorded_by: UserId::try_from(row.try_get::<i64, _>("recorded_by")?)?,
        recorded_at: at(row, "recorded_at")?,
        withdrawn_by: user(row, "withdrawn_by")?,
        withdrawn_at: maybe_at(row, "withdrawn_at")?,
        why: row.try_get("why")?,
    })
}

fn affected(row: &AnyRow) -> Result<Affected> {
    Ok(Affected {
        id: AffectedId::try_from(row.try_get::<i64, _>("id")?)?,
        incident: IncidentId::try_from(row.try_get::<i64, _>("incident")?)?,
        kinds: from_json(row, "kinds")?,
        done: from_json(row, "done")?,
        subjects: from_json(row, "subjects")?,
        countries: from_json(row, "countries")?,
        people: maybe(row, "people")?,
        protection: word(row, "protection")?,
        confidence: word(row, "confidence")?,
        source: row.try_get("source")?,
        note: row.try_get("note")?,
        recorded: recorded(row)?,
    })
}

fn effort(row: &AnyRow) -> Result<Effort> {
    Ok(Effort {
        id: EffortId::try_from(row.try_get::<i64, _>("id")?)?,
        incident: IncidentId::try_from(row.try_get::<i64, _>("incident")?)?,
        who: row.try_get("who")?,
        minutes: row.try_get("minutes")?,
        what: row.try_get("what")?,
        day: day(row)?,
        recorded: recorded(row)?,
    })
}

fn cost(row: &AnyRow) -> Result<Cost> {
    let money = Money { units: row.try_get("units")?, currency: word(row, "currency")? };
    Ok(Cost {
        id: CostId::try_from(row.try_get::<i64, _>("id")?)?,
        incident: IncidentId::try_from(row.try_get::<i64, _>("incident")?)?,
        kind: word(row, "kind")?,
        amount: money.amount(),
        currency: money.currency,
        vendor: row.try_get("vendor")?,
        what: row.try_get("what")?,
        day: day(row)?,
        recorded: recorded(row)?,
        money,
    })
}

fn day(row: &AnyRow) -> Result<Date> {
    let text: String = row.try_get("day")?;
    text.parse().map_err(|_| Error::Damaged(format!("{text:?} is not a day")))
}

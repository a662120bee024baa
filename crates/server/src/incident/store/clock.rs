//! The SQL of the times that are owed.

use domain::response::ClockKind;
use domain::{ClockId, IncidentId};
use jiff::Timestamp;
use platform::db::{Db, Row as AnyRow, Tx};
use sqlx::Row;

use super::super::response::clock::Owed;
use super::{at, maybe, maybe_at, word};
use crate::change::Change;
use crate::error::Result;

const COLUMNS: &str = "id, incident, kind, severity, starts, target, due, met_at, ended_at, why, alarmed_at";

pub async fn insert(change: &mut Change<'_>, new: &Owed) -> Result<ClockId> {
    let row = sqlx::query(
        "insert into incident_clock (incident, kind, severity, starts, target, due, met_at, ended_at, why, alarmed_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning id",
    )
    .bind(new.incident.get())
    .bind(new.kind.as_str())
    .bind(new.severity.as_str())
    .bind(new.starts.as_microsecond())
    .bind(new.target.to_string())
    .bind(new.due.as_microsecond())
    .bind(new.met_at.map(Timestamp::as_microsecond))
    .bind(new.ended_at.map(Timestamp::as_microsecond))
    .bind(new.why.as_deref())
    .bind(new.alarmed_at.map(Timestamp::as_microsecond))
    .fetch_one(&mut *change.tx)
    .await?;
    Ok(ClockId::try_from(row.try_get::<i64, _>(0)?)?)
}

pub async fn update(change: &mut Change<'_>, clock: &Owed) -> Result<()> {
    sqlx::query(
        "update incident_clock set met_at = $2, ended_at = $3, why = $4, alarmed_at = $5 where id = $1",
    )
    .bind(clock.id.get())
    .bind(clock.met_at.map(Timestamp::as_microsecond))
    .bind(clock.ended_at.map(Timestamp::as_microsecond))
    .bind(clock.why.as_deref())
    .bind(clock.alarmed_at.map(Timestamp::as_microsecond))
    .execute(&mut *change.tx)
    .await?;
    Ok(())
}

/// What a list of incidents `i` tells of the clock that runs out next.
pub const NEXT: &str = "(select min(k.due) from incident_clock k where k.incident = i.id and k.met_at is null \
    and k.ended_at is null) as clock_due, \
    (select k.kind from incident_clock k where k.incident = i.id and k.met_at is null and k.ended_at is null \
    order by k.due, k.id limit 1) as clock_kind";

/// What [`NEXT`] gives.
pub fn next(row: &AnyRow) -> Result<Option<(ClockKind, Timestamp)>> {
    Ok(maybe(row, "clock_kind")?.zip(maybe_at(row, "clock_due")?))
}

/// All of an incident, in the order in which they began to count.
pub async fn of_incident(db: &Db, incident: IncidentId) -> Result<Vec<Owed>> {
    let statement = format!("select {COLUMNS} from incident_clock where incident = $1 order by id");
    let rows =
        sqlx::query(sqlx::AssertSqlSafe(statement)).bind(incident.get()).fetch_all(db.readers()).await?;
    rows.iter().map(owed).collect()
}

/// The last clock of a kind that counted, if there was one.
pub async fn last_in(tx: &mut Tx, incident: IncidentId, kind: ClockKind) -> Result<Option<Owed>> {
    let statement = format!(
        "select {COLUMNS} from incident_clock where incident = $1 and kind = $2 order by id desc limit 1"
    );
    let row = sqlx::query(sqlx::AssertSqlSafe(statement))
        .bind(incident.get())
        .bind(kind.as_str())
        .fetch_optional(tx)
        .await?;
    row.as_ref().map(owed).transpose()
}

/// Those that ran out before `now` and of which nobody was told. What is merged into another owes nothing by
/// itself while it is.
pub async fn ran_out(db: &Db, now: Timestamp) -> Result<Vec<Owed>> {
    let statement = format!(
        "select {COLUMNS} from incident_clock
         where due < $1 and met_at is null and ended_at is null and alarmed_at is null
           and not exists (select 1 from scope_kin k where k.other = incident_clock.incident and k.below = 1)
         order by due limit 100"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(statement))
        .bind(now.as_microsecond())
        .fetch_all(db.readers())
        .await?;
    rows.iter().map(owed).collect()
}

pub async fn clock_in(tx: &mut Tx, id: ClockId) -> Result<Option<Owed>> {
    let statement = format!("select {COLUMNS} from incident_clock where id = $1");
    let row = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(id.get()).fetch_optional(tx).await?;
    row.as_ref().map(owed).transpose()
}

fn owed(row: &AnyRow) -> Result<Owed> {
    Ok(Owed {
        id: ClockId::try_from(row.try_get::<i64, _>("id")?)?,
        incident: IncidentId::try_from(row.try_get::<i64, _>("incident")?)?,
        kind: word(row, "kind")?,
        severity: word(row, "severity")?,
        starts: at(row, "starts")?,
        target: word(row, "target")?,
        due: at(row, "due")?,
        met_at: maybe_at(row, "met_at")?,
        ended_at: maybe_at(row, "ended_at")?,
        why: row.try_get("why")?,
        alarmed_at: maybe_at(row, "alarmed_at")?,
    })
}

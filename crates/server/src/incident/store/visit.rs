//! The SQL of visits.

use domain::{IncidentId, UserId};
use jiff::Timestamp;
use platform::db::Db;

use super::super::visit::Visit;
use super::{at, maybe_at};
use crate::change::Change;
use crate::error::Result;

pub async fn of(db: &Db, incident: IncidentId, person: UserId) -> Result<Option<Visit>> {
    let row = sqlx::query("select since, last from incident_visit where incident = $1 and account = $2")
        .bind(incident.get())
        .bind(person.get())
        .fetch_optional(db.readers())
        .await?;
    row.map(|row| Ok(Visit { since: maybe_at(&row, "since")?, last: at(&row, "last")? })).transpose()
}

pub async fn set(change: &mut Change<'_>, incident: IncidentId, person: UserId, visit: Visit) -> Result<()> {
    sqlx::query(
        "insert into incident_visit (incident, account, since, last) values ($1, $2, $3, $4)
         on conflict (incident, account) do update set since = excluded.since, last = excluded.last",
    )
    .bind(incident.get())
    .bind(person.get())
    .bind(visit.since.map(Timestamp::as_microsecond))
    .bind(visit.last.as_microsecond())
    .execute(&mut *change.tx)
    .await?;
    Ok(())
}

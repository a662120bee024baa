//! SQL of what is due next in matters of the slices above.

use domain::IncidentId;
use platform::db::Db;
use sqlx::Row;

use crate::change::{Change, time};
use crate::error::Result;
use crate::incident::above::Due;

pub async fn set(
    change: &mut Change<'_>,
    incident: IncidentId,
    kind: &'static str,
    due: Option<&Due>,
) -> Result<()> {
    sqlx::query("delete from incident_deadline where incident = $1 and kind = $2")
        .bind(incident.get())
        .bind(kind)
        .execute(&mut *change.tx)
        .await?;
    let Some(due) = due else { return Ok(()) };
    sqlx::query(
        "insert into incident_deadline (incident, kind, what, href, due) values ($1, $2, $3, $4, $5)",
    )
    .bind(incident.get())
    .bind(kind)
    .bind(due.what.clone())
    .bind(due.href.clone())
    .bind(due.at.as_microsecond())
    .execute(&mut *change.tx)
    .await?;
    Ok(())
}

/// The earliest of all kinds.
pub async fn next(db: &Db, incident: IncidentId) -> Result<Option<Due>> {
    let row = sqlx::query(
        "select what, href, due from incident_deadline where incident = $1 order by due, kind limit 1",
    )
    .bind(incident.get())
    .fetch_optional(db.readers())
    .await?;
    row.map(|row| Ok(Due { what: row.try_get(0)?, href: row.try_get(1)?, at: time(row.try_get(2)?)? }))
        .transpose()
}

pub async fn open_incidents(db: &Db) -> Result<Vec<IncidentId>> {
    let rows = sqlx::query("select id from incident where closed_at is null order by id")
        .fetch_all(db.readers())
        .await?;
    rows.iter().map(|row| Ok(IncidentId::try_from(row.try_get::<i64, _>(0)?)?)).collect()
}

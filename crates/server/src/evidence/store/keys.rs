//! The SQL of the keys that evidence lies under, and of where an item's bytes are.

use domain::{EvidenceId, IncidentId};
use platform::db::{Db, Tx};
use sqlx::{Any, Executor, Row};

use crate::change::Change;
use crate::error::Result;

/// Where an item's bytes are.
pub struct Place {
    /// The blob's name.
    pub blob: String,
    pub key: Keyed,
}

/// Under which keys they lie.
pub enum Keyed {
    /// Under none: what was kept before evidence was encrypted, and deliveries of telemetry.
    Open,
    /// Both keys, sealed.
    Under { incident: IncidentId, of_incident: Vec<u8>, of_item: Vec<u8> },
    /// They were destroyed.
    Destroyed,
}

/// The incident's key that stands.
pub async fn of_incident(change: &mut Change<'_>, incident: IncidentId) -> Result<Option<(i64, Vec<u8>)>> {
    let row = sqlx::query(
        "select id, sealed from evidence_key where incident = $1 and sealed is not null order by id desc limit 1",
    )
    .bind(incident.get())
    .fetch_optional(&mut *change.tx)
    .await?;
    row.map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).transpose()
}

pub async fn insert(change: &mut Change<'_>, incident: IncidentId, sealed: &[u8]) -> Result<i64> {
    let row =
        sqlx::query("insert into evidence_key (incident, sealed, made_at) values ($1, $2, $3) returning id")
            .bind(incident.get())
            .bind(sealed.to_vec())
            .bind(change.at_micros())
            .fetch_one(&mut *change.tx)
            .await?;
    Ok(row.try_get(0)?)
}

/// The sealed key with this number, and whose it is. `None` if it was destroyed.
pub async fn sealed(db: &Db, id: i64) -> Result<Option<(IncidentId, Vec<u8>)>> {
    let row = sqlx::query("select incident, sealed from evidence_key where id = $1 and sealed is not null")
        .bind(id)
        .fetch_optional(db.readers())
        .await?;
    row.map(|row| Ok((IncidentId::try_from(row.try_get::<i64, _>(0)?)?, row.try_get(1)?))).transpose()
}

/// Where the bytes of an item are. The caller has seen to it that the actor may know of the item.
pub async fn place(db: &Db, id: EvidenceId) -> Result<Option<Place>> {
    place_on(db.readers(), id).await
}

/// The same within a change.
pub async fn place_in(tx: &mut Tx, id: EvidenceId) -> Result<Option<Place>> {
    place_on(tx, id).await
}

async fn place_on(on: impl Executor<'_, Database = Any>, id: EvidenceId) -> Result<Option<Place>> {
    let row = sqlx::query(
        "select e.sha256, e.blob, e.sealed_key, e.destroyed_at, k.incident, k.sealed
         from evidence e left join evidence_key k on k.id = e.sealed_under where e.id = $1",
    )
    .bind(id.get())
    .fetch_optional(on)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let blob: Option<String> = row.try_get("blob")?;
    let gone = row.try_get::<Option<i64>, _>("destroyed_at")?.is_some();
    let keys = (
        row.try_get::<Option<i64>, _>("incident")?,
        row.try_get::<Option<Vec<u8>>, _>("sealed")?,
        row.try_get::<Option<Vec<u8>>, _>("sealed_key")?,
    );
    let key = match (&blob, keys) {
        _ if gone => Keyed::Destroyed,
        (None, _) => Keyed::Open,
        (Some(_), (Some(incident), Some(of_incident), Some(of_item))) => {
            Keyed::Under { incident: IncidentId::try_from(incident)?, of_incident, of_item }
        }
        (Some(_), _) => Keyed::Destroyed,
    };
    Ok(Some(Place { blob: blob.map_or_else(|| row.try_get("sha256"), Ok)?, key }))
}

/// Destroys an item's key; and its incident's too, if nothing else lies under that.
pub async fn destroy(change: &mut Change<'_>, id: EvidenceId) -> Result<()> {
    let row = sqlx::query(
        "update evidence set sealed_key = null, destroyed_at = $2 where id = $1 returning sealed_under",
    )
    .bind(id.get())
    .bind(change.at_micros())
    .fetch_one(&mut *change.tx)
    .await?;
    let Some(under) = row.try_get::<Option<i64>, _>(0)? else { return Ok(()) };
    sqlx::query(
        "update evidence_key set sealed = null, destroyed_at = $2 where id = $1
         and not exists (select 1 from evidence e where e.sealed_under = $1 and e.destroyed_at is null)
         and not exists (select 1 from evidence_upload u where u.sealed_under = $1 and u.evidence is null)",
    )
    .bind(under)
    .bind(change.at_micros())
    .execute(&mut *change.tx)
    .await?;
    Ok(())
}

/// Whether an open blob of this name is still some item's.
pub async fn is_used_openly(tx: &mut Tx, sha256: &str) -> Result<bool> {
    let row = sqlx::query(
        "select 1 from evidence where sha256 = $1 and blob is null and destroyed_at is null limit 1",
    )
    .bind(sha256)
    .fetch_optional(tx)
    .await?;
    Ok(row.is_some())
}

//! The SQL of observables and assets.

use domain::asset::AssetState;
use domain::observable::Standing;
use domain::{AssetId, EventId, IncidentId, ObservableId, ObservableKind};
use jiff::Timestamp;
use platform::db::{Db, Row as AnyRow, Tx};
use sqlx::{Any, QueryBuilder, Row};

use super::super::{Asset, Observed};
use super::{json, lines, maybe_at, word};
use crate::change::Change;
use crate::error::{Error, Result};

const OBSERVABLE: &str =
    "id, incident, kind, value, standing, note, events, first_seen, last_seen, parts";
const ASSET: &str = "id, incident, kind, name, state, note, first_seen, last_seen";

/// The observables of an incident with these values, without their events.
pub async fn known_in(tx: &mut Tx, incident: IncidentId, values: &[String]) -> Result<Vec<Observed>> {
    let mut known = Vec::new();
    for some in values.chunks(500) {
        let mut select = QueryBuilder::<Any>::new(format!("select {OBSERVABLE} from observable where incident = "));
        select.push_bind(incident.get()).push(" and value in (");
        let mut list = select.separated(", ");
        for value in some {
            list.push_bind(value.clone());
        }
        select.push(")");
        for row in select.build().fetch_all(&mut *tx).await? {
            known.push(observed(&row)?);
        }
    }
    Ok(known)
}

/// Adds observables and gives them with their numbers.
pub async fn insert(change: &mut Change<'_>, mut new: Vec<Observed>) -> Result<Vec<Observed>> {
    for some in new.chunks_mut(500) {
        let parts = some.iter().map(|observed| json(&observed.parts)).collect::<Result<Vec<_>>>()?;
        let mut insert = QueryBuilder::<Any>::new(
            "insert into observable (incident, kind, value, standing, note, events, first_seen, last_seen, parts) ",
        );
        insert.push_values(some.iter().zip(parts), |mut row, (observed, parts)| {
            row.push_bind(observed.incident.get())
                .push_bind(observed.kind.as_str())
                .push_bind(observed.value.clone())
                .push_bind(observed.standing.as_str())
                .push_bind(observed.note.clone())
                .push_bind(observed.count)
                .push_bind(observed.first_seen.map(Timestamp::as_microsecond))
                .push_bind(observed.last_seen.map(Timestamp::as_microsecond))
                .push_bind(parts);
        });
        insert.push(" returning id");
        let rows = insert.build().fetch_all(&mut *change.tx).await?;
        for (observed, id) in some.iter_mut().zip(super::numbers(&rows)?) {
            observed.id = ObservableId::try_from(id)?;
        }
    }
    Ok(new)
}

pub async fn update(change: &mut Change<'_>, observed: &Observed) -> Result<()> {
    sqlx::query(
        "update observable set standing = $2, note = $3, events = $4, first_seen = $5, last_seen = $6, parts = $7
         where id = $1",
    )
    .bind(observed.id.get())
    .bind(observed.standing.as_str())
    .bind(observed.note.as_deref())
    .bind(observed.count)
    .bind(observed.first_seen.map(Timestamp::as_microsecond))
    .bind(observed.last_seen.map(Timestamp::as_microsecond))
    .bind(json(&observed.parts)?)
    .execute(&mut *change.tx)
    .await?;
    Ok(())
}

/// Notes in which events an observable was seen.
pub async fn seen_in(change: &mut Change<'_>, pairs: &[(ObservableId, EventId)]) -> Result<()> {
    for some in pairs.chunks(2000) {
        let mut insert = QueryBuilder::<Any>::new("insert into observable_event (observable, event) ");
        insert.push_values(some, |mut row, (observable, event)| {
            row.push_bind(observable.get()).push_bind(event.get());
        });
        insert.push(" on conflict do nothing");
        insert.build().execute(&mut *change.tx).await?;
    }
    Ok(())
}

/// How many events each of these was seen in.
pub async fn event_count_in(tx: &mut Tx, observable: ObservableId) -> Result<i64> {
    let row = sqlx::query("select count(*) from observable_event where observable = $1")
        .bind(observable.get())
        .fetch_one(tx)
        .await?;
    Ok(row.try_get(0)?)
}

/// The observable, if it belongs to this incident.
pub async fn observable_in(tx: &mut Tx, incident: IncidentId, id: ObservableId) -> Result<Option<Observed>> {
    let statement = format!("select {OBSERVABLE} from observable where id = $1 and incident = $2");
    let row = sqlx::query(sqlx::AssertSqlSafe(statement))
        .bind(id.get())
        .bind(incident.get())
        .fetch_optional(tx)
        .await?;
    row.as_ref().map(observed).transpose()
}

/// All observables of an incident: indicators first, then what was seen most; each with its first events.
pub async fn observables(db: &Db, incident: IncidentId, events_each: i64) -> Result<Vec<Observed>> {
    let statement = format!(
        "select {OBSERVABLE} from observable where incident = $1
         order by case standing when 'indicator' then 0 when 'unknown' then 1 else 2 end, kind, events desc, id"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(statement))
        .bind(incident.get())
        .fetch_all(db.readers())
        .await?;
    let mut all = rows.iter().map(observed).collect::<Result<Vec<_>>>()?;
    let rows = sqlx::query(
        "select s.observable, s.event from (
           select oe.observable, oe.event, row_number() over (partition by oe.observable order by oe.event) as n
           from observable_event oe join observable o on o.id = oe.observable where o.incident = $1
         ) s where s.n <= $2 order by s.observable, s.event",
    )
    .bind(incident.get())
    .bind(events_each)
    .fetch_all(db.readers())
    .await?;
    let mut events: std::collections::BTreeMap<i64, Vec<EventId>> = std::collections::BTreeMap::new();
    for row in &rows {
        let event = EventId::try_from(row.try_get::<i64, _>(1)?)?;
        events.entry(row.try_get(0)?).or_default().push(event);
    }
    for observed in &mut all {
        observed.events = events.remove(&observed.id.get()).unwrap_or_default();
    }
    Ok(all)
}

fn observed(row: &AnyRow) -> Result<Observed> {
    Ok(Observed {
        id: ObservableId::try_from(row.try_get::<i64, _>("id")?)?,
        incident: IncidentId::try_from(row.try_get::<i64, _>("incident")?)?,
        kind: word::<ObservableKind>(row, "kind")?,
        value: row.try_get("value")?,
        standing: word::<Standing>(row, "standing")?,
        note: row.try_get("note")?,
        count: row.try_get("events")?,
        first_seen: maybe_at(row, "first_seen")?,
        last_seen: maybe_at(row, "last_seen")?,
        parts: lines(row, "parts")?,
        events: Vec::new(),
    })
}

pub async fn assets_in(tx: &mut Tx, incident: IncidentId) -> Result<Vec<Asset>> {
    let statement = format!("select {ASSET} from asset where incident = $1");
    let rows = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(incident.get()).fetch_all(tx).await?;
    rows.iter().map(asset).collect()
}

/// All assets of an incident, the worst first.
pub async fn assets(db: &Db, incident: IncidentId) -> Result<Vec<Asset>> {
    let statement = format!(
        "select {ASSET} from asset where incident = $1
         order by case state when 'compromised' then 0 when 'suspected' then 1 when 'contained' then 2 else 3 end,
           kind desc, name"
    );
    let rows =
        sqlx::query(sqlx::AssertSqlSafe(statement)).bind(incident.get()).fetch_all(db.readers()).await?;
    rows.iter().map(asset).collect()
}

/// The asset, if it belongs to this incident.
pub async fn asset_in(tx: &mut Tx, incident: IncidentId, id: AssetId) -> Result<Option<Asset>> {
    let statement = format!("select {ASSET} from asset where id = $1 and incident = $2");
    let row = sqlx::query(sqlx::AssertSqlSafe(statement))
        .bind(id.get())
        .bind(incident.get())
        .fetch_optional(tx)
        .await?;
    row.as_ref().map(asset).transpose()
}

pub async fn insert_asset(change: &mut Change<'_>, new: &Asset) -> Result<AssetId> {
    let row = sqlx::query(
        "insert into asset (incident, kind, name, state, note, first_seen, last_seen)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing returning id",
    )
    .bind(new.incident.get())
    .bind(new.kind.as_str())
    .bind(&new.name)
    .bind(new.state.as_str())
    .bind(new.note.as_deref())
    .bind(new.first_seen.map(Timestamp::as_microsecond))
    .bind(new.last_seen.map(Timestamp::as_microsecond))
    .fetch_optional(&mut *change.tx)
    .await?;
    let row = row.ok_or_else(|| {
        Error::Conflict(format!("{} {} is an asset of this incident already.", new.kind.label(), new.name))
    })?;
    Ok(AssetId::try_from(row.try_get::<i64, _>(0)?)?)
}

pub async fn update_asset(change: &mut Change<'_>, asset: &Asset) -> Result<()> {
    sqlx::query("update asset set state = $2, note = $3, first_seen = $4, last_seen = $5 where id = $1")
        .bind(asset.id.get())
        .bind(asset.state.as_str())
        .bind(asset.note.as_deref())
        .bind(asset.first_seen.map(Timestamp::as_microsecond))
        .bind(asset.last_seen.map(Timestamp::as_microsecond))
        .execute(&mut *change.tx)
        .await?;
    Ok(())
}

fn asset(row: &AnyRow) -> Result<Asset> {
    Ok(Asset {
        id: AssetId::try_from(row.try_get::<i64, _>("id")?)?,
        incident: IncidentId::try_from(row.try_get::<i64, _>("incident")?)?,
        kind: word::<ObservableKind>(row, "kind")?,
        name: row.try_get("name")?,
        state: word::<AssetState>(row, "state")?,
        note: row.try_get("note")?,
        first_seen: maybe_at(row, "first_seen")?,
        last_seen: maybe_at(row, "last_seen")?,
    })
}

//! The SQL of observables and assets.

use std::collections::HashMap;

use domain::asset::{AssetState, Compromise, Containment};
use domain::observable::Standing;
use domain::{AssetId, EventId, IncidentId, ObservableId, ObservableKind, Tlp, UserId};
use jiff::Timestamp;
use platform::db::{Bind, Db, Row as AnyRow, Tx, insert_rows};
use sqlx::Row;

use super::super::assets::Step;
use super::super::{Asset, Observed};
use super::{at, first, from_json, json, maybe, maybe_at, user, word};
use crate::change::Change;
use crate::error::{Error, Result};
use crate::identity::scope::{listed, others};

const OBSERVABLE: &str =
    "id, incident, kind, value, standing, note, events, first_seen, last_seen, parts, tlp, tags";
const ASSET: &str = "id, incident, kind, name, state, note, first_seen, last_seen, compromise, containment";

/// The observables of an incident with these values, without their events.
pub async fn known_in(tx: &mut Tx, incident: IncidentId, values: &[String]) -> Result<Vec<Observed>> {
    let mut known = Vec::new();
    for some in values.chunks(500) {
        let places: Vec<String> = (0..some.len()).map(|n| format!("${}", n + 2)).collect();
        let statement = format!(
            "select {OBSERVABLE} from observable where incident = $1 and value in ({})",
            places.join(", ")
        );
        let mut select = sqlx::query(sqlx::AssertSqlSafe(statement)).persistent(false).bind(incident.get());
        for value in some {
            select = select.bind(value);
        }
        for row in select.fetch_all(&mut *tx).await? {
            known.push(observed(&row)?);
        }
    }
    Ok(known)
}

/// Adds observables and gives them with their numbers.
pub async fn insert(change: &mut Change<'_>, mut new: Vec<Observed>) -> Result<Vec<Observed>> {
    let rows = new.iter().map(binds).collect::<Result<Vec<_>>>()?;
    let into = "insert into observable (incident, kind, value, standing, note, events, first_seen, last_seen, parts, tlp,
         tags)";
    let returned = insert_rows(change.tx, into, rows, "returning id").await?;
    for (observed, row) in new.iter_mut().zip(&returned) {
        observed.id = ObservableId::try_from(row.try_get::<i64, _>(0)?)?;
    }
    Ok(new)
}

fn binds(observed: &Observed) -> Result<[Bind; 11]> {
    Ok([
        observed.incident.get().into(),
        observed.kind.as_str().into(),
        observed.value.clone().into(),
        observed.standing.as_str().into(),
        observed.note.clone().into(),
        observed.count.into(),
        observed.first_seen.map(Timestamp::as_microsecond).into(),
        observed.last_seen.map(Timestamp::as_microsecond).into(),
        json(&observed.parts)?.into(),
        observed.tlp.map(|tlp| tlp.as_str().to_owned()).into(),
        json(&observed.tags)?.into(),
    ])
}

pub async fn update(change: &mut Change<'_>, observed: &Observed) -> Result<()> {
    sqlx::query(
        "update observable set standing = $2, note = $3, events = $4, first_seen = $5, last_seen = $6, parts = $7,
           tlp = $8, tags = $9
         where id = $1",
    )
    .bind(observed.id.get())
    .bind(observed.standing.as_str())
    .bind(observed.note.as_deref())
    .bind(observed.count)
    .bind(observed.first_seen.map(Timestamp::as_microsecond))
    .bind(observed.last_seen.map(Timestamp::as_microsecond))
    .bind(json(&observed.parts)?)
    .bind(observed.tlp.map(Tlp::as_str))
    .bind(json(&observed.tags)?)
    .execute(&mut *change.tx)
    .await?;
    Ok(())
}

/// Notes in which events observables were seen.
pub async fn seen_in(change: &mut Change<'_>, pairs: &[(ObservableId, EventId)]) -> Result<()> {
    let rows =
        pairs.iter().map(|(observable, event)| [observable.get().into(), event.get().into()]).collect();
    let into = "insert into observable_event (observable, event)";
    insert_rows::<2>(change.tx, into, rows, "on conflict do nothing").await?;
    Ok(())
}

/// In how many events it was seen.
pub async fn event_count_in(tx: &mut Tx, observable: ObservableId) -> Result<i64> {
    let row = sqlx::query("select count(*) from observable_event where observable = $1")
        .bind(observable.get())
        .fetch_one(tx)
        .await?;
    Ok(row.try_get(0)?)
}

/// The observable, if it belongs to one of these incidents, and after it the records of the same value in the
/// others of them.
pub async fn same_in(tx: &mut Tx, family: &[IncidentId], id: ObservableId) -> Result<Vec<Observed>> {
    let statement = format!(
        "select {OBSERVABLE} from observable o where o.incident in ({list}) and exists (
           select 1 from observable n where n.id = $1 and n.incident in ({list})
             and n.kind = o.kind and n.value = o.value)
         order by case when o.id = $1 then 0 else 1 end, o.id",
        list = listed(family)
    );
    let rows =
        sqlx::query(sqlx::AssertSqlSafe(statement)).persistent(false).bind(id.get()).fetch_all(tx).await?;
    rows.iter().map(observed).collect()
}

/// All observables of an incident and those merged into it, by number; each with its first events.
pub async fn observables(db: &Db, family: &[IncidentId], events_each: i64) -> Result<Vec<Observed>> {
    let others = others(family);
    let statement = format!("select {OBSERVABLE} from observable where incident in ($1{others}) order by id");
    let rows =
        sqlx::query(sqlx::AssertSqlSafe(statement)).bind(first(family)).fetch_all(db.readers()).await?;
    let mut all = rows.iter().map(observed).collect::<Result<Vec<_>>>()?;
    let statement = format!(
        "select s.observable, s.event from (
           select oe.observable, oe.event, row_number() over (partition by oe.observable order by oe.event) as n
           from observable_event oe join observable o on o.id = oe.observable where o.incident in ($1{others})
         ) s where s.n <= $2 order by s.observable, s.event"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(statement))
        .bind(first(family))
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

/// How often an event counts more than once for a value, because it was seen in several of these incidents.
pub async fn seen_twice(db: &Db, family: &[IncidentId]) -> Result<HashMap<(ObservableKind, String), i64>> {
    let statement = format!(
        "select o.kind, o.value, count(*) - count(distinct oe.event) as twice
         from observable_event oe join observable o on o.id = oe.observable where o.incident in ($1{})
         group by o.kind, o.value having count(*) > count(distinct oe.event)",
        others(family)
    );
    let rows =
        sqlx::query(sqlx::AssertSqlSafe(statement)).bind(first(family)).fetch_all(db.readers()).await?;
    rows.iter().map(|row| Ok(((word(row, "kind")?, row.try_get("value")?), row.try_get("twice")?))).collect()
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
        parts: from_json(row, "parts")?,
        tlp: maybe(row, "tlp")?,
        tags: from_json(row, "tags")?,
        events: Vec::new(),
        united: Vec::new(),
    })
}

pub async fn assets_in(tx: &mut Tx, incident: IncidentId) -> Result<Vec<Asset>> {
    let statement = format!("select {ASSET} from asset where incident = $1");
    let rows = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(incident.get()).fetch_all(tx).await?;
    rows.iter().map(asset).collect()
}

/// All assets of an incident and those merged into it, the worst first.
pub async fn assets(db: &Db, family: &[IncidentId]) -> Result<Vec<Asset>> {
    let statement = format!(
        "select {ASSET} from asset where incident in ($1{})
         order by case state when 'compromised' then 0 when 'suspected' then 1 when 'contained' then 2 else 3 end,
           kind desc, name, id",
        others(family)
    );
    let rows =
        sqlx::query(sqlx::AssertSqlSafe(statement)).bind(first(family)).fetch_all(db.readers()).await?;
    rows.iter().map(asset).collect()
}

/// The asset, if it belongs to one of these incidents.
pub async fn asset_in(tx: &mut Tx, family: &[IncidentId], id: AssetId) -> Result<Option<Asset>> {
    let statement = format!("select {ASSET} from asset where id = $1 and incident in ({})", listed(family));
    let row = sqlx::query(sqlx::AssertSqlSafe(statement))
        .persistent(false)
        .bind(id.get())
        .fetch_optional(tx)
        .await?;
    row.as_ref().map(asset).transpose()
}

pub async fn insert_asset(change: &mut Change<'_>, new: &Asset) -> Result<AssetId> {
    let row = sqlx::query(
        "insert into asset (incident, kind, name, state, note, first_seen, last_seen, compromise, containment)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing returning id",
    )
    .bind(new.incident.get())
    .bind(new.kind.as_str())
    .bind(&new.name)
    .bind(new.state.as_str())
    .bind(new.note.as_deref())
    .bind(new.first_seen.map(Timestamp::as_microsecond))
    .bind(new.last_seen.map(Timestamp::as_microsecond))
    .bind(new.compromise.as_str())
    .bind(new.containment.as_str())
    .fetch_optional(&mut *change.tx)
    .await?;
    let row = row.ok_or_else(|| {
        Error::Conflict(format!("{} {} is an asset of this incident already.", new.kind.label(), new.name))
    })?;
    Ok(AssetId::try_from(row.try_get::<i64, _>(0)?)?)
}

pub async fn update_asset(change: &mut Change<'_>, asset: &Asset) -> Result<()> {
    sqlx::query(
        "update asset set state = $2, note = $3, first_seen = $4, last_seen = $5, compromise = $6, containment = $7
         where id = $1",
    )
        .bind(asset.id.get())
        .bind(asset.state.as_str())
        .bind(asset.note.as_deref())
        .bind(asset.first_seen.map(Timestamp::as_microsecond))
        .bind(asset.last_seen.map(Timestamp::as_microsecond))
        .bind(asset.compromise.as_str())
        .bind(asset.containment.as_str())
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
        compromise: word::<Compromise>(row, "compromise")?,
        containment: word::<Containment>(row, "containment")?,
        note: row.try_get("note")?,
        first_seen: maybe_at(row, "first_seen")?,
        last_seen: maybe_at(row, "last_seen")?,
    })
}

/// Notes steps of assets.
pub async fn insert_steps(change: &mut Change<'_>, steps: &[Step]) -> Result<()> {
    let rows: Vec<[Bind; 8]> = steps
        .iter()
        .map(|step| {
            [
                step.incident.get().into(),
                step.asset.get().into(),
                step.machine.as_str().into(),
                step.before.clone().into(),
                step.after.clone().into(),
                step.reason.clone().into(),
                step.by.map(UserId::get).into(),
                step.at.as_microsecond().into(),
            ]
        })
        .collect();
    let into = "insert into asset_step (incident, asset, machine, was, became, reason, account, at)";
    insert_rows(change.tx, into, rows, "").await?;
    Ok(())
}

/// The steps of all assets of an incident, the newest first.
pub async fn steps(db: &Db, family: &[IncidentId]) -> Result<Vec<Step>> {
    let statement = format!(
        "select incident, asset, machine, was, became, reason, account, at from asset_step
         where incident in ($1{}) order by id desc",
        others(family)
    );
    let rows =
        sqlx::query(sqlx::AssertSqlSafe(statement)).bind(first(family)).fetch_all(db.readers()).await?;
    rows.iter()
        .map(|row| {
            Ok(Step {
                incident: IncidentId::try_from(row.try_get::<i64, _>("incident")?)?,
                asset: AssetId::try_from(row.try_get::<i64, _>("asset")?)?,
                machine: word(row, "machine")?,
                before: row.try_get("was")?,
                after: row.try_get("became")?,
                reason: row.try_get("reason")?,
                by: user(row, "account")?,
                at: at(row, "at")?,
            })
        })
        .collect()
}

//! The SQL of sources.

use std::collections::HashMap;

use domain::{Line, SourceId, SourceKind, UserId};
use jiff::{SignedDuration, Timestamp};
use platform::db::{Db, Row as AnyRow, Tx};
use sqlx::Row;

use super::{Heard, Rate, Silence, Source};
use crate::change::{Change, time};
use crate::error::{Error, Result};

/// How many silences are shown.
const SILENCES: i64 = 20;

macro_rules! source {
    () => {
        "id, name, label, kind, format, state, created_at, created_by, last_seen, newest_event, lag, batches, \
         events, refused, bytes, detections, dropped, silence_after, silent_since"
    };
}

pub async fn list(db: &Db, retired: bool, before: Option<i64>, limit: i64) -> Result<Vec<Source>> {
    let rows = sqlx::query(concat!(
        "select ",
        source!(),
        " from source where id < coalesce(cast($1 as bigint), 9223372036854775807)
          and (state <> 'retired' or $2 = 1) order by id desc limit $3"
    ))
    .bind(before)
    .bind(i64::from(retired))
    .bind(limit)
    .fetch_all(db.readers())
    .await?;
    rows.iter().map(read).collect()
}

pub async fn get(db: &Db, id: SourceId) -> Result<Option<Source>> {
    let row = sqlx::query(concat!("select ", source!(), " from source where id = $1"))
        .bind(id.get())
        .fetch_optional(db.readers())
        .await?;
    row.as_ref().map(read).transpose()
}

pub async fn get_in(tx: &mut Tx, id: SourceId) -> Result<Option<Source>> {
    let row = sqlx::query(concat!("select ", source!(), " from source where id = $1"))
        .bind(id.get())
        .fetch_optional(tx)
        .await?;
    row.as_ref().map(read).transpose()
}

pub async fn by_name(db: &Db, name: &str) -> Result<Option<Source>> {
    let row = sqlx::query(concat!("select ", source!(), " from source where name = $1"))
        .bind(name)
        .fetch_optional(db.readers())
        .await?;
    row.as_ref().map(read).transpose()
}

pub async fn by_name_in(tx: &mut Tx, name: &str) -> Result<Option<Source>> {
    let row = sqlx::query(concat!("select ", source!(), " from source where name = $1"))
        .bind(name)
        .fetch_optional(tx)
        .await?;
    row.as_ref().map(read).transpose()
}

pub async fn count(tx: &mut Tx) -> Result<i64> {
    Ok(sqlx::query("select count(*) from source").fetch_one(tx).await?.try_get(0)?)
}

pub async fn insert(
    change: &mut Change<'_>,
    name: &Line,
    kind: SourceKind,
    by: Option<UserId>,
) -> Result<Source> {
    let row = sqlx::query(concat!(
        "insert into source (name, kind, state, created_at, created_by) values ($1, $2, 'active', $3, $4)
         returning ",
        source!()
    ))
    .bind(name.to_string())
    .bind(kind.as_str())
    .bind(change.at_micros())
    .bind(by.map(UserId::get))
    .fetch_one(&mut *change.tx)
    .await?;
    read(&row)
}

/// Writes what people and the alarm set.
pub async fn set(tx: &mut Tx, source: &Source) -> Result<()> {
    sqlx::query(
        "update source set label = $2, format = $3, state = $4, silence_after = $5, silent_since = $6
         where id = $1",
    )
    .bind(source.id.get())
    .bind(source.label.clone())
    .bind(source.format.clone())
    .bind(source.state.as_str())
    .bind(source.silence_after)
    .bind(source.silent_since.map(Timestamp::as_microsecond))
    .execute(tx)
    .await?;
    Ok(())
}

pub async fn add(change: &mut Change<'_>, id: SourceId, heard: &Heard) -> Result<()> {
    let newest = heard.newest.map(Timestamp::as_microsecond);
    sqlx::query(
        "update source set batches = batches + $2, events = events + $3, refused = refused + $4,
             bytes = bytes + $5, detections = detections + $6, last_seen = $7, silent_since = null,
             lag = case when cast($8 as bigint) >= coalesce(newest_event, $8) then $7 - $8 else lag end,
             newest_event = case when cast($8 as bigint) >= coalesce(newest_event, $8) then $8
                 else newest_event end
         where id = $1",
    )
    .bind(id.get())
    .bind(heard.batches)
    .bind(heard.events)
    .bind(heard.refused)
    .bind(heard.bytes)
    .bind(heard.detections)
    .bind(change.at_micros())
    .bind(newest)
    .execute(&mut *change.tx)
    .await?;
    Ok(())
}

pub async fn add_dropped(tx: &mut Tx, id: SourceId, messages: i64) -> Result<()> {
    sqlx::query("update source set dropped = dropped + $2 where id = $1")
        .bind(id.get())
        .bind(messages)
        .execute(tx)
        .await?;
    Ok(())
}

/// Adds to the bucket; says whether it is a new one.
pub async fn add_rate(tx: &mut Tx, id: SourceId, bucket: i64, heard: &Heard) -> Result<bool> {
    let known = sqlx::query(
        "update source_rate set events = events + $3, refused = refused + $4, bytes = bytes + $5,
             detections = detections + $6
         where source_id = $1 and bucket = $2",
    );
    let new = sqlx::query(
        "insert into source_rate (source_id, bucket, events, refused, bytes, detections)
         values ($1, $2, $3, $4, $5, $6)",
    );
    let bound = |query: sqlx::query::Query<'static, sqlx::Any, sqlx::any::AnyArguments>| {
        query
            .bind(id.get())
            .bind(bucket)
            .bind(heard.events)
            .bind(heard.refused)
            .bind(heard.bytes)
            .bind(heard.detections)
    };
    if bound(known).execute(&mut *tx).await?.rows_affected() > 0 {
        return Ok(false);
    }
    bound(new).execute(tx).await?;
    Ok(true)
}

pub async fn forget_rates(tx: &mut Tx, id: SourceId, before: Timestamp) -> Result<()> {
    sqlx::query("delete from source_rate where source_id = $1 and bucket < $2")
        .bind(id.get())
        .bind(before.as_microsecond())
        .execute(tx)
        .await?;
    Ok(())
}

pub async fn rates(db: &Db, id: SourceId, from: Timestamp) -> Result<Vec<Rate>> {
    Ok(rates_between(db, id, id, from).await?.remove(&id).unwrap_or_default())
}

/// By source, of all whose numbers lie between these two.
pub async fn rates_between(
    db: &Db,
    first: SourceId,
    last: SourceId,
    from: Timestamp,
) -> Result<HashMap<SourceId, Vec<Rate>>> {
    let rows = sqlx::query(
        "select bucket, events, refused, bytes, detections, source_id from source_rate
         where source_id between $1 and $2 and bucket >= $3 order by source_id, bucket",
    )
    .bind(first.get())
    .bind(last.get())
    .bind(from.as_microsecond())
    .fetch_all(db.readers())
    .await?;
    let mut rates: HashMap<SourceId, Vec<Rate>> = HashMap::new();
    for row in rows {
        let rate = Rate {
            from: time(row.try_get(0)?)?,
            events: row.try_get(1)?,
            refused: row.try_get(2)?,
            bytes: row.try_get(3)?,
            detections: row.try_get(4)?,
        };
        rates.entry(SourceId::try_from(row.try_get::<i64, _>(5)?)?).or_default().push(rate);
    }
    Ok(rates)
}

pub async fn fallen_silent(db: &Db, now: Timestamp) -> Result<Vec<Source>> {
    let rows = sqlx::query(concat!(
        "select ",
        source!(),
        " from source where state = 'active' and silent_since is null and silence_after is not null
          and last_seen + silence_after * 1000000 <= $1 order by id"
    ))
    .bind(now.as_microsecond())
    .fetch_all(db.readers())
    .await?;
    rows.iter().map(read).collect()
}

pub async fn insert_silence(change: &mut Change<'_>, id: SourceId, began: Timestamp) -> Result<()> {
    sqlx::query("insert into source_silence (source_id, began_at, alarmed_at) values ($1, $2, $3)")
        .bind(id.get())
        .bind(began.as_microsecond())
        .bind(change.at_micros())
        .execute(&mut *change.tx)
        .await?;
    Ok(())
}

pub async fn end_silence(change: &mut Change<'_>, id: SourceId) -> Result<()> {
    sqlx::query("update source_silence set ended_at = $2 where source_id = $1 and ended_at is null")
        .bind(id.get())
        .bind(change.at_micros())
        .execute(&mut *change.tx)
        .await?;
    Ok(())
}

pub async fn silences(db: &Db, id: SourceId) -> Result<Vec<Silence>> {
    let rows = sqlx::query(
        "select began_at, alarmed_at, ended_at from source_silence where source_id = $1
         order by id desc limit $2",
    )
    .bind(id.get())
    .bind(SILENCES)
    .fetch_all(db.readers())
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Silence {
                began_at: time(row.try_get(0)?)?,
                alarmed_at: time(row.try_get(1)?)?,
                ended_at: row.try_get::<Option<i64>, _>(2)?.map(time).transpose()?,
            })
        })
        .collect()
}

fn read(row: &AnyRow) -> Result<Source> {
    let at = |column: &str| -> Result<Option<Timestamp>> {
        row.try_get::<Option<i64>, _>(column)?.map(time).transpose()
    };
    let lag = row.try_get::<Option<i64>, _>("lag")?.map(|lag| SignedDuration::from_micros(lag).as_secs());
    let word = |column: &str| -> Result<String> { Ok(row.try_get(column)?) };
    let damaged = |error: domain::Error| Error::Damaged(error.to_string());
    Ok(Source {
        id: SourceId::try_from(row.try_get::<i64, _>("id")?)?,
        name: row.try_get("name")?,
        label: row.try_get("label")?,
        kind: word("kind")?.parse().map_err(damaged)?,
        format: row.try_get("format")?,
        state: word("state")?.parse().map_err(damaged)?,
        created_at: time(row.try_get("created_at")?)?,
        created_by: row.try_get::<Option<i64>, _>("created_by")?.map(UserId::try_from).transpose()?,
        last_seen: at("last_seen")?,
        newest_event: at("newest_event")?,
        lag,
        batches: row.try_get("batches")?,
        events: row.try_get("events")?,
        refused: row.try_get("refused")?,
        bytes: row.try_get("bytes")?,
        detections: row.try_get("detections")?,
        dropped: row.try_get("dropped")?,
        silence_after: row.try_get("silence_after")?,
        silent_since: at("silent_since")?,
    })
}

//! The SQL of deliveries and events.

use domain::{EventId, IntakeId, SourceId, UserId};
use jiff::Timestamp;
use platform::db::{Bind, Db, Row as AnyRow, Tx, insert_rows};
use sqlx::{AssertSqlSafe, Row};

use super::{
    Delivery, DeliveryState, From, HELD_OF_SOURCE, KnownBatch, LastBatch, NewBatch, NewDelivery, NewEvent,
    NewRefused, Progress, REFUSED_KEPT, RefusedRecord, Source, StoredEvent,
};
use crate::change::{Change, time};
use crate::error::{Error, Result};

/// How many numbers one statement asks for.
const ASKED: usize = 500;

macro_rules! delivery {
    () => {
        "id, name, format, sha256, bytes, state, events, refused, detections, first_event, last_event, \
         events_sha256, received_at, received_by, completed_at, problem, source_id"
    };
}

macro_rules! event {
    () => {
        "id, delivery_id, at, host, format, product, category, service, fields, raw, raw_sha256"
    };
}

pub async fn deliveries(db: &Db, from: From, before: Option<i64>, limit: i64) -> Result<Vec<Delivery>> {
    let rows = sqlx::query(concat!(
        "select ",
        delivery!(),
        " from delivery where id < coalesce(cast($1 as bigint), 9223372036854775807)
          and ($3 = 0 or coalesce(source_id, -1) = $3) order by id desc limit $2"
    ))
    .bind(before)
    .bind(limit)
    .bind(match from {
        From::Anywhere => 0,
        From::Files => -1,
        From::Source(id) => id.get(),
    })
    .fetch_all(db.readers())
    .await?;
    rows.iter().map(read_delivery).collect()
}

pub async fn delivery(db: &Db, id: IntakeId) -> Result<Option<Delivery>> {
    let row = sqlx::query(concat!("select ", delivery!(), " from delivery where id = $1"))
        .bind(id.get())
        .fetch_optional(db.readers())
        .await?;
    row.as_ref().map(read_delivery).transpose()
}

pub async fn is_delivery(tx: &mut Tx, sha256: &str) -> Result<bool> {
    let row = sqlx::query("select 1 from delivery where sha256 = $1 limit 1")
        .bind(sha256)
        .fetch_optional(tx)
        .await?;
    Ok(row.is_some())
}

pub async fn any_delivery(db: &Db) -> Result<bool> {
    Ok(sqlx::query("select 1 from delivery limit 1").fetch_optional(db.readers()).await?.is_some())
}

pub async fn same_delivery(db: &Db, sha256: &str, name: &str) -> Result<Option<Delivery>> {
    let row = sqlx::query(concat!(
        "select ",
        delivery!(),
        " from delivery where sha256 = $1 and name = $2 and source_id is null and state <> 'failed' order by id desc limit 1"
    ))
    .bind(sha256)
    .bind(name)
    .fetch_optional(db.readers())
    .await?;
    row.as_ref().map(read_delivery).transpose()
}

pub async fn unfinished(db: &Db) -> Result<Vec<Delivery>> {
    let rows =
        sqlx::query(concat!("select ", delivery!(), " from delivery where state = 'reading' order by id"))
            .fetch_all(db.readers())
            .await?;
    rows.iter().map(read_delivery).collect()
}

pub async fn refused(db: &Db, id: IntakeId, after: Option<i64>, limit: i64) -> Result<Vec<RefusedRecord>> {
    let rows = sqlx::query(
        "select id, record, cause from refused_record
         where delivery_id = $1 and id > coalesce(cast($2 as bigint), 0) order by id limit $3",
    )
    .bind(id.get())
    .bind(after)
    .bind(limit)
    .fetch_all(db.readers())
    .await?;
    rows.iter()
        .map(|row| {
            Ok(RefusedRecord { number: row.try_get(0)?, record: row.try_get(1)?, cause: row.try_get(2)? })
        })
        .collect()
}

pub async fn event(db: &Db, id: EventId) -> Result<Option<StoredEvent>> {
    let row = sqlx::query(concat!("select ", event!(), " from event where id = $1"))
        .bind(id.get())
        .fetch_optional(db.readers())
        .await?;
    row.as_ref().map(read_event).transpose()
}

pub async fn events_after(db: &Db, number: i64, limit: i64) -> Result<Vec<StoredEvent>> {
    let rows = sqlx::query(concat!("select ", event!(), " from event where id > $1 order by id limit $2"))
        .bind(number)
        .bind(limit)
        .fetch_all(db.readers())
        .await?;
    rows.iter().map(read_event).collect()
}

pub async fn first_of(tx: &mut Tx, delivery: IntakeId) -> Result<Option<EventId>> {
    let row = sqlx::query("select id from event where delivery_id = $1 order by id limit 1")
        .bind(delivery.get())
        .fetch_optional(&mut *tx)
        .await?;
    row.map(|row| Ok(EventId::try_from(row.try_get::<i64, _>(0)?)?)).transpose()
}

pub async fn events_in(tx: &mut Tx, ids: &[EventId]) -> Result<Vec<StoredEvent>> {
    let mut events = Vec::with_capacity(ids.len());
    for some in ids.chunks(ASKED) {
        let places = places(some.len());
        let sql = format!(concat!("select ", event!(), " from event where id in ({}) order by id"), places);
        for row in asked(tx, sql, some).await? {
            events.push(read_event(&row)?);
        }
    }
    Ok(events)
}

/// `$1, $2, …`
fn places(count: usize) -> String {
    (1..=count).map(|number| format!("${number}")).collect::<Vec<_>>().join(", ")
}

/// Runs a statement over some events. It is made of our own text and placeholders alone.
async fn asked(tx: &mut Tx, sql: String, events: &[EventId]) -> Result<Vec<AnyRow>> {
    let query = sqlx::query(AssertSqlSafe(sql)).persistent(false);
    let query = events.iter().fold(query, |query, event| query.bind(event.get()));
    Ok(query.fetch_all(tx).await?)
}

pub async fn deliveries_of(tx: &mut Tx, events: &[EventId]) -> Result<Vec<Delivery>> {
    let mut found: Vec<Delivery> = Vec::new();
    for some in events.chunks(ASKED) {
        let sql = format!(
            concat!(
                "select ",
                delivery!(),
                " from delivery where id in (select e.delivery_id from event e where e.id in ({}))"
            ),
            places(some.len())
        );
        for row in asked(tx, sql, some).await? {
            let delivery = read_delivery(&row)?;
            if found.iter().all(|known| known.id != delivery.id) {
                found.push(delivery);
            }
        }
    }
    found.sort_by_key(|delivery| delivery.id);
    Ok(found)
}

pub async fn insert_delivery(change: &mut Change<'_>, new: &NewDelivery) -> Result<Delivery> {
    let row = sqlx::query(concat!(
        "insert into delivery (name, format, sha256, bytes, state, received_at, received_by, source_id)
         values ($1, $2, $3, $4, 'reading', $5, $6, $7)
         returning ",
        delivery!()
    ))
    .bind(&new.name)
    .bind(&new.format)
    .bind(&new.sha256)
    .bind(new.bytes)
    .bind(change.at_micros())
    .bind(new.received_by.map(UserId::get))
    .bind(new.source.map(SourceId::get))
    .fetch_one(&mut *change.tx)
    .await?;
    read_delivery(&row)
}

/// The numbers are given here, not by the database: one writer makes that safe, and the order of the
/// numbers is then the order of the records for certain.
pub async fn insert_events(tx: &mut Tx, delivery: IntakeId, events: &[NewEvent]) -> Result<Vec<EventId>> {
    let row = sqlx::query("select coalesce(max(id), 0) from event").fetch_one(&mut *tx).await?;
    let last: i64 = row.try_get(0)?;
    let mut ids = Vec::with_capacity(events.len());
    let mut rows: Vec<[Bind; 11]> = Vec::with_capacity(events.len());
    for (number, event) in (last + 1..).zip(events) {
        ids.push(EventId::try_from(number)?);
        rows.push([
            number.into(),
            delivery.get().into(),
            event.at.map(jiff::Timestamp::as_microsecond).into(),
            event.host.clone().into(),
            event.format.into(),
            event.source.product.clone().into(),
            event.source.category.clone().into(),
            event.source.service.clone().into(),
            event.fields.clone().into(),
            event.raw.to_vec().into(),
            event.raw_sha256.clone().into(),
        ]);
    }
    insert_rows(
        tx,
        "insert into event (id, delivery_id, at, host, format, product, category, service, fields, raw, raw_sha256)",
        rows,
        "",
    )
    .await?;
    Ok(ids)
}

pub async fn insert_refused(tx: &mut Tx, delivery: IntakeId, records: &[NewRefused]) -> Result<()> {
    if records.is_empty() {
        return Ok(());
    }
    let row = sqlx::query("select count(*) from refused_record where delivery_id = $1")
        .bind(delivery.get())
        .fetch_one(&mut *tx)
        .await?;
    let mut room = REFUSED_KEPT - row.try_get::<i64, _>(0)?;
    let source = sqlx::query("select source_id from delivery where id = $1")
        .bind(delivery.get())
        .fetch_one(&mut *tx)
        .await?
        .try_get::<Option<i64>, _>(0)?;
    if let Some(source) = source {
        let held = sqlx::query("select count(*) from refused_record where source_id = $1 and state = 'held'")
            .bind(source)
            .fetch_one(&mut *tx)
            .await?;
        room = room.min(HELD_OF_SOURCE - held.try_get::<i64, _>(0)?);
    }
    let room = usize::try_from(room).unwrap_or(0);
    let kept = records.get(..room.min(records.len())).unwrap_or_default();
    let rows = kept.iter().map(|record| -> [Bind; 6] {
        [
            delivery.get().into(),
            source.into(),
            record.record.clone().into(),
            record.cause.clone().into(),
            record.raw.clone().into(),
            record.raw_bytes.into(),
        ]
    });
    insert_rows(
        tx,
        "insert into refused_record (delivery_id, source_id, record, cause, raw, raw_bytes)",
        rows.collect(),
        "",
    )
    .await?;
    Ok(())
}

pub async fn insert_batches(
    change: &mut Change<'_>,
    delivery: IntakeId,
    source: SourceId,
    batches: &[NewBatch],
) -> Result<()> {
    let at = change.at_micros();
    let rows = (0..).zip(batches).map(|(place, batch): (i64, _)| -> [Bind; 10] {
        [
            delivery.get().into(),
            place.into(),
            source.get().into(),
            batch.starts_at.into(),
            batch.bytes.into(),
            batch.events.into(),
            batch.refused.into(),
            batch.detections.into(),
            batch.key.clone().into(),
            at.into(),
        ]
    });
    insert_rows(
        change.tx,
        "insert into batch (delivery_id, place, source_id, starts_at, bytes, events, refused, detections, \
         idempotency_key, received_at)",
        rows.collect(),
        "",
    )
    .await?;
    Ok(())
}

/// Where the newest batch of a source stands.
pub async fn last_batch(db: &Db, source: SourceId) -> Result<Option<LastBatch>> {
    let row = sqlx::query(
        "select delivery.sha256, batch.starts_at, batch.bytes from batch
         join delivery on delivery.id = batch.delivery_id
         where batch.source_id = $1 order by batch.delivery_id desc, batch.place desc limit 1",
    )
    .bind(source.get())
    .fetch_optional(db.readers())
    .await?;
    row.map(|row| {
        Ok(LastBatch { sha256: row.try_get(0)?, starts_at: row.try_get(1)?, bytes: row.try_get(2)? })
    })
    .transpose()
}

pub async fn batch_by_key(
    db: &Db,
    source: SourceId,
    key: &str,
    since: Timestamp,
) -> Result<Option<KnownBatch>> {
    let row = sqlx::query(
        "select delivery_id, events, refused, detections from batch
         where source_id = $1 and idempotency_key = $2 and received_at >= $3
         order by received_at desc limit 1",
    )
    .bind(source.get())
    .bind(key)
    .bind(since.as_microsecond())
    .fetch_optional(db.readers())
    .await?;
    row.map(|row| {
        Ok(KnownBatch {
            delivery: IntakeId::try_from(row.try_get::<i64, _>(0)?)?,
            events: row.try_get(1)?,
            refused: row.try_get(2)?,
            detections: row.try_get(3)?,
        })
    })
    .transpose()
}

pub async fn advance(tx: &mut Tx, id: IntakeId, events: &[EventId], progress: &Progress) -> Result<()> {
    sqlx::query(
        "update delivery set events = events + $2, refused = refused + $3, detections = detections + $4,
             first_event = coalesce(first_event, cast($5 as bigint)),
             last_event = coalesce(cast($6 as bigint), last_event)
         where id = $1",
    )
    .bind(id.get())
    .bind(i64::try_from(events.len()).unwrap_or(i64::MAX))
    .bind(progress.refused)
    .bind(progress.detections)
    .bind(events.first().map(|id| id.get()))
    .bind(events.last().map(|id| id.get()))
    .execute(tx)
    .await?;
    Ok(())
}

pub async fn complete(
    change: &mut Change<'_>,
    id: IntakeId,
    events_sha256: &str,
) -> Result<Option<Delivery>> {
    let row = sqlx::query(concat!(
        "update delivery set state = 'complete', events_sha256 = $2, completed_at = $3
         where id = $1 and state = 'reading'
         returning ",
        delivery!()
    ))
    .bind(id.get())
    .bind(events_sha256)
    .bind(change.at_micros())
    .fetch_optional(&mut *change.tx)
    .await?;
    row.as_ref().map(read_delivery).transpose()
}

pub async fn fail(change: &mut Change<'_>, id: IntakeId, problem: &str) -> Result<Option<Delivery>> {
    let row = sqlx::query(concat!(
        "update delivery set state = 'failed', problem = $2, completed_at = $3
         where id = $1 and state = 'reading'
         returning ",
        delivery!()
    ))
    .bind(id.get())
    .bind(problem)
    .bind(change.at_micros())
    .fetch_optional(&mut *change.tx)
    .await?;
    row.as_ref().map(read_delivery).transpose()
}

fn read_delivery(row: &AnyRow) -> Result<Delivery> {
    let event = |column: &str| -> Result<Option<EventId>> {
        Ok(row.try_get::<Option<i64>, _>(column)?.map(EventId::try_from).transpose()?)
    };
    Ok(Delivery {
        id: IntakeId::try_from(row.try_get::<i64, _>("id")?)?,
        name: row.try_get("name")?,
        format: row.try_get("format")?,
        sha256: row.try_get("sha256")?,
        bytes: row.try_get("bytes")?,
        state: DeliveryState::parse(&row.try_get::<String, _>("state")?)?,
        events: row.try_get("events")?,
        refused: row.try_get("refused")?,
        detections: row.try_get("detections")?,
        first_event: event("first_event")?,
        last_event: event("last_event")?,
        events_sha256: row.try_get("events_sha256")?,
        received_at: time(row.try_get("received_at")?)?,
        received_by: row.try_get::<Option<i64>, _>("received_by")?.map(UserId::try_from).transpose()?,
        completed_at: row.try_get::<Option<i64>, _>("completed_at")?.map(time).transpose()?,
        problem: row.try_get("problem")?,
        source: row.try_get::<Option<i64>, _>("source_id")?.map(SourceId::try_from).transpose()?,
    })
}

fn read_event(row: &AnyRow) -> Result<StoredEvent> {
    let fields: String = row.try_get("fields")?;
    Ok(StoredEvent {
        id: EventId::try_from(row.try_get::<i64, _>("id")?)?,
        delivery: IntakeId::try_from(row.try_get::<i64, _>("delivery_id")?)?,
        at: row.try_get::<Option<i64>, _>("at")?.map(time).transpose()?,
        host: row.try_get("host")?,
        format: row.try_get("format")?,
        source: Source {
            product: row.try_get("product")?,
            category: row.try_get("category")?,
            service: row.try_get("service")?,
        },
        fields: serde_json::from_str(&fields).map_err(|error| Error::Damaged(error.to_string()))?,
        raw: row.try_get("raw")?,
        raw_sha256: row.try_get("raw_sha256")?,
    })
}

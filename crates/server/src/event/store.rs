//! The SQL of deliveries and events.

use domain::{EventId, IntakeId, UserId};
use platform::db::{Db, Row as AnyRow, Tx};
use sqlx::{Any, QueryBuilder, Row};

use super::{
    Delivery, DeliveryState, NewDelivery, NewEvent, Progress, REFUSED_KEPT, RefusedRecord, Source,
    StoredEvent,
};
use crate::change::{Change, time};
use crate::error::{Error, Result};

/// Rows an insert carries. Always the same number but for the last, so that the statement is prepared once.
const ROWS: usize = 100;

const DELIVERY: &str = "select id, name, format, sha256, bytes, state, events, refused, detections, \
     first_event, last_event, events_sha256, received_at, received_by, completed_at, problem from delivery";

const EVENT: &str = "select id, delivery_id, at, host, format, product, category, service, fields, raw, \
     raw_sha256 from event";

pub async fn deliveries(db: &Db, before: Option<i64>, limit: i64) -> Result<Vec<Delivery>> {
    let rows = sqlx::query(
        "select id, name, format, sha256, bytes, state, events, refused, detections, first_event,
                last_event, events_sha256, received_at, received_by, completed_at, problem
         from delivery where id < coalesce(cast($1 as bigint), 9223372036854775807) order by id desc limit $2",
    )
    .bind(before)
    .bind(limit)
    .fetch_all(db.readers())
    .await?;
    rows.iter().map(read_delivery).collect()
}

pub async fn delivery(db: &Db, id: IntakeId) -> Result<Option<Delivery>> {
    let mut query = QueryBuilder::<Any>::new(DELIVERY);
    query.push(" where id = ").push_bind(id.get());
    query.build().fetch_optional(db.readers()).await?.as_ref().map(read_delivery).transpose()
}

pub async fn any_delivery(db: &Db) -> Result<bool> {
    Ok(sqlx::query("select 1 from delivery limit 1").fetch_optional(db.readers()).await?.is_some())
}

pub async fn same_delivery(db: &Db, sha256: &str, name: &str) -> Result<Option<Delivery>> {
    let mut query = QueryBuilder::<Any>::new(DELIVERY);
    query.push(" where sha256 = ").push_bind(sha256.to_owned());
    query.push(" and name = ").push_bind(name.to_owned());
    query.push(" and state <> 'failed' order by id desc limit 1");
    query.build().fetch_optional(db.readers()).await?.as_ref().map(read_delivery).transpose()
}

pub async fn unfinished(db: &Db) -> Result<Vec<Delivery>> {
    let mut query = QueryBuilder::<Any>::new(DELIVERY);
    query.push(" where state = 'reading' order by id");
    query.build().fetch_all(db.readers()).await?.iter().map(read_delivery).collect()
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
    let mut query = QueryBuilder::<Any>::new(EVENT);
    query.push(" where id = ").push_bind(id.get());
    query.build().fetch_optional(db.readers()).await?.as_ref().map(read_event).transpose()
}

pub async fn events_in(tx: &mut Tx, ids: &[EventId]) -> Result<Vec<StoredEvent>> {
    let mut events = Vec::with_capacity(ids.len());
    for some in ids.chunks(ROWS) {
        let mut query = QueryBuilder::<Any>::new(EVENT);
        query.push(" where id in (");
        let mut list = query.separated(", ");
        for id in some {
            list.push_bind(id.get());
        }
        query.push(") order by id");
        for row in query.build().fetch_all(&mut *tx).await? {
            events.push(read_event(&row)?);
        }
    }
    Ok(events)
}

pub async fn deliveries_of(tx: &mut Tx, events: &[EventId]) -> Result<Vec<Delivery>> {
    let mut found: Vec<Delivery> = Vec::new();
    for some in events.chunks(ROWS) {
        let mut query = QueryBuilder::<Any>::new(DELIVERY);
        query.push(" where id in (select delivery_id from event where id in (");
        let mut list = query.separated(", ");
        for id in some {
            list.push_bind(id.get());
        }
        query.push("))");
        for row in query.build().fetch_all(&mut *tx).await? {
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
    let row = sqlx::query(
        "insert into delivery (name, format, sha256, bytes, state, received_at, received_by)
         values ($1, $2, $3, $4, 'reading', $5, $6)
         returning id, name, format, sha256, bytes, state, events, refused, detections, first_event,
                   last_event, events_sha256, received_at, received_by, completed_at, problem",
    )
    .bind(&new.name)
    .bind(&new.format)
    .bind(&new.sha256)
    .bind(new.bytes)
    .bind(change.at_micros())
    .bind(new.received_by.map(UserId::get))
    .fetch_one(&mut *change.tx)
    .await?;
    read_delivery(&row)
}

/// The numbers are given here, not by the database: one writer makes that safe, and the order of the
/// numbers is then the order of the records for certain.
pub async fn insert_events(tx: &mut Tx, delivery: IntakeId, events: &[NewEvent]) -> Result<Vec<EventId>> {
    let row = sqlx::query("select coalesce(max(id), 0) from event").fetch_one(&mut *tx).await?;
    let last: i64 = row.try_get(0)?;
    let numbered: Vec<(i64, &NewEvent)> = (last + 1..).zip(events).collect();
    for some in numbered.chunks(ROWS) {
        let mut insert = QueryBuilder::<Any>::new(
            "insert into event (id, delivery_id, at, host, format, product, category, service, fields, \
             raw, raw_sha256) ",
        );
        insert.push_values(some, |mut row, (number, event)| {
            row.push_bind(*number)
                .push_bind(delivery.get())
                .push_bind(event.at.map(jiff::Timestamp::as_microsecond))
                .push_bind(event.host.clone())
                .push_bind(event.format)
                .push_bind(event.source.product.clone())
                .push_bind(event.source.category.clone())
                .push_bind(event.source.service.clone())
                .push_bind(event.fields.clone())
                .push_bind(event.raw.to_vec())
                .push_bind(event.raw_sha256.clone());
        });
        insert.build().execute(&mut *tx).await?;
    }
    numbered.iter().map(|(number, _)| Ok(EventId::try_from(*number)?)).collect()
}

pub async fn insert_refused(tx: &mut Tx, delivery: IntakeId, records: &[(String, String)]) -> Result<()> {
    if records.is_empty() {
        return Ok(());
    }
    let row = sqlx::query("select count(*) from refused_record where delivery_id = $1")
        .bind(delivery.get())
        .fetch_one(&mut *tx)
        .await?;
    let room = usize::try_from(REFUSED_KEPT - row.try_get::<i64, _>(0)?).unwrap_or(0);
    let kept = records.get(..room.min(records.len())).unwrap_or_default();
    for some in kept.chunks(ROWS) {
        let mut insert =
            QueryBuilder::<Any>::new("insert into refused_record (delivery_id, record, cause) ");
        insert.push_values(some, |mut row, (record, cause)| {
            row.push_bind(delivery.get()).push_bind(record.clone()).push_bind(cause.clone());
        });
        insert.build().execute(&mut *tx).await?;
    }
    Ok(())
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

pub async fn complete(change: &mut Change<'_>, id: IntakeId, events_sha256: &str) -> Result<Option<Delivery>> {
    let row = sqlx::query(
        "update delivery set state = 'complete', events_sha256 = $2, completed_at = $3
         where id = $1 and state = 'reading'
         returning id, name, format, sha256, bytes, state, events, refused, detections, first_event,
                   last_event, events_sha256, received_at, received_by, completed_at, problem",
    )
    .bind(id.get())
    .bind(events_sha256)
    .bind(change.at_micros())
    .fetch_optional(&mut *change.tx)
    .await?;
    row.as_ref().map(read_delivery).transpose()
}

pub async fn fail(change: &mut Change<'_>, id: IntakeId, problem: &str) -> Result<Option<Delivery>> {
    let row = sqlx::query(
        "update delivery set state = 'failed', problem = $2, completed_at = $3
         where id = $1 and state = 'reading'
         returning id, name, format, sha256, bytes, state, events, refused, detections, first_event,
                   last_event, events_sha256, received_at, received_by, completed_at, problem",
    )
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

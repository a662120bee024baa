//! The SQL of the quarantine.

use domain::{IntakeId, SourceId, UserId};
use platform::db::{Db, Row as AnyRow};
use sqlx::{AssertSqlSafe, Row};

use super::{HeldRecord, HeldState, Which};
use crate::change::{Change, time};
use crate::error::Result;

/// How many numbers one statement names.
const NAMED: usize = 500;

/// `$1` to `$3` are the source, the delivery and the number.
macro_rules! meant {
    () => {
        "($1 = 0 or source_id = $1) and ($2 = 0 or delivery_id = $2) and ($3 = 0 or id = $3)"
    };
}

macro_rules! record {
    () => {
        "id, delivery_id, source_id, record, cause, state, raw, raw_bytes, settled_at, settled_by, reason, replayed_in"
    };
}

fn numbers(which: &Which) -> [i64; 3] {
    [
        which.source.map_or(0, SourceId::get),
        which.delivery.map_or(0, IntakeId::get),
        which.record.unwrap_or_default(),
    ]
}

pub async fn list(
    db: &Db,
    which: &Which,
    state: Option<HeldState>,
    after: Option<i64>,
    limit: i64,
) -> Result<Vec<HeldRecord>> {
    let [source, delivery, record] = numbers(which);
    let rows = sqlx::query(concat!(
        "select ",
        record!(),
        " from refused_record where ",
        meant!(),
        " and ($4 = '' or state = $4) and id > $5 order by id limit $6"
    ))
    .bind(source)
    .bind(delivery)
    .bind(record)
    .bind(state.map_or("", HeldState::as_str))
    .bind(after.unwrap_or(0))
    .bind(limit)
    .fetch_all(db.readers())
    .await?;
    rows.iter().map(read).collect()
}

pub async fn whole(db: &Db, which: &Which, limit: i64) -> Result<Vec<HeldRecord>> {
    let [source, delivery, record] = numbers(which);
    let rows = sqlx::query(concat!(
        "select ",
        record!(),
        " from refused_record where ",
        meant!(),
        " and state = 'held' and raw_bytes = length(raw) and raw_bytes > 0 order by id limit $4"
    ))
    .bind(source)
    .bind(delivery)
    .bind(record)
    .bind(limit)
    .fetch_all(db.readers())
    .await?;
    rows.iter().map(read).collect()
}

pub async fn count_held(db: &Db, which: &Which) -> Result<i64> {
    let [source, delivery, record] = numbers(which);
    let row =
        sqlx::query(concat!("select count(*) from refused_record where ", meant!(), " and state = 'held'"))
            .bind(source)
            .bind(delivery)
            .bind(record)
            .fetch_one(db.readers())
            .await?;
    Ok(row.try_get(0)?)
}

pub async fn discard(
    change: &mut Change<'_>,
    which: &Which,
    reason: &str,
    by: Option<UserId>,
) -> Result<i64> {
    let [source, delivery, record] = numbers(which);
    let done = sqlx::query(concat!(
        "update refused_record set state = 'discarded', reason = $4, settled_at = $5, settled_by = $6 where ",
        meant!(),
        " and state = 'held'"
    ))
    .bind(source)
    .bind(delivery)
    .bind(record)
    .bind(reason)
    .bind(change.at_micros())
    .bind(by.map(UserId::get))
    .execute(&mut *change.tx)
    .await?;
    Ok(i64::try_from(done.rows_affected()).unwrap_or(i64::MAX))
}

pub async fn note_replayed(
    change: &mut Change<'_>,
    records: &[i64],
    delivery: IntakeId,
    by: Option<UserId>,
) -> Result<usize> {
    let at = change.at_micros();
    let mut noted = 0;
    for some in records.chunks(NAMED) {
        let places = (4..4 + some.len()).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ");
        let sql = format!(
            "update refused_record set state = 'replayed', replayed_in = $1, settled_at = $2, settled_by = $3
             where state = 'held' and id in ({places})"
        );
        let mut query =
            sqlx::query(AssertSqlSafe(sql)).bind(delivery.get()).bind(at).bind(by.map(UserId::get));
        for record in some {
            query = query.bind(*record);
        }
        noted += query.execute(&mut *change.tx).await?.rows_affected();
    }
    Ok(usize::try_from(noted).unwrap_or(usize::MAX))
}

fn read(row: &AnyRow) -> Result<HeldRecord> {
    let raw = row.try_get::<Option<Vec<u8>>, _>("raw")?.unwrap_or_default();
    let bytes: Option<i64> = row.try_get("raw_bytes")?;
    Ok(HeldRecord {
        number: row.try_get("id")?,
        delivery: IntakeId::try_from(row.try_get::<i64, _>("delivery_id")?)?,
        source: row.try_get::<Option<i64>, _>("source_id")?.map(SourceId::try_from).transpose()?,
        record: row.try_get("record")?,
        cause: row.try_get("cause")?,
        state: HeldState::parse(&row.try_get::<String, _>("state")?)?,
        cut: bytes.is_some_and(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX) > raw.len()),
        bytes,
        settled_at: row.try_get::<Option<i64>, _>("settled_at")?.map(time).transpose()?,
        settled_by: row.try_get::<Option<i64>, _>("settled_by")?.map(UserId::try_from).transpose()?,
        reason: row.try_get("reason")?,
        replayed_in: row.try_get::<Option<i64>, _>("replayed_in")?.map(IntakeId::try_from).transpose()?,
        raw,
    })
}

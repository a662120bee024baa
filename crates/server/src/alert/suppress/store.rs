//! The SQL of suppressions.

use domain::{AlertId, Entity, EventId, SuppressionId, UserId};
use jiff::Timestamp;
use platform::db::{Db, Row as AnyRow, Tx};
use sqlx::Row;

use super::Suppression;
use crate::change::time;
use crate::error::{Error, Result};

macro_rules! columns {
    () => {
        "id, kind, rule, entity_kind, entity_name, clauses, reason, alert_id, made_by, made_at, until_at, \
         ended_at, ended_by, hidden, first_hidden, last_hidden, last_event"
    };
}

pub async fn list(db: &Db, before: Option<i64>, limit: i64) -> Result<Vec<Suppression>> {
    let rows = sqlx::query(concat!(
        "select ",
        columns!(),
        " from suppression where id < coalesce(cast($1 as bigint), 9223372036854775807)
          order by id desc limit $2"
    ))
    .bind(before)
    .bind(limit)
    .fetch_all(db.readers())
    .await?;
    rows.iter().map(read).collect()
}

pub async fn get(db: &Db, id: SuppressionId) -> Result<Option<Suppression>> {
    let row = sqlx::query(concat!("select ", columns!(), " from suppression where id = $1"))
        .bind(id.get())
        .fetch_optional(db.readers())
        .await?;
    row.as_ref().map(read).transpose()
}

pub async fn get_in(tx: &mut Tx, id: SuppressionId) -> Result<Option<Suppression>> {
    let row = sqlx::query(concat!("select ", columns!(), " from suppression where id = $1"))
        .bind(id.get())
        .fetch_optional(tx)
        .await?;
    row.as_ref().map(read).transpose()
}

/// What hides at this time, in the order in which it was made.
pub async fn active(tx: &mut Tx, now: Timestamp) -> Result<Vec<Suppression>> {
    let rows = sqlx::query(concat!(
        "select ",
        columns!(),
        " from suppression where ended_at is null and (until_at is null or until_at > $1) order by id"
    ))
    .bind(now.as_microsecond())
    .fetch_all(tx)
    .await?;
    rows.iter().map(read).collect()
}

pub async fn insert(tx: &mut Tx, one: Suppression) -> Result<Suppression> {
    let row = sqlx::query(
        "insert into suppression (kind, rule, entity_kind, entity_name, clauses, reason, alert_id, made_by,
             made_at, until_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning id",
    )
    .bind(one.kind.as_str())
    .bind(one.rule.clone())
    .bind(one.entity.as_ref().map(|entity| entity.kind().as_str()))
    .bind(one.entity.as_ref().map(|entity| entity.name().to_owned()))
    .bind(serde_json::to_string(&one.clauses)?)
    .bind(one.reason.clone())
    .bind(one.alert.map(AlertId::get))
    .bind(one.made_by.get())
    .bind(one.made_at.as_microsecond())
    .bind(one.until.map(Timestamp::as_microsecond))
    .fetch_one(tx)
    .await?;
    Ok(Suppression { id: SuppressionId::try_from(row.try_get::<i64, _>(0)?)?, ..one })
}

/// Stores what can change: how much it has hidden, and its end.
pub async fn update(tx: &mut Tx, one: &Suppression) -> Result<()> {
    sqlx::query(
        "update suppression set hidden = $2, first_hidden = $3, last_hidden = $4, last_event = $5,
             ended_at = $6, ended_by = $7
         where id = $1",
    )
    .bind(one.id.get())
    .bind(one.hidden)
    .bind(one.first_hidden.map(Timestamp::as_microsecond))
    .bind(one.last_hidden.map(Timestamp::as_microsecond))
    .bind(one.last_event.map(EventId::get))
    .bind(one.ended_at.map(Timestamp::as_microsecond))
    .bind(one.ended_by.map(UserId::get))
    .execute(tx)
    .await?;
    Ok(())
}

fn read(row: &AnyRow) -> Result<Suppression> {
    let text = |column: &str| -> Result<Option<String>> { Ok(row.try_get(column)?) };
    let number = |column: &str| -> Result<Option<i64>> { Ok(row.try_get(column)?) };
    let moment = |column: &str| number(column)?.map(time).transpose();
    let entity = match (text("entity_kind")?, text("entity_name")?) {
        (Some(kind), Some(name)) => {
            Some(Entity::new(kind.parse()?, &name).map_err(|error| Error::Damaged(error.to_string()))?)
        }
        _ => None,
    };
    Ok(Suppression {
        id: SuppressionId::try_from(row.try_get::<i64, _>("id")?)?,
        kind: row.try_get::<String, _>("kind")?.parse()?,
        rule: text("rule")?,
        entity,
        clauses: serde_json::from_str(&row.try_get::<String, _>("clauses")?)?,
        reason: row.try_get("reason")?,
        alert: number("alert_id")?.map(AlertId::try_from).transpose()?,
        made_by: UserId::try_from(row.try_get::<i64, _>("made_by")?)?,
        made_at: time(row.try_get("made_at")?)?,
        until: moment("until_at")?,
        ended_at: moment("ended_at")?,
        ended_by: number("ended_by")?.map(UserId::try_from).transpose()?,
        hidden: row.try_get("hidden")?,
        first_hidden: moment("first_hidden")?,
        last_hidden: moment("last_hidden")?,
        last_event: number("last_event")?.map(EventId::try_from).transpose()?,
    })
}

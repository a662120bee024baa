//! The SQL of groupings.

use std::collections::HashMap;

use domain::grouping::Grouping;
use domain::{EventId, GroupingId, UserId};
use jiff::Timestamp;
use platform::db::{Db, Row as AnyRow, Tx};
use sqlx::Row;

use super::Setting;
use crate::alert::store::alert_visible;
use crate::change::time;
use crate::error::{Error, Result};
use crate::identity::scope::visible;

/// What was set for a rule, the latest first.
pub async fn of_rule(tx: &mut Tx, rule: &str) -> Result<Vec<Setting>> {
    let rows = sqlx::query(
        "select id, rule, grouping, reason, set_by, set_at from rule_grouping where rule = $1
          order by id desc limit 50",
    )
    .bind(rule.to_owned())
    .fetch_all(tx)
    .await?;
    rows.iter().map(read).collect()
}

/// The rules that are not grouped by default.
pub async fn in_force(tx: &mut Tx) -> Result<HashMap<String, Grouping>> {
    let rows = sqlx::query(
        "select rule, grouping from rule_grouping
          where id in (select max(id) from rule_grouping group by rule) and grouping is not null",
    )
    .fetch_all(tx)
    .await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, parse(&row.try_get::<String, _>(1)?)?))).collect()
}

pub async fn insert(tx: &mut Tx, set: Setting) -> Result<Setting> {
    let is_default = set.grouping == Grouping::default();
    let grouping = if is_default { None } else { Some(serde_json::to_string(&set.grouping)?) };
    let row = sqlx::query(
        "insert into rule_grouping (rule, grouping, reason, set_by, set_at) values ($1, $2, $3, $4, $5)
         returning id",
    )
    .bind(set.rule.clone())
    .bind(grouping)
    .bind(set.reason.clone())
    .bind(set.set_by.get())
    .bind(set.set_at.as_microsecond())
    .fetch_one(tx)
    .await?;
    Ok(Setting { id: GroupingId::try_from(row.try_get::<i64, _>(0)?)?, ..set })
}

/// The latest kept detections of a rule's alerts that grew since then.
pub async fn matches(
    db: &Db,
    account: Option<i64>,
    rule: &str,
    since: i64,
    limit: i64,
) -> Result<Vec<(EventId, Timestamp)>> {
    let rows = sqlx::query(concat!(
        "select m.event_id, m.at from alert_match m join alert a on a.id = m.alert_id
          where a.rule = $1 and a.updated_at >= $2 and ",
        alert_visible!("$3"),
        " order by m.event_id desc limit $4"
    ))
    .bind(rule.to_owned())
    .bind(since)
    .bind(account)
    .bind(limit)
    .fetch_all(db.readers())
    .await?;
    rows.iter()
        .map(|row| Ok((EventId::try_from(row.try_get::<i64, _>(0)?)?, time(row.try_get(1)?)?)))
        .collect()
}

fn read(row: &AnyRow) -> Result<Setting> {
    let grouping: Option<String> = row.try_get(2)?;
    Ok(Setting {
        id: GroupingId::try_from(row.try_get::<i64, _>(0)?)?,
        rule: row.try_get(1)?,
        grouping: grouping.as_deref().map(parse).transpose()?.unwrap_or_default(),
        reason: row.try_get(3)?,
        set_by: UserId::try_from(row.try_get::<i64, _>(4)?)?,
        set_at: time(row.try_get(5)?)?,
    })
}

fn parse(text: &str) -> Result<Grouping> {
    serde_json::from_str(text).map_err(|error| Error::Damaged(format!("a grouping cannot be read: {error}")))
}

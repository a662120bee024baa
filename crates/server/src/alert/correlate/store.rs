//! The SQL of correlations' hits.

use std::collections::HashSet;

use platform::db::{Bind, Tx, insert_rows};
use sigma::correlation::{Hit, Marks};
use sqlx::{AssertSqlSafe, Row};

use crate::error::Result;

/// How many values one statement asks for.
const ASKED: usize = 500;

/// Which of the groups have hits.
pub async fn known_groups(tx: &mut Tx, correlation: &str, groups: &[&str]) -> Result<HashSet<String>> {
    let mut known = HashSet::new();
    for some in groups.chunks(ASKED) {
        let sql = format!(
            "select distinct grp from correlation_hit where correlation = $1 and grp in ({})",
            places(some.len())
        );
        // Made of our own text and placeholders alone.
        let query = sqlx::query(AssertSqlSafe(sql)).persistent(false).bind(correlation.to_owned());
        let query = some.iter().fold(query, |query, group| query.bind((*group).to_owned()));
        for row in query.fetch_all(&mut *tx).await? {
            known.insert(row.try_get(0)?);
        }
    }
    Ok(known)
}

/// `$2, $3, …`
fn places(count: usize) -> String {
    (2..count + 2).map(|number| format!("${number}")).collect::<Vec<_>>().join(", ")
}

/// The hits of a group from the one moment to the other; of more than `most` the latest.
pub async fn hits(
    tx: &mut Tx,
    correlation: &str,
    group: &str,
    (from, to): (i64, i64),
    most: usize,
) -> Result<Vec<Hit<i64>>> {
    let rows = sqlx::query(
        "select at, slot, event_id, marks, events, told from correlation_hit
         where correlation = $1 and grp = $2 and at >= $3 and at <= $4 order by at desc, id desc limit $5",
    )
    .bind(correlation.to_owned())
    .bind(group.to_owned())
    .bind(from)
    .bind(to)
    .bind(i64::try_from(most).unwrap_or(i64::MAX))
    .fetch_all(tx)
    .await?;
    let hit = |row: &platform::db::Row| {
        let (marks, events): (String, String) = (row.try_get(3)?, row.try_get(4)?);
        Ok(Hit {
            at: row.try_get(0)?,
            slot: usize::try_from(row.try_get::<i64, _>(1)?).unwrap_or(usize::MAX),
            id: row.try_get(2)?,
            marks: if marks.is_empty() { Marks::default() } else { serde_json::from_str(&marks)? },
            events: if events.is_empty() { Vec::new() } else { serde_json::from_str(&events)? },
            is_told: row.try_get::<i64, _>(5)? != 0,
        })
    };
    rows.iter().map(hit).collect()
}

/// When the correlation fired anew for the group.
pub async fn fired(tx: &mut Tx, correlation: &str, group: &str, (from, to): (i64, i64)) -> Result<Vec<i64>> {
    let rows = sqlx::query(
        "select at from correlation_fired where correlation = $1 and grp = $2 and at >= $3 and at <= $4",
    )
    .bind(correlation.to_owned())
    .bind(group.to_owned())
    .bind(from)
    .bind(to)
    .fetch_all(tx)
    .await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// Each with its group.
pub async fn insert_hits(
    tx: &mut Tx,
    correlation: &str,
    hits: &[(String, Hit<i64>)],
    forget_at: i64,
) -> Result<()> {
    let mut rows = Vec::with_capacity(hits.len());
    for (group, hit) in hits {
        let marks =
            if hit.marks == Marks::default() { String::new() } else { serde_json::to_string(&hit.marks)? };
        let events = if hit.events.is_empty() { String::new() } else { serde_json::to_string(&hit.events)? };
        let row: [Bind; 9] = [
            correlation.to_owned().into(),
            group.clone().into(),
            hit.at.into(),
            i64::try_from(hit.slot).unwrap_or(i64::MAX).into(),
            hit.id.into(),
            marks.replace('\0', "\u{fffd}").into(),
            events.into(),
            i64::from(hit.is_told).into(),
            forget_at.into(),
        ];
        rows.push(row);
    }
    let into =
        "insert into correlation_hit (correlation, grp, at, slot, event_id, marks, events, told, forget_at)";
    insert_rows(tx, into, rows, "").await?;
    Ok(())
}

pub async fn insert_fired(
    tx: &mut Tx,
    correlation: &str,
    fired: &[(String, i64)],
    forget_at: i64,
) -> Result<()> {
    let row = |(group, at): &(String, i64)| -> [Bind; 4] {
        [correlation.to_owned().into(), group.clone().into(), (*at).into(), forget_at.into()]
    };
    let rows = fired.iter().map(row).collect();
    insert_rows(tx, "insert into correlation_fired (correlation, grp, at, forget_at)", rows, "").await?;
    Ok(())
}

/// Notes that the hits on these events are part of what has fired.
pub async fn tell(tx: &mut Tx, correlation: &str, group: &str, events: &[i64]) -> Result<()> {
    for some in events.chunks(ASKED) {
        let sql = format!(
            "update correlation_hit set told = 1 where correlation = $1 and event_id in ({}) and grp = ${}",
            places(some.len()),
            some.len() + 2
        );
        let query = sqlx::query(AssertSqlSafe(sql)).persistent(false).bind(correlation.to_owned());
        let query = some.iter().fold(query, |query, event| query.bind(*event));
        query.bind(group.to_owned()).execute(&mut *tx).await?;
    }
    Ok(())
}

/// Lets go of what is too old to be judged with anything that may come.
pub async fn forget(tx: &mut Tx, now: i64) -> Result<()> {
    for sql in [
        "delete from correlation_hit where forget_at < $1",
        "delete from correlation_fired where forget_at < $1",
    ] {
        sqlx::query(sql).bind(now).execute(&mut *tx).await?;
    }
    Ok(())
}

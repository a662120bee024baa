//! The SQL of noise. A unit of counting is a rule's alert, or all of a rule's alerts that are merged into
//! the same one.

use domain::alert::Verdict;
use domain::{AlertId, IncidentId};
use platform::db::{Bind, Db, Row as AnyRow, Tx, insert_rows};
use sqlx::Row;

use super::{Group, Standing};
use crate::alert::store::alert_visible;
use crate::error::Result;
use crate::identity::scope::visible;

/// Detections by rule and day, from a day on.
pub async fn detections(db: &Db, account: Option<i64>, from: i64) -> Result<Vec<(String, i64, i64)>> {
    let rows = sqlx::query(concat!(
        "select a.rule, d.day, cast(sum(d.count) as bigint) from alert_day d join alert a on a.id = d.alert_id
          where d.day >= $1 and ",
        alert_visible!("$2"),
        " group by a.rule, d.day"
    ))
    .bind(from)
    .bind(account)
    .fetch_all(db.readers())
    .await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))).collect()
}

/// How alerts raised since `from` stand, by rule; apart those that were raised since `recent`.
pub async fn groups(db: &Db, account: Option<i64>, from: i64, recent: i64) -> Result<Vec<Group>> {
    let rows = sqlx::query(concat!(
        "select l.status, l.verdict, v.verdict, u.rule, u.recent, count(*)
           from (select a.rule as rule, coalesce(a.merged_into, a.id) as head,
                        max(case when a.created_at >= $2 then 1 else 0 end) as recent
                   from alert a where a.created_at >= $1 and ",
        alert_visible!("$3"),
        "          group by a.rule, coalesce(a.merged_into, a.id)) u
           join alert l on l.id = u.head
           left join incident_verdict v on v.incident_id = l.incident_id
          group by l.status, l.verdict, v.verdict, u.rule, u.recent"
    ))
    .bind(from)
    .bind(recent)
    .bind(account)
    .fetch_all(db.readers())
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Group {
                rule: row.try_get(3)?,
                standing: standing(row)?,
                recent: row.try_get::<i64, _>(4)? == 1,
                count: row.try_get(5)?,
            })
        })
        .collect()
}

/// How one rule's alerts stand by the week in which they were raised, counted from `from`.
pub async fn weeks(
    db: &Db,
    account: Option<i64>,
    rule: &str,
    from: i64,
    week: i64,
) -> Result<Vec<(i64, Standing, i64)>> {
    let rows = sqlx::query(concat!(
        "select l.status, l.verdict, v.verdict, u.week, count(*)
           from (select coalesce(a.merged_into, a.id) as head, (min(a.created_at) - $2) / $3 as week
                   from alert a where a.rule = $1 and a.created_at >= $2 and ",
        alert_visible!("$4"),
        "          group by coalesce(a.merged_into, a.id)) u
           join alert l on l.id = u.head
           left join incident_verdict v on v.incident_id = l.incident_id
          group by l.status, l.verdict, v.verdict, u.week"
    ))
    .bind(rule.to_owned())
    .bind(from)
    .bind(week)
    .bind(account)
    .fetch_all(db.readers())
    .await?;
    rows.iter().map(|row| Ok((row.try_get(3)?, standing(row)?, row.try_get(4)?))).collect()
}

/// From the columns status, verdict, verdict of the incident.
fn standing(row: &AnyRow) -> Result<Standing> {
    let word = |place: usize| -> Result<Option<Verdict>> {
        Ok(row.try_get::<Option<String>, _>(place)?.map(|word| word.parse()).transpose()?)
    };
    let status = row.try_get::<String, _>(0)?.parse()?;
    Ok(Standing::of(status, word(1)?, word(2)?))
}

pub async fn add_to_day(tx: &mut Tx, day: i64, counts: Vec<(AlertId, i64)>) -> Result<()> {
    let rows = counts
        .into_iter()
        .map(|(alert, count)| -> [Bind; 3] { [alert.get().into(), day.into(), count.into()] });
    insert_rows(
        tx,
        "insert into alert_day (alert_id, day, count)",
        rows.collect(),
        "on conflict (alert_id, day) do update set count = alert_day.count + excluded.count",
    )
    .await?;
    Ok(())
}

pub async fn judge(tx: &mut Tx, incident: IncidentId, verdict: Option<Verdict>) -> Result<()> {
    sqlx::query("delete from incident_verdict where incident_id = $1")
        .bind(incident.get())
        .execute(&mut *tx)
        .await?;
    if let Some(verdict) = verdict {
        sqlx::query("insert into incident_verdict (incident_id, verdict) values ($1, $2)")
            .bind(incident.get())
            .bind(verdict.as_str())
            .execute(tx)
            .await?;
    }
    Ok(())
}

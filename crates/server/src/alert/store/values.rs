//! The SQL of the values in alerts.

use domain::{AlertId, IncidentId, Observable, ObservableKind};
use platform::db::{Db, Tx, insert_rows};
use sqlx::{AssertSqlSafe, Row};

use super::super::values::{Holder, Texts};
use crate::error::Result;
use crate::identity::scope::visible;

/// For how many values one statement asks.
const AT_ONCE: usize = 100;

pub async fn insert(tx: &mut Tx, values: &[(AlertId, Observable)]) -> Result<()> {
    let rows = values
        .iter()
        .map(|(alert, one)| [alert.get().into(), one.kind().as_str().into(), one.value().into()])
        .collect();
    insert_rows::<3>(tx, "insert into alert_value (alert_id, kind, value)", rows, "on conflict do nothing")
        .await?;
    Ok(())
}

pub async fn of(db: &Db, alerts: &[AlertId]) -> Result<Vec<(AlertId, Observable)>> {
    let mut values = Vec::new();
    for some in alerts.chunks(500) {
        let list = some.iter().map(|id| id.get().to_string()).collect::<Vec<_>>().join(", ");
        let statement = format!(
            "select alert_id, kind, value from alert_value where alert_id in ({list}) order by alert_id, kind, value"
        );
        let rows = sqlx::query(AssertSqlSafe(statement)).persistent(false).fetch_all(db.readers()).await?;
        for row in &rows {
            let kind: ObservableKind = row.try_get::<String, _>(1)?.parse()?;
            let value = Observable::new(kind, &row.try_get::<String, _>(2)?)?;
            values.push((AlertId::try_from(row.try_get::<i64, _>(0)?)?, value));
        }
    }
    Ok(values)
}

/// Of each value the newest alerts that hold it: as many look-ups in the index as values, in few statements.
pub async fn holders(
    db: &Db,
    account: Option<i64>,
    values: &[Observable],
    each: usize,
) -> Result<Vec<Holder>> {
    let mut holders = Vec::new();
    for some in values.chunks(AT_ONCE) {
        let one = |place: usize| {
            format!(
                concat!(
                    "select * from (select cast({} as bigint) as place, v.alert_id as alert,
                       coalesce(a.incident_id, (select l.incident_id from alert l where l.id = a.merged_into)) as incident
                     from alert_value v join alert a on a.id = v.alert_id
                     where v.value = ${} and v.kind = ${} and ",
                    visible!(
                        "coalesce(a.incident_id, (select l.incident_id from alert l where l.id = a.merged_into))",
                        "$1"
                    ),
                    " order by v.alert_id desc limit {}) q{}"
                ),
                place,
                2 * place + 2,
                2 * place + 3,
                each,
                place
            )
        };
        let sql = (0..some.len()).map(one).collect::<Vec<_>>().join(" union all ");
        let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(false).bind(account);
        for value in some {
            query = query.bind(value.value()).bind(value.kind().as_str());
        }
        for row in query.fetch_all(db.readers()).await? {
            let place = usize::try_from(row.try_get::<i64, _>(0)?).unwrap_or(usize::MAX);
            let Some(observable) = some.get(place).cloned() else { continue };
            let incident = row.try_get::<Option<i64>, _>(2)?.map(IncidentId::try_from).transpose()?;
            holders.push(Holder {
                observable,
                alert: AlertId::try_from(row.try_get::<i64, _>(1)?)?,
                incident,
            });
        }
    }
    Ok(holders)
}

/// Alerts with numbers above this that hold any value, in order.
pub async fn holding_after(db: &Db, after: i64, limit: i64) -> Result<Vec<AlertId>> {
    let rows = sqlx::query(
        "select distinct alert_id from alert_value where alert_id > $1 order by alert_id limit $2",
    )
    .bind(after)
    .bind(limit)
    .fetch_all(db.readers())
    .await?;
    rows.iter().map(|row| Ok(AlertId::try_from(row.try_get::<i64, _>(0)?)?)).collect()
}

pub async fn texts(db: &Db, alerts: &[AlertId]) -> Result<Vec<Texts>> {
    let mut texts = Vec::new();
    for some in alerts.chunks(500) {
        let sql = AssertSqlSafe(texts_of(some));
        gather(&sqlx::query(sql).persistent(false).fetch_all(db.readers()).await?, &mut texts)?;
    }
    Ok(texts)
}

/// The same within a change.
pub async fn texts_in(tx: &mut Tx, alerts: &[AlertId]) -> Result<Vec<Texts>> {
    let mut texts = Vec::new();
    for some in alerts.chunks(500) {
        let sql = AssertSqlSafe(texts_of(some));
        gather(&sqlx::query(sql).persistent(false).fetch_all(&mut *tx).await?, &mut texts)?;
    }
    Ok(texts)
}

fn texts_of(alerts: &[AlertId]) -> String {
    let list = alerts.iter().map(|id| id.get().to_string()).collect::<Vec<_>>().join(", ");
    format!(
        "select v.alert_id,
           coalesce(a.incident_id, (select l.incident_id from alert l where l.id = a.merged_into)),
           a.created_at, a.title, v.value
         from alert_value v join alert a on a.id = v.alert_id where v.alert_id in ({list})
         order by v.alert_id, v.kind, v.value"
    )
}

fn gather(rows: &[platform::db::Row], texts: &mut Vec<Texts>) -> Result<()> {
    for row in rows {
        let alert = AlertId::try_from(row.try_get::<i64, _>(0)?)?;
        if texts.last().is_none_or(|last| last.alert != alert) {
            texts.push(Texts {
                alert,
                incident: row.try_get(1)?,
                created: row.try_get(2)?,
                title: row.try_get(3)?,
                values: Vec::new(),
            });
        }
        if let Some(last) = texts.last_mut() {
            last.values.push(row.try_get(4)?);
        }
    }
    Ok(())
}

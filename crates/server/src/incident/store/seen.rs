//! The SQL of values across incidents.

use std::collections::BTreeSet;

use domain::observable::Standing;
use domain::{EventId, IncidentId, Observable, ObservableId, ObservableKind};
use platform::db::{Db, Row as AnyRow};
use sqlx::{AssertSqlSafe, Row};

use super::super::seen::{InIncident, Sought, ValueView};
use super::{escaped, from_json, maybe, maybe_at, word};
use crate::error::Result;
use crate::identity::scope::visible;

/// For how many values one statement asks.
const AT_ONCE: usize = 100;

/// Of each value the newest incidents that hold it: as many look-ups in the index as values, in few statements.
pub async fn holders(
    db: &Db,
    account: Option<i64>,
    values: &[Observable],
    each: usize,
) -> Result<Vec<(Observable, IncidentId)>> {
    let mut holders = Vec::new();
    for some in values.chunks(AT_ONCE) {
        let one = |place: usize| {
            format!(
                concat!(
                    "select * from (select cast({} as bigint) as place, o.incident as incident from observable o
                     where o.value = ${} and o.kind = ${} and ",
                    visible!("o.incident", "$1"),
                    " order by o.id desc limit {}) q{}"
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
            if let Some(observable) = some.get(place) {
                holders.push((observable.clone(), IncidentId::try_from(row.try_get::<i64, _>(1)?)?));
            }
        }
    }
    Ok(holders)
}

/// Values, each once with what its incidents know of it; those whose newest record is below `before`.
pub async fn search(
    db: &Db,
    account: Option<i64>,
    sought: &Sought,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<ValueView>> {
    let like = |text: &Option<String>| text.as_deref().map(|text| format!("%{}%", escaped(text)));
    // A list of tags is JSON, in which a tag stands between quotation marks.
    let tag = sought.tag.as_deref().map(|tag| format!("%\"{}\"%", escaped(tag)));
    let rows = sqlx::query(concat!(
        "select o.id, o.kind, o.value from observable o where ",
        visible!("o.incident", "$1"),
        " and (cast($2 as text) is null or o.kind = $2)
          and (cast($3 as text) is null or o.standing = $3)
          and (cast($4 as text) is null or o.tags like $4 escape '\\')
          and (cast($5 as text) is null or lower(o.value) like $5 escape '\\'
               or lower(coalesce(o.note, '')) like $5 escape '\\')
          and (cast($6 as bigint) is null or o.id < $6)
          and not exists (select 1 from observable n where n.value = o.value and n.kind = o.kind and n.id > o.id and ",
        visible!("n.incident", "$1"),
        ") order by o.id desc limit $7"
    ))
    .bind(account)
    .bind(sought.kind.map(ObservableKind::as_str))
    .bind(sought.standing.map(Standing::as_str))
    .bind(tag)
    .bind(like(&sought.text))
    .bind(before)
    .bind(limit)
    .fetch_all(db.readers())
    .await?;
    let mut views = Vec::with_capacity(rows.len());
    for row in &rows {
        let observable = Observable::new(word(row, "kind")?, &row.try_get::<String, _>("value")?)?;
        let known = incidents(db, account, &observable).await?;
        let tags: BTreeSet<String> = known.iter().flat_map(|one| one.tags.clone()).collect();
        views.push(ValueView {
            kind: observable.kind(),
            value: observable.value().to_owned(),
            standing: known
                .iter()
                .map(|one| one.standing)
                .min_by_key(|standing| standing.order())
                .unwrap_or(Standing::Unknown),
            tags: tags.into_iter().collect(),
            incidents: i64::try_from(known.len()).unwrap_or(i64::MAX),
            events: known.iter().map(|one| one.events).sum(),
            first_seen: known.iter().filter_map(|one| one.first_seen).min(),
            last_seen: known.iter().filter_map(|one| one.last_seen).max(),
            newest: ObservableId::try_from(row.try_get::<i64, _>("id")?)?,
        });
    }
    Ok(views)
}

/// How many incidents with one value are read.
const MOST_INCIDENTS: i64 = 200;

/// The incidents in which a value is an observable, the newest first.
pub async fn incidents(db: &Db, account: Option<i64>, value: &Observable) -> Result<Vec<InIncident>> {
    let rows = sqlx::query(concat!(
        "select o.id, o.incident, i.title, o.standing, o.note, o.tlp, o.tags, o.events, o.first_seen, o.last_seen
         from observable o join incident i on i.id = o.incident where o.value = $2 and o.kind = $3 and ",
        visible!("o.incident", "$1"),
        " order by o.id desc limit $4"
    ))
    .bind(account)
    .bind(value.value())
    .bind(value.kind().as_str())
    .bind(MOST_INCIDENTS)
    .fetch_all(db.readers())
    .await?;
    rows.iter().map(in_incident).collect()
}

fn in_incident(row: &AnyRow) -> Result<InIncident> {
    Ok(InIncident {
        incident: IncidentId::try_from(row.try_get::<i64, _>("incident")?)?,
        title: row.try_get("title")?,
        observable: ObservableId::try_from(row.try_get::<i64, _>("id")?)?,
        standing: word(row, "standing")?,
        note: row.try_get("note")?,
        tlp: maybe(row, "tlp")?,
        tags: from_json(row, "tags")?,
        events: row.try_get("events")?,
        first_seen: maybe_at(row, "first_seen")?,
        last_seen: maybe_at(row, "last_seen")?,
    })
}

/// The newest events in which these observables were seen.
pub async fn events(db: &Db, observables: &[ObservableId], limit: i64) -> Result<Vec<EventId>> {
    if observables.is_empty() {
        return Ok(Vec::new());
    }
    let list = observables.iter().map(|id| id.get().to_string()).collect::<Vec<_>>().join(", ");
    let statement = format!(
        "select distinct event from observable_event where observable in ({list}) order by event desc limit $1"
    );
    let rows =
        sqlx::query(AssertSqlSafe(statement)).persistent(false).bind(limit).fetch_all(db.readers()).await?;
    rows.iter().map(|row| Ok(EventId::try_from(row.try_get::<i64, _>(0)?)?)).collect()
}

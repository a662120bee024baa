//! The SQL of alerts. The values in them: [`values`].

pub mod values;

use std::collections::{HashMap, HashSet};

use domain::alert::{AlertKey, AlertStatus, Verdict};
use domain::{AlertId, Entity, EntityKind, EventId, IncidentId, IntakeId, Severity, UserId};
use jiff::{SignedDuration, Timestamp};
use platform::db::{Bind, Db, Row as AnyRow, Tx, insert_rows};
use sqlx::{AssertSqlSafe, Row};

use super::matches::Kept;
use super::{Act, Alert, Filter, Found, Match, Tally};
use crate::change::time;
use crate::error::{Error, Result};
use crate::identity::scope::{listed, visible};

/// How many keys one statement asks for.
const KEYS: usize = 100;

macro_rules! columns {
    () => {
        "a.id, a.rule, a.title, a.severity, a.entity_kind, a.entity_name, a.first_seen, a.last_seen, a.count, \
         a.status, a.verdict, a.reason, a.techniques, a.tactics, a.suggested_type, a.incident_id, \
         a.acknowledged_by, a.acknowledged_at, a.created_at, a.updated_at, a.origin, a.reference, \
         a.description, a.outside_key, a.group_key, a.grouped, a.merged_into, \
         (select l.incident_id from alert l where l.id = a.merged_into) as lead_incident, \
         cast(0 as bigint) as merged, a.last_seen as own_last"
    };
}

/// An alert together with those that are merged into it.
macro_rules! united {
    () => {
        "a.id, a.rule, a.title, a.severity, a.entity_kind, a.entity_name, \
         (select min(m.first_seen) from alert m where m.id = a.id or m.merged_into = a.id) as first_seen, \
         (select max(m.last_seen) from alert m where m.id = a.id or m.merged_into = a.id) as last_seen, \
         (select cast(sum(m.count) as bigint) from alert m where m.id = a.id or m.merged_into = a.id) as count, \
         a.status, a.verdict, a.reason, a.techniques, a.tactics, a.suggested_type, a.incident_id, \
         a.acknowledged_by, a.acknowledged_at, a.created_at, a.updated_at, a.origin, a.reference, \
         a.description, a.outside_key, a.group_key, a.grouped, a.merged_into, \
         (select l.incident_id from alert l where l.id = a.merged_into) as lead_incident, \
         (select count(*) from alert m where m.merged_into = a.id) as merged, a.last_seen as own_last"
    };
}

/// [`visible!`] for an alert `a`: one that is merged into another is closed with that one.
macro_rules! alert_visible {
    ($account:literal) => {
        visible!(
            "coalesce(a.incident_id, (select l.incident_id from alert l where l.id = a.merged_into))",
            $account
        )
    };
}

pub(super) use alert_visible;

/// What the queue is sorted by.
pub fn rank(severity: Severity) -> i64 {
    match severity {
        Severity::Informational => 0,
        Severity::Low => 1,
        Severity::Medium => 2,
        Severity::High => 3,
        Severity::Critical => 4,
    }
}

pub async fn list(
    db: &Db,
    account: Option<i64>,
    filter: &Filter,
    after: Option<[i64; 3]>,
    limit: i64,
) -> Result<Vec<Alert>> {
    let statuses = (!filter.statuses.is_empty()).then(|| {
        let words: Vec<&str> = filter.statuses.iter().map(|status| status.as_str()).collect();
        format!(",{},", words.join(","))
    });
    let rows = sqlx::query(concat!(
        "select ",
        united!(),
        " from alert a where ",
        alert_visible!("$1"),
        " and (cast($2 as text) is null or $2 like '%,' || a.status || ',%')
          and a.severity_rank >= coalesce(cast($3 as bigint), 0)
          and (cast($4 as text) is null or a.rule = $4)
          and (cast($5 as text) is null or a.entity_name = $5)
          and (cast($6 as text) is null or lower(a.title) like $6 escape '!' or a.entity_name like $6 escape '!'
               or lower(a.rule) like $6 escape '!' or lower(a.techniques) like $6 escape '!')
          and (cast($7 as bigint) is null
               or a.id in (select d.alert_id from alert_delivery d where d.delivery_id = $7))
          and (cast($8 as bigint) is null or (a.severity_rank, a.last_seen, a.id) < ($8, $9, $10))
          and (cast($12 as bigint) is null or a.merged_into = $12)
          and ($13 = 1 or a.merged_into is null)
          order by a.severity_rank desc, a.last_seen desc, a.id desc limit $11"
    ))
    .bind(account)
    .bind(statuses)
    .bind(filter.at_least.map(rank))
    .bind(filter.rule.clone().map(without_nul))
    .bind(filter.entity.as_deref().map(|name| without_nul(name.trim().to_lowercase())))
    .bind(filter.text.as_deref().map(within))
    .bind(filter.delivery.map(IntakeId::get))
    .bind(after.map(|[rank, _, _]| rank))
    .bind(after.map(|[_, seen, _]| seen))
    .bind(after.map(|[_, _, id]| id))
    .bind(limit)
    .bind(filter.merged_into.map(AlertId::get))
    .bind(i64::from(filter.with_merged || filter.merged_into.is_some()))
    .fetch_all(db.readers())
    .await?;
    rows.iter().map(read).collect()
}

/// PostgreSQL keeps no NUL in a text, so what holds one is found nowhere.
fn without_nul(text: String) -> String {
    if text.contains('\0') { "\u{fffd}".to_owned() } else { text }
}

/// A pattern that holds wherever the text occurs, letter case aside.
pub fn within(text: &str) -> String {
    let mut pattern = String::from("%");
    for sign in without_nul(text.trim().to_lowercase()).chars() {
        if matches!(sign, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(sign);
    }
    pattern.push('%');
    pattern
}

pub async fn get(db: &Db, account: Option<i64>, id: AlertId) -> Result<Option<Alert>> {
    let row = sqlx::query(concat!(
        "select ",
        united!(),
        " from alert a where a.id = $1 and ",
        alert_visible!("$2")
    ))
    .bind(id.get())
    .bind(account)
    .fetch_optional(db.readers())
    .await?;
    row.as_ref().map(read).transpose()
}

pub async fn get_in(tx: &mut Tx, account: Option<i64>, id: AlertId) -> Result<Option<Alert>> {
    let row = sqlx::query(concat!(
        "select ",
        united!(),
        " from alert a where a.id = $1 and ",
        alert_visible!("$2")
    ))
    .bind(id.get())
    .bind(account)
    .fetch_optional(tx)
    .await?;
    row.as_ref().map(read).transpose()
}

/// An alert by its own numbers, without those that are merged into it.
pub async fn own_in(tx: &mut Tx, id: AlertId) -> Result<Option<Alert>> {
    let row = sqlx::query(concat!("select ", columns!(), " from alert a where a.id = $1"))
        .bind(id.get())
        .fetch_optional(tx)
        .await?;
    row.as_ref().map(read).transpose()
}

pub async fn of_incidents(db: &Db, incidents: &[IncidentId]) -> Result<Vec<Alert>> {
    let statement = format!(
        concat!(
            "select ",
            columns!(),
            " from alert a where a.incident_id in ({list})
              or a.merged_into in (select l.id from alert l where l.incident_id in ({list}))
              order by a.first_seen, a.id"
        ),
        list = listed(incidents)
    );
    let rows = sqlx::query(AssertSqlSafe(statement)).persistent(false).fetch_all(db.readers()).await?;
    rows.iter().map(read).collect()
}

/// These alerts by their own numbers, as far as the account may see them.
pub async fn several(db: &Db, account: Option<i64>, ids: &[AlertId]) -> Result<Vec<Alert>> {
    let mut alerts = Vec::with_capacity(ids.len());
    for some in ids.chunks(500) {
        let list = some.iter().map(|id| id.get().to_string()).collect::<Vec<_>>().join(", ");
        let statement = format!(
            concat!("select ", columns!(), " from alert a where a.id in ({}) and ", alert_visible!("$1")),
            list
        );
        let rows = sqlx::query(AssertSqlSafe(statement))
            .persistent(false)
            .bind(account)
            .fetch_all(db.readers())
            .await?;
        for row in &rows {
            alerts.push(read(row)?);
        }
    }
    Ok(alerts)
}

pub async fn of_delivery(db: &Db, account: Option<i64>, delivery: IntakeId) -> Result<Vec<AlertId>> {
    let rows = sqlx::query(concat!(
        "select a.id from alert a join alert_delivery d on d.alert_id = a.id where d.delivery_id = $1 and ",
        alert_visible!("$2"),
        " order by a.id"
    ))
    .bind(delivery.get())
    .bind(account)
    .fetch_all(db.readers())
    .await?;
    rows.iter().map(|row| Ok(AlertId::try_from(row.try_get::<i64, _>(0)?)?)).collect()
}

pub async fn count_new(db: &Db) -> Result<i64> {
    let row = sqlx::query("select count(*) from alert where status = 'new' and merged_into is null")
        .fetch_one(db.readers())
        .await?;
    Ok(row.try_get(0)?)
}

pub async fn tally(db: &Db, account: Option<i64>) -> Result<Tally> {
    let rows = sqlx::query(concat!(
        "select a.status, a.severity, count(*), min(a.created_at) from alert a where a.merged_into is null and ",
        alert_visible!("$1"),
        " group by a.status, a.severity"
    ))
    .bind(account)
    .fetch_all(db.readers())
    .await?;
    let mut tally = Tally::default();
    for row in &rows {
        let status: AlertStatus = row.try_get::<String, _>(0)?.parse()?;
        let severity: Severity = row.try_get::<String, _>(1)?.parse()?;
        let count: i64 = row.try_get(2)?;
        match status {
            AlertStatus::New => {
                tally.new += count;
                let oldest = time(row.try_get(3)?)?;
                tally.oldest = Some(tally.oldest.map_or(oldest, |known| known.min(oldest)));
            }
            AlertStatus::Acknowledged => tally.acknowledged += count,
            AlertStatus::InIncident => tally.in_incident += count,
            AlertStatus::Dismissed => tally.dismissed += count,
        }
        if severity == Severity::Critical && matches!(status, AlertStatus::New | AlertStatus::Acknowledged) {
            tally.critical += count;
        }
    }
    Ok(tally)
}

pub async fn history(db: &Db, id: AlertId) -> Result<Vec<Act>> {
    let rows = sqlx::query(
        "select at, actor, act from record_version where record = $1 and act <> 'alert.absorb'
         order by version desc limit 100",
    )
    .bind(id.to_string())
    .fetch_all(db.readers())
    .await?;
    rows.iter()
        .map(|row| Ok(Act { at: time(row.try_get(0)?)?, actor: row.try_get(1)?, act: row.try_get(2)? }))
        .collect()
}

/// Detections of one key: from when to when, and within which window alerts take them in.
pub struct Span<'k> {
    pub key: &'k AlertKey,
    pub first: Timestamp,
    pub last: Timestamp,
    pub window: SignedDuration,
}

/// Alerts of these keys that could still take in something between the two times.
pub async fn open_alerts(tx: &mut Tx, spans: &[Span<'_>]) -> Result<HashMap<AlertKey, Vec<Alert>>> {
    let mut found: HashMap<AlertKey, Vec<Alert>> = HashMap::new();
    let before = |span: &Span<'_>| span.first.saturating_sub(span.window).unwrap_or(Timestamp::MIN);
    let after = |span: &Span<'_>| span.last.saturating_add(span.window).unwrap_or(Timestamp::MAX);
    let from = spans.iter().map(before).min().unwrap_or(Timestamp::MIN).as_microsecond();
    let until = spans.iter().map(after).max().unwrap_or(Timestamp::MAX).as_microsecond();
    for some in spans.chunks(KEYS) {
        let keys = (0..some.len()).map(|key| format!("(${}, ${})", 2 * key + 3, 2 * key + 4));
        let sql = format!(
            concat!(
                "select ",
                columns!(),
                " from alert a where (a.rule, a.group_key) in (values {})
                  and coalesce((select l.status from alert l where l.id = a.merged_into), a.status) <> 'dismissed'
                  and a.last_seen >= $1 and a.first_seen <= $2
                  order by a.first_seen, a.id"
            ),
            keys.collect::<Vec<_>>().join(", ")
        );
        // Our own text and placeholders alone.
        let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(false).bind(from).bind(until);
        for span in some {
            query = query.bind(span.key.rule.clone()).bind(span.key.group.clone());
        }
        for row in query.fetch_all(&mut *tx).await? {
            let alert = read(&row)?;
            let key = AlertKey { rule: alert.rule.clone(), group: alert.group_key.clone() };
            found.entry(key).or_default().push(alert);
        }
    }
    Ok(found)
}

/// Stores new alerts and gives them their numbers.
pub async fn insert(tx: &mut Tx, mut alerts: Vec<&mut Alert>) -> Result<()> {
    if alerts.is_empty() {
        return Ok(());
    }
    let row = sqlx::query("select coalesce(max(id), 0) from alert").fetch_one(&mut *tx).await?;
    let last: i64 = row.try_get(0)?;
    let mut rows: Vec<[Bind; 22]> = Vec::with_capacity(alerts.len());
    for (number, alert) in (last + 1..).zip(&mut alerts) {
        alert.id = AlertId::try_from(number)?;
        let is_default = alert.grouped.is_empty();
        let grouped = if is_default { None } else { Some(serde_json::to_string(&alert.grouped)?) };
        rows.push([
            number.into(),
            alert.rule.clone().into(),
            alert.title.clone().into(),
            alert.severity.as_str().into(),
            rank(alert.severity).into(),
            alert.entity.kind().as_str().into(),
            alert.entity.name().into(),
            alert.first_seen.as_microsecond().into(),
            alert.last_seen.as_microsecond().into(),
            alert.count.into(),
            alert.status.as_str().into(),
            serde_json::to_string(&alert.techniques)?.into(),
            serde_json::to_string(&alert.tactics)?.into(),
            alert.suggested_type.map(|kind| kind.as_str().to_owned()).into(),
            alert.created_at.as_microsecond().into(),
            alert.updated_at.as_microsecond().into(),
            alert.origin.clone().into(),
            alert.reference.clone().into(),
            alert.description.clone().into(),
            alert.outside_key.clone().into(),
            alert.group_key.clone().into(),
            grouped.into(),
        ]);
    }
    insert_rows(
        tx,
        "insert into alert (id, rule, title, severity, severity_rank, entity_kind, entity_name, first_seen, \
         last_seen, count, status, techniques, tactics, suggested_type, created_at, updated_at, origin, reference, \
         description, outside_key, group_key, grouped)",
        rows,
        "",
    )
    .await?;
    Ok(())
}

/// Stores what detections change in an alert.
pub async fn update_growth(tx: &mut Tx, alert: &Alert) -> Result<()> {
    sqlx::query(
        "update alert set first_seen = $2, last_seen = $3, count = $4, updated_at = $5, description = $6
         where id = $1",
    )
    .bind(alert.id.get())
    .bind(alert.first_seen.as_microsecond())
    .bind(alert.last_seen.as_microsecond())
    .bind(alert.count)
    .bind(alert.updated_at.as_microsecond())
    .bind(alert.description.clone())
    .execute(tx)
    .await?;
    Ok(())
}

/// Stores what people change in an alert.
pub async fn update_state(tx: &mut Tx, alert: &Alert) -> Result<()> {
    sqlx::query(
        "update alert set status = $2, verdict = $3, reason = $4, incident_id = $5, acknowledged_by = $6,
             acknowledged_at = $7, updated_at = $8
         where id = $1",
    )
    .bind(alert.id.get())
    .bind(alert.status.as_str())
    .bind(alert.verdict.map(Verdict::as_str))
    .bind(alert.reason.clone())
    .bind(alert.incident.map(IncidentId::get))
    .bind(alert.acknowledged_by.map(UserId::get))
    .bind(alert.acknowledged_at.map(Timestamp::as_microsecond))
    .bind(alert.updated_at.as_microsecond())
    .execute(tx)
    .await?;
    Ok(())
}

/// Points an alert at the one that it is merged into, or at none.
pub async fn point(tx: &mut Tx, id: AlertId, lead: Option<AlertId>) -> Result<()> {
    sqlx::query("update alert set merged_into = $2 where id = $1")
        .bind(id.get())
        .bind(lead.map(AlertId::get))
        .execute(tx)
        .await?;
    Ok(())
}

/// The alerts that are merged into this one, by number.
pub async fn merged_in(tx: &mut Tx, lead: AlertId) -> Result<Vec<Alert>> {
    let rows =
        sqlx::query(concat!("select ", columns!(), " from alert a where a.merged_into = $1 order by a.id"))
            .bind(lead.get())
            .fetch_all(tx)
            .await?;
    rows.iter().map(read).collect()
}

/// The latest alert under this key from outside.
pub async fn outside_in(tx: &mut Tx, key: &str) -> Result<Option<Alert>> {
    let row = sqlx::query(concat!(
        "select ",
        columns!(),
        " from alert a where a.outside_key = $1 order by a.id desc limit 1"
    ))
    .bind(key.to_owned())
    .fetch_optional(tx)
    .await?;
    row.as_ref().map(read).transpose()
}

/// Which of these events are behind this alert already.
pub async fn held_events(tx: &mut Tx, alert: AlertId, events: &[EventId]) -> Result<HashSet<EventId>> {
    let mut held = HashSet::new();
    for some in events.chunks(KEYS) {
        let places = (2..some.len() + 2).map(|number| format!("${number}")).collect::<Vec<_>>().join(", ");
        let sql = format!("select event_id from alert_match where alert_id = $1 and event_id in ({places})");
        // Made of our own text and placeholders alone.
        let query = sqlx::query(AssertSqlSafe(sql)).persistent(some.len() == 1).bind(alert.get());
        let query = some.iter().fold(query, |query, event| query.bind(event.get()));
        for row in query.fetch_all(&mut *tx).await? {
            held.insert(EventId::try_from(row.try_get::<i64, _>(0)?)?);
        }
    }
    Ok(held)
}

pub async fn insert_matches(tx: &mut Tx, matches: &[(AlertId, Kept<'_>)]) -> Result<()> {
    let mut rows: Vec<[Bind; 5]> = Vec::with_capacity(matches.len());
    for (alert, kept) in matches {
        let one = kept.one;
        let found = serde_json::to_string(&one.found)?;
        rows.push([
            alert.get().into(),
            one.event.get().into(),
            one.at.as_microsecond().into(),
            found.into(),
            kept.number.into(),
        ]);
    }
    insert_rows(tx, "insert into alert_match (alert_id, event_id, at, found, number)", rows, "").await?;
    Ok(())
}

/// Lets go of the matches of a flood that later ones have pushed out.
pub async fn forget_matches(tx: &mut Tx, alert: AlertId, up_to: i64) -> Result<()> {
    sqlx::query("delete from alert_match where alert_id = $1 and number <= $2")
        .bind(alert.get())
        .bind(up_to)
        .execute(tx)
        .await?;
    Ok(())
}

/// Which of the events alerts of that rule are about already.
pub async fn matched(tx: &mut Tx, rule: &str, events: &[EventId]) -> Result<HashSet<EventId>> {
    let mut matched = HashSet::new();
    for some in events.chunks(KEYS) {
        let places = (2..some.len() + 2).map(|number| format!("${number}")).collect::<Vec<_>>().join(", ");
        let sql = format!(
            "select m.event_id from alert_match m join alert a on a.id = m.alert_id
             where a.rule = $1 and m.event_id in ({places})"
        );
        // Made of our own text and placeholders alone.
        let query = sqlx::query(AssertSqlSafe(sql)).persistent(some.len() == KEYS).bind(rule.to_owned());
        let query = some.iter().fold(query, |query, event| query.bind(event.get()));
        for row in query.fetch_all(&mut *tx).await? {
            matched.insert(EventId::try_from(row.try_get::<i64, _>(0)?)?);
        }
    }
    Ok(matched)
}

pub async fn insert_deliveries(tx: &mut Tx, delivery: IntakeId, alerts: &[AlertId]) -> Result<()> {
    let rows = alerts.iter().map(|alert| -> [Bind; 2] { [delivery.get().into(), alert.get().into()] });
    let into = "insert into alert_delivery (delivery_id, alert_id)";
    insert_rows(tx, into, rows.collect(), "on conflict do nothing").await?;
    Ok(())
}

pub async fn matches(db: &Db, id: AlertId, before: Option<[i64; 2]>, limit: i64) -> Result<Vec<Match>> {
    let rows = sqlx::query(
        "select m.event_id, m.at, a.rule, m.found from alert_match m join alert a on a.id = m.alert_id
         where m.alert_id in (select x.id from alert x where x.id = $1 or x.merged_into = $1)
           and (cast($2 as bigint) is null or (m.at, m.event_id) < ($2, $3))
         order by m.at desc, m.event_id desc limit $4",
    )
    .bind(id.get())
    .bind(before.map(|[at, _]| at))
    .bind(before.map(|[_, event]| event))
    .bind(limit)
    .fetch_all(db.readers())
    .await?;
    rows.iter().map(read_match).collect()
}

pub async fn matches_in(tx: &mut Tx, id: AlertId, limit: i64) -> Result<Vec<Match>> {
    let rows = sqlx::query(
        "select m.event_id, m.at, a.rule, m.found from alert_match m join alert a on a.id = m.alert_id
         where m.alert_id = $1 order by m.at, m.event_id limit $2",
    )
    .bind(id.get())
    .bind(limit)
    .fetch_all(tx)
    .await?;
    rows.iter().map(read_match).collect()
}

fn read_match(row: &AnyRow) -> Result<Match> {
    let found: Vec<Found> = serde_json::from_str(&row.try_get::<String, _>(3)?)?;
    Ok(Match {
        event: EventId::try_from(row.try_get::<i64, _>(0)?)?,
        at: time(row.try_get(1)?)?,
        rule: row.try_get(2)?,
        found,
    })
}

fn read(row: &AnyRow) -> Result<Alert> {
    let word = |column: &str| -> Result<String> { Ok(row.try_get(column)?) };
    let optional = |column: &str| -> Result<Option<String>> { Ok(row.try_get(column)?) };
    let number = |column: &str| -> Result<Option<i64>> { Ok(row.try_get(column)?) };
    let kind: EntityKind = word("entity_kind")?.parse()?;
    Ok(Alert {
        id: AlertId::try_from(row.try_get::<i64, _>("id")?)?,
        rule: word("rule")?,
        title: word("title")?,
        severity: word("severity")?.parse()?,
        entity: Entity::new(kind, &word("entity_name")?)
            .map_err(|error| Error::Damaged(error.to_string()))?,
        first_seen: time(row.try_get("first_seen")?)?,
        last_seen: time(row.try_get("last_seen")?)?,
        count: row.try_get("count")?,
        status: word("status")?.parse()?,
        verdict: optional("verdict")?.map(|word| word.parse()).transpose()?,
        reason: optional("reason")?,
        techniques: serde_json::from_str(&word("techniques")?)?,
        tactics: serde_json::from_str(&word("tactics")?)?,
        suggested_type: optional("suggested_type")?.map(|word| word.parse()).transpose()?,
        incident: number("incident_id")?.map(IncidentId::try_from).transpose()?,
        acknowledged_by: number("acknowledged_by")?.map(UserId::try_from).transpose()?,
        acknowledged_at: number("acknowledged_at")?.map(time).transpose()?,
        created_at: time(row.try_get("created_at")?)?,
        updated_at: time(row.try_get("updated_at")?)?,
        origin: optional("origin")?,
        reference: optional("reference")?,
        description: optional("description")?,
        outside_key: optional("outside_key")?,
        group_key: word("group_key")?,
        grouped: optional("grouped")?
            .map(|text| serde_json::from_str(&text))
            .transpose()?
            .unwrap_or_default(),
        merged_into: number("merged_into")?.map(AlertId::try_from).transpose()?,
        lead_incident: number("lead_incident")?.map(IncidentId::try_from).transpose()?,
        merged: row.try_get("merged")?,
        own_last: time(row.try_get("own_last")?)?,
    })
}

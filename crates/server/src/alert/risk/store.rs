//! The SQL of risk.

use std::collections::HashMap;

use domain::noise::Precision;
use domain::risk::{MOST_SIGNS, Settings};
use domain::{AlertId, Entity, EntityKind, EventId, IncidentId, RiskSettingId, UserId};
use jiff::Timestamp;
use platform::db::{Db, Row as AnyRow, Tx};
use sqlx::{AssertSqlSafe, Row};

use super::note::{Key, Seen};
use super::{RULE, Setting, Sign, Wanted};
use crate::alert::store::within;
use crate::change::time;
use crate::error::{Error, Result};
use crate::identity::scope::visible;

/// How many entities or keys one statement asks for.
const AT_ONCE: usize = 100;
/// How many of a rule's latest verdicts say how much it is believed.
const VERDICTS: i64 = 200;
/// How many signs are kept; the oldest go first.
const KEPT: i64 = 500_000;

/// [`visible!`] for a sign `s`: it belongs to the incident of its alert, or of the one that that is merged
/// into.
macro_rules! sign_visible {
    ($account:literal) => {
        visible!(
            "(select coalesce(a.incident_id, l.incident_id) from alert a left join alert l on l.id = a.merged_into \
             where a.id = s.alert_id)",
            $account
        )
    };
}

macro_rules! columns {
    () => {
        "s.id, s.entity_kind, s.entity_name, s.rule, s.title, s.severity, s.confidence, s.points, s.count, \
         s.first_at, s.last_at, s.event_id, s.alert_id, s.risk_alert, s.cleared_by, s.techniques, s.tactics, \
         (select coalesce(a.incident_id, l.incident_id) from alert a left join alert l on l.id = a.merged_into \
          where a.id = s.alert_id) as incident"
    };
}

/// `(($1, $2), ($3, $4))` from `from` on.
fn pairs(count: usize, width: usize, from: usize) -> String {
    let row = |place: usize| {
        let row: Vec<String> =
            (0..width).map(|column| format!("${}", from + place * width + column)).collect();
        format!("({})", row.join(", "))
    };
    (0..count).map(row).collect::<Vec<_>>().join(", ")
}

/// The signs of these entities, each the latest first.
pub async fn signs(
    tx: &mut Tx,
    account: Option<i64>,
    entities: &[Entity],
) -> Result<HashMap<Entity, Vec<Sign>>> {
    let mut found: HashMap<Entity, Vec<Sign>> = HashMap::new();
    for some in entities.chunks(AT_ONCE) {
        let sql = format!(
            concat!(
                "select ",
                columns!(),
                " from risk_sign s where (s.entity_kind, s.entity_name) in (values {}) and ",
                sign_visible!("$1"),
                " order by s.last_at desc, s.id desc"
            ),
            pairs(some.len(), 2, 2)
        );
        // Our own text and placeholders alone.
        let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(false).bind(account);
        for entity in some {
            query = query.bind(entity.kind().as_str()).bind(entity.name().to_owned());
        }
        for row in query.fetch_all(&mut *tx).await? {
            let sign = read(&row)?;
            let of_entity = found.entry(sign.entity.clone()).or_default();
            if of_entity.len() < MOST_SIGNS {
                of_entity.push(sign);
            }
        }
    }
    Ok(found)
}

pub async fn of_alert(db: &Db, account: Option<i64>, alert: AlertId) -> Result<Vec<Sign>> {
    let rows = sqlx::query(concat!(
        "select ",
        columns!(),
        " from risk_sign s where s.risk_alert = $2 and ",
        sign_visible!("$1"),
        " order by s.first_at, s.id"
    ))
    .bind(account)
    .bind(alert.get())
    .fetch_all(db.readers())
    .await?;
    rows.iter().map(read).collect()
}

/// Signs under these keys that no verdict has ended; and of those that one has, the latest round.
pub async fn known(tx: &mut Tx, keys: &[&Key]) -> Result<HashMap<Key, (i64, i64, bool)>> {
    let mut found: HashMap<Key, (i64, i64, bool)> = HashMap::new();
    for some in keys.chunks(AT_ONCE) {
        let sql = format!(
            "select entity_kind, entity_name, rule, day, id, round, cleared_by from risk_sign
              where (entity_kind, entity_name, rule, day) in (values {}) order by round",
            // PostgreSQL takes untyped values in a list for text.
            (0..some.len())
                .map(|place| {
                    let from = 4 * place + 1;
                    format!("(${from}, ${}, ${}, cast(${} as bigint))", from + 1, from + 2, from + 3)
                })
                .collect::<Vec<_>>()
                .join(", ")
        );
        let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(false);
        for (entity, rule, day) in some {
            query = query
                .bind(entity.kind().as_str())
                .bind(entity.name().to_owned())
                .bind(rule.clone())
                .bind(*day);
        }
        for row in query.fetch_all(&mut *tx).await? {
            let key = (entity(&row)?, row.try_get("rule")?, row.try_get("day")?);
            let cleared = row.try_get::<Option<i64>, _>("cleared_by")?.is_some();
            found.insert(key, (row.try_get("id")?, row.try_get("round")?, cleared));
        }
    }
    Ok(found)
}

/// Adds detections to a sign that is there.
pub async fn repeat(tx: &mut Tx, id: i64, seen: &Seen) -> Result<()> {
    sqlx::query(
        "update risk_sign set count = count + $2,
             first_at = case when $3 < first_at then $3 else first_at end,
             last_at = case when $4 > last_at then $4 else last_at end
         where id = $1",
    )
    .bind(id)
    .bind(seen.count)
    .bind(seen.first.as_microsecond())
    .bind(seen.last.as_microsecond())
    .execute(tx)
    .await?;
    Ok(())
}

/// Stores a new sign; gives its number.
pub async fn insert(
    tx: &mut Tx,
    (about, rule, day): &Key,
    round: i64,
    seen: &Seen,
    confidence: f64,
    points: f64,
) -> Result<i64> {
    let row = sqlx::query(
        "insert into risk_sign (entity_kind, entity_name, rule, day, round, title, severity, confidence, points,
             count, first_at, last_at, event_id, alert_id, techniques, tactics)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) returning id",
    )
    .bind(about.kind().as_str())
    .bind(about.name().to_owned())
    .bind(rule.clone())
    .bind(*day)
    .bind(round)
    .bind(seen.rule.title.clone())
    .bind(seen.rule.severity.as_str())
    .bind(confidence)
    .bind(points)
    .bind(seen.count)
    .bind(seen.first.as_microsecond())
    .bind(seen.last.as_microsecond())
    .bind(seen.event.get())
    .bind(seen.alert.map(AlertId::get))
    .bind(serde_json::to_string(&seen.rule.techniques)?)
    .bind(serde_json::to_string(&seen.rule.tactics)?)
    .fetch_one(tx)
    .await?;
    Ok(row.try_get(0)?)
}

/// Lets go of the oldest signs, so that whoever makes up names without end costs no more than others.
pub async fn forget(tx: &mut Tx, newest: i64) -> Result<()> {
    for statement in ["delete from risk_sign where id <= $1", "delete from risk_entity where last_sign <= $1"]
    {
        sqlx::query(statement).bind(newest - KEPT).execute(&mut *tx).await?;
    }
    Ok(())
}

/// How often a rule was right by its latest verdicts.
pub async fn precision(tx: &mut Tx, rule: &str) -> Result<Option<Precision>> {
    let row = sqlx::query(
        "select cast(coalesce(sum(case when j.status = 'in_incident' then case when coalesce(j.outcome, 'true_positive') = 'true_positive' then 1 else 0 end
                                       when j.verdict = 'true_positive' then 1 else 0 end), 0) as bigint),
                cast(coalesce(sum(case when j.status = 'in_incident' then case when j.outcome = 'false_positive' then 1 else 0 end
                                       when j.verdict = 'false_positive' then 1 else 0 end), 0) as bigint)
           from (select a.status, a.verdict, v.verdict as outcome from alert a
                   left join incident_verdict v on v.incident_id = a.incident_id
                  where a.rule = $1 and a.status in ('dismissed', 'in_incident') order by a.id desc limit $2) j",
    )
    .bind(rule.to_owned())
    .bind(VERDICTS)
    .fetch_one(tx)
    .await?;
    Ok(Precision::of(row.try_get(0)?, row.try_get(1)?))
}

/// The risk alerts about these entities whose triage is not over.
pub async fn open(tx: &mut Tx, entities: &[Entity]) -> Result<HashMap<String, AlertId>> {
    let mut found = HashMap::new();
    for some in entities.chunks(AT_ONCE) {
        let keys = (0..some.len()).map(|place| format!("${}", place + 2)).collect::<Vec<_>>().join(", ");
        let sql = format!(
            "select a.id, a.group_key from alert a left join alert l on l.id = a.merged_into
              where a.rule = $1 and a.group_key in ({keys}) and coalesce(l.status, a.status) <> 'dismissed'
                and not exists (select 1 from incident_verdict v
                                 where v.incident_id = coalesce(a.incident_id, l.incident_id))
              order by a.id"
        );
        // Our own text and placeholders alone.
        let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(false).bind(RULE);
        for entity in some {
            query = query.bind(entity.to_string());
        }
        for row in query.fetch_all(&mut *tx).await? {
            found.insert(row.try_get(1)?, AlertId::try_from(row.try_get::<i64, _>(0)?)?);
        }
    }
    Ok(found)
}

/// Notes which alert lists these signs.
pub async fn list_in(tx: &mut Tx, signs: &[i64], alert: AlertId) -> Result<()> {
    for some in signs.chunks(AT_ONCE) {
        let places = (2..some.len() + 2).map(|number| format!("${number}")).collect::<Vec<_>>().join(", ");
        let sql = format!("update risk_sign set risk_alert = $1 where id in ({places})");
        let query = sqlx::query(AssertSqlSafe(sql)).persistent(false).bind(alert.get());
        some.iter().fold(query, |query, sign| query.bind(*sign)).execute(&mut *tx).await?;
    }
    Ok(())
}

/// What a risk alert's signs add to what is known of it.
pub async fn retell(tx: &mut Tx, alert: AlertId, techniques: &[String], tactics: &[String]) -> Result<()> {
    sqlx::query("update alert set techniques = $2, tactics = $3 where id = $1")
        .bind(alert.get())
        .bind(serde_json::to_string(techniques)?)
        .bind(serde_json::to_string(tactics)?)
        .execute(tx)
        .await?;
    Ok(())
}

/// Where an entity stands, for the list.
pub struct Summary<'e> {
    pub entity: &'e Entity,
    pub score: f64,
    pub score_at: Timestamp,
    pub rank: i64,
    pub peak: f64,
    pub peak_at: Timestamp,
    pub first_seen: Timestamp,
    pub last_seen: Timestamp,
    pub last_sign: i64,
}

pub async fn summarise(tx: &mut Tx, summary: &Summary<'_>) -> Result<()> {
    sqlx::query(
        "insert into risk_entity (entity_kind, entity_name, score, score_at, rank, peak, peak_at, first_seen,
             last_seen, last_sign)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         on conflict (entity_kind, entity_name) do update set score = excluded.score,
             score_at = excluded.score_at, rank = excluded.rank, peak = excluded.peak,
             peak_at = excluded.peak_at, first_seen = excluded.first_seen, last_seen = excluded.last_seen,
             last_sign = excluded.last_sign",
    )
    .bind(summary.entity.kind().as_str())
    .bind(summary.entity.name().to_owned())
    .bind(summary.score)
    .bind(summary.score_at.as_microsecond())
    .bind(summary.rank)
    .bind(summary.peak)
    .bind(summary.peak_at.as_microsecond())
    .bind(summary.first_seen.as_microsecond())
    .bind(summary.last_seen.as_microsecond())
    .bind(summary.last_sign)
    .execute(tx)
    .await?;
    Ok(())
}

/// An entity's place in the list.
pub struct Listed {
    pub id: i64,
    pub rank: i64,
    pub entity: Entity,
}

pub async fn entities(
    db: &Db,
    account: Option<i64>,
    wanted: &Wanted,
    after: Option<[i64; 2]>,
    limit: i64,
) -> Result<Vec<Listed>> {
    let rows = sqlx::query(concat!(
        "select e.id, e.rank, e.entity_kind, e.entity_name from risk_entity e
          where (cast($2 as text) is null or e.entity_kind = $2)
            and (cast($3 as text) is null or e.entity_name like $3 escape '!')
            and (cast($4 as bigint) is null or (e.rank, e.id) < ($4, $5))
            and exists (select 1 from risk_sign s
                         where s.entity_kind = e.entity_kind and s.entity_name = e.entity_name and ",
        sign_visible!("$1"),
        ") order by e.rank desc, e.id desc limit $6"
    ))
    .bind(account)
    .bind(wanted.kind.map(EntityKind::as_str))
    .bind(wanted.text.as_deref().map(within))
    .bind(after.map(|[rank, _]| rank))
    .bind(after.map(|[_, id]| id))
    .bind(limit)
    .fetch_all(db.readers())
    .await?;
    rows.iter()
        .map(|row| Ok(Listed { id: row.try_get("id")?, rank: row.try_get("rank")?, entity: entity(row)? }))
        .collect()
}

/// The entities with the highest risk.
pub async fn ranked(tx: &mut Tx, limit: i64) -> Result<Vec<Entity>> {
    let rows =
        sqlx::query("select entity_kind, entity_name from risk_entity order by rank desc, id desc limit $1")
            .bind(limit)
            .fetch_all(tx)
            .await?;
    rows.iter().map(entity).collect()
}

/// The entities of signs that belong to an alert in any way.
pub async fn entities_of(tx: &mut Tx, alert: AlertId) -> Result<Vec<Entity>> {
    let rows = sqlx::query(
        "select distinct entity_kind, entity_name from risk_sign
          where alert_id = $1 or risk_alert = $1 or cleared_by = $1 limit 500",
    )
    .bind(alert.get())
    .fetch_all(tx)
    .await?;
    rows.iter().map(entity).collect()
}

/// Ends the signs that an alert lists or took in, by the verdict on `by`.
pub async fn clear(tx: &mut Tx, alert: AlertId, by: AlertId) -> Result<()> {
    sqlx::query(
        "update risk_sign set cleared_by = $2
          where (risk_alert = $1 or alert_id = $1) and cleared_by is null",
    )
    .bind(alert.get())
    .bind(by.get())
    .execute(tx)
    .await?;
    Ok(())
}

/// Takes back what a verdict ended.
pub async fn restore(tx: &mut Tx, by: AlertId) -> Result<()> {
    sqlx::query("update risk_sign set cleared_by = null where cleared_by = $1")
        .bind(by.get())
        .execute(tx)
        .await?;
    Ok(())
}

/// The risk alerts of an incident.
pub async fn of_incident(tx: &mut Tx, incident: IncidentId) -> Result<Vec<AlertId>> {
    let rows = sqlx::query(
        "select a.id from alert a left join alert l on l.id = a.merged_into
          where a.rule = $1 and coalesce(a.incident_id, l.incident_id) = $2 order by a.id",
    )
    .bind(RULE)
    .bind(incident.get())
    .fetch_all(tx)
    .await?;
    rows.iter().map(|row| Ok(AlertId::try_from(row.try_get::<i64, _>(0)?)?)).collect()
}

/// What was set, the latest first.
pub async fn settings(tx: &mut Tx) -> Result<Vec<Setting>> {
    let rows = sqlx::query(
        "select id, settings, reason, set_by, set_at from risk_setting order by id desc limit 20",
    )
    .fetch_all(tx)
    .await?;
    rows.iter()
        .map(|row| {
            let settings: Settings = serde_json::from_str(&row.try_get::<String, _>(1)?)?;
            Ok(Setting {
                id: RiskSettingId::try_from(row.try_get::<i64, _>(0)?)?,
                settings,
                reason: row.try_get(2)?,
                set_by: UserId::try_from(row.try_get::<i64, _>(3)?)?,
                set_at: time(row.try_get(4)?)?,
            })
        })
        .collect()
}

pub async fn insert_setting(tx: &mut Tx, set: Setting) -> Result<Setting> {
    let row = sqlx::query(
        "insert into risk_setting (settings, reason, set_by, set_at) values ($1, $2, $3, $4) returning id",
    )
    .bind(serde_json::to_string(&set.settings)?)
    .bind(set.reason.clone())
    .bind(set.set_by.get())
    .bind(set.set_at.as_microsecond())
    .fetch_one(tx)
    .await?;
    Ok(Setting { id: RiskSettingId::try_from(row.try_get::<i64, _>(0)?)?, ..set })
}

fn entity(row: &AnyRow) -> Result<Entity> {
    let kind: EntityKind = row.try_get::<String, _>("entity_kind")?.parse()?;
    Entity::new(kind, &row.try_get::<String, _>("entity_name")?)
        .map_err(|error| Error::Damaged(error.to_string()))
}

fn read(row: &AnyRow) -> Result<Sign> {
    let number = |column: &str| -> Result<Option<i64>> { Ok(row.try_get(column)?) };
    let words = |column: &str| -> Result<Vec<String>> {
        Ok(serde_json::from_str(&row.try_get::<String, _>(column)?)?)
    };
    Ok(Sign {
        id: row.try_get("id")?,
        entity: entity(row)?,
        rule: row.try_get("rule")?,
        title: row.try_get("title")?,
        severity: row.try_get::<String, _>("severity")?.parse()?,
        confidence: row.try_get("confidence")?,
        points: row.try_get("points")?,
        count: row.try_get("count")?,
        first_seen: time(row.try_get("first_at")?)?,
        last_seen: time(row.try_get("last_at")?)?,
        event: EventId::try_from(row.try_get::<i64, _>("event_id")?)?,
        alert: number("alert_id")?.map(AlertId::try_from).transpose()?,
        cleared: number("cleared_by")?.is_some(),
        in_incident: number("incident")?.is_some(),
        techniques: words("techniques")?,
        tactics: words("tactics")?,
        risk_alert: number("risk_alert")?.map(AlertId::try_from).transpose()?,
    })
}

//! The SQL of the timeline and of decisions.

use domain::response::ActKind;
use domain::timeline::{EntryKind, Lane};
use domain::{AlertId, DecisionId, EntryId, EventId, IncidentId, UserId};
use jiff::Timestamp;
use platform::db::{Bind, Db, Row as AnyRow, Tx, insert_rows};
use sqlx::any::AnyArguments;
use sqlx::query::Query;
use sqlx::{Any, Row};

use super::super::read::{EntryFilter, Mark};
use super::super::{Decision, Entry};
use super::{at, escaped, first, from_json, json, maybe, user, word};
use crate::change::Change;
use crate::error::Result;
use crate::identity::scope::{listed, others};

const COLUMNS: &str = "e.id, e.incident, e.kind, e.at, e.recorded_at, e.author, e.account, e.body, e.techniques, \
    e.alert, e.event, e.raw_sha256, e.corrects, \
    (select max(c.id) from entry c where c.corrects = e.id) as corrected_by";

/// Adds entries and gives them with their numbers. The numbers that they come with are not used.
pub async fn insert(change: &mut Change<'_>, mut entries: Vec<Entry>) -> Result<Vec<Entry>> {
    let rows = entries.iter().map(binds).collect::<Result<Vec<_>>>()?;
    let into = "insert into entry (incident, kind, at, recorded_at, author, account, body, techniques, alert,
         event, raw_sha256, corrects)";
    let returned = insert_rows(change.tx, into, rows, "returning id").await?;
    for (entry, row) in entries.iter_mut().zip(&returned) {
        entry.id = EntryId::try_from(row.try_get::<i64, _>(0)?)?;
    }
    Ok(entries)
}

fn binds(entry: &Entry) -> Result<[Bind; 12]> {
    Ok([
        entry.incident.get().into(),
        entry.kind.as_str().into(),
        entry.at.as_microsecond().into(),
        entry.recorded_at.as_microsecond().into(),
        entry.by.clone().into(),
        entry.account.map(UserId::get).into(),
        entry.text.clone().into(),
        json(&entry.techniques)?.into(),
        entry.alert.map(AlertId::get).into(),
        entry.event.map(EventId::get).into(),
        entry.raw_sha256.map(|sha256| sha256.to_string()).into(),
        entry.corrects.map(EntryId::get).into(),
    ])
}

pub async fn set_techniques(change: &mut Change<'_>, entry: &Entry) -> Result<()> {
    sqlx::query("update entry set techniques = $2 where id = $1")
        .bind(entry.id.get())
        .bind(json(&entry.techniques)?)
        .execute(&mut *change.tx)
        .await?;
    Ok(())
}

/// The entry, if it belongs to one of these incidents.
pub async fn entry_in(tx: &mut Tx, family: &[IncidentId], id: EntryId) -> Result<Option<Entry>> {
    let statement =
        format!("select {COLUMNS} from entry e where e.id = $1 and e.incident in ({})", listed(family));
    let row = sqlx::query(sqlx::AssertSqlSafe(statement))
        .persistent(false)
        .bind(id.get())
        .fetch_optional(tx)
        .await?;
    row.as_ref().map(entry).transpose()
}

/// How many events of this alert stand on the timeline already.
pub async fn count_of_alert(tx: &mut Tx, incident: IncidentId, alert: AlertId) -> Result<i64> {
    let row =
        sqlx::query("select count(*) from entry where incident = $1 and alert = $2 and event is not null")
            .bind(incident.get())
            .bind(alert.get())
            .fetch_one(tx)
            .await?;
    Ok(row.try_get(0)?)
}

/// True for the lines that a filter asks for. The binds from `$2` on are those of
/// [`Narrowed`], in its order. Whoever asks says of which incidents, with `$1`.
const ASKED_FOR: &str = "(cast($2 as text) is null or e.kind = $2)
    and (cast($3 as text) is null or (case when e.kind = 'event' then 'adversary' else 'response' end) = $3)
    and (cast($4 as text) is null or e.techniques like $4 or e.techniques like $5)
    and (cast($6 as bigint) is null or e.account = $6)
    and (cast($7 as text) is null or lower(e.body) like $7 escape '\\')
    and (cast($8 as bigint) is null or e.at >= $8)
    and (cast($9 as bigint) is null or e.at <= $9)";

/// A filter as the database takes it.
struct Narrowed {
    kind: Option<&'static str>,
    lane: Option<&'static str>,
    technique: Option<String>,
    sub_technique: Option<String>,
    by: Option<i64>,
    text: Option<String>,
    from: Option<i64>,
    to: Option<i64>,
}

impl Narrowed {
    fn of(filter: &EntryFilter) -> Self {
        // A technique's id holds nothing that `like` would take for a pattern.
        let technique = filter.technique.as_ref().map(ToString::to_string);
        let text = filter.text.as_ref().map(|text| text.trim().to_lowercase().replace('\0', ""));
        Narrowed {
            kind: filter.kind.map(EntryKind::as_str),
            lane: filter.lane.map(Lane::as_str),
            sub_technique: technique.as_ref().map(|id| format!("%\"{id}.%")),
            technique: technique.map(|id| format!("%\"{id}\"%")),
            by: filter.by.map(UserId::get),
            text: text.map(|text| format!("%{}%", escaped(&text))),
            from: filter.from.map(Timestamp::as_microsecond),
            to: filter.to.map(Timestamp::as_microsecond),
        }
    }

    /// The query with what [`ASKED_FOR`] asks for, from `$2` on.
    fn bound<'q>(self, query: Query<'q, Any, AnyArguments>) -> Query<'q, Any, AnyArguments> {
        query
            .bind(self.kind)
            .bind(self.lane)
            .bind(self.technique)
            .bind(self.sub_technique)
            .bind(self.by)
            .bind(self.text)
            .bind(self.from)
            .bind(self.to)
    }
}

/// A page of the timeline in its order, those after `(at, id)`: of an incident with those merged into it.
pub async fn page(
    db: &Db,
    family: &[IncidentId],
    filter: &EntryFilter,
    after: Option<[i64; 2]>,
    limit: i64,
) -> Result<Vec<Entry>> {
    let statement = format!(
        "select {COLUMNS} from entry e where e.incident in ($1{}) and {ASKED_FOR}
           and (cast($10 as bigint) is null or e.at > $10 or (e.at = $10 and e.id > $11))
         order by e.at, e.id limit $12",
        others(family)
    );
    let rows = Narrowed::of(filter)
        .bound(sqlx::query(sqlx::AssertSqlSafe(statement)).bind(first(family)))
        .bind(after.map(|[at, _]| at))
        .bind(after.map(|[_, id]| id))
        .bind(limit)
        .fetch_all(db.readers())
        .await?;
    rows.iter().map(entry).collect()
}

/// How much of a text a mark tells, in characters.
const TITLE: i64 = 120;

/// The same lines in few words, for a figure.
pub async fn marks(db: &Db, family: &[IncidentId], filter: &EntryFilter, most: i64) -> Result<Vec<Mark>> {
    let statement = format!(
        "select e.id, e.at, e.kind, substr(e.body, 1, {TITLE}) as title from entry e
         where e.incident in ($1{}) and {ASKED_FOR} order by e.at, e.id limit $10",
        others(family)
    );
    let rows = Narrowed::of(filter)
        .bound(sqlx::query(sqlx::AssertSqlSafe(statement)).bind(first(family)))
        .bind(most)
        .fetch_all(db.readers())
        .await?;
    rows.iter()
        .map(|row| {
            let title: String = row.try_get("title")?;
            Ok(Mark {
                id: EntryId::try_from(row.try_get::<i64, _>("id")?)?,
                at: at(row, "at")?,
                kind: word(row, "kind")?,
                title: title.lines().next().unwrap_or_default().to_owned(),
            })
        })
        .collect()
}

/// Whoever wrote at least one line.
pub async fn writers(db: &Db, family: &[IncidentId]) -> Result<Vec<UserId>> {
    let statement = format!(
        "select distinct account from entry where incident in ({}) and account is not null order by account",
        listed(family)
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(statement)).fetch_all(db.readers()).await?;
    rows.iter().map(|row| Ok(UserId::try_from(row.try_get::<i64, _>(0)?)?)).collect()
}

/// The entries that were written down last, the newest first.
pub async fn latest(db: &Db, family: &[IncidentId], limit: i64) -> Result<Vec<Entry>> {
    let statement = format!(
        "select {COLUMNS} from entry e where e.incident in ($1{}) order by e.id desc limit $2",
        others(family)
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(statement))
        .bind(first(family))
        .bind(limit)
        .fetch_all(db.readers())
        .await?;
    rows.iter().map(entry).collect()
}

/// An event on the timeline.
pub struct OnTimeline {
    pub at: Timestamp,
    pub event: EventId,
    pub alert: Option<AlertId>,
}

/// The events on the timeline within a span, the earliest first.
pub async fn happenings(
    db: &Db,
    family: &[IncidentId],
    (from, until): (Option<Timestamp>, Option<Timestamp>),
    limit: i64,
) -> Result<Vec<OnTimeline>> {
    let statement = format!(
        "select e.at, e.event, e.alert from entry e where e.incident in ($1{}) and e.event is not null
           and (cast($2 as bigint) is null or e.at >= $2) and (cast($3 as bigint) is null or e.at <= $3)
         order by e.at, e.id limit $4",
        others(family)
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(statement))
        .bind(first(family))
        .bind(from.map(Timestamp::as_microsecond))
        .bind(until.map(Timestamp::as_microsecond))
        .bind(limit)
        .fetch_all(db.readers())
        .await?;
    rows.iter()
        .map(|row| {
            Ok(OnTimeline {
                at: at(row, "at")?,
                event: EventId::try_from(row.try_get::<i64, _>("event")?)?,
                alert: row.try_get::<Option<i64>, _>("alert")?.map(AlertId::try_from).transpose()?,
            })
        })
        .collect()
}

/// The techniques of all entries, each entry's list as it stands.
pub async fn techniques(db: &Db, family: &[IncidentId]) -> Result<Vec<Vec<String>>> {
    let statement = format!(
        "select techniques from entry where incident in ($1{}) and techniques <> '[]' order by at, id",
        others(family)
    );
    let rows =
        sqlx::query(sqlx::AssertSqlSafe(statement)).bind(first(family)).fetch_all(db.readers()).await?;
    rows.iter().map(|row| from_json(row, "techniques")).collect()
}

fn entry(row: &AnyRow) -> Result<Entry> {
    let kind: EntryKind = word(row, "kind")?;
    let number = |column: &str| row.try_get::<Option<i64>, _>(column);
    Ok(Entry {
        id: EntryId::try_from(row.try_get::<i64, _>("id")?)?,
        incident: IncidentId::try_from(row.try_get::<i64, _>("incident")?)?,
        lane: kind.lane(),
        kind,
        at: at(row, "at")?,
        recorded_at: at(row, "recorded_at")?,
        by: row.try_get("author")?,
        account: user(row, "account")?,
        text: row.try_get("body")?,
        techniques: from_json(row, "techniques")?,
        alert: number("alert")?.map(AlertId::try_from).transpose()?,
        event: number("event")?.map(EventId::try_from).transpose()?,
        raw_sha256: maybe(row, "raw_sha256")?,
        corrects: number("corrects")?.map(EntryId::try_from).transpose()?,
        corrected_by: number("corrected_by")?.map(EntryId::try_from).transpose()?,
    })
}

pub async fn insert_decision(change: &mut Change<'_>, new: &Decision) -> Result<DecisionId> {
    let row = sqlx::query(
        "insert into decision (incident, at, recorded_at, decided, reason, maker, author, account, act,
           approvals)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning id",
    )
    .bind(new.incident.get())
    .bind(new.at.as_microsecond())
    .bind(new.recorded_at.as_microsecond())
    .bind(&new.decision)
    .bind(&new.reason)
    .bind(&new.maker)
    .bind(&new.by)
    .bind(new.account.map(UserId::get))
    .bind(new.act.map(ActKind::as_str))
    .bind(serde_json::to_string(&new.approvals)?)
    .fetch_one(&mut *change.tx)
    .await?;
    Ok(DecisionId::try_from(row.try_get::<i64, _>(0)?)?)
}

pub async fn decisions(db: &Db, family: &[IncidentId]) -> Result<Vec<Decision>> {
    let statement = format!(
        "select id, incident, at, recorded_at, decided, reason, maker, author, account, act, approvals from decision
         where incident in ($1{}) order by at, id",
        others(family)
    );
    let rows =
        sqlx::query(sqlx::AssertSqlSafe(statement)).bind(first(family)).fetch_all(db.readers()).await?;
    rows.iter()
        .map(|row| {
            Ok(Decision {
                id: DecisionId::try_from(row.try_get::<i64, _>("id")?)?,
                incident: IncidentId::try_from(row.try_get::<i64, _>("incident")?)?,
                at: at(row, "at")?,
                recorded_at: at(row, "recorded_at")?,
                decision: row.try_get("decided")?,
                reason: row.try_get("reason")?,
                maker: row.try_get("maker")?,
                by: row.try_get("author")?,
                account: user(row, "account")?,
                act: maybe(row, "act")?,
                // Decisions from before there were approvals have none.
                approvals: row
                    .try_get::<Option<String>, _>("approvals")?
                    .map(|list| serde_json::from_str(&list))
                    .transpose()?
                    .unwrap_or_default(),
            })
        })
        .collect()
}

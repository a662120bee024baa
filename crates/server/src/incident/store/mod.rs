//! The SQL of incidents. This file: incidents and their phases. What belongs to one: [`work`] (tasks),
//! [`timeline`] (entries, decisions), [`things`] (observables, assets), [`muster`], [`approval`], [`clock`],
//! [`visit`]; over all of them: [`mine`]. How two are to each other: [`kin`]; values across all: [`seen`].

pub mod approval;
pub mod clock;
pub mod custom;
pub mod due;
pub mod impact;
pub mod kin;
pub mod library;
pub mod mine;
pub mod muster;
pub mod seen;
pub mod things;
pub mod timeline;
pub mod visit;
pub mod work;

use std::str::FromStr;

use domain::{IncidentId, IncidentType, Phase, PlanVersionId, Severity, StatusId, UserId};
use jiff::Timestamp;
use platform::db::{Db, Row as AnyRow, Tx};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::Row;

use super::{IncidentView, NextClock, PhaseChange, Record};
use crate::change::{Change, time};
use crate::error::{Error, Result};
use crate::identity::scope::{listed, visible};

const COLUMNS: &str = "i.id, i.title, i.incident_type, i.severity, i.proposed_severity, i.severity_reason, \
    i.functional, i.information, i.recoverability, i.phase, i.phase_since, i.status, i.status_since, i.tlp, i.restricted, i.summary, \
    i.commander, i.declared_by, i.declared_at, i.plan, i.outcome, i.root_cause, i.lessons, i.impact, \
    i.recommendations, i.closed_at, i.updated_at";

/// What a view tells besides the record. `$1` is the present time.
const AROUND: &str = "c.name as commander_name, ist.label as status_label, d.name as declared_by_name, \
    (select count(*) from task t where (t.incident = i.id or t.incident in (select k.other from scope_kin k \
        where k.scope = i.id and k.below = 1)) and t.status in ('open', 'in_progress') and t.unfit is null) as open_tasks, \
    (select count(*) from task t where (t.incident = i.id or t.incident in (select k.other from scope_kin k \
        where k.scope = i.id and k.below = 1)) and t.status in ('open', 'in_progress') and t.unfit is null and t.due < $1) as overdue_tasks, \
    (select min(t.due) from task t where (t.incident = i.id or t.incident in (select k.other from scope_kin k \
        where k.scope = i.id and k.below = 1)) and t.status in ('open', 'in_progress') and t.unfit is null) as next_due, \
    (select count(*) from entry e where e.incident = i.id or e.incident in (select k.other from scope_kin k \
        where k.scope = i.id and k.below = 1)) as entries, \
    (select g.head from incident_merge g where g.part = i.id and g.ended_at is null) as merged_into, \
    (select count(*) from scope_kin k where k.scope = i.id and k.below = 1) as merged \
    from incident i left join account c on c.id = i.commander left join incident_status ist on ist.id = i.status join account d on d.id = i.declared_by";

/// Which incidents a list shows.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    pub phase: Option<Phase>,
    pub severity: Option<Severity>,
    pub incident_type: Option<IncidentType>,
    pub status: Option<StatusId>,
    /// `Some(true)`: open ones, `Some(false)`: closed ones.
    pub open: Option<bool>,
    /// In lower case: part of the title or the summary, or the number.
    pub text: Option<String>,
}

/// The newest first, those below the number `before`.
pub async fn list(
    db: &Db,
    account: Option<i64>,
    wanted: &Wanted,
    before: Option<i64>,
    limit: i64,
    now: Timestamp,
) -> Result<Vec<IncidentView>> {
    let statement = format!(
        concat!(
            "select {}, {}, {} where ",
            visible!("i.id", "$2"),
            " and (cast($3 as text) is null or i.phase = $3)
              and (cast($4 as text) is null or i.severity = $4)
              and (cast($5 as text) is null or i.incident_type = $5)
              and (cast($6 as bigint) is null or ((case when i.phase = 'closed' then 0 else 1 end) = $6
                   and not exists (select 1 from scope_kin k where k.other = i.id and k.below = 1)))
              and (cast($7 as text) is null or lower(i.title) like $7 escape '\\'
                   or lower(coalesce(i.summary, '')) like $7 escape '\\'
                   or 'inc-' || cast(i.id as text) = $8
                   or exists (select 1 from incident_field_value fv where fv.incident = i.id and lower(fv.value) like $7 escape '\\'))
              and (cast($9 as bigint) is null or i.id < $9)
              and (cast($11 as bigint) is null or i.status = $11)
             order by i.id desc limit $10"
        ),
        COLUMNS,
        clock::NEXT,
        AROUND
    );
    let like = wanted.text.as_deref().map(|text| format!("%{}%", escaped(text)));
    let rows = sqlx::query(sqlx::AssertSqlSafe(statement))
        .bind(now.as_microsecond())
        .bind(account)
        .bind(wanted.phase.map(Phase::as_str))
        .bind(wanted.severity.map(Severity::as_str))
        .bind(wanted.incident_type.map(IncidentType::as_str))
        .bind(wanted.open.map(i64::from))
        .bind(like)
        .bind(wanted.text.as_deref())
        .bind(before)
        .bind(limit)
        .bind(wanted.status.map(StatusId::get))
        .fetch_all(db.readers())
        .await?;
    rows.iter().map(view).collect()
}

/// How many incidents are open, of those that the account may see.
pub async fn count_open(db: &Db, account: Option<i64>) -> Result<i64> {
    let row = sqlx::query(concat!(
        "select count(*) from incident i where i.phase <> 'closed'
           and not exists (select 1 from scope_kin k where k.other = i.id and k.below = 1) and ",
        visible!("i.id", "$1")
    ))
    .bind(account)
    .fetch_one(db.readers())
    .await?;
    Ok(row.try_get(0)?)
}

pub async fn view_of(
    db: &Db,
    account: Option<i64>,
    id: IncidentId,
    now: Timestamp,
) -> Result<Option<IncidentView>> {
    let statement = format!(
        concat!("select {}, {}, {} where i.id = $3 and ", visible!("i.id", "$2")),
        COLUMNS,
        clock::NEXT,
        AROUND
    );
    let row = sqlx::query(sqlx::AssertSqlSafe(statement))
        .bind(now.as_microsecond())
        .bind(account)
        .bind(id.get())
        .fetch_optional(db.readers())
        .await?;
    row.as_ref().map(view).transpose()
}

/// These incidents, as far as the account may see them.
pub async fn views(
    db: &Db,
    account: Option<i64>,
    ids: &[IncidentId],
    now: Timestamp,
) -> Result<Vec<IncidentView>> {
    let mut views = Vec::with_capacity(ids.len());
    for some in ids.chunks(500) {
        let statement = format!(
            concat!("select {}, {}, {} where i.id in ({}) and ", visible!("i.id", "$2"), " order by i.id"),
            COLUMNS,
            clock::NEXT,
            AROUND,
            listed(some)
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(statement))
            .persistent(false)
            .bind(now.as_microsecond())
            .bind(account)
            .fetch_all(db.readers())
            .await?;
        for row in &rows {
            views.push(view(row)?);
        }
    }
    Ok(views)
}

/// The record within a change. Whether the actor may see it is asked by `scope::sees_in`.
pub async fn record_in(tx: &mut Tx, id: IncidentId) -> Result<Option<Record>> {
    let statement = format!("select {COLUMNS} from incident i where i.id = $1");
    let row = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(id.get()).fetch_optional(tx).await?;
    row.as_ref().map(record).transpose()
}

/// Adds an incident; its number comes from the store.
pub async fn insert(change: &mut Change<'_>, new: &Record) -> Result<IncidentId> {
    let row = sqlx::query(
        "insert into incident (title, incident_type, severity, proposed_severity, severity_reason,
           functional, information, recoverability, phase, phase_since, tlp, restricted, summary,
           commander, declared_by, declared_at, plan, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
         returning id",
    )
    .bind(&new.title)
    .bind(new.incident_type.as_str())
    .bind(new.severity.as_str())
    .bind(new.proposed_severity.as_str())
    .bind(&new.severity_reason)
    .bind(new.functional.as_str())
    .bind(new.information.as_str())
    .bind(new.recoverability.as_str())
    .bind(new.phase.as_str())
    .bind(new.phase_since.as_microsecond())
    .bind(new.tlp.as_str())
    .bind(i64::from(new.restricted))
    .bind(new.summary.as_deref())
    .bind(new.commander.map(UserId::get))
    .bind(new.declared_by.get())
    .bind(new.declared_at.as_microsecond())
    .bind(new.plan.get())
    .bind(new.updated_at.as_microsecond())
    .fetch_one(&mut *change.tx)
    .await?;
    Ok(IncidentId::try_from(row.try_get::<i64, _>(0)?)?)
}

pub async fn update(change: &mut Change<'_>, record: &Record) -> Result<()> {
    sqlx::query(
        "update incident set title = $2, incident_type = $3, severity = $4, proposed_severity = $5,
           severity_reason = $6, functional = $7, information = $8, recoverability = $9, phase = $10,
           phase_since = $11, tlp = $12, restricted = $13, summary = $14, commander = $15,
           outcome = $16, root_cause = $17, lessons = $18, impact = $19, recommendations = $20,
           closed_at = $21, updated_at = $22, status = $23, status_since = $24
         where id = $1",
    )
    .bind(record.id.get())
    .bind(&record.title)
    .bind(record.incident_type.as_str())
    .bind(record.severity.as_str())
    .bind(record.proposed_severity.as_str())
    .bind(&record.severity_reason)
    .bind(record.functional.as_str())
    .bind(record.information.as_str())
    .bind(record.recoverability.as_str())
    .bind(record.phase.as_str())
    .bind(record.phase_since.as_microsecond())
    .bind(record.tlp.as_str())
    .bind(i64::from(record.restricted))
    .bind(record.summary.as_deref())
    .bind(record.commander.map(UserId::get))
    .bind(record.outcome.map(domain::incident::Outcome::as_str))
    .bind(record.root_cause.as_deref())
    .bind(record.lessons.as_deref())
    .bind(record.impact.as_deref())
    .bind(record.recommendations.as_deref())
    .bind(record.closed_at.map(Timestamp::as_microsecond))
    .bind(record.updated_at.as_microsecond())
    .bind(record.status.map(StatusId::get))
    .bind(record.status_since.map(Timestamp::as_microsecond))
    .execute(&mut *change.tx)
    .await?;
    Ok(())
}

pub async fn insert_phase(
    change: &mut Change<'_>,
    incident: IncidentId,
    phase: Phase,
    by: Option<UserId>,
    reason: Option<&str>,
) -> Result<()> {
    sqlx::query(
        "insert into incident_phase (incident, phase, at, account, reason) values ($1, $2, $3, $4, $5)",
    )
    .bind(incident.get())
    .bind(phase.as_str())
    .bind(change.at_micros())
    .bind(by.map(UserId::get))
    .bind(reason)
    .execute(&mut *change.tx)
    .await?;
    Ok(())
}

/// The phases that the incident entered, in order.
pub async fn phases(db: &Db, incident: IncidentId) -> Result<Vec<PhaseChange>> {
    let rows =
        sqlx::query("select phase, at, account, reason from incident_phase where incident = $1 order by id")
            .bind(incident.get())
            .fetch_all(db.readers())
            .await?;
    rows.iter()
        .map(|row| {
            Ok(PhaseChange {
                phase: word(row, "phase")?,
                at: at(row, "at")?,
                by: user(row, "account")?,
                reason: row.try_get("reason")?,
            })
        })
        .collect()
}

fn record(row: &AnyRow) -> Result<Record> {
    Ok(Record {
        id: IncidentId::try_from(row.try_get::<i64, _>("id")?)?,
        title: row.try_get("title")?,
        incident_type: word(row, "incident_type")?,
        severity: word(row, "severity")?,
        proposed_severity: word(row, "proposed_severity")?,
        severity_reason: row.try_get("severity_reason")?,
        functional: word(row, "functional")?,
        information: word(row, "information")?,
        recoverability: word(row, "recoverability")?,
        phase: word(row, "phase")?,
        phase_since: at(row, "phase_since")?,
        status: row.try_get::<Option<i64>, _>("status")?.map(StatusId::try_from).transpose()?,
        status_since: maybe_at(row, "status_since")?,
        tlp: word(row, "tlp")?,
        restricted: row.try_get::<i64, _>("restricted")? != 0,
        summary: row.try_get("summary")?,
        commander: user(row, "commander")?,
        declared_by: UserId::try_from(row.try_get::<i64, _>("declared_by")?)?,
        declared_at: at(row, "declared_at")?,
        plan: PlanVersionId::try_from(row.try_get::<i64, _>("plan")?)?,
        outcome: maybe(row, "outcome")?,
        root_cause: row.try_get("root_cause")?,
        lessons: row.try_get("lessons")?,
        impact: row.try_get("impact")?,
        recommendations: row.try_get("recommendations")?,
        closed_at: maybe_at(row, "closed_at")?,
        updated_at: at(row, "updated_at")?,
    })
}

fn view(row: &AnyRow) -> Result<IncidentView> {
    let record = record(row)?;
    Ok(IncidentView {
        edition: record.edition(),
        record,
        commander_name: row.try_get("commander_name")?,
        status_label: row.try_get("status_label")?,
        declared_by_name: row.try_get("declared_by_name")?,
        open_tasks: row.try_get("open_tasks")?,
        overdue_tasks: row.try_get("overdue_tasks")?,
        next_due: maybe_at(row, "next_due")?,
        next_clock: clock::next(row)?.map(|(kind, due)| NextClock { kind, due }),
        entries: row.try_get("entries")?,
        merged_into: row.try_get::<Option<i64>, _>("merged_into")?.map(IncidentId::try_from).transpose()?,
        merged: row.try_get("merged")?,
    })
}

/// What is written is text to look for, not a pattern.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

/// The first of a family, by number.
fn first(family: &[IncidentId]) -> Option<i64> {
    family.first().map(|id| id.get())
}

// Reading columns: words of the domain, times, people, lists.

fn word<T: FromStr<Err = domain::Error>>(row: &AnyRow, column: &str) -> Result<T> {
    row.try_get::<String, _>(column)?
        .parse()
        .map_err(|error: domain::Error| Error::Damaged(error.to_string()))
}

fn maybe<T: FromStr<Err = domain::Error>>(row: &AnyRow, column: &str) -> Result<Option<T>> {
    let text: Option<String> = row.try_get(column)?;
    text.map(|text| text.parse().map_err(|error: domain::Error| Error::Damaged(error.to_string())))
        .transpose()
}

fn at(row: &AnyRow, column: &str) -> Result<Timestamp> {
    time(row.try_get(column)?)
}

fn maybe_at(row: &AnyRow, column: &str) -> Result<Option<Timestamp>> {
    row.try_get::<Option<i64>, _>(column)?.map(time).transpose()
}

fn user(row: &AnyRow, column: &str) -> Result<Option<UserId>> {
    Ok(row.try_get::<Option<i64>, _>(column)?.map(UserId::try_from).transpose()?)
}

fn from_json<T: DeserializeOwned>(row: &AnyRow, column: &str) -> Result<Vec<T>> {
    Ok(serde_json::from_str(&row.try_get::<String, _>(column)?)?)
}

fn json<T: Serialize>(list: &[T]) -> Result<String> {
    Ok(serde_json::to_string(list)?)
}

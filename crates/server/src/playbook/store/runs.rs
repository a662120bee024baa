//! The SQL of runs and of what happened to them.

use cacao::Event;
use domain::{Actor, IncidentId, PlaybookId, RunId, UserId};
use jiff::Timestamp;
use platform::db::{Db, Row as AnyRow, Tx};
use sqlx::{AssertSqlSafe, Row};

use super::super::run::{Line, Record};
use crate::change::{Change, time};
use crate::error::Result;
use crate::identity::scope::{account, others, visible};

macro_rules! runs {
    ($rest:literal) => {
        concat!(
            "select r.id, r.incident, r.playbook, r.version, r.name, r.status, r.state, r.wake, r.events, r.parent,
                    r.parent_key, r.started_by, r.started_at, r.ended_at from playbook_run r where ",
            $rest
        )
    };
}

pub async fn insert(change: &mut Change<'_>, run: &Record) -> Result<RunId> {
    let row = sqlx::query(
        "insert into playbook_run (incident, playbook, version, name, status, state, wake, events, parent, parent_key,
                                   started_by, started_at, ended_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) returning id",
    )
    .bind(run.incident.get())
    .bind(run.playbook.get())
    .bind(run.version)
    .bind(&run.name)
    .bind(run.status())
    .bind(run.state_text()?)
    .bind(run.wake.map(Timestamp::as_microsecond))
    .bind(run.events)
    .bind(run.parent.as_ref().map(|(parent, _)| parent.get()))
    .bind(run.parent.as_ref().map(|(_, key)| key.clone()))
    .bind(run.started_by.map(UserId::get))
    .bind(run.started_at.as_microsecond())
    .bind(run.ended_at.map(Timestamp::as_microsecond))
    .fetch_one(&mut *change.tx)
    .await?;
    Ok(RunId::try_from(row.try_get::<i64, _>(0)?)?)
}

pub async fn update(change: &mut Change<'_>, run: &Record) -> Result<()> {
    sqlx::query(
        "update playbook_run set status = $2, state = $3, wake = $4, events = $5, ended_at = $6 where id = $1",
    )
    .bind(run.id.get())
    .bind(run.status())
    .bind(run.state_text()?)
    .bind(run.wake.map(Timestamp::as_microsecond))
    .bind(run.events)
    .bind(run.ended_at.map(Timestamp::as_microsecond))
    .execute(&mut *change.tx)
    .await?;
    Ok(())
}

pub async fn add_event(change: &mut Change<'_>, run: &Record, actor: &str, event: &Event) -> Result<()> {
    sqlx::query("insert into playbook_event (run, number, at, actor, body) values ($1, $2, $3, $4, $5)")
        .bind(run.id.get())
        .bind(run.events)
        .bind(change.at_micros())
        .bind(actor)
        .bind(serde_json::to_string(event)?)
        .execute(&mut *change.tx)
        .await?;
    Ok(())
}

pub async fn one_in(tx: &mut Tx, id: RunId) -> Result<Option<Record>> {
    let row = sqlx::query(runs!("r.id = $1")).bind(id.get()).fetch_optional(tx).await?;
    row.as_ref().map(record).transpose()
}

pub async fn one(db: &Db, actor: &Actor, id: RunId) -> Result<Option<Record>> {
    let row = sqlx::query(concat!(runs!("r.id = $1 and "), visible!("r.incident", "$2")))
        .bind(id.get())
        .bind(account(actor))
        .fetch_optional(db.readers())
        .await?;
    row.as_ref().map(record).transpose()
}

/// The runs of an incident and of those that are merged into it, newest first.
pub async fn of_family(db: &Db, actor: &Actor, family: &[IncidentId]) -> Result<Vec<Record>> {
    let Some(first) = family.first() else { return Ok(Vec::new()) };
    let sql = format!(
        concat!(runs!("r.incident in ($1{}) and "), visible!("r.incident", "$2"), " order by r.id desc"),
        others(family)
    );
    let rows = sqlx::query(AssertSqlSafe(sql))
        .bind(first.get())
        .bind(account(actor))
        .fetch_all(db.readers())
        .await?;
    rows.iter().map(record).collect()
}

/// The runs that are not over, of the incidents that the actor may see, oldest first.
pub async fn open_of(db: &Db, actor: &Actor, limit: i64) -> Result<Vec<Record>> {
    let rows = sqlx::query(concat!(
        runs!("r.ended_at is null and "),
        visible!("r.incident", "$1"),
        " order by r.id limit $2"
    ))
    .bind(account(actor))
    .bind(limit)
    .fetch_all(db.readers())
    .await?;
    rows.iter().map(record).collect()
}

/// All runs that are not over.
pub async fn open(db: &Db) -> Result<Vec<RunId>> {
    let rows = sqlx::query("select id from playbook_run where ended_at is null order by id")
        .fetch_all(db.readers())
        .await?;
    rows.iter().map(|row| Ok(RunId::try_from(row.try_get::<i64, _>(0)?)?)).collect()
}

/// The runs that must be looked at by now.
pub async fn due(db: &Db, now: i64) -> Result<Vec<RunId>> {
    let rows = sqlx::query("select id from playbook_run where ended_at is null and wake <= $1 order by id")
        .bind(now)
        .fetch_all(db.readers())
        .await?;
    rows.iter().map(|row| Ok(RunId::try_from(row.try_get::<i64, _>(0)?)?)).collect()
}

/// How many runs this one was called through.
pub async fn depth_in(tx: &mut Tx, mut run: Option<RunId>) -> Result<u32> {
    let mut depth = 0;
    while let Some(id) = run {
        depth += 1;
        let row = sqlx::query("select parent from playbook_run where id = $1")
            .bind(id.get())
            .fetch_one(&mut *tx)
            .await?;
        run = row.try_get::<Option<i64>, _>(0)?.map(RunId::try_from).transpose()?;
    }
    Ok(depth)
}

pub async fn events(db: &Db, id: RunId) -> Result<Vec<Line>> {
    let rows =
        sqlx::query("select number, at, actor, body from playbook_event where run = $1 order by number")
            .bind(id.get())
            .fetch_all(db.readers())
            .await?;
    rows.iter()
        .map(|row| {
            Ok(Line {
                number: row.try_get("number")?,
                at: time(row.try_get("at")?)?,
                actor: row.try_get("actor")?,
                event: serde_json::from_str(&row.try_get::<String, _>("body")?)?,
            })
        })
        .collect()
}

fn record(row: &AnyRow) -> Result<Record> {
    let parent = match row.try_get::<Option<i64>, _>("parent")? {
        Some(parent) => {
            let key: Option<String> = row.try_get("parent_key")?;
            Some((RunId::try_from(parent)?, key.unwrap_or_default()))
        }
        None => None,
    };
    Ok(Record {
        id: RunId::try_from(row.try_get::<i64, _>("id")?)?,
        incident: IncidentId::try_from(row.try_get::<i64, _>("incident")?)?,
        playbook: PlaybookId::try_from(row.try_get::<i64, _>("playbook")?)?,
        version: row.try_get("version")?,
        name: row.try_get("name")?,
        state: serde_json::from_str(&row.try_get::<String, _>("state")?)?,
        wake: row.try_get::<Option<i64>, _>("wake")?.map(time).transpose()?,
        events: row.try_get("events")?,
        parent,
        started_by: row.try_get::<Option<i64>, _>("started_by")?.map(UserId::try_from).transpose()?,
        started_at: time(row.try_get("started_at")?)?,
        ended_at: row.try_get::<Option<i64>, _>("ended_at")?.map(time).transpose()?,
    })
}

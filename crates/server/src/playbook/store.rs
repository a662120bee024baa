//! The SQL of playbooks and their runs.

use cacao::Event;
use domain::{Actor, IncidentId, PlaybookId, RunId, UserId};
use platform::db::{Db, Row as AnyRow, Tx};
use sqlx::Row;

use super::run::{Line, Record, RunView};
use super::{Kept, Playbook, Version};
use crate::change::{Change, time};
use crate::error::{Error, Result};
use crate::identity::scope::{account, visible};

/// The playbook with CACAO's identifier, and the number of its present version.
pub async fn by_cacao_id(tx: &mut Tx, cacao_id: &str) -> Result<Option<(PlaybookId, i64)>> {
    let row = sqlx::query("select id, version from playbook where cacao_id = $1")
        .bind(cacao_id)
        .fetch_optional(tx)
        .await?;
    row.map(|row| Ok((PlaybookId::try_from(row.try_get::<i64, _>(0)?)?, row.try_get(1)?))).transpose()
}

pub async fn put(
    change: &mut Change<'_>,
    known: Option<PlaybookId>,
    playbook: &cacao::Playbook,
    version: i64,
) -> Result<PlaybookId> {
    let steps = i64::try_from(playbook.workflow.len()).unwrap_or(i64::MAX);
    let at = change.at_micros();
    if let Some(id) = known {
        sqlx::query(
            "update playbook set name = $2, description = $3, version = $4, steps = $5, updated_at = $6 where id = $1",
        )
        .bind(id.get())
        .bind(&playbook.name)
        .bind(playbook.description.clone())
        .bind(version)
        .bind(steps)
        .bind(at)
        .execute(&mut *change.tx)
        .await?;
        return Ok(id);
    }
    let row = sqlx::query(
        "insert into playbook (cacao_id, name, description, version, steps, updated_at)
         values ($1, $2, $3, $4, $5, $6) returning id",
    )
    .bind(&playbook.id)
    .bind(&playbook.name)
    .bind(playbook.description.clone())
    .bind(version)
    .bind(steps)
    .bind(at)
    .fetch_one(&mut *change.tx)
    .await?;
    Ok(PlaybookId::try_from(row.try_get::<i64, _>(0)?)?)
}

pub async fn add_version(change: &mut Change<'_>, id: PlaybookId, version: &Version, text: &str) -> Result<()> {
    sqlx::query(
        "insert into playbook_version (playbook, version, modified, sha256, body, kept_by, kept_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(id.get())
    .bind(version.version)
    .bind(&version.modified)
    .bind(&version.sha256)
    .bind(text)
    .bind(version.kept_by.map(UserId::get))
    .bind(version.kept_at.as_microsecond())
    .execute(&mut *change.tx)
    .await?;
    Ok(())
}

pub async fn list(db: &Db) -> Result<Vec<Playbook>> {
    let rows = sqlx::query(concat!(
        "select id, cacao_id, name, description, version, steps, updated_at from playbook",
        " order by name, id"
    ))
    .fetch_all(db.readers())
    .await?;
    rows.iter().map(playbook).collect()
}

pub async fn get(db: &Db, id: PlaybookId, version: Option<i64>) -> Result<Option<Kept>> {
    let row = sqlx::query(
        "select p.id, p.cacao_id, p.name, p.description, p.version, p.steps, p.updated_at,
                v.version as number, v.modified, v.sha256, v.body, v.kept_by, v.kept_at
         from playbook p join playbook_version v on v.playbook = p.id
         where p.id = $1 and v.version = coalesce(cast($2 as bigint), p.version)",
    )
    .bind(id.get())
    .bind(version)
    .fetch_optional(db.readers())
    .await?;
    row.as_ref().map(kept).transpose()
}

/// The same within a change.
pub async fn get_in(tx: &mut Tx, id: PlaybookId, version: i64) -> Result<Kept> {
    let row = sqlx::query(
        "select p.id, p.cacao_id, p.name, p.description, p.version, p.steps, p.updated_at,
                v.version as number, v.modified, v.sha256, v.body, v.kept_by, v.kept_at
         from playbook p join playbook_version v on v.playbook = p.id
         where p.id = $1 and v.version = $2",
    )
    .bind(id.get())
    .bind(version)
    .fetch_optional(tx)
    .await?;
    row.as_ref().map(kept).transpose()?.ok_or(Error::NotFound("playbook"))
}

pub async fn versions(db: &Db, id: PlaybookId) -> Result<Vec<Version>> {
    let rows = sqlx::query(
        "select version as number, modified, sha256, kept_by, kept_at from playbook_version
         where playbook = $1 order by version desc",
    )
    .bind(id.get())
    .fetch_all(db.readers())
    .await?;
    rows.iter().map(version).collect()
}

pub async fn version_in(tx: &mut Tx, id: PlaybookId, number: i64) -> Result<Version> {
    let row = sqlx::query(
        "select version as number, modified, sha256, kept_by, kept_at from playbook_version
         where playbook = $1 and version = $2",
    )
    .bind(id.get())
    .bind(number)
    .fetch_one(tx)
    .await?;
    version(&row)
}

/// The version of a playbook that says it was modified then.
pub async fn modified_in(tx: &mut Tx, id: PlaybookId, modified: &str) -> Result<Option<i64>> {
    let row = sqlx::query("select max(version) from playbook_version where playbook = $1 and modified = $2")
        .bind(id.get())
        .bind(modified)
        .fetch_one(tx)
        .await?;
    Ok(row.try_get(0)?)
}

fn playbook(row: &AnyRow) -> Result<Playbook> {
    Ok(Playbook {
        id: PlaybookId::try_from(row.try_get::<i64, _>("id")?)?,
        cacao_id: row.try_get("cacao_id")?,
        name: row.try_get("name")?,
        description: row.try_get("description")?,
        version: row.try_get("version")?,
        steps: row.try_get("steps")?,
        updated_at: time(row.try_get("updated_at")?)?,
    })
}

fn version(row: &AnyRow) -> Result<Version> {
    Ok(Version {
        version: row.try_get("number")?,
        modified: row.try_get("modified")?,
        sha256: row.try_get("sha256")?,
        kept_by: row.try_get::<Option<i64>, _>("kept_by")?.map(UserId::try_from).transpose()?,
        kept_at: time(row.try_get("kept_at")?)?,
    })
}

fn kept(row: &AnyRow) -> Result<Kept> {
    Ok(Kept { playbook: playbook(row)?, version: version(row)?, text: row.try_get("body")? })
}

macro_rules! runs {
    ($rest:literal) => {
        concat!(
            "select r.id, r.incident, r.playbook, r.version, r.name, r.status, r.state, r.wake, r.events, r.parent,
                    r.parent_key, r.started_by, r.started_at, r.ended_at from playbook_run r where ",
            $rest
        )
    };
}

pub async fn insert_run(change: &mut Change<'_>, run: &Record) -> Result<RunId> {
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
    .bind(run.wake.map(|at| at.as_microsecond()))
    .bind(run.events)
    .bind(run.parent.as_ref().map(|(parent, _)| parent.get()))
    .bind(run.parent.as_ref().map(|(_, key)| key.clone()))
    .bind(run.started_by.map(UserId::get))
    .bind(run.started_at.as_microsecond())
    .bind(run.ended_at.map(|at| at.as_microsecond()))
    .fetch_one(&mut *change.tx)
    .await?;
    Ok(RunId::try_from(row.try_get::<i64, _>(0)?)?)
}

pub async fn update_run(change: &mut Change<'_>, run: &Record) -> Result<()> {
    sqlx::query(
        "update playbook_run set status = $2, state = $3, wake = $4, events = $5, ended_at = $6 where id = $1",
    )
    .bind(run.id.get())
    .bind(run.status())
    .bind(run.state_text()?)
    .bind(run.wake.map(|at| at.as_microsecond()))
    .bind(run.events)
    .bind(run.ended_at.map(|at| at.as_microsecond()))
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

pub async fn run_in(tx: &mut Tx, id: RunId) -> Result<Option<Record>> {
    let row = sqlx::query(runs!("r.id = $1")).bind(id.get()).fetch_optional(tx).await?;
    row.as_ref().map(record).transpose()
}

pub async fn run(db: &Db, actor: &Actor, id: RunId) -> Result<Option<Record>> {
    let row = sqlx::query(concat!(runs!("r.id = $1 and "), visible!("r.incident", "$2")))
        .bind(id.get())
        .bind(account(actor))
        .fetch_optional(db.readers())
        .await?;
    row.as_ref().map(record).transpose()
}

pub async fn runs_of(db: &Db, actor: &Actor, incident: IncidentId) -> Result<Vec<RunView>> {
    let rows = sqlx::query(concat!(runs!("r.incident = $1 and "), visible!("r.incident", "$2"), " order by r.id desc"))
        .bind(incident.get())
        .bind(account(actor))
        .fetch_all(db.readers())
        .await?;
    rows.iter().map(|row| record(row).map(|record| record.view())).collect()
}

/// All runs that are not over.
pub async fn open_runs(db: &Db) -> Result<Vec<RunId>> {
    let rows =
        sqlx::query("select id from playbook_run where ended_at is null order by id").fetch_all(db.readers()).await?;
    rows.iter().map(|row| Ok(RunId::try_from(row.try_get::<i64, _>(0)?)?)).collect()
}

/// The runs that must be looked at by now.
pub async fn due_runs(db: &Db, now: i64) -> Result<Vec<RunId>> {
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
        let row = sqlx::query("select parent from playbook_run where id = $1").bind(id.get()).fetch_one(&mut *tx).await?;
        run = row.try_get::<Option<i64>, _>(0)?.map(RunId::try_from).transpose()?;
    }
    Ok(depth)
}

pub async fn events(db: &Db, id: RunId) -> Result<Vec<Line>> {
    let rows = sqlx::query("select number, at, actor, body from playbook_event where run = $1 order by number")
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

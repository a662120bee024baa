//! The SQL of tasks.

use domain::task::TaskStatus;
use domain::{IncidentId, Phase, TaskId, UserId};
use jiff::Timestamp;
use platform::db::{Bind, Db, Row as AnyRow, Tx, insert_rows};
use sqlx::Row;

use super::super::Task;
use super::{at, first, from_json, json, maybe, maybe_at, user, word};
use crate::change::Change;
use crate::error::Result;
use crate::identity::scope::others;

const COLUMNS: &str = "id, incident, phase, role, title, instructions, due_within, due, step, evidence, status, \
    person, reason, owner, created_at, settled_at, action, surplus, after_tasks, only_if, unfit, library";

/// Adds tasks and gives them with their numbers, in the same order. The numbers that they come with
/// are not used.
pub async fn insert(change: &mut Change<'_>, mut tasks: Vec<Task>) -> Result<Vec<Task>> {
    let rows = tasks.iter().map(binds).collect::<Result<Vec<_>>>()?;
    let into =
        "insert into task (incident, phase, role, title, instructions, due_within, due, step, evidence,
         status, person, reason, owner, created_at, settled_at, action, surplus, after_tasks,
         only_if, unfit, library)";
    let returned = insert_rows(change.tx, into, rows, "returning id").await?;
    for (task, row) in tasks.iter_mut().zip(&returned) {
        task.id = TaskId::try_from(row.try_get::<i64, _>(0)?)?;
    }
    Ok(tasks)
}

fn binds(task: &Task) -> Result<[Bind; 21]> {
    Ok([
        task.incident.get().into(),
        task.phase.as_str().into(),
        task.role.as_ref().map(ToString::to_string).into(),
        task.title.clone().into(),
        task.instructions.clone().into(),
        task.due_within.map(|period| period.to_string()).into(),
        task.due.map(Timestamp::as_microsecond).into(),
        task.step.as_ref().map(ToString::to_string).into(),
        json(&task.evidence)?.into(),
        task.status.as_str().into(),
        task.by.map(UserId::get).into(),
        task.reason.clone().into(),
        task.owner.map(UserId::get).into(),
        task.created_at.as_microsecond().into(),
        task.settled_at.map(Timestamp::as_microsecond).into(),
        task.action.as_ref().map(ToString::to_string).into(),
        task.surplus.clone().into(),
        serde_json::to_string(&task.after)?.into(),
        task.only_if.as_ref().map(serde_json::to_string).transpose()?.into(),
        task.unfit.clone().into(),
        task.library.clone().into(),
    ])
}

pub async fn update(change: &mut Change<'_>, task: &Task) -> Result<()> {
    sqlx::query(
        "update task set due = $2, status = $3, person = $4, reason = $5, owner = $6, settled_at = $7,
           surplus = $8, after_tasks = $9, unfit = $10
         where id = $1",
    )
    .bind(task.id.get())
    .bind(task.due.map(Timestamp::as_microsecond))
    .bind(task.status.as_str())
    .bind(task.by.map(UserId::get))
    .bind(task.reason.as_deref())
    .bind(task.owner.map(UserId::get))
    .bind(task.settled_at.map(Timestamp::as_microsecond))
    .bind(task.surplus.as_deref())
    .bind(serde_json::to_string(&task.after)?)
    .bind(task.unfit.as_deref())
    .execute(&mut *change.tx)
    .await?;
    Ok(())
}

pub async fn task_in(tx: &mut Tx, id: TaskId) -> Result<Option<Task>> {
    let statement = format!("select {COLUMNS} from task where id = $1");
    let row = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(id.get()).fetch_optional(tx).await?;
    row.as_ref().map(task).transpose()
}

/// All tasks of an incident and those merged into it, as the plan orders them within each phase.
pub async fn of_family(db: &Db, family: &[IncidentId]) -> Result<Vec<Task>> {
    let statement =
        format!("select {COLUMNS} from task where incident in ($1{}) order by id", others(family));
    let rows =
        sqlx::query(sqlx::AssertSqlSafe(statement)).bind(first(family)).fetch_all(db.readers()).await?;
    rows.iter().map(task).collect()
}

/// The unfinished task whose time runs out first.
pub async fn next_due(db: &Db, family: &[IncidentId]) -> Result<Option<Task>> {
    let statement = format!(
        "select {COLUMNS} from task where incident in ($1{}) and due is not null
           and unfit is null and status in ('open', 'in_progress') order by due, id limit 1",
        others(family)
    );
    let row =
        sqlx::query(sqlx::AssertSqlSafe(statement)).bind(first(family)).fetch_optional(db.readers()).await?;
    row.as_ref().map(task).transpose()
}

/// The same within a change.
pub async fn of_incident_in(tx: &mut Tx, incident: IncidentId) -> Result<Vec<Task>> {
    let statement = format!("select {COLUMNS} from task where incident = $1 order by id");
    let rows = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(incident.get()).fetch_all(tx).await?;
    rows.iter().map(task).collect()
}

/// Unfinished tasks of a phase that have no time yet.
pub async fn waiting_in(tx: &mut Tx, incident: IncidentId, phase: Phase) -> Result<Vec<Task>> {
    let statement = format!(
        "select {COLUMNS} from task where incident = $1 and phase = $2 and due is null
           and due_within is not null and status in ('open', 'in_progress') order by id"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(statement))
        .bind(incident.get())
        .bind(phase.as_str())
        .fetch_all(tx)
        .await?;
    rows.iter().map(task).collect()
}

/// Steps of a procedure that nobody has begun.
pub async fn untouched_steps_in(tx: &mut Tx, incident: IncidentId) -> Result<Vec<Task>> {
    let statement = format!(
        "select {COLUMNS} from task where incident = $1 and step is not null and status = $2 order by id"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(statement))
        .bind(incident.get())
        .bind(TaskStatus::Open.as_str())
        .fetch_all(tx)
        .await?;
    rows.iter().map(task).collect()
}

fn task(row: &AnyRow) -> Result<Task> {
    Ok(Task {
        id: TaskId::try_from(row.try_get::<i64, _>("id")?)?,
        incident: IncidentId::try_from(row.try_get::<i64, _>("incident")?)?,
        phase: word(row, "phase")?,
        role: maybe(row, "role")?,
        title: row.try_get("title")?,
        instructions: row.try_get("instructions")?,
        due_within: maybe(row, "due_within")?,
        due: maybe_at(row, "due")?,
        step: maybe(row, "step")?,
        evidence: from_json(row, "evidence")?,
        status: word(row, "status")?,
        by: user(row, "person")?,
        reason: row.try_get("reason")?,
        owner: user(row, "owner")?,
        created_at: at(row, "created_at")?,
        settled_at: maybe_at(row, "settled_at")?,
        action: maybe(row, "action")?,
        surplus: row.try_get("surplus")?,
        after: json_of(row, "after_tasks")?.unwrap_or_default(),
        only_if: json_of(row, "only_if")?,
        unfit: row.try_get("unfit")?,
        library: row.try_get("library")?,
    })
}

/// A column that holds JSON, or nothing.
fn json_of<T: serde::de::DeserializeOwned>(row: &AnyRow, column: &str) -> Result<Option<T>> {
    let text: Option<String> = row.try_get(column)?;
    Ok(text.map(|text| serde_json::from_str(&text)).transpose()?)
}

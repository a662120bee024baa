//! The SQL of what waits for one person, over all incidents that they may see.

use domain::{ApprovalId, ClockId, IncidentId, MusterId, TaskId, UserId};
use platform::db::{Db, Row as AnyRow};
use sqlx::Row;

use super::super::response::mine::{AskedApproval, AskedPost, MyTask, OwedUpdate, Where};
use super::{at, maybe, maybe_at, word};
use crate::error::Result;
use crate::identity::scope::visible;

/// How many places wait for an answer.
pub async fn count_asked(db: &Db, me: UserId) -> Result<i64> {
    let row = sqlx::query(concat!(
        "select count(*) from muster m join incident i on i.id = m.incident
         where m.person = $1 and m.status = 'asked' and i.phase <> 'closed' and ",
        visible!("i.id", "$1")
    ))
    .bind(me.get())
    .fetch_one(db.readers())
    .await?;
    Ok(row.try_get(0)?)
}

pub async fn posts(db: &Db, me: UserId) -> Result<Vec<AskedPost>> {
    let rows = sqlx::query(concat!(
        "select m.id, m.role, m.status, m.asked_at, m.note, i.id as incident, i.title, i.severity, i.phase
         from muster m join incident i on i.id = m.incident
         where m.person = $1 and i.phase <> 'closed' and ",
        visible!("i.id", "$1"),
        " order by case m.status when 'asked' then 0 else 1 end, m.id"
    ))
    .bind(me.get())
    .fetch_all(db.readers())
    .await?;
    rows.iter()
        .map(|row| {
            Ok(AskedPost {
                id: MusterId::try_from(row.try_get::<i64, _>("id")?)?,
                role: word(row, "role")?,
                status: word(row, "status")?,
                asked_at: maybe_at(row, "asked_at")?,
                place: place(row)?,
            })
        })
        .collect()
}

/// What others wait to have approved, and whether I fill the role in that incident.
pub async fn approvals(db: &Db, me: UserId) -> Result<Vec<(AskedApproval, bool)>> {
    let rows = sqlx::query(concat!(
        "select a.id, a.act, a.role, a.what, a.asked_at, q.name as asked_by, i.id as incident, i.title, i.severity, i.phase,
           (select count(*) from muster x where x.incident = a.incident and x.role = a.role and x.person = $1
             and x.status = 'assigned') as filled
         from approval a join incident i on i.id = a.incident join account q on q.id = a.asked_by
         where a.status = 'asked' and a.asked_by <> $1 and i.phase <> 'closed' and ",
        visible!("i.id", "$1"),
        " order by a.id"
    ))
    .bind(me.get())
    .fetch_all(db.readers())
    .await?;
    rows.iter()
        .map(|row| {
            let asked = AskedApproval {
                id: ApprovalId::try_from(row.try_get::<i64, _>("id")?)?,
                act: word(row, "act")?,
                role: word(row, "role")?,
                what: row.try_get("what")?,
                asked_at: at(row, "asked_at")?,
                asked_by: row.try_get("asked_by")?,
                place: place(row)?,
            };
            Ok((asked, row.try_get::<i64, _>("filled")? > 0))
        })
        .collect()
}

/// Open tasks that are mine, and those of nobody in roles that I fill; the first due first.
pub async fn tasks(db: &Db, me: UserId, limit: i64) -> Result<Vec<MyTask>> {
    let rows = sqlx::query(concat!(
        "select t.id, t.title as task, t.role, t.due, (case when t.owner = $1 or t.person = $1 then 1 else 0 end) as mine,
           i.id as incident, i.title, i.severity, i.phase
         from task t join incident i on i.id = t.incident
         where t.status in ('open', 'in_progress') and t.unfit is null and (t.phase = i.phase or t.due is not null)
           and (t.owner = $1 or t.person = $1 or (t.owner is null and t.person is null and exists (
             select 1 from muster x where x.incident = t.incident and x.role = t.role and x.person = $1
               and x.status = 'assigned')))
           and (i.phase <> 'closed' or t.phase = 'closed') and ",
        visible!("i.id", "$1"),
        " order by case when t.due is null then 1 else 0 end, t.due, t.id limit $2"
    ))
    .bind(me.get())
    .bind(limit)
    .fetch_all(db.readers())
    .await?;
    rows.iter()
        .map(|row| {
            Ok(MyTask {
                id: TaskId::try_from(row.try_get::<i64, _>("id")?)?,
                task: row.try_get("task")?,
                role: maybe(row, "role")?,
                due: maybe_at(row, "due")?,
                mine: row.try_get::<i64, _>("mine")? != 0,
                place: place(row)?,
            })
        })
        .collect()
}

/// Updates that I owe as the commander of incidents.
pub async fn updates(db: &Db, me: UserId) -> Result<Vec<OwedUpdate>> {
    let rows = sqlx::query(concat!(
        "select k.id, k.due, i.id as incident, i.title, i.severity, i.phase
         from incident_clock k join incident i on i.id = k.incident
         where k.kind = 'update' and k.met_at is null and k.ended_at is null and i.commander = $1 and ",
        visible!("i.id", "$1"),
        " order by k.due"
    ))
    .bind(me.get())
    .fetch_all(db.readers())
    .await?;
    rows.iter()
        .map(|row| {
            Ok(OwedUpdate {
                clock: ClockId::try_from(row.try_get::<i64, _>("id")?)?,
                due: at(row, "due")?,
                place: place(row)?,
            })
        })
        .collect()
}

fn place(row: &AnyRow) -> Result<Where> {
    Ok(Where {
        incident: IncidentId::try_from(row.try_get::<i64, _>("incident")?)?,
        title: row.try_get("title")?,
        severity: word(row, "severity")?,
        phase: word(row, "phase")?,
    })
}

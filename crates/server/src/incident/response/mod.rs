//! What an incident's severity sets going: the plan's level becomes tasks, a muster list, clocks and acts
//! under approval. [`begin`] does so at the declaration, [`replan`] when the severity changes; [`preview`]
//! tells beforehand what would happen. The parts: [`muster`], [`approval`], [`clock`]; what of it waits
//! for one person: [`mine`].

pub mod approval;
pub mod clock;
pub mod mine;
pub mod muster;

use domain::plan::{Plan, SeverityLevel};
use domain::response::replan::{Known, NewAction};
use domain::response::{Place, Replan, Running};
use domain::timeline::EntryKind;
use domain::{Actor, IncidentId, Severity};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Record, Task, keep, read, store, tasks};
use crate::app::App;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::plan;

/// What another severity would change.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Preview {
    /// In one sentence.
    #[schema(example = "starts 4 actions, musters 3 roles, shortens updates to 1 hour")]
    pub summary: String,
    /// All of it in sentences.
    pub sentences: Vec<String>,
    /// All of it, part by part.
    #[schema(value_type = Object)]
    pub replan: Replan,
}

/// What this severity would change of the incident's response.
pub async fn preview(app: &App, actor: &Actor, id: IncidentId, to: Severity) -> Result<Preview> {
    let view = read::get(app, actor, id).await?;
    let now = plan::in_force(app).await?;
    let tasks = store::work::of_family(&app.db, &[id]).await?;
    let posts = store::muster::of_incident(&app.db, id).await?;
    let from = now.plan.severity.level(view.record.severity);
    Ok(told(&now.plan, from, level(&now.plan, to)?, &tasks, &posts))
}

/// What declaring with this severity starts, before there is an incident.
pub async fn preview_new(app: &App, to: Severity) -> Result<Preview> {
    let now = plan::in_force(app).await?;
    Ok(told(&now.plan, None, level(&now.plan, to)?, &[], &[]))
}

fn told(
    plan: &Plan,
    from: Option<&SeverityLevel>,
    to: &SeverityLevel,
    tasks: &[Task],
    posts: &[muster::Post],
) -> Preview {
    let replan = Replan::of(&plan.severity, from, to, &running(tasks), &places(posts));
    Preview { summary: replan.summary(), sentences: sentences(plan, &replan), replan }
}

fn sentences(plan: &Plan, replan: &Replan) -> Vec<String> {
    replan.sentences(|role| plan.role(role).map_or_else(|| role.to_string(), |known| known.title.to_string()))
}

fn level(plan: &Plan, severity: Severity) -> Result<&SeverityLevel> {
    plan.severity.level(severity).ok_or(Error::NotFound("level of severity"))
}

fn running(tasks: &[Task]) -> Vec<Running> {
    tasks
        .iter()
        .filter_map(|task| {
            Some(Running {
                task: task.id,
                action: task.action.clone()?,
                title: task.title.clone(),
                status: task.status,
                surplus: task.surplus.is_some(),
            })
        })
        .collect()
}

fn places(posts: &[muster::Post]) -> Vec<Place> {
    posts.iter().map(|post| Place { role: post.role.clone(), status: post.status }).collect()
}

/// Starts what the level of a new incident names.
pub(super) async fn begin(change: &mut Change<'_>, record: &Record, plan: &Plan) -> Result<()> {
    let to = level(plan, record.severity)?;
    let replan = Replan::of(&plan.severity, None, to, &[], &[]);
    carry_out(change, record, plan, &replan).await?;
    clock::begin(change, record, to).await
}

/// Changes what the former level started into what the incident's present one asks for.
pub(super) async fn replan(
    change: &mut Change<'_>,
    record: &Record,
    plan: &Plan,
    before: Severity,
) -> Result<()> {
    let (from, to) = (plan.severity.level(before), level(plan, record.severity)?);
    let tasks = store::work::of_incident_in(change.tx, record.id).await?;
    let posts = store::muster::of_incident_in(change.tx, record.id).await?;
    let replan = Replan::of(&plan.severity, from, to, &running(&tasks), &places(&posts));
    carry_out(change, record, plan, &replan).await?;
    clock::retarget(change, record, to).await
}

async fn carry_out(change: &mut Change<'_>, record: &Record, plan: &Plan, replan: &Replan) -> Result<()> {
    start(change, record, plan, &replan.start).await?;
    for known in &replan.reopen {
        reopen(change, known).await?;
    }
    for known in &replan.keep {
        keep_going(change, known).await?;
    }
    for known in &replan.surplus {
        let why = format!("The plan does not ask for it at {}.", replan.to.label().to_lowercase());
        propose_skip(change, known, why).await?;
    }
    muster::follow(change, record, plan, replan).await?;
    let said = sentences(plan, replan);
    if said.is_empty() {
        return Ok(());
    }
    let line = format!(
        "The plan at {}: {}\n{}",
        replan.to.label().to_lowercase(),
        replan.summary(),
        said.join("\n")
    );
    keep::line(change, &Actor::Watchbell, record.id, EntryKind::Status, line).await
}

async fn start(change: &mut Change<'_>, record: &Record, plan: &Plan, new: &[NewAction]) -> Result<()> {
    let mut rows = Vec::with_capacity(new.len());
    for one in new {
        let action = plan.severity.action(&one.action).ok_or(Error::NotFound("action of the plan"))?;
        rows.push(Task {
            role: Some(action.role.clone()),
            instructions: Some(action.text.to_string()),
            due_within: one.within,
            due: one.within.map(|within| within.after(change.at)),
            action: Some(action.id.clone()),
            ..Task::new(record.id, record.phase, action.title.to_string(), change.at)?
        });
    }
    for task in store::work::insert(change, rows).await? {
        change.record(&task.id.to_string(), "task.add", &task, Some(record.id.get())).await?;
    }
    Ok(())
}

async fn task(change: &mut Change<'_>, known: &Known) -> Result<Task> {
    store::work::task_in(change.tx, known.task).await?.ok_or(Error::NotFound("task"))
}

/// A task that was skipped as not asked for is asked for again.
async fn reopen(change: &mut Change<'_>, known: &Known) -> Result<()> {
    let mut task = task(change, known).await?;
    let state = task.state()?.reopen()?;
    tasks::settle(&mut task, &state, change.at);
    task.surplus = None;
    task.due = known.within.map(|within| within.after(change.at)).or(task.due);
    tasks::save(change, &task, "task.reopen").await
}

/// An open task keeps its time, or gets less where the level gives less.
async fn keep_going(change: &mut Change<'_>, known: &Known) -> Result<()> {
    let mut task = task(change, known).await?;
    let before = (task.due, task.surplus.take());
    let wanted = known.within.map(|within| within.after(change.at));
    task.due = match (task.due, wanted) {
        (Some(due), Some(wanted)) => Some(due.min(wanted)),
        (due, wanted) => due.or(wanted),
    };
    if (task.due, None) == before {
        return Ok(());
    }
    tasks::save(change, &task, "task.due").await
}

async fn propose_skip(change: &mut Change<'_>, known: &Known, why: String) -> Result<()> {
    let mut task = task(change, known).await?;
    task.surplus = Some(why);
    tasks::save(change, &task, "task.propose_skip").await
}

//! Tasks: the steps of the plan's procedure, and what people add on the way. Whoever may work on the
//! incident may take and finish any of them; each change stands on the timeline.

use domain::plan::{Procedure, RoleKey, StepKey};
use domain::task::TaskState;
use domain::timeline::EntryKind;
use domain::{Actor, IncidentId, Line, Phase, TaskId, UserId};
use jiff::Timestamp;

use super::{Record, Task, keep, optional, store, text};
use crate::app::App;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::{identity, plan};

/// The steps of a procedure as tasks of an incident. Those of the present phase are due from `since`.
pub(super) async fn from_procedure(
    change: &mut Change<'_>,
    record: &Record,
    procedure: &Procedure,
    since: Timestamp,
) -> Result<Vec<Task>> {
    let (incident, phase) = (record.id, record.phase);
    let mut tasks = Vec::with_capacity(procedure.steps.len());
    for step in &procedure.steps {
        let entered = step.phase <= phase;
        tasks.push(Task {
            role: Some(step.role.clone()),
            instructions: Some(step.text.to_string()),
            due_within: step.due_within,
            due: step.due_within.filter(|_| entered).map(|period| period.after(since)),
            step: Some(step.id.clone()),
            evidence: step.evidence.iter().map(ToString::to_string).collect(),
            only_if: Some(step.only_if.clone()).filter(|only| !only.is_always()),
            unfit: step.only_if.unmet(&record.circumstances()),
            ..Task::new(incident, step.phase, step.title.to_string(), change.at)?
        });
    }
    let mut tasks = store::work::insert(change, tasks).await?;
    // What a step waits for has its number only now.
    let numbers: Vec<(StepKey, TaskId)> =
        tasks.iter().filter_map(|task| Some((task.step.clone()?, task.id))).collect();
    for (task, step) in tasks.iter_mut().zip(&procedure.steps).filter(|(_, step)| !step.after.is_empty()) {
        let of = |key: &StepKey| numbers.iter().find(|(step, _)| step == key).map(|(_, id)| *id);
        task.after = step.after.iter().filter_map(of).collect();
        store::work::update(change, task).await?;
    }
    for task in &tasks {
        change.record(&task.id.to_string(), "task.add", task, Some(incident.get())).await?;
    }
    Ok(tasks)
}

/// Tasks of a phase get their time when the phase is entered.
pub(super) async fn enter_phase(change: &mut Change<'_>, incident: IncidentId, phase: Phase) -> Result<()> {
    for mut task in store::work::waiting_in(change.tx, incident, phase).await? {
        task.due = task.due_within.map(|period| period.after(change.at));
        save(change, &task, "task.due").await?;
    }
    Ok(())
}

/// Steps that nobody has begun fall away when the incident turns out to be of another type.
pub(super) async fn drop_untouched(
    change: &mut Change<'_>,
    incident: IncidentId,
    why: &str,
) -> Result<usize> {
    let untouched = store::work::untouched_steps_in(change.tx, incident).await?;
    let count = untouched.len();
    for mut task in untouched {
        let state = task.state()?.skip(text("the reason", why)?)?;
        settle(&mut task, &state, change.at);
        save(change, &task, "task.skip").await?;
    }
    Ok(count)
}

/// Asks of every task with a condition whether it fits now. What begins to fit has its time from now; what
/// no longer does is left as it is, and counted no more.
pub(super) async fn refit(change: &mut Change<'_>, record: &Record) -> Result<()> {
    for mut task in store::work::of_incident_in(change.tx, record.id).await? {
        let Some(only) = task.only_if.as_ref().filter(|_| !task.is_settled()) else { continue };
        let unfit = only.unmet(&record.circumstances());
        if unfit == task.unfit {
            continue;
        }
        let begins = unfit.is_none();
        task.unfit = unfit;
        if begins && task.phase <= record.phase {
            task.due = task.due_within.map(|within| within.after(change.at)).or(task.due);
        }
        save(change, &task, "task.fit").await?;
    }
    Ok(())
}

/// A task that somebody adds.
pub struct NewTask {
    pub title: String,
    pub instructions: Option<String>,
    /// The present phase if left out.
    pub phase: Option<Phase>,
    pub role: Option<RoleKey>,
    pub due: Option<Timestamp>,
    pub owner: Option<UserId>,
}

pub async fn add(app: &App, actor: &Actor, incident: IncidentId, new: NewTask) -> Result<Task> {
    if let Some(role) = &new.role
        && plan::in_force(app).await?.plan.role(role).is_none()
    {
        return Err(Error::Invalid(format!("The plan has no role {role}.")));
    }
    let actor = actor.clone();
    app.change(&actor.clone(), move |change| {
        Box::pin(async move { add_in(change, &actor, incident, new).await })
    })
    .await
}

/// The same within a change; whoever calls knows that the plan has the role.
pub(super) async fn add_in(
    change: &mut Change<'_>,
    actor: &Actor,
    incident: IncidentId,
    new: NewTask,
) -> Result<Task> {
    let title = Line::new("the task", &new.title)?;
    let instructions =
        optional(new.instructions).map(|given| text("the instructions", &given)).transpose()?;
    let record = keep::to_add(change, actor, incident).await?;
    if let Some(owner) = new.owner {
        worker(change, actor, incident, owner).await?;
    }
    let phase = new.phase.unwrap_or(record.phase);
    let task = Task {
        role: new.role,
        instructions: instructions.map(|text| text.to_string()),
        due: new.due,
        owner: new.owner,
        ..Task::new(incident, phase, title.to_string(), change.at)?
    };
    let task = store::work::insert(change, vec![task]).await?.pop();
    let task = task.ok_or_else(|| Error::Damaged("a task was not stored".to_owned()))?;
    change.record(&task.id.to_string(), "task.add", &task, Some(incident.get())).await?;
    keep::line(change, actor, incident, EntryKind::Action, format!("Task added: {}", task.title)).await?;
    keep::tell(change, incident).await?;
    Ok(task)
}

/// What is done with a task.
#[derive(Debug, Clone)]
pub enum Act {
    Start,
    Release,
    Finish,
    Skip {
        reason: String,
    },
    /// Keeps a task that the plan does not ask for at the present severity.
    Want,
    Reopen,
    /// To somebody, or back to nobody in particular.
    Assign {
        owner: Option<UserId>,
    },
}

pub async fn act(app: &App, actor: &Actor, id: TaskId, act: Act) -> Result<Task> {
    let actor = actor.clone();
    app.change(&actor.clone(), move |change| {
        Box::pin(async move {
            let mut task = store::work::task_in(change.tx, id).await?.ok_or(Error::NotFound("task"))?;
            let incident = task.incident;
            // Who may not see the incident learns nothing of its tasks.
            keep::to_work(change, &actor, incident).await.map_err(|error| match error {
                Error::NotFound(_) => Error::NotFound("task"),
                other => other,
            })?;
            let (verb, line) = apply(change, &actor, &mut task, act).await?;
            save(change, &task, verb).await?;
            keep::line(change, &actor, incident, EntryKind::Action, format!("{line}: {}", task.title))
                .await?;
            keep::tell(change, incident).await?;
            Ok(task)
        })
    })
    .await
}

/// Does it to the task; gives the ledger's word for it and the line for the timeline.
async fn apply(
    change: &mut Change<'_>,
    actor: &Actor,
    task: &mut Task,
    act: Act,
) -> Result<(&'static str, String)> {
    let me = actor.user().ok_or(Error::Forbidden("only a person does tasks"))?;
    let state = task.state()?;
    if matches!(act, Act::Start | Act::Finish) {
        free(change, task).await?;
    }
    Ok(match act {
        Act::Start => {
            settle(task, &state.start(me)?, change.at);
            task.owner = Some(me);
            ("task.start", "Task taken".to_owned())
        }
        Act::Release => {
            settle(task, &state.release()?, change.at);
            task.owner = None;
            ("task.release", "Task given back".to_owned())
        }
        Act::Finish => {
            settle(task, &state.finish(me)?, change.at);
            ("task.finish", "Task done".to_owned())
        }
        Act::Skip { reason } => {
            if reason.trim().is_empty() {
                return Err(domain::Error::ReasonNeeded { verb: "skipping a task" }.into());
            }
            let reason = text("the reason", &reason)?;
            let line = format!("Task skipped ({reason})");
            settle(task, &state.skip(reason)?, change.at);
            ("task.skip", line)
        }
        Act::Want => {
            if task.surplus.take().is_none() || state.is_settled() {
                return Err(Error::Conflict("Nobody proposes to skip this task.".to_owned()));
            }
            ("task.want", "Task kept".to_owned())
        }
        Act::Reopen => {
            settle(task, &state.reopen()?, change.at);
            ("task.reopen", "Task reopened".to_owned())
        }
        Act::Assign { owner } => {
            if state.is_settled() {
                return Err(Error::Conflict("The task is finished; reopen it first.".to_owned()));
            }
            let line = match owner {
                Some(owner) => {
                    let name = worker(change, actor, task.incident, owner).await?;
                    format!("Task given to {name}")
                }
                None => "Task given to nobody in particular".to_owned(),
            };
            task.owner = owner;
            ("task.assign", line)
        }
    })
}

/// Refuses what still waits for other tasks.
async fn free(change: &mut Change<'_>, task: &Task) -> Result<()> {
    let mut waits = Vec::new();
    for before in &task.after {
        let before = store::work::task_in(change.tx, *before).await?;
        waits.extend(before.filter(Task::is_wanted));
    }
    if waits.is_empty() {
        return Ok(());
    }
    let named: Vec<String> = waits.iter().map(|task| format!("{} ({})", task.title, task.id)).collect();
    Err(Error::Conflict(format!(
        "This waits for: {}. Do that first, or skip it with a reason.",
        named.join(", ")
    )))
}

/// The name of somebody who is to work on an incident: their role must let them, and if the incident
/// is restricted they must be a member, or the task would wait for somebody who cannot see it.
pub(super) async fn worker(
    change: &mut Change<'_>,
    actor: &Actor,
    incident: IncidentId,
    id: UserId,
) -> Result<String> {
    let account = identity::person(change, id).await?;
    if !account.role.may(domain::Permission::WorkIncident) {
        return Err(Error::Conflict(format!(
            "{} is an observer and cannot work on incidents.",
            account.name
        )));
    }
    let name: Line = account.name.parse()?;
    let as_they = match actor {
        Actor::User { via, .. } => {
            Actor::User { user: id, name: name.clone(), role: account.role, via: *via }
        }
        Actor::Watchbell => return Ok(name.to_string()),
    };
    if !identity::scope::sees_in(change, &as_they, incident.get()).await? {
        return Err(Error::Conflict(format!("{name} does not belong to this incident; add them first.")));
    }
    Ok(name.to_string())
}

pub(super) fn settle(task: &mut Task, state: &TaskState, at: Timestamp) {
    task.status = state.status();
    task.by = match state {
        TaskState::InProgress { by } | TaskState::Done { by } => Some(*by),
        TaskState::Open | TaskState::Skipped { .. } => None,
    };
    task.reason = match state {
        TaskState::Skipped { reason } => Some(reason.to_string()),
        _ => None,
    };
    task.settled_at = state.is_settled().then_some(at);
}

pub(super) async fn save(change: &mut Change<'_>, task: &Task, act: &str) -> Result<()> {
    store::work::update(change, task).await?;
    change.record(&task.id.to_string(), act, task, Some(task.incident.get())).await
}

//! The library of tasks: those that Watchbell ships, embedded from `content/tasks`, and those that people
//! saved for others. Any of them becomes a task of an incident with one press.

use std::sync::{Arc, OnceLock};

use domain::fitting::OnlyIf;
use domain::library::{LibraryTask, TaskGroup, check};
use domain::plan::RoleKey;
use domain::timeline::EntryKind;
use domain::{Actor, IncidentId, Period, Permission, Phase, SavedTaskId, TaskId, UserId};
use jiff::Timestamp;
use rust_embed::RustEmbed;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Record, Task, keep, optional, read, store, text};
use crate::app::App;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::identity::need;
use crate::plan;

/// How many tasks one request adds.
const MOST: usize = 60;

#[derive(RustEmbed)]
#[folder = "../../content/tasks"]
struct Files;

/// The groups that Watchbell ships, in the order of their files. A file with an error stops the start.
pub fn shipped() -> Result<Arc<[TaskGroup]>> {
    static READ: OnceLock<Arc<[TaskGroup]>> = OnceLock::new();
    if let Some(groups) = READ.get() {
        return Ok(Arc::clone(groups));
    }
    let groups: Arc<[TaskGroup]> = read_files()?.into();
    Ok(Arc::clone(READ.get_or_init(|| groups)))
}

fn read_files() -> Result<Vec<TaskGroup>> {
    let wrong = |message: String| Error::Damaged(format!("the shipped tasks cannot be used: {message}"));
    let mut names: Vec<String> = Files::iter().map(|name| name.to_string()).collect();
    names.sort();
    let mut groups = Vec::with_capacity(names.len());
    for name in names {
        let file = Files::get(&name).ok_or_else(|| wrong(format!("content/tasks/{name} is missing")))?;
        let text = std::str::from_utf8(&file.data)
            .map_err(|error| wrong(format!("content/tasks/{name}: is not UTF-8: {error}")))?;
        // The parser's message names line and column.
        let group: TaskGroup =
            serde_saphyr::from_str(text).map_err(|error| wrong(format!("content/tasks/{name}: {error}")))?;
        groups.push(group);
    }
    let problems = check(&groups);
    if problems.is_empty() {
        return Ok(groups);
    }
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    Err(wrong(told.join("; ")))
}

/// A task that somebody saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Saved {
    #[schema(value_type = String, example = "LIB-1")]
    pub id: SavedTaskId,
    pub title: String,
    pub instructions: Option<String>,
    #[schema(value_type = Option<String>, example = "technical_lead")]
    pub role: Option<RoleKey>,
    #[schema(value_type = String, example = "containment")]
    pub phase: Phase,
    #[schema(value_type = Option<String>, example = "4h")]
    pub due_within: Option<Period>,
    #[schema(value_type = String, example = "USR-2")]
    pub saved_by: UserId,
    #[schema(value_type = String, format = DateTime)]
    pub saved_at: Timestamp,
    /// Taken out of the library; tasks made from it stay.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub removed_at: Option<Timestamp>,
}

/// A task of the library, as it is found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Offer {
    /// By this it is added: `purge_message`, or `LIB-1` for one that somebody saved.
    #[schema(example = "purge_message")]
    pub id: String,
    #[schema(example = "Mail and phishing")]
    pub group: String,
    pub title: String,
    pub text: Option<String>,
    #[schema(value_type = Option<String>, example = "it_operations")]
    pub role: Option<RoleKey>,
    #[schema(value_type = String, example = "containment")]
    pub phase: Phase,
    #[schema(value_type = Option<String>, example = "1h")]
    pub within: Option<Period>,
    /// Names of tasks that come first.
    pub after: Vec<String>,
    /// When it fits; always if null.
    #[schema(example = "only for phishing")]
    pub fits: Option<String>,
    #[serde(skip)]
    pub only_if: Option<OnlyIf>,
}

impl Offer {
    fn shipped(group: &TaskGroup, task: &LibraryTask) -> Self {
        Offer {
            id: task.id.to_string(),
            group: group.title.to_string(),
            title: task.title.to_string(),
            text: Some(task.text.to_string()),
            role: Some(task.role.clone()),
            phase: task.phase,
            within: task.within,
            after: task.after.iter().map(ToString::to_string).collect(),
            fits: (!task.only_if.is_always()).then(|| task.only_if.words()),
            only_if: Some(task.only_if.clone()).filter(|only| !only.is_always()),
        }
    }

    fn saved(saved: Saved) -> Self {
        Offer {
            id: saved.id.to_string(),
            group: "Your own".to_owned(),
            title: saved.title,
            text: saved.instructions,
            role: saved.role,
            phase: saved.phase,
            within: saved.due_within,
            after: Vec::new(),
            fits: None,
            only_if: None,
        }
    }

    fn says(&self, words: &[String]) -> bool {
        let role = self.role.as_ref().map(RoleKey::as_str).unwrap_or_default().replace('_', " ");
        let all =
            format!("{} {} {role} {}", self.title, self.text.as_deref().unwrap_or_default(), self.group);
        let all = all.to_lowercase();
        words.iter().all(|word| all.contains(word.as_str()))
    }
}

/// What is looked for. The default is everything.
#[derive(Debug, Clone, Default)]
pub struct Sought {
    pub text: Option<String>,
    pub phase: Option<Phase>,
    pub role: Option<RoleKey>,
}

/// The tasks of the library, one's own first, then the shipped ones in their groups.
pub async fn find(app: &App, actor: &Actor, sought: &Sought) -> Result<Vec<Offer>> {
    need(actor, Permission::ReadPlan, "reading the library of tasks")?;
    let words: Vec<String> = sought
        .text
        .iter()
        .flat_map(|text| text.to_lowercase().split_whitespace().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let mut offers: Vec<Offer> =
        store::library::saved(&app.db).await?.into_iter().map(Offer::saved).collect();
    for group in shipped()?.iter() {
        offers.extend(group.tasks.iter().map(|task| Offer::shipped(group, task)));
    }
    offers.retain(|offer| {
        offer.says(&words)
            && sought.phase.is_none_or(|phase| offer.phase == phase)
            && (sought.role.is_none() || offer.role == sought.role)
    });
    Ok(offers)
}

/// Adds tasks of the library to an incident. One that is there already and not settled is left as it is.
pub async fn add(app: &App, actor: &Actor, id: IncidentId, wanted: &[String]) -> Result<Vec<Task>> {
    if wanted.is_empty() || wanted.len() > MOST {
        return Err(Error::Invalid(format!("Choose from 1 to {MOST} tasks of the library.")));
    }
    read::get(app, actor, id).await?;
    let all = find(app, actor, &Sought::default()).await?;
    let mut chosen = Vec::with_capacity(wanted.len());
    for name in wanted {
        let offer = all.iter().find(|offer| offer.id.eq_ignore_ascii_case(name)).cloned();
        chosen.push(offer.ok_or(Error::NotFound("task in the library"))?);
    }
    let now = plan::in_force(app).await?;
    let actor = actor.clone();
    app.change(&actor.clone(), move |change| {
        Box::pin(async move {
            let record = keep::to_add(change, &actor, id).await?;
            let there = store::work::of_incident_in(change.tx, id).await?;
            let mut rows = Vec::with_capacity(chosen.len());
            let mut waits = Vec::with_capacity(chosen.len());
            for offer in chosen {
                let known = |task: &Task| task.library.as_deref() == Some(&*offer.id) && !task.is_settled();
                if there.iter().any(known) {
                    continue;
                }
                waits.push(offer.after.clone());
                rows.push(made(&record, offer, |role| now.plan.role(role).is_some(), change.at)?);
            }
            if rows.is_empty() {
                return Err(Error::Conflict("These tasks are on the incident's list already.".to_owned()));
            }
            let mut tasks = store::work::insert(change, rows).await?;
            let numbers: Vec<(Option<String>, TaskId)> =
                there.iter().chain(&tasks).map(|task| (task.library.clone(), task.id)).collect();
            for (task, after) in tasks.iter_mut().zip(&waits).filter(|(_, after)| !after.is_empty()) {
                let of = |name: &String| numbers.iter().rev().find(|(known, _)| known.as_ref() == Some(name));
                task.after = after.iter().filter_map(of).map(|(_, id)| *id).collect();
                store::work::update(change, task).await?;
            }
            for task in &tasks {
                change.record(&task.id.to_string(), "task.add", task, Some(id.get())).await?;
            }
            let titles: Vec<&str> = tasks.iter().map(|task| task.title.as_str()).collect();
            let line = format!("Tasks added from the library: {}", titles.join("; "));
            keep::line(change, &actor, id, EntryKind::Action, line).await?;
            keep::tell(change, id).await?;
            Ok(tasks)
        })
    })
    .await
}

fn made(
    record: &Record,
    offer: Offer,
    role_exists: impl Fn(&RoleKey) -> bool,
    at: Timestamp,
) -> Result<Task> {
    let entered = offer.phase <= record.phase;
    Ok(Task {
        role: offer.role.filter(|role| role_exists(role)),
        instructions: offer.text,
        due_within: offer.within,
        due: offer.within.filter(|_| entered).map(|within| within.after(at)),
        unfit: offer.only_if.as_ref().and_then(|only| only.unmet(&record.circumstances())),
        only_if: offer.only_if,
        library: Some(offer.id),
        ..Task::new(record.id, offer.phase, offer.title, at)?
    })
}

/// Saves a task for others to use: what it says, not who did it or when.
pub async fn save(app: &App, actor: &Actor, id: TaskId) -> Result<Saved> {
    let saved_by = actor.user().ok_or(Error::Forbidden("only a person saves a task"))?;
    let actor = actor.clone();
    app.change(&actor.clone(), move |change| {
        Box::pin(async move {
            let missing = || Error::NotFound("task");
            let task = store::work::task_in(change.tx, id).await?.ok_or_else(missing)?;
            let record = keep::to_work(change, &actor, task.incident).await.map_err(|error| match error {
                Error::NotFound(_) => missing(),
                other => other,
            })?;
            if record.restricted {
                return Err(Error::Conflict(
                    "This incident is restricted; write the task anew in an open one to save it for everybody."
                        .to_owned(),
                ));
            }
            if task.library.is_some() {
                return Err(Error::Conflict("This task comes from the library already.".to_owned()));
            }
            let mut saved = Saved {
                id: keep::unnumbered()?,
                title: task.title,
                instructions: optional(task.instructions),
                role: task.role,
                phase: task.phase,
                due_within: task.due_within,
                saved_by,
                saved_at: change.at,
                removed_at: None,
            };
            saved.id = store::library::insert(change, &saved).await?;
            commit(change, &saved, "library.save").await?;
            Ok(saved)
        })
    })
    .await
}

/// A task that is written for the library at once.
pub struct NewSaved {
    pub title: String,
    pub instructions: Option<String>,
    pub role: Option<RoleKey>,
    pub phase: Phase,
    pub due_within: Option<Period>,
}

pub async fn write(app: &App, actor: &Actor, new: NewSaved) -> Result<Saved> {
    need(actor, Permission::WorkIncident, "writing for the library of tasks")?;
    let saved_by = actor.user().ok_or(Error::Forbidden("only a person saves a task"))?;
    let title = domain::Line::new("the task", &new.title)?;
    let instructions =
        optional(new.instructions).map(|given| text("the instructions", &given)).transpose()?;
    if let Some(role) = &new.role
        && plan::in_force(app).await?.plan.role(role).is_none()
    {
        return Err(Error::Invalid(format!("The plan has no role {role}.")));
    }
    app.change(actor, move |change| {
        Box::pin(async move {
            let mut saved = Saved {
                id: keep::unnumbered()?,
                title: title.to_string(),
                instructions: instructions.map(|text| text.to_string()),
                role: new.role,
                phase: new.phase,
                due_within: new.due_within,
                saved_by,
                saved_at: change.at,
                removed_at: None,
            };
            saved.id = store::library::insert(change, &saved).await?;
            commit(change, &saved, "library.save").await?;
            Ok(saved)
        })
    })
    .await
}

/// Takes a saved task out of the library: by whoever saved it, or who keeps the plan.
pub async fn remove(app: &App, actor: &Actor, id: SavedTaskId) -> Result<Saved> {
    need(actor, Permission::WorkIncident, "changing the library of tasks")?;
    let actor = actor.clone();
    app.change(&actor.clone(), move |change| {
        Box::pin(async move {
            let saved = store::library::saved_in(change.tx, id).await?;
            let mut saved =
                saved.filter(|one| one.removed_at.is_none()).ok_or(Error::NotFound("saved task"))?;
            if actor.user() != Some(saved.saved_by) && !actor.may(Permission::EditPlan) {
                return Err(Error::Forbidden(
                    "only whoever saved a task, or who keeps the plan, takes it out",
                ));
            }
            saved.removed_at = Some(change.at);
            store::library::remove(change, &saved).await?;
            commit(change, &saved, "library.remove").await?;
            Ok(saved)
        })
    })
    .await
}

async fn commit(change: &mut Change<'_>, saved: &Saved, act: &str) -> Result<()> {
    change.record(&saved.id.to_string(), act, saved, None).await
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    #[test]
    fn the_shipped_library_is_whole() {
        let groups = super::shipped().unwrap();
        let tasks: usize = groups.iter().map(|group| group.tasks.len()).sum();
        assert!(groups.len() >= 8 && tasks >= 40, "{} groups, {tasks} tasks", groups.len());
        let roles: BTreeSet<&str> =
            groups.iter().flat_map(|group| &group.tasks).map(|task| task.role.as_str()).collect();
        assert!(roles.len() >= 8, "{roles:?}");
    }
}

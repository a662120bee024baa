//! Drafts of the next version of the plan. Whoever may change the plan writes in them; each edit is a state of all files
//! that can be gone back to. Approval and putting in force are in `approve`.

mod approve;
mod store;

use std::collections::BTreeMap;

use domain::plan::{DraftStatus, Plan, RoleKey, Votes};
use domain::{Actor, Line, Permission, PlanDraftId, PlanVersionId, UserId};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

pub use approve::{decide, give_back, submit};

use super::folder::{Fault, Folder, listed};
use super::{files, in_force, kept, store as versions};
use crate::app::App;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::identity::need;

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Draft {
    #[schema(value_type = String, example = "DRF-1")]
    pub id: PlanDraftId,
    pub title: String,
    /// The version that it changes.
    #[schema(value_type = String, example = "PLAN-1")]
    pub base: PlanVersionId,
    #[schema(value_type = String, example = "editing")]
    pub status: DraftStatus,
    #[schema(value_type = String, example = "USR-2")]
    pub author: UserId,
    #[schema(value_type = String, format = DateTime)]
    pub made_at: Timestamp,
    /// The number of its newest state.
    pub state: i64,
    #[schema(value_type = String, format = DateTime)]
    pub changed_at: Timestamp,
}

/// A state of a draft.
#[derive(Debug, Clone)]
pub struct State {
    pub number: i64,
    folder: i64,
    pub what: String,
    pub person: UserId,
    pub at: Timestamp,
}

/// What an approver said.
#[derive(Debug, Clone)]
pub struct Word {
    pub state: i64,
    pub role: RoleKey,
    pub person: UserId,
    pub approved: bool,
    pub reason: String,
    pub at: Timestamp,
}

/// A draft with everything that its page shows.
#[derive(Debug, Clone)]
pub struct Opened {
    pub draft: Draft,
    pub files: Folder,
    pub plan: Plan,
    /// The files of the version that it changes.
    pub base: Folder,
    /// What keeps it from being put in force.
    pub faults: Vec<Fault>,
    pub states: Vec<State>,
    pub words: Vec<Word>,
    pub votes: Votes,
    /// The version in force now, if it is no longer the one that the draft changes.
    pub overtaken_by: Option<PlanVersionId>,
}

pub async fn drafts(app: &App, actor: &Actor) -> Result<Vec<Draft>> {
    need(actor, Permission::ReadPlan, "reading the plan")?;
    store::drafts(&app.db).await
}

pub async fn open(app: &App, actor: &Actor, id: PlanDraftId) -> Result<Opened> {
    need(actor, Permission::ReadPlan, "reading the plan")?;
    let draft = get(app, id).await?;
    let states = store::states(&app.db, id).await?;
    let newest = states.first().ok_or_else(|| Error::Damaged(format!("{id} has no state")))?;
    let folder = kept(app, newest.folder).await?;
    let plan = folder.parse().map_err(|faults| Error::Damaged(listed(&faults)))?;
    let base = files(app, actor, draft.base).await?;
    let now = in_force(app).await?.id;
    let words = store::words(&app.db, id).await?;
    Ok(Opened {
        faults: folder.faults(&plan),
        votes: approve::votes(app, &draft, &states, &words).await?,
        overtaken_by: (now != draft.base && draft.status != DraftStatus::Published).then_some(now),
        draft,
        files: folder,
        plan,
        base,
        states,
        words,
    })
}

/// The files of one state of a draft.
pub async fn state(app: &App, actor: &Actor, id: PlanDraftId, number: i64) -> Result<Folder> {
    need(actor, Permission::ReadPlan, "reading the plan")?;
    get(app, id).await?;
    kept(app, folder_of(app, id, number).await?).await
}

async fn get(app: &App, id: PlanDraftId) -> Result<Draft> {
    store::get(&app.db, id).await?.ok_or(Error::NotFound("draft of the plan"))
}

async fn folder_of(app: &App, id: PlanDraftId, number: i64) -> Result<i64> {
    let states = store::states(&app.db, id).await?;
    let found = states.iter().find(|state| state.number == number).map(|state| state.folder);
    found.ok_or(Error::NotFound("state of this draft"))
}

/// Whoever writes in drafts is a person with the right to.
fn writer(actor: &Actor) -> Result<UserId> {
    need(actor, Permission::EditPlan, "changing the plan")?;
    actor.user().ok_or(Error::Forbidden("only people write in drafts"))
}

/// A draft of what is in force.
pub async fn begin(app: &App, actor: &Actor, title: &str) -> Result<Draft> {
    writer(actor)?;
    let base = in_force(app).await?.id;
    let folder = files(app, actor, base).await?;
    make(app, actor, title, base, folder, &format!("Begun from {base}")).await
}

/// A draft of these files, which have to be a plan that could be put in force.
pub async fn import(app: &App, actor: &Actor, title: &str, given: BTreeMap<String, String>) -> Result<Draft> {
    writer(actor)?;
    let refused = |faults: Vec<Fault>| {
        Error::Invalid(format!("The folder is no plan that could be put in force. Nothing was changed.\n{}", listed(&faults)))
    };
    let folder = Folder::new(given).map_err(refused)?;
    folder.read().map_err(refused)?;
    let base = in_force(app).await?.id;
    if files(app, actor, base).await? == folder {
        return Err(Error::Conflict(format!("This folder is what is in force as {base}; there is nothing to import.")));
    }
    make(app, actor, title, base, folder, "Imported").await
}

async fn make(
    app: &App,
    actor: &Actor,
    title: &str,
    base: PlanVersionId,
    folder: Folder,
    what: &str,
) -> Result<Draft> {
    let person = writer(actor)?;
    let (title, what) = (Line::new("the draft's name", title)?, what.to_owned());
    app.change(actor, move |change| {
        Box::pin(async move {
            let id = store::insert(change, &title, base.get(), person).await?;
            let draft = Draft {
                id,
                title: title.to_string(),
                base,
                status: DraftStatus::Editing,
                author: person,
                made_at: change.at,
                state: 0,
                changed_at: change.at,
            };
            advance(change, draft, &folder, "plan.begin_draft", &what, person).await
        })
    })
    .await
}

/// The draft with a further state.
async fn advance(
    change: &mut Change<'_>,
    mut draft: Draft,
    folder: &Folder,
    act: &str,
    what: &str,
    person: UserId,
) -> Result<Draft> {
    let number = versions::keep_folder(change, folder.files()).await?;
    draft.state += 1;
    draft.changed_at = change.at;
    store::add_state(change, draft.id, draft.state, number, what, person).await?;
    store::update(change, &draft).await?;
    record(change, &draft, act, &serde_json::json!({ "what": what, "files": folder.files() })).await?;
    Ok(draft)
}

async fn record(change: &mut Change<'_>, draft: &Draft, act: &str, more: &serde_json::Value) -> Result<()> {
    let body = serde_json::json!({ "draft": draft, "more": more });
    change.record(&draft.id.to_string(), act, &body, None).await?;
    change.tell("plan", &draft.id.to_string(), None).await
}

/// The draft as it stands within a change, if nobody wrote in it since `state`.
async fn unchanged(change: &mut Change<'_>, id: PlanDraftId, state: i64) -> Result<Draft> {
    let draft = store::get_in(change.tx, id).await?.ok_or(Error::NotFound("draft of the plan"))?;
    if draft.state != state {
        return Err(Error::Conflict(
            "Somebody else changed this draft in the meantime. Keep your words, load the page again, and put them in."
                .to_owned(),
        ));
    }
    Ok(draft)
}

/// Writes one file of a draft; none takes it out. `state` is the state that the writer had before them. What cannot be
/// read is refused with its line, and nothing changes.
pub async fn save(
    app: &App,
    actor: &Actor,
    id: PlanDraftId,
    state: i64,
    path: &str,
    text: Option<String>,
) -> Result<Draft> {
    let person = writer(actor)?;
    get(app, id).await?.status.edit()?;
    let before = kept(app, folder_of(app, id, state).await?).await?;
    let what = match (before.text(path).is_some(), text.is_some()) {
        (true, true) => format!("Changed {path}"),
        (false, true) => format!("Added {path}"),
        (_, false) => format!("Took out {path}"),
    };
    let refused = |faults: Vec<Fault>| Error::Invalid(listed(&faults));
    let after = before.with(path, text).map_err(refused)?;
    after.parse().map_err(refused)?;
    if after == before {
        return get(app, id).await;
    }
    put(app, actor, id, state, after, "plan.edit_draft", what, person).await
}

#[allow(clippy::too_many_arguments, reason = "what is written, where, and who says what about it")]
async fn put(
    app: &App,
    actor: &Actor,
    id: PlanDraftId,
    state: i64,
    folder: Folder,
    act: &'static str,
    what: String,
    person: UserId,
) -> Result<Draft> {
    app.change(actor, move |change| {
        Box::pin(async move {
            let mut draft = unchanged(change, id, state).await?;
            draft.status = draft.status.edit()?;
            advance(change, draft, &folder, act, &what, person).await
        })
    })
    .await
}

/// Makes the draft what it was in an earlier state; what came between stays in its history.
pub async fn go_back(app: &App, actor: &Actor, id: PlanDraftId, number: i64) -> Result<Draft> {
    let person = writer(actor)?;
    let draft = get(app, id).await?;
    draft.status.edit()?;
    if number == draft.state {
        return Err(Error::Conflict(format!("The draft is in state {number} already.")));
    }
    let folder = kept(app, folder_of(app, id, number).await?).await?;
    let what = format!("Went back to state {number}");
    put(app, actor, id, draft.state, folder, "plan.undo_draft", what, person).await
}

/// Carries the changes of a version that was put in force meanwhile into the draft, file by file. A file that both changed
/// is named, and nothing happens.
pub async fn catch_up(app: &App, actor: &Actor, id: PlanDraftId) -> Result<Draft> {
    let person = writer(actor)?;
    let opened = open(app, actor, id).await?;
    opened.draft.status.edit()?;
    let Some(newest) = opened.overtaken_by else {
        return Err(Error::Conflict(format!("{id} changes the version in force; there is nothing to carry over.")));
    };
    let theirs = files(app, actor, newest).await?;
    let (mut merged, mut both) = (theirs.files().clone(), Vec::new());
    let mut paths: Vec<&String> = opened.files.files().keys().chain(opened.base.files().keys()).collect();
    paths.sort();
    paths.dedup();
    for path in paths {
        let (ours, base, other) = (opened.files.text(path), opened.base.text(path), theirs.text(path));
        if ours == base || ours == other {
            continue;
        }
        if base != other {
            both.push(path.as_str());
        }
        match ours {
            Some(text) => merged.insert(path.clone(), text.to_owned()),
            None => merged.remove(path),
        };
    }
    if !both.is_empty() {
        return Err(Error::Conflict(format!(
            "{newest} and this draft both changed {}. Make those files in the draft as they are in {newest}, carry over, and then \
             make your changes again.",
            both.join(", ")
        )));
    }
    let refused = |faults: Vec<Fault>| Error::Conflict(listed(&faults));
    let folder = Folder::new(merged).map_err(refused)?;
    folder.parse().map_err(refused)?;
    let (state, what) = (opened.draft.state, format!("Carried over {newest}"));
    app.change(actor, move |change| {
        Box::pin(async move {
            let mut draft = unchanged(change, id, state).await?;
            draft.status = draft.status.edit()?;
            draft.base = newest;
            advance(change, draft, &folder, "plan.carry_over", &what, person).await
        })
    })
    .await
}

/// Gives a draft up. It stays readable.
pub async fn discard(app: &App, actor: &Actor, id: PlanDraftId) -> Result<Draft> {
    writer(actor)?;
    app.change(actor, move |change| {
        Box::pin(async move {
            let mut draft = store::get_in(change.tx, id).await?.ok_or(Error::NotFound("draft of the plan"))?;
            draft.status = draft.status.discard()?;
            store::update(change, &draft).await?;
            record(change, &draft, "plan.discard_draft", &serde_json::Value::Null).await?;
            Ok(draft)
        })
    })
    .await
}

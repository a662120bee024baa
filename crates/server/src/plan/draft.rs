//! The plan while it is being written: one draft at a time, made from the version in force or from a folder
//! of files, changed file by file. Each save names the edition that it was made from, so that nobody writes
//! over what another wrote. How it comes into force is in `approval`.

use std::collections::BTreeMap;

use domain::plan::DraftStatus;
use domain::{Actor, Permission, PlanDraftId, PlanVersionId, UserId};
use jiff::Timestamp;
use ledger::Digest;
use serde::Serialize;
use utoipa::ToSchema;

use super::diff::{self, FileDiff};
use super::files::{self, FileProblem, Files, listed};
use super::{edit, files_of, in_force, store};
use crate::app::App;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::identity::need;

/// A version of the plan that is being written.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Draft {
    #[schema(value_type = String, example = "DRF-1")]
    pub id: PlanDraftId,
    /// The version that it began with.
    #[schema(value_type = String, example = "PLAN-1")]
    pub base: PlanVersionId,
    pub files: Files,
    /// Counts every change; a save names the one that it was made from.
    pub edition: i64,
    #[schema(value_type = String, example = "writing")]
    pub status: DraftStatus,
    #[schema(value_type = String, example = "USR-1")]
    pub made_by: UserId,
    #[schema(value_type = String, format = DateTime)]
    pub made_at: Timestamp,
    #[schema(value_type = String, example = "USR-1")]
    pub changed_by: UserId,
    #[schema(value_type = String, format = DateTime)]
    pub changed_at: Timestamp,
    #[schema(value_type = Option<String>)]
    pub sent_by: Option<UserId>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub sent_at: Option<Timestamp>,
    pub returned: Option<Returned>,
    /// The version that it became.
    #[schema(value_type = Option<String>)]
    pub plan: Option<PlanVersionId>,
}

/// That a draft was sent back to be written further.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Returned {
    #[schema(value_type = String, example = "USR-2")]
    pub by: UserId,
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    pub reason: String,
}

/// The draft as the ledger keeps it: each file by its hash, and the text of those that changed.
#[derive(Serialize)]
struct Recorded<'a> {
    id: PlanDraftId,
    base: PlanVersionId,
    edition: i64,
    status: DraftStatus,
    files: BTreeMap<&'a str, String>,
    changed: BTreeMap<&'a str, &'a str>,
    reason: Option<&'a str>,
    plan: Option<PlanVersionId>,
}

impl Draft {
    /// Writes the draft's new state and its leaf; `before` is what its files were.
    pub(super) async fn keep(&self, change: &mut Change<'_>, act: &str, before: Option<&Files>) -> Result<()> {
        let changed = before.map_or_else(BTreeMap::new, |before| {
            let new = self.files.0.iter().filter(|(path, text)| before.get(path) != Some(text.as_str()));
            new.map(|(path, text)| (path.as_str(), text.as_str())).collect()
        });
        let digest = |text: &String| Digest::of(text.as_bytes()).to_string();
        let recorded = Recorded {
            id: self.id,
            base: self.base,
            edition: self.edition,
            status: self.status,
            files: self.files.0.iter().map(|(path, text)| (path.as_str(), digest(text))).collect(),
            changed,
            reason: self.returned.as_ref().map(|returned| returned.reason.as_str()),
            plan: self.plan,
        };
        change.record(&self.id.to_string(), act, &recorded, None).await?;
        change.tell("plan", &self.id.to_string(), None).await
    }

    /// A further edition by this person, refused if another came first.
    pub(super) fn advance(&mut self, edition: i64, by: UserId, at: Timestamp) -> Result<()> {
        if edition != self.edition {
            return Err(store::drafts::overtaken());
        }
        self.edition += 1;
        self.changed_by = by;
        self.changed_at = at;
        Ok(())
    }

    /// Everything that keeps it from being sent for approval.
    pub fn problems(&self) -> Vec<FileProblem> {
        self.files.read().err().unwrap_or_default()
    }
}

/// The person behind an actor: drafts are written by people.
pub(super) fn person(actor: &Actor) -> Result<UserId> {
    actor.user().ok_or(Error::Forbidden("only people write and approve the plan"))
}

/// The draft under way, if there is one.
pub async fn draft(app: &App, actor: &Actor) -> Result<Option<Draft>> {
    need(actor, Permission::ReadPlan, "reading the plan")?;
    store::drafts::open(&app.db).await
}

/// The draft under way; who changes it expects that there is one.
pub async fn the_draft(app: &App, actor: &Actor) -> Result<Draft> {
    draft(app, actor).await?.ok_or(Error::NotFound("draft of the plan"))
}

/// What differs between the version that it began with and the draft.
pub async fn changes(app: &App, draft: &Draft) -> Result<Vec<FileDiff>> {
    Ok(diff::between(&files_of(app, draft.base).await?, &draft.files))
}

/// Begins a draft: from the version in force, under the next version's number, or from files, which must be
/// a plan that holds together.
pub async fn begin(app: &App, actor: &Actor, given: Option<Files>) -> Result<Draft> {
    need(actor, Permission::EditPlan, "changing the plan")?;
    let by = person(actor)?;
    let now = in_force(app).await?;
    let (files, act) = match given {
        Some(files) => {
            if let Err(problems) = files.read() {
                return Err(refused("The folder is no plan that can be taken; nothing was changed.", &problems));
            }
            (files, "draft.import")
        }
        None => (numbered(files_of(app, now.id).await?, &now.plan.head.version), "draft.begin"),
    };
    app.change(actor, move |change| {
        Box::pin(async move {
            if let Some(open) = store::drafts::open_in(change.tx).await? {
                return Err(Error::Conflict(format!(
                    "{} is being written already. Publish or discard it first, or change it file by file.",
                    open.id
                )));
            }
            let id = store::drafts::insert(change, now.id, &files, by).await?;
            store::drafts::add_author(change, id, by).await?;
            let draft = store::drafts::open_in(change.tx).await?.ok_or(Error::NotFound("draft of the plan"))?;
            draft.keep(change, act, Some(&Files::default())).await?;
            Ok(draft)
        })
    })
    .await
}

/// The files with the version after this one in their head, where it counts in the usual way.
fn numbered(files: Files, version: &str) -> Files {
    let next = edit::next_version(version);
    match (next, files.get("plan.yaml")) {
        (Some(next), Some(head)) => {
            let head = edit::set(head, "version", &edit::Value::Line(&next));
            files.with("plan.yaml", head)
        }
        _ => files,
    }
}

fn refused(first: &str, problems: &[FileProblem]) -> Error {
    Error::Invalid(format!("{first}\n{}", listed(problems)))
}

/// Keeps the text of one file. It must be readable by itself; that it fits the other files is asked for
/// when the draft is sent for approval, since a change often goes through several of them.
pub async fn save(app: &App, actor: &Actor, path: String, text: String, edition: i64) -> Result<Draft> {
    need(actor, Permission::EditPlan, "changing the plan")?;
    let by = person(actor)?;
    if !files::belongs(&path) {
        return Err(Error::NotFound("file of the plan"));
    }
    app.change(actor, move |change| {
        Box::pin(async move {
            let mut draft = writing(change).await?;
            let before = draft.files.clone();
            draft.advance(edition, by, change.at)?;
            draft.files = before.with(&path, text);
            let problems = draft.files.wrong_by_itself(&path);
            if !problems.is_empty() {
                return Err(refused("This cannot be read, so it was not saved.", &problems));
            }
            if draft.files == before {
                return Err(Error::Conflict("Nothing is different, so nothing was saved.".to_owned()));
            }
            store::drafts::save(change, &draft).await?;
            store::drafts::add_author(change, draft.id, by).await?;
            draft.keep(change, "draft.save", Some(&before)).await?;
            Ok(draft)
        })
    })
    .await
}

/// Gives the draft up. What was written stays in the ledger's record, and nowhere else.
pub async fn discard(app: &App, actor: &Actor, edition: i64) -> Result<()> {
    need(actor, Permission::EditPlan, "changing the plan")?;
    let by = person(actor)?;
    app.change(actor, move |change| {
        Box::pin(async move {
            let mut draft =
                store::drafts::open_in(change.tx).await?.ok_or(Error::NotFound("draft of the plan"))?;
            draft.advance(edition, by, change.at)?;
            draft.status = DraftStatus::Discarded;
            store::drafts::save(change, &draft).await?;
            draft.keep(change, "draft.discard", None).await
        })
    })
    .await
}

/// The draft, if it may be written in.
pub(super) async fn writing(change: &mut Change<'_>) -> Result<Draft> {
    let draft = store::drafts::open_in(change.tx).await?.ok_or(Error::NotFound("draft of the plan"))?;
    if draft.status == DraftStatus::Writing {
        return Ok(draft);
    }
    Err(Error::Conflict(
        "The draft waits for approval; what is being judged is not changed. Take it back first.".to_owned(),
    ))
}

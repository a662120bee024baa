//! The incident response plan: which version is in force, what it proposes, and who fills its roles. The plan that
//! Watchbell ships is put in force at the first start; afterwards the organisation's own stands.

pub mod api;
mod attest;
pub mod diff;
mod draft;
pub mod facts;
pub mod folder;
mod form;
mod holders;
pub mod page;
mod store;

use std::sync::{Arc, PoisonError};

use domain::plan::Plan;
use domain::severity::Proposal;
use domain::{Actor, Permission, PlanDraftId, PlanVersionId, SeverityFacts};
use jiff::Timestamp;

pub use attest::{Readers, attest, readers};
pub use draft::{
    Draft, Opened, State, Word, begin, catch_up, decide, discard, drafts, give_back, go_back, import, open, save,
    state, submit,
};
pub use folder::{Fault, Folder};
pub use holders::{Holders, holders, holders_in, roles_of, set_holders};

use crate::app::App;
use crate::error::{Error, Result};
use crate::identity;

/// The plan that binds everybody now.
#[derive(Debug, Clone)]
pub struct InForce {
    pub id: PlanVersionId,
    pub plan: Arc<Plan>,
    pub since: Timestamp,
}

/// Puts the shipped plan in force where none is yet. A shipped file with an error stops the start:
/// nobody should find out during an incident.
pub async fn ensure_in_force(app: &App) -> Result<()> {
    if store::latest(&app.db).await?.is_some() {
        return Ok(());
    }
    let files = Folder::shipped()?;
    let plan = files.read().map_err(|faults| {
        Error::Damaged(format!("the shipped plan cannot be put in force:\n{}", folder::listed(&faults)))
    })?;
    app.change(&Actor::Watchbell, move |change| {
        Box::pin(async move {
            if store::any_in(change.tx).await? {
                return Ok(());
            }
            let kept = store::keep_folder(change, files.files()).await?;
            let id = store::insert(change, &serde_json::to_string(&plan)?, kept, None).await?;
            let body = serde_json::json!({ "id": id, "since": change.at, "plan": plan });
            change.record(&id.to_string(), "plan.put_in_force", &body, None).await?;
            change.tell("plan", &id.to_string(), None).await
        })
    })
    .await
}

/// The plan in force. It is read once and kept; a new version replaces it.
pub async fn in_force(app: &App) -> Result<InForce> {
    let newest = store::newest_id(&app.db).await?;
    if let Some(kept) = app.plan.read().unwrap_or_else(PoisonError::into_inner).clone()
        && Some(kept.id) == newest
    {
        return Ok(kept);
    }
    let Some((id, content, since)) = store::latest(&app.db).await? else {
        return Err(Error::Damaged("no plan is in force".to_owned()));
    };
    let plan: Plan = serde_json::from_str(&content)?;
    let in_force = InForce { id, plan: Arc::new(plan), since };
    *app.plan.write().unwrap_or_else(PoisonError::into_inner) = Some(in_force.clone());
    Ok(in_force)
}

/// A version of the plan that was in force once, for an incident that was declared under it.
pub async fn version(app: &App, id: PlanVersionId) -> Result<Arc<Plan>> {
    let now = in_force(app).await?;
    if now.id == id {
        return Ok(now.plan);
    }
    let content = store::content(&app.db, id).await?.ok_or(Error::NotFound("version of the plan"))?;
    Ok(Arc::new(serde_json::from_str(&content)?))
}

/// The files of a version: as they were written, or, for one of the time before files were kept, as they say the same.
pub async fn files(app: &App, actor: &Actor, id: PlanVersionId) -> Result<Folder> {
    identity::need(actor, Permission::ReadPlan, "reading the plan")?;
    let plan = version(app, id).await?;
    match store::folder_of(&app.db, id).await? {
        Some(folder) => kept(app, folder).await,
        None => Folder::of_plan(&plan),
    }
}

/// A state of all files that was kept.
async fn kept(app: &App, folder: i64) -> Result<Folder> {
    let files = store::files(&app.db, folder).await?;
    Folder::new(files).map_err(|faults| Error::Damaged(folder::listed(&faults)))
}

/// Every version that was ever in force, the newest first: its number, since when, and the draft that became it.
pub async fn versions(
    app: &App,
    actor: &Actor,
) -> Result<Vec<(PlanVersionId, Timestamp, Option<PlanDraftId>)>> {
    identity::need(actor, Permission::ReadPlan, "reading the plan")?;
    store::versions(&app.db).await
}

/// The plan in force, for whoever may read it.
pub async fn read(app: &App, actor: &Actor) -> Result<InForce> {
    identity::need(actor, Permission::ReadPlan, "reading the plan")?;
    in_force(app).await
}

/// What the plan's matrix says about these facts.
pub async fn propose(app: &App, actor: &Actor, facts: &SeverityFacts) -> Result<Proposal> {
    Ok(read(app, actor).await?.plan.severity.matrix.propose(facts))
}

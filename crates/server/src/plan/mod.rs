//! The incident response plan: which version is in force, what it proposes, and who fills its roles. The plan that
//! Watchbell ships is put in force at the first start; afterwards the organisation's own stands.

pub mod api;
pub mod approval;
pub mod attest;
pub mod diff;
pub mod draft;
mod edit;
pub mod facts;
pub mod files;
mod holders;
pub mod page;
mod shipped;
mod store;

use std::sync::{Arc, PoisonError};

use domain::plan::Plan;
use domain::severity::Proposal;
use domain::{Actor, Permission, PlanVersionId, SeverityFacts};
use jiff::Timestamp;

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
    if let Some((id, content, _)) = store::latest(&app.db).await? {
        return keep_files(app, id, &content).await;
    }
    let (files, plan) = shipped::read()?;
    app.change(&Actor::Watchbell, move |change| {
        Box::pin(async move {
            if store::any_in(change.tx).await? {
                return Ok(());
            }
            let id = store::insert(change, &serde_json::to_string(&plan)?).await?;
            store::drafts::insert_files(change, id, &files).await?;
            let body = serde_json::json!({ "id": id, "since": change.at, "plan": plan });
            change.record(&id.to_string(), "plan.put_in_force", &body, None).await?;
            change.tell("plan", &id.to_string(), None).await
        })
    })
    .await
}

/// Gives files to a version from before they were kept: the shipped ones where they say the same, else such
/// as are made from the plan.
async fn keep_files(app: &App, id: PlanVersionId, content: &str) -> Result<()> {
    if store::drafts::files(&app.db, id).await?.is_some() {
        return Ok(());
    }
    let plan: Plan = serde_json::from_str(content)?;
    let (shipped, same) = shipped::read()?;
    let files = if same == plan { shipped } else { files::of_plan(&plan)? };
    app.change(&Actor::Watchbell, move |change| {
        Box::pin(async move { store::drafts::insert_files(change, id, &files).await })
    })
    .await
}

/// The files of a version, byte for byte as they came.
pub(crate) async fn files_of(app: &App, id: PlanVersionId) -> Result<files::Files> {
    if let Some(files) = store::drafts::files(&app.db, id).await? {
        return Ok(files);
    }
    Ok(files::of_plan(&*version(app, id).await?)?)
}

/// The files of a version, for whoever may read it; of the one in force where none is named.
pub async fn export(
    app: &App,
    actor: &Actor,
    id: Option<PlanVersionId>,
) -> Result<(PlanVersionId, files::Files)> {
    let now = read(app, actor).await?;
    let id = id.unwrap_or(now.id);
    Ok((id, files_of(app, id).await?))
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

/// The plan in force, for whoever may read it.
pub async fn read(app: &App, actor: &Actor) -> Result<InForce> {
    identity::need(actor, Permission::ReadPlan, "reading the plan")?;
    in_force(app).await
}

/// What the plan's matrix says about these facts.
pub async fn propose(app: &App, actor: &Actor, facts: &SeverityFacts) -> Result<Proposal> {
    Ok(read(app, actor).await?.plan.severity.matrix.propose(facts))
}

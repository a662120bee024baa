//! Who read the plan: everybody with an account is asked to say so of each version that comes into force.
//! And the versions themselves, with how each came about.

use domain::plan::Word;
use domain::{Actor, Permission, PlanVersionId, UserId};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::draft::person;
use super::{in_force, store};
use crate::app::App;
use crate::error::{Error, Result};
use crate::identity::need;

/// Somebody who is asked to read the version in force.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Reader {
    #[schema(value_type = String, example = "USR-3")]
    pub person: UserId,
    pub name: String,
    /// When they said that they read it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<Timestamp>,
}

/// Everybody who is asked, and who has answered.
pub async fn readers(app: &App, actor: &Actor) -> Result<Vec<Reader>> {
    need(actor, Permission::ReadPlan, "reading the plan")?;
    store::attestations::readers(&app.db, in_force(app).await?.id).await
}

/// When the actor attested the version in force.
pub async fn attested(app: &App, actor: &Actor) -> Result<Option<Timestamp>> {
    let Some(person) = actor.user() else { return Ok(None) };
    store::attestations::attested(&app.db, in_force(app).await?.id, person).await
}

/// The actor says that they read this version, which must be the one in force.
pub async fn attest(app: &App, actor: &Actor, plan: PlanVersionId) -> Result<()> {
    need(actor, Permission::ReadPlan, "reading the plan")?;
    let by = person(actor)?;
    let now = in_force(app).await?;
    if now.id != plan {
        return Err(Error::Conflict(format!("{} is in force by now; read that one.", now.id)));
    }
    app.change(actor, move |change| {
        Box::pin(async move {
            if store::attestations::attested_in(change.tx, plan, by).await?.is_some() {
                return Ok(());
            }
            store::attestations::attest(change, plan, by).await?;
            let name = format!("{plan}-{by}");
            change.record(&name, "plan.attest", &json!({ "plan": plan, "person": by, "at": change.at }), None).await?;
            change.tell("plan", &plan.to_string(), None).await?;
            change.tell("mine", &plan.to_string(), None).await
        })
    })
    .await
}

/// A version that is or was in force.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Version {
    #[schema(value_type = String, example = "PLAN-2")]
    pub id: PlanVersionId,
    /// The author's own version.
    #[schema(example = "1.1.0")]
    pub version: String,
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// How many people attested that they read it.
    pub attested: i64,
    /// Who wrote it; nobody for the one that Watchbell came with.
    #[schema(value_type = Vec<String>)]
    pub authors: Vec<UserId>,
    #[schema(value_type = Vec<Object>)]
    pub approved: Vec<Word>,
}

/// The versions, the newest first.
pub async fn versions(app: &App, actor: &Actor) -> Result<Vec<Version>> {
    need(actor, Permission::ReadPlan, "reading the plan")?;
    let mut told = Vec::new();
    for (id, since, attested) in store::attestations::versions(&app.db).await? {
        let version = super::version(app, id).await?.head.version.to_string();
        let (mut authors, mut approved) = (Vec::new(), Vec::new());
        if let Some(draft) = store::drafts::of_version(&app.db, id).await? {
            authors = store::drafts::authors(&app.db, draft.id).await?;
            approved = store::drafts::words(&app.db, draft.id).await?;
        }
        told.push(Version { id, version, since, attested, authors, approved });
    }
    Ok(told)
}

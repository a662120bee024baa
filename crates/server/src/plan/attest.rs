//! Everybody who has an account says of each version that they read it; this keeps who did, and names who has not.

use domain::{Actor, Permission, PlanVersionId, UserId};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{in_force, store};
use crate::app::App;
use crate::error::{Error, Result};
use crate::identity::{self, need};

/// One member and whether they read the plan in force.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Reader {
    #[schema(value_type = String, example = "USR-3")]
    pub person: UserId,
    pub name: String,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub read_at: Option<Timestamp>,
}

/// Who read the version in force: whoever has not stands first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Readers {
    #[schema(value_type = String, example = "PLAN-2")]
    pub version: PlanVersionId,
    pub readers: Vec<Reader>,
}

impl Readers {
    pub fn missing(&self) -> usize {
        self.readers.iter().filter(|reader| reader.read_at.is_none()).count()
    }

    pub fn has_read(&self, person: Option<UserId>) -> bool {
        self.readers.iter().any(|reader| Some(reader.person) == person && reader.read_at.is_some())
    }
}

pub async fn readers(app: &App, actor: &Actor) -> Result<Readers> {
    need(actor, Permission::ReadPlan, "reading the plan")?;
    let version = in_force(app).await?.id;
    let attested = store::attested(&app.db, version).await?;
    let accounts = identity::accounts(app, actor).await?;
    let mut readers: Vec<Reader> = accounts
        .into_iter()
        .filter(|account| !account.disabled)
        .map(|account| Reader {
            person: account.id,
            read_at: attested.get(&account.id).copied(),
            name: account.name,
        })
        .collect();
    readers.sort_by(|a, b| (a.read_at.is_some(), &a.name).cmp(&(b.read_at.is_some(), &b.name)));
    Ok(Readers { version, readers })
}

/// Says that the actor read this version, which has to be the one in force.
pub async fn attest(app: &App, actor: &Actor, version: PlanVersionId) -> Result<()> {
    need(actor, Permission::ReadPlan, "reading the plan")?;
    let person = actor.user().ok_or(Error::Forbidden("only people read the plan"))?;
    app.change(actor, move |change| {
        Box::pin(async move {
            let newest = store::newest_in(change.tx).await?;
            if newest != Some(version) {
                return Err(Error::Conflict(format!(
                    "{version} is not in force any more. Read the plan as it is now, and say so there."
                )));
            }
            if !store::attest(change, version, person).await? {
                return Ok(());
            }
            let body = serde_json::json!({ "version": version, "person": person, "read_at": change.at });
            change.record(&format!("READ-{version}-{person}"), "plan.attest", &body, None).await?;
            change.tell("plan", &version.to_string(), None).await
        })
    })
    .await
}

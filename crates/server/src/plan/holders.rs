//! Who may be asked to fill a role of the plan, first choice first. The plan names roles; which people
//! can fill them changes more often and is no part of it.

use std::collections::BTreeMap;

use domain::plan::RoleKey;
use domain::{Actor, Permission, UserId};
use serde::Serialize;
use utoipa::ToSchema;

use super::{in_force, store};
use crate::app::App;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::identity::{self, need};

/// The people of one role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Holders {
    #[schema(value_type = String, example = "forensics_lead")]
    pub role: RoleKey,
    #[schema(example = "Forensics lead")]
    pub title: String,
    /// First choice first.
    #[schema(value_type = Vec<String>, example = json!(["USR-3", "USR-5"]))]
    pub people: Vec<UserId>,
}

/// Each role of the plan in force with its people.
pub async fn holders(app: &App, actor: &Actor) -> Result<Vec<Holders>> {
    need(actor, Permission::ReadPlan, "reading the plan")?;
    let plan = in_force(app).await?.plan;
    let mut people: BTreeMap<RoleKey, Vec<UserId>> = store::holders(&app.db).await?;
    let of = |role: &domain::plan::PlanRole| Holders {
        role: role.id.clone(),
        title: role.title.to_string(),
        people: people.remove(&role.id).unwrap_or_default(),
    };
    Ok(plan.roles.iter().map(of).collect())
}

/// The people of a role whose accounts stand, first choice first, within a change.
pub async fn holders_in(change: &mut Change<'_>, role: &RoleKey) -> Result<Vec<UserId>> {
    store::holders_in(change.tx, role).await
}

/// The roles that somebody may be asked to fill.
pub async fn roles_of(app: &App, person: UserId) -> Result<Vec<RoleKey>> {
    store::roles_of(&app.db, person).await
}

/// Says who may be asked for a role, first choice first; nobody clears it.
pub async fn set_holders(app: &App, actor: &Actor, role: RoleKey, people: Vec<UserId>) -> Result<Holders> {
    need(actor, Permission::EditPlan, "saying who fills a role")?;
    let plan = in_force(app).await?.plan;
    let title = plan.role(&role).map(|role| role.title.to_string());
    let title = title.ok_or(Error::NotFound("role of the plan"))?;
    let mut once: Vec<UserId> = Vec::with_capacity(people.len());
    for person in people {
        if once.contains(&person) {
            return Err(Error::Invalid(format!("{person} is named twice; name each person once.")));
        }
        once.push(person);
    }
    app.change(actor, move |change| {
        Box::pin(async move {
            for person in &once {
                identity::person(change, *person).await?;
            }
            store::set_holders(change, &role, &once).await?;
            let holders = Holders { role, title, people: once };
            let name = format!("ROLE-{}", holders.role);
            change.record(&name, "role.set_holders", &holders, None).await?;
            change.tell("plan", &name, None).await?;
            Ok(holders)
        })
    })
    .await
}

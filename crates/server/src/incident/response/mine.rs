//! What waits for one person, over all incidents: whether they come, what they are to approve, which
//! tasks and updates are theirs.

use domain::plan::RoleKey;
use domain::response::{ActKind, MusterStatus};
use domain::{Actor, ApprovalId, ClockId, IncidentId, MusterId, Permission, Phase, Severity, TaskId, UserId};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::store;
use crate::app::App;
use crate::error::{Error, Result};
use crate::identity::need;
use crate::plan;

/// How many tasks are named.
const TASKS: i64 = 100;

/// The incident in which something waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Where {
    #[schema(value_type = String, example = "INC-1")]
    pub incident: IncidentId,
    pub title: String,
    #[schema(value_type = String, example = "critical")]
    pub severity: Severity,
    #[schema(value_type = String, example = "containment")]
    pub phase: Phase,
}

/// A place that somebody is asked to fill, or fills.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AskedPost {
    #[schema(value_type = String, example = "MUS-1")]
    pub id: MusterId,
    #[schema(value_type = String, example = "forensics_lead")]
    pub role: RoleKey,
    #[schema(value_type = String, example = "asked")]
    pub status: MusterStatus,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub asked_at: Option<Timestamp>,
    #[serde(flatten)]
    pub place: Where,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AskedApproval {
    #[schema(value_type = String, example = "APR-1")]
    pub id: ApprovalId,
    #[schema(value_type = String, example = "public_statement")]
    pub act: ActKind,
    #[schema(value_type = String, example = "communications_lead")]
    pub role: RoleKey,
    pub what: String,
    #[schema(value_type = String, format = DateTime)]
    pub asked_at: Timestamp,
    pub asked_by: String,
    #[serde(flatten)]
    pub place: Where,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MyTask {
    #[schema(value_type = String, example = "TSK-1")]
    pub id: TaskId,
    /// What is to be done.
    pub task: String,
    #[schema(value_type = Option<String>, example = "technical_lead")]
    pub role: Option<RoleKey>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub due: Option<Timestamp>,
    /// Taken or given by name; otherwise it is a role's that they fill, and nobody has it yet.
    pub mine: bool,
    #[serde(flatten)]
    pub place: Where,
}

/// An update that is owed by the incident's commander.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OwedUpdate {
    #[schema(value_type = String, example = "CLK-4")]
    pub clock: ClockId,
    #[schema(value_type = String, format = DateTime)]
    pub due: Timestamp,
    #[serde(flatten)]
    pub place: Where,
}

/// All that waits for somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Mine {
    /// Those that wait for an answer first.
    pub places: Vec<AskedPost>,
    pub approvals: Vec<AskedApproval>,
    pub updates: Vec<OwedUpdate>,
    /// The first due first.
    pub tasks: Vec<MyTask>,
}

pub async fn mine(app: &App, actor: &Actor) -> Result<Mine> {
    need(actor, Permission::ReadIncident, "reading incidents")?;
    let me = me(actor)?;
    Ok(Mine {
        places: store::mine::posts(&app.db, me).await?,
        approvals: approvals(app, me).await?,
        updates: store::mine::updates(&app.db, me).await?,
        tasks: store::mine::tasks(&app.db, me, TASKS).await?,
    })
}

/// How many questions wait for an answer of this person.
pub async fn count(app: &App, actor: &Actor) -> Result<usize> {
    let Some(me) = actor.user() else { return Ok(0) };
    let asked = usize::try_from(store::mine::count_asked(&app.db, me).await?).unwrap_or(0);
    Ok(asked + approvals(app, me).await?.len())
}

/// Those that somebody in a role which this person fills in the incident, or may fill, has to answer.
async fn approvals(app: &App, me: UserId) -> Result<Vec<AskedApproval>> {
    let asked = store::mine::approvals(&app.db, me).await?;
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let held = plan::roles_of(app, me).await?;
    let mine = asked.into_iter().filter(|(one, filled)| *filled || held.contains(&one.role));
    Ok(mine.map(|(one, _)| one).collect())
}

fn me(actor: &Actor) -> Result<UserId> {
    actor.user().ok_or(Error::Forbidden("only a person has anything waiting"))
}

//! All that is known of an incident in one piece: what reports and bundles are drawn from. Evidence is
//! the evidence slice's to tell.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::plan::{Plan, SeverityLevel};
use domain::{Actor, IncidentId, UserId};

use super::chat::{self, ChatLine};
use super::custom::values::{self, Held};
use super::impact::{self, Impact};
use super::kin::{self, Merge};
use super::read::{self, EntryFilter, TechniqueCount};
use super::response::clock::{self, ClockView};
use super::{Asset, Decision, Entry, IncidentView, Observed, Person, PhaseChange, Task};
use crate::alert::{self, Alert};
use crate::app::App;
use crate::error::Result;
use crate::{identity, plan};

/// An incident with everything that belongs to it.
#[derive(Debug, Clone)]
pub struct Dossier {
    pub organisation: String,
    pub incident: IncidentView,
    /// The plan under which the incident was declared.
    pub plan: Arc<Plan>,
    /// What the plan says about the incident's severity.
    pub level: Option<SeverityLevel>,
    /// The title of the procedure that was followed.
    pub procedure: Option<String>,
    pub alerts: Vec<Alert>,
    pub tasks: Vec<Task>,
    /// The whole timeline, by what happened when.
    pub entries: Vec<Entry>,
    pub decisions: Vec<Decision>,
    /// All that was said in the room, in its order.
    pub chat: Vec<ChatLine>,
    pub observables: Vec<Observed>,
    pub assets: Vec<Asset>,
    pub techniques: Vec<TechniqueCount>,
    pub impact: Impact,
    /// The organisation's own fields.
    pub fields: Vec<Held>,
    /// The times that were owed, those that were replaced as well.
    pub clocks: Vec<ClockView>,
    pub members: Vec<Person>,
    pub phases: Vec<PhaseChange>,
    /// The incidents that are merged into it.
    pub merged: Vec<Merge>,
    /// The names of everybody, for records that name people by number.
    pub people: BTreeMap<UserId, String>,
}

impl Dossier {
    /// The name of somebody; their number if it is not known.
    pub fn name(&self, user: UserId) -> String {
        self.people.get(&user).cloned().unwrap_or_else(|| user.to_string())
    }

    /// A role's title in the plan; its key if the plan has no such role.
    pub fn role(&self, key: &domain::plan::RoleKey) -> String {
        self.plan.role(key).map_or_else(|| key.to_string(), |role| role.title.to_string())
    }
}

pub async fn dossier(app: &App, actor: &Actor, id: IncidentId) -> Result<Dossier> {
    let incident = read::get(app, actor, id).await?;
    let plan = plan::version(app, incident.record.plan).await?;
    let level = plan.severity.level(incident.record.severity).cloned();
    let procedure =
        plan.procedure(incident.record.incident_type).map(|procedure| procedure.title.to_string());
    Ok(Dossier {
        organisation: identity::organisation(app).await?.unwrap_or_default(),
        level,
        procedure,
        alerts: alert::of_incident(app, id).await?,
        tasks: read::tasks(app, actor, id).await?,
        entries: read::all_entries(app, actor, id, &EntryFilter::default()).await?,
        decisions: read::decisions(app, actor, id).await?,
        chat: chat::all(app, actor, id).await?,
        observables: read::observables(app, actor, id).await?,
        assets: read::assets(app, actor, id).await?,
        techniques: read::techniques(app, actor, id).await?,
        impact: impact::impact(app, actor, id).await?,
        fields: values::held(app, actor, id).await?,
        clocks: clock::list(app, actor, id).await?,
        members: read::members(app, actor, id).await?,
        phases: read::phases(app, actor, id).await?,
        merged: kin::merges(app, actor, id)
            .await?
            .into_iter()
            .filter(|merge| merge.head == id && merge.ended.is_none())
            .collect(),
        people: identity::names(app).await?,
        plan,
        incident,
    })
}

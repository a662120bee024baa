//! Incidents that are like an incident, or like alerts from which one may be declared: by the values that they
//! share, their rules and techniques. What counts for how much is the domain's word (`domain::likeness`).

use std::collections::{BTreeMap, BTreeSet};

use domain::likeness::{Common, Shared, Strength, likeness, order};
use domain::observable::Standing;
use domain::{Actor, AlertId, IncidentId, Observable};
use serde::Serialize;
use utoipa::ToSchema;

use super::{IncidentView, read, seen, store};
use crate::alert;
use crate::alert::alike::{AlikeAlert, Like, like, similar};
use crate::app::App;
use crate::error::Result;
use crate::identity::scope;

/// How many incidents are told to be alike, and how many are looked at for it.
const TOLD: usize = 6;
const LOOKED_AT: usize = 12;
/// How many values are asked for.
const ASKED: usize = 200;

/// An incident that is like something, and why.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AlikeIncident {
    pub incident: IncidentView,
    #[schema(value_type = String, example = "strong")]
    pub strength: Strength,
    pub points: f64,
    /// What the two have in common, in words; the most telling first.
    pub reasons: Vec<String>,
}

/// What is like an incident.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Alike {
    pub incidents: Vec<AlikeIncident>,
    /// Alerts in no incident, or in one that is named above.
    pub alerts: Vec<AlikeAlert>,
}

/// The incidents and alerts that are like this incident, as far as the actor may see them.
pub async fn of_incident(app: &App, actor: &Actor, id: IncidentId) -> Result<Alike> {
    read::get(app, actor, id).await?;
    let family = scope::family(app, id).await?;
    let mut like = Like { incidents: family.iter().copied().collect(), ..Like::default() };
    for one in read::observables(app, actor, id).await? {
        like.values.push((Observable::new(one.kind, &one.value)?, one.standing));
    }
    for alert in alert::of_incident(app, id).await? {
        like.alerts.insert(alert.id);
        like.rules.insert(alert.rule);
    }
    like.techniques = read::techniques(app, actor, id).await?.into_iter().map(|one| one.technique).collect();
    let incidents = incidents(app, actor, &like).await?;
    let mut alerts = similar(app, actor, &like).await?;
    alerts.retain(|one| one.alert.incident.is_none());
    Ok(Alike { incidents, alerts })
}

/// The incidents that are like these alerts.
pub async fn of_alerts(app: &App, actor: &Actor, alerts: &[AlertId]) -> Result<Vec<AlikeIncident>> {
    let like = like(app, actor, alerts).await?;
    let mut found = incidents(app, actor, &like).await?;
    let mut own = BTreeSet::new();
    for id in alerts {
        own.extend(alert::get(app, actor, *id).await?.incident);
    }
    found.retain(|one| !own.contains(&one.incident.record.id));
    Ok(found)
}

async fn incidents(app: &App, actor: &Actor, like: &Like) -> Result<Vec<AlikeIncident>> {
    let standings: BTreeMap<&Observable, Standing> = like
        .values
        .iter()
        .filter(|(_, standing)| *standing != Standing::Benign)
        .take(ASKED)
        .map(|(value, standing)| (value, *standing))
        .collect();
    let asked: Vec<Observable> = standings.keys().map(|value| (*value).clone()).collect();
    let mut of_value: BTreeMap<Observable, Vec<IncidentId>> = BTreeMap::new();
    for (observable, incident) in seen::holders(app, actor, &asked).await? {
        of_value.entry(observable).or_default().push(incident);
    }
    let mut common: BTreeMap<IncidentId, Vec<Shared>> = BTreeMap::new();
    for (observable, holders) in of_value {
        let standing = standings.get(&observable).copied().unwrap_or(Standing::Unknown);
        let own = holders.iter().any(|one| like.incidents.contains(one));
        let count = u64::try_from(holders.len() + usize::from(!own)).unwrap_or(u64::MAX);
        for incident in holders.into_iter().filter(|one| !like.incidents.contains(one)) {
            let what = Common::Value { observable: observable.clone(), standing };
            common.entry(incident).or_default().push(Shared { what, holders: count });
        }
    }
    let mut ranked: Vec<_> = common
        .into_iter()
        .filter_map(|(id, shared)| likeness(&shared).map(|alike| (order(&alike, id.get()), id, shared)))
        .collect();
    ranked.sort_by_key(|(order, ..)| *order);
    ranked.truncate(LOOKED_AT);
    let wanted: Vec<IncidentId> = ranked.iter().map(|(_, id, _)| *id).collect();
    let mut views: BTreeMap<IncidentId, IncidentView> =
        store::views(&app.db, scope::account(actor), &wanted, app.clock.now())
            .await?
            .into_iter()
            .map(|view| (view.record.id, view))
            .collect();
    let mut alike = Vec::new();
    for (_, id, mut shared) in ranked {
        let Some(view) = views.remove(&id) else { continue };
        shared.extend(worked(app, actor, id, like).await?);
        if let Some(found) = likeness(&shared) {
            alike.push((order(&found, id.get()), view, found));
        }
    }
    alike.sort_by_key(|(order, ..)| *order);
    Ok(alike
        .into_iter()
        .take(TOLD)
        .map(|(_, incident, found)| AlikeIncident {
            incident,
            strength: found.strength,
            points: found.points,
            reasons: found.reasons,
        })
        .collect())
}

/// The rules and techniques that an incident has in common with something.
async fn worked(app: &App, actor: &Actor, id: IncidentId, like: &Like) -> Result<Vec<Shared>> {
    let mut shared = Vec::new();
    let mut rules = BTreeSet::new();
    for alert in alert::of_incident(app, id).await? {
        if like.rules.contains(&alert.rule) && rules.insert(alert.rule) {
            shared.push(Shared { what: Common::Rule(alert.title), holders: 2 });
        }
    }
    for one in read::techniques(app, actor, id).await? {
        if like.techniques.contains(&one.technique) {
            shared.push(Shared { what: Common::Technique(one.technique), holders: 4 });
        }
    }
    Ok(shared)
}

//! Alerts that are like an alert, or like an incident: by the values in their events, their rules and techniques.
//! What counts for how much is the domain's word (`domain::likeness`).

use std::collections::{BTreeMap, BTreeSet};

use domain::likeness::{Common, Shared, Strength, likeness, order};
use domain::observable::Standing;
use domain::{Actor, AlertId, IncidentId, Observable};
use serde::Serialize;
use utoipa::ToSchema;

use super::values::{self, Holder};
use super::{Alert, store};
use crate::app::App;
use crate::error::Result;
use crate::identity::scope;

/// How many alerts are told to be alike, and how many are looked at for it.
const TOLD: usize = 8;
const LOOKED_AT: usize = 30;
/// How many values are asked for.
const ASKED: usize = 200;

/// What others are compared with.
#[derive(Debug, Clone, Default)]
pub struct Like {
    pub values: Vec<(Observable, Standing)>,
    /// Identifiers of rules.
    pub rules: BTreeSet<String>,
    pub techniques: BTreeSet<String>,
    /// What it is itself, and is not compared.
    pub alerts: BTreeSet<AlertId>,
    pub incidents: BTreeSet<IncidentId>,
}

/// An alert that is like something, and why.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AlikeAlert {
    pub alert: Alert,
    #[schema(value_type = String, example = "strong")]
    pub strength: Strength,
    pub points: f64,
    /// What the two have in common, in words; the most telling first.
    pub reasons: Vec<String>,
}

/// The alerts that are like this one.
pub async fn of_alert(app: &App, actor: &Actor, id: AlertId) -> Result<Vec<AlikeAlert>> {
    let like = like(app, actor, &[id]).await?;
    similar(app, actor, &like).await
}

/// What some alerts are compared by.
pub async fn like(app: &App, actor: &Actor, alerts: &[AlertId]) -> Result<Like> {
    let mut like = Like { alerts: alerts.iter().copied().collect(), ..Like::default() };
    for id in alerts {
        let alert = super::get(app, actor, *id).await?;
        like.techniques.extend(alert.techniques);
        like.rules.insert(alert.rule);
    }
    let values: BTreeSet<Observable> =
        values::of(app, alerts).await?.into_iter().map(|(_, value)| value).collect();
    like.values = values.into_iter().map(|value| (value, Standing::Unknown)).collect();
    Ok(like)
}

/// The alerts that are like something, the most alike first, as far as the actor may see them.
pub async fn similar(app: &App, actor: &Actor, like: &Like) -> Result<Vec<AlikeAlert>> {
    let standings: BTreeMap<&Observable, Standing> =
        like.values.iter().take(ASKED).map(|(value, standing)| (value, *standing)).collect();
    let asked: Vec<Observable> = standings.keys().map(|value| (*value).clone()).collect();
    let mut common: BTreeMap<AlertId, Vec<Shared>> = BTreeMap::new();
    let mut of_value: BTreeMap<Observable, Vec<Holder>> = BTreeMap::new();
    for holder in values::holders(app, actor, &asked).await? {
        of_value.entry(holder.observable.clone()).or_default().push(holder);
    }
    for (observable, holders) in of_value {
        let standing = standings.get(&observable).copied().unwrap_or(Standing::Unknown);
        let own = holders.iter().any(|holder| like.alerts.contains(&holder.alert));
        let count = u64::try_from(holders.len() + usize::from(!own)).unwrap_or(u64::MAX);
        for holder in holders {
            let is_own = like.alerts.contains(&holder.alert)
                || holder.incident.is_some_and(|incident| like.incidents.contains(&incident));
            if !is_own {
                let what = Common::Value { observable: observable.clone(), standing };
                common.entry(holder.alert).or_default().push(Shared { what, holders: count });
            }
        }
    }
    let mut ranked: Vec<_> = common
        .into_iter()
        .filter_map(|(id, shared)| likeness(&shared).map(|alike| (order(&alike, id.get()), id, shared)))
        .collect();
    ranked.sort_by_key(|(order, ..)| *order);
    let wanted: Vec<AlertId> = ranked.iter().take(LOOKED_AT).map(|(_, id, _)| *id).collect();
    let mut alerts: BTreeMap<AlertId, Alert> = store::several(&app.db, scope::account(actor), &wanted)
        .await?
        .into_iter()
        .map(|alert| (alert.id, alert))
        .collect();
    let mut alike = Vec::new();
    for (_, id, mut shared) in ranked {
        let Some(alert) = alerts.remove(&id) else { continue };
        if like.rules.contains(&alert.rule) {
            shared.push(Shared { what: Common::Rule(alert.title.clone()), holders: 2 });
        }
        let techniques = alert.techniques.iter().filter(|id| like.techniques.contains(*id));
        shared.extend(techniques.map(|id| Shared { what: Common::Technique(id.clone()), holders: 4 }));
        if let Some(found) = likeness(&shared) {
            alike.push((order(&found, id.get()), alert, found));
        }
    }
    alike.sort_by_key(|(order, ..)| *order);
    Ok(alike
        .into_iter()
        .take(TOLD)
        .map(|(_, alert, found)| AlikeAlert {
            alert,
            strength: found.strength,
            points: found.points,
            reasons: found.reasons,
        })
        .collect())
}

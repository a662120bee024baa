//! How long evidence is kept. A legal hold keeps an item, or all of an incident, until somebody lifts it;
//! else the plan's time of retention runs from the closing of the incident, or the time that was set for
//! this incident. What is due is listed; to destroy it takes two people (see [`super::custody`]).

use domain::evidence::due;
use domain::{Actor, EvidenceId, HoldId, IncidentId, Period, Permission, Text, UserId};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::store::keeping as store;
use super::{Evidence, TOPIC, get, seen};
use crate::app::App;
use crate::error::{Error, Result};
use crate::identity::need;
use crate::plan;

/// An order to keep, as people see it and as the ledger commits to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Hold {
    #[schema(value_type = String, example = "HLD-1")]
    pub id: HoldId,
    #[schema(value_type = String, example = "INC-1")]
    pub incident: IncidentId,
    /// The one item that is held; all of the incident's without it.
    #[schema(value_type = Option<String>, example = "EVD-1")]
    pub evidence: Option<EvidenceId>,
    pub reason: String,
    pub by: String,
    #[schema(value_type = Option<String>, example = "USR-2")]
    pub account: Option<UserId>,
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub lifted_at: Option<Timestamp>,
    pub lifted_by: Option<String>,
    pub lift_reason: Option<String>,
}

/// How long the evidence of an incident is kept, where that is not the plan's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Retention {
    #[schema(value_type = String, example = "INC-1")]
    pub incident: IncidentId,
    /// After the incident is closed.
    #[schema(value_type = String, example = "365d")]
    pub retain_for: Period,
    pub reason: String,
    pub by: String,
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// How an item is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Keeping {
    /// Holds that stand, on the item or on its incident.
    pub holds: Vec<Hold>,
    /// After the incident is closed.
    #[schema(value_type = String, example = "730d")]
    pub retain_for: Period,
    /// Who said so for this incident; the plan without it.
    pub retention: Option<Retention>,
    /// When it is due to be destroyed: never while its incident is open or a hold stands.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub due: Option<Timestamp>,
}

/// An item whose time of retention has passed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Due {
    pub item: Evidence,
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
}

/// How an item is kept.
pub async fn of(app: &App, actor: &Actor, id: EvidenceId) -> Result<Keeping> {
    let item = get(app, actor, id).await?;
    let holds = of_incident(app, actor, item.incident).await?;
    let holds = holds
        .into_iter()
        .filter(|hold| hold.lifted_at.is_none() && hold.evidence.is_none_or(|held| held == id))
        .collect::<Vec<_>>();
    let retention = store::retention(&app.db, item.incident).await?;
    let default = plan::in_force(app).await?.plan.evidence.retain_for;
    let retain_for = retention.as_ref().map_or(default, |retention| retention.retain_for);
    let closed = store::closed_at(&app.db, item.incident).await?.filter(|_| stays_or_goes(&item));
    let due = due(closed, retain_for, !holds.is_empty());
    Ok(Keeping { holds, retain_for, retention, due })
}

/// Telemetry goes when its events go, and what is destroyed is not due any more.
fn stays_or_goes(item: &Evidence) -> bool {
    item.delivery.is_none() && item.destroyed_at.is_none()
}

/// The holds of an incident and its items, those that were lifted too.
pub async fn of_incident(app: &App, actor: &Actor, incident: IncidentId) -> Result<Vec<Hold>> {
    need(actor, Permission::ReadIncident, "reading evidence")?;
    seen(app, actor, incident).await?;
    store::of_incident(&app.db, incident).await
}

/// Which of these items a hold keeps.
pub async fn held(app: &App, items: &[Evidence]) -> Result<Vec<EvidenceId>> {
    let standing = store::standing(&app.db).await?;
    let keeps = |item: &Evidence| {
        standing.iter().any(|(incident, evidence)| match evidence {
            Some(evidence) => *evidence == item.id,
            None => *incident == item.incident,
        })
    };
    Ok(items.iter().filter(|item| keeps(item)).map(|item| item.id).collect())
}

/// Orders that an item, or all evidence of an incident, is kept whatever else is due.
pub async fn hold(
    app: &App,
    actor: &Actor,
    incident: IncidentId,
    evidence: Option<EvidenceId>,
    reason: &str,
) -> Result<Hold> {
    need(actor, Permission::CommandIncident, "ordering a legal hold")?;
    seen(app, actor, incident).await?;
    if let Some(id) = evidence
        && get(app, actor, id).await?.incident != incident
    {
        return Err(Error::NotFound("evidence item"));
    }
    let reason = Text::new("the reason of the hold", reason)?;
    let who = actor.clone();
    app.change(actor, move |change| {
        Box::pin(async move {
            let new =
                store::NewHold { incident, evidence, reason: &reason, by: who.name(), account: who.user() };
            let hold = store::insert(change, &new).await?;
            let (record, scope) = (hold.id.to_string(), Some(incident.get()));
            change.record(&record, "hold.order", &hold, scope).await?;
            change.tell(TOPIC, &record, scope).await?;
            Ok(hold)
        })
    })
    .await
}

/// Lifts a hold. What was due is due again.
pub async fn lift(app: &App, actor: &Actor, id: HoldId, reason: &str) -> Result<Hold> {
    need(actor, Permission::CommandIncident, "lifting a legal hold")?;
    let found = store::get(&app.db, actor, id).await?.ok_or(Error::NotFound("legal hold"))?;
    let reason = Text::new("the reason why the hold is lifted", reason)?;
    let who = actor.clone();
    app.change(actor, move |change| {
        Box::pin(async move {
            if !store::lift(change, id, who.name(), &reason).await? {
                return Err(Error::Conflict(format!("{id} was lifted already.")));
            }
            let hold = Hold {
                lifted_at: Some(change.at),
                lifted_by: Some(who.name().to_owned()),
                lift_reason: Some(reason.to_string()),
                ..found
            };
            let (record, scope) = (id.to_string(), Some(hold.incident.get()));
            change.record(&record, "hold.lift", &hold, scope).await?;
            change.tell(TOPIC, &record, scope).await?;
            Ok(hold)
        })
    })
    .await
}

/// Sets how long the evidence of one incident is kept.
pub async fn retain(
    app: &App,
    actor: &Actor,
    incident: IncidentId,
    retain_for: Period,
    reason: &str,
) -> Result<Retention> {
    need(actor, Permission::CommandIncident, "setting how long evidence is kept")?;
    seen(app, actor, incident).await?;
    let reason = Text::new("the reason", reason)?;
    let who = actor.clone();
    app.change(actor, move |change| {
        Box::pin(async move {
            let retention = Retention {
                incident,
                retain_for,
                reason: reason.to_string(),
                by: who.name().to_owned(),
                at: change.at,
            };
            store::set_retention(change, &retention, who.user()).await?;
            let (record, scope) = (format!("RET-{}", incident.get()), Some(incident.get()));
            change.record(&record, "evidence.retain", &retention, scope).await?;
            change.tell(TOPIC, &record, scope).await?;
            Ok(retention)
        })
    })
    .await
}

/// What is due to be destroyed, of the incidents that the actor may know of; the longest overdue first.
pub async fn all_due(app: &App, actor: &Actor) -> Result<Vec<Due>> {
    need(actor, Permission::ReadIncident, "reading evidence")?;
    let default = plan::in_force(app).await?.plan.evidence.retain_for;
    let now = app.clock.now();
    let mut found = Vec::new();
    for closed in store::closed(&app.db, actor).await? {
        let Some(since) = due(Some(closed.at), closed.retain_for.unwrap_or(default), false) else { continue };
        if since > now {
            continue;
        }
        let items = super::of_incident(app, actor, closed.incident).await?;
        let held = held(app, &items).await?;
        let mine = |item: &Evidence| {
            item.incident == closed.incident && stays_or_goes(item) && !held.contains(&item.id)
        };
        found.extend(items.into_iter().filter(mine).map(|item| Due { item, since }));
    }
    found.sort_by_key(|due| (due.since, due.item.id));
    Ok(found)
}

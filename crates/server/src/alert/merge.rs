//! Alerts about the same become one, and part again. Merging only points alerts at their lead: each keeps
//! its own state, count and matches, so that parting restores it exactly, and what its rule finds later
//! about its entity goes on being its own. While they are merged, the lead speaks for all of them.

use domain::alert::AlertStatus;
use domain::{Actor, AlertId, Permission};

use super::{Alert, MOST_AT_ONCE, person, store};
use crate::app::App;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::identity::scope;

/// Merges alerts into `lead`, all or none. One that leads others brings them along.
pub async fn merge(app: &App, actor: &Actor, lead: AlertId, others: Vec<AlertId>) -> Result<Alert> {
    person(actor, Permission::TriageAlerts, "merging alerts")?;
    let mut others: Vec<AlertId> = others.into_iter().filter(|id| *id != lead).collect();
    others.sort_unstable();
    others.dedup();
    if others.is_empty() || others.len() >= MOST_AT_ONCE {
        return Err(Error::Invalid(format!("Name 2 to {MOST_AT_ONCE} different alerts to merge.")));
    }
    let account = scope::account(actor);
    app.change(actor, move |change| Box::pin(async move { merge_in(change, account, lead, others).await }))
        .await
}

async fn merge_in(
    change: &mut Change<'_>,
    account: Option<i64>,
    lead: AlertId,
    others: Vec<AlertId>,
) -> Result<Alert> {
    let head = seen(change, account, lead).await?;
    stands_alone(&head)?;
    if head.status == AlertStatus::Dismissed {
        return Err(Error::Conflict(format!("{lead} is dismissed. Reopen it, or let another one lead.")));
    }
    for id in others {
        let alert = seen(change, account, id).await?;
        stands_alone(&alert)?;
        let mut members = store::merged_in(change.tx, id).await?;
        members.push(alert);
        for member in members {
            point(change, member, Some(lead), "alert.merge").await?;
        }
    }
    let head = seen(change, account, lead).await?;
    announce(change, &head, "alert.lead").await?;
    Ok(head)
}

/// Parts alerts: one that is merged leaves its lead; a lead lets go of all. Gives those that stand alone
/// again, as they were before.
pub async fn unmerge(app: &App, actor: &Actor, id: AlertId) -> Result<Vec<Alert>> {
    person(actor, Permission::TriageAlerts, "parting alerts")?;
    let account = scope::account(actor);
    app.change(actor, move |change| Box::pin(async move { unmerge_in(change, account, id).await })).await
}

async fn unmerge_in(change: &mut Change<'_>, account: Option<i64>, id: AlertId) -> Result<Vec<Alert>> {
    let alert = seen(change, account, id).await?;
    let lead = alert.merged_into;
    let members = match lead {
        Some(_) => vec![alert],
        None => store::merged_in(change.tx, id).await?,
    };
    if members.is_empty() {
        return Err(Error::Conflict(format!("{id} is not merged with any other alert.")));
    }
    let mut alone = Vec::with_capacity(members.len());
    for member in members {
        alone.push(point(change, member, None, "alert.unmerge").await?);
    }
    let head = store::get_in(change.tx, None, lead.unwrap_or(id)).await?.ok_or(Error::NotFound("alert"))?;
    announce(change, &head, "alert.let_go").await?;
    Ok(alone)
}

async fn seen(change: &mut Change<'_>, account: Option<i64>, id: AlertId) -> Result<Alert> {
    store::get_in(change.tx, account, id).await?.ok_or(Error::NotFound("alert"))
}

fn stands_alone(alert: &Alert) -> Result<()> {
    let id = alert.id;
    if let Some(lead) = alert.merged_into {
        return Err(Error::Conflict(format!("{id} is merged into {lead}. Take it out of that one first.")));
    }
    match alert.incident {
        Some(incident) => Err(Error::Conflict(format!(
            "{id} is in {incident}. Take the others into {incident} too, rather than merging them."
        ))),
        None => Ok(()),
    }
}

/// Points an alert at its lead, or at none. Its times, its count and its state stay its own.
async fn point(change: &mut Change<'_>, mut alert: Alert, lead: Option<AlertId>, act: &str) -> Result<Alert> {
    // The leaf of a parting belongs to the incident that it parts from.
    let scope = alert.scope();
    (alert.merged_into, alert.lead_incident) = (lead, None);
    alert.merged = 0;
    store::point(change.tx, alert.id, lead).await?;
    let name = alert.id.to_string();
    change.record(&name, act, &alert, scope).await?;
    change.tell("alerts", &name, scope).await?;
    Ok(alert)
}

async fn announce(change: &mut Change<'_>, alert: &Alert, act: &str) -> Result<()> {
    let name = alert.id.to_string();
    change.record(&name, act, alert, alert.scope()).await?;
    change.tell("alerts", &name, alert.scope()).await
}

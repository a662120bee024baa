//! “Not notifiable because …”: proposed by one person, approved by another who may steer the incident.

use domain::obligation::DutyKey;
use domain::obligation::approval::{WaiverState, WaiverVerb};
use domain::timeline::EntryKind;
use domain::{Actor, IncidentId, Text, WaiverId};

use super::{Waiver, case_in, settle, store};
use crate::app::App;
use crate::error::{Error, Result};
use crate::incident::above;

/// Proposes that a duty is not met.
pub async fn propose(
    app: &App,
    actor: &Actor,
    id: IncidentId,
    duty: DutyKey,
    reason: &str,
) -> Result<Waiver> {
    let reason = Text::new("the reason", reason)?;
    let by = actor.user().ok_or(Error::SignInFirst)?;
    let who = actor.clone();
    app.change(actor, move |change| {
        Box::pin(async move {
            let record = above::to_add(change, &who, id).await?;
            let case = case_in(change, record, String::new()).await?;
            let title = case.duty(&duty)?.title.to_string();
            let stands = |one: &&Waiver| {
                one.duty == duty && matches!(one.state, WaiverState::Proposed | WaiverState::Approved)
            };
            if let Some(other) = case.waivers.iter().find(stands) {
                return Err(Error::Conflict(format!(
                    "{} says so already ({}).",
                    other.id,
                    other.state.label().to_lowercase()
                )));
            }
            let waiver = Waiver {
                id: WaiverId::try_from(1)?,
                incident: id,
                duty,
                reason: reason.to_string(),
                state: WaiverState::Proposed,
                proposed_by: by,
                proposed_at: change.at,
                settled_by: None,
                settled_at: None,
            };
            let waiver = store::insert_waiver(change, waiver).await?;
            change.record(&waiver.id.to_string(), "obligation.waive", &waiver, Some(id.get())).await?;
            let line = format!("Proposed: not notifiable, “{title}”\n{reason}");
            above::line(change, &who, id, EntryKind::Note, line).await?;
            Ok(waiver)
        })
    })
    .await
}

/// Approves, rejects or withdraws. To approve needs somebody else than the proposer, who may steer the incident.
pub async fn act(
    app: &App,
    actor: &Actor,
    id: IncidentId,
    waiver: WaiverId,
    verb: WaiverVerb,
) -> Result<Waiver> {
    let who = actor.clone();
    app.change(actor, move |change| {
        Box::pin(async move {
            let record = match verb {
                WaiverVerb::Withdraw => above::to_work(change, &who, id).await?,
                WaiverVerb::Approve | WaiverVerb::Reject => above::to_command(change, &who, id).await?,
            };
            let case = case_in(change, record.clone(), String::new()).await?;
            let found = case.waivers.iter().find(|one| one.id == waiver);
            let mut waiver = found.cloned().ok_or(Error::NotFound("decision not to notify"))?;
            waiver.state = waiver
                .state
                .after(verb, who.user(), waiver.proposed_by)
                .map_err(|error| Error::Conflict(error.to_string()))?;
            waiver.settled_by = who.user();
            waiver.settled_at = Some(change.at);
            store::update_waiver(change, &waiver).await?;
            let act = format!("obligation.waiver_{verb}");
            change.record(&waiver.id.to_string(), &act, &waiver, Some(id.get())).await?;
            // The content may have lost the duty since; the decision is settled all the same.
            let title = case
                .duty(&waiver.duty)
                .map_or_else(|_| waiver.duty.to_string(), |duty| duty.title.to_string());
            match verb {
                WaiverVerb::Approve => {
                    let decision = format!("Not notifiable: {title}");
                    above::decided(change, &who, id, decision, waiver.reason.clone()).await?;
                }
                WaiverVerb::Reject | WaiverVerb::Withdraw => {
                    let line = format!("{}: not notifiable, “{title}”", waiver.state.label());
                    above::line(change, &who, id, EntryKind::Note, line).await?;
                }
            }
            settle(change, record).await?;
            Ok(waiver)
        })
    })
    .await
}

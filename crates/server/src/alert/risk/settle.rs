//! What a verdict means for risk: the signs that it was about count no more, until it is taken back. And
//! where an entity stands by the signs that still count, for the list.

use domain::alert::{AlertStatus, Verdict};
use domain::risk::{self, Settings};
use domain::{AlertId, Entity, IncidentId};
use jiff::{SignedDuration, Timestamp};

use super::store::Summary;
use super::{RULE, Sign, counted, store};
use crate::alert::Alert;
use crate::change::Change;
use crate::error::Result;

/// How many entities are reckoned anew at once when the settings change; the others are when they are
/// next seen.
const ANEW: i64 = 2000;
/// The least that a score counts for in the order of the list.
const LEAST: f64 = 0.01;

/// Follows an alert, with those that are merged into it, to its new state. Whatever the verdict on a risk
/// alert, its signs were looked at. What another alert took in goes on counting if it was a true positive.
pub async fn settle(change: &mut Change<'_>, alert: &Alert, merged: &[Alert]) -> Result<()> {
    let is_true = alert.verdict == Some(Verdict::TruePositive);
    let of_risk = |one: &&Alert| one.rule == RULE;
    let all = || std::iter::once(alert).chain(merged);
    match alert.status {
        AlertStatus::Dismissed => {
            for one in all().filter(|one| !is_true || of_risk(one)) {
                store::clear(change.tx, one.id, alert.id).await?;
            }
        }
        AlertStatus::New => store::restore(change.tx, alert.id).await?,
        AlertStatus::Acknowledged => return Ok(()),
        // What is in an incident is dealt with there.
        AlertStatus::InIncident => {}
    }
    for one in all() {
        refresh(change, one.id).await?;
    }
    Ok(())
}

/// Follows an incident that is closed, or opened again.
pub async fn settle_incident(change: &mut Change<'_>, incident: IncidentId, closed: bool) -> Result<()> {
    for alert in store::of_incident(change.tx, incident).await? {
        if closed {
            store::clear(change.tx, alert, alert).await?;
        } else {
            store::restore(change.tx, alert).await?;
        }
        refresh(change, alert).await?;
    }
    Ok(())
}

async fn refresh(change: &mut Change<'_>, alert: AlertId) -> Result<()> {
    let entities = store::entities_of(change.tx, alert).await?;
    if entities.is_empty() {
        return Ok(());
    }
    let settings = in_force(change).await?;
    again(change, &entities, &settings).await?;
    change.tell("entities", "entities", None).await
}

/// Brings the list up to new settings.
pub(super) async fn reckon_anew(change: &mut Change<'_>, settings: &Settings) -> Result<()> {
    let entities = store::ranked(change.tx, ANEW).await?;
    again(change, &entities, settings).await
}

async fn again(change: &mut Change<'_>, entities: &[Entity], settings: &Settings) -> Result<()> {
    for some in entities.chunks(100) {
        let mut signs = store::signs(change.tx, None, some).await?;
        for entity in some {
            let of_entity = signs.remove(entity).unwrap_or_default();
            summarise(change, entity, &of_entity, settings).await?;
        }
    }
    Ok(())
}

/// The settings within a change.
pub async fn in_force(change: &mut Change<'_>) -> Result<Settings> {
    Ok(store::settings(change.tx).await?.into_iter().next().map(|set| set.settings).unwrap_or_default())
}

/// Stores where an entity stands.
pub(super) async fn summarise(
    change: &mut Change<'_>,
    entity: &Entity,
    signs: &[Sign],
    settings: &Settings,
) -> Result<()> {
    let seen = |of: fn(&Sign) -> Timestamp| signs.iter().map(of);
    let (Some(first_seen), Some(last_seen), Some(last_sign)) = (
        seen(|sign| sign.first_seen).min(),
        seen(|sign| sign.last_seen).max(),
        signs.iter().map(|sign| sign.id).max(),
    ) else {
        return Ok(());
    };
    let known = counted(signs);
    let score = risk::score(&known, last_seen, settings).points;
    let (peak_at, peak) = risk::highest(&known, Timestamp::MIN, settings)
        .map_or((last_seen, 0.0), |(at, score)| (at, score.points));
    let rank = rank(score, last_seen, settings.half_life());
    let summary =
        Summary { entity, score, score_at: last_seen, rank, peak, peak_at, first_seen, last_seen, last_sign };
    store::summarise(change.tx, &summary).await
}

/// All scores fade alike, so that who is ahead at one time is ahead at any: a score is as good as twice
/// of it a half-life ago. Microseconds.
fn rank(score: f64, at: Timestamp, half_life: SignedDuration) -> i64 {
    let lead = half_life.as_secs_f64() * score.max(LEAST).log2();
    let lead = SignedDuration::try_from_secs_f64(lead).unwrap_or_default();
    at.saturating_add(lead).unwrap_or(at).as_microsecond()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twice_the_score_is_ahead_by_a_half_life() {
        let week = SignedDuration::from_hours(168);
        let at = |hours| Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours);
        assert_eq!(rank(40.0, at(0), week), rank(20.0, at(168), week));
        assert!(rank(41.0, at(0), week) > rank(20.0, at(168), week));
        assert!(rank(0.0, at(0), week) < rank(1.0, at(0), week));
    }
}

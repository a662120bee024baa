//! From detections to alerts. A chunk's detections are grouped by rule and, as the rule's grouping says,
//! mostly by entity before the database
//! is asked anything, so that a flood of the same costs a handful of statements and not one for each
//! detection. Whether a detection belongs to an alert that is there already is the domain's word.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use domain::alert::{AlertKey, AlertStatus, joins};
use domain::grouping::Group;
use domain::observable::Entities;
use domain::{AlertId, Entity, EventId, IntakeId, Line};
use jiff::{SignedDuration, Timestamp};

use super::grouping::{self, Grouped};
use super::rules::KnownRule;
use super::store::Span;
use super::{Alert, Found, GroupPart, Match, Touched, matches, noise, risk, store, suppress, values};
use crate::change::Change;
use crate::error::Result;

/// A rule that fired on an event that is stored.
#[derive(Debug, Clone)]
pub struct Detected {
    pub rule: Arc<KnownRule>,
    pub entity: Entity,
    /// All whom and what the event names.
    pub named: Entities,
    pub event: EventId,
    /// The event's time; where it tells none, the time it was received.
    pub at: Timestamp,
    pub found: Vec<Found>,
}

/// An alert that detections are being added to.
struct Growing {
    alert: Alert,
    new: Vec<Match>,
    /// It is not in the database yet.
    fresh: bool,
}

/// Takes a chunk's detections into alerts: those that are there, or new ones. Gives every alert that
/// changed with its new matches.
pub async fn absorb(
    change: &mut Change<'_>,
    delivery: IntakeId,
    detections: Vec<Detected>,
) -> Result<Vec<Touched>> {
    let shown = suppress::sift(change, detections).await?;
    if shown.is_empty() {
        return Ok(Vec::new());
    }
    let settings = risk::in_force(change).await?;
    let hints = risk::gather(&shown, change.at);
    let mut raising = shown;
    raising.retain(|detected| detected.rule.severity >= settings.alerts_from);
    let mut touched = raise_alerts(change, delivery, raising).await?;
    touched.extend(risk::note(change, &settings, delivery, hints, &touched).await?);
    Ok(touched)
}

async fn raise_alerts(
    change: &mut Change<'_>,
    delivery: IntakeId,
    detections: Vec<Detected>,
) -> Result<Vec<Touched>> {
    let groups = group(grouping::group(change, detections).await?);
    if groups.is_empty() {
        return Ok(Vec::new());
    }
    let spans: Vec<Span<'_>> = groups
        .iter()
        .filter_map(|(key, all)| {
            let (first, last) = (all.detections.first()?.at, all.detections.last()?.at);
            Some(Span { key, first, last, window: all.window })
        })
        .collect();
    let mut known = store::open_alerts(change.tx, &spans).await?;
    let mut grown = Vec::new();
    for (key, together) in groups {
        let mut candidates: Vec<Growing> = known
            .remove(&key)
            .unwrap_or_default()
            .into_iter()
            .map(|alert| Growing { alert, new: Vec::new(), fresh: false })
            .collect();
        let Together { group, window, detections } = together;
        for detection in detections {
            add(&mut candidates, &group, window, detection, change.at)?;
        }
        grown.extend(candidates.into_iter().filter(|growing| !growing.new.is_empty()));
    }
    keep(change, delivery, grown).await
}

/// A chunk's detections of one rule that belong together.
struct Together {
    group: Group,
    window: SignedDuration,
    detections: Vec<Detected>,
}

/// By rule and group, each in the order of time; a rule counts once for an event.
fn group(grouped: Vec<Grouped>) -> BTreeMap<AlertKey, Together> {
    let mut groups: BTreeMap<AlertKey, Together> = BTreeMap::new();
    for Grouped { detected, group, window } in grouped {
        let key = AlertKey { rule: detected.rule.id.clone(), group: group.key.clone() };
        let place = groups.entry(key).or_insert_with(|| Together { group, window, detections: Vec::new() });
        place.detections.push(detected);
    }
    for together in groups.values_mut() {
        let mut seen = HashSet::new();
        together.detections.retain(|detected| seen.insert(detected.event));
        together.detections.sort_by_key(|detected| (detected.at, detected.event));
    }
    groups
}

fn add(
    candidates: &mut Vec<Growing>,
    group: &Group,
    window: SignedDuration,
    detected: Detected,
    now: Timestamp,
) -> Result<()> {
    let fits = |growing: &&mut Growing| {
        let alert = &growing.alert;
        // The store gave no alert whose triage is over; one that is merged goes by its lead's.
        joins(alert.first_seen, alert.last_seen, AlertStatus::New, detected.at, window)
    };
    let place = match candidates.iter_mut().find(fits) {
        Some(place) => place,
        None => {
            let alert = raise(group, &detected.rule, detected.at, now)?;
            candidates.push(Growing { alert, new: Vec::new(), fresh: true });
            match candidates.last_mut() {
                Some(place) => place,
                None => return Ok(()),
            }
        }
    };
    place.alert.first_seen = place.alert.first_seen.min(detected.at);
    place.alert.last_seen = place.alert.last_seen.max(detected.at);
    place.alert.count += 1;
    place.alert.updated_at = now;
    place.new.push(Match {
        event: detected.event,
        at: detected.at,
        rule: detected.rule.id.clone(),
        found: detected.found,
    });
    Ok(())
}

/// What is shown of a value that alerts are grouped by; the events have all of it.
fn cut(value: &str) -> String {
    value.chars().take(Line::LIMIT).collect()
}

fn raise(group: &Group, rule: &KnownRule, at: Timestamp, now: Timestamp) -> Result<Alert> {
    let grouped =
        group.parts.iter().map(|(by, value)| GroupPart { by: by.clone(), value: cut(value) }).collect();
    let (id, title) = (rule.id.clone(), rule.title.clone());
    Ok(Alert {
        techniques: rule.techniques.clone(),
        tactics: rule.tactics.clone(),
        suggested_type: rule.suggested_type,
        grouped,
        group_key: group.key.clone(),
        ..Alert::raised(id, title, rule.severity, group.entity.clone(), at, now)?
    })
}

async fn keep(change: &mut Change<'_>, delivery: IntakeId, mut grown: Vec<Growing>) -> Result<Vec<Touched>> {
    let fresh: Vec<&mut Alert> =
        grown.iter_mut().filter(|growing| growing.fresh).map(|growing| &mut growing.alert).collect();
    store::insert(change.tx, fresh).await?;
    for growing in grown.iter().filter(|growing| !growing.fresh) {
        store::update_growth(change.tx, &growing.alert).await?;
    }
    for growing in &grown {
        matches::keep(change.tx, growing.alert.id, growing.alert.count, &growing.new).await?;
    }
    let new: Vec<(AlertId, i64, &[Match])> =
        grown.iter().map(|growing| (growing.alert.id, growing.alert.count, growing.new.as_slice())).collect();
    values::note(change, &new).await?;
    let alerts: Vec<AlertId> = grown.iter().map(|growing| growing.alert.id).collect();
    store::insert_deliveries(change.tx, delivery, &alerts).await?;
    let counts: Vec<(AlertId, usize)> =
        grown.iter().map(|growing| (growing.alert.id, growing.new.len())).collect();
    noise::count(change, &counts).await?;
    for growing in &grown {
        announce(change, &growing.alert, growing.fresh).await?;
    }
    Ok(grown
        .into_iter()
        .map(|growing| {
            let mut alert = growing.alert;
            // What is merged into an alert of an incident grows for that incident.
            alert.incident = alert.incident.or(alert.lead_incident);
            Touched { alert, new: growing.new }
        })
        .collect())
}

/// Stores an alert that was raised or has grown, with its new matches and its leaf.
pub(super) async fn keep_alert(
    change: &mut Change<'_>,
    alert: &mut Alert,
    fresh: bool,
    new: &[Match],
) -> Result<()> {
    if fresh {
        store::insert(change.tx, vec![alert]).await?;
    } else {
        store::update_growth(change.tx, alert).await?;
    }
    matches::keep(change.tx, alert.id, alert.count, new).await?;
    values::note(change, &[(alert.id, alert.count, new)]).await?;
    noise::count(change, &[(alert.id, new.len())]).await?;
    announce(change, alert, fresh).await
}

async fn announce(change: &mut Change<'_>, alert: &Alert, fresh: bool) -> Result<()> {
    let act = if fresh { "alert.raise" } else { "alert.absorb" };
    let (name, scope) = (alert.id.to_string(), alert.scope());
    change.record(&name, act, alert, scope).await?;
    change.tell("alerts", &name, scope).await
}

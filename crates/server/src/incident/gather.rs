//! From the events behind alerts to an incident's timeline, observables, assets and evidence. All text
//! here comes from outside; it is kept as text.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::asset;
use domain::evidence::{Acquisition, Sha256};
use domain::observable::{ObservableRole, Standing};
use domain::timeline::EntryKind;
use domain::{Actor, EventId, IncidentId, Line, Observable, ObservableKind};
use jiff::Timestamp;

use super::{Asset, Entry, Observed, findings, keep, store};
use crate::alert::{Alert, Match};
use crate::change::Change;
use crate::error::Result;
use crate::event::{self, Delivery, StoredEvent};
use crate::evidence::{self, NewEvidence};
use crate::identity;

/// How many events of one alert stand on the timeline; the alert itself has all.
pub const EVENTS_AN_ALERT: i64 = 2000;
/// How many observables one gathering adds at the most, so that a flood of names stays readable.
const MOST_OBSERVABLES: usize = 2000;
/// Beside how many events of an incident an observable is noted. In a flood the same host stands in every
/// event: further ones are counted.
pub const EVENTS_AN_OBSERVABLE: i64 = EVENTS_AN_ALERT;
/// How many of the fields that a rule looked for an entry tells, and how long each may be.
const FIELDS_TOLD: usize = 6;
const LONGEST_VALUE: usize = 300;

/// The events of one alert that are to be taken in.
pub struct Found {
    pub alert: Alert,
    pub matches: Vec<Match>,
    /// How many of them may still become entries.
    pub room: usize,
}

/// Takes in what was found: entries, observables, assets, evidence; each with its leaf.
pub async fn take_in(
    change: &mut Change<'_>,
    actor: &Actor,
    incident: IncidentId,
    found: &[Found],
) -> Result<()> {
    let ids: BTreeSet<EventId> = found.iter().flat_map(|one| &one.matches).map(|one| one.event).collect();
    let ids: Vec<EventId> = ids.into_iter().collect();
    let mut events = HashMap::with_capacity(ids.len());
    for some in ids.chunks(500) {
        for event in event::load(change.tx, some).await? {
            events.insert(event.id, event);
        }
    }
    let mut entries = Vec::new();
    for one in found {
        for matched in one.matches.iter().take(one.room) {
            let raw = events.get(&matched.event).map(|event| event.raw_sha256.as_str());
            entries.push(entry(change, incident, &one.alert, matched, raw)?);
        }
    }
    keep::entries(change, "entry.add", entries).await?;
    let mut seen = Seen::default();
    for matched in found.iter().flat_map(|one| &one.matches) {
        if let Some(event) = events.get(&matched.event) {
            seen.add(event, matched.at);
        }
    }
    observables(change, incident, &seen).await?;
    evidence(change, actor, incident, &ids).await
}

/// What happened, in the words of the rule and of the fields that made it fire.
fn entry(
    change: &Change<'_>,
    incident: IncidentId,
    alert: &Alert,
    matched: &Match,
    raw_sha256: Option<&str>,
) -> Result<Entry> {
    let mut text = alert.title.clone();
    for found in matched.found.iter().take(FIELDS_TOLD) {
        let name = found.field.as_deref().unwrap_or("text");
        text.push_str(&format!("\n{name}: {}", shortened(&found.value)));
    }
    let mut entry =
        keep::entry(change, &Actor::Watchbell, incident, EntryKind::Event, matched.at, printable(&text))?;
    entry.techniques.clone_from(&alert.techniques);
    entry.alert = Some(alert.id);
    entry.event = Some(matched.event);
    entry.raw_sha256 = raw_sha256.map(str::parse::<Sha256>).transpose()?;
    Ok(entry)
}

fn shortened(value: &str) -> String {
    match value.char_indices().nth(LONGEST_VALUE) {
        Some((end, _)) => format!("{}…", value.get(..end).unwrap_or_default()),
        None => value.to_owned(),
    }
}

/// Control characters say nothing to a reader, and PostgreSQL refuses NUL.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' && c != '\t' { '\u{fffd}' } else { c }).collect()
}

/// Where and when a value was seen.
#[derive(Default)]
struct Sightings {
    parts: BTreeSet<String>,
    events: BTreeSet<EventId>,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
}

/// All values seen in some events.
#[derive(Default)]
struct Seen {
    values: BTreeMap<(ObservableKind, String), Sightings>,
}

impl Seen {
    fn add(&mut self, event: &StoredEvent, at: Timestamp) {
        for sighting in event.sightings() {
            self.note(&sighting.observable, sighting.role.map(ObservableRole::as_str), event.id, at);
        }
    }

    fn note(&mut self, value: &Observable, part: Option<&str>, event: EventId, at: Timestamp) {
        let key = (value.kind(), value.value().to_owned());
        if self.values.len() >= MOST_OBSERVABLES && !self.values.contains_key(&key) {
            return;
        }
        let sightings = self.values.entry(key).or_default();
        sightings.parts.extend(part.map(str::to_owned));
        sightings.events.insert(event);
        sightings.first = earlier(sightings.first, Some(at));
        sightings.last = sightings.last.max(Some(at));
    }
}

async fn observables(change: &mut Change<'_>, incident: IncidentId, seen: &Seen) -> Result<()> {
    let values: BTreeSet<String> = seen.values.keys().map(|(_, value)| value.clone()).collect();
    let values: Vec<String> = values.into_iter().collect();
    let known = store::things::known_in(change.tx, incident, &values).await?;
    let mut known: HashMap<(ObservableKind, String), Observed> =
        known.into_iter().map(|one| ((one.kind, one.value.clone()), one)).collect();
    let mut fresh = Vec::new();
    let mut fresh_events = Vec::new();
    for (key, sightings) in &seen.values {
        let Some(mut observed) = known.remove(key) else {
            fresh.push(new_observable(incident, key, sightings)?);
            fresh_events.push(&sightings.events);
            continue;
        };
        observed.count = note_events(change, &observed, &sightings.events).await?;
        observed.first_seen = earlier(observed.first_seen, sightings.first);
        observed.last_seen = observed.last_seen.max(sightings.last);
        let parts: BTreeSet<String> = observed.parts.drain(..).chain(sightings.parts.clone()).collect();
        observed.parts = parts.into_iter().collect();
        store::things::update(change, &observed).await?;
        findings::commit(change, &observed, "observable.seen").await?;
    }
    let fresh = store::things::insert(change, fresh).await?;
    let mut pairs = Vec::new();
    for (observed, events) in fresh.iter().zip(&fresh_events) {
        findings::commit(change, observed, "observable.add").await?;
        let most = usize::try_from(EVENTS_AN_OBSERVABLE).unwrap_or(usize::MAX);
        pairs.extend(events.iter().take(most).map(|event| (observed.id, *event)));
    }
    store::things::seen_in(change, &pairs).await?;
    assets(change, incident, seen).await
}

/// Notes in which events an observable was seen; gives in how many it was.
async fn note_events(
    change: &mut Change<'_>,
    observed: &Observed,
    events: &BTreeSet<EventId>,
) -> Result<i64> {
    let new = i64::try_from(events.len()).unwrap_or(i64::MAX);
    // Counting the rows of what is seen without end would take longer and longer.
    let room = EVENTS_AN_OBSERVABLE - observed.count;
    if room <= 0 {
        return Ok(observed.count.saturating_add(new));
    }
    let noted = events.iter().take(usize::try_from(room).unwrap_or(0));
    let pairs: Vec<_> = noted.map(|event| (observed.id, *event)).collect();
    store::things::seen_in(change, &pairs).await?;
    Ok(store::things::event_count_in(change.tx, observed.id).await?.saturating_add((new - room).max(0)))
}

fn new_observable(
    incident: IncidentId,
    (kind, value): &(ObservableKind, String),
    sightings: &Sightings,
) -> Result<Observed> {
    Ok(Observed {
        id: keep::unnumbered()?,
        incident,
        kind: *kind,
        value: value.clone(),
        standing: Standing::Unknown,
        note: None,
        count: i64::try_from(sightings.events.len()).unwrap_or(i64::MAX),
        first_seen: sightings.first,
        last_seen: sightings.last,
        parts: sightings.parts.iter().cloned().collect(),
        tlp: None,
        tags: Vec::new(),
        events: Vec::new(),
        united: Vec::new(),
    })
}

/// Hosts and accounts in our telemetry are ours: suspected until somebody knows better.
async fn assets(change: &mut Change<'_>, incident: IncidentId, seen: &Seen) -> Result<()> {
    let mut known: HashMap<(ObservableKind, String), Asset> = store::things::assets_in(change.tx, incident)
        .await?
        .into_iter()
        .map(|asset| ((asset.kind, asset.name.clone()), asset))
        .collect();
    for (key, sightings) in seen.values.iter().filter(|((kind, _), _)| kind.is_asset()) {
        let (act, asset) = match known.remove(key) {
            Some(mut asset) => {
                let (first, last) =
                    (earlier(asset.first_seen, sightings.first), asset.last_seen.max(sightings.last));
                if (first, last) == (asset.first_seen, asset.last_seen) {
                    continue;
                }
                (asset.first_seen, asset.last_seen) = (first, last);
                store::things::update_asset(change, &asset).await?;
                ("asset.seen", asset)
            }
            None => {
                let mut asset = Asset {
                    id: keep::unnumbered()?,
                    incident,
                    kind: key.0,
                    name: key.1.clone(),
                    state: asset::Standing::NEW.summary(),
                    compromise: asset::Standing::NEW.compromise,
                    containment: asset::Standing::NEW.containment,
                    note: None,
                    first_seen: sightings.first,
                    last_seen: sightings.last,
                };
                asset.id = store::things::insert_asset(change, &asset).await?;
                ("asset.add", asset)
            }
        };
        change.record(&asset.id.to_string(), act, &asset, Some(incident.get())).await?;
    }
    Ok(())
}

/// Each delivery behind the events becomes an evidence item, once.
async fn evidence(
    change: &mut Change<'_>,
    actor: &Actor,
    incident: IncidentId,
    events: &[EventId],
) -> Result<()> {
    let mut deliveries: BTreeMap<_, Delivery> = BTreeMap::new();
    for some in events.chunks(500) {
        for delivery in event::deliveries_of(change.tx, some).await? {
            deliveries.insert(delivery.id, delivery);
        }
    }
    for delivery in deliveries.into_values() {
        if evidence::holds_delivery(change, incident, delivery.id).await? {
            continue;
        }
        let who = match delivery.received_by {
            Some(user) => {
                identity::person(change, user).await.map_or(user.to_string(), |account| account.name)
            }
            None => "watchbell".to_owned(),
        };
        let new = NewEvidence {
            incident,
            name: delivery.name.clone(),
            sha256: delivery.sha256.clone(),
            bytes: delivery.bytes,
            acquisition: Acquisition {
                method: Line::new("the method", "intake")?,
                tool: Line::new("the tool", concat!("Watchbell ", env!("CARGO_PKG_VERSION")))?,
                tool_version: None,
                place: Line::new("the place", &format!("sent to the intake as {}", delivery.id))?,
                device: None,
                serial: None,
                write_blocker: None,
                by: Line::new("who acquired it", &who)?,
                at: delivery.received_at,
            },
            delivery: Some(delivery.id),
            derived: None,
        };
        let item = evidence::collect(change, actor, new).await?;
        let text = format!("{} secured: {}\nSHA-256 {}", item.id, printable(&item.name), item.sha256);
        keep::line(change, actor, incident, EntryKind::Evidence, text).await?;
    }
    Ok(())
}

fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_and_odd_values_are_told_plainly() {
        assert_eq!(printable("a\0b\nc\u{7}"), "a\u{fffd}b\nc\u{fffd}");
        let long = "ä".repeat(LONGEST_VALUE + 1);
        assert_eq!(shortened(&long).chars().count(), LONGEST_VALUE + 1);
        assert_eq!(shortened("short"), "short");
    }
}

//! Correlations in the pipeline: what a chunk's events bring to them is judged together with what was
//! stored before, in the same change, so that nothing hangs on memory: a restart or a delivery that is
//! cut into pieces changes nothing. What fires becomes detections like any other.

mod store;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use domain::EventId;
use domain::alert::WINDOW;
use domain::observable::{Entities, entities_of};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use sigma::correlation::{Correlation, Firing, Group, Hit, Sighting};

use super::rules::{Catalogue, KnownRule};
use super::{Detected, Found};
use crate::change::Change;
use crate::error::Result;

/// Hits of one group that are judged together; of more the latest.
const MOST_HITS: usize = 10_000;
/// Events that a correlation hands on to correlations of it.
const MOST_EVENTS: usize = 1000;
/// For how long a hit is kept at least: files are sent late, and one after the other.
const KEPT: SignedDuration = SignedDuration::from_hours(1);

/// What a stored event brings to a correlation.
#[derive(Debug, Clone)]
pub struct Seen {
    pub event: EventId,
    pub at: Timestamp,
    /// Whom and what the event names.
    pub named: Entities,
    pub sighting: Sighting,
}

/// A hit that is not judged yet.
struct New {
    hit: Hit<i64>,
    named: Entities,
    /// The values of `group-by`.
    shown: Vec<String>,
}

/// Judges what a chunk's events bring to correlations, and gives what fires by it.
pub async fn follow(change: &mut Change<'_>, rules: &Catalogue, seen: Vec<Seen>) -> Result<Vec<Detected>> {
    let mut waiting: BTreeMap<(usize, String), Vec<New>> = BTreeMap::new();
    for Seen { event, at, named, sighting } in seen {
        let hit = hit(&sighting, at.as_microsecond(), event.get(), Vec::new());
        put(&mut waiting, sighting, New { hit, named, shown: Vec::new() });
    }
    if waiting.is_empty() {
        return Ok(Vec::new());
    }
    store::forget(change.tx, change.at_micros()).await?;
    let mut detected = Vec::new();
    // Correlations come before those that look at them, so whatever is raised is judged later.
    while let Some(number) = waiting.keys().next().map(|(number, _)| *number) {
        let later = waiting.split_off(&(number + 1, String::new()));
        let own = std::mem::replace(&mut waiting, later);
        let Some(correlation) = Judged::new(rules, number) else { continue };
        let groups = own.into_iter().map(|((_, key), new)| (hex::encode(Sha256::digest(key)), new));
        for raised in correlation.judge(change, groups.collect(), &mut detected).await? {
            let (sighting, new) = raised;
            put(&mut waiting, sighting, new);
        }
    }
    Ok(detected)
}

fn hit(sighting: &Sighting, at: i64, id: i64, events: Vec<i64>) -> Hit<i64> {
    Hit { slot: sighting.slot, at, id, marks: sighting.marks.clone(), events, is_told: false }
}

fn put(waiting: &mut BTreeMap<(usize, String), Vec<New>>, sighting: Sighting, new: New) {
    let key = (sighting.correlation, sighting.key());
    waiting.entry(key).or_default().push(New { shown: sighting.group, ..new });
}

/// A correlation at work.
struct Judged<'a> {
    rules: &'a Catalogue,
    number: usize,
    /// Under which its hits are stored.
    name: String,
    correlation: &'a Correlation,
    known: &'a Arc<KnownRule>,
}

impl<'a> Judged<'a> {
    fn new(rules: &'a Catalogue, number: usize) -> Option<Judged<'a>> {
        let known = rules.correlation(number)?;
        let correlation = rules.correlations().get(number)?;
        let name = format!("{} {}", known.id, rules.correlations().fingerprint(number));
        Some(Judged { rules, number, name, correlation, known })
    }

    /// Judges the new hits of some groups, each with what is stored of it, and stores what came of them.
    /// Gives what is raised for correlations of this one.
    async fn judge(
        &self,
        change: &mut Change<'_>,
        groups: Vec<(String, Vec<New>)>,
        detected: &mut Vec<Detected>,
    ) -> Result<Vec<(Sighting, New)>> {
        let names: Vec<&str> = groups.iter().map(|(group, _)| group.as_str()).collect();
        let stored = store::known_groups(change.tx, &self.name, &names).await?;
        let (mut raised, mut hits, mut fired) = (Vec::new(), Vec::new(), Vec::new());
        let mut own: Vec<Detected> = Vec::new();
        for (name, mut new) in groups {
            new.sort_by_key(|one| (one.hit.at, one.hit.slot, one.hit.id));
            let mut group = Group::new(self.correlation);
            if stored.contains(&name) {
                group = self.restore(change, &name, &new).await?;
            }
            let mut told: HashSet<(usize, i64)> = HashSet::new();
            let mut told_before: Vec<i64> = Vec::new();
            let fresh: HashSet<(usize, i64)> = new.iter().map(|one| (one.hit.slot, one.hit.id)).collect();
            for one in &new {
                for firing in group.add(self.correlation, one.hit.clone()) {
                    for hit in &firing.hits {
                        told.insert((hit.slot, hit.id));
                        if !hit.is_told && !fresh.contains(&(hit.slot, hit.id)) {
                            told_before.push(hit.id);
                        }
                    }
                    if firing.is_new {
                        fired.push((name.clone(), firing.at));
                    }
                    raised.extend(self.raise(&firing, one));
                    if !self.rules.correlations().is_silent(self.number) {
                        self.detect(&firing, one, &mut own)?;
                    }
                }
            }
            store::tell(change.tx, &self.name, &name, &told_before).await?;
            hits.extend(new.into_iter().map(|one| {
                let is_told = told.contains(&(one.hit.slot, one.hit.id));
                (name.clone(), Hit { is_told, ..one.hit })
            }));
        }
        let forget_at = change.at_micros().saturating_add(self.kept());
        store::insert_hits(change.tx, &self.name, &hits, forget_at).await?;
        store::insert_fired(change.tx, &self.name, &fired, forget_at).await?;
        // Further events of what goes on may have been told of by another correlation below this one.
        let events: Vec<EventId> = own.iter().map(|one| one.event).collect();
        let known = super::store::matched(change.tx, &self.known.id, &events).await?;
        detected.extend(own.into_iter().filter(|one| !known.contains(&one.event)));
        Ok(raised)
    }

    fn kept(&self) -> i64 {
        let least = i64::try_from(KEPT.as_micros()).unwrap_or(i64::MAX);
        self.correlation.timespan.saturating_mul(2).max(least)
    }

    /// What is stored of a group, as far as the new hits, in the order of time, are judged with it.
    async fn restore(&self, change: &mut Change<'_>, name: &str, new: &[New]) -> Result<Group<i64>> {
        let span = self.correlation.timespan;
        let first = new.first().map_or(0, |one| one.hit.at).saturating_sub(span);
        let last = new.last().map_or(0, |one| one.hit.at).saturating_add(span);
        let hits = store::hits(change.tx, &self.name, name, (first, last), MOST_HITS).await?;
        if hits.len() == MOST_HITS {
            tracing::warn!(
                correlation = self.known.title,
                "a group has more than {MOST_HITS} events in a window; the oldest are left out"
            );
        }
        let fired = store::fired(change.tx, &self.name, name, (first, last.saturating_add(span))).await?;
        Ok(Group::restore(self.correlation, hits, fired))
    }

    fn raise(&self, firing: &Firing<i64>, by: &New) -> Vec<(Sighting, New)> {
        let id = firing.hits.last().map_or(by.hit.id, |hit| hit.id);
        let all = self.rules.correlations().raised(self.number, firing).into_iter();
        all.map(|sighting| {
            let hit = hit(&sighting, firing.at, id, firing.events(MOST_EVENTS));
            (sighting, New { hit, named: by.named.clone(), shown: Vec::new() })
        })
        .collect()
    }

    /// A detection for each event that is not part of one yet.
    fn detect(&self, firing: &Firing<i64>, by: &New, detected: &mut Vec<Detected>) -> Result<()> {
        let values = || self.correlation.group_by.iter().zip(&by.shown);
        let value = |name: &str| values().find(|(field, _)| *field == name).map(|(_, value)| value.into());
        let mut named = entities_of(value);
        if named.all().next().is_none() {
            named = by.named.clone();
        }
        let mut found: Vec<Found> = values()
            .map(|(field, value)| Found {
                field: Some(field.clone()),
                value: value.replace('\0', "\u{fffd}"),
            })
            .collect();
        let measure = self.correlation.kind.measure().to_owned();
        found.push(Found { field: Some(measure), value: sigma::correlation::shown(firing.measured) });
        // An alert takes in what is near in time; what a longer time span holds together is one all the same.
        let is_wide = self.correlation.timespan > i64::try_from(WINDOW.as_micros()).unwrap_or(i64::MAX);
        for hit in firing.hits.iter().filter(|hit| !hit.is_told) {
            let at = if is_wide { firing.at } else { hit.at };
            let at = Timestamp::from_microsecond(at).unwrap_or_default();
            for event in hit.events.iter().chain([&hit.id]) {
                detected.push(Detected {
                    rule: Arc::clone(self.known),
                    entity: named.main(),
                    named: named.clone(),
                    event: EventId::try_from(*event)?,
                    at,
                    found: found.clone(),
                });
            }
        }
        Ok(())
    }
}

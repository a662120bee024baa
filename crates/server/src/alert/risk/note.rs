//! From detections to signs, and from signs to the one alert of an entity whose risk crosses the
//! threshold. Costs follow the chunk, not what came before: a rule that goes on firing about the same
//! entity on the same day only counts up its sign.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use domain::noise::Precision;
use domain::risk::{self, Score, Settings};
use domain::{AlertId, Entity, EventId, IntakeId, Severity};
use jiff::Timestamp;

use super::{RULE, Sign, counted, settle, store};
use crate::alert::absorb::keep_alert;
use crate::alert::rules::KnownRule;
use crate::alert::{Alert, Detected, Found, Match, Touched, suppress};
use crate::change::Change;
use crate::error::{Error, Result};

/// A day in microseconds.
const DAY: i64 = 86_400_000_000;
/// How many techniques and tactics a risk alert names, and how many signs its text tells.
const NAMED: usize = 50;
const TOLD: usize = 30;

/// Entity, rule, and the day by the events' own time.
pub type Key = (Entity, String, i64);

/// What a chunk holds under one key.
pub struct Seen {
    pub rule: Arc<KnownRule>,
    pub count: i64,
    pub first: Timestamp,
    pub last: Timestamp,
    /// The first event.
    pub event: EventId,
    pub alert: Option<AlertId>,
}

/// A chunk's detections as signs.
pub struct Hints(BTreeMap<Key, Seen>);

/// Sums up a chunk's detections by entity, rule and day.
pub fn gather(detections: &[Detected], now: Timestamp) -> Hints {
    let mut seen: BTreeMap<Key, Seen> = BTreeMap::new();
    let mut counted: HashSet<(&str, EventId)> = HashSet::new();
    for detected in detections {
        if !counted.insert((&detected.rule.id, detected.event)) {
            continue;
        }
        // A clock that runs ahead must not keep a sign from fading.
        let at = detected.at.min(now);
        for entity in detected.named.all() {
            let key = (entity.clone(), detected.rule.id.clone(), at.as_microsecond().div_euclid(DAY));
            let one = seen.entry(key).or_insert_with(|| Seen {
                rule: Arc::clone(&detected.rule),
                count: 0,
                first: at,
                last: at,
                event: detected.event,
                alert: None,
            });
            one.count += 1;
            if at < one.first {
                (one.first, one.event) = (at, detected.event);
            }
            one.last = one.last.max(at);
        }
    }
    Hints(seen)
}

/// Notes a chunk's signs. Gives the risk alerts that were raised or have grown.
pub async fn note(
    change: &mut Change<'_>,
    settings: &Settings,
    delivery: IntakeId,
    hints: Hints,
    touched: &[Touched],
) -> Result<Vec<Touched>> {
    let Hints(mut hints) = hints;
    let taken: HashMap<(&str, EventId), AlertId> = touched
        .iter()
        .flat_map(|one| one.new.iter().map(|found| ((found.rule.as_str(), found.event), one.alert.id)))
        .collect();
    for ((_, rule, _), seen) in &mut hints {
        seen.alert = taken.get(&(rule.as_str(), seen.event)).copied();
    }
    let fresh = keep(change, settings, &hints).await?;
    if fresh.is_empty() {
        return Ok(Vec::new());
    }
    let entities: Vec<Entity> = fresh.keys().cloned().collect();
    let mut signs = store::signs(change.tx, None, &entities).await?;
    let open = store::open(change.tx, &entities).await?;
    let mut grown = Vec::new();
    for (entity, new) in fresh {
        let of_entity = signs.remove(&entity).unwrap_or_default();
        settle::summarise(change, &entity, &of_entity, settings).await?;
        let alert = match open.get(&entity.to_string()) {
            Some(alert) => grow(change, *alert, &of_entity, &new).await?,
            None => cross(change, &entity, &of_entity, &new, settings).await?,
        };
        grown.extend(alert);
    }
    let alerts: Vec<AlertId> = grown.iter().map(|one| one.alert.id).collect();
    crate::alert::store::insert_deliveries(change.tx, delivery, &alerts).await?;
    Ok(grown)
}

/// Stores a chunk's signs. Gives the numbers of the new ones by their entity.
async fn keep(
    change: &mut Change<'_>,
    settings: &Settings,
    hints: &BTreeMap<Key, Seen>,
) -> Result<BTreeMap<Entity, BTreeSet<i64>>> {
    let keys: Vec<&Key> = hints.keys().collect();
    let known = store::known(change.tx, &keys).await?;
    let mut believed: HashMap<&str, Option<Precision>> = HashMap::new();
    let mut fresh: BTreeMap<Entity, BTreeSet<i64>> = BTreeMap::new();
    let mut newest = 0;
    for (key, seen) in hints {
        let round = match known.get(key) {
            Some((id, _, false)) => {
                store::repeat(change.tx, *id, seen).await?;
                continue;
            }
            // What comes after a verdict deserves another look.
            Some((_, round, true)) => round + 1,
            None => 0,
        };
        let rule = seen.rule.id.as_str();
        let precision = match believed.get(rule) {
            Some(known) => *known,
            None => {
                let found = store::precision(change.tx, rule).await?;
                believed.insert(rule, found);
                found
            }
        };
        let confidence = precision.map_or(1.0, |precision| precision.high);
        let points = settings.worth(seen.rule.severity, precision);
        let id = store::insert(change.tx, key, round, seen, confidence, points).await?;
        newest = newest.max(id);
        fresh.entry(key.0.clone()).or_default().insert(id);
    }
    if newest > 0 {
        store::forget(change.tx, newest).await?;
        change.tell("entities", "entities", None).await?;
    }
    Ok(fresh)
}

/// Lists new signs in the alert that is open.
async fn grow(
    change: &mut Change<'_>,
    id: AlertId,
    signs: &[Sign],
    new: &BTreeSet<i64>,
) -> Result<Option<Touched>> {
    let mut alert = crate::alert::store::own_in(change.tx, id).await?.ok_or(Error::NotFound("alert"))?;
    let listed: Vec<&Sign> = signs.iter().filter(|sign| new.contains(&sign.id) && sign.counts()).collect();
    let matches = fresh_matches(change, id, &listed).await?;
    if listed.is_empty() {
        return Ok(None);
    }
    let all: Vec<&Sign> = signs
        .iter()
        .filter(|sign| sign.risk_alert == Some(id) || listed.iter().any(|one| one.id == sign.id))
        .collect();
    tell(&mut alert, &all);
    alert.updated_at = change.at;
    alert.count += i64::try_from(matches.len()).unwrap_or(0);
    store::retell(change.tx, id, &alert.techniques, &alert.tactics).await?;
    finish(change, alert, false, &listed, matches).await.map(Some)
}

/// Raises the entity's alert if the new signs bring its risk over the threshold.
async fn cross(
    change: &mut Change<'_>,
    entity: &Entity,
    signs: &[Sign],
    new: &BTreeSet<i64>,
    settings: &Settings,
) -> Result<Option<Touched>> {
    let since = signs.iter().filter(|sign| new.contains(&sign.id)).map(|sign| sign.first_seen).min();
    let Some((at, score)) = since.and_then(|since| risk::highest(&counted(signs), since, settings)) else {
        return Ok(None);
    };
    if !settings.is_crossed(&score) {
        return Ok(None);
    }
    let alive = |sign: &&Sign| {
        sign.counts()
            && sign.points > 0.0
            && sign.first_seen <= at
            && at.duration_since(sign.last_seen) <= settings.memory()
    };
    let mut listed: Vec<&Sign> = signs.iter().filter(alive).collect();
    listed.sort_by_key(|sign| (sign.first_seen, sign.id));
    if let Some(last) = listed.last()
        && suppress::hides(change, RULE, entity, last.event, at).await?
    {
        return Ok(None);
    }
    let mut alert = raise(entity, score, at, settings, change.at)?;
    tell(&mut alert, &listed);
    let matches = matches(&listed, &HashSet::new());
    alert.count = i64::try_from(matches.len()).unwrap_or(i64::MAX);
    finish(change, alert, true, &listed, matches).await.map(Some)
}

async fn finish(
    change: &mut Change<'_>,
    mut alert: Alert,
    fresh: bool,
    listed: &[&Sign],
    new: Vec<Match>,
) -> Result<Touched> {
    keep_alert(change, &mut alert, fresh, &new).await?;
    let signs: Vec<i64> = listed.iter().map(|sign| sign.id).collect();
    store::list_in(change.tx, &signs, alert.id).await?;
    alert.incident = alert.incident.or(alert.lead_incident);
    Ok(Touched { alert, new })
}

/// What an alert says of its signs.
fn tell(alert: &mut Alert, signs: &[&Sign]) {
    for sign in signs {
        alert.first_seen = alert.first_seen.min(sign.first_seen);
        alert.last_seen = alert.last_seen.max(sign.last_seen);
        for (words, more) in [(&mut alert.techniques, &sign.techniques), (&mut alert.tactics, &sign.tactics)]
        {
            for word in more {
                if words.len() < NAMED && !words.contains(word) {
                    words.push(word.clone());
                }
            }
        }
    }
    let rules: BTreeSet<&str> = signs.iter().map(|sign| sign.rule.as_str()).collect();
    let mut text = format!(
        "{} signs of {} rules. None of them alone need be grave; together they are worth a look.",
        signs.len(),
        rules.len()
    );
    for sign in signs.iter().take(TOLD) {
        text.push_str(&format!(
            "\n{}: {}, {}, {:.0} points",
            sign.first_seen.strftime("%Y-%m-%d %H:%M UTC"),
            sign.title,
            sign.severity,
            sign.points
        ));
    }
    if signs.len() > TOLD {
        text.push_str(&format!("\nand {} more", signs.len() - TOLD));
    }
    alert.description = Some(text);
}

/// The signs' first events, those that the alert does not hold yet.
async fn fresh_matches(change: &mut Change<'_>, alert: AlertId, signs: &[&Sign]) -> Result<Vec<Match>> {
    let events: Vec<EventId> = signs.iter().map(|sign| sign.event).collect();
    let held = crate::alert::store::held_events(change.tx, alert, &events).await?;
    Ok(matches(signs, &held))
}

/// One match an event: several rules may have seen the same.
fn matches(signs: &[&Sign], held: &HashSet<EventId>) -> Vec<Match> {
    let mut matches: Vec<Match> = Vec::new();
    for sign in signs.iter().filter(|sign| !held.contains(&sign.event)) {
        let found = Found { field: Some("Rule".to_owned()), value: sign.title.clone() };
        match matches.iter_mut().find(|one| one.event == sign.event) {
            Some(one) => one.found.push(found),
            None => matches.push(Match {
                event: sign.event,
                at: sign.first_seen,
                rule: RULE.to_owned(),
                found: vec![found],
            }),
        }
    }
    matches
}

fn raise(entity: &Entity, score: Score, at: Timestamp, settings: &Settings, now: Timestamp) -> Result<Alert> {
    let is_twice = score.points >= 2.0 * settings.threshold as f64;
    let title: String = format!("Risk: {entity}").chars().take(domain::Line::LIMIT).collect();
    let severity = if is_twice { Severity::Critical } else { Severity::High };
    Alert::raised(RULE.to_owned(), title, severity, entity.clone(), at, now)
}

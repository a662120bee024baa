//! How each rule's detections are grouped into alerts: who set it so and why, what another grouping
//! would have made of the last days, and under what a chunk's detections fall. A setting holds for what
//! comes after it; alerts that are there stay as they are.

pub mod api;
pub mod page;
mod store;

use std::borrow::Cow;
use std::collections::HashMap;

use domain::grouping::{Group, Grouping};
use domain::observable::entities_of;
use domain::{Actor, EventId, GroupingId, Permission, Text, UserId};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::suppress::texts;
use super::{Detected, person};
use crate::app::App;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::event;
use crate::identity::{need, scope};

/// How many detections a preview looks at, the latest first.
const LOOKED_AT: i64 = 5000;
/// How far back a preview may look.
const LONGEST_LOOK: i64 = 90;
/// A longer key is kept by its digest: databases index short ones.
const LONGEST_KEY: usize = 400;

/// What somebody set for a rule.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Setting {
    #[schema(value_type = String, example = "GRP-1")]
    pub id: GroupingId,
    pub rule: String,
    #[schema(value_type = Object, example = json!({ "by": ["host", "field:Image"], "window_minutes": 60 }))]
    pub grouping: Grouping,
    pub reason: String,
    #[schema(value_type = String, example = "USR-1")]
    pub set_by: UserId,
    #[schema(value_type = String, format = DateTime)]
    pub set_at: Timestamp,
}

/// What another grouping would have made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Preview {
    /// Detections of alerts that grew in so many days.
    pub days: i64,
    /// How many were looked at. Of a flood only some are kept.
    pub detections: usize,
    /// Whether there are more, older ones.
    pub more: bool,
    /// How many alerts they make as it is, and how many they would make.
    pub now: usize,
    pub then: usize,
}

/// A rule's grouping now.
pub async fn of_rule(app: &App, actor: &Actor, rule: &str) -> Result<Grouping> {
    Ok(history(app, actor, rule).await?.into_iter().next().map(|set| set.grouping).unwrap_or_default())
}

/// What was set for a rule, the latest first. The first is in force.
pub async fn history(app: &App, actor: &Actor, rule: &str) -> Result<Vec<Setting>> {
    need(actor, Permission::ReadAlerts, "seeing how rules are grouped")?;
    app.rules.get(rule).ok_or(Error::NotFound("rule"))?;
    store::of_rule(&mut *app.db.readers().acquire().await?, rule).await
}

/// Groups a rule's detections in another way from now on.
pub async fn set(app: &App, actor: &Actor, rule: &str, grouping: Grouping, reason: &str) -> Result<Setting> {
    let by = person(actor, Permission::TriageAlerts, "grouping a rule's detections")?;
    app.rules.get(rule).ok_or(Error::NotFound("rule"))?;
    let reason = Text::new("the reason", reason)?;
    if reason.contains('\0') || grouping.by().iter().any(|part| part.to_string().contains('\0')) {
        return Err(Error::Invalid("The text holds a character that is not text.".to_owned()));
    }
    let rule = rule.to_owned();
    app.change(actor, move |change| {
        Box::pin(async move {
            let known = store::of_rule(change.tx, &rule).await?;
            let now = known.first().map(|set| set.grouping.clone()).unwrap_or_default();
            if now == grouping {
                return Err(Error::Conflict("The rule is grouped so already.".to_owned()));
            }
            keep(change, rule, grouping, reason.to_string(), by).await
        })
    })
    .await
}

/// Goes back to how the rule was grouped before the last setting.
pub async fn undo(app: &App, actor: &Actor, rule: &str) -> Result<Setting> {
    let by = person(actor, Permission::TriageAlerts, "grouping a rule's detections")?;
    app.rules.get(rule).ok_or(Error::NotFound("rule"))?;
    let rule = rule.to_owned();
    app.change(actor, move |change| {
        Box::pin(async move {
            let known = store::of_rule(change.tx, &rule).await?;
            let Some(last) = known.first() else {
                return Err(Error::Conflict(
                    "The rule is grouped as at the beginning; there is nothing to undo.".to_owned(),
                ));
            };
            let before = known.get(1).map(|set| set.grouping.clone()).unwrap_or_default();
            let reason = format!("{} undone", last.id);
            keep(change, rule, before, reason, by).await
        })
    })
    .await
}

async fn keep(
    change: &mut Change<'_>,
    rule: String,
    grouping: Grouping,
    reason: String,
    set_by: UserId,
) -> Result<Setting> {
    let set = Setting { id: GroupingId::try_from(1)?, rule, grouping, reason, set_by, set_at: change.at };
    let set = store::insert(change.tx, set).await?;
    let name = set.id.to_string();
    change.record(&name, "grouping.set", &set, None).await?;
    change.tell("rules", &name, None).await?;
    Ok(set)
}

/// What another grouping would have made of the last days' detections.
pub async fn preview(
    app: &App,
    actor: &Actor,
    rule: &str,
    grouping: &Grouping,
    days: i64,
) -> Result<Preview> {
    if !(1..=LONGEST_LOOK).contains(&days) {
        return Err(Error::Invalid(format!("A preview looks back from 1 to {LONGEST_LOOK} days.")));
    }
    let now = of_rule(app, actor, rule).await?;
    let past = SignedDuration::from_hours(24 * days);
    let since = app.clock.now().saturating_sub(past).unwrap_or(Timestamp::MIN);
    let mut matches =
        store::matches(&app.db, scope::account(actor), rule, since.as_microsecond(), LOOKED_AT + 1).await?;
    let most = usize::try_from(LOOKED_AT).unwrap_or(usize::MAX);
    let more = matches.len() > most;
    matches.truncate(most);
    let (mut as_it_is, mut as_it_would_be) = (Vec::new(), Vec::new());
    for some in matches.chunks(500) {
        let ids: Vec<EventId> = some.iter().map(|(event, _)| *event).collect();
        let at: HashMap<EventId, Timestamp> = some.iter().copied().collect();
        for stored in event::several(app, actor, &ids).await? {
            let Some(at) = at.get(&stored.id) else { continue };
            let named = entities_of(|name| first(&stored.fields, name).map(Cow::Owned));
            let about = named.main();
            let key =
                |grouping: &Grouping| grouping.group(&about, &named, |name| first(&stored.fields, name)).key;
            as_it_is.push((key(&now), *at));
            as_it_would_be.push((key(grouping), *at));
        }
    }
    Ok(Preview {
        days,
        detections: as_it_is.len(),
        more,
        now: now.alerts_of(as_it_is),
        then: grouping.alerts_of(as_it_would_be),
    })
}

/// A detection with what it is grouped under, and the window of its rule.
pub(super) struct Grouped {
    pub detected: Detected,
    pub group: Group,
    pub window: SignedDuration,
}

/// Says of each of a chunk's detections under what it falls.
pub(super) async fn group(change: &mut Change<'_>, detections: Vec<Detected>) -> Result<Vec<Grouped>> {
    let set = if detections.is_empty() { HashMap::new() } else { store::in_force(change.tx).await? };
    let default = Grouping::default();
    let of = |rule: &str| set.get(rule).unwrap_or(&default);
    let mut events: Vec<EventId> = detections
        .iter()
        .filter(|detected| of(&detected.rule.id).needs_fields())
        .map(|detected| detected.event)
        .collect();
    events.sort_unstable();
    events.dedup();
    let mut fields: HashMap<EventId, Map<String, Value>> = HashMap::new();
    for some in events.chunks(500) {
        fields.extend(event::load(change.tx, some).await?.into_iter().map(|event| (event.id, event.fields)));
    }
    let grouped = detections.into_iter().map(|detected| {
        let grouping = of(&detected.rule.id);
        let of_event = fields.get(&detected.event);
        let mut group = grouping
            .group(&detected.entity, &detected.named, |name| of_event.and_then(|fields| first(fields, name)));
        group.key = short(group.key);
        Grouped { group, window: grouping.window(), detected }
    });
    Ok(grouped.collect())
}

/// The first text of a field.
fn first(fields: &Map<String, Value>, name: &str) -> Option<String> {
    texts(fields, name).into_iter().next()
}

/// A key that databases index.
fn short(key: String) -> String {
    if key.len() <= LONGEST_KEY {
        return key;
    }
    let begin: String = key.chars().take(60).collect();
    format!("{begin}…{}", hex::encode(Sha256::digest(key.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn long_keys_differ_where_their_texts_do() {
        assert_eq!(short("host ws01".to_owned()), "host ws01");
        let (one, other) = (format!("{}a", "ä".repeat(500)), format!("{}b", "ä".repeat(500)));
        assert_ne!(short(one.clone()), short(other));
        assert!(short(one).len() < 300);
    }
}

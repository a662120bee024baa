//! What of a noisy rule could be made an exception: the value that most of its false positives have in
//! one field, and none of its true positives.

use std::collections::{HashMap, HashSet};

use domain::alert::{AlertStatus, Verdict};
use domain::{Actor, AlertId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::alert::suppress::{TELLING, texts};
use crate::alert::{self, Alert, Filter};
use crate::app::App;
use crate::error::Result;
use crate::event;
use crate::web::paging::PageQuery;

/// How many of a rule's latest alerts are looked at, and how many events of each.
const ALERTS: u16 = 40;
const EVENTS: u16 = 10;
/// A longer value is no condition that a person would read.
const LONGEST: usize = 300;

/// An exception worth a look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Suggestion {
    /// An alert that has this value; the exception is proposed from it.
    #[schema(value_type = String, example = "ALR-1")]
    pub alert: AlertId,
    #[schema(example = "ParentImage")]
    pub field: String,
    /// Text from outside.
    pub value: String,
    /// How many of the alerts that were looked at have this value, and how many these were.
    pub alerts: i64,
    pub of: i64,
}

/// Looks at the alerts of a rule that were false; if none was judged so, at those that wait.
pub async fn suggest(app: &App, actor: &Actor, rule: &str) -> Result<Option<Suggestion>> {
    let filter = Filter { rule: Some(rule.to_owned()), with_merged: true, ..Filter::default() };
    let page = PageQuery { cursor: None, limit: Some(ALERTS) };
    let alerts = alert::list(app, actor, &filter, &page).await?.items;
    let is_true = |alert: &Alert| {
        alert.verdict == Some(Verdict::TruePositive) || alert.status == AlertStatus::InIncident
    };
    let is_false = |alert: &&Alert| alert.verdict == Some(Verdict::FalsePositive);
    let mut noise: Vec<&Alert> = alerts.iter().filter(is_false).collect();
    if noise.is_empty() {
        noise = alerts.iter().filter(|alert| !is_true(alert) && alert.verdict.is_none()).collect();
    }
    let mut of_true: HashSet<(String, String)> = HashSet::new();
    for alert in alerts.iter().filter(|alert| is_true(alert)) {
        of_true.extend(values(app, actor, alert.id).await?.into_keys());
    }
    let mut seen: HashMap<(String, String), Seen> = HashMap::new();
    for alert in &noise {
        for (key, told) in values(app, actor, alert.id).await? {
            let one = seen.entry(key).or_insert_with(|| Seen { alert: alert.id, alerts: 0, told: None });
            one.alerts += 1;
            // The spelling of the latest, and the least telling place that it was found in.
            one.told = one.told.take().max(Some(told));
        }
    }
    let best = seen.into_iter().filter(|(key, _)| !of_true.contains(key)).max_by(
        |(key, one), (other_key, other)| {
            let rank = |seen: &Seen| seen.told.as_ref().map_or(usize::MAX, |told| told.rank);
            let by_rank = rank(other).cmp(&rank(one));
            one.alerts.cmp(&other.alerts).then(by_rank).then_with(|| other_key.cmp(key))
        },
    );
    Ok(best.and_then(|(_, seen)| {
        let told = seen.told?;
        let of = i64::try_from(noise.len()).unwrap_or(i64::MAX);
        Some(Suggestion { alert: seen.alert, field: told.field, value: told.value, alerts: seen.alerts, of })
    }))
}

struct Seen {
    alert: AlertId,
    alerts: i64,
    told: Option<Told>,
}

/// A value as it stands in an event. What the rule itself looks for tells least: to leave that out would
/// be to switch the rule off.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Told {
    rank: usize,
    field: String,
    value: String,
}

/// The telling values of an alert's latest events, by field and value in lower case.
async fn values(app: &App, actor: &Actor, id: AlertId) -> Result<HashMap<(String, String), Told>> {
    let page = PageQuery { cursor: None, limit: Some(EVENTS) };
    let matches = alert::matches(app, actor, id, &page).await?.items;
    let looked_for: HashSet<&str> =
        matches.iter().flat_map(|one| &one.found).filter_map(|found| found.field.as_deref()).collect();
    let ids: Vec<_> = matches.iter().map(|one| one.event).collect();
    let mut values = HashMap::new();
    for event in event::several(app, actor, &ids).await? {
        for (place, field) in TELLING.iter().enumerate() {
            let rank = if looked_for.contains(field) { place + TELLING.len() } else { place };
            for value in texts(&event.fields, field) {
                if value.trim().is_empty() || value.chars().nth(LONGEST).is_some() {
                    continue;
                }
                let key = ((*field).to_owned(), value.to_lowercase());
                values.entry(key).or_insert(Told { rank, field: (*field).to_owned(), value });
            }
        }
    }
    Ok(values)
}

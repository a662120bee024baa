//! How much noise each rule makes: what it detected, how many alerts came of it, and what they were in
//! the eyes of whoever judged them. Alerts that are merged are one, with the verdict of the one that
//! leads; once parted, each speaks for itself again. What may be mended is in `suggest`.

mod page;
mod store;
mod suggest;

use std::collections::HashMap;

use domain::alert::{AlertStatus, Verdict};
use domain::noise::{self, Noisy, Precision, Verdicts};
use domain::{Actor, AlertId, IncidentId, Permission};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

pub use page::{badge, cells, head_cells, history_card, notice, percent, rank, tuned_card};
pub use suggest::{Suggestion, suggest};

use super::risk;
use crate::app::App;
use crate::change::Change;
use crate::error::Result;
use crate::identity::{need, scope};

/// Over how many days detections and alerts are counted.
pub const DAYS: usize = 30;
/// Over how many weeks verdicts are: they come slower.
pub const WEEKS: usize = 12;
const DAY: i64 = 86_400_000_000;

/// The noise of a rule.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Noise {
    /// Detections of each of the last 30 days (UTC), by when they came in, today last.
    pub detections_by_day: Vec<i64>,
    /// Their sum.
    pub detections: i64,
    /// Alerts raised in the last 30 days. Merged ones are one.
    pub alerts: i64,
    /// The part that these are of all alerts of these days, from 0 to 1.
    pub share: f64,
    /// Of the alerts raised in the last 12 weeks, those that wait for a verdict.
    pub open: i64,
    /// What the alerts raised in the last 12 weeks were found to be. An alert in an incident is a true
    /// positive, unless the incident ended as something else.
    #[schema(value_type = Object, example = json!({ "true_positives": 4, "false_positives": 1, "benign": 0, "duplicates": 0 }))]
    pub verdicts: Verdicts,
    /// True positives among the true and false ones, with a 95 % interval (Wilson); null without a verdict.
    #[schema(value_type = Option<Object>, example = json!({ "value": 0.8, "low": 0.38, "high": 0.96 }))]
    pub precision: Option<Precision>,
    /// `wrong`: judged at least 5 times and right in less than 20 %. `loud`: more than 10 % of all alerts,
    /// and none a true positive. Null: neither.
    #[schema(value_type = Option<String>, example = "wrong")]
    pub noisy: Option<Noisy>,
}

impl Default for Noise {
    fn default() -> Self {
        Noise {
            detections_by_day: vec![0; DAYS],
            detections: 0,
            alerts: 0,
            share: 0.0,
            open: 0,
            verdicts: Verdicts::default(),
            precision: None,
            noisy: None,
        }
    }
}

/// A week of a rule's alerts by what they were found to be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Week {
    /// Seven days from then.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    pub open: i64,
    #[schema(value_type = Object)]
    pub verdicts: Verdicts,
}

/// Some alerts of one rule: how they stand, or how the alert stands that they are merged into.
struct Group {
    rule: String,
    standing: Standing,
    /// Raised within the days that alerts are counted over.
    recent: bool,
    count: i64,
}

/// What is known of an alert.
enum Standing {
    Open,
    Judged(Verdict),
}

impl Standing {
    fn of(status: AlertStatus, own: Option<Verdict>, of_incident: Option<Verdict>) -> Self {
        match (status, own) {
            (AlertStatus::New | AlertStatus::Acknowledged, _) => Standing::Open,
            (AlertStatus::InIncident, _) => Standing::Judged(of_incident.unwrap_or(Verdict::TruePositive)),
            (AlertStatus::Dismissed, verdict) => verdict.map_or(Standing::Open, Standing::Judged),
        }
    }
}

/// The noise of every rule that made any, by its identifier, as far as this actor may see its alerts.
pub async fn of_all(app: &App, actor: &Actor) -> Result<HashMap<String, Noise>> {
    need(actor, Permission::ReadAlerts, "seeing alerts")?;
    let (account, now) = (scope::account(actor), app.clock.now());
    let today = day(now);
    let mut found: HashMap<String, Noise> = HashMap::new();
    for (rule, on, count) in store::detections(&app.db, account, today - days_back()).await? {
        let noise = found.entry(rule).or_default();
        let place = usize::try_from(on - (today - days_back())).ok();
        if let Some(of_day) = place.and_then(|place| noise.detections_by_day.get_mut(place)) {
            *of_day = count;
        }
    }
    let recent = (today - days_back()) * DAY;
    let groups = store::groups(&app.db, account, weeks_begin(now).as_microsecond(), recent).await?;
    let mut of_all = 0;
    for group in groups {
        let noise = found.entry(group.rule).or_default();
        match group.standing {
            Standing::Open => noise.open += group.count,
            Standing::Judged(verdict) => noise.verdicts.add(verdict, group.count),
        }
        if group.recent {
            noise.alerts += group.count;
            of_all += group.count;
        }
    }
    for noise in found.values_mut() {
        noise.detections = noise.detections_by_day.iter().sum();
        noise.precision = noise.verdicts.precision();
        noise.share = noise::share(noise.alerts, of_all);
        noise.noisy = noise::noisy(&noise.verdicts, noise.alerts, of_all);
    }
    Ok(found)
}

/// The last weeks of a rule, oldest first; the last one ends today.
pub async fn weeks(app: &App, actor: &Actor, rule: &str) -> Result<Vec<Week>> {
    need(actor, Permission::ReadAlerts, "seeing alerts")?;
    let begin = weeks_begin(app.clock.now());
    let mut weeks: Vec<Week> = (0..WEEKS)
        .map(|number| {
            let past = SignedDuration::from_hours(24 * 7 * i64::try_from(number).unwrap_or(0));
            Week { from: begin.saturating_add(past).unwrap_or(begin), ..Week::default() }
        })
        .collect();
    let found = store::weeks(&app.db, scope::account(actor), rule, begin.as_microsecond(), 7 * DAY).await?;
    for (number, standing, count) in found {
        let Some(week) = usize::try_from(number).ok().and_then(|place| weeks.get_mut(place)) else {
            continue;
        };
        match standing {
            Standing::Open => week.open += count,
            Standing::Judged(verdict) => week.verdicts.add(verdict, count),
        }
    }
    Ok(weeks)
}

/// Counts detections that alerts took in, on the day of the change.
pub(super) async fn count(change: &mut Change<'_>, new: &[(AlertId, usize)]) -> Result<()> {
    let today = day(change.at);
    let counts = new.iter().filter(|(_, count)| *count > 0);
    let counts = counts.map(|(alert, count)| (*alert, i64::try_from(*count).unwrap_or(i64::MAX)));
    store::add_to_day(change.tx, today, counts.collect()).await
}

/// Keeps what the alerts of an incident were, when it is closed; forgets it when it is opened again.
pub async fn judge(change: &mut Change<'_>, incident: IncidentId, verdict: Option<Verdict>) -> Result<()> {
    store::judge(change.tx, incident, verdict).await?;
    risk::settle_incident(change, incident, verdict.is_some()).await
}

/// Days since 1970, UTC.
fn day(at: Timestamp) -> i64 {
    at.as_microsecond().div_euclid(DAY)
}

fn days_back() -> i64 {
    i64::try_from(DAYS).unwrap_or(0) - 1
}

fn weeks_begin(now: Timestamp) -> Timestamp {
    let begin = (day(now) + 1 - 7 * i64::try_from(WEEKS).unwrap_or(0)) * DAY;
    Timestamp::from_microsecond(begin).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weeks_end_with_today() {
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        assert_eq!(weeks_begin(now).to_string(), "2026-09-02T00:00:00Z");
        assert_eq!(day(Timestamp::UNIX_EPOCH), 0);
    }
}

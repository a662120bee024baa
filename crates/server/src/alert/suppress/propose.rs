//! An exception proposed from an alert: what its matched events have in common, and what it would have
//! hidden, had it been there before.

use std::collections::BTreeSet;

use domain::alert::Verdict;
use domain::suppression::{Clause, Comparison, Hides, SuppressionKind};
use domain::{Actor, AlertId, EventId};
use serde::Serialize;
use utoipa::ToSchema;

use super::texts;
use crate::alert::risk::RULE;
use crate::alert::{self, Alert, Filter, Match};
use crate::app::App;
use crate::error::Result;
use crate::event::{self, StoredEvent};
use crate::web::paging::PageQuery;

/// How many of an alert's events are looked at, and how many of a rule's other alerts.
const EVENTS: u16 = 200;
const ALERTS: u16 = 30;
/// How many conditions a proposal has at the most.
const MOST_PROPOSED: usize = 12;
/// How short a common ending may be and still say something.
const SHORTEST: usize = 6;

/// Fields that tell what a thing is, rather than when or as which number it happened.
pub const TELLING: [&str; 20] = [
    "Image",
    "ParentImage",
    "CommandLine",
    "ParentCommandLine",
    "OriginalFileName",
    "User",
    "SubjectUserName",
    "TargetUserName",
    "Signature",
    "Company",
    "Product",
    "TargetFilename",
    "TargetObject",
    "SourceImage",
    "TargetImage",
    "ImageLoaded",
    "ServiceName",
    "TaskName",
    "DestinationHostname",
    "ScriptBlockText",
];

/// What could be made an exception.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Proposal {
    /// The rule's identifier.
    pub rule: String,
    #[schema(value_type = Vec<Object>)]
    pub clauses: Vec<Clause>,
    pub effect: Effect,
}

/// What a condition would have hidden among the rule's alerts. Events are those that alerts keep.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Effect {
    /// Events of this alert that it would have hidden, and how many were looked at.
    pub here: i64,
    pub here_of: i64,
    /// The same for other alerts of this rule.
    pub elsewhere: i64,
    pub elsewhere_of: i64,
    /// Alerts among these others that are true positives or in an incident.
    #[schema(value_type = Vec<String>, example = json!(["ALR-7"]))]
    pub true_positives: Vec<AlertId>,
}

/// What all events of an alert share, as a condition on its rule.
pub async fn propose(app: &App, actor: &Actor, id: AlertId) -> Result<Proposal> {
    let alert = alert::get(app, actor, id).await?;
    let matches = kept(app, actor, id).await?;
    let mut names: Vec<String> = TELLING.iter().map(|name| (*name).to_owned()).collect();
    let found: BTreeSet<&String> =
        matches.iter().flat_map(|one| &one.found).filter_map(|found| found.field.as_ref()).collect();
    names.extend(found.into_iter().filter(|name| !TELLING.contains(&name.as_str())).cloned());
    let events = events(app, actor, &matches).await?;
    let mut clauses: Vec<Clause> = Vec::new();
    for name in names {
        let values: Vec<String> =
            events.iter().filter_map(|event| texts(&event.fields, &name).into_iter().next()).collect();
        if values.len() == events.len()
            && let Some((comparison, value)) = common(&values)
        {
            clauses.push(Clause { field: name, comparison, value });
        }
    }
    // An alert of risk is about several rules' events: a condition on them hides nothing of it.
    if alert.rule == RULE {
        clauses.clear();
    }
    clauses.truncate(MOST_PROPOSED);
    let hides = Hides { rule: Some(alert.rule.clone()), entity: None, clauses };
    let effect = effect(app, actor, &alert, &hides).await?;
    Ok(Proposal { rule: alert.rule, clauses: hides.clauses, effect })
}

/// Tries an exception to an alert's rule without storing it.
pub async fn try_out(app: &App, actor: &Actor, id: AlertId, clauses: Vec<Clause>) -> Result<Effect> {
    let alert = alert::get(app, actor, id).await?;
    let hides = Hides { rule: Some(alert.rule.clone()), entity: None, clauses };
    hides.check(SuppressionKind::Exception)?;
    effect(app, actor, &alert, &hides).await
}

/// What all values are, or how all of them begin or end.
fn common(values: &[String]) -> Option<(Comparison, String)> {
    let first = values.first()?;
    if first.is_empty() || first.chars().count() > 1000 {
        return None;
    }
    if values.iter().all(|value| value.to_lowercase() == first.to_lowercase()) {
        return Some((Comparison::Equals, first.clone()));
    }
    let shared = |pairs: &dyn Fn(&str) -> usize| {
        values.iter().map(|value| pairs(value)).min().filter(|length| *length >= SHORTEST)
    };
    let alike = |(one, other): &(char, char)| one == other;
    let begin = |value: &str| first.chars().zip(value.chars()).take_while(alike).count();
    let end = |value: &str| first.chars().rev().zip(value.chars().rev()).take_while(alike).count();
    if let Some(length) = shared(&begin) {
        return Some((Comparison::StartsWith, first.chars().take(length).collect()));
    }
    let length = shared(&end)?;
    let skipped = first.chars().count() - length;
    Some((Comparison::EndsWith, first.chars().skip(skipped).collect()))
}

/// What a condition would have hidden of what alerts of its rule have kept.
async fn effect(app: &App, actor: &Actor, alert: &Alert, hides: &Hides) -> Result<Effect> {
    let filter = Filter { rule: Some(alert.rule.clone()), with_merged: true, ..Filter::default() };
    let page = PageQuery { cursor: None, limit: Some(ALERTS) };
    let mut others = alert::list(app, actor, &filter, &page).await?.items;
    others.retain(|other| other.id != alert.id);
    let mut effect = Effect::default();
    (effect.here, effect.here_of) = hidden(app, actor, alert, hides).await?;
    for other in others {
        let (hit, of) = hidden(app, actor, &other, hides).await?;
        effect.elsewhere += hit;
        effect.elsewhere_of += of;
        let is_true = other.verdict == Some(Verdict::TruePositive) || other.incident.is_some();
        if hit > 0 && is_true {
            effect.true_positives.push(other.id);
        }
    }
    Ok(effect)
}

/// How many of an alert's kept events a condition fits, and how many were looked at.
async fn hidden(app: &App, actor: &Actor, alert: &Alert, hides: &Hides) -> Result<(i64, i64)> {
    let events = events(app, actor, &kept(app, actor, alert.id).await?).await?;
    let fits =
        |event: &&StoredEvent| hides.fits(&alert.rule, &alert.entity, |name| texts(&event.fields, name));
    let count = |length: usize| i64::try_from(length).unwrap_or(i64::MAX);
    Ok((count(events.iter().filter(fits).count()), count(events.len())))
}

/// The latest of an alert's matches.
async fn kept(app: &App, actor: &Actor, id: AlertId) -> Result<Vec<Match>> {
    let page = PageQuery { cursor: None, limit: Some(EVENTS) };
    Ok(alert::matches(app, actor, id, &page).await?.items)
}

async fn events(app: &App, actor: &Actor, matches: &[Match]) -> Result<Vec<StoredEvent>> {
    let ids: Vec<EventId> = matches.iter().map(|one| one.event).collect();
    event::several(app, actor, &ids).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_values_share_is_said_as_closely_as_it_can_be() {
        let of = |values: &[&str]| common(&values.iter().map(|v| (*v).to_owned()).collect::<Vec<_>>());
        assert_eq!(of(&["A.exe", "a.EXE"]), Some((Comparison::Equals, "A.exe".to_owned())));
        assert_eq!(
            of(&["backup --run 1", "backup --run 2"]),
            Some((Comparison::StartsWith, "backup --run ".to_owned()))
        );
        assert_eq!(
            of(&[r"C:\1\backup.exe", r"D:\2\backup.exe"]),
            Some((Comparison::EndsWith, r"\backup.exe".to_owned()))
        );
        assert_eq!(of(&["abc", "abd"]), None);
        assert_eq!(of(&["", ""]), None);
        assert_eq!(of(&[]), None);
    }
}

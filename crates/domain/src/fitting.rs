//! When a piece of work fits an incident, and in which order pieces are done: "only for phishing, at high
//! or above", "after that one". Facts change, so whether something fits is asked again each time.

use std::collections::BTreeSet;
use std::fmt::Display;

use serde::{Deserialize, Serialize};

use crate::severity::{FunctionalImpact, InformationImpact, Recoverability};
use crate::{IncidentType, Severity, SeverityFacts};

/// What is known of an incident, as far as conditions look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Circumstances {
    pub incident_type: IncidentType,
    pub severity: Severity,
    pub facts: SeverityFacts,
}

/// The circumstances under which work fits. What is left out asks for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OnlyIf {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<IncidentType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity_at_least: Option<Severity>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub functional: Vec<FunctionalImpact>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub information: Vec<InformationImpact>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub recoverability: Vec<Recoverability>,
}

impl OnlyIf {
    /// Whether it asks for nothing.
    pub fn is_always(&self) -> bool {
        *self == Self::default()
    }

    /// What stands against it now, in words; nothing where it fits.
    pub fn unmet(&self, now: &Circumstances) -> Option<String> {
        let mut against = Vec::new();
        if !self.types.is_empty() && !self.types.contains(&now.incident_type) {
            against.push(format!("the type is {}", low(now.incident_type.label())));
        }
        if self.severity_at_least.is_some_and(|least| now.severity < least) {
            against.push(format!("the severity is {}", low(now.severity.label())));
        }
        if !self.functional.is_empty() && !self.functional.contains(&now.facts.functional) {
            against.push(format!("the functional impact is {}", low(now.facts.functional.label())));
        }
        if !self.information.is_empty() && !self.information.contains(&now.facts.information) {
            against.push(format!("the information impact is {}", low(now.facts.information.label())));
        }
        if !self.recoverability.is_empty() && !self.recoverability.contains(&now.facts.recoverability) {
            against.push(format!("the recoverability is {}", low(now.facts.recoverability.label())));
        }
        (!against.is_empty()).then(|| format!("It fits {}; now {}.", self.words(), against.join(", ")))
    }

    /// Such as "only for phishing or malware, at high or above".
    pub fn words(&self) -> String {
        let mut parts = Vec::new();
        if !self.types.is_empty() {
            parts.push(format!("for {}", any(self.types.iter().map(|one| one.label()))));
        }
        if let Some(least) = self.severity_at_least {
            parts.push(format!("at {} or above", low(least.label())));
        }
        if !self.functional.is_empty() {
            parts.push(format!(
                "with functional impact {}",
                any(self.functional.iter().map(|one| one.label()))
            ));
        }
        if !self.information.is_empty() {
            parts.push(format!(
                "with information impact {}",
                any(self.information.iter().map(|one| one.label()))
            ));
        }
        if !self.recoverability.is_empty() {
            parts.push(format!(
                "with recoverability {}",
                any(self.recoverability.iter().map(|one| one.label()))
            ));
        }
        if parts.is_empty() { "always".to_owned() } else { format!("only {}", parts.join(", ")) }
    }
}

fn low(label: &str) -> String {
    label.to_lowercase()
}

fn any(labels: impl Iterator<Item = &'static str>) -> String {
    labels.map(low).collect::<Vec<_>>().join(" or ")
}

/// What is wrong with an order of work: names that lead nowhere, and work that waits for itself. Each
/// piece is its name and those of the pieces that it waits for; the answer names the piece.
pub fn disorder<K: Ord + Clone + Display>(pieces: &[(K, Vec<K>)]) -> Vec<(K, String)> {
    let mut wrong = Vec::new();
    for (name, after) in pieces {
        for other in after.iter().filter(|other| !pieces.iter().any(|(known, _)| known == *other)) {
            wrong.push((name.clone(), format!("waits for {other}, which is not there; name one that is")));
        }
    }
    let mut told: BTreeSet<K> = BTreeSet::new();
    for (name, _) in pieces {
        if let Some(round) = round_from(pieces, name)
            && !round.iter().any(|one| told.contains(one))
        {
            told.extend(round.iter().cloned());
            let way: Vec<String> = round.iter().chain(round.first()).map(ToString::to_string).collect();
            wrong.push((
                name.clone(),
                format!("waits for itself: {}; take one of these away", way.join(" → ")),
            ));
        }
    }
    wrong
}

/// The way from a piece back to itself along what it waits for, if there is one.
fn round_from<K: Ord + Clone>(pieces: &[(K, Vec<K>)], start: &K) -> Option<Vec<K>> {
    let after = |name: &K| pieces.iter().find(|(known, _)| known == name).map(|(_, after)| after.as_slice());
    let mut seen: BTreeSet<&K> = BTreeSet::new();
    // A way so far, and what its end waits for.
    let mut ways: Vec<Vec<&K>> = vec![vec![start]];
    while let Some(way) = ways.pop() {
        let Some(end) = way.last() else { continue };
        for next in after(end).unwrap_or_default() {
            if next == start {
                return Some(way.into_iter().cloned().collect());
            }
            if seen.insert(next) {
                let mut further = way.clone();
                further.push(next);
                ways.push(further);
            }
        }
    }
    None
}

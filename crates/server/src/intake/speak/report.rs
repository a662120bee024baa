//! What TheHive's and DFIR-IRIS's alerts have in common once they are read: what it is about, what it
//! names, and a description that keeps in words whatever has no place of its own here.

use domain::{Entity, EntityKind, Severity};
use jiff::Timestamp;
use serde_json::Value;

/// How many observables, and how many other facts, the description lists.
const LISTED: usize = 100;

/// An alert as some other tool reports it.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The same for the same report.
    pub identity: String,
    pub title: String,
    pub description: String,
    pub severity: Severity,
    pub at: Option<Timestamp>,
    pub entity: Entity,
    pub techniques: Vec<String>,
    pub origin: String,
    pub reference: Option<String>,
}

/// Facts that are written under the description, one a line.
#[derive(Default)]
pub struct Facts(Vec<String>);

impl Facts {
    pub fn add(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value.map(str::trim).filter(|value| !value.is_empty()) {
            self.0.push(format!("{name}: {value}"));
        }
    }

    pub fn under(mut self, description: &str) -> String {
        let more = self.0.len().saturating_sub(LISTED);
        self.0.truncate(LISTED);
        if more > 0 {
            self.0.push(format!("and {more} more, in the event"));
        }
        let facts = self.0.join("\n");
        match (description.trim(), facts.is_empty()) {
            (text, true) => text.to_owned(),
            ("", false) => facts,
            (text, false) => format!("{text}\n\n{facts}"),
        }
    }
}

/// ATT&CK techniques that a text names: `T1059`, `attack.t1059.001`, `mitre:T1003`.
pub fn techniques(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '.').flat_map(|word| {
        let parts: Vec<String> = word.split('.').map(str::to_ascii_uppercase).collect();
        let mut found = Vec::new();
        for (place, part) in parts.iter().enumerate() {
            let is_number =
                |text: &str, signs| text.len() == signs && text.bytes().all(|b| b.is_ascii_digit());
            if part.strip_prefix('T').is_some_and(|rest| is_number(rest, 4)) {
                let sub = parts.get(place + 1).filter(|sub| is_number(sub, 3));
                found.push(sub.map_or_else(|| part.clone(), |sub| format!("{part}.{sub}")));
            }
        }
        found
    })
}

/// Whom an alert is about: the host among what it names, else the address, else the account.
pub fn about<'a>(named: &(impl Iterator<Item = (EntityKind, &'a str)> + Clone)) -> Entity {
    [EntityKind::Host, EntityKind::Address, EntityKind::Account]
        .into_iter()
        .find_map(|kind| {
            let mut of_kind = named.clone().filter(|(is, _)| *is == kind);
            of_kind.find_map(|(kind, name)| Entity::new(kind, name).ok())
        })
        .unwrap_or_else(Entity::unknown)
}

/// A scalar as text.
pub fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn techniques_are_found_in_tags() {
        for (tag, expected) in [
            ("T1059", vec!["T1059"]),
            ("attack.t1059.001", vec!["T1059.001"]),
            ("mitre:T1003, T1021.002", vec!["T1003", "T1021.002"]),
            ("T10591 XT1059 T105", vec![]),
            ("lateral movement", vec![]),
        ] {
            assert_eq!(techniques(tag).collect::<Vec<_>>(), expected, "{tag}");
        }
    }

    #[test]
    fn the_host_comes_first() {
        let named =
            [(EntityKind::Account, "ada"), (EntityKind::Address, "192.0.2.1"), (EntityKind::Host, "WS01")];
        assert_eq!(about(&named.into_iter()).to_string(), "host ws01");
        assert_eq!(about(&std::iter::empty()), Entity::unknown());
    }
}

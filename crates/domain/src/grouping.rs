//! How a rule's detections are grouped into alerts: by whom or what they are about, or by an event's
//! fields, and within which window. The default is one alert for each entity within an hour.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::alert::{AlertStatus, WINDOW, joins};
use crate::observable::Entities;
use crate::words::as_text;
use crate::{Entity, Error, Line, Result};

/// By how many things at once a rule may be grouped.
pub const MOST_PARTS: usize = 4;
/// The longest window in minutes: a week.
pub const LONGEST_WINDOW: i64 = 7 * 24 * 60;

/// One thing by which detections are kept apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum By {
    /// The entity that the event is about: its host, else the address that it comes from, else the account.
    Entity,
    Host,
    Account,
    /// Where it comes from.
    Address,
    /// A field of the event, by its Sigma name.
    Field(String),
}

impl By {
    /// The words that people read.
    pub fn label(&self) -> String {
        match self {
            Self::Entity => "Entity".to_owned(),
            Self::Host => "Host".to_owned(),
            Self::Account => "Account".to_owned(),
            Self::Address => "Source address".to_owned(),
            Self::Field(name) => name.clone(),
        }
    }
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entity => f.write_str("entity"),
            Self::Host => f.write_str("host"),
            Self::Account => f.write_str("account"),
            Self::Address => f.write_str("address"),
            Self::Field(name) => write!(f, "field:{name}"),
        }
    }
}

impl FromStr for By {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text.trim() {
            "entity" => Ok(Self::Entity),
            "host" => Ok(Self::Host),
            "account" => Ok(Self::Account),
            "address" => Ok(Self::Address),
            other => match other.strip_prefix("field:") {
                Some(name) => Ok(Self::Field(Line::new("the name of a field", name)?.to_string())),
                None => Err(Error::Malformed {
                    what: "a part of a grouping",
                    value: other.to_owned(),
                    example: "entity, host, account, address or field:Image",
                }),
            },
        }
    }
}

as_text!(By);

/// A rule's grouping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Grouping {
    by: Vec<By>,
    window_minutes: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    by: Vec<By>,
    window_minutes: i64,
}

impl TryFrom<Unchecked> for Grouping {
    type Error = Error;

    fn try_from(raw: Unchecked) -> Result<Self> {
        Self::new(raw.by, raw.window_minutes)
    }
}

impl Default for Grouping {
    fn default() -> Self {
        Self { by: vec![By::Entity], window_minutes: WINDOW.as_mins() }
    }
}

/// What a detection is grouped under: its key, and what people read of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Group {
    /// The same for detections of one rule exactly when they belong together.
    pub key: String,
    /// Whom or what the alert is about.
    pub entity: Entity,
    /// What it was grouped by, with the values; empty for the default.
    pub parts: Vec<(String, String)>,
}

impl Grouping {
    /// No part at all means that the rule's detections are one alert, whatever they are about.
    pub fn new(mut by: Vec<By>, window_minutes: i64) -> Result<Self> {
        let mut distinct = Vec::with_capacity(by.len());
        for part in by.drain(..) {
            if !distinct.contains(&part) {
                distinct.push(part);
            }
        }
        if distinct.len() > MOST_PARTS {
            return Err(Error::TooMany {
                what: "parts of a grouping",
                limit: MOST_PARTS,
                count: distinct.len(),
            });
        }
        if !(1..=LONGEST_WINDOW).contains(&window_minutes) {
            return Err(Error::Malformed {
                what: "a window in minutes, from 1 to 10080 (a week)",
                value: window_minutes.to_string(),
                example: "60",
            });
        }
        Ok(Self { by: distinct, window_minutes })
    }

    pub fn by(&self) -> &[By] {
        &self.by
    }

    pub const fn window_minutes(&self) -> i64 {
        self.window_minutes
    }

    /// How long after its last detection an alert still takes in further ones.
    pub const fn window(&self) -> SignedDuration {
        SignedDuration::from_mins(self.window_minutes)
    }

    /// Whether an event's fields have to be looked at.
    pub fn needs_fields(&self) -> bool {
        self.by.iter().any(|part| matches!(part, By::Field(_)))
    }

    /// What a detection is grouped under. `about` is the entity that it is about, `field` gives a value of
    /// its event.
    pub fn group(&self, about: &Entity, named: &Entities, field: impl Fn(&str) -> Option<String>) -> Group {
        if self.by == [By::Entity] {
            return Group { key: about.to_string(), entity: about.clone(), parts: Vec::new() };
        }
        let entity_of = |part: &By| match part {
            By::Entity => Some(about.clone()),
            By::Host => named.host.clone(),
            By::Account => named.account.clone(),
            By::Address => named.address.clone(),
            By::Field(_) => None,
        };
        let value = |part: &By| match part {
            By::Field(name) => field(name).unwrap_or_default(),
            part => entity_of(part).map(|entity| entity.to_string()).unwrap_or_default(),
        };
        let parts: Vec<(String, String)> = self.by.iter().map(|part| (part.label(), value(part))).collect();
        let key = self.by.iter().zip(&parts).map(|(part, (_, value))| {
            // Windows writes the same name in any case.
            format!("{part}={:?}", value.to_lowercase())
        });
        let key = format!("[{}]", key.collect::<Vec<_>>().join(","));
        let entity = self.by.iter().find_map(entity_of).unwrap_or_else(|| named_by(&parts));
        Group { key, entity, parts }
    }

    /// How many alerts these detections would make. Each is a group and a time.
    pub fn alerts_of<K: Hash + Eq>(&self, detections: impl IntoIterator<Item = (K, Timestamp)>) -> usize {
        let mut groups: HashMap<K, Vec<Timestamp>> = HashMap::new();
        for (key, at) in detections {
            groups.entry(key).or_default().push(at);
        }
        let alerts = groups.into_values().map(|mut times| {
            times.sort_unstable();
            let mut alerts = 0;
            let mut last: Option<Timestamp> = None;
            for at in times {
                let joined = last.is_some_and(|last| joins(last, last, AlertStatus::New, at, self.window()));
                alerts += usize::from(!joined);
                last = Some(at);
            }
            alerts
        });
        alerts.sum()
    }
}

/// An alert that is about nobody in particular is called by what it was grouped by.
fn named_by(parts: &[(String, String)]) -> Entity {
    let told = parts.iter().map(|(_, value)| value.as_str()).find(|value| !value.trim().is_empty());
    let name: String = told
        .unwrap_or("all together")
        .chars()
        .map(|sign| if sign.is_control() { ' ' } else { sign })
        .take(Line::LIMIT)
        .collect();
    Entity::new(crate::EntityKind::Unknown, &name).unwrap_or_else(|_| Entity::unknown())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EntityKind;

    fn entity(kind: EntityKind, name: &str) -> Entity {
        Entity::new(kind, name).unwrap()
    }

    fn named() -> Entities {
        Entities {
            host: Some(entity(EntityKind::Host, "ws01")),
            address: None,
            account: Some(entity(EntityKind::Account, "anna")),
        }
    }

    fn by(parts: &[&str], window: i64) -> Grouping {
        Grouping::new(parts.iter().map(|part| part.parse().unwrap()).collect(), window).unwrap()
    }

    #[test]
    fn the_default_is_the_entity_alone() {
        let grouping = Grouping::default();
        assert_eq!(grouping, by(&["entity", "entity"], 60));
        let group = grouping.group(&entity(EntityKind::Host, "WS01"), &named(), |_| None);
        assert_eq!((group.key.as_str(), group.parts.len()), ("host ws01", 0));
    }

    #[test]
    fn parts_keep_apart_what_differs_in_any_of_them() {
        let about = entity(EntityKind::Host, "ws01");
        let grouping = by(&["account", "field:Image"], 60);
        let group = |image: &str| grouping.group(&about, &named(), |_| Some(image.to_owned()));
        assert_eq!(group("A.exe").key, group("a.EXE").key);
        assert_ne!(group("a.exe").key, group("b.exe").key);
        assert_eq!(group("a.exe").entity, entity(EntityKind::Account, "anna"));
        assert_eq!(group("a.exe").parts[1], ("Image".to_owned(), "a.exe".to_owned()));
        // A value cannot pass for another part.
        let two = by(&["field:a", "field:b"], 60);
        let key = |a: &'static str, b: &'static str| {
            two.group(&about, &named(), move |name| Some(if name == "a" { a } else { b }.to_owned())).key
        };
        assert_ne!(key("x\",field:b=\"y", ""), key("x", "y"));
    }

    #[test]
    fn an_alert_about_nobody_is_called_by_its_value() {
        let about = entity(EntityKind::Host, "ws01");
        let group = by(&["field:Image"], 60).group(&about, &named(), |_| Some("C:\\a\nb".to_owned()));
        assert_eq!(group.entity, entity(EntityKind::Unknown, "c:\\a b"));
        let all = by(&[], 60).group(&about, &named(), |_| None);
        assert_eq!((all.key.as_str(), all.entity.name()), ("[]", "all together"));
        let none = by(&["address"], 60).group(&about, &named(), |_| None);
        assert_eq!(none.entity.name(), "all together");
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        assert!(Grouping::new(vec![By::Host], 0).is_err());
        assert!(Grouping::new(vec![By::Host], LONGEST_WINDOW + 1).is_err());
        let fields = (0..5).map(|number| By::Field(number.to_string())).collect();
        assert!(Grouping::new(fields, 60).is_err());
        for wrong in ["", "hosts", "field:", "field:a\nb"] {
            assert!(wrong.parse::<By>().is_err(), "{wrong:?}");
        }
        let read: Result<Grouping, _> = serde_json::from_str(r#"{"by":["host"],"window_minutes":-1}"#);
        assert!(read.is_err());
    }

    #[test]
    fn alerts_are_counted_as_they_would_be_made() {
        let at = |minute: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute);
        let detections = [("a", at(0)), ("a", at(50)), ("a", at(100)), ("a", at(200)), ("b", at(0))];
        assert_eq!(by(&["host"], 60).alerts_of(detections), 3);
        assert_eq!(by(&["host"], 100).alerts_of(detections), 2);
        assert_eq!(by(&["host"], 10).alerts_of(detections), 5);
    }
}

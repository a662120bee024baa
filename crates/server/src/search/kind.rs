//! What kinds of things are found, how their documents are numbered, and where each is looked at.

use std::ops::Range;

use domain::{Actor, Permission};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How many documents of one kind there may be: more than any store ever holds.
const ROOM: i64 = platform::search::SPAN;

/// A kind of thing. Results are grouped in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Incident,
    Alert,
    /// An alert in whose first events a value stands.
    AlertValue,
    Observable,
    Asset,
    Entry,
    Decision,
    Task,
    Evidence,
    Chat,
    Person,
    Plan,
    Playbook,
}

impl Kind {
    pub const ALL: [Kind; 13] = [
        Kind::Incident,
        Kind::Alert,
        Kind::AlertValue,
        Kind::Observable,
        Kind::Asset,
        Kind::Entry,
        Kind::Decision,
        Kind::Task,
        Kind::Evidence,
        Kind::Chat,
        Kind::Person,
        Kind::Plan,
        Kind::Playbook,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Incident => "incident",
            Kind::Alert => "alert",
            Kind::AlertValue => "alert_value",
            Kind::Observable => "observable",
            Kind::Asset => "asset",
            Kind::Entry => "entry",
            Kind::Decision => "decision",
            Kind::Task => "task",
            Kind::Evidence => "evidence",
            Kind::Chat => "chat",
            Kind::Person => "person",
            Kind::Plan => "plan",
            Kind::Playbook => "playbook",
        }
    }

    /// What a group of them is called.
    pub const fn label(self) -> &'static str {
        match self {
            Kind::Incident => "Incidents",
            Kind::Alert => "Alerts",
            Kind::AlertValue => "Alerts by values in their events",
            Kind::Observable => "Observables",
            Kind::Asset => "Assets",
            Kind::Entry => "Timeline",
            Kind::Decision => "Decisions",
            Kind::Task => "Tasks",
            Kind::Evidence => "Evidence",
            Kind::Chat => "Chat",
            Kind::Person => "People",
            Kind::Plan => "Plan",
            Kind::Playbook => "Playbooks",
        }
    }

    pub const fn icon(self) -> &'static str {
        match self {
            Kind::Incident => "incident",
            Kind::Alert | Kind::AlertValue => "alert",
            Kind::Observable => "search",
            Kind::Asset => "host",
            Kind::Entry => "clock",
            Kind::Decision => "flag",
            Kind::Task => "check",
            Kind::Evidence => "evidence",
            Kind::Chat => "chat",
            Kind::Person => "people",
            Kind::Plan => "plan",
            Kind::Playbook => "rules",
        }
    }

    /// What somebody needs to find these at all.
    pub fn open_to(self, actor: &Actor) -> bool {
        actor.may(match self {
            Kind::Alert | Kind::AlertValue | Kind::Person => Permission::ReadAlerts,
            Kind::Plan | Kind::Playbook => Permission::ReadPlan,
            _ => Permission::ReadIncident,
        })
    }

    /// The beginning of the names of its records; empty for what is no record.
    const fn prefix(self) -> &'static str {
        match self {
            Kind::Incident => "INC",
            Kind::Alert => "ALR",
            Kind::Observable => "OBS",
            Kind::Asset => "AST",
            Kind::Entry => "ENT",
            Kind::Decision => "DEC",
            Kind::Task => "TSK",
            Kind::Evidence => "EVD",
            Kind::Chat => "CHT",
            Kind::Person => "USR",
            Kind::Playbook => "PBK",
            Kind::AlertValue | Kind::Plan => "",
        }
    }

    /// The kind and number of a record by its name: `INC-7`.
    pub fn of_record(name: &str) -> Option<(Kind, i64)> {
        let (head, digits) = name.trim().split_once('-')?;
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let number = digits.parse().ok().filter(|number| (1..ROOM).contains(number))?;
        let named = |kind: &Kind| !kind.prefix().is_empty() && kind.prefix().eq_ignore_ascii_case(head);
        Kind::ALL.into_iter().find(named).map(|kind| (kind, number))
    }

    /// The numbers of its documents. They are written into stores, so each kind keeps its own.
    pub fn numbers(self) -> Range<i64> {
        let place = match self {
            Kind::Incident => 1,
            Kind::Alert => 2,
            Kind::AlertValue => 3,
            Kind::Observable => 4,
            Kind::Asset => 5,
            Kind::Entry => 6,
            Kind::Decision => 7,
            Kind::Task => 8,
            Kind::Evidence => 9,
            Kind::Chat => 10,
            Kind::Person => 11,
            Kind::Plan => 12,
            Kind::Playbook => 13,
        };
        place * ROOM..(place + 1) * ROOM
    }

    /// The document of the record with this number.
    pub fn document(self, number: i64) -> i64 {
        self.numbers().start + number
    }

    /// The record's name, by its document's number.
    pub fn record(self, document: i64) -> String {
        let number = document - self.numbers().start;
        match self {
            Kind::AlertValue => format!("{}-{number}", Kind::Alert.prefix()),
            Kind::Plan => String::new(),
            _ => format!("{}-{number}", self.prefix()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_known_by_their_names() {
        assert_eq!(Kind::of_record("inc-7"), Some((Kind::Incident, 7)));
        for no in ["INC-", "INC--1", "INC-1a", "XYZ-1", "-1", "INC-0", "INC-99999999999999999999"] {
            assert_eq!(Kind::of_record(no), None, "{no}");
        }
        assert_eq!(Kind::Alert.record(Kind::Alert.document(9)), "ALR-9");
    }

    #[test]
    fn no_two_kinds_share_numbers() {
        let mut numbers: Vec<_> = Kind::ALL.iter().map(|kind| kind.numbers()).collect();
        numbers.sort_by_key(|range| range.start);
        assert!(numbers.windows(2).all(|pair| pair[0].end <= pair[1].start));
    }
}

//! What a test asks of its field, value by value and in words.

use std::sync::Arc;

use telemetry::Event;

use crate::modifier::Place;
use crate::number::{Relation, TimePart};
use crate::pattern::{Part, Pattern};
use crate::tree::{Check, Test};
use crate::view::texts;

/// The test as one test for each value that it asks for.
pub(super) fn split(test: &Test) -> Vec<Test> {
    let one = |check| Test { subject: test.subject.clone(), check };
    match &test.check {
        Check::Text { patterns, cased } => patterns
            .iter()
            .map(|pattern| one(Check::Text { patterns: vec![pattern.clone()], cased: *cased }))
            .collect(),
        Check::Number(numbers) => numbers.iter().map(|number| one(Check::Number(vec![*number]))).collect(),
        Check::Network(networks) => {
            networks.iter().map(|network| one(Check::Network(vec![*network]))).collect()
        }
        Check::Regex(regex) => vec![one(Check::Regex(Arc::clone(regex)))],
        Check::Compare { .. } | Check::Null | Check::Exists(_) | Check::OtherField { .. } => {
            vec![one(test.check.clone())]
        }
    }
}

/// The relation and the value of a test that asks for one.
pub(super) fn in_words(check: &Check, event: &Event) -> (String, String) {
    match check {
        Check::Text { patterns, cased } => {
            let (relation, value) = patterns.first().map(of_pattern).unwrap_or_default();
            let relation = if *cased && !value.is_empty() {
                format!("{relation} (upper and lower case matter)")
            } else {
                relation.to_owned()
            };
            (relation, value)
        }
        Check::Regex(regex) => ("matches".to_owned(), regex.to_string()),
        Check::Network(networks) => {
            ("lies in".to_owned(), networks.first().map(ToString::to_string).unwrap_or_default())
        }
        Check::Number(numbers) => {
            ("is".to_owned(), numbers.first().map(ToString::to_string).unwrap_or_default())
        }
        Check::Compare { relation, number, time } => {
            let relation = compared(*relation);
            let relation = match time {
                Some(part) => format!("has {} that {relation}", part_name(*part)),
                None => relation.to_owned(),
            };
            (relation, number.to_string())
        }
        Check::Null => ("is null, empty or absent".to_owned(), String::new()),
        Check::Exists(true) => ("exists".to_owned(), String::new()),
        Check::Exists(false) => ("does not exist".to_owned(), String::new()),
        Check::OtherField { name, place, cased } => {
            let relation = match place {
                Place::Whole => "is the same as",
                Place::Anywhere => "contains",
                Place::Start => "starts with",
                Place::End => "ends with",
            };
            let case = if *cased { " (upper and lower case matter)" } else { "" };
            let held = event.get(name).map(|value| texts(value, true).join(", "));
            let held = held.map_or_else(|| "which is absent".to_owned(), |held| super::cut(&held));
            (format!("{relation}{case} the field"), format!("{name} ({held})"))
        }
    }
}

fn of_pattern(pattern: &Pattern) -> (&'static str, String) {
    match pattern.parts() {
        [] => ("is an empty text", String::new()),
        [Part::Text(text)] => ("is", text.clone()),
        [Part::Many] => ("is any text", String::new()),
        [Part::Text(text), Part::Many] => ("starts with", text.clone()),
        [Part::Many, Part::Text(text)] => ("ends with", text.clone()),
        [Part::Many, Part::Text(text), Part::Many] => ("contains", text.clone()),
        parts => ("is like", with_wildcards(parts)),
    }
}

/// As a rule would write it: what is no wildcard is escaped.
fn with_wildcards(parts: &[Part]) -> String {
    let mut shown = String::new();
    for part in parts {
        match part {
            Part::Text(text) => shown.push_str(&text.replace('*', r"\*").replace('?', r"\?")),
            Part::One => shown.push('?'),
            Part::Many => shown.push('*'),
        }
    }
    shown
}

fn compared(relation: Relation) -> &'static str {
    match relation {
        Relation::Equal => "is",
        Relation::Less => "is less than",
        Relation::LessOrEqual => "is at most",
        Relation::Greater => "is greater than",
        Relation::GreaterOrEqual => "is at least",
    }
}

fn part_name(part: TimePart) -> &'static str {
    match part {
        TimePart::Minute => "a minute",
        TimePart::Hour => "an hour",
        TimePart::Day => "a day",
        TimePart::Week => "a week",
        TimePart::Month => "a month",
        TimePart::Year => "a year",
    }
}

//! Facts: what is asked of the organisation and about an incident, and the answers. Which facts there are is
//! content (`facts.yaml`); how an answer of each kind is written is said here, once for forms, files and the
//! API.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::FactKey;
use crate::words::words;
use crate::{Error, Line, Text};

words! {
    pub enum About, "subject of a fact" {
        Organisation: "organisation", "The organisation";
        Incident: "incident", "The incident";
    }
}

words! {
    pub enum FactKind, "kind of fact" {
        YesNo: "yes_no", "Yes or no";
        /// A count, exact or between bounds: `300`, `300-1000`, `500+`.
        Number: "number", "Number";
        /// Any of the fact's options; `none` for none of them.
        Words: "words", "Any of these";
        /// Exactly one of the fact's options.
        OneOf: "one_of", "One of these";
        /// Countries (ISO 3166-1) and their parts (ISO 3166-2): `DE`, `US-CA`.
        Places: "places", "Places";
        Moment: "moment", "Moment";
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    pub id: FactKey,
    pub about: About,
    pub kind: FactKind,
    /// Under which heading forms show it.
    pub group: Line,
    /// Short, for reasons and tables: "People affected".
    pub label: Line,
    pub question: Line,
    #[serde(default)]
    pub help: Option<Text>,
    #[serde(default)]
    pub options: Vec<Word>,
}

/// One answer that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Word {
    pub word: FactKey,
    pub label: Line,
}

/// What is known. What is not known has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    YesNo(bool),
    Number { low: u64, high: Option<u64> },
    Words(BTreeSet<String>),
    Moment(Timestamp),
}

impl Fact {
    /// Reads an answer as people write it.
    ///
    /// # Errors
    /// When it is none for this fact; the sentence names the fact and an example.
    pub fn answer(&self, text: &str) -> Result<Answer, Error> {
        let text = text.trim();
        let read = match self.kind {
            FactKind::YesNo => match text {
                "yes" => Some(Answer::YesNo(true)),
                "no" => Some(Answer::YesNo(false)),
                _ => None,
            },
            FactKind::Number => number(text),
            FactKind::Words => self.words(text),
            FactKind::OneOf => {
                self.words(text).filter(|answer| matches!(answer, Answer::Words(one) if one.len() == 1))
            }
            FactKind::Places => places(text),
            FactKind::Moment => text.parse().ok().map(Answer::Moment),
        };
        read.ok_or_else(|| Error::NoAnswer {
            fact: self.label.to_string(),
            value: text.chars().take(80).collect(),
            example: self.example(),
        })
    }

    fn words(&self, text: &str) -> Option<Answer> {
        let known = |word: &str| self.options.iter().any(|option| option.word.as_str() == word);
        listed(text, known)
    }

    fn example(&self) -> String {
        match self.kind {
            FactKind::YesNo => "yes or no".to_owned(),
            FactKind::Number => "300, 300-1000 or 500+".to_owned(),
            FactKind::Places => "DE, IE, US-CA, or none".to_owned(),
            FactKind::Moment => "2026-03-02T10:00:00Z".to_owned(),
            FactKind::Words => format!("one or more of {}, or none", self.option_words()),
            FactKind::OneOf => format!("one of {}", self.option_words()),
        }
    }

    fn option_words(&self) -> String {
        self.options.iter().map(|option| option.word.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// An answer in words that people read.
    pub fn in_words(&self, answer: &Answer) -> String {
        match answer {
            Answer::YesNo(true) => "yes".to_owned(),
            Answer::YesNo(false) => "no".to_owned(),
            Answer::Words(words) if words.is_empty() => "none".to_owned(),
            Answer::Words(words) => {
                let label = |word: &String| {
                    let option = self.options.iter().find(|option| option.word.as_str() == word);
                    option.map_or_else(|| word.clone(), |option| option.label.to_string())
                };
                words.iter().map(label).collect::<Vec<_>>().join(", ")
            }
            Answer::Number { low, high: Some(high) } if low == high => low.to_string(),
            Answer::Number { low, high: Some(high) } => format!("{low} to {high}"),
            Answer::Number { low, high: None } => format!("{low} or more"),
            Answer::Moment(at) => at.to_string(),
        }
    }
}

fn number(text: &str) -> Option<Answer> {
    let count = |text: &str| {
        let text = text.trim();
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse::<u64>().ok()).flatten()
    };
    if let Some(low) = text.strip_suffix('+') {
        return count(low).map(|low| Answer::Number { low, high: None });
    }
    match text.split_once('-') {
        Some((low, high)) => {
            let (low, high) = (count(low)?, count(high)?);
            (low <= high).then_some(Answer::Number { low, high: Some(high) })
        }
        None => count(text).map(|exact| Answer::Number { low: exact, high: Some(exact) }),
    }
}

fn places(text: &str) -> Option<Answer> {
    listed(text, is_place)
}

pub(super) fn is_place(text: &str) -> bool {
    let (country, part) = text.split_once('-').unwrap_or((text, "X"));
    let upper = |text: &str| text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    country.len() == 2
        && country.bytes().all(|byte| byte.is_ascii_uppercase())
        && (1..=3).contains(&part.len())
        && upper(part)
}

fn listed(text: &str, known: impl Fn(&str) -> bool) -> Option<Answer> {
    if text == "none" {
        return Some(Answer::Words(BTreeSet::new()));
    }
    let words: BTreeSet<String> = text.split(',').map(|word| word.trim().to_owned()).collect();
    let all = words.len() <= 300 && words.iter().all(|word| known(word));
    all.then_some(Answer::Words(words))
}

impl fmt::Display for Answer {
    /// As [`Fact::answer`] reads it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::YesNo(yes) => f.write_str(if *yes { "yes" } else { "no" }),
            Self::Number { low, high: None } => write!(f, "{low}+"),
            Self::Number { low, high: Some(high) } if low == high => write!(f, "{low}"),
            Self::Number { low, high: Some(high) } => write!(f, "{low}-{high}"),
            Self::Words(words) if words.is_empty() => f.write_str("none"),
            Self::Words(words) => {
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                f.write_str(&words.join(","))
            }
            Self::Moment(at) => write!(f, "{at}"),
        }
    }
}

/// Answers by fact. Written as a map from the fact's id to the answer's text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answers(BTreeMap<FactKey, Answer>);

impl Answers {
    pub fn get(&self, fact: &FactKey) -> Option<&Answer> {
        self.0.get(fact)
    }

    /// Puts an answer in; `None` makes the fact unknown again.
    pub fn set(&mut self, fact: FactKey, answer: Option<Answer>) {
        match answer {
            Some(answer) => self.0.insert(fact, answer),
            None => self.0.remove(&fact),
        };
    }

    pub fn iter(&self) -> impl Iterator<Item = (&FactKey, &Answer)> {
        self.0.iter()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Answers {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(fact, answer)| (fact.as_str(), answer.to_string())))
    }
}

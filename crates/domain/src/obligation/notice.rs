//! Notices: one fact sheet, drafted into the form that each duty wants. A section of the sheet is written once
//! and stands in every notice that must hold it; a notice may word it differently, and then the two are set
//! against each other until somebody has looked.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::clock::shown;
use super::{Duty, DutyKey, FactKey, Known, SectionKey, Stage, StageKey};
use crate::{Line, Text};

/// The form of notices that have none of their own.
pub const GENERAL: &str = "general";

/// What may stand in braces in a form.
const PLACES: [&str; 11] = [
    "title",
    "stage",
    "to",
    "organisation",
    "incident",
    "clause",
    "regime",
    "awareness",
    "deadline",
    "lateness",
    "sections",
];

/// The sections that notices are made of (`sheet.yaml`), and the forms they are put into.
#[derive(Debug, Clone, Default)]
pub struct Sheet {
    pub(super) sections: Vec<Section>,
    pub(super) forms: BTreeMap<String, Form>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    pub id: SectionKey,
    pub title: Line,
    /// What is to be written there.
    pub asks: Text,
    /// Facts that are put above the text.
    pub facts: Vec<FactKey>,
}

impl Sheet {
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    pub fn section(&self, id: &SectionKey) -> Option<&Section> {
        self.sections.iter().find(|section| section.id == *id)
    }

    /// The form of a duty's notices.
    pub fn form(&self, duty: &Duty) -> Option<&Form> {
        let own = duty.notice.as_ref().and_then(|name| self.forms.get(&**name));
        own.or_else(|| self.forms.get(GENERAL))
    }
}

/// A form: Markdown with places in braces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Place(&'static str),
}

impl Form {
    /// The error is the line and what is wrong there.
    pub(super) fn read(text: &str) -> Result<Self, (u64, String)> {
        let mut parts = Vec::new();
        let mut line = 1_u64;
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            line += count_lines(before);
            let (name, behind) =
                after.split_once('}').ok_or_else(|| (line, "a brace is not closed".to_owned()))?;
            let place = PLACES.iter().find(|place| **place == name).ok_or_else(|| {
                (line, format!("{{{name}}} is no place in a form; there are {}", PLACES.join(", ")))
            })?;
            parts.push(Part::Text(before.to_owned()));
            parts.push(Part::Place(place));
            rest = behind;
        }
        parts.push(Part::Text(rest.to_owned()));
        if parts.contains(&Part::Place("sections")) {
            Ok(Self { parts })
        } else {
            Err((1, "the form has no {sections}; without it a notice says nothing".to_owned()))
        }
    }
}

fn count_lines(text: &str) -> u64 {
    u64::try_from(text.matches('\n').count()).unwrap_or(u64::MAX)
}

/// What only the incident knows about a draft.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    pub organisation: &'a str,
    /// Number and title.
    pub incident: &'a str,
}

/// A notice as it would be sent now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    pub duty: DutyKey,
    pub stage: StageKey,
    /// What people call it: duty and stage.
    pub name: String,
    pub to: String,
    pub sections: Vec<DraftSection>,
    pub markdown: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftSection {
    pub section: SectionKey,
    pub title: String,
    /// Nothing is written yet.
    pub text: Option<String>,
    /// Label and answer.
    pub facts: Vec<(String, String)>,
}

impl Draft {
    /// Titles of the sections that the law wants and that say nothing.
    pub fn missing(&self) -> impl Iterator<Item = &str> {
        let empty = |section: &&DraftSection| section.text.is_none() && section.facts.is_empty();
        self.sections.iter().filter(empty).map(|section| section.title.as_str())
    }
}

/// Drafts the notice of a stage: `own` holds what this notice words differently from the sheet.
pub fn draft(
    duty: &Duty,
    stage: &Stage,
    known: &Known<'_>,
    subject: Subject<'_>,
    sheet: &BTreeMap<SectionKey, Text>,
    own: &BTreeMap<SectionKey, Text>,
) -> Draft {
    let wanted = stage.content.iter().filter_map(|id| known.book.sheet().section(id));
    let sections: Vec<DraftSection> = wanted
        .map(|section| DraftSection {
            section: section.id.clone(),
            title: section.title.to_string(),
            text: own.get(&section.id).or_else(|| sheet.get(&section.id)).map(ToString::to_string),
            facts: section.facts.iter().filter_map(|fact| fact_line(fact, known)).collect(),
        })
        .collect();
    let to = stage.to.as_ref().unwrap_or(&duty.to).to_string();
    let mut drafted = Draft {
        duty: duty.id.clone(),
        stage: stage.id.clone(),
        name: format!("{}: {}", duty.title, stage.title),
        to,
        sections,
        markdown: String::new(),
    };
    drafted.markdown = markdown(&drafted, duty, stage, known, subject);
    drafted
}

fn fact_line(fact: &FactKey, known: &Known<'_>) -> Option<(String, String)> {
    let words = match known.moment(fact) {
        Some(at) => shown(at, &known.profile.zone()),
        None => known.book.fact(fact)?.in_words(known.answer(fact)?),
    };
    Some((known.label(fact), words))
}

fn markdown(draft: &Draft, duty: &Duty, stage: &Stage, known: &Known<'_>, subject: Subject<'_>) -> String {
    let Some(form) = known.book.sheet().form(duty) else { return String::new() };
    let clock = super::decide(duty, known).stages.into_iter().find(|clock| clock.stage.id == stage.id);
    let deadline = clock.as_ref().and_then(super::clock::StageClock::deadline);
    let regime = known.book.regime(&duty.regime).map_or("Contract", |regime| &regime.name);
    let mut text = String::new();
    for part in &form.parts {
        match part {
            Part::Text(fixed) => text += fixed,
            Part::Place(place) => {
                text += &match *place {
                    "title" => plain(&duty.title),
                    "stage" => plain(&stage.title),
                    "to" => plain(&draft.to),
                    "organisation" => plain(subject.organisation),
                    "incident" => plain(subject.incident),
                    "clause" => plain(&duty.clause),
                    "regime" => plain(regime),
                    "awareness" => moment("aware", known),
                    "deadline" => deadline
                        .map_or_else(|| "none in figures".to_owned(), |at| shown(at, &known.profile.zone())),
                    "lateness" => lateness(deadline, known),
                    _ => sections(draft),
                };
            }
        }
    }
    text
}

fn moment(name: &str, known: &Known<'_>) -> String {
    let at = name.parse().ok().and_then(|fact| known.moment(&fact));
    at.map_or_else(|| "not established yet".to_owned(), |at| shown(at, &known.profile.zone()))
}

fn lateness(deadline: Option<Timestamp>, known: &Known<'_>) -> String {
    match deadline {
        Some(deadline) if known.now >= deadline => format!(
            "This notice comes after its deadline of {}. Reasons for the delay: **to be written**.",
            shown(deadline, &known.profile.zone())
        ),
        _ => String::new(),
    }
}

fn sections(draft: &Draft) -> String {
    let mut text = String::new();
    for (number, section) in draft.sections.iter().enumerate() {
        text += &format!("## {}. {}\n\n", number + 1, section.title);
        for (label, words) in &section.facts {
            text += &format!("- {}: {}\n", plain(label), plain(words));
        }
        if !section.facts.is_empty() {
            text.push('\n');
        }
        match &section.text {
            Some(written) => text += written,
            None if section.facts.is_empty() => text += "**To be written.**",
            None => {}
        }
        text = format!("{}\n\n", text.trim_end());
    }
    text.trim_end().to_owned()
}

/// A value within a line of Markdown: it must not be read as markup.
fn plain(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        if "\\`*_{}[]<>#|".contains(letter) {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}

/// Two notices that say different things about the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contradiction {
    /// Title of the section, or label of the fact.
    pub about: String,
    /// Each notice's name and what it says.
    pub first: (String, String),
    pub second: (String, String),
}

impl Contradiction {
    /// Whether both tell of the same two texts, whichever stands first.
    fn is_same(&self, other: &Self) -> bool {
        let (first, second) = (&other.first, &other.second);
        self.about == other.about
            && ((&self.first, &self.second) == (first, second)
                || (&self.first, &self.second) == (second, first))
    }
}

/// Sets every notice against every other: sections that are worded differently, and facts that changed since
/// one of them was written or sent.
pub fn contradictions(drafts: &[&Draft]) -> Vec<Contradiction> {
    let mut found: Vec<Contradiction> = Vec::new();
    for (place, first) in drafts.iter().enumerate() {
        for second in drafts.iter().skip(place + 1) {
            for contradiction in between(first, second) {
                // One fact that changed stands in many sections.
                if !found.iter().any(|known| known.is_same(&contradiction)) {
                    found.push(contradiction);
                }
            }
        }
    }
    found
}

fn between(first: &Draft, second: &Draft) -> Vec<Contradiction> {
    let said = |about: &str, one: &str, other: &str| Contradiction {
        about: about.to_owned(),
        first: (first.name.clone(), one.to_owned()),
        second: (second.name.clone(), other.to_owned()),
    };
    let mut found = Vec::new();
    for one in &first.sections {
        for other in second.sections.iter().filter(|other| other.section == one.section) {
            if let (Some(left), Some(right)) = (&one.text, &other.text)
                && left != right
            {
                found.push(said(&one.title, left, right));
            }
            for (label, words) in &one.facts {
                let changed = other.facts.iter().find(|(known, said)| known == label && said != words);
                if let Some((_, now)) = changed {
                    found.push(said(label, words, now));
                }
            }
        }
    }
    found
}

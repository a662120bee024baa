//! What is likely a mistake in a rule that loads all the same: said by `watchbell rules check`, not by
//! the engine. `head` looks at what people read of a rule, `items` at fields, modifiers and values,
//! `meaning` at conditions that cannot be meant, `fields` at names that no source has, `across` at
//! several rules together.

mod across;
mod fields;
mod head;
mod items;
mod meaning;

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::correlation;
use crate::detection::Placeholders;
use crate::rule::{self, Rule};
use crate::yaml;

pub use across::duplicates;

/// Something in a rule that is likely a mistake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lint {
    pub file: PathBuf,
    /// Counted from 1.
    pub line: usize,
    /// What sort of thing it is, in one word with dashes.
    pub code: &'static str,
    pub message: String,
    /// The rule's title.
    pub rule: String,
}

/// Collects what is found in one rule.
struct Report<'a> {
    file: &'a Path,
    rule: &'a Rule,
    found: Vec<Lint>,
}

impl Report<'_> {
    fn say(&mut self, line: usize, code: &'static str, message: impl Into<String>) {
        let lint = Lint {
            file: self.file.to_owned(),
            line,
            code,
            message: message.into(),
            rule: self.rule.title.clone(),
        };
        if !self.found.contains(&lint) {
            self.found.push(lint);
        }
    }
}

/// Looks through the rules of a text that load; those that are refused have been told why, and filters
/// are left out. `known_technique` says whether ATT&CK has or had a technique such as `T1059.001`.
pub fn lint(
    file: &Path,
    text: &str,
    placeholders: &Placeholders,
    known_technique: &dyn Fn(&str) -> bool,
) -> Vec<Lint> {
    let mut found = Vec::new();
    for document in yaml::documents(text).0 {
        let is_correlation = document.get("detection").is_none() && document.get("correlation").is_some();
        let reading = if is_correlation {
            correlation::read(&document, file.to_owned())
                .map(|(correlation, oddities)| rule::Reading { rule: correlation.rule, oddities })
        } else {
            rule::read(&document, file.to_owned(), placeholders)
        };
        let Ok(reading) = reading else { continue };
        let mut report = Report { file, rule: &reading.rule, found: Vec::new() };
        for (line, message) in reading.oddities {
            report.say(line, "odd-value", message);
        }
        head::look(&document, known_technique, &mut report);
        if let Some(detection) = document.get("detection") {
            items::look(detection, &mut report);
            meaning::look(detection, &mut report);
        }
        report.found.sort_by_key(|lint| lint.line);
        found.append(&mut report.found);
    }
    found
}

//! What an organisation adds to its incidents in its own words: fields with a kind, and statuses that say
//! more closely where an incident stands within a phase. Here is what a field takes and how it is read.

use std::fmt;

use crate::key::keys;
use crate::words::words;
use crate::{Error, IncidentType, Line, Phase, Text};

keys! {
    FieldKey = "the key of a field", "change_ticket";
}

words! {
    /// What a field holds.
    pub enum FieldKind, "kind of field" {
        Line: "line", "One line";
        Text: "text", "Several lines";
        Number: "number", "Number";
        Date: "date", "Date";
        Choice: "choice", "One of a list";
        YesNo: "yes_no", "Yes or no";
    }
}

words! {
    /// When a field must hold something.
    pub enum Needed, "time at which a field is needed" {
        Never: "never", "Never";
        Closing: "closing", "Before the incident is closed";
    }
}

/// How many choices a field of that kind offers at most.
pub const MOST_CHOICES: usize = 50;

/// What a field is: its words, and what it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    pub label: Line,
    pub kind: FieldKind,
    choices: Vec<Line>,
    /// The types of incident that have it; all of them if empty.
    pub types: Vec<IncidentType>,
    pub needed: Needed,
}

impl Field {
    /// A field of the kind *choice* has at least two choices, each once; the others have none.
    pub fn new(
        label: Line,
        kind: FieldKind,
        choices: Vec<Line>,
        types: Vec<IncidentType>,
        needed: Needed,
    ) -> Result<Self, Error> {
        if choices.len() > MOST_CHOICES {
            return Err(Error::TooMany { what: "choices", limit: MOST_CHOICES, count: choices.len() });
        }
        let mut once: Vec<&str> = choices.iter().map(|choice| &**choice).collect();
        once.sort_unstable();
        once.dedup();
        let fits = match kind {
            FieldKind::Choice => choices.len() >= 2 && once.len() == choices.len(),
            _ => choices.is_empty(),
        };
        if fits {
            Ok(Field { label, kind, choices, types, needed })
        } else {
            Err(Error::Choices { kind: kind.label() })
        }
    }

    pub fn choices(&self) -> &[Line] {
        &self.choices
    }

    pub fn is_for(&self, incident_type: IncidentType) -> bool {
        self.types.is_empty() || self.types.contains(&incident_type)
    }

    /// Reads what somebody wrote into the field. Blank is none.
    pub fn read(&self, written: &str) -> Result<Option<FieldValue>, Error> {
        let written = written.trim();
        if written.is_empty() {
            return Ok(None);
        }
        let refused = |example: String| Error::FieldRefused {
            field: self.label.to_string(),
            value: written.chars().take(60).collect(),
            example,
        };
        let kept = match self.kind {
            FieldKind::Line => Line::new("a field of one line", written)?.to_string(),
            FieldKind::Text => Text::new("a field", written)?.to_string(),
            FieldKind::Number => {
                number(written).ok_or_else(|| refused("a number, such as 1250.50".to_owned()))?
            }
            FieldKind::Date => written
                .parse::<jiff::civil::Date>()
                .map_err(|_| refused("a day, such as 2026-03-31".to_owned()))?
                .to_string(),
            FieldKind::Choice => {
                let chosen = self.choices.iter().find(|choice| choice.eq_ignore_ascii_case(written));
                let offered: Vec<&str> = self.choices.iter().map(|choice| &**choice).collect();
                chosen.ok_or_else(|| refused(format!("one of: {}", offered.join(", "))))?.to_string()
            }
            FieldKind::YesNo => match written.to_ascii_lowercase().as_str() {
                "yes" | "true" => "yes".to_owned(),
                "no" | "false" => "no".to_owned(),
                _ => return Err(refused("yes or no".to_owned())),
            },
        };
        Ok(Some(FieldValue(kept)))
    }
}

/// What a field holds, in the form in which it is kept and compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldValue(String);

impl FieldValue {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FieldValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A decimal number without what does not change it: no sign `+`, no spaces or commas between thousands, no zeroes
/// in front. It stays text, so that no digit is lost.
fn number(written: &str) -> Option<String> {
    let plain: String = written.chars().filter(|c| !matches!(c, ' ' | ',' | '\u{a0}' | '\u{202f}')).collect();
    let (sign, digits) = match plain.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", plain.strip_prefix('+').unwrap_or(&plain)),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let only_digits =
        |text: &str| !text.is_empty() && text.len() <= 40 && text.bytes().all(|b| b.is_ascii_digit());
    if !only_digits(whole) || !only_digits(part) {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    Some(if digits.contains('.') { format!("{sign}{whole}.{part}") } else { format!("{sign}{whole}") })
}

/// Whether a status can stand in a phase: in those that it names, or in all while the incident is open.
pub fn fits(phases: &[Phase], phase: Phase) -> bool {
    if phases.is_empty() { phase != Phase::Closed } else { phases.contains(&phase) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(kind: FieldKind, choices: &[&str]) -> Result<Field, Error> {
        let choices = choices.iter().map(|one| Line::new("a choice", one).unwrap()).collect();
        Field::new(Line::new("the label", "Ticket").unwrap(), kind, choices, Vec::new(), Needed::Never)
    }

    fn kept(kind: FieldKind, written: &str) -> Option<String> {
        field(kind, &[]).unwrap().read(written).ok()?.map(|value| value.to_string())
    }

    #[test]
    fn a_value_is_kept_in_one_form() {
        for (kind, written, expected) in [
            (FieldKind::Line, "  CHG-17 ", Some("CHG-17")),
            (FieldKind::Number, "+0012,500.50", Some("12500.50")),
            (FieldKind::Number, "-0", Some("-0")),
            (FieldKind::Number, "1e5", None),
            (FieldKind::Number, "NaN", None),
            (FieldKind::Date, "2024-02-29", Some("2024-02-29")),
            (FieldKind::Date, "2026-02-29", None),
            (FieldKind::YesNo, "Yes", Some("yes")),
            (FieldKind::YesNo, "perhaps", None),
            (FieldKind::Line, "two\nlines", None),
        ] {
            assert_eq!(kept(kind, written).as_deref(), expected, "{kind}: {written:?}");
        }
        assert_eq!(field(FieldKind::Date, &[]).unwrap().read("  ").unwrap(), None, "blank is none");
    }

    #[test]
    fn a_choice_is_one_of_those_offered() {
        let region = field(FieldKind::Choice, &["Europe", "Americas"]).unwrap();
        assert_eq!(region.read("europe").unwrap().unwrap().as_str(), "Europe");
        let refused = region.read("Mars").unwrap_err().to_string();
        assert!(refused.contains("one of: Europe, Americas"), "{refused}");
        assert!(field(FieldKind::Choice, &["only one"]).is_err());
        assert!(field(FieldKind::Choice, &["twice", "twice"]).is_err());
        assert!(field(FieldKind::Line, &["a", "b"]).is_err(), "one line offers no choices");
    }

    #[test]
    fn a_status_without_phases_fits_while_the_incident_is_open() {
        assert!(fits(&[], Phase::Recovery) && !fits(&[], Phase::Closed));
        assert!(fits(&[Phase::Closed], Phase::Closed) && !fits(&[Phase::Closed], Phase::Recovery));
    }
}

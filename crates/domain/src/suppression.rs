//! What is kept from becoming an alert, and for how long: a suppression hides for a time what a rule
//! finds, what concerns an entity, or what fits a condition; an exception mends a rule by a condition
//! under which its finding means nothing.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::words::words;
use crate::{Entity, Error, Result};

words! {
    pub enum SuppressionKind, "kind of suppression" {
        Suppression: "suppression", "Suppression";
        Exception: "exception", "Exception";
    }
}

words! {
    /// How a field is compared, in the words of Sigma's modifiers.
    pub enum Comparison, "comparison" {
        Equals: "equals", "is";
        Contains: "contains", "contains";
        StartsWith: "startswith", "starts with";
        EndsWith: "endswith", "ends with";
    }
}

/// How long a suppression may last.
pub const LONGEST: SignedDuration = SignedDuration::from_hours(366 * 24);
/// How many clauses one condition has at the most.
const MOST_CLAUSES: usize = 20;
const LONGEST_FIELD: usize = 200;
const LONGEST_VALUE: usize = 2000;

/// A test of one field; letter case does not count, as in Sigma.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clause {
    pub field: String,
    pub comparison: Comparison,
    pub value: String,
}

impl Clause {
    fn check(&self) -> Result<()> {
        let too_long = |what, text: &str, limit| match text.chars().count() {
            length if length > limit => Err(Error::TooLong { what, limit, length }),
            _ => Ok(()),
        };
        if self.field.trim().is_empty() || self.value.is_empty() {
            return Err(Error::Blank { what: "a clause's field and value" });
        }
        if self.field.chars().any(char::is_control) || self.value.contains('\0') {
            return Err(Error::NotOneLine { what: "a clause" });
        }
        too_long("a clause's field", &self.field, LONGEST_FIELD)?;
        too_long("a clause's value", &self.value, LONGEST_VALUE)
    }

    /// Whether one of the field's values passes.
    pub fn holds(&self, values: &[String]) -> bool {
        let wanted = self.value.to_lowercase();
        values.iter().any(|value| {
            let value = value.to_lowercase();
            match self.comparison {
                Comparison::Equals => value == wanted,
                Comparison::Contains => value.contains(&wanted),
                Comparison::StartsWith => value.starts_with(&wanted),
                Comparison::EndsWith => value.ends_with(&wanted),
            }
        })
    }
}

/// What is hidden: everything that fits all the parts that are given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hides {
    pub rule: Option<String>,
    pub entity: Option<Entity>,
    pub clauses: Vec<Clause>,
}

impl Hides {
    /// Refuses what would hide everything, and an exception that is none to a rule.
    pub fn check(&self, kind: SuppressionKind) -> Result<()> {
        if self.clauses.len() > MOST_CLAUSES {
            return Err(Error::TooLong {
                what: "the condition",
                limit: MOST_CLAUSES,
                length: self.clauses.len(),
            });
        }
        self.clauses.iter().try_for_each(Clause::check)?;
        let nothing = self.rule.is_none() && self.entity.is_none() && self.clauses.is_empty();
        let no_exception = self.rule.is_none() || self.clauses.is_empty();
        match kind {
            SuppressionKind::Suppression if nothing => {
                Err(Error::Blank { what: "what is hidden (a rule, an entity or a condition)" })
            }
            SuppressionKind::Exception if no_exception => {
                Err(Error::Blank { what: "an exception's rule and condition" })
            }
            _ => Ok(()),
        }
    }

    /// Whether it hides a rule's detection about an entity; `field` gives the event's values of a field.
    pub fn fits(&self, rule: &str, entity: &Entity, field: impl Fn(&str) -> Vec<String>) -> bool {
        self.concerns(rule, entity) && self.clauses.iter().all(|clause| clause.holds(&field(&clause.field)))
    }

    /// Whether a rule's detection about an entity is hidden if the clauses hold.
    pub fn concerns(&self, rule: &str, entity: &Entity) -> bool {
        self.rule.as_deref().is_none_or(|wanted| wanted == rule)
            && self.entity.as_ref().is_none_or(|wanted| wanted == entity)
    }
}

/// Refuses an end that lies in the past or too far ahead; only an exception may have none.
pub fn check_until(kind: SuppressionKind, until: Option<Timestamp>, now: Timestamp) -> Result<()> {
    match until {
        None if kind == SuppressionKind::Exception => Ok(()),
        Some(until) if until > now && until.duration_since(now) <= LONGEST => Ok(()),
        _ => Err(Error::Malformed {
            what: "an end within the next 366 days",
            value: until.map_or_else(|| "nothing".to_owned(), |until| until.to_string()),
            example: "2026-12-24T18:00:00Z",
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EntityKind;

    fn clause(comparison: Comparison, value: &str) -> Clause {
        Clause { field: "Image".to_owned(), comparison, value: value.to_owned() }
    }

    #[test]
    fn a_clause_compares_as_it_says_whatever_the_case() {
        let values = [r"C:\Tools\Backup.exe".to_owned()];
        for (comparison, value, holds) in [
            (Comparison::Equals, r"c:\tools\backup.exe", true),
            (Comparison::Equals, "backup.exe", false),
            (Comparison::Contains, r"TOOLS\", true),
            (Comparison::StartsWith, r"c:\tools", true),
            (Comparison::StartsWith, "tools", false),
            (Comparison::EndsWith, r"\backup.EXE", true),
        ] {
            assert_eq!(clause(comparison, value).holds(&values), holds, "{comparison} {value}");
        }
        assert!(!clause(Comparison::Equals, "x").holds(&[]));
    }

    #[test]
    fn all_parts_must_fit_and_none_hides_nothing() {
        let host = |name| Entity::new(EntityKind::Host, name).unwrap();
        let hides = Hides {
            rule: Some("r".to_owned()),
            entity: Some(host("ws01")),
            clauses: vec![clause(Comparison::Equals, "a")],
        };
        let field = |_: &str| vec!["A".to_owned()];
        assert!(hides.fits("r", &host("WS01"), field));
        assert!(!hides.fits("q", &host("ws01"), field));
        assert!(!hides.fits("r", &host("ws02"), field));
        assert!(!hides.fits("r", &host("ws01"), |_| Vec::new()));
        let empty = Hides { rule: None, entity: None, clauses: Vec::new() };
        assert!(empty.check(SuppressionKind::Suppression).is_err());
        let rule_alone = Hides { rule: Some("r".to_owned()), ..empty };
        assert!(rule_alone.check(SuppressionKind::Suppression).is_ok());
        assert!(rule_alone.check(SuppressionKind::Exception).is_err());
    }

    #[test]
    fn a_suppression_ends_and_an_exception_may_stay() {
        let now = Timestamp::UNIX_EPOCH;
        let after = |hours| Some(now + SignedDuration::from_hours(hours));
        assert!(check_until(SuppressionKind::Suppression, after(1), now).is_ok());
        assert!(check_until(SuppressionKind::Suppression, None, now).is_err());
        assert!(check_until(SuppressionKind::Suppression, Some(now), now).is_err());
        assert!(check_until(SuppressionKind::Suppression, after(367 * 24), now).is_err());
        assert!(check_until(SuppressionKind::Exception, None, now).is_ok());
    }
}

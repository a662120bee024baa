//! How bad an incident is. Responders confirm three facts in the terms of NIST SP 800-61r2 (tables 3-2
//! to 3-4); the plan's matrix proposes a severity from them and says why. A person may decide
//! otherwise, with a reason (see [`crate::incident`]).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::words::words;
use crate::{Error, Text};

words! {
    /// Ascending, so that `severity >= Severity::High` reads as it should.
    pub enum Severity, "severity" {
        Informational: "informational", "Informational";
        Low: "low", "Low";
        Medium: "medium", "Medium";
        High: "high", "High";
        Critical: "critical", "Critical";
    }
}

words! {
    /// What the organisation can no longer do for its users. NIST SP 800-61r2, table 3-2.
    pub enum FunctionalImpact, "functional impact" {
        None: "none", "None";
        Low: "low", "Low";
        Medium: "medium", "Medium";
        High: "high", "High";
    }
}

words! {
    /// What happened to information. NIST SP 800-61r2, table 3-3; `Suspected` is ours, for the hours in
    /// which exposure can be neither shown nor ruled out.
    pub enum InformationImpact, "information impact" {
        None: "none", "None";
        Suspected: "suspected", "Suspected";
        Privacy: "privacy", "Privacy breach";
        Proprietary: "proprietary", "Proprietary breach";
        Integrity: "integrity", "Integrity loss";
    }
}

words! {
    /// What it takes to recover. NIST SP 800-61r2, table 3-4.
    pub enum Recoverability, "recoverability" {
        Regular: "regular", "Regular";
        Supplemented: "supplemented", "Supplemented";
        Extended: "extended", "Extended";
        NotRecoverable: "not_recoverable", "Not recoverable";
    }
}

impl FunctionalImpact {
    pub const fn help(self) -> &'static str {
        match self {
            Self::None => "Every service works for everyone as before.",
            Self::Low => "All essential services still reach everyone, with less comfort or speed.",
            Self::Medium => "Some users have lost an essential service.",
            Self::High => "Nobody can be given one or more essential services.",
        }
    }
}

impl InformationImpact {
    pub const fn help(self) -> &'static str {
        match self {
            Self::None => "No information was read, taken, changed or deleted.",
            Self::Suspected => "Information may have been reached; that is not yet shown or ruled out.",
            Self::Privacy => "Personal data of customers, employees or others was reached or taken.",
            Self::Proprietary => "Confidential business information was reached or taken.",
            Self::Integrity => "Information was changed or deleted by someone who may not.",
        }
    }
}

impl Recoverability {
    pub const fn help(self) -> &'static str {
        match self {
            Self::Regular => "Time to recover is known, and the people and means at hand suffice.",
            Self::Supplemented => "Time to recover is known, with additional people or means.",
            Self::Extended => {
                "Time to recover is unknown; additional people, means or outside help are needed."
            }
            Self::NotRecoverable => "It cannot be undone: for instance, data is already published.",
        }
    }
}

/// What a responder confirms before a severity is proposed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeverityFacts {
    pub functional: FunctionalImpact,
    pub information: InformationImpact,
    pub recoverability: Recoverability,
}

impl SeverityFacts {
    /// Every combination there is.
    pub fn every() -> impl Iterator<Item = Self> {
        FunctionalImpact::ALL.iter().flat_map(|&functional| {
            InformationImpact::ALL.iter().flat_map(move |&information| {
                Recoverability::ALL.iter().map(move |&recoverability| Self {
                    functional,
                    information,
                    recoverability,
                })
            })
        })
    }
}

impl fmt::Display for SeverityFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "functional: {}, information: {}, recoverability: {}",
            self.functional, self.information, self.recoverability
        )
    }
}

/// Which facts a rule speaks about. An empty list means that any value will do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Condition {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub functional: Vec<FunctionalImpact>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub information: Vec<InformationImpact>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub recoverability: Vec<Recoverability>,
}

impl Condition {
    pub fn holds(&self, facts: &SeverityFacts) -> bool {
        fn admits<T: PartialEq>(allowed: &[T], value: &T) -> bool {
            allowed.is_empty() || allowed.contains(value)
        }
        admits(&self.functional, &facts.functional)
            && admits(&self.information, &facts.information)
            && admits(&self.recoverability, &facts.recoverability)
    }
}

/// One line of the matrix: when `when` holds, the severity is `severity`, `because` of this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeverityRule {
    #[serde(default)]
    pub when: Condition,
    pub severity: Severity,
    /// The reason in words that stands in the incident's record.
    pub because: Text,
}

/// The severity and the reason in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proposal {
    pub severity: Severity,
    pub because: String,
}

/// Ordered rules, the first that holds decides. A matrix that exists answers every combination of
/// facts, and each of its rules decides at least one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<SeverityRule>", into = "Vec<SeverityRule>")]
pub struct SeverityMatrix {
    rules: Vec<SeverityRule>,
}

impl SeverityMatrix {
    pub fn new(rules: Vec<SeverityRule>) -> Result<Self, Error> {
        let mut decides = vec![false; rules.len()];
        for facts in SeverityFacts::every() {
            let first = rules.iter().zip(&mut decides).find(|(rule, _)| rule.when.holds(&facts));
            let (_, decided) = first.ok_or(Error::MatrixNotTotal(facts))?;
            *decided = true;
        }
        match decides.iter().position(|decided| !decided) {
            Some(dead) => Err(Error::MatrixRuleDead { number: dead + 1 }),
            None => Ok(Self { rules }),
        }
    }

    pub fn rules(&self) -> &[SeverityRule] {
        &self.rules
    }

    pub fn propose(&self, facts: &SeverityFacts) -> Proposal {
        match self.rules.iter().find(|rule| rule.when.holds(facts)) {
            Some(rule) => Proposal { severity: rule.severity, because: rule.because.to_string() },
            // `new` has shown that this cannot happen; if it did, erring upwards is the safe side.
            None => Proposal {
                severity: Severity::Critical,
                because: format!("No rule of the plan answers {facts}."),
            },
        }
    }
}

impl TryFrom<Vec<SeverityRule>> for SeverityMatrix {
    type Error = Error;

    fn try_from(rules: Vec<SeverityRule>) -> Result<Self, Error> {
        Self::new(rules)
    }
}

impl From<SeverityMatrix> for Vec<SeverityRule> {
    fn from(matrix: SeverityMatrix) -> Self {
        matrix.rules
    }
}

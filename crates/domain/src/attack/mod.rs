//! The names of MITRE ATT&CK (enterprise, version 19) and D3FEND that rules and procedures refer to.
//! Here are the tactics and the form of the identifiers; `catalogue` reads the techniques, which are
//! content, `matrix` says which of them rules cover, and `navigator` writes that for MITRE's viewer.

pub mod catalogue;
mod matrix;
mod navigator;

pub use matrix::{Cell, Column, Matrix};
pub use navigator::layer;

use std::fmt;
use std::str::FromStr;

use crate::Error;
use crate::words::{as_text, words};

words! {
    /// The tactics in the order of the enterprise matrix. Version 19 split the former Defense Evasion
    /// into Stealth and Defense Impairment; [`Tactic::from_tag`] still understands the old name.
    pub enum Tactic, "ATT&CK tactic" {
        Reconnaissance: "reconnaissance", "Reconnaissance";
        ResourceDevelopment: "resource-development", "Resource Development";
        InitialAccess: "initial-access", "Initial Access";
        Execution: "execution", "Execution";
        Persistence: "persistence", "Persistence";
        PrivilegeEscalation: "privilege-escalation", "Privilege Escalation";
        Stealth: "stealth", "Stealth";
        DefenseImpairment: "defense-impairment", "Defense Impairment";
        CredentialAccess: "credential-access", "Credential Access";
        Discovery: "discovery", "Discovery";
        LateralMovement: "lateral-movement", "Lateral Movement";
        Collection: "collection", "Collection";
        CommandAndControl: "command-and-control", "Command and Control";
        Exfiltration: "exfiltration", "Exfiltration";
        Impact: "impact", "Impact";
    }
}

impl Tactic {
    /// The tactic that a Sigma tag names (`attack.lateral-movement`, also with underscores).
    pub fn from_tag(tag: &str) -> Option<Self> {
        let (namespace, name) = tag.split_once('.')?;
        if !namespace.eq_ignore_ascii_case("attack") {
            return None;
        }
        match name.to_ascii_lowercase().replace('_', "-").as_str() {
            "defense-evasion" => Some(Self::Stealth),
            name => name.parse().ok(),
        }
    }
}

/// `T1059` or, for a sub-technique, `T1059.001`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TechniqueId(String);

impl TechniqueId {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The technique that a Sigma tag names (`attack.t1059.001`).
    pub fn from_tag(tag: &str) -> Option<Self> {
        let (namespace, name) = tag.split_once('.')?;
        if namespace.eq_ignore_ascii_case("attack") { name.parse().ok() } else { None }
    }

    /// `T1059` for `T1059.001`; itself when it is no sub-technique.
    pub fn technique(&self) -> Self {
        Self(self.0.split('.').next().unwrap_or(&self.0).to_owned())
    }

    pub fn is_subtechnique(&self) -> bool {
        self.0.contains('.')
    }
}

impl FromStr for TechniqueId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let digits =
            |part: &str, count: usize| part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit());
        let well_formed = text.strip_prefix(['T', 't']).is_some_and(|rest| match rest.split_once('.') {
            None => digits(rest, 4),
            Some((technique, sub)) => digits(technique, 4) && digits(sub, 3),
        });
        if well_formed {
            Ok(Self(text.to_ascii_uppercase()))
        } else {
            Err(Error::Malformed {
                what: "an ATT&CK technique",
                value: text.to_owned(),
                example: "T1059 or T1059.001",
            })
        }
    }
}

impl fmt::Display for TechniqueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A countermeasure of MITRE D3FEND: `D3-NI` (network isolation).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CountermeasureId(String);

impl CountermeasureId {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CountermeasureId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let well_formed = text.strip_prefix("D3-").is_some_and(|name| {
            (1..=8).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric())
        });
        if well_formed {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::Malformed {
                what: "a D3FEND countermeasure",
                value: text.to_owned(),
                example: "D3-NI",
            })
        }
    }
}

impl fmt::Display for CountermeasureId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

as_text!(TechniqueId, CountermeasureId);

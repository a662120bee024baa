//! Whom or what an alert is about.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::words::words;
use crate::{Error, Line};

words! {
    pub enum EntityKind, "kind of entity" {
        Host: "host", "Host";
        Address: "address", "Address";
        Account: "account", "Account";
        Unknown: "unknown", "Unknown";
    }
}

/// A host, an address or an account under one spelling: lower case, a host without its trailing dot, an
/// address in its canonical form. Two entities are the same exactly when they are equal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Entity {
    kind: EntityKind,
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    kind: EntityKind,
    name: String,
}

impl TryFrom<Unchecked> for Entity {
    type Error = Error;

    fn try_from(raw: Unchecked) -> Result<Self, Error> {
        Self::new(raw.kind, &raw.name)
    }
}

impl Entity {
    pub fn new(kind: EntityKind, name: &str) -> Result<Self, Error> {
        let name = name.trim();
        let name = match kind {
            EntityKind::Host => name.trim_end_matches(|c: char| c == '.' || c.is_whitespace()).to_lowercase(),
            EntityKind::Address => canonical_address(name).unwrap_or_else(|| name.to_lowercase()),
            EntityKind::Account | EntityKind::Unknown => name.to_lowercase(),
        };
        Ok(Self { kind, name: Line::new("the name of an entity", &name)?.to_string() })
    }

    /// What an event is about that names nobody.
    pub fn unknown() -> Self {
        Self { kind: EntityKind::Unknown, name: EntityKind::Unknown.as_str().to_owned() }
    }

    pub const fn kind(&self) -> EntityKind {
        self.kind
    }

    pub fn name(&self) -> &str {
        &self.name
    }
}

fn canonical_address(text: &str) -> Option<String> {
    text.parse::<IpAddr>().ok().map(|address| address.to_canonical().to_string())
}

/// `host ws01.example.org`
impl fmt::Display for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.name)
    }
}

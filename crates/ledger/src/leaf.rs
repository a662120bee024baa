//! A leaf: what the log commits to for one change of one record, and its one spelling in bytes.
//!
//! The record's body (its full JSON at that version) stays outside; the leaf holds its SHA-256.
//! So bodies can be withheld, and a leaf stays small and free of personal data beyond the id of
//! who acted.
//!
//! The canonical form is one JSON object without blanks and with its members in this order:
//! `{"v":1,"at":"…","actor":"…","act":"…","record":"…","version":N,"body_sha256":"…"}`.
//! All strings are of a plain alphabet, so that no JSON escape ever occurs and there is exactly
//! one spelling. [`Leaf::parse`] refuses every other.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Digest, Error, Result};

/// The most characters that an actor, an act or a record's id may have.
const MAX_FIELD: usize = 96;

/// The most bytes that a canonical leaf can have, with room to spare.
pub(crate) const MAX_LEAF: usize = 1024;

/// One change of one record, as committed to the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    at: Timestamp,
    actor: String,
    act: String,
    of: RecordVersion,
    body_sha256: Digest,
}

/// One version of one record, such as `INC-1 version 4`. Versions count from 1 without gaps.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordVersion {
    /// The record's id, such as `INC-1`.
    pub record: String,
    /// From 1.
    pub version: u64,
}

/// The members as they stand in the JSON, before they are checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Members {
    v: u8,
    at: Timestamp,
    actor: String,
    act: String,
    record: String,
    version: u64,
    body_sha256: Digest,
}

impl Leaf {
    /// The leaf that says: at this time, `actor` did `act`, and so `record` came to this version
    /// with this body.
    ///
    /// # Errors
    /// If a text is not of the plain alphabet, or the version is 0.
    pub fn new(
        at: Timestamp,
        actor: &str,
        act: &str,
        record: &str,
        version: u64,
        body_sha256: Digest,
    ) -> Result<Self> {
        Ok(Self {
            at,
            actor: plain("actor", actor)?,
            act: plain("act", act)?,
            of: RecordVersion::new(record, version)?,
            body_sha256,
        })
    }

    /// Reads a leaf back from the bytes that were committed to the log.
    ///
    /// # Errors
    /// If the bytes are not a leaf in its canonical form.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        if bytes.len() > MAX_LEAF {
            return Err(Error::LeafSyntax(format!(
                "it has {} bytes, more than any leaf can have",
                bytes.len()
            )));
        }
        let members: Members = serde_json::from_slice(bytes).map_err(|e| Error::LeafSyntax(e.to_string()))?;
        if members.v != 1 {
            return Err(Error::LeafSyntax(format!(
                "it is of version {}, and only 1 is known here",
                members.v
            )));
        }
        let leaf = Self::new(
            members.at,
            &members.actor,
            &members.act,
            &members.record,
            members.version,
            members.body_sha256,
        )?;
        if leaf.to_bytes() == bytes { Ok(leaf) } else { Err(Error::LeafNotCanonical) }
    }

    /// The canonical bytes: what is hashed into the log and must be kept as they are.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_string().into_bytes()
    }

    /// When it happened, as the server's clock said.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// Who did it, such as `USR-1`.
    #[must_use]
    pub fn actor(&self) -> &str {
        &self.actor
    }

    /// What was done, such as `alert.acknowledge`.
    #[must_use]
    pub fn act(&self) -> &str {
        &self.act
    }

    /// The record, such as `ALR-3`.
    #[must_use]
    pub fn record(&self) -> &str {
        &self.of.record
    }

    /// The record's version after the change; the first is 1.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.of.version
    }

    /// The record and its version.
    #[must_use]
    pub fn record_version(&self) -> &RecordVersion {
        &self.of
    }

    /// The SHA-256 of the record's body at this version.
    #[must_use]
    pub fn body_sha256(&self) -> Digest {
        self.body_sha256
    }
}

impl fmt::Display for Leaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Every value is of the plain alphabet (or made by us), so nothing needs a JSON escape.
        write!(
            f,
            r#"{{"v":1,"at":"{}","actor":"{}","act":"{}","record":"{}","version":{},"body_sha256":"{}"}}"#,
            self.at, self.actor, self.act, self.of.record, self.of.version, self.body_sha256
        )
    }
}

impl RecordVersion {
    /// A checked pair.
    ///
    /// # Errors
    /// If the id is not of the plain alphabet, or the version is 0.
    pub fn new(record: &str, version: u64) -> Result<Self> {
        let record = plain("record", record)?;
        if version == 0 {
            return Err(Error::LeafVersion { record, version });
        }
        Ok(Self { record, version })
    }
}

impl fmt::Display for RecordVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} version {}", self.record, self.version)
    }
}

/// Accepts only texts that mean the same in JSON, in a file's name and in a log line.
fn plain(field: &'static str, value: &str) -> Result<String> {
    let good = value.len() <= MAX_FIELD
        && value.starts_with(|c: char| c.is_ascii_alphanumeric())
        && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:@".contains(&b));
    if good {
        Ok(value.to_owned())
    } else {
        Err(Error::LeafField { field, value: value.chars().take(MAX_FIELD).collect() })
    }
}

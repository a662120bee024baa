//! An evidence item: what was acquired and how. The bytes themselves are elsewhere; here they are their
//! hash. Through whose hands it has gone since is [`custody`]; how long it is kept, [`keeping`].

mod custody;
mod keeping;

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::marking::Tlp;
use crate::words::as_text;
use crate::{Error, EvidenceId, IncidentId, Line, Result, Text};

pub use custody::{Custody, CustodyAct, CustodyEntry, CustodyStatus, Pending};
pub use keeping::{Hold, due, may_be_destroyed};

/// A SHA-256 digest: 64 hexadecimal digits, shown in lower case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256([u8; 32]);

impl Sha256 {
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl FromStr for Sha256 {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let malformed = || Error::Malformed {
            what: "a SHA-256 digest",
            value: text.to_owned(),
            example: "64 hexadecimal digits",
        };
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        let mut bytes = [0; 32];
        if pairs.len() != bytes.len() || !rest.is_empty() {
            return Err(malformed());
        }
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = digit(*high).zip(digit(*low)).map(|(high, low)| high << 4 | low).ok_or_else(malformed)?;
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

as_text!(Sha256);

/// How an item came into our hands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acquisition {
    /// "live export", "disk image with write blocker", "sent by the provider".
    pub method: Line,
    pub tool: Line,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_version: Option<Line>,
    /// The host, room or service it was taken from.
    pub place: Line,
    /// The source device: make, model, inventory number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<Line>,
    /// The source device's serial number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<Line>,
    /// The write blocker that stood between source and tool, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write_blocker: Option<Line>,
    pub by: Line,
    pub at: Timestamp,
}

impl Acquisition {
    /// The tool with its version.
    pub fn tool_named(&self) -> String {
        match &self.tool_version {
            Some(version) => format!("{} {version}", self.tool),
            None => self.tool.to_string(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceItem {
    pub id: EvidenceId,
    pub incident: IncidentId,
    pub title: Line,
    pub description: Option<Text>,
    pub sha256: Sha256,
    /// Bytes.
    pub size: u64,
    pub tlp: Tlp,
    pub acquisition: Acquisition,
}

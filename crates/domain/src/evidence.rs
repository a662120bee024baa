//! An evidence item: what was acquired, how, and through whose hands it has gone since. The bytes
//! themselves are elsewhere; here they are their hash.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::marking::Tlp;
use crate::words::{as_text, words};
use crate::{Error, EvidenceId, IncidentId, Line, Result, Text};

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
    /// With its version.
    pub tool: Line,
    /// The host, room or service it was taken from.
    pub place: Line,
    pub by: Line,
    pub at: Timestamp,
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

words! {
    pub enum CustodyAct, "act of custody" {
        Collected: "collected", "Collected";
        Transferred: "transferred", "Transferred";
        CheckedOut: "checked_out", "Checked out";
        Returned: "returned", "Returned";
        Sealed: "sealed", "Sealed";
        Unsealed: "unsealed", "Unsealed";
    }
}

/// One line of the chain of custody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustodyEntry {
    pub act: CustodyAct,
    /// Who did it.
    pub by: Line,
    /// Who receives the item: owed when it is transferred or checked out, and then alone.
    #[serde(default)]
    pub to: Option<Line>,
    /// Owed when it is checked out (what for) or unsealed (why).
    #[serde(default)]
    pub reason: Option<Text>,
    pub at: Timestamp,
}

words! {
    pub enum CustodyStatus, "custody status" {
        Held: "held", "Held";
        CheckedOut: "checked_out", "Checked out";
        Sealed: "sealed", "Sealed";
    }
}

/// Where an item is now. It comes only from a chain whose every link holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Custody {
    status: CustodyStatus,
    custodian: Line,
    borrower: Option<Line>,
    since: Timestamp,
}

impl Custody {
    /// The first link: whoever collected the item keeps it.
    pub fn begin(entry: &CustodyEntry) -> Result<Self> {
        if entry.act != CustodyAct::Collected {
            return Err(Error::CustodyNotBegun);
        }
        entry.names_receiver(false)?;
        Ok(Self { status: CustodyStatus::Held, custodian: entry.by.clone(), borrower: None, since: entry.at })
    }

    /// Where the item is after `entry`.
    ///
    /// A sealed item can change hands under its seal; to be checked out it has to be unsealed. An item that
    /// is checked out can only come back.
    pub fn after(&self, entry: &CustodyEntry) -> Result<Self> {
        use {CustodyAct as Act, CustodyStatus as Status};
        if entry.at < self.since {
            return Err(Error::CustodyOutOfOrder { at: entry.at, since: self.since });
        }
        entry.names_receiver(matches!(entry.act, Act::Transferred | Act::CheckedOut))?;
        let mut next = Self { since: entry.at, ..self.clone() };
        match (self.status, entry.act) {
            (Status::Held | Status::Sealed, Act::Transferred) => {
                next.custodian = entry.to.clone().ok_or(Error::ReceiverNeeded(entry.act))?;
            }
            (Status::Held, Act::CheckedOut) => {
                entry.gives_reason("checking out")?;
                next.status = Status::CheckedOut;
                next.borrower.clone_from(&entry.to);
            }
            (Status::CheckedOut, Act::Returned) => {
                next.status = Status::Held;
                next.borrower = None;
            }
            (Status::Held, Act::Sealed) => next.status = Status::Sealed,
            (Status::Sealed, Act::Unsealed) => {
                entry.gives_reason("unsealing")?;
                next.status = Status::Held;
            }
            (from, to) => {
                let hint = match (from, to) {
                    (_, Act::Collected) => ": it is collected only once",
                    (Status::CheckedOut, _) => "; it has to be returned first",
                    (Status::Sealed, Act::CheckedOut) => "; it has to be unsealed first",
                    _ => "",
                };
                return Err(Error::NotAllowed {
                    what: "the item",
                    from: from.as_str(),
                    to: to.as_str(),
                    hint,
                });
            }
        }
        Ok(next)
    }

    /// Where the item is after a whole chain; the error of the first link that does not hold.
    pub fn of(chain: &[CustodyEntry]) -> Result<Self> {
        let (first, rest) = chain.split_first().ok_or(Error::CustodyNotBegun)?;
        rest.iter().try_fold(Self::begin(first)?, |custody, entry| custody.after(entry))
    }

    pub const fn status(&self) -> CustodyStatus {
        self.status
    }

    /// Who answers for the item.
    pub const fn custodian(&self) -> &Line {
        &self.custodian
    }

    /// Who has it in hand.
    pub fn holder(&self) -> &Line {
        self.borrower.as_ref().unwrap_or(&self.custodian)
    }
}

impl CustodyEntry {
    fn names_receiver(&self, owed: bool) -> Result<()> {
        match (&self.to, owed) {
            (None, true) => Err(Error::ReceiverNeeded(self.act)),
            (Some(_), false) => Err(Error::NoReceiver(self.act)),
            _ => Ok(()),
        }
    }

    fn gives_reason(&self, verb: &'static str) -> Result<()> {
        if self.reason.is_some() { Ok(()) } else { Err(Error::ReasonNeeded { verb }) }
    }
}

//! How long an item is kept: until its incident is closed and the time of retention has passed, and
//! longer while a legal hold stands. Nothing here destroys by itself; two people do.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Custody, CustodyStatus};
use crate::period::Period;
use crate::{Error, Line, Result, Text};

/// An order to keep, whatever else is due. It stands until somebody lifts it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    pub reason: Text,
    pub by: Line,
    pub at: Timestamp,
}

/// When an item of an incident closed at `closed` is due to be destroyed; never while it is open or held.
pub fn due(closed: Option<Timestamp>, retain_for: Period, held: bool) -> Option<Timestamp> {
    closed.filter(|_| !held).map(|closed| retain_for.after(closed))
}

/// Whether an item in this custody may be destroyed, or proposed for it, at all.
pub fn may_be_destroyed(custody: &Custody, held: bool) -> Result<()> {
    if held {
        return Err(Error::UnderHold);
    }
    if custody.status() == CustodyStatus::Destroyed {
        return Err(Error::NotAllowed {
            what: "the item",
            from: CustodyStatus::Destroyed.as_str(),
            to: CustodyStatus::Destroyed.as_str(),
            hint: "; nothing follows",
        });
    }
    Ok(())
}

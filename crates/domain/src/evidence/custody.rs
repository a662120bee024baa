//! The chain of custody: which act may follow which, whose it is to do, and where the item is after it.
//! Two acts take two people: a transfer stands once the receiver accepts it, and an item is destroyed
//! when somebody approves what somebody else proposed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::words::words;
use crate::{Error, Line, Result, Text, UserId};

words! {
    pub enum CustodyAct, "act of custody" {
        Collected: "collected", "Collected";
        /// Somebody confirms what they did or saw: the collector the collection, a witness its truth.
        Attested: "attested", "Attested";
        /// Handed on in one act, as chains from before counter-signatures have it.
        Transferred: "transferred", "Transferred";
        Offered: "offered", "Transfer offered";
        Accepted: "accepted", "Transfer accepted";
        Refused: "refused", "Transfer refused";
        Withdrawn: "withdrawn", "Offer withdrawn";
        CheckedOut: "checked_out", "Checked out";
        Returned: "returned", "Returned";
        Sealed: "sealed", "Sealed";
        Unsealed: "unsealed", "Unsealed";
        DestructionProposed: "destruction_proposed", "Destruction proposed";
        DestructionDeclined: "destruction_declined", "Destruction declined";
        Destroyed: "destroyed", "Destroyed";
    }
}

impl CustodyAct {
    /// Whether somebody receives the item by it.
    pub const fn has_receiver(self) -> bool {
        matches!(self, Self::Transferred | Self::Offered | Self::CheckedOut)
    }

    /// What owes a reason, as it completes "… needs a reason".
    pub const fn owes_reason(self) -> Option<&'static str> {
        match self {
            Self::CheckedOut => Some("checking out"),
            Self::Unsealed => Some("unsealing"),
            Self::Refused => Some("refusing a transfer"),
            Self::DestructionProposed => Some("proposing destruction"),
            Self::DestructionDeclined => Some("declining destruction"),
            _ => None,
        }
    }
}

/// One line of the chain of custody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustodyEntry {
    pub act: CustodyAct,
    /// Who did it.
    pub by: Line,
    #[serde(default)]
    pub account: Option<UserId>,
    /// Who receives the item: owed when it is offered or checked out, and then alone.
    #[serde(default)]
    pub to: Option<Line>,
    /// The receiver's account: owed when it is offered, for they have to answer.
    #[serde(default)]
    pub to_account: Option<UserId>,
    #[serde(default)]
    pub reason: Option<Text>,
    pub at: Timestamp,
}

words! {
    pub enum CustodyStatus, "custody status" {
        Held: "held", "Held";
        CheckedOut: "checked_out", "Checked out";
        Sealed: "sealed", "Sealed";
        Destroyed: "destroyed", "Destroyed";
    }
}

/// What waits for a second person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Pending {
    /// The receiver accepts or refuses.
    Transfer { to: Line, account: UserId },
    /// Anybody but this one approves or declines.
    Destruction { by: UserId },
}

/// Where an item is now. It comes only from a chain whose every link holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Custody {
    status: CustodyStatus,
    custodian: Line,
    borrower: Option<Line>,
    pending: Option<Pending>,
    since: Timestamp,
}

impl Custody {
    /// The first link: whoever collected the item keeps it.
    pub fn begin(entry: &CustodyEntry) -> Result<Self> {
        if entry.act != CustodyAct::Collected {
            return Err(Error::CustodyNotBegun);
        }
        entry.says_enough()?;
        Ok(Self {
            status: CustodyStatus::Held,
            custodian: entry.by.clone(),
            borrower: None,
            pending: None,
            since: entry.at,
        })
    }

    /// Where the item is after `entry`.
    ///
    /// A sealed item can change hands under its seal; to be checked out it has to be unsealed. An item that
    /// is checked out can only come back, and what waits for a second person waits for that alone.
    pub fn after(&self, entry: &CustodyEntry) -> Result<Self> {
        if entry.at < self.since {
            return Err(Error::CustodyOutOfOrder { at: entry.at, since: self.since });
        }
        entry.says_enough()?;
        let mut next = Self { since: entry.at, ..self.clone() };
        match (&self.pending, entry.act) {
            (_, CustodyAct::Attested) if self.status != CustodyStatus::Destroyed => Ok(next),
            (Some(pending), act) => {
                next.pending = None;
                next.answer(pending, act, entry)?;
                Ok(next)
            }
            (None, act) => {
                next.act(act, entry)?;
                Ok(next)
            }
        }
    }

    /// What the second person may do.
    fn answer(&mut self, pending: &Pending, act: CustodyAct, entry: &CustodyEntry) -> Result<()> {
        use CustodyAct as Act;
        match (pending, act) {
            (Pending::Transfer { to, account }, Act::Accepted | Act::Refused) => {
                if entry.account != Some(*account) {
                    return Err(Error::NotTheReceiver(to.to_string()));
                }
                if act == Act::Accepted {
                    self.custodian.clone_from(to);
                }
            }
            (Pending::Transfer { .. }, Act::Withdrawn)
            | (Pending::Destruction { .. }, Act::DestructionDeclined) => {}
            (Pending::Destruction { by }, Act::Destroyed) => {
                if entry.account.is_none_or(|account| account == *by) {
                    return Err(Error::SecondPersonNeeded);
                }
                self.status = CustodyStatus::Destroyed;
            }
            (pending, to) => {
                let (from, hint) = match pending {
                    Pending::Transfer { .. } => {
                        ("offered to somebody", "; they have to answer, or the offer is withdrawn")
                    }
                    Pending::Destruction { .. } => {
                        ("proposed for destruction", "; that has to be approved or declined first")
                    }
                };
                return Err(Error::NotAllowed { what: "the item", from, to: to.as_str(), hint });
            }
        }
        Ok(())
    }

    fn act(&mut self, act: CustodyAct, entry: &CustodyEntry) -> Result<()> {
        use {CustodyAct as Act, CustodyStatus as Status};
        match (self.status, act) {
            (Status::Held | Status::Sealed, Act::Transferred) => {
                self.custodian = entry.to.clone().ok_or(Error::ReceiverNeeded(act))?;
            }
            (Status::Held | Status::Sealed, Act::Offered) => {
                let (Some(to), Some(account)) = (entry.to.clone(), entry.to_account) else {
                    return Err(Error::ReceiverNeeded(act));
                };
                self.pending = Some(Pending::Transfer { to, account });
            }
            (Status::Held, Act::CheckedOut) => {
                self.status = Status::CheckedOut;
                self.borrower.clone_from(&entry.to);
            }
            (Status::CheckedOut, Act::Returned) => {
                self.status = Status::Held;
                self.borrower = None;
            }
            (Status::Held, Act::Sealed) => self.status = Status::Sealed,
            (Status::Sealed, Act::Unsealed) => self.status = Status::Held,
            (Status::Held | Status::Sealed, Act::DestructionProposed) => {
                let by = entry.account.ok_or(Error::SecondPersonNeeded)?;
                self.pending = Some(Pending::Destruction { by });
            }
            (from, to) => {
                let hint = match (from, to) {
                    (_, Act::Collected) => ": it is collected only once",
                    (Status::Destroyed, _) => "; nothing follows",
                    (Status::CheckedOut, _) => "; it has to be returned first",
                    (Status::Sealed, Act::CheckedOut) => "; it has to be unsealed first",
                    (_, Act::Accepted | Act::Refused | Act::Withdrawn) => "; nobody offered it",
                    (_, Act::Destroyed | Act::DestructionDeclined) => "; nobody proposed it",
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
        Ok(())
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

    /// What waits for a second person, if something does.
    pub const fn pending(&self) -> Option<&Pending> {
        self.pending.as_ref()
    }
}

impl CustodyEntry {
    fn says_enough(&self) -> Result<()> {
        match (&self.to, self.act.has_receiver()) {
            (None, true) => return Err(Error::ReceiverNeeded(self.act)),
            (Some(_), false) => return Err(Error::NoReceiver(self.act)),
            _ => {}
        }
        match self.act.owes_reason() {
            Some(verb) if self.reason.is_none() => Err(Error::ReasonNeeded { verb }),
            _ => Ok(()),
        }
    }
}

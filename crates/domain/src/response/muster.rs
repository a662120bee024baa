//! A place in the response that a role has to fill, and who fills it. Whoever is asked answers for
//! themselves; whoever commands may also set somebody in, as after a telephone call.

use crate::words::words;
use crate::{Error, Result, UserId};

words! {
    pub enum MusterStatus, "status of a place" {
        Missing: "missing", "Missing";
        Asked: "asked", "Asked";
        Assigned: "assigned", "Assigned";
        StoodDown: "stood_down", "Stood down";
    }
}

/// A status with the person who belongs to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MusterState {
    Missing,
    Asked(UserId),
    Assigned(UserId),
    StoodDown,
}

impl MusterState {
    pub const fn status(self) -> MusterStatus {
        match self {
            Self::Missing => MusterStatus::Missing,
            Self::Asked(_) => MusterStatus::Asked,
            Self::Assigned(_) => MusterStatus::Assigned,
            Self::StoodDown => MusterStatus::StoodDown,
        }
    }

    pub const fn person(self) -> Option<UserId> {
        match self {
            Self::Asked(person) | Self::Assigned(person) => Some(person),
            Self::Missing | Self::StoodDown => None,
        }
    }

    /// The state that these columns of a row say.
    pub fn restore(status: MusterStatus, person: Option<UserId>) -> Result<Self> {
        match (status, person) {
            (MusterStatus::Missing, None) => Ok(Self::Missing),
            (MusterStatus::Asked, Some(person)) => Ok(Self::Asked(person)),
            (MusterStatus::Assigned, Some(person)) => Ok(Self::Assigned(person)),
            (MusterStatus::StoodDown, None) => Ok(Self::StoodDown),
            _ => Err(Error::Inconsistent { what: "place", why: "its person does not fit its status" }),
        }
    }

    /// Somebody is asked; whoever was asked before is asked no longer.
    pub fn ask(self, person: UserId) -> Result<Self> {
        match self {
            Self::Asked(same) | Self::Assigned(same) if same == person => Err(Error::NothingChanges {
                what: "place",
                value: if matches!(self, Self::Asked(_)) { "asked of them" } else { "theirs" },
            }),
            Self::Assigned(_) => Err(self.refuse(MusterStatus::Asked, "; stand it down first")),
            Self::Missing | Self::Asked(_) | Self::StoodDown => Ok(Self::Asked(person)),
        }
    }

    /// Somebody is set in without being asked through Watchbell.
    pub fn assign(self, person: UserId) -> Result<Self> {
        if self == Self::Assigned(person) {
            return Err(Error::NothingChanges { what: "place", value: "theirs" });
        }
        Ok(Self::Assigned(person))
    }

    /// The answer of whoever was asked; who has said yes may still turn out not to be able to.
    pub fn answer(self, by: UserId, coming: bool) -> Result<Self> {
        match (self, coming) {
            (Self::Asked(person), true) if person == by => Ok(Self::Assigned(by)),
            (Self::Asked(person) | Self::Assigned(person), false) if person == by => Ok(Self::Missing),
            (Self::Assigned(person), true) if person == by => {
                Err(Error::NothingChanges { what: "place", value: "yours" })
            }
            _ => Err(Error::NotAsked),
        }
    }

    pub fn stand_down(self) -> Result<Self> {
        match self {
            Self::StoodDown => Err(self.refuse(MusterStatus::StoodDown, "")),
            _ => Ok(Self::StoodDown),
        }
    }

    /// The role is to be filled again.
    pub fn call_again(self) -> Result<Self> {
        match self {
            Self::StoodDown => Ok(Self::Missing),
            _ => Err(self.refuse(MusterStatus::Missing, ": it was not stood down")),
        }
    }

    fn refuse(self, to: MusterStatus, hint: &'static str) -> Error {
        Error::NotAllowed { what: "the place", from: self.status().label(), to: to.label(), hint }
    }
}

//! A draft on its way to being the plan in force: what may happen to it when, and whose word it still needs.

use std::collections::{BTreeMap, BTreeSet};

use super::RoleKey;
use crate::words::words;
use crate::{Error, UserId};

words! {
    pub enum DraftStatus, "status of a draft" {
        Editing: "editing", "Being written";
        Review: "review", "Waiting for approval";
        Published: "published", "Put in force";
        Discarded: "discarded", "Given up";
    }
}

impl DraftStatus {
    /// The draft may be written in.
    pub const fn edit(self) -> Result<Self, Error> {
        match self {
            Self::Editing => Ok(self),
            Self::Review => Err(refused(self, "changed", "; take it back from approval first")),
            Self::Published | Self::Discarded => Err(refused(self, "changed", "; begin another draft")),
        }
    }

    pub const fn submit(self) -> Result<Self, Error> {
        match self {
            Self::Editing => Ok(Self::Review),
            other => Err(refused(other, "sent for approval", "")),
        }
    }

    /// Back to its writers: withdrawn by them, or refused by an approver.
    pub const fn give_back(self) -> Result<Self, Error> {
        match self {
            Self::Review => Ok(Self::Editing),
            other => Err(refused(other, "taken back", "; only a draft that waits for approval can be")),
        }
    }

    pub const fn publish(self) -> Result<Self, Error> {
        match self {
            Self::Review => Ok(Self::Published),
            other => Err(refused(other, "put in force", "; send it for approval first")),
        }
    }

    pub const fn discard(self) -> Result<Self, Error> {
        match self {
            Self::Editing | Self::Review => Ok(Self::Discarded),
            other => Err(refused(other, "given up", "")),
        }
    }
}

const fn refused(from: DraftStatus, to: &'static str, hint: &'static str) -> Error {
    Error::NotAllowed { what: "the draft", from: from.label(), to, hint }
}

/// Whose word a draft needs, and who may give it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Votes {
    /// The roles that the plan in force names, each with those who can speak for it.
    pub seats: BTreeMap<RoleKey, BTreeSet<UserId>>,
    /// Everybody who wrote in the draft.
    pub writers: BTreeSet<UserId>,
    /// The roles whose word it has.
    pub given: BTreeSet<RoleKey>,
}

impl Votes {
    /// Who can speak for a role: nobody for what they wrote themselves while somebody else can.
    pub fn speakers(&self, role: &RoleKey) -> BTreeSet<UserId> {
        let all = self.seats.get(role).cloned().unwrap_or_default();
        let others: BTreeSet<UserId> = all.difference(&self.writers).copied().collect();
        if others.is_empty() { all } else { others }
    }

    /// The roles still to be heard.
    pub fn missing(&self) -> impl Iterator<Item = &RoleKey> {
        self.seats.keys().filter(|role| !self.given.contains(*role))
    }

    /// The roles for which this person can speak now.
    pub fn open_to(&self, person: UserId) -> Vec<RoleKey> {
        self.missing().filter(|role| self.speakers(role).contains(&person)).cloned().collect()
    }

    /// Every role has given its word.
    pub fn complete(&self) -> bool {
        self.missing().next().is_none()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{DraftStatus, Votes};
    use crate::UserId;

    fn people(numbers: &[i64]) -> BTreeSet<UserId> {
        numbers.iter().map(|number| UserId::try_from(*number).unwrap()).collect()
    }

    #[test]
    fn nobody_approves_their_own_while_somebody_else_can() {
        let sponsor: super::RoleKey = "executive_sponsor".parse().unwrap();
        let mut votes = Votes { writers: people(&[1]), ..Votes::default() };
        votes.seats.insert(sponsor.clone(), people(&[1, 2]));
        assert_eq!(votes.speakers(&sponsor), people(&[2]));
        assert!(votes.open_to(UserId::try_from(1).unwrap()).is_empty());
        votes.seats.insert(sponsor.clone(), people(&[1]));
        assert_eq!(votes.open_to(UserId::try_from(1).unwrap()), [sponsor.clone()]);
        assert!(!votes.complete());
        votes.given.insert(sponsor);
        assert!(votes.complete());
        assert!(votes.open_to(UserId::try_from(1).unwrap()).is_empty());
    }

    #[test]
    fn a_draft_is_written_approved_and_then_stands() {
        let review = DraftStatus::Editing.edit().unwrap().submit().unwrap();
        assert!(review.edit().is_err() && review.submit().is_err());
        assert_eq!(review.give_back().unwrap(), DraftStatus::Editing);
        let published = review.publish().unwrap();
        assert!(published.edit().is_err() && published.discard().is_err() && published.give_back().is_err());
        assert!(DraftStatus::Editing.publish().is_err());
    }
}

//! Acts that need somebody's word, and how that word is asked for, given and used. A word is given for
//! one act and counts once: a second statement to the press is asked for anew.

use crate::plan::{ApprovalRule, RoleKey};
use crate::words::words;
use crate::{Error, Result, Text, UserId};

words! {
    /// What a plan may put under approval.
    pub enum ActKind, "act that may need approval" {
        RansomPayment: "ransom_payment", "Payment to an extortionist";
        PublicStatement: "public_statement", "Public statement";
        SystemShutdown: "system_shutdown", "Shutdown of a service or network";
        ExternalNotification: "external_notification", "Notification to an authority or a partner";
        Closing: "closing", "Closing the incident";
    }
}

words! {
    pub enum ApprovalStatus, "status of an approval" {
        Asked: "asked", "Asked for";
        Given: "given", "Given";
        Refused: "refused", "Refused";
        /// No longer asked for, or the word was taken back before it was used.
        Withdrawn: "withdrawn", "Withdrawn";
        /// The act was done on this word.
        Used: "used", "Used";
    }
}

impl ApprovalStatus {
    /// Somebody else than whoever asked gives their word.
    pub fn give(self, asked_by: UserId, by: UserId) -> Result<Self> {
        self.answer(Self::Given, asked_by, by)
    }

    /// Somebody else than whoever asked says no, and why.
    pub fn refuse(self, asked_by: UserId, by: UserId, _reason: &Text) -> Result<Self> {
        self.answer(Self::Refused, asked_by, by)
    }

    fn answer(self, to: Self, asked_by: UserId, by: UserId) -> Result<Self> {
        match self {
            Self::Asked if asked_by == by => Err(Error::OwnApproval { what: "word" }),
            Self::Asked => Ok(to),
            _ => Err(self.refuse_move(to, "; ask anew")),
        }
    }

    pub fn withdraw(self) -> Result<Self> {
        match self {
            Self::Asked | Self::Given => Ok(Self::Withdrawn),
            _ => Err(self.refuse_move(Self::Withdrawn, "")),
        }
    }

    pub fn use_up(self) -> Result<Self> {
        match self {
            Self::Given => Ok(Self::Used),
            _ => Err(self.refuse_move(Self::Used, ": it is not given")),
        }
    }

    fn refuse_move(self, to: Self, hint: &'static str) -> Error {
        Error::NotAllowed { what: "the approval", from: self.label(), to: to.label(), hint }
    }
}

/// Which of the given words cover an act, one for each role that the rule names; or the role whose word
/// is missing. `given` are the approvals of this act that are given and not used yet, by their role.
pub fn gate<'a, T: Copy>(rule: &'a ApprovalRule, given: &[(&RoleKey, T)]) -> Result<Vec<T>, &'a RoleKey> {
    rule.roles
        .iter()
        .map(|role| given.iter().find(|(by, _)| *by == role).map(|(_, id)| *id).ok_or(role))
        .collect()
}

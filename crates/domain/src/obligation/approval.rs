//! Who may let a notice go, and who may decide that none is owed: never a person who wrote it or asked for it.

use crate::words::words;
use crate::{Error, UserId};

words! {
    /// How far a notice has come.
    pub enum NoticeState, "state of a notice" {
        /// Its text still follows the fact sheet.
        Draft: "draft", "Draft";
        /// Its text stands still and waits for an approver.
        InApproval: "in_approval", "Waiting for approval";
        Approved: "approved", "Approved, not sent";
        Sent: "sent", "Sent";
    }
}

words! {
    /// What is done with a notice.
    pub enum NoticeVerb, "act on a notice" {
        Route: "route", "Send for approval";
        Approve: "approve", "Approve";
        /// Back to being a draft.
        Return: "return", "Give back";
        Send: "send", "Record as sent";
    }
}

impl NoticeState {
    /// The state after `verb`. `by` acts; `authors` began it and sent it for approval.
    ///
    /// # Errors
    /// When the verb does not follow this state, or somebody would approve their own notice.
    pub fn after(
        self,
        verb: NoticeVerb,
        by: Option<UserId>,
        authors: &[Option<UserId>],
    ) -> Result<Self, Error> {
        use {NoticeState as S, NoticeVerb as V};
        match (self, verb) {
            (S::Draft, V::Route) => Ok(S::InApproval),
            (S::InApproval, V::Approve) if by.is_none() || authors.contains(&by) => {
                Err(Error::OwnApproval { what: "notice" })
            }
            (S::InApproval, V::Approve) => Ok(S::Approved),
            (S::InApproval | S::Approved, V::Return) => Ok(S::Draft),
            (S::Approved, V::Send) => Ok(S::Sent),
            (from, verb) => {
                let (to, hint) = match verb {
                    V::Route => ("in approval", "; only a draft is sent for approval"),
                    V::Approve => ("approved", "; send it for approval first"),
                    V::Return => {
                        ("a draft again", "; only what waits for approval or is approved can be given back")
                    }
                    V::Send => ("sent", "; have it approved first"),
                };
                Err(Error::NotAllowed { what: "the notice", from: from.label(), to, hint })
            }
        }
    }
}

words! {
    /// How far the decision has come that a duty does not have to be met.
    pub enum WaiverState, "state of a decision not to notify" {
        Proposed: "proposed", "Waiting for approval";
        Approved: "approved", "Approved";
        Rejected: "rejected", "Rejected";
        /// New facts, or second thoughts, ended it.
        Withdrawn: "withdrawn", "Withdrawn";
    }
}

words! {
    pub enum WaiverVerb, "act on a decision not to notify" {
        Approve: "approve", "Approve";
        Reject: "reject", "Reject";
        Withdraw: "withdraw", "Withdraw";
    }
}

impl WaiverState {
    /// # Errors
    /// When the verb does not follow this state, or somebody would approve their own proposal.
    pub fn after(self, verb: WaiverVerb, by: Option<UserId>, proposed_by: UserId) -> Result<Self, Error> {
        use {WaiverState as S, WaiverVerb as V};
        match (self, verb) {
            (S::Proposed, V::Approve) if by.is_none() || by == Some(proposed_by) => {
                Err(Error::OwnApproval { what: "decision" })
            }
            (S::Proposed, V::Approve) => Ok(S::Approved),
            (S::Proposed, V::Reject) => Ok(S::Rejected),
            (S::Proposed | S::Approved, V::Withdraw) => Ok(S::Withdrawn),
            (from, verb) => Err(Error::NotAllowed {
                what: "the decision",
                from: from.label(),
                to: match verb {
                    V::Approve => "approved",
                    V::Reject => "rejected",
                    V::Withdraw => "withdrawn",
                },
                hint: "; propose it anew",
            }),
        }
    }
}

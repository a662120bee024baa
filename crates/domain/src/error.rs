//! The one error of this crate: why a value was refused, or why a move is not allowed. Every message
//! is a sentence that a person at a form can act on.

use jiff::Timestamp;
use thiserror::Error;

use crate::IncidentId;
use crate::evidence::CustodyAct;
use crate::severity::SeverityFacts;

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    #[error("{value:?} is not a known {what}; use one of: {allowed}")]
    UnknownWord { what: &'static str, value: String, allowed: String },

    #[error("{value:?} is not {what}; write it like {example}")]
    Malformed { what: &'static str, value: String, example: &'static str },

    #[error("{value:?} is no answer to \"{fact}\"; write {example}, or leave it out while it is unknown")]
    NoAnswer { fact: String, value: String, example: String },

    #[error("there is no fact {0}; the facts are in content/obligations/facts.yaml")]
    NoSuchFact(String),

    #[error("the contract with {partner} cannot be used: {why}")]
    Contract { partner: String, why: String },

    #[error("whoever asks for a {what} cannot approve it; ask somebody else")]
    OwnApproval { what: &'static str },

    #[error("{what} must not be blank")]
    Blank { what: &'static str },

    #[error("{what} may have at most {limit} characters, this has {length}")]
    TooLong { what: &'static str, limit: usize, length: usize },

    #[error("{field:?} cannot hold {value:?}; write {example}")]
    FieldRefused { field: String, value: String, example: String },

    #[error(
        "a field that is one of a list has at least two choices, each once, and no other field has any; this is {kind:?}"
    )]
    Choices { kind: &'static str },

    #[error("there may be at most {limit} {what}, these are {count}")]
    TooMany { what: &'static str, limit: usize, count: usize },

    #[error("{what} must be one line without control characters")]
    NotOneLine { what: &'static str },

    #[error("{verb} needs a reason")]
    ReasonNeeded { verb: &'static str },

    #[error("{what} is {from}; it cannot become {to}{hint}")]
    NotAllowed { what: &'static str, from: &'static str, to: &'static str, hint: &'static str },

    #[error("the alert is part of an incident already; leave it out, or take it out of that incident first")]
    InAnIncident,

    #[error("the {what} is {value} already")]
    NothingChanges { what: &'static str, value: &'static str },

    #[error("the incident is closed; reopen it first")]
    IncidentClosed,

    #[error("the incident is not closed; there is nothing to reopen")]
    NotClosed,

    #[error("an incident is closed by giving its outcome, root cause and lessons, not by a move")]
    ClosingNeeded,

    #[error("{parent} is {child} or lies below it, so it cannot be its parent")]
    Circle { child: IncidentId, parent: IncidentId },

    #[error("this person commands the incident already")]
    AlreadyCommander,

    #[error("only whoever is asked answers for themselves; you are not asked for this place")]
    NotAsked,

    #[error("a chain of custody begins with collecting the item")]
    CustodyNotBegun,

    #[error("this act of custody at {at} lies before the one at {since}; a chain is written in order")]
    CustodyOutOfOrder { at: Timestamp, since: Timestamp },

    #[error("say who receives the item when it is {0}")]
    ReceiverNeeded(CustodyAct),

    #[error("nobody receives the item when it is {0}; leave the receiver out")]
    NoReceiver(CustodyAct),

    #[error("only {0}, to whom it is offered, can accept or refuse the item; an offer can be withdrawn")]
    NotTheReceiver(String),

    #[error("an item is destroyed by two people: somebody else than who proposed it has to approve")]
    SecondPersonNeeded,

    #[error("the item is under legal hold; the hold has to be lifted first")]
    UnderHold,

    #[error("the stored {what} is inconsistent: {why}")]
    Inconsistent { what: &'static str, why: &'static str },

    #[error("the severity matrix has no answer for {0}; add a rule that covers it")]
    MatrixNotTotal(SeverityFacts),

    #[error("rule {number} of the severity matrix can never decide: the rules before it answer every case")]
    MatrixRuleDead { number: usize },
}

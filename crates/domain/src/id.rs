//! The names of records: a short prefix and a number, as people say them to each other on a call
//! ("INC-7"). A record's number is positive; where it comes from is the store's business.

use std::fmt;
use std::str::FromStr;

use crate::Error;
use crate::words::as_text;

/// The number behind `PREFIX-`, if `text` is exactly that: digits only, no sign, no leading zero, above 0.
fn number_after(prefix: &str, text: &str) -> Option<i64> {
    let (head, digits) = text.split_once('-')?;
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    if !plain || !head.eq_ignore_ascii_case(prefix) {
        return None;
    }
    digits.parse().ok()
}

macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident = $prefix:literal, $what:literal, $example:literal;)+) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(i64);

        impl $name {
            pub const PREFIX: &'static str = $prefix;

            /// The positive number, as the store keeps it.
            pub const fn get(self) -> i64 {
                self.0
            }
        }

        impl TryFrom<i64> for $name {
            type Error = Error;

            fn try_from(number: i64) -> Result<Self, Error> {
                if number > 0 {
                    Ok(Self(number))
                } else {
                    Err(Error::Malformed { what: $what, value: number.to_string(), example: $example })
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "-{}"), self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = Error;

            /// `PREFIX-number`; the prefix in either case.
            fn from_str(text: &str) -> Result<Self, Error> {
                number_after($prefix, text).map(Self).ok_or_else(|| Error::Malformed {
                    what: $what,
                    value: text.to_owned(),
                    example: $example,
                })
            }
        }

        as_text!($name);
    )+};
}

ids! {
    IncidentId = "INC", "an incident's number", "INC-1";
    /// A suppression or an exception.
    SuppressionId = "SUP", "a suppression's number", "SUP-1";
    /// A setting of how a rule's detections are grouped.
    GroupingId = "GRP", "a grouping's number", "GRP-1";
    /// A setting of how risk is reckoned.
    RiskSettingId = "RSK", "a risk setting's number", "RSK-1";
    /// How two incidents are to each other.
    LinkId = "LNK", "a link's number", "LNK-1";
    /// That one incident was merged into another.
    MergeId = "MRG", "a merge's number", "MRG-1";
    AlertId = "ALR", "an alert's number", "ALR-1";
    EvidenceId = "EVD", "an evidence item's number", "EVD-1";
    PlaybookId = "PBK", "a playbook's number", "PBK-1";
    /// One execution of a playbook on an incident.
    RunId = "RUN", "a run's number", "RUN-1";
    TaskId = "TSK", "a task's number", "TSK-1";
    /// A line on the timeline.
    EntryId = "ENT", "a timeline entry's number", "ENT-1";
    /// A line of the chat in an incident's room.
    ChatLineId = "CHT", "a chat line's number", "CHT-1";
    ObservableId = "OBS", "an observable's number", "OBS-1";
    AssetId = "AST", "an asset's number", "AST-1";
    DecisionId = "DEC", "a decision's number", "DEC-1";
    EventId = "EVT", "an event's number", "EVT-1";
    /// A legal hold.
    HoldId = "HLD", "a legal hold's number", "HLD-1";
    /// The key with which a person signs acts of custody.
    SigningKeyId = "SIG", "a signing key's number", "SIG-1";
    UserId = "USR", "a user's number", "USR-1";
    ApiKeyId = "KEY", "an API key's number", "KEY-1";
    /// One delivery of telemetry: a file, or a request's body.
    IntakeId = "INT", "an intake's number", "INT-1";
    /// Where telemetry comes from, again and again.
    SourceId = "SRC", "a source's number", "SRC-1";
    /// A place in an incident's response that a role has to fill.
    MusterId = "MUS", "a place's number", "MUS-1";
    /// A task that somebody saved for others to use.
    SavedTaskId = "LIB", "a saved task's number", "LIB-1";
    /// A record of data and people concerned.
    AffectedId = "DAT", "a data record's number", "DAT-1";
    EffortId = "EFF", "an effort's number", "EFF-1";
    CostId = "CST", "a cost's number", "CST-1";
    ApprovalId = "APR", "an approval's number", "APR-1";
    /// A time that is owed in an incident.
    ClockId = "CLK", "a clock's number", "CLK-1";
    /// A field that the organisation gave its incidents.
    FieldId = "FLD", "a field's number", "FLD-1";
    /// A status of the organisation's own.
    StatusId = "STS", "a status's number", "STS-1";
    PlanVersionId = "PLAN", "a plan version's number", "PLAN-1";
    /// A version of the plan that is being written.
    PlanDraftId = "DRF", "a draft's number", "DRF-1";
}

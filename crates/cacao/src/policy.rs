//! Watchbell's own extension: what CACAO has no words for and a responder needs. A step says who does it, how often it
//! is tried, who approves it, whether it may be done twice, and which step undoes it; a playbook says how far it may
//! reach. Written under one identifier in `step_extensions` and `playbook_extensions`, as §8 wants it.

use serde::{Deserialize, Serialize};

use crate::{Playbook, Step};

/// The identifier of the extension's definition.
pub const EXTENSION: &str = "extension-definition--5b1f3c0e-6c8e-4d7a-9f52-7a2c1f0b9e41";

/// What a step adds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepPolicy {
    /// Which role of the plan does it, where a person does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
    /// Whether doing it twice is the same as doing it once. Then a step that may have happened is done again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotent: Option<bool>,
    /// The action step that undoes this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback: Option<String>,
    /// The phase of the incident that the step belongs to, in the plan's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// Whether a step of containment stops the harm or holds for as long as the cause is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
    /// Within which time it is done, such as `4h`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_within: Option<String>,
    /// What to keep of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<String>,
    /// The roles that must know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tell: Vec<String>,
}

/// How long a containment is meant to hold (NIST SP 800-61r2 §3.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Span {
    Short,
    Long,
}

/// How often a failed command is tried, and how long is waited in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// How often it is tried in all.
    pub attempts: u32,
    /// Milliseconds before the second attempt.
    #[serde(default = "one_second")]
    pub backoff: u64,
    /// By how much each wait is longer than the one before.
    #[serde(default = "twice")]
    pub factor: u32,
}

/// Who must say yes before the step acts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    pub role: String,
    /// How many of them.
    #[serde(default = "one")]
    pub quorum: u32,
    /// Milliseconds after which no answer is a no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<u64>,
    /// Roles that speak in its place; the plan's alternates of the role where none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delegates: Vec<String>,
}

/// What a playbook adds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlaybookPolicy {
    /// How many targets one run may act on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_targets: Option<u32>,
    /// How often the body of a while-condition may run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_iterations: Option<u32>,
}

const fn one_second() -> u64 {
    1000
}

const fn twice() -> u32 {
    2
}

const fn one() -> u32 {
    1
}

/// The longest wait between two attempts, in milliseconds: an hour.
const LONGEST_WAIT: u64 = 3_600_000;

impl Retry {
    /// Milliseconds to wait after this attempt, the first being 1.
    pub fn wait(&self, attempt: u32) -> u64 {
        let factor = u64::from(self.factor.max(1));
        let grown = (1..attempt).fold(self.backoff, |wait, _| wait.saturating_mul(factor).min(LONGEST_WAIT));
        grown.min(LONGEST_WAIT)
    }
}

impl Step {
    /// What Watchbell's extension says about the step; nothing where it says nothing.
    ///
    /// # Errors
    /// Where the extension's properties are not as it defines them.
    pub fn policy(&self) -> Result<StepPolicy, String> {
        read(self.step_extensions.as_ref().and_then(|all| all.get(EXTENSION)))
    }
}

impl Playbook {
    /// What Watchbell's extension says about the playbook.
    ///
    /// # Errors
    /// Where the extension's properties are not as it defines them.
    pub fn policy(&self) -> Result<PlaybookPolicy, String> {
        read(self.playbook_extensions.as_ref().and_then(|all| all.get(EXTENSION)))
    }
}

fn read<T: Default + for<'de> Deserialize<'de>>(value: Option<&serde_json::Value>) -> Result<T, String> {
    match value {
        Some(value) => T::deserialize(value).map_err(|fault| fault.to_string()),
        None => Ok(T::default()),
    }
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn waits_grow_and_stay_below_an_hour() {
        let retry = Retry { attempts: 40, backoff: 1000, factor: 2 };
        assert_eq!([1, 2, 3].map(|attempt| retry.wait(attempt)), [1000, 2000, 4000]);
        assert_eq!(retry.wait(40), LONGEST_WAIT);
        assert_eq!(Retry { attempts: 2, backoff: u64::MAX, factor: 0 }.wait(1), LONGEST_WAIT);
    }
}

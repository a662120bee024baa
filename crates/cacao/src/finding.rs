//! What a check found: where, how bad, and in a sentence.

use serde::Serialize;

/// How much a finding hinders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing hangs on it.
    Note,
    /// The playbook can be run, and something in it is not as the specification wants it.
    Warning,
    /// The playbook is refused.
    Error,
}

impl Severity {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One thing that a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub severity: Severity,
    /// What kind of finding it is, in words joined by hyphens.
    pub rule: &'static str,
    /// Where: a JSON pointer (RFC 6901) into the document; empty for the whole.
    pub pointer: String,
    /// What is wrong and what to do.
    pub sentence: String,
}

impl Finding {
    pub(crate) fn error(rule: &'static str, pointer: impl Into<String>, sentence: impl Into<String>) -> Self {
        Self { severity: Severity::Error, rule, pointer: pointer.into(), sentence: sentence.into() }
    }

    pub(crate) fn warning(
        rule: &'static str,
        pointer: impl Into<String>,
        sentence: impl Into<String>,
    ) -> Self {
        Self { severity: Severity::Warning, rule, pointer: pointer.into(), sentence: sentence.into() }
    }

    pub(crate) fn note(rule: &'static str, pointer: impl Into<String>, sentence: impl Into<String>) -> Self {
        Self { severity: Severity::Note, rule, pointer: pointer.into(), sentence: sentence.into() }
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let place = if self.pointer.is_empty() { "/" } else { &self.pointer };
        write!(formatter, "{} {place}: {} [{}]", self.severity.word(), self.sentence, self.rule)
    }
}

/// Whether these findings refuse the playbook.
pub fn refuses(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.severity == Severity::Error)
}

/// A pointer one step deeper.
pub(crate) fn deeper(pointer: &str, part: &str) -> String {
    format!("{pointer}/{}", part.replace('~', "~0").replace('/', "~1"))
}

//! What cannot be read or done at all.

/// Why a text is no playbook, or cannot be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CacaoError {
    /// More text than a playbook may have.
    #[error(
        "A playbook may have {most} bytes, and this has {found}. Split it and use playbook-action steps."
    )]
    TooLarge { most: usize, found: usize },
    /// Not JSON, or JSON that says the same twice.
    #[error("Line {line}, column {column}: {reason}")]
    NotJson { line: usize, column: usize, reason: String },
    /// JSON, but no object.
    #[error("A playbook is a JSON object, and this is {found}.")]
    NotAnObject { found: &'static str },
    /// JSON whose numbers RFC 8785 cannot write.
    #[error("The document cannot be brought into its canonical form (RFC 8785): {0}")]
    NotCanonical(String),
    /// The key does not sign.
    #[error("The key cannot sign: {0}")]
    Key(&'static str),
}

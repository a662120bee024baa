//! Why something could not be shown, each reason with what to do instead.

use std::io;

pub type Result<T> = std::result::Result<T, Error>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bytes could not be read: the store's fault, not theirs.
    #[error("the bytes cannot be read: {0}")]
    Read(#[from] io::Error),
    /// They are no such thing, or are cut off or damaged.
    #[error("This is no {what} that can be read: {why}. Look at it as hexadecimal digits instead.")]
    Damaged { what: &'static str, why: String },
    /// More of something than is looked at.
    #[error("{what} has at most {limit} here, and this has more. {instead}")]
    TooMuch { what: &'static str, limit: String, instead: &'static str },
    #[error("There is no member number {0} in this archive.")]
    NoSuchMember(usize),
    /// A member that is not taken out.
    #[error("{name:?} is not taken out: {why}.")]
    Refused { name: String, why: &'static str },
}

impl Error {
    pub(crate) fn damaged(what: &'static str, why: impl Into<String>) -> Self {
        Error::Damaged { what, why: why.into() }
    }
}

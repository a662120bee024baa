//! What can go wrong in this crate, each as a sentence for the person who has to act on it.
//!
//! A bundle that fails verification is not an [`Error`]: that is a finding, and it is reported
//! in the verdict. An `Error` means that the question could not be answered at all.

use std::io;

/// The result of everything in this crate that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// Why something in this crate could not be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    #[error(
        "`{value}` cannot be a leaf's {field}: use 1 to 96 ASCII letters, digits and `-._:@`, beginning with a letter or digit"
    )]
    LeafField { field: &'static str, value: String },
    #[error("a record's versions begin at 1; this leaf of {record} says {version}")]
    LeafVersion { record: String, version: u64 },
    #[error("this is not a ledger leaf: {0}")]
    LeafSyntax(String),
    #[error(
        "this leaf is not written in its one canonical form (fixed order of members, no blanks); it was changed or made by something else"
    )]
    LeafNotCanonical,

    #[error("`{0}` is not a SHA-256 in 64 lower-case hexadecimal digits")]
    DigestSyntax(String),
    #[error("a hash has 32 bytes; this one has {0}")]
    HashLength(usize),

    #[error("the stored head of the ledger is damaged: {0}; rebuild it from the stored hashes")]
    FrontierDamaged(String),
    #[error("the ledger cannot hold more than {max} leaves; {size} were asked for")]
    TooLarge { size: u64, max: u64 },

    #[error("leaf {index} is not in a tree of {size} leaves; ask for a tree that is newer than the leaf")]
    NotInTree { index: u64, size: u64 },
    #[error("there is no proof from a tree of {old} leaves to one of {new}; the older one comes first")]
    WrongOrder { old: u64, new: u64 },
    #[error("the stored hash {0} is needed for this proof and was not fetched")]
    MissingHash(u64),
    #[error("leaf {index} is not proven to stand in the tree of {size} leaves")]
    NotIncluded { index: u64, size: u64 },
    #[error(
        "the tree of {new} leaves is not proven to continue the one of {old}; the ledger may have been rewritten"
    )]
    NotConsistent { old: u64, new: u64 },

    #[error(
        "`{0}` cannot be the origin of a ledger: use 1 to 128 printable characters without blanks or `+`, such as `ir.example.org/ledger`"
    )]
    Origin(String),
    #[error("the ledger's signing key cannot be read: {0}")]
    SigningKey(&'static str),
    #[error("`{key}` is not a verifier key (NAME+ID+KEY): {why}")]
    VerifyingKey { key: String, why: &'static str },
    #[error("the system gave no randomness to make a key from: {0}")]
    Randomness(String),

    #[error("this is not a signed checkpoint: {0}")]
    CheckpointSyntax(&'static str),
    #[error("this is the checkpoint of `{found}`, but the key belongs to `{wanted}`")]
    WrongOrigin { found: String, wanted: String },
    #[error("the note is not signed by the key of `{0}`, or it was changed after signing")]
    Signature(String),
    #[error("the note could not be signed: {0}")]
    Signing(String),

    #[error("nothing may be called `{path}` in a bundle: {why}")]
    BundlePath { path: String, why: &'static str },
    #[error("the bundle cannot be written so: {0}")]
    BundleInput(String),
    #[error("the bundle could not be packed: {0}")]
    Zip(#[from] zip::result::ZipError),
    #[error("reading or writing failed: {0}")]
    Io(#[from] io::Error),
}

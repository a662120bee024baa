//! The manifest: what is in the bundle, each file with its SHA-256, and the note that signs it.
//!
//! A file that is itself evidence is *vouched for*: the manifest names a record, its version and
//! a JSON Pointer (RFC 6901), and the body of that record holds the file's SHA-256 there.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::FORMAT;
use crate::checkpoint::{open_note, sign_note};
use crate::{Digest, RecordVersion, Result, SigningKey, VerifyingKey};

/// `manifest.json`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    pub format: String,
    /// The incident's id.
    pub incident: String,
    pub made_at: Timestamp,
    /// The ledger's name.
    pub origin: String,
    /// The size of the tree whose checkpoint this is.
    pub size: u64,
    /// How many leaves (so: record versions) the bundle holds.
    pub leaves: u64,
    /// Every other file, in the order of the zip.
    pub files: Vec<FileEntry>,
}

/// One file of the bundle.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileEntry {
    pub path: String,
    pub sha256: Digest,
    /// In bytes.
    pub size: u64,
    pub what: What,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vouched_by: Option<Vouch>,
}

/// What a file in a bundle is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum What {
    /// The signed head of the ledger.
    Checkpoint,
    /// The ledger's public key.
    Key,
    /// The leaves with their proofs.
    Leaves,
    /// The body of one record at one version.
    Record,
    /// An evidence item's blob.
    Evidence,
    /// An event as it was received, byte for byte.
    Event,
    /// For people; nothing vouches for it but the manifest's signature.
    Attachment,
}

/// Which record holds the SHA-256 of a file, and where in its body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vouch {
    /// Such as `EVD-3`.
    pub record: String,
    /// The version of the record whose body is meant.
    pub version: u64,
    /// RFC 6901, such as `/sha256` or `/events/4/raw_sha256`.
    pub pointer: String,
}

impl Vouch {
    pub(super) fn of(&self) -> RecordVersion {
        RecordVersion { record: self.record.clone(), version: self.version }
    }

    /// Whether this body says, where it should, that the file's SHA-256 is this one.
    pub(super) fn agrees(&self, body: &serde_json::Value, sha256: Digest) -> bool {
        body.pointer(&self.pointer).and_then(|v| v.as_str()) == Some(&sha256.to_string())
    }
}

/// Its first line differs from every checkpoint's, so that neither passes for the other.
fn signed_text(manifest: &[u8], origin: &str) -> String {
    let sha256 = Digest::of(manifest);
    format!("{FORMAT} of {origin}\nmanifest.json sha256 {sha256}\n")
}

/// Signs the bytes of a manifest.
pub(super) fn sign(manifest: &[u8], key: &SigningKey) -> Result<String> {
    sign_note(signed_text(manifest, key.origin()).as_bytes(), key)
}

/// Whether `note` is the signature of these bytes by this key.
pub(super) fn is_signed(manifest: &[u8], note: &[u8], key: &VerifyingKey) -> bool {
    open_note(note, key).is_ok_and(|text| text == signed_text(manifest, key.origin()).as_bytes())
}

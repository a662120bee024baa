//! Checkpoints: the signed head of the log at some size (C2SP tlog-checkpoint in a C2SP
//! signed note), and signing and opening of notes for the bundle's manifest.
//!
//! When checkpoints are made, and where they are published, is decided elsewhere.

use signed_note::{Note, VerifierList};

use crate::tree::check_size;
use crate::{Error, Frontier, Hash, Result, SigningKey, VerifyingKey};

/// No honest note of ours comes near this many bytes, even with a hundred witnesses.
pub(crate) const MAX_NOTE: usize = 64 * 1024;

/// The head of a ledger at some size.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    origin: String,
    size: u64,
    root: Hash,
}

impl Checkpoint {
    /// The head of the ledger called `origin`, to be signed.
    ///
    /// # Errors
    /// If the frontier is damaged.
    pub fn of(origin: &str, frontier: &Frontier) -> Result<Self> {
        Self::new(origin, frontier.size(), frontier.root()?)
    }

    /// The head with these parts.
    ///
    /// # Errors
    /// If the size is more than a ledger can have, or the origin is empty.
    pub fn new(origin: &str, size: u64, root: Hash) -> Result<Self> {
        check_size(size)?;
        let origin = origin.to_owned();
        if origin.is_empty() {
            return Err(Error::Origin(origin));
        }
        Ok(Self { origin, size, root })
    }

    /// The ledger's name.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// How many leaves the ledger had.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root of its tree.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.root
    }

    /// Signs it: the text of a C2SP signed note, to be kept and published as it is.
    ///
    /// # Errors
    /// If the key is another ledger's.
    pub fn sign(&self, key: &SigningKey) -> Result<String> {
        if key.origin() != self.origin {
            return Err(Error::WrongOrigin { found: self.origin.clone(), wanted: key.origin().to_owned() });
        }
        let text = tlog_tiles::Checkpoint::new(&self.origin, self.size, self.root, "")
            .map_err(|_| Error::CheckpointSyntax("its parts cannot be written as one"))?;
        sign_note(&text.to_bytes(), key)
    }

    /// Opens a signed checkpoint: checks the signature and that it is this ledger's.
    /// Signatures of others on the same note (witnesses) are passed over.
    ///
    /// # Errors
    /// If it is malformed, of another ledger, or not signed by `key`.
    pub fn open(note: &[u8], key: &VerifyingKey) -> Result<Self> {
        let text = open_note(note, key)?;
        let parsed = tlog_tiles::Checkpoint::from_bytes(&text)
            .map_err(|_| Error::CheckpointSyntax("it needs lines with an origin, a size and a root"))?;
        if parsed.origin() != key.origin() {
            return Err(Error::WrongOrigin {
                found: parsed.origin().to_owned(),
                wanted: key.origin().to_owned(),
            });
        }
        Self::new(parsed.origin(), parsed.size(), *parsed.hash())
    }
}

/// Signs a text that ends with a newline.
pub(crate) fn sign_note(text: &[u8], key: &SigningKey) -> Result<String> {
    let signing = |e: signed_note::NoteError| Error::Signing(e.to_string());
    let mut note = Note::new(text, &[]).map_err(signing)?;
    note.add_sigs(&[key]).map_err(signing)?;
    String::from_utf8(note.to_bytes()).map_err(|e| Error::Signing(e.to_string()))
}

/// Checks the signature of `key` and returns the text.
pub(crate) fn open_note(note: &[u8], key: &VerifyingKey) -> Result<Vec<u8>> {
    if note.len() > MAX_NOTE {
        return Err(Error::CheckpointSyntax("it is too long"));
    }
    let parsed = Note::from_bytes(note)
        .map_err(|_| Error::CheckpointSyntax("it needs a text, an empty line and lines with signatures"))?;
    let known = VerifierList::new(vec![Box::new(key.clone())]);
    parsed.verify(&known).map_err(|_| Error::Signature(key.origin().to_owned()))?;
    Ok(parsed.text().to_vec())
}

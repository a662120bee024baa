//! The seal: a SHA-256 over every byte of the bundle's file, kept as its last 64 characters.
//!
//! A zip has bytes that readers ignore (times, flags, gaps). The seal makes a change of any of
//! them visible. It is no signature: whoever packs the file anew can seal it anew, but then meets
//! the signed manifest inside. `head -c -64 bundle.zip | sha256sum` computes it by hand.

use std::io::{self, Read, Seek, SeekFrom, Write};

use sha2::{Digest as _, Sha256};

use super::FORMAT;
use crate::Digest;

const HASH: usize = 64;
/// The zip's end record, before its comment.
const END_RECORD: usize = 22;
const END_MAGIC: &[u8] = b"PK\x05\x06";

/// The zip's comment with room for the hash.
pub(super) fn placeholder() -> String {
    format!("{}{}", label(), "0".repeat(HASH))
}

fn label() -> String {
    format!("{FORMAT} sha256 of every byte before this hash: ")
}

/// Passes everything on, hashes it, and holds back the last 64 bytes to put the hash there.
pub(super) struct SealWriter<W: Write> {
    inner: W,
    hasher: Sha256,
    held: Vec<u8>,
}

impl<W: Write> SealWriter<W> {
    pub fn new(inner: W) -> Self {
        Self { inner, hasher: Sha256::new(), held: Vec::new() }
    }

    /// Writes the hash in place of the 64 characters held back, and gives the inner writer back.
    pub fn seal(mut self) -> io::Result<W> {
        let hash = Digest::from_hasher(self.hasher).to_string();
        self.inner.write_all(hash.as_bytes())?;
        self.inner.flush()?;
        Ok(self.inner)
    }
}

impl<W: Write> Write for SealWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.held.extend_from_slice(bytes);
        let ready = self.held.len().saturating_sub(HASH);
        let rest = self.held.split_off(ready);
        self.inner.write_all(&self.held)?;
        self.hasher.update(&self.held);
        self.held = rest;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// What a look at the seal showed.
pub(super) enum Seal {
    Whole,
    /// There is a seal, and the file is not the one that was sealed.
    Broken,
    /// The file does not end as a bundle does.
    Missing,
}

/// Reads the whole file once. Leaves the reader at its beginning.
pub(super) fn check<R: Read + Seek>(reader: &mut R) -> io::Result<Seal> {
    let size = reader.seek(SeekFrom::End(0))?;
    reader.rewind()?;
    let label = label();
    let tail_size = END_RECORD + label.len() + HASH;
    let (Ok(hash_size), Ok(tail_offset)) =
        (u64::try_from(HASH), u64::try_from(tail_size).map(|tail| size.checked_sub(tail)))
    else {
        return Ok(Seal::Missing);
    };
    let Some(tail_offset) = tail_offset else {
        return Ok(Seal::Missing);
    };

    let mut hasher = Sha256::new();
    let mut sealed = reader.by_ref().take(size - hash_size);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let count = match sealed.read(&mut buffer) {
            Ok(count) => count,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(e),
        };
        let Some(bytes @ [_, ..]) = buffer.get(..count) else {
            break;
        };
        hasher.update(bytes);
    }

    reader.seek(SeekFrom::Start(tail_offset))?;
    let mut tail = Vec::new();
    reader.by_ref().take(1024).read_to_end(&mut tail)?;
    reader.rewind()?;

    let found = tail
        .split_at_checked(END_RECORD)
        .filter(|(end, _)| end.starts_with(END_MAGIC))
        .and_then(|(_, comment)| comment.strip_prefix(label.as_bytes()));
    Ok(match found {
        None => Seal::Missing,
        Some(hash) if hash == Digest::from_hasher(hasher).to_string().as_bytes() => Seal::Whole,
        Some(_) => Seal::Broken,
    })
}

//! Making a bundle: records, proofs, evidence and attachments into one sealed, signed zip.
//!
//! Everything is checked as it comes in, so that a bundle that was finished also verifies. Files
//! are streamed; bodies of records stay in memory until the end, because files are held against
//! them. Writing needs no seeking: a bundle can go straight into a network connection.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read, Write};

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

use super::leaves::Line;
use super::manifest::{self, FileEntry, Manifest, Vouch, What};
use super::paths::{body_path, check_path};
use super::seal::{self, SealWriter};
use super::{CHECKPOINT, FORMAT, KEY, LEAVES, MANIFEST, MANIFEST_SIGNATURE, README};
use crate::{Checkpoint, Digest, Error, Hash, Leaf, RecordVersion, Result, SigningKey};

/// A zip of 4 GiB needs longer numbers, announced before the first byte of a file.
const LARGE: u64 = 0xffff_0000;

/// Writes one bundle. Add the records first, then the files that they vouch for.
pub struct BundleWriter<'k, W: Write> {
    zip: ZipWriter<StreamWriter<SealWriter<W>>>,
    key: &'k SigningKey,
    incident: String,
    made_at: Timestamp,
    checkpoint: Checkpoint,
    files: Vec<FileEntry>,
    names: BTreeSet<String>,
    leaves: BTreeMap<u64, Line>,
    bodies: BTreeMap<RecordVersion, Vec<u8>>,
}

impl<'k, W: Write> BundleWriter<'k, W> {
    /// Begins a bundle about `incident` as of a checkpoint that `key` has signed.
    ///
    /// # Errors
    /// If the checkpoint is not signed by the key, or writing fails.
    pub fn new(
        out: W,
        incident: &str,
        made_at: Timestamp,
        checkpoint_note: &str,
        key: &'k SigningKey,
    ) -> Result<Self> {
        let checkpoint = Checkpoint::open(checkpoint_note.as_bytes(), key.verifying_key())?;
        let mut writer = Self {
            zip: ZipWriter::new_stream(SealWriter::new(out)),
            key,
            incident: RecordVersion::new(incident, 1)?.record,
            made_at,
            checkpoint,
            files: Vec::new(),
            names: BTreeSet::new(),
            leaves: BTreeMap::new(),
            bodies: BTreeMap::new(),
        };
        let public = key.verifying_key();
        writer.put(README, What::Attachment, readme(public.origin(), &public.fingerprint()).as_bytes())?;
        writer.put(KEY, What::Key, format!("{public}\n").as_bytes())?;
        writer.put(CHECKPOINT, What::Checkpoint, checkpoint_note.as_bytes())?;
        Ok(writer)
    }

    /// The checkpoint whose tree the proofs must be of.
    #[must_use]
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Adds one version of one record: its leaf, the leaf's place in the log, the proof that it
    /// stands there at the checkpoint's size, and the body. All versions of a record from 1 on
    /// must be added before [`BundleWriter::finish`], in any order.
    ///
    /// # Errors
    /// If the body is not the leaf's, the proof does not hold, or the version was added before.
    pub fn add_record(&mut self, index: u64, leaf: &Leaf, proof: &[Hash], body: &[u8]) -> Result<()> {
        let of = leaf.record_version();
        let wrong = |why: &str| Err(Error::BundleInput(format!("leaf {index} ({of}): {why}")));
        if leaf.body_sha256() != Digest::of(body) {
            return wrong("the body is not the one that the leaf commits to");
        }
        let line = Line::new(index, leaf, proof);
        if let Err(why) = line.check_proof(self.checkpoint.size(), self.checkpoint.root()) {
            return wrong(&why);
        }
        if self.bodies.contains_key(of) || self.leaves.contains_key(&index) {
            return wrong("it was added before");
        }
        self.put(&body_path(of), What::Record, body)?;
        self.leaves.insert(index, line);
        self.bodies.insert(of.clone(), body.to_vec());
        Ok(())
    }

    /// Adds a file that a record vouches for: an evidence item's blob or a raw event, of `size`
    /// bytes. The usual paths are `evidence/EVD-3.bin` and `events/EVT-9.bin`.
    ///
    /// # Errors
    /// If the record was not added, or holds another SHA-256 at that place, or the content has
    /// another size. The bundle is spoiled then: make it anew.
    pub fn add_file(
        &mut self,
        path: &str,
        what: What,
        vouch: &Vouch,
        size: u64,
        content: impl Read,
    ) -> Result<()> {
        let of = vouch.of();
        let wrong = |why: &str| Error::BundleInput(format!("{of}: {path}: {why}"));
        if what != What::Evidence && what != What::Event {
            return Err(wrong("only evidence and events are vouched for by a record"));
        }
        let body = self
            .bodies
            .get(&of)
            .ok_or_else(|| wrong("add the record before the file that it vouches for"))?;
        let body: serde_json::Value = serde_json::from_slice(body)
            .map_err(|e| wrong(&format!("the record's body is not JSON: {e}")))?;
        let sha256 = self.stream(path, what, Some(vouch.clone()), size, content)?;
        if vouch.agrees(&body, sha256) {
            return Ok(());
        }
        Err(wrong(&format!("the record does not hold this file's SHA-256 ({sha256}) at {}", vouch.pointer)))
    }

    /// Adds something for people to read, such as `report.pdf`. No record vouches for it; the
    /// manifest's signature covers it.
    ///
    /// # Errors
    /// If the path is not plain or already taken, or writing fails.
    pub fn attach(&mut self, path: &str, content: &[u8]) -> Result<()> {
        let top = path.split('/').next().unwrap_or_default();
        if ["records", "evidence", "events"].contains(&top) {
            return Err(Error::BundlePath {
                path: path.to_owned(),
                why: "this folder is for what records vouch for",
            });
        }
        self.put(path, What::Attachment, content)
    }

    /// Writes leaves and manifest, signs, seals, and gives the writer back.
    ///
    /// # Errors
    /// If a record lacks a version, or writing fails.
    pub fn finish(mut self) -> Result<W> {
        let mut versions: BTreeMap<&str, u64> = BTreeMap::new();
        for of in self.bodies.keys() {
            let last = versions.entry(&of.record).or_default();
            *last += 1;
            if of.version != *last {
                return Err(Error::BundleInput(format!(
                    "{} version {last} was not added, but a later one was",
                    of.record
                )));
            }
        }

        let mut lines = Vec::new();
        for line in self.leaves.values() {
            serde_json::to_writer(&mut lines, line).map_err(io::Error::from)?;
            lines.push(b'\n');
        }
        let leaves = u64::try_from(self.leaves.len()).unwrap_or(u64::MAX);
        self.put(LEAVES, What::Leaves, &lines)?;

        let manifest = Manifest {
            format: FORMAT.to_owned(),
            incident: self.incident.clone(),
            made_at: self.made_at,
            origin: self.checkpoint.origin().to_owned(),
            size: self.checkpoint.size(),
            leaves,
            files: std::mem::take(&mut self.files),
        };
        let mut manifest = serde_json::to_vec_pretty(&manifest).map_err(io::Error::from)?;
        manifest.push(b'\n');
        let signature = manifest::sign(&manifest, self.key)?;
        self.put(MANIFEST, What::Attachment, &manifest)?;
        self.put(MANIFEST_SIGNATURE, What::Attachment, signature.as_bytes())?;

        self.zip.set_comment(seal::placeholder())?;
        Ok(self.zip.finish()?.into_inner().seal()?)
    }

    fn put(&mut self, path: &str, what: What, content: &[u8]) -> Result<()> {
        let size = u64::try_from(content.len()).unwrap_or(u64::MAX);
        self.stream(path, what, None, size, content)?;
        Ok(())
    }

    fn stream(
        &mut self,
        path: &str,
        what: What,
        vouched_by: Option<Vouch>,
        size: u64,
        mut content: impl Read,
    ) -> Result<Digest> {
        check_path(path)?;
        if !self.names.insert(path.to_ascii_lowercase()) {
            return Err(Error::BundlePath {
                path: path.to_owned(),
                why: "there is a file of this name already",
            });
        }
        // What a damaged byte should be traced through is stored as it is; blobs are packed.
        let method = match what {
            What::Evidence | What::Event => CompressionMethod::Deflated,
            _ => CompressionMethod::Stored,
        };
        // The time is left at the zip format's zero, and so the same input gives the same file.
        let options = SimpleFileOptions::default()
            .compression_method(method)
            .unix_permissions(0o644)
            .large_file(size >= LARGE);
        self.zip.start_file(path, options)?;
        let mut tee = HashingReader::new(&mut content);
        io::copy(&mut tee, &mut self.zip)?;
        let (sha256, seen) = tee.finish();
        if seen != size {
            return Err(Error::BundleInput(format!("{path}: {size} bytes were announced and {seen} came")));
        }
        self.files.push(FileEntry { path: path.to_owned(), sha256, size, what, vouched_by });
        Ok(sha256)
    }
}

struct HashingReader<R> {
    inner: R,
    hasher: Sha256,
    seen: u64,
}

impl<R: Read> HashingReader<R> {
    fn new(inner: R) -> Self {
        Self { inner, hasher: Sha256::new(), seen: 0 }
    }

    fn finish(self) -> (Digest, u64) {
        (Digest::from_hasher(self.hasher), self.seen)
    }
}

impl<R: Read> Read for HashingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.hasher.update(buffer.get(..count).unwrap_or_default());
        self.seen = self.seen.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        Ok(count)
    }
}

fn readme(origin: &str, fingerprint: &str) -> String {
    format!(
        "This is a Watchbell bundle: the records of one incident, with proof that they stand\n\
         unchanged in the ledger {origin}.\n\
         \n\
         To verify it, without a network and without trusting whoever gave it to you:\n\
         \n\
         \x20   watchbell verify BUNDLE.zip --key KEY\n\
         \n\
         KEY is the ledger's public key as the organisation published it. Without --key the\n\
         key in this bundle is used; then compare its fingerprint with the published one:\n\
         \n\
         \x20   {fingerprint}\n\
         \n\
         What is here:\n\
         \x20   manifest.json, manifest.sig  every file with its SHA-256, and the signature\n\
         \x20   checkpoint.txt, key.txt      the signed head of the ledger, and its public key\n\
         \x20   leaves.jsonl                 what the ledger commits to, with inclusion proofs\n\
         \x20   records/ID/VERSION.json      each record at each version\n\
         \x20   evidence/, events/           files and raw events that records vouch for\n\
         \n\
         The whole file by hand:  head -c -64 BUNDLE.zip | sha256sum\n\
         gives the last 64 characters of the file (tail -c 64 BUNDLE.zip).\n\
         Do not unpack and pack it again: that breaks this seal.\n"
    )
}

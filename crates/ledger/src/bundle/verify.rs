//! Verifying a bundle, offline and from the bundle alone.
//!
//! Whatever is wrong with the bundle becomes a [`super::Problem`]; an [`crate::Error`] means that
//! the file itself could not be read. Checks go on after a problem wherever that still says
//! something, so that the record that was touched is named.

use std::collections::{BTreeMap, HashMap};
use std::io::{Read, Seek};

use super::archive::{Archive, Streamed};
use super::manifest::{self, Manifest};
use super::paths::body_at;
use super::seal::{self, Seal};
use super::verdict::{Signed, Verdict};
use super::{CHECKPOINT, FORMAT, KEY, LEAVES, MANIFEST, MANIFEST_SIGNATURE};
use crate::checkpoint::MAX_NOTE;
use crate::{Checkpoint, RecordVersion, Result, VerifyingKey};

/// What a bundle may cost to verify. Hostile ones are refused before the work is done.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Files in the zip.
    pub files: usize,
    /// Bytes that all files together unpack to.
    pub unpacked: u64,
    /// Bytes of `manifest.json`.
    pub manifest: usize,
    /// Bytes of `leaves.jsonl`.
    pub leaves: usize,
    /// Bytes of one record's body that vouches for files.
    pub body: usize,
}

impl Default for Limits {
    /// 200,000 files, 256 GiB, 128 MiB of manifest, 512 MiB of leaves, 32 MiB for a body.
    fn default() -> Self {
        Self { files: 200_000, unpacked: 256 << 30, manifest: 128 << 20, leaves: 512 << 20, body: 32 << 20 }
    }
}

/// Verifies a bundle against the key that the reader trusts, or, without one, against the key in
/// the bundle (see [`Signed::ByBundledKey`]).
///
/// The file is read twice: once for the seal, once for its content.
///
/// # Errors
/// If the file cannot be read. A file that is no bundle gives a verdict that says so.
pub fn verify<R: Read + Seek>(reader: R, trusted: Option<&VerifyingKey>) -> Result<Verdict> {
    verify_within(reader, trusted, &Limits::default())
}

/// As [`verify`], with limits of one's own.
///
/// # Errors
/// As [`verify`].
pub fn verify_within<R: Read + Seek>(
    mut reader: R,
    trusted: Option<&VerifyingKey>,
    limits: &Limits,
) -> Result<Verdict> {
    let mut verdict = Verdict::nothing_known();
    match seal::check(&mut reader)? {
        Seal::Whole => {}
        Seal::Broken => verdict.bundle_problem(
            "the bundle itself is damaged: it is not, byte for byte, the file that was written",
        ),
        Seal::Missing => verdict.bundle_problem(
            "the bundle itself is damaged: its seal is missing; it was cut, lengthened or packed again",
        ),
    }
    match Archive::open(reader, limits) {
        Err(problems) => {
            for why in problems {
                verdict.bundle_problem(format!("the bundle itself is damaged: {why}"));
            }
        }
        Ok(archive) => {
            return Ok(Verifier { archive, limits, verdict, read: BTreeMap::new(), leaves: BTreeMap::new() }
                .run(trusted));
        }
    }
    Ok(verdict)
}

/// A verification under way. What it checks of the records is in [`super::history`], of the
/// files in [`super::files`], and of what people signed in [`super::people`].
pub(super) struct Verifier<'l, R> {
    pub archive: Archive<R>,
    pub limits: &'l Limits,
    pub verdict: Verdict,
    /// What each file in the zip really holds.
    pub read: BTreeMap<String, Streamed>,
    /// The index of the leaf that speaks for each record version, and whether it is proven and
    /// has its body.
    pub leaves: BTreeMap<RecordVersion, (u64, bool)>,
}

impl<R: Read + Seek> Verifier<'_, R> {
    fn run(mut self, trusted: Option<&VerifyingKey>) -> Verdict {
        let key = self.key(trusted);
        let checkpoint = key.as_ref().and_then(|key| {
            let signed = match trusted {
                Some(_) => Signed::ByTrustedKey,
                None => Signed::ByBundledKey,
            };
            self.checkpoint(key, signed)
        });
        let manifest = self.manifest(key.as_ref(), checkpoint.as_ref());
        self.read_everything(manifest.as_ref());
        let leaves = self.check_leaves(checkpoint.as_ref());
        self.check_histories();
        self.check_bodies_have_leaves();
        self.check_people();
        if let Some(manifest) = manifest {
            if manifest.leaves != leaves {
                self.verdict.file_problem(
                    LEAVES,
                    format!("it has {leaves} leaves; the manifest says {}", manifest.leaves),
                );
            }
            self.check_files(manifest);
        }
        self.verdict
    }

    /// The key to check against: the trusted one, or else the bundle's own.
    fn key(&mut self, trusted: Option<&VerifyingKey>) -> Option<VerifyingKey> {
        let bundled = self.archive.read(KEY, MAX_NOTE).and_then(|bytes| {
            let text = String::from_utf8_lossy(&bytes);
            let line = text.strip_suffix('\n').unwrap_or(&text);
            line.parse::<VerifyingKey>().map_err(|e| e.to_string())
        });
        if let Err(why) = &bundled {
            self.verdict.file_problem(KEY, why);
        }
        let bundled = bundled.ok();
        if let (Some(trusted), Some(bundled)) = (trusted, &bundled)
            && trusted != bundled
        {
            self.verdict.file_problem(
                KEY,
                format!(
                    "this is the key of {} with fingerprint {}, not the trusted one",
                    bundled.origin(),
                    bundled.fingerprint()
                ),
            );
        }
        let key = trusted.cloned().or(bundled)?;
        self.verdict.origin = Some(key.origin().to_owned());
        self.verdict.fingerprint = Some(key.fingerprint());
        Some(key)
    }

    fn checkpoint(&mut self, key: &VerifyingKey, signed: Signed) -> Option<Checkpoint> {
        let opened = self
            .archive
            .read(CHECKPOINT, MAX_NOTE)
            .and_then(|note| Checkpoint::open(&note, key).map_err(|e| e.to_string()));
        match opened {
            Ok(checkpoint) => {
                self.verdict.signed = signed;
                self.verdict.size = Some(checkpoint.size());
                Some(checkpoint)
            }
            Err(why) => {
                self.verdict.file_problem(CHECKPOINT, format!("{why}; so no leaf can be proven"));
                None
            }
        }
    }

    fn manifest(&mut self, key: Option<&VerifyingKey>, checkpoint: Option<&Checkpoint>) -> Option<Manifest> {
        let bytes = match self.archive.read(MANIFEST, self.limits.manifest) {
            Ok(bytes) => bytes,
            Err(why) => {
                self.verdict.file_problem(MANIFEST, why);
                return None;
            }
        };
        match self.archive.read(MANIFEST_SIGNATURE, MAX_NOTE) {
            Err(why) => self.verdict.file_problem(MANIFEST_SIGNATURE, why),
            Ok(note) => {
                if !key.is_some_and(|key| manifest::is_signed(&bytes, &note, key)) {
                    self.verdict.file_problem(
                        MANIFEST,
                        "manifest.sig is not the ledger key's signature of it; one of them was changed",
                    );
                }
            }
        }
        let manifest: Manifest = match serde_json::from_slice(&bytes) {
            Ok(manifest) => manifest,
            Err(e) => {
                self.verdict.file_problem(MANIFEST, format!("it cannot be read: {e}"));
                return None;
            }
        };
        if manifest.format != FORMAT {
            self.verdict.file_problem(MANIFEST, format!("the format is not {FORMAT}"));
            return None;
        }
        if let Some(checkpoint) = checkpoint
            && (manifest.size != checkpoint.size() || manifest.origin != checkpoint.origin())
        {
            self.verdict.file_problem(MANIFEST, "it speaks of another checkpoint");
        }
        self.verdict.incident = Some(manifest.incident.clone());
        self.verdict.made_at = Some(manifest.made_at);
        Some(manifest)
    }

    /// Hashes every file in the zip and reports those that cannot be read to their end.
    fn read_everything(&mut self, manifest: Option<&Manifest>) {
        let vouched: HashMap<&str, RecordVersion> = manifest
            .iter()
            .flat_map(|manifest| &manifest.files)
            .filter_map(|file| Some((file.path.as_str(), file.vouched_by.as_ref()?.of())))
            .collect();
        for name in self.archive.names() {
            let Some(streamed) = self.archive.stream(&name, |_| {}) else {
                continue;
            };
            if let Some(why) = &streamed.damage {
                let of = body_at(&name).or_else(|| vouched.get(name.as_str()).cloned());
                match of {
                    Some(of) => self.verdict.record_problem(
                        &of,
                        Some(&name),
                        format!("the file {name} is damaged: {why}"),
                    ),
                    None => self.verdict.file_problem(&name, format!("it is damaged: {why}")),
                }
            }
            self.read.insert(name, streamed);
        }
    }
}

//! Verifying a bundle, offline and from the bundle alone.
//!
//! Whatever is wrong with the bundle becomes a [`super::Problem`]; an [`crate::Error`] means that
//! the file itself could not be read. Checks go on after a problem wherever that still says
//! something, so that the record that was touched is named.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{Read, Seek};

use super::archive::{Archive, Streamed};
use super::leaves::Line;
use super::manifest::{self, FileEntry, Manifest, What};
use super::paths::{body_at, body_path, check_path};
use super::seal::{self, Seal};
use super::verdict::{FileCheck, RecordCheck, Signed, Verdict};
use super::{CHECKPOINT, FORMAT, KEY, LEAVES, MANIFEST, MANIFEST_SIGNATURE};
use crate::checkpoint::MAX_NOTE;
use crate::{Checkpoint, Leaf, RecordVersion, Result, VerifyingKey};

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

struct Verifier<'l, R> {
    archive: Archive<R>,
    limits: &'l Limits,
    verdict: Verdict,
    /// What each file in the zip really holds.
    read: BTreeMap<String, Streamed>,
    /// The index of the leaf that speaks for each record version, and whether it is proven and
    /// has its body.
    leaves: BTreeMap<RecordVersion, (u64, bool)>,
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

    /// Checks every line of `leaves.jsonl` and returns how many there are.
    fn check_leaves(&mut self, checkpoint: Option<&Checkpoint>) -> u64 {
        let bytes = match self.archive.read(LEAVES, self.limits.leaves) {
            Ok(bytes) => bytes,
            Err(why) => {
                self.verdict.file_problem(LEAVES, why);
                return 0;
            }
        };
        let mut indexes: BTreeMap<u64, RecordVersion> = BTreeMap::new();
        let mut count = 0;
        let lines = bytes.split(|byte| *byte == b'\n');
        // A leaf has a body, so there are never more good lines than files.
        for line in lines.filter(|line| !line.is_empty()).take(self.limits.files) {
            count += 1;
            match serde_json::from_slice::<Line>(line) {
                Ok(line) => self.check_leaf(&line, checkpoint, &mut indexes),
                Err(e) => self
                    .verdict
                    .file_problem(LEAVES, format!("line {count} is not a leaf with its proof: {e}")),
            }
        }
        self.verdict.records.sort_by_key(|record| record.index);
        count
    }

    fn check_leaf(
        &mut self,
        line: &Line,
        checkpoint: Option<&Checkpoint>,
        indexes: &mut BTreeMap<u64, RecordVersion>,
    ) {
        let subject = line.subject();
        let problems = self.verdict.problem_count;
        let mut wrong = |why: &str| {
            self.verdict.add(line.of(), Some(LEAVES), format!("{subject}: {why}"));
        };
        if let Some(checkpoint) = checkpoint
            && let Err(why) = line.check_proof(checkpoint.size(), checkpoint.root())
        {
            wrong(&why);
        }
        let leaf = match line.open() {
            Ok(leaf) => leaf,
            Err(why) => return wrong(&why),
        };
        let of = leaf.record_version();
        if let Some(other) = indexes.insert(line.index, of.clone()) {
            wrong(&format!("another leaf, of {other}, claims the same place"));
        }
        if let Some((other, _)) = self.leaves.get(of) {
            wrong(&format!("leaf {other} is for the same version"));
        }
        self.check_body(&leaf, line.index);
        let ok = checkpoint.is_some() && self.verdict.problem_count == problems;
        self.leaves.insert(of.clone(), (line.index, ok));
        self.verdict.records.push(RecordCheck {
            record: leaf.record().to_owned(),
            version: leaf.version(),
            index: line.index,
            at: leaf.at(),
            actor: leaf.actor().to_owned(),
            act: leaf.act().to_owned(),
            ok,
        });
    }

    fn check_body(&mut self, leaf: &Leaf, index: u64) {
        let of = leaf.record_version();
        let path = body_path(of);
        let why = match self.read.get(&path) {
            None => format!("its body {path} is missing"),
            Some(body) if body.sha256 != leaf.body_sha256() => {
                format!("the body {path} is not the one that leaf {index} commits to")
            }
            Some(_) => return,
        };
        self.verdict.record_problem(of, Some(&path), why);
    }

    /// Every record's versions run from 1 without gaps, in the order of the ledger.
    fn check_histories(&mut self) {
        let mut before: Option<(&RecordVersion, u64)> = None;
        let mut found = Vec::new();
        for (of, (index, _)) in &self.leaves {
            let earlier = before.filter(|(earlier, _)| earlier.record == of.record);
            let expected = earlier.map_or(1, |(earlier, _)| earlier.version.saturating_add(1));
            if of.version > expected {
                let missing = RecordVersion { record: of.record.clone(), version: expected };
                let why = if of.version - expected == 1 {
                    "this version is missing".to_owned()
                } else {
                    format!("the versions up to {} are missing", of.version - 1)
                };
                found.push((missing, why));
            }
            if let Some((_, earlier_index)) = earlier
                && *index < earlier_index
            {
                let why =
                    format!("its leaf {index} stands before leaf {earlier_index} of an earlier version");
                found.push((of.clone(), why));
            }
            before = Some((of, *index));
        }
        for (of, why) in found {
            self.verdict.record_problem(&of, None, why);
        }
    }

    fn check_bodies_have_leaves(&mut self) {
        for name in self.archive.names() {
            match body_at(&name) {
                Some(of) if !self.leaves.contains_key(&of) => self.verdict.record_problem(
                    &of,
                    Some(&name),
                    format!("no good leaf in the bundle speaks for the body {name}"),
                ),
                None if name.starts_with("records/") => {
                    self.verdict.file_problem(&name, "it is not the body of a record");
                }
                _ => {}
            }
        }
    }

    fn check_files(&mut self, manifest: Manifest) {
        let mut listed: BTreeSet<String> = [MANIFEST.to_owned(), MANIFEST_SIGNATURE.to_owned()].into();
        let mut bodies = Bodies::default();
        for file in manifest.files {
            let problems = self.verdict.problem_count;
            if !listed.insert(file.path.clone()) {
                self.verdict
                    .file_problem(&shortened(&file.path), "the manifest lists it twice, or lists itself");
            }
            self.check_file(&file, &mut bodies);
            self.verdict.files.push(FileCheck {
                ok: self.verdict.problem_count == problems,
                vouched_by: file.vouched_by.as_ref().map(manifest::Vouch::of),
                path: file.path,
                what: file.what,
                size: file.size,
                sha256: file.sha256,
            });
        }
        for name in self.archive.names() {
            if !listed.contains(&name) {
                self.verdict.file_problem(&name, "the manifest does not list it; it was added");
            }
        }
    }

    fn check_file(&mut self, file: &FileEntry, bodies: &mut Bodies) {
        let path = &file.path;
        if let Err(e) = check_path(path) {
            return self.verdict.file_problem(MANIFEST, e);
        }
        let of = body_at(path).or_else(|| file.vouched_by.as_ref().map(manifest::Vouch::of));
        let Some(read) = self.read.get(path) else {
            return self.verdict.add(
                of.clone(),
                Some(path),
                match of {
                    Some(of) => format!("{of}: the file {path} is missing"),
                    None => format!("{path}: it is missing"),
                },
            );
        };
        let actual = read.sha256;
        if actual != file.sha256 || read.size != file.size {
            self.verdict.add(
                of.clone(),
                Some(path),
                match of {
                    Some(of) => format!("{of}: the file {path} is not the one that the manifest lists"),
                    None => format!("{path}: it is not the file that the manifest lists"),
                },
            );
        }
        let top = path.split('/').next().unwrap_or_default();
        let at_home = match file.what {
            What::Record => body_at(path).is_some(),
            What::Leaves => path == LEAVES,
            What::Checkpoint => path == CHECKPOINT,
            What::Key => path == KEY,
            What::Evidence | What::Event => file.vouched_by.is_some(),
            What::Attachment => !["records", "evidence", "events"].contains(&top),
        };
        if !at_home {
            self.verdict.file_problem(path, "it is not what the manifest says, or no record vouches for it");
        }
        let Some(vouch) = &file.vouched_by else {
            return;
        };
        let of = vouch.of();
        match self.leaves.get(&of) {
            None => self.verdict.record_problem(
                &of,
                Some(path),
                format!("it should vouch for {path}, and has no good leaf in the bundle"),
            ),
            Some((_, false)) => self.verdict.record_problem(
                &of,
                Some(path),
                format!("it should vouch for {path}, and does not stand itself"),
            ),
            Some((_, true)) => {}
        }
        let body = bodies.get(&of, &mut self.archive, self.limits.body);
        if !body.is_some_and(|body| vouch.agrees(body, actual)) {
            self.verdict.record_problem(
                &of,
                Some(path),
                format!("the file {path} is not the one that the record vouches for"),
            );
        }
    }
}

/// The body read last: files of one record follow each other, and one body may vouch for
/// thousands of them.
#[derive(Default)]
struct Bodies(Option<(RecordVersion, Option<serde_json::Value>)>);

impl Bodies {
    fn get<R: Read + Seek>(
        &mut self,
        of: &RecordVersion,
        archive: &mut Archive<R>,
        limit: usize,
    ) -> Option<&serde_json::Value> {
        if self.0.as_ref().is_none_or(|(last, _)| last != of) {
            let body = archive
                .read(&body_path(of), limit)
                .ok()
                .and_then(|bytes| serde_json::from_slice(&bytes).ok());
            self.0 = Some((of.clone(), body));
        }
        self.0.as_ref()?.1.as_ref()
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(240).collect()
}

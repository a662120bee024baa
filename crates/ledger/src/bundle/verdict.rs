//! What the verification of a bundle found, for people and for programs.

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;

use super::What;
use crate::{Digest, RecordVersion};

/// No more problems than these are listed.
const MAX_PROBLEMS: usize = 1000;

/// What the verification of a bundle found.
#[derive(Clone, Debug, Serialize)]
pub struct Verdict {
    /// The incident that the bundle is about, if the manifest could be read.
    pub incident: Option<String>,
    /// When the bundle was made, by its own word.
    pub made_at: Option<Timestamp>,
    /// The name of the ledger.
    pub origin: Option<String>,
    /// The fingerprint of the key that everything was checked against.
    pub fingerprint: Option<String>,
    /// Who signed the checkpoint.
    pub signed: Signed,
    /// How many leaves the ledger had at that checkpoint.
    pub size: Option<u64>,
    /// Every record version in the bundle, in the order of the ledger.
    pub records: Vec<RecordCheck>,
    /// Every file that the manifest lists.
    pub files: Vec<FileCheck>,
    /// The acts in the chains of custody of its evidence.
    pub acts: Acts,
    /// What is wrong; empty if the bundle stands. At most a thousand are listed.
    pub problems: Vec<Problem>,
    /// How many things are wrong, listed or not.
    pub problem_count: u64,
}

/// How many acts of custody there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Acts {
    /// Signed by whoever did them, with a key that the ledger holds for them.
    pub signed: u64,
    /// Without a signature: what Watchbell collected by itself, and what nobody has confirmed.
    pub unsigned: u64,
}

/// By whom the checkpoint is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Signed {
    /// By the key that the verifier brought along.
    ByTrustedKey,
    /// By the key in the bundle: worth as much as the reader's comparison of its fingerprint.
    ByBundledKey,
    /// By neither.
    No,
}

/// One version of one record.
#[derive(Clone, Debug, Serialize)]
pub struct RecordCheck {
    /// Such as `INC-1`.
    pub record: String,
    /// From 1.
    pub version: u64,
    /// The leaf's place in the ledger.
    pub index: u64,
    /// When it was changed, as the leaf says.
    pub at: Timestamp,
    /// Who changed it.
    pub actor: String,
    /// What was done.
    pub act: String,
    /// Whether the leaf is proven and the body is the one that it commits to.
    pub ok: bool,
}

/// One file that the manifest lists.
#[derive(Clone, Debug, Serialize)]
pub struct FileCheck {
    /// Where in the bundle.
    pub path: String,
    /// What it is said to be.
    pub what: What,
    /// In bytes, as the manifest says.
    pub size: u64,
    /// As the manifest says.
    pub sha256: Digest,
    /// The record that holds this SHA-256. Without one, only the manifest's signature speaks for
    /// the file.
    pub vouched_by: Option<RecordVersion>,
    /// Whether it is there, unchanged, and its record agrees.
    pub ok: bool,
}

/// One thing that is wrong with a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The record version concerned, where there is one.
    pub of: Option<RecordVersion>,
    /// The file concerned, where there is one.
    pub path: Option<String>,
    /// A sentence that names both.
    pub text: String,
}

impl Verdict {
    /// Whether everything in the bundle stands unchanged in the ledger of the key checked
    /// against. With [`Signed::ByBundledKey`], compare the fingerprint before believing it.
    #[must_use]
    pub fn ok(&self) -> bool {
        self.problem_count == 0 && self.signed != Signed::No
    }

    /// Files for which no record vouches, such as a report made for reading.
    pub fn unvouched(&self) -> impl Iterator<Item = &FileCheck> {
        self.files.iter().filter(|file| file.what == What::Attachment && file.vouched_by.is_none())
    }

    fn unlisted(&self) -> Option<u64> {
        let listed = u64::try_from(self.problems.len()).ok()?;
        self.problem_count.checked_sub(listed)
    }

    pub(super) fn nothing_known() -> Self {
        Self {
            incident: None,
            made_at: None,
            origin: None,
            fingerprint: None,
            signed: Signed::No,
            size: None,
            records: Vec::new(),
            files: Vec::new(),
            acts: Acts::default(),
            problems: Vec::new(),
            problem_count: 0,
        }
    }

    pub(super) fn bundle_problem(&mut self, text: impl Into<String>) {
        self.add(None, None, text.into());
    }

    pub(super) fn file_problem(&mut self, path: &str, why: impl fmt::Display) {
        self.add(None, Some(path), format!("{path}: {why}"));
    }

    pub(super) fn record_problem(&mut self, of: &RecordVersion, path: Option<&str>, why: impl fmt::Display) {
        self.add(Some(of.clone()), path, format!("{of}: {why}"));
    }

    pub(super) fn add(&mut self, of: Option<RecordVersion>, path: Option<&str>, text: String) {
        let problem = Problem { of, path: path.map(str::to_owned), text };
        self.problem_count += 1;
        // A hostile bundle can have a million faults.
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(problem);
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for Verdict {
    /// A few lines for the terminal: what it is, whether it stands, and if not, why.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unknown = "unknown".to_owned();
        let incident = self.incident.as_ref().unwrap_or(&unknown);
        let origin = self.origin.as_ref().unwrap_or(&unknown);
        writeln!(f, "Bundle of {incident} from the ledger {origin}")?;
        if let Some(at) = self.made_at {
            writeln!(f, "  made at {at}")?;
        }
        if let Some(size) = self.size {
            writeln!(f, "  checkpoint of {size} leaves")?;
        }
        writeln!(f, "  {} record versions, {} files", self.records.len(), self.files.len())?;
        if self.acts != Acts::default() {
            let all = self.acts.signed + self.acts.unsigned;
            writeln!(f, "  {all} acts of custody, {} signed by the person who did them", self.acts.signed)?;
        }
        let fingerprint = self.fingerprint.as_ref().unwrap_or(&unknown);
        match self.signed {
            Signed::ByTrustedKey => writeln!(f, "  signed by the trusted key {fingerprint}")?,
            Signed::ByBundledKey => writeln!(
                f,
                "  signed by the key in the bundle; compare its fingerprint with the one that the organisation published:\n    {fingerprint}"
            )?,
            Signed::No => writeln!(f, "  not signed by the key {fingerprint}")?,
        }
        for file in self.unvouched() {
            writeln!(f, "  for reading only, no record vouches for it: {}", file.path)?;
        }
        if self.ok() {
            return writeln!(f, "Everything in it stands unchanged in the ledger.");
        }
        writeln!(f, "NOT VERIFIED:")?;
        for problem in &self.problems {
            writeln!(f, "  - {problem}")?;
        }
        if let Some(more) = self.unlisted().filter(|more| *more > 0) {
            writeln!(f, "  - and {more} more")?;
        }
        Ok(())
    }
}

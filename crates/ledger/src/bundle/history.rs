//! Verifying the records of a bundle: leaves, their proofs and bodies, and that each record's
//! versions are all there.

use std::collections::BTreeMap;
use std::io::{Read, Seek};

use super::LEAVES;
use super::leaves::Line;
use super::paths::{body_at, body_path};
use super::verdict::RecordCheck;
use super::verify::Verifier;
use crate::{Checkpoint, Leaf, RecordVersion};

impl<R: Read + Seek> Verifier<'_, R> {
    /// Checks every line of `leaves.jsonl` and returns how many there are.
    pub fn check_leaves(&mut self, checkpoint: Option<&Checkpoint>) -> u64 {
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
    pub fn check_histories(&mut self) {
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

    pub fn check_bodies_have_leaves(&mut self) {
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
}

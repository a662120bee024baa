//! Verifying the files of a bundle: those that the manifest lists and no others, unchanged, and
//! each blob the one that its record vouches for.

use std::collections::BTreeSet;
use std::io::{Read, Seek};

use super::archive::Archive;
use super::manifest::{self, FileEntry, Manifest, What};
use super::paths::{body_at, body_path, check_path};
use super::verdict::FileCheck;
use super::verify::Verifier;
use super::{CHECKPOINT, KEY, LEAVES, MANIFEST, MANIFEST_SIGNATURE};
use crate::RecordVersion;

impl<R: Read + Seek> Verifier<'_, R> {
    /// Checks the files in the zip against those that the manifest lists.
    pub fn check_files(&mut self, manifest: Manifest) {
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

//! What changed between two versions of the plan, file by file and line by line, as people read it.

use std::collections::BTreeSet;

use serde::Serialize;
use similar::{ChangeTag, TextDiff};
use utoipa::ToSchema;

use super::files::Files;

/// Lines around a change that are shown with it.
const AROUND: usize = 3;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FileDiff {
    #[schema(example = "roles.yaml")]
    pub file: String,
    pub added: usize,
    pub removed: usize,
    /// The places that changed, each with some lines around it.
    pub hunks: Vec<Vec<DiffLine>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DiffLine {
    pub what: What,
    /// Its number in the old file, if it is there.
    pub old: Option<usize>,
    /// Its number in the new file, if it is there.
    pub new: Option<usize>,
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum What {
    Same,
    Added,
    Removed,
}

/// The files that differ, in their order; none if they are the same.
pub fn between(old: &Files, new: &Files) -> Vec<FileDiff> {
    let paths: BTreeSet<&String> = old.0.keys().chain(new.0.keys()).collect();
    paths
        .into_iter()
        .filter_map(|path| {
            let (before, after) = (old.get(path).unwrap_or_default(), new.get(path).unwrap_or_default());
            (old.get(path) != new.get(path)).then(|| file(path, before, after))
        })
        .collect()
}

fn file(path: &str, before: &str, after: &str) -> FileDiff {
    let diff = TextDiff::from_lines(before, after);
    let mut told = FileDiff { file: path.to_owned(), added: 0, removed: 0, hunks: Vec::new() };
    for group in diff.grouped_ops(AROUND) {
        let mut hunk = Vec::new();
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let what = match change.tag() {
                ChangeTag::Equal => What::Same,
                ChangeTag::Insert => What::Added,
                ChangeTag::Delete => What::Removed,
            };
            told.added += usize::from(what == What::Added);
            told.removed += usize::from(what == What::Removed);
            hunk.push(DiffLine {
                what,
                old: change.old_index().map(|index| index + 1),
                new: change.new_index().map(|index| index + 1),
                text: change.value().trim_end_matches(['\n', '\r']).to_owned(),
            });
        }
        told.hunks.push(hunk);
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_line_is_one_gone_and_one_come() {
        let files = |text: &str| Files([("a.md".to_owned(), text.to_owned())].into());
        let (old, new) = (files("one\ntwo\nthree\n"), files("one\n2\nthree\nfour\n"));
        let told = between(&old, &new);
        assert_eq!((told[0].added, told[0].removed), (2, 1));
        let lines: Vec<(What, &str)> =
            told[0].hunks.concat().iter().map(|line| (line.what, line.text.clone())).map(|(what, text)| (what, text.leak() as &str)).collect();
        assert_eq!(
            lines,
            [
                (What::Same, "one"),
                (What::Removed, "two"),
                (What::Added, "2"),
                (What::Same, "three"),
                (What::Added, "four")
            ]
        );
        assert!(between(&old, &old).is_empty());
    }

    #[test]
    fn a_new_file_is_all_added() {
        let new = Files([("a.md".to_owned(), "one\n".to_owned())].into());
        assert_eq!(between(&Files::default(), &new)[0].added, 1);
    }
}

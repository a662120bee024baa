//! What differs between two folders of a plan, line by line, in the terms of the plan: which part, which item in it.

use std::collections::BTreeSet;

use super::folder::Folder;

/// How many unchanged lines stand around a change.
const AROUND: usize = 2;
/// Beyond this many pairs of lines the middle of a file counts as rewritten.
const MOST_PAIRS: usize = 4_000_000;

/// One file that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileDiff {
    pub path: String,
    pub added: usize,
    pub removed: usize,
    pub hunks: Vec<Hunk>,
}

/// Lines that belong together, and the item of the file in which they stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk {
    pub within: Option<String>,
    pub lines: Vec<Line>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    Same(String),
    Added(String),
    Removed(String),
}

/// The files that differ, by path.
pub fn folders(old: &Folder, new: &Folder) -> Vec<FileDiff> {
    let paths: BTreeSet<&String> = old.files().keys().chain(new.files().keys()).collect();
    paths
        .into_iter()
        .filter(|path| old.text(path) != new.text(path))
        .map(|path| file(path, old.text(path).unwrap_or_default(), new.text(path).unwrap_or_default()))
        .collect()
}

fn file(path: &str, old: &str, new: &str) -> FileDiff {
    let lines = lines(old, new);
    let count = |is: fn(&Line) -> bool| lines.iter().filter(|line| is(line)).count();
    FileDiff {
        path: path.to_owned(),
        added: count(|line| matches!(line, Line::Added(_))),
        removed: count(|line| matches!(line, Line::Removed(_))),
        hunks: hunks(&lines),
    }
}

/// All lines of both texts, in order.
fn lines(old: &str, new: &str) -> Vec<Line> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let rest = old.len().min(new.len()) - head;
    let tail = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    let same = |line: &&str| Line::Same((*line).to_owned());
    let mut all: Vec<Line> = old.iter().take(head).map(same).collect();
    let middle = |list: &[&str]| -> Vec<String> {
        list.iter().skip(head).take(list.len() - head - tail).map(|line| (*line).to_owned()).collect()
    };
    all.extend(between(&middle(&old), &middle(&new)));
    all.extend(old.iter().skip(old.len() - tail).map(same));
    all
}

/// The longest common subsequence of two lists of lines, and what stands around it.
fn between(old: &[String], new: &[String]) -> Vec<Line> {
    if old.len().saturating_mul(new.len()) > MOST_PAIRS {
        let removed = old.iter().cloned().map(Line::Removed);
        return removed.chain(new.iter().cloned().map(Line::Added)).collect();
    }
    let width = new.len() + 1;
    let mut common = vec![0_usize; (old.len() + 1) * width];
    let at = |common: &[usize], a: usize, b: usize| common.get(a * width + b).copied().unwrap_or(0);
    for (a, left) in old.iter().enumerate().rev() {
        for (b, right) in new.iter().enumerate().rev() {
            let longest = if left == right {
                at(&common, a + 1, b + 1) + 1
            } else {
                at(&common, a + 1, b).max(at(&common, a, b + 1))
            };
            if let Some(place) = common.get_mut(a * width + b) {
                *place = longest;
            }
        }
    }
    let (mut a, mut b, mut all) = (0, 0, Vec::new());
    loop {
        match (old.get(a), new.get(b)) {
            (Some(left), Some(right)) if left == right => {
                all.push(Line::Same(left.clone()));
                (a, b) = (a + 1, b + 1);
            }
            (Some(left), right) if right.is_none() || at(&common, a + 1, b) >= at(&common, a, b + 1) => {
                all.push(Line::Removed(left.clone()));
                a += 1;
            }
            (_, Some(right)) => {
                all.push(Line::Added(right.clone()));
                b += 1;
            }
            _ => return all,
        }
    }
}

fn hunks(lines: &[Line]) -> Vec<Hunk> {
    let near = |place: usize| {
        let from = place.saturating_sub(AROUND);
        lines.iter().skip(from).take(place - from + AROUND + 1).any(|line| !matches!(line, Line::Same(_)))
    };
    let mut hunks: Vec<Hunk> = Vec::new();
    let (mut open, mut item) = (false, None);
    for (place, line) in lines.iter().enumerate() {
        let (Line::Same(text) | Line::Added(text) | Line::Removed(text)) = line;
        if let Some(name) = item_name(text) {
            item = Some(name);
        }
        if !near(place) {
            open = false;
            continue;
        }
        if !open {
            hunks.push(Hunk { within: item.clone(), lines: Vec::new() });
            open = true;
        }
        if let Some(hunk) = hunks.last_mut() {
            hunk.lines.push(line.clone());
        }
    }
    hunks
}

/// What an item of a list in YAML, or a heading in Markdown, is called.
fn item_name(line: &str) -> Option<String> {
    let text = line.trim_start();
    if let Some(heading) = text.strip_prefix('#').filter(|_| text.len() == line.len()) {
        return heading.starts_with(['#', ' ']).then(|| heading.trim_start_matches('#').trim().to_owned());
    }
    let text = text.strip_prefix("- ")?;
    let name = ["id: ", "severity: ", "term: ", "name: "].iter().find_map(|key| text.strip_prefix(key))?;
    Some(name.trim_matches(['"', '\'']).replace('_', " "))
}

#[cfg(test)]
mod tests {
    use super::{Line, file};

    #[test]
    fn a_changed_line_stands_in_its_item_with_what_is_around() {
        let old = "- id: one\n  title: One\n- id: two\n  title: Two\n  text: A\n  role: x\n- id: three\n";
        let diff = file("roles.yaml", old, &old.replace("text: A", "text: B"));
        assert_eq!((diff.added, diff.removed, diff.hunks.len()), (1, 1, 1));
        let hunk = &diff.hunks[0];
        assert_eq!(hunk.within.as_deref(), Some("two"));
        assert!(hunk.lines.contains(&Line::Removed("  text: A".to_owned())));
        assert!(hunk.lines.contains(&Line::Added("  text: B".to_owned())));
        assert_eq!(hunk.lines.len(), 6);
    }

    #[test]
    fn old_and_new_can_be_read_back_from_any_diff() {
        let cases = [("a\nb\nc", "b\nc\nd"), ("", "a\nb"), ("a", ""), ("a\nb\na\nb", "b\na\nb\na")];
        for (old, new) in cases {
            let lines = super::lines(old, new);
            let kept = |drop: fn(&Line) -> bool| -> Vec<String> {
                lines
                    .iter()
                    .filter(|line| !drop(line))
                    .map(|(Line::Same(text) | Line::Added(text) | Line::Removed(text))| text.clone())
                    .collect()
            };
            assert_eq!(kept(|line| matches!(line, Line::Added(_))).join("\n"), old);
            assert_eq!(kept(|line| matches!(line, Line::Removed(_))).join("\n"), new);
        }
    }
}

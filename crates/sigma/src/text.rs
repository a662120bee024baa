//! Many patterns against one text: what a list of values becomes once it is compiled.

use memchr::memmem;

use crate::pattern::{Part, Pattern};

/// Matches where any of its patterns does. Text and patterns must have been folded alike. Tries one
/// pattern after the other: what is asked of every event is asked of an index instead.
pub(crate) struct TextSet {
    /// A lone `*`.
    anything: bool,
    /// Sorted.
    exact: Box<[Box<str>]>,
    prefixes: Box<[Box<str>]>,
    suffixes: Box<[Box<str>]>,
    needles: Box<[Box<str>]>,
    globs: Box<[Glob]>,
}

impl TextSet {
    pub fn new(patterns: &[Pattern]) -> TextSet {
        let mut anything = false;
        let (mut exact, mut prefixes, mut suffixes, mut needles, mut globs) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for pattern in patterns {
            match pattern.parts() {
                [] => exact.push(Box::from("")),
                [Part::Text(text)] => exact.push(Box::from(text.as_str())),
                [Part::Many] => anything = true,
                [Part::Text(text), Part::Many] => prefixes.push(Box::from(text.as_str())),
                [Part::Many, Part::Text(text)] => suffixes.push(Box::from(text.as_str())),
                [Part::Many, Part::Text(text), Part::Many] => needles.push(Box::from(text.as_str())),
                parts => globs.push(Glob::new(parts)),
            }
        }
        exact.sort_unstable();
        TextSet {
            anything,
            exact: exact.into(),
            prefixes: prefixes.into(),
            suffixes: suffixes.into(),
            needles: needles.into(),
            globs: globs.into(),
        }
    }

    pub fn matches(&self, text: &str) -> bool {
        self.anything
            || self.exact.binary_search_by(|exact| (**exact).cmp(text)).is_ok()
            || self.suffixes.iter().any(|suffix| text.ends_with(&**suffix))
            || self.prefixes.iter().any(|prefix| text.starts_with(&**prefix))
            || self.needles.iter().any(|needle| memmem::find(text.as_bytes(), needle.as_bytes()).is_some())
            || self.globs.iter().any(|glob| glob.matches(text))
    }
}

/// A pattern with wildcards within: pieces of a known number of characters, any text between them.
pub(crate) struct Glob {
    pieces: Vec<Vec<Unit>>,
    open_start: bool,
    open_end: bool,
}

enum Unit {
    Text(Box<str>),
    One,
}

impl Glob {
    pub fn new(parts: &[Part]) -> Glob {
        let mut pieces = vec![Vec::new()];
        for part in parts {
            match (part, pieces.last_mut()) {
                (Part::Many, _) => pieces.push(Vec::new()),
                (Part::Text(text), Some(piece)) => piece.push(Unit::Text(Box::from(text.as_str()))),
                (Part::One, Some(piece)) => piece.push(Unit::One),
                (_, None) => {}
            }
        }
        let open_start = matches!(parts.first(), Some(Part::Many));
        let open_end = matches!(parts.last(), Some(Part::Many));
        pieces.retain(|piece| !piece.is_empty());
        Glob { pieces, open_start, open_end }
    }

    /// The first piece where it must be, each next one at the first place it fits after that, the
    /// last one at the end: no choice is ever taken back, so the time is bounded by text times pattern.
    pub fn matches(&self, text: &str) -> bool {
        let mut middle = self.pieces.as_slice();
        let mut rest = text;
        if !self.open_start
            && let Some((first, others)) = middle.split_first()
        {
            let Some(after) = strip_start(rest, first) else { return false };
            rest = after;
            middle = others;
            if others.is_empty() && !self.open_end {
                // No `*` at all, or the pieces would be two.
                return rest.is_empty();
            }
        }
        if !self.open_end
            && let Some((last, others)) = middle.split_last()
        {
            let Some(before) = strip_end(rest, last) else { return false };
            rest = before;
            middle = others;
        }
        for piece in middle {
            let Some(after) = find_after(rest, piece) else { return false };
            rest = after;
        }
        true
    }
}

fn strip_start<'t>(text: &'t str, piece: &[Unit]) -> Option<&'t str> {
    let mut rest = text;
    for unit in piece {
        rest = match unit {
            Unit::Text(text) => rest.strip_prefix(&**text)?,
            Unit::One => {
                let mut chars = rest.chars();
                chars.next()?;
                chars.as_str()
            }
        };
    }
    Some(rest)
}

fn strip_end<'t>(text: &'t str, piece: &[Unit]) -> Option<&'t str> {
    let mut rest = text;
    for unit in piece.iter().rev() {
        rest = match unit {
            Unit::Text(text) => rest.strip_suffix(&**text)?,
            Unit::One => {
                let mut chars = rest.chars();
                chars.next_back()?;
                chars.as_str()
            }
        };
    }
    Some(rest)
}

/// The text after the first place that the piece fits.
fn find_after<'t>(text: &'t str, piece: &[Unit]) -> Option<&'t str> {
    let mut rest = text;
    loop {
        if let Some(Unit::Text(start)) = piece.first() {
            let at = memmem::find(rest.as_bytes(), start.as_bytes())?;
            rest = rest.get(at..)?;
        }
        if let Some(after) = strip_start(rest, piece) {
            return Some(after);
        }
        let mut chars = rest.chars();
        chars.next()?;
        rest = chars.as_str();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn set(values: &[&str]) -> TextSet {
        TextSet::new(&values.iter().map(|value| Pattern::parse(value)).collect::<Vec<_>>())
    }

    #[test]
    fn patterns_match_as_written() {
        let cases = [
            ("abc", "abc", true),
            ("abc", "abcd", false),
            ("abc*", "abcd", true),
            ("*bcd", "abcd", true),
            ("*b*", "abcd", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("a?c", "aéc", true),
            ("?", "", false),
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "aXcYb", false),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("*a?c*", "xxabcxx", true),
            ("*a?c*", "aac_abc", true),
            ("*aab*", "aaab", true),
            ("??*", "a", false),
            ("*?b", "b", false),
            (r"c:\\*\\a.exe", r"c:\x\a.exe", true),
            (r"1\*1", "1*1", true),
            (r"1\*1", "1x1", false),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(set(&[pattern]).matches(text), expected, "{pattern} on {text}");
        }
        assert!(set(&["*x*", "*y*", "*z*"]).matches("ayb"));
        assert!(!set(&["*x*", "*y*", "*z*"]).matches("abc"));
    }

    /// The definition itself, slow and plain.
    fn slowly(parts: &[Part], text: &str) -> bool {
        match parts.split_first() {
            None => text.is_empty(),
            Some((Part::Text(start), others)) => {
                text.strip_prefix(start.as_str()).is_some_and(|rest| slowly(others, rest))
            }
            Some((Part::One, others)) => {
                let mut chars = text.chars();
                chars.next().is_some() && slowly(others, chars.as_str())
            }
            Some((Part::Many, others)) => {
                (0..=text.len()).filter_map(|at| text.get(at..)).any(|rest| slowly(others, rest))
            }
        }
    }

    proptest! {
        #[test]
        fn any_pattern_matches_by_the_definition(pattern in "[ab?*é]{0,8}", text in "[abé]{0,10}") {
            let parsed = Pattern::parse(&pattern);
            prop_assert_eq!(set(&[&pattern]).matches(&text), slowly(parsed.parts(), &text));
        }
    }
}

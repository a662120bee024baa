//! What is said in an incident's room: the words with a slash that make a line into something more, and
//! whom a line names. Both are read from what people type in a hurry, so they forgive.

use std::ops::Range;

use crate::words::words;
use crate::{Text, UserId};

words! {
    /// What a line of the chat can be kept as.
    pub enum Kept, "kind of record" {
        Entry: "entry", "Entry";
        Decision: "decision", "Decision";
        Task: "task", "Task";
    }
}

/// A line as it was meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said<'t> {
    /// What it is to be kept as at once.
    pub keep: Option<Kept>,
    /// What was said, without the word with the slash.
    pub text: &'t str,
}

/// Reads a line: `/entry`, `/decision` or `/task` before it keeps it as that. Anything else with a slash,
/// such as a path, is said as it stands.
pub fn said(text: &str) -> Said<'_> {
    let text = text.trim();
    let plain = Said { keep: None, text };
    let Some(rest) = text.strip_prefix('/') else { return plain };
    let (word, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    match word.to_lowercase().parse() {
        Ok(keep) => Said { keep: Some(keep), text: rest.trim() },
        Err(_) => plain,
    }
}

/// A decision and its reason in one sentence: "Cut FS-01 off because it spreads". None where no reason is
/// given.
pub fn because(text: &str) -> Option<(&str, &str)> {
    const WORD: &str = " because ";
    // Only ASCII changes here, so places stay the same.
    let at = text.to_ascii_lowercase().find(WORD)?;
    let (decision, rest) = text.split_at_checked(at)?;
    let (decision, reason) = (decision.trim().trim_end_matches(','), rest.get(WORD.len()..)?.trim());
    (!decision.is_empty() && !reason.is_empty()).then_some((decision, reason))
}

/// Somebody named in a line, and where: the place of `@` and of the name after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    pub place: Range<usize>,
    pub person: UserId,
}

/// Whom a text names with `@`: by the whole name, or by the first name where only one person has it.
pub fn mentions(text: &Text, people: &[(UserId, String)]) -> Vec<Mention> {
    let mut found: Vec<Mention> = Vec::new();
    for (at, _) in text.match_indices('@') {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        // An address such as a@example.org names nobody.
        if before.is_some_and(char::is_alphanumeric) {
            continue;
        }
        let Some(rest) = text.get(at + 1..) else { continue };
        if let Some((person, length)) = person(rest, people) {
            found.push(Mention { place: at..at + 1 + length, person });
        }
    }
    found
}

/// Who stands at the beginning of `rest`, and how many bytes the name takes.
fn person(rest: &str, people: &[(UserId, String)]) -> Option<(UserId, usize)> {
    let whole = people.iter().filter_map(|(id, name)| Some((*id, begins(rest, name)?)));
    if let Some(found) = whole.max_by_key(|(_, length)| *length) {
        return Some(found);
    }
    let mut first = people.iter().filter_map(|(id, name)| {
        Some((*id, begins(rest, name.split_whitespace().next().unwrap_or_default())?))
    });
    let one = first.next()?;
    first.next().is_none().then_some(one)
}

/// How many bytes of `text` are this name, in either case, with a blank, dot or underscore between its
/// parts. The name must end there.
fn begins(text: &str, name: &str) -> Option<usize> {
    let (mut left, mut length) = (text.chars(), 0);
    for expected in name.chars() {
        let found = left.next()?;
        let between = expected.is_whitespace() && matches!(found, ' ' | '.' | '_' | '\u{a0}');
        if !between && found.to_lowercase().ne(expected.to_lowercase()) {
            return None;
        }
        length += found.len_utf8();
    }
    let ends = !left.next().is_some_and(char::is_alphanumeric);
    (ends && !name.is_empty()).then_some(length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn people() -> Vec<(UserId, String)> {
        [(1, "Rita Responder"), (2, "Max Manager"), (3, "Max Ödman"), (4, "Rita")]
            .map(|(id, name)| (UserId::try_from(id).unwrap(), name.to_owned()))
            .to_vec()
    }

    fn named(text: &str) -> Vec<i64> {
        let text = Text::new("the line", text).unwrap();
        mentions(&text, &people()).iter().map(|mention| mention.person.get()).collect()
    }

    #[test]
    fn words_with_a_slash_are_read_and_paths_are_left() {
        assert_eq!(said(" /task  Pull the plug "), Said { keep: Some(Kept::Task), text: "Pull the plug" });
        assert_eq!(said("/Decision").keep, Some(Kept::Decision));
        for plain in ["/etc/passwd changed", "/tmp is full", "/entries", "no slash", "/"] {
            assert_eq!(said(plain), Said { keep: None, text: plain });
        }
    }

    #[test]
    fn a_decision_carries_its_reason_in_the_same_breath() {
        assert_eq!(because("Cut FS-01 off, BECAUSE it spreads"), Some(("Cut FS-01 off", "it spreads")));
        assert_eq!(because("Because it spreads"), None);
        assert_eq!(because("Cut it off because "), None);
    }

    #[test]
    fn people_are_named_by_their_whole_name_or_an_unambiguous_first_one() {
        assert_eq!(named("@Rita Responder, look"), [1]);
        assert_eq!(named("ask @rita.responder and (@MAX MANAGER)"), [1, 2]);
        assert_eq!(named("@Rita look"), [4], "the whole name of one is the first name of another");
        assert_eq!(named("@max look"), [0; 0], "two are called so");
        assert_eq!(named("@max ödman look"), [3]);
        assert_eq!(named("mail rita@example.org, @Ritas, @"), [0; 0]);
    }

    proptest! {
        #[test]
        fn what_is_named_stands_there(before in ".{0,12}", name in prop::sample::select(vec!["@Rita", "@Max Manager"]), after in ".{0,12}") {
            let text = format!("{before} {name} {after}");
            let Ok(text) = Text::new("the line", &text) else { return Ok(()) };
            for mention in mentions(&text, &people()) {
                prop_assert!(text.get(mention.place).is_some_and(|part| part.starts_with('@')));
            }
            let _ = (said(&text), because(&text));
        }
    }
}

//! The part of a text around what was sought, with what was found marked. The text stays text: pieces, each with
//! whether it is a hit.

use serde::Serialize;

use super::query::Query;
use super::words::{Word, chunks};

/// How many characters stand before the first hit, and how many are shown altogether.
const BEFORE: usize = 60;
const SHOWN: usize = 220;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Piece {
    pub text: String,
    pub hit: bool,
}

/// The text with its hits; a long one is cut around the first. `None` where nothing in it is a hit.
pub fn marked(text: &str, query: &Query) -> Option<Vec<Piece>> {
    let hits = hits(text, query);
    let first = hits.first()?.0;
    let start = whole_word(text, back(text, first, BEFORE), first);
    let end = forth(text, start, SHOWN);
    let mut pieces = Vec::new();
    let mut add = |from: usize, to: usize, hit: bool| {
        if let Some(text) = text.get(from..to).filter(|text| !text.is_empty()) {
            pieces.push(Piece { text: text.to_owned(), hit });
        }
    };
    let mut done = start;
    for (from, to) in hits.into_iter().filter(|(from, _)| *from < end) {
        let to = to.min(end);
        add(done, from, false);
        add(from, to, true);
        done = to;
    }
    add(done, end, false);
    let ellipsis = || Piece { text: "…".to_owned(), hit: false };
    if start > 0 {
        pieces.insert(0, ellipsis());
    }
    if end < text.len() {
        pieces.push(ellipsis());
    }
    Some(pieces)
}

/// Where hits begin and end, in order and apart from each other.
fn hits(text: &str, query: &Query) -> Vec<(usize, usize)> {
    let words: Vec<Word> = chunks(text).into_iter().flat_map(|chunk| chunk.words).collect();
    let mut hits: Vec<(usize, usize)> = Vec::new();
    let mut place = 0;
    while let Some(here) = words.get(place..).filter(|here| !here.is_empty()) {
        let length = query.sought().iter().filter_map(|(sought, open)| run(here, sought, *open)).max();
        if let (Some(length), Some(first)) = (length, here.first()) {
            let end = here.get(length - 1).map_or(first.at.end, |last| last.at.end);
            hits.push((first.at.start, end));
            place += length;
        } else {
            place += 1;
        }
    }
    hits
}

/// How many words from here on are what is sought.
fn run(here: &[Word], sought: &[String], open: bool) -> Option<usize> {
    let found = here.get(..sought.len())?;
    let same = found.iter().zip(sought).enumerate().all(|(n, (word, wanted))| {
        word.folded == *wanted || (open && n + 1 == sought.len() && word.folded.starts_with(wanted.as_str()))
    });
    same.then_some(sought.len()).filter(|length| *length > 0)
}

fn back(text: &str, from: usize, by: usize) -> usize {
    let before = text.get(..from).unwrap_or_default();
    before.char_indices().rev().take(by).last().map_or(from, |(at, _)| at)
}

/// Past the word that the cut fell into.
fn whole_word(text: &str, start: usize, first: usize) -> usize {
    let before = text.get(start..first).filter(|_| start > 0);
    let blank = before.and_then(|before| before.char_indices().find(|(_, c)| c.is_whitespace()));
    blank.map_or(start, |(at, c)| start + at + c.len_utf8())
}

fn forth(text: &str, from: usize, by: usize) -> usize {
    let after = text.get(from..).unwrap_or_default();
    after.char_indices().nth(by).map_or(text.len(), |(at, _)| from + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, typed: &str) -> String {
        let pieces = Query::new(typed).and_then(|query| marked(text, &query)).unwrap_or_default();
        pieces.iter().map(|p| if p.hit { format!("[{}]", p.text) } else { p.text.clone() }).collect()
    }

    #[test]
    fn hits_are_marked_as_they_are_written() {
        assert_eq!(shown("Word starts PowerShell.", "powersh"), "Word starts [PowerShell].");
        assert_eq!(
            shown("from 10.0.0.5:443 to 10.0.0.6", "10[.]0[.]0[.]5"),
            "from [10.0.0.5]:443 to 10.0.0.6"
        );
        assert_eq!(shown("<b>Café</b>", "cafe"), "<b>[Café]</b>");
        assert_eq!(shown("nothing here", "else"), "");
    }

    #[test]
    fn a_long_text_is_cut_around_the_first_hit() {
        let text = format!("{} ransom note {}", "ä ".repeat(300), "ö ".repeat(300));
        let cut = shown(&text, "ransom");
        assert!(cut.starts_with('…') && cut.ends_with('…') && cut.contains("[ransom]"), "{cut}");
        assert!(cut.chars().count() < 240, "{cut}");
    }
}

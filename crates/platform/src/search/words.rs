//! Text as the index takes it: words in lower case without accents, and values (addresses, hashes, paths, mail
//! addresses) as their parts one after another, so that each is found as a whole and by what it is made of. Both
//! databases are handed these words and split nothing themselves, so both find the same.

use std::collections::BTreeSet;
use std::ops::Range;

use unicode_normalization::UnicodeNormalization;

/// Characters of a word that count; two longer ones that begin alike are the same word.
const LONGEST_WORD: usize = 96;
/// How many parts of a value are kept in one piece.
pub const WINDOW: usize = 8;
/// How many words of one text are taken.
const MOST_WORDS: usize = 4000;

/// A word where it stands in its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    pub at: Range<usize>,
    pub folded: String,
}

/// What stands between two blanks: one word, or the parts of a value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chunk {
    pub words: Vec<Word>,
    /// Written without blanks between words (Chinese, Japanese, Korean).
    pub unspaced: bool,
}

impl Chunk {
    pub fn is_value(&self) -> bool {
        self.words.len() > 1 && !self.unspaced
    }
}

/// A word as it is compared. `hxxp` is `http`: people write it so that nobody clicks.
fn fold(word: &str) -> String {
    let plain: String = word
        .nfkd()
        .filter(|c| !('\u{300}'..='\u{36f}').contains(c))
        .flat_map(char::to_lowercase)
        .filter(|c| c.is_alphanumeric())
        .take(LONGEST_WORD)
        .collect();
    match plain.as_str() {
        "hxxp" => "http".to_owned(),
        "hxxps" => "https".to_owned(),
        _ => plain,
    }
}

fn unspaced(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}')
}

/// The chunks of a text, in order.
pub fn chunks(text: &str) -> Vec<Chunk> {
    let mut reader = Reader { text, chunks: Vec::new(), open: Chunk::default(), begun: None, words: 0 };
    for (at, c) in text.char_indices() {
        if reader.words >= MOST_WORDS {
            break;
        }
        if unspaced(c) {
            reader.end_word(at);
            reader.open.unspaced = true;
            reader.begun = Some(at);
            reader.end_word(at + c.len_utf8());
        } else if c.is_alphanumeric() || ('\u{300}'..='\u{36f}').contains(&c) {
            reader.begun.get_or_insert(at);
        } else {
            reader.end_word(at);
            if c.is_whitespace() {
                reader.end_chunk();
            }
        }
    }
    reader.end_word(text.len());
    reader.end_chunk();
    reader.chunks
}

struct Reader<'t> {
    text: &'t str,
    chunks: Vec<Chunk>,
    open: Chunk,
    begun: Option<usize>,
    words: usize,
}

impl Reader<'_> {
    fn end_word(&mut self, end: usize) {
        let Some(start) = self.begun.take() else { return };
        let folded = self.text.get(start..end).map(fold).unwrap_or_default();
        if folded.is_empty() || self.stands_for_a_sign(start, end, &folded) {
            return;
        }
        self.words += 1;
        self.open.words.push(Word { at: start..end, folded });
    }

    /// `[dot]` and `(at)` are signs, spelt out.
    fn stands_for_a_sign(&self, start: usize, end: usize, folded: &str) -> bool {
        let before = self.text.get(..start).and_then(|before| before.chars().next_back());
        let after = self.text.get(end..).and_then(|after| after.chars().next());
        matches!(folded, "dot" | "at" | "colon")
            && matches!(
                (before, after),
                (Some('['), Some(']')) | (Some('('), Some(')')) | (Some('{'), Some('}'))
            )
    }

    fn end_chunk(&mut self) {
        let chunk = std::mem::take(&mut self.open);
        if !chunk.words.is_empty() {
            self.chunks.push(chunk);
        }
    }
}

/// The parts of a value in one piece: `10.0.0.5` is `10_0_0_5`, however it is written.
pub fn joined(words: &[Word]) -> String {
    let parts: Vec<&str> = words.iter().take(WINDOW).map(|word| word.folded.as_str()).collect();
    parts.join("_")
}

/// What the index holds of one text.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Indexed {
    /// Its words in order.
    pub words: Vec<String>,
    /// Its values, each from every part of it on.
    pub values: BTreeSet<String>,
}

pub fn indexed(text: &str) -> Indexed {
    let mut found = Indexed::default();
    for chunk in chunks(text) {
        if chunk.is_value() {
            let starts = 0..chunk.words.len() - 1;
            found.values.extend(starts.filter_map(|start| chunk.words.get(start..)).map(joined));
        }
        found.words.extend(chunk.words.into_iter().map(|word| word.folded));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        indexed(text).words
    }

    #[test]
    fn words_are_compared_without_case_and_accents() {
        assert_eq!(words("Café MÜLLER, naïve"), ["cafe", "muller", "naive"]);
        assert_eq!(words("…—!? \0"), Vec::<String>::new());
    }

    #[test]
    fn a_value_is_kept_from_each_of_its_parts_on() {
        let values = indexed(r"C:\Windows\evil.exe").values;
        assert!(values.contains("c_windows_evil_exe") && values.contains("evil_exe"), "{values:?}");
        assert_eq!(indexed("10.0.0.5").values, indexed("10[.]0[.]0[.]5").values);
    }

    #[test]
    fn what_is_written_so_that_nobody_clicks_is_the_same_value() {
        let plain = indexed("http://evil.example.org/a").values;
        assert_eq!(indexed("hxxp://evil[.]example[dot]org/a").values, plain);
        assert_eq!(indexed("ada[at]example(dot)org").values, indexed("ada@example.org").values);
        assert_eq!(words("a dot at"), ["a", "dot", "at"]);
    }

    #[test]
    fn writing_without_blanks_is_taken_sign_by_sign() {
        assert_eq!(words("勒索 test"), ["勒", "索", "test"]);
        assert!(indexed("勒索").values.is_empty());
    }

    #[test]
    fn a_text_of_any_length_ends() {
        assert_eq!(words(&"a.".repeat(50_000)).len(), MOST_WORDS);
        assert_eq!(words(&"x".repeat(50_000)).first().map(String::len), Some(LONGEST_WORD));
    }
}

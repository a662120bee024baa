//! What people type into the search box. It is text: no sign in it is a command but the quotation mark, which
//! makes a phrase. The last word may be unfinished.

use super::words::{Chunk, WINDOW, chunks, joined};

/// How many terms count; nobody types more.
const MOST_TERMS: usize = 12;
/// A beginning of one letter would mean half of everything.
const SHORTEST_BEGINNING: usize = 2;

/// All of a query's terms must be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Term {
    /// A word, or a value in one piece, in all its length.
    Whole(String),
    /// A word or a value that begins so.
    Beginning(String),
    /// Words one after another.
    Phrase(Vec<String>),
}

/// A query with at least one term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    terms: Vec<Term>,
    /// The words that a marker looks for: sequences, the last word of which may go on where told so.
    sought: Vec<(Vec<String>, bool)>,
}

impl Query {
    /// Reads what was typed. `None` where there is no word in it.
    pub fn new(typed: &str) -> Option<Self> {
        let mut query = Query { terms: Vec::new(), sought: Vec::new() };
        let pieces: Vec<&str> = typed.split(['"', '“', '”', '„', '«', '»']).collect();
        let last = pieces.len() - 1;
        for (place, piece) in pieces.into_iter().enumerate() {
            let found = chunks(piece);
            if place % 2 == 1 {
                query.phrase(
                    found.into_iter().flat_map(|chunk| chunk.words).map(|word| word.folded).collect(),
                );
                continue;
            }
            let unfinished = place == last && !piece.ends_with(char::is_whitespace);
            let count = found.len();
            for (n, chunk) in found.into_iter().enumerate() {
                query.chunk(&chunk, unfinished && n + 1 == count);
            }
        }
        query.terms.truncate(MOST_TERMS);
        (!query.terms.is_empty()).then_some(query)
    }

    fn phrase(&mut self, words: Vec<String>) {
        if words.is_empty() {
            return;
        }
        self.sought.push((words.clone(), false));
        self.terms.push(Term::Phrase(words));
    }

    fn chunk(&mut self, chunk: &Chunk, unfinished: bool) {
        let words: Vec<String> = chunk.words.iter().map(|word| word.folded.clone()).collect();
        if chunk.unspaced {
            return self.phrase(words);
        }
        if chunk.is_value() {
            if words.len() > WINDOW {
                self.terms.push(Term::Phrase(words.clone()));
            }
            self.terms.push(Term::Beginning(joined(&chunk.words)));
            self.sought.push((words, true));
            return;
        }
        let Some(word) = words.first() else { return };
        let begins = unfinished && word.chars().count() >= SHORTEST_BEGINNING;
        self.terms.push(if begins { Term::Beginning(word.clone()) } else { Term::Whole(word.clone()) });
        self.sought.push((words, begins));
    }

    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    pub(super) fn sought(&self) -> &[(Vec<String>, bool)] {
        &self.sought
    }

    /// The same with every word as it stands, which finds what is meant first.
    pub fn as_typed(&self) -> Self {
        let whole = |term: &Term| match term {
            Term::Beginning(word) => Term::Whole(word.clone()),
            other => other.clone(),
        };
        Query { terms: self.terms.iter().map(whole).collect(), sought: self.sought.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(typed: &str) -> Vec<Term> {
        Query::new(typed).map(|query| query.terms).unwrap_or_default()
    }

    #[test]
    fn the_last_word_may_be_unfinished() {
        assert_eq!(terms("word power"), [Term::Whole("word".into()), Term::Beginning("power".into())]);
        assert_eq!(terms("power "), [Term::Whole("power".into())]);
        assert_eq!(terms("p"), [Term::Whole("p".into())]);
    }

    #[test]
    fn quotes_make_a_phrase_also_where_none_ends_it() {
        let phrase = Term::Phrase(vec!["word".into(), "starts".into()]);
        assert_eq!(terms("\"Word starts\""), std::slice::from_ref(&phrase));
        assert_eq!(terms("“word starts"), [phrase]);
    }

    #[test]
    fn a_value_is_one_term() {
        assert_eq!(terms("10.0.0.5"), [Term::Beginning("10_0_0_5".into())]);
        assert_eq!(terms("hxxps://evil[.]example"), [Term::Beginning("https_evil_example".into())]);
    }

    #[test]
    fn commands_of_databases_are_words_or_nothing() {
        assert_eq!(terms("* ( ) ^ : ' - + & | ! <->"), []);
        assert_eq!(terms("NEAR( OR"), [Term::Whole("near".into()), Term::Beginning("or".into())]);
    }
}

//! All texts that tests look for in one field, searched for in one pass. Thousands of rules ask for
//! thousands of pieces of the same command line; one automaton finds every piece that occurs and
//! names the tests that this decides.

use std::collections::HashMap;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use crate::memo::Memo;
use crate::pattern::{Part, Pattern};

/// The tests that a text decides, by where it stands in the field.
#[derive(Default)]
struct Askers {
    anywhere: Vec<u32>,
    start: Vec<u32>,
    end: Vec<u32>,
    whole: Vec<u32>,
}

/// Collects what the tests of one field look for.
#[derive(Default)]
pub(crate) struct IndexBuilder {
    askers: HashMap<Box<str>, Askers>,
}

impl IndexBuilder {
    /// Takes in every pattern that is one text, and gives back those that the test must try itself.
    pub fn add(&mut self, test: u32, patterns: &[Pattern]) -> Vec<Pattern> {
        let mut left = Vec::new();
        for pattern in patterns {
            match pattern.parts() {
                [Part::Text(text)] => self.askers(text).whole.push(test),
                [Part::Text(text), Part::Many] => self.askers(text).start.push(test),
                [Part::Many, Part::Text(text)] => self.askers(text).end.push(test),
                [Part::Many, Part::Text(text), Part::Many] => self.askers(text).anywhere.push(test),
                _ => left.push(pattern.clone()),
            }
        }
        left
    }

    fn askers(&mut self, text: &str) -> &mut Askers {
        self.askers.entry(Box::from(text)).or_default()
    }

    /// `first` is the number of the index's first text among those of all indexes.
    pub fn build(self, first: usize) -> Result<Index, aho_corasick::BuildError> {
        let (texts, askers): (Vec<Box<str>>, Vec<Askers>) = self.askers.into_iter().unzip();
        let automaton = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .match_kind(MatchKind::Standard)
            .build(texts.iter().map(|text| text.as_bytes()))?;
        Ok(Index { automaton, askers, first })
    }
}

/// The texts of one field.
pub(crate) struct Index {
    automaton: AhoCorasick,
    askers: Vec<Askers>,
    first: usize,
}

impl Index {
    pub fn len(&self) -> usize {
        self.askers.len()
    }

    /// Notes every test that a text of the field makes hold.
    pub fn scan(&self, text: &str, memo: &mut Memo) {
        for found in self.automaton.find_overlapping_iter(text) {
            let pattern = found.pattern().as_usize();
            let Some(askers) = self.askers.get(pattern) else { continue };
            let (at_start, at_end) = (found.start() == 0, found.end() == text.len());
            if memo.first_sight(self.first + pattern) {
                memo.set_all(&askers.anywhere);
            }
            if at_start {
                memo.set_all(&askers.start);
            }
            if at_end {
                memo.set_all(&askers.end);
            }
            if at_start && at_end {
                memo.set_all(&askers.whole);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::TextSet;

    proptest! {
        #[test]
        fn an_index_says_what_each_test_would_alone(
            tests in prop::collection::vec(prop::collection::vec("[ab*?]{0,5}", 1..4), 1..6),
            texts in prop::collection::vec("[ab]{0,8}", 1..4),
        ) {
            let tests: Vec<Vec<Pattern>> =
                tests.iter().map(|values| values.iter().map(|value| Pattern::parse(value)).collect()).collect();
            let mut builder = IndexBuilder::default();
            let rests: Vec<Vec<Pattern>> =
                (0_u32..).zip(&tests).map(|(number, patterns)| builder.add(number, patterns)).collect();
            let index = builder.build(0).unwrap();
            let mut memo = Memo::default();
            // One memory for all texts, as the engine keeps one for all events.
            for text in &texts {
                memo.begin(tests.len(), 1, index.len());
                index.scan(text, &mut memo);
                for ((number, patterns), rest) in (0_u32..).zip(&tests).zip(&rests) {
                    let indexed = memo.get(number).unwrap_or(false) || TextSet::new(rest, true).matches(text);
                    prop_assert_eq!(indexed, TextSet::new(patterns, true).matches(text), "{:?} {}", patterns, text);
                }
            }
        }
    }
}

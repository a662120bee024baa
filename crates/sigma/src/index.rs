//! All that tests look for in one field, answered in one pass over its text. Thousands of rules ask
//! for thousands of pieces of the same command line; every test of the field has a bit, and one
//! search sets the bits of those that hold.

use std::collections::HashMap;

use crate::grams::{LONG, Literals};
use crate::hash::Quick;
use crate::number::{Number, Relation};
use crate::pattern::{Part, Pattern};
use crate::program::at;
use crate::text::Glob;

/// The first bit of a field says that the event has it.
pub(crate) const PRESENT: u32 = 0;

/// Bits of the tests that a literal decides, by where it stands.
#[derive(Default)]
struct Uses {
    anywhere: Vec<u32>,
    start: Vec<u32>,
    end: Vec<u32>,
    /// Patterns with wildcards within, which can match only where this literal stands.
    globs: Vec<u32>,
    asked: u32,
}

impl Uses {
    fn only_at_ends(&self) -> bool {
        self.anywhere.is_empty() && self.globs.is_empty()
    }
}

/// Bits to set, those of one word together.
type Bits = Box<[(u32, u64)]>;

fn together(bits: &[u32]) -> Bits {
    let mut words: std::collections::BTreeMap<u32, u64> = std::collections::BTreeMap::new();
    for bit in bits {
        *words.entry(bit >> 6).or_default() |= 1 << (bit & 63);
    }
    words.into_iter().collect()
}

/// The literals and what follows from each. All their parts lie in three lists, so that what is
/// looked at for one text lies close together.
#[derive(Default)]
struct Meanings {
    each: Vec<Meaning>,
    texts: Vec<u8>,
    bits: Vec<(u32, u64)>,
    globs: Vec<u32>,
}

/// Where in the lists the parts of a literal lie: each begins where the one before ends.
struct Meaning {
    text: u32,
    text_end: u32,
    anywhere: u32,
    start: u32,
    end: u32,
    bits_end: u32,
    globs: u32,
    globs_end: u32,
}

impl Meanings {
    fn add(&mut self, text: &[u8], uses: &Uses) {
        let begin = count(self.texts.len());
        self.texts.extend_from_slice(text);
        let mut bits = |bits: &[u32]| {
            let begin = count(self.bits.len());
            self.bits.extend(together(bits));
            begin
        };
        let (anywhere, start, end) = (bits(&uses.anywhere), bits(&uses.start), bits(&uses.end));
        let globs = count(self.globs.len());
        self.globs.extend_from_slice(&uses.globs);
        self.each.push(Meaning {
            text: begin,
            text_end: count(self.texts.len()),
            anywhere,
            start,
            end,
            bits_end: count(self.bits.len()),
            globs,
            globs_end: count(self.globs.len()),
        });
    }

    fn texts(&self) -> impl Iterator<Item = (u32, &[u8])> {
        let text = |meaning: &Meaning| part(&self.texts, meaning.text, meaning.text_end);
        (0_u32..).zip(self.each.iter().map(text))
    }

    fn shrink(&mut self) {
        self.each.shrink_to_fit();
        self.texts.shrink_to_fit();
        self.bits.shrink_to_fit();
        self.globs.shrink_to_fit();
    }
}

fn part<T>(list: &[T], begin: u32, end: u32) -> &[T] {
    let place = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    list.get(place(begin)..place(end)).unwrap_or_default()
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// Short literals that are looked for at one end of a text only.
#[derive(Default)]
struct Anchored {
    bits: HashMap<Box<[u8]>, Bits, Quick>,
    lengths: Vec<usize>,
}

impl Anchored {
    fn add(&mut self, text: &[u8], bits: &[u32]) {
        if !bits.is_empty() {
            self.bits.insert(Box::from(text), together(bits));
            if !self.lengths.contains(&text.len()) {
                self.lengths.push(text.len());
            }
        }
    }

    /// Hands on the bits of those that stand where `end` cuts so many bytes off.
    fn each<'t>(&self, end: impl Fn(usize) -> Option<&'t [u8]>, answers: &mut [u64]) {
        for length in &self.lengths {
            if let Some(bits) = end(*length).and_then(|text| self.bits.get(text)) {
                set(answers, bits);
            }
        }
    }
}

/// Collects what the tests of one field look for.
#[derive(Default)]
pub(crate) struct IndexBuilder {
    exact: HashMap<Box<str>, (Vec<u32>, u32), Quick>,
    literals: HashMap<Box<str>, Uses, Quick>,
    globs: Vec<(Glob, u32)>,
    /// Globs without any literal.
    bare: Vec<u32>,
    always: Vec<u32>,
    whole_numbers: HashMap<i64, Vec<u32>, Quick>,
    numbers: Vec<(Number, u32)>,
}

impl IndexBuilder {
    /// `asked` is how many rules have the test.
    pub fn add_patterns(&mut self, bit: u32, patterns: &[Pattern], asked: u32) {
        for pattern in patterns {
            match pattern.parts() {
                [] => self.exact("", asked).push(bit),
                [Part::Text(text)] => self.exact(text, asked).push(bit),
                [Part::Many] => self.always.push(bit),
                [Part::Text(text), Part::Many] => self.uses(text, asked).start.push(bit),
                [Part::Many, Part::Text(text)] => self.uses(text, asked).end.push(bit),
                [Part::Many, Part::Text(text), Part::Many] => self.uses(text, asked).anywhere.push(bit),
                parts => {
                    let number = u32::try_from(self.globs.len()).unwrap_or(u32::MAX);
                    self.globs.push((Glob::new(parts), bit));
                    match longest(parts) {
                        Some(text) => self.uses(text, asked).globs.push(number),
                        None => self.bare.push(number),
                    }
                }
            }
        }
    }

    pub fn add_numbers(&mut self, bit: u32, numbers: &[Number]) {
        for number in numbers {
            if let Number::Int(whole) = number {
                self.whole_numbers.entry(*whole).or_default().push(bit);
            }
            self.numbers.push((*number, bit));
        }
    }

    /// How many rules look for the text in this field.
    pub fn asked(&self, text: &str) -> f32 {
        let exact = self.exact.get(text).map_or(0, |(_, asked)| *asked);
        let asked = exact + self.literals.get(text).map_or(0, |uses| uses.asked);
        f32::from(u16::try_from(asked).unwrap_or(u16::MAX))
    }

    fn exact(&mut self, text: &str, asked: u32) -> &mut Vec<u32> {
        let (bits, sum) = self.exact.entry(Box::from(text)).or_default();
        *sum += asked;
        bits
    }

    fn uses(&mut self, text: &str, asked: u32) -> &mut Uses {
        let uses = self.literals.entry(Box::from(text)).or_default();
        uses.asked += asked;
        uses
    }

    fn joins(&self) -> bool {
        let anywhere = |text: &str, uses: &Uses| {
            uses.start.is_empty() && uses.end.is_empty() && uses.globs.is_empty() && !text.contains(BETWEEN)
        };
        self.exact.is_empty()
            && self.globs.is_empty()
            && self.always.is_empty()
            && self.numbers.is_empty()
            && self.literals.iter().all(|(text, uses)| anywhere(text, uses))
    }

    /// The index lies at these words of all answers.
    pub fn build(self, first_word: usize, words: usize) -> Index {
        let joins = self.joins();
        let mut literals: Vec<(Box<str>, Uses)> = self.literals.into_iter().collect();
        literals.sort_unstable_by(|left, right| left.0.cmp(&right.0));
        let (anchored, searched): (Vec<_>, Vec<_>) =
            literals.into_iter().partition(|(text, uses)| text.len() < LONG && uses.only_at_ends());
        let (mut starts, mut ends) = (Anchored::default(), Anchored::default());
        for (text, uses) in anchored {
            starts.add(text.as_bytes(), &uses.start);
            ends.add(text.as_bytes(), &uses.end);
        }
        let shortest = searched.iter().map(|(text, _)| text.len()).min().unwrap_or(0);
        let mut meanings = Meanings::default();
        for (text, uses) in &searched {
            meanings.add(text.as_bytes(), uses);
        }
        meanings.shrink();
        Index {
            first_word,
            words,
            joins,
            shortest,
            exact: self
                .exact
                .into_iter()
                .map(|(text, (bits, _))| (text.into_boxed_bytes(), together(&bits)))
                .collect(),
            starts,
            ends,
            literals: Literals::new(meanings.texts()),
            meanings,
            globs: self.globs.into(),
            bare: self.bare.into(),
            always: together(&self.always),
            whole_numbers: self
                .whole_numbers
                .into_iter()
                .map(|(number, bits)| (number, together(&bits)))
                .collect(),
            floats: self
                .numbers
                .iter()
                .filter(|(number, _)| matches!(number, Number::Float(_)))
                .copied()
                .collect(),
            numbers: self.numbers.into(),
        }
    }
}

fn longest(parts: &[Part]) -> Option<&str> {
    let texts = parts.iter().filter_map(|part| if let Part::Text(text) = part { Some(text) } else { None });
    texts.max_by_key(|text| text.len()).map(String::as_str)
}

pub(crate) struct Index {
    pub first_word: usize,
    pub words: usize,
    /// Whether several texts may be searched as one, [`BETWEEN`] between them: all it knows are
    /// literals that may stand anywhere.
    pub joins: bool,
    /// How long the shortest literal is.
    shortest: usize,
    exact: HashMap<Box<[u8]>, Bits, Quick>,
    starts: Anchored,
    ends: Anchored,
    literals: Literals,
    meanings: Meanings,
    globs: Box<[(Glob, u32)]>,
    bare: Box<[u32]>,
    always: Bits,
    whole_numbers: HashMap<i64, Bits, Quick>,
    floats: Box<[(Number, u32)]>,
    numbers: Box<[(Number, u32)]>,
}

/// What of an index was seen in the text at hand: each literal and each glob counts once, so that a
/// text that repeats one costs no more. Entries of earlier texts are told apart by their round.
#[derive(Default)]
pub(crate) struct Sightings {
    round: u32,
    literals: Vec<u32>,
    globs: Vec<u32>,
}

impl Sightings {
    fn begin(&mut self, literals: usize, globs: usize) {
        self.round = self.round.wrapping_add(1);
        if self.round == 0 {
            self.literals.clear();
            self.globs.clear();
            self.round = 1;
        }
        if self.literals.len() < literals {
            self.literals.resize(literals, 0);
        }
        if self.globs.len() < globs {
            self.globs.resize(globs, 0);
        }
    }
}

impl Sightings {
    /// Whether the literal was seen in the text at hand.
    fn knows(&self, literal: u32) -> bool {
        at(&self.literals, literal) == Some(&self.round)
    }
}

fn first(rounds: &mut [u32], place: u32, round: u32) -> bool {
    match usize::try_from(place).ok().and_then(|place| rounds.get_mut(place)) {
        Some(last) if *last != round => {
            *last = round;
            true
        }
        _ => false,
    }
}

/// Stands between texts that are searched as one: no literal holds it, or they are searched one by one.
pub(crate) const BETWEEN: char = '\0';

impl Index {
    /// Whether a text is too short to hold anything, where literals are all that is looked for. Other
    /// letters may become longer when they are folded.
    #[inline]
    pub fn is_too_long_for(&self, text: &str) -> bool {
        text.len() < self.shortest && self.joins && text.is_ascii()
    }

    /// Sets the bits of all tests that hold for a folded text, or for the number it stands for.
    pub fn answer(&self, text: &str, number: Option<Number>, seen: &mut Sightings, answers: &mut [u64]) {
        set(answers, &self.always);
        if let Some(bits) = self.exact.get(text.as_bytes()) {
            set(answers, bits);
        }
        if let Some(number) = number
            && !self.numbers.is_empty()
        {
            self.answer_number(number, answers);
        }
        for glob in &self.bare {
            self.try_glob(*glob, text, answers);
        }
        let bytes = text.as_bytes();
        self.starts.each(|length| bytes.get(..length), answers);
        self.ends.each(|length| bytes.get(bytes.len().checked_sub(length)?..), answers);
        if self.meanings.each.is_empty() {
            return;
        }
        seen.begin(self.meanings.each.len(), self.globs.len());
        self.literals.scan(bytes, |literal, begin| self.sight(literal, begin, text, seen, answers));
    }

    /// Whether the literal does stand there, and what follows from that.
    fn sight(&self, literal: u32, begin: usize, text: &str, seen: &mut Sightings, answers: &mut [u64]) {
        let all = &self.meanings;
        let Some(meaning) = at(&all.each, literal) else { return };
        let wanted = part(&all.texts, meaning.text, meaning.text_end);
        let end = begin + wanted.len();
        let at_start = begin == 0 && meaning.start < meaning.end;
        let at_end = end == text.len() && meaning.end < meaning.bits_end;
        if !at_start && !at_end && seen.knows(literal) || text.as_bytes().get(begin..end) != Some(wanted) {
            return;
        }
        if at_start {
            set(answers, part(&all.bits, meaning.start, meaning.end));
        }
        if at_end {
            set(answers, part(&all.bits, meaning.end, meaning.bits_end));
        }
        if first(&mut seen.literals, literal, seen.round) {
            set(answers, part(&all.bits, meaning.anywhere, meaning.start));
            for glob in part(&all.globs, meaning.globs, meaning.globs_end) {
                if first(&mut seen.globs, *glob, seen.round) {
                    self.try_glob(*glob, text, answers);
                }
            }
        }
    }

    fn try_glob(&self, number: u32, text: &str, answers: &mut [u64]) {
        let glob = usize::try_from(number).ok().and_then(|number| self.globs.get(number));
        if let Some((glob, bit)) = glob
            && glob.matches(text)
        {
            set_one(answers, *bit);
        }
    }

    fn answer_number(&self, number: Number, answers: &mut [u64]) {
        let compared = match number {
            Number::Int(whole) => {
                if let Some(bits) = self.whole_numbers.get(&whole) {
                    set(answers, bits);
                }
                &self.floats
            }
            Number::Float(_) => &self.numbers,
        };
        for (wanted, bit) in compared {
            if Relation::Equal.holds(number, *wanted) {
                set_one(answers, *bit);
            }
        }
    }
}

fn set(answers: &mut [u64], bits: &[(u32, u64)]) {
    for (word, mask) in bits {
        if let Some(word) = usize::try_from(*word).ok().and_then(|word| answers.get_mut(word)) {
            *word |= mask;
        }
    }
}

fn set_one(answers: &mut [u64], bit: u32) {
    set(answers, &[(bit >> 6, 1 << (bit & 63))]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::TextSet;

    proptest! {
        #[test]
        fn an_index_says_what_each_test_would_alone(
            tests in prop::collection::vec(prop::collection::vec("[abcé*?]{0,7}", 1..4), 1..90),
            texts in prop::collection::vec("[abcé]{0,12}", 1..4),
        ) {
            let tests: Vec<Vec<Pattern>> =
                tests.iter().map(|values| values.iter().map(|value| Pattern::parse(value)).collect()).collect();
            let mut builder = IndexBuilder::default();
            for (number, patterns) in (0_u32..).zip(&tests) {
                builder.add_patterns(number, patterns, 1);
            }
            let index = builder.build(0, 2);
            let mut seen = Sightings::default();
            // One memory for all texts, as the engine keeps one for all events.
            for text in &texts {
                let mut answers = [0_u64; 2];
                index.answer(text, None, &mut seen, &mut answers);
                for (number, patterns) in tests.iter().enumerate() {
                    let indexed = answers[number / 64] >> (number % 64) & 1 == 1;
                    prop_assert_eq!(indexed, TextSet::new(patterns).matches(text), "{:?} {}", patterns, text);
                }
            }
        }
    }
}

//! Answers for values seen before. A host runs the same programs and the same accounts over and
//! over, so that most values of most fields were searched for all that rules look for already.
//! Bounded: each value has one place, and takes it from whatever stood there.

use crate::hash::hash;

const PLACES: usize = 1 << 12;
/// Longer values seldom come again.
const LONGEST: usize = 1 << 10;

#[derive(Default)]
pub(crate) struct Cache {
    entries: Vec<Entry>,
    /// Answers for a value that was not seen before.
    new: Vec<u64>,
}

#[derive(Default)]
struct Entry {
    /// Of the index, plus one; zero for an empty entry.
    index: u32,
    value: String,
    /// The words of the answers that are not zero.
    answers: Vec<(u32, u64)>,
}

impl Cache {
    /// Sets the bits that hold for a value of this index: those it had before, or those that `find`
    /// finds now.
    pub fn answer(&mut self, index: u32, value: &str, answers: &mut [u64], find: impl FnOnce(&mut [u64])) {
        if value.len() > LONGEST {
            return find(answers);
        }
        if self.entries.is_empty() {
            self.entries.resize_with(PLACES, Entry::default);
        }
        let index = index.wrapping_add(1);
        let hash = hash(u64::from(index), value.as_bytes());
        let place = usize::try_from(hash ^ hash >> 32).unwrap_or(0) % PLACES;
        let Some(entry) = self.entries.get_mut(place) else { return find(answers) };
        if entry.index != index || entry.value != value {
            entry.index = index;
            entry.value.clear();
            entry.value.push_str(value);
            entry.answers.clear();
            self.new.clear();
            self.new.resize(answers.len(), 0);
            find(&mut self.new);
            let all = (0_u32..).zip(&self.new);
            entry.answers.extend(all.filter(|(_, word)| **word != 0).map(|(at, word)| (at, *word)));
        }
        for (word, found) in &entry.answers {
            if let Some(answer) = usize::try_from(*word).ok().and_then(|word| answers.get_mut(word)) {
                *answer |= found;
            }
        }
    }
}

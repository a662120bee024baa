//! What is known of the event at hand: which tests hold, by index and one by one. Every entry
//! carries the event's round, so that the next event needs no clearing.

use crate::cache::Cache;
use crate::index::Sightings;
use crate::program::at;

#[derive(Default)]
pub(crate) struct Memo {
    round: u32,
    /// A bit for each test that an index answers.
    pub answers: Vec<u64>,
    /// By index: the round it was searched in.
    searched: Vec<u32>,
    /// By test that no index answers: the round, and in the lowest bit the answer.
    alone: Vec<u32>,
    pub cache: Cache,
    pub seen: Sightings,
    pub joined: String,
    pub folded: String,
}

impl Memo {
    pub fn begin(&mut self, words: usize, indexes: usize, alone: usize) {
        self.round = self.round.wrapping_add(1) & (u32::MAX >> 1);
        if self.round == 0 {
            self.searched.clear();
            self.alone.clear();
            self.round = 1;
        }
        self.answers.resize(words, 0);
        self.searched.resize(indexes, 0);
        self.alone.resize(alone, 0);
    }

    /// Whether the index was not searched for this event yet; from now on it was.
    pub fn first_search(&mut self, index: u32) -> bool {
        match usize::try_from(index).ok().and_then(|index| self.searched.get_mut(index)) {
            Some(last) if *last != self.round => {
                *last = self.round;
                true
            }
            _ => false,
        }
    }

    pub fn holds(&self, test: u32) -> bool {
        at(&self.answers, test >> 6).is_some_and(|word| word >> (test & 63) & 1 == 1)
    }

    pub fn alone(&self, number: u32) -> Option<bool> {
        let answer = *at(&self.alone, number)?;
        (answer >> 1 == self.round).then_some(answer & 1 == 1)
    }

    pub fn set_alone(&mut self, number: u32, holds: bool) {
        if let Some(answer) = usize::try_from(number).ok().and_then(|number| self.alone.get_mut(number)) {
            *answer = self.round << 1 | u32::from(holds);
        }
    }
}

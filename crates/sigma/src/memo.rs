//! What is known of the event at hand: which tests hold, which indexes were searched, which texts
//! were seen. Every entry carries the event's round, so that the next event needs no clearing.

use crate::program::at;

#[derive(Default)]
pub(crate) struct Memo {
    round: u32,
    /// By test: the round, and in the lowest bit the answer.
    answers: Vec<u32>,
    /// By index: the round it was searched in.
    scanned: Vec<u32>,
    /// By text of all indexes: the round it was seen in.
    seen: Vec<u32>,
}

impl Memo {
    pub fn begin(&mut self, tests: usize, indexes: usize, texts: usize) {
        self.round = self.round.wrapping_add(1) & (u32::MAX >> 1);
        if self.round == 0 {
            self.answers.clear();
            self.scanned.clear();
            self.seen.clear();
            self.round = 1;
        }
        self.answers.resize(tests, 0);
        self.scanned.resize(indexes, 0);
        self.seen.resize(texts, 0);
    }

    pub fn get(&self, test: u32) -> Option<bool> {
        let answer = *at(&self.answers, test)?;
        (answer >> 1 == self.round).then_some(answer & 1 == 1)
    }

    pub fn set(&mut self, test: u32, holds: bool) {
        if let Some(answer) = usize::try_from(test).ok().and_then(|test| self.answers.get_mut(test)) {
            *answer = self.round << 1 | u32::from(holds);
        }
    }

    pub fn set_all(&mut self, tests: &[u32]) {
        for test in tests {
            self.set(*test, true);
        }
    }

    pub fn first_scan(&mut self, index: u32) -> bool {
        usize::try_from(index).is_ok_and(|index| first(&mut self.scanned, index, self.round))
    }

    pub fn first_sight(&mut self, text: usize) -> bool {
        first(&mut self.seen, text, self.round)
    }
}

/// Whether the entry is of an earlier round; from now on it is of this one.
fn first(rounds: &mut [u32], place: usize, round: u32) -> bool {
    match rounds.get_mut(place) {
        Some(last) if *last != round => {
            *last = round;
            true
        }
        _ => false,
    }
}

//! A quick hash for names and values. What is looked up with it was put in by rules, or is compared
//! with one entry at most: an event that makes hashes collide gains nothing.

use std::hash::{BuildHasherDefault, Hasher};

const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// For the tables of the standard library.
pub(crate) type Quick = BuildHasherDefault<QuickHasher>;

#[derive(Default)]
pub(crate) struct QuickHasher(u64);

impl Hasher for QuickHasher {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        self.0 = hash(self.0, bytes);
    }

    #[inline]
    fn write_u8(&mut self, _end_of_text: u8) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The hash of the bytes, eight at a time.
#[inline]
pub(crate) fn hash(seed: u64, bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let mut sum = seed ^ FACTOR.wrapping_mul(u64::try_from(bytes.len()).unwrap_or(u64::MAX) | 1);
    for word in words {
        sum = mix(sum, u64::from_le_bytes(*word));
    }
    if !rest.is_empty() {
        let mut last = [0; 8];
        last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        sum = mix(sum, u64::from_le_bytes(last));
    }
    sum
}

#[inline]
fn mix(sum: u64, word: u64) -> u64 {
    let wide = u128::from(sum ^ word).wrapping_mul(u128::from(FACTOR));
    let [low, high] = [wide, wide >> 64].map(|half| u64::try_from(half & u128::from(u64::MAX)).unwrap_or(0));
    low ^ high
}

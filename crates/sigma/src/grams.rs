//! Finding thousands of literals in one text, in time that hardly depends on how many they are. Each
//! literal is filed under one of its grams, the few neighbouring bytes that the fewest other literals
//! share. A bitmap says of nearly every place of a text that no literal's gram stands there; only
//! where one may is anything compared.

/// Bits of the bitmap for each literal: about one place in thirty is looked at for nothing.
const BITS_PER_LITERAL: usize = 32;
/// The bitmap must stay in the processor's nearest cache.
const MAX_FILTER_BITS: u32 = 17;

/// Literals under grams of `WIDTH` bytes, 1 to 4; all are at least that long.
pub(crate) struct Grams<const WIDTH: usize> {
    filter: Box<[u64]>,
    filter_shift: u32,
    /// By the hash's first bits: where its entries begin, and one more for where the last end.
    starts: Box<[u32]>,
    starts_shift: u32,
    entries: Box<[Entry]>,
}

struct Entry {
    gram: u32,
    literal: u32,
    /// Where in the literal the gram stands.
    offset: u32,
}

impl<const WIDTH: usize> Grams<WIDTH> {
    /// Takes those literals that `ours` picks, each named by its place in the list.
    pub fn new(literals: &[Box<[u8]>], ours: impl Fn(&[u8]) -> bool) -> Grams<WIDTH> {
        let ours: Vec<(u32, &[u8])> =
            (0_u32..).zip(literals).map(|(at, text)| (at, &**text)).filter(|(_, text)| ours(text)).collect();
        let mut counts: std::collections::HashMap<u32, u32> = std::collections::HashMap::new();
        for (_, text) in &ours {
            for window in text.windows(WIDTH) {
                *counts.entry(gram(window)).or_default() += 1;
            }
        }
        let mut entries: Vec<Entry> = Vec::with_capacity(ours.len());
        for (literal, text) in &ours {
            let rarest = (0_u32..)
                .zip(text.windows(WIDTH))
                .min_by_key(|(_, window)| counts.get(&gram(window)).copied().unwrap_or(0));
            if let Some((offset, window)) = rarest {
                entries.push(Entry { gram: gram(window), literal: *literal, offset });
            }
        }
        entries.sort_by_key(|entry| (hash(entry.gram), entry.literal));
        let bits = (entries.len() * BITS_PER_LITERAL).next_power_of_two().trailing_zeros();
        let filter_shift = 32 - bits.clamp(6, MAX_FILTER_BITS);
        let mut filter = vec![0_u64; 1 << (32 - filter_shift - 6)];
        let starts_shift = 32 - entries.len().next_power_of_two().trailing_zeros().clamp(1, 16);
        let mut starts = vec![0_u32; (1 << (32 - starts_shift)) + 1];
        for entry in &entries {
            let hash = hash(entry.gram);
            let place = hash >> filter_shift;
            if let Some(word) = filter.get_mut(index(place >> 6)) {
                *word |= 1 << (place & 63);
            }
            if let Some(count) = starts.get_mut(index(hash >> starts_shift) + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        Grams {
            filter: filter.into(),
            filter_shift,
            starts: starts.into(),
            starts_shift,
            entries: entries.into(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Names every literal that may stand in the text, with the place where it would begin. Whether
    /// it does is for the caller to compare.
    #[inline]
    pub fn scan(&self, text: &[u8], mut may_stand: impl FnMut(u32, usize)) {
        for (at, window) in text.windows(WIDTH).enumerate() {
            let gram = gram(window);
            let hash = hash(gram);
            let place = hash >> self.filter_shift;
            let word = self.filter.get(index(place >> 6)).copied().unwrap_or(0);
            if word >> (place & 63) & 1 == 0 {
                continue;
            }
            let start = index(hash >> self.starts_shift);
            if let (Some(from), Some(to)) = (self.starts.get(start), self.starts.get(start + 1)) {
                for entry in self.entries.get(index(*from)..index(*to)).unwrap_or_default() {
                    if entry.gram == gram
                        && let Some(begin) = at.checked_sub(index(entry.offset))
                    {
                        may_stand(entry.literal, begin);
                    }
                }
            }
        }
    }
}

fn gram(window: &[u8]) -> u32 {
    match *window {
        [a, b, c, d] => u32::from_le_bytes([a, b, c, d]),
        [a, b, c] => u32::from_le_bytes([a, b, c, 0]),
        [a, b] => u32::from_le_bytes([a, b, 0, 0]),
        [a] => u32::from(a),
        _ => 0,
    }
}

fn hash(gram: u32) -> u32 {
    gram.wrapping_mul(0x9e37_79b1)
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

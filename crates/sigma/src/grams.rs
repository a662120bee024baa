//! Finding thousands of literals in one text, in time that hardly depends on how many they are. Each
//! literal is filed under grams, a few neighbouring bytes that few other literals share. A bitmap
//! says of nearly every place of a text that no literal's gram stands there; only where one may is
//! anything compared. Where the grams are few, vector instructions look for all of them at once.

use std::collections::{BTreeMap, HashMap};

use aho_corasick::packed::{self, Searcher};
use aho_corasick::{PatternID, Span};
use memchr::memmem::Finder;

/// Bits of the bitmap for each gram: about one place in thirty is looked at for nothing.
const BITS_PER_GRAM: usize = 32;
/// The bitmap must stay in the processor's nearest cache.
const MAX_FILTER_BITS: u32 = 17;
/// How far apart the places are at which a text is looked at for literals of a length. Each of them is
/// filed under as many neighbouring grams, one of which stands at such a place wherever the literal
/// begins.
const LONG_STRIDE: usize = 4;
const MIDDLE_STRIDE: usize = 2;
const LONG_GRAM: usize = 4;
const MIDDLE_GRAM: usize = 3;
/// The shortest literal that is long, and the shortest of middle length.
pub(crate) const LONG: usize = LONG_GRAM + LONG_STRIDE - 1;
const MIDDLE: usize = MIDDLE_GRAM + MIDDLE_STRIDE - 1;
/// So many literals of a kind are looked for one by one.
const FEW: usize = 8;
/// So many grams are looked for at once.
const MOST_PACKED: usize = 64;

/// Literals by their length, each kind found in its own way.
pub(crate) struct Literals {
    packed: Option<Packed>,
    long: Grams,
    middle: Grams,
    /// Two or three bytes, by two of them.
    short: Grams,
    /// A bit for each pair of bytes that is a gram of `short`.
    pairs: Box<[u64]>,
    few: Box<[(Finder<'static>, u32)]>,
}

impl Literals {
    /// Each literal is named by its place in the list; the lists are those of its length.
    pub fn new<'l>(literals: impl Iterator<Item = (u32, &'l [u8])>) -> Literals {
        let (mut long, mut middle, mut short, mut few) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for literal in literals {
            match literal.1.len() {
                0 => {}
                1 => few.push(literal),
                2..MIDDLE => short.push(literal),
                MIDDLE..LONG => middle.push(literal),
                LONG.. => long.push(literal),
            }
        }
        if short.len() <= FEW {
            few.append(&mut short);
        }
        let both: Vec<_> = long.iter().chain(&middle).copied().collect();
        let mut packed = Packed::new(&both);
        if packed.is_some() {
            long.clear();
            middle.clear();
        } else {
            packed = Packed::new(&middle);
            if packed.is_some() {
                middle.clear();
            } else if middle.len() <= FEW {
                few.append(&mut middle);
            }
        }
        let short = Grams::new(&short, 2, 1);
        let mut pairs = vec![0_u64; if short.entries.is_empty() { 0 } else { 1 << 10 }];
        for entry in &short.entries {
            let pair = entry.gram(2);
            if let Some(word) = pairs.get_mut(index(pair >> 6)) {
                *word |= 1 << (pair & 63);
            }
        }
        Literals {
            packed,
            long: Grams::new(&long, LONG_GRAM, LONG_STRIDE),
            middle: Grams::new(&middle, MIDDLE_GRAM, MIDDLE_STRIDE),
            short,
            pairs: pairs.into(),
            few: few.into_iter().map(|(at, text)| (Finder::new(text).into_owned(), at)).collect(),
        }
    }

    /// Names every literal that may stand in the text, with the place where it would begin: all such
    /// places, or of those that are looked for one by one the first and the last that ends the text.
    /// Whether it stands there is for the caller to compare.
    #[inline]
    pub fn scan(&self, text: &[u8], mut may_stand: impl FnMut(u32, usize)) {
        if let Some(packed) = &self.packed {
            packed.scan(text, &mut may_stand);
        }
        if !self.long.entries.is_empty() {
            for (at, chunk) in text.as_chunks::<LONG_STRIDE>().0.iter().enumerate() {
                let gram = u32::from_le_bytes(*chunk);
                if self.long.may_hold(gram) {
                    self.long.each(gram, text, at * LONG_STRIDE, &mut may_stand);
                }
            }
        }
        if !self.middle.entries.is_empty() {
            for (at, [a, b, c]) in text.array_windows().step_by(MIDDLE_STRIDE).enumerate() {
                let gram = u32::from_le_bytes([*a, *b, *c, 0]);
                if self.middle.may_hold(gram) {
                    self.middle.each(gram, text, at * MIDDLE_STRIDE, &mut may_stand);
                }
            }
        }
        if !self.short.entries.is_empty() {
            for (at, pair) in text.array_windows().enumerate() {
                let pair = u16::from_le_bytes(*pair);
                if self.pairs.get(usize::from(pair >> 6)).is_some_and(|word| word >> (pair & 63) & 1 == 1) {
                    self.short.each(u32::from(pair), text, at, &mut may_stand);
                }
            }
        }
        for (finder, literal) in &self.few {
            if let Some(at) = finder.find(text) {
                may_stand(*literal, at);
                if text.ends_with(finder.needle()) {
                    may_stand(*literal, text.len() - finder.needle().len());
                }
            }
        }
    }
}

/// Few literals, each under one gram; all grams have the same length, so that only one can begin at a
/// place.
struct Packed {
    searcher: Searcher,
    /// By gram: the literals filed under it, and where in them it stands.
    literals: Box<[Vec<(u32, usize)>]>,
}

impl Packed {
    /// `None` if they are none or too many, or the processor has no such instructions.
    fn new(literals: &[(u32, &[u8])]) -> Option<Packed> {
        if literals.is_empty() {
            return None;
        }
        let grams = Grams::new(literals, LONG_GRAM, 1);
        let mut by_gram: BTreeMap<u32, Vec<(u32, usize)>> = BTreeMap::new();
        for entry in &grams.entries {
            by_gram.entry(entry.gram(LONG_GRAM)).or_default().push((entry.literal, index(entry.offset)));
        }
        if by_gram.len() > MOST_PACKED {
            return None;
        }
        let mut builder = packed::Config::new().builder();
        builder.extend(by_gram.keys().map(|gram| gram.to_le_bytes()));
        let searcher = builder.build()?;
        Some(Packed { searcher, literals: by_gram.into_values().collect() })
    }

    #[inline]
    fn scan(&self, text: &[u8], may_stand: &mut impl FnMut(u32, usize)) {
        let mut span = Span { start: 0, end: text.len() };
        while let Some(found) = self.searcher.find_in(text, span) {
            let literals = self.literals.get(PatternID::as_usize(&found.pattern()));
            for (literal, offset) in literals.map_or(&[][..], Vec::as_slice) {
                if let Some(begin) = found.start().checked_sub(*offset) {
                    may_stand(*literal, begin);
                }
            }
            span.start = found.start() + 1;
        }
    }
}

/// Literals under their grams.
struct Grams {
    filter: Box<[u64]>,
    filter_shift: u32,
    /// By the hash's first bits: where its entries begin, and one more for where the last end.
    starts: Box<[u32]>,
    starts_shift: u32,
    entries: Box<[Entry]>,
}

struct Entry {
    /// The gram and the bytes of the literal behind it, as many as a word holds, and a mask for them.
    word: u64,
    mask: u64,
    literal: u32,
    /// Where in the literal the gram stands.
    offset: u32,
}

impl Entry {
    fn new(literal: u32, text: &[u8], offset: u32) -> Entry {
        let from = text.get(index(offset)..).unwrap_or_default();
        let mask = from.iter().take(8).fold(0, |mask: u64, _| mask << 8 | 0xff);
        Entry { word: word(from), mask, literal, offset }
    }

    /// Its first bytes.
    fn gram(&self, width: usize) -> u32 {
        let [a, b, c, d, ..] = self.word.to_le_bytes();
        gram([a, b, c, d].get(..width).unwrap_or_default())
    }
}

impl Grams {
    /// Files each literal under so many neighbouring grams of so many bytes, those that the fewest
    /// literals share.
    fn new(literals: &[(u32, &[u8])], width: usize, neighbours: usize) -> Grams {
        let mut counts: HashMap<u32, u32> = HashMap::new();
        for (_, text) in literals {
            for window in text.windows(width) {
                *counts.entry(gram(window)).or_default() += 1;
            }
        }
        let mut entries: Vec<Entry> = Vec::with_capacity(literals.len() * neighbours);
        for (literal, text) in literals {
            let grams: Vec<u32> = text.windows(width).map(gram).collect();
            let shared =
                |run: &[u32]| run.iter().map(|gram| counts.get(gram).copied().unwrap_or(0)).sum::<u32>();
            // What people write words with stands in more texts than other signs do.
            let wordy = |run: &[u32]| {
                let bytes = run.iter().flat_map(|gram| gram.to_le_bytes());
                bytes.filter(u8::is_ascii_alphanumeric).count()
            };
            let rarest =
                (0_u32..).zip(grams.windows(neighbours)).min_by_key(|(_, run)| (shared(run), wordy(run)));
            if let Some((begin, run)) = rarest {
                let offsets = (begin..).take(run.len());
                entries.extend(offsets.map(|offset| Entry::new(*literal, text, offset)));
            }
        }
        entries.sort_by_cached_key(|entry| (hash(entry.gram(width)), entry.literal));
        let bits = (entries.len() * BITS_PER_GRAM).next_power_of_two().trailing_zeros();
        let filter_shift = 32 - bits.clamp(6, MAX_FILTER_BITS);
        let mut filter = vec![0_u64; 1 << (32 - filter_shift - 6)];
        let starts_shift = 32 - entries.len().next_power_of_two().trailing_zeros().clamp(1, 16);
        let mut starts = vec![0_u32; (1 << (32 - starts_shift)) + 1];
        for entry in &entries {
            let hash = hash(entry.gram(width));
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

    #[inline]
    fn may_hold(&self, gram: u32) -> bool {
        let place = hash(gram) >> self.filter_shift;
        self.filter.get(index(place >> 6)).is_some_and(|word| word >> (place & 63) & 1 == 1)
    }

    /// Names the literals that are filed under the gram at a place of the text and may go on as the
    /// text does, with the place where they would begin.
    #[inline]
    fn each(&self, gram: u32, text: &[u8], at: usize, may_stand: &mut impl FnMut(u32, usize)) {
        let start = index(hash(gram) >> self.starts_shift);
        if let (Some(from), Some(to)) = (self.starts.get(start), self.starts.get(start + 1)) {
            let stands = word(text.get(at..).unwrap_or_default());
            for entry in self.entries.get(index(*from)..index(*to)).unwrap_or_default() {
                if stands & entry.mask == entry.word
                    && let Some(begin) = at.checked_sub(index(entry.offset))
                {
                    may_stand(entry.literal, begin);
                }
            }
        }
    }
}

fn gram(window: &[u8]) -> u32 {
    window.iter().rev().fold(0, |gram, byte| gram << 8 | u32::from(*byte))
}

/// The first eight bytes; zeros where there are fewer.
#[inline]
fn word(text: &[u8]) -> u64 {
    match text.first_chunk() {
        Some(bytes) => u64::from_le_bytes(*bytes),
        None => text.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

#[inline]
fn hash(gram: u32) -> u32 {
    gram.wrapping_mul(0x9e37_79b1)
}

#[inline]
fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

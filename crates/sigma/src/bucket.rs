//! The rules for one log source, and how to find the few of them that an event can match at all.
//! Each rule is filed under keys: tests of which one holds whenever the rule matches, the least
//! likely that its condition offers. An event wakes only the rules whose keys it holds, so that the
//! others cost nothing, however many they are.

use std::collections::BTreeMap;

use crate::memo::Memo;
use crate::program::{Program, RuleProgram, Run, Tests, at};

pub(crate) struct Bucket {
    /// Their numbers, rising.
    rules: Box<[u32]>,
    /// A bit for each rule that has no key and is tried for every event.
    always: Box<[u64]>,
    fields: Box<[KeyField]>,
    words: Box<[KeyWord]>,
    /// By key, where the rules that it wakes begin, and one more for where the last end.
    starts: Box<[u32]>,
    woken: Box<[u32]>,
}

/// The keys that one index answers.
struct KeyField {
    index: u32,
    words: std::ops::Range<usize>,
}

/// The keys among the tests of one word of the answers.
struct KeyWord {
    word: u32,
    mask: u64,
    /// The number of the first of them.
    first: u32,
}

impl Bucket {
    pub fn new(rules: Vec<u32>, programs: &[RuleProgram], tests: &Tests) -> Bucket {
        let mut always = vec![0; rules.len().div_ceil(64)];
        let mut keys: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (place, rule) in (0_u32..).zip(&rules) {
            let Some(program) = at(programs, *rule) else { continue };
            match Keys::of(&program.condition, &program.searches, tests) {
                Some(found) => {
                    for test in found.tests {
                        let woken = keys.entry(test).or_default();
                        if woken.last() != Some(&place) {
                            woken.push(place);
                        }
                    }
                }
                None => set(&mut always, place),
            }
        }
        let mut fields: Vec<KeyField> = Vec::new();
        let mut words: Vec<KeyWord> = Vec::new();
        let mut starts = Vec::with_capacity(keys.len() + 1);
        let mut woken = Vec::new();
        for (test, places) in keys {
            let word = test >> 6;
            if words.last().is_none_or(|last| last.word != word) {
                let index = at(&tests.index_of_word, word).copied().unwrap_or(u32::MAX);
                words.push(KeyWord { word, mask: 0, first: count(starts.len()) });
                match fields.last_mut() {
                    Some(field) if field.index == index => field.words.end = words.len(),
                    _ => fields.push(KeyField { index, words: words.len() - 1..words.len() }),
                }
            }
            if let Some(last) = words.last_mut() {
                last.mask |= 1 << (test & 63);
            }
            starts.push(count(woken.len()));
            woken.extend(places);
        }
        starts.push(count(woken.len()));
        Bucket {
            rules: rules.into(),
            always: always.into(),
            fields: fields.into(),
            words: words.into(),
            starts: starts.into(),
            woken: woken.into(),
        }
    }

    /// Marks the rules that the event may match, a bit each.
    pub fn wake(&self, run: &mut Run<'_, '_, '_>, awake: &mut Vec<u64>) {
        awake.clear();
        awake.extend_from_slice(&self.always);
        for field in &self.fields {
            if !run.has(field.index) {
                continue;
            }
            run.search(field.index);
            for word in self.words.get(field.words.clone()).unwrap_or_default() {
                self.wake_by(word, run.memo, awake);
            }
        }
    }

    fn wake_by(&self, key: &KeyWord, memo: &Memo, awake: &mut [u64]) {
        let mut held = at(&memo.answers, key.word).copied().unwrap_or(0) & key.mask;
        while held != 0 {
            let before = key.mask & ((held & held.wrapping_neg()) - 1);
            held &= held - 1;
            let number = key.first + before.count_ones();
            let (Some(from), Some(to)) = (at(&self.starts, number), at(&self.starts, number + 1)) else {
                return;
            };
            let range = usize::try_from(*from).unwrap_or(0)..usize::try_from(*to).unwrap_or(0);
            for place in self.woken.get(range).unwrap_or_default() {
                set(awake, *place);
            }
        }
    }

    /// The numbers of the marked rules, rising.
    pub fn awake<'b>(&'b self, awake: &'b [u64]) -> impl Iterator<Item = u32> + 'b {
        (0_u32..).zip(awake).flat_map(move |(at_word, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                (left != 0).then(|| {
                    let bit = left.trailing_zeros();
                    left &= left - 1;
                    at_word * 64 + bit
                })
            })
            .filter_map(move |place| at(&self.rules, place).copied())
        })
    }
}

fn set(bits: &mut [u64], place: u32) {
    if let Some(word) = usize::try_from(place >> 6).ok().and_then(|word| bits.get_mut(word)) {
        *word |= 1 << (place & 63);
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// Tests of which one holds whenever a program does.
struct Keys {
    tests: Vec<u32>,
    likely: f32,
}

impl Keys {
    fn of(program: &Program, searches: &[Program], tests: &Tests) -> Option<Keys> {
        let inner = |program: &Program| Keys::of(program, searches, tests);
        match program {
            Program::Test(number) => Keys::of_test(*number, tests),
            Program::Search(number) => inner(at(searches, *number)?),
            Program::All(programs) => {
                programs.iter().filter_map(inner).min_by(|left, right| left.likely.total_cmp(&right.likely))
            }
            Program::Any(programs) => Keys::together(programs.iter().map(inner).collect::<Option<_>>()?),
            Program::Not(_) => None,
            Program::AtLeast(wanted, programs) => {
                // Where so many of them hold, so does one of any that leave fewer out.
                let enough = (programs.len() + 1).checked_sub(*wanted)?;
                let mut all: Vec<Keys> = programs.iter().filter_map(inner).collect();
                all.sort_by(|left, right| left.likely.total_cmp(&right.likely));
                all.truncate(enough);
                if all.len() < enough { None } else { Keys::together(all) }
            }
        }
    }

    fn of_test(number: u32, tests: &Tests) -> Option<Keys> {
        let key = if number < tests.indexed() {
            number
        } else {
            let alone = at(&tests.alone, number - tests.indexed())?;
            alone.gate.or_else(|| tests.presence(number))?
        };
        Some(Keys { tests: vec![key], likely: at(&tests.likely, key).copied()? })
    }

    fn together(all: Vec<Keys>) -> Option<Keys> {
        let likely = all.iter().map(|keys| keys.likely).sum();
        Some(Keys { tests: all.into_iter().flat_map(|keys| keys.tests).collect(), likely })
    }
}

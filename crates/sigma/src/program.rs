//! Rules as the engine runs them: trees whose leaves are numbers of tests, each test kept once
//! however many rules ask for it and answered at most once for an event.

use telemetry::Value;

use crate::index::{BETWEEN, Index, PRESENT};
use crate::memo::Memo;
use crate::number::Number;
use crate::pattern::fold_into;
use crate::test::Tester;
use crate::view::{FieldNames, Speaks, View};

pub(crate) enum Program {
    Test(u32),
    /// A search identifier of the rule.
    Search(u32),
    All(Box<[Program]>),
    Any(Box<[Program]>),
    Not(Box<Program>),
    AtLeast(usize, Box<[Program]>),
}

/// The searches of a rule, in its order, and the condition over them.
pub(crate) struct RuleProgram {
    pub searches: Box<[Program]>,
    pub condition: Program,
}

/// All tests and field names of a set of rules. Tests that indexes answer have the numbers of their
/// bits; above those come the tests that are tried alone.
#[derive(Default)]
pub(crate) struct Tests {
    pub testers: Vec<Tester>,
    /// By test, the place of its tester.
    pub tester_of: Vec<u32>,
    pub names: FieldNames,
    pub indexes: Vec<(Option<u32>, Index)>,
    /// By word of the answers.
    pub index_of_word: Vec<u32>,
    /// By test above those that indexes answer.
    pub alone: Vec<Alone>,
    /// By test, how often it is likely to hold: no probability, only for comparing.
    pub likely: Vec<f32>,
}

#[derive(Clone, Copy)]
pub(crate) struct Alone {
    /// A test that an index answers and without which this one cannot hold.
    pub gate: Option<u32>,
}

impl Tests {
    /// Starts a new event.
    pub fn begin(&self, memo: &mut Memo) {
        memo.begin(self.index_of_word.len(), self.indexes.len(), self.alone.len());
    }

    pub fn tester(&self, number: u32) -> Option<&Tester> {
        at(&self.testers, *at(&self.tester_of, number)?)
    }

    /// The test that the event has the field which this test looks at, where it holds only then.
    pub fn presence(&self, number: u32) -> Option<u32> {
        let tester = self.tester(number)?;
        let field = tester.field().filter(|_| tester.needs_field())?;
        let (_, index) = self.indexes.iter().find(|(of, _)| *of == Some(field))?;
        u32::try_from(index.first_word * 64).ok()?.checked_add(PRESENT)
    }

    /// How many tests are answered by indexes, counted with the gaps between indexes.
    pub fn indexed(&self) -> u32 {
        u32::try_from(self.index_of_word.len()).unwrap_or(u32::MAX).saturating_mul(64)
    }
}

/// One event being matched: what is known of it so far.
pub(crate) struct Run<'r, 'e, 's> {
    pub tests: &'r Tests,
    pub view: &'r View<'e, 's>,
    pub memo: &'r mut Memo,
}

impl Run<'_, '_, '_> {
    pub fn holds(&mut self, program: &Program, searches: &[Program]) -> bool {
        match program {
            Program::Test(number) => self.test(*number),
            Program::Search(number) => at(searches, *number).is_some_and(|inner| self.holds(inner, searches)),
            Program::All(programs) => programs.iter().all(|inner| self.holds(inner, searches)),
            Program::Any(programs) => programs.iter().any(|inner| self.holds(inner, searches)),
            Program::Not(inner) => !self.holds(inner, searches),
            Program::AtLeast(count, programs) => {
                let mut missing = *count;
                for inner in programs {
                    if self.holds(inner, searches) {
                        missing -= 1;
                    }
                    if missing == 0 {
                        return true;
                    }
                }
                false
            }
        }
    }

    #[inline]
    fn test(&mut self, number: u32) -> bool {
        match at(&self.tests.index_of_word, number >> 6) {
            Some(index) => {
                self.search(*index);
                self.memo.holds(number)
            }
            None => self.test_alone(number),
        }
    }

    fn test_alone(&mut self, number: u32) -> bool {
        let tests = self.tests;
        let place = number - tests.indexed();
        if let Some(known) = self.memo.alone(place) {
            return known;
        }
        let gate = at(&tests.alone, place).and_then(|alone| alone.gate);
        let holds = gate.is_none_or(|gate| self.test(gate))
            && tests.tester(number).is_some_and(|tester| tester.holds(self.view));
        self.memo.set_alone(place, holds);
        holds
    }

    /// Whether the event has anything that the index looks at.
    pub fn has(&self, index: u32) -> bool {
        match at(&self.tests.indexes, index) {
            Some((Some(field), _)) => self.view.field(*field).is_some(),
            _ => true,
        }
    }

    /// Looks for all that an index knows, once for an event.
    #[inline]
    pub fn search(&mut self, number: u32) {
        if self.memo.first_search(number) {
            self.search_first(number);
        }
    }

    fn search_first(&mut self, number: u32) {
        let Some((field, index)) = at(&self.tests.indexes, number) else { return };
        let Memo { answers, cache, seen, joined, folded, .. } = &mut *self.memo;
        let Some(answers) = answers.get_mut(index.first_word..index.first_word + index.words) else { return };
        answers.fill(0);
        match field {
            None if index.joins => {
                joined.clear();
                let mut one = |text: &str, _: Option<Number>| {
                    if !index.is_too_long_for(text) {
                        joined.push_str(text);
                        joined.push(BETWEEN);
                    }
                };
                self.view.each_spoken(|value| match value {
                    Speaks::Field(value) => each_text(value, &mut one),
                    Speaks::Record(text) => one(text, None),
                });
                fold_into(joined, folded);
                index.answer(folded, None, seen, answers);
            }
            None => self.view.each_spoken(|value| {
                let mut one = |text: &str, _: Option<Number>| {
                    cache.answer(number, text, answers, |found| {
                        fold_into(text, folded);
                        index.answer(folded, None, seen, found);
                    });
                };
                match value {
                    Speaks::Field(value) => each_text(value, &mut one),
                    Speaks::Record(text) => one(text, None),
                }
            }),
            Some(field) => {
                let Some(value) = self.view.field(*field) else { return };
                if let Some(word) = answers.first_mut() {
                    *word |= 1 << PRESENT;
                }
                let mut one = |text: &str, number_meant: Option<Number>| {
                    let mut find = |found: &mut [u64]| {
                        fold_into(text, folded);
                        index.answer(folded, number_meant.or_else(|| Number::of_text(text)), seen, found);
                    };
                    if number_meant.is_some() {
                        find(answers);
                    } else {
                        cache.answer(number, text, answers, find);
                    }
                };
                each_text(value, &mut one);
            }
        }
    }
}

/// Hands on the texts of a value, with the number where the text does not say it exactly.
#[inline]
fn each_text(value: &Value, one: &mut impl FnMut(&str, Option<Number>)) {
    match value {
        // Nearly all are.
        Value::Str(text) => one(text, None),
        value => each_text_of_other(value, one),
    }
}

fn each_text_of_other(value: &Value, one: &mut impl FnMut(&str, Option<Number>)) {
    match value {
        Value::Str(text) => one(text, None),
        Value::Int(number) => one(itoa::Buffer::new().format(*number), None),
        Value::Float(number) => one(&number.to_string(), Some(Number::float(*number))),
        Value::Bool(flag) => one(if *flag { "true" } else { "false" }, None),
        Value::Null => {}
        Value::List(items) => items.iter().for_each(|item| each_text_of_other(item, one)),
    }
}

pub(crate) fn at<T>(list: &[T], number: u32) -> Option<&T> {
    list.get(usize::try_from(number).ok()?)
}

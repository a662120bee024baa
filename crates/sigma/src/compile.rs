//! From rules to programs: numbers the tests, gives each field of them an index, and sees to it that
//! tests which are expensive are tried after those that are likely to settle the matter.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::condition::Condition;
use crate::detection::Detection;
use crate::hash::Quick;
use crate::index::IndexBuilder;
use crate::pattern::{Part, Pattern};
use crate::program::{Alone, Program, RuleProgram, Tests, at};
use crate::test::Tester;
use crate::tree::{Check, Test, Tree};
use telemetry::LogSource;

/// Above the likelihood of any test that an index answers.
const SLOW: f32 = 100.0;

#[derive(Default)]
pub(crate) struct Compiler<'r> {
    known: HashMap<Cow<'r, Test>, u32, Quick>,
    /// How often rules ask for each test.
    asked: Vec<u32>,
    /// Which log source's rule asked for each test first.
    asked_for: Vec<u32>,
    sources: HashMap<&'r LogSource, u32, Quick>,
    source: u32,
    tests: Tests,
    programs: Vec<RuleProgram>,
}

impl<'r> Compiler<'r> {
    pub fn add(&mut self, detection: &'r Detection, source: &'r LogSource) {
        let next = count(self.sources.len());
        self.source = *self.sources.entry(source).or_insert(next);
        let searches = detection.searches.iter().map(|search| self.tree(&search.tree)).collect();
        let condition = condition(&detection.condition);
        self.programs.push(RuleProgram { searches, condition });
    }

    fn tree(&mut self, tree: &'r Tree) -> Program {
        match tree {
            Tree::Test(test) => Program::Test(self.number(Cow::Borrowed(test))),
            Tree::All(trees) => Program::All(trees.iter().map(|tree| self.tree(tree)).collect()),
            Tree::Any(trees) => Program::Any(trees.iter().map(|tree| self.tree(tree)).collect()),
            Tree::Not(inner) => Program::Not(Box::new(self.tree(inner))),
        }
    }

    #[allow(clippy::mutable_key_type, reason = "a regex is hashed by its text and flags, which stay")]
    fn number(&mut self, test: Cow<'r, Test>) -> u32 {
        let number = match self.known.get(&*test) {
            Some(number) => *number,
            None => {
                let number = count(self.tests.testers.len());
                self.tests.testers.push(Tester::new(&test, &mut self.tests.names));
                self.asked.push(0);
                self.asked_for.push(self.source);
                self.known.insert(test, number);
                number
            }
        };
        if let Some(asked) = usize::try_from(number).ok().and_then(|number| self.asked.get_mut(number)) {
            *asked += 1;
        }
        number
    }

    /// Called once all rules are in.
    #[allow(clippy::mutable_key_type, reason = "a regex is hashed by its text and flags, which stay")]
    pub fn finish(mut self) -> (Tests, Vec<RuleProgram>) {
        let mut gates: HashMap<u32, u32> = HashMap::new();
        let gated: Vec<(u32, Test)> =
            self.known.iter().filter_map(|(test, number)| Some((*number, gate(test)?))).collect();
        for (number, gate) in gated {
            self.source = at(&self.asked_for, number).copied().unwrap_or(0);
            let gate = self.number(Cow::Owned(gate));
            gates.insert(number, gate);
        }
        let known = std::mem::take(&mut self.known);
        let mut all: Vec<(&Test, u32)> = known.iter().map(|(test, number)| (&**test, *number)).collect();
        all.sort_unstable_by_key(|(_, number)| *number);
        let new = self.arrange(&all, &gates);
        let mut programs = std::mem::take(&mut self.programs);
        for program in &mut programs {
            for search in &mut program.searches {
                renumber(search, &new);
                order(search, &[], &self.tests);
            }
            order(&mut program.condition, &program.searches, &self.tests);
        }
        (self.tests, programs)
    }

    /// Builds the indexes and gives all tests their numbers, by the numbers they had.
    fn arrange(&mut self, all: &[(&Test, u32)], gates: &HashMap<u32, u32>) -> Vec<u32> {
        let mut fields: Vec<Searched> = Vec::new();
        let mut of_field: HashMap<Searched, Vec<(&Test, u32)>> = HashMap::new();
        for (test, number) in all {
            let field = match at(&self.tests.testers, *number).and_then(Tester::field) {
                Some(field) => (Some(field), 0),
                None => (None, at(&self.asked_for, *number).copied().unwrap_or(0)),
            };
            let list = of_field.entry(field).or_insert_with(|| {
                fields.push(field);
                Vec::new()
            });
            if is_indexed(test) {
                list.push((*test, *number));
            }
        }
        let mut new = vec![u32::MAX; all.len()];
        let mut likely = Vec::new();
        for field in fields {
            let tests = of_field.remove(&field).unwrap_or_default();
            let mut builder = IndexBuilder::default();
            let first_word = self.tests.index_of_word.len();
            let words = (tests.len() + 1).div_ceil(64);
            let first = count(first_word * 64);
            // The first bit is that of the field itself.
            for (bit, (test, number)) in (PRESENT_AND_ONE..).zip(&tests) {
                let asked = at(&self.asked, *number).copied().unwrap_or(1);
                match &test.check {
                    Check::Text { patterns, .. } => builder.add_patterns(bit, patterns, asked),
                    Check::Number(numbers) => builder.add_numbers(bit, numbers),
                    _ => {}
                }
                if let Some(place) = usize::try_from(*number).ok().and_then(|number| new.get_mut(number)) {
                    *place = first + bit;
                }
            }
            let number = count(self.tests.indexes.len());
            self.tests.index_of_word.resize(first_word + words, number);
            self.tests.tester_of.resize((first_word + words) * 64, u32::MAX);
            likely.resize((first_word + words) * 64, 1.0);
            for (at, (test, number)) in (first_word * 64 + 1..).zip(&tests) {
                if let (Some(tester), Some(likely)) = (self.tests.tester_of.get_mut(at), likely.get_mut(at)) {
                    *tester = *number;
                    *likely = match &test.check {
                        Check::Text { patterns, .. } => {
                            patterns.iter().map(|pattern| likelihood(pattern, &builder)).sum::<f32>().min(1.0)
                        }
                        _ => 0.05,
                    };
                }
            }
            self.tests.indexes.push((field.0, builder.build(first_word, words)));
        }
        for (test, number) in all.iter().filter(|(test, _)| !is_indexed(test)) {
            let place = count(self.tests.tester_of.len());
            self.tests.tester_of.push(*number);
            let gate = gates.get(number).and_then(|gate| at(&new, *gate)).copied();
            self.tests.alone.push(Alone { gate });
            likely.push(SLOW * if matches!(test.check, Check::Regex(_)) { 2.0 } else { 1.0 });
            if let Some(new) = usize::try_from(*number).ok().and_then(|number| new.get_mut(number)) {
                *new = place;
            }
        }
        self.tests.likely = likely;
        new
    }
}

/// What an index searches: a field, or for keywords the whole record, and that by log source.
type Searched = (Option<u32>, u32);

const PRESENT_AND_ONE: u32 = crate::index::PRESENT + 1;

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// Whether the index of its field answers the test.
fn is_indexed(test: &Test) -> bool {
    match &test.check {
        Check::Text { cased, .. } => !cased,
        Check::Number(_) => true,
        _ => false,
    }
}

/// A test that an index answers and without which this one cannot hold.
fn gate(test: &Test) -> Option<Test> {
    let patterns = match &test.check {
        Check::Text { patterns, cased: true } => patterns.iter().map(Pattern::folded).collect(),
        Check::Regex(regex) => {
            regex.required()?.into_iter().map(|text| Pattern::literal(text).open_start().open_end()).collect()
        }
        _ => return None,
    };
    Some(Test { subject: test.subject.clone(), check: Check::Text { patterns, cased: false } })
}

/// How likely a pattern is to match, guessed from its length and from how many rules look for it:
/// what many rules look for is a thing that hosts do often.
fn likelihood(pattern: &Pattern, builder: &IndexBuilder) -> f32 {
    let (text, base) = match pattern.parts() {
        [Part::Text(text)] => (text, 0.02),
        [Part::Text(text), Part::Many] => (text, if text.len() < 8 { 0.1 } else { 0.05 }),
        [Part::Many, Part::Text(text)] => (text, if text.len() < 5 { 0.2 } else { 0.005 }),
        [Part::Many, Part::Text(text), Part::Many] => (
            text,
            match text.len() {
                0 | 1 => 0.9,
                2 => 0.5,
                3 => 0.2,
                4 => 0.1,
                5 => 0.05,
                6 => 0.03,
                7 => 0.02,
                _ => 0.01,
            },
        ),
        [] => return 0.02,
        parts => return if parts.iter().any(|part| matches!(part, Part::Text(_))) { 0.02 } else { 0.9 },
    };
    base + 0.003 * builder.asked(text)
}

fn renumber(program: &mut Program, new: &[u32]) {
    match program {
        Program::Test(number) => *number = at(new, *number).copied().unwrap_or(u32::MAX),
        Program::Search(_) => {}
        Program::Not(inner) => renumber(inner, new),
        Program::All(programs) | Program::Any(programs) | Program::AtLeast(_, programs) => {
            programs.iter_mut().for_each(|inner| renumber(inner, new));
        }
    }
}

fn condition(condition: &Condition) -> Program {
    let search = |at: usize| Program::Search(count(at));
    let each = |all: &[Condition]| all.iter().map(self::condition).collect();
    match condition {
        Condition::Search(at) => search(*at),
        Condition::All(all) => Program::All(each(all)),
        Condition::Any(all) => Program::Any(each(all)),
        Condition::Not(inner) => Program::Not(Box::new(self::condition(inner))),
        Condition::AtLeast { count, of } => {
            let programs: Box<[Program]> = of.iter().map(|at| search(*at)).collect();
            if *count == programs.len() {
                Program::All(programs)
            } else if *count == 1 {
                Program::Any(programs)
            } else {
                Program::AtLeast(*count, programs)
            }
        }
    }
}

/// Puts first what is cheap, and among that what settles the matter soonest.
fn order(program: &mut Program, searches: &[Program], tests: &Tests) {
    match program {
        Program::Test(_) | Program::Search(_) => {}
        Program::Not(inner) => order(inner, searches, tests),
        Program::All(programs) => {
            programs.iter_mut().for_each(|inner| order(inner, searches, tests));
            programs.sort_by(|left, right| {
                weight(left, searches, tests).total_cmp(&weight(right, searches, tests))
            });
        }
        Program::Any(programs) | Program::AtLeast(_, programs) => {
            programs.iter_mut().for_each(|inner| order(inner, searches, tests));
            let any_weight = |program: &Program| {
                let weight = weight(program, searches, tests);
                if weight < SLOW { -weight } else { weight }
            };
            programs.sort_by(|left, right| any_weight(left).total_cmp(&any_weight(right)));
        }
    }
}

fn weight(program: &Program, searches: &[Program], tests: &Tests) -> f32 {
    let all = |programs: &[Program]| {
        programs.iter().map(|inner| weight(inner, searches, tests)).collect::<Vec<_>>()
    };
    match program {
        Program::Test(number) => at(&tests.likely, *number).copied().unwrap_or(SLOW),
        Program::Search(number) => at(searches, *number).map_or(0.0, |inner| weight(inner, searches, tests)),
        Program::All(programs) => all(programs).into_iter().fold(SLOW, f32::min),
        Program::Any(programs) | Program::AtLeast(_, programs) => all(programs).into_iter().sum(),
        // What is ruled out is asked after what is looked for.
        Program::Not(inner) => SLOW + weight(inner, searches, tests),
    }
}

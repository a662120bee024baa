//! Rules as the engine runs them: trees whose leaves are numbers of tests, each test kept once
//! however many rules ask for it and run at most once for an event.

use std::collections::HashMap;

use crate::condition::Condition;
use crate::detection::Detection;
use crate::index::{Index, IndexBuilder};
use crate::memo::Memo;
use crate::pattern::Pattern;
use crate::test::Tester;
use crate::tree::{Check, Test, Tree};
use crate::view::{FieldNames, View};

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

/// All tests and field names of a set of rules.
#[derive(Default)]
pub(crate) struct Tests {
    pub testers: Vec<Tester>,
    pub names: FieldNames,
    /// One for each field that texts are looked for in.
    indexes: Vec<Index>,
    known: HashMap<Test, u32>,
}

/// The texts looked for in one field, and by test the patterns that are more than one text.
#[derive(Default)]
struct FieldTexts {
    builder: IndexBuilder,
    tests: Vec<(u32, Vec<Pattern>)>,
}

impl Tests {
    pub fn compile(&mut self, detection: &Detection) -> RuleProgram {
        let searches: Vec<Program> =
            detection.searches.iter().map(|search| self.tree(&search.tree)).collect();
        let condition = self.condition(&detection.condition, &searches);
        RuleProgram { searches: searches.into(), condition }
    }

    /// Called once all rules are in: builds the indexes over all of their texts.
    #[allow(clippy::mutable_key_type, reason = "a regex is hashed by its text and flags, which stay")]
    pub fn finish(&mut self) {
        let known = std::mem::take(&mut self.known);
        let mut builders: HashMap<Option<u32>, FieldTexts> = HashMap::new();
        for (test, number) in &known {
            if let (Check::Text { patterns, cased: false }, Some(tester)) =
                (&test.check, at(&self.testers, *number))
            {
                let texts = builders.entry(tester.field()).or_default();
                let rest = texts.builder.add(*number, patterns);
                texts.tests.push((*number, rest));
            }
        }
        let mut first = 0;
        for FieldTexts { builder, tests } in builders.into_values() {
            // An index that would become too large is done without: the tests still work alone.
            let Ok(index) = builder.build(first) else { continue };
            first += index.len();
            let place = u32::try_from(self.indexes.len()).unwrap_or(u32::MAX);
            self.indexes.push(index);
            for (number, rest) in tests {
                if let Some(tester) = usize::try_from(number).ok().and_then(|at| self.testers.get_mut(at)) {
                    tester.leave_to(place, &rest);
                }
            }
        }
    }

    /// Starts a new event.
    pub fn begin(&self, memo: &mut Memo) {
        let texts = self.indexes.iter().map(Index::len).sum();
        memo.begin(self.testers.len(), self.indexes.len(), texts);
    }

    fn tree(&mut self, tree: &Tree) -> Program {
        match tree {
            Tree::Test(test) => Program::Test(self.number(test)),
            Tree::All(trees) => {
                let programs = trees.iter().map(|tree| self.tree(tree)).collect();
                Program::All(self.cheapest_first(programs, &[]))
            }
            Tree::Any(trees) => {
                let programs = trees.iter().map(|tree| self.tree(tree)).collect();
                Program::Any(self.cheapest_first(programs, &[]))
            }
            Tree::Not(inner) => Program::Not(Box::new(self.tree(inner))),
        }
    }

    fn number(&mut self, test: &Test) -> u32 {
        if let Some(number) = self.known.get(test) {
            return *number;
        }
        let number = u32::try_from(self.testers.len()).unwrap_or(u32::MAX);
        self.testers.push(Tester::new(test, &mut self.names));
        self.known.insert(test.clone(), number);
        number
    }

    fn condition(&self, condition: &Condition, searches: &[Program]) -> Program {
        let search = |at: usize| Program::Search(u32::try_from(at).unwrap_or(u32::MAX));
        match condition {
            Condition::Search(at) => search(*at),
            Condition::All(all) => {
                let programs = all.iter().map(|inner| self.condition(inner, searches)).collect();
                Program::All(self.cheapest_first(programs, searches))
            }
            Condition::Any(all) => {
                let programs = all.iter().map(|inner| self.condition(inner, searches)).collect();
                Program::Any(self.cheapest_first(programs, searches))
            }
            Condition::Not(inner) => Program::Not(Box::new(self.condition(inner, searches))),
            Condition::AtLeast { count, of } => {
                let programs = self.cheapest_first(of.iter().map(|at| search(*at)).collect(), searches);
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

    fn cheapest_first(&self, mut programs: Vec<Program>, searches: &[Program]) -> Box<[Program]> {
        programs.sort_by_cached_key(|program| self.cost(program, searches));
        programs.into()
    }

    fn cost(&self, program: &Program, searches: &[Program]) -> u32 {
        let sum = |programs: &[Program]| {
            programs.iter().map(|inner| self.cost(inner, searches)).fold(0, u32::saturating_add)
        };
        match program {
            Program::Test(number) => at(&self.testers, *number).map_or(0, Tester::cost),
            Program::Search(number) => at(searches, *number).map_or(0, |inner| self.cost(inner, searches)),
            // Most tests fail, and the first to fail ends it.
            Program::All(programs) => {
                programs.first().map_or(0, |inner| self.cost(inner, searches)).saturating_add(2)
            }
            Program::Any(programs) | Program::AtLeast(_, programs) => sum(programs),
            // What is ruled out is asked after what is looked for.
            Program::Not(inner) => self.cost(inner, searches).saturating_add(1000),
        }
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

    fn test(&mut self, number: u32) -> bool {
        let Some(tester) = at(&self.tests.testers, number) else { return false };
        if let Some(known) = self.memo.get(number) {
            return known;
        }
        let holds = match tester.index() {
            None => tester.holds(self.view),
            Some(index) => {
                self.scan(index, tester.field());
                self.memo.get(number).unwrap_or(false) || tester.rest_holds(self.view)
            }
        };
        self.memo.set(number, holds);
        holds
    }

    /// Looks for all texts of an index, once for an event.
    fn scan(&mut self, number: u32, field: Option<u32>) {
        let Some(index) = at(&self.tests.indexes, number) else { return };
        if !self.memo.first_scan(number) {
            return;
        }
        match field {
            None => {
                for spoken in self.view.spoken(false) {
                    index.scan(&spoken.text, self.memo);
                }
            }
            Some(id) => {
                for text in self.view.field(id).into_iter().flat_map(|slot| slot.texts(false)) {
                    index.scan(text, self.memo);
                }
            }
        }
    }
}

pub(crate) fn at<T>(list: &[T], number: u32) -> Option<&T> {
    list.get(usize::try_from(number).ok()?)
}

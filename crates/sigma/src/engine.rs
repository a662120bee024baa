//! The engine: rules compiled once, then any number of events matched against them, from any number
//! of threads.

use std::sync::{Mutex, PoisonError};

use telemetry::Event;

use crate::memo::Memo;
use crate::program::{Program, RuleProgram, Run, Tests, at};
use crate::route::{Router, Routing};
use crate::rule::Rule;
use crate::view::View;

/// Which of [`Engine::rules`] it is, by position.
pub type RuleIndex = usize;

/// A rule that an event matches, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detection {
    pub rule: RuleIndex,
    /// The search identifiers that hold and that the condition looks for, in the rule's order;
    /// not those it rules out.
    pub searches: Vec<String>,
    /// What in the event these searches found, each field once for each different value.
    pub found: Vec<FoundField>,
}

/// A field with the value that a rule looked for. Text from the event: never to be trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundField {
    /// `None` where a keyword was found in the record itself.
    pub field: Option<String>,
    pub value: String,
}

pub struct Engine {
    rules: Vec<Rule>,
    programs: Vec<RuleProgram>,
    tests: Tests,
    router: Router,
    /// Memory to match with, kept between events; as many as threads have matched at once.
    scratch: Mutex<Vec<Scratch>>,
}

#[derive(Default)]
struct Scratch {
    memo: Memo,
    places: Vec<u32>,
}

impl Engine {
    pub fn new(rules: Vec<Rule>) -> Engine {
        Engine::with_routing(rules, Routing::Strict)
    }

    pub fn with_routing(rules: Vec<Rule>, routing: Routing) -> Engine {
        let mut tests = Tests::default();
        let programs = rules.iter().map(|rule| tests.compile(&rule.detection)).collect();
        tests.finish();
        let router = Router::new(rules.iter().map(|rule| &rule.logsource), routing);
        Engine { rules, programs, tests, router, scratch: Mutex::default() }
    }

    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    pub fn rule(&self, index: RuleIndex) -> Option<&Rule> {
        self.rules.get(index)
    }

    /// The rules that the event matches, in their order.
    pub fn matches(&self, event: &Event) -> Vec<RuleIndex> {
        self.run(event, |matched, number, _| if matched { usize::try_from(number).ok() } else { None })
    }

    /// The rules that the event matches, in their order, with what made them match.
    pub fn detect(&self, event: &Event) -> Vec<Detection> {
        self.run(event, |matched, number, run| {
            let rule = usize::try_from(number).ok()?;
            if matched { self.explain(rule, run) } else { None }
        })
    }

    fn run<T>(
        &self,
        event: &Event,
        mut keep: impl FnMut(bool, u32, &mut Run<'_, '_, '_>) -> Option<T>,
    ) -> Vec<T> {
        let numbers = self.router.rules(&event.source);
        if numbers.is_empty() {
            return Vec::new();
        }
        let mut scratch =
            self.scratch.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        self.tests.begin(&mut scratch.memo);
        let mut kept = Vec::new();
        {
            let view = View::new(event, &self.tests.names, &mut scratch.places);
            let mut run = Run { tests: &self.tests, view: &view, memo: &mut scratch.memo };
            for number in numbers.iter().copied() {
                let Some(program) = at(&self.programs, number) else { continue };
                let matched = run.holds(&program.condition, &program.searches);
                kept.extend(keep(matched, number, &mut run));
            }
        }
        self.scratch.lock().unwrap_or_else(PoisonError::into_inner).push(scratch);
        kept
    }

    fn explain(&self, rule: RuleIndex, run: &mut Run<'_, '_, '_>) -> Option<Detection> {
        let program = self.programs.get(rule)?;
        let names = &self.rules.get(rule)?.detection.searches;
        let mut held = Vec::new();
        let mut found = Vec::new();
        self.gather(&program.condition, program, run, &mut held, &mut found);
        held.sort_unstable();
        held.dedup();
        let searches = held.iter().filter_map(|search| at(names, *search)).map(|search| search.name.clone());
        Some(Detection { rule, searches: searches.collect(), found })
    }

    /// Walks what holds, and leaves out what is negated: that a filter did not match shows nothing.
    fn gather(
        &self,
        program: &Program,
        rule: &RuleProgram,
        run: &mut Run<'_, '_, '_>,
        held: &mut Vec<u32>,
        found: &mut Vec<FoundField>,
    ) {
        if !run.holds(program, &rule.searches) {
            return;
        }
        match program {
            Program::Not(_) => {}
            Program::Search(number) => {
                if !held.contains(number)
                    && let Some(search) = at(&rule.searches, *number)
                {
                    held.push(*number);
                    self.gather(search, rule, run, held, found);
                }
            }
            Program::All(programs) | Program::Any(programs) | Program::AtLeast(_, programs) => {
                for inner in programs {
                    self.gather(inner, rule, run, held, found);
                }
            }
            Program::Test(number) => {
                let Some(tester) = at(&self.tests.testers, *number) else { return };
                for seen in tester.found(run.view, &self.tests.names) {
                    let field =
                        FoundField { field: seen.field.map(str::to_owned), value: seen.text.into_owned() };
                    if !found.contains(&field) {
                        found.push(field);
                    }
                }
            }
        }
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine")
            .field("rules", &self.rules.len())
            .field("tests", &self.tests.testers.len())
            .field("fields", &self.tests.names.len())
            .finish_non_exhaustive()
    }
}

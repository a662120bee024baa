//! The engine: rules compiled once, then any number of events matched against them, from any number
//! of threads.

use std::sync::{Mutex, PoisonError};

use telemetry::Event;

use crate::bucket::Bucket;
use crate::compile::Compiler;
use crate::memo::Memo;
use crate::program::{Program, RuleProgram, Run, Tests, at};
use crate::route::{Router, Routes, Routing};
use crate::rule::Rule;
use crate::view::{Places, View};

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
    /// By log source of rules, as the router numbers them.
    buckets: Vec<Bucket>,
    /// Memory to match with, kept between events; as many as threads have matched at once.
    scratch: Mutex<Vec<Scratch>>,
}

#[derive(Default)]
struct Scratch {
    memo: Memo,
    places: Places,
    routes: Routes,
    awake: Vec<u64>,
}

impl Engine {
    pub fn new(rules: Vec<Rule>) -> Engine {
        Engine::with_routing(rules, Routing::Strict)
    }

    pub fn with_routing(rules: Vec<Rule>, routing: Routing) -> Engine {
        let mut compiler = Compiler::default();
        rules.iter().for_each(|rule| compiler.add(&rule.detection, &rule.logsource));
        let (tests, programs) = compiler.finish();
        let (router, by_source) = Router::new(rules.iter().map(|rule| &rule.logsource), routing);
        let buckets = by_source.into_iter().map(|rules| Bucket::new(rules, &programs, &tests)).collect();
        Engine { rules, programs, tests, router, buckets, scratch: Mutex::default() }
    }

    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    pub fn rule(&self, index: RuleIndex) -> Option<&Rule> {
        self.rules.get(index)
    }

    /// The rules that the event matches, in their order.
    pub fn matches(&self, event: &Event) -> Vec<RuleIndex> {
        self.run(event, |rule, _| Some(rule))
    }

    /// The rules that the event matches, in their order, with what made them match.
    pub fn detect(&self, event: &Event) -> Vec<Detection> {
        self.run(event, |rule, run| self.explain(rule, run))
    }

    fn run<T>(
        &self,
        event: &Event,
        mut found: impl FnMut(RuleIndex, &mut Run<'_, '_, '_>) -> Option<T>,
    ) -> Vec<T> {
        let mut scratch =
            self.scratch.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        let mut all = Vec::new();
        let Scratch { memo, places, routes, awake } = &mut scratch;
        let route = self.router.route(&event.source, routes);
        if !route.is_empty() {
            self.tests.begin(memo);
            let view = View::new(event, &self.tests.names, places);
            let mut run = Run { tests: &self.tests, view: &view, memo };
            for bucket in route.iter().filter_map(|number| at(&self.buckets, *number)) {
                bucket.wake(&mut run, awake);
                for number in bucket.awake(awake) {
                    let Some(program) = at(&self.programs, number) else { continue };
                    if run.holds(&program.condition, &program.searches)
                        && let Ok(rule) = usize::try_from(number)
                        && let Some(one) = found(rule, &mut run)
                    {
                        all.push((rule, one));
                    }
                }
            }
        }
        self.scratch.lock().unwrap_or_else(PoisonError::into_inner).push(scratch);
        if route.len() > 1 {
            all.sort_unstable_by_key(|(rule, _)| *rule);
        }
        all.into_iter().map(|(_, one)| one).collect()
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
                let Some(tester) = self.tests.tester(*number) else { return };
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

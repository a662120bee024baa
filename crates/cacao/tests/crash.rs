//! Random playbooks, random outcomes, and the power cut at every point. Whatever happens: the log gives the state, an
//! act is never carried out twice unless a person says so or twice is as once, and what may have happened is in doubt.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::needless_pass_by_value
)]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use cacao::{Effect, Event, Flight, Key, Limits, Outcome, Phase, Playbook, Run, Strand, Verdict};
use common::{API, HOST, action, book, id, manual, playbook, policy};
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// A part of a workflow.
#[derive(Debug, Clone)]
enum Part {
    Writes,
    Reads,
    Person,
    Retries,
    Both(Vec<Part>),
    If(Vec<Part>, Vec<Part>),
    While(Vec<Part>),
    Handled(Vec<Part>),
}

fn part() -> impl Strategy<Value = Part> {
    let leaf = prop_oneof![Just(Part::Writes), Just(Part::Reads), Just(Part::Person), Just(Part::Retries)];
    leaf.prop_recursive(3, 24, 3, |inner| {
        let parts = || prop::collection::vec(inner.clone(), 1..3);
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(Part::Both),
            (parts(), parts()).prop_map(|(yes, no)| Part::If(yes, no)),
            parts().prop_map(Part::While),
            parts().prop_map(Part::Handled),
        ]
    })
}

#[derive(Default)]
struct Builder {
    steps: Map<String, Value>,
    count: u32,
}

impl Builder {
    fn id(&mut self, kind: &str) -> String {
        self.count += 1;
        id(kind, 100 + self.count)
    }

    fn put(&mut self, id: &str, step: Value) {
        self.steps.insert(id.to_owned(), step);
    }

    /// A line of parts that ends at its own end step; its first step comes back.
    fn branch(&mut self, parts: &[Part]) -> String {
        let end = self.id("end");
        self.put(&end, json!({ "type": "end" }));
        self.line(parts, &end)
    }

    fn line(&mut self, parts: &[Part], end: &str) -> String {
        parts.iter().rev().fold(end.to_owned(), |next, part| self.part(part, &next))
    }

    fn part(&mut self, part: &Part, next: &str) -> String {
        match part {
            Part::Writes | Part::Reads | Part::Person | Part::Retries => {
                let own = self.id("action");
                let step = match part {
                    Part::Reads => action(
                        "http-api",
                        "GET /x HTTP/1.1",
                        &[API],
                        next,
                        json!({ "out_args": ["__found__"] }),
                    ),
                    Part::Person => manual(next, json!({ "out_args": ["__found__"], "timeout": 50000 })),
                    Part::Retries => action(
                        "ssh",
                        "retry",
                        &[HOST],
                        next,
                        policy(json!({ "retry": { "attempts": 3, "backoff": 1000 } })),
                    ),
                    _ => action("ssh", "write", &[HOST], next, json!({ "delay": 500 })),
                };
                self.put(&own, step);
                own
            }
            Part::Both(branches) => {
                let own = self.id("parallel");
                let first: Vec<String> =
                    branches.iter().map(|branch| self.branch(std::slice::from_ref(branch))).collect();
                self.put(&own, json!({ "type": "parallel", "next_steps": first, "on_completion": next }));
                own
            }
            Part::If(yes, no) => {
                let own = self.id("if-condition");
                let (yes, no) = (self.branch(yes), self.branch(no));
                self.put(&own, json!({ "type": "if-condition", "condition": "__found__:value = 'no'", "on_true": yes, "on_false": no, "on_completion": next }));
                own
            }
            Part::While(body) => {
                let own = self.id("while-condition");
                let mut body = body.clone();
                body.push(Part::Person);
                let body = self.branch(&body);
                self.put(&own, json!({ "type": "while-condition", "condition": "__found__:value = 'no'", "on_true": body, "on_completion": next }));
                own
            }
            Part::Handled(inside) => {
                let own = self.id("if-condition");
                let (body, handler) = (self.branch(inside), self.branch(&[Part::Person]));
                let _ = handler;
                let handle = self.id("action");
                self.put(&handle, manual(next, json!({})));
                self.put(&own, json!({ "type": "if-condition", "condition": "EXISTS __found__:value", "on_true": body, "on_success": next, "on_failure": handle }));
                own
            }
        }
    }
}

fn built(parts: &[Part]) -> Playbook {
    let mut builder = Builder::default();
    let first = builder.line(parts, &id("end", 9));
    let mut value = book(&first, Value::Object(builder.steps));
    value["playbook_extensions"] = json!({ cacao::EXTENSION: { "max_iterations": 3 } });
    playbook(&value)
}

fn is_away(strand: &Strand) -> bool {
    matches!(&strand.phase, Phase::Act { flight: Flight::Away { .. }, .. })
}

/// The world outside: how often each act was carried out.
#[derive(Default)]
struct World {
    carried: BTreeMap<Key, u32>,
    allowed: BTreeSet<String>,
}

/// What an act is about, whatever the attempt.
fn act(key: &Key) -> String {
    key.as_str().rsplit_once('.').map_or(key.as_str(), |(act, _)| act).to_owned()
}

/// What stands in the log, and the state that whoever comes up reads from it.
struct Carrier {
    playbook: Playbook,
    log: Vec<Event>,
    run: Run,
}

impl Carrier {
    /// Stores an event: what is not stored has not happened.
    fn store(&mut self, event: Event) -> bool {
        let taken = self.run.apply(&self.playbook, &event).is_ok();
        if taken {
            self.log.push(event);
        }
        taken
    }

    fn restart(&mut self, at: Timestamp) {
        self.run = Run::replay(&self.playbook, &self.log).expect("the log replays");
        self.store(Event::Interrupted { at });
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_repeated_or_guessed(
        parts in prop::collection::vec(part(), 1..4),
        dice in prop::collection::vec(any::<u8>(), 400),
    ) {
        let playbook = built(&parts);
        let mut now: Timestamp = "2026-06-01T00:00:00Z".parse().unwrap();
        let (run, _) = Run::start(&playbook, now, &BTreeMap::new(), Limits::default(), false).unwrap();
        let log = vec![Event::Started { at: now, values: BTreeMap::new(), limits: Limits::default(), rehearsal: false }];
        let mut carrier = Carrier { playbook, log, run };
        let mut world = World::default();
        let mut under_way: Vec<(Key, bool)> = Vec::new();
        let mut dice = dice.into_iter();

        while let Some(roll) = dice.next() {
            if carrier.run.is_over() {
                break;
            }
            let pending = carrier.run.pending(&carrier.playbook);
            match roll % 10 {
                // The power goes, whenever: before an intent is stored, after it, after the act, before its outcome.
                0 => {
                    under_way.retain(|(key, person)| *person && carrier.log.iter().any(|event| matches!(event, Event::Intended { key: stored, .. } if stored == key)));
                    carrier.restart(now);
                }
                // A doubt is settled, by looking at what the world knows.
                1 => {
                    if let Some((key, ..)) = carrier.run.doubts().into_iter().next() {
                        let happened = world.carried.contains_key(&key);
                        let verdict = if happened { Verdict::Happened { outputs: BTreeMap::new() } } else { Verdict::Again };
                        if verdict == Verdict::Again {
                            world.allowed.insert(act(&key));
                        }
                        carrier.store(Event::Settled { at: now, key, by: "ada".into(), verdict });
                    }
                }
                2 => {
                    now += jiff::SignedDuration::from_secs(30);
                    carrier.store(Event::Tick { at: now });
                }
                // An outcome comes in.
                3..=5 => {
                    if !under_way.is_empty() {
                        let (key, _) = under_way.remove(usize::from(roll) % under_way.len());
                        let outcome = match dice.next().unwrap_or(0) % 8 {
                            0 => Outcome::Failed { message: "no".into(), again: true },
                            1 => Outcome::Failed { message: "no".into(), again: false },
                            2 => Outcome::Unknown { why: "connection lost".into() },
                            _ => Outcome::Done { outputs: BTreeMap::new() },
                        };
                        if matches!(outcome, Outcome::Failed { again: true, .. }) {
                            world.allowed.insert(act(&key));
                        }
                        carrier.store(Event::Outcome { at: now, key, outcome });
                    }
                }
                // Something pending is taken up: the intent is stored, then it is carried out, unless the power goes.
                _ => {
                    let acts: Vec<_> = pending.into_iter().filter_map(|effect| match effect {
                        Effect::Do(work) => Some(work),
                        _ => None,
                    }).collect();
                    if !acts.is_empty() {
                        let work = acts[usize::from(roll) % acts.len()].clone();
                        let taken = carrier.store(Event::Intended { at: now, key: work.key.clone() });
                        prop_assert!(taken);
                        let person = work.call.kind == "manual";
                        if roll % 5 == 0 && !person {
                            under_way.retain(|(_, person)| *person);
                            carrier.restart(now);
                            if !work.safe {
                                prop_assert!(carrier.run.doubts().iter().any(|(key, ..)| *key == work.key), "stored as intended, so in doubt");
                            }
                        } else {
                            *world.carried.entry(work.key.clone()).or_default() += 1;
                            if work.safe {
                                world.allowed.insert(act(&work.key));
                            }
                            under_way.push((work.key, person));
                        }
                    }
                }
            }
            // The log is the state.
            prop_assert_eq!(&Run::replay(&carrier.playbook, &carrier.log).unwrap(), &carrier.run);
            // Under one key nothing is carried out twice; under another key of the same act only with a reason.
            let mut acts: BTreeMap<String, u32> = BTreeMap::new();
            for (key, count) in &world.carried {
                prop_assert_eq!(*count, 1, "{} was carried out {} times", key, count);
                *acts.entry(act(key)).or_default() += 1;
            }
            for (act, count) in acts {
                prop_assert!(count == 1 || world.allowed.contains(&act), "{} was carried out {} times without a reason", act, count);
            }
            // What is away or in doubt is never offered.
            for effect in carrier.run.pending(&carrier.playbook) {
                if let Effect::Do(work) = effect {
                    prop_assert!(!world.carried.contains_key(&work.key), "{} is offered again", work.key);
                }
            }
            // A run that goes on has something to wait for.
            if !carrier.run.is_over() {
                let waits = !carrier.run.pending(&carrier.playbook).is_empty()
                    || !carrier.run.doubts().is_empty()
                    || !carrier.run.loose().is_empty()
                    || carrier.run.strands().any(is_away);
                prop_assert!(waits, "the run hangs: {:?}", carrier.run);
            }
        }
    }
}

//! A run told as a story: what is done next, and what becomes of it.

use std::collections::BTreeMap;

use cacao::{
    Effect, Ending, Event, FailureCode, Key, Limits, Outcome, Playbook, Run, RunRefusal, Status, VisitResult,
    Work,
};
use jiff::Timestamp;
use serde_json::Value;

use super::{id, playbook};

/// A run with its playbook and a clock.
pub struct Story {
    pub playbook: Playbook,
    pub run: Run,
    events: Vec<Event>,
    pub now: Timestamp,
}

impl Story {
    pub fn of(value: &Value) -> Self {
        Self::with(value, &[])
    }

    pub fn with(value: &Value, values: &[(&str, &str)]) -> Self {
        let playbook = playbook(value);
        let now: Timestamp = "2026-06-01T03:00:00Z".parse().unwrap();
        let values: BTreeMap<String, String> =
            values.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let (run, _) = Run::start(&playbook, now, &values, Limits::default(), false).unwrap();
        let events = vec![Event::Started { at: now, values, limits: Limits::default(), rehearsal: false }];
        Self { playbook, run, events, now }
    }

    pub fn apply(&mut self, event: Event) -> Result<Vec<Effect>, RunRefusal> {
        let before = self.run.clone();
        let effects = self.run.apply(&self.playbook, &event);
        match &effects {
            Ok(_) => self.events.push(event),
            Err(_) => assert_eq!(before, self.run, "a refused event changes nothing"),
        }
        effects
    }

    pub fn works(&self) -> Vec<Work> {
        self.run
            .pending(&self.playbook)
            .into_iter()
            .filter_map(|effect| match effect {
                Effect::Do(work) => Some(*work),
                _ => None,
            })
            .collect()
    }

    pub fn work(&self) -> Work {
        let works = self.works();
        assert_eq!(works.len(), 1, "{works:?}");
        works[0].clone()
    }

    pub fn intend(&mut self) -> Key {
        let key = self.work().key;
        let at = self.now;
        self.apply(Event::Intended { at, key: key.clone() }).unwrap();
        key
    }

    pub fn outcome(&mut self, key: &Key, outcome: Outcome) {
        let at = self.now;
        self.apply(Event::Outcome { at, key: key.clone(), outcome }).unwrap();
    }

    pub fn done(&mut self, outputs: &[(&str, &str)]) -> Work {
        let work = self.work();
        let key = self.intend();
        self.outcome(&key, done(outputs));
        work
    }

    pub fn fails(&mut self, again: bool) {
        let key = self.intend();
        self.outcome(&key, Outcome::Failed { message: "no route to host".into(), again });
    }

    pub fn wait(&mut self, milliseconds: i64) {
        self.now += jiff::SignedDuration::from_millis(milliseconds);
        let at = self.now;
        self.apply(Event::Tick { at }).unwrap();
    }

    pub fn ending(&self) -> &Ending {
        match &self.run.status {
            Status::Ended { ending } => ending,
            other => panic!("not over: {other:?}"),
        }
    }

    pub fn failed_with(&self) -> FailureCode {
        match self.ending() {
            Ending::Failed { failure } => failure.code,
            other => panic!("not failed: {other:?}"),
        }
    }

    /// The steps that were left, as their numbers, in order of entering.
    pub fn path(&self) -> Vec<String> {
        self.run
            .visits()
            .iter()
            .map(|visit| {
                let (kind, number) = visit.step.split_once("--").unwrap();
                let number: u32 = number[24..].parse().unwrap();
                format!(
                    "{}{number}{}",
                    &kind[..1],
                    match visit.result {
                        VisitResult::Done => "",
                        VisitResult::Failed { .. } => "!",
                        VisitResult::CalledOff => "x",
                        VisitResult::Open => "?",
                    }
                )
            })
            .collect()
    }
}

impl Drop for Story {
    /// Every story's log gives its state again.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(Run::replay(&self.playbook, &self.events).unwrap(), self.run);
            let kept = serde_json::to_string(&self.run).unwrap();
            assert_eq!(serde_json::from_str::<Run>(&kept).unwrap(), self.run);
        }
    }
}

pub fn done(outputs: &[(&str, &str)]) -> Outcome {
    Outcome::Done { outputs: outputs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect() }
}

pub fn a(number: u32) -> String {
    id("action", number)
}

pub fn end() -> String {
    id("end", 9)
}

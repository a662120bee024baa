//! Runs, told as stories: what is done next, and what becomes of it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::needless_pass_by_value
)]

mod common;

use std::collections::BTreeMap;

use cacao::{
    Doubt, Effect, Ending, Event, FailureCode, Key, Limits, Outcome, Playbook, Run, RunRefusal, Status,
    Verdict, VisitResult, Work, outputs_from, rehearse,
};
use common::{API, HOST, OTHER_HOST, action, book, id, manual, playbook, policy, ssh};
use jiff::Timestamp;
use serde_json::{Value, json};

/// A run with its playbook and a clock.
struct Story {
    playbook: Playbook,
    run: Run,
    events: Vec<Event>,
    now: Timestamp,
}

impl Story {
    fn of(value: &Value) -> Self {
        Self::with(value, &[])
    }

    fn with(value: &Value, values: &[(&str, &str)]) -> Self {
        let playbook = playbook(value);
        let now: Timestamp = "2026-06-01T03:00:00Z".parse().unwrap();
        let values: BTreeMap<String, String> =
            values.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let (run, _) = Run::start(&playbook, now, &values, Limits::default(), false).unwrap();
        let events = vec![Event::Started { at: now, values, limits: Limits::default(), rehearsal: false }];
        Self { playbook, run, events, now }
    }

    fn apply(&mut self, event: Event) -> Result<Vec<Effect>, RunRefusal> {
        let before = self.run.clone();
        let effects = self.run.apply(&self.playbook, &event);
        match &effects {
            Ok(_) => self.events.push(event),
            Err(_) => assert_eq!(before, self.run, "a refused event changes nothing"),
        }
        effects
    }

    fn works(&self) -> Vec<Work> {
        self.run
            .pending(&self.playbook)
            .into_iter()
            .filter_map(|effect| match effect {
                Effect::Do(work) => Some(*work),
                _ => None,
            })
            .collect()
    }

    fn work(&self) -> Work {
        let works = self.works();
        assert_eq!(works.len(), 1, "{works:?}");
        works[0].clone()
    }

    fn intend(&mut self) -> Key {
        let key = self.work().key;
        let at = self.now;
        self.apply(Event::Intended { at, key: key.clone() }).unwrap();
        key
    }

    fn outcome(&mut self, key: &Key, outcome: Outcome) {
        let at = self.now;
        self.apply(Event::Outcome { at, key: key.clone(), outcome }).unwrap();
    }

    fn done(&mut self, outputs: &[(&str, &str)]) -> Work {
        let work = self.work();
        let key = self.intend();
        self.outcome(&key, done(outputs));
        work
    }

    fn fails(&mut self, again: bool) {
        let key = self.intend();
        self.outcome(&key, Outcome::Failed { message: "no route to host".into(), again });
    }

    fn wait(&mut self, milliseconds: i64) {
        self.now += jiff::SignedDuration::from_millis(milliseconds);
        let at = self.now;
        self.apply(Event::Tick { at }).unwrap();
    }

    fn ending(&self) -> &Ending {
        match &self.run.status {
            Status::Ended { ending } => ending,
            other => panic!("not over: {other:?}"),
        }
    }

    fn failed_with(&self) -> FailureCode {
        match self.ending() {
            Ending::Failed { failure } => failure.code,
            other => panic!("not failed: {other:?}"),
        }
    }

    /// The steps that were left, as their numbers, in order of entering.
    fn path(&self) -> Vec<String> {
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

fn done(outputs: &[(&str, &str)]) -> Outcome {
    Outcome::Done { outputs: outputs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect() }
}

fn a(number: u32) -> String {
    id("action", number)
}

fn end() -> String {
    id("end", 9)
}

#[test]
fn one_step_after_another_with_values() {
    let value = book(
        &a(1),
        json!({
            a(1): manual(&a(2), json!({ "out_args": ["__found__"] })),
            a(2): action("ssh", "grep __found__:value /var/log/x; echo __host__:value", &[HOST, OTHER_HOST], &end(), json!({})),
        }),
    );
    let mut story = Story::with(&value, &[("__host__", "web 1")]);
    assert_eq!(story.done(&[("__found__", "it's")]).call.kind, "manual");
    let first = story.done(&[]);
    assert_eq!(first.call.command, "grep 'it'\\''s' /var/log/x; echo 'web 1'");
    assert_eq!(first.call.address, Some(("dname".into(), "web-1.example.org".into())));
    assert_eq!(story.done(&[]).call.target, OTHER_HOST);
    assert_eq!(story.ending(), &Ending::Completed);
    assert_eq!(story.path(), ["s0", "a1", "a2", "e9"]);
    assert_eq!(story.run.visits()[1].outputs["__found__"], "it's");
}

#[test]
fn values_from_outside_must_fit() {
    let value = book(&a(1), json!({ a(1): manual(&end(), json!({ "out_args": ["__count__"] })) }));
    let playbook = playbook(&value);
    let start = |name: &str| {
        let values = BTreeMap::from([(name.to_owned(), "x".to_owned())]);
        Run::start(&playbook, Timestamp::UNIX_EPOCH, &values, Limits::default(), false).map(|_| ())
    };
    assert_eq!(start("__host__"), Ok(()));
    assert_eq!(start("__found__"), Err(RunRefusal::NotExternal("__found__".into())));
    let mut story = Story::of(&value);
    let key = story.intend();
    let at = story.now;
    let wrong = story.apply(Event::Outcome { at, key: key.clone(), outcome: done(&[("__count__", "many")]) });
    assert!(matches!(wrong, Err(RunRefusal::WrongValue { .. })));
    let other = story.apply(Event::Outcome { at, key: key.clone(), outcome: done(&[("__host__", "x")]) });
    assert_eq!(other, Err(RunRefusal::NotAnOutput("__host__".into())));
    story.outcome(&key, done(&[("__count__", "12")]));
    assert_eq!(story.ending(), &Ending::Completed);
}

#[test]
fn nothing_is_taken_twice() {
    let mut story =
        Story::of(&book(&a(1), json!({ a(1): ssh(&a(2), json!({})), a(2): ssh(&end(), json!({})) })));
    let at = story.now;
    let key = story.work().key;
    let early = story.apply(Event::Outcome { at, key: key.clone(), outcome: done(&[]) });
    assert_eq!(early, Err(RunRefusal::NoSuchKey(key.clone())), "an outcome needs an intent");
    story.intend();
    assert_eq!(
        story.apply(Event::Intended { at, key: key.clone() }),
        Err(RunRefusal::NoSuchKey(key.clone()))
    );
    assert!(story.works().is_empty(), "what was intended is not offered again");
    story.outcome(&key, done(&[]));
    assert_eq!(
        story.apply(Event::Outcome { at, key: key.clone(), outcome: done(&[]) }),
        Err(RunRefusal::NoSuchKey(key.clone()))
    );
    let settled = Event::Settled { at, key: story.work().key, by: "ada".into(), verdict: Verdict::Again };
    assert!(matches!(story.apply(settled), Err(RunRefusal::NotInDoubt(_))));
}

#[test]
fn a_crash_leaves_doubt_where_it_could_hurt() {
    let value = book(&a(1), json!({ a(1): ssh(&a(2), json!({})), a(2): manual(&end(), json!({})) }));
    let mut story = Story::of(&value);
    let at = story.now;
    // Before the intent nothing happened: it is offered again.
    story.apply(Event::Interrupted { at }).unwrap();
    let key = story.intend();
    story.apply(Event::Interrupted { at }).unwrap();
    assert_eq!(story.run.doubts(), [(key.clone(), a(1), Doubt::Interrupted)]);
    assert!(story.works().is_empty(), "a doubt is never repeated by itself");
    story.wait(86_400_000);
    assert!(story.works().is_empty() && !story.run.is_over());
    // A person looks, and it was not done.
    story.apply(Event::Settled { at, key: key.clone(), by: "ada".into(), verdict: Verdict::Again }).unwrap();
    let again = story.intend();
    assert_ne!(again, key, "another attempt has another key");
    story.apply(Event::Interrupted { at }).unwrap();
    let happened = Verdict::Happened { outputs: BTreeMap::new() };
    story.apply(Event::Settled { at, key: again, by: "ada".into(), verdict: happened }).unwrap();
    // A person's task goes on without us.
    story.intend();
    story.apply(Event::Interrupted { at }).unwrap();
    assert!(story.run.doubts().is_empty());
}

#[test]
fn a_crash_repeats_what_only_reads() {
    let reads = action("http-api", "GET /hosts/__host__:value HTTP/1.1", &[API], &end(), json!({}));
    let mut story = Story::with(&book(&a(1), json!({ a(1): reads })), &[("__host__", "a/b")]);
    let at = story.now;
    assert_eq!(story.work().call.command, "GET /hosts/a%2Fb HTTP/1.1");
    story.intend();
    story.apply(Event::Interrupted { at }).unwrap();
    assert!(story.run.doubts().is_empty());
    assert_eq!(story.work().attempt, 2);

    let writes =
        action("http-api", "POST /block HTTP/1.1", &[API], &end(), policy(json!({ "idempotent": true })));
    let mut story = Story::of(&book(&a(1), json!({ a(1): writes })));
    story.intend();
    story.apply(Event::Interrupted { at }).unwrap();
    assert_eq!(story.work().attempt, 2, "its author says that twice is as once");
}

#[test]
fn failed_attempts_are_tried_again_and_wait_longer() {
    let value = book(
        &a(1),
        json!({ a(1): ssh(&end(), policy(json!({ "retry": { "attempts": 3, "backoff": 1000 } }))) }),
    );
    let mut story = Story::of(&value);
    story.fails(true);
    assert!(story.works().is_empty());
    assert_eq!(
        story.run.pending(&story.playbook),
        [Effect::Wake { at: story.now + jiff::SignedDuration::from_millis(1000) }]
    );
    story.wait(999);
    assert!(story.works().is_empty());
    story.wait(1);
    assert_eq!(story.work().attempt, 2);
    story.fails(true);
    story.wait(1999);
    assert!(story.works().is_empty());
    story.wait(1);
    story.fails(true);
    assert_eq!(story.failed_with(), FailureCode::CommandFailed);

    let mut story = Story::of(&value);
    story.fails(false);
    assert_eq!(story.failed_with(), FailureCode::CommandFailed, "what cannot help is not tried");
}

#[test]
fn failures_go_where_the_playbook_says() {
    let steps = |more: Value| {
        json!({
            a(1): ssh("", more),
            a(2): manual(&end(), json!({})),
            a(3): manual(&end(), json!({})),
        })
    };
    let mut story = Story::of(&book(&a(1), steps(json!({ "on_success": end(), "on_failure": a(2) }))));
    story.fails(true);
    story.done(&[]);
    assert_eq!(
        (story.path(), story.ending().clone()),
        (vec!["s0".into(), "a1!".into(), "a2".into(), "e9".into()], Ending::Completed)
    );

    // `on_completion` is for success; the exception handler takes what nobody else does, once.
    let mut value = book(&a(1), steps(json!({ "on_completion": a(2) })));
    value["workflow_exception"] = json!(a(3));
    let mut story = Story::of(&value);
    story.fails(true);
    assert_eq!(story.work().step, a(3));
    story.done(&[]);
    assert_eq!(story.failed_with(), FailureCode::CommandFailed, "handled, and failed all the same");
    let mut story = Story::of(&value);
    story.fails(true);
    story.fails(true);
    assert_eq!(story.path(), ["s0", "a1!", "a3!"]);
}

fn split() -> Value {
    book(
        &id("parallel", 1),
        json!({
            id("parallel", 1): { "type": "parallel", "next_steps": [a(1), a(2)], "on_success": a(3), "on_failure": a(4) },
            a(1): ssh(&id("end", 7), json!({})),
            a(2): manual(&id("end", 8), json!({})),
            a(3): manual(&end(), json!({})),
            a(4): manual(&end(), json!({})),
            id("end", 7): { "type": "end" },
            id("end", 8): { "type": "end" },
        }),
    )
}

#[test]
fn branches_join() {
    let mut story = Story::of(&split());
    let works = story.works();
    assert_eq!(works.iter().map(|work| work.step.clone()).collect::<Vec<_>>(), [a(1), a(2)]);
    let at = story.now;
    for work in &works {
        story.apply(Event::Intended { at, key: work.key.clone() }).unwrap();
    }
    story.outcome(&works[1].key, done(&[]));
    assert!(story.works().is_empty(), "one branch has ended, and the other has not");
    story.outcome(&works[0].key, done(&[]));
    assert_eq!(story.work().step, a(3));
}

#[test]
fn when_a_branch_fails_the_others_are_called_off_and_not_forgotten() {
    let mut story = Story::of(&split());
    let works = story.works();
    let at = story.now;
    for work in &works {
        story.apply(Event::Intended { at, key: work.key.clone() }).unwrap();
    }
    // The manual task fails while the other branch's command is under way.
    story.outcome(&works[1].key, Outcome::Failed { message: "nobody there".into(), again: false });
    assert_eq!(story.work().step, a(4));
    assert_eq!(story.run.loose().len(), 1);
    story.done(&[]);
    assert!(matches!(story.run.status, Status::Closing { .. }), "a command is still under way");
    story.apply(Event::Interrupted { at }).unwrap();
    assert_eq!(story.run.doubts().len(), 1);
    let verdict = Verdict::Happened { outputs: BTreeMap::new() };
    story.apply(Event::Settled { at, key: works[0].key.clone(), by: "ada".into(), verdict }).unwrap();
    assert_eq!(story.ending(), &Ending::Completed);
    assert_eq!(story.path(), ["s0", "p1!", "a1x", "a2!", "a4", "e9"]);
}

#[test]
fn conditions_choose() {
    let choice = |condition: &str| {
        book(
            &a(1),
            json!({
                a(1): manual(&id("if-condition", 1), json!({ "out_args": ["__found__"] })),
                id("if-condition", 1): { "type": "if-condition", "condition": condition, "on_true": a(2), "on_false": a(3), "on_completion": a(4) },
                a(2): manual(&id("end", 7), json!({})),
                a(3): manual(&id("end", 8), json!({})),
                a(4): manual(&end(), json!({})),
                id("end", 7): { "type": "end" },
                id("end", 8): { "type": "end" },
            }),
        )
    };
    for (found, branch) in [("yes", 2), ("no", 3)] {
        let mut story = Story::of(&choice("__found__:value = 'yes'"));
        story.done(&[("__found__", found)]);
        assert_eq!(story.done(&[]).step, a(branch));
        assert_eq!(story.done(&[]).step, a(4));
        assert_eq!(story.ending(), &Ending::Completed);
    }
    let mut story = Story::of(&choice("__host__:value = 'yes'"));
    story.done(&[("__found__", "x")]);
    assert_eq!(story.failed_with(), FailureCode::ConditionUndecided);
}

#[test]
fn switches_choose() {
    let value = book(
        &a(1),
        json!({
            a(1): manual(&id("switch-condition", 1), json!({ "out_args": ["__found__"] })),
            id("switch-condition", 1): { "type": "switch-condition", "switch": "__found__:value",
                "cases": { "red": a(2), "default": a(3) }, "on_completion": end() },
            a(2): manual(&id("end", 7), json!({})),
            a(3): manual(&id("end", 8), json!({})),
            id("end", 7): { "type": "end" },
            id("end", 8): { "type": "end" },
        }),
    );
    for (found, branch) in [("red", 2), ("blue", 3)] {
        let mut story = Story::of(&value);
        story.done(&[("__found__", found)]);
        assert_eq!(story.done(&[]).step, a(branch));
    }
}

fn rounds(more: Value) -> Value {
    let mut value = book(
        &id("while-condition", 1),
        json!({
            id("while-condition", 1): { "type": "while-condition", "condition": "__found__:value = 'no'", "on_true": a(1), "on_completion": end() },
            a(1): manual(&id("end", 7), json!({ "out_args": ["__found__"] })),
            id("end", 7): { "type": "end" },
        }),
    );
    value["playbook_extensions"] = json!({ cacao::EXTENSION: more });
    value
}

#[test]
fn loops_run_until_they_need_not_or_must_not() {
    let mut story = Story::of(&rounds(json!({})));
    let keys: Vec<Key> = (0..3).map(|_| story.done(&[("__found__", "no")]).key).collect();
    assert_eq!(
        keys.iter().collect::<std::collections::BTreeSet<_>>().len(),
        3,
        "every round has keys of its own"
    );
    story.done(&[("__found__", "yes")]);
    assert_eq!(story.ending(), &Ending::Completed);

    let mut story = Story::of(&rounds(json!({ "max_iterations": 4 })));
    for _ in 0..4 {
        story.done(&[("__found__", "no")]);
    }
    assert_eq!(story.failed_with(), FailureCode::LoopLimit);
}

#[test]
fn circles_are_stopped() {
    let value = book(
        &a(1),
        json!({ a(1): ssh("", json!({ "on_success": end(), "on_failure": id("if-condition", 1) })),
        id("if-condition", 1): { "type": "if-condition", "condition": "__found__:value = 'x'", "on_true": end(), "on_success": a(1) } }),
    );
    let mut story = Story::of(&value);
    for _ in 0..1000 {
        story.fails(false);
    }
    assert_eq!(story.failed_with(), FailureCode::StepLimit);
}

#[test]
fn delays_and_timeouts() {
    let value = book(
        &a(1),
        json!({
            a(1): ssh("", json!({ "delay": 5000, "timeout": 60000, "on_success": end(), "on_failure": a(2) })),
            a(2): manual(&end(), json!({ "timeout": 1000 })),
        }),
    );
    let mut story = Story::of(&value);
    assert!(story.works().is_empty());
    story.wait(5000);
    // Not begun in its time: failed. The time counts from after the delay.
    story.wait(59_999);
    assert_eq!(story.work().step, a(1));
    story.wait(1);
    assert_eq!(story.work().step, a(2));
    story.intend();
    story.wait(1000);
    assert_eq!(story.failed_with(), FailureCode::ActionTimeout, "a person who did not answer");

    // Under way when its time ran out: nobody knows.
    let mut story = Story::of(&value);
    story.wait(5000);
    let key = story.intend();
    story.wait(60_000);
    assert_eq!(story.run.doubts(), [(key.clone(), a(1), Doubt::TimedOut)]);
    // The answer that comes late is knowledge, not a guess.
    story.outcome(&key, done(&[]));
    assert_eq!(story.ending(), &Ending::Completed);
}

#[test]
fn approvals_need_enough_people_in_time() {
    let value = book(
        &a(1),
        json!({ a(1): ssh(&end(), policy(json!({ "approval": { "role": "lead", "quorum": 2, "expires": 60000 } }))) }),
    );
    let says = |story: &mut Story, by: &str, yes: bool| {
        let Some(Effect::Approve { key, role, quorum, .. }) =
            story.run.pending(&story.playbook).into_iter().next()
        else {
            panic!("nobody is asked")
        };
        assert_eq!((role.as_str(), quorum), ("lead", 2));
        let at = story.now;
        story.apply(Event::Approval { at, key, by: by.into(), yes }).map(|_| ())
    };
    let mut story = Story::of(&value);
    assert!(story.works().is_empty());
    says(&mut story, "ada", true).unwrap();
    assert_eq!(says(&mut story, "ada", true), Err(RunRefusal::SaidYes("ada".into())));
    assert!(story.works().is_empty());
    says(&mut story, "grace", true).unwrap();
    story.done(&[]);
    assert_eq!(story.ending(), &Ending::Completed);

    let mut story = Story::of(&value);
    says(&mut story, "ada", true).unwrap();
    says(&mut story, "grace", false).unwrap();
    assert_eq!(story.failed_with(), FailureCode::ApprovalRefused);
    let mut story = Story::of(&value);
    story.wait(60_000);
    assert_eq!(story.failed_with(), FailureCode::ApprovalExpired);
}

#[test]
fn a_run_reaches_no_further_than_it_may() {
    let mut value = book(&a(1), json!({ a(1): action("ssh", "ls", &[HOST, OTHER_HOST], &end(), json!({})) }));
    value["playbook_extensions"] = json!({ cacao::EXTENSION: { "max_targets": 1 } });
    let mut story = Story::of(&value);
    assert_eq!(story.done(&[]).call.target, HOST);
    assert_eq!(story.failed_with(), FailureCode::TargetLimit);
}

#[test]
fn a_run_can_be_stopped_and_undone() {
    let value = book(
        &a(1),
        json!({
            a(1): ssh(&a(2), policy(json!({ "rollback": a(5) }))),
            a(2): ssh(&a(3), policy(json!({ "rollback": a(6) }))),
            a(3): manual(&end(), json!({})),
            a(5): ssh("", json!({})),
            a(6): ssh("", json!({})),
        }),
    );
    let mut story = Story::of(&value);
    let at = story.now;
    story.done(&[]);
    story.done(&[]);
    let back = Event::RollBack { at, by: "ada".into() };
    assert_eq!(story.apply(back.clone()), Err(RunRefusal::NotOver));
    story.apply(Event::Stopped { at, by: "ada".into(), reason: "false alarm".into() }).unwrap();
    assert!(matches!(story.ending(), Ending::Stopped { .. }));
    story.apply(back.clone()).unwrap();
    // What was done last is undone first.
    assert_eq!(story.done(&[]).step, a(6));
    assert_eq!(story.done(&[]).step, a(5));
    assert!(matches!(story.ending(), Ending::Stopped { .. }));
    assert_eq!(story.apply(back), Err(RunRefusal::NothingToUndo));
    assert_eq!(story.run.visits().iter().filter_map(|visit| visit.undoes).collect::<Vec<_>>(), [2, 1]);
}

#[test]
fn another_playbook_is_called_once() {
    let call = id("playbook-action", 1);
    let value = book(
        &call,
        json!({ &call: { "type": "playbook-action", "playbook_id": id("playbook", 2),
        "in_args": ["__host__"], "out_args": ["__found__"], "on_completion": end() } }),
    );
    let mut story = Story::with(&value, &[("__host__", "web-1")]);
    let at = story.now;
    let Some(Effect::Playbook { key, playbook, values, .. }) =
        story.run.pending(&story.playbook).into_iter().next()
    else {
        panic!("no call")
    };
    assert_eq!((playbook, values["__host__"].as_str()), (id("playbook", 2), "web-1"));
    story.apply(Event::Intended { at, key: key.clone() }).unwrap();
    story.apply(Event::Interrupted { at }).unwrap();
    assert!(
        story.run.doubts().is_empty() && story.run.pending(&story.playbook).is_empty(),
        "its own run goes on"
    );
    story.outcome(&key, done(&[("__found__", "yes")]));
    assert_eq!(story.ending(), &Ending::Completed);
    assert!(story.run.values().any(|held| held == ("__found__", Some("yes"))));
}

#[test]
fn a_rehearsal_walks_through_everything_and_does_nothing() {
    let steps =
        rehearse(&playbook(&split()), Timestamp::UNIX_EPOCH, &BTreeMap::new(), Limits::default()).unwrap();
    assert!(steps.run.is_over());
    assert_eq!(steps.effects.len(), 3);
    let steps =
        rehearse(&playbook(&rounds(json!({}))), Timestamp::UNIX_EPOCH, &BTreeMap::new(), Limits::default())
            .unwrap();
    assert!(steps.run.is_over());
    assert_eq!(steps.effects.len(), 1, "a loop's body once");
}

#[test]
fn outputs_are_found_in_text() {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        outputs_from("web-1\n", &names(&["__host__"])),
        BTreeMap::from([("__host__".into(), "web-1".into())])
    );
    assert_eq!(
        outputs_from("{\"host\": 1, \"other\": 2}", &names(&["__host__", "__x__"])),
        BTreeMap::from([("__host__".into(), "1".into())])
    );
    assert!(outputs_from("text", &names(&["__a__", "__b__"])).is_empty());
    assert!(outputs_from("text", &[]).is_empty());
}

//! Runs that go their way: steps, values, branches, conditions, loops, waits.
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
    Doubt, Effect, Ending, Event, FailureCode, Key, Limits, Outcome, Run, RunRefusal, Status, Verdict,
    outputs_from, rehearse,
};
use common::story::{Story, a, done, end};
use common::{HOST, OTHER_HOST, action, book, id, manual, playbook, ssh};
use jiff::Timestamp;
use serde_json::{Value, json};

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
    // Nobody waits for it any more, so it is not done again.
    let again = Event::Settled { at, key: works[0].key.clone(), by: "ada".into(), verdict: Verdict::Again };
    assert_eq!(story.apply(again), Err(RunRefusal::NotWaitedFor(works[0].key.clone())));
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

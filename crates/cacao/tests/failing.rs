//! Runs that do not go their way: crashes, failures, refusals, limits, and what is undone.
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

use cacao::{Doubt, Effect, Ending, Event, FailureCode, RunRefusal, Verdict};
use common::story::{Story, a, done, end};
use common::{API, HOST, OTHER_HOST, action, book, id, manual, policy, ssh};
use serde_json::{Value, json};

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
fn an_approval_is_handed_on_and_stays_one_word() {
    let value = book(
        &a(1),
        json!({ a(1): ssh(&end(), policy(json!({ "approval": { "role": "lead", "quorum": 2 } }))) }),
    );
    let mut story = Story::of(&value);
    let Some(Effect::Approve { key, .. }) = story.run.pending(&story.playbook).into_iter().next() else {
        panic!("nobody is asked")
    };
    let at = story.now;
    let hands = |by: &str, to: &str| Event::Delegated { at, key: key.clone(), by: by.into(), to: to.into() };
    let yes = |by: &str| Event::Approval { at, key: key.clone(), by: by.into(), yes: true };
    assert_eq!(story.apply(hands("ada", "ada")).unwrap_err(), RunRefusal::HandedRound);
    story.apply(hands("ada", "grace")).unwrap();
    assert_eq!(story.apply(hands("grace", "ada")).unwrap_err(), RunRefusal::HandedRound);
    let refused = RunRefusal::HandedOn { by: "ada".into(), to: "grace".into() };
    assert_eq!(story.apply(yes("ada")).unwrap_err(), refused);
    story.apply(yes("grace")).unwrap();
    assert!(story.works().is_empty(), "one word of two");
    story.apply(yes("edsger")).unwrap();
    story.done(&[]);
    assert_eq!(story.ending(), &Ending::Completed);
}

#[test]
fn a_value_never_makes_a_start_line_longer() {
    let mut step = action("http-api", "GET /hosts/__path__:value HTTP/1.1", &[API], &end(), json!({}));
    step["step_variables"] = json!({ "__path__": { "type": "string", "value": "a b", "constant": true } });
    let story = Story::of(&book(&a(1), json!({ a(1): step })));
    assert_eq!(story.failed_with(), FailureCode::Variable);
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

//! The procedures that Watchbell ships as playbooks: each goes through all phases, each step says who does it, by when,
//! what to keep and who must know, and each can be walked to its end whatever people answer.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cacao::{
    Document, Effect, Ending, Event, Limits, Outcome, Playbook, Run, Span, Status, StepKind, runnable,
};
use proptest::prelude::*;

/// Kinds of incident for which there must be one.
const WANTED: [&str; 13] = [
    "account_compromise",
    "business_email_compromise",
    "cloud_key_leak",
    "data_breach",
    "denial_of_service",
    "exposed_vulnerability",
    "insider_misuse",
    "lost_device",
    "malware",
    "phishing",
    "ransomware",
    "supply_chain",
    "web_application",
];

const PHASES: [&str; 6] = ["detection", "assessment", "containment", "eradication", "recovery", "closed"];

fn content() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../content")
}

fn shipped(name: &str) -> Playbook {
    let text = std::fs::read_to_string(content().join("playbooks").join(format!("{name}.json"))).unwrap();
    let document = Document::read(&text).unwrap();
    match runnable(&document) {
        Ok((playbook, _)) => playbook,
        Err(findings) => panic!("{name}: {findings:?}"),
    }
}

/// The roles of the shipped plan.
fn roles() -> BTreeSet<String> {
    let text = std::fs::read_to_string(content().join("plan/roles.yaml")).unwrap();
    text.lines().filter_map(|line| line.strip_prefix("- id: ")).map(str::to_owned).collect()
}

#[test]
fn every_kind_of_incident_has_its_playbook_and_each_step_says_what_a_person_must_know() {
    let roles = roles();
    assert!(!roles.is_empty());
    for name in WANTED {
        let playbook = shipped(name);
        let (mut phases, mut spans) = (BTreeSet::new(), Vec::new());
        for (id, step) in &playbook.workflow {
            if !matches!(step.kind, StepKind::Action(_)) {
                continue;
            }
            let policy = step.policy().unwrap();
            let at = format!("{name} {id}");
            assert!(roles.contains(policy.role.as_deref().unwrap()), "{at}: no such role");
            assert!(
                !policy.tell.is_empty() && policy.tell.iter().all(|role| roles.contains(role)),
                "{at}: {:?}",
                policy.tell
            );
            assert!(!policy.evidence.is_empty(), "{at}: nothing to keep");
            assert!(policy.due_within.is_some(), "{at}: no time");
            let phase = policy.phase.unwrap();
            assert!(PHASES.contains(&phase.as_str()), "{at}: {phase}");
            assert_eq!(policy.span.is_some(), phase == "containment", "{at}: short or long");
            phases.insert(phase);
            spans.extend(policy.span);
        }
        assert_eq!(phases.len(), PHASES.len(), "{name}: {phases:?}");
        assert!(
            spans.contains(&Span::Short) && spans.contains(&Span::Long),
            "{name}: short and long containment"
        );
    }
}

/// Walks a playbook as people would, with these answers, one for each value that is asked for.
fn walk(playbook: &Playbook, answers: &[&str]) -> (Run, usize) {
    let at = "2026-03-01T08:00:00Z".parse().unwrap();
    let (mut run, _) = Run::start(playbook, at, &BTreeMap::new(), Limits::default(), false).unwrap();
    let (mut next, mut done) = (answers.iter().cycle(), 0);
    while let Some(effect) = run.pending(playbook).into_iter().next() {
        let Effect::Do(work) = effect else { panic!("{effect:?}") };
        let outputs: BTreeMap<String, String> =
            work.out_args.iter().map(|name| (name.clone(), (*next.next().unwrap()).to_owned())).collect();
        let key = work.key.clone();
        run.apply(playbook, &Event::Intended { at, key: key.clone() }).unwrap();
        run.apply(playbook, &Event::Outcome { at, key, outcome: Outcome::Done { outputs } }).unwrap();
        done += 1;
        assert!(done < 2000, "no end");
    }
    (run, done)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever people answer, a run ends; a count that reaches nothing ends the loop over it.
    #[test]
    fn a_run_ends_whatever_is_answered(
        which in 0..WANTED.len(),
        answers in prop::collection::vec(prop::sample::select(vec!["yes", "no", "unknown", "0", "stealer", "ours", "access"]), 4..12),
    ) {
        let mut answers = answers;
        answers.push("0");
        answers.push("yes");
        let (run, done) = walk(&shipped(WANTED[which]), &answers);
        prop_assert_eq!(&run.status, &Status::Ended { ending: Ending::Completed });
        prop_assert!(done >= 3);
    }
}

//! A task's states.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{at, line, text, user};
use domain::task::{Task, TaskState, TaskStatus};
use domain::{IncidentId, Phase, Result, TaskId};
use proptest::prelude::*;

fn state(status: TaskStatus) -> TaskState {
    match status {
        TaskStatus::Open => TaskState::Open,
        TaskStatus::InProgress => TaskState::InProgress { by: user(1) },
        TaskStatus::Done => TaskState::Done { by: user(1) },
        TaskStatus::Skipped => TaskState::Skipped { reason: text("There is no such host.") },
    }
}

const VERBS: [&str; 5] = ["start", "release", "finish", "skip", "reopen"];

fn apply(state: &TaskState, verb: &str) -> Result<TaskState> {
    match verb {
        "start" => state.start(user(2)),
        "release" => state.release(),
        "finish" => state.finish(user(2)),
        "skip" => state.skip(text("Not needed.")),
        "reopen" => state.reopen(),
        other => panic!("unknown verb {other}"),
    }
}

#[test]
fn every_verb_in_every_state() {
    use TaskStatus::{Done, InProgress, Open, Skipped};
    // In the order of VERBS; None: refused.
    let table = [
        (Open, [Some(InProgress), None, Some(Done), Some(Skipped), None]),
        (InProgress, [Some(InProgress), Some(Open), Some(Done), Some(Skipped), None]),
        (Done, [None, None, None, None, Some(Open)]),
        (Skipped, [None, None, None, None, Some(Open)]),
    ];
    assert_eq!(table.map(|(status, _)| status).as_slice(), TaskStatus::ALL);
    for (from, row) in table {
        for (verb, expected) in VERBS.into_iter().zip(row) {
            let status = apply(&state(from), verb).ok().map(|state| state.status());
            assert_eq!(status, expected, "{verb} a task that is {from}");
        }
    }
    assert!(state(InProgress).start(user(1)).is_err(), "whoever has it cannot take it again");
}

#[test]
fn a_state_survives_being_stored_in_columns() {
    for status in TaskStatus::ALL {
        let stored = state(*status);
        let (by, reason) = match &stored {
            TaskState::Open => (None, None),
            TaskState::InProgress { by } | TaskState::Done { by } => (Some(*by), None),
            TaskState::Skipped { reason } => (None, Some(reason.clone())),
        };
        assert_eq!(TaskState::restore(*status, by, reason).unwrap(), stored);
    }
    assert!(TaskState::restore(TaskStatus::Skipped, None, None).is_err(), "a skipped task has its reason");
    assert!(TaskState::restore(TaskStatus::Done, None, None).is_err());
}

#[test]
fn a_task_is_overdue_only_while_it_is_unsettled() {
    let task = |status, due| Task {
        id: TaskId::try_from(1).unwrap(),
        incident: IncidentId::try_from(1).unwrap(),
        phase: Phase::Containment,
        role: Some("technical_lead".parse().unwrap()),
        title: line("Isolate the host"),
        instructions: None,
        due,
        step: None,
        state: state(status),
    };
    for status in TaskStatus::ALL {
        let unsettled = matches!(status, TaskStatus::Open | TaskStatus::InProgress);
        assert_eq!(task(*status, Some(at(10))).is_overdue(at(11)), unsettled, "{status}");
        assert!(!task(*status, Some(at(10))).is_overdue(at(10)), "{status}");
        assert!(!task(*status, None).is_overdue(at(11)), "{status}");
    }
}

proptest! {
    #[test]
    fn a_settled_task_moves_only_by_being_reopened(verbs in proptest::collection::vec(proptest::sample::select(&VERBS), 0..40)) {
        let mut current = TaskState::Open;
        for verb in verbs {
            if let Ok(next) = apply(&current, verb) {
                prop_assert_eq!(current.is_settled(), verb == "reopen");
                prop_assert_ne!(&next, &current);
                current = next;
            }
        }
    }
}

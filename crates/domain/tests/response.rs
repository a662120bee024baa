//! What a severity sets going, and what another one changes of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{at, sentence, text, user};
use domain::plan::{ApprovalRule, RoleKey, SeverityLevel, SeverityPlan};
use domain::response::approval::gate;
use domain::response::{
    ActKind, ApprovalStatus, Clock, ClockKind, ClockState, MusterState, MusterStatus, Place, Replan, Running,
};
use domain::task::TaskStatus;
use domain::{Period, Severity, TaskId};
use proptest::prelude::*;

const PLAN: &str = "
matrix: [{severity: low, because: It is small.}]
actions:
  - {id: bridge, title: Open the bridge, text: Call them., role: lead}
  - {id: freeze, title: Freeze changes, text: Stop them., role: ops}
  - {id: block, title: Block, text: Block it., role: ops}
levels:
  - severity: critical
    meaning: M.
    examples: [E.]
    response: [R.]
    start: [{action: bridge, within: 15m}, {action: freeze, within: 1h}, {action: block, within: 4h}]
    muster: [lead, ops, counsel]
    approvals: [{act: closing, roles: [sponsor]}, {act: public_statement, roles: [comms]}]
    acknowledge_within: 15m
    contain_within: 1h
    update_every: 1h
  - severity: high
    meaning: M.
    examples: [E.]
    response: [R.]
    start: [{action: bridge, within: 30m}, {action: block, within: 8h}]
    muster: [lead, ops]
    approvals: [{act: public_statement, roles: [comms]}]
    acknowledge_within: 30m
    contain_within: 4h
    update_every: 2h
  - severity: low
    meaning: M.
    examples: [E.]
    response: [R.]
    start: [{action: block, within: 1d}]
    acknowledge_within: 8h
";

fn plan() -> SeverityPlan {
    serde_saphyr::from_str(PLAN).unwrap()
}

fn level(plan: &SeverityPlan, severity: Severity) -> &SeverityLevel {
    plan.level(severity).unwrap()
}

fn role(text: &str) -> RoleKey {
    text.parse().unwrap()
}

fn running(number: i64, action: &str, status: TaskStatus, surplus: bool) -> Running {
    let task = TaskId::try_from(number).unwrap();
    Running { task, action: action.parse().unwrap(), title: action.to_owned(), status, surplus }
}

fn place(name: &str, status: MusterStatus) -> Place {
    Place { role: role(name), status }
}

#[test]
fn a_declaration_starts_all_that_its_level_names() {
    let plan = plan();
    let replan = Replan::of(&plan, None, level(&plan, Severity::High), &[], &[]);
    assert_eq!(
        replan.summary(),
        "starts 2 actions, musters 2 roles, wants an update every 2 hours, puts 1 act under approval"
    );
    assert_eq!(
        replan.sentences(ToString::to_string),
        [
            "Starts 2 actions: Open the bridge (lead, within 30 minutes); Block (ops, within 8 hours).",
            "Musters 2 roles: lead; ops.",
            "Acknowledge within 30 minutes.",
            "Contain within 4 hours.",
            "An update is owed every 2 hours.",
            "Public statement needs the approval of: comms.",
        ]
    );
}

#[test]
fn a_higher_level_adds_what_is_not_there_and_hurries_what_is() {
    let plan = plan();
    let tasks =
        [running(1, "bridge", TaskStatus::Done, false), running(2, "block", TaskStatus::InProgress, false)];
    let places = [place("lead", MusterStatus::Assigned), place("ops", MusterStatus::Missing)];
    let replan = Replan::of(
        &plan,
        Some(level(&plan, Severity::High)),
        level(&plan, Severity::Critical),
        &tasks,
        &places,
    );
    assert_eq!(replan.start.len(), 1, "the bridge is open already");
    assert_eq!(replan.start[0].action.as_str(), "freeze");
    assert_eq!(replan.keep[0].within.unwrap().to_string(), "4h");
    assert_eq!(replan.muster, [role("counsel")], "what is missing is called already");
    assert_eq!(
        replan.summary(),
        "starts 1 action, musters 1 role, shortens updates to 1 hour, puts 1 act under approval"
    );
    assert!(
        replan
            .sentences(ToString::to_string)
            .contains(&"An update is owed every 1 hour, until now every 2 hours.".to_owned())
    );
}

#[test]
fn a_lower_level_proposes_and_drops_nothing() {
    let plan = plan();
    let tasks = [
        running(1, "bridge", TaskStatus::InProgress, false),
        running(2, "freeze", TaskStatus::Done, false),
        running(3, "block", TaskStatus::Open, false),
    ];
    let places = [place("lead", MusterStatus::Assigned), place("counsel", MusterStatus::StoodDown)];
    let replan = Replan::of(
        &plan,
        Some(level(&plan, Severity::Critical)),
        level(&plan, Severity::Low),
        &tasks,
        &places,
    );
    let proposed: Vec<&str> = replan.surplus.iter().map(|known| known.title.as_str()).collect();
    assert_eq!(proposed, ["bridge"], "what is done stays done");
    assert_eq!(replan.stand_down, [role("lead")], "who stood down is not sent away again");
    assert_eq!(replan.freed, [ActKind::PublicStatement, ActKind::Closing]);
    let said = replan.sentences(ToString::to_string);
    assert!(said.iter().any(|one| one.contains("Nothing is dropped")), "{said:?}");
    assert!(said.contains(&"No updates are owed any more.".to_owned()), "{said:?}");
}

#[test]
fn what_was_skipped_as_proposed_comes_back_and_what_a_person_skipped_does_not() {
    let plan = plan();
    let tasks =
        [running(1, "bridge", TaskStatus::Skipped, true), running(2, "block", TaskStatus::Skipped, false)];
    let replan =
        Replan::of(&plan, Some(level(&plan, Severity::Low)), level(&plan, Severity::High), &tasks, &[]);
    assert_eq!(replan.reopen.len(), 1);
    assert_eq!(replan.reopen[0].title, "bridge");
    assert!(replan.start.is_empty() && replan.keep.is_empty());
}

#[test]
fn a_shorter_target_counts_from_the_change_and_never_gives_more_time() {
    let clock = Clock::start(at(0), "4h".parse().unwrap());
    // After half an hour it is an hour: due an hour after the change.
    assert_eq!(clock.retargeted("1h".parse().unwrap(), at(1_800)).due, at(1_800 + 3_600));
    // After three and a half hours the old time is nearer.
    assert_eq!(clock.retargeted("1h".parse().unwrap(), at(12_600)).due, at(14_400));
    // A longer one counts from the beginning.
    assert_eq!(clock.retargeted("1d".parse().unwrap(), at(12_600)).due, at(86_400));
}

#[test]
fn a_clock_stands_as_its_times_say() {
    let mut clock = Clock::start(at(0), "1h".parse().unwrap());
    assert_eq!(clock.state(at(3_600)), ClockState::Running, "the last second is in time");
    assert_eq!(clock.state(at(3_601)), ClockState::Breached);
    assert_eq!(clock.took(), None);
    clock.met_at = Some(at(3_700));
    assert_eq!(clock.state(at(9_999)), ClockState::MetLate);
    assert_eq!(clock.took().unwrap().as_secs(), 3_700);
    clock.met_at = Some(at(-5));
    assert_eq!((clock.state(at(0)), clock.took().unwrap().as_secs()), (ClockState::Met, 0));
    clock.met_at = None;
    clock.ended_at = Some(at(10));
    assert_eq!(clock.state(at(9_999)), ClockState::Ended);
    assert!(!clock.is_open());
}

#[test]
fn whoever_is_asked_answers_for_themselves() {
    let (ada, ben) = (user(1), user(2));
    let asked = MusterState::Missing.ask(ada).unwrap();
    assert_eq!(
        sentence(asked.answer(ben, true)),
        "only whoever is asked answers for themselves; you are not asked for this place"
    );
    assert_eq!(asked.answer(ada, false).unwrap(), MusterState::Missing);
    let there = asked.answer(ada, true).unwrap();
    assert_eq!(there, MusterState::Assigned(ada));
    assert!(there.answer(ada, true).is_err() && there.ask(ben).is_err());
    assert_eq!(there.answer(ada, false).unwrap(), MusterState::Missing, "plans change");
    assert_eq!(there.assign(ben).unwrap(), MusterState::Assigned(ben));
    let down = there.stand_down().unwrap();
    assert!(down.stand_down().is_err());
    assert_eq!(down.call_again().unwrap(), MusterState::Missing);
    assert!(there.call_again().is_err());
    assert!(MusterState::restore(MusterStatus::Asked, None).is_err());
    assert_eq!(MusterState::restore(MusterStatus::Asked, Some(ada)).unwrap(), asked);
}

#[test]
fn nobody_approves_what_they_asked_for_and_a_word_counts_once() {
    let (ada, ben) = (user(1), user(2));
    let asked = ApprovalStatus::Asked;
    assert_eq!(
        sentence(asked.give(ada, ada)),
        "whoever asks for a word cannot approve it; ask somebody else"
    );
    let given = asked.give(ada, ben).unwrap();
    assert_eq!(given.use_up().unwrap(), ApprovalStatus::Used);
    assert!(given.use_up().unwrap().use_up().is_err());
    assert!(given.use_up().unwrap().withdraw().is_err());
    assert_eq!(given.withdraw().unwrap(), ApprovalStatus::Withdrawn);
    let refused = asked.refuse(ada, ben, &text("Not before the lawyers have read it.")).unwrap();
    assert!(refused.give(ada, ben).is_err() && refused.use_up().is_err());
}

#[test]
fn an_act_waits_for_every_role_of_its_rule() {
    let rule = ApprovalRule { act: ActKind::RansomPayment, roles: vec![role("sponsor"), role("counsel")] };
    let (sponsor, counsel) = (role("sponsor"), role("counsel"));
    assert_eq!(gate(&rule, &[(&sponsor, 7)]), Err(&counsel));
    assert_eq!(gate(&rule, &[(&counsel, 8), (&sponsor, 7), (&sponsor, 9)]), Ok(vec![7, 8]));
}

#[test]
fn targets_are_those_of_the_level() {
    let plan = plan();
    let low = level(&plan, Severity::Low);
    assert_eq!(low.target(ClockKind::Acknowledge), Some("8h".parse().unwrap()));
    assert_eq!((low.target(ClockKind::Assign), low.target(ClockKind::Update)), (None, None));
}

fn severities() -> impl Strategy<Value = Severity> {
    prop::sample::select(vec![Severity::Low, Severity::High, Severity::Critical])
}

fn tasks() -> impl Strategy<Value = Vec<Running>> {
    let one = |number: i64, action: &'static str| {
        prop::option::of((prop::sample::select(TaskStatus::ALL.to_vec()), any::<bool>()))
            .prop_map(move |state| state.map(|(status, surplus)| running(number, action, status, surplus)))
    };
    (one(1, "bridge"), one(2, "freeze"), one(3, "block"))
        .prop_map(|(a, b, c)| [a, b, c].into_iter().flatten().collect())
}

proptest! {
    /// Whatever there is: each task is spoken of once at most, done ones never, and doing what is said
    /// and asking again says nothing more.
    #[test]
    fn a_replan_is_complete_and_settled(from in severities(), to in severities(), tasks in tasks()) {
        let plan = plan();
        let to = level(&plan, to);
        let replan = Replan::of(&plan, Some(level(&plan, from)), to, &tasks, &[]);
        let mut named: Vec<TaskId> =
            replan.reopen.iter().chain(&replan.keep).chain(&replan.surplus).map(|known| known.task).collect();
        let count = named.len();
        named.sort();
        named.dedup();
        prop_assert_eq!(named.len(), count);
        for task in tasks.iter().filter(|task| task.status == TaskStatus::Done) {
            prop_assert!(!named.contains(&task.task));
        }
        let mut after = tasks.clone();
        for task in &mut after {
            if replan.reopen.iter().any(|known| known.task == task.task) {
                task.status = TaskStatus::Open;
                task.surplus = false;
            }
        }
        for (new, number) in replan.start.iter().zip(10..) {
            after.push(running(number, new.action.as_str(), TaskStatus::Open, false));
        }
        let again = Replan::of(&plan, Some(to), to, &after, &[]);
        prop_assert!(again.start.is_empty() && again.reopen.is_empty());
        prop_assert_eq!(again.surplus.len(), replan.surplus.len());
        for start in &to.start {
            prop_assert!(after.iter().any(|task| task.action == start.action));
        }
    }

    /// A change of target moves the due time no further than the target itself would, and a shorter one
    /// never leaves more time than there was.
    #[test]
    fn a_retargeted_clock_is_fair(old in 1_i64..1_000_000, new in 1_i64..1_000_000, change in 0_i64..2_000_000) {
        let period = |seconds: i64| format!("{seconds}s").parse::<Period>().unwrap();
        let clock = Clock::start(at(0), period(old));
        let next = clock.retargeted(period(new), at(change));
        prop_assert_eq!(next.starts, clock.starts);
        if new <= old {
            prop_assert!(next.due <= clock.due);
            prop_assert!(next.due == clock.due || next.due == at(change + new));
        } else {
            prop_assert_eq!(next.due, at(new));
        }
    }
}

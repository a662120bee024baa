//! An incident's way through its phases: every pair of phases, and every sequence of verbs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{at, line, sentence, text, user};
use domain::incident::{Closing, Move, Outcome, Stage};
use domain::{Incident, IncidentId, IncidentType, Phase, Severity, Tlp};
use proptest::prelude::*;

fn closing() -> Closing {
    Closing {
        outcome: Outcome::Resolved,
        root_cause: text("A mailbox without a second factor."),
        lessons: text("Ask for a second factor everywhere."),
        impact: None,
    }
}

fn incident_in(phase: Phase) -> Incident {
    Incident {
        id: IncidentId::try_from(1).unwrap(),
        title: line("Mailbox taken over"),
        incident_type: IncidentType::UnauthorisedAccess,
        severity: Severity::Medium,
        stage: Stage::restore(phase, (phase == Phase::Closed).then(closing)).unwrap(),
        commander: None,
        restricted: false,
        tlp: Tlp::Amber,
        declared_by: user(1),
        declared_at: at(0),
    }
}

/// Rows: from; columns: to; in the order of `Phase::ALL`.
/// `f` freely, `r` with a reason, `.` it is there already, `c` only by closing, `o` only by reopening.
const MOVES: [&str; 6] = [
    ". f r r r c", // detection
    "r . f r r c", // assessment
    "r r . f r c", // containment
    "r r r . f c", // eradication
    "r r r r . c", // recovery
    "o o o o o o", // closed
];

#[test]
fn every_move_between_two_phases() {
    let reason = text("The scope was larger than believed.");
    for (from, row) in Phase::ALL.iter().zip(MOVES) {
        for (to, rule) in Phase::ALL.iter().zip(row.split(' ')) {
            let incident = incident_in(*from);
            let (without, with) = (incident.move_to(*to, None), incident.move_to(*to, Some(&reason)));
            let case = format!("{from} -> {to}");
            match rule {
                "f" => assert_eq!(without.unwrap().phase(), *to, "{case}"),
                "r" => {
                    assert!(sentence(without).ends_with("needs a reason"), "{case}");
                    assert_eq!(with.unwrap().phase(), *to, "{case}");
                }
                "." => assert_eq!(sentence(with), format!("the phase is {} already", to.label()), "{case}"),
                "c" => assert!(sentence(with).starts_with("an incident is closed by giving"), "{case}"),
                "o" => assert_eq!(sentence(with), "the incident is closed; reopen it first", "{case}"),
                other => panic!("unknown rule {other}"),
            }
        }
    }
}

#[test]
fn the_page_knows_beforehand_which_moves_need_a_reason() {
    for from in Phase::ALL.iter().filter(|phase| **phase != Phase::Closed) {
        for to in Phase::ALL.iter().filter(|phase| **phase != Phase::Closed && *phase != from) {
            let refused = incident_in(*from).move_to(*to, None).is_err();
            assert_eq!(from.to(*to).needs_reason(), refused, "{from} -> {to}");
        }
    }
    assert_eq!(Phase::Recovery.to(Phase::Closed), Move::Forward);
}

#[test]
fn closing_ends_it_from_any_phase_and_reopening_names_a_phase() {
    for phase in Phase::ALL.iter().filter(|phase| **phase != Phase::Closed) {
        let closed = incident_in(*phase).close(closing()).unwrap();
        assert_eq!(closed.stage.closing(), Some(&closing()));
        assert!(closed.close(closing()).is_err());
        assert!(closed.set_severity(Severity::High, &text("late news")).is_err());
        assert!(closed.assign_commander(user(2)).is_err());
        let reopened = closed.reopen(*phase, &text("It came back.")).unwrap();
        assert_eq!(reopened, incident_in(*phase), "nothing else changed on the way");
        assert!(reopened.reopen(*phase, &text("It came back.")).is_err());
    }
    assert!(incident_in(Phase::Closed).reopen(Phase::Closed, &text("why")).is_err());
}

#[test]
fn a_closing_without_lessons_is_no_closing() {
    let blank = r#"{"outcome":"resolved","root_cause":"x","lessons":" "}"#;
    assert!(serde_json::from_str::<Closing>(blank).is_err());
    let missing = r#"{"outcome":"resolved","root_cause":"x"}"#;
    assert!(serde_json::from_str::<Closing>(missing).is_err());
}

#[test]
fn changes_that_change_nothing_are_refused() {
    let incident = incident_in(Phase::Assessment).assign_commander(user(2)).unwrap();
    assert!(incident.assign_commander(user(2)).is_err());
    assert_eq!(incident.assign_commander(user(3)).unwrap().commander, Some(user(3)));
    let why = text("Customer data was taken.");
    assert_eq!(sentence(incident.set_severity(Severity::Medium, &why)), "the severity is Medium already");
    assert_eq!(incident.set_severity(Severity::High, &why).unwrap().severity, Severity::High);
    assert!(incident.set_type(IncidentType::UnauthorisedAccess, &why).is_err());
    assert_eq!(incident.set_type(IncidentType::Insider, &why).unwrap().incident_type, IncidentType::Insider);
}

#[test]
fn a_row_that_contradicts_itself_is_refused() {
    for phase in Phase::ALL {
        let closed = *phase == Phase::Closed;
        assert_eq!(Stage::restore(*phase, None).is_ok(), !closed);
        assert_eq!(Stage::restore(*phase, Some(closing())).is_ok(), closed);
    }
}

#[derive(Debug, Clone)]
enum Verb {
    Move(Phase, bool),
    Close,
    Reopen(Phase),
}

fn verb() -> impl Strategy<Value = Verb> {
    let phase = || proptest::sample::select(Phase::ALL);
    prop_oneof![
        4 => (phase(), any::<bool>()).prop_map(|(to, reason)| Verb::Move(to, reason)),
        1 => Just(Verb::Close),
        1 => phase().prop_map(Verb::Reopen),
    ]
}

proptest! {
    /// Whatever people do in whatever order: an incident is closed exactly when it has a closing, it leaves
    /// that state only by being reopened, and without a reason it only ever goes one step forward.
    #[test]
    fn no_sequence_of_verbs_breaks_an_incident(verbs in proptest::collection::vec(verb(), 0..40)) {
        let mut incident = incident_in(Phase::Detection);
        for verb in verbs {
            let before = incident.phase();
            let after = match &verb {
                Verb::Move(to, reason) => incident.move_to(*to, reason.then(|| text("because")).as_ref()),
                Verb::Close => incident.close(closing()),
                Verb::Reopen(to) => incident.reopen(*to, &text("because")),
            };
            if let Ok(next) = after {
                prop_assert_eq!(next.is_closed(), next.stage.closing().is_some());
                prop_assert_eq!(next.is_closed(), next.phase() == Phase::Closed);
                prop_assert_ne!(next.phase(), before);
                if before == Phase::Closed {
                    prop_assert!(matches!(verb, Verb::Reopen(_)));
                }
                if let Verb::Move(to, false) = verb {
                    prop_assert_eq!(before.next(), Some(to));
                }
                incident = next;
            }
        }
    }
}

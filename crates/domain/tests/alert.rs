//! An alert's states, and which detections it takes in.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{at, sentence, text, user};
use domain::alert::{AlertKey, AlertState, AlertStatus, Verdict, WINDOW, joins};
use domain::{Entity, EntityKind, IncidentId, Result};
use jiff::SignedDuration;
use proptest::prelude::*;

fn incident() -> IncidentId {
    IncidentId::try_from(1).unwrap()
}

fn state(status: AlertStatus) -> AlertState {
    match status {
        AlertStatus::New => AlertState::New,
        AlertStatus::Acknowledged => AlertState::Acknowledged { by: user(1) },
        AlertStatus::InIncident => AlertState::InIncident { incident: incident() },
        AlertStatus::Dismissed => {
            AlertState::Dismissed { verdict: Verdict::Benign, reason: text("The backup does that.") }
        }
    }
}

const VERBS: [&str; 5] = ["acknowledge", "attach", "detach", "dismiss", "reopen"];

fn apply(state: &AlertState, verb: &str) -> Result<AlertState> {
    match verb {
        "acknowledge" => state.acknowledge(user(1)),
        "attach" => state.attach(incident()),
        "detach" => state.detach(user(1)),
        "dismiss" => state.dismiss(Verdict::FalsePositive, text("The rule is too wide.")),
        "reopen" => state.reopen(),
        other => panic!("unknown verb {other}"),
    }
}

#[test]
fn every_verb_in_every_state() {
    use AlertStatus::{Acknowledged, Dismissed, InIncident, New};
    // In the order of VERBS; None: refused.
    let table = [
        (New, [Some(Acknowledged), Some(InIncident), None, Some(Dismissed), None]),
        (Acknowledged, [None, Some(InIncident), None, Some(Dismissed), None]),
        (InIncident, [None, None, Some(Acknowledged), None, None]),
        (Dismissed, [None, None, None, None, Some(New)]),
    ];
    assert_eq!(table.map(|(status, _)| status).as_slice(), AlertStatus::ALL);
    for (from, row) in table {
        for (verb, expected) in VERBS.into_iter().zip(row) {
            let status = apply(&state(from), verb).ok().map(|state| state.status());
            assert_eq!(status, expected, "{verb} a {from} alert");
        }
    }
}

#[test]
fn a_refusal_says_what_to_do_first() {
    assert_eq!(
        sentence(apply(&state(AlertStatus::Dismissed), "attach")),
        "the alert is dismissed; it cannot become in_incident; reopen it first"
    );
    assert_eq!(
        sentence(apply(&state(AlertStatus::New), "reopen")),
        "the alert is new; it cannot become new by being reopened: it is not dismissed"
    );
}

#[test]
fn a_state_survives_being_stored_in_columns() {
    for status in AlertStatus::ALL {
        let stored = state(*status);
        let (by, incident, dismissal) = match &stored {
            AlertState::New => (None, None, None),
            AlertState::Acknowledged { by } => (Some(*by), None, None),
            AlertState::InIncident { incident } => (None, Some(*incident), None),
            AlertState::Dismissed { verdict, reason } => (None, None, Some((*verdict, reason.clone()))),
        };
        assert_eq!(AlertState::restore(*status, by, incident, dismissal).unwrap(), stored);
        let json = serde_json::to_string(&stored).unwrap();
        assert_eq!(serde_json::from_str::<AlertState>(&json).unwrap(), stored);
    }
    assert!(AlertState::restore(AlertStatus::Dismissed, None, None, None).is_err());
    assert!(AlertState::restore(AlertStatus::New, Some(user(1)), None, None).is_err());
}

#[test]
fn an_alert_takes_in_what_lies_within_the_window_on_either_side() {
    // First seen at 0, last seen at 600.
    for (event, expected) in
        [(0, true), (300, true), (600, true), (4_200, true), (4_201, false), (-3_600, true), (-3_601, false)]
    {
        assert_eq!(joins(at(0), at(600), AlertStatus::New, at(event), WINDOW), expected, "event at {event}");
    }
    for (status, expected) in [
        (AlertStatus::New, true),
        (AlertStatus::Acknowledged, true),
        (AlertStatus::InIncident, true),
        (AlertStatus::Dismissed, false),
    ] {
        assert_eq!(joins(at(0), at(600), status, at(700), WINDOW), expected, "{status}");
    }
    assert!(!joins(at(0), at(600), AlertStatus::New, at(601), SignedDuration::ZERO));
}

#[test]
fn one_entity_has_one_key_however_it_is_written() {
    let key =
        |kind, name: &str| AlertKey { rule: "r".into(), group: Entity::new(kind, name).unwrap().to_string() };
    assert_eq!(key(EntityKind::Host, "WS01.Example.org."), key(EntityKind::Host, " ws01.example.org"));
    assert_eq!(key(EntityKind::Address, "::ffff:10.0.0.5"), key(EntityKind::Address, "10.0.0.5"));
    assert_eq!(key(EntityKind::Address, "2001:DB8:0::7"), key(EntityKind::Address, "2001:db8::7"));
    assert_ne!(key(EntityKind::Account, "alice"), key(EntityKind::Host, "alice"));
    assert!(Entity::new(EntityKind::Host, " . ").is_err());
    assert!(Entity::new(EntityKind::Host, ". .").is_err());
    let entity = Entity::new(EntityKind::Host, "WS01").unwrap();
    let json = serde_json::to_string(&entity).unwrap();
    assert_eq!(json, r#"{"kind":"host","name":"ws01"}"#);
    assert_eq!(serde_json::from_str::<Entity>(r#"{"kind":"host","name":"WS01."}"#).unwrap(), entity);
}

proptest! {
    /// Only a dismissed alert has a verdict, and only reopening takes it away; an alert leaves an incident
    /// only by being detached.
    #[test]
    fn no_sequence_of_verbs_breaks_an_alert(verbs in proptest::collection::vec(proptest::sample::select(&VERBS), 0..40)) {
        let mut current = AlertState::New;
        for verb in verbs {
            if let Ok(next) = apply(&current, verb) {
                match current.status() {
                    AlertStatus::Dismissed => prop_assert_eq!(verb, "reopen"),
                    AlertStatus::InIncident => prop_assert_eq!(verb, "detach"),
                    AlertStatus::New | AlertStatus::Acknowledged => {}
                }
                prop_assert_ne!(&next, &current);
                current = next;
            }
        }
    }

    /// Grouping does not depend on the order in which two detections arrive.
    #[test]
    fn grouping_is_the_same_from_either_end(a in -10_000_i64..10_000, b in -10_000_i64..10_000) {
        prop_assert_eq!(
            joins(at(a), at(a), AlertStatus::New, at(b), WINDOW),
            joins(at(b), at(b), AlertStatus::New, at(a), WINDOW)
        );
    }
}

proptest! {
    /// What was stored must be readable, or one odd name would hide the whole queue.
    #[test]
    fn an_entity_reads_back_as_itself(kind in 0..4usize, name in "[a-zA-Z. \\\\:İΣß0-9\u{3000}-]{0,12}") {
        let kind = EntityKind::ALL[kind];
        if let Ok(entity) = Entity::new(kind, &name) {
            prop_assert_eq!(Entity::new(kind, entity.name()).unwrap(), entity);
        }
    }
}

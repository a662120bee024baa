//! Work that fits only under some circumstances, and the order in which it is done.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use domain::fitting::{Circumstances, OnlyIf, disorder};
use domain::library::{self, TaskGroup};
use domain::{IncidentType, Severity, SeverityFacts};
use proptest::prelude::*;

fn now(incident_type: IncidentType, severity: Severity) -> Circumstances {
    let facts = SeverityFacts::every().next().unwrap();
    Circumstances { incident_type, severity, facts }
}

fn only(text: &str) -> OnlyIf {
    serde_saphyr::from_str(text).unwrap()
}

#[test]
fn work_says_why_it_does_not_fit() {
    let only = only("{types: [phishing, malware], severity_at_least: high}");
    assert_eq!(only.words(), "only for phishing or malware, at high or above");
    assert_eq!(only.unmet(&now(IncidentType::Phishing, Severity::Critical)), None);
    assert_eq!(
        only.unmet(&now(IncidentType::Insider, Severity::Low)).unwrap(),
        "It fits only for phishing or malware, at high or above; now the type is insider, the severity is low."
    );
}

#[test]
fn what_asks_for_nothing_always_fits() {
    let always = OnlyIf::default();
    assert!(always.is_always());
    assert_eq!(always.words(), "always");
    for incident_type in IncidentType::ALL {
        assert_eq!(always.unmet(&now(*incident_type, Severity::Informational)), None);
    }
    assert!(serde_saphyr::from_str::<OnlyIf>("{weather: [bad]}").is_err());
}

#[test]
fn facts_are_asked_for_one_by_one() {
    let only = only("{information: [privacy], functional: [high], recoverability: [extended]}");
    let told = only.unmet(&now(IncidentType::Other, Severity::Low)).unwrap();
    for part in
        ["the information impact is none", "the functional impact is none", "the recoverability is regular"]
    {
        assert!(told.contains(part), "{told}");
    }
}

fn order(text: &[(&'static str, &[&'static str])]) -> Vec<(String, String)> {
    let pieces: Vec<(String, Vec<String>)> = text
        .iter()
        .map(|(name, after)| ((*name).to_owned(), after.iter().map(|one| (*one).to_owned()).collect()))
        .collect();
    disorder(&pieces)
}

#[test]
fn a_round_is_told_once_with_its_way() {
    assert!(order(&[("a", &[]), ("b", &["a"]), ("c", &["a", "b"])]).is_empty());
    assert_eq!(
        order(&[("a", &["c"]), ("b", &["a"]), ("c", &["b"]), ("d", &["a"])]),
        [("a".to_owned(), "waits for itself: a → c → b → a; take one of these away".to_owned())]
    );
    assert_eq!(order(&[("a", &["a"])])[0].1, "waits for itself: a → a; take one of these away");
    assert_eq!(order(&[("a", &["z"])])[0].1, "waits for z, which is not there; name one that is");
}

#[test]
fn a_library_names_each_task_once() {
    let group = "
id: one
title: One
tasks:
  - {id: a, title: A, text: Do it., role: lead, phase: detection, after: [b]}
  - {id: b, title: B, text: Do it., role: lead, phase: detection, after: [a]}
  - {id: a, title: A, text: Do it., role: lead, phase: detection}
";
    let group: TaskGroup = serde_saphyr::from_str(group).unwrap();
    let found: Vec<String> = library::check(&[group]).iter().map(ToString::to_string).collect();
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(found[0], "tasks: group one: task a: has a name that another task has; give each its own");
    assert!(found[1].starts_with("tasks: group one: task a: waits for itself: a → b → a"), "{found:?}");
}

proptest! {
    /// Whatever waits only for what stands before it is in order; one that also waits for the last is not.
    #[test]
    fn only_rounds_are_disorder(ways in prop::collection::vec(prop::collection::vec(any::<prop::sample::Index>(), 0..3), 2..12)) {
        let mut pieces: Vec<(usize, Vec<usize>)> = ways
            .iter()
            .enumerate()
            .map(|(place, after)| (place, if place == 0 { Vec::new() } else { after.iter().map(|one| one.index(place)).collect() }))
            .collect();
        prop_assert!(disorder(&pieces).is_empty());
        let last = pieces.len() - 1;
        pieces[last].1 = vec![0];
        pieces[0].1 = vec![last];
        prop_assert_eq!(disorder(&pieces).len(), 1);
    }
}

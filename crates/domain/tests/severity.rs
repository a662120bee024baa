//! The severity matrix answers every case, names the case it misses, and says why.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{sentence, text};
use domain::severity::{
    Condition, FunctionalImpact, InformationImpact, Proposal, Recoverability, SeverityMatrix, SeverityRule,
};
use domain::{Severity, SeverityFacts};
use proptest::prelude::*;

fn rule(
    functional: &[FunctionalImpact],
    information: &[InformationImpact],
    severity: Severity,
) -> SeverityRule {
    let when = Condition {
        functional: functional.to_vec(),
        information: information.to_vec(),
        recoverability: Vec::new(),
    };
    SeverityRule { when, severity, because: text("It says so.") }
}

const FACTS: SeverityFacts = SeverityFacts {
    functional: FunctionalImpact::Medium,
    information: InformationImpact::Privacy,
    recoverability: Recoverability::Regular,
};

#[test]
fn the_first_rule_that_holds_decides() {
    let matrix = SeverityMatrix::new(vec![
        rule(&[FunctionalImpact::High], &[], Severity::Critical),
        rule(&[], &[InformationImpact::Privacy], Severity::High),
        rule(&[], &[], Severity::Low),
    ])
    .unwrap();
    assert_eq!(matrix.propose(&FACTS), Proposal { severity: Severity::High, because: "It says so.".into() });
    let worse = SeverityFacts { functional: FunctionalImpact::High, ..FACTS };
    assert_eq!(matrix.propose(&worse).severity, Severity::Critical);
    let better = SeverityFacts { information: InformationImpact::None, ..FACTS };
    assert_eq!(matrix.propose(&better).severity, Severity::Low);
}

#[test]
fn a_matrix_with_a_gap_is_refused_and_the_gap_named() {
    let gap = SeverityMatrix::new(vec![
        rule(&[FunctionalImpact::None, FunctionalImpact::Low, FunctionalImpact::High], &[], Severity::Low),
        rule(
            &[],
            &[
                InformationImpact::None,
                InformationImpact::Suspected,
                InformationImpact::Proprietary,
                InformationImpact::Integrity,
            ],
            Severity::High,
        ),
    ]);
    assert_eq!(
        sentence(gap),
        "the severity matrix has no answer for functional: medium, information: privacy, recoverability: regular; add a rule that covers it"
    );
    assert!(SeverityMatrix::new(Vec::new()).is_err());
}

#[test]
fn a_rule_out_of_reach_is_refused() {
    let dead = SeverityMatrix::new(vec![
        rule(&[], &[], Severity::Low),
        rule(&[FunctionalImpact::High], &[], Severity::Critical),
    ]);
    assert_eq!(
        sentence(dead),
        "rule 2 of the severity matrix can never decide: the rules before it answer every case"
    );
}

#[test]
fn a_document_cannot_hold_a_matrix_with_a_gap() {
    let whole = "- when: {functional: [high]}\n  severity: critical\n  because: Nothing works.\n- severity: low\n  because: Something works.\n";
    let matrix: SeverityMatrix = serde_saphyr::from_str(whole).unwrap();
    assert_eq!(matrix.rules().len(), 2);
    let json = serde_json::to_string(&matrix).unwrap();
    assert_eq!(serde_json::from_str::<SeverityMatrix>(&json).unwrap(), matrix);

    let gap = "- when: {functional: [high]}\n  severity: critical\n  because: Nothing works.\n";
    let refusal = serde_saphyr::from_str::<SeverityMatrix>(gap).unwrap_err().to_string();
    assert!(refusal.contains("no answer for functional: none"), "{refusal}");
    let unknown = "- when: {impact: [high]}\n  severity: critical\n  because: Nothing works.\n";
    assert!(serde_saphyr::from_str::<SeverityMatrix>(unknown).is_err());
}

#[test]
fn every_combination_occurs_once() {
    let every: std::collections::BTreeSet<_> = SeverityFacts::every().collect();
    assert_eq!((every.len(), SeverityFacts::every().count()), (80, 80));
}

fn any_condition() -> impl Strategy<Value = Condition> {
    (
        proptest::sample::subsequence(FunctionalImpact::ALL, 0..=4),
        proptest::sample::subsequence(InformationImpact::ALL, 0..=5),
        proptest::sample::subsequence(Recoverability::ALL, 0..=4),
    )
        .prop_map(|(functional, information, recoverability)| Condition {
            functional,
            information,
            recoverability,
        })
}

proptest! {
    /// Of any rules at all: either they make a matrix that answers every case by one of them, or the case
    /// that the refusal names is answered by none.
    #[test]
    fn a_matrix_is_total_or_refused(conditions in proptest::collection::vec(any_condition(), 0..6)) {
        let rules: Vec<_> = conditions
            .into_iter()
            .map(|when| SeverityRule { when, severity: Severity::Low, because: text("A rule.") })
            .collect();
        match SeverityMatrix::new(rules.clone()) {
            Ok(matrix) => for facts in SeverityFacts::every() {
                prop_assert_eq!(matrix.propose(&facts).because, "A rule.");
            },
            Err(domain::Error::MatrixNotTotal(facts)) => {
                prop_assert!(rules.iter().all(|rule| !rule.when.holds(&facts)));
            }
            Err(domain::Error::MatrixRuleDead { number }) => {
                let (before, from) = rules.split_at(number - 1);
                for facts in SeverityFacts::every().filter(|facts| from[0].when.holds(facts)) {
                    prop_assert!(before.iter().any(|rule| rule.when.holds(&facts)));
                }
            }
            Err(other) => prop_assert!(false, "{}", other),
        }
    }
}

//! The chain of custody: every act in every state, and what each link has to say.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{at, line, sentence, text};
use domain::evidence::{Custody, CustodyAct, CustodyEntry, CustodyStatus};
use proptest::prelude::*;

fn entry(act: CustodyAct, second: i64) -> CustodyEntry {
    let receives = matches!(act, CustodyAct::Transferred | CustodyAct::CheckedOut);
    let explains = matches!(act, CustodyAct::CheckedOut | CustodyAct::Unsealed);
    CustodyEntry {
        act,
        by: line("Alice"),
        to: receives.then(|| line("Bob")),
        reason: explains.then(|| text("To look for the loader.")),
        at: at(second),
    }
}

/// The custody after these acts, one a second.
fn after(acts: &[CustodyAct]) -> domain::Result<Custody> {
    let chain: Vec<_> = (0..).zip(acts).map(|(second, act)| entry(*act, second)).collect();
    Custody::of(&chain)
}

#[test]
fn every_act_in_every_state() {
    use CustodyAct::{CheckedOut, Collected, Sealed};
    use CustodyStatus as S;
    // In the order of CustodyAct::ALL: collected, transferred, checked out, returned, sealed, unsealed.
    let table = [
        (vec![], [Some(S::Held), None, None, None, None, None]),
        (vec![Collected], [None, Some(S::Held), Some(S::CheckedOut), None, Some(S::Sealed), None]),
        (vec![Collected, CheckedOut], [None, None, None, Some(S::Held), None, None]),
        (vec![Collected, Sealed], [None, Some(S::Sealed), None, None, None, Some(S::Held)]),
    ];
    for (start, row) in table {
        for (act, expected) in CustodyAct::ALL.iter().zip(row) {
            let chain = [start.as_slice(), &[*act]].concat();
            assert_eq!(after(&chain).ok().map(|custody| custody.status()), expected, "{act} after {start:?}");
        }
    }
}

#[test]
fn who_answers_for_it_and_who_has_it() {
    use CustodyAct::{CheckedOut, Collected, Returned, Transferred};
    let people = |acts: &[CustodyAct]| {
        let custody = after(acts).unwrap();
        (custody.custodian().to_string(), custody.holder().to_string())
    };
    let pair = |custodian: &str, holder: &str| (custodian.to_owned(), holder.to_owned());
    assert_eq!(people(&[Collected]), pair("Alice", "Alice"));
    assert_eq!(people(&[Collected, CheckedOut]), pair("Alice", "Bob"));
    assert_eq!(people(&[Collected, CheckedOut, Returned]), pair("Alice", "Alice"));
    assert_eq!(people(&[Collected, Transferred]), pair("Bob", "Bob"));
}

#[test]
fn a_link_that_says_too_little_or_too_much_does_not_hold() {
    let held = after(&[CustodyAct::Collected]).unwrap();
    let without_receiver = CustodyEntry { to: None, ..entry(CustodyAct::Transferred, 5) };
    assert_eq!(sentence(held.after(&without_receiver)), "say who receives the item when it is transferred");
    let without_purpose = CustodyEntry { reason: None, ..entry(CustodyAct::CheckedOut, 5) };
    assert_eq!(sentence(held.after(&without_purpose)), "checking out needs a reason");
    let with_receiver = CustodyEntry { to: Some(line("Bob")), ..entry(CustodyAct::Sealed, 5) };
    assert!(held.after(&with_receiver).is_err());
    let later = held.after(&entry(CustodyAct::Sealed, 5)).unwrap();
    assert!(later.after(&entry(CustodyAct::Transferred, 4)).is_err(), "a chain is written in order");
    assert_eq!(
        sentence(later.after(&entry(CustodyAct::CheckedOut, 6))),
        "the item is sealed; it cannot become checked_out; it has to be unsealed first"
    );
    assert!(Custody::of(&[]).is_err());
}

proptest! {
    /// However a chain goes: somebody else than the custodian has the item exactly while it is checked out,
    /// and a seal is broken only by unsealing.
    #[test]
    fn no_chain_loses_an_item(acts in proptest::collection::vec(proptest::sample::select(CustodyAct::ALL), 0..40)) {
        let mut custody = after(&[CustodyAct::Collected]).unwrap();
        for (second, act) in (1..).zip(acts) {
            // Alternating names, so that a custodian never lends to themselves.
            let entry = CustodyEntry { to: entry(act, second).to.map(|_| line(&format!("P{second}"))), ..entry(act, second) };
            if let Ok(next) = custody.after(&entry) {
                prop_assert_eq!(next.holder() != next.custodian(), next.status() == CustodyStatus::CheckedOut);
                if custody.status() == CustodyStatus::Sealed {
                    prop_assert_eq!(next.status() != CustodyStatus::Sealed, act == CustodyAct::Unsealed);
                }
                if next.custodian() != custody.custodian() {
                    prop_assert_eq!(act, CustodyAct::Transferred);
                }
                custody = next;
            }
        }
    }
}

//! The chain of custody: every act in every state, and what each link has to say.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{at, line, sentence, text, user};
use domain::Period;
use domain::evidence::{Custody, CustodyAct, CustodyEntry, CustodyStatus, due, may_be_destroyed};
use proptest::prelude::*;

fn entry(act: CustodyAct, second: i64) -> CustodyEntry {
    let receives = act.has_receiver();
    // Who answers is who was asked; who approves is not who proposed.
    let account = match act {
        CustodyAct::Accepted | CustodyAct::Refused => 2,
        CustodyAct::Destroyed => 3,
        _ => 1,
    };
    CustodyEntry {
        act,
        by: line("Alice"),
        account: Some(user(account)),
        to: receives.then(|| line("Bob")),
        to_account: receives.then(|| user(2)),
        reason: act.owes_reason().map(|_| text("To look for the loader.")),
        at: at(second),
    }
}

/// The custody after these acts, one a second.
fn after(acts: &[CustodyAct]) -> domain::Result<Custody> {
    let chain: Vec<_> = (0..).zip(acts).map(|(second, act)| entry(*act, second)).collect();
    Custody::of(&chain)
}

/// A beginning of a chain, what may follow it, and where that leads.
type Row = (&'static [CustodyAct], &'static [(CustodyAct, CustodyStatus)]);

#[test]
fn every_act_in_every_state() {
    use CustodyAct as A;
    use CustodyStatus as S;
    // What may follow each beginning, and where it leads; everything else is refused.
    let table: [Row; 7] = [
        (&[], &[(A::Collected, S::Held)]),
        (
            &[A::Collected],
            &[
                (A::Attested, S::Held),
                (A::Transferred, S::Held),
                (A::Offered, S::Held),
                (A::CheckedOut, S::CheckedOut),
                (A::Sealed, S::Sealed),
                (A::DestructionProposed, S::Held),
            ],
        ),
        (&[A::Collected, A::CheckedOut], &[(A::Attested, S::CheckedOut), (A::Returned, S::Held)]),
        (
            &[A::Collected, A::Sealed],
            &[
                (A::Attested, S::Sealed),
                (A::Transferred, S::Sealed),
                (A::Offered, S::Sealed),
                (A::Unsealed, S::Held),
                (A::DestructionProposed, S::Sealed),
            ],
        ),
        (
            &[A::Collected, A::Sealed, A::Offered],
            &[
                (A::Attested, S::Sealed),
                (A::Accepted, S::Sealed),
                (A::Refused, S::Sealed),
                (A::Withdrawn, S::Sealed),
            ],
        ),
        (
            &[A::Collected, A::DestructionProposed],
            &[(A::Attested, S::Held), (A::DestructionDeclined, S::Held), (A::Destroyed, S::Destroyed)],
        ),
        (&[A::Collected, A::DestructionProposed, A::Destroyed], &[]),
    ];
    for (start, row) in table {
        for act in CustodyAct::ALL {
            let expected = row.iter().find(|(allowed, _)| allowed == act).map(|(_, status)| *status);
            let chain = [start, &[*act]].concat();
            assert_eq!(after(&chain).ok().map(|custody| custody.status()), expected, "{act} after {start:?}");
        }
    }
}

#[test]
fn who_answers_for_it_and_who_has_it() {
    use CustodyAct::{Accepted, CheckedOut, Collected, Offered, Refused, Returned, Transferred, Withdrawn};
    let people = |acts: &[CustodyAct]| {
        let custody = after(acts).unwrap();
        (custody.custodian().to_string(), custody.holder().to_string())
    };
    let pair = |custodian: &str, holder: &str| (custodian.to_owned(), holder.to_owned());
    assert_eq!(people(&[Collected]), pair("Alice", "Alice"));
    assert_eq!(people(&[Collected, CheckedOut]), pair("Alice", "Bob"));
    assert_eq!(people(&[Collected, CheckedOut, Returned]), pair("Alice", "Alice"));
    assert_eq!(people(&[Collected, Transferred]), pair("Bob", "Bob"));
    assert_eq!(people(&[Collected, Offered]), pair("Alice", "Alice"), "an offer alone moves nothing");
    assert_eq!(people(&[Collected, Offered, Accepted]), pair("Bob", "Bob"));
    assert_eq!(people(&[Collected, Offered, Refused]), pair("Alice", "Alice"));
    assert_eq!(people(&[Collected, Offered, Withdrawn]), pair("Alice", "Alice"));
}

#[test]
fn a_link_that_says_too_little_or_too_much_does_not_hold() {
    let held = after(&[CustodyAct::Collected]).unwrap();
    let without_receiver = CustodyEntry { to: None, ..entry(CustodyAct::Offered, 5) };
    assert_eq!(sentence(held.after(&without_receiver)), "say who receives the item when it is offered");
    let without_account = CustodyEntry { to_account: None, ..entry(CustodyAct::Offered, 5) };
    assert!(held.after(&without_account).is_err(), "who is to sign needs an account");
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

#[test]
fn two_people_are_two_people() {
    let offered = after(&[CustodyAct::Collected, CustodyAct::Offered]).unwrap();
    for act in [CustodyAct::Accepted, CustodyAct::Refused] {
        let by_another = CustodyEntry { account: Some(user(1)), ..entry(act, 5) };
        assert!(sentence(offered.after(&by_another)).starts_with("only Bob"));
        let by_nobody = CustodyEntry { account: None, ..entry(act, 5) };
        assert!(offered.after(&by_nobody).is_err());
    }
    let proposed = after(&[CustodyAct::Collected, CustodyAct::DestructionProposed]).unwrap();
    for account in [Some(user(1)), None] {
        let approved = CustodyEntry { account, ..entry(CustodyAct::Destroyed, 5) };
        assert_eq!(proposed.after(&approved).unwrap_err(), domain::Error::SecondPersonNeeded);
    }
}

#[test]
fn nothing_is_destroyed_under_hold_and_nothing_open_is_due() {
    let held = after(&[CustodyAct::Collected]).unwrap();
    assert!(may_be_destroyed(&held, false).is_ok());
    assert_eq!(may_be_destroyed(&held, true).unwrap_err(), domain::Error::UnderHold);
    let gone =
        after(&[CustodyAct::Collected, CustodyAct::DestructionProposed, CustodyAct::Destroyed]).unwrap();
    assert!(may_be_destroyed(&gone, false).is_err());
    let month: Period = "30d".parse().unwrap();
    assert_eq!(due(Some(at(0)), month, false), Some(at(30 * 86_400)));
    assert_eq!(due(Some(at(0)), month, true), None);
    assert_eq!(due(None, month, false), None);
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
                if custody.status() == CustodyStatus::Sealed && next.status() != CustodyStatus::Destroyed {
                    prop_assert_eq!(next.status() != CustodyStatus::Sealed, act == CustodyAct::Unsealed);
                }
                if next.custodian() != custody.custodian() {
                    prop_assert!(matches!(act, CustodyAct::Transferred | CustodyAct::Accepted));
                }
                prop_assert!(custody.status() != CustodyStatus::Destroyed, "nothing follows");
                custody = next;
            }
        }
    }
}

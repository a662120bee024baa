//! Nobody lets their own notice go, and nobody alone decides that none is owed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{sentence, user};
use domain::obligation::approval::{NoticeState, NoticeVerb, WaiverState, WaiverVerb};

#[test]
fn a_notice_goes_its_way_and_no_other() {
    use {NoticeState as S, NoticeVerb as V};
    let (one, other) = (Some(user(1)), Some(user(2)));
    for (from, verb, to) in [
        (S::Draft, V::Route, S::InApproval),
        (S::InApproval, V::Approve, S::Approved),
        (S::InApproval, V::Return, S::Draft),
        (S::Approved, V::Return, S::Draft),
        (S::Approved, V::Send, S::Sent),
    ] {
        assert_eq!(from.after(verb, other, &[one]).unwrap(), to);
    }
    let mut refused = 0;
    for from in S::ALL {
        for verb in V::ALL {
            refused += usize::from(from.after(*verb, other, &[one]).is_err());
        }
    }
    assert_eq!(refused, S::ALL.len() * V::ALL.len() - 5);
    assert!(sentence(S::Draft.after(V::Send, one, &[])).contains("have it approved first"));
}

#[test]
fn whoever_asks_does_not_approve() {
    let one = user(1);
    let own = NoticeState::InApproval.after(NoticeVerb::Approve, Some(one), &[None, Some(one)]);
    assert!(sentence(own).contains("ask somebody else"));
    // A machine is nobody who could answer for it.
    assert!(NoticeState::InApproval.after(NoticeVerb::Approve, None, &[Some(one)]).is_err());
    assert!(
        sentence(WaiverState::Proposed.after(WaiverVerb::Approve, Some(one), one))
            .contains("ask somebody else")
    );
    assert!(WaiverState::Proposed.after(WaiverVerb::Approve, None, one).is_err());
    assert_eq!(
        WaiverState::Proposed.after(WaiverVerb::Approve, Some(user(2)), one).unwrap(),
        WaiverState::Approved
    );
    assert_eq!(
        WaiverState::Approved.after(WaiverVerb::Withdraw, Some(one), one).unwrap(),
        WaiverState::Withdrawn
    );
    for ended in [WaiverState::Rejected, WaiverState::Withdrawn] {
        for verb in WaiverVerb::ALL {
            assert!(sentence(ended.after(*verb, Some(user(2)), one)).contains("propose it anew"));
        }
    }
}

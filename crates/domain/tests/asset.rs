//! Where an asset stands: compromise and containment.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{sentence, text};
use domain::asset::{AssetState, Compromise, Containment, Standing};

#[test]
fn forward_is_free_and_back_has_its_reason() {
    let new = Standing::NEW;
    assert_eq!(new.summary(), AssetState::Suspected);
    let confirmed = new.found(Compromise::Confirmed, None).unwrap();
    assert_eq!(confirmed.summary(), AssetState::Compromised);
    let isolated = confirmed.contained(Containment::Isolated, None).unwrap();
    assert_eq!(isolated.summary(), AssetState::Contained);
    assert_eq!(
        sentence(isolated.contained(Containment::Open, None)),
        "taking containment back needs a reason"
    );
    assert!(isolated.contained(Containment::Open, Some(&text("It was the wrong host."))).is_ok());
    let rebuilding = isolated.contained(Containment::Rebuilding, None).unwrap();
    assert!(rebuilding.contained(Containment::Isolated, None).is_err());
    assert_eq!(
        sentence(confirmed.found(Compromise::Suspected, None)),
        "another finding about an asset needs a reason"
    );
}

#[test]
fn nothing_goes_back_into_use_before_it_is_cleared() {
    let isolated = Standing { compromise: Compromise::Confirmed, containment: Containment::Isolated };
    assert_eq!(
        sentence(isolated.contained(Containment::Restored, Some(&text("They need it.")))),
        "the asset is Confirmed; it cannot become Restored; clear it first, and say how it was shown to be clean"
    );
    assert_eq!(sentence(isolated.found(Compromise::Cleared, None)), "clearing an asset needs a reason");
    let cleared = isolated.found(Compromise::Cleared, Some(&text("Rebuilt and searched."))).unwrap();
    let restored = cleared.contained(Containment::Restored, None).unwrap();
    assert_eq!(restored.summary(), AssetState::Clean);
    // It was not clean after all: it stands open again.
    let again = restored.found(Compromise::Confirmed, Some(&text("A task was left."))).unwrap();
    assert_eq!(again, Standing { compromise: Compromise::Confirmed, containment: Containment::Open });
}

#[test]
fn one_word_means_both_and_every_standing_has_one() {
    for compromise in Compromise::ALL {
        for containment in Containment::ALL {
            let standing = Standing { compromise: *compromise, containment: *containment };
            for state in AssetState::ALL {
                assert_eq!(standing.meant_by(*state).summary(), *state, "{standing:?}");
            }
            let same = standing.found(*compromise, Some(&text("x")));
            assert!(same.is_err() && standing.contained(*containment, Some(&text("x"))).is_err());
            for to in Containment::ALL {
                if let Ok(moved) = standing.contained(*to, Some(&text("x"))) {
                    assert!(
                        moved.containment != Containment::Restored || moved.compromise == Compromise::Cleared
                    );
                }
            }
            for to in Compromise::ALL {
                if let Ok(moved) = standing.found(*to, Some(&text("x"))) {
                    assert!(
                        moved.containment != Containment::Restored || moved.compromise == Compromise::Cleared
                    );
                }
            }
        }
    }
}

//! A leaf has one spelling, and every other is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use ledger::{Digest, Leaf};
use proptest::prelude::*;

fn leaf() -> Leaf {
    let at = "2026-03-01T09:30:00.25Z".parse().unwrap();
    Leaf::new(at, "USR-1", "alert.acknowledge", "ALR-3", 2, Digest::of(b"{}")).unwrap()
}

const TEXT: &str = r#"{"v":1,"at":"2026-03-01T09:30:00.25Z","actor":"USR-1","act":"alert.acknowledge","record":"ALR-3","version":2,"body_sha256":"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"}"#;

#[test]
fn the_canonical_form_is_this() {
    assert_eq!(leaf().to_string(), TEXT);
    let parsed = Leaf::parse(TEXT.as_bytes()).unwrap();
    assert_eq!(parsed, leaf());
    assert_eq!((parsed.record(), parsed.version()), ("ALR-3", 2));
    assert_eq!((parsed.actor(), parsed.act()), ("USR-1", "alert.acknowledge"));
}

#[test]
fn other_spellings_of_the_same_are_refused() {
    for (from, to) in [
        (r#""v":1,"#, r#""v": 1,"#),
        (r#""v":1,"at":"2026-03-01T09:30:00.25Z""#, r#""at":"2026-03-01T09:30:00.25Z","v":1"#),
        ("09:30:00.25Z", "09:30:00.250Z"),
        ("09:30:00.25Z", "10:30:00.25+01:00"),
        ("USR-1", r"\u0055SR-1"),
        ("44136f", "44136F"),
        (r#""version":2"#, r#""version":2.0"#),
        (r#""version":2"#, r#""version":02"#),
        (r#""version":2"#, r#""version":2,"note":"x""#),
        (r#""version":2"#, r#""version":0"#),
        (r#""v":1"#, r#""v":2"#),
        ("ALR-3", "../ALR-3"),
        ("ALR-3", ""),
        ("}", "}\n"),
    ] {
        let other = TEXT.replace(from, to);
        assert_ne!(other, TEXT);
        assert!(Leaf::parse(other.as_bytes()).is_err(), "{other}");
    }
    let long = format!("{TEXT}{}", " ".repeat(5000));
    assert!(Leaf::parse(long.as_bytes()).is_err());
}

#[test]
fn a_refused_field_says_what_is_allowed() {
    let at = "2026-03-01T09:30:00Z".parse().unwrap();
    let new = |actor: &str, act: &str, record: &str, version| {
        Leaf::new(at, actor, act, record, version, Digest::of(b"")).map_err(|e| e.to_string())
    };
    assert!(new("a b", "x", "R-1", 1).unwrap_err().contains("leaf's actor"));
    assert!(new("a", "x\"", "R-1", 1).unwrap_err().contains("leaf's act:"));
    assert!(new("a", "x", "R/1", 1).unwrap_err().contains("leaf's record"));
    assert!(new("a", "x", "R-1", 0).unwrap_err().contains("begin at 1"));
    assert!(new("a", "x", &"R".repeat(97), 1).is_err());
    assert!(new("system:scheduler", "incident.declare", "INC-1", 1).is_ok());
}

proptest! {
    #[test]
    fn whatever_is_accepted_is_canonical(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(leaf) = Leaf::parse(&bytes) {
            prop_assert_eq!(leaf.to_bytes(), bytes);
        }
    }

    #[test]
    fn every_leaf_comes_back(
        second in 0_i64..4_000_000_000, nano in 0_i32..1_000_000_000,
        actor in "[A-Za-z0-9][A-Za-z0-9._:@-]{0,95}", act in "[a-z0-9][a-z._-]{0,60}",
        record in "[A-Za-z0-9][A-Za-z0-9._:@-]{0,95}", version in 1_u64..,
        body in prop::collection::vec(any::<u8>(), 0..50),
    ) {
        let at = jiff::Timestamp::new(second, nano).unwrap();
        let leaf = Leaf::new(at, &actor, &act, &record, version, Digest::of(&body)).unwrap();
        prop_assert_eq!(Leaf::parse(&leaf.to_bytes()).unwrap(), leaf);
    }

    #[test]
    fn one_changed_byte_is_another_leaf_or_none(at in 0_usize..TEXT.len(), mask in 1_u8..) {
        let mut bytes = TEXT.as_bytes().to_vec();
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= mask;
        }
        if let Ok(other) = Leaf::parse(&bytes) {
            prop_assert_ne!(other, leaf());
        }
    }
}

//! What holds for every clock, whatever the law: properties on random moments and facts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::duties::book;
use domain::obligation::{Book, Known, Profile, Verdict, decide};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;

fn zone() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "Europe/Berlin",
        "America/New_York",
        "Asia/Kolkata",
        "Australia/Sydney",
        "Pacific/Apia",
        "UTC",
    ])
}

/// A moment in the thirties, to the second.
fn moment() -> impl Strategy<Value = Timestamp> {
    (1_893_456_000_i64..2_208_988_800).prop_map(|second| Timestamp::from_second(second).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// A deadline lies after its start, the strict reading comes first, and what is unknown never makes a
    /// deadline later than an answer would.
    #[test]
    fn unknown_facts_never_give_more_time(at in moment(), zone in zone(), people in prop::option::of(0_u64..2000), malicious in prop::option::of(any::<bool>())) {
        thread_local!(static BOOK: Book = book());
        BOOK.with(|book| {
            let profile = Profile {
                answers: book.answers([("countries", "DE,US,JP,KR,SG"), ("roles", "hipaa_covered_entity,essential_entity")]).unwrap(),
                zone: Some(TimeZone::get(zone).unwrap()),
                ..Profile::default()
            };
            let moment = at.to_string();
            let mut known: Vec<(&str, &str)> = vec![
                ("data", "personal,health"), ("acts_as", "controller"), ("risk_to_people", "risk"), ("unreadable", "no"),
                ("aware", &moment), ("discovered", &moment), ("determined", &moment),
            ];
            let open = book.answers(known.iter().copied()).unwrap();
            let people = people.map(|people| people.to_string());
            if let Some(people) = &people {
                known.push(("people", people));
            }
            if let Some(malicious) = malicious {
                known.push(("malicious", if malicious { "yes" } else { "no" }));
            }
            let told = book.answers(known).unwrap();
            for duty in book.duties() {
                let of = |incident| decide(duty, &Known { book, profile: &profile, incident, sent: &[], now: at });
                let (open, told) = (of(&open), of(&told));
                for stage in open.stages.iter().chain(&told.stages) {
                    let mut last = None;
                    for reading in &stage.readings {
                        if let (Some(start), Some(deadline)) = (reading.start, reading.deadline) {
                            prop_assert!(start < deadline);
                            prop_assert!(last <= Some(deadline));
                            last = Some(deadline);
                        }
                    }
                }
                // An answer settles; it never opens again.
                prop_assert!(open.verdict == Verdict::MayApply || open.verdict == told.verdict);
                for (before, after) in open.stages.iter().zip(&told.stages) {
                    if let (Some(before), Some(after)) = (before.deadline(), after.deadline()) {
                        prop_assert!(before <= after, "{} {}", duty.id, before);
                    }
                }
            }
            Ok(())
        })?;
    }

    /// Any text is an answer or a refusal, and an answer reads back as itself.
    #[test]
    fn answers_survive_their_text(text in "[ -~]{0,40}") {
        thread_local!(static BOOK: Book = book());
        BOOK.with(|book| {
            for fact in book.facts() {
                if let Ok(answer) = fact.answer(&text) {
                    prop_assert_eq!(fact.answer(&answer.to_string()).unwrap(), answer);
                }
            }
            Ok(())
        })?;
    }
}

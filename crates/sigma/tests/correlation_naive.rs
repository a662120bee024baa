//! The meaning of a correlation, reckoned from all its events anew for every window: slow, short, without
//! any state. The correlator must say the same, whatever the events, and as near to it as can be when
//! they come late.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_precision_loss
)]

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use proptest::prelude::*;
use sigma::correlation::{Correlator, Limits};
use sigma::{Engine, RuleSet};
use telemetry::{Event, Format, LogSource, Value};

const SPAN: i64 = 10;
/// What may be asked for; whether one event more can make it false again.
const DEMANDS: [(&str, &str, bool); 14] = [
    ("event_count", "{gte: 4}", true),
    ("event_count", "{gt: 2, lte: 5}", false),
    ("value_count", "{gte: 3, field: value}", true),
    ("value_count", "{eq: 2, field: value}", false),
    ("temporal", "{gte: 3}", true),
    ("temporal", "{gte: 2}", true),
    ("temporal", "a and (b or c)", true),
    ("temporal", "a and not c", false),
    ("temporal_ordered", "{gte: 3}", true),
    ("temporal_ordered", "{gte: 2}", true),
    ("temporal_ordered", "a and c and not b", false),
    ("value_sum", "{gt: 12, field: value}", true),
    ("value_avg", "{gt: 3, field: value}", false),
    ("value_percentile", "{gte: 3.5, percentile: 75, field: value}", false),
];

/// When, which rule, whose, how much.
type Seen = (i64, usize, usize, i64);

fn holds(kind: &str, condition: &str, window: &[Seen]) -> bool {
    let values: Vec<f64> = window.iter().map(|seen| seen.3 as f64).collect();
    let different = values.iter().map(|value| value.to_bits()).collect::<BTreeSet<_>>().len();
    let there: Vec<bool> = (0..3).map(|rule| window.iter().any(|seen| seen.1 == rule)).collect();
    let kinds = there.iter().filter(|there| **there).count();
    // Whether there are events of these rules in this order.
    let chain = |rules: &[usize]| {
        let mut since = i64::MIN;
        rules.iter().all(|rule| {
            let next =
                window.iter().filter(|seen| seen.1 == *rule && seen.0 >= since).map(|seen| seen.0).min();
            since = next.unwrap_or(since);
            next.is_some()
        })
    };
    match (kind, condition) {
        ("event_count", "{gte: 4}") => window.len() >= 4,
        ("event_count", _) => (3..=5).contains(&window.len()),
        ("value_count", "{gte: 3, field: value}") => different >= 3,
        ("value_count", _) => different == 2,
        ("temporal", "{gte: 3}") => kinds >= 3,
        ("temporal", "{gte: 2}") => kinds >= 2,
        ("temporal", "a and (b or c)") => there[0] && (there[1] || there[2]),
        ("temporal", _) => there[0] && !there[2],
        ("temporal_ordered", "{gte: 3}") => chain(&[0, 1, 2]),
        ("temporal_ordered", "{gte: 2}") => chain(&[0, 1]) || chain(&[0, 2]) || chain(&[1, 2]),
        ("temporal_ordered", _) => chain(&[0, 2]) && !there[1],
        ("value_sum", _) => values.iter().sum::<f64>() > 12.0,
        ("value_avg", _) => values.iter().sum::<f64>() / values.len() as f64 > 3.0,
        ("value_percentile", _) => {
            let mut values = values;
            values.sort_by(f64::total_cmp);
            let rank = 0.75 * (values.len() - 1) as f64;
            let below = rank.floor();
            let at = |rank: f64| values[(0..values.len()).find(|at| *at as f64 == rank).unwrap()];
            at(below) + (at(rank.ceil()) - at(below)) * (rank - below) >= 3.5
        }
        other => panic!("{other:?}"),
    }
}

/// The last moments of the windows that hold, by group.
fn windows(kind: &str, condition: &str, all: &[Seen], group: usize) -> Vec<i64> {
    let mut own: Vec<Seen> = all.iter().filter(|seen| seen.2 == group).copied().collect();
    own.sort_by_key(|seen| (seen.0, seen.1));
    let ends = (0..own.len()).filter(|end| {
        let begin = own[*end].0 - SPAN;
        let window: Vec<Seen> = own[..=*end].iter().filter(|seen| seen.0 >= begin).copied().collect();
        holds(kind, condition, &window)
    });
    ends.map(|end| own[end].0).collect()
}

/// Of those, when it fires anew.
fn fires(ends: &[i64]) -> Vec<i64> {
    let mut fires: Vec<i64> = Vec::new();
    for end in ends {
        if fires.last().is_none_or(|last| end - last >= SPAN) {
            fires.push(*end);
        }
    }
    fires
}

struct Answer {
    group: usize,
    at: i64,
    is_new: bool,
    events: Vec<usize>,
}

fn correlate(kind: &str, condition: &str, all: &[Seen]) -> Vec<Answer> {
    let mut text = String::new();
    for name in ["a", "b", "c"] {
        text.push_str(&format!(
            "title: {name}\nname: {name}\nlogsource: {{product: test}}\ndetection: {{s: {{rule: {name}}}, condition: s}}\n---\n"
        ));
    }
    text.push_str(&format!(
        "title: C\ncorrelation:\n  type: {kind}\n  rules: [a, b, c]\n  group-by: [who]\n  timespan: {SPAN}s\n  condition: {condition}\n"
    ));
    let mut loaded = RuleSet::new().load_str("any.yml", &text);
    let linked = Arc::new(loaded.link());
    assert!(loaded.refused.is_empty(), "{}", loaded.refused[0]);
    let engine = Engine::new(loaded.rules);
    let mut correlator = Correlator::new(Arc::clone(&linked), Limits::default());
    let mut answers = Vec::new();
    for (number, (at, rule, who, value)) in all.iter().enumerate() {
        let mut event = Event::new(Bytes::new(), Format::JsonLines);
        event.source = LogSource { product: Some("test".into()), ..LogSource::default() };
        event.set("rule", Value::from(["a", "b", "c"][*rule]));
        event.set("who", Value::from(who.to_string().as_str()));
        event.set("value", Value::Int(*value));
        for rule in engine.matches(&event) {
            for sighting in linked.sightings(rule, &event) {
                answers.extend(correlator.add(sighting, at * 1_000_000, number).into_iter().map(|fired| {
                    Answer {
                        group: fired.group[0].parse().unwrap(),
                        at: fired.at / 1_000_000,
                        is_new: fired.is_new,
                        events: fired.events,
                    }
                }));
            }
        }
    }
    assert_eq!(correlator.lost(), sigma::correlation::Lost::default());
    answers
}

fn events() -> impl Strategy<Value = Vec<Seen>> {
    prop::collection::vec((0..60_i64, 0..3_usize, 0..2_usize, 0..6_i64), 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn in_the_order_of_time_it_says_what_all_events_say(mut all in events(), demand in 0..DEMANDS.len()) {
        let (kind, condition, _) = DEMANDS[demand];
        all.sort_by_key(|seen| (seen.0, seen.1));
        let answers = correlate(kind, condition, &all);
        for group in 0..2 {
            let ends = windows(kind, condition, &all, group);
            let own: Vec<&Answer> = answers.iter().filter(|answer| answer.group == group).collect();
            let new: Vec<i64> = own.iter().filter(|answer| answer.is_new).map(|answer| answer.at).collect();
            prop_assert_eq!(&new, &fires(&ends), "{} {}", kind, condition);
            // Every event of a window that holds is told of, and no other.
            let told: BTreeSet<usize> = own.iter().flat_map(|answer| answer.events.iter().copied()).collect();
            let expected: BTreeSet<usize> = (0..all.len())
                .filter(|number| all[*number].2 == group)
                .filter(|number| ends.iter().any(|end| (end - SPAN..=*end).contains(&all[*number].0)))
                .collect();
            if kind != "event_count" || condition == "{gte: 4}" {
                prop_assert!(told.is_subset(&expected));
            }
            for answer in &own {
                let begin = answer.at - SPAN;
                prop_assert!(answer.events.iter().all(|event| (begin..=answer.at).contains(&all[*event].0)));
                prop_assert!(ends.contains(&answer.at));
            }
        }
    }

    #[test]
    fn late_events_lose_nothing_and_invent_nothing(
        mut all in events(),
        delays in prop::collection::vec(0..SPAN, 40),
        demand in 0..DEMANDS.len(),
    ) {
        let (kind, condition, only_grows) = DEMANDS[demand];
        if !only_grows {
            return Ok(());
        }
        let mut late: Vec<(i64, Seen)> =
            all.drain(..).zip(delays).map(|(seen, delay)| (seen.0 + delay, seen)).collect();
        late.sort_by_key(|(arrived, _)| *arrived);
        let all: Vec<Seen> = late.into_iter().map(|(_, seen)| seen).collect();
        let answers = correlate(kind, condition, &all);
        for group in 0..2 {
            let ends = windows(kind, condition, &all, group);
            let own: Vec<&Answer> = answers.iter().filter(|answer| answer.group == group).collect();
            let new: Vec<i64> = own.iter().filter(|answer| answer.is_new).map(|answer| answer.at).collect();
            for answer in &own {
                prop_assert!(ends.contains(&answer.at), "{} {} at {}", kind, condition, answer.at);
            }
            for end in &ends {
                prop_assert!(new.iter().any(|at| (0..SPAN).contains(&(end - at))), "{} {}: {} is missing", kind, condition, end);
            }
            for (number, at) in new.iter().enumerate() {
                prop_assert!(new[..number].iter().all(|other| !(0..SPAN).contains(&(at - other))));
            }
        }
    }
}

//! Correlations over events: what fires, with which events, and what is refused.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;

use bytes::Bytes;
use sigma::correlation::{Correlator, Fired, Limits};
use sigma::{Correlations, Engine, Level, Loaded, RuleSet};
use telemetry::{Event, Format, LogSource, Value};

/// Three rules that look at the field `kind`.
const RULES: &str = "title: Fail
id: 5638f7c0-ac70-491d-8465-2a65075e0d86
name: fail
level: low
logsource: {product: test}
detection: {sel: {kind: fail}, condition: sel}
---
title: Success
name: success
level: high
logsource: {product: test}
detection: {sel: {kind: success}, condition: sel}
---
title: Change
name: change
logsource: {product: test}
detection: {sel: {kind: change}, condition: sel}
";

fn load(correlations: &[&str]) -> Loaded {
    let mut loaded = RuleSet::new().load_str("rules.yml", RULES);
    let text = correlations.join("---\n");
    loaded.merge(RuleSet::new().load_str("correlation.yml", &text));
    loaded
}

struct Bench {
    engine: Engine,
    correlations: Arc<Correlations>,
    correlator: Correlator<u32>,
    events: u32,
}

impl Bench {
    fn new(correlations: &[&str]) -> Bench {
        Bench::with(correlations, Limits::default())
    }

    fn with(correlations: &[&str], limits: Limits) -> Bench {
        let mut loaded = load(correlations);
        let linked = Arc::new(loaded.link());
        assert!(loaded.refused.is_empty(), "{}", loaded.refused[0]);
        let correlator = Correlator::new(Arc::clone(&linked), limits);
        Bench { engine: Engine::new(loaded.rules), correlations: linked, correlator, events: 0 }
    }

    /// An event at that second; gives what fires.
    fn event(&mut self, second: i64, fields: &[(&str, &str)]) -> Vec<Fired<u32>> {
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, Value::from(*value))).collect();
        self.event_of(second, fields)
    }

    fn event_of(&mut self, second: i64, fields: Vec<(&str, Value)>) -> Vec<Fired<u32>> {
        let mut event = Event::new(Bytes::new(), Format::JsonLines);
        event.source = LogSource { product: Some("test".into()), ..LogSource::default() };
        for (name, value) in fields {
            event.set(name, value);
        }
        self.events += 1;
        let mut fired = Vec::new();
        for rule in self.engine.matches(&event) {
            for sighting in self.correlations.sightings(rule, &event) {
                fired.extend(self.correlator.add(sighting, second * 1_000_000, self.events));
            }
        }
        fired
    }

    /// Events of `kind:user`, one a second from the beginning; which of them made something fire anew.
    fn fires_at(&mut self, events: &[&str]) -> Vec<usize> {
        let mut fires = Vec::new();
        for (second, event) in (0..).zip(events) {
            let (kind, user) = event.split_once(':').unwrap();
            let fired = self.event(i64::try_from(second).unwrap(), &[("kind", kind), ("User", user)]);
            if fired.iter().any(|fired| fired.is_new) {
                fires.push(second);
            }
        }
        fires
    }
}

fn correlation(name: &str, rest: &str) -> String {
    format!("title: {name}\nname: {name}\ncorrelation:\n{rest}")
}

fn count(condition: &str) -> String {
    correlation(
        "many",
        &format!(
            "  type: event_count\n  rules: [fail]\n  group-by: [User]\n  timespan: 10s\n  condition: {condition}\n"
        ),
    )
}

#[test]
fn events_are_counted_by_group_in_a_window_that_slides() {
    let mut bench = Bench::new(&[&count("{gte: 3}")]);
    let fail = |bench: &mut Bench, second, user| bench.event(second, &[("kind", "fail"), ("User", user)]);
    assert!(fail(&mut bench, 0, "ann").is_empty());
    assert!(fail(&mut bench, 8, "Ann").is_empty(), "letters count the same large and small");
    assert!(fail(&mut bench, 9, "bob").is_empty());
    assert!(bench.event(10, &[("kind", "fail")]).is_empty(), "nobody's");
    assert!(bench.event(10, &[("kind", "success"), ("User", "ann")]).is_empty());
    let fired = fail(&mut bench, 10, "ANN");
    assert_eq!(fired.len(), 1, "the window holds its first second: {fired:?}");
    assert_eq!((fired[0].group.as_slice(), fired[0].measured), (["ann".to_owned()].as_slice(), 3.0));
    assert_eq!(fired[0].events, [1, 2, 6]);
    assert!(fired[0].is_new);
    let more = fail(&mut bench, 11, "ann");
    assert_eq!((more[0].is_new, more[0].events.as_slice(), more[0].measured), (false, [7].as_slice(), 3.0));
    assert!(fail(&mut bench, 30, "ann").is_empty(), "the others are too old");
    assert!(fail(&mut bench, 31, "ann").is_empty());
    assert!(fail(&mut bench, 32, "ann")[0].is_new);
}

#[test]
fn what_goes_on_fires_anew_after_a_time_span() {
    let mut bench = Bench::new(&[&count("{gte: 2}")]);
    let fires = bench.fires_at(&["fail:a"; 31]);
    assert_eq!(fires, [1, 11, 21]);
}

#[test]
fn all_comparisons_hold_for_what_they_say() {
    for (condition, expected) in [
        ("{gt: 2}", vec![2]),
        ("{gte: 2}", vec![1]),
        ("{eq: 3}", vec![2]),
        ("{lt: 2}", vec![0]),
        ("{lte: 1}", vec![0]),
        ("{neq: 1}", vec![1]),
        ("{gt: 1, lte: 3}", vec![1]),
        ("{gt: 9}", vec![]),
    ] {
        assert_eq!(Bench::new(&[&count(condition)]).fires_at(&["fail:a"; 5]), expected, "{condition}");
    }
}

#[test]
fn different_values_are_counted_once_each() {
    let rule = "  type: value_count\n  rules: [5638F7C0-ac70-491d-8465-2a65075e0d86]\n  group-by: [ip]\n  timespan: 1m\n  condition: {gte: 3, field: User}\n";
    let mut bench = Bench::new(&[&correlation("spray", rule)]);
    let mut fail = |user: &str| bench.event(0, &[("kind", "fail"), ("ip", "10.0.0.1"), ("User", user)]);
    assert!(
        fail("ann").is_empty() && fail("bob").is_empty() && fail("ANN").is_empty() && fail("").is_empty()
    );
    assert_eq!(fail("cid")[0].measured, 3.0);
    let list = || Value::List(vec![Value::from("x"), Value::from("y"), Value::from("z")]);
    let fired = bench.event_of(0, vec![("kind", "fail".into()), ("ip", "10.0.0.2".into()), ("User", list())]);
    assert_eq!(fired[0].measured, 3.0, "each item of a list is a value");
    let beside =
        "  type: value_count\n  rules: fail\n  timespan: 1m\n  field: [User, ip]\n  condition: {gte: 2}\n";
    let mut bench = Bench::new(&[&correlation("pairs", beside)]);
    let mut fail =
        |user: &str, ip: &str| bench.event(0, &[("kind", "fail"), ("User", user), ("ip", ip)]).len();
    assert_eq!((fail("a", "1"), fail("a", "1"), fail("a", "2")), (0, 0, 1));
}

#[test]
fn numbers_are_reckoned_with() {
    for (kind, condition, fires) in [
        ("value_sum", "gt: 99", true),
        ("value_sum", "gt: 100", false),
        ("value_avg", "gte: 20", true),
        ("value_avg", "gt: 20", false),
        ("value_min", "eq: 2.5", true),
        ("value_max", "eq: 60", true),
        ("value_median", "eq: 12.5", true),
        ("value_percentile", "eq: 60, percentile: 100", true),
        ("value_percentile", "eq: 2.5, percentile: 0", true),
        ("value_percentile", "eq: 37.5, percentile: 87.5", true),
        ("value_percentile", "lt: 37.5, percentile: 87", true),
    ] {
        let rule = format!(
            "  type: {kind}\n  rules: [fail]\n  timespan: 1m\n  condition: {{field: bytes, {condition}}}\n"
        );
        let mut bench = Bench::new(&[&correlation("sum", &rule)]);
        let mut last = Vec::new();
        for value in
            [Value::Int(10), "12.5".into(), "many".into(), Value::Float(2.5), "15".into(), Value::Int(60)]
        {
            last = bench.event_of(0, vec![("kind", "fail".into()), ("bytes", value)]);
        }
        assert_eq!(!last.is_empty(), fires, "{kind} {condition}: {last:?}");
    }
}

#[test]
fn rules_together_in_any_order_or_in_theirs() {
    let temporal = |kind: &str, more: &str| {
        correlation(
            "chain",
            &format!(
                "  type: {kind}\n  rules: [fail, success, change]\n  group-by: [User]\n  timespan: 5s\n{more}"
            ),
        )
    };
    let any = ["change:a", "fail:b", "fail:a", "fail:a", "success:b", "success:a"];
    assert_eq!(Bench::new(&[&temporal("temporal", "")]).fires_at(&any), [5]);
    assert!(Bench::new(&[&temporal("temporal_ordered", "")]).fires_at(&any).is_empty());
    let ordered = ["success:a", "fail:a", "change:a", "success:a", "fail:a", "change:a"];
    assert_eq!(Bench::new(&[&temporal("temporal_ordered", "")]).fires_at(&ordered), [5]);
    let too_slow = ["fail:a", "success:a", "x:a", "x:a", "x:a", "x:a", "change:a"];
    assert!(Bench::new(&[&temporal("temporal_ordered", "")]).fires_at(&too_slow).is_empty());
    let two = temporal("temporal", "  condition: {gte: 2}\n");
    assert_eq!(Bench::new(&[&two]).fires_at(&["fail:a", "fail:a", "change:a"]), [2]);
    let two = temporal("temporal_ordered", "  condition: {gte: 2}\n");
    assert_eq!(Bench::new(&[&two]).fires_at(&["change:a", "fail:a", "success:a"]), [2]);
}

#[test]
fn conditions_over_rules() {
    let rule = |kind: &str, condition: &str| {
        correlation(
            "chain",
            &format!(
                "  type: {kind}\n  rules: [fail, success, change]\n  group-by: [User]\n  timespan: 5s\n  condition: {condition}\n"
            ),
        )
    };
    let fires = |kind, condition, events: &[&str]| Bench::new(&[&rule(kind, condition)]).fires_at(events);
    assert_eq!(fires("temporal", "success and not change", &["change:a", "success:b", "success:a"]), [1]);
    assert_eq!(fires("temporal", "fail and (success or change)", &["success:a", "change:b", "fail:b"]), [2]);
    assert_eq!(fires("temporal", "2 of them", &["success:a", "success:a", "fail:a"]), [2]);
    let ordered = "fail and success and not change";
    assert_eq!(fires("temporal_ordered", ordered, &["success:a", "fail:a", "success:a"]), [2]);
    assert!(fires("temporal_ordered", ordered, &["success:a", "fail:a"]).is_empty());
    assert!(fires("temporal_ordered", ordered, &["change:a", "fail:a", "success:a"]).is_empty());
}

#[test]
fn events_of_the_same_moment_count_as_in_order() {
    let rule = correlation("chain", "  type: temporal_ordered\n  rules: [fail, success]\n  timespan: 5s\n");
    let mut bench = Bench::new(&[&rule]);
    assert!(bench.event(1, &[("kind", "success")]).is_empty());
    assert_eq!(bench.event(1, &[("kind", "fail")])[0].events, [1, 2]);
}

#[test]
fn aliases_name_fields_that_differ_from_rule_to_rule() {
    let rule = "  type: temporal\n  rules: [fail, success]\n  group-by: [inner, outer]\n  timespan: 10s\n  aliases:\n    inner: {fail: dst, success: src}\n    outer: {5638f7c0-ac70-491d-8465-2a65075e0d86: src, success: dst}\n";
    let mut bench = Bench::new(&[&correlation("answer", rule)]);
    let mut event = |kind: &str, src: &str, dst: &str| {
        bench
            .event(0, &[("kind", kind), ("src", src), ("dst", dst)])
            .into_iter()
            .map(|fired| fired.group)
            .next()
    };
    assert_eq!(event("fail", "9.9.9.9", "10.0.0.1"), None);
    assert_eq!(event("success", "9.9.9.9", "10.0.0.1"), None);
    assert_eq!(
        event("success", "10.0.0.1", "9.9.9.9"),
        Some(vec!["10.0.0.1".to_owned(), "9.9.9.9".to_owned()])
    );
}

#[test]
fn correlations_of_correlations_ask_for_their_own_fields() {
    // Grouped by computer; the upper one asks for the user, whom any of the failures names.
    let lower = correlation(
        "guessing",
        "  type: event_count\n  rules: [fail]\n  group-by: [Computer]\n  timespan: 10s\n  condition: {gte: 3}\n",
    );
    let upper = correlation(
        "guessed",
        "  type: temporal_ordered\n  rules: [guessing, success]\n  group-by: [User]\n  timespan: 1m\n",
    );
    let mut bench = Bench::new(&[&upper, &lower]);
    let names: Vec<&str> = bench.correlations.all().map(|one| one.rule.title.as_str()).collect();
    assert_eq!(names, ["guessing", "guessed"], "each is behind those it needs");
    let fail = |user| [("kind", "fail"), ("Computer", "c1"), ("User", user)];
    assert!(bench.event(1, &[("kind", "success"), ("User", "bob")]).is_empty());
    bench.event(2, &fail("ann"));
    bench.event(3, &fail("bob"));
    let fired = bench.event(4, &fail("cid"));
    assert_eq!(fired.len(), 1, "{fired:?}");
    let fired = bench.event(20, &[("kind", "success"), ("User", "Bob")]);
    assert_eq!((fired[0].correlation, fired[0].events.as_slice()), (1, [1, 2, 3, 4, 5].as_slice()));
    assert!(bench.event(20, &[("kind", "success"), ("User", "dan")]).is_empty());
    // A name that joins while it goes on counts, too.
    bench.event(5, &fail("eve"));
    assert_eq!(bench.event(21, &[("kind", "success"), ("User", "eve")]).len(), 1);
    assert!(bench.correlations.is_silent(0) && !bench.correlations.is_silent(1));
}

#[test]
fn how_critical_it_is_comes_from_its_rules_unless_it_says() {
    let level = |head: &str| {
        let rule = correlation("x", "  type: temporal\n  rules: [fail, success]\n  timespan: 1s\n");
        load(&[&format!("{head}{rule}")]).link().get(0).unwrap().rule.level
    };
    assert_eq!(level(""), Level::High);
    assert_eq!(level("level: informational\n"), Level::Informational);
}

#[test]
fn rules_only_there_for_correlations_are_silent() {
    let rule = |name: &str, rules: &str, generate: &str| {
        format!(
            "{generate}{}",
            correlation(
                name,
                &format!(
                    "  type: event_count\n  rules: [{rules}]\n  timespan: 1s\n  condition: {{gte: 2}}\n"
                )
            )
        )
    };
    let silent = |rules: &[&str]| {
        let linked = load(rules).link();
        [0, 1, 2].map(|rule| linked.is_silent_rule(rule))
    };
    let quiet = rule("a", "fail, success", "");
    assert_eq!(silent(&[&quiet]), [true, true, false]);
    let loud = rule("b", "success", "generate: true\n");
    assert_eq!(silent(&[&loud]), [false, false, false]);
    assert_eq!(silent(&[&quiet, &loud]), [true, false, false], "a detection too many is safer");
    let broken = rule("a", "fail, nobody", "");
    assert_eq!(silent(&[&broken]), [false, false, false], "one that cannot run silences nothing");
}

#[test]
fn late_events_are_judged_with_the_windows_they_belong_to() {
    let mut bench = Bench::new(&[&count("{gte: 3}")]);
    let fail = |bench: &mut Bench, second| bench.event(second, &[("kind", "fail"), ("User", "a")]);
    for second in [100, 108, 119] {
        assert!(fail(&mut bench, second).is_empty());
    }
    let fired = fail(&mut bench, 105);
    assert_eq!(
        (fired.len(), fired[0].at, fired[0].events.as_slice()),
        (1, 108_000_000, [1, 2, 4].as_slice())
    );
    let fired = fail(&mut bench, 112);
    assert_eq!((fired[0].is_new, fired[0].events.as_slice()), (false, [5].as_slice()));
    assert!(fail(&mut bench, 98).is_empty(), "judged with nothing that is gone");
    assert_eq!(bench.correlator.lost().late, 1);
}

#[test]
fn what_it_keeps_is_bounded_and_what_it_loses_is_told() {
    let limits = Limits { groups: 16, hits_per_group: 4, hits: 40 };
    let mut bench = Bench::with(&[&count("{gte: 5}")], limits);
    for second in 0..6 {
        let fired = bench.event(second, &[("kind", "fail"), ("User", "a")]);
        assert_eq!(
            !fired.is_empty(),
            second >= 4,
            "the fifth is there when it is judged, then the oldest goes"
        );
    }
    assert_eq!(bench.correlator.lost().hits, 2);
    for user in 0..40 {
        bench.event(10 + user, &[("kind", "fail"), ("User", &format!("u{user}"))]);
    }
    assert!(bench.correlator.lost().with_groups >= 24, "{:?}", bench.correlator.lost());
    // The newest are still there.
    for _ in 0..3 {
        assert!(bench.event(49, &[("kind", "fail"), ("User", "u39")]).is_empty());
    }
    assert_eq!(bench.event(49, &[("kind", "fail"), ("User", "u39")]).len(), 1);
}

#[test]
fn what_cannot_run_is_refused_with_its_place() {
    let good = "title: Many
correlation:
  type: event_count
  rules: [fail]
  group-by: [User]
  timespan: 10s
  condition:
    gte: 3
";
    assert!(load(&[good]).refused.is_empty());
    for (from, to, line, expected) in [
        ("  type: event_count\n", "", 3, "`type` is missing"),
        ("event_count", "near", 3, "the correlation type `near` is unknown"),
        ("  rules: [fail]\n", "", 3, "`rules` is missing"),
        ("[fail]", "[]", 4, "must not be empty"),
        ("[fail]", "{a: b}", 4, "`rules` must be"),
        ("[fail]", "[fail, nobody]", 4, "no loaded rule has the id or name `nobody`"),
        ("[fail]", "[fail, FAIL]", 4, "named twice"),
        ("[fail]", "[fail, 5638f7c0-ac70-491d-8465-2a65075e0d86]", 4, "named twice"),
        ("  timespan: 10s\n", "", 3, "`timespan` is missing"),
        ("10s", "10 minutes", 6, "is not a time span"),
        ("10s", "0s", 6, "is not a time span"),
        ("    gte: 3", "    gte: many", 8, "`gte` needs a number"),
        ("    gte: 3", "    gte: 2.5", 8, "whole and not negative"),
        ("    gte: 3", "    atleast: 3", 8, "`atleast` is not something"),
        ("  condition:\n    gte: 3\n", "", 3, "`condition` is missing"),
        ("event_count", "value_count", 8, "`field` is missing"),
        ("event_count", "value_percentile", 8, "`percentile` is missing"),
        ("    gte: 3", "    field: x", 8, "the condition is empty"),
        ("  condition:", "  aliases: {x: {other: y}}\n  condition:", 7, "`other`, which is not among"),
        ("  condition:", "  generate: maybe\n  condition:", 7, "`generate` must be true or false"),
        ("correlation:", "detection: {a: {b: c}, condition: a}\ncorrelation:", 4, "not both"),
    ] {
        assert!(good.contains(from), "{from}");
        let mut loaded = load(&[&good.replace(from, to)]);
        loaded.link();
        let refusal = loaded.refused.first().unwrap_or_else(|| panic!("{to} is not refused")).to_string();
        assert!(
            refusal.starts_with(&format!("correlation.yml:{line}: \"Many\"")) && refusal.contains(expected),
            "{to}: {refusal}"
        );
    }
}

#[test]
fn circles_and_doubts_are_refused_and_with_them_what_needs_them() {
    let of = |name: &str, rule: &str| {
        correlation(
            name,
            &format!("  type: event_count\n  rules: [{rule}]\n  timespan: 1s\n  condition: {{gte: 2}}\n"),
        )
    };
    let mut loaded = load(&[&of("a", "b"), &of("b", "a"), &of("c", "a"), &of("d", "fail")]);
    assert_eq!(loaded.link().all().len(), 1);
    let reasons: Vec<String> = loaded.refused.iter().map(ToString::to_string).collect();
    assert_eq!(reasons.len(), 3);
    assert!(reasons.iter().all(|reason| reason.contains("needs itself by way of")), "{reasons:?}");
    let mut loaded =
        load(&[&of("same", "fail"), &of("same", "change"), &of("top", "same"), &of("over", "top")]);
    assert_eq!(loaded.link().all().len(), 2);
    let reasons: Vec<String> = loaded.refused.iter().map(ToString::to_string).collect();
    assert!(reasons[0].contains("`same` is the id or name of 2 loaded rules"), "{reasons:?}");
    assert!(reasons[1].contains("no loaded rule has the id or name `top`"), "{reasons:?}");
}

#[test]
fn a_file_means_its_own_rules_where_they_are_loaded_twice() {
    let rule = "  type: event_count\n  rules: [fail]\n  timespan: 1s\n  condition: {gte: 2}\n";
    let text = format!("{RULES}---\n{}", correlation("own", rule));
    let mut loaded = RuleSet::new().load_str("one.yml", &text);
    loaded.merge(RuleSet::new().load_str("two.yml", &text));
    assert_eq!(loaded.link().all().len(), 2);
    assert!(loaded.refused.is_empty(), "{}", loaded.refused[0]);
}

#[test]
fn odd_ones_are_warned_of() {
    let loaded = load(&[&count("{lt: 3}")]);
    assert!(loaded.warnings[0].message.contains("holds at the first event"), "{:?}", loaded.warnings);
    let rule = "  type: temporal\n  rules: [fail, success]\n  group-by: [who]\n  timespan: 1s\n  aliases: {who: {fail: User}}\n";
    let mut loaded = load(&[&correlation("half", rule)]);
    loaded.link();
    assert!(loaded.warnings[0].message.contains("names no field for the rule `Success`"));
}

//! Whatever a rule file or an event holds, nothing panics and nothing hangs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod shared;

use std::time::{Duration, Instant};

use proptest::prelude::*;
use shared::event;
use sigma::{Engine, RuleSet};

const RULE: &str = r"title: Something
id: 5f1abf38-0000-4000-8000-000000000001
status: test
tags: [attack.t1003, attack.execution]
logsource: {product: test}
detection:
    selection_one:
        f|contains|all|windash: ['-a', ' /b']
        g|re|i: '^a(b|c)+$'
    selection_two:
        - h|cidr: 10.0.0.0/8
        - i|base64offset|contains: 'text'
        - j: [1, null, '', 'x*y?z']
    kw: ['one*two', 3]
    condition: (1 of selection_* or kw) and not 1 of selection_t*
level: high
";

const EVENTS: [&str; 3] = [
    r#"{"f":"x -a /b","g":"abc","h":"10.0.0.1","i":"dGV4dA==","j":1}"#,
    r#"{"f":["\u0000",null,7,["-a"]],"g":"ÄÖÜß ﬁ İ","j":[]}"#,
    r"{}",
];

fn exercise(text: &str) {
    let started = Instant::now();
    let loaded = RuleSet::new().load_str("any.yml", text);
    let lines = text.lines().count().max(1) + 1;
    for refusal in &loaded.refused {
        assert!((1..=lines).contains(&refusal.line), "{refusal}");
        assert!(!refusal.to_string().contains('\u{0}') || text.contains('\u{0}'));
    }
    let engine = Engine::new(loaded.rules);
    for json in EVENTS {
        let event = event(json);
        assert_eq!(engine.matches(&event).len(), engine.detect(&event).len());
    }
    assert!(started.elapsed() < Duration::from_secs(5), "{:?} for\n{text}", started.elapsed());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_text(text in "\\PC{0,200}") {
        exercise(&text);
    }

    #[test]
    fn any_yaml_signs(text in "[-?:,\\[\\]{}#&*!|>'\"%@ \n\ta1~<=.\\\\]{0,120}") {
        exercise(&text);
    }

    #[test]
    fn a_rule_with_one_place_changed(at in 0..RULE.len(), cut in 0..40_usize, put in "[-|:*?&'\"\\[\\]{}()\\\\ \nacx09%~]{0,6}") {
        let mut text = RULE.to_owned();
        let end = (at + cut).min(text.len());
        text.replace_range(at..end, &put);
        exercise(&text);
    }

    #[test]
    fn any_value_and_modifiers(
        names in prop::collection::vec(prop::sample::select(vec![
            "contains", "startswith", "endswith", "all", "cased", "exists", "windash", "wide", "utf16be", "utf16",
            "base64", "base64offset", "re", "i", "m", "s", "cidr", "lt", "gte", "neq", "fieldref", "expand",
            "hour", "week",
        ]), 0..4),
        value in "[-a-c*?\\\\/%.:0-9()+\\[\\]{}|^$ é]{0,24}",
    ) {
        let mut key = "f".to_owned();
        for name in names {
            key.push('|');
            key.push_str(name);
        }
        let value = value.replace('\'', "''");
        exercise(&shared::rule(&format!("s:\n    {key}: ['{value}', 'x']\ncondition: s\n")));
    }

    #[test]
    fn any_condition(condition in "(a|b|not|and|or|of|them|1|all|\\(|\\)|a\\*|[ ]){0,16}( (a|b|not|and|or|1 of a\\*|\\(|\\))){0,16}") {
        exercise(&shared::rule(&format!("a: {{f: x}}\nb: {{g: y}}\ncondition: '{condition}'\n")));
    }
}

#[test]
fn slow_patterns_meet_long_texts() {
    let stars = "*a".repeat(200);
    let detection = format!("s:\n    f: ['{stars}*b', '*?a?b?c*']\n    g|re: '(?=(a+)+b)x'\ncondition: s\n");
    let loaded = RuleSet::new().load_str("slow.yml", &shared::rule(&detection));
    assert!(loaded.refused.is_empty());
    let engine = Engine::new(loaded.rules);
    let mut long = event("{}");
    long.set("f", "a".repeat(1 << 20).into());
    long.set("g", "a".repeat(1 << 16).into());
    let started = Instant::now();
    assert!(engine.matches(&long).is_empty());
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

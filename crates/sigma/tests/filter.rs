//! Filters: which rules they tune, what they leave out, and what they say of rules that are not there.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::borrow::Cow;

use bytes::Bytes;
use sigma::{Engine, Loaded, RuleSet};
use telemetry::{Event, Format, LogSource, Value};

const RULES: &str = "title: Archive
id: 6f3e2987-db24-4c78-a860-b4f4095a7095
logsource: {product: windows, category: process_creation}
detection:
    sel: {Image|endswith: '\\rar.exe'}
    condition: sel
---
title: Shell
name: shell
logsource: {product: linux, category: process_creation}
detection:
    sel: {Image|endswith: 'rar.exe'}
    condition: sel
";

fn load(filter: &str) -> Loaded {
    let mut loaded = RuleSet::new().load_str("rules.yml", RULES);
    loaded.merge(RuleSet::new().load_str("filter.yml", filter));
    loaded.apply_filters();
    assert!(loaded.filters.is_empty());
    loaded
}

fn filter(source: &str, rules: &str, condition: &str) -> String {
    format!(
        "title: Admins\nlogsource: {{{source}}}\nfilter:\n  rules: {rules}\n  selection:\n    User|startswith: adm_\n  condition: {condition}\n"
    )
}

fn fires(loaded: &Loaded, product: &str, user: &str) -> bool {
    let mut event = Event::new(Bytes::new(), Format::JsonLines);
    event.set("Image", Value::from("C:\\rar.exe"));
    event.set("User", Value::from(user));
    event.source.product = Some(Cow::Owned(product.to_owned()));
    event.source = LogSource { category: Some(Cow::Borrowed("process_creation")), ..event.source };
    !Engine::new(loaded.rules.clone()).matches(&event).is_empty()
}

#[test]
fn a_filter_leaves_out_what_it_selects_however_it_is_written() {
    for condition in ["selection", "not selection", "not 1 of sel*", "1 of them"] {
        let id = "[6F3E2987-db24-4c78-a860-b4f4095a7095]";
        let loaded = load(&filter("product: windows", id, condition));
        assert!(loaded.refused.is_empty() && loaded.warnings.is_empty(), "{:?}", loaded.warnings);
        assert!(fires(&loaded, "windows", "bob"), "{condition}");
        assert!(!fires(&loaded, "windows", "ADM_bob"), "{condition}");
        assert!(fires(&loaded, "linux", "adm_bob"), "{condition}: another rule stays as it is");
    }
}

#[test]
fn by_name_or_for_a_whole_log_source() {
    let by_name = load(&filter("category: process_creation", "[shell]", "selection"));
    assert!(!fires(&by_name, "linux", "adm_bob") && fires(&by_name, "windows", "adm_bob"));
    let any = load(&filter("category: process_creation", "any", "selection"));
    assert!(!fires(&any, "linux", "adm_bob") && !fires(&any, "windows", "adm_bob"));
    let windows = load(&filter("product: windows", "any", "selection"));
    assert!(fires(&windows, "linux", "adm_bob") && !fires(&windows, "windows", "adm_bob"));
}

#[test]
fn what_concerns_no_rule_is_said_with_its_line() {
    for (source, rules, expected) in [
        ("product: windows", "[nobody]", "filter.yml:4: no loaded rule has the id or name `nobody`"),
        ("product: windows", "[shell]", "another log source"),
        ("product: okta", "any", "concerns no loaded rule"),
    ] {
        let loaded = load(&filter(source, rules, "selection"));
        let warning = loaded.warnings[0].to_string();
        assert!(warning.contains(expected), "{warning}");
        assert!(fires(&loaded, "windows", "adm_bob") && fires(&loaded, "linux", "adm_bob"));
    }
}

#[test]
fn what_is_wrong_is_refused_with_file_and_line() {
    let good = filter("product: windows", "any", "selection");
    for (from, to, expected) in [
        ("  rules: any\n", "", "`rules` is missing"),
        ("rules: any", "rules: {a: b}", "`rules` must be"),
        ("rules: any", "rules: []", "must not be empty"),
        ("logsource: {product: windows}\n", "", "`logsource` is missing"),
        ("condition: selection", "condition: other", "not among"),
        ("condition: selection", "condition: selection and not 1 of sel*", "without `not`"),
        ("condition: selection", "condition: not selection or selection", "without `not`"),
        ("condition: selection", "condition: not (selection and not selection)", "without `not`"),
        ("title: Admins\n", "", "`title` is missing"),
    ] {
        let loaded = load(&good.replace(from, to));
        let refusal = loaded.refused.first().unwrap_or_else(|| panic!("{to}")).to_string();
        assert!(refusal.starts_with("filter.yml:") && refusal.contains(expected), "{refusal}");
    }
}

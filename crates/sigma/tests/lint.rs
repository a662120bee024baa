//! What `lint` finds in rules made to be found, and that it keeps still about good ones.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod shared;

use std::collections::BTreeMap;
use std::path::Path;

use shared::shared;
use sigma::{Lint, Placeholders, RuleSet, duplicates, lint};

const HEAD: &str = "title: A title\nid: 5f1abf38-100e-4ad0-9a21-0a3a1a1d1d51\nstatus: test\nlevel: low\ndescription: What was seen.\n";

fn known(id: &str) -> bool {
    id.starts_with("T1")
}

fn lints(text: &str) -> Vec<Lint> {
    let loaded = RuleSet::new().load_str("r.yml", text);
    assert!(loaded.refused.is_empty(), "{text}\n{}", loaded.refused[0]);
    lint(Path::new("r.yml"), text, &Placeholders::new(), &known)
}

fn codes(text: &str) -> Vec<&'static str> {
    lints(text).into_iter().map(|lint| lint.code).collect()
}

/// A rule over Windows process creation with that detection.
fn rule(detection: &str) -> String {
    let mut text = format!("{HEAD}logsource: {{product: windows, category: process_creation}}\ndetection:\n");
    for line in detection.lines() {
        text.push_str(&format!("  {line}\n"));
    }
    text
}

#[test]
fn items_that_do_not_do_what_they_look_like() {
    let cases = [
        ("CommandLine|contains|all: [a]", "all-single"),
        ("CommandLine|cased: ['123']", "idle-modifier"),
        ("CommandLine|contains|windash: [abc]", "idle-modifier"),
        ("CommandLine|contains|expand: ['100%']", "idle-modifier"),
        ("CommandLine|wide|contains: abc", "wide-alone"),
        ("CommandLine: '*'", "only-wildcard"),
        ("CommandLine|contains: ''", "empty-value"),
        ("CommandLine|contains: '*abc'", "idle-wildcard"),
        ("CommandLine|startswith: 'abc*'", "idle-wildcard"),
        ("CommandLine|endswith: 'abc*'", "idle-wildcard"),
        ("CommandLine|re: abc", "plain-regex"),
        ("CommandLine|re: '.*abc[0-9]'", "idle-wildcard"),
        ("CommandLine|re: '.*'", "empty-value"),
        ("CommandLine|contains: [abc, ABC]", "repeated-value"),
        ("CommandLine|contains: [abc, xabcx]", "covered-value"),
        ("CommandLine|endswith: [abc, xabc]", "covered-value"),
        ("CommandLine|fieldref: CommandLine", "fieldref-self"),
        ("commandline: abc", "field-spelling"),
        ("ComandLine: abc", "field-spelling"),
        ("QueryName: abc", "unknown-field"),
    ];
    for (item, code) in cases {
        let found = codes(&rule(&format!("sel:\n  {item}\ncondition: sel")));
        assert_eq!(found, [code], "{item}");
    }
    let good = [
        "CommandLine|contains|all: [a, b]",
        "CommandLine|contains|windash: [' -f']",
        "CommandLine|wide|base64offset|contains: abc",
        r"CommandLine|contains: 'C:\Temp\\*\x'",
        r"CommandLine|endswith: 'a\*'",
        "CommandLine|contains: ['a b', 'b a']",
        "CommandLine|contains|all: [abc, xabcx]",
        "CommandLine|startswith: [abc, xabc]",
        "CommandLine|re: '^abc'",
        "CommandLine|cased: aB",
        "winlog.event_data.Any: x",
        "CommandLine: ''",
        "EventID: 1",
    ];
    for item in good {
        let found = lints(&rule(&format!("sel:\n  {item}\ncondition: sel")));
        assert!(found.is_empty(), "{item}: {found:?}");
    }
}

#[test]
fn conditions_that_cannot_be_meant() {
    let cases = [
        ("a: {Image: x}\nb: {Image: y}\ncondition: a", "unasked-search"),
        ("a: {Image: x}\ncondition: not a", "only-negation"),
        ("a: {Image: x}\nb: {User: y}\ncondition: a and not a and b", "contradiction"),
        ("a: {Image: x, User: y}\nb: {Image: x}\ncondition: a and not b", "contradiction"),
        ("a: {Image: x}\nb: {Image: y}\ncondition: a and b", "contradiction"),
        ("a: {Image: [x, y], Image|endswith: z}\ncondition: a", "contradiction"),
        ("a: {EventID: 1}\nb: {EventID: [2, 3]}\ncondition: all of them", "contradiction"),
        ("a: {Image: x, Image|exists: false}\ncondition: a", "contradiction"),
    ];
    for (detection, code) in cases {
        assert_eq!(codes(&rule(detection)), [code], "{detection}");
    }
    let good = [
        "a: {Image: x}\nb: {Image: y}\ncondition: a or b",
        "a: {Image: x}\nb: {Image: x, User: y}\ncondition: a and not b",
        "a: {Image: [x, y], Image|endswith: y}\ncondition: a",
        "a: {Image|contains: x}\nb: {Image|contains: y}\ncondition: a and b",
        "a: {User: null}\nb: {User|exists: false}\ncondition: a and b",
        "a: {EventID: 1}\nb: {EventID: [1, 3]}\ncondition: all of them",
    ];
    for detection in good {
        assert!(codes(&rule(detection)).is_empty(), "{detection}: {:?}", lints(&rule(detection)));
    }
}

#[test]
fn what_people_read_of_a_rule() {
    let detection = "logsource: {product: x}\ndetection: {a: {b: c}, condition: a}\n";
    assert_eq!(
        codes(&format!("title: T\n{detection}")),
        ["missing-id", "missing-level", "missing-status", "missing-description"]
    );
    let found = lints(&format!(
        "{HEAD}tags:\n  - attack.t9999\n  - attack.sleeping\n  - loose\n  - attack.t1059.001\n  - attack.defense_evasion\n  - cve.2021-44228\nfalsepositive: [x]\n{detection}"
    ));
    let places: Vec<(usize, &str)> = found.iter().map(|lint| (lint.line, lint.code)).collect();
    assert_eq!(
        places,
        [(7, "unknown-technique"), (8, "unknown-tactic"), (9, "tag-form"), (13, "key-spelling")]
    );
    let long = HEAD.replace("A title", &"x".repeat(257)).replace("5f1abf38", "5f1");
    assert_eq!(codes(&format!("{long}{detection}")), ["long-title", "id-form"]);
    assert_eq!(codes(&format!("{HEAD}date: yesterday\n{detection}")), ["odd-value"]);
}

#[test]
fn rules_that_share_an_id_or_a_title() {
    let rest = "logsource: {product: x}\ndetection: {a: {b: c}, condition: a}\n";
    let text = format!("{HEAD}{rest}---\n{HEAD}{rest}---\n{}{rest}", HEAD.replace("5f1abf38", "00000000"));
    let found = duplicates(&RuleSet::new().load_str("r.yml", &text).rules);
    let codes: Vec<&str> = found.iter().map(|lint| lint.code).collect();
    assert_eq!(codes, ["duplicate-id", "duplicate-title"]);
    assert!(found[0].message.contains("r.yml:1"), "{}", found[0].message);
}

/// Counted, so that a check which cries wolf is seen; the public rules are reviewed by many.
#[test]
fn little_is_said_about_public_rules() {
    let Some(root) = shared("data/sigma/rules") else { return };
    let mut files = Vec::new();
    yaml_files(&root, &mut files);
    let mut counts: BTreeMap<&str, Vec<Lint>> = BTreeMap::new();
    for file in &files {
        let text = std::fs::read_to_string(file).unwrap();
        for found in lint(file, &text, &Placeholders::new(), &|_| true) {
            counts.entry(found.code).or_default().push(found);
        }
    }
    let all: usize = counts.values().map(Vec::len).sum();
    for (code, lints) in &counts {
        println!("{code}: {}", lints.len());
        for one in lints.iter().take(6) {
            println!("    {}:{}: {}", one.file.file_name().unwrap().display(), one.line, one.message);
        }
    }
    println!("{all} in {} files", files.len());
    assert!(all * 4 < files.len(), "{all} in {} files", files.len());
}

#[test]
fn nothing_is_said_about_shipped_rules() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../content/rules");
    let mut files = Vec::new();
    yaml_files(&root, &mut files);
    let mut found = Vec::new();
    for file in &files {
        let text = std::fs::read_to_string(file).unwrap();
        found.extend(lint(file, &text, &Placeholders::new(), &|_| true));
    }
    let said: Vec<String> =
        found.iter().map(|lint| format!("{}:{} {}", lint.file.display(), lint.line, lint.message)).collect();
    assert!(said.is_empty() && !files.is_empty(), "{}", said.join("\n"));
}

fn yaml_files(folder: &Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            yaml_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "yml") {
            files.push(path);
        }
    }
}

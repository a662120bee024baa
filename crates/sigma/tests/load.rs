//! Loading: metadata, several documents, folders, and refusals that name file, line and reason.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::HashMap;
use std::fs;

use sigma::{Engine, Level, RuleSet, Status};

const FULL: &str = r"title: Copy of the Shadow Store
id: 5f1abf38-0000-4000-8000-000000000001
name: shadow_copy
status: test
description: |
    Somebody copies
    the shadow store.
license: MIT
references:
    - https://example.org/shadow
author: Ada Lovelace, Alan Turing
date: 2024/02/29
modified: 2025-01-31
tags:
    - attack.credential-access
    - attack.t1003.002
    - attack.T1003.003
    - attack.privilege_escalation
    - attack.g0016
    - attack.s0002
    - cve.2021-44228
    - detection.emerging-threats
logsource:
    product: windows
    category: process_creation
    definition: Needs command lines
    vendor: someone
detection:
    selection:
        Image|endswith: '\esentutl.exe'
    condition: selection
falsepositives: Backups
fields: [Image]
related:
    - id: 5f1abf38-0000-4000-8000-000000000002
      type: similar
level: high
custom: anything
";

#[test]
fn metadata_is_kept() {
    let loaded = RuleSet::new().load_str("full.yml", FULL);
    assert!(loaded.refused.is_empty() && loaded.warnings.is_empty());
    let rule = &loaded.rules[0];
    assert_eq!(rule.title, "Copy of the Shadow Store");
    assert_eq!(rule.id.as_deref(), Some("5f1abf38-0000-4000-8000-000000000001"));
    assert_eq!(rule.name.as_deref(), Some("shadow_copy"));
    assert_eq!((rule.status, rule.level), (Some(Status::Test), Level::High));
    assert_eq!(rule.description.as_deref(), Some("Somebody copies\nthe shadow store."));
    assert_eq!(rule.author.as_deref(), Some("Ada Lovelace, Alan Turing"));
    assert_eq!(rule.date.unwrap().to_string(), "2024-02-29");
    assert_eq!(rule.modified.unwrap().to_string(), "2025-01-31");
    assert_eq!(rule.attack.techniques, ["T1003.002", "T1003.003"]);
    assert_eq!(rule.attack.tactics, ["credential-access", "privilege-escalation"]);
    assert_eq!((rule.attack.groups.len(), rule.attack.software.len(), rule.tags.len()), (1, 1, 8));
    assert_eq!(rule.falsepositives, ["Backups"]);
    assert_eq!(rule.related[0].relation, "similar");
    assert_eq!(rule.logsource.product.as_deref(), Some("windows"));
    assert_eq!(rule.logsource_definition.as_deref(), Some("Needs command lines"));
    assert_eq!((rule.file.to_str(), rule.line), (Some("full.yml"), 1));
}

#[test]
fn levels_are_ordered() {
    assert!(Level::ALL.is_sorted());
    assert!(Level::Critical > Level::High && Level::Low > Level::Informational);
    assert_eq!("HIGH".parse::<Level>().unwrap(), Level::High);
    assert!("urgent".parse::<Level>().unwrap_err().to_string().contains("urgent"));
}

/// Loads one text and gives line and reason of its only refusal.
fn refused(text: &str) -> (usize, String) {
    let loaded = RuleSet::new().load_str("dir/bad.yml", text);
    assert_eq!((loaded.rules.len(), loaded.refused.len()), (0, 1), "{text}\n{:?}", loaded.refused);
    let shown = loaded.refused[0].to_string();
    assert!(shown.starts_with(&format!("dir/bad.yml:{}: ", loaded.refused[0].line)), "{shown}");
    (loaded.refused[0].line, loaded.refused[0].reason.to_string())
}

#[test]
fn refusals_name_the_line() {
    let cases = [
        ("", 1, "holds no rule"),
        ("# only a comment\n", 1, "holds no rule"),
        ("- a\n- b\n", 1, "a list"),
        ("just text", 1, "a text"),
        ("\n\nid: 1\n", 3, "`title` is missing"),
        ("title:\n", 1, "`title` is missing"),
        ("title: [a]\n", 1, "must be a text"),
        ("title: T\n", 1, "`logsource` is missing"),
        ("title: T\nlogsource: windows\n", 2, "must be a map"),
        ("title: T\nlogsource:\n    definition: x\n", 3, "neither category"),
        ("title: T\nlogsource: {product: p}\n", 1, "`detection` is missing"),
        ("title: T\nlogsource: {product: p}\nlevel: dire\ndetection: {}\n", 3, "level `dire`"),
        ("title: T\nlogsource: {product: p}\ndetection:\n    s: {a: b}\n", 4, "`condition` is missing"),
        (
            "title: T\nlogsource: {product: p}\ndetection:\n    s:\n        a|nope: b\n    condition: s\n",
            5,
            "`nope`",
        ),
        (
            "title: T\nlogsource: {product: p}\ndetection:\n    s:\n        a|re:\n            - ok\n            - '('\n    condition: s\n",
            7,
            "regular expression",
        ),
        (
            "title: T\nlogsource: {product: p}\ndetection:\n    s: {a: b}\n    condition: t\n",
            5,
            "`t` is not among",
        ),
        (
            "title: T\nlogsource: {product: p}\ndetection:\n    s: {a: b}\n    condition: s\ntitle: U\n",
            6,
            "occurs twice",
        ),
        ("title: T\ncorrelation:\n    type: event_count\n", 3, "`rules` is missing"),
        ("title: T\naction: global\n", 2, "rule collections"),
        ("title: T\ntaxonomy: own\n", 2, "taxonomy `own`"),
        ("title: T\nlogsource: {product: p}\ntags: {a: b}\ndetection: {}\n", 3, "list of texts"),
        ("title: 'T\n", 1, "not valid YAML"),
        ("title: T\nid: ]\n", 2, "not valid YAML"),
        ("? [a, b]\n: c\n", 1, "must be a plain text"),
    ];
    for (text, line, reason) in cases {
        let (at, why) = refused(text);
        assert!(why.contains(reason), "{text:?}: {why}");
        assert_eq!(at, line, "{text:?}: {why}");
    }
}

#[test]
fn documents_stand_alone() {
    let text =
        format!("---\n{FULL}---\ntitle: Bad\nid: b-1\nlogsource: {{}}\n---\n{}", FULL.replace("001", "003"));
    let loaded = RuleSet::new().load_str("three.yml", &text);
    assert_eq!(loaded.rules.len(), 2);
    assert_eq!(loaded.refused.len(), 1);
    assert_eq!(loaded.refused[0].title.as_deref(), Some("Bad"));
    assert_eq!(loaded.refused[0].id.as_deref(), Some("b-1"));
    assert_eq!(text.lines().nth(loaded.rules[1].line - 1), Some("title: Copy of the Shadow Store"));
    // What stands before a syntax error is kept, and what breaks is named.
    let loaded =
        RuleSet::new().load_str("broken.yml", &format!("{FULL}---\ntitle: Broken One\nid: x\nb: ]\n"));
    assert_eq!((loaded.rules.len(), loaded.refused.len()), (1, 1));
    assert_eq!(loaded.refused[0].title.as_deref(), Some("Broken One"));
}

#[test]
fn yaml_that_grows_is_stopped() {
    let mut bomb = String::from("title: T\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..9 {
        let before = format!("*a{}", level - 1);
        bomb.push_str(&format!("a{level}: &a{level} [{}]\n", vec![before; 10].join(", ")));
    }
    let (_, why) = refused(&bomb);
    assert!(why.contains("YAML nodes"), "{why}");
    let (_, why) = refused(&format!("title: {}{}", "[".repeat(10_000), "]".repeat(10_000)));
    assert!(why.contains("nested deeper") || why.contains("not valid YAML"), "{why}");
    let (_, why) = refused("a: &a [*a]\n");
    assert!(why.contains("alias") || why.contains("not valid YAML"), "{why}");
    let aliased = FULL
        .replace("selection:\n", "selection: &s\n")
        .replace("    condition: selection", "    other: *s\n    condition: other");
    assert_eq!(RuleSet::new().load_str("alias.yml", &aliased).rules.len(), 1);
}

#[test]
fn folders_are_walked_in_order_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    };
    put("b/second.yml", FULL.replace("001", "00b").as_bytes());
    put("a/first.YAML", FULL.as_bytes());
    put("a/again.yml", FULL.as_bytes());
    put("c/latin.yml", b"title: \xe4\n");
    put("c/huge.yml", "x".repeat(2 << 20).as_bytes());
    put("README.md", b"not a rule");
    put(".git/x.yml", b"not a rule");
    put(
        "\u{feff}bom.yml",
        format!("\u{feff}{}", FULL.replace("001", "00c").replace('\n', "\r\n")).as_bytes(),
    );
    let loaded = RuleSet::new().load_dir(folder.path()).unwrap();
    assert_eq!((loaded.files, loaded.rules.len(), loaded.refused.len()), (6, 4, 2), "{:?}", loaded.refused);
    assert!(loaded.rules[0].file.ends_with("a/again.yml"));
    assert!(loaded.refused.iter().any(|refusal| refusal.to_string().contains("UTF-8")));
    assert!(loaded.refused.iter().any(|refusal| refusal.to_string().contains("larger than")));
    assert_eq!(loaded.warnings.len(), 1, "{:?}", loaded.warnings);
    assert!(loaded.warnings[0].message.contains("again.yml"));
    let one = RuleSet::new().load_dir(folder.path().join("b/second.yml")).unwrap();
    assert_eq!(one.rules.len(), 1);
    assert!(RuleSet::new().load_dir(folder.path().join("nowhere")).is_err());
}

#[test]
fn small_mistakes_in_metadata_only_warn() {
    let text = FULL.replace("date: 2024/02/29", "date: some day").replace("status: test", "status: nearly");
    let loaded = RuleSet::new().load_str("odd.yml", &text);
    assert_eq!((loaded.rules.len(), loaded.warnings.len()), (1, 2));
    assert_eq!((loaded.rules[0].date, loaded.rules[0].status), (None, None));
    assert_eq!(loaded.warnings.iter().map(|warning| warning.line).collect::<Vec<_>>(), [4, 12]);
    let without = RuleSet::new().load_str("no-level.yml", &FULL.replace("level: high\n", ""));
    assert_eq!(without.rules[0].level, Level::Medium);
}

#[test]
fn placeholders_are_filled_in_or_refused() {
    let text = "title: T\nlogsource: {product: test}\ndetection:\n    s:\n        Host|expand: '%servers%'\n    \
                c:\n        Ip|cidr|expand: '%nets%'\n    r:\n        X|re|expand: '^%literal%$'\n    condition: 1 of them\n";
    let (line, why) = refused(text);
    assert_eq!((line, why.contains("%servers%")), (5, true));
    let values = HashMap::from([
        ("servers".to_owned(), vec!["srv*".to_owned(), "dc1".to_owned()]),
        ("nets".to_owned(), vec!["10.0.0.0/8".to_owned()]),
        ("literal".to_owned(), vec!["a.b".to_owned()]),
    ]);
    let loaded = RuleSet::with_placeholders(values).load_str("p.yml", text);
    assert!(loaded.refused.is_empty());
    let engine = Engine::new(loaded.rules);
    for (field, value, expected) in [
        ("Host", "SRV-17", true),
        ("Host", "DC1", true),
        ("Host", "dc2", false),
        ("Ip", "10.1.1.1", true),
        ("X", "a.b", true),
        ("X", "axb", false),
    ] {
        let mut event = telemetry::Event::new(Vec::new().into(), telemetry::Format::JsonLines);
        event.source.product = Some("test".into());
        event.set(field, value.into());
        assert_eq!(!engine.matches(&event).is_empty(), expected, "{field} {value}");
    }
}

//! The detection syntax, case by case: what each modifier, value and condition matches and what it
//! does not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod shared;

use shared::{engine, event, refusal};

/// Checks one search identifier against events.
fn check(search: &str, cases: &[(&str, bool)]) {
    let mut detection = String::from("sel:\n");
    for line in search.lines() {
        detection.push_str("    ");
        detection.push_str(line);
        detection.push('\n');
    }
    detection.push_str("condition: sel\n");
    let engine = engine(&detection);
    for (json, expected) in cases {
        let matched = !engine.matches(&event(json)).is_empty();
        assert_eq!(matched, *expected, "\n{search}\non {json}");
    }
}

fn refused(search: &str, expected: &str) {
    let reason = refusal(&format!("sel:\n    {search}\ncondition: sel\n"));
    assert!(reason.contains(expected), "{search}: {reason}");
}

#[test]
fn plain_values_ignore_case_and_know_wildcards() {
    check("f: AbC", &[(r#"{"f":"aBc"}"#, true), (r#"{"f":"abcd"}"#, false), (r#"{"g":"abc"}"#, false)]);
    check("f: 'a*d'", &[(r#"{"f":"ABCD"}"#, true), (r#"{"f":"ad"}"#, true), (r#"{"f":"abc"}"#, false)]);
    check("f: 'a?c'", &[(r#"{"f":"abc"}"#, true), (r#"{"f":"ac"}"#, false), (r#"{"f":"abbc"}"#, false)]);
    check("f: ÄRGER", &[(r#"{"f":"ärger"}"#, true)]);
    check(
        "f: '*'",
        &[(r#"{"f":"x"}"#, true), (r#"{"f":""}"#, true), (r#"{"f":null}"#, false), (r#"{}"#, false)],
    );
    check("F: a", &[(r#"{"f":"a"}"#, false)]);
    check("a.b: x", &[(r#"{"a.b":"x"}"#, true)]);
}

#[test]
fn backslashes_escape_wildcards_and_themselves() {
    // The value as YAML text in single quotes; then the event's text as JSON.
    check(r"f: 'a\b'", &[(r#"{"f":"a\\b"}"#, true), (r#"{"f":"ab"}"#, false)]);
    check(r"f: 'a\\b'", &[(r#"{"f":"a\\b"}"#, true), (r#"{"f":"a\\\\b"}"#, false)]);
    check(r"f: 'a\*b'", &[(r#"{"f":"a*b"}"#, true), (r#"{"f":"axb"}"#, false), (r#"{"f":"a\\*b"}"#, false)]);
    check(r"f: 'a\?b'", &[(r#"{"f":"a?b"}"#, true), (r#"{"f":"axb"}"#, false)]);
    check(r"f: 'a\\*'", &[(r#"{"f":"a\\xyz"}"#, true), (r#"{"f":"a\\"}"#, true), (r#"{"f":"a*"}"#, false)]);
    check(r"f: 'a\\\*'", &[(r#"{"f":"a\\*"}"#, true), (r#"{"f":"a\\x"}"#, false)]);
    check(r"f: 'a\\\b'", &[(r#"{"f":"a\\\\b"}"#, true), (r#"{"f":"a\\b"}"#, false)]);
    check(r"f: 'a\\\\b'", &[(r#"{"f":"a\\\\b"}"#, true)]);
    check(r"f: 'a\\\\*'", &[(r#"{"f":"a\\\\x"}"#, true), (r#"{"f":"a\\x"}"#, false)]);
    check(r"f|endswith: '\cmd.exe'", &[(r#"{"f":"C:\\CMD.EXE"}"#, true), (r#"{"f":"xcmd.exe"}"#, false)]);
    check(r"f|contains: '\*'", &[(r#"{"f":"a*b"}"#, true), (r#"{"f":"ab"}"#, false)]);
}

#[test]
fn places_in_the_text() {
    check("f|contains: bc", &[(r#"{"f":"ABCD"}"#, true), (r#"{"f":"acbd"}"#, false)]);
    check("f|startswith: ab", &[(r#"{"f":"ABCD"}"#, true), (r#"{"f":"xab"}"#, false)]);
    check("f|endswith: cd", &[(r#"{"f":"ABCD"}"#, true), (r#"{"f":"cdx"}"#, false)]);
    check("f|contains: 'a*d'", &[(r#"{"f":"xabcdx"}"#, true), (r#"{"f":"da"}"#, false)]);
    check("f|contains: 445", &[(r#"{"f":"port 445"}"#, true), (r#"{"f":44500}"#, true)]);
    check("f|contains:\n    - x\n    - y\n    - z", &[(r#"{"f":"ayb"}"#, true), (r#"{"f":"ab"}"#, false)]);
    check("f|contains|all:\n    - x\n    - y", &[(r#"{"f":"y and x"}"#, true), (r#"{"f":"x"}"#, false)]);
    check("f|all|contains: x", &[(r#"{"f":"axb"}"#, true)]);
    check("f|contains: ''", &[(r#"{"f":"x"}"#, true), (r#"{}"#, false)]);
}

#[test]
fn case_counts_where_the_rule_says_so() {
    check("f|cased: Abc", &[(r#"{"f":"Abc"}"#, true), (r#"{"f":"abc"}"#, false)]);
    check("f|contains|cased: Bc", &[(r#"{"f":"aBcd"}"#, true), (r#"{"f":"abcd"}"#, false)]);
    check("f|cased|endswith: 'B?D'", &[(r#"{"f":"aBcD"}"#, true), (r#"{"f":"abcd"}"#, false)]);
}

#[test]
fn null_empty_and_absent() {
    let absent = r"{}";
    let (null, empty, full) = (r#"{"f":null}"#, r#"{"f":""}"#, r#"{"f":"x"}"#);
    check("f: null", &[(absent, true), (null, true), (empty, false), (full, false)]);
    check("f:", &[(absent, true), (null, true), (full, false)]);
    check("f: ''", &[(absent, false), (null, false), (empty, true), (full, false)]);
    check("f|exists: true", &[(absent, false), (null, true), (empty, true), (full, true)]);
    check("f|exists: false", &[(absent, true), (null, false), (empty, false), (full, false)]);
    check("f:\n    - null\n    - ''\n    - x", &[(absent, true), (empty, true), (full, true)]);
    check("f: 'null'", &[(null, false), (r#"{"f":"null"}"#, true)]);
    check("f: null", &[(r#"{"f":[]}"#, true), (r#"{"f":["a",null]}"#, true), (r#"{"f":["a"]}"#, false)]);
    // An object of the record is flattened, and is there all the same.
    check("f|exists: true", &[(r#"{"f.g":"x"}"#, true), (r#"{"fg":"x"}"#, false)]);
    check("f: null", &[(r#"{"f.g":"x"}"#, false)]);
    refused("f|exists: 'yes'", "`true` or `false`");
    refused("f|exists: 1", "`true` or `false`");
    refused("f|contains: null", "needs a text");
    refused("f|re: null", "must not be empty");
}

#[test]
fn numbers_texts_and_booleans() {
    let number = r#"{"f":4688}"#;
    let text = r#"{"f":"4688"}"#;
    check("f: 4688", &[(number, true), (text, true), (r#"{"f":46880}"#, false), (r#"{"f":"x4688"}"#, false)]);
    check("f: '4688'", &[(number, true), (text, true)]);
    check("f: [1, 4688]", &[(number, true), (text, true), (r#"{"f":2}"#, false)]);
    check("f: 0x10", &[(r#"{"f":"0x10"}"#, true), (r#"{"f":16}"#, true), (r#"{"f":"16"}"#, true)]);
    check("f: 007", &[(r#"{"f":"007"}"#, true), (r#"{"f":7}"#, true), (r#"{"f":"7"}"#, true)]);
    check("f: 1.5", &[(r#"{"f":1.5}"#, true), (r#"{"f":"1.5"}"#, true), (r#"{"f":"1.50"}"#, true)]);
    check("f: -1", &[(r#"{"f":-1}"#, true), (r#"{"f":"-1"}"#, true)]);
    check("f: true", &[(r#"{"f":true}"#, true), (r#"{"f":"True"}"#, true), (r#"{"f":1}"#, false)]);
    check("f: 'false'", &[(r#"{"f":false}"#, true)]);
    check("f: 4*", &[(number, true)]);
}

#[test]
fn comparisons() {
    check(
        "f|gt: 5",
        &[(r#"{"f":6}"#, true), (r#"{"f":5}"#, false), (r#"{"f":"7"}"#, true), (r#"{"f":"x"}"#, false)],
    );
    check("f|gte: 5", &[(r#"{"f":5}"#, true), (r#"{"f":4.9}"#, false)]);
    check(
        "f|lt: 5",
        &[(r#"{"f":4}"#, true), (r#"{"f":5}"#, false), (r#"{}"#, false), (r#"{"f":null}"#, false)],
    );
    check("f|lte: 5.5", &[(r#"{"f":5.5}"#, true), (r#"{"f":6}"#, false)]);
    check("f|lt: 5", &[(r#"{"f":[9,4]}"#, true), (r#"{"f":[9,8]}"#, false)]);
    refused("f|gt: many", "needs a number");
    refused("f|gt: null", "must not be empty");
}

#[test]
fn neq_negates_the_item() {
    check(
        "f|neq: 5",
        &[(r#"{"f":4}"#, true), (r#"{"f":5}"#, false), (r#"{"f":"5"}"#, false), (r#"{}"#, true)],
    );
    check("f|neq: abc", &[(r#"{"f":"ABC"}"#, false), (r#"{"f":"x"}"#, true)]);
    check("f|neq: [a, b]", &[(r#"{"f":"a"}"#, false), (r#"{"f":"b"}"#, false), (r#"{"f":"c"}"#, true)]);
    check("f|neq|contains: x", &[(r#"{"f":"axb"}"#, false), (r#"{"f":"ab"}"#, true)]);
    check("f|neq: null", &[(r#"{"f":"a"}"#, true), (r#"{}"#, false)]);
    check("f|neq: a", &[(r#"{"f":["a","b"]}"#, false), (r#"{"f":["c"]}"#, true)]);
}

#[test]
fn lists_of_the_event_match_by_any_element() {
    check("f: b", &[(r#"{"f":["a","B"]}"#, true), (r#"{"f":["c"]}"#, false), (r#"{"f":[]}"#, false)]);
    check("f: 2", &[(r#"{"f":[1,2]}"#, true), (r#"{"f":[["2"]]}"#, true)]);
    check("f|contains|all: [x, y]", &[(r#"{"f":["ax","by"]}"#, true), (r#"{"f":["ax"]}"#, false)]);
    check("f|cidr: 10.0.0.0/8", &[(r#"{"f":["1.1.1.1","10.0.0.1"]}"#, true)]);
}

#[test]
fn regular_expressions() {
    check("f|re: 'b.d'", &[(r#"{"f":"abcd"}"#, true), (r#"{"f":"ABCD"}"#, false)]);
    check("f|re|i: 'b.d'", &[(r#"{"f":"ABCD"}"#, true)]);
    check("f|re: '^b'", &[(r#"{"f":"a\nb"}"#, false)]);
    check("f|re|m: '^b'", &[(r#"{"f":"a\nb"}"#, true)]);
    check("f|re: 'a.b'", &[(r#"{"f":"a\nb"}"#, false)]);
    check("f|re|s: 'a.b'", &[(r#"{"f":"a\nb"}"#, true)]);
    check("f|re|i|m|s: '^B.c$'", &[(r#"{"f":"a\nb\nC\nd"}"#, true)]);
    check("f|re: ['x+', 'y+']", &[(r#"{"f":"y"}"#, true), (r#"{"f":"z"}"#, false)]);
    check("f|re|all: ['x', 'y']", &[(r#"{"f":"yx"}"#, true), (r#"{"f":"y"}"#, false)]);
    check("f|re: 'a(?!b)'", &[(r#"{"f":"ac"}"#, true), (r#"{"f":"ab"}"#, false)]);
    check(r"f|re: '(a)\1'", &[(r#"{"f":"aa"}"#, true), (r#"{"f":"ab"}"#, false)]);
    check("f|re: '^4'", &[(r#"{"f":4688}"#, true)]);
    check(r"f|re: '\\cmd\.exe$'", &[(r#"{"f":"c:\\cmd.exe"}"#, true)]);
    refused("f|re: '('", "regular expression");
    refused("f|re: '(a{1000}){1000}'", "regular expression");
    refused("f|i: x", "can only follow `re`");
}

#[test]
fn networks() {
    check("f|cidr: 192.168.0.0/16", &[(r#"{"f":"192.168.9.9"}"#, true), (r#"{"f":"192.169.0.1"}"#, false)]);
    check(
        "f|cidr: ['10.0.0.0/8', 'fc00::/7']",
        &[(r#"{"f":"fd00::1"}"#, true), (r#"{"f":"10.1.1.1"}"#, true)],
    );
    check(
        "f|cidr: '::1/128'",
        &[(r#"{"f":"::1"}"#, true), (r#"{"f":"::2"}"#, false), (r#"{"f":"-"}"#, false)],
    );
    refused("f|cidr: 10.0.0.0/99", "not an IPv4 or IPv6 network");
    refused("f|cidr: '192.168.*'", "not an IPv4 or IPv6 network");
}

#[test]
fn dashes_of_windows_flags() {
    let cases = [
        (r#"{"f":"x -enc y"}"#, true),
        (r#"{"f":"x /enc y"}"#, true),
        (r#"{"f":"x –enc y"}"#, true),
        (r#"{"f":"x —enc y"}"#, true),
        (r#"{"f":"x ―ENC y"}"#, true),
        (r#"{"f":"x +enc y"}"#, false),
    ];
    check("f|contains|windash: ' -enc '", &cases);
    check("f|windash|contains: ' /enc '", &cases);
    check("f|contains|windash: ' ―enc '", &cases);
    check(
        "f|contains|all|windash: [' -a', '-b-c']",
        &[(r#"{"f":"x /a —b-c"}"#, true), (r#"{"f":"x /a -b/c"}"#, false), (r#"{"f":"x /a"}"#, false)],
    );
    refused("f|windash: '-a -b -c -d -e -f'", "more than 3125 variants");
}

#[test]
fn encodings() {
    // base64("foobar") is Zm9vYmFy; at the other offsets the middle part differs.
    check("f|base64: foobar", &[(r#"{"f":"Zm9vYmFy"}"#, true), (r#"{"f":"xZm9vYmFy"}"#, false)]);
    check(
        "f|base64offset|contains: foobar",
        &[
            (r#"{"f":"Zm9vYmFy"}"#, true),
            (r#"{"f":"IGZvb2Jhcg=="}"#, true),
            (r#"{"f":"ICBmb29iYXI="}"#, true),
            (r#"{"f":"Zm9vYmF6"}"#, false),
        ],
    );
    check("f|base64offset: foobar", &[(r#"{"f":"xx IGZvb2Jhcg=="}"#, true)]);
    check("f|wide|base64: IEX", &[(r#"{"f":"SQBFAFgA"}"#, true)]);
    check("f|utf16le|base64offset|contains: é", &[(r#"{"f":"6QA="}"#, true)]);
    check("f|utf16be|base64: IEX", &[(r#"{"f":"AEkARQBY"}"#, true)]);
    check("f|utf16|base64: c", &[(r#"{"f":"//5jAA=="}"#, true)]);
    check("f|wide: ab", &[(r#"{"f":"a\u0000b\u0000"}"#, true)]);
    check("f|wide|contains: ab", &[(r#"{"f":"x\u0000a\u0000b\u0000"}"#, true)]);
    check(r"f|base64: 'a\*b'", &[(r#"{"f":"YSpi"}"#, true)]);
    refused("f|base64: 'a*b'", "wildcard");
    refused("f|contains|base64: 'ab'", "wildcard");
    refused("f|wide: é", "not text any more");
    refused("f|utf16: a", "not text any more");
}

#[test]
fn other_fields() {
    check(
        "f|fieldref: g",
        &[
            (r#"{"f":"A","g":"a"}"#, true),
            (r#"{"f":"a","g":"b"}"#, false),
            (r#"{"f":"a"}"#, false),
            (r#"{}"#, false),
            (r#"{"f":7,"g":"7"}"#, true),
            (r#"{"f":["x","y"],"g":["y","z"]}"#, true),
        ],
    );
    check(
        "f|fieldref|startswith: g",
        &[(r#"{"f":"abc","g":"AB"}"#, true), (r#"{"f":"abc","g":"bc"}"#, false)],
    );
    check("f|fieldref|endswith: g", &[(r#"{"f":"abc","g":"bc"}"#, true), (r#"{"f":"abc","g":"ab"}"#, false)]);
    check("f|fieldref|contains: g", &[(r#"{"f":"abc","g":"b"}"#, true), (r#"{"f":"b","g":"abc"}"#, false)]);
    check("f|fieldref|cased: g", &[(r#"{"f":"A","g":"a"}"#, false), (r#"{"f":"A","g":"A"}"#, true)]);
    check("f|fieldref|neq: g", &[(r#"{"f":"a","g":"b"}"#, true), (r#"{"f":"a","g":"a"}"#, false)]);
}

#[test]
fn parts_of_dates() {
    let at = |time: &str| format!(r#"{{"f":"{time}"}}"#);
    let (late, early) = (at("2024-03-09T22:15:00Z"), at("2024-03-09 07:15:00"));
    check("f|hour: 22", &[(&late, true), (&early, false)]);
    check("f|hour|gte: 20", &[(&late, true), (&early, false)]);
    check("f|hour: [7, 8]", &[(&late, false), (&early, true)]);
    check("f|minute: 15", &[(&late, true)]);
    check("f|day: 9", &[(&late, true)]);
    check("f|week: 10", &[(&late, true)]);
    check("f|month|lt: 4", &[(&late, true)]);
    check("f|year: 2024", &[(&late, true), (&at("1999-01-01T00:00:00Z"), false), (&at("noon"), false)]);
    refused("f|hour: late", "needs a number");
}

#[test]
fn keywords_look_everywhere() {
    let words = "- 'Evil*Service'\n- 1337";
    check(
        words,
        &[
            (r#"{"a":"x","b":"an EVIL little service runs"}"#, true),
            (r#"{"a":["x","evilservice"]}"#, true),
            (r#"{"a":"x 1337 y"}"#, true),
            (r#"{"a":1337}"#, true),
            (r#"{"a":"evil","b":"service"}"#, false),
            (r#"{"evilservice":"a field's name"}"#, false),
        ],
    );
    check("'|all':\n    - one\n    - two", &[(r#"{"a":"ONE","b":"two"}"#, true), (r#"{"a":"one"}"#, false)]);
    check("'|re': 'a+b'", &[(r#"{"x":"caab"}"#, true), (r#"{"x":"cb"}"#, false)]);
    check("'|cased': Abc", &[(r#"{"x":"xAbcx"}"#, true), (r#"{"x":"abc"}"#, false)]);
    check("'|startswith': abc", &[(r#"{"x":"abcd"}"#, true), (r#"{"x":"xabc"}"#, false)]);
    check("- word\n- f: x", &[(r#"{"f":"x"}"#, true), (r#"{"g":"a word"}"#, true), (r#"{"g":"x"}"#, false)]);
    refused("- null", "keyword search");
    refused("'|cidr': 10.0.0.0/8", "needs a field name");
    refused("'|exists': true", "needs a field name");
}

#[test]
fn keywords_see_the_text_of_a_line() {
    let engine = engine("kw: ['failed password for']\ncondition: kw\n");
    let mut line = telemetry::Event::new(
        b"<38>Oct 1 sshd[1]: Failed Password for root".to_vec().into(),
        telemetry::Format::Syslog,
    );
    line.source.product = Some("test".into());
    assert_eq!(engine.matches(&line), [0]);
    let found = &engine.detect(&line)[0].found;
    assert_eq!((found[0].field.as_deref(), found.len()), (None, 1));
    for text in ["linux-audit", "cef", "leef", "access-log", "w3c"] {
        line.format = text.parse().unwrap();
        assert_eq!(engine.matches(&line), [0], "{text}");
    }
    line.format = telemetry::Format::Evtx;
    assert!(engine.matches(&line).is_empty(), "binary records are no text");
}

#[test]
fn maps_are_all_and_lists_of_maps_are_any() {
    check("f: a\ng: b", &[(r#"{"f":"a","g":"b"}"#, true), (r#"{"f":"a"}"#, false)]);
    check(
        "- f: a\n  g: b\n- h: c",
        &[(r#"{"h":"c"}"#, true), (r#"{"f":"a","g":"b"}"#, true), (r#"{"g":"b"}"#, false)],
    );
    refused("f: []", "must not be empty");
    refused("f: {a: b}", "must be a value");
    refused("f: [[a]]", "must be a value");
    refused("[[a]]", "must be a list of texts or maps");
    refused("{}", "must not be empty");
    refused("f|sounds_like: a", "`sounds_like` is unknown");
    refused("f|contains|startswith: a", "cannot be combined");
}

#[test]
fn conditions() {
    let searches = "sel_a: {a: 1}\nsel_b: {b: 1}\nfilter_x: {x: 1}\n_hidden: {h: 1}\n";
    let cases: &[(&str, &str, bool)] = &[
        ("sel_a or sel_b and filter_x", r#"{"a":1}"#, true),
        ("(sel_a or sel_b) and filter_x", r#"{"a":1}"#, false),
        ("not sel_a and sel_b", r#"{"b":1}"#, true),
        ("not (sel_a and sel_b)", r#"{"a":1}"#, true),
        ("1 of sel_* and not 1 of filter_*", r#"{"a":1}"#, true),
        ("1 of sel_* and not 1 of filter_*", r#"{"a":1,"x":1}"#, false),
        ("all of sel_*", r#"{"a":1}"#, false),
        ("all of sel_*", r#"{"a":1,"b":1}"#, true),
        ("2 of them", r#"{"a":1,"x":1}"#, true),
        ("2 of them", r#"{"a":1,"h":1}"#, false),
        ("any of them", r#"{"h":1}"#, false),
        ("1 of them", r#"{"x":1}"#, true),
        ("all of them", r#"{"a":1,"b":1,"x":1}"#, true),
        ("_hidden", r#"{"h":1}"#, true),
        ("[sel_a, sel_b]", r#"{"b":1}"#, true),
        ("['sel_a and sel_b', filter_x]", r#"{"x":1}"#, true),
        ("['sel_a and sel_b', filter_x]", r#"{"a":1}"#, false),
    ];
    for (condition, json, expected) in cases {
        let engine = engine(&format!("{searches}condition: {condition}\n"));
        assert_eq!(!engine.matches(&event(json)).is_empty(), *expected, "{condition} on {json}");
    }
    for (condition, expected) in [
        ("sel_a and", "ends where"),
        ("nobody", "not among"),
        ("sel_a | count() > 3", "correlation rule"),
        ("1 of nobody_*", "named like"),
        ("''", "empty"),
        ("[]", "empty"),
        ("{a: b}", "must be a text"),
    ] {
        let reason = refusal(&format!("{searches}condition: {condition}\n"));
        assert!(reason.contains(expected), "{condition}: {reason}");
    }
    assert!(refusal("sel: {a: 1}\n").contains("`condition` is missing"));
    assert!(refusal("sel: {a: 1}\ntimeframe: 5m\ncondition: sel\n").contains("aggregations"));
}

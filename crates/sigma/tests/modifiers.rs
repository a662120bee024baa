//! Every modifier of the Sigma specification 2.1, each with values that must and must not match.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod shared;

use std::collections::HashMap;

use shared::{event, rule};
use sigma::{Engine, RuleSet};

/// An item, the events that match it, and those that do not.
type Row = (&'static str, &'static [&'static str], &'static [&'static str]);

const WHERE_IN_THE_TEXT: &[Row] = &[
    (
        "f|contains: bc",
        &[r#"{"f":"abcd"}"#, r#"{"f":"bc"}"#, r#"{"f":"aBCd"}"#],
        &[r#"{"f":"b c"}"#, r#"{"g":"abcd"}"#, r#"{"f":null}"#],
    ),
    ("f|contains: 12", &[r#"{"f":3124}"#, r#"{"f":"3124"}"#], &[r#"{"f":324}"#]),
    ("f|startswith: ab", &[r#"{"f":"abc"}"#, r#"{"f":"AB"}"#], &[r#"{"f":"cab"}"#, r#"{"f":""}"#]),
    ("f|endswith: bc", &[r#"{"f":"abc"}"#, r#"{"f":"BC"}"#], &[r#"{"f":"bca"}"#, r#"{"f":"c"}"#]),
    (r"f|endswith: '\a.exe'", &[r#"{"f":"C:\\A.exe"}"#], &[r#"{"f":"C:\\ba.exe"}"#, r#"{"f":"a.exe"}"#]),
    ("f|contains: [x, y]", &[r#"{"f":"ay"}"#, r#"{"f":["a","bx"]}"#], &[r#"{"f":"a"}"#, r#"{"f":[]}"#]),
    ("f|contains: 'a*c'", &[r#"{"f":"xabbcx"}"#], &[r#"{"f":"cba"}"#]),
    (r"f|contains: 'a\*c'", &[r#"{"f":"xa*cx"}"#], &[r#"{"f":"abc"}"#]),
    ("f|startswith: 'a?c'", &[r#"{"f":"abcd"}"#], &[r#"{"f":"acd"}"#]),
];

const ALL: &[Row] = &[
    ("f|contains|all: [a, b]", &[r#"{"f":"ba"}"#, r#"{"f":["a","b"]}"#], &[r#"{"f":"aa"}"#, r#"{"f":"b"}"#]),
    ("f|all|contains: [a, b]", &[r#"{"f":"ba"}"#], &[r#"{"f":"aa"}"#]),
    ("f|re|all: ['^a', 'b$']", &[r#"{"f":"ab"}"#], &[r#"{"f":"a"}"#, r#"{"f":"ba"}"#]),
    ("f|startswith|all: [a, ab]", &[r#"{"f":"abc"}"#], &[r#"{"f":"ac"}"#]),
    ("'|all': [one, two]", &[r#"{"f":"one","g":"and two"}"#], &[r#"{"f":"one"}"#]),
];

const CASED: &[Row] = &[
    ("f|cased: Ab", &[r#"{"f":"Ab"}"#], &[r#"{"f":"ab"}"#, r#"{"f":"AB"}"#, r#"{"f":"Abc"}"#]),
    ("f|contains|cased: Ab", &[r#"{"f":"xAbx"}"#], &[r#"{"f":"xabx"}"#]),
    ("f|cased|endswith: Ab", &[r#"{"f":"xAb"}"#], &[r#"{"f":"xab"}"#]),
    ("f|cased|startswith: 'A?b'", &[r#"{"f":"Axb…"}"#], &[r#"{"f":"axb"}"#]),
    ("f: Ab", &[r#"{"f":"AB"}"#, r#"{"f":"ab"}"#], &[r#"{"f":"abc"}"#]),
];

const EXISTS: &[Row] = &[
    (
        "f|exists: true",
        &[r#"{"f":"x"}"#, r#"{"f":""}"#, r#"{"f":null}"#, r#"{"f.g":1}"#],
        &[r#"{"g":"x"}"#, r#"{"ff":1}"#],
    ),
    ("f|exists: false", &[r#"{"g":"x"}"#], &[r#"{"f":"x"}"#, r#"{"f":""}"#, r#"{"f.g":1}"#]),
];

const WINDASH: &[Row] = &[
    (
        "f|windash: '-f'",
        &[r#"{"f":"-f"}"#, r#"{"f":"/f"}"#, r#"{"f":"–f"}"#, r#"{"f":"—f"}"#, r#"{"f":"―f"}"#],
        &[r#"{"f":"f"}"#, r#"{"f":"--f"}"#, r#"{"f":"+f"}"#],
    ),
    ("f|contains|windash: ' /a -b'", &[r#"{"f":"x -a /b"}"#, r#"{"f":"x –a ―b"}"#], &[r#"{"f":"x -a b"}"#]),
    ("f|windash|contains|all: [' -a', ' -b']", &[r#"{"f":"x /b /a"}"#], &[r#"{"f":"x /b"}"#]),
    ("f|windash: 'a-b'", &[r#"{"f":"a-b"}"#], &[r#"{"f":"a/b"}"#]),
];

/// `ping` as UTF-16 is `70 00 69 00 6e 00 67 00`.
const ENCODINGS: &[Row] = &[
    ("f|base64: ping", &[r#"{"f":"cGluZw=="}"#], &[r#"{"f":"ping"}"#, r#"{"f":"xcGluZw=="}"#]),
    ("f|base64|contains: ping", &[r#"{"f":"x cGluZw== x"}"#], &[r#"{"f":"x cGluZ w== x"}"#]),
    (
        "f|base64offset|contains: Invoke",
        // Behind no, one and two other bytes.
        &[r#"{"f":"SW52b2tl"}"#, r#"{"f":"YUludm9rZQ=="}"#, r#"{"f":"YWFJbnZva2U="}"#],
        &[r#"{"f":"SW52b2s="}"#, r#"{"f":"Invoke"}"#],
    ),
    ("f|base64offset: Invoke", &[r#"{"f":"YUludm9rZQ=="}"#], &[r#"{"f":"Invoke"}"#]),
    ("f|wide|base64: ping", &[r#"{"f":"cABpAG4AZwA="}"#], &[r#"{"f":"cGluZw=="}"#]),
    ("f|utf16le|base64: ping", &[r#"{"f":"cABpAG4AZwA="}"#], &[r#"{"f":"AHAAaQBuAGc="}"#]),
    ("f|utf16be|base64: ping", &[r#"{"f":"AHAAaQBuAGc="}"#], &[r#"{"f":"cABpAG4AZwA="}"#]),
    // A byte order mark, then little endian.
    ("f|utf16|base64: ping", &[r#"{"f":"//5wAGkAbgBnAA=="}"#], &[r#"{"f":"cABpAG4AZwA="}"#]),
    (
        "f|wide|base64offset|contains: ping",
        &[r#"{"f":"x cABpAG4AZwA= x"}"#, r#"{"f":"YXAAaQBuAGcA"}"#],
        &[r#"{"f":"cGluZw=="}"#],
    ),
    ("f|wide|contains: ab", &[r#"{"f":"xa\u0000b\u0000x"}"#], &[r#"{"f":"ab"}"#]),
];

const REGEX: &[Row] = &[
    ("f|re: 'a[0-9]+c'", &[r#"{"f":"xa12cx"}"#, r#"{"f":"a1c"}"#], &[r#"{"f":"ac"}"#, r#"{"f":"A1C"}"#]),
    ("f|re: '^a.c$'", &[r#"{"f":"abc"}"#], &[r#"{"f":"xabc"}"#, r#"{"f":"abcd"}"#, r#"{"f":"a\nc"}"#]),
    ("f|re|i: '^a.c$'", &[r#"{"f":"ABC"}"#], &[r#"{"f":"ABCD"}"#]),
    ("f|re|m: '^b$'", &[r#"{"f":"a\nb\nc"}"#], &[r#"{"f":"a\nB\nc"}"#]),
    ("f|re: '^b$'", &[r#"{"f":"b"}"#], &[r#"{"f":"a\nb\nc"}"#]),
    ("f|re|s: 'a.c'", &[r#"{"f":"a\nc"}"#], &[r#"{"f":"ac"}"#]),
    ("f|re|i|m|s: '^b.c$'", &[r#"{"f":"a\nB\nC\nd"}"#], &[r#"{"f":"a\nBC"}"#]),
    (r"f|re: '\\\*'", &[r#"{"f":"a\\*"}"#], &[r#"{"f":"a*"}"#]),
    ("f|re: '12'", &[r#"{"f":3124}"#], &[r#"{"f":34}"#, r#"{"g":"12"}"#]),
];

const NETWORKS: &[Row] = &[
    (
        "f|cidr: 10.0.0.0/8",
        &[r#"{"f":"10.1.2.3"}"#, r#"{"f":"::ffff:10.1.2.3"}"#],
        &[r#"{"f":"11.0.0.1"}"#, r#"{"f":"10.1.2"}"#, r#"{"f":"host"}"#],
    ),
    (
        "f|cidr: [192.168.0.0/16, 'fe80::/10']",
        &[r#"{"f":"192.168.255.1"}"#, r#"{"f":"fe80::1"}"#],
        &[r#"{"f":"192.169.0.1"}"#, r#"{"f":"fec0::1"}"#],
    ),
    ("f|cidr: '2001:db8::/32'", &[r#"{"f":"2001:DB8:0:1::2"}"#], &[r#"{"f":"2001:db9::1"}"#]),
];

const COMPARISONS: &[Row] = &[
    (
        "f|lt: 5",
        &[r#"{"f":4}"#, r#"{"f":"4"}"#, r#"{"f":-1}"#, r#"{"f":4.9}"#],
        &[r#"{"f":5}"#, r#"{"f":"x"}"#, r#"{"f":""}"#, "{}"],
    ),
    ("f|lte: 5", &[r#"{"f":5}"#, r#"{"f":"5.0"}"#], &[r#"{"f":5.1}"#]),
    (
        "f|gt: 5",
        &[r#"{"f":6}"#, r#"{"f":"10"}"#, r#"{"f":[1,6]}"#],
        &[r#"{"f":5}"#, r#"{"f":"5"}"#, r#"{"f":[1,2]}"#],
    ),
    ("f|gte: 5", &[r#"{"f":5}"#], &[r#"{"f":4}"#, r#"{"f":null}"#]),
    ("f|gt: 1.5", &[r#"{"f":2}"#], &[r#"{"f":1}"#]),
    ("f|gt: -3", &[r#"{"f":"-2"}"#], &[r#"{"f":"-4"}"#]),
    ("f|neq: a", &[r#"{"f":"b"}"#, r#"{"f":""}"#, r#"{"g":"a"}"#], &[r#"{"f":"a"}"#, r#"{"f":"A"}"#]),
    ("f|neq: [a, b]", &[r#"{"f":"c"}"#], &[r#"{"f":"a"}"#, r#"{"f":"b"}"#]),
    ("f|neq|contains: a", &[r#"{"f":"b"}"#], &[r#"{"f":"bab"}"#]),
    ("f|neq: 5", &[r#"{"f":4}"#, r#"{"f":"x"}"#], &[r#"{"f":5}"#, r#"{"f":"5"}"#]),
];

const OTHER_FIELDS: &[Row] = &[
    (
        "f|fieldref: g",
        &[r#"{"f":"a","g":"a"}"#, r#"{"f":"a","g":"A"}"#, r#"{"f":1,"g":"1"}"#],
        &[r#"{"f":"a","g":"b"}"#, r#"{"f":"a"}"#, r#"{"g":"a"}"#, "{}", r#"{"f":null,"g":null}"#],
    ),
    ("f|fieldref|startswith: g", &[r#"{"f":"abc","g":"ab"}"#], &[r#"{"f":"abc","g":"bc"}"#]),
    ("f|fieldref|endswith: g", &[r#"{"f":"abc","g":"bc"}"#], &[r#"{"f":"abc","g":"ab"}"#]),
    ("f|fieldref|contains: g", &[r#"{"f":"abc","g":"b"}"#], &[r#"{"f":"abc","g":"x"}"#]),
    ("f|fieldref|neq: g", &[r#"{"f":"a","g":"b"}"#], &[r#"{"f":"a","g":"a"}"#]),
    ("f|fieldref|cased: g", &[r#"{"f":"a","g":"a"}"#], &[r#"{"f":"a","g":"A"}"#]),
];

const PARTS_OF_TIMES: &[Row] = &[
    (
        "f|minute: 7",
        &[r#"{"f":"2026-11-24T03:07:59Z"}"#, r#"{"f":"2026-11-24 03:07:00.123"}"#],
        &[r#"{"f":"2026-11-24T07:08:00Z"}"#, r#"{"f":"2026-11-07"}"#],
    ),
    (
        "f|hour|gte: 22",
        &[r#"{"f":"2026-11-24T22:00:00Z"}"#, r#"{"f":"2026-11-24T23:59:59+02:00"}"#],
        &[r#"{"f":"2026-11-24T21:59:59Z"}"#, r#"{"f":"late"}"#, r#"{"f":23}"#, "{}"],
    ),
    (
        "f|day: [1, 31]",
        &[r#"{"f":"2026-10-31T00:00:00Z"}"#, r#"{"f":"2026-10-01"}"#],
        &[r#"{"f":"2026-10-30T00:00:00Z"}"#],
    ),
    (
        "f|month: 2",
        &[r#"{"f":"2024-02-29T12:00:00Z"}"#],
        &[r#"{"f":"2024-03-01T00:00:00Z"}"#, r#"{"f":"2023-02-29T12:00:00Z"}"#],
    ),
    ("f|year|lt: 2025", &[r#"{"f":"2024-12-31T23:59:59Z"}"#], &[r#"{"f":"2025-01-01T00:00:00Z"}"#]),
    // ISO 8601: 2020 has 53 weeks, and the first days of 2021 are of its last one.
    (
        "f|week: 53",
        &[r#"{"f":"2020-12-28T00:00:00Z"}"#, r#"{"f":"2021-01-03T23:59:59Z"}"#],
        &[
            r#"{"f":"2021-01-04T00:00:00Z"}"#,
            r#"{"f":"2020-12-27T00:00:00Z"}"#,
            r#"{"f":"2024-12-30T00:00:00Z"}"#,
        ],
    ),
    (
        "f|week: 1",
        &[r#"{"f":"2024-12-30T00:00:00Z"}"#, r#"{"f":"2021-01-04"}"#],
        &[r#"{"f":"2021-01-01T00:00:00Z"}"#],
    ),
    ("f|hour|neq: 3", &[r#"{"f":"2026-11-24T04:00:00Z"}"#], &[r#"{"f":"2026-11-24T03:00:00Z"}"#]),
];

const PLACEHOLDERS: &[Row] = &[
    (
        "f|expand: '%admins%'",
        &[r#"{"f":"root"}"#, r#"{"f":"adm-7"}"#],
        &[r#"{"f":"user"}"#, r#"{"f":"%admins%"}"#],
    ),
    ("f|contains|expand: 'x%admins%'", &[r#"{"f":"axrooty"}"#], &[r#"{"f":"root"}"#]),
    (
        "f|expand: '%admins%@%domains%'",
        &[r#"{"f":"root@corp"}"#, r#"{"f":"adm-1@lab"}"#],
        &[r#"{"f":"root@home"}"#],
    ),
    ("f|cidr|expand: '%nets%'", &[r#"{"f":"10.9.9.9"}"#], &[r#"{"f":"11.9.9.9"}"#]),
    ("f|re|expand: '^%admins%$'", &[r#"{"f":"root"}"#], &[r#"{"f":"roots"}"#]),
    ("f|gt|expand: '%limit%'", &[r#"{"f":8}"#], &[r#"{"f":7}"#]),
    (r"f|expand: '\%admins\%'", &[r#"{"f":"%admins%"}"#], &[r#"{"f":"root"}"#]),
    ("f: '%admins%'", &[r#"{"f":"%admins%"}"#], &[r#"{"f":"root"}"#]),
];

fn placeholders() -> HashMap<String, Vec<String>> {
    let values = [
        ("admins", &["root", "adm-*"][..]),
        ("domains", &["corp", "lab"]),
        ("nets", &["10.0.0.0/8"]),
        ("limit", &["7"]),
    ];
    values.map(|(name, all)| (name.to_owned(), all.iter().map(|value| (*value).to_owned()).collect())).into()
}

/// Every row as a rule of its own, alone and with all others in one engine, which share their indexes.
#[test]
fn every_modifier_matches_what_it_must_and_nothing_else() {
    let rows: Vec<&Row> = [
        WHERE_IN_THE_TEXT,
        ALL,
        CASED,
        EXISTS,
        WINDASH,
        ENCODINGS,
        REGEX,
        NETWORKS,
        COMPARISONS,
        OTHER_FIELDS,
        PARTS_OF_TIMES,
        PLACEHOLDERS,
    ]
    .concat()
    .leak()
    .iter()
    .collect();
    let set = RuleSet::with_placeholders(placeholders());
    let texts: Vec<String> =
        rows.iter().map(|(item, ..)| rule(&format!("sel:\n    {item}\ncondition: sel"))).collect();
    let load = |text: &str| {
        let loaded = set.load_str("test.yml", text);
        assert!(loaded.refused.is_empty(), "{text}\n{}", loaded.refused[0]);
        loaded.rules
    };
    let together = Engine::new(load(&texts.join("---\n")));
    let mut wrong = Vec::new();
    let mut tried = 0;
    for (number, (item, matching, others)) in rows.iter().enumerate() {
        let alone = Engine::new(load(&texts[number]));
        for (expected, events) in [(true, matching), (false, others)] {
            for text in *events {
                let event = event(text);
                let fires = !alone.matches(&event).is_empty();
                let explained = alone.rules()[0].explain(&event).fires;
                let in_company = together.matches(&event).contains(&number);
                if [fires, explained, in_company] != [expected; 3] {
                    wrong.push(format!(
                        "{item} on {text}: {fires}, explained {explained}, with others {in_company}"
                    ));
                }
                tried += 1;
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {tried}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn values_that_a_modifier_cannot_take_are_refused() {
    let cases = [
        ("f|lt: abc", "number"),
        ("f|gt: null", "empty"),
        ("f|exists: maybe", "true"),
        ("f|exists: 1", "true"),
        ("f|cidr: 10.0.0.0/33", "network"),
        ("f|re: '('", "regular expression"),
        ("f|base64: 'a*'", "wildcard"),
        ("f|contains: null", "text"),
        ("f|expand: '%nobody%'", "%nobody%"),
        ("f|hour: noon", "number"),
        ("f|fieldref: null", "field"),
        ("f|i: a", "re"),
        ("f|near: a", "unknown"),
        ("'|cidr': 10.0.0.0/8", "field name"),
    ];
    for (item, word) in cases {
        let loaded = RuleSet::new().load_str("test.yml", &rule(&format!("sel:\n    {item}\ncondition: sel")));
        assert!(loaded.rules.is_empty(), "{item} was loaded");
        let reason = loaded.refused[0].reason.to_string();
        assert!(reason.contains(word), "{item}: {reason}");
    }
}

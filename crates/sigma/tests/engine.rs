//! Routing, what a detection says of itself, and threads.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod shared;

use shared::{engine, event};
use sigma::{Engine, Routing, RuleSet};
use telemetry::LogSource;

fn rules(sources: &[&str]) -> Vec<sigma::Rule> {
    let rule = |source: &&str| {
        format!("title: '{source}'\nlogsource: {{{source}}}\ndetection: {{s: {{f: x}}, condition: s}}\n")
    };
    let loaded =
        RuleSet::new().load_str("r.yml", &sources.iter().map(rule).collect::<Vec<_>>().join("---\n"));
    assert!(loaded.refused.is_empty());
    loaded.rules
}

fn source(product: &str, category: &str, service: &str) -> LogSource {
    let part = |text: &str| (!text.is_empty()).then(|| text.to_owned().into());
    LogSource { product: part(product), category: part(category), service: part(service) }
}

#[test]
fn rules_see_only_their_log_source() {
    let written = [
        "product: windows",
        "product: windows, category: process_creation",
        "product: windows, service: sysmon",
        "category: process_creation",
        "product: linux, category: process_creation",
        "product: Windows, service: security, definition: switch it on",
    ];
    let strict = Engine::new(rules(&written));
    let lenient = Engine::with_routing(rules(&written), Routing::Lenient);
    let cases: [(LogSource, &[usize], &[usize]); 4] = [
        (source("windows", "process_creation", "sysmon"), &[0, 1, 2, 3], &[0, 1, 2, 3]),
        (source("windows", "", "security"), &[0, 5], &[0, 1, 3, 5]),
        (source("linux", "process_creation", ""), &[3, 4], &[3, 4]),
        (source("", "", ""), &[], &[0, 1, 2, 3, 4, 5]),
    ];
    for (source, in_strict, in_lenient) in cases {
        let mut event = event(r#"{"f":"x"}"#);
        event.source = source;
        for _ in 0..2 {
            assert_eq!(strict.matches(&event), in_strict, "{:?}", event.source);
            assert_eq!(lenient.matches(&event), in_lenient, "{:?}", event.source);
        }
    }
}

#[test]
fn a_detection_names_what_it_found() {
    let engine = engine(
        "selection_img:\n    Image|endswith: '\\mimikatz.exe'\nselection_cli:\n    CommandLine|contains|all: [sekurlsa, logon]\n\
         selection_net:\n    Ip|cidr: 10.0.0.0/8\n    Port: 443\nfilter_main:\n    User: SYSTEM\n\
         kw: [gentil]\ncondition: (1 of selection_* or kw) and not filter_main\n",
    );
    let seen = event(
        r#"{"Image":"C:\\T\\MimiKatz.exe","CommandLine":"Sekurlsa::LogonPasswords","User":"bob","Note":"by Gentilkiwi"}"#,
    );
    let detections = engine.detect(&seen);
    assert_eq!(detections.len(), 1);
    assert_eq!(detections[0].searches, ["selection_img", "selection_cli", "kw"]);
    let found: Vec<_> =
        detections[0].found.iter().map(|one| (one.field.as_deref().unwrap(), one.value.as_str())).collect();
    assert!(found.contains(&("Image", r"C:\T\MimiKatz.exe")), "{found:?}");
    assert!(found.contains(&("CommandLine", "Sekurlsa::LogonPasswords")));
    assert!(found.contains(&("Note", "by Gentilkiwi")));
    assert_eq!(found.len(), 3);
    let net = engine.detect(&event(r#"{"Ip":["1.1.1.1","10.1.2.3"],"Port":"443"}"#));
    let found: Vec<_> = net[0].found.iter().map(|one| one.value.as_str()).collect();
    assert!(found.contains(&"10.1.2.3") && found.contains(&"443") && found.len() == 2, "{found:?}");
    assert!(engine.detect(&event(r#"{"Note":"gentil","User":"system"}"#)).is_empty());
}

#[test]
fn matches_and_detect_agree_and_events_leave_no_trace() {
    let engine = engine("s: {f: x}\nn: {g: null}\ncondition: s or not n\n");
    let events = [r#"{"f":"x"}"#, r#"{"f":"y"}"#, r#"{"g":"z"}"#, r"{}", r#"{"f":"x","g":"z"}"#];
    for _ in 0..3 {
        for (json, expected) in events.iter().zip([true, false, true, false, true]) {
            let event = event(json);
            assert_eq!(!engine.matches(&event).is_empty(), expected, "{json}");
            assert_eq!(!engine.detect(&event).is_empty(), expected, "{json}");
        }
    }
}

#[test]
fn one_engine_serves_many_threads() {
    let engine = engine("s: {f|contains: x}\ncondition: s\n");
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let engine = &engine;
            scope.spawn(move || {
                for round in 0..500 {
                    let hit = (thread + round) % 2 == 0;
                    let event = event(if hit { r#"{"f":"axb"}"# } else { r#"{"f":"ab"}"# });
                    assert_eq!(engine.matches(&event).len(), usize::from(hit));
                }
            });
        }
    });
}

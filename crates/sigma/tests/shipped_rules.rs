//! The rules that Watchbell ships: every one loads without refusal or warning, carries what the rest
//! of the system reads from it, fires on its own samples and keeps still on its near misses.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value as Json;
use sigma::correlation::{Correlator, Limits};
use sigma::{Engine, Loaded, Rule, RuleSet};
use telemetry::{Event, Format, LogSource, Value};

/// The incident types that a rule may be tagged with, as `watchbell.<type>`.
const INCIDENT_TYPES: [&str; 9] = [
    "data-breach",
    "denial-of-service",
    "insider",
    "lost-device",
    "malware",
    "phishing",
    "ransomware",
    "supply-chain",
    "unauthorised-access",
];

fn content(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../content").join(path)
}

fn shipped() -> Loaded {
    RuleSet::new().load_dir(content("rules")).expect("content/rules can be read")
}

/// The rules, and what is said of the correlations.
fn all_rules() -> Vec<Rule> {
    let loaded = shipped();
    let correlations = loaded.correlations.into_iter().map(|correlation| correlation.rule);
    loaded.rules.into_iter().chain(correlations).collect()
}

/// `content/rules/windows/samples/x.jsonl` belongs to `content/rules/windows/x.yml`.
fn sample_files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    for platform in std::fs::read_dir(content("rules")).unwrap() {
        let samples = platform.unwrap().path().join("samples");
        if samples.is_dir() {
            files.extend(std::fs::read_dir(samples).unwrap().map(|file| file.unwrap().path()));
        }
    }
    files.sort();
    files
}

fn rule_of(samples: &Path) -> PathBuf {
    let name = samples.file_stem().unwrap().to_str().unwrap();
    samples.parent().unwrap().parent().unwrap().join(format!("{name}.yml"))
}

/// There the samples are not events, but courses of events.
fn is_of_correlation(samples: &Path) -> bool {
    samples.parent().unwrap().parent().unwrap().ends_with("correlation")
}

fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(number) => {
            number.as_i64().map_or_else(|| Value::Float(number.as_f64().unwrap()), Value::Int)
        }
        Json::String(text) => Value::Str(text.clone()),
        Json::Array(items) => Value::List(items.iter().map(value).collect()),
        Json::Object(_) => panic!("a sample's fields are flat"),
    }
}

fn event(sample: &Json) -> Event {
    let fields = sample["event"].as_object().expect("a sample has `event`");
    let raw = serde_json::to_vec(fields).unwrap();
    let mut event = Event::new(Bytes::from(raw), Format::JsonLines);
    for (name, field) in fields {
        event.set(name.as_str(), value(field));
    }
    let part = |name: &str| sample["logsource"][name].as_str().map(|text| Cow::Owned(text.to_owned()));
    event.source =
        LogSource { product: part("product"), category: part("category"), service: part("service") };
    event
}

#[test]
fn every_shipped_rule_loads_without_a_word() {
    let mut loaded = shipped();
    assert!(loaded.link().all().len() >= 10);
    let refused: Vec<String> = loaded.refused.iter().map(ToString::to_string).collect();
    assert!(refused.is_empty(), "refused:\n{}", refused.join("\n"));
    let warned: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
    assert!(warned.is_empty(), "warned:\n{}", warned.join("\n"));
    assert!(loaded.rules.len() >= 48, "only {} rules", loaded.rules.len());
}

#[test]
fn every_rule_says_what_it_is_for() {
    let attack: Json =
        serde_json::from_str(&std::fs::read_to_string(content("taxonomies/attack.json")).unwrap()).unwrap();
    let tactics: BTreeSet<&str> =
        attack["tactics"].as_array().unwrap().iter().map(|tactic| tactic["slug"].as_str().unwrap()).collect();
    let mut ids = BTreeSet::new();
    let mut titles = BTreeSet::new();
    let mut covered: BTreeMap<String, usize> = BTreeMap::new();
    for rule in &all_rules() {
        let name = &rule.title;
        let id = rule.id.as_deref().unwrap_or_else(|| panic!("{name} has no id"));
        assert!(ids.insert(id.to_owned()), "{name}: its id occurs twice");
        assert!(titles.insert(name.clone()), "{name}: its title occurs twice");
        let mut techniques = 0;
        let mut types = 0;
        for tag in &rule.tags {
            let (namespace, word) = tag.split_once('.').unwrap_or_else(|| panic!("{name}: tag {tag}"));
            match namespace {
                "watchbell" => {
                    assert!(INCIDENT_TYPES.contains(&word), "{name}: no incident type {word}");
                    *covered.entry(word.to_owned()).or_default() += 1;
                    types += 1;
                }
                "attack" if tactics.contains(word) => {}
                "attack" => {
                    let id = word.to_ascii_uppercase();
                    assert!(attack["techniques"].get(&id).is_some(), "{name}: ATT&CK 19 has no {id}");
                    techniques += 1;
                }
                other => panic!("{name}: tag namespace {other}"),
            }
        }
        assert!(types > 0, "{name} names no incident type");
        assert!(techniques > 0, "{name} names no technique");
    }
    for incident_type in INCIDENT_TYPES {
        let rules = covered.get(incident_type).copied().unwrap_or_default();
        assert!(rules >= 4, "{incident_type}: only {rules} rules");
    }
}

#[test]
fn every_rule_has_samples_for_both_outcomes() {
    let files = sample_files();
    for file in &files {
        assert!(rule_of(file).is_file(), "{} belongs to no rule", file.display());
        let text = std::fs::read_to_string(file).unwrap();
        for expected in [true, false] {
            let there = text
                .lines()
                .any(|line| serde_json::from_str::<Json>(line).unwrap()["expect"] == Json::Bool(expected));
            assert!(there, "{} has no sample that expects {expected}", file.display());
        }
    }
    let mut of_rules: BTreeSet<PathBuf> = all_rules().into_iter().map(|rule| rule.file).collect();
    for file in files {
        assert!(of_rules.remove(&rule_of(&file)), "{}", file.display());
    }
    assert!(of_rules.is_empty(), "without samples: {of_rules:?}");
}

#[test]
fn rules_fire_on_their_samples_and_on_nothing_near() {
    let engine = Engine::new(shipped().rules);
    let mut wrong = Vec::new();
    let mut tried = 0;
    for file in sample_files().into_iter().filter(|file| !is_of_correlation(file)) {
        let alone = std::fs::read_to_string(rule_of(&file)).unwrap();
        let loaded = RuleSet::new().load_str(&file, &alone);
        let id = loaded.rules.first().unwrap_or_else(|| panic!("{}", file.display())).id.clone();
        for (number, line) in std::fs::read_to_string(&file).unwrap().lines().enumerate() {
            let sample: Json = serde_json::from_str(line).unwrap();
            let expected = sample["expect"].as_bool().unwrap();
            let fired = engine
                .matches(&event(&sample))
                .into_iter()
                .any(|index| engine.rule(index).is_some_and(|rule| rule.id == id));
            tried += 1;
            if fired != expected {
                wrong.push(format!("{}:{}: expected {expected}: {line}", file.display(), number + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {tried} samples:\n{}", wrong.len(), wrong.join("\n"));
}

/// `90s`, `200ms` or `10m`, in microseconds.
fn time(text: &Json) -> i64 {
    let text = text.as_str().expect("a time such as 90s");
    let digits = text.trim_end_matches(|sign: char| sign.is_ascii_alphabetic());
    let unit = match text.strip_prefix(digits).unwrap() {
        "ms" => 1000,
        "s" => 1_000_000,
        "m" => 60_000_000,
        other => panic!("a unit {other:?}"),
    };
    digits.parse::<i64>().unwrap() * unit
}

/// The events of a course in the order of time; one with `times` comes again and again.
fn course(sample: &Json) -> Vec<(i64, Event)> {
    let mut events = Vec::new();
    for one in sample["events"].as_array().expect("a sample has `events`") {
        let times = one["times"].as_i64().unwrap_or(1);
        let every = if times > 1 { time(&one["every"]) } else { 0 };
        events.extend((0..times).map(|number| (time(&one["at"]) + number * every, event(one))));
    }
    events.sort_by_key(|(at, _)| *at);
    events
}

#[test]
fn correlations_fire_on_their_courses_and_on_nothing_near() {
    let mut loaded = shipped();
    let correlations = Arc::new(loaded.link());
    let engine = Engine::new(loaded.rules);
    let mut wrong = Vec::new();
    let mut tried = 0;
    for file in sample_files().into_iter().filter(|file| is_of_correlation(file)) {
        // The last correlation of the file is the one that it is about.
        let alone = RuleSet::new().load_str(&file, &std::fs::read_to_string(rule_of(&file)).unwrap());
        let id = alone.correlations.last().unwrap_or_else(|| panic!("{}", file.display())).rule.id.clone();
        for (number, line) in std::fs::read_to_string(&file).unwrap().lines().enumerate() {
            let sample: Json = serde_json::from_str(line).unwrap();
            let mut correlator = Correlator::new(Arc::clone(&correlations), Limits::default());
            let mut fired = false;
            for (place, (at, event)) in course(&sample).iter().enumerate() {
                for rule in engine.matches(event) {
                    for sighting in correlations.sightings(rule, event) {
                        let found = correlator.add(sighting, *at, place);
                        let mut rules = found.iter().map(|one| correlations.get(one.correlation).unwrap());
                        fired |= rules.any(|one| one.rule.id == id);
                    }
                }
            }
            tried += 1;
            if fired != sample["expect"].as_bool().unwrap() {
                wrong.push(format!("{}:{}", file.display(), number + 1));
            }
        }
    }
    assert!(tried > 30 && wrong.is_empty(), "{} of {tried} courses:\n{}", wrong.len(), wrong.join("\n"));
}

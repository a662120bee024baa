//! What several test programs need: the shared data, small rules, small events.

use std::path::PathBuf;

use sigma::{Engine, RuleSet};
use telemetry::{Event, Format, LogSource, Value};

/// A folder of the shared data, or `None` with a note where it is not there.
#[allow(dead_code, reason = "not every test program reads shared data")]
pub fn shared(part: &str) -> Option<PathBuf> {
    let root = std::env::var_os("WATCHBELL_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let path = root.join(part);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: {} not there", path.display());
    None
}

/// A rule for product `test` with the given detection, indented by four.
#[allow(dead_code, reason = "not every test program writes rules")]
pub fn rule(detection: &str) -> String {
    let mut text = String::from("title: T\nlogsource:\n    product: test\ndetection:\n");
    for line in detection.trim_matches('\n').lines() {
        text.push_str("    ");
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// An engine with that one rule.
#[allow(dead_code, reason = "not every test program writes rules")]
pub fn engine(detection: &str) -> Engine {
    let loaded = RuleSet::new().load_str("test.yml", &rule(detection));
    assert!(loaded.refused.is_empty(), "{detection}\n{}", loaded.refused[0]);
    Engine::new(loaded.rules)
}

/// Why the rule is refused.
#[allow(dead_code, reason = "not every test program writes rules")]
pub fn refusal(detection: &str) -> String {
    let loaded = RuleSet::new().load_str("test.yml", &rule(detection));
    assert!(loaded.rules.is_empty(), "loaded: {detection}");
    loaded.refused[0].reason.to_string()
}

/// An event of product `test` from a JSON object, whose nested objects are dotted names.
#[allow(dead_code, reason = "not every test program makes events")]
pub fn event(json: &str) -> Event {
    let mut event = Event::new(json.as_bytes().to_vec().into(), Format::JsonLines);
    event.source = LogSource { product: Some("test".into()), ..LogSource::default() };
    let fields: serde_json::Map<String, serde_json::Value> = serde_json::from_str(json).unwrap();
    for (name, value) in fields {
        event.set(name, convert(value));
    }
    event
}

fn convert(value: serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(flag) => Value::Bool(flag),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(whole) => Value::Int(whole),
            None => Value::Float(number.as_f64().unwrap()),
        },
        serde_json::Value::String(text) => Value::Str(text),
        serde_json::Value::Array(items) => Value::List(items.into_iter().map(convert).collect()),
        serde_json::Value::Object(_) => panic!("write nested fields with dotted names"),
    }
}

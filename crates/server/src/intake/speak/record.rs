//! What protocols with an envelope make of one: HEC and OTLP carry a payload (a line or an object) and
//! say beside it when, where and what. The record that telemetry reads is the payload with what was
//! said beside it; where the payload is a line of a format that says all this itself, it is the line.

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Map, Value};

/// Nested deeper than this, what is said of an event is not looked into.
const DEEPEST: usize = 32;

/// A record from a payload and what was said beside it. A name in the payload is the payload's own;
/// what was said beside it stays out of its way.
pub fn make(payload: Value, beside: Map<String, Value>) -> Bytes {
    let mut members = match payload {
        Value::Object(members) => members,
        Value::String(line) => match read_line(line) {
            Line::Whole(bytes) => return bytes,
            Line::Object(members) => members,
            Line::Text(text) => Map::from_iter([("message".to_owned(), Value::String(text))]),
        },
        other => Map::from_iter([("message".to_owned(), other)]),
    };
    for (name, value) in beside {
        members.entry(name).or_insert(value);
    }
    serde_json::to_vec(&Value::Object(members)).unwrap_or_default().into()
}

enum Line {
    /// Telemetry knows the format by its look.
    Whole(Bytes),
    Object(Map<String, Value>),
    Text(String),
}

fn read_line(line: String) -> Line {
    let text = line.trim_start();
    if text.starts_with('{')
        && let Ok(Value::Object(members)) = serde_json::from_str(text)
    {
        return Line::Object(members);
    }
    // A syslog priority or XML; CEF and LEEF; Linux audit.
    let is_known = ["<", "CEF:", "LEEF:", "type="].iter().any(|start| text.starts_with(start));
    if is_known && !line.contains(['\n', '\r']) {
        return Line::Whole(line.into());
    }
    Line::Text(line)
}

/// Makes names of a nested object one level deep: `{"a":{"b":1}}` is `a.b`.
pub fn spread(into: &mut Map<String, Value>, prefix: &str, value: Value, depth: usize) {
    match value {
        Value::Object(members) if depth < DEEPEST => {
            for (name, member) in members {
                let name = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
                spread(into, &name, member, depth + 1);
            }
        }
        value => {
            into.entry(prefix.to_owned()).or_insert(value);
        }
    }
}

/// Seconds since 1970, with or without a fraction, as RFC 3339.
pub fn from_seconds(seconds: f64) -> Option<String> {
    if !seconds.is_finite() || seconds <= 0.0 {
        return None;
    }
    let time = jiff::SignedDuration::try_from_secs_f64(seconds).ok()?;
    // Microseconds: a double has no more to say at present.
    let micros = i64::try_from(time.as_micros()).ok()?;
    Timestamp::from_microsecond(micros).ok().map(|time| time.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn made(payload: Value) -> String {
        let beside = json!({ "host": "h", "a": "beside" });
        let Value::Object(beside) = beside else { unreachable!() };
        String::from_utf8(make(payload, beside).to_vec()).unwrap()
    }

    #[test]
    fn payloads_become_records() {
        for (payload, expected) in [
            (json!({ "a": 1 }), r#"{"a":1,"host":"h"}"#),
            (json!("{\"a\":1}"), r#"{"a":1,"host":"h"}"#),
            (json!("plain words"), r#"{"message":"plain words","host":"h","a":"beside"}"#),
            (json!("{ no json"), r#"{"message":"{ no json","host":"h","a":"beside"}"#),
            (json!(7), r#"{"message":7,"host":"h","a":"beside"}"#),
            (json!("<34>Oct 11 22:14:15 m su: x"), "<34>Oct 11 22:14:15 m su: x"),
        ] {
            assert_eq!(made(payload.clone()), expected, "{payload}");
        }
    }

    #[test]
    fn times_keep_their_fraction() {
        assert_eq!(from_seconds(1_764_000_000.25).as_deref(), Some("2025-11-24T16:00:00.25Z"));
        for none in [f64::NAN, f64::INFINITY, -1.0, 0.0, 1e300] {
            assert_eq!(from_seconds(none), None);
        }
    }
}

//! Splunk's HTTP Event Collector: JSON objects one after the other, with or without space between
//! them, or raw lines. A body is taken whole or not at all; the answer says which event is at fault.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::record;

/// The most events in one request.
pub const MOST: usize = 50_000;

/// What HEC says, with Splunk's numbers and texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    Success,
    TokenDisabled,
    TokenRequired,
    InvalidToken,
    NoData,
    InvalidFormat,
    ServerError,
    Busy,
    EventRequired,
    EventBlank,
    AckDisabled,
    InvalidFields,
    QueryToken,
    Healthy,
    TooLarge,
}

impl Word {
    /// HTTP status, HEC's code, HEC's text.
    pub const fn told(self) -> (u16, u16, &'static str) {
        match self {
            Word::Success => (200, 0, "Success"),
            Word::TokenDisabled => (403, 1, "Token disabled"),
            Word::TokenRequired => (401, 2, "Token is required"),
            Word::InvalidToken => (403, 4, "Invalid token"),
            Word::NoData => (400, 5, "No data"),
            Word::InvalidFormat => (400, 6, "Invalid data format"),
            Word::ServerError => (500, 8, "Internal server error"),
            Word::Busy => (503, 9, "Server is busy"),
            Word::EventRequired => (400, 12, "Event field is required"),
            Word::EventBlank => (400, 13, "Event field cannot be blank"),
            Word::AckDisabled => (400, 14, "ACK is disabled"),
            Word::InvalidFields => (400, 15, "Error in handling indexed fields"),
            Word::QueryToken => (400, 16, "Query string authorization is not enabled"),
            Word::Healthy => (200, 17, "HEC is healthy"),
            Word::TooLarge => (413, 27, "Request entity too large"),
        }
    }
}

/// What is wrong with a body, and with which event of it (counted from 0).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    pub word: Word,
    pub event: Option<usize>,
}

impl Refusal {
    pub fn body(self) -> Value {
        let (_, code, text) = self.word.told();
        match self.event {
            Some(event) => json!({ "text": text, "code": code, "invalid-event-number": event }),
            None => json!({ "text": text, "code": code }),
        }
    }
}

/// What is said of all events of a request in its address, or of one in its envelope.
#[derive(Debug, Default, Clone, Deserialize, PartialEq)]
pub struct Beside {
    #[serde(default)]
    pub time: Option<Value>,
    #[serde(default)]
    pub host: Option<String>,
    #[serde(default)]
    pub source: Option<String>,
    #[serde(default)]
    pub sourcetype: Option<String>,
    #[serde(default)]
    pub index: Option<String>,
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(flatten)]
    beside: Beside,
    #[serde(default)]
    fields: Option<Value>,
}

/// An event: which stream it belongs to, and its record.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub sourcetype: Option<String>,
    pub record: Bytes,
}

/// Reads `/services/collector/event`. `all` is what the address says of every event.
pub fn events(body: &[u8], all: &Beside) -> Result<Vec<Event>, Refusal> {
    let mut events = Vec::new();
    let mut values = serde_json::Deserializer::from_slice(body).into_iter::<Value>();
    loop {
        let number = events.len();
        let refuse = |word| Refusal { word, event: Some(number) };
        let Some(value) = values.next() else { break };
        let mut members = match value {
            Ok(Value::Object(members)) => members,
            _ => return Err(refuse(Word::InvalidFormat)),
        };
        if number == MOST {
            return Err(refuse(Word::TooLarge));
        }
        let payload = match members.remove("event") {
            None | Some(Value::Null) => return Err(refuse(Word::EventRequired)),
            Some(Value::String(text)) if text.is_empty() => return Err(refuse(Word::EventBlank)),
            Some(payload) => payload,
        };
        let envelope: Envelope =
            serde_json::from_value(Value::Object(members)).map_err(|_| refuse(Word::InvalidFormat))?;
        let fields = match envelope.fields {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(fields)) => fields,
            Some(_) => return Err(refuse(Word::InvalidFields)),
        };
        events.push(event(payload, envelope.beside, fields, all).map_err(refuse)?);
    }
    if events.is_empty() { Err(Refusal { word: Word::NoData, event: None }) } else { Ok(events) }
}

/// Reads `/services/collector/raw`: an event a line.
pub fn raw(body: &[u8], all: &Beside) -> Result<Vec<Event>, Refusal> {
    let mut events = Vec::new();
    for line in body.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.trim_ascii().is_empty() {
            continue;
        }
        if events.len() == MOST {
            return Err(Refusal { word: Word::TooLarge, event: None });
        }
        let payload = Value::String(String::from_utf8_lossy(line).into_owned());
        let made = event(payload, Beside::default(), Map::new(), all);
        events.push(made.map_err(|word| Refusal { word, event: Some(events.len()) })?);
    }
    if events.is_empty() { Err(Refusal { word: Word::NoData, event: None }) } else { Ok(events) }
}

fn event(payload: Value, own: Beside, fields: Map<String, Value>, all: &Beside) -> Result<Event, Word> {
    let time = match own.time.as_ref().or(all.time.as_ref()) {
        None | Some(Value::Null) => None,
        Some(time) => Some(seconds(time).ok_or(Word::InvalidFormat)?),
    };
    let pick = |own: Option<String>, all: &Option<String>| own.or_else(|| all.clone());
    let sourcetype = pick(own.sourcetype, &all.sourcetype);
    let mut beside = Map::new();
    for (name, value) in [
        ("_time", time),
        ("host", pick(own.host, &all.host)),
        ("source", pick(own.source, &all.source)),
        ("sourcetype", sourcetype.clone()),
        ("index", pick(own.index, &all.index)),
    ] {
        if let Some(value) = value {
            beside.insert(name.to_owned(), Value::String(value));
        }
    }
    for (name, value) in fields {
        beside.entry(name).or_insert(value);
    }
    Ok(Event { sourcetype, record: record::make(payload, beside) })
}

/// Epoch seconds as a number or as text, both of which Splunk takes.
fn seconds(time: &Value) -> Option<String> {
    let seconds = match time {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    record::from_seconds(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(body: &str) -> Vec<String> {
        let read = events(body.as_bytes(), &Beside::default()).unwrap();
        read.iter().map(|event| String::from_utf8(event.record.to_vec()).unwrap()).collect()
    }

    #[test]
    fn objects_follow_one_another_with_or_without_space() {
        let body = r#"{"event":"one","time":1764000000.5,"host":"h"}{"event":{"a":1},"fields":{"tier":"x"}}

            {"event":"three","time":"1764000000","sourcetype":"s"}"#;
        assert_eq!(
            records(body),
            [
                r#"{"message":"one","_time":"2025-11-24T16:00:00.5Z","host":"h"}"#,
                r#"{"a":1,"tier":"x"}"#,
                r#"{"message":"three","_time":"2025-11-24T16:00:00Z","sourcetype":"s"}"#,
            ]
        );
    }

    #[test]
    fn the_event_at_fault_is_named() {
        let deep = format!("{{\"event\":{}", "[".repeat(1_000_000));
        for (body, word, event) in [
            ("", Word::NoData, None),
            ("  ", Word::NoData, None),
            (r#"{"event":"a"}{"host":"h"}"#, Word::EventRequired, Some(1)),
            (r#"{"event":""}"#, Word::EventBlank, Some(0)),
            (r#"{"event":"a"}{"event":"b""#, Word::InvalidFormat, Some(1)),
            (r#"{"event":"a"} words"#, Word::InvalidFormat, Some(1)),
            (r#"[{"event":"a"}]"#, Word::InvalidFormat, Some(0)),
            (r#"{"event":"a","time":"yesterday"}"#, Word::InvalidFormat, Some(0)),
            (r#"{"event":"a","fields":[1]}"#, Word::InvalidFields, Some(0)),
            (deep.as_str(), Word::InvalidFormat, Some(0)),
        ] {
            let refusal = events(body.as_bytes(), &Beside::default()).unwrap_err();
            let start: String = body.chars().take(60).collect();
            assert_eq!(refusal, Refusal { word, event }, "{start}");
        }
    }

    #[test]
    fn raw_lines_carry_what_the_address_says() {
        let all = Beside { host: Some("web01".to_owned()), ..Beside::default() };
        let read = raw(b"one\r\n\n<34>two\n", &all).unwrap();
        assert_eq!(&*read[0].record, br#"{"message":"one","host":"web01"}"#);
        assert_eq!(&*read[1].record, b"<34>two");
    }
}

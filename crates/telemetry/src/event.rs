//! The one event model. An [`Event`] keeps the record's original bytes and offers its fields under
//! the names that Sigma rules use. How a format's own names become those names is the format's
//! business; here is only the result.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;

/// The value of a field. Objects do not occur: nesting is flattened into dotted names
/// (`winlog.event_data.Image`), and a list of objects into lists under each dotted name.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(String),
    List(Vec<Value>),
}

impl Value {
    /// The value as a rule sees it when it compares text; `None` for null and lists.
    pub fn as_text(&self) -> Option<Cow<'_, str>> {
        match self {
            Value::Str(text) => Some(Cow::Borrowed(text)),
            Value::Int(number) => Some(Cow::Owned(number.to_string())),
            Value::Float(number) => Some(Cow::Owned(number.to_string())),
            Value::Bool(flag) => Some(Cow::Borrowed(if *flag { "true" } else { "false" })),
            Value::Null | Value::List(_) => None,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Str(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Str(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Value::Int(number)
    }
}

/// Where an event comes from, in the words of a Sigma rule's `logsource` (Sigma specification 2.1,
/// "Log source"). A part that the record does not tell stays `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize)]
pub struct LogSource {
    /// `windows`, `linux`, `zeek`, `aws`, …
    pub product: Option<Cow<'static, str>>,
    /// `process_creation`, `dns_query`, `network_connection`, …
    pub category: Option<Cow<'static, str>>,
    /// `sysmon`, `security`, `auditd`, `cloudtrail`, …
    pub service: Option<Cow<'static, str>>,
}

/// The format a record was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    Evtx,
    /// JSON lines, whatever the shipper: Winlogbeat/ECS, NXLog-flat, raw Sysmon, CloudTrail, plain.
    JsonLines,
    ZeekTsv,
    ZeekJson,
    SuricataEve,
    /// RFC 5424 or RFC 3164.
    Syslog,
}

impl Format {
    pub fn name(self) -> &'static str {
        match self {
            Format::Evtx => "evtx",
            Format::JsonLines => "json-lines",
            Format::ZeekTsv => "zeek-tsv",
            Format::ZeekJson => "zeek-json",
            Format::SuricataEve => "suricata-eve",
            Format::Syslog => "syslog",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One record of telemetry.
#[derive(Debug, Clone)]
pub struct Event {
    /// The record as it stood in its source, byte for byte.
    pub raw: Bytes,
    pub format: Format,
    /// When it happened by the record's own word; `None` if it does not say.
    pub time: Option<Timestamp>,
    /// The host that it speaks of, as written.
    pub host: Option<String>,
    pub source: LogSource,
    /// Flat, in the record's order, then aliases. A name occurs once.
    fields: Vec<(String, Value)>,
}

impl Event {
    pub fn new(raw: Bytes, format: Format) -> Self {
        Event { raw, format, time: None, host: None, source: LogSource::default(), fields: Vec::new() }
    }

    /// Sets a field; the first value of a name stays.
    pub fn set(&mut self, name: impl Into<String>, value: Value) {
        let name = name.into();
        if self.get(&name).is_none() {
            self.fields.push((name, value));
        }
    }

    pub fn get(&self, name: &str) -> Option<&Value> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The field as text, where it is text or a number.
    pub fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.get(name).and_then(Value::as_text)
    }

    /// All fields, in the record's order.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value))
    }
}

//! OTLP logs (opentelemetry-proto 1.x, `ExportLogsServiceRequest`), as protobuf and as JSON. Each log
//! record becomes a JSON record: its body, then its attributes, then what scope and resource say.
//! Only the fields that are read have a member here; protobuf skips the others.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use jiff::Timestamp;
use prost::Message;
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::{Map, Value};

use super::record;

/// The most log records in one request.
pub const MOST: usize = 50_000;
/// Bodies nested deeper are refused. prost itself ends at 100 messages within each other.
const DEEPEST: usize = 40;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the body is no ExportLogsServiceRequest: {0}")]
    Unreadable(String),
    #[error("a request may bring {MOST} log records at the most: send fewer at once")]
    TooMany,
}

/// A log record and the service that wrote it.
#[derive(Debug, Clone, PartialEq)]
pub struct Log {
    pub service: Option<String>,
    pub record: Bytes,
}

#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Request {
    #[prost(message, repeated, tag = "1")]
    resource_logs: Vec<ResourceLogs>,
}
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ResourceLogs {
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    scope_logs: Vec<ScopeLogs>,
}
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Resource {
    #[prost(message, repeated, tag = "1")]
    attributes: Vec<KeyValue>,
}
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ScopeLogs {
    #[prost(message, optional, tag = "1")]
    scope: Option<Scope>,
    #[prost(message, repeated, tag = "2")]
    log_records: Vec<LogRecord>,
}
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Scope {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    version: String,
    #[prost(message, repeated, tag = "3")]
    attributes: Vec<KeyValue>,
}
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct LogRecord {
    #[prost(fixed64, tag = "1")]
    #[serde(deserialize_with = "number")]
    time_unix_nano: u64,
    #[prost(fixed64, tag = "11")]
    #[serde(deserialize_with = "number")]
    observed_time_unix_nano: u64,
    #[prost(int32, tag = "2")]
    severity_number: i32,
    #[prost(string, tag = "3")]
    severity_text: String,
    #[prost(message, optional, tag = "5")]
    body: Option<AnyValue>,
    #[prost(message, repeated, tag = "6")]
    attributes: Vec<KeyValue>,
    #[prost(bytes = "vec", tag = "9")]
    #[serde(deserialize_with = "from_hex")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "10")]
    #[serde(deserialize_with = "from_hex")]
    span_id: Vec<u8>,
    #[prost(string, tag = "12")]
    event_name: String,
}
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct KeyValue {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(message, optional, tag = "2")]
    value: Option<AnyValue>,
}
#[derive(Clone, PartialEq, Message)]
struct AnyValue {
    #[prost(oneof = "Any", tags = "1, 2, 3, 4, 5, 6, 7")]
    value: Option<Any>,
}
#[derive(Clone, PartialEq, prost::Oneof)]
enum Any {
    #[prost(string, tag = "1")]
    Text(String),
    #[prost(bool, tag = "2")]
    Bool(bool),
    #[prost(int64, tag = "3")]
    Int(i64),
    #[prost(double, tag = "4")]
    Double(f64),
    #[prost(message, tag = "5")]
    Array(ArrayValue),
    #[prost(message, tag = "6")]
    Members(KeyValueList),
    #[prost(bytes, tag = "7")]
    Bytes(Vec<u8>),
}
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ArrayValue {
    #[prost(message, repeated, tag = "1")]
    values: Vec<AnyValue>,
}
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct KeyValueList {
    #[prost(message, repeated, tag = "1")]
    values: Vec<KeyValue>,
}

/// What OTLP answers with an error: `google.rpc.Status`.
#[derive(Clone, PartialEq, Message)]
pub struct Status {
    #[prost(int32, tag = "1")]
    pub code: i32,
    #[prost(string, tag = "2")]
    pub message: String,
}

#[derive(Clone, PartialEq, Message)]
struct Response {
    #[prost(message, optional, tag = "1")]
    partial_success: Option<PartialSuccess>,
}
#[derive(Clone, PartialEq, Message)]
struct PartialSuccess {
    #[prost(int64, tag = "1")]
    rejected_log_records: i64,
    #[prost(string, tag = "2")]
    error_message: String,
}

/// The answer to a request of which so many records were refused, as protobuf.
pub fn response(refused: i64, why: String) -> Vec<u8> {
    let partial = PartialSuccess { rejected_log_records: refused, error_message: why };
    Response { partial_success: (refused > 0).then_some(partial) }.encode_to_vec()
}

/// A 64-bit number, which JSON carries as text (proto3's JSON mapping) or as a number.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number<T> {
    Bare(T),
    Text(String),
}

impl<T: std::str::FromStr> Number<T> {
    fn read(self) -> Option<T> {
        match self {
            Number::Bare(number) => Some(number),
            Number::Text(text) => text.parse().ok(),
        }
    }
}

fn number<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    Number::deserialize(from)?.read().ok_or_else(|| D::Error::custom("a time is nanoseconds since 1970"))
}

fn from_hex<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
    hex::decode(String::deserialize(from)?).map_err(|_| D::Error::custom("ids are in hex"))
}

/// A value as JSON says it: an object with the one member that names its kind.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct JsonValue {
    string_value: Option<String>,
    bool_value: Option<bool>,
    int_value: Option<Number<i64>>,
    double_value: Option<f64>,
    array_value: Option<ArrayValue>,
    kvlist_value: Option<KeyValueList>,
    bytes_value: Option<String>,
}

impl<'de> Deserialize<'de> for AnyValue {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let said = JsonValue::deserialize(from)?;
        let mut value = said.string_value.map(Any::Text);
        value = value.or(said.bool_value.map(Any::Bool)).or(said.double_value.map(Any::Double));
        value = value.or(said.array_value.map(Any::Array)).or(said.kvlist_value.map(Any::Members));
        if let Some(number) = said.int_value {
            value = Some(Any::Int(number.read().ok_or_else(|| D::Error::custom("intValue is no number"))?));
        }
        if let Some(text) = said.bytes_value {
            let bytes = BASE64.decode(text).map_err(|_| D::Error::custom("bytesValue is not base64"))?;
            value = Some(Any::Bytes(bytes));
        }
        Ok(AnyValue { value })
    }
}

/// Reads a protobuf body.
pub fn from_protobuf(body: &[u8]) -> Result<Vec<Log>, Refusal> {
    logs(Request::decode(body).map_err(|error| Refusal::Unreadable(error.to_string()))?)
}

/// Reads a JSON body (OTLP's own mapping: names in lower camel case, ids in hex, 64-bit numbers as
/// text or as numbers).
pub fn from_json(body: &[u8]) -> Result<Vec<Log>, Refusal> {
    logs(serde_json::from_slice(body).map_err(|error| Refusal::Unreadable(error.to_string()))?)
}

fn logs(request: Request) -> Result<Vec<Log>, Refusal> {
    let mut logs = Vec::new();
    for of_resource in request.resource_logs {
        let mut resource = Map::new();
        attributes(&mut resource, of_resource.resource.unwrap_or_default().attributes)?;
        let service = resource.get("service.name").and_then(Value::as_str).map(str::to_owned);
        for of_scope in of_resource.scope_logs {
            let mut around = Map::new();
            if let Some(scope) = of_scope.scope {
                put(&mut around, "scope.name", scope.name);
                put(&mut around, "scope.version", scope.version);
                attributes(&mut around, scope.attributes)?;
            }
            for log in of_scope.log_records {
                if logs.len() == MOST {
                    return Err(Refusal::TooMany);
                }
                let record = one(log, &around, &resource)?;
                logs.push(Log { service: service.clone(), record });
            }
        }
    }
    Ok(logs)
}

fn one(log: LogRecord, scope: &Map<String, Value>, resource: &Map<String, Value>) -> Result<Bytes, Refusal> {
    let mut beside = Map::new();
    let time = if log.time_unix_nano > 0 { log.time_unix_nano } else { log.observed_time_unix_nano };
    if let Some(time) = Timestamp::from_nanosecond(i128::from(time)).ok().filter(|_| time > 0) {
        put(&mut beside, "@timestamp", time.to_string());
    }
    put(&mut beside, "severity_text", log.severity_text);
    if log.severity_number != 0 {
        beside.insert("severity_number".to_owned(), log.severity_number.into());
    }
    put(&mut beside, "event.name", log.event_name);
    put(&mut beside, "trace.id", hex::encode(log.trace_id));
    put(&mut beside, "span.id", hex::encode(log.span_id));
    attributes(&mut beside, log.attributes)?;
    for (name, value) in scope.iter().chain(resource) {
        beside.entry(name.clone()).or_insert_with(|| value.clone());
    }
    let payload = log.body.map_or(Ok(Value::Null), |body| value(body, 0))?;
    Ok(match payload {
        Value::Null => record::make(Value::Object(beside), Map::new()),
        payload => record::make(payload, beside),
    })
}

fn put(into: &mut Map<String, Value>, name: &str, text: String) {
    if !text.is_empty() {
        into.insert(name.to_owned(), Value::String(text));
    }
}

fn attributes(into: &mut Map<String, Value>, list: Vec<KeyValue>) -> Result<(), Refusal> {
    for KeyValue { key, value: of } in list {
        let value = of.map_or(Ok(Value::Null), |of| value(of, 0))?;
        record::spread(into, &key, value, 0);
    }
    Ok(())
}

fn value(of: AnyValue, depth: usize) -> Result<Value, Refusal> {
    if depth > DEEPEST {
        return Err(Refusal::Unreadable(format!("a value is nested deeper than {DEEPEST} levels")));
    }
    Ok(match of.value {
        None => Value::Null,
        Some(Any::Text(text)) => Value::String(text),
        Some(Any::Bool(yes)) => Value::Bool(yes),
        Some(Any::Int(number)) => number.into(),
        Some(Any::Double(number)) => number.into(),
        Some(Any::Bytes(bytes)) => Value::String(hex::encode(bytes)),
        Some(Any::Array(list)) => {
            list.values.into_iter().map(|of| value(of, depth + 1)).collect::<Result<Value, _>>()?
        }
        Some(Any::Members(list)) => {
            let mut members = Map::new();
            for KeyValue { key, value: of } in list.values {
                let of = of.map_or(Ok(Value::Null), |of| value(of, depth + 1))?;
                members.insert(key, of);
            }
            Value::Object(members)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Option<AnyValue> {
        Some(AnyValue { value: Some(Any::Text(text.to_owned())) })
    }

    fn sample() -> Request {
        let attribute = |key: &str, value: &str| KeyValue { key: key.to_owned(), value: text(value) };
        let log = LogRecord {
            time_unix_nano: 1_764_000_000_250_000_000,
            severity_text: "WARN".to_owned(),
            severity_number: 13,
            body: text("failed login"),
            attributes: vec![attribute("user.name", "ada")],
            trace_id: vec![0xab; 16],
            ..LogRecord::default()
        };
        Request {
            resource_logs: vec![ResourceLogs {
                resource: Some(Resource { attributes: vec![attribute("service.name", "shop")] }),
                scope_logs: vec![ScopeLogs { scope: None, log_records: vec![log] }],
            }],
        }
    }

    const EXPECTED: &str = concat!(
        r#"{"message":"failed login","@timestamp":"2025-11-24T16:00:00.25Z","severity_text":"WARN","#,
        r#""severity_number":13,"trace.id":"abababababababababababababababab","user.name":"ada","#,
        r#""service.name":"shop"}"#
    );

    #[test]
    fn protobuf_and_json_give_the_same_record() {
        let json = r#"{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":
            {"stringValue":"shop"}}]},"scopeLogs":[{"logRecords":[{"timeUnixNano":"1764000000250000000",
            "severityNumber":13,"severityText":"WARN","body":{"stringValue":"failed login"},"attributes":
            [{"key":"user.name","value":{"stringValue":"ada"}}],
            "traceId":"abababababababababababababababab"}]}]}]}"#;
        for read in [from_protobuf(&sample().encode_to_vec()), from_json(json.as_bytes())] {
            let [log] = read.unwrap().try_into().unwrap();
            assert_eq!(log.service.as_deref(), Some("shop"));
            assert_eq!(std::str::from_utf8(&log.record).unwrap(), EXPECTED);
        }
    }

    #[test]
    fn nested_bodies_are_the_record() {
        let json = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"kvlistValue":{"values":[
            {"key":"EventID","value":{"intValue":"1"}},{"key":"list","value":{"arrayValue":{"values":
            [{"boolValue":true},{"doubleValue":0.5},{"bytesValue":"AQI="}]}}}]}}}]}]}]}"#;
        let logs = from_json(json.as_bytes()).unwrap();
        assert_eq!(&*logs[0].record, br#"{"EventID":1,"list":[true,0.5,"0102"]}"#);
    }

    #[test]
    fn hostile_bodies_are_refused() {
        let mut half = sample().encode_to_vec();
        half.truncate(half.len() - 3);
        assert!(from_protobuf(&half).is_err());
        // A length that promises 2^60 bytes, and groups without end.
        assert!(from_protobuf(&[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]).is_err());
        assert!(from_protobuf(&[0x0b; 1000]).is_err());
        let mut nested = AnyValue { value: Some(Any::Bool(true)) };
        for _ in 0..60 {
            nested = AnyValue { value: Some(Any::Array(ArrayValue { values: vec![nested] })) };
        }
        let mut deep = sample();
        deep.resource_logs[0].scope_logs[0].log_records[0].body = Some(nested);
        assert!(from_protobuf(&deep.encode_to_vec()).is_err());
        let deep = format!(r#"{{"resourceLogs":{}"#, "[".repeat(1_000_000));
        for body in ["", "[]x", r#"{"resourceLogs":7}"#, "{", &deep] {
            assert!(from_json(body.as_bytes()).is_err());
        }
        assert_eq!(from_protobuf(b"").unwrap(), []);
    }

    #[test]
    fn too_many_are_refused() {
        let mut many = sample();
        let logs = &mut many.resource_logs[0].scope_logs[0].log_records;
        *logs = vec![LogRecord::default(); MOST + 1];
        assert_eq!(from_protobuf(&many.encode_to_vec()), Err(Refusal::TooMany));
    }
}

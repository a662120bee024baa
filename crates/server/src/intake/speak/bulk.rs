//! Elasticsearch's bulk body: pairs of lines, an action and its document. Each document is judged for
//! itself; only a body whose pairs cannot be told apart is refused whole. What is answered stands
//! beside it, in the shape that clients read item by item.

use bytes::Bytes;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

/// The most documents in one request.
pub const MOST: usize = 50_000;
/// Elasticsearch's own limit of an index's name, in bytes.
const LONGEST_INDEX: usize = 255;
/// Elasticsearch's own limit of an `_id`, in bytes.
const LONGEST_ID: usize = 512;

/// Why a body is refused whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("request body is required")]
    Empty,
    #[error("The bulk request must be terminated by a newline [\\n]")]
    HalfWritten,
    #[error("Malformed action/metadata line [{line}], {reason}")]
    Action { line: usize, reason: String },
    #[error("line [{0}] names an action, and no document follows it")]
    NoDocument(usize),
    #[error("a request may bring {MOST} documents at the most: send fewer at once")]
    TooMany,
}

/// Why one item is refused: Elasticsearch's names for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub kind: &'static str,
    pub reason: String,
}

/// One action of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub verb: Verb,
    pub index: String,
    pub id: Option<String>,
    /// The line as it came. Also there for a document that cannot be read: it goes to the quarantine.
    pub document: Option<Bytes>,
    pub fault: Option<Fault>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Create,
    Index,
    Update,
    Delete,
}

impl Verb {
    pub const fn as_str(self) -> &'static str {
        match self {
            Verb::Create => "create",
            Verb::Index => "index",
            Verb::Update => "update",
            Verb::Delete => "delete",
        }
    }
}

#[derive(Deserialize)]
struct Action {
    create: Option<Meta>,
    index: Option<Meta>,
    update: Option<Meta>,
    delete: Option<Meta>,
}

#[derive(Deserialize)]
struct Meta {
    _index: Option<String>,
    _id: Option<Value>,
}

/// Tells the items of a body apart. `default` is the index named in the address.
pub fn parse(body: &Bytes, default: Option<&str>) -> Result<Vec<Item>, Refusal> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(Refusal::Empty);
    }
    if body.last() != Some(&b'\n') {
        return Err(Refusal::HalfWritten);
    }
    let mut items = Vec::new();
    let mut lines = lines(body).zip(1..);
    while let Some((line, number)) = lines.next() {
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        if items.len() == MOST {
            return Err(Refusal::TooMany);
        }
        let (verb, meta) = action(&line, number)?;
        let document = match verb {
            Verb::Delete => None,
            _ => Some(lines.next().ok_or(Refusal::NoDocument(number))?.0),
        };
        items.push(item(verb, meta, document, default));
    }
    Ok(items)
}

/// A request that is one document.
pub fn one(index: &str, document: &Bytes) -> Item {
    let meta = Meta { _index: Some(index.to_owned()), _id: None };
    item(Verb::Index, meta, Some(one_line(document)), None)
}

/// A document that came pretty-printed, in one line: a record is a line from here on.
pub fn one_line(document: &Bytes) -> Bytes {
    if !document.contains(&b'\n') {
        return document.clone();
    }
    // Inside a JSON string no line can end, so outside it is space.
    let flat: Vec<u8> =
        document.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }).collect();
    flat.into()
}

fn lines(body: &Bytes) -> impl Iterator<Item = Bytes> {
    body.split_inclusive(|byte| *byte == b'\n').map(|line| {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        body.slice_ref(line.strip_suffix(b"\r").unwrap_or(line))
    })
}

fn action(line: &[u8], number: usize) -> Result<(Verb, Meta), Refusal> {
    let fail = |reason: String| Refusal::Action { line: number, reason };
    let action: Action = serde_json::from_slice(line).map_err(|error| fail(error.to_string()))?;
    let mut named = [
        (Verb::Create, action.create),
        (Verb::Index, action.index),
        (Verb::Update, action.update),
        (Verb::Delete, action.delete),
    ]
    .into_iter()
    .filter_map(|(verb, meta)| Some((verb, meta?)));
    match (named.next(), named.next()) {
        (Some(one), None) => Ok(one),
        _ => Err(fail("expected one of [create, index, update, delete]".to_owned())),
    }
}

fn item(verb: Verb, meta: Meta, document: Option<Bytes>, default: Option<&str>) -> Item {
    let id = meta._id.map(|id| match id {
        Value::String(text) => text,
        other => other.to_string(),
    });
    let index = meta._index.or_else(|| default.map(str::to_owned)).unwrap_or_default();
    let fault = if index.is_empty() {
        fault("action_request_validation_exception", "Validation Failed: 1: index is missing;")
    } else if !is_index_name(&index) {
        fault(
            "invalid_index_name_exception",
            "Invalid index name: lower-case letters, digits, - _ and . only",
        )
    } else if id.as_ref().is_some_and(|id| id.len() > LONGEST_ID) {
        fault("action_request_validation_exception", "Validation Failed: 1: id is too long;")
    } else if matches!(verb, Verb::Update | Verb::Delete) {
        fault(
            "illegal_argument_exception",
            "Watchbell keeps what was recorded as it was recorded: only [create] and [index] are taken",
        )
    } else {
        document.as_deref().and_then(check)
    };
    let keep = matches!(verb, Verb::Create | Verb::Index) && is_index_name(&index);
    let index = if is_index_name(&index) { index } else { String::new() };
    let id = id.filter(|id| id.len() <= LONGEST_ID);
    Item { verb, index, id, document: document.filter(|_| keep), fault }
}

/// What is wrong with a document, if anything.
fn check(document: &[u8]) -> Option<Fault> {
    if !document.trim_ascii_start().starts_with(b"{") {
        return fault("document_parsing_exception", "a document is a JSON object");
    }
    serde_json::from_slice::<IgnoredAny>(document)
        .err()
        .and_then(|error| fault("document_parsing_exception", &format!("failed to parse: {error}")))
}

fn fault(kind: &'static str, reason: &str) -> Option<Fault> {
    Some(Fault { kind, reason: reason.to_owned() })
}

fn is_index_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= LONGEST_INDEX
        && !name.starts_with(['-', '_', '+'])
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.+@#".contains(&b))
}

/// The source that an index stands for: daily and monthly indexes are one.
pub fn source_of(index: &str) -> &str {
    let mut name = index;
    // filebeat-8.15.0-2026.11.24-000001, logs-2026.11.24, app-2026-11
    while let Some((rest, last)) = name.rsplit_once('-') {
        let is_date = last.len() >= 2 && last.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let is_version = last.contains('.') && last.split('.').next().is_some_and(|part| part.len() < 4);
        if !is_date || is_version || rest.is_empty() {
            break;
        }
        name = rest;
    }
    name
}

/// The answer for one item: taken (`id` is what it is called from now on) or refused.
pub fn answer(item: &Item, id: &str) -> Value {
    let id = item.id.as_deref().unwrap_or(id);
    let told = match &item.fault {
        None => json!({
            "_index": item.index, "_id": id, "_version": 1, "result": "created",
            "_shards": { "total": 1, "successful": 1, "failed": 0 },
            "_seq_no": 0, "_primary_term": 1, "status": 201,
        }),
        Some(fault) => json!({
            "_index": item.index, "_id": item.id, "status": 400,
            "error": { "type": fault.kind, "reason": fault.reason },
        }),
    };
    json!({ item.verb.as_str(): told })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: impl Into<Bytes>) -> Result<Vec<Item>, Refusal> {
        parse(&body.into(), Some("logs"))
    }

    #[test]
    fn pairs_are_told_apart_and_documents_stay_as_they_came() {
        let items = read(concat!(
            "{\"create\":{}}\n{\"a\": 1 }\n",
            "\n",
            "{\"index\":{\"_index\":\"other\",\"_id\":7,\"pipeline\":\"x\"}}\r\n{\"b\":2}\r\n",
        ))
        .unwrap();
        let told: Vec<_> = items
            .iter()
            .map(|item| (item.verb, item.index.as_str(), item.id.as_deref(), item.document.as_deref()))
            .collect();
        assert_eq!(
            told,
            [
                (Verb::Create, "logs", None, Some(b"{\"a\": 1 }".as_slice())),
                (Verb::Index, "other", Some("7"), Some(b"{\"b\":2}".as_slice())),
            ]
        );
        assert!(items.iter().all(|item| item.fault.is_none()));
    }

    #[test]
    fn a_bad_item_leaves_its_neighbours_alone() {
        let items = read(concat!(
            "{\"create\":{}}\n{\"a\":1}\n",
            "{\"create\":{}}\n{\"a\":\n",
            "{\"create\":{}}\n[1]\n",
            "{\"delete\":{\"_id\":\"1\"}}\n",
            "{\"update\":{\"_id\":\"1\"}}\n{\"doc\":{}}\n",
            "{\"create\":{\"_index\":\"../../etc\"}}\n{\"a\":1}\n",
            "{\"create\":{}}\n{\"a\":2}\n",
        ))
        .unwrap();
        let kinds: Vec<_> = items.iter().map(|item| item.fault.as_ref().map(|fault| fault.kind)).collect();
        assert_eq!(
            kinds,
            [
                None,
                Some("document_parsing_exception"),
                Some("document_parsing_exception"),
                Some("illegal_argument_exception"),
                Some("illegal_argument_exception"),
                Some("invalid_index_name_exception"),
                None
            ]
        );
        let kept: Vec<_> = items.iter().map(|item| item.document.is_some()).collect();
        assert_eq!(kept, [true, true, true, false, false, false, true]);
        assert_eq!(answer(&items[0], "EVT-1")["create"]["status"], 201);
        let told = answer(&items[1], "EVT-2");
        assert_eq!(told["create"]["status"], 400);
        assert_eq!(told["create"]["error"]["type"], "document_parsing_exception");
    }

    #[test]
    fn what_cannot_be_told_apart_is_refused_whole() {
        let deep = format!("{{\"index\":{}{}}}\n{{}}\n", "[".repeat(100_000), "]".repeat(100_000));
        for (body, expected) in [
            ("", "Empty"),
            ("\n \n", "Empty"),
            ("{\"create\":{}}\n{\"a\":1}", "HalfWritten"),
            ("{\"create\":{}}\n", "NoDocument"),
            ("{\"a\":1}\n{\"a\":1}\n", "Action"),
            ("{\"create\":{},\"index\":{}}\n{}\n", "Action"),
            ("[]\n{}\n", "Action"),
            ("{\"create\":{}\n{}\n", "Action"),
            (&deep, "Action"),
        ] {
            let refusal = read(body.to_owned()).unwrap_err();
            let start: String = body.chars().take(40).collect();
            assert!(format!("{refusal:?}").starts_with(expected), "{start:?}: {refusal:?}");
        }
        let many = "{\"create\":{}}\n{}\n".repeat(MOST + 1);
        assert_eq!(read(many), Err(Refusal::TooMany));
    }

    #[test]
    fn a_deep_document_is_an_item_of_its_own() {
        let deep =
            format!("{{\"create\":{{}}}}\n{{\"a\":{}\n{{\"create\":{{}}}}\n{{}}\n", "[".repeat(1_000_000));
        let items = read(deep).unwrap();
        assert!(items[0].fault.is_some() && items[1].fault.is_none());
    }

    #[test]
    fn no_index_is_an_item_error() {
        let items = parse(&Bytes::from_static(b"{\"create\":{}}\n{}\n"), None).unwrap();
        assert_eq!(items[0].fault.as_ref().unwrap().kind, "action_request_validation_exception");
    }

    #[test]
    fn daily_indexes_are_one_source() {
        for (index, source) in [
            ("logs", "logs"),
            ("logs-2026.11.24", "logs"),
            ("app-2026-11-24", "app"),
            ("filebeat-8.15.0-2026.11.24-000001", "filebeat-8.15.0"),
            ("winlogbeat-9.1.0", "winlogbeat-9.1.0"),
            ("logs-endpoint-default", "logs-endpoint-default"),
            ("2026.11.24", "2026.11.24"),
        ] {
            assert_eq!(source_of(index), source);
        }
    }
}

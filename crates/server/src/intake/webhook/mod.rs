//! The generic webhook: any JSON, and what it means as somebody wrote it on the source's page. A body is one
//! record, an array of them, one a line, or holds them at a place that the mapping names. What does not fit
//! the mapping goes to the quarantine, from where it is replayed once the mapping is mended.

pub mod api;
pub mod page;
mod report;
mod trial;

use std::sync::Arc;

use bytes::Bytes;
use domain::SourceId;
use jiff::Timestamp;
use serde_json::Value;
use telemetry::{Event, Format, Mappings, Options, Records};

use super::batch::MOST_RECORDS;
use crate::alert::Outside;
use crate::source::Source;

/// A record of a body, and what became of it.
pub struct Read {
    /// Where it stands in the body.
    pub place: String,
    pub raw: Bytes,
    /// The event, and the alert that it reports; or why it does not fit.
    pub outcome: Result<Told, String>,
}

pub struct Told {
    pub event: Event,
    /// Without the number of its event, which is not known yet.
    pub reported: Option<Outside>,
}

/// Reads a body by the mapping of its source. `None`: it holds more records than a batch may.
pub fn read(source: &Source, body: &Bytes, mappings: &Arc<Mappings>, now: Timestamp) -> Option<Vec<Read>> {
    let options = Options::new(now).with_format(Format::JsonLines).with_mappings(Arc::clone(mappings));
    let found = match mappings.of_source().and_then(telemetry::Mapping::records) {
        Some(path) => at_path(source, body, path, &options),
        None => whole(source, body, &options),
    };
    if found.len() > MOST_RECORDS {
        return None;
    }
    let judged = |(place, raw, event): (String, Bytes, Result<Event, String>)| {
        let outcome = event.and_then(|event| told(source.id, source.title(), mappings, event, now));
        Read { place, raw, outcome }
    };
    Some(found.into_iter().map(judged).collect())
}

fn told(
    id: SourceId,
    title: &str,
    mappings: &Mappings,
    event: Event,
    now: Timestamp,
) -> Result<Told, String> {
    let reported = match mappings.of_source().and_then(|mapping| mapping.report(&event)) {
        None => None,
        Some(reported) => Some(report::outside(id, title, &event, reported?, now)?),
    };
    Ok(Told { event, reported })
}

type Found = Vec<(String, Bytes, Result<Event, String>)>;

/// The body is a record, an array, or has one a line; each keeps its bytes.
fn whole(source: &Source, body: &Bytes, options: &Options) -> Found {
    let reader = match telemetry::from_bytes(&source.name, body.clone(), options) {
        Ok(reader) => reader,
        Err(error) => return vec![("the whole body".to_owned(), body.clone(), Err(error.to_string()))],
    };
    let mut found = Found::new();
    for (number, record) in reader.take(MOST_RECORDS + 1).enumerate() {
        let place = format!("record {}", number + 1);
        found.push(match record {
            Ok(event) => (place, event.raw.clone(), Ok(event)),
            Err(refusal) => {
                let raw = if refusal.raw.is_empty() { body.clone() } else { refusal.raw };
                (place, raw, Err(refusal.cause.to_string()))
            }
        });
    }
    if found.is_empty() {
        found.push(("the whole body".to_owned(), body.clone(), Err("it holds no record".to_owned())));
    }
    found
}

/// The records stand at a place in the body, or in each of several documents.
fn at_path(source: &Source, body: &Bytes, path: &str, options: &Options) -> Found {
    let whole = |cause: String| vec![("the whole body".to_owned(), body.clone(), Err(cause))];
    let Some(mut records) = Records::new(&source.name, Format::JsonLines, options) else {
        return whole("its records cannot be read one by one".to_owned());
    };
    let mut found = Found::new();
    for document in serde_json::Deserializer::from_slice(body).into_iter::<Value>() {
        let document = match document {
            Ok(document) => document,
            Err(error) => {
                found.extend(whole(format!("not valid JSON: {error}")));
                return found;
            }
        };
        let items: Vec<&Value> = match pick(&document, path) {
            Some(Value::Array(items)) => items.iter().collect(),
            Some(one) => vec![one],
            None => {
                found.extend(whole(format!(
                    "there is nothing at {path}, where the mapping says the records are"
                )));
                continue;
            }
        };
        for item in items.into_iter().take(MOST_RECORDS + 1) {
            let place = format!("record {}", found.len() + 1);
            let raw = Bytes::from(item.to_string());
            let event = match records.read(&raw) {
                Some(outcome) => outcome.map_err(|cause| cause.to_string()),
                None => Err("it is empty".to_owned()),
            };
            found.push((place, raw, event));
        }
    }
    if found.is_empty() {
        return whole("it holds no record".to_owned());
    }
    found
}

fn pick<'v>(document: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(document, |value, part| value.get(part)).filter(|value| !value.is_null())
}

/// As [`read`], of what is held: a body as it came, or one record out of it.
pub fn read_held(
    source: &Source,
    raw: &Bytes,
    mappings: &Arc<Mappings>,
    now: Timestamp,
) -> Option<Vec<Told>> {
    let all = |read: Vec<Read>| read.into_iter().map(|one| one.outcome.ok()).collect::<Option<Vec<_>>>();
    if let Some(told) = read(source, raw, mappings, now).and_then(all) {
        return Some(told);
    }
    mappings.of_source()?.records()?;
    let options = Options::new(now).with_format(Format::JsonLines).with_mappings(Arc::clone(mappings));
    let alone = Records::new(&source.name, Format::JsonLines, &options)?.read(raw)?.ok()?;
    told(source.id, source.title(), mappings, alone, now).ok().map(|told| vec![told])
}

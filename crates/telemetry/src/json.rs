//! JSON records: tells which shipper wrote one and hands it to the module that knows that
//! shipper's names. How records are found in a text stands in `lines` and `documents`.

use std::sync::Arc;

use bytes::Bytes;

use crate::error::Cause;
use crate::flatten::flatten;
use crate::layout::Layouts;
use crate::windows::{self, Tree};
use crate::{Event, Format, Mappings, suricata, time, zeek};

/// What is known of a source before its records are read.
pub(crate) struct Context {
    format: Format,
    zeek_path: Option<&'static str>,
    mappings: Arc<Mappings>,
    layouts: Layouts,
}

impl Context {
    pub(crate) fn new(name: &str, format: Format, mappings: &Arc<Mappings>) -> Self {
        Context {
            format,
            zeek_path: zeek::path_of_name(name),
            mappings: Arc::clone(mappings),
            layouts: Layouts::default(),
        }
    }

    /// Reads one record.
    pub(crate) fn event(&mut self, bytes: &[u8]) -> Result<Event, Cause> {
        if !bytes.trim_ascii_start().starts_with(b"{") && is_complete(bytes) {
            return Err(Cause::NotAnObject);
        }
        let mut event = Event::new(Bytes::copy_from_slice(bytes), self.format);
        self.layouts.flatten(bytes, &mut event)?;
        if self.mappings.of_source().is_some() {
            return own(event, &self.mappings);
        }
        // Shippers mix sources in one file: the record's own marks come before the file's.
        event.format = wire_format(&event).unwrap_or(self.format);
        match event.format {
            Format::ZeekJson => zeek::finish(&mut event, self.zeek_path, &self.mappings),
            Format::SuricataEve => suricata::finish(&mut event, &self.mappings),
            _ => finish(&mut event, &self.mappings),
        }
        Ok(event)
    }
}

/// Whether the bytes are exactly one JSON value.
pub(crate) fn is_complete(bytes: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok()
}

/// Zeek, Suricata or another, by marks of the record itself; `None` if it has none.
pub(crate) fn format_of(event: &Event) -> Option<Format> {
    wire_format(event).or_else(|| {
        let known = is_windows_tree(event)
            || is_windows_flat(event)
            || Mappings::shipped().recognise(event).is_some();
        known.then_some(Format::JsonLines)
    })
}

/// The two that are formats of their own.
fn wire_format(event: &Event) -> Option<Format> {
    if suricata::is_eve(event) {
        Some(Format::SuricataEve)
    } else if zeek::is_record(event) {
        Some(Format::ZeekJson)
    } else {
        None
    }
}

fn is_windows_tree(event: &Event) -> bool {
    event.get("Event.System.EventID").is_some()
        || event.get("Event.System.EventID.#text").is_some()
        || event.get("System.EventID").is_some()
        || event.get("System.EventID.#text").is_some()
}

fn is_windows_flat(event: &Event) -> bool {
    event.get("EventID").is_some()
        && ["Channel", "Provider_Name", "ProviderName", "Provider"]
            .iter()
            .any(|name| event.get(name).is_some())
}

/// Whoever gives a source a mapping of its own knows better than its marks what a record is.
fn own(mut event: Event, mappings: &Mappings) -> Result<Event, Cause> {
    event.format = Format::JsonLines;
    if !mappings.apply(&mut event) {
        return Err(Cause::Unmapped);
    }
    told_elsewhere(&mut event);
    Ok(event)
}

fn finish(event: &mut Event, mappings: &Mappings) {
    if is_windows_tree(event) {
        let fields = event.take_fields();
        let mut tree = Tree(event);
        for (path, value) in fields {
            crate::flatten::Sink::leaf(&mut tree, path.as_str(), value);
        }
        windows::finish(event);
    } else if !mappings.apply(event) && is_windows_flat(event) {
        windows_flat(event);
    }
    told_elsewhere(event);
}

/// Time and host by the names that many give them, where nothing else told them.
fn told_elsewhere(event: &mut Event) {
    if event.time.is_none() {
        event.time = TIMES.iter().find_map(|name| event.get(name).and_then(time::value));
    }
    if event.host.is_none() {
        event.host = HOSTS
            .iter()
            .find_map(|name| event.text(name))
            .filter(|host| !host.is_empty())
            .map(std::borrow::Cow::into_owned);
    }
}

/// Where a record says when it happened, the surest first.
const TIMES: &[&str] = &[
    "@timestamp",
    "eventTime",
    "timestamp",
    "Timestamp",
    "time",
    "_time",
    "ts",
    "TimeGenerated",
    "datetime",
    "date",
    "created_at",
    "createdAt",
    "published",
    "CreationTime",
    "requestReceivedTimestamp",
    "event.created",
];

/// Where a record says which host it speaks of.
const HOSTS: &[&str] = &[
    "host.name",
    "host.hostname",
    "Computer",
    "Hostname",
    "hostname",
    "computer_name",
    "agent.hostname",
    "beat.hostname",
    "host",
    "node_id",
];

/// Sentinel and others that write Windows events flat.
fn windows_flat(event: &mut Event) {
    // Sentinel keeps the event's data as JSON text in one column.
    if let Some(data) = event.text("EventData").filter(|data| data.starts_with('{')) {
        let mut inner = Event::new(Bytes::new(), event.format);
        if flatten(data.into_owned().as_bytes(), &mut inner).is_ok() {
            for (name, value) in inner.take_fields() {
                event.set(name.as_str(), value);
            }
        }
    }
    for (name, of) in [
        ("Provider_Name", "ProviderName"),
        ("Provider_Name", "Provider"),
        ("Provider_Name", "Source"),
        ("Computer", "Hostname"),
        ("EventRecordID", "RecordId"),
    ] {
        event.alias(name, of);
    }
    windows::finish(event);
}

//! JSON records: tells which shipper wrote one and hands it to the module that knows that
//! shipper's names. How records are found in a text stands in `lines` and `documents`.

use bytes::Bytes;

use crate::error::Cause;
use crate::flatten::flatten;
use crate::windows::{self, Tree};
use crate::{Event, Format, Value, cloud, ecs, suricata, time, zeek};

/// What is known of a source before its records are read.
pub(crate) struct Context {
    format: Format,
    zeek_path: Option<&'static str>,
}

impl Context {
    pub(crate) fn new(name: &str, format: Format) -> Self {
        Context { format, zeek_path: zeek::path_of_name(name) }
    }

    /// Reads one record.
    pub(crate) fn event(&self, bytes: &[u8]) -> Result<Event, Cause> {
        if !bytes.trim_ascii_start().starts_with(b"{") && is_complete(bytes) {
            return Err(Cause::NotAnObject);
        }
        let mut event = Event::new(Bytes::copy_from_slice(bytes), self.format);
        flatten(bytes, &mut event)?;
        // Shippers mix sources in one file: the record's own marks come before the file's.
        event.format = format_of(&event).unwrap_or(self.format);
        match event.format {
            Format::ZeekJson => zeek::finish(&mut event, self.zeek_path),
            Format::SuricataEve => suricata::finish(&mut event),
            _ => finish(&mut event),
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
    if suricata::is_eve(event) {
        Some(Format::SuricataEve)
    } else if zeek::is_record(event) {
        Some(Format::ZeekJson)
    } else if is_windows_tree(event)
        || is_windows_flat(event)
        || ecs::is_record(event)
        || cloud::source_of(event).is_some()
    {
        Some(Format::JsonLines)
    } else {
        None
    }
}

fn is_windows_tree(event: &Event) -> bool {
    ["Event.System.EventID", "Event.System.EventID.#text", "System.EventID", "System.EventID.#text"]
        .iter()
        .any(|name| event.get(name).is_some())
}

fn is_windows_flat(event: &Event) -> bool {
    event.get("EventID").is_some()
        && ["Channel", "SourceName", "Provider_Name", "ProviderName", "Provider"]
            .iter()
            .any(|name| event.get(name).is_some())
}

fn finish(event: &mut Event) {
    if is_windows_tree(event) {
        let fields = event.take_fields();
        let mut tree = Tree(event);
        for (path, value) in fields {
            crate::flatten::Sink::leaf(&mut tree, &path, value);
        }
        windows::finish(event);
    } else if is_windows_flat(event) {
        windows_flat(event);
    } else if ecs::is_record(event) {
        ecs::finish(event);
    } else {
        cloud::finish(event);
    }
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

/// NXLog, Sentinel and others that write Windows events flat.
fn windows_flat(event: &mut Event) {
    // Sentinel keeps the event's data as JSON text in one column.
    if let Some(data) = event.text("EventData").filter(|data| data.starts_with('{')) {
        let mut inner = Event::new(Bytes::new(), event.format);
        if flatten(data.into_owned().as_bytes(), &mut inner).is_ok() {
            for (name, value) in inner.take_fields() {
                event.set(name, value);
            }
        }
    }
    for (name, of) in [
        ("Provider_Name", "ProviderName"),
        ("Provider_Name", "SourceName"),
        ("Provider_Name", "Provider"),
        ("Provider_Name", "Source"),
        ("Computer", "Hostname"),
        ("EventRecordID", "RecordNumber"),
        ("EventRecordID", "RecordId"),
    ] {
        event.alias(name, of);
    }
    // NXLog names Sysmon's user by its parts.
    let user = match (event.text("Domain"), event.text("AccountName")) {
        (Some(domain), Some(name)) if event.get("User").is_none() => Some(format!("{domain}\\{name}")),
        _ => None,
    };
    windows::finish(event);
    if event.source.service.as_deref() == Some("sysmon")
        && event.source.category.as_deref() == Some("process_creation")
        && let Some(user) = user
    {
        event.set("User", Value::Str(user));
    }
}

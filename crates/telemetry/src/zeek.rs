//! Zeek logs, as tab-separated text with its own header and as JSON.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;

use crate::error::Cause;
use crate::{Event, Format, Mappings, Value};

/// Logs that Zeek and its common packages write.
const PATHS: &[&str] = &[
    "arp",
    "conn",
    "dce_rpc",
    "dhcp",
    "dnp3",
    "dns",
    "dpd",
    "files",
    "ftp",
    "http",
    "intel",
    "irc",
    "kerberos",
    "known_certs",
    "known_hosts",
    "known_services",
    "ldap",
    "ldap_search",
    "loaded_scripts",
    "modbus",
    "mqtt_connect",
    "mqtt_publish",
    "mqtt_subscribe",
    "mysql",
    "notice",
    "ntlm",
    "ntp",
    "ocsp",
    "packet_filter",
    "pe",
    "postgresql",
    "quic",
    "radius",
    "rdp",
    "reporter",
    "rfb",
    "signatures",
    "sip",
    "smb_cmd",
    "smb_files",
    "smb_mapping",
    "smtp",
    "snmp",
    "socks",
    "software",
    "ssh",
    "ssl",
    "stats",
    "syslog",
    "traceroute",
    "tunnel",
    "weird",
    "x509",
];

fn known(path: &str) -> Option<&'static str> {
    PATHS.iter().copied().find(|known| *known == path)
}

fn base_name(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}

/// Whether a file's name is one that Zeek gives: `conn.log`, `conn.2024-05-01.log`.
pub(crate) fn is_log_name(name: &str) -> bool {
    let name = base_name(name);
    let stem = name.split('.').next().unwrap_or_default();
    name.contains(".log") && known(stem).is_some()
}

/// The log that a file's name speaks of, also where something was put before or behind it
/// (`labeled-conn.log`, `conn_20240501.log`).
pub(crate) fn path_of_name(name: &str) -> Option<&'static str> {
    let name = base_name(name);
    let stem = name.split('.').next().unwrap_or_default();
    known(stem).or_else(|| stem.split(['-', '_']).find_map(known))
}

/// Whether a JSON record is one of Zeek's.
pub(crate) fn is_record(event: &Event) -> bool {
    event.get("ts").is_some()
        && (event.get("_path").is_some()
            || event.get("uid").is_some()
            || event.get("id.orig_h").is_some()
            || event.get("fuid").is_some()
            || (event.get("note").is_some() && event.get("msg").is_some()))
}

/// The log that a record's fields speak of.
fn path_of_fields(event: &Event) -> Option<&'static str> {
    [
        ("conn_state", "conn"),
        ("qtype_name", "dns"),
        ("rcode_name", "dns"),
        ("conn_uids", "files"),
        ("certificate.subject", "x509"),
        ("user_agent", "http"),
        ("status_code", "http"),
        ("uri", "http"),
        ("cipher", "ssl"),
        ("note", "notice"),
        ("auth_success", "ssh"),
        ("endpoint", "dce_rpc"),
        ("request_type", "kerberos"),
        ("helo", "smtp"),
        ("tunnel_type", "tunnel"),
    ]
    .into_iter()
    .find_map(|(field, path)| event.get(field).is_some().then_some(path))
}

/// Says which log a record is of, and lets the mapping say the rest.
pub(crate) fn finish(event: &mut Event, path: Option<&str>, mappings: &Mappings) {
    let own = event.text("_path").map(Cow::into_owned);
    let path = own.as_deref().or(path).or_else(|| path_of_fields(event)).unwrap_or_default();
    let service = known(path).map_or_else(|| Cow::Owned(path.to_owned()), Cow::Borrowed);
    event.source.service = (!path.is_empty()).then_some(service);
    mappings.apply_named("zeek", event);
}

/// Reads the tab-separated form, line by line.
pub(crate) struct Tsv {
    separator: u8,
    set_separator: String,
    empty: String,
    unset: String,
    path: String,
    fields: Vec<String>,
    kinds: Vec<Kind>,
    mappings: Arc<Mappings>,
}

/// How a column's text becomes a value.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Text,
    Int,
    Float,
    Bool,
    /// A set or vector of the kind that [`Tsv::kind`] finds inside.
    TextList,
    IntList,
    FloatList,
}

impl Tsv {
    pub(crate) fn new(name: &str, mappings: &Arc<Mappings>) -> Self {
        Tsv {
            mappings: Arc::clone(mappings),
            separator: b'\t',
            set_separator: ",".to_owned(),
            empty: "(empty)".to_owned(),
            unset: "-".to_owned(),
            path: path_of_name(name).unwrap_or_default().to_owned(),
            fields: Vec::new(),
            kinds: Vec::new(),
        }
    }

    /// Reads a line; `None` for a header line that could be read.
    pub(crate) fn line(&mut self, line: &[u8]) -> Option<Result<Event, Cause>> {
        if line.first() == Some(&b'#') {
            return self.header(&String::from_utf8_lossy(line)).err().map(Err);
        }
        Some(self.record(line))
    }

    fn header(&mut self, line: &str) -> Result<(), Cause> {
        if let Some(written) = line.strip_prefix("#separator ") {
            self.separator =
                separator(written.trim()).ok_or(Cause::ZeekHeader("#separator is not one byte"))?;
            return Ok(());
        }
        let mut parts = line.split(char::from(self.separator));
        let key = parts.next().unwrap_or_default();
        let mut first = || parts.next().unwrap_or_default().to_owned();
        match key {
            "#set_separator" => self.set_separator = first(),
            "#empty_field" => self.empty = first(),
            "#unset_field" => self.unset = first(),
            "#path" => self.path = first(),
            "#fields" => {
                self.fields = parts.map(str::to_owned).collect();
                self.kinds.clear();
                if self.fields.is_empty() || self.fields.len() > 1024 {
                    self.fields.clear();
                    return Err(Cause::ZeekHeader("#fields names no fields or more than 1024"));
                }
            }
            "#types" => {
                self.kinds = parts.map(kind).collect();
                if self.kinds.len() != self.fields.len() {
                    self.kinds.clear();
                    return Err(Cause::ZeekHeader("#types does not fit #fields"));
                }
            }
            // #open, #close and comments.
            _ => {}
        }
        Ok(())
    }

    fn record(&self, line: &[u8]) -> Result<Event, Cause> {
        if self.fields.is_empty() {
            return Err(Cause::ZeekWithoutHeader);
        }
        let text = String::from_utf8_lossy(line);
        let found = text.split(char::from(self.separator)).count();
        if found != self.fields.len() {
            return Err(Cause::ZeekColumns { found, expected: self.fields.len() });
        }
        let mut event = Event::new(Bytes::copy_from_slice(line), Format::ZeekTsv);
        let columns = text.split(char::from(self.separator));
        for (at, (name, column)) in self.fields.iter().zip(columns).enumerate() {
            let kind = self.kinds.get(at).copied().unwrap_or(Kind::Text);
            event.set(name.as_str(), self.value(column, kind));
        }
        finish(&mut event, Some(&self.path), &self.mappings);
        Ok(event)
    }

    fn value(&self, column: &str, kind: Kind) -> Value {
        if column == self.unset {
            return Value::Null;
        }
        let item = match kind {
            Kind::TextList => Kind::Text,
            Kind::IntList => Kind::Int,
            Kind::FloatList => Kind::Float,
            single => {
                let column = if column == self.empty { "" } else { column };
                return scalar(column, single);
            }
        };
        if column == self.empty {
            return Value::List(Vec::new());
        }
        if self.set_separator.is_empty() {
            return Value::List(vec![scalar(column, item)]);
        }
        let items = column.split(self.set_separator.as_str());
        Value::List(items.map(|part| scalar(part, item)).collect())
    }
}

fn separator(written: &str) -> Option<u8> {
    match written.strip_prefix("\\x") {
        Some(hex) => u8::from_str_radix(hex, 16).ok().filter(u8::is_ascii),
        None => match written.as_bytes() {
            [byte] if byte.is_ascii() => Some(*byte),
            _ => None,
        },
    }
}

fn kind(zeek: &str) -> Kind {
    let inner = zeek
        .strip_prefix("set[")
        .or_else(|| zeek.strip_prefix("vector["))
        .and_then(|rest| rest.strip_suffix(']'));
    match inner {
        Some(inner) => match kind(inner) {
            Kind::Int => Kind::IntList,
            Kind::Float => Kind::FloatList,
            _ => Kind::TextList,
        },
        None => match zeek {
            "count" | "int" | "port" => Kind::Int,
            "double" | "interval" | "time" => Kind::Float,
            "bool" => Kind::Bool,
            _ => Kind::Text,
        },
    }
}

fn scalar(text: &str, kind: Kind) -> Value {
    let typed = match kind {
        Kind::Int => text.parse().ok().map(Value::Int),
        Kind::Float => text.parse().ok().filter(|number: &f64| number.is_finite()).map(Value::Float),
        Kind::Bool => match text {
            "T" => Some(Value::Bool(true)),
            "F" => Some(Value::Bool(false)),
            _ => None,
        },
        _ => None,
    };
    typed.unwrap_or_else(|| Value::Str(unescape(text)))
}

/// Zeek writes bytes that would disturb its columns as `\xhh`.
fn unescape(text: &str) -> String {
    if !text.contains("\\x") {
        return text.to_owned();
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\\x") {
        bytes.extend_from_slice(before.as_bytes());
        match after.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.extend_from_slice(b"\\x");
                rest = after;
            }
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}

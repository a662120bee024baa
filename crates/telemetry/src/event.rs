//! The one event model. An [`Event`] keeps the record's original bytes and offers its fields under
//! the names that Sigma rules use. How a format's own names become those names is the format's
//! business; here is only the result.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;

use crate::name::{Name, mark};

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

impl LogSource {
    /// A source out of parts that are known when this is compiled.
    pub const fn of(
        product: Option<&'static str>,
        category: Option<&'static str>,
        service: Option<&'static str>,
    ) -> Self {
        const fn part(part: Option<&'static str>) -> Option<Cow<'static, str>> {
            match part {
                Some(part) => Some(Cow::Borrowed(part)),
                None => None,
            }
        }
        LogSource { product: part(product), category: part(category), service: part(service) }
    }

    /// Whether an event from this source is one that a rule for `wanted` looks at: each part that
    /// the rule sets must be this source's, in letters of either case, or a more general name
    /// for it:
    /// - `registry_event` stands for every `registry_…` category (Sysmon 12, 13 and 14),
    ///   `file_block` for both `file_block_…` ones (27 and 28),
    /// - `webserver` and `proxy` both stand for HTTP seen on the network,
    /// - `syslog` stands for every Linux service that logs through it, all but `auditd`,
    /// - `auth` stands for the Linux services that write to the authentication log,
    /// - `audit` stands for every service of M365, whose one audit log they share, and its
    ///   `threat_detection` is another name of `threat_management`,
    /// - `ldap_debug` is an older name of `ldap`.
    pub fn satisfies(&self, wanted: &LogSource) -> bool {
        fn part(own: Option<&str>, wanted: Option<&str>, general: impl Fn(&str, &str) -> bool) -> bool {
            match (own, wanted) {
                (_, None) => true,
                (None, Some(_)) => false,
                (Some(own), Some(wanted)) => own.eq_ignore_ascii_case(wanted) || general(own, wanted),
            }
        }
        let product = self.product.as_deref();
        part(product, wanted.product.as_deref(), |_, _| false)
            && part(self.category.as_deref(), wanted.category.as_deref(), |own, wanted| match wanted {
                "registry_event" => own.starts_with("registry_"),
                "file_block" => own.starts_with("file_block_"),
                "webserver" => own == "proxy" && self.service.as_deref() == Some("http"),
                "proxy" => own == "webserver" && self.service.as_deref() == Some("http"),
                _ => false,
            })
            && part(self.service.as_deref(), wanted.service.as_deref(), |own, wanted| match wanted {
                "syslog" => product == Some("linux") && own != "auditd" && own != "sysmon",
                "auth" => {
                    product == Some("linux")
                        && matches!(own, "sshd" | "sudo" | "su" | "login" | "polkit" | "pam")
                }
                "ldap_debug" => own == "ldap",
                "audit" => product == Some("m365"),
                "threat_detection" => own == "threat_management",
                _ => false,
            })
    }
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
    /// The log of the Linux audit daemon; the records of one happening are one event.
    LinuxAudit,
    /// ArcSight's Common Event Format.
    Cef,
    /// QRadar's Log Event Extended Format.
    Leef,
    /// Windows events as XML text.
    WindowsXml,
    /// Common and Combined Log Format of web servers.
    AccessLog,
    /// W3C Extended Log File Format.
    W3c,
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
            Format::LinuxAudit => "linux-audit",
            Format::Cef => "cef",
            Format::Leef => "leef",
            Format::WindowsXml => "windows-xml",
            Format::AccessLog => "access-log",
            Format::W3c => "w3c",
        }
    }

    /// Whether a record is text that people read as it stands, so that keyword searches look at the
    /// whole of it too, and not only at each of its fields.
    pub fn is_plain_text(self) -> bool {
        match self {
            Format::Syslog
            | Format::LinuxAudit
            | Format::Cef
            | Format::Leef
            | Format::AccessLog
            | Format::W3c => true,
            Format::Evtx
            | Format::JsonLines
            | Format::ZeekTsv
            | Format::ZeekJson
            | Format::SuricataEve
            | Format::WindowsXml => false,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How many fields most events have, so that their list seldom grows while it is filled.
const USUAL_FIELDS: usize = 48;

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
    fields: Vec<(Name, Value)>,
    /// A bit for the mark of each name, so that asking for what is not there costs next to nothing.
    marks: [u64; 4],
}

impl Event {
    pub fn new(raw: Bytes, format: Format) -> Self {
        let fields = Vec::with_capacity(USUAL_FIELDS);
        Event { raw, format, time: None, host: None, source: LogSource::default(), fields, marks: [0; 4] }
    }

    /// Sets a field; the first value of a name stays.
    pub fn set(&mut self, name: impl AsRef<str>, value: Value) {
        self.set_named(Name::new(name.as_ref()), value);
    }

    /// Adds a value to a field; a name that occurs again becomes a list of its values.
    pub fn append(&mut self, name: &str, value: Value) {
        let name = Name::new(name);
        let known = match self.may_have(name.mark()) {
            true => self.fields.iter_mut().find(|(known, _)| *known == name),
            false => None,
        };
        match known {
            None => self.push(name, value),
            Some((_, Value::List(values))) => match value {
                Value::List(more) => values.extend(more),
                value => values.push(value),
            },
            Some((_, known)) => {
                let mut values = vec![std::mem::replace(known, Value::Null)];
                match value {
                    Value::List(more) => values.extend(more),
                    value => values.push(value),
                }
                *known = Value::List(values);
            }
        }
    }

    /// Gives a field a second name, unless something has that name already.
    #[inline(always)]
    pub fn alias(&mut self, name: &str, of: &str) {
        if let Some(value) = self.get(of)
            && self.get(name).is_none()
        {
            let value = value.clone();
            self.push(Name::new(name), value);
        }
    }

    /// Adds a field of a name that no other has.
    #[inline]
    pub(crate) fn push(&mut self, name: Name, value: Value) {
        let (word, bit) = place(name.mark());
        if let Some(word) = self.marks.get_mut(word) {
            *word |= bit;
        }
        self.fields.push((name, value));
    }

    /// Whether one of the fields has a name with this mark.
    #[inline]
    fn may_have(&self, mark: u16) -> bool {
        let (word, bit) = place(mark);
        self.marks.get(word).is_some_and(|word| word & bit != 0)
    }

    pub(crate) fn field_count(&self) -> usize {
        self.fields.len()
    }

    /// Takes all fields out, to be set again under other names.
    pub(crate) fn take_fields(&mut self) -> Vec<(Name, Value)> {
        self.marks = [0; 4];
        std::mem::take(&mut self.fields)
    }

    /// Forgets all fields.
    pub(crate) fn clear_fields(&mut self) {
        self.marks = [0; 4];
        self.fields.clear();
    }

    // Inlined, so that the mark of a name that is written in the source is worked out by the compiler.
    #[inline(always)]
    pub fn get(&self, name: &str) -> Option<&Value> {
        let mark = mark(name);
        if self.may_have(mark) { self.find(name, mark) } else { None }
    }

    fn find(&self, name: &str, mark: u16) -> Option<&Value> {
        let mut fields = self.fields.iter();
        fields.find(|(known, _)| known.mark() == mark && known.as_str() == name).map(|(_, value)| value)
    }

    /// Sets a field; the first value of a name stays.
    pub(crate) fn set_named(&mut self, name: Name, value: Value) {
        if !self.has(&name) {
            self.push(name, value);
        }
    }

    pub(crate) fn has(&self, name: &Name) -> bool {
        self.may_have(name.mark()) && self.fields.iter().any(|(known, _)| known == name)
    }

    /// The field as text, where it is text or a number.
    #[inline(always)]
    pub fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.get(name).and_then(Value::as_text)
    }

    /// All fields, in the record's order.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.named_fields().map(|(name, value)| (name.as_str(), value))
    }

    /// The value of a field, by its place among [`Event::named_fields`].
    #[inline]
    pub fn value_at(&self, place: usize) -> Option<&Value> {
        self.fields.get(place).map(|(_, value)| value)
    }

    /// All fields, for those who know names by their numbers.
    pub fn named_fields(&self) -> impl Iterator<Item = (&Name, &Value)> {
        self.fields.iter().map(|(name, value)| (name, value))
    }
}

/// The word and the bit for the mark of a name.
#[inline]
fn place(mark: u16) -> (usize, u64) {
    (usize::from(mark >> 6) & 3, 1 << (mark & 63))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &'static str) -> LogSource {
        let mut parts = text.split('/').map(|part| (part != "-").then_some(part));
        let mut next = || parts.next().flatten();
        LogSource::of(next(), next(), next())
    }

    #[test]
    fn a_source_satisfies_what_names_it_or_something_more_general() {
        for (own, wanted) in [
            ("windows/process_creation/sysmon", "windows/process_creation/-"),
            ("windows/process_creation/sysmon", "windows/-/sysmon"),
            ("windows/process_creation/sysmon", "windows/-/-"),
            ("windows/process_creation/sysmon", "-/process_creation/-"),
            ("windows/process_creation/sysmon", "Windows/Process_Creation/-"),
            ("windows/registry_delete/sysmon", "windows/registry_event/-"),
            ("windows/file_block_shredding/sysmon", "windows/file_block/-"),
            ("zeek/proxy/http", "-/webserver/-"),
            ("zeek/proxy/http", "-/proxy/-"),
            ("linux/-/sshd", "linux/-/syslog"),
            ("linux/-/sudo", "linux/-/auth"),
            ("windows/-/ldap", "windows/-/ldap_debug"),
            ("m365/-/exchange", "m365/-/audit"),
            ("m365/-/threat_management", "m365/-/threat_detection"),
        ] {
            assert!(source(own).satisfies(&source(wanted)), "{own} for {wanted}");
        }
        for (own, wanted) in [
            ("windows/process_creation/sysmon", "linux/process_creation/-"),
            ("windows/process_creation/sysmon", "windows/registry_event/-"),
            ("windows/registry_event/-", "windows/registry_set/-"),
            ("windows/process_creation/sysmon", "windows/-/security"),
            ("windows/-/security", "windows/process_creation/-"),
            ("-/-/-", "windows/-/-"),
            ("apache/webserver/apache", "-/proxy/-"),
            ("linux/-/auditd", "linux/-/syslog"),
            ("linux/-/cron", "linux/-/auth"),
            ("okta/-/okta", "okta/-/audit"),
        ] {
            assert!(!source(own).satisfies(&source(wanted)), "{own} for {wanted}");
        }
    }

    #[test]
    fn set_keeps_the_first_value_and_append_keeps_all() {
        let mut event = Event::new(Bytes::new(), Format::Syslog);
        event.set("a", Value::Int(1));
        event.set("a", Value::Int(2));
        assert_eq!(event.get("a"), Some(&Value::Int(1)));
        event.append("a", Value::Int(3));
        event.append("a", Value::List(vec![Value::Int(4)]));
        let all = Value::List([1, 3, 4].map(Value::Int).to_vec());
        assert_eq!(event.get("a"), Some(&all));
        event.alias("b", "a");
        event.alias("a", "c");
        assert_eq!((event.get("b"), event.get("c")), (Some(&all), None));
    }
}

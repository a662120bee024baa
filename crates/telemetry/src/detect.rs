//! Telling a format by what the bytes look like, and by the file's name where they do not tell.

use std::io::Cursor;

use crate::documents::{Documents, wraps_records};
use crate::{Event, Format, access, auditd, cef, json, leef, syslog, w3c, xml_events, zeek};

/// How much of the beginning of a source is looked at.
pub(crate) const HEAD: usize = 64 * 1024;

/// The formats that can be read, with a line for help texts.
pub const FORMATS: &[(Format, &str)] = &[
    (Format::Evtx, "Windows event log file (.evtx)"),
    (
        Format::JsonLines,
        "JSON, one record a line or in arrays: Winlogbeat and other ECS, NXLog, Sysmon, cloud audit logs, any other",
    ),
    (Format::ZeekTsv, "Zeek log with #fields header"),
    (Format::ZeekJson, "Zeek log as JSON"),
    (Format::SuricataEve, "Suricata EVE JSON"),
    (Format::Syslog, "syslog (RFC 5424 or RFC 3164), a message a line or with its length in front"),
    (Format::LinuxAudit, "log of the Linux audit daemon"),
    (Format::Cef, "Common Event Format (ArcSight), bare or in syslog"),
    (Format::Leef, "Log Event Extended Format (QRadar), bare or in syslog"),
    (Format::WindowsXml, "Windows events as XML"),
    (Format::AccessLog, "web server access log (Common or Combined Log Format)"),
    (Format::W3c, "W3C extended log (IIS, CloudFront, Windows firewall)"),
];

pub(crate) fn names() -> String {
    let names: Vec<_> = FORMATS.iter().map(|(format, _)| format.name()).collect();
    names.join(", ")
}

/// Tells the format from the first bytes of a source and its name. More than 64 KiB are not
/// needed.
pub fn detect(name: &str, head: &[u8]) -> Option<Format> {
    if head.starts_with(b"ElfFile\0") || head.starts_with(b"ElfChnk\0") {
        return Some(Format::Evtx);
    }
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let text = text.trim_ascii_start();
    if text.starts_with(b"#separator") || text.starts_with(b"#fields\t") {
        return Some(Format::ZeekTsv);
    }
    if w3c::looks_like(text) {
        return Some(Format::W3c);
    }
    if xml_events::looks_like(text) {
        return Some(Format::WindowsXml);
    }
    if let Some(format) = line_format(first_line(text)) {
        return Some(format);
    }
    if matches!(text.first(), Some(b'{' | b'[')) {
        return Some(detect_json(name, text));
    }
    // A damaged beginning hides the signature.
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    match extension.as_deref() {
        Some("evtx") => Some(Format::Evtx),
        Some("jsonl" | "ndjson" | "json") => Some(Format::JsonLines),
        _ => text.split(|byte| *byte == b'\n').take(5).find_map(line_format),
    }
}

/// Tells the format of logs that have no header by one of their lines.
fn line_format(line: &[u8]) -> Option<Format> {
    let text = String::from_utf8_lossy(line.get(..line.len().min(4096)).unwrap_or_default());
    if cef::find(&text).is_some() {
        Some(Format::Cef)
    } else if leef::find(&text).is_some() {
        Some(Format::Leef)
    } else if auditd::looks_like(&text) {
        Some(Format::LinuxAudit)
    } else if access::looks_like(line) {
        Some(Format::AccessLog)
    } else {
        syslog::looks_like(line).then_some(Format::Syslog)
    }
}

fn first_line(text: &[u8]) -> &[u8] {
    text.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii_end()
}

fn detect_json(name: &str, text: &[u8]) -> Format {
    // A source may end its head in the middle of a record; a few of the first ones are enough.
    let mut documents = Documents::new(Box::new(Cursor::new(text.to_vec())), HEAD);
    let mut record = Vec::new();
    for _ in 0..4 {
        match documents.next(&mut record) {
            Some(Ok(())) => {}
            Some(Err(_)) => continue,
            None => break,
        }
        let mut event = Event::new(bytes::Bytes::new(), Format::JsonLines);
        if crate::flatten::flatten(&record, &mut event).is_ok() {
            return json::format_of(&event).unwrap_or_else(|| {
                if zeek::is_log_name(name) { Format::ZeekJson } else { Format::JsonLines }
            });
        }
    }
    Format::JsonLines
}

/// Whether JSON records stand one to a line; otherwise brackets must be counted to find them.
pub(crate) fn one_record_a_line(head: &[u8]) -> bool {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    if text.first() == Some(&b'[') {
        return false;
    }
    let complete_line_ends = text.iter().filter(|byte| **byte == b'\n').count();
    text.split(|byte| *byte == b'\n').take(complete_line_ends.clamp(1, 5)).any(|line| {
        let line = line.trim_ascii();
        line.starts_with(b"{") && !begins_wrapper(line) && json::is_complete(line)
    })
}

fn begins_wrapper(line: &[u8]) -> bool {
    line.iter()
        .take(512)
        .enumerate()
        .filter(|(_, byte)| **byte == b'[')
        .any(|(at, _)| line.get(..at).is_some_and(wraps_records))
}

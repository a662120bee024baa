//! ArcSight's Common Event Format: `CEF:0|vendor|product|version|class|name|severity|key=value …`,
//! bare or as the message of a syslog line (Micro Focus, "Implementing ArcSight CEF", version 25).

use crate::error::Cause;
use crate::vendors::{self, Names};
use crate::{Event, Format, Value, time};

const MAX_PAIRS: usize = 1024;
/// The longest key that is looked for.
const MAX_KEY: usize = 128;

/// Where the message begins in a line, if the line holds one.
pub(crate) fn find(text: &str) -> Option<usize> {
    vendors::marker(text, "CEF:")
}

/// Sets the fields of the message, which begins with `CEF:`.
pub(crate) fn read(event: &mut Event, text: &str) -> Result<(), Cause> {
    let broken = |why| Cause::Unreadable { what: "a CEF message", why };
    let body = text.strip_prefix("CEF:").ok_or(broken("it does not begin with CEF:"))?;
    event.format = Format::Cef;
    let mut rest = body;
    let mut part = || -> Option<String> {
        let (part, after) = header_part(rest)?;
        rest = after;
        Some(part)
    };
    let short = "its header has fewer than seven parts";
    let _version = part().ok_or(broken(short))?;
    let vendor = part().ok_or(broken(short))?;
    let product = part().ok_or(broken(short))?;
    let version = part().ok_or(broken(short))?;
    let class = part().ok_or(broken(short))?;
    let name = part().ok_or(broken(short))?;
    // A message without extension may leave out the last bar.
    let severity = match part() {
        Some(severity) => severity,
        None => std::mem::take(&mut rest).trim().to_owned(),
    };
    for (field, value) in [
        ("deviceVendor", vendor.as_str()),
        ("deviceProduct", &product),
        ("deviceVersion", &version),
        ("deviceEventClassId", &class),
        ("name", &name),
    ] {
        event.set(field, Value::from(value));
    }
    event.set("severity", vendors::typed(&severity));
    extension(event, rest.trim());
    labels(event);
    event.alias("message", "msg");
    event.alias("message", "name");
    let happened = ["rt", "end", "start", "deviceReceiptTime"]
        .iter()
        .find_map(|field| event.text(field).and_then(|text| time::written(&text)));
    event.time = happened.or(event.time);
    vendors::finish(event, &vendor, &product, &NAMES);
    Ok(())
}

const NAMES: Names = Names {
    flow: ["src", "spt", "dst", "dpt"],
    uri: "request",
    method: "requestMethod",
    agent: "requestClientApplication",
    action: "act",
    user: "suser",
    hosts: &["dvchost", "deviceHostName", "dvc"],
};

/// A part of the header up to its bar; `\|` and `\\` are undone.
fn header_part(text: &str) -> Option<(String, &str)> {
    let mut part = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '|' => return Some((part, text.get(at + 1..)?)),
            '\\' => match letters.next() {
                Some((_, escaped @ ('|' | '\\'))) => part.push(escaped),
                Some((_, other)) => part.extend(['\\', other]),
                None => part.push('\\'),
            },
            other => part.push(other),
        }
    }
    None
}

/// Splits `key=value` pairs. A value may hold blanks and goes on to the next key; an equals sign in
/// it ought to be escaped, and is told from a key's where it is not and the word before it cannot be
/// a key (`request=http://x/?a=b`).
fn extension(event: &mut Event, text: &str) {
    let bytes = text.as_bytes();
    let mut keys: Vec<(usize, usize)> = Vec::new();
    for at in memchr::memchr_iter(b'=', bytes) {
        let before = bytes.get(..at).unwrap_or_default();
        let is_key_byte = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.-[]".contains(byte);
        let length = before.iter().rev().take(MAX_KEY + 1).take_while(|byte| is_key_byte(byte)).count();
        let start = at - length;
        let stands_free = start == 0 || before.get(start - 1).is_some_and(u8::is_ascii_whitespace);
        let behind_the_last = keys.last().is_none_or(|(_, equals)| start > *equals);
        if length > 0 && length <= MAX_KEY && stands_free && behind_the_last {
            keys.push((start, at));
            if keys.len() > MAX_PAIRS {
                break;
            }
        }
    }
    let mut keys = keys.into_iter().peekable();
    while let Some((start, equals)) = keys.next() {
        let end = keys.peek().map_or(text.len(), |(next, _)| *next);
        let (Some(key), Some(value)) = (text.get(start..equals), text.get(equals + 1..end)) else { continue };
        let value = unescape(value.trim_end_matches([' ', '\t', '\r', '\n']));
        let value = vendors::typed(&value);
        event.append(key, value);
    }
}

fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            plain.push(letter);
            continue;
        }
        match letters.next() {
            Some('n') => plain.push('\n'),
            Some('r') => plain.push('\r'),
            Some(escaped @ ('=' | '\\' | '|')) => plain.push(escaped),
            Some(other) => plain.extend(['\\', other]),
            None => plain.push('\\'),
        }
    }
    plain
}

/// `cs1Label=Rule cs1=445` says that there is a `Rule`, which is 445.
fn labels(event: &mut Event) {
    let named: Vec<(String, Value)> = event
        .fields()
        .filter_map(|(name, label)| {
            let value = event.get(name.strip_suffix("Label")?)?;
            Some((label.as_text()?.into_owned(), value.clone()))
        })
        .filter(|(label, _)| !label.is_empty() && label.len() <= MAX_KEY)
        .collect();
    for (label, value) in named {
        if label.contains(' ') {
            event.set(label.replace(' ', ""), value.clone());
        }
        event.set(label, value);
    }
}

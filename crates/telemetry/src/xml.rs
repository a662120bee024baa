//! A Windows-style event as XML text, from an export or as Sysmon for Linux and some forwarders put
//! events into syslog. Only as much of XML as such events use; what is not understood is refused.

use crate::flatten::Sink;
use crate::{Event, Value, windows};

/// `Event`, its parts, and what may nest in user data.
const MAX_DEPTH: usize = 16;
const MAX_ELEMENTS: usize = 2048;

pub(crate) fn looks_like(text: &str) -> bool {
    text.starts_with("<Event>") || text.starts_with("<Event ")
}

/// Sets the fields of the event that the text holds. Says whether it could be read; if not,
/// `event` is as it was.
pub(crate) fn read(event: &mut Event, text: &str) -> bool {
    let Some(leaves) = leaves(text) else { return false };
    // The event's own time is finer than that of the message around it.
    let received = event.time.take();
    let mut tree = windows::Tree(event);
    for (path, value) in leaves {
        tree.leaf(&path, value);
    }
    windows::finish(event);
    event.time = event.time.or(received);
    true
}

/// The values of all elements and attributes, under their paths.
fn leaves(text: &str) -> Option<Vec<(String, Value)>> {
    let mut leaves = Vec::new();
    let mut open: Vec<&str> = Vec::new();
    let mut path = String::new();
    let mut rest = text.trim();
    // Whether the innermost element has had no element inside so far.
    let mut plain = false;
    let mut elements = 0;
    let mut text = String::new();
    while !rest.is_empty() {
        let (before, tag) = rest.split_once('<')?;
        text.push_str(&unescape(before)?);
        if let Some(comment) = tag.strip_prefix("!--") {
            rest = comment.split_once("-->")?.1;
            continue;
        }
        if let Some(data) = tag.strip_prefix("![CDATA[") {
            let (data, after) = data.split_once("]]>")?;
            text.push_str(data);
            rest = after;
            continue;
        }
        let (tag, after) = tag_end(tag)?;
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop()? != name.trim() {
                return None;
            }
            if plain {
                leaves.push((path.clone(), typed(&path, std::mem::take(&mut text))));
            }
            text.clear();
            plain = false;
            path.truncate(path.rfind('.').unwrap_or(0));
            if open.is_empty() {
                return rest.trim().is_empty().then_some(leaves);
            }
            continue;
        }
        elements += 1;
        text.clear();
        if open.len() >= MAX_DEPTH || elements > MAX_ELEMENTS || tag.starts_with(['!', '?']) {
            return None;
        }
        let (tag, empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let (name, attributes) = tag.split_once(|sign: char| sign.is_ascii_whitespace()).unwrap_or((tag, ""));
        let attributes = self::attributes(attributes)?;
        let outer = path.len();
        if !path.is_empty() {
            path.push('.');
        }
        // `<Data Name="Image">` is the field `Image`. A dot would be taken for a level.
        let named = attributes.iter().find(|(key, _)| name == "Data" && *key == "Name");
        match named {
            Some((_, field)) => path.push_str(&field.replace('.', "_")),
            None => path.push_str(name),
        }
        for (key, value) in attributes.iter().filter(|_| named.is_none()) {
            leaves.push((format!("{path}.#attributes.{key}"), Value::from(value.as_str())));
        }
        if empty {
            path.truncate(outer);
            plain = false;
            if open.is_empty() {
                return rest.trim().is_empty().then_some(leaves);
            }
        } else {
            open.push(name);
            plain = true;
        }
    }
    None
}

/// Splits at the `>` that ends a tag, which is none inside of an attribute's quotes.
fn tag_end(text: &str) -> Option<(&str, &str)> {
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some((text.get(..at)?, text.get(at + 1..)?)),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

/// The numbers of the system part are numbers in every other form of an event too.
fn typed(path: &str, text: String) -> Value {
    let number = matches!(
        path.rsplit('.').next(),
        Some("EventID" | "Version" | "Level" | "Task" | "Opcode" | "EventRecordID")
    );
    match text.parse() {
        Ok(value) if number && path.starts_with("Event.System.") => Value::Int(value),
        _ => Value::Str(text),
    }
}

fn attributes(text: &str) -> Option<Vec<(&str, String)>> {
    let mut found = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (key, after) = rest.split_once('=')?;
        let quote = after.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        let (value, after) = after.get(1..)?.split_once(quote)?;
        found.push((key.trim(), unescape(value)?));
        rest = after.trim_start();
    }
    Some(found)
}

fn unescape(text: &str) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        let (name, after) = after.split_once(';')?;
        plain.push(match name {
            "lt" => '<',
            "gt" => '>',
            "amp" => '&',
            "quot" => '"',
            "apos" => '\'',
            _ => {
                let number = name.strip_prefix('#')?;
                let code = match number.strip_prefix(['x', 'X']) {
                    Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                    None => number.parse().ok()?,
                };
                char::from_u32(code)?
            }
        });
        rest = after;
    }
    plain.push_str(rest);
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Format;

    #[test]
    fn what_is_not_such_an_event_is_refused_and_changes_nothing() {
        let deep = format!("<Event>{}", "<a>".repeat(40));
        for text in [
            "",
            "<Event>",
            "<Event></Other>",
            "<Event a=b></Event>",
            "<Event><!DOCTYPE x></Event>",
            "<Event>&unknown;</Event>",
            "<Event></Event> and more",
            "<Event><a>&#xD800;</a></Event>",
            &deep,
        ] {
            let mut event = Event::new(bytes::Bytes::new(), Format::Syslog);
            assert!(!read(&mut event, text), "{text}");
            assert_eq!(event.field_count(), 0, "{text}");
        }
    }
}

//! Records of the Linux audit daemon: `type=… msg=audit(time:serial): key=value …`.

use jiff::Timestamp;

use crate::{Event, LogSource, Value};

/// The longest list of arguments that is put together into a command line.
const MAX_ARGUMENTS: usize = 512;

pub(crate) fn looks_like(text: &str) -> bool {
    let text =
        text.strip_prefix("node=").and_then(|rest| rest.split_once(' ')).map_or(text, |(_, rest)| rest);
    (text.starts_with("type=") && text.contains(" msg=audit(")) || text.starts_with("audit(")
}

/// Sets the record's fields, its time and its log source.
pub(crate) fn read(event: &mut Event, text: &str) {
    key_values(event, text);
    if let Some(stamp) = stamp(text) {
        event.time = Some(stamp);
    }
    if event.host.is_none() {
        event.host = event.text("node").map(std::borrow::Cow::into_owned);
    }
    let exec = event.text("type").is_some_and(|kind| kind == "EXECVE");
    event.source = LogSource::of(Some("linux"), exec.then_some("process_creation"), Some("auditd"));
    if exec {
        command_line(event);
    }
}

/// `msg=audit(1364481363.243:24287):` says when, in seconds.
fn stamp(text: &str) -> Option<Timestamp> {
    let (_, rest) = text.split_once("audit(")?;
    let (inside, _) = rest.split_once(')')?;
    let (seconds, _serial) = inside.split_once(':')?;
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
    let millis: i64 = fraction.get(..3).unwrap_or(fraction).parse().ok()?;
    let whole: i64 = whole.parse().ok()?;
    Timestamp::from_millisecond(whole.checked_mul(1000)?.checked_add(millis)?).ok()
}

/// Sets a field for each `key=value` pair in the text.
pub(crate) fn key_values(event: &mut Event, text: &str) {
    pairs(event, text, 0);
}

/// Splits `key=value` pairs. A value in quotes may hold spaces; a value in single quotes is what a
/// program reported and holds pairs of its own.
fn pairs(event: &mut Event, text: &str, depth: usize) {
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let Some((key, after)) = rest.split_once('=') else { return };
        // Words before a key belong to no pair.
        let key = key.rsplit([' ', ':', ',']).next().unwrap_or(key);
        let (value, next) = match after.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let inside = after.get(1..).unwrap_or_default();
                inside.split_once(quote).unwrap_or((inside, ""))
            }
            _ => match after.find([' ', '\u{1d}']) {
                Some(end) => after.split_at(end),
                None => (after, ""),
            },
        };
        if after.starts_with('\'') && depth == 0 {
            pairs(event, value, depth + 1);
        } else if !key.is_empty() {
            let value = value.trim_end_matches(',');
            let name = if key == "msg" && value.starts_with("audit(") { "msgid" } else { key };
            if event.field_count() < 1024 {
                event.set(name, typed(name, value));
            }
        }
        rest = next.trim_start_matches([' ', '\u{1d}']);
    }
}

/// Arguments stay text, as they may look like numbers by chance; identifiers become numbers.
fn typed(name: &str, value: &str) -> Value {
    let argument = name.strip_prefix('a').is_some_and(|rest| rest.parse::<u32>().is_ok());
    match value.parse::<i64>() {
        Ok(number) if !argument && number.to_string() == value => Value::Int(number),
        _ => Value::from(value),
    }
}

/// Puts the arguments together. The daemon writes one that has spaces or quotes as hexadecimal.
fn command_line(event: &mut Event) {
    let mut words = Vec::new();
    while words.len() < MAX_ARGUMENTS
        && let Some(word) = event.text(&format!("a{}", words.len()))
    {
        let quoted = memchr::memmem::find(&event.raw, format!("a{}=\"", words.len()).as_bytes());
        let decoded = if quoted.is_none() { from_hex(&word) } else { None };
        words.push(decoded.unwrap_or_else(|| word.into_owned()));
    }
    if let Some(program) = words.first().filter(|program| program.starts_with('/')) {
        event.set("Image", Value::from(program.as_str()));
    }
    if !words.is_empty() {
        event.set("CommandLine", Value::Str(words.join(" ")));
    }
}

fn from_hex(word: &str) -> Option<String> {
    if word.is_empty() || !word.len().is_multiple_of(2) {
        return None;
    }
    let mut bytes = Vec::with_capacity(word.len() / 2);
    let mut digits = word.chars().map(|digit| digit.to_digit(16));
    while let Some(high) = digits.next() {
        let byte = high? * 16 + digits.next()??;
        bytes.push(u8::try_from(byte).ok()?);
    }
    String::from_utf8(bytes).ok()
}

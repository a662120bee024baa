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
    let values = Values::Audit { is_exec: text.contains("type=EXECVE") };
    pairs(event, text, values, 0);
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
    pairs(event, text, Values::AsWritten, 0);
}

/// What a value without quotes may be.
#[derive(Clone, Copy)]
enum Values {
    AsWritten,
    /// The daemon writes what a program chose, and what has blanks or quotes in it, as hexadecimal.
    Audit {
        is_exec: bool,
    },
}

/// Fields whose value a program may choose (audit-userspace, "untrusted strings").
const UNTRUSTED: &[&str] =
    &["acct", "cmd", "comm", "cwd", "data", "dir", "exe", "key", "name", "path", "proctitle"];

/// Undoes the hexadecimal. Zero bytes part words there.
fn decoded(name: &str, value: &str, values: Values) -> Option<String> {
    let is_hex = match values {
        Values::AsWritten => false,
        Values::Audit { is_exec } => UNTRUSTED.contains(&name) || (is_exec && is_argument(name)),
    };
    if is_hex { from_hex(value).map(|text| text.replace(['\0', '\u{1}'], " ")) } else { None }
}

/// `a0`, and `a0[1]` for the pieces of a long one.
fn is_argument(name: &str) -> bool {
    name.strip_prefix('a')
        .and_then(|rest| rest.split('[').next())
        .is_some_and(|number| number.parse::<u32>().is_ok())
}

/// Splits `key=value` pairs. A value in quotes may hold spaces; a value in single quotes is what a
/// program reported and holds pairs of its own.
fn pairs(event: &mut Event, text: &str, values: Values, depth: usize) {
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
            pairs(event, value, values, depth + 1);
        } else if !key.is_empty() {
            let value = value.trim_end_matches(',');
            let name = if key == "msg" && value.starts_with("audit(") { "msgid" } else { key };
            let is_quoted = after.starts_with(['"', '\'']);
            let plain = if is_quoted { None } else { decoded(name, value, values) };
            if event.field_count() < 1024 {
                match plain {
                    Some(plain) => event.set(name, Value::Str(plain)),
                    None => event.set(name, typed(name, value)),
                }
            }
        }
        rest = next.trim_start_matches([' ', '\u{1d}']);
    }
}

/// Arguments stay text, as they may look like numbers by chance; identifiers become numbers.
fn typed(name: &str, value: &str) -> Value {
    match value.parse::<i64>() {
        Ok(number) if !is_argument(name) && number.to_string() == value => Value::Int(number),
        _ => Value::from(value),
    }
}

/// Puts the arguments together; a long one comes in pieces, `a1[0]`, `a1[1]`.
fn command_line(event: &mut Event) {
    let mut words: Vec<String> = Vec::new();
    while words.len() < MAX_ARGUMENTS {
        let number = words.len();
        let whole = event.text(&format!("a{number}")).map(std::borrow::Cow::into_owned);
        let Some(word) = whole.or_else(|| pieces(event, number)) else { break };
        words.push(word);
    }
    if let Some(program) = words.first().filter(|program| program.starts_with('/')) {
        event.set("Image", Value::from(program.as_str()));
    }
    if !words.is_empty() {
        event.set("CommandLine", Value::Str(words.join(" ")));
    }
}

fn pieces(event: &Event, number: usize) -> Option<String> {
    let mut word = event.text(&format!("a{number}[0]"))?.into_owned();
    for piece in 1..MAX_ARGUMENTS {
        let Some(more) = event.text(&format!("a{number}[{piece}]")) else { break };
        word.push_str(&more);
    }
    Some(word)
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

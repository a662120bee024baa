//! JSON, as one array or one object a line.

use std::io::{self, Write};

use jiff::Timestamp;
use serde::Serialize;
use sigma::Level;
use telemetry::LogSource;

use crate::hunt::finding::{Found, Row};
use crate::text::is_unsafe;

/// A finding as it is printed. Times are RFC 3339, UTC.
#[derive(Serialize)]
struct Printed<'a> {
    time: Option<Timestamp>,
    host: Option<&'a str>,
    level: Level,
    rule: PrintedRule<'a>,
    techniques: &'a [String],
    tactics: &'a [String],
    source: &'a LogSource,
    searches: &'a [String],
    found: &'a [Found],
    file: &'a str,
    /// Which record of the file it is, counted from 1.
    record: u64,
    /// Of a correlation: the records that it is about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    events: Vec<PrintedPart<'a>>,
}

#[derive(Serialize)]
struct PrintedPart<'a> {
    time: Timestamp,
    rule: &'a str,
    file: &'a str,
    record: u64,
}

#[derive(Serialize)]
struct PrintedRule<'a> {
    id: Option<&'a str>,
    title: &'a str,
    file: String,
}

fn printed<'a>(row: &Row<'a>) -> Printed<'a> {
    let (finding, rule) = (row.finding, row.rule);
    Printed {
        time: finding.at,
        host: finding.host.as_deref(),
        level: rule.level,
        rule: PrintedRule {
            id: rule.id.as_deref(),
            title: &rule.title,
            file: rule.file.display().to_string(),
        },
        techniques: &rule.attack.techniques,
        tactics: &rule.attack.tactics,
        source: &finding.source,
        searches: &finding.searches,
        found: &finding.found,
        file: row.file,
        record: finding.place.record,
        events: row
            .parts
            .iter()
            .map(|part| PrintedPart { time: part.at, rule: part.rule, file: part.file, record: part.record })
            .collect(),
    }
}

pub fn write_array(rows: &[Row<'_>], out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"[")?;
    for (number, row) in rows.iter().enumerate() {
        out.write_all(if number == 0 { b"\n" } else { b",\n" })?;
        write_object(row, out)?;
    }
    out.write_all(if rows.is_empty() { b"]\n" } else { b"\n]\n" })
}

pub fn write_lines(rows: &[Row<'_>], out: &mut impl Write) -> io::Result<()> {
    for row in rows {
        write_object(row, out)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

fn write_object(row: &Row<'_>, out: &mut impl Write) -> io::Result<()> {
    let json = serde_json::to_string(&printed(row))?;
    out.write_all(escaped(&json).as_bytes())
}

/// JSON may hold control characters above U+007E as they are; a terminal obeys some of them.
fn escaped(json: &str) -> std::borrow::Cow<'_, str> {
    if !json.chars().any(is_unsafe) {
        return json.into();
    }
    let mut safe = String::with_capacity(json.len() + 16);
    for sign in json.chars() {
        if is_unsafe(sign) {
            let mut units = [0; 2];
            for unit in sign.encode_utf16(&mut units) {
                safe.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            safe.push(sign);
        }
    }
    safe.into()
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn what_is_escaped_reads_back_the_same() {
        let text = "a\u{9b}2J\u{202e}\u{e0041}\u{7f}ä";
        let json = serde_json::to_string(text).unwrap();
        let safe = escaped(&json);
        assert_eq!(safe, "\"a\\u009b2J\\u202e\\udb40\\udc41\\u007fä\"");
        assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), text);
    }
}

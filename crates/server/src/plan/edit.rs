//! Changes in a YAML file that leave the rest of it as it was written: the lines under one name at the
//! margin are replaced, and comments, order and every other line stay.

use std::fmt::Write;

/// What may be written under a name.
pub enum Value<'a> {
    Line(&'a str),
    Text(&'a str),
    List(&'a [String]),
}

/// The text with `value` under `key`; a key that is not there comes at the end.
pub fn set(text: &str, key: &str, value: &Value<'_>) -> String {
    let written = written(key, value);
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let is_key = |line: &&str| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':'));
    let Some(start) = lines.iter().position(is_key) else {
        let gap = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        return format!("{text}{gap}{written}");
    };
    let rest = lines.get(start + 1..).unwrap_or_default();
    // A comment or an empty line at the margin belongs to what follows, unless more of this comes after it.
    let within = |line: &&str| line.starts_with([' ', '\t']) && !line.trim().is_empty() || line.starts_with("- ");
    let open = |line: &&str| line.trim().is_empty() || line.starts_with('#');
    let length = rest.iter().take_while(|line| within(line) || open(line)).count();
    let body = rest.get(..length).unwrap_or_default();
    let end = start + 1 + body.iter().rposition(|line| within(&line)).map_or(0, |last| last + 1);
    let before: String = lines.get(..start).unwrap_or_default().concat();
    let after: String = lines.get(end..).unwrap_or_default().concat();
    format!("{before}{written}{after}")
}

fn written(key: &str, value: &Value<'_>) -> String {
    match value {
        Value::Line(line) => format!("{key}: {}\n", scalar(line)),
        Value::Text(text) => {
            let mut out = format!("{key}: |-\n");
            for line in text.trim().lines() {
                if line.is_empty() {
                    out.push('\n');
                } else {
                    // Writing into a string does not fail.
                    let _ = writeln!(out, "  {line}");
                }
            }
            out
        }
        Value::List(items) if items.is_empty() => format!("{key}: []\n"),
        Value::List(items) => {
            let mut out = format!("{key}:\n");
            for item in *items {
                let _ = writeln!(out, "  - {}", scalar(item));
            }
            out
        }
    }
}

/// A text on one line: plain where nothing in it can be taken for anything else, else in quotes.
fn scalar(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.contains(' ')
        && !text.ends_with(' ')
        && !text.contains([':', '#', '\n', '\t'])
        && !text.contains(char::is_control);
    let version = text.split('.').count() == 3 && text.chars().all(|c| c.is_ascii_digit() || c == '.');
    let name = text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.contains('_')
        && text.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    if plain || version || name { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

/// The next version after one of the shape `1.0.0`: its middle number raised.
pub fn next_version(version: &str) -> Option<String> {
    let numbers: Vec<u64> = version.split('.').map(str::parse).collect::<Result<_, _>>().ok()?;
    match numbers.as_slice() {
        [major, minor, _] => Some(format!("{major}.{}.0", minor.checked_add(1)?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# A plan.\nname: Plan\nversion: 1.0.0 # the first\nscope: |-\n  One.\n\n  Two.\n\n# What for.\nobjectives:\n- a\n- b\nlast: x\n";

    #[test]
    fn only_the_lines_under_the_name_change() {
        assert_eq!(
            set(FILE, "scope", &Value::Text("Three.\n\nFour: five.")),
            FILE.replace("  One.\n\n  Two.\n", "  Three.\n\n  Four: five.\n")
        );
        assert_eq!(
            set(FILE, "objectives", &Value::List(&["One thing".to_owned(), "a: b".to_owned()])),
            FILE.replace("- a\n- b\n", "  - One thing\n  - \"a: b\"\n")
        );
        assert_eq!(set(FILE, "version", &Value::Line("1.1.0")), FILE.replace("1.0.0 # the first", "1.1.0"));
        assert_eq!(set(FILE, "last", &Value::Line("yes")), FILE.replace("last: x", "last: \"yes\""));
        assert_eq!(set(FILE, "more", &Value::Line("no way")), format!("{FILE}more: no way\n"));
    }

    #[test]
    fn versions_go_on() {
        assert_eq!(next_version("1.0.0").as_deref(), Some("1.1.0"));
        assert_eq!(next_version("2026-11"), None);
    }
}

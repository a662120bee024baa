//! Fields, modifiers and values that do not do what they look like.

use super::{Report, fields};
use crate::yaml::{Data, Kind, Node, Scalar};

pub(super) fn look(detection: &Node, report: &mut Report<'_>) {
    let Data::Map(searches) = &detection.data else { return };
    for (name, node) in searches {
        if name.text != "condition" {
            search(node, report);
        }
    }
}

fn search(node: &Node, report: &mut Report<'_>) {
    match &node.data {
        Data::Map(entries) => {
            for (key, value) in entries {
                item(&key.text, key.line, value, report);
            }
        }
        Data::List(items) => {
            let words: Vec<(&Scalar, usize)> = scalars(items);
            repeated(&words, false, report);
            items
                .iter()
                .filter(|item| matches!(item.data, Data::Map(_)))
                .for_each(|item| search(item, report));
        }
        Data::Scalar(_) => {}
    }
}

fn scalars(items: &[Node]) -> Vec<(&Scalar, usize)> {
    let scalars = items.iter().map(|item| (&item.data, item.line));
    scalars
        .filter_map(|(data, line)| match data {
            Data::Scalar(scalar) => Some((scalar, line)),
            _ => None,
        })
        .collect()
}

fn item(key: &str, line: usize, value: &Node, report: &mut Report<'_>) {
    let mut parts = key.split('|');
    let field = parts.next().unwrap_or_default().trim();
    let modifiers: Vec<&str> = parts.collect();
    let has = |name: &str| modifiers.contains(&name);
    let values: Vec<(&Scalar, usize)> = match &value.data {
        Data::Scalar(scalar) => vec![(scalar, value.line)],
        Data::List(items) => scalars(items),
        Data::Map(_) => Vec::new(),
    };
    fields::look(field, line, report);
    if has("all") && values.len() == 1 {
        report.say(
            line,
            "all-single",
            format!("`{key}` has a single value, for which `all` changes nothing; leave it out"),
        );
    }
    if has("fieldref") && values.iter().any(|(value, _)| value.text == field) {
        report.say(line, "fieldref-self", format!("`{key}` compares the field with itself"));
    }
    idle(key, line, &modifiers, &values, report);
    if has("re") {
        for (value, line) in &values {
            regex(&value.text, *line, report);
        }
    } else if !["cidr", "lt", "lte", "gt", "gte", "fieldref", "exists"].into_iter().any(has) {
        for (value, line) in &values {
            wildcards(&value.text, *line, &modifiers, report);
        }
        if !has("all") {
            covered(&values, &modifiers, report);
        }
    }
    let by_letter = ["re", "cased", "base64", "base64offset"].into_iter().any(has);
    repeated(&values, by_letter, report);
}

/// Modifiers that change nothing about any value.
fn idle(key: &str, line: usize, modifiers: &[&str], values: &[(&Scalar, usize)], report: &mut Report<'_>) {
    let has = |name: &str| modifiers.contains(&name);
    let texts = || values.iter().map(|(value, _)| value.text.as_str());
    let mut say = |name: &str, why: &str| {
        report.say(line, "idle-modifier", format!("`{name}` in `{key}` changes nothing: {why}"));
    };
    if has("cased") && !texts().any(|text| text.chars().any(char::is_alphabetic)) {
        say("cased", "no value has a letter");
    }
    if has("windash") && !texts().any(has_flag) {
        say("windash", "no value has a word that begins with a dash or a slash");
    }
    if has("expand") && !texts().any(|text| text.matches('%').count() >= 2) {
        say("expand", "no value has a placeholder such as %name%");
    }
    let wide = ["wide", "utf16le", "utf16be", "utf16"].into_iter().find(|name| has(name));
    if let Some(wide) = wide
        && !has("base64")
        && !has("base64offset")
    {
        report.say(line, "wide-alone", format!("`{wide}` in `{key}` without `base64` or `base64offset` looks for NUL bytes, which logs do not hold"));
    }
}

fn has_flag(text: &str) -> bool {
    let mut before = None;
    let mut signs = text.chars().peekable();
    while let Some(sign) = signs.next() {
        let word = |sign: char| sign.is_alphanumeric() || sign == '_';
        let dash = matches!(sign, '-' | '/' | '\u{2013}' | '\u{2014}' | '\u{2015}');
        if dash && !before.is_some_and(word) && signs.peek().is_some_and(|next| word(*next)) {
            return true;
        }
        before = Some(sign);
    }
    false
}

fn wildcards(value: &str, line: usize, modifiers: &[&str], report: &mut Report<'_>) {
    let has = |name: &str| modifiers.contains(&name);
    let placed = ["contains", "startswith", "endswith"].into_iter().find(|name| has(name));
    if value == "*" && placed.is_none() {
        report.say(
            line,
            "only-wildcard",
            "`*` holds for every value; say `exists: true` if the field must be there",
        );
    }
    let Some(place) = placed else { return };
    if value.is_empty() || value == "*" {
        report.say(line, "empty-value", format!("`{place}` with nothing to look for holds for every value"));
        return;
    }
    let at_end = value.ends_with('*') && !ends_escaped(value);
    let at_start = value.starts_with('*');
    let idle = (at_start && place != "startswith") || (at_end && place != "endswith");
    if idle {
        report.say(
            line,
            "idle-wildcard",
            format!("the `*` at the edge of `{value}` changes nothing: `{place}` lets anything stand there"),
        );
    } else if at_start || at_end {
        report.say(
            line,
            "idle-wildcard",
            format!("`{place}` with the `*` at the edge of `{value}` is `contains`; say so"),
        );
    }
}

/// Whether the last sign is escaped: an odd number of backslashes before it.
fn ends_escaped(value: &str) -> bool {
    let before = value.get(..value.len().saturating_sub(1)).unwrap_or_default();
    let slashes = before.bytes().rev().take_while(|byte| *byte == b'\\').count();
    slashes % 2 == 1
}

fn regex(source: &str, line: usize, report: &mut Report<'_>) {
    if !source.is_empty() && !source.contains(|sign: char| r"\.+*?()|[]{}^$".contains(sign)) {
        report.say(
            line,
            "plain-regex",
            format!("`{source}` is a plain text; `contains|cased` finds it without a regular expression"),
        );
    }
    if source == ".*" || source == "^.*$" || source.is_empty() {
        report.say(line, "empty-value", "this expression holds for every value");
    } else if source.starts_with(".*") || source.starts_with("^.*") {
        report.say(
            line,
            "idle-wildcard",
            "the `.*` at the start changes nothing: an expression is looked for anywhere in the value",
        );
    }
}

/// A value that occurs twice.
fn repeated(values: &[(&Scalar, usize)], cased: bool, report: &mut Report<'_>) {
    let mut seen = std::collections::HashMap::new();
    for (value, line) in values {
        let text = if cased { value.text.clone() } else { value.text.to_lowercase() };
        match seen.get(&text) {
            Some(first) => {
                report.say(
                    *line,
                    "repeated-value",
                    format!("`{}` stands in line {first} already", value.text),
                );
            }
            None => {
                seen.insert(text, *line);
            }
        }
    }
}

/// A value that another one covers: who looks for `foo` need not look for `foobar`.
fn covered(values: &[(&Scalar, usize)], modifiers: &[&str], report: &mut Report<'_>) {
    const MOST: usize = 500;
    if modifiers.iter().any(|name| !["contains", "startswith", "endswith", "cased"].contains(name))
        || values.len() > MOST
    {
        return;
    }
    let holds: fn(&str, &str) -> bool = match modifiers.iter().find(|name| **name != "cased") {
        Some(&"contains") => |long, short| long.contains(short),
        Some(&"startswith") => |long, short| long.starts_with(short),
        Some(&"endswith") => |long, short| long.ends_with(short),
        _ => return,
    };
    let cased = modifiers.contains(&"cased");
    let plain: Vec<(String, &str, usize)> = values
        .iter()
        .filter(|(value, _)| {
            value.kind == Kind::Str && !value.text.is_empty() && !value.text.contains(['*', '?', '\\'])
        })
        .map(|(value, line)| {
            let text = if cased { value.text.clone() } else { value.text.to_lowercase() };
            (text, value.text.as_str(), *line)
        })
        .collect();
    for (long, written, line) in &plain {
        let short = plain.iter().find(|(short, ..)| short.len() < long.len() && holds(long, short));
        if let Some((_, short, _)) = short {
            report.say(*line, "covered-value", format!("`{written}` is found by `{short}` already"));
        }
    }
}

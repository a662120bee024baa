//! A part as YAML that reads as if somebody had written it: in the order of the form, long texts folded, short lists on a
//! line.

use domain::Period;
use serde_json::Value;

use super::shape::{Field, Shape};

const WIDTH: usize = 110;

/// The part as a file.
pub fn yaml(shape: Shape, value: &Value) -> String {
    let mut out = String::new();
    match shape {
        Shape::Record(fields) => record(&mut out, fields, value, 0, false),
        _ => block(&mut out, shape, value, 0),
    }
    out
}

fn record(out: &mut String, fields: &[Field], value: &Value, indent: usize, mut dashed: bool) {
    for field in fields {
        let Some(value) = value.get(field.name).filter(|value| !is_nothing(value)) else { continue };
        // The first field of an item stands behind its dash.
        if !std::mem::take(&mut dashed) {
            out.push_str(&" ".repeat(indent));
        }
        out.push_str(field.name);
        out.push(':');
        block(out, field.shape, value, indent);
    }
}

fn block(out: &mut String, shape: Shape, value: &Value, indent: usize) {
    match (shape, value) {
        (Shape::Record(fields), _) => {
            out.push('\n');
            record(out, fields, value, indent + 2, false);
        }
        (Shape::List(fields, _), Value::Array(items)) => {
            let deeper = if out.is_empty() { indent } else { indent + 2 };
            if !out.is_empty() {
                out.push('\n');
            }
            for item in items {
                out.push_str(&" ".repeat(deeper));
                out.push_str("- ");
                record(out, fields, item, deeper + 2, true);
            }
        }
        (Shape::Texts | Shape::Lines, Value::Array(items)) => {
            out.push('\n');
            for item in items {
                out.push_str(&" ".repeat(indent + 2));
                out.push('-');
                text(out, item.as_str().unwrap_or_default(), indent + 2);
            }
        }
        (_, Value::Array(items)) => {
            let words: Vec<String> = items.iter().filter_map(Value::as_str).map(plain).collect();
            out.push_str(&format!(" [{}]\n", words.join(", ")));
        }
        _ => text(out, value.as_str().unwrap_or_default(), indent),
    }
}

/// A text behind its key or dash, in the form that suits it.
fn text(out: &mut String, text: &str, indent: usize) {
    let margin = " ".repeat(indent + 2);
    let odd = text.starts_with([' ', '\n']) || text.ends_with(['\n', ' ']) || text.contains(['\t', '\r']);
    if text.contains('\n') && !odd {
        out.push_str(" |-\n");
        for line in text.split('\n') {
            if !line.is_empty() {
                out.push_str(&margin);
                out.push_str(line);
            }
            out.push('\n');
        }
    } else if indent + text.chars().count() > WIDTH && !odd && !text.contains("  ") {
        out.push_str(" >-\n");
        let mut width = 0;
        for word in text.split(' ') {
            let length = word.chars().count();
            if width == 0 || width + 1 + length > WIDTH {
                if width > 0 {
                    out.push('\n');
                }
                out.push_str(&margin);
                width = margin.len() + length;
            } else {
                out.push(' ');
                width += 1 + length;
            }
            out.push_str(word);
        }
        out.push('\n');
    } else {
        out.push(' ');
        out.push_str(&plain(text));
        out.push('\n');
    }
}

/// A word without quotes where YAML would read the same text, else in JSON's, which YAML reads too.
fn plain(text: &str) -> String {
    const WORDS: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    const SIGNS: &str = "[]{}&*!|>\"%@`";
    let begins = text.starts_with(char::is_alphabetic) || text.parse::<Period>().is_ok();
    let same = begins
        && !WORDS.contains(&text.to_lowercase().as_str())
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.ends_with([':', ' '])
        && !text.chars().any(|sign| sign.is_control() || SIGNS.contains(sign));
    if same { text.to_owned() } else { Value::from(text).to_string() }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.values().all(is_nothing),
        _ => false,
    }
}

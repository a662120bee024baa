//! The form of a document: which properties an object has, of which type, and which it must have, as the CACAO v2.0
//! schemas have it. Written as tables ([`tables`]) that one walker reads, so that each finding has its place.

mod tables;
pub(crate) mod words;

use serde_json::{Map, Value};

use crate::finding::{Finding, deeper};
use crate::ident;
use crate::read::kind_of;

/// What a property may be.
pub(crate) enum Kind {
    /// Anything; it is kept and not looked into.
    Any,
    Text,
    Bool,
    /// A whole number within bounds.
    Whole(u64, u64),
    /// An identifier of one of these types; of any where none is given.
    Id(&'static [&'static str]),
    Time,
    /// One of these words and no other.
    Word(&'static [&'static str]),
    /// A word that should be one of these and may be another.
    Open(&'static [&'static str]),
    /// A variable's value: text, null, or an object.
    Held,
    /// A list of at least so many.
    List(&'static Kind, usize),
    /// Names and what they stand for, at least so many.
    Dict(Key, &'static Kind, usize),
    Object(&'static Shape),
    /// An object whose form its `type` chooses.
    ByType(&'static [(&'static str, &'static Shape)], Otherwise),
}

/// What the names in a dictionary may be.
#[derive(Clone, Copy)]
pub(crate) enum Key {
    Any,
    Variable,
    /// An identifier of one of these types.
    Id(&'static [&'static str]),
    /// An identifier whose type is that of the object it names, and one of these.
    SameType(&'static [&'static str]),
}

/// What to say of a `type` that no table knows.
#[derive(Clone, Copy)]
pub(crate) enum Otherwise {
    Refuse(&'static str),
    /// The vocabulary is open: the object is only what all of its kind are.
    Base(&'static Shape),
}

pub(crate) struct Shape {
    /// What the object is, with its article.
    pub name: &'static str,
    pub fields: &'static [Field],
}

pub(crate) struct Field {
    pub name: &'static str,
    pub kind: Kind,
    pub required: bool,
}

const fn must(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, required: true }
}

const fn may(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, required: false }
}

/// What is wrong with a document's form.
pub(crate) fn check(document: &Map<String, Value>) -> Vec<Finding> {
    let mut walk = Walk { findings: Vec::new() };
    walk.object(&tables::PLAYBOOK, document, "");
    walk.findings
}

struct Walk {
    findings: Vec<Finding>,
}

impl Walk {
    fn object(&mut self, shape: &Shape, object: &Map<String, Value>, at: &str) {
        for field in shape.fields {
            match object.get(field.name) {
                Some(value) => self.value(&field.kind, value, &deeper(at, field.name)),
                None if field.required => self.findings.push(Finding::error(
                    "schema-missing",
                    at,
                    format!("{} needs the property `{}`.", capital(shape.name), field.name),
                )),
                None => {}
            }
        }
        for name in object.keys() {
            if !shape.fields.iter().any(|field| field.name == name) {
                self.findings.push(Finding::warning(
                    "schema-unknown",
                    deeper(at, name),
                    format!(
                        "{} has no property `{}` in CACAO v2.0. It is kept and not used; an extension is the place for it.",
                        capital(shape.name),
                        shown(name)
                    ),
                ));
            }
        }
    }

    fn value(&mut self, kind: &Kind, value: &Value, at: &str) {
        match (kind, value) {
            (Kind::Any, _) | (Kind::Text, Value::String(_)) | (Kind::Bool, Value::Bool(_)) => {}
            (Kind::Held, Value::String(_) | Value::Null | Value::Object(_)) => {}
            (Kind::Held, _) => self.findings.push(Finding::warning(
                "schema-type",
                at,
                format!(
                    "A variable's value is written as a string, and this is {}. It is read as its text.",
                    kind_of(value)
                ),
            )),
            (Kind::Whole(least, most), Value::Number(number)) => match number.as_u64() {
                Some(number) if (*least..=*most).contains(&number) => {}
                _ => {
                    let sentence = if *most == u64::MAX {
                        format!("A whole number from {least} up stands here, and this is {number}.")
                    } else {
                        format!("A whole number from {least} to {most} stands here, and this is {number}.")
                    };
                    self.findings.push(Finding::error("schema-range", at, sentence));
                }
            },
            (Kind::Id(kinds), Value::String(text)) => self.identifier(kinds, text, at),
            (Kind::Time, Value::String(text)) => self.time(text, at),
            (Kind::Word(words), Value::String(text)) => {
                if !words.contains(&text.as_str()) {
                    self.findings.push(Finding::error(
                        "schema-word",
                        at,
                        format!("One of {} stands here, and this is \"{}\".", listed(words), shown(text)),
                    ));
                }
            }
            (Kind::Open(words), Value::String(text)) => {
                if !words.contains(&text.as_str()) {
                    self.findings.push(Finding::note(
                        "vocabulary",
                        at,
                        format!(
                            "\"{}\" is not in the vocabulary of CACAO v2.0 for this; it is kept.",
                            shown(text)
                        ),
                    ));
                }
            }
            (Kind::List(of, least), Value::Array(list)) => {
                if list.len() < *least {
                    self.findings.push(Finding::error(
                        "schema-range",
                        at,
                        format!(
                            "This list needs at least {least}, and has {}. Leave it out or fill it.",
                            list.len()
                        ),
                    ));
                }
                for (place, value) in list.iter().enumerate() {
                    self.value(of, value, &deeper(at, &place.to_string()));
                }
            }
            (Kind::Dict(key, of, least), Value::Object(object)) => {
                if object.len() < *least {
                    self.findings.push(Finding::warning(
                        "schema-range",
                        at,
                        format!("This needs at least {least} entry. Leave it out or fill it."),
                    ));
                }
                for (name, value) in object {
                    let at = deeper(at, name);
                    self.key(*key, name, value, &at);
                    self.value(of, value, &at);
                }
            }
            (Kind::Object(shape), Value::Object(object)) => self.object(shape, object, at),
            (Kind::ByType(shapes, otherwise), Value::Object(object)) => {
                self.by_type(shapes, *otherwise, object, at);
            }
            (kind, value) => self.findings.push(Finding::error(
                "schema-type",
                at,
                format!("{} stands here, and this is {}.", wanted(kind), kind_of(value)),
            )),
        }
    }

    fn by_type(
        &mut self,
        shapes: &[(&'static str, &'static Shape)],
        otherwise: Otherwise,
        object: &Map<String, Value>,
        at: &str,
    ) {
        let named = object.get("type").and_then(Value::as_str);
        if let Some((_, shape)) = shapes.iter().find(|(name, _)| Some(*name) == named) {
            return self.object(shape, object, at);
        }
        match (otherwise, named) {
            (Otherwise::Base(shape), Some(_)) => {
                for field in shape.fields {
                    match object.get(field.name) {
                        Some(value) => self.value(&field.kind, value, &deeper(at, field.name)),
                        None if field.required => self.findings.push(Finding::error(
                            "schema-missing",
                            at,
                            format!("{} needs the property `{}`.", capital(shape.name), field.name),
                        )),
                        None => {}
                    }
                }
            }
            (Otherwise::Refuse(what), Some(named)) => self.findings.push(Finding::error(
                "schema-word",
                deeper(at, "type"),
                format!(
                    "\"{}\" is no type of {what} in CACAO v2.0: it has {}.",
                    shown(named),
                    listed(&shapes.iter().map(|(name, _)| *name).collect::<Vec<_>>())
                ),
            )),
            (_, None) => {
                self.findings.push(Finding::error(
                    "schema-missing",
                    at,
                    "This object needs a `type`, written as a string.",
                ));
            }
        }
    }

    fn key(&mut self, key: Key, name: &str, value: &Value, at: &str) {
        match key {
            Key::Any => {}
            Key::Variable => {
                if !ident::is_variable_name(name) {
                    self.findings.push(Finding::error(
                        "schema-name",
                        at,
                        format!(
                            "\"{}\" is no name of a variable: write it as __name__, with letters, digits, _ and -.",
                            shown(name)
                        ),
                    ));
                }
            }
            Key::Id(kinds) => match ident::prefix(name) {
                Some(prefix) if kinds.contains(&prefix) => {}
                _ => self.loose_key(name, at, &format!("{}--UUID", kinds.join("--UUID or "))),
            },
            Key::SameType(kinds) => {
                let kind = value.get("type").and_then(Value::as_str).unwrap_or("type");
                if !kinds.contains(&kind) {
                    self.loose_key(name, at, &format!("TYPE--UUID, with one of the types {}", listed(kinds)));
                } else if ident::prefix(name) != Some(kind) {
                    self.loose_key(name, at, &format!("{kind}--UUID"));
                }
            }
        }
    }

    /// A name that is not as the schema has it and still names one thing: it can be referred to, so it is let pass.
    fn loose_key(&mut self, name: &str, at: &str, wanted: &str) {
        self.findings.push(Finding::warning(
            "schema-name",
            at,
            format!("\"{}\" should be an identifier written {wanted} (CACAO v2.0 §10.10).", shown(name)),
        ));
    }

    fn identifier(&mut self, kinds: &[&str], text: &str, at: &str) {
        match ident::prefix(text) {
            None => self.findings.push(Finding::warning(
                "schema-name",
                at,
                format!(
                    "\"{}\" is no identifier: it is written TYPE--UUID (CACAO v2.0 §10.10).",
                    shown(text)
                ),
            )),
            Some(prefix) if !kinds.is_empty() && !kinds.contains(&prefix) => {
                self.findings.push(Finding::error(
                    "wrong-kind",
                    at,
                    format!(
                        "The identifier of {} stands here, and this is one of \"{prefix}\".",
                        listed(kinds)
                    ),
                ));
            }
            Some(_) => {}
        }
    }

    fn time(&mut self, text: &str, at: &str) {
        if !ident::is_timestamp(text) {
            self.findings.push(Finding::error(
                "schema-time",
                at,
                format!("\"{}\" is no time: write it in UTC as 2026-03-01T08:00:00.000Z.", shown(text)),
            ));
        } else if !ident::has_milliseconds(text) {
            self.findings.push(Finding::note(
                "time-digits",
                at,
                "CACAO v2.0 wants three digits after the point of a second.",
            ));
        }
    }
}

fn wanted(kind: &Kind) -> &'static str {
    match kind {
        Kind::Any => "Anything",
        Kind::Text | Kind::Word(_) | Kind::Open(_) | Kind::Held => "A string",
        Kind::Bool => "A boolean",
        Kind::Whole(..) => "A number",
        Kind::Id(_) => "An identifier",
        Kind::Time => "A time",
        Kind::List(..) => "A list",
        Kind::Dict(..) | Kind::Object(_) | Kind::ByType(..) => "An object",
    }
}

fn listed(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// A word from the document, short enough for a sentence.
pub(crate) fn shown(text: &str) -> String {
    let clean: String =
        text.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect();
    match clean.char_indices().nth(80) {
        Some((cut, _)) => format!("{}…", clean.get(..cut).unwrap_or_default()),
        None => clean,
    }
}

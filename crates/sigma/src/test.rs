//! One compiled test of a field or of the whole record.

use std::borrow::Cow;
use std::sync::Arc;

use telemetry::Value;

use crate::modifier::Place;
use crate::number::{Network, Number, Relation, TimePart};
use crate::text::TextSet;
use crate::tree::{Check, Regex, Subject, Test};
use crate::view::{FieldNames, Spoken, View, texts};

/// Compiled from [`Test`].
pub(crate) struct Tester {
    /// `None` for a keyword search.
    field: Option<u32>,
    check: Compiled,
}

enum Compiled {
    Text { set: TextSet, cased: bool },
    Regex(Arc<Regex>),
    Network(Box<[Network]>),
    Number(Box<[Number]>),
    Compare { relation: Relation, number: Number, time: Option<TimePart> },
    Null { name: Box<str> },
    Exists { wanted: bool, name: Box<str> },
    OtherField { field: u32, place: Place, cased: bool },
}

/// A text that a test found what it looks for in.
pub(crate) struct Found<'v> {
    /// `None` for the record itself.
    pub field: Option<&'v str>,
    pub text: Cow<'v, str>,
}

impl Tester {
    pub fn new(test: &Test, names: &mut FieldNames) -> Tester {
        let (field, name) = match &test.subject {
            Subject::Field(name) => (Some(names.number(name)), Box::from(name.as_str())),
            Subject::Record => (None, Box::from("")),
        };
        let check = match &test.check {
            Check::Text { patterns, cased } => Compiled::Text { set: TextSet::new(patterns), cased: *cased },
            Check::Regex(regex) => Compiled::Regex(Arc::clone(regex)),
            Check::Network(networks) => Compiled::Network(networks.clone().into()),
            Check::Number(numbers) => Compiled::Number(numbers.clone().into()),
            Check::Compare { relation, number, time } => {
                Compiled::Compare { relation: *relation, number: *number, time: *time }
            }
            Check::Null => Compiled::Null { name },
            Check::Exists(wanted) => Compiled::Exists { wanted: *wanted, name },
            Check::OtherField { name, place, cased } => {
                Compiled::OtherField { field: names.number(name), place: *place, cased: *cased }
            }
        };
        Tester { field, check }
    }

    pub fn field(&self) -> Option<u32> {
        self.field
    }

    /// Whether it cannot hold for an event without its field.
    pub fn needs_field(&self) -> bool {
        self.field.is_some() && !matches!(self.check, Compiled::Null { .. } | Compiled::Exists { .. })
    }

    pub fn holds(&self, view: &View<'_, '_>) -> bool {
        let Some(id) = self.field else {
            return view.spoken(self.cased()).iter().any(|spoken| self.text_holds(&spoken.text));
        };
        let value = view.field(id);
        match &self.check {
            Compiled::Text { .. } | Compiled::Regex(_) | Compiled::Network(_) => {
                value.is_some_and(|value| texts(value, self.cased()).iter().any(|text| self.text_holds(text)))
            }
            Compiled::Number(_) | Compiled::Compare { .. } => {
                value.is_some_and(|value| self.number_holds(value))
            }
            Compiled::Null { name } => match value {
                None => !view.has_within(name),
                Some(value) => is_null(value),
            },
            Compiled::Exists { wanted, name } => (value.is_some() || view.has_within(name)) == *wanted,
            Compiled::OtherField { field, place, cased } => match (value, view.field(*field)) {
                (Some(value), Some(other)) => {
                    let others = texts(other, *cased);
                    texts(value, *cased).iter().any(|text| related(text, &others, *place))
                }
                _ => false,
            },
        }
    }

    /// What of the event makes the test hold, for people to see. Nothing for tests of absence.
    pub fn found<'v>(&self, view: &'v View<'_, '_>, names: &'v FieldNames) -> Vec<Found<'v>> {
        let Some(id) = self.field else {
            // Folded or not, the texts stand in the same order.
            let found = view.spoken(self.cased()).iter().zip(view.spoken(true));
            return found
                .filter(|(compared, _)| self.text_holds(&compared.text))
                .map(|(_, Spoken { field, text })| Found { field: *field, text: Cow::Borrowed(text) })
                .collect();
        };
        let Some(value) = view.field(id) else { return Vec::new() };
        let name = Some(names.name(id));
        let compared = texts(value, self.cased());
        // Folded or not, the texts stand in the same order.
        texts(value, true)
            .into_iter()
            .zip(&compared)
            .filter(|(text, compared)| match &self.check {
                Compiled::Text { .. } | Compiled::Regex(_) | Compiled::Network(_) => {
                    self.text_holds(compared)
                }
                Compiled::Number(_) | Compiled::Compare { .. } => {
                    matches!(value, Value::List(_)) && self.number_text_holds(text)
                        || self.number_holds(value)
                }
                Compiled::Null { .. } => false,
                Compiled::Exists { .. } => true,
                Compiled::OtherField { field, place, cased } => {
                    view.field(*field).is_some_and(|other| related(compared, &texts(other, *cased), *place))
                }
            })
            .map(|(text, _)| Found { field: name, text })
            .collect()
    }

    fn cased(&self) -> bool {
        match &self.check {
            Compiled::Text { cased, .. } | Compiled::OtherField { cased, .. } => *cased,
            _ => true,
        }
    }

    fn text_holds(&self, text: &str) -> bool {
        match &self.check {
            Compiled::Text { set, .. } => set.matches(text),
            Compiled::Regex(regex) => regex.matches(text),
            Compiled::Network(networks) => networks.iter().any(|network| network.holds(text)),
            _ => false,
        }
    }

    fn number_holds(&self, value: &Value) -> bool {
        match (value, &self.check) {
            (Value::List(items), _) => items.iter().any(|item| self.number_holds(item)),
            (value, Compiled::Number(wanted)) => Number::of_value(value)
                .is_some_and(|number| wanted.iter().any(|wanted| Relation::Equal.holds(number, *wanted))),
            (value, Compiled::Compare { relation, number: wanted, time: None }) => {
                Number::of_value(value).is_some_and(|number| relation.holds(number, *wanted))
            }
            (Value::Str(text), Compiled::Compare { relation, number: wanted, time: Some(part) }) => {
                part.of_text(text).is_some_and(|number| relation.holds(number, *wanted))
            }
            _ => false,
        }
    }

    fn number_text_holds(&self, text: &str) -> bool {
        self.number_holds(&Value::Str(text.to_owned()))
    }
}

fn is_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::List(items) => items.is_empty() || items.iter().any(is_null),
        _ => false,
    }
}

fn related(text: &str, others: &[Cow<'_, str>], place: Place) -> bool {
    others.iter().any(|other| match place {
        Place::Whole => text == other,
        Place::Anywhere => text.contains(&**other),
        Place::Start => text.starts_with(&**other),
        Place::End => text.ends_with(&**other),
    })
}

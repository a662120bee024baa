//! One compiled test of a field or of the whole record.

use std::borrow::Cow;
use std::sync::Arc;

use telemetry::Value;

use crate::modifier::Place;
use crate::number::{Network, Number, Relation, TimePart};
use crate::pattern::Pattern;
use crate::text::TextSet;
use crate::tree::{Check, Regex, Subject, Test};
use crate::view::{FieldNames, Slot, Spoken, View};

/// Compiled from [`Test`].
pub(crate) struct Tester {
    /// `None` for a keyword search.
    field: Option<u32>,
    check: Compiled,
    /// The index that looks for the test's texts, where one does.
    indexed: Option<Indexed>,
}

struct Indexed {
    index: u32,
    /// Patterns that are more than one text.
    rest: Option<TextSet>,
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
            Check::Text { patterns, cased } => {
                Compiled::Text { set: TextSet::new(patterns, *cased), cased: *cased }
            }
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
        Tester { field, check, indexed: None }
    }

    /// From now on the index says whether the test holds, but for the `rest` of its patterns.
    pub fn leave_to(&mut self, index: u32, rest: &[Pattern]) {
        let rest = (!rest.is_empty()).then(|| TextSet::new(rest, true));
        self.indexed = Some(Indexed { index, rest });
    }

    pub fn index(&self) -> Option<u32> {
        self.indexed.as_ref().map(|indexed| indexed.index)
    }

    /// Whether the patterns match that the index does not know.
    pub fn rest_holds(&self, view: &View<'_, '_>) -> bool {
        let Some(rest) = self.indexed.as_ref().and_then(|indexed| indexed.rest.as_ref()) else {
            return false;
        };
        match self.field {
            None => view.spoken(false).iter().any(|spoken| rest.matches(&spoken.text)),
            Some(id) => {
                view.field(id).is_some_and(|slot| slot.texts(false).iter().any(|text| rest.matches(text)))
            }
        }
    }

    pub fn field(&self) -> Option<u32> {
        self.field
    }

    pub fn holds(&self, view: &View<'_, '_>) -> bool {
        let Some(id) = self.field else {
            return view.spoken(self.cased()).iter().any(|spoken| self.text_holds(&spoken.text));
        };
        let slot = view.field(id);
        match &self.check {
            Compiled::Text { .. } | Compiled::Regex(_) | Compiled::Network(_) => {
                slot.is_some_and(|slot| slot.texts(self.cased()).iter().any(|text| self.text_holds(text)))
            }
            Compiled::Number(_) | Compiled::Compare { .. } => {
                slot.is_some_and(|slot| self.number_holds(slot.value))
            }
            Compiled::Null { name } => match slot {
                None => !view.has_within(name),
                Some(slot) => is_null(slot.value),
            },
            Compiled::Exists { wanted, name } => (slot.is_some() || view.has_within(name)) == *wanted,
            Compiled::OtherField { field, place, cased } => match (slot, view.field(*field)) {
                (Some(slot), Some(other)) => {
                    slot.texts(*cased).iter().any(|text| related(text, other, *place, *cased))
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
        let Some(slot) = view.field(id) else { return Vec::new() };
        let name = Some(names.name(id));
        let all = slot.texts(true).iter();
        let compared = slot.texts(self.cased()).iter();
        all.zip(compared)
            .filter(|(text, compared)| match &self.check {
                Compiled::Text { .. } | Compiled::Regex(_) | Compiled::Network(_) => {
                    self.text_holds(compared)
                }
                Compiled::Number(_) | Compiled::Compare { .. } => {
                    matches!(slot.value, Value::List(_)) && self.number_text_holds(text)
                        || self.number_holds(slot.value)
                }
                Compiled::Null { .. } => false,
                Compiled::Exists { .. } => true,
                Compiled::OtherField { field, place, cased } => {
                    view.field(*field).is_some_and(|other| related(compared, other, *place, *cased))
                }
            })
            .map(|(text, _)| Found { field: name, text: Cow::Borrowed(text) })
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

    /// What it is likely to cost, for trying the cheap ones first.
    pub fn cost(&self) -> u32 {
        let cost = match &self.check {
            Compiled::Number(_) => 1,
            Compiled::Exists { .. } | Compiled::Null { .. } => 3,
            Compiled::Text { set, .. } => 2 + set.cost(),
            Compiled::Compare { .. } => 4,
            Compiled::OtherField { .. } => 8,
            Compiled::Network(_) => 10,
            Compiled::Regex(regex) if regex.backtracks() => 300,
            Compiled::Regex(_) => 60,
        };
        if self.field.is_some() { cost } else { cost.saturating_mul(40) }
    }
}

fn is_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::List(items) => items.is_empty() || items.iter().any(is_null),
        _ => false,
    }
}

fn related(text: &str, other: &Slot<'_>, place: Place, cased: bool) -> bool {
    other.texts(cased).iter().any(|other| match place {
        Place::Whole => text == other,
        Place::Anywhere => text.contains(&**other),
        Place::Start => text.starts_with(&**other),
        Place::End => text.ends_with(&**other),
    })
}

//! What a form said, as the part that it spells.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::shape::{Field, Shape};

/// The fields of a form by name.
pub struct Said(BTreeMap<String, Vec<String>>);

impl Said {
    pub fn new(pairs: Vec<(String, String)>) -> Self {
        let mut fields: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in pairs {
            // Browsers end lines as mail does.
            fields.entry(name).or_default().push(value.replace("\r\n", "\n"));
        }
        Self(fields)
    }

    pub fn one(&self, name: &str) -> &str {
        self.0.get(name).and_then(|values| values.first()).map_or("", String::as_str)
    }

    fn filled(&self, name: &str) -> Vec<Value> {
        let values = self.0.get(name).into_iter().flatten();
        values.map(|value| value.trim()).filter(|value| !value.is_empty()).map(Value::from).collect()
    }

    /// What stands in the fields at `name`; null where nothing does.
    pub fn value(&self, shape: Shape, name: &str) -> Value {
        match shape {
            Shape::Line | Shape::Text | Shape::Period | Shape::Date | Shape::Choice(_) => {
                let value = self.one(name).trim();
                if value.is_empty() { Value::Null } else { Value::from(value) }
            }
            Shape::Many(_) | Shape::Picks(_) | Shape::Texts | Shape::Lines => list(self.filled(name)),
            Shape::Codes => {
                let codes = self.one(name).split([',', ' ', '\n']).map(str::trim);
                list(codes.filter(|code| !code.is_empty()).map(Value::from).collect())
            }
            Shape::Record(fields) => self.record(fields, name),
            Shape::List(fields, _) => self.items(fields, name),
        }
    }

    fn record(&self, fields: &[Field], name: &str) -> Value {
        let mut map = Map::new();
        for field in fields {
            let value = self.value(field.shape, &within(name, field.name));
            if !value.is_null() {
                map.insert(field.name.to_owned(), value);
            }
        }
        if map.is_empty() { Value::Null } else { Value::Object(map) }
    }

    /// The items of a list in the order of their places, without those that were taken out or left blank.
    fn items(&self, fields: &[Field], name: &str) -> Value {
        let count: usize = self.one(&format!("{name}#")).parse().unwrap_or(0).min(MOST_ITEMS);
        let mut items = Vec::new();
        for number in 0..count {
            let item = within(name, &number.to_string());
            if !self.one(&format!("{item}#out")).is_empty() {
                continue;
            }
            let value = self.record(fields, &item);
            if !value.is_null() {
                let place: usize = self.one(&format!("{item}#place")).parse().unwrap_or(usize::MAX);
                items.push((place, value));
            }
        }
        items.sort_by_key(|(place, _)| *place);
        list(items.into_iter().map(|(_, value)| value).collect())
    }
}

/// More items than any part of a plan has.
const MOST_ITEMS: usize = 500;

fn list(values: Vec<Value>) -> Value {
    if values.is_empty() { Value::Null } else { Value::Array(values) }
}

/// The name of a field within another.
pub fn within(name: &str, inner: &str) -> String {
    if name.is_empty() { inner.to_owned() } else { format!("{name}.{inner}") }
}

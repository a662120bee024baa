//! A playbook's text in, a document out that keeps all of it: what is unknown stays where it stood. JSON that gives
//! one name twice is refused, since a signature over it would say two things.

use std::fmt;

use serde::de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::{CacaoError, Playbook};

/// What a playbook may measure, in bytes.
pub const MOST_BYTES: usize = 4 * 1024 * 1024;

/// A playbook's text as JSON, whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    value: Map<String, Value>,
}

impl Document {
    /// Reads a text as JSON.
    ///
    /// # Errors
    /// Where the text is too long, is no JSON object, or gives a name twice in one object.
    pub fn read(text: &str) -> Result<Self, CacaoError> {
        if text.len() > MOST_BYTES {
            return Err(CacaoError::TooLarge { most: MOST_BYTES, found: text.len() });
        }
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut reader = serde_json::Deserializer::from_str(text);
        let value = Unique.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value)).map_err(
            |fault| {
                let (line, column) = (fault.line(), fault.column());
                let said = fault.to_string();
                let reason = said.split(" at line ").next().unwrap_or_default();
                CacaoError::NotJson { line, column, reason: format!("{reason}.") }
            },
        )?;
        match value {
            Value::Object(value) => Ok(Self { value }),
            other => Err(CacaoError::NotAnObject { found: kind_of(&other) }),
        }
    }

    /// The document as JSON.
    pub fn value(&self) -> &Map<String, Value> {
        &self.value
    }

    /// The document in the types of CACAO. Whoever checked it first gets no error here.
    ///
    /// # Errors
    /// Where a property has another type than CACAO gives it; the sentence is serde's.
    pub fn playbook(&self) -> Result<Playbook, String> {
        serde_json::from_value(Value::Object(self.value.clone())).map_err(|fault| fault.to_string())
    }

    /// The document as text for people: indented, in the order in which it was written.
    pub fn pretty(&self) -> String {
        serde_json::to_string_pretty(&self.value).unwrap_or_default()
    }
}

impl From<Map<String, Value>> for Document {
    fn from(value: Map<String, Value>) -> Self {
        Self { value }
    }
}

/// What JSON calls a value, with its article.
pub(crate) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Reads any JSON, and refuses a name that comes twice.
struct Unique;

impl<'de> DeserializeSeed<'de> for Unique {
    type Value = Value;

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unique {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number is too large"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = sequence.next_element_seed(Unique)? {
            list.push(value);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(name) = access.next_key::<String>()? {
            if map.contains_key(&name) {
                return Err(de::Error::custom(format!("the name \"{name}\" is given twice in one object")));
            }
            let value = access.next_value_seed(Unique)?;
            map.insert(name, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn what_is_no_playbook_is_refused_with_its_place() {
        let twice = Document::read("{\n \"name\": 1,\n \"name\": 2\n}").unwrap_err();
        assert!(
            matches!(&twice, CacaoError::NotJson { line: 3, reason, .. } if reason.contains("twice")),
            "{twice}"
        );
        assert_eq!(Document::read("[]").unwrap_err(), CacaoError::NotAnObject { found: "a list" });
        assert!(matches!(Document::read("{"), Err(CacaoError::NotJson { line: 1, .. })));
        assert!(matches!(Document::read("{} {}"), Err(CacaoError::NotJson { .. })));
        let deep = "[".repeat(10_000);
        assert!(matches!(Document::read(&deep), Err(CacaoError::NotJson { .. })));
        assert!(matches!(Document::read(&" ".repeat(MOST_BYTES + 1)), Err(CacaoError::TooLarge { .. })));
    }
}

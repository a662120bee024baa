//! JSON text to flat, dotted names in one pass, without a tree in between. What the names mean is
//! for the callers to say.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::straight::{self, Places};
use crate::{Event, Value};

/// How deep objects and lists may nest.
pub(crate) const MAX_DEPTH: usize = 64;
/// How many different fields one record may have. Looking a field up walks over all of them, so
/// this also bounds the work that a hostile record can cause.
pub(crate) const MAX_FIELDS: usize = 4096;
/// How many values one record may have, all lists taken together.
pub(crate) const MAX_VALUES: usize = 65_536;

/// Takes the leaves of a JSON object, in order. A path comes again when it stands in a list of
/// objects or when the record repeats a key.
pub(crate) trait Sink {
    fn leaf(&mut self, path: &str, value: Value);
    /// How many fields there are by now.
    fn fields(&self) -> usize;
    /// Forgets all it was handed.
    fn clear(&mut self);
}

impl Sink for Event {
    fn leaf(&mut self, path: &str, value: Value) {
        self.append(path, value);
    }

    fn fields(&self) -> usize {
        self.field_count()
    }

    fn clear(&mut self) {
        self.clear_fields();
    }
}

/// Reads `bytes` as one JSON object and hands its leaves to `sink`. Invalid UTF-8 is replaced.
pub(crate) fn flatten(bytes: &[u8], sink: &mut impl Sink) -> Result<(), serde_json::Error> {
    match std::str::from_utf8(bytes) {
        Ok(text) => flatten_text(text, sink),
        Err(_) => flatten_text(&String::from_utf8_lossy(bytes), sink),
    }
}

fn flatten_text(text: &str, sink: &mut impl Sink) -> Result<(), serde_json::Error> {
    if straight::leaves(text, sink, &mut Places::default()).is_some() {
        return Ok(());
    }
    sink.clear();
    strictly(text, sink)
}

pub(crate) fn strictly(text: &str, sink: &mut impl Sink) -> Result<(), serde_json::Error> {
    let mut walk = Walk { sink, path: String::with_capacity(64), depth: 0, values: 0 };
    let mut json = serde_json::Deserializer::from_str(text);
    Object(&mut walk).deserialize(&mut json)?;
    json.end()
}

struct Walk<'s, S> {
    sink: &'s mut S,
    path: String,
    depth: usize,
    values: usize,
}

impl<S: Sink> Walk<'_, S> {
    fn enter<E: serde::de::Error>(&mut self) -> Result<(), E> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(E::custom(format_args!("it nests deeper than {MAX_DEPTH} levels")));
        }
        Ok(())
    }

    fn count<E: serde::de::Error>(&mut self) -> Result<(), E> {
        self.values += 1;
        if self.values > MAX_VALUES {
            return Err(E::custom(format_args!("it has more than {MAX_VALUES} values")));
        }
        Ok(())
    }

    fn leaf<E: serde::de::Error>(&mut self, value: Value) -> Result<(), E> {
        if self.sink.fields() >= MAX_FIELDS {
            return Err(E::custom(format_args!("it has more than {MAX_FIELDS} fields")));
        }
        self.sink.leaf(&self.path, value);
        Ok(())
    }

    fn object<'de, A: MapAccess<'de>>(&mut self, mut map: A) -> Result<(), A::Error> {
        self.enter()?;
        let outer = self.path.len();
        while map.next_key_seed(Key(&mut self.path))?.is_some() {
            map.next_value_seed(Node { walk: self, list: None })?;
            self.path.truncate(outer);
        }
        self.depth -= 1;
        Ok(())
    }
}

/// Appends a key to the path.
struct Key<'p>(&'p mut String);

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }
    fn visit_str<E>(self, key: &str) -> Result<(), E> {
        if !self.0.is_empty() {
            self.0.push('.');
        }
        self.0.push_str(key);
        Ok(())
    }
}

/// The outermost value: an object, or the record is refused.
struct Object<'w, 's, S>(&'w mut Walk<'s, S>);

impl<'de, S: Sink> DeserializeSeed<'de> for Object<'_, '_, S> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de, S: Sink> Visitor<'de> for Object<'_, '_, S> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record as a JSON object")
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        self.0.object(map)
    }
}

/// Any value below the outermost. In a list, plain values are gathered in `list`.
struct Node<'w, 's, S> {
    walk: &'w mut Walk<'s, S>,
    list: Option<&'w mut Vec<Value>>,
}

impl<S: Sink> Node<'_, '_, S> {
    fn plain<E: serde::de::Error>(self, value: Value) -> Result<(), E> {
        self.walk.count()?;
        match self.list {
            Some(list) => {
                list.push(value);
                Ok(())
            }
            None => self.walk.leaf(value),
        }
    }
}

impl<'de, S: Sink> DeserializeSeed<'de> for Node<'_, '_, S> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de, S: Sink> Visitor<'de> for Node<'_, '_, S> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        self.plain(Value::Null)
    }

    fn visit_bool<E: serde::de::Error>(self, flag: bool) -> Result<(), E> {
        self.plain(Value::Bool(flag))
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<(), E> {
        self.plain(Value::Int(number))
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<(), E> {
        // What does not fit keeps its digits.
        let value = match i64::try_from(number) {
            Ok(number) => Value::Int(number),
            Err(_) => Value::Str(number.to_string()),
        };
        self.plain(value)
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<(), E> {
        self.plain(Value::Float(number))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        self.plain(Value::Str(text.to_owned()))
    }

    fn visit_string<E: serde::de::Error>(self, text: String) -> Result<(), E> {
        self.plain(Value::Str(text))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        self.walk.count()?;
        self.walk.object(map)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let walk = self.walk;
        walk.count()?;
        walk.enter()?;
        let mut own = Vec::new();
        let nested = self.list.is_some();
        let list = match self.list {
            Some(outer) => outer,
            None => &mut own,
        };
        let mut any = false;
        while seq.next_element_seed(Node { walk: &mut *walk, list: Some(&mut *list) })?.is_some() {
            any = true;
        }
        walk.depth -= 1;
        // A list of objects has gone to the paths of their fields.
        if !nested && (!own.is_empty() || !any) {
            walk.leaf(Value::List(own))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;
    use crate::Format;

    fn read(json: &[u8]) -> Result<Event, serde_json::Error> {
        let mut event = Event::new(bytes::Bytes::new(), Format::JsonLines);
        flatten(json, &mut event)?;
        Ok(event)
    }

    fn list(values: &[&str]) -> Value {
        Value::List(values.iter().map(|text| Value::from(*text)).collect())
    }

    #[test]
    fn nesting_becomes_dotted_names_and_lists() {
        let event = read(
            br#"{"a":{"b":1,"c.d":true},"n":null,"f":1.5,
               "objects":[{"k":"x"},{"k":"y"}],"one":[{"k":"z"}],"plain":["p","q"],
               "empty":[],"mixed":[["in"],{"k":7},"out"]}"#,
        )
        .unwrap();
        assert_eq!(event.get("a.b"), Some(&Value::Int(1)));
        assert_eq!(event.get("a.c.d"), Some(&Value::Bool(true)));
        assert_eq!(event.get("n"), Some(&Value::Null));
        assert_eq!(event.get("f"), Some(&Value::Float(1.5)));
        assert_eq!(event.get("objects.k"), Some(&list(&["x", "y"])));
        assert_eq!(event.get("one.k"), Some(&Value::from("z")));
        assert_eq!(event.get("plain"), Some(&list(&["p", "q"])));
        assert_eq!(event.get("empty"), Some(&list(&[])));
        assert_eq!(event.get("mixed"), Some(&list(&["in", "out"])));
        assert_eq!(event.get("mixed.k"), Some(&Value::Int(7)));
    }

    #[test]
    fn a_repeated_key_keeps_all_its_values_so_none_can_hide() {
        let event = read(br#"{"k":"harmless","k":"evil"}"#).unwrap();
        assert_eq!(event.get("k"), Some(&list(&["harmless", "evil"])));
    }

    #[test]
    fn big_numbers_keep_their_digits_where_they_can() {
        let event = read(br#"{"u":18446744073709551615,"i":-9223372036854775808,"huge":1e30}"#);
        let event = event.unwrap();
        assert_eq!(event.get("u"), Some(&Value::from("18446744073709551615")));
        assert_eq!(event.get("i"), Some(&Value::Int(i64::MIN)));
        assert_eq!(event.get("huge"), Some(&Value::Float(1e30)));
    }

    #[test]
    fn hostile_records_are_refused_with_a_reason() {
        let deep = format!("{}1{}", "{\"a\":".repeat(70), "}".repeat(70));
        let wide: String = (0..5000).map(|n| format!("\"k{n}\":1,")).collect();
        let many = format!("{{\"a\":[{}1]}}", "1,".repeat(70_000));
        for (json, wanted) in [
            (deep, "deeper than 64"),
            (format!("{{{wide}\"z\":1}}"), "more than 4096 fields"),
            (many, "more than 65536 values"),
            ("[1]".to_owned(), "a record as a JSON object"),
            ("{\"a\":1} x".to_owned(), "trailing"),
            ("{\"a\":".to_owned(), "EOF"),
        ] {
            let error = read(json.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(wanted), "{error}");
        }
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let text = r#"[ab"\\/\n\u{0}é𝄞.]{0,6}"#;
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<u64>().prop_map(Into::into),
            any::<f64>().prop_map(Into::into),
            text.prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 32, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
                prop::collection::btree_map(text, inner, 0..5)
                    .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_straight_way_says_what_the_strict_reader_says(
            json in json(),
            cut in 0..400_usize,
            other in prop::option::of(r#"[{}\[\]",:\\ u0-9eE.+-]{1,2}"#),
        ) {
            // As it is, or with something else in the middle of it.
            let mut text = json.to_string();
            if let Some(other) = other && let Some(at) = (0..text.len()).nth(cut) && text.is_char_boundary(at) {
                text.insert_str(at, &other);
            }
            let mut quick = Event::new(bytes::Bytes::new(), Format::JsonLines);
            if straight::leaves(&text, &mut quick, &mut Places::default()).is_some() {
                let mut strict = Event::new(bytes::Bytes::new(), Format::JsonLines);
                prop_assert!(strictly(&text, &mut strict).is_ok(), "{}", text);
                prop_assert_eq!(format!("{quick:?}"), format!("{strict:?}"), "{}", text);
            }
        }
    }

    #[test]
    fn most_records_go_the_straight_way() {
        let mut event = Event::new(bytes::Bytes::new(), Format::JsonLines);
        let text = r#" {"a":{"b":[1,-2.5,"x\\y\u00e9"]}, "c" : true,"d":null,"e":{},"f":[{"g":1},{"g":2}]} "#;
        assert!(straight::leaves(text, &mut event, &mut Places::default()).is_some());
        assert_eq!(
            event.get("a.b"),
            Some(&Value::List(vec![Value::Int(1), Value::Float(-2.5), Value::from("x\\yé"),]))
        );
        assert_eq!(event.get("f.g"), Some(&Value::List(vec![Value::Int(1), Value::Int(2)])));
    }

    #[test]
    fn invalid_utf8_is_replaced() {
        let event = read(b"{\"a\":\"x\xffy\"}").unwrap();
        assert_eq!(event.get("a"), Some(&Value::from("x\u{fffd}y")));
    }
}

//! A mapping as it is written: the shapes of its YAML. What they mean when an event comes is said in
//! `test`, `given` and `shape`.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor};
use serde_saphyr::Spanned;

use crate::Value;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) name: Option<Spanned<String>>,
    pub(super) title: Option<String>,
    /// For people only.
    #[serde(default, rename = "description")]
    pub(super) _description: Option<String>,
    #[serde(default)]
    pub(super) recognise: Vec<Spanned<Test>>,
    /// Where in a webhook's body the records stand.
    pub(super) records: Option<String>,
    pub(super) alert: Option<Spanned<Alert>>,
    pub(super) time: Option<Spanned<Given>>,
    pub(super) host: Option<Spanned<Given>>,
    pub(super) user: Option<Spanned<Given>>,
    #[serde(default)]
    pub(super) product: Word,
    #[serde(default)]
    pub(super) category: Word,
    #[serde(default)]
    pub(super) service: Word,
    #[serde(default)]
    pub(super) unwrap: Vec<Spanned<Unwrap>>,
    #[serde(default)]
    pub(super) fields: Fields,
    #[serde(default)]
    pub(super) parts: Vec<Spanned<Part>>,
    #[serde(rename = "as")]
    pub(super) hand: Option<Spanned<String>>,
}

/// A record that is an alert of another product.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Alert {
    pub(super) when: Option<Spanned<Test>>,
    pub(super) title: Spanned<Given>,
    pub(super) description: Option<Spanned<Given>>,
    pub(super) severity: Option<Spanned<Given>>,
    pub(super) id: Option<Spanned<Given>>,
    pub(super) host: Option<Spanned<Given>>,
    pub(super) address: Option<Spanned<Given>>,
    pub(super) account: Option<Spanned<Given>>,
    pub(super) techniques: Option<Spanned<Given>>,
}

/// What is said of those records that pass a test.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    pub(super) when: Option<Spanned<Test>>,
    #[serde(default)]
    pub(super) product: Word,
    #[serde(default)]
    pub(super) category: Word,
    #[serde(default)]
    pub(super) service: Word,
    #[serde(default)]
    pub(super) unwrap: Vec<Spanned<Unwrap>>,
    #[serde(default)]
    pub(super) fields: Fields,
    #[serde(rename = "as")]
    pub(super) hand: Option<Spanned<String>>,
}

/// All that is said must hold.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Test {
    #[serde(default)]
    pub(super) has: Many,
    #[serde(default)]
    pub(super) lacks: Many,
    #[serde(default)]
    pub(super) is: Pairs,
    #[serde(default, rename = "is-not")]
    pub(super) is_not: Pairs,
    #[serde(default)]
    pub(super) begins: Pairs,
    #[serde(default)]
    pub(super) ends: Pairs,
    #[serde(default)]
    pub(super) contains: Pairs,
    #[serde(default, rename = "at-least")]
    pub(super) at_least: Numbers,
    #[serde(default)]
    pub(super) log: Log,
}

/// What the log source must be by then.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Log {
    pub(super) product: Option<Many>,
    pub(super) category: Option<Many>,
    pub(super) service: Option<Many>,
}

/// A part of the log source.
#[derive(Debug, Default)]
pub(super) enum Word {
    /// Nothing is said.
    #[default]
    Open,
    /// It has none, whatever later parts say.
    None,
    Given(Spanned<Given>),
    Text(String),
}

/// Where a value comes from.
#[derive(Debug)]
pub(super) enum Given {
    /// A field of the record.
    Field(String),
    /// The first that is there.
    First(Vec<Spanned<Given>>),
    Made(Box<Made>),
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Made {
    pub(super) from: Option<Spanned<Given>>,
    pub(super) text: Option<Spanned<String>>,
    pub(super) value: Option<Constant>,
    pub(super) all: Option<Vec<Spanned<Given>>>,
    pub(super) when: Option<Spanned<Test>>,
    #[serde(default)]
    pub(super) then: Vec<Step>,
}

/// How a value is changed.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Step {
    Lower,
    Upper,
    Trim,
    /// A number out of text that is one.
    Number,
    /// A time as RFC 3339 writes it.
    Time,
    First,
    Last,
    /// Without this at its beginning.
    Strip(String),
    /// Without this at its end.
    StripEnd(String),
    /// What stands before the first of this; the whole if there is none.
    Before(String),
    /// What stands behind the first of this; nothing if there is none.
    After(String),
    /// What stands behind the last of this; nothing if there is none.
    AfterLast(String),
    Split(String),
    Join(String),
    /// Other words for some; the others stay.
    Words(Words),
}

/// Fields below this are given without it too.
#[derive(Debug)]
pub(super) struct Unwrap {
    pub(super) prefix: String,
    /// Their first letter becomes a capital.
    pub(super) capital: bool,
}

#[derive(Debug, Default)]
pub(super) struct Fields(pub(super) Vec<(Spanned<String>, Spanned<Given>)>);

/// Texts by field.
#[derive(Debug, Default)]
pub(super) struct Pairs(pub(super) Vec<(String, Many)>);

#[derive(Debug, Default)]
pub(super) struct Numbers(pub(super) Vec<(String, f64)>);

#[derive(Debug, Default, Clone)]
pub(super) struct Words(pub(super) Vec<(String, String)>);

/// One text or a list of them; numbers and the like are taken as they are written.
#[derive(Debug, Default, Clone)]
pub(super) struct Many(pub(super) Vec<String>);

#[derive(Debug)]
pub(super) struct Constant(pub(super) Value);

/// A scalar as text.
struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let Constant(value) = Constant::deserialize(from)?;
        match value.as_text() {
            Some(text) => Ok(Text(text.into_owned())),
            None => Err(D::Error::custom("a text or a number must stand here")),
        }
    }
}

/// A scalar, and where several may stand a list of them as texts.
struct Plain {
    wanted: &'static str,
    several: bool,
}

impl<'de> Visitor<'de> for Plain {
    type Value = Value;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.wanted)
    }
    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::from(text))
    }
    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }
    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Int(number))
    }
    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(i64::try_from(number).map_or_else(|_| Value::Str(number.to_string()), Value::Int))
    }
    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Float(number))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        if !self.several {
            return Err(A::Error::invalid_type(Unexpected::Seq, &self));
        }
        let mut all = Vec::new();
        while let Some(Text(text)) = seq.next_element()? {
            all.push(Value::Str(text));
        }
        Ok(Value::List(all))
    }
}

impl<'de> Deserialize<'de> for Constant {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let plain = Plain { wanted: "a text, a number, true or false", several: false };
        from.deserialize_any(plain).map(Constant)
    }
}

impl<'de> Deserialize<'de> for Many {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let value = from.deserialize_any(Plain { wanted: "a text or a list of texts", several: true })?;
        let all = match &value {
            Value::List(all) => all.as_slice(),
            one => std::slice::from_ref(one),
        };
        Ok(Many(all.iter().filter_map(Value::as_text).map(Cow::into_owned).collect()))
    }
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Said;
        impl<'de> Visitor<'de> for Said {
            type Value = Word;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a word, `{from: field}`, or nothing")
            }
            fn visit_unit<E>(self) -> Result<Word, E> {
                Ok(Word::None)
            }
            fn visit_str<E>(self, text: &str) -> Result<Word, E> {
                Ok(Word::Text(text.to_owned()))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Word, A::Error> {
                let made = Made::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Word::Given(Spanned {
                    value: Given::Made(Box::new(made)),
                    referenced: serde_saphyr::Location::UNKNOWN,
                    defined: serde_saphyr::Location::UNKNOWN,
                }))
            }
        }
        from.deserialize_any(Said)
    }
}

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Origin;
        impl<'de> Visitor<'de> for Origin {
            type Value = Given;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a field, a list of such names, or a map with `from`, `text`, `value` or `all`")
            }
            fn visit_str<E>(self, field: &str) -> Result<Given, E> {
                Ok(Given::Field(field.to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Given, A::Error> {
                let mut all = Vec::new();
                while let Some(next) = seq.next_element()? {
                    all.push(next);
                }
                Ok(Given::First(all))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Given, A::Error> {
                Made::deserialize(MapAccessDeserializer::new(map)).map(|made| Given::Made(Box::new(made)))
            }
        }
        from.deserialize_any(Origin)
    }
}

impl<'de> Deserialize<'de> for Unwrap {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Written {
            prefix: String,
            #[serde(default)]
            capital: bool,
        }
        struct Prefix;
        impl<'de> Visitor<'de> for Prefix {
            type Value = Unwrap;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a beginning of field names, or a map with `prefix` and `capital`")
            }
            fn visit_str<E>(self, prefix: &str) -> Result<Unwrap, E> {
                Ok(Unwrap { prefix: prefix.to_owned(), capital: false })
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Unwrap, A::Error> {
                let Written { prefix, capital } = Written::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Unwrap { prefix, capital })
            }
        }
        from.deserialize_any(Prefix)
    }
}

/// The entries of a map in the order in which they are written.
fn entries<'de, D, K, V>(from: D, expected: &'static str) -> Result<Vec<(K, V)>, D::Error>
where
    D: Deserializer<'de>,
    K: Deserialize<'de>,
    V: Deserialize<'de>,
{
    struct Entries<K, V>(&'static str, std::marker::PhantomData<(K, V)>);
    impl<'de, K: Deserialize<'de>, V: Deserialize<'de>> Visitor<'de> for Entries<K, V> {
        type Value = Vec<(K, V)>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut all = Vec::new();
            while let Some(entry) = map.next_entry()? {
                all.push(entry);
            }
            Ok(all)
        }
    }
    from.deserialize_map(Entries(expected, std::marker::PhantomData))
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        entries(from, "a map of Sigma's names and where their values come from").map(Fields)
    }
}

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        entries(from, "a map of fields and texts").map(Pairs)
    }
}

impl<'de> Deserialize<'de> for Numbers {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        entries(from, "a map of fields and numbers").map(Numbers)
    }
}

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let all: Vec<(Text, Text)> = entries(from, "a map of words and other words")?;
        Ok(Words(all.into_iter().map(|(Text(word), Text(other))| (word, other)).collect()))
    }
}

//! How this crate declares a closed vocabulary: an enum whose members have one word for machines and
//! one label for people, both written once. [`words!`] gives the enum `ALL`, `as_str`, `label`,
//! `Display`, `FromStr` and serde, all from the same line. [`as_text!`] gives serde to any type that is
//! already `Display` and `FromStr`, so that a checked constructor can never be bypassed by a document.

use std::str::FromStr;

use serde::{Deserialize, Deserializer, de};

use crate::Error;

/// Reads a string and parses it, keeping the parser's own sentence as the error.
pub(crate) fn deserialize_text<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err = Error>,
{
    String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
}

/// The refusal of a word outside a vocabulary.
pub(crate) fn unknown(what: &'static str, value: &str, allowed: &[&'static str]) -> Error {
    Error::UnknownWord { what, value: value.to_owned(), allowed: allowed.join(", ") }
}

macro_rules! as_text {
    ($($name:ident),+ $(,)?) => {$(
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::words::deserialize_text(deserializer)
            }
        }
    )+};
}

macro_rules! words {
    (
        $(#[$meta:meta])*
        pub enum $name:ident, $what:literal {
            $($(#[$variant_meta:meta])* $variant:ident: $word:literal, $label:literal;)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$variant_meta])* $variant,)+
        }

        impl $name {
            /// Every member, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word that stands in files, the database and the API.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// The words that people read.
            pub const fn label(self) -> &'static str {
                match self { $(Self::$variant => $label,)+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err($crate::words::unknown($what, text, &[$($word),+])),
                }
            }
        }

        $crate::words::as_text!($name);
    };
}

pub(crate) use {as_text, words};

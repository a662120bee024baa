//! The names by which the plan's parts refer to each other: short, lower case, the same in every
//! version of the plan (`incident_commander`, `isolate-host`).

use std::fmt;
use std::str::FromStr;

use crate::Error;
use crate::words::as_text;

fn is_key(text: &str) -> bool {
    let allowed =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-';
    text.len() <= 64 && text.starts_with(|c: char| c.is_ascii_lowercase()) && text.bytes().all(allowed)
}

macro_rules! keys {
    ($($name:ident = $what:literal, $example:literal;)+) => {$(
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Error;

            /// A lower-case letter, then up to 63 of `a-z`, `0-9`, `_` and `-`.
            fn from_str(text: &str) -> Result<Self, Error> {
                if is_key(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(Error::Malformed { what: $what, value: text.to_owned(), example: $example })
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        as_text!($name);
    )+};
}

keys! {
    RoleKey = "the id of a role", "incident_commander";
    ChannelKey = "the id of a channel", "crisis_bridge";
    ProcedureKey = "the id of a procedure", "ransomware";
    StepKey = "the id of a step", "isolate_host";
    NotificationKey = "the id of a notification rule", "declared_high";
    MetricKey = "the id of a metric", "time_to_contain";
}

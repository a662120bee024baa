//! Keys: the names by which the parts of a document refer to each other: short, lower case, the same in
//! every version of the document (`incident_commander`, `isolate-host`). [`keys!`] declares the type of one.

pub(crate) fn is_key(text: &str) -> bool {
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

        impl std::str::FromStr for $name {
            type Err = $crate::Error;

            /// A lower-case letter, then up to 63 of `a-z`, `0-9`, `_` and `-`.
            fn from_str(text: &str) -> Result<Self, $crate::Error> {
                if $crate::key::is_key(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err($crate::Error::Malformed { what: $what, value: text.to_owned(), example: $example })
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.0)
            }
        }

        $crate::words::as_text!($name);
    )+};
}

pub(crate) use keys;

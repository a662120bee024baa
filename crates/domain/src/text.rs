//! Text that people write, checked once at the door: [`Line`] for titles and names, [`Text`] for
//! reasons, instructions and accounts of what happened. Both are trimmed and never blank. What they
//! hold is text and nothing else; drawing it safely is the page's business.

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use crate::Error;
use crate::words::as_text;

/// One line of at most [`Line::LIMIT`] characters, without control characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Line(String);

/// One or many lines, at most [`Text::LIMIT`] characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(String);

impl Line {
    pub const LIMIT: usize = 200;

    /// `what` names the field in the refusal: "the title".
    pub fn new(what: &'static str, text: &str) -> Result<Self, Error> {
        let text = within(what, text, Self::LIMIT)?;
        if text.chars().any(char::is_control) {
            return Err(Error::NotOneLine { what });
        }
        Ok(Self(text.to_owned()))
    }
}

impl Text {
    pub const LIMIT: usize = 20_000;

    /// `what` names the field in the refusal: "the root cause".
    pub fn new(what: &'static str, text: &str) -> Result<Self, Error> {
        within(what, text, Self::LIMIT).map(|text| Self(text.to_owned()))
    }
}

/// `text` without surrounding blanks, if anything remains and it is not too long.
fn within<'a>(what: &'static str, text: &'a str, limit: usize) -> Result<&'a str, Error> {
    let text = text.trim();
    let length = text.chars().count();
    match length {
        0 => Err(Error::Blank { what }),
        _ if length > limit => Err(Error::TooLong { what, limit, length }),
        _ => Ok(text),
    }
}

macro_rules! behaves_as_str {
    ($($name:ident, $what:literal;)+) => {$(
        impl Deref for $name {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self, Error> {
                Self::new($what, text)
            }
        }

        as_text!($name);
    )+};
}

behaves_as_str! {
    Line, "this line";
    Text, "this text";
}

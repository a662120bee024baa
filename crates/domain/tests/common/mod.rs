//! What several tests need: short ways to make checked values.
#![allow(dead_code, reason = "each test file uses its own part")]

pub mod duties;

use domain::{Error, Line, Text, UserId};
use jiff::Timestamp;

pub fn text(text: &str) -> Text {
    text.parse().unwrap()
}

pub fn line(text: &str) -> Line {
    text.parse().unwrap()
}

pub fn user(number: i64) -> UserId {
    UserId::try_from(number).unwrap()
}

/// A moment `seconds` after the beginning of 2026.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + seconds).unwrap()
}

pub fn sentence<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    result.unwrap_err().to_string()
}

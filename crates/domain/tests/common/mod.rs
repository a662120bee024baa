//! What several tests need: short ways to make checked values.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::path::Path;

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

/// The shipped files of duties to notify: name within the folder, text.
pub fn duty_files() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../content/obligations");
    let mut files = Vec::new();
    for (under, prefix) in [(folder.clone(), ""), (folder.join("notices"), "notices/")] {
        for entry in std::fs::read_dir(under).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let name = format!("{prefix}{}", path.file_name().unwrap().to_str().unwrap());
                files.push((name, std::fs::read_to_string(path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

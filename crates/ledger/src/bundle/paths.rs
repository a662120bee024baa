//! Names of files inside a bundle: plain relative paths, the same on every system.

use crate::{Error, RecordVersion, Result};

const MAX_PATH: usize = 240;
const MAX_DEPTH: usize = 8;

/// Where the body of this record at this version stands.
pub(super) fn body_path(of: &RecordVersion) -> String {
    format!("records/{}/{}.json", of.record, of.version)
}

/// The other way round: which body stands at this path.
pub(super) fn body_at(path: &str) -> Option<RecordVersion> {
    let (record, file) = path.strip_prefix("records/")?.split_once('/')?;
    let version = file.strip_suffix(".json")?.parse().ok()?;
    let of = RecordVersion::new(record, version).ok()?;
    (body_path(&of) == path).then_some(of)
}

/// Accepts only names that unpack to the same harmless place everywhere.
pub(super) fn check_path(path: &str) -> Result<()> {
    match why_not(path) {
        None => Ok(()),
        Some(why) => Err(Error::BundlePath { path: path.chars().take(MAX_PATH).collect(), why }),
    }
}

fn why_not(path: &str) -> Option<&'static str> {
    if path.is_empty() || path.len() > MAX_PATH {
        return Some("a name has 1 to 240 characters");
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._ /".contains(&b);
    if !path.bytes().all(plain) {
        return Some("a name has only ASCII letters, digits, blanks and `-._/`");
    }
    let parts: Vec<&str> = path.split('/').collect();
    if parts.len() > MAX_DEPTH {
        return Some("folders are nested too deeply");
    }
    let whole =
        |part: &&str| part.starts_with(|c: char| c.is_ascii_alphanumeric()) && !part.ends_with(['.', ' ']);
    if !parts.iter().all(whole) {
        return Some(
            "every part of a path begins with a letter or digit and ends with neither dot nor blank",
        );
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_relative_names_are_accepted() {
        for good in ["report.pdf", "evidence/EVD-3.bin", "notes/from the call.txt"] {
            assert!(check_path(good).is_ok(), "{good}");
        }
        let long = "a".repeat(241);
        for bad in [
            "",
            "/etc/passwd",
            "../up",
            "a/../b",
            "a//b",
            "a/",
            "./a",
            "C:\\x",
            "a\\b",
            ".ssh",
            "a/.b",
            "é",
            "a\0b",
            "a\nb",
            "dot.",
            "blank ",
            "a/b/c/d/e/f/g/h/i",
            &long,
        ] {
            assert!(check_path(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_body_has_one_path() {
        let of = RecordVersion::new("INC-1", 3).unwrap();
        assert_eq!(body_path(&of), "records/INC-1/3.json");
        assert_eq!(body_at("records/INC-1/3.json"), Some(of));
        for bad in [
            "records/INC-1/03.json",
            "records/INC-1/0.json",
            "records/INC-1/+3.json",
            "records/INC-1/x/3.json",
            "records/INC-1/3.txt",
            "evidence/INC-1/3.json",
        ] {
            assert_eq!(body_at(bad), None, "{bad}");
        }
    }
}

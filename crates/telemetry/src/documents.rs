//! Splits a JSON text into its records where they do not stand one to a line: pretty-printed
//! documents, arrays, and objects that wrap a list of records. Only brackets and quotes are
//! looked at; reading a record is done elsewhere.

use std::io;

use crate::error::Cause;
use crate::lines::Input;

/// A list of records around the one that is being read.
enum Around {
    Array,
    /// An object whose list of records has been entered; its other members are passed over.
    Wrapper,
}

pub(crate) struct Documents {
    input: Input,
    limit: usize,
    /// The number of the record read last, counted from 1.
    pub(crate) number: u64,
    around: Vec<Around>,
    scan: Scan,
    /// Text that belongs to no record has been seen and not yet reported.
    stray: bool,
    ended: bool,
}

/// What the scanner is in the middle of.
#[derive(Clone, Copy, PartialEq)]
enum Scan {
    Between,
    Record {
        depth: usize,
        string: bool,
        escape: bool,
        kept: bool,
    },
    /// Inside a member of a wrapper that is no record, or text that is not JSON.
    Passing {
        depth: usize,
        string: bool,
        escape: bool,
    },
}

impl Documents {
    pub(crate) fn new(input: Input, limit: usize) -> Self {
        Documents {
            input,
            limit,
            number: 0,
            around: Vec::new(),
            scan: Scan::Between,
            stray: false,
            ended: false,
        }
    }

    /// Reads the next record into `record`; `None` at the end.
    pub(crate) fn next(&mut self, record: &mut Vec<u8>) -> Option<Result<(), Cause>> {
        record.clear();
        loop {
            if self.ended {
                return self.stray();
            }
            let (used, found) = {
                let bytes = match self.input.fill_buf() {
                    Ok(bytes) => bytes,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(error) => {
                        self.ended = true;
                        self.number += 1;
                        return Some(Err(Cause::Io(error)));
                    }
                };
                if bytes.is_empty() {
                    self.ended = true;
                    if let Scan::Record { .. } = self.scan {
                        self.number += 1;
                        return Some(Err(Cause::Truncated));
                    }
                    continue;
                }
                let mut used = 0;
                let mut found = None;
                for byte in bytes {
                    let before = self.scan;
                    let taken = step(&mut self.scan, &mut self.around, &mut self.stray, *byte, record);
                    // Stray text is reported before the record that follows it.
                    if self.stray && before == Scan::Between && matches!(self.scan, Scan::Record { .. }) {
                        self.scan = Scan::Between;
                        found = Some(Found::Stray);
                        break;
                    }
                    used += 1;
                    if let Scan::Record { kept, .. } = &mut self.scan {
                        if record.len() < self.limit {
                            record.push(*byte);
                        } else {
                            *kept = false;
                        }
                    } else if let Some(kept) = taken {
                        if record.len() < self.limit {
                            record.push(*byte);
                        }
                        found = Some(if kept { Found::Record } else { Found::TooLong });
                        break;
                    }
                }
                (used, found)
            };
            self.input.consume(used);
            match found {
                None => {}
                Some(Found::Stray) => return self.stray(),
                Some(Found::Record) => {
                    self.number += 1;
                    return Some(Ok(()));
                }
                Some(Found::TooLong) => {
                    self.number += 1;
                    record.clear();
                    return Some(Err(Cause::RecordTooLong { limit: self.limit }));
                }
            }
        }
    }

    fn stray(&mut self) -> Option<Result<(), Cause>> {
        if !self.stray {
            return None;
        }
        self.stray = false;
        self.number += 1;
        Some(Err(Cause::BetweenRecords))
    }
}

enum Found {
    Record,
    TooLong,
    Stray,
}

/// Takes one byte. Says `Some(kept)` when it ends a record.
fn step(
    scan: &mut Scan,
    around: &mut Vec<Around>,
    stray: &mut bool,
    byte: u8,
    record: &mut Vec<u8>,
) -> Option<bool> {
    match scan {
        Scan::Between => {
            match (byte, around.last()) {
                (b' ' | b'\t' | b'\r' | b'\n' | b',', _) => {}
                (0xef | 0xbb | 0xbf, None) => {}
                (b'}', Some(Around::Wrapper)) => {
                    around.pop();
                }
                (b'"', Some(Around::Wrapper)) => {
                    *scan = Scan::Passing { depth: 0, string: true, escape: false };
                }
                (b'{' | b'[', Some(Around::Wrapper)) => {
                    *scan = Scan::Passing { depth: 1, string: false, escape: false };
                }
                (_, Some(Around::Wrapper)) => {}
                (b'{', _) => {
                    *scan = Scan::Record { depth: 1, string: false, escape: false, kept: true };
                }
                (b'[', _) if around.len() < 8 => around.push(Around::Array),
                (b']', Some(Around::Array)) => {
                    around.pop();
                }
                (b'"', _) => {
                    *stray = true;
                    *scan = Scan::Passing { depth: 0, string: true, escape: false };
                }
                _ => *stray = true,
            }
            None
        }
        Scan::Record { depth, string, escape, kept } => {
            if *string {
                in_string(string, escape, byte);
                return None;
            }
            match byte {
                b'"' => *string = true,
                b'[' if *depth == 1 && wraps_records(record) => {
                    around.push(Around::Wrapper);
                    around.push(Around::Array);
                    record.clear();
                    *scan = Scan::Between;
                }
                b'{' | b'[' => *depth += 1,
                b'}' | b']' => {
                    *depth -= 1;
                    if *depth == 0 {
                        let kept = *kept;
                        *scan = Scan::Between;
                        return Some(kept);
                    }
                }
                _ => {}
            }
            None
        }
        Scan::Passing { depth, string, escape } => {
            if *string {
                in_string(string, escape, byte);
            } else {
                match byte {
                    b'"' => *string = true,
                    b'{' | b'[' => *depth += 1,
                    b'}' | b']' => *depth = depth.saturating_sub(1),
                    _ => {}
                }
            }
            if !*string && *depth == 0 {
                *scan = Scan::Between;
            }
            None
        }
    }
}

/// A string ends at its quote, and at a line end too, which no JSON string may hold: so a lost
/// quote damages its own record and not all that follow.
fn in_string(string: &mut bool, escape: &mut bool, byte: u8) {
    match byte {
        b'\n' => (*string, *escape) = (false, false),
        _ if *escape => *escape = false,
        b'\\' => *escape = true,
        b'"' => *string = false,
        _ => {}
    }
}

/// Whether `[` after this beginning of an object opens a list of records: CloudTrail's `Records`,
/// Azure's `records`, an OData answer's `value`, a Kubernetes event list's `items`.
pub(crate) fn wraps_records(beginning: &[u8]) -> bool {
    let Some(key) = beginning.trim_ascii_end().strip_suffix(b":").map(<[u8]>::trim_ascii_end) else {
        return false;
    };
    let has = |text: &[u8]| memchr::memmem::find(beginning, text).is_some();
    let first = key.trim_ascii_start().strip_prefix(b"{").unwrap_or(key).trim_ascii_start();
    key.ends_with(b"\"Records\"")
        // Others use this word too, but not for the whole of their document.
        || first == b"\"records\""
        || (key.ends_with(b"\"value\"") && has(b"\"@odata."))
        || (key.ends_with(b"\"items\"") && has(b"EventList"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &'static str) -> Vec<String> {
        let input = io::BufReader::with_capacity(2, text.as_bytes());
        let mut documents = Documents::new(Box::new(input), 40);
        let mut record = Vec::new();
        let mut found = Vec::new();
        while let Some(outcome) = documents.next(&mut record) {
            found.push(match outcome {
                Ok(()) => String::from_utf8_lossy(&record).into_owned(),
                Err(cause) => format!("!{}: {cause}", documents.number),
            });
        }
        found
    }

    #[test]
    fn documents_arrays_and_wrapped_lists() {
        for (text, wanted) in [
            ("{\n \"a\": {\"b\": 1}\n}\n{\"c\":2}", &["{\n \"a\": {\"b\": 1}\n}", "{\"c\":2}"][..]),
            ("[{\"a\":\"}]{\\\"\"}, [{\"b\":[1,2]}]]", &["{\"a\":\"}]{\\\"\"}", "{\"b\":[1,2]}"]),
            (
                "{\"v\":1,\"Records\" : [{\"a\":1},{\"b\":2}],\"z\":{\"y\":\"]\"},\"t\":3}{\"c\":3}",
                &["{\"a\":1}", "{\"b\":2}", "{\"c\":3}"],
            ),
            ("{\"records\":[{\"a\":1}]}", &["{\"a\":1}"]),
            ("{\"n\":1,\"records\":[{\"a\":1}]}", &["{\"n\":1,\"records\":[{\"a\":1}]}"]),
            ("{\"value\":[{\"a\":1}]}", &["{\"value\":[{\"a\":1}]}"]),
            ("{\"@odata.x\":0,\"value\":[{\"a\":1}]}", &["{\"a\":1}"]),
            ("", &[]),
            ("[]", &[]),
        ] {
            assert_eq!(split(text), wanted, "{text}");
        }
    }

    #[test]
    fn damage_is_reported_once_and_the_rest_goes_on() {
        for (text, wanted) in [
            (
                "{\"a\":1} garbage, \"{\" more {\"b\":2}",
                &["{\"a\":1}", "!2: text between records that is not JSON was left out", "{\"b\":2}"][..],
            ),
            ("[{\"a\":\"lost},\n{\"b\":2}", &["!1: the file ends in the middle of the record"]),
            ("[{\"a\":\"lost\n},{\"b\":2}]", &["{\"a\":\"lost\n}", "{\"b\":2}"]),
            (
                "{\"a\":\"0123456789012345678901234567890123456789\"}{\"b\":2}",
                &["!1: the record is longer than 40 bytes and was left out", "{\"b\":2}"],
            ),
            ("[1, 2]", &["!1: text between records that is not JSON was left out"]),
        ] {
            assert_eq!(split(text), wanted, "{text}");
        }
    }
}

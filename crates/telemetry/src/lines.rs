//! Lines of bounded length out of any byte stream. What a line means is not known here.

use std::io::{self, BufRead};

/// A byte stream that records are read from.
pub(crate) type Input = Box<dyn BufRead + Send>;

/// What [`Lines::next`] found.
pub(crate) enum Line {
    /// The line stands in the buffer, without its line end.
    Read,
    /// The line was longer than the limit and has been passed over.
    TooLong,
    End,
}

pub(crate) struct Lines {
    input: Input,
    limit: usize,
    /// The number of the line read last, counted from 1.
    pub(crate) number: u64,
    ended: bool,
}

impl Lines {
    pub(crate) fn new(input: Input, limit: usize) -> Self {
        Lines { input, limit, number: 0, ended: false }
    }

    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// Reads the next line into `line`. After an error there is only the end.
    pub(crate) fn next(&mut self, line: &mut Vec<u8>) -> io::Result<Line> {
        line.clear();
        if self.ended {
            return Ok(Line::End);
        }
        let mut too_long = false;
        let mut anything = false;
        loop {
            let available = match self.input.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    self.ended = true;
                    self.number += 1;
                    return Err(error);
                }
            };
            if available.is_empty() {
                self.ended = true;
                if !anything {
                    return Ok(Line::End);
                }
                break;
            }
            anything = true;
            let (part, used, complete) = match memchr::memchr(b'\n', available) {
                Some(at) => (available.get(..at).unwrap_or_default(), at + 1, true),
                None => (available, available.len(), false),
            };
            if line.len() + part.len() > self.limit {
                too_long = true;
            } else if !too_long {
                line.extend_from_slice(part);
            }
            self.input.consume(used);
            if complete {
                break;
            }
        }
        self.number += 1;
        if too_long {
            line.clear();
            return Ok(Line::TooLong);
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        if self.number == 1 && line.starts_with(b"\xef\xbb\xbf") {
            line.drain(..3);
        }
        Ok(Line::Read)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn all(bytes: &'static [u8], limit: usize) -> Vec<Option<String>> {
        // A tiny buffer, so that lines cross its borders.
        let input = io::BufReader::with_capacity(3, bytes);
        let mut lines = Lines::new(Box::new(input), limit);
        let mut line = Vec::new();
        let mut found = Vec::new();
        loop {
            match lines.next(&mut line).unwrap() {
                Line::Read => found.push(Some(String::from_utf8(line.clone()).unwrap())),
                Line::TooLong => found.push(None),
                Line::End => return found,
            }
        }
    }

    #[test]
    fn line_ends_and_byte_order_mark_are_not_part_of_a_line() {
        let found = all(b"\xef\xbb\xbfone\r\ntwo\n\nlast", 100);
        let wanted = ["one", "two", "", "last"].map(|line| Some(line.to_owned()));
        assert_eq!(found, wanted);
        assert!(all(b"", 100).is_empty());
    }

    #[test]
    fn a_line_over_the_limit_is_passed_over_and_the_next_is_read() {
        let found = all(b"12345\n123456789\n12\n", 5);
        assert_eq!(found, [Some("12345".to_owned()), None, Some("12".to_owned())]);
    }
}

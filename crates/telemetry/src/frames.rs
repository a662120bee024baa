//! Syslog messages with their length in front (octet counting, RFC 6587 §3.4.1), as a captured TCP
//! stream holds them: no line ends part them, and a message may hold some. Where a length is not
//! true, the line counts.

use std::io::{self, BufRead};

use crate::error::Cause;
use crate::lines::Input;
use crate::syslog::counted;

/// What is read at once.
const PIECE: usize = 64 * 1024;

pub(crate) struct Frames {
    input: Input,
    limit: usize,
    /// The number of the message read last, counted from 1.
    pub(crate) number: u64,
    buffer: Vec<u8>,
    /// How much of the buffer has been handed out.
    start: usize,
    ended: bool,
    failure: Option<io::Error>,
}

impl Frames {
    pub(crate) fn new(input: Input, limit: usize) -> Self {
        Frames { input, limit, number: 0, buffer: Vec::new(), start: 0, ended: false, failure: None }
    }

    /// Reads the next message, without its length, into `message`; `None` at the end.
    pub(crate) fn next(&mut self, message: &mut Vec<u8>) -> Option<Result<(), Cause>> {
        message.clear();
        loop {
            self.fill(16);
            let line_ends = self.rest().iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
            if line_ends == 0 {
                break;
            }
            self.start += line_ends;
        }
        if self.rest().is_empty() {
            let failure = self.failure.take()?;
            self.number += 1;
            return Some(Err(Cause::Io(failure)));
        }
        self.number += 1;
        if let Some((length, prefix)) = counted(self.rest())
            && length <= self.limit
        {
            self.fill(prefix + length + 1);
            if let Some(body) = self.rest().get(prefix..prefix + length)
                && is_whole(body, self.rest().get(prefix + length))
            {
                message.extend_from_slice(body.trim_ascii_end());
                self.start += prefix + length;
                return Some(Ok(()));
            }
        }
        self.line(message)
    }

    fn line(&mut self, message: &mut Vec<u8>) -> Option<Result<(), Cause>> {
        let mut searched = 0;
        loop {
            let rest = self.rest();
            let found =
                memchr::memchr(b'\n', rest.get(searched..).unwrap_or_default()).map(|at| at + searched);
            searched = rest.len();
            let end = match found {
                Some(at) => at,
                None if self.ended => rest.len(),
                None if searched <= self.limit => {
                    self.fill(searched + PIECE);
                    continue;
                }
                None => return Some(self.pass_over()),
            };
            if end > self.limit {
                return Some(self.pass_over());
            }
            message.extend_from_slice(rest.get(..end).unwrap_or_default().trim_ascii_end());
            self.start += end;
            return Some(Ok(()));
        }
    }

    /// Leaves out a line that is too long.
    fn pass_over(&mut self) -> Result<(), Cause> {
        loop {
            if let Some(at) = memchr::memchr(b'\n', self.rest()) {
                self.start += at;
                break;
            }
            self.start = self.buffer.len();
            if self.ended {
                break;
            }
            self.fill(PIECE);
        }
        Err(Cause::LineTooLong { limit: self.limit })
    }

    fn rest(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    /// Reads until so many bytes wait, or the stream ends.
    fn fill(&mut self, wanted: usize) {
        while !self.ended && self.rest().len() < wanted {
            if self.start > PIECE {
                self.buffer.drain(..self.start);
                self.start = 0;
            }
            match self.input.fill_buf() {
                Ok([]) => self.ended = true,
                Ok(piece) => {
                    self.buffer.extend_from_slice(piece);
                    let used = piece.len();
                    self.input.consume(used);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.ended = true;
                    self.failure = Some(error);
                }
            }
        }
    }
}

/// Whether a length tells the truth: the next message or the end follows, and no other message begins
/// on a line inside.
fn is_whole(body: &[u8], next: Option<&u8>) -> bool {
    let next_fits = next.is_none_or(|byte| byte.is_ascii_digit() || matches!(byte, b'\n' | b'\r'));
    let begins = |line: &[u8]| counted(line).is_some() || line.first() == Some(&b'<');
    next_fits && !body.trim_ascii_end().split(|byte| *byte == b'\n').skip(1).any(begins)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &'static [u8], limit: usize) -> Vec<String> {
        let input = io::BufReader::with_capacity(3, bytes);
        let mut frames = Frames::new(Box::new(input), limit);
        let mut message = Vec::new();
        let mut found = Vec::new();
        while let Some(outcome) = frames.next(&mut message) {
            found.push(match outcome {
                Ok(()) => String::from_utf8_lossy(&message).into_owned(),
                Err(error) => error.to_string(),
            });
        }
        found
    }

    #[test]
    fn messages_follow_each_other_without_line_ends_and_may_hold_some() {
        assert_eq!(all(b"7 <1>one\n8 <1>two\nx7 <1>end\n", 100), ["<1>one", "<1>two\nx", "<1>end"]);
        assert_eq!(all(b"6 <1>one6 <1>two", 100), ["<1>one", "<1>two"]);
    }

    #[test]
    fn where_a_length_is_wrong_the_line_counts() {
        for bytes in [&b"3 <1>one\n6 <1>two"[..], b"20 <1>one\n6 <1>two", b"9999 <1>one\n6 <1>two"] {
            let found = all(bytes, 10_000);
            assert_eq!(found.len(), 2, "{found:?}");
            assert!(found.iter().all(|message| message.ends_with("<1>one") || message.ends_with("<1>two")));
        }
        assert_eq!(all(b"x", 10), ["x"]);
        assert!(all(b"\n\r\n", 10).is_empty());
    }

    #[test]
    fn a_line_over_the_limit_is_passed_over() {
        let found = all(b"6 <1>one\nthis line is much too long\n6 <1>two", 10);
        assert_eq!(found, ["<1>one", "the line is longer than 10 bytes and was left out", "<1>two"]);
    }
}

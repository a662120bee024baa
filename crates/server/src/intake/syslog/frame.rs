//! Messages out of a stream (RFC 6587): each with its length in front, or each ended by a line feed.
//! Which it is shows at the first sign of each message: a length begins with a digit, a message with
//! `<`.

use bytes::{Buf, Bytes, BytesMut};

use super::LONGEST;

/// More digits than a length has that anybody means.
const DIGITS: usize = 9;

/// Bytes that came and make no message yet: never much more than the longest message.
#[derive(Default)]
pub struct Frames {
    buffer: BytesMut,
    /// How much of a message that was too long is still to be passed over.
    skip: Skip,
}

#[derive(Default)]
enum Skip {
    #[default]
    Nothing,
    Bytes(usize),
    Line,
}

impl Frames {
    pub fn buffer(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    /// How many bytes make no message yet.
    pub fn len(&self) -> usize {
        self.buffer.len()
    }

    /// Whether a message has begun and not ended.
    pub fn is_amid(&self) -> bool {
        !self.buffer.is_empty()
    }

    /// The next message that is complete.
    pub fn next(&mut self) -> Option<Bytes> {
        loop {
            self.pass_over();
            let blanks = self.buffer.iter().take_while(|byte| matches!(byte, b'\n' | b'\r' | 0)).count();
            self.buffer.advance(blanks);
            let message = match self.length()? {
                Some((prefix, length)) => {
                    let kept = length.min(LONGEST);
                    if self.buffer.len() < prefix + kept {
                        return None;
                    }
                    self.buffer.advance(prefix);
                    let message = self.buffer.split_to(kept);
                    if length > kept {
                        self.skip = Skip::Bytes(length - kept);
                    }
                    message
                }
                None => self.line()?,
            };
            let end = message.trim_ascii_end().len();
            if end > 0 {
                return Some(message.freeze().slice(..end));
            }
        }
    }

    /// What is left when the stream ends is a message as well.
    pub fn rest(&mut self) -> Option<Bytes> {
        self.pass_over();
        let rest = std::mem::take(&mut self.buffer).freeze();
        let end = rest.trim_ascii_end().len();
        (end > 0).then(|| rest.slice(..end))
    }

    /// `None`: more bytes are needed; `Some(None)`: no length stands here.
    fn length(&self) -> Option<Option<(usize, usize)>> {
        if !matches!(self.buffer.first()?, b'1'..=b'9') {
            return Some(None);
        }
        let digits = self.buffer.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits > DIGITS {
            return Some(None);
        }
        match self.buffer.get(digits) {
            None => None,
            Some(b' ') => {
                let length = self.buffer.get(..digits).and_then(|text| std::str::from_utf8(text).ok());
                Some(length.and_then(|text| text.parse().ok()).map(|length| (digits + 1, length)))
            }
            // A line that begins with a number, as a date does.
            Some(_) => Some(None),
        }
    }

    fn line(&mut self) -> Option<BytesMut> {
        match self.buffer.iter().position(|byte| *byte == b'\n') {
            Some(end) if end <= LONGEST => Some(self.buffer.split_to(end)),
            None if self.buffer.len() <= LONGEST => None,
            _ => {
                self.skip = Skip::Line;
                Some(self.buffer.split_to(LONGEST))
            }
        }
    }

    fn pass_over(&mut self) {
        match self.skip {
            Skip::Nothing => {}
            Skip::Bytes(left) => {
                let here = left.min(self.buffer.len());
                self.buffer.advance(here);
                self.skip = if left > here { Skip::Bytes(left - here) } else { Skip::Nothing };
            }
            Skip::Line => match self.buffer.iter().position(|byte| *byte == b'\n') {
                Some(end) => {
                    self.buffer.advance(end + 1);
                    self.skip = Skip::Nothing;
                }
                None => self.buffer.clear(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The messages in a stream that comes in pieces of some size.
    fn all(stream: &[u8], piece: usize) -> Vec<String> {
        let (mut frames, mut found) = (Frames::default(), Vec::new());
        for piece in stream.chunks(piece) {
            frames.buffer().extend_from_slice(piece);
            found.extend(std::iter::from_fn(|| frames.next()));
            assert!(frames.buffer().len() <= LONGEST + piece.len() + DIGITS + 1);
        }
        found.extend(frames.rest());
        found.iter().map(|message| String::from_utf8_lossy(message).into_owned()).collect()
    }

    #[test]
    fn both_framings_are_read_wherever_the_stream_is_cut() {
        let stream = b"<13>one\n\r\n9 <13>t\nwo!<13>three\r\n2026-01-01 four\n8 <13>five\n<13>half";
        for piece in 1..stream.len() {
            assert_eq!(
                all(stream, piece),
                ["<13>one", "<13>t\nwo!", "<13>three", "2026-01-01 four", "<13>five", "<13>half"],
                "{piece}"
            );
        }
    }

    #[test]
    fn a_message_too_long_is_cut_and_the_next_is_read() {
        let long = "x".repeat(3 * LONGEST);
        for piece in [1000, LONGEST, 1 << 20] {
            let lines = all(format!("<13>{long}\n<13>next\n").as_bytes(), piece);
            assert_eq!(lines.iter().map(String::len).collect::<Vec<_>>(), [LONGEST, 8], "{piece}");
            let counted = all(format!("{} {long}8 <13>next", long.len()).as_bytes(), piece);
            assert_eq!(counted.iter().map(String::len).collect::<Vec<_>>(), [LONGEST, 8], "{piece}");
        }
        assert_eq!(all(b"99999999999999999999 x\n<13>next\n", 3), ["99999999999999999999 x", "<13>next"]);
    }
}

//! Windows events as XML text, as `wevtutil qe`, the event viewer and collectors write them: one a
//! line, in an `<Events>` element, or one after the other. Here they are found in the stream; what
//! one says is read in `xml`.

use std::io;

use bytes::Bytes;

use crate::error::Cause;
use crate::lines::Input;
use crate::{Event, Format, xml};

/// Whether a text begins as such a file does.
pub(crate) fn looks_like(text: &[u8]) -> bool {
    let head = text.get(..text.len().min(4096)).unwrap_or_default();
    let head = String::from_utf8_lossy(head);
    let mut rest = head.trim_start();
    while let Some(tag) = rest.strip_prefix('<') {
        let opens = |name: &str| {
            tag.strip_prefix(name).is_some_and(|rest| rest.starts_with(['>', ' ', '\t', '\r', '\n', '/']))
        };
        if opens("Events") || opens("Event") {
            return true;
        }
        let ending = match tag {
            _ if tag.starts_with('?') => "?>",
            _ if tag.starts_with("!--") => "-->",
            _ => return false,
        };
        let Some((_, after)) = tag.split_once(ending) else { return false };
        rest = after.trim_start();
    }
    false
}

/// What is kept of a piece that is too long: enough to see an end tag.
const TAIL: usize = 64;

pub(crate) struct Events {
    input: Input,
    limit: usize,
    /// The number of the record read last, counted from 1.
    pub(crate) number: u64,
    tag: Vec<u8>,
    stray: bool,
    ended: bool,
}

enum Found {
    Sign,
    End,
    TooLong,
}

impl Events {
    pub(crate) fn new(input: Input, limit: usize) -> Self {
        Events { input, limit, number: 0, tag: Vec::new(), stray: false, ended: false }
    }

    pub(crate) fn next(&mut self, record: &mut Vec<u8>) -> Option<Result<Event, Cause>> {
        match self.find(record)? {
            Ok(()) => Some(event(record)),
            Err(cause) => Some(Err(cause)),
        }
    }

    /// Reads the next `<Event>…</Event>` into `record`; `None` at the end.
    fn find(&mut self, record: &mut Vec<u8>) -> Option<Result<(), Cause>> {
        record.clear();
        loop {
            if self.ended {
                return std::mem::take(&mut self.stray).then_some(Err(Cause::BetweenRecords));
            }
            self.tag.clear();
            match until(&mut self.input, b'<', &mut self.tag, 1024) {
                Err(error) => return self.fail(error),
                Ok(found) => {
                    let text = self.tag.strip_suffix(b"<").unwrap_or(&self.tag);
                    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
                    self.stray |= !text.iter().all(u8::is_ascii_whitespace);
                    if matches!(found, Found::End) {
                        self.ended = true;
                        continue;
                    }
                }
            }
            record.clear();
            record.push(b'<');
            match until(&mut self.input, b'>', record, self.limit) {
                Err(error) => return self.fail(error),
                Ok(Found::End) => {
                    self.ended = true;
                    if record.starts_with(b"<Event") {
                        self.number += 1;
                        return Some(Err(Cause::Truncated));
                    }
                    self.stray |= record.len() > 1;
                }
                Ok(Found::TooLong) => self.stray = true,
                Ok(Found::Sign) if opens_event(record) => {
                    self.number += 1;
                    return Some(self.finish(record));
                }
                Ok(Found::Sign) => {}
            }
        }
    }

    /// Reads on to the end tag that belongs to the start tag in `record`.
    fn finish(&mut self, record: &mut Vec<u8>) -> Result<(), Cause> {
        let mut depth = usize::from(!record.ends_with(b"/>"));
        let mut too_long = false;
        while depth > 0 {
            let piece = &mut self.tag;
            piece.clear();
            match until(&mut self.input, b'>', piece, self.limit) {
                Ok(Found::Sign) => {}
                Ok(Found::TooLong) => too_long = true,
                Ok(Found::End) => {
                    self.ended = true;
                    return Err(Cause::Truncated);
                }
                Err(error) => {
                    self.ended = true;
                    return Err(Cause::Io(error));
                }
            }
            let tag = memchr::memrchr(b'<', piece).and_then(|at| piece.get(at..)).unwrap_or_default();
            if tag.strip_suffix(b">").is_some_and(|tag| tag.trim_ascii_end() == b"</Event") {
                depth -= 1;
            } else if opens_event(tag) && !tag.ends_with(b"/>") {
                depth += 1;
            }
            too_long |= record.len() + piece.len() > self.limit;
            if !too_long {
                record.extend_from_slice(piece);
            }
        }
        if too_long { Err(Cause::RecordTooLong { limit: self.limit }) } else { Ok(()) }
    }

    fn fail(&mut self, error: io::Error) -> Option<Result<(), Cause>> {
        self.ended = true;
        self.number += 1;
        Some(Err(Cause::Io(error)))
    }
}

fn opens_event(tag: &[u8]) -> bool {
    tag.strip_prefix(b"<Event")
        .and_then(<[u8]>::first)
        .is_some_and(|next| matches!(next, b'>' | b'/') || next.is_ascii_whitespace())
}

fn event(record: &[u8]) -> Result<Event, Cause> {
    let text = String::from_utf8_lossy(record);
    let mut event = Event::new(Bytes::copy_from_slice(record), Format::WindowsXml);
    if !xml::read(&mut event, &text) {
        return Err(Cause::Unreadable { what: "a Windows event as XML", why: "its elements are damaged" });
    }
    event.alias("Message", "RenderingInfo.Message");
    if event.get("EventID").is_none() {
        return Err(Cause::Unreadable { what: "a Windows event as XML", why: "it has no EventID" });
    }
    Ok(event)
}

/// Reads to `sign` and includes it. Of what is longer than the limit only the last bytes are kept.
fn until(input: &mut Input, sign: u8, text: &mut Vec<u8>, limit: usize) -> io::Result<Found> {
    let mut too_long = false;
    loop {
        let available = match input.fill_buf() {
            Ok(available) => available,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if available.is_empty() {
            return Ok(Found::End);
        }
        let (part, found) = match memchr::memchr(sign, available) {
            Some(at) => (available.get(..=at).unwrap_or_default(), true),
            None => (available, false),
        };
        if text.len() + part.len() > limit {
            too_long = true;
            text.drain(..text.len().saturating_sub(TAIL));
            text.extend_from_slice(part.get(part.len().saturating_sub(TAIL)..).unwrap_or_default());
        } else {
            text.extend_from_slice(part);
        }
        let used = part.len();
        input.consume(used);
        if found {
            return Ok(if too_long { Found::TooLong } else { Found::Sign });
        }
    }
}

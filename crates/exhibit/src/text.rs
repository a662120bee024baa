//! Text of any encoding and any size, a page of lines at a time. A place in it is the offset of a byte, so
//! that no page costs more than its own bytes; lines are counted only as far as that is cheap.

use std::borrow::Cow;
use std::ops::Range;

use crate::{Result, Source, length, narrow, wide, window};

/// The most bytes of one page.
pub const PAGE_BYTES: usize = 256 * 1024;
/// The most bytes of a line that are shown.
pub const LINE_BYTES: usize = 2048;
/// How far into a text its lines are counted.
pub const COUNTED: u64 = 64 << 20;
/// How many bytes one search looks through.
pub const SEARCHED: u64 = 64 << 20;
/// How many finds one search names.
pub const MOST_FINDS: usize = 100;
/// How much is read at once when much is looked through.
const PIECE: usize = 1 << 20;
/// What stands before and behind a find, in bytes.
const AROUND: usize = 160;

/// How characters are written as bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    Utf16Le,
    Utf16Be,
    /// One byte a character, of which nothing says what the upper half means.
    Windows1252,
}

impl Encoding {
    /// Tells the encoding of text from its beginning; `None` if it is no text.
    pub fn of(head: &[u8]) -> Option<Self> {
        match head {
            [] => None,
            [0xef, 0xbb, 0xbf, ..] => Some(Encoding::Utf8),
            [0xff, 0xfe, 0, 0, ..] => None,
            [0xff, 0xfe, ..] => Some(Encoding::Utf16Le),
            [0xfe, 0xff, ..] => Some(Encoding::Utf16Be),
            _ => Self::without_mark(head),
        }
    }

    fn without_mark(head: &[u8]) -> Option<Self> {
        let nulls = memchr::memchr_iter(0, head).count();
        if nulls == 0 {
            return match std::str::from_utf8(head) {
                Ok(text) => is_readable(text.chars()).then_some(Encoding::Utf8),
                Err(error) if error.error_len().is_none() => {
                    let (whole, _) = head.split_at(error.valid_up_to());
                    let text = std::str::from_utf8(whole).unwrap_or_default();
                    (!text.is_empty() && is_readable(text.chars())).then_some(Encoding::Utf8)
                }
                Err(_) => {
                    let upper = head.iter().filter(|byte| !byte.is_ascii()).count();
                    let ascii = head.iter().filter(|byte| byte.is_ascii()).map(|byte| char::from(*byte));
                    // A few bytes may be anything; many without a control character are text.
                    let enough = head.len() >= 64 || upper * 2 < head.len();
                    (enough && is_readable(ascii)).then_some(Encoding::Windows1252)
                }
            };
        }
        // Text of Western scripts as UTF-16 has a null in every second byte, and all on one side.
        let (pairs, _) = head.as_chunks::<2>();
        let (mut first, mut second) = (0usize, 0usize);
        for [one, two] in pairs {
            first += usize::from(*one == 0);
            second += usize::from(*two == 0);
        }
        let encoding = match pairs.len() {
            0 => return None,
            many if second * 10 >= many * 7 && first * 20 <= many => Encoding::Utf16Le,
            many if first * 10 >= many * 7 && second * 20 <= many => Encoding::Utf16Be,
            _ => return None,
        };
        is_readable(encoding.decode(head).chars()).then_some(encoding)
    }

    /// The encoding's name.
    pub const fn label(self) -> &'static str {
        match self {
            Encoding::Utf8 => "UTF-8",
            Encoding::Utf16Le => "UTF-16, little-endian",
            Encoding::Utf16Be => "UTF-16, big-endian",
            Encoding::Windows1252 => "one byte a character, read as Windows-1252",
        }
    }

    /// The bytes of a unit: a line feed begins at a multiple of it.
    const fn unit(self) -> usize {
        match self {
            Encoding::Utf8 | Encoding::Windows1252 => 1,
            Encoding::Utf16Le | Encoding::Utf16Be => 2,
        }
    }

    /// The text of bytes; what is no character becomes one that says so.
    pub fn decode(self, bytes: &[u8]) -> Cow<'_, str> {
        let encoding = match self {
            Encoding::Utf8 => encoding_rs::UTF_8,
            Encoding::Utf16Le => encoding_rs::UTF_16LE,
            Encoding::Utf16Be => encoding_rs::UTF_16BE,
            Encoding::Windows1252 => encoding_rs::WINDOWS_1252,
        };
        encoding.decode_without_bom_handling(bytes).0
    }

    fn encode(self, text: &str) -> Vec<u8> {
        match self {
            Encoding::Utf8 => text.as_bytes().to_vec(),
            Encoding::Utf16Le => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            Encoding::Utf16Be => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            Encoding::Windows1252 => encoding_rs::WINDOWS_1252.encode(text).0.into_owned(),
        }
    }

    /// The places of line feeds in bytes that begin at a multiple of the unit.
    fn line_feeds(self, bytes: &[u8]) -> impl DoubleEndedIterator<Item = usize> + '_ {
        memchr::memchr_iter(b'\n', bytes).filter_map(move |at| match self {
            Encoding::Utf8 | Encoding::Windows1252 => Some(at),
            Encoding::Utf16Le => (at % 2 == 0 && bytes.get(at + 1) == Some(&0)).then_some(at),
            Encoding::Utf16Be => (at % 2 == 1 && bytes.get(at - 1) == Some(&0)).then(|| at - 1),
        })
    }
}

fn is_readable(mut signs: impl Iterator<Item = char>) -> bool {
    !signs.any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{c}' | '\u{1b}' | '\u{85}'))
}

/// A line, or as much of it as is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Where it begins.
    pub at: u64,
    pub text: String,
    /// How many bytes of it are not shown.
    pub cut: usize,
}

/// Some lines of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub lines: Vec<Line>,
    /// The number of the first line, from 1 on; `None` where counting so far would take too long.
    pub number: Option<u64>,
    /// Whether the page begins within a line.
    pub within_line: bool,
    pub at: u64,
    /// Where the page before begins.
    pub before: Option<u64>,
    pub next: Option<u64>,
    pub length: u64,
}

/// The lines from a place on. The end of the text is a place like any other.
pub fn page(source: &mut impl Source, encoding: Encoding, at: u64, most: usize) -> Result<Page> {
    let length = length(source)?;
    let unit = wide(encoding.unit());
    let at = at.min(length) / unit * unit;
    let bytes = window(source, at, PAGE_BYTES)?;
    let mut lines = Vec::new();
    let mut begin = 0;
    let mut feeds = encoding.line_feeds(&bytes);
    while lines.len() < most && begin < bytes.len() {
        let end = feeds.next();
        let line = bytes.get(begin..end.unwrap_or(bytes.len())).unwrap_or_default();
        lines.push(shown(encoding, at + wide(begin), line));
        begin = end.map_or(bytes.len(), |end| end + encoding.unit());
    }
    drop(feeds);
    let next = at + wide(begin);
    let (number, within_line) = number_of(source, encoding, at)?;
    Ok(Page {
        lines,
        number,
        within_line,
        at,
        before: before(source, encoding, at, most)?,
        next: (next < length).then_some(next),
        length,
    })
}

fn shown(encoding: Encoding, at: u64, line: &[u8]) -> Line {
    let head = line.get(..LINE_BYTES).unwrap_or(line);
    let text = encoding.decode(head);
    let text = text.trim_end_matches('\r').trim_start_matches('\u{feff}').to_owned();
    Line { at, text, cut: line.len() - head.len() }
}

/// Where the page before begins: `most` lines back, or as many as a page's bytes hold.
fn before(source: &mut impl Source, encoding: Encoding, at: u64, most: usize) -> Result<Option<u64>> {
    if at == 0 {
        return Ok(None);
    }
    let from = at.saturating_sub(wide(PAGE_BYTES));
    let bytes = window(source, from, narrow(at - from))?;
    // The feed that ends the line before this page does not count.
    let place = encoding.line_feeds(&bytes).rev().nth(most).map(|feed| wide(feed + encoding.unit()));
    Ok(Some(place.map_or(from, |place| from + place)))
}

/// The number of the line that a place lies in, and whether something of it stands before the place.
fn number_of(source: &mut impl Source, encoding: Encoding, at: u64) -> Result<(Option<u64>, bool)> {
    let unit = wide(encoding.unit());
    let last = window(source, at.saturating_sub(unit), encoding.unit())?;
    let within = at > 0 && encoding.line_feeds(&last).next().is_none();
    if at > COUNTED {
        return Ok((None, within));
    }
    let (mut place, mut number) = (0, 1u64);
    while place < at {
        let bytes = window(source, place, PIECE.min(narrow(at - place)))?;
        if bytes.is_empty() {
            break;
        }
        number += wide(encoding.line_feeds(&bytes).count());
        place += wide(bytes.len());
    }
    Ok((Some(number), within))
}

/// Where a page has to begin to be the last.
pub fn last_page(source: &mut impl Source, encoding: Encoding, most: usize) -> Result<u64> {
    let length = length(source)?;
    Ok(before(source, encoding, length, most)?.unwrap_or(0))
}

/// A place at which the text that was looked for stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Find {
    pub at: u64,
    /// Where its line begins, or a page that shows it.
    pub line_at: u64,
    /// What stands around it on its line …
    pub text: String,
    /// … and where in that it stands.
    pub place: Range<usize>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Finds {
    pub finds: Vec<Find>,
    /// Where the search has to go on; `None` at the end.
    pub next: Option<u64>,
}

/// Looks for a text from a place on. Latin letters match in either case.
pub fn search(source: &mut impl Source, encoding: Encoding, wanted: &str, from: u64) -> Result<Finds> {
    let length = length(source)?;
    let pattern = Pattern::new(&encoding.encode(wanted));
    let unit = wide(encoding.unit());
    let mut found = Finds::default();
    let mut place = from.min(length) / unit * unit;
    let stop = place.saturating_add(SEARCHED).min(length);
    if pattern.is_empty() {
        return Ok(found);
    }
    while place < stop {
        let bytes = window(source, place, PIECE + pattern.len() - 1)?;
        for hit in pattern.places(&bytes, encoding.unit()) {
            // What begins behind this piece is found in the next.
            if hit >= PIECE {
                break;
            }
            found.finds.push(around(source, encoding, place + wide(hit), pattern.len())?);
            if found.finds.len() == MOST_FINDS {
                found.next = Some(place + wide(hit) + unit);
                return Ok(found);
            }
        }
        place += wide(PIECE);
    }
    found.next = (stop < length).then_some(stop);
    Ok(found)
}

fn around(source: &mut impl Source, encoding: Encoding, at: u64, long: usize) -> Result<Find> {
    let from = at.saturating_sub(wide(LINE_BYTES));
    let head = window(source, from, narrow(at - from))?;
    let begin = encoding.line_feeds(&head).next_back().map_or(0, |feed| feed + encoding.unit());
    let near = begin.max(head.len().saturating_sub(AROUND) / encoding.unit() * encoding.unit());
    let tail = window(source, at, long + AROUND)?;
    let behind = tail.get(long..).unwrap_or_default();
    let end = encoding.line_feeds(behind).next().unwrap_or(behind.len());
    let before = encoding.decode(head.get(near..).unwrap_or_default()).into_owned();
    let hit = encoding.decode(tail.get(..long).unwrap_or(&tail)).into_owned();
    let place = before.len()..before.len() + hit.len();
    let after = encoding.decode(behind.get(..end).unwrap_or_default()).trim_end().to_owned();
    Ok(Find { at, line_at: from + wide(begin), text: before + &hit + &after, place })
}

/// Bytes to look for, each in one or two forms.
struct Pattern(Vec<(u8, u8)>);

impl Pattern {
    fn new(bytes: &[u8]) -> Self {
        Pattern(bytes.iter().map(|byte| (byte.to_ascii_lowercase(), byte.to_ascii_uppercase())).collect())
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn places<'p>(&'p self, bytes: &'p [u8], unit: usize) -> impl Iterator<Item = usize> + 'p {
        let (lower, upper) = self.0.first().copied().unwrap_or_default();
        memchr::memchr2_iter(lower, upper, bytes).filter(move |at| {
            at % unit == 0
                && bytes.get(*at..at + self.len()).is_some_and(|here| {
                    here.iter().zip(&self.0).all(|(byte, (lower, upper))| byte == lower || byte == upper)
                })
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use std::io::Cursor;

    use super::*;

    fn wide_text(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn the_encoding_is_told_with_and_without_a_mark() {
        assert_eq!(Encoding::of("Grüße\n".as_bytes()), Some(Encoding::Utf8));
        assert_eq!(Encoding::of(b"Gr\xfc\xdfe\n"), Some(Encoding::Windows1252));
        assert_eq!(Encoding::of(&wide_text("Hello, world\r\n")), Some(Encoding::Utf16Le));
        assert_eq!(Encoding::of(&wide_text("\u{feff}日本")), Some(Encoding::Utf16Le));
        assert_eq!(Encoding::of(b"MZ\x90\0\x03\0"), None);
        assert_eq!(Encoding::of(b"\x01\x02\x03"), None);
        assert_eq!(Encoding::of(&"ab ß".as_bytes()[..4]), Some(Encoding::Utf8), "cut within a character");
    }

    #[test]
    fn pages_follow_each_other_and_lead_back() {
        let text: String = (1..=250).map(|n| format!("line {n}\r\n")).collect();
        for (encoding, bytes) in
            [(Encoding::Utf8, text.clone().into_bytes()), (Encoding::Utf16Le, wide_text(&text))]
        {
            let mut source = Cursor::new(bytes);
            let first = page(&mut source, encoding, 0, 100).unwrap();
            assert_eq!((first.lines.len(), first.number, first.before), (100, Some(1), None));
            assert_eq!(first.lines[99].text, "line 100");
            let second = page(&mut source, encoding, first.next.unwrap(), 100).unwrap();
            assert_eq!((second.number, second.before, second.within_line), (Some(101), Some(0), false));
            let third = page(&mut source, encoding, second.next.unwrap(), 100).unwrap();
            assert_eq!((third.lines.len(), third.next), (50, None));
            assert_eq!(third.before, Some(second.at));
            assert_eq!(last_page(&mut source, encoding, 50).unwrap(), third.at);
        }
    }

    #[test]
    fn a_line_without_end_is_cut_and_goes_on() {
        let mut source = Cursor::new(vec![b'x'; PAGE_BYTES * 2 + 7]);
        let first = page(&mut source, Encoding::Utf8, 0, 100).unwrap();
        assert_eq!((first.lines.len(), first.lines[0].cut), (1, PAGE_BYTES - LINE_BYTES));
        let second = page(&mut source, Encoding::Utf8, first.next.unwrap(), 100).unwrap();
        assert!(second.within_line);
        assert_eq!(page(&mut source, Encoding::Utf8, u64::MAX, 100).unwrap().lines, []);
    }

    #[test]
    fn what_is_looked_for_is_found_in_any_encoding_and_across_pieces() {
        let mut bytes = vec![b'.'; PIECE - 3];
        bytes.extend_from_slice(b"Needle\nand a NEEDLE more");
        let found = search(&mut Cursor::new(&bytes), Encoding::Utf8, "needle", 0).unwrap();
        assert_eq!(found.finds.len(), 2);
        assert_eq!(found.finds[0].at, wide(PIECE - 3));
        let second = &found.finds[1];
        assert_eq!(
            (second.text.as_str(), second.text.get(second.place.clone())),
            ("and a NEEDLE more", Some("NEEDLE"))
        );
        let text = wide_text("one\r\ntwo Grüße three\r\n");
        let found = search(&mut Cursor::new(text), Encoding::Utf16Le, "GRüß", 0).unwrap();
        assert_eq!(found.finds[0].text, "two Grüße three");
        let many = "a\n".repeat(MOST_FINDS + 5);
        let found = search(&mut Cursor::new(many), Encoding::Utf8, "a", 0).unwrap();
        assert_eq!((found.finds.len(), found.next), (MOST_FINDS, Some(wide(MOST_FINDS * 2 - 1))));
        assert!(search(&mut Cursor::new("abc"), Encoding::Utf8, "", 0).unwrap().finds.is_empty());
    }
}

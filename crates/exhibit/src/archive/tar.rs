//! tar: ustar headers (POSIX.1-2017, pax, "ustar Interchange Format") with the long names of pax and GNU.

use std::io::{self, Read, SeekFrom};

use super::{Listing, MOST_MEMBERS, Member, Opened, judge};
use crate::{Error, Result, Source, narrow, wide};

const WHAT: &str = "tar archive";
const BLOCK: usize = 512;
/// The longest extended header that is read.
const LONGEST_EXTENSION: u64 = 64 * 1024;

/// Walks from header to header.
pub(super) struct Walk<R> {
    reader: R,
    /// Moves on by so many bytes.
    skip: fn(&mut R, u64) -> io::Result<()>,
    seen: usize,
    /// Bytes between here and the next header.
    behind: u64,
}

/// A member whose content comes next.
pub(super) struct At {
    member: Member,
    bytes: u64,
}

pub(super) fn list_plain(source: &mut impl Source) -> Result<Listing> {
    source.seek(SeekFrom::Start(0))?;
    list(Walk::seeking(source))
}

pub(super) fn open_plain(mut source: impl Source + Send + 'static, number: usize) -> Result<Opened> {
    source.seek(SeekFrom::Start(0))?;
    open(Walk::seeking(source), number)
}

/// Lists what a walk comes by. An archive that breaks off is listed as far as it goes.
pub(super) fn list<R: Read>(mut walk: Walk<R>) -> Result<Listing> {
    let mut listing = Listing::default();
    loop {
        match walk.next() {
            Ok(Some(_)) if listing.members.len() == MOST_MEMBERS => {
                listing.cut = true;
                break;
            }
            Ok(Some(at)) => listing.members.push(at.member),
            Ok(None) => break,
            Err(error) if listing.members.is_empty() => return Err(error),
            Err(error) => {
                listing.warnings.push(format!("The listing ends early. {error}"));
                break;
            }
        }
    }
    Ok(listing)
}

pub(super) fn open<R: Read + Send + 'static>(mut walk: Walk<R>, number: usize) -> Result<Opened> {
    while let Some(At { member, bytes }) = walk.next()? {
        if member.number == number {
            return Ok(Opened {
                member,
                content: Box::new(Whole { inner: walk.reader.take(bytes), left: bytes }),
            });
        }
    }
    Err(Error::NoSuchMember(number))
}

impl<S: Source> Walk<S> {
    fn seeking(source: S) -> Self {
        let skip = |source: &mut S, bytes| {
            let bytes = i64::try_from(bytes).map_err(|_| io::Error::from(io::ErrorKind::UnexpectedEof))?;
            source.seek(SeekFrom::Current(bytes)).map(drop)
        };
        Walk { reader: source, skip, seen: 0, behind: 0 }
    }
}

impl<R: Read> Walk<R> {
    /// A walk through a stream that can only be read on.
    pub(super) fn reading(reader: R) -> Self {
        let skip = |reader: &mut R, bytes| io::copy(&mut reader.take(bytes), &mut io::sink()).map(drop);
        Walk { reader, skip, seen: 0, behind: 0 }
    }

    fn next(&mut self) -> Result<Option<At>> {
        let mut long_name = None;
        let mut long_size = None;
        loop {
            (self.skip)(&mut self.reader, std::mem::take(&mut self.behind))?;
            let mut header = [0; BLOCK];
            match read_whole(&mut self.reader, &mut header)? {
                0 => return Ok(None),
                BLOCK => {}
                _ => return Err(Error::damaged(WHAT, "it is cut off")),
            }
            if header.iter().all(|byte| *byte == 0) {
                return Ok(None);
            }
            if !sum_holds(&header) {
                let next = self.seen + 1;
                return Err(Error::damaged(WHAT, format!("the header of member {next} is damaged")));
            }
            let bytes = long_size.take().unwrap_or_else(|| size_of(&header));
            let kind = header.get(156).copied().unwrap_or_default();
            let padding = (wide(BLOCK) - bytes % wide(BLOCK)) % wide(BLOCK);
            if matches!(kind, b'x' | b'L') && bytes <= LONGEST_EXTENSION {
                let mut text = vec![0; narrow(bytes)];
                read_whole(&mut self.reader, &mut text)?;
                self.behind = padding;
                if kind == b'L' {
                    long_name = Some(text_of(&text));
                } else {
                    long_name = pax(&text, b"path")
                        .map(|name| String::from_utf8_lossy(name).into_owned())
                        .or(long_name);
                    long_size =
                        pax(&text, b"size").and_then(|size| std::str::from_utf8(size).ok()?.parse().ok());
                }
                continue;
            }
            self.behind = bytes.saturating_add(padding);
            if matches!(kind, b'x' | b'L' | b'g' | b'K') {
                continue;
            }
            self.seen += 1;
            let member =
                member(&header, kind, self.seen, long_name.unwrap_or_else(|| name_of(&header)), bytes);
            return Ok(Some(At { member, bytes }));
        }
    }
}

fn member(header: &[u8; BLOCK], kind: u8, number: usize, name: String, bytes: u64) -> Member {
    let modified = field(header, 136, 12).and_then(|seconds| i64::try_from(seconds).ok());
    let modified = modified.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    let mut member = Member {
        number,
        directory: kind == b'5' || name.ends_with('/'),
        name,
        packed: None,
        unpacked: Some(bytes),
        modified: modified.map(|at| jiff::tz::TimeZone::UTC.to_datetime(at)),
        method: "stored".to_owned(),
        encrypted: false,
        warnings: Vec::new(),
        refused: None,
    };
    let target = header.get(157..257).map(text_of).unwrap_or_default();
    match kind {
        b'1' | b'2' => {
            let what = if kind == b'1' { "hard" } else { "symbolic" };
            member.warnings.push(format!("It is a {what} link to {:?}.", crate::one_line(&target, 200)));
            member.refused = Some("it is a link and has no bytes of its own");
        }
        b'3' | b'4' | b'6' => {
            member.warnings.push("It is a device or a pipe.".to_owned());
            member.refused = Some("it is a device or a pipe");
        }
        b'S' => member.refused = Some("it is sparse, which is not read here"),
        _ => {}
    }
    judge(&mut member);
    member
}

/// The name, with the prefix of ustar before it.
fn name_of(header: &[u8; BLOCK]) -> String {
    let part = |from: usize, to: usize| header.get(from..to).map(text_of).unwrap_or_default();
    let (name, prefix) = (part(0, 100), part(345, 500));
    let is_ustar = header.get(257..263) == Some(b"ustar\0");
    if is_ustar && !prefix.is_empty() { format!("{prefix}/{name}") } else { name }
}

/// The value of a record of a pax header: "length key=value\n".
fn pax<'t>(mut text: &'t [u8], key: &[u8]) -> Option<&'t [u8]> {
    let mut value = None;
    while let Some(blank) = memchr::memchr(b' ', text) {
        let long: usize = std::str::from_utf8(text.get(..blank)?).ok()?.parse().ok()?;
        let record = text.get(blank + 1..long)?;
        if let Some(found) = record.strip_prefix(key).and_then(|rest| rest.strip_prefix(b"=")) {
            value = found.strip_suffix(b"\n").or(Some(found));
        }
        text = text.get(long..)?;
    }
    value
}

fn text_of(bytes: &[u8]) -> String {
    let end = memchr::memchr(0, bytes).unwrap_or(bytes.len());
    String::from_utf8_lossy(bytes.get(..end).unwrap_or(bytes)).into_owned()
}

fn size_of(header: &[u8; BLOCK]) -> u64 {
    field(header, 124, 12).unwrap_or(0)
}

/// A number in octal digits, or in base 256 where its first bit is set.
fn field(header: &[u8; BLOCK], at: usize, length: usize) -> Option<u64> {
    let bytes = header.get(at..at + length)?;
    match bytes.split_first()? {
        (first, rest) if first & 0x80 != 0 => {
            let start = u64::from(first & 0x7f);
            rest.iter().try_fold(start, |number, byte| Some(number.checked_mul(256)? | u64::from(*byte)))
        }
        _ => {
            let text = std::str::from_utf8(bytes).ok()?;
            u64::from_str_radix(text.trim_matches(['\0', ' ']), 8).ok()
        }
    }
}

/// The sum of the header's bytes, its own eight read as blanks.
fn sum_holds(header: &[u8; BLOCK]) -> bool {
    let sum: u64 = header
        .iter()
        .enumerate()
        .map(|(at, byte)| if (148..156).contains(&at) { u64::from(b' ') } else { u64::from(*byte) })
        .sum();
    field(header, 148, 8) == Some(sum)
}

fn read_whole(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match reader.read(rest) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// A content of known length; that it ends early is an error.
struct Whole<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Whole<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self.left.saturating_sub(wide(read));
        if read == 0 && !buffer.is_empty() && self.left > 0 {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the archive ends within it"));
        }
        Ok(read)
    }
}

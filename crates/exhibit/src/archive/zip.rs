//! ZIP (APPNOTE.TXT 6.3.10): its central directory, and one member by stored or deflated bytes.

use std::io::{self, BufReader, Read, SeekFrom};

use flate2::bufread::DeflateDecoder;
use jiff::civil::{Date, DateTime, Time};

use super::{Bounded, Listing, MOST_MEMBERS, Member, Opened, judge};
use crate::{Error, Result, Source, length, narrow, wide, window};

const WHAT: &str = "ZIP archive";
/// The end record with the longest comment (§4.3.16).
const END: usize = 22 + 65_535;
/// How much of a central directory is read.
const DIRECTORY: usize = 16 << 20;
const STORED: u16 = 0;
const DEFLATED: u16 = 8;
const AES: u16 = 99;

/// Where the central directory is.
struct Directory {
    at: u64,
    bytes: u64,
    members: u64,
    /// What stands before the archive, as a program does in one that unpacks itself.
    before: u64,
}

/// An entry of the central directory with what is needed to take it out.
struct Entry {
    member: Member,
    method: u16,
    crc: u32,
    packed: u64,
    /// Where its local header is.
    at: u64,
    raw_name: Vec<u8>,
}

pub(super) fn list(source: &mut impl Source) -> Result<Listing> {
    let directory = find(source)?;
    let entries = entries(source, &directory)?;
    let mut listing = Listing { cut: directory.members > wide(entries.len()), ..Listing::default() };
    if directory.before > 0 {
        let before = directory.before;
        listing
            .warnings
            .push(format!("{before} bytes stand before the archive, as in a program that unpacks itself."));
    }
    if !listing.cut && directory.members < wide(entries.len()) {
        listing.warnings.push("The archive holds more members than it says.".to_owned());
    }
    let mut places: Vec<(u64, u64)> = entries.iter().map(|entry| (entry.at, entry.packed)).collect();
    places.sort_unstable();
    let shared = |pair: &[(u64, u64)]| matches!(pair, [(one, packed), (two, _)] if one.saturating_add(30).saturating_add(*packed) > *two);
    if places.windows(2).any(shared) {
        listing.warnings.push("Members share the same packed bytes, as in a decompression bomb.".to_owned());
    }
    let mut names: Vec<&str> = entries.iter().map(|entry| entry.member.name.as_str()).collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| matches!(pair, [one, two] if one == two)) {
        listing
            .warnings
            .push("Two members have the same name: programs differ in which of them they unpack.".to_owned());
    }
    listing.members = entries.into_iter().map(|entry| entry.member).collect();
    Ok(listing)
}

pub(super) fn open(mut source: impl Source + Send + 'static, number: usize) -> Result<Opened> {
    let directory = find(&mut source)?;
    let entry = entries(&mut source, &directory)?.into_iter().find(|entry| entry.member.number == number);
    let entry = entry.ok_or(Error::NoSuchMember(number))?;
    if entry.member.refused.is_some() {
        return Ok(Opened { member: entry.member, content: Box::new(io::empty()) });
    }
    // The local header (§4.3.7) has lengths of its own.
    let local = window(&mut source, entry.at, 30 + usize::from(u16::MAX))?;
    if !local.starts_with(b"PK\x03\x04") {
        return Err(Error::damaged(WHAT, "the member is not where the directory says"));
    }
    let (name, extra) = (number_at(&local, 26, 2), number_at(&local, 28, 2));
    if local.get(30..30 + narrow(name)) != Some(entry.raw_name.as_slice()) {
        return Err(Error::damaged(WHAT, "the member itself has another name than the directory gives it"));
    }
    source.seek(SeekFrom::Start(entry.at.saturating_add(30 + name + extra)))?;
    let packed = BufReader::new(source.take(entry.packed));
    let plain: Box<dyn Read + Send> = match entry.method {
        STORED => Box::new(packed),
        DEFLATED => Box::new(DeflateDecoder::new(packed)),
        _ => {
            return Err(Error::Refused {
                name: entry.member.name,
                why: "it is packed by a method that is not read here",
            });
        }
    };
    let checked = Checked { inner: plain, hash: crc32fast::Hasher::new(), expected: entry.crc };
    Ok(Opened { content: Box::new(Bounded::new(checked, entry.packed)), member: entry.member })
}

/// Finds the central directory by the end record, of which the last is the one that counts.
fn find(source: &mut impl Source) -> Result<Directory> {
    let length = length(source)?;
    let from = length.saturating_sub(wide(END));
    let tail = window(source, from, END)?;
    let place = memchr::memmem::rfind(&tail, b"PK\x05\x06")
        .ok_or_else(|| Error::damaged(WHAT, "its end record is missing, so it is cut off"))?;
    let end = tail.get(place..).unwrap_or_default();
    if end.len() < 22 {
        return Err(Error::damaged(WHAT, "its end record is cut off"));
    }
    let (mut members, mut bytes, mut stated) =
        (number_at(end, 10, 2), number_at(end, 12, 4), number_at(end, 16, 4));
    let mut end_at = from + wide(place);
    // ZIP64 (§4.3.14 and §4.3.15): what does not fit stands in a record before.
    if members == 0xffff || bytes == 0xffff_ffff || stated == 0xffff_ffff {
        let locator = window(source, end_at.saturating_sub(20), 20)?;
        if locator.starts_with(b"PK\x06\x07") {
            let record_at = number_at(&locator, 8, 8);
            let record = window(source, record_at, 56)?;
            if !record.starts_with(b"PK\x06\x06") {
                return Err(Error::damaged(WHAT, "its ZIP64 end record is not where it should be"));
            }
            (members, bytes, stated) =
                (number_at(&record, 32, 8), number_at(&record, 40, 8), number_at(&record, 48, 8));
            end_at = record_at;
        }
    }
    let at = end_at
        .checked_sub(bytes)
        .ok_or_else(|| Error::damaged(WHAT, "its directory is larger than the file"))?;
    let before = at
        .checked_sub(stated)
        .ok_or_else(|| Error::damaged(WHAT, "its directory does not end where it should"))?;
    Ok(Directory { at, bytes, members, before })
}

fn entries(source: &mut impl Source, directory: &Directory) -> Result<Vec<Entry>> {
    let bytes = window(source, directory.at, narrow(directory.bytes).min(DIRECTORY))?;
    let (mut entries, mut rest) = (Vec::new(), bytes.as_slice());
    while entries.len() < MOST_MEMBERS && rest.starts_with(b"PK\x01\x02") {
        let (name, extra, comment) = (number_at(rest, 28, 2), number_at(rest, 30, 2), number_at(rest, 32, 2));
        let long = 46 + narrow(name + extra + comment);
        let Some(header) = rest.get(..long) else { break };
        entries.push(entry(header, entries.len() + 1, directory.before));
        rest = rest.get(long..).unwrap_or_default();
    }
    if entries.is_empty() && directory.members > 0 {
        return Err(Error::damaged(WHAT, "its directory is damaged"));
    }
    Ok(entries)
}

/// Reads a central directory header (§4.3.12).
fn entry(header: &[u8], number: usize, before: u64) -> Entry {
    let (made_by, flags) = (number_at(header, 5, 1), number_at(header, 8, 2));
    let method = u16::try_from(number_at(header, 10, 2)).unwrap_or(u16::MAX);
    let crc = u32::try_from(number_at(header, 16, 4)).unwrap_or(0);
    let (mut packed, mut unpacked, mut at) =
        (number_at(header, 20, 4), number_at(header, 24, 4), number_at(header, 42, 4));
    let name_end = 46 + narrow(number_at(header, 28, 2));
    let raw_name = header.get(46..name_end).unwrap_or_default();
    let extra = header.get(name_end..name_end + narrow(number_at(header, 30, 2))).unwrap_or_default();
    // §4.5.3: only what did not fit, in this order.
    let mut wider = zip64(extra);
    for field in [&mut unpacked, &mut packed, &mut at] {
        if *field == 0xffff_ffff
            && let Some((eight, rest)) = wider.split_at_checked(8)
        {
            *field = number_at(eight, 0, 8);
            wider = rest;
        }
    }
    let mode = number_at(header, 40, 2);
    let is_link = made_by == 3 && mode & 0o170_000 == 0o120_000;
    let name = name_of(raw_name);
    let mut member = Member {
        number,
        directory: name.ends_with('/'),
        name,
        packed: Some(packed),
        unpacked: Some(unpacked),
        modified: dos_time(number_at(header, 14, 2), number_at(header, 12, 2)),
        method: match method {
            STORED => "stored".to_owned(),
            DEFLATED => "deflated".to_owned(),
            9 => "deflate64".to_owned(),
            12 => "bzip2".to_owned(),
            14 => "LZMA".to_owned(),
            93 => "zstd".to_owned(),
            95 => "xz".to_owned(),
            AES => "AES".to_owned(),
            other => format!("method {other}"),
        },
        encrypted: flags & 1 == 1 || method == AES,
        warnings: Vec::new(),
        refused: None,
    };
    if is_link {
        member.warnings.push("It is a symbolic link.".to_owned());
    }
    judge(&mut member);
    Entry { member, method, crc, packed, at: at.saturating_add(before), raw_name: raw_name.to_vec() }
}

/// The fields of the ZIP64 extra record.
fn zip64(mut extra: &[u8]) -> &[u8] {
    while let Some((head, rest)) = extra.split_at_checked(4) {
        let long = narrow(number_at(head, 2, 2)).min(rest.len());
        let (fields, behind) = rest.split_at(long);
        if number_at(head, 0, 2) == 1 {
            return fields;
        }
        extra = behind;
    }
    &[]
}

/// A name as UTF-8 if it is that, whatever the flag says; else each byte is a character.
fn name_of(raw: &[u8]) -> String {
    match std::str::from_utf8(raw) {
        Ok(name) => name.to_owned(),
        Err(_) => encoding_rs::WINDOWS_1252.decode_without_bom_handling(raw).0.into_owned(),
    }
}

/// §4.4.6: MS-DOS date and time, to two seconds.
fn dos_time(date: u64, time: u64) -> Option<DateTime> {
    let part = |bits: u64, shift: u32, mask: u64| i8::try_from(bits >> shift & mask).ok();
    let year = 1980 + i16::try_from(date >> 9).ok()?;
    let date = Date::new(year, part(date, 5, 15)?, part(date, 0, 31)?).ok()?;
    let time =
        Time::new(part(time, 11, 31)?, part(time, 5, 63)?, part(time, 0, 31)?.checked_mul(2)?, 0).ok()?;
    Some(DateTime::from_parts(date, time))
}

/// A little-endian number; 0 where the bytes end.
fn number_at(bytes: &[u8], at: usize, length: usize) -> u64 {
    let field = bytes.get(at..at + length).unwrap_or_default();
    field.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Compares the checksum once all has been read.
struct Checked<R> {
    inner: R,
    hash: crc32fast::Hasher,
    expected: u32,
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        match buffer.get(..read) {
            Some(piece) if read > 0 => self.hash.update(piece),
            _ if buffer.is_empty() => {}
            _ if self.hash.clone().finalize() != self.expected => {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "its checksum is wrong, so it is damaged",
                ));
            }
            _ => {}
        }
        Ok(read)
    }
}

//! gzip (RFC 1952): one content, which may be a tar archive.

use std::io::{self, BufReader, Read, SeekFrom};

use flate2::bufread::{GzDecoder, MultiGzDecoder};

use super::{Bounded, Listing, Member, Opened, judge, tar};
use crate::{Error, Kind, Result, Source, length, wide};

const WHAT: &str = "gzip file";
/// How far a content is unpacked to tell its size or to list what is in it.
const MEASURED: u64 = 256 << 20;

pub(super) fn list(source: &mut impl Source) -> Result<Listing> {
    let packed = length(source)?;
    if is_tar(source)? {
        source.seek(SeekFrom::Start(0))?;
        let plain = Bounded::new(MultiGzDecoder::new(BufReader::new(source)), packed);
        return tar::list(tar::Walk::reading(plain.take(MEASURED)));
    }
    let mut member = content(source, packed)?;
    source.seek(SeekFrom::Start(0))?;
    let plain = MultiGzDecoder::new(BufReader::new(source));
    let (mut measured, mut sink) = (Measured(0), io::sink());
    let outcome = io::copy(&mut io::Read::take(&mut measured.over(plain), MEASURED), &mut sink);
    match outcome {
        Ok(MEASURED) => {
            member.warnings.push(format!(
                "It unpacks to more than {} MiB; it was not followed further.",
                MEASURED >> 20
            ));
            member.unpacked = Some(MEASURED);
        }
        Ok(bytes) => member.unpacked = Some(bytes),
        Err(error) => {
            member.warnings.push(format!("It can be unpacked only up to byte {}: {error}.", measured.0));
            member.unpacked = Some(measured.0);
        }
    }
    judge(&mut member);
    Ok(Listing { members: vec![member], ..Listing::default() })
}

pub(super) fn open(mut source: impl Source + Send + 'static, number: usize) -> Result<Opened> {
    let packed = length(&mut source)?;
    let holds_tar = is_tar(&mut source)?;
    let member = if holds_tar { None } else { Some(content(&mut source, packed)?) };
    source.seek(SeekFrom::Start(0))?;
    let plain = Bounded::new(MultiGzDecoder::new(BufReader::new(source)), packed);
    match member {
        None => tar::open(tar::Walk::reading(plain), number),
        Some(member) if member.number == number => Ok(Opened { member, content: Box::new(plain) }),
        Some(_) => Err(Error::NoSuchMember(number)),
    }
}

fn is_tar(source: &mut impl Source) -> Result<bool> {
    source.seek(SeekFrom::Start(0))?;
    let mut head = Vec::new();
    // What cannot be unpacked is no tar; the listing says why.
    let _ = MultiGzDecoder::new(BufReader::new(source)).take(wide(crate::kind::HEAD)).read_to_end(&mut head);
    Ok(crate::kind::identify_bytes(&head, "").kind == Kind::Tar)
}

/// The one member, named by the header where that has a name.
fn content(source: &mut impl Source, packed: u64) -> Result<Member> {
    source.seek(SeekFrom::Start(0))?;
    let mut decoder = GzDecoder::new(BufReader::new(source));
    let mut first = [0; 1];
    let _ = decoder.read(&mut first);
    let header = decoder.header().ok_or_else(|| Error::damaged(WHAT, "its header is damaged or cut off"))?;
    let name = header.filename().map(|name| String::from_utf8_lossy(name).into_owned());
    let modified =
        jiff::Timestamp::from_second(i64::from(header.mtime())).ok().filter(|_| header.mtime() > 0);
    let mut member = Member {
        number: 1,
        name: name.filter(|name| !name.is_empty()).unwrap_or_else(|| "content".to_owned()),
        directory: false,
        packed: Some(packed),
        unpacked: None,
        modified: modified.map(|at| jiff::tz::TimeZone::UTC.to_datetime(at)),
        method: "deflated".to_owned(),
        encrypted: false,
        warnings: Vec::new(),
        refused: None,
    };
    if super::slip(&member.name).is_some() {
        // There is but one content, and where it goes is never asked of this name.
        member.warnings.push("The name in its header leads out of the folder it is unpacked to.".to_owned());
        member.name = "content".to_owned();
    }
    Ok(member)
}

/// Counts what comes through.
struct Measured(u64);

impl Measured {
    fn over<R: Read>(&mut self, inner: R) -> Counting<'_, R> {
        Counting { inner, count: &mut self.0 }
    }
}

struct Counting<'c, R> {
    inner: R,
    count: &'c mut u64,
}

impl<R: Read> Read for Counting<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        *self.count = self.count.saturating_add(wide(read));
        Ok(read)
    }
}

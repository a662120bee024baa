//! What an archive holds, listed without unpacking it to disk, and one member taken out of it. ZIP, tar,
//! gzip and tar in gzip are read; of others only the kind is told.
//!
//! The directory of a ZIP is read by own code, because here it is shown as it stands: two members of one
//! name, members that share their bytes, and names that lead elsewhere are what a reader must see.

mod gzip;
mod tar;
mod zip;

use std::io::{self, Read};

use jiff::civil::DateTime;

use crate::{Error, Kind, Result, Source, wide};

/// The most members that are listed.
pub const MOST_MEMBERS: usize = 5_000;
/// What may come out of any member, however small it is packed.
pub const FREE: u64 = 64 << 20;
/// Beyond that, how many times its packed size a member may have.
pub const MOST_RATIO: u64 = 200;
/// What is said to be suspicious, once a member is larger than a MiB.
const ODD_RATIO: u64 = 100;

/// A member of an archive, as the archive tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its place in the archive, from 1 on.
    pub number: usize,
    pub name: String,
    pub directory: bool,
    /// Bytes in the archive, where each member has its own.
    pub packed: Option<u64>,
    /// Bytes when taken out, by the archive's own word.
    pub unpacked: Option<u64>,
    /// As the clock of whoever packed it showed, of no known zone.
    pub modified: Option<DateTime>,
    /// How it is packed.
    pub method: String,
    pub encrypted: bool,
    /// What about it is odd, in words.
    pub warnings: Vec<String>,
    /// Why it is not taken out, if it is not.
    pub refused: Option<&'static str>,
}

/// What an archive holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    pub members: Vec<Member>,
    /// What about the whole is odd, in words.
    pub warnings: Vec<String>,
    /// Whether it holds more members than are listed.
    pub cut: bool,
}

impl Listing {
    /// Bytes of all listed members when taken out.
    pub fn unpacked(&self) -> u64 {
        self.members.iter().filter_map(|member| member.unpacked).fold(0, u64::saturating_add)
    }
}

/// Lists an archive's members.
pub fn list(source: &mut impl Source, kind: Kind) -> Result<Listing> {
    let length = crate::length(source)?;
    let mut listing = match kind {
        Kind::Zip | Kind::OfficeDocument => zip::list(source)?,
        Kind::Tar => tar::list_plain(source)?,
        Kind::Gzip => gzip::list(source)?,
        other => return Err(Error::damaged("archive", format!("it is: {}", other.label()))),
    };
    let unpacked = listing.unpacked();
    if is_odd(length, unpacked) {
        listing.warnings.push(format!(
            "All of it would take {} times the archive's own size, as a decompression bomb does.",
            unpacked / length.max(1)
        ));
    }
    Ok(listing)
}

/// A member, opened: its bytes come as they are unpacked.
pub struct Opened {
    pub member: Member,
    pub content: Box<dyn Read + Send>,
}

/// Opens the member with this number. What it gives is bounded: reading ends with an error of the kind
/// [`io::ErrorKind::InvalidData`] where it expands as a bomb does, or is not what its checksum says.
pub fn open(source: impl Source + Send + 'static, kind: Kind, number: usize) -> Result<Opened> {
    let opened = match kind {
        Kind::Zip | Kind::OfficeDocument => zip::open(source, number)?,
        Kind::Tar => tar::open_plain(source, number)?,
        Kind::Gzip => gzip::open(source, number)?,
        other => return Err(Error::damaged("archive", format!("it is: {}", other.label()))),
    };
    match opened.member.refused {
        Some(why) => Err(Error::Refused { name: opened.member.name, why }),
        None => Ok(opened),
    }
}

fn is_odd(packed: u64, unpacked: u64) -> bool {
    unpacked > 1 << 20 && unpacked / packed.max(1) > ODD_RATIO
}

/// Fills in what a member's own facts say about it.
fn judge(member: &mut Member) {
    if let Some(why) = slip(&member.name) {
        member.warnings.push(format!("The name leads out of the folder it is unpacked to: {why}."));
        member.refused = Some("its name leads out of the folder it is unpacked to");
    }
    if let (Some(packed), Some(unpacked)) = (member.packed, member.unpacked)
        && is_odd(packed, unpacked)
    {
        member
            .warnings
            .push(format!("It expands {} times, as a decompression bomb does.", unpacked / packed.max(1)));
    }
    if member.encrypted {
        member.warnings.push("It is encrypted.".to_owned());
        member.refused = member
            .refused
            .or(Some("it is encrypted; take it out elsewhere with its password, and hand it over"));
    }
    if member.directory {
        member.refused = member.refused.or(Some("it is a folder"));
    }
}

/// Why a name would be written somewhere else than in the folder that it is unpacked to.
fn slip(name: &str) -> Option<&'static str> {
    let drive = matches!(name.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic());
    if name.split(['/', '\\']).any(|part| part.trim() == "..") {
        Some("it goes up by \"..\"")
    } else if name.starts_with(['/', '\\']) {
        Some("it begins at the root")
    } else if drive {
        Some("it names a drive")
    } else if name.contains('\0') {
        Some("it holds a null")
    } else {
        None
    }
}

/// Stops a stream that gives more than it may.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Bounded<R> {
    /// A stream out of so many packed bytes.
    fn new(inner: R, packed: u64) -> Self {
        Bounded { inner, left: packed.saturating_mul(MOST_RATIO).max(FREE) }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        match self.left.checked_sub(wide(read)) {
            Some(left) => self.left = left,
            None => {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!(
                        "it expands to more than {MOST_RATIO} times its size, as a decompression bomb does"
                    ),
                ));
            }
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::slip;

    #[test]
    fn names_that_lead_elsewhere_are_told() {
        for name in
            ["../x", "a/../../x", "..\\x", "/etc/passwd", "\\\\host\\share", "C:\\x", "a\0b", "a/.. /b"]
        {
            assert!(slip(name).is_some(), "{name:?}");
        }
        for name in ["a/b", "a..b/c", "...", ".hidden", "a/./b", "é:"] {
            assert!(slip(name).is_none(), "{name:?}");
        }
    }
}

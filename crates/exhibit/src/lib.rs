//! Bytes that nobody trusts, and what of them a person may safely see: what kind they are, their text,
//! their hexadecimal digits, the strings in them, the members of an archive, the parts of a mail.
//!
//! Nothing here runs, draws, unpacks to disk or asks the network, and nothing is held whole in memory but
//! a mail, whose size is bounded. Every function takes a [`Source`] and stops at a bound that it names;
//! what was left out is said in the answer. Who may look, and where the bytes are kept, is not known here.

pub mod archive;
mod error;
pub mod kind;
pub mod mail;
pub mod strings;
pub mod text;

use std::io::{self, Read, Seek, SeekFrom};

pub use error::{Error, Result};
pub use kind::{Identity, Kind};

/// Bytes that can be read from any place.
pub trait Source: Read + Seek {}

impl<T: Read + Seek> Source for T {}

/// Up to `most` bytes from a place on; fewer where the source ends.
pub fn window(source: &mut impl Source, at: u64, most: usize) -> io::Result<Vec<u8>> {
    source.seek(SeekFrom::Start(at))?;
    let mut bytes = Vec::new();
    source.take(wide(most)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The number of bytes in the source.
pub fn length(source: &mut impl Source) -> io::Result<u64> {
    source.seek(SeekFrom::End(0))
}

/// A length as a position: no machine has more memory than 64 bits can count.
fn wide(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// A position as a length; what does not fit is more than there is.
fn narrow(position: u64) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}

/// A name or a value from outside as one line of bounded length: control characters, and those that turn
/// the direction of writing, are shown as replaced.
pub fn one_line(text: &str, most: usize) -> String {
    let mut signs = text.chars();
    let mut line: String = signs
        .by_ref()
        .take(most)
        .map(|c| if is_tricky(c) { char::REPLACEMENT_CHARACTER } else { c })
        .collect();
    if signs.next().is_some() {
        line.push('…');
    }
    line
}

/// Control characters, and the format characters by which one text is made to look like another.
pub fn is_tricky(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

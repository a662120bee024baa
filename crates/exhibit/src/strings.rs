//! The strings in bytes that are no text: runs of printable ASCII, and the same as UTF-16.

use crate::{Result, Source, length, wide, window};

/// How many bytes one look goes through.
pub const LOOKED_AT: usize = 4 << 20;
/// How many strings one look names.
pub const MOST: usize = 400;
/// The longest string that is shown whole, in characters.
pub const LONGEST: usize = 1024;
/// The least length that may be asked for.
pub const SHORTEST: usize = 4;

/// A string in the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub at: u64,
    pub text: String,
    /// Whether it stands there as UTF-16.
    pub wide: bool,
    /// Its length in characters, also of what is not shown.
    pub characters: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strings {
    pub found: Vec<Found>,
    pub next: Option<u64>,
    pub length: u64,
}

/// The strings of at least `least` characters from a place on.
pub fn strings(source: &mut impl Source, at: u64, least: usize) -> Result<Strings> {
    let length = length(source)?;
    let bytes = window(source, at, LOOKED_AT)?;
    let least = least.max(SHORTEST);
    let mut found: Vec<Found> = Vec::new();
    let mut place = 0;
    let mut next = at.saturating_add(wide(bytes.len()));
    let at_end = next >= length;
    while let Some(rest) = bytes.get(place..).filter(|rest| !rest.is_empty()) {
        let narrow_run = rest.iter().take_while(|byte| is_printable(**byte)).count();
        // A printable byte with a null behind it begins a run of UTF-16.
        let (pairs, _) = rest.as_chunks::<2>();
        let wide_run = pairs.iter().take_while(|[low, high]| is_printable(*low) && *high == 0).count();
        let (characters, taken, is_wide) = if narrow_run >= wide_run.max(1) {
            (narrow_run, narrow_run, false)
        } else {
            (wide_run, wide_run * 2, true)
        };
        if taken == 0 {
            place += 1;
            continue;
        }
        if !at_end && place > 0 && place + taken + 1 >= bytes.len() {
            next = at + wide(place);
            break;
        }
        if characters >= least {
            let step = if is_wide { 2 } else { 1 };
            let text = rest
                .iter()
                .step_by(step)
                .take(characters.min(LONGEST))
                .map(|byte| char::from(*byte))
                .collect();
            found.push(Found { at: at + wide(place), text, wide: is_wide, characters });
        }
        place += taken;
        if found.len() == MOST {
            next = at + wide(place);
            break;
        }
    }
    Ok(Strings { found, next: (next < length).then_some(next), length })
}

const fn is_printable(byte: u8) -> bool {
    matches!(byte, 0x20..=0x7e | b'\t')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use std::io::Cursor;

    use super::*;

    #[test]
    fn both_kinds_of_strings_are_found_where_they_stand() {
        let mut bytes = b"\0\x01kernel32.dll\0ab\0\xff".to_vec();
        bytes.extend("C:\\Temp".encode_utf16().flat_map(u16::to_le_bytes));
        bytes.extend_from_slice(b"\0\0tail");
        let told = strings(&mut Cursor::new(&bytes), 0, 4).unwrap();
        let texts: Vec<_> =
            told.found.iter().map(|found| (found.at, found.text.as_str(), found.wide)).collect();
        assert_eq!(texts, [(2, "kernel32.dll", false), (19, "C:\\Temp", true), (35, "tail", false)]);
        assert_eq!(told.next, None);
    }

    #[test]
    fn a_look_is_bounded_and_goes_on_where_it_stopped() {
        let bytes = b"word\0".repeat(MOST + 10);
        let first = strings(&mut Cursor::new(&bytes), 0, 4).unwrap();
        assert_eq!(first.found.len(), MOST);
        let rest = strings(&mut Cursor::new(&bytes), first.next.unwrap(), 4).unwrap();
        assert_eq!((rest.found.len(), rest.next), (10, None));
        let long = vec![b'a'; LOOKED_AT + 100];
        let told = strings(&mut Cursor::new(&long), 0, 4).unwrap();
        assert_eq!((told.found[0].characters, told.found[0].text.len()), (LOOKED_AT, LONGEST));
        assert!(strings(&mut Cursor::new(&bytes), u64::MAX, 4).unwrap().found.is_empty());
    }
}

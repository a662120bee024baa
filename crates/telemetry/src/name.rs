//! Names of fields. The same few hundred come again in every event, so each is kept once and has a
//! number by which it is told from others without comparing texts.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::sync::{LazyLock, Mutex, PoisonError};

/// So many names are kept for good. Names come from outside: those above are kept with their event.
const MOST_KEPT: usize = 1 << 14;
const LONGEST_KEPT: usize = 128;
/// Names that a thread finds without asking others.
const NEAR: usize = 1 << 10;

/// The name of a field.
#[derive(Clone)]
pub struct Name(Kind);

#[derive(Clone)]
enum Kind {
    Kept(Known),
    Own(Box<str>),
}

impl Name {
    pub fn new(text: &str) -> Name {
        if text.len() > LONGEST_KEPT {
            return Name(Kind::Own(Box::from(text)));
        }
        let mark = mark(text);
        NEARBY.with_borrow_mut(|near| {
            let place = usize::from(mark) & (NEAR - 1);
            if let Some(Some(known)) = near.get(place)
                && known.text == text
            {
                return Name(Kind::Kept(*known));
            }
            let Some(known) = keep(text, mark) else { return Name(Kind::Own(Box::from(text))) };
            if near.is_empty() {
                near.resize(NEAR, None);
            }
            if let Some(near) = near.get_mut(place) {
                *near = Some(known);
            }
            Name(Kind::Kept(known))
        })
    }

    pub fn as_str(&self) -> &str {
        self.as_ref()
    }

    /// The number that this name alone has, as long as the process runs. They are small; a name that
    /// is not kept has none.
    pub fn number(&self) -> Option<u32> {
        match self.0 {
            Kind::Kept(known) => Some(known.number),
            Kind::Own(_) => None,
        }
    }

    /// What [`mark`] says of it.
    #[inline]
    pub(crate) fn mark(&self) -> u16 {
        match &self.0 {
            Kind::Kept(known) => known.mark,
            Kind::Own(text) => mark(text),
        }
    }
}

impl PartialEq for Name {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Kind::Kept(own), Kind::Kept(other)) => own.number == other.number,
            // A name that could not be kept once may be kept nowhere, or have been kept before.
            _ => self.as_str() == other.as_str(),
        }
    }
}

impl AsRef<str> for Name {
    #[inline]
    fn as_ref(&self) -> &str {
        match &self.0 {
            Kind::Kept(known) => known.text,
            Kind::Own(text) => text,
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_ref())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

/// A few bits of a name, the same for equal names.
#[inline]
pub(crate) fn mark(name: &str) -> u16 {
    let bytes = name.as_bytes();
    let (head, tail) = match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        (Some(head), Some(tail)) => (u32::from_le_bytes(*head), u32::from_le_bytes(*tail)),
        _ => {
            let short = bytes.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte));
            (short, short)
        }
    };
    let middle = bytes.get(bytes.len() / 2).copied().unwrap_or(0);
    let sum = head.wrapping_mul(0x9e37_79b1) ^ tail.wrapping_mul(0x85eb_ca6b) ^ u32::from(middle) << 16;
    let length = u32::try_from(bytes.len()).unwrap_or(0);
    let [_, _, high, higher] = (sum ^ length << 24).wrapping_mul(0xc2b2_ae35).to_le_bytes();
    u16::from_le_bytes([high, higher])
}

#[derive(Clone, Copy)]
struct Known {
    text: &'static str,
    number: u32,
    mark: u16,
}

thread_local! {
    static NEARBY: RefCell<Vec<Option<Known>>> = const { RefCell::new(Vec::new()) };
}

static KEPT: LazyLock<Mutex<HashMap<&'static str, u32>>> = LazyLock::new(Mutex::default);

fn keep(text: &str, mark: u16) -> Option<Known> {
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((text, number)) = kept.get_key_value(text) {
        return Some(Known { text, number: *number, mark });
    }
    if kept.len() >= MOST_KEPT {
        return None;
    }
    let number = u32::try_from(kept.len()).ok()?;
    // Bounded by the two limits above.
    let text: &'static str = Box::leak(Box::from(text));
    kept.insert(text, number);
    Some(Known { text, number, mark })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_names_have_one_number_and_others_another() {
        let (image, user) = (Name::new("Image"), Name::new("User"));
        assert_eq!(image.number(), Name::new(&String::from("Image")).number());
        assert_ne!(image.number(), user.number());
        assert_eq!((image.as_str(), user.as_str()), ("Image", "User"));
        let elsewhere = std::thread::spawn(|| Name::new("Image").number()).join().ok().flatten();
        assert_eq!(elsewhere, image.number());
    }

    #[test]
    fn what_is_too_long_or_too_much_is_not_kept() {
        let long = "x".repeat(LONGEST_KEPT + 1);
        assert_eq!((Name::new(&long).as_str(), Name::new(&long).number()), (long.as_str(), None));
    }
}

//! The straight way through a JSON record: most records are one line without anything unusual, and
//! are read in one pass over their bytes. Whatever is unusual is given up, and the strict reader in
//! `flatten` says what it is; where this one succeeds it says the same.

use std::borrow::Cow;

use memchr::{memchr, memchr2};

use crate::Value;
use crate::flatten::{MAX_DEPTH, MAX_FIELDS, MAX_VALUES, Sink};

/// Hands the leaves of the one JSON object that `text` is to `sink`, and notes in `places` where they
/// stand. `None` if it is anything else or unusual; the sink has then been handed a part.
pub(crate) fn leaves(text: &str, sink: &mut impl Sink, places: &mut Places) -> Option<()> {
    if !is_plain(text) {
        return None;
    }
    places.leaves.clear();
    places.objects_in_lists = false;
    let scan = Scan { text, at: 0 };
    let mut walk = Walk { scan, path: String::new(), depth: 0, values: 0, sink, places };
    walk.scan.blanks();
    walk.object()?;
    walk.scan.blanks();
    (walk.scan.at == text.len()).then_some(())
}

/// Whether there are no control signs: they are blanks outside of texts and errors within.
pub(crate) fn is_plain(text: &str) -> bool {
    !text.as_bytes().iter().fold(false, |any, byte| any | (*byte < b' '))
}

/// Where the leaves of a record stand in its text.
#[derive(Default)]
pub(crate) struct Places {
    /// Where the value of each begins and ends.
    pub(crate) leaves: Vec<(usize, usize)>,
    /// Whether a list holds objects, whose leaves stand nowhere alone.
    pub(crate) objects_in_lists: bool,
}

struct Walk<'t, 's, S> {
    scan: Scan<'t>,
    /// Of the objects around.
    path: String,
    depth: usize,
    values: usize,
    sink: &'s mut S,
    places: &'s mut Places,
}

impl<S: Sink> Walk<'_, '_, S> {
    fn enter(&mut self) -> Option<()> {
        self.depth += 1;
        (self.depth <= MAX_DEPTH).then_some(())
    }

    fn object(&mut self) -> Option<()> {
        self.scan.take(b'{')?;
        self.enter()?;
        self.scan.blanks();
        if self.scan.take(b'}').is_none() {
            loop {
                self.member()?;
                self.scan.blanks();
                if self.scan.take(b',').is_none() {
                    break;
                }
                self.scan.blanks();
            }
            self.scan.take(b'}')?;
        }
        self.depth -= 1;
        Some(())
    }

    fn member(&mut self) -> Option<()> {
        let key = self.scan.string()?;
        self.scan.blanks();
        self.scan.take(b':')?;
        self.scan.blanks();
        if self.path.is_empty() && !matches!(self.scan.peek()?, b'{' | b'[') {
            // No path has to be put together.
            self.count()?;
            let begin = self.scan.at;
            let value = self.scan.plain()?;
            self.places.leaves.push((begin, self.scan.at));
            return self.leaf(&key, value);
        }
        let outer = self.path.len();
        if outer > 0 {
            self.path.push('.');
        }
        self.path.push_str(&key);
        if self.path.is_empty() {
            return None;
        }
        self.value(None)?;
        self.path.truncate(outer);
        Some(())
    }

    #[inline]
    fn count(&mut self) -> Option<()> {
        self.values += 1;
        (self.values <= MAX_VALUES).then_some(())
    }

    #[inline]
    fn leaf(&mut self, path: &str, value: Value) -> Option<()> {
        (self.sink.fields() < MAX_FIELDS).then(|| self.sink.leaf(path, value))
    }

    fn leaf_here(&mut self, value: Value) -> Option<()> {
        (self.sink.fields() < MAX_FIELDS).then(|| self.sink.leaf(&self.path, value))
    }

    /// Any value below the outermost. In a list, plain values are gathered in `list`.
    fn value(&mut self, list: Option<&mut Vec<Value>>) -> Option<()> {
        self.count()?;
        match self.scan.peek()? {
            b'{' => {
                self.places.objects_in_lists |= list.is_some();
                self.object()
            }
            b'[' => self.array(list),
            _ => {
                let begin = self.scan.at;
                let value = self.scan.plain()?;
                match list {
                    Some(list) => {
                        list.push(value);
                        Some(())
                    }
                    None => {
                        self.places.leaves.push((begin, self.scan.at));
                        self.leaf_here(value)
                    }
                }
            }
        }
    }

    fn array(&mut self, list: Option<&mut Vec<Value>>) -> Option<()> {
        let begin = self.scan.at;
        self.scan.take(b'[')?;
        self.enter()?;
        let mut own = Vec::new();
        let nested = list.is_some();
        let list = match list {
            Some(outer) => outer,
            None => &mut own,
        };
        let mut any = false;
        self.scan.blanks();
        if self.scan.take(b']').is_none() {
            loop {
                self.value(Some(&mut *list))?;
                any = true;
                self.scan.blanks();
                if self.scan.take(b',').is_none() {
                    break;
                }
                self.scan.blanks();
            }
            self.scan.take(b']')?;
        }
        self.depth -= 1;
        if !nested && (!own.is_empty() || !any) {
            self.places.leaves.push((begin, self.scan.at));
            self.leaf_here(Value::List(own))?;
        }
        Some(())
    }
}

/// A place in a text without control signs, and what may stand there.
pub(crate) struct Scan<'t> {
    pub(crate) text: &'t str,
    pub(crate) at: usize,
}

impl<'t> Scan<'t> {
    #[inline]
    pub(crate) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline]
    fn blanks(&mut self) {
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
    }

    #[inline]
    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    /// A list of plain values, no more than `most` of them.
    pub(crate) fn list(&mut self, most: usize) -> Option<Value> {
        self.take(b'[')?;
        let mut items = Vec::new();
        self.blanks();
        if self.take(b']').is_none() {
            loop {
                if items.len() == most {
                    return None;
                }
                items.push(self.plain()?);
                self.blanks();
                if self.take(b',').is_none() {
                    break;
                }
                self.blanks();
            }
            self.take(b']')?;
        }
        Some(Value::List(items))
    }

    #[inline]
    pub(crate) fn plain(&mut self) -> Option<Value> {
        Some(match self.peek()? {
            b'"' => Value::Str(self.string()?.into_owned()),
            b't' => self.word("true", Value::Bool(true))?,
            b'f' => self.word("false", Value::Bool(false))?,
            b'n' => self.word("null", Value::Null)?,
            _ => self.number()?,
        })
    }

    fn word(&mut self, word: &str, value: Value) -> Option<Value> {
        self.text.get(self.at..)?.starts_with(word).then(|| {
            self.at += word.len();
            value
        })
    }

    fn number(&mut self) -> Option<Value> {
        let rest = self.text.get(self.at..)?;
        let in_number = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
        let text = rest.get(..rest.bytes().take_while(in_number).count())?;
        self.at += text.len();
        let digits = text.strip_prefix('-').unwrap_or(text);
        let whole = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        if whole && !digits.starts_with('0') || text == "0" {
            if let Ok(number) = text.parse() {
                return Some(Value::Int(number));
            }
            if text.parse::<u64>().is_ok() {
                return Some(Value::Str(text.to_owned()));
            }
        }
        serde_json::from_str(text).ok().map(Value::Float)
    }

    /// A text, its escapes resolved.
    #[inline]
    fn string(&mut self) -> Option<Cow<'t, str>> {
        self.take(b'"')?;
        let text = self.text;
        let rest = text.get(self.at..)?;
        let end = run(rest.as_bytes())?;
        if rest.as_bytes().get(end) == Some(&b'"') {
            self.at += end + 1;
            return Some(Cow::Borrowed(rest.get(..end)?));
        }
        self.escaped().map(Cow::Owned)
    }

    fn escaped(&mut self) -> Option<String> {
        // Shorter only where there are quotes within.
        let mut found = String::with_capacity(memchr(b'"', self.text.as_bytes().get(self.at..)?)?);
        loop {
            let rest = self.text.get(self.at..)?;
            let end = run(rest.as_bytes())?;
            found.push_str(rest.get(..end)?);
            self.at += end + 1;
            if rest.as_bytes().get(end) == Some(&b'"') {
                return Some(found);
            }
            let sign = match self.peek()? {
                b'\\' => '\\',
                b'"' => '"',
                b'/' => '/',
                b'n' => '\n',
                b't' => '\t',
                b'r' => '\r',
                b'b' => '\u{8}',
                b'f' => '\u{c}',
                b'u' => {
                    let hex = self.text.get(self.at + 1..self.at + 5)?;
                    if !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                        return None;
                    }
                    self.at += 4;
                    // Half of a pair of surrogates is none: unusual.
                    char::from_u32(u32::from_str_radix(hex, 16).ok()?)?
                }
                _ => return None,
            };
            self.at += 1;
            found.push(sign);
        }
    }
}

const LOWEST: u64 = 0x0101_0101_0101_0101;
const HIGHEST: u64 = LOWEST << 7;
const QUOTES: u64 = LOWEST * 0x22;
const ESCAPES: u64 = LOWEST * 0x5c;
/// So many words are looked at here, for most texts are short.
const NEAR_WORDS: usize = 6;

/// How many bytes come before the next quote or escape.
#[inline]
fn run(bytes: &[u8]) -> Option<usize> {
    // The highest bit of each byte that is zero; of those above the lowest, it may be wrong.
    let zeros = |word: u64| word.wrapping_sub(LOWEST) & !word & HIGHEST;
    let (words, _) = bytes.as_chunks::<8>();
    let mut before = 0;
    for word in words.iter().take(NEAR_WORDS) {
        let word = u64::from_le_bytes(*word);
        let hits = zeros(word ^ QUOTES) | zeros(word ^ ESCAPES);
        if hits != 0 {
            return Some(before + usize::try_from(hits.trailing_zeros() / 8).ok()?);
        }
        before += 8;
    }
    Some(before + memchr2(b'"', b'\\', bytes.get(before..)?)?)
}

//! The straight way through a JSON record: most records are one line without anything unusual, and
//! are read in one pass over their bytes. Whatever is unusual is given up, and the strict reader in
//! `flatten` says what it is; where this one succeeds it says the same.

use std::borrow::Cow;

use memchr::memchr2;

use crate::Value;
use crate::flatten::{MAX_DEPTH, MAX_FIELDS, MAX_VALUES, Sink};

/// Hands the leaves of the one JSON object that `text` is to `sink`. `None` if it is anything else or
/// unusual; the sink has then been handed a part.
pub(crate) fn leaves(text: &str, sink: &mut impl Sink) -> Option<()> {
    // A control sign is a blank outside of texts and an error within.
    if text.as_bytes().iter().fold(false, |any, byte| any | (*byte < b' ')) {
        return None;
    }
    let mut walk = Walk { text, at: 0, path: String::new(), depth: 0, values: 0, sink };
    walk.blanks();
    walk.object()?;
    walk.blanks();
    (walk.at == text.len()).then_some(())
}

struct Walk<'t, 's, S> {
    text: &'t str,
    at: usize,
    /// Of the objects around.
    path: String,
    depth: usize,
    values: usize,
    sink: &'s mut S,
}

impl<'t, S: Sink> Walk<'t, '_, S> {
    #[inline]
    fn peek(&self) -> Option<u8> {
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

    fn enter(&mut self) -> Option<()> {
        self.depth += 1;
        (self.depth <= MAX_DEPTH).then_some(())
    }

    fn object(&mut self) -> Option<()> {
        self.take(b'{')?;
        self.enter()?;
        self.blanks();
        if self.take(b'}').is_none() {
            loop {
                self.member()?;
                self.blanks();
                if self.take(b',').is_none() {
                    break;
                }
                self.blanks();
            }
            self.take(b'}')?;
        }
        self.depth -= 1;
        Some(())
    }

    fn member(&mut self) -> Option<()> {
        let key = self.string()?;
        self.blanks();
        self.take(b':')?;
        self.blanks();
        if self.path.is_empty() && !matches!(self.peek()?, b'{' | b'[') {
            // No path has to be put together.
            self.count()?;
            let value = self.plain()?;
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
        match self.peek()? {
            b'{' => self.object(),
            b'[' => self.array(list),
            _ => {
                let value = self.plain()?;
                match list {
                    Some(list) => {
                        list.push(value);
                        Some(())
                    }
                    None => self.leaf_here(value),
                }
            }
        }
    }

    fn array(&mut self, list: Option<&mut Vec<Value>>) -> Option<()> {
        self.take(b'[')?;
        self.enter()?;
        let mut own = Vec::new();
        let nested = list.is_some();
        let list = match list {
            Some(outer) => outer,
            None => &mut own,
        };
        let mut any = false;
        self.blanks();
        if self.take(b']').is_none() {
            loop {
                self.value(Some(&mut *list))?;
                any = true;
                self.blanks();
                if self.take(b',').is_none() {
                    break;
                }
                self.blanks();
            }
            self.take(b']')?;
        }
        self.depth -= 1;
        if !nested && (!own.is_empty() || !any) {
            self.leaf_here(Value::List(own))?;
        }
        Some(())
    }

    fn plain(&mut self) -> Option<Value> {
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
        let mut found = String::with_capacity(64);
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

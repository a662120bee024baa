//! A Sigma text value: literal text with the wildcards `*` and `?`, its escaping, its placeholders,
//! and what modifiers make of it (Sigma 2.1, "String Wildcard", "Escaping", "Placeholders").
//! Comparing a pattern with a field is done in `text`.

use std::borrow::Cow;

use crate::error::SigmaError;

/// More variants of one value than this are refused: five dash signs for each of five flags.
pub(crate) const MAX_VARIANTS: usize = 3125;

const DASHES: [char; 5] = ['-', '/', '\u{2013}', '\u{2014}', '\u{2015}'];

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Part {
    Text(String),
    /// `?`: one character.
    One,
    /// `*`: any number of characters.
    Many,
}

/// Neighbouring texts, and neighbouring `*`, are always one part.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Pattern {
    parts: Vec<Part>,
}

/// What stands between placeholders when a value has the modifier `expand`.
enum Piece {
    Pattern(Pattern),
    Placeholder(String),
}

impl Pattern {
    /// Reads a value with its wildcards and escapes.
    pub fn parse(value: &str) -> Pattern {
        let mut pattern = Pattern::default();
        let mut rest = value.chars();
        while let Some(sign) = rest.next() {
            pattern.push_escaped(sign, &mut rest);
        }
        pattern
    }

    /// One sign of a value, or the two signs of an escape.
    fn push_escaped(&mut self, sign: char, rest: &mut std::str::Chars<'_>) {
        match sign {
            '*' => self.push(Part::Many),
            '?' => self.push(Part::One),
            '\\' => match rest.clone().next() {
                Some(next @ ('*' | '?' | '\\')) => {
                    rest.next();
                    self.push_char(next);
                }
                _ => self.push_char('\\'),
            },
            other => self.push_char(other),
        }
    }

    /// Reads a value whose `%name%` are placeholders, each standing for every one of the values
    /// that `lookup` knows for the name, or an error.
    pub fn parse_expanded(
        value: &str,
        lookup: &dyn Fn(&str) -> Result<Vec<String>, SigmaError>,
    ) -> Result<Vec<Pattern>, SigmaError> {
        let mut variants = vec![Pattern::default()];
        for piece in pieces(value) {
            let choices = match piece {
                Piece::Pattern(pattern) => vec![pattern],
                Piece::Placeholder(name) => lookup(&name)?.iter().map(|text| Pattern::parse(text)).collect(),
            };
            variants = product(&variants, &choices, value)?;
        }
        Ok(variants)
    }

    pub fn literal(text: impl Into<String>) -> Pattern {
        let mut pattern = Pattern::default();
        pattern.push(Part::Text(text.into()));
        pattern
    }

    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    pub fn push(&mut self, part: Part) {
        match (self.parts.last_mut(), part) {
            (_, Part::Text(text)) if text.is_empty() => {}
            (Some(Part::Text(before)), Part::Text(text)) => before.push_str(&text),
            (Some(Part::Many), Part::Many) => {}
            (_, part) => self.parts.push(part),
        }
    }

    fn push_char(&mut self, sign: char) {
        match self.parts.last_mut() {
            Some(Part::Text(before)) => before.push(sign),
            _ => self.parts.push(Part::Text(sign.to_string())),
        }
    }

    fn append(&mut self, other: &Pattern) {
        for part in &other.parts {
            self.push(part.clone());
        }
    }

    /// `*` before the value.
    pub fn open_start(mut self) -> Pattern {
        if self.parts.first() != Some(&Part::Many) {
            self.parts.insert(0, Part::Many);
        }
        self
    }

    /// `*` after the value.
    pub fn open_end(mut self) -> Pattern {
        self.push(Part::Many);
        self
    }

    /// The text, if there is no wildcard in it.
    pub fn plain(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    pub fn folded(&self) -> Pattern {
        let parts = self.parts.iter().map(|part| match part {
            Part::Text(text) => Part::Text(fold(text).into_owned()),
            other => other.clone(),
        });
        Pattern { parts: parts.collect() }
    }

    /// All ways to write the flags in the value: a dash sign that begins a word (one that stands
    /// after no letter, digit or underscore, and before one) may be any of the five (Sigma 2.1,
    /// `windash`). The dash within `a-b` stays as it is.
    pub fn dash_variants(&self) -> Result<Vec<Pattern>, SigmaError> {
        let mut variants = vec![Pattern::default()];
        let as_written = self.to_string();
        for part in &self.parts {
            let Part::Text(text) = part else {
                for variant in &mut variants {
                    variant.push(part.clone());
                }
                continue;
            };
            let mut before = None;
            let mut rest = text.chars().peekable();
            while let Some(sign) = rest.next() {
                let begins_word =
                    !before.is_some_and(is_word) && rest.peek().is_some_and(|next| is_word(*next));
                if DASHES.contains(&sign) && begins_word {
                    let choices = DASHES.map(|dash| Pattern::literal(dash.to_string()));
                    variants = product(&variants, &choices, &as_written)?;
                } else {
                    variants.iter_mut().for_each(|variant| variant.push_char(sign));
                }
                before = Some(sign);
            }
        }
        Ok(variants)
    }
}

impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for part in &self.parts {
            match part {
                Part::Text(text) => f.write_str(text)?,
                Part::One => f.write_str("?")?,
                Part::Many => f.write_str("*")?,
            }
        }
        Ok(())
    }
}

/// Text whose `%name%` are placeholders and which is no pattern (a regular expression, a network):
/// every way to fill them in, each value passed through `quote` first.
pub(crate) fn expand_plain(
    value: &str,
    lookup: &dyn Fn(&str) -> Result<Vec<String>, SigmaError>,
    quote: &dyn Fn(&str) -> String,
) -> Result<Vec<String>, SigmaError> {
    let mut variants = vec![String::new()];
    let mut rest = value;
    while let Some((before, name, after)) = next_placeholder(rest) {
        let values = lookup(name)?;
        let before = before.replace("\\%", "%");
        let mut longer = Vec::new();
        for variant in &variants {
            for value in &values {
                longer.push(format!("{variant}{before}{}", quote(value)));
            }
        }
        if longer.len() > MAX_VARIANTS {
            return Err(SigmaError::TooManyVariants { value: value.to_owned(), limit: MAX_VARIANTS });
        }
        variants = longer;
        rest = after;
    }
    let tail = rest.replace("\\%", "%");
    variants.iter_mut().for_each(|variant| variant.push_str(&tail));
    Ok(variants)
}

/// Text before the first placeholder, its name, and the text after it.
fn next_placeholder(text: &str) -> Option<(&str, &str, &str)> {
    let mut escaped = false;
    for (at, sign) in text.char_indices() {
        if sign == '%' && !escaped {
            let (before, from) = text.split_at(at);
            if let Some((name, after)) = from.strip_prefix('%').and_then(|from| from.split_once('%'))
                && is_placeholder_name(name)
            {
                return Some((before, name, after));
            }
        }
        escaped = sign == '\\' && !escaped;
    }
    None
}

fn is_placeholder_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|sign| is_word(sign) || matches!(sign, '-' | '.' | ' '))
}

fn pieces(value: &str) -> Vec<Piece> {
    let mut found = Vec::new();
    let mut rest = value;
    while let Some((before, name, after)) = next_placeholder(rest) {
        found.push(Piece::Pattern(parse_percent_escaped(before)));
        found.push(Piece::Placeholder(name.to_owned()));
        rest = after;
    }
    found.push(Piece::Pattern(parse_percent_escaped(rest)));
    found
}

/// As [`Pattern::parse`], and `\%` is a percent sign.
fn parse_percent_escaped(value: &str) -> Pattern {
    let mut pattern = Pattern::default();
    let mut rest = value.chars();
    while let Some(sign) = rest.next() {
        if sign == '\\' && rest.clone().next() == Some('%') {
            rest.next();
            pattern.push_char('%');
        } else {
            pattern.push_escaped(sign, &mut rest);
        }
    }
    pattern
}

/// Every variant followed by every choice.
fn product(variants: &[Pattern], choices: &[Pattern], value: &str) -> Result<Vec<Pattern>, SigmaError> {
    if variants.len().saturating_mul(choices.len()) > MAX_VARIANTS {
        return Err(SigmaError::TooManyVariants { value: value.to_owned(), limit: MAX_VARIANTS });
    }
    let mut longer = Vec::with_capacity(variants.len() * choices.len());
    for variant in variants {
        for choice in choices {
            let mut joined = variant.clone();
            joined.append(choice);
            longer.push(joined);
        }
    }
    Ok(longer)
}

fn is_word(sign: char) -> bool {
    sign.is_alphanumeric() || sign == '_'
}

/// Lower case, character by character, so that a text folds the same alone and within another.
pub(crate) fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Cow::Owned(text.to_ascii_lowercase());
        }
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().flat_map(char::to_lowercase).collect())
}

/// As [`fold`], into memory that is kept.
pub(crate) fn fold_into(text: &str, folded: &mut String) {
    folded.clear();
    let mut rest = text;
    loop {
        let ascii = ascii_start(rest);
        let begin = folded.len();
        folded.push_str(rest.get(..ascii).unwrap_or_default());
        if let Some(new) = folded.get_mut(begin..) {
            new.make_ascii_lowercase();
        }
        let mut other = rest.get(ascii..).unwrap_or_default().chars();
        let Some(sign) = other.next() else { return };
        folded.extend(sign.to_lowercase());
        rest = other.as_str();
    }
}

/// How many bytes come before the first that is not ASCII.
fn ascii_start(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    let (words, _) = text.as_bytes().as_chunks::<16>();
    let start = 16 * words.iter().take_while(|word| word.is_ascii()).count();
    start + text.bytes().skip(start).take_while(u8::is_ascii).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(value: &str) -> String {
        Pattern::parse(value)
            .parts()
            .iter()
            .map(|part| match part {
                Part::Text(text) => format!("[{text}]"),
                Part::One => "?".to_owned(),
                Part::Many => "*".to_owned(),
            })
            .collect()
    }

    #[test]
    fn escapes_are_read_as_the_specification_says() {
        let cases = [
            (r"a\b", r"[a\b]"),
            (r"a\\b", r"[a\b]"),
            (r"a\*b", "[a*b]"),
            (r"a\?b", "[a?b]"),
            (r"a\\*b", r"[a\]*[b]"),
            (r"a\\?b", r"[a\]?[b]"),
            (r"a\\\*b", r"[a\*b]"),
            (r"a\\\b", r"[a\\b]"),
            (r"a\\\\b", r"[a\\b]"),
            (r"a\\\\*b", r"[a\\]*[b]"),
            (r"end\", r"[end\]"),
            (r"end\\", r"[end\]"),
            ("a**b", "[a]*[b]"),
            ("??", "??"),
            ("", ""),
        ];
        for (value, expected) in cases {
            assert_eq!(parts(value), expected, "{value}");
        }
    }

    #[test]
    fn a_dash_varies_only_where_it_begins_a_flag() {
        let count = |value: &str| Pattern::parse(value).dash_variants().map(|all| all.len()).ok();
        assert_eq!(count("no flag"), Some(1));
        assert_eq!(count("-f"), Some(5));
        assert_eq!(count(" /f "), Some(5));
        assert_eq!(count("a-b"), Some(1));
        assert_eq!(count("--long-name"), Some(5));
        assert_eq!(count("-a -b"), Some(25));
        assert_eq!(count("\u{2013}f"), Some(5));
        assert_eq!(count("*-f"), Some(5));
        assert_eq!(count("-a -b -c -d -e -f"), None, "15,625 variants are too many");
    }

    #[test]
    fn placeholders_fill_in_and_percent_signs_escape() {
        let lookup = |name: &str| match name {
            "name" => Ok(vec!["x".to_owned(), "y*".to_owned()]),
            other => Err(SigmaError::Placeholder(other.to_owned())),
        };
        let expanded = |value: &str| {
            Pattern::parse_expanded(value, &lookup)
                .map(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>().join(","))
                .map_err(|error| error.to_string())
        };
        assert_eq!(expanded("a%name%b").as_deref(), Ok("axb,ay*b"));
        assert_eq!(expanded(r"\%plain%name%").as_deref(), Ok("%plainx,%plainy*"));
        assert_eq!(expanded(r"c:\\%name%").as_deref(), Ok(r"c:\x,c:\y*"));
        assert_eq!(expanded("100%").as_deref(), Ok("100%"));
        assert!(expanded("%other%").is_err_and(|reason| reason.contains("%other%")));
        let plain = expand_plain("^%name%$", &lookup, &|value| regex::escape(value));
        assert_eq!(plain.ok(), Some(vec!["^x$".to_owned(), r"^y\*$".to_owned()]));
    }

    #[test]
    fn folding_needs_no_neighbours() {
        assert_eq!(fold("ΣΑΣ"), "σασ");
        assert_eq!(fold("ÄÖ"), "äö");
        assert!(matches!(fold("plain"), Cow::Borrowed(_)));
    }
}

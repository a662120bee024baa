//! What a search identifier asks of an event, as a tree of tests: the uncompiled form between YAML
//! and the engine. Equal tests hash alike, so that the engine keeps each of them once.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::error::SigmaError;
use crate::modifier::{Place, RegexFlags};
use crate::number::{Network, Number, Relation, TimePart};
use crate::pattern::Pattern;
use crate::required::required;

#[derive(Debug, Clone)]
pub(crate) enum Tree {
    Test(Test),
    All(Vec<Tree>),
    Any(Vec<Tree>),
    Not(Box<Tree>),
}

impl Tree {
    /// One alternative is itself, several are `Any`.
    pub fn any(mut trees: Vec<Tree>) -> Tree {
        match trees.pop() {
            Some(only) if trees.is_empty() => only,
            Some(last) => {
                trees.push(last);
                Tree::Any(trees)
            }
            None => Tree::Any(trees),
        }
    }

    pub fn all(mut trees: Vec<Tree>) -> Tree {
        match trees.pop() {
            Some(only) if trees.is_empty() => only,
            Some(last) => {
                trees.push(last);
                Tree::All(trees)
            }
            None => Tree::All(trees),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Test {
    pub subject: Subject,
    pub check: Check,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Subject {
    Field(String),
    /// A keyword search: every value of the event, and the record itself where it is a line of text.
    Record,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Check {
    /// One of the patterns is the text; they are folded unless the case matters.
    Text {
        patterns: Vec<Pattern>,
        cased: bool,
    },
    Regex(Arc<Regex>),
    Network(Vec<Network>),
    /// One of the numbers.
    Number(Vec<Number>),
    Compare {
        relation: Relation,
        number: Number,
        time: Option<TimePart>,
    },
    /// The field is absent, null, or an empty list.
    Null,
    Exists(bool),
    /// The field's text is, holds, starts or ends with the text of another field.
    OtherField {
        name: String,
        place: Place,
        cased: bool,
    },
}

/// A compiled regular expression that is equal to another by its text and flags.
#[derive(Debug)]
pub(crate) struct Regex {
    source: String,
    flags: RegexFlags,
    place: Place,
    engine: RegexEngine,
}

#[derive(Debug)]
enum RegexEngine {
    Linear(regex::Regex),
    /// Look-around and back-references. A match that would take too many steps is no match.
    Backtracking(Box<fancy_regex::Regex>),
}

const COMPILED_LIMIT: usize = 4 << 20;
const BACKTRACK_LIMIT: usize = 200_000;

impl Regex {
    pub fn new(source: &str, flags: RegexFlags, place: Place) -> Result<Regex, SigmaError> {
        let anchored = match place {
            Place::Start => format!(r"\A(?:{source})"),
            Place::End => format!(r"(?:{source})\z"),
            Place::Whole | Place::Anywhere => source.to_owned(),
        };
        let linear = regex::RegexBuilder::new(&anchored)
            .case_insensitive(flags.ignore_case)
            .multi_line(flags.multi_line)
            .dot_matches_new_line(flags.dot_all)
            .size_limit(COMPILED_LIMIT)
            .dfa_size_limit(COMPILED_LIMIT)
            .nest_limit(64)
            .build();
        let engine = match linear {
            Ok(compiled) => RegexEngine::Linear(compiled),
            Err(regex::Error::CompiledTooBig(limit)) => {
                let reason = format!("it needs more than {limit} bytes when compiled");
                return Err(SigmaError::Regex { pattern: source.to_owned(), reason });
            }
            Err(_) => {
                RegexEngine::Backtracking(Box::new(backtracking(&anchored, flags).map_err(|error| {
                    SigmaError::Regex { pattern: source.to_owned(), reason: one_line(&error.to_string()) }
                })?))
            }
        };
        Ok(Regex { source: source.to_owned(), flags, place, engine })
    }

    pub fn matches(&self, text: &str) -> bool {
        match &self.engine {
            RegexEngine::Linear(compiled) => compiled.is_match(text),
            RegexEngine::Backtracking(compiled) => compiled.is_match(text).unwrap_or(false),
        }
    }

    /// Whether it needs look-around or back-references.
    pub fn backtracks(&self) -> bool {
        matches!(self.engine, RegexEngine::Backtracking(_))
    }

    /// Folded texts, one of which stands in whatever it matches, where such texts are known.
    pub fn required(&self) -> Option<Vec<String>> {
        // Look-around may ask for what must not be there.
        if self.backtracks() { None } else { required(&self.source, self.flags) }
    }

    fn identity(&self) -> (&str, RegexFlags, Place) {
        (&self.source, self.flags, self.place)
    }
}

/// As `re` and its flags write it: `/…/i`.
impl fmt::Display for Regex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (before, after) = match self.place {
            Place::Start => ("^", ""),
            Place::End => ("", "$"),
            Place::Whole | Place::Anywhere => ("", ""),
        };
        write!(f, "/{before}{}{after}/", self.source)?;
        let flags = self.flags;
        for (set, letter) in [(flags.ignore_case, "i"), (flags.multi_line, "m"), (flags.dot_all, "s")] {
            if set {
                f.write_str(letter)?;
            }
        }
        Ok(())
    }
}

fn backtracking(source: &str, flags: RegexFlags) -> Result<fancy_regex::Regex, Box<fancy_regex::Error>> {
    let mut inline = String::new();
    for (set, letter) in [(flags.ignore_case, 'i'), (flags.multi_line, 'm'), (flags.dot_all, 's')] {
        if set {
            inline.push(letter);
        }
    }
    let source = if inline.is_empty() { source.to_owned() } else { format!("(?{inline}){source}") };
    fancy_regex::RegexBuilder::new(&source)
        .backtrack_limit(BACKTRACK_LIMIT)
        .delegate_size_limit(COMPILED_LIMIT)
        .delegate_dfa_size_limit(COMPILED_LIMIT)
        .build()
        .map_err(Box::new)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl PartialEq for Regex {
    fn eq(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }
}

impl Eq for Regex {}

impl Hash for Regex {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.identity().hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn regex(source: &str) -> Regex {
        Regex::new(source, RegexFlags::default(), Place::Whole).unwrap()
    }

    #[test]
    fn flags_places_and_look_around() {
        assert!(regex("a.c").matches("xabcx"));
        assert!(!regex("abc").matches("ABC"));
        let insensitive = RegexFlags { ignore_case: true, ..RegexFlags::default() };
        assert!(Regex::new("abc", insensitive, Place::Whole).unwrap().matches("ABC"));
        assert!(!Regex::new("bc", RegexFlags::default(), Place::Start).unwrap().matches("abc"));
        assert!(Regex::new("a|bc", RegexFlags::default(), Place::End).unwrap().matches("xbc"));
        let looking = Regex::new("FOO(?!bar)", insensitive, Place::Whole).unwrap();
        assert!(looking.backtracks() && looking.matches("foobaz") && !looking.matches("foobar"));
        assert!(regex(r"(a)\1").matches("baab"));
    }

    #[test]
    fn hostile_expressions_are_refused_or_end() {
        assert!(Regex::new("(", RegexFlags::default(), Place::Whole).is_err());
        assert!(Regex::new("(a{1000}){1000}", RegexFlags::default(), Place::Whole).is_err());
        let slow = regex(r"(?=(a+)+\1b)(a+)+$");
        assert!(!slow.matches(&"a".repeat(5000)));
    }
}

//! Conditions over facts, in a small language that lawyers can read:
//!
//! ```text
//! data any (personal, health) and not risk any unlikely
//! people >= 500 or (ransom_paid and countries any AU)
//! ```
//!
//! A yes-or-no fact stands alone; a number is compared (`>=`, `>`, `<=`, `<`); words and places are asked with
//! `any`, where a set of `facts.yaml` (`eea`) may stand for its members. The answer is three-valued: an unknown
//! fact leaves a condition open unless the others settle it.

use std::collections::{BTreeMap, BTreeSet};

use super::fact::is_place;
use super::{Answer, Fact, FactKey, FactKind};

/// Brackets and negations within each other, at most.
const DEEPEST: usize = 16;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truth {
    Yes,
    No,
    /// Not known yet.
    Open,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    Holds(FactKey),
    Compare { fact: FactKey, by: Comparison, number: u64 },
    AnyOf { fact: FactKey, words: BTreeSet<String> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    AtLeast,
    Above,
    AtMost,
    Below,
}

/// What a condition may speak about.
pub(super) struct Vocabulary<'a> {
    pub facts: &'a [Fact],
    pub sets: &'a BTreeMap<String, Vec<String>>,
}

impl Vocabulary<'_> {
    pub fn fact(&self, id: &str) -> Option<&Fact> {
        self.facts.iter().find(|fact| fact.id.as_str() == id)
    }
}

impl Condition {
    /// Reads a condition; the error is a sentence that says what is wrong with it.
    pub(super) fn read(text: &str, vocabulary: &Vocabulary<'_>) -> Result<Self, String> {
        let tokens = tokens(text)?;
        let mut reader = Reader { tokens: &tokens, at: 0, vocabulary };
        let read = reader.any(0)?;
        match reader.peek() {
            None => Ok(read),
            Some(rest) => Err(format!("{rest:?} comes unexpected; join conditions with and, or, not")),
        }
    }

    pub fn truth<'a>(&self, answer: &impl Fn(&FactKey) -> Option<&'a Answer>) -> Truth {
        match self {
            Self::All(parts) => parts.iter().fold(Truth::Yes, |truth, part| truth.and(part.truth(answer))),
            Self::Any(parts) => !parts.iter().fold(Truth::Yes, |truth, part| truth.and(!part.truth(answer))),
            Self::Not(part) => !part.truth(answer),
            Self::Holds(fact) => match answer(fact) {
                Some(Answer::YesNo(yes)) => Truth::from(*yes),
                _ => Truth::Open,
            },
            Self::Compare { fact, by, number } => match answer(fact) {
                Some(Answer::Number { low, high }) => by.truth(*low, *high, *number),
                _ => Truth::Open,
            },
            Self::AnyOf { fact, words } => match answer(fact) {
                Some(Answer::Words(chosen)) => any_of(words, chosen),
                _ => Truth::Open,
            },
        }
    }

    /// The facts that it is about, in the order in which it names them.
    pub fn facts(&self) -> Vec<&FactKey> {
        match self {
            Self::All(parts) | Self::Any(parts) => {
                let mut all = Vec::new();
                for fact in parts.iter().flat_map(Condition::facts) {
                    if !all.contains(&fact) {
                        all.push(fact);
                    }
                }
                all
            }
            Self::Not(part) => part.facts(),
            Self::Holds(fact) | Self::Compare { fact, .. } | Self::AnyOf { fact, .. } => vec![fact],
        }
    }

    /// Which unknown facts keep it open; none if it is settled.
    pub fn open_facts<'a>(&self, answer: &impl Fn(&FactKey) -> Option<&'a Answer>) -> Vec<&FactKey> {
        if self.truth(answer) != Truth::Open {
            return Vec::new();
        }
        match self {
            Self::All(parts) | Self::Any(parts) => {
                let mut all = Vec::new();
                for fact in parts.iter().flat_map(|part| part.open_facts(answer)) {
                    if !all.contains(&fact) {
                        all.push(fact);
                    }
                }
                all
            }
            Self::Not(part) => part.open_facts(answer),
            Self::Holds(fact) | Self::Compare { fact, .. } | Self::AnyOf { fact, .. } => vec![fact],
        }
    }
}

/// Whether a chosen word is among those asked for. Who asks for `US` is answered by `US-CA`; who asks for `US-CA`
/// and hears `US` does not know yet.
fn any_of(asked: &BTreeSet<String>, chosen: &BTreeSet<String>) -> Truth {
    let country = |place: &str| place.split_once('-').map(|(country, _)| country.to_owned());
    let covered =
        |one: &String| asked.contains(one) || country(one).is_some_and(|country| asked.contains(&country));
    if chosen.iter().any(covered) {
        return Truth::Yes;
    }
    let vague = asked.iter().filter_map(|one| country(one)).any(|country| chosen.contains(&country));
    if vague { Truth::Open } else { Truth::No }
}

impl Truth {
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, Self::Yes) => Self::Yes,
            _ => Self::Open,
        }
    }
}

impl std::ops::Not for Truth {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Open => Self::Open,
        }
    }
}

impl From<bool> for Truth {
    fn from(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }
}

impl Comparison {
    /// Whether a count between `low` and `high` (no upper bound if none is known) compares so.
    fn truth(self, low: u64, high: Option<u64>, number: u64) -> Truth {
        match self {
            Self::AtLeast if low >= number => Truth::Yes,
            Self::AtLeast if high.is_some_and(|high| high < number) => Truth::No,
            Self::Above if low > number => Truth::Yes,
            Self::Above if high.is_some_and(|high| high <= number) => Truth::No,
            Self::AtMost => !Self::Above.truth(low, high, number),
            Self::Below => !Self::AtLeast.truth(low, high, number),
            _ => Truth::Open,
        }
    }
}

fn tokens(text: &str) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            ' ' | '\n' | '\t' => {}
            '(' | ')' | ',' => found.push(letter.to_string()),
            '<' | '>' => {
                let equal = letters.next_if_eq(&'=').is_some();
                found.push(format!("{letter}{}", if equal { "=" } else { "" }));
            }
            letter if is_wordy(letter) => {
                let mut word = letter.to_string();
                while let Some(more) = letters.next_if(|more| is_wordy(*more)) {
                    word.push(more);
                }
                found.push(word);
            }
            other => return Err(format!("{other:?} has no meaning in a condition")),
        }
    }
    Ok(found)
}

fn is_wordy(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_' || letter == '-'
}

struct Reader<'a> {
    tokens: &'a [String],
    at: usize,
    vocabulary: &'a Vocabulary<'a>,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<&'a str> {
        self.tokens.get(self.at).map(String::as_str)
    }

    fn next(&mut self) -> Option<&'a str> {
        let token = self.peek();
        self.at += 1;
        token
    }

    fn took(&mut self, token: &str) -> bool {
        let there = self.peek() == Some(token);
        if there {
            self.at += 1;
        }
        there
    }

    fn any(&mut self, depth: usize) -> Result<Condition, String> {
        let mut parts = vec![self.all(depth)?];
        while self.took("or") {
            parts.push(self.all(depth)?);
        }
        Ok(only(parts, Condition::Any))
    }

    fn all(&mut self, depth: usize) -> Result<Condition, String> {
        let mut parts = vec![self.one(depth)?];
        while self.took("and") {
            parts.push(self.one(depth)?);
        }
        Ok(only(parts, Condition::All))
    }

    fn one(&mut self, depth: usize) -> Result<Condition, String> {
        if depth > DEEPEST {
            return Err(format!("brackets and negations lie more than {DEEPEST} deep"));
        }
        match self.next() {
            None => Err("ends where a fact is expected".to_owned()),
            Some("not") => Ok(Condition::Not(Box::new(self.one(depth + 1)?))),
            Some("(") => {
                let inner = self.any(depth + 1)?;
                if self.took(")") { Ok(inner) } else { Err("a bracket is not closed".to_owned()) }
            }
            Some(id) => {
                let fact =
                    self.vocabulary.fact(id).ok_or_else(|| format!("{id:?} is no fact of facts.yaml"))?;
                self.leaf(fact)
            }
        }
    }

    fn leaf(&mut self, fact: &Fact) -> Result<Condition, String> {
        let id = fact.id.clone();
        match fact.kind {
            FactKind::YesNo => Ok(Condition::Holds(id)),
            FactKind::Number => {
                let by = match self.next() {
                    Some(">=") => Comparison::AtLeast,
                    Some(">") => Comparison::Above,
                    Some("<=") => Comparison::AtMost,
                    Some("<") => Comparison::Below,
                    _ => return Err(format!("{id} is a number; compare it: {id} >= 500")),
                };
                let number = self.next().and_then(|number| number.parse().ok());
                let number =
                    number.ok_or_else(|| format!("{id} is compared with something that is no number"))?;
                Ok(Condition::Compare { fact: id, by, number })
            }
            FactKind::Words | FactKind::OneOf | FactKind::Places => {
                if !self.took("any") {
                    return Err(format!("{id} has several answers; ask for some: {id} any (…)"));
                }
                Ok(Condition::AnyOf { fact: id, words: self.words(fact)? })
            }
            FactKind::Moment => {
                Err(format!("{id} is a moment; a clock starts from it, a condition cannot ask it"))
            }
        }
    }

    fn words(&mut self, fact: &Fact) -> Result<BTreeSet<String>, String> {
        let mut words = BTreeSet::new();
        if !self.took("(") {
            self.word(fact, &mut words)?;
            return Ok(words);
        }
        loop {
            self.word(fact, &mut words)?;
            if self.took(")") {
                return Ok(words);
            }
            if !self.took(",") {
                return Err("a list of words is not closed".to_owned());
            }
        }
    }

    fn word(&mut self, fact: &Fact, into: &mut BTreeSet<String>) -> Result<(), String> {
        let word = self.next().ok_or_else(|| format!("ends where a word for {} is expected", fact.id))?;
        let itself = [word.to_owned()];
        let words = self.vocabulary.sets.get(word).map_or(itself.as_slice(), Vec::as_slice);
        for word in words {
            let known = match fact.kind {
                FactKind::Places => is_place(word),
                _ => fact.options.iter().any(|option| option.word.as_str() == word),
            };
            if !known {
                return Err(format!("{word:?} is no answer to {}", fact.id));
            }
            into.insert(word.clone());
        }
        Ok(())
    }
}

/// One part stands for itself.
fn only(mut parts: Vec<Condition>, join: fn(Vec<Condition>) -> Condition) -> Condition {
    match parts.pop() {
        Some(part) if parts.is_empty() => part,
        Some(part) => {
            parts.push(part);
            join(parts)
        }
        None => join(parts),
    }
}

//! Words of a condition to its tree. OR binds weaker than AND, as in STIX.

use regex::RegexBuilder;

use super::lex::{Token, tokens};
use super::{Comparison, Node, Operand, Pattern, Test};
use crate::shape::shown;

/// How long a condition may be, in bytes.
const LONGEST: usize = 10_000;
/// How deep brackets may stand in each other.
const DEEPEST: usize = 60;
/// What a compiled pattern may measure, in bytes.
const LARGEST_PATTERN: usize = 1 << 20;

pub(super) fn parse(text: &str) -> Result<Node, String> {
    if text.len() > LONGEST {
        return Err(format!("A condition may have {LONGEST} bytes, and this has {}.", text.len()));
    }
    let tokens = tokens(text)?;
    if tokens.is_empty() {
        return Err("The condition is empty: write one as __name__:value = 'text'.".to_owned());
    }
    let mut parser = Parser { tokens: &tokens, place: 0, depth: 0 };
    let bracketed = parser.take_sign("[");
    let node = parser.either()?;
    if bracketed && !parser.take_sign("]") {
        return Err("A square bracket is opened and not closed.".to_owned());
    }
    match parser.next() {
        None => Ok(node),
        Some(Token::Word(word)) if TEMPORAL.contains(&word.as_str()) => Err(temporal(word)),
        Some(Token::Word(word)) if bracketed && (word == "AND" || word == "OR") => {
            Err("More than one observation in square brackets needs observed data, which a run has not. \
                 Put all comparisons inside one."
                .to_owned())
        }
        Some(other) => Err(format!("The condition goes on with {} where it should end.", named(other))),
    }
}

const TEMPORAL: &[&str] = &["WITHIN", "REPEATS", "START", "STOP", "FOLLOWEDBY"];

fn temporal(word: &str) -> String {
    format!(
        "{word} asks when data was observed. A run observes nothing; use delay, timeout or a while-condition."
    )
}

fn named(token: &Token) -> String {
    match token {
        Token::Variable(name) => name.clone(),
        Token::Text(text) => format!("'{}'", shown(text)),
        Token::Number(number) => number.to_string(),
        Token::Word(word) => shown(word),
        Token::Sign(sign) => format!("\"{sign}\""),
    }
}

struct Parser<'a> {
    tokens: &'a [Token],
    place: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.place)
    }

    fn next(&mut self) -> Option<&'a Token> {
        let token = self.peek();
        self.place += 1;
        token
    }

    fn take_sign(&mut self, wanted: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Sign(sign)) if *sign == wanted);
        self.place += usize::from(found);
        found
    }

    fn take_word(&mut self, wanted: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(word)) if word == wanted);
        self.place += usize::from(found);
        found
    }

    fn either(&mut self) -> Result<Node, String> {
        let mut parts = vec![self.all()?];
        while self.take_word("OR") {
            parts.push(self.all()?);
        }
        Ok(joined(parts, Node::Or))
    }

    fn all(&mut self) -> Result<Node, String> {
        let mut parts = vec![self.one()?];
        while self.take_word("AND") {
            parts.push(self.one()?);
        }
        Ok(joined(parts, Node::And))
    }

    fn one(&mut self) -> Result<Node, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(format!("Brackets stand more than {DEEPEST} deep in each other."));
        }
        let node = self.inner()?;
        self.depth -= 1;
        Ok(node)
    }

    fn inner(&mut self) -> Result<Node, String> {
        if self.take_word("NOT") {
            return Ok(Node::Not(Box::new(self.one()?)));
        }
        if self.take_word("EXISTS") {
            return match self.next() {
                Some(Token::Variable(name)) => Ok(Node::Exists(name.clone())),
                _ => Err("After EXISTS stands a variable, as __name__:value.".to_owned()),
            };
        }
        if self.take_sign("(") {
            let node = self.either()?;
            return if self.take_sign(")") {
                Ok(node)
            } else {
                Err("A bracket is opened and not closed.".to_owned())
            };
        }
        let left = self.operand()?;
        let negated = self.take_word("NOT");
        let test = self.test()?;
        Ok(Node::Test { left, negated, test })
    }

    fn test(&mut self) -> Result<Test, String> {
        match self.next() {
            Some(Token::Sign(sign)) => {
                let comparison = match *sign {
                    "=" => Comparison::Equal,
                    "!=" => Comparison::NotEqual,
                    "<" => Comparison::Less,
                    "<=" => Comparison::LessOrEqual,
                    ">" => Comparison::Greater,
                    ">=" => Comparison::GreaterOrEqual,
                    other => return Err(format!("\"{other}\" stands where a comparison should.")),
                };
                Ok(Test::Compare(comparison, self.operand()?))
            }
            Some(Token::Word(word)) => match word.as_str() {
                "IN" => self.list().map(Test::In),
                "LIKE" => self.pattern(like).map(Test::Like),
                "MATCHES" => self.pattern(str::to_owned).map(Test::Matches),
                "ISSUBSET" => self.operand().map(Test::IsSubset),
                "ISSUPERSET" => self.operand().map(Test::IsSuperset),
                temporal_word if TEMPORAL.contains(&temporal_word) => Err(temporal(temporal_word)),
                other => Err(format!(
                    "\"{}\" compares nothing: there are =, !=, <, <=, >, >=, IN, LIKE, MATCHES, ISSUBSET, ISSUPERSET.",
                    shown(other)
                )),
            },
            Some(other) => Err(format!("{} stands where a comparison should.", named(other))),
            None => Err("The condition ends where a comparison should stand.".to_owned()),
        }
    }

    fn operand(&mut self) -> Result<Operand, String> {
        match self.next() {
            Some(Token::Variable(name)) => Ok(Operand::Variable(name.clone())),
            Some(Token::Text(text)) => Ok(Operand::Text(text.clone())),
            Some(Token::Number(number)) => Ok(Operand::Number(*number)),
            Some(Token::Word(word)) if word == "TRUE" => Ok(Operand::Bool(true)),
            Some(Token::Word(word)) if word == "FALSE" => Ok(Operand::Bool(false)),
            Some(Token::Word(word)) if ["T", "B", "H"].contains(&word.as_str()) => {
                Err("Times, bytes and hexadecimal are compared as text in single quotes.".to_owned())
            }
            Some(other) => Err(format!(
                "{} stands where a variable (__name__:value), a number or text in single quotes should.",
                named(other)
            )),
            None => Err("The condition ends where a variable, a number or text should stand.".to_owned()),
        }
    }

    fn list(&mut self) -> Result<Vec<Operand>, String> {
        if !self.take_sign("(") {
            return Err("After IN stands a list in brackets: IN ('a', 'b').".to_owned());
        }
        let mut list = vec![self.operand()?];
        while self.take_sign(",") {
            list.push(self.operand()?);
        }
        if self.take_sign(")") {
            Ok(list)
        } else {
            Err("A list after IN is not closed by a bracket.".to_owned())
        }
    }

    fn pattern(&mut self, to_regex: impl Fn(&str) -> String) -> Result<Pattern, String> {
        let Some(Token::Text(text)) = self.next() else {
            return Err(
                "A pattern stands in single quotes and is no variable: it is checked before the run."
                    .to_owned(),
            );
        };
        RegexBuilder::new(&to_regex(text)).size_limit(LARGEST_PATTERN).build().map(Pattern).map_err(|_| {
            format!(
                "'{}' is no pattern that can be run: look-around and back-references are not taken.",
                shown(text)
            )
        })
    }
}

fn joined(mut parts: Vec<Node>, join: fn(Vec<Node>) -> Node) -> Node {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            join(parts)
        }
        None => join(parts),
    }
}

/// A LIKE pattern (`%` any letters, `_` one) as a regular expression.
fn like(text: &str) -> String {
    let mut pattern = String::from("(?s)^");
    for letter in text.chars() {
        match letter {
            '%' => pattern.push_str(".*"),
            '_' => pattern.push('.'),
            _ => pattern.push_str(&regex::escape(letter.encode_utf8(&mut [0; 4]))),
        }
    }
    pattern.push('$');
    pattern
}

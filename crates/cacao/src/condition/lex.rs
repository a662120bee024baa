//! The words of a condition.

use std::iter::Peekable;
use std::str::CharIndices;

use crate::ident;
use crate::shape::shown;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// `__name__:value`.
    Variable(String),
    Text(String),
    Number(f64),
    /// A word, in capitals.
    Word(String),
    /// `=`, `!=`, `<`, `<=`, `>`, `>=`, `(`, `)`, `[`, `]`, `,`.
    Sign(&'static str),
}

pub(super) fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut letters = text.char_indices().peekable();
    let mut found = Vec::new();
    while let Some(&(place, letter)) = letters.peek() {
        match letter {
            _ if letter.is_whitespace() => {
                letters.next();
            }
            '\'' => {
                letters.next();
                found.push(Token::Text(quoted(&mut letters)?));
            }
            '"' => return Err("Text is written in single quotes in a condition: 'like this'.".to_owned()),
            '=' | '!' | '<' | '>' => found.push(Token::Sign(comparison(&mut letters)?)),
            '(' | ')' | '[' | ']' | ',' => {
                letters.next();
                found.push(Token::Sign(match letter {
                    '(' => "(",
                    ')' => ")",
                    '[' => "[",
                    ']' => "]",
                    _ => ",",
                }));
            }
            _ => {
                let rest = text.get(place..).unwrap_or_default();
                let length = rest
                    .find(|letter: char| letter.is_whitespace() || "'\"=!<>()[],".contains(letter))
                    .unwrap_or(rest.len());
                let word = rest.get(..length).unwrap_or_default();
                found.push(classify(word)?);
                while letters.peek().is_some_and(|(at, _)| *at < place + length) {
                    letters.next();
                }
            }
        }
    }
    Ok(found)
}

fn quoted(letters: &mut Peekable<CharIndices<'_>>) -> Result<String, String> {
    let mut text = String::new();
    while let Some((_, letter)) = letters.next() {
        match letter {
            '\'' => return Ok(text),
            '\\' => match letters.next() {
                Some((_, escaped @ ('\'' | '\\'))) => text.push(escaped),
                _ => return Err("After a backslash stands a quote or a backslash.".to_owned()),
            },
            _ => text.push(letter),
        }
    }
    Err("A quote is opened and not closed.".to_owned())
}

fn comparison(letters: &mut Peekable<CharIndices<'_>>) -> Result<&'static str, String> {
    let first = letters.next().map(|(_, letter)| letter);
    let equal = letters.next_if(|(_, letter)| *letter == '=').is_some();
    Ok(match (first, equal) {
        (Some('='), _) => "=",
        (Some('!'), true) => "!=",
        (Some('<'), false) => "<",
        (Some('<'), true) => "<=",
        (Some('>'), false) => ">",
        (Some('>'), true) => ">=",
        _ => return Err("\"!\" alone compares nothing: write != or NOT.".to_owned()),
    })
}

fn classify(word: &str) -> Result<Token, String> {
    if let Some((name, property)) = word.split_once(':')
        && ident::is_variable_name(name)
    {
        return match property {
            "value" => Ok(Token::Variable(name.to_owned())),
            _ => Err(format!("Of a variable a condition can ask for its value alone: {name}:value.")),
        };
    }
    if ident::is_variable_name(word) {
        return Err(format!("A variable is asked for its value: write {word}:value."));
    }
    if word.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first)) {
        return match word.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Token::Number(number)),
            _ => Err(format!("\"{}\" is no number; text stands in single quotes.", shown(word))),
        };
    }
    if word.contains(':') {
        return Err(format!(
            "\"{}\" asks for observed data. A run observes nothing: only variables can be asked, as __name__:value.",
            shown(word)
        ));
    }
    if word.bytes().all(|letter| letter.is_ascii_alphabetic()) {
        return Ok(Token::Word(word.to_ascii_uppercase()));
    }
    Err(format!("\"{}\" is neither a variable nor a number; text stands in single quotes.", shown(word)))
}

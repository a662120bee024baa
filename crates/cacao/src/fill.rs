//! Values into text: `__name__:value` is replaced by what the variable holds. What a value may do there depends on the
//! text: a shell's words are quoted, a URL's are encoded, JSON stays JSON. What the author wrote as a constant is his
//! own text and goes in as it stands.

use serde_json::Value;

use crate::ident;

/// What kind of text values go into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Words for people, or a host's name: as they stand.
    Plain,
    /// A POSIX shell's command.
    Shell,
    /// PowerShell's.
    Powershell,
    /// A request target: percent-encoded.
    Target,
    /// A header: one line.
    Header,
    /// A rule of a detection language: what could be more than a value in it is refused.
    Rule,
    /// A body: inside JSON strings where it is JSON, else as they stand.
    Body,
}

/// What a variable holds, and whether its author wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filling {
    pub text: String,
    pub constant: bool,
}

/// The variables that a text asks for, each once, in order.
pub fn variables_in(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for piece in pieces(text) {
        if let Piece::Variable(name) = piece
            && !found.contains(&name)
        {
            found.push(name);
        }
    }
    found
}

enum Piece<'a> {
    Text(&'a str),
    Variable(&'a str),
}

/// Cuts a text at its variables.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((before, name, after)) = first_variable(rest) {
        if !before.is_empty() {
            found.push(Piece::Text(before));
        }
        found.push(Piece::Variable(name));
        rest = after;
    }
    if !rest.is_empty() {
        found.push(Piece::Text(rest));
    }
    found
}

fn first_variable(text: &str) -> Option<(&str, &str, &str)> {
    for (end, _) in text.match_indices("__:value") {
        let after = text.get(end + 8..)?;
        if after.starts_with(|letter: char| letter.is_ascii_alphanumeric() || letter == '_') {
            continue;
        }
        let head = text.get(..end + 2)?;
        // The longest name that ends here: names are made of these letters alone.
        let begin =
            head.rfind(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_' || letter == '-'));
        let begin = begin.map_or(0, |at| {
            at + head.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8)
        });
        let word = head.get(begin..)?;
        for (skip, _) in word.match_indices("__") {
            let name = word.get(skip..)?;
            if ident::is_variable_name(name) {
                return Some((text.get(..begin + skip)?, name, after));
            }
        }
    }
    None
}

/// Replaces the variables of a text by their values.
///
/// # Errors
/// Where a variable has no value, or a value cannot stand in such a text.
pub fn fill(text: &str, dialect: Dialect, look: &dyn Fn(&str) -> Option<Filling>) -> Result<String, String> {
    if dialect == Dialect::Body
        && let Ok(json) = serde_json::from_str::<Value>(text)
    {
        return Ok(fill_json(json, look)?.to_string());
    }
    let mut filled = String::with_capacity(text.len());
    let mut quoting = Quoting::new(dialect);
    for piece in pieces(text) {
        match piece {
            Piece::Text(text) => {
                quoting.pass(text);
                filled.push_str(text);
            }
            Piece::Variable(name) => {
                let value = look(name).ok_or_else(|| format!("{name} has no value."))?;
                if value.text.contains('\0') {
                    return Err(format!("The value of {name} holds a NUL, which no command can carry."));
                }
                if value.constant && dialect != Dialect::Header {
                    quoting.pass(&value.text);
                    filled.push_str(&value.text);
                } else {
                    filled.push_str(&quoting.quote(name, &value.text)?);
                }
            }
        }
    }
    Ok(filled)
}

fn fill_json(json: Value, look: &dyn Fn(&str) -> Option<Filling>) -> Result<Value, String> {
    Ok(match json {
        Value::String(text) => Value::String(fill(&text, Dialect::Plain, look)?),
        Value::Array(list) => {
            Value::Array(list.into_iter().map(|one| fill_json(one, look)).collect::<Result<_, _>>()?)
        }
        Value::Object(map) => Value::Object(
            map.into_iter()
                .map(|(name, one)| Ok((name, fill_json(one, look)?)))
                .collect::<Result<_, String>>()?,
        ),
        other => other,
    })
}

/// Follows a command's quotes, to know how a value must be written where it stands.
struct Quoting {
    dialect: Dialect,
    inside: Option<char>,
    escaped: bool,
}

impl Quoting {
    fn new(dialect: Dialect) -> Self {
        Self { dialect, inside: None, escaped: false }
    }

    fn pass(&mut self, text: &str) {
        let escape = match self.dialect {
            Dialect::Shell => '\\',
            Dialect::Powershell => '`',
            _ => return,
        };
        for letter in text.chars() {
            if self.escaped {
                self.escaped = false;
            } else if letter == escape && self.inside != Some('\'') {
                self.escaped = true;
            } else if self.inside == Some(letter) {
                self.inside = None;
            } else if self.inside.is_none() && (letter == '\'' || letter == '"') {
                self.inside = Some(letter);
            }
        }
    }

    fn quote(&self, name: &str, value: &str) -> Result<String, String> {
        Ok(match (self.dialect, self.inside) {
            (Dialect::Plain | Dialect::Body, _) => value.to_owned(),
            (Dialect::Header, _) => {
                if value.contains(['\r', '\n']) {
                    return Err(format!(
                        "The value of {name} has more than one line, and stands in a header."
                    ));
                }
                value.to_owned()
            }
            (Dialect::Target, _) => encoded(value),
            (Dialect::Rule, _)
                if value.chars().all(|letter| letter.is_alphanumeric() || "._-@/".contains(letter)) =>
            {
                value.to_owned()
            }
            (Dialect::Rule, _) => {
                return Err(format!(
                    "The value of {name} cannot stand in a rule: letters, digits and . _ - @ / can."
                ));
            }
            (Dialect::Shell, None) if plain(value) => value.to_owned(),
            (Dialect::Shell, None) => format!("'{}'", value.replace('\'', "'\\''")),
            (Dialect::Shell, Some('\'')) => value.replace('\'', "'\\''"),
            (Dialect::Shell, Some(_)) => escaped(value, &['"', '$', '`', '\\', '!'], '\\'),
            (Dialect::Powershell, None) if plain(value) => value.to_owned(),
            (Dialect::Powershell, None) => format!("'{}'", quotes_doubled(value)),
            (Dialect::Powershell, Some('\'')) => quotes_doubled(value),
            // PowerShell takes the typographic quotes for quotes too.
            (Dialect::Powershell, Some(_)) => {
                escaped(value, &['"', '$', '`', '\u{201c}', '\u{201d}', '\u{201e}'], '`')
            }
        })
    }
}

fn quotes_doubled(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for letter in value.chars() {
        if matches!(letter, '\'' | '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}') {
            out.push(letter);
        }
        out.push(letter);
    }
    out
}

fn escaped(value: &str, letters: &[char], escape: char) -> String {
    let mut out = String::with_capacity(value.len());
    for letter in value.chars() {
        if letters.contains(&letter) {
            out.push(escape);
        }
        out.push(letter);
    }
    out
}

/// Whether a value means nothing to a shell. A first hyphen would be an option, and is quoted so that it is seen.
fn plain(value: &str) -> bool {
    !value.is_empty()
        && !value.starts_with('-')
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_./:@%+=-".contains(&byte))
}

fn encoded(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod test {
    use super::*;

    fn with(text: &str, dialect: Dialect, value: &str) -> String {
        fill(text, dialect, &|_| Some(Filling { text: value.to_owned(), constant: false })).unwrap()
    }

    #[test]
    fn variables_are_found_where_they_stand() {
        assert_eq!(variables_in("touch __path__:value"), ["__path__"]);
        assert_eq!(variables_in("__a__:value__b__:value-__c-d__:value."), ["__b__", "__c-d__"]);
        assert_eq!(variables_in("ä__a__:value __a__:value __a__ __:value __a__:values"), ["__a__"]);
    }

    #[test]
    fn a_shell_never_sees_more_than_a_word() {
        let evil = "a'; rm -rf / #$(id)`id`\"";
        assert_eq!(with("ls __v__:value", Dialect::Shell, "/tmp/x"), "ls /tmp/x");
        assert_eq!(with("ls __v__:value", Dialect::Shell, evil), "ls 'a'\\''; rm -rf / #$(id)`id`\"'");
        assert_eq!(
            with("ls \"__v__:value\"", Dialect::Shell, evil),
            "ls \"a'; rm -rf / #\\$(id)\\`id\\`\\\"\""
        );
        assert_eq!(with("ls '__v__:value'", Dialect::Shell, evil), "ls 'a'\\''; rm -rf / #$(id)`id`\"'");
        assert_eq!(with("ls __v__:value", Dialect::Shell, "-rf"), "ls '-rf'");
        assert_eq!(with("ls __v__:value", Dialect::Shell, ""), "ls ''");
        assert_eq!(with("gci __v__:value", Dialect::Powershell, "a'; calc"), "gci 'a''; calc'");
        assert_eq!(with("gci \"__v__:value\"", Dialect::Powershell, "$(calc)"), "gci \"`$(calc)\"");
    }

    #[test]
    fn a_constant_is_its_authors_own_text() {
        let look = |_: &str| Some(Filling { text: "ls -la".to_owned(), constant: true });
        assert_eq!(fill("__command__:value", Dialect::Shell, &look).unwrap(), "ls -la");
    }

    #[test]
    fn a_rule_takes_plain_values_alone() {
        assert_eq!(
            with("host: __v__:value", Dialect::Rule, "fin-ws-07.example.org"),
            "host: fin-ws-07.example.org"
        );
        for evil in ["x\ny: z", "a: b", "*", "x' or '", "%evil%", "a|b"] {
            let look = |_: &str| Some(Filling { text: evil.to_owned(), constant: false });
            assert!(
                fill("host: __v__:value", Dialect::Rule, &look)
                    .unwrap_err()
                    .contains("cannot stand in a rule")
            );
        }
    }

    #[test]
    fn other_texts_keep_their_form() {
        assert_eq!(with("/a/__v__:value?x=1", Dialect::Target, "../b c&d"), "/a/..%2Fb%20c%26d?x=1");
        assert_eq!(with("{\"a\": \"__v__:value\"}", Dialect::Body, "\"}"), "{\"a\":\"\\\"}\"}");
        assert!(
            fill("__v__:value", Dialect::Header, &|_| Some(Filling {
                text: "a\r\nb".into(),
                constant: true
            }))
            .is_err()
        );
        assert!(fill("__v__:value", Dialect::Plain, &|_| None).unwrap_err().contains("no value"));
    }
}

//! The `condition` of a rule: its grammar and its tree (Sigma 2.1, "Condition"). Search identifiers
//! become numbers here; what they search for is in `detection`.

use crate::error::SigmaError;

const MAX_DEPTH: usize = 64;
const MAX_LENGTH: usize = 16 * 1024;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Condition {
    /// The search identifier of that number.
    Search(usize),
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    /// At least so many of the search identifiers.
    AtLeast {
        count: usize,
        of: Vec<usize>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    Open,
    Close,
    Word(&'a str),
}

impl Token<'_> {
    fn shown(self) -> String {
        match self {
            Token::Open => "`(`".to_owned(),
            Token::Close => "`)`".to_owned(),
            Token::Word(word) => format!("`{word}`"),
        }
    }
}

/// Reads a condition over the named search identifiers.
pub(crate) fn parse(text: &str, names: &[&str]) -> Result<Condition, SigmaError> {
    if text.trim().is_empty() {
        return Err(SigmaError::EmptyCondition);
    }
    let wrong = |reason: String| {
        let condition = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let condition = condition.chars().take(200).collect();
        SigmaError::Condition { condition, reason }
    };
    if text.len() > MAX_LENGTH {
        return Err(wrong(format!("it is longer than {MAX_LENGTH} bytes")));
    }
    if text.contains('|') {
        return Err(wrong(
            "aggregations (`| count() …`, `| near …`) ended with Sigma 1; they need a correlation rule"
                .to_owned(),
        ));
    }
    let mut parser = Parser { tokens: tokens(text), at: 0, names, depth: 0 };
    let condition = parser.or().map_err(wrong)?;
    match parser.peek() {
        None => Ok(condition),
        Some(token) => Err(wrong(format!("an operator is missing before {}", token.shown()))),
    }
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    for chunk in text.split_whitespace() {
        let mut rest = chunk;
        while let Some(at) = rest.find(['(', ')']) {
            let (word, from) = rest.split_at(at);
            if !word.is_empty() {
                found.push(Token::Word(word));
            }
            found.push(if from.starts_with('(') { Token::Open } else { Token::Close });
            rest = from.get(1..).unwrap_or_default();
        }
        if !rest.is_empty() {
            found.push(Token::Word(rest));
        }
    }
    found
}

struct Parser<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
    names: &'a [&'a str],
    depth: usize,
}

type Parsed<T> = Result<T, String>;

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<Token<'a>> {
        self.tokens.get(self.at).copied()
    }

    fn next(&mut self) -> Option<Token<'a>> {
        let token = self.peek();
        self.at += 1;
        token
    }

    fn eat(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(next)) if next.eq_ignore_ascii_case(word));
        if found {
            self.at += 1;
        }
        found
    }

    fn or(&mut self) -> Parsed<Condition> {
        let mut terms = vec![self.and()?];
        while self.eat("or") {
            terms.push(self.and()?);
        }
        Ok(single_or(terms, Condition::Any))
    }

    fn and(&mut self) -> Parsed<Condition> {
        let mut terms = vec![self.not()?];
        while self.eat("and") {
            terms.push(self.not()?);
        }
        Ok(single_or(terms, Condition::All))
    }

    fn not(&mut self) -> Parsed<Condition> {
        let mut negated = false;
        while self.eat("not") {
            negated = !negated;
        }
        let term = self.term()?;
        Ok(if negated { Condition::Not(Box::new(term)) } else { term })
    }

    fn term(&mut self) -> Parsed<Condition> {
        match self.next() {
            None => Err("it ends where a search identifier should stand".to_owned()),
            Some(Token::Close) => Err("a search identifier is missing before `)`".to_owned()),
            Some(Token::Open) => {
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    return Err(format!("its parentheses are nested deeper than {MAX_DEPTH}"));
                }
                let inner = self.or()?;
                self.depth -= 1;
                match self.next() {
                    Some(Token::Close) => Ok(inner),
                    Some(token) => Err(format!("an operator or `)` is missing before {}", token.shown())),
                    None => Err("a `)` is missing at its end".to_owned()),
                }
            }
            Some(Token::Word(word)) if self.eat("of") => self.quantified(word),
            Some(Token::Word(word)) => self.search(word),
        }
    }

    fn search(&self, word: &str) -> Parsed<Condition> {
        if let Some(at) = self.names.iter().position(|name| *name == word) {
            return Ok(Condition::Search(at));
        }
        if word.contains('*') {
            return Err(format!("`{word}` needs `1 of` or `all of` before it"));
        }
        if ["and", "or", "not", "of", "them"].iter().any(|keyword| word.eq_ignore_ascii_case(keyword)) {
            return Err(format!("a search identifier is missing before `{word}`"));
        }
        Err(format!("`{word}` is not among the rule's search identifiers"))
    }

    /// What stands after `1 of`, `all of`, `any of` or `3 of`.
    fn quantified(&mut self, quantifier: &str) -> Parsed<Condition> {
        let target = match self.next() {
            Some(Token::Word(word)) => word,
            _ => return Err(format!("`{quantifier} of` needs `them` or a pattern such as `selection_*`")),
        };
        let of = self.named_by(target);
        if of.is_empty() {
            return Err(format!("no search identifier is named like `{target}`"));
        }
        let count = if quantifier.eq_ignore_ascii_case("all") {
            of.len()
        } else if quantifier.eq_ignore_ascii_case("any") {
            1
        } else {
            quantifier
                .parse::<usize>()
                .map_err(|_| format!("`{quantifier} of` is not a quantifier; use a number, `any` or `all`"))?
        };
        if count == 0 {
            return Err("`0 of` is always true; use `not 1 of`".to_owned());
        }
        if count > of.len() {
            let there = of.len();
            return Err(format!("`{count} of {target}` can never be true: it names only {there}"));
        }
        Ok(Condition::AtLeast { count, of })
    }

    /// `them` and patterns leave out identifiers that start with `_`, unless the pattern does too.
    fn named_by(&self, target: &str) -> Vec<usize> {
        let them = target.eq_ignore_ascii_case("them");
        let pattern = if them { "*" } else { target };
        let hidden = |name: &str| name.starts_with('_') && !pattern.starts_with('_');
        let found = self.names.iter().enumerate();
        found.filter(|(_, name)| !hidden(name) && matches_stars(pattern, name)).map(|(at, _)| at).collect()
    }
}

fn single_or(mut terms: Vec<Condition>, many: fn(Vec<Condition>) -> Condition) -> Condition {
    match (terms.len(), terms.pop()) {
        (1, Some(only)) => only,
        (_, Some(last)) => {
            terms.push(last);
            many(terms)
        }
        (_, None) => many(terms),
    }
}

/// Whether the name is the pattern, in which `*` stands for any text.
fn matches_stars(pattern: &str, name: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = pieces.next().and_then(|first| name.strip_prefix(first)) else { return false };
    let mut pieces: Vec<&str> = pieces.collect();
    let Some(last) = pieces.pop() else { return rest.is_empty() };
    for piece in pieces {
        match rest.split_once(piece) {
            _ if piece.is_empty() => {}
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 6] =
        ["selection_a", "selection_b", "filter_main", "filter_optional", "kw", "_hidden"];

    fn shown(condition: &Condition) -> String {
        let list = |all: &[Condition], by: &str| all.iter().map(shown).collect::<Vec<_>>().join(by);
        match condition {
            Condition::Search(at) => at.to_string(),
            Condition::All(all) => format!("({})", list(all, " and ")),
            Condition::Any(all) => format!("({})", list(all, " or ")),
            Condition::Not(inner) => format!("!{}", shown(inner)),
            Condition::AtLeast { count, of } => format!("{count}of{of:?}"),
        }
    }

    #[test]
    fn precedence_and_quantifiers() {
        let cases = [
            ("kw", "4"),
            ("selection_a or selection_b and kw", "(0 or (1 and 4))"),
            ("(selection_a or selection_b) and kw", "((0 or 1) and 4)"),
            ("not selection_a and kw", "(!0 and 4)"),
            ("not (selection_a and kw)", "!(0 and 4)"),
            ("not not kw", "4"),
            ("selection_a and not 1 of filter_*", "(0 and !1of[2, 3])"),
            ("1 of selection* and not filter_main", "(1of[0, 1] and !2)"),
            ("all of them", "5of[0, 1, 2, 3, 4]"),
            ("any of them", "1of[0, 1, 2, 3, 4]"),
            ("2 of selection_*", "2of[0, 1]"),
            ("all of *_optional", "1of[3]"),
            ("1 of _*", "1of[5]"),
            ("1 of f*_m*n", "1of[2]"),
            ("SELECTION_A OR kw", "error"),
            ("selection_a OR kw", "(0 or 4)"),
            ("_hidden", "5"),
            ("(kw)and(selection_a)", "(4 and 0)"),
        ];
        for (text, expected) in cases {
            let found = parse(text, &NAMES).map_or_else(|_| "error".to_owned(), |found| shown(&found));
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let cases = [
            ("", "empty"),
            ("kw and", "ends where"),
            ("kw kw", "operator is missing"),
            ("(kw", "`)` is missing"),
            ("kw)", "operator is missing"),
            ("and kw", "missing before `and`"),
            ("nobody", "not among"),
            ("selection*", "needs `1 of`"),
            ("1 of nobody*", "named like"),
            ("many of them", "not a quantifier"),
            ("0 of them", "always true"),
            ("3 of selection*", "names only 2"),
            ("1 of (kw)", "needs `them`"),
            ("kw | count() > 5", "correlation rule"),
        ];
        for (text, expected) in cases {
            let reason = parse(text, &NAMES).unwrap_err().to_string();
            assert!(reason.contains(expected), "{text}: {reason}");
        }
        let deep = format!("{}kw{}", "(".repeat(200), ")".repeat(200));
        assert!(parse(&deep, &NAMES).is_err());
    }
}

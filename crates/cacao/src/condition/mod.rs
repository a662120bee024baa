//! Conditions of if- and while-steps. CACAO says "a boolean expression as defined in the STIX Patterning Grammar" and
//! no more; what makes sense over variables is taken (STIX 2.1 §9: comparisons joined by AND and OR, NOT, brackets,
//! one observation's square brackets), and what needs observed data or time is refused when the playbook is checked.
//!
//! ```text
//! __severity__:value = 'high' AND (__count__:value >= 3 OR __host__:value IN ('a', 'b'))
//! ```

mod eval;
mod lex;
mod parse;

use std::fmt;

pub use eval::Undecided;

/// A condition, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    root: Node,
}

#[derive(Debug, Clone, PartialEq)]
enum Node {
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    Exists(String),
    Test { left: Operand, negated: bool, test: Test },
}

#[derive(Debug, Clone, PartialEq)]
enum Operand {
    Variable(String),
    Text(String),
    Number(f64),
    Bool(bool),
}

#[derive(Debug, Clone, PartialEq)]
enum Test {
    Compare(Comparison, Operand),
    In(Vec<Operand>),
    Like(Pattern),
    Matches(Pattern),
    IsSubset(Operand),
    IsSuperset(Operand),
}

/// A pattern, compiled; two are the same where their texts are.
#[derive(Debug, Clone)]
struct Pattern(regex::Regex);

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Condition {
    /// Reads a condition.
    ///
    /// # Errors
    /// A sentence that says what of it is not taken, and why.
    pub fn read(text: &str) -> Result<Self, String> {
        parse::parse(text).map(|root| Self { root })
    }

    /// The variables that it asks for, each once, in the order of their first use.
    pub fn variables(&self) -> Vec<&str> {
        let mut found = Vec::new();
        self.root.collect(&mut found);
        found
    }

    /// Whether it holds, with `look` giving a variable's value: nothing where it has none.
    ///
    /// # Errors
    /// Where a variable that decides has no value, or a value that cannot be compared.
    pub fn holds(&self, look: &dyn Fn(&str) -> Option<String>) -> Result<bool, Undecided> {
        eval::holds(&self.root, look)
    }
}

impl Node {
    fn collect<'a>(&'a self, found: &mut Vec<&'a str>) {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.collect(found)),
            Self::Not(inner) => inner.collect(found),
            Self::Exists(name) => note(name, found),
            Self::Test { left, test, .. } => {
                left.collect(found);
                match test {
                    Test::Compare(_, right) | Test::IsSubset(right) | Test::IsSuperset(right) => {
                        right.collect(found);
                    }
                    Test::In(list) => list.iter().for_each(|one| one.collect(found)),
                    Test::Like(_) | Test::Matches(_) => {}
                }
            }
        }
    }
}

impl Operand {
    fn collect<'a>(&'a self, found: &mut Vec<&'a str>) {
        if let Self::Variable(name) = self {
            note(name, found);
        }
    }
}

fn note<'a>(name: &'a str, found: &mut Vec<&'a str>) {
    if !found.contains(&name) {
        found.push(name);
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        })
    }
}

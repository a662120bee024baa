//! Whether a condition holds. A variable without a value decides nothing, and that is said: a step whose condition
//! cannot be decided fails, rather than being taken for false.

use std::cmp::Ordering;
use std::net::IpAddr;

use super::{Comparison, Node, Operand, Test};
use crate::shape::shown;

/// Why a condition cannot be decided.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Undecided {
    #[error("{0} has no value. Ask first whether EXISTS {0}:value.")]
    NoValue(String),
    #[error("\"{0}\" is no IP address or network.")]
    NoAddress(String),
    #[error("{left} and {right} have no order: compare numbers with numbers, text with text.")]
    NoOrder { left: String, right: String },
}

/// A value to compare.
enum Held {
    Text(String),
    Number(f64),
    Bool(bool),
}

pub(super) fn holds(node: &Node, look: &dyn Fn(&str) -> Option<String>) -> Result<bool, Undecided> {
    match node {
        Node::Not(inner) => holds(inner, look).map(|held| !held),
        Node::Exists(name) => Ok(look(name).is_some()),
        // What decides alone decides, even beside what cannot be decided.
        Node::And(parts) => settle(parts, look, false),
        Node::Or(parts) => settle(parts, look, true),
        Node::Test { left, negated, test } => Ok(passes(left, test, look)? != *negated),
    }
}

fn settle(parts: &[Node], look: &dyn Fn(&str) -> Option<String>, decisive: bool) -> Result<bool, Undecided> {
    let mut open = None;
    for part in parts {
        match holds(part, look) {
            Ok(held) if held == decisive => return Ok(decisive),
            Ok(_) => {}
            Err(undecided) => open = open.or(Some(undecided)),
        }
    }
    open.map_or(Ok(!decisive), Err)
}

fn passes(left: &Operand, test: &Test, look: &dyn Fn(&str) -> Option<String>) -> Result<bool, Undecided> {
    let held = resolve(left, look)?;
    match test {
        Test::Compare(comparison, right) => compare(*comparison, &held, &resolve(right, look)?),
        Test::In(list) => {
            for one in list {
                if equal(&held, &resolve(one, look)?) {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Test::Like(pattern) | Test::Matches(pattern) => Ok(pattern.0.is_match(&text(&held))),
        Test::IsSubset(right) => within(&text(&held), &text(&resolve(right, look)?)),
        Test::IsSuperset(right) => within(&text(&resolve(right, look)?), &text(&held)),
    }
}

fn resolve(operand: &Operand, look: &dyn Fn(&str) -> Option<String>) -> Result<Held, Undecided> {
    Ok(match operand {
        Operand::Variable(name) => Held::Text(look(name).ok_or_else(|| Undecided::NoValue(name.clone()))?),
        Operand::Text(text) => Held::Text(text.clone()),
        Operand::Number(number) => Held::Number(*number),
        Operand::Bool(truth) => Held::Bool(*truth),
    })
}

fn text(held: &Held) -> String {
    match held {
        Held::Text(text) => text.clone(),
        Held::Number(number) => number.to_string(),
        Held::Bool(truth) => truth.to_string(),
    }
}

fn number(held: &Held) -> Option<f64> {
    match held {
        Held::Number(number) => Some(*number),
        Held::Text(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
        Held::Bool(_) => None,
    }
}

/// Two values are equal as numbers where one is written as a number and both are; else as text. Booleans are written
/// in any case.
fn equal(left: &Held, right: &Held) -> bool {
    match (left, right) {
        (Held::Number(_), _) | (_, Held::Number(_)) => match (number(left), number(right)) {
            (Some(left), Some(right)) => left == right,
            _ => false,
        },
        (Held::Bool(_), _) | (_, Held::Bool(_)) => text(left).eq_ignore_ascii_case(&text(right)),
        (Held::Text(left), Held::Text(right)) => left == right,
    }
}

fn compare(comparison: Comparison, left: &Held, right: &Held) -> Result<bool, Undecided> {
    match comparison {
        Comparison::Equal => return Ok(equal(left, right)),
        Comparison::NotEqual => return Ok(!equal(left, right)),
        _ => {}
    }
    let order = order(left, right)
        .ok_or_else(|| Undecided::NoOrder { left: shown(&text(left)), right: shown(&text(right)) })?;
    Ok(match comparison {
        Comparison::Less => order == Ordering::Less,
        Comparison::LessOrEqual => order != Ordering::Greater,
        Comparison::Greater => order == Ordering::Greater,
        _ => order != Ordering::Less,
    })
}

fn order(left: &Held, right: &Held) -> Option<Ordering> {
    match (number(left), number(right)) {
        (Some(left), Some(right)) => left.partial_cmp(&right),
        _ => match (left, right) {
            (Held::Text(left), Held::Text(right)) => Some(left.cmp(right)),
            _ => None,
        },
    }
}

/// Whether an address or network lies within a network; an address alone is a network of one.
fn within(inner: &str, outer: &str) -> Result<bool, Undecided> {
    let (inner, outer) = (network(inner)?, network(outer)?);
    if inner.width != outer.width || inner.length < outer.length {
        return Ok(false);
    }
    let drop = outer.width - outer.length;
    Ok(drop >= 128 || inner.bits >> drop == outer.bits >> drop)
}

struct Network {
    bits: u128,
    width: u32,
    length: u32,
}

fn network(text: &str) -> Result<Network, Undecided> {
    let fault = || Undecided::NoAddress(shown(text));
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length.parse::<u32>().map_err(|_| fault())?)),
        None => (text, None),
    };
    let (bits, width) = match address.trim().parse::<IpAddr>().map_err(|_| fault())? {
        IpAddr::V4(four) => (u128::from(four.to_bits()), 32),
        IpAddr::V6(six) => (six.to_bits(), 128),
    };
    let length = length.unwrap_or(width);
    if length > width { Err(fault()) } else { Ok(Network { bits, width, length }) }
}

#[cfg(test)]
mod test {
    use crate::Condition;

    fn holds(text: &str) -> Result<bool, String> {
        let look = |name: &str| match name {
            "__a__" => Some("x".to_owned()),
            "__n__" => Some("10".to_owned()),
            "__ip__" => Some("10.1.2.3".to_owned()),
            "__yes__" => Some("True".to_owned()),
            "__empty__" => Some(String::new()),
            _ => None,
        };
        Condition::read(text)?.holds(&look).map_err(|undecided| undecided.to_string())
    }

    #[test]
    fn comparisons() {
        for (text, expected) in [
            ("__a__:value = 'x'", true),
            ("__a__:value == 'x'", true),
            ("[__a__:value != 'x']", false),
            ("'x' = __a__:value", true),
            ("__n__:value > 9", true),
            ("__n__:value > '9'", true),
            ("__n__:value = 10.0", true),
            ("__n__:value <= 9 OR __a__:value = 'x'", true),
            ("__a__:value = 'x' OR __a__:value = 'x' AND __a__:value = 'y'", true),
            ("(__a__:value = 'x' OR __a__:value = 'x') AND __a__:value = 'y'", false),
            ("NOT __a__:value = 'x'", false),
            ("__a__:value NOT IN ('y', 'z')", true),
            ("__a__:value NOT = 'x'", false),
            ("__n__:value IN (1, 10)", true),
            ("__a__:value LIKE '_'", true),
            ("__a__:value LIKE 'X%'", false),
            ("__a__:value MATCHES '^[w-y]$'", true),
            ("__ip__:value ISSUBSET '10.0.0.0/8'", true),
            ("__ip__:value ISSUBSET '10.2.0.0/16'", false),
            ("'0.0.0.0/0' ISSUPERSET __ip__:value", true),
            ("'2001:db8::1' ISSUBSET '::/0'", true),
            ("__ip__:value ISSUBSET '::/0'", false),
            ("__yes__:value = true", true),
            ("__empty__:value = ''", true),
            ("EXISTS __empty__:value", true),
            ("EXISTS __none__:value", false),
            ("EXISTS __none__:value AND __none__:value = 'x'", false),
            ("__a__:value = 'it\\'s'", false),
        ] {
            assert_eq!(holds(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_decided_is_said() {
        for (text, word) in [
            ("__none__:value = 'x'", "no value"),
            ("__none__:value != 'x'", "no value"),
            ("__none__:value = 'x' OR __a__:value = 'y'", "no value"),
            ("__a__:value > 3", "no order"),
            ("__a__:value ISSUBSET '10.0.0.0/8'", "no IP address"),
            ("'10.0.0.0/33' ISSUBSET '10.0.0.0/8'", "no IP address"),
        ] {
            assert!(holds(text).unwrap_err().contains(word), "{text}: {:?}", holds(text));
        }
    }

    #[test]
    fn what_is_not_taken_is_refused_with_the_reason() {
        for (text, word) in [
            ("", "empty"),
            ("ipv4-addr:value = '10.0.0.1'", "observed data"),
            ("[__a__:value = 'x'] FOLLOWEDBY [__a__:value = 'y']", "FOLLOWEDBY"),
            ("[__a__:value = 'x'] REPEATS 5 TIMES", "REPEATS"),
            ("[__a__:value = 'x'] AND [__a__:value = 'y']", "observation"),
            ("__a__ = 'x'", "__a__:value"),
            ("__a__:type = 'x'", "its value"),
            ("__a__:value = 10.0.0.1", "no number"),
            ("__a__:value = \"x\"", "single quotes"),
            ("__a__:value = x-y", "single quotes"),
            ("__a__:value = 'x", "not closed"),
            ("__a__:value = t'2020-01-01T00:00:00Z'", "as text"),
            ("__a__:value ~ 'x'", "neither"),
            ("__a__:value MATCHES '(?=x)'", "look-around"),
            ("__a__:value = 'x' 'y'", "should end"),
            ("(__a__:value = 'x'", "not closed"),
            ("__a__:value", "ends where"),
        ] {
            assert!(
                Condition::read(text).is_err_and(|said| said.contains(word)),
                "{text}: {:?}",
                Condition::read(text)
            );
        }
        assert!(Condition::read(&"(".repeat(200)).unwrap_err().contains("deep"));
        assert!(Condition::read(&"NOT ".repeat(200)).unwrap_err().contains("deep"));
    }
}

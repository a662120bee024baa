//! The `detection` part of a rule: search identifiers from YAML to trees of tests, and the condition
//! over them (Sigma 2.1, "Detection"). How one field with its modifiers becomes tests is in `item`.

use std::collections::HashMap;

use crate::condition::{self, Condition};
use crate::error::{Result, SigmaError};
use crate::item;
use crate::modifier::Modifiers;
use crate::tree::{Subject, Tree};
use crate::yaml::{Data, Node};

/// Values for `%placeholders%` by name.
pub type Placeholders = HashMap<String, Vec<String>>;

/// A named search.
#[derive(Debug, Clone)]
pub(crate) struct Search {
    pub name: String,
    pub tree: Tree,
}

#[derive(Debug, Clone)]
pub(crate) struct Detection {
    pub searches: Vec<Search>,
    pub condition: Condition,
}

impl Detection {
    /// What no event matches: for rules that search in no events.
    pub fn nothing() -> Detection {
        Detection { searches: Vec::new(), condition: Condition::Any(Vec::new()) }
    }
}

pub(crate) fn read(node: &Node, placeholders: &Placeholders) -> Result<Detection> {
    read_but(node, placeholders, &[])
}

/// Reads a detection whose map has other keys, too.
pub(crate) fn read_but(node: &Node, placeholders: &Placeholders, others: &[&str]) -> Result<Detection> {
    let Data::Map(entries) = &node.data else {
        return Err(wrong_type("detection", "a map of search identifiers", node));
    };
    let mut searches = Vec::new();
    let mut conditions = None;
    for (key, value) in entries {
        match key.text.as_str() {
            "condition" => conditions = Some(value),
            "timeframe" => return Err(SigmaError::Timeframe.at(key.line)),
            name if others.contains(&name) => {}
            name => {
                let tree = search(name, value, placeholders)?;
                searches.push(Search { name: name.to_owned(), tree });
            }
        }
    }
    let conditions = conditions.ok_or_else(|| SigmaError::Missing("condition").at(node.line))?;
    let names: Vec<&str> = searches.iter().map(|search| search.name.as_str()).collect();
    let condition = read_conditions(conditions, &names)?;
    Ok(Detection { searches, condition })
}

/// One condition, or a list of which one must hold.
fn read_conditions(node: &Node, names: &[&str]) -> Result<Condition> {
    let one = |node: &Node| match node.text() {
        Some(text) => condition::parse(text, names).map_err(|error| error.at(node.line)),
        None => Err(wrong_type("condition", "a text or a list of texts", node)),
    };
    match &node.data {
        Data::List(items) if items.is_empty() => Err(SigmaError::EmptyCondition.at(node.line)),
        Data::List(items) => Ok(Condition::Any(items.iter().map(one).collect::<Result<_>>()?)),
        _ => one(node),
    }
}

fn search(name: &str, node: &Node, placeholders: &Placeholders) -> Result<Tree> {
    match &node.data {
        Data::Map(_) => map(name, node, placeholders),
        Data::Scalar(_) => keywords(&[node], placeholders),
        Data::List(items) if items.is_empty() => Err(SigmaError::EmptyValue(name.to_owned()).at(node.line)),
        Data::List(items) => {
            let words: Vec<&Node> =
                items.iter().filter(|item| matches!(item.data, Data::Scalar(_))).collect();
            let mut alternatives = Vec::new();
            if !words.is_empty() {
                alternatives.push(keywords(&words, placeholders)?);
            }
            for item in items {
                match &item.data {
                    Data::Map(_) => alternatives.push(map(name, item, placeholders)?),
                    Data::List(_) => return Err(wrong_type(name, "a list of texts or maps", item)),
                    Data::Scalar(_) => {}
                }
            }
            Ok(Tree::any(alternatives))
        }
    }
}

/// Fields of which all must hold.
fn map(name: &str, node: &Node, placeholders: &Placeholders) -> Result<Tree> {
    let Data::Map(entries) = &node.data else {
        return Err(wrong_type(name, "a map of fields", node));
    };
    if entries.is_empty() {
        return Err(SigmaError::EmptyValue(name.to_owned()).at(node.line));
    }
    let mut all = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        let mut parts = key.text.split('|');
        let field = parts.next().unwrap_or_default().trim();
        let modifiers = Modifiers::parse(parts).map_err(|error| error.at(key.line))?;
        let subject = if field.is_empty() { Subject::Record } else { Subject::Field(field.to_owned()) };
        let values = match &value.data {
            Data::Scalar(_) => vec![value],
            Data::List(items) if items.is_empty() => {
                return Err(SigmaError::EmptyValue(key.text.clone()).at(value.line));
            }
            Data::List(items) => items.iter().collect(),
            Data::Map(_) => return Err(wrong_type(&key.text, "a value or a list of values", value)),
        };
        all.push(item::read(&key.text, &subject, &modifiers, &values, placeholders)?);
    }
    Ok(Tree::all(all))
}

fn keywords(words: &[&Node], placeholders: &Placeholders) -> Result<Tree> {
    item::read("keywords", &Subject::Record, &Modifiers::none(), words, placeholders)
}

pub(crate) fn wrong_type(key: &str, wanted: &'static str, node: &Node) -> crate::error::Located {
    SigmaError::WrongType { key: key.to_owned(), wanted, found: node.sort() }.at(node.line)
}

//! An exception as a Sigma filter (Sigma specification 2.1, filters): a file that other tools take too.

use domain::suppression::{Clause, Comparison};
use serde_json::{Map, Value, json};

use super::Suppression;
use crate::alert::rules::KnownRule;
use crate::error::{Error, Result};

/// The filter's YAML. `rule` is the rule that it mends, if it is in use.
pub fn filter(one: &Suppression, rule: Option<&KnownRule>) -> Result<String> {
    let (Some(id), false) = (&one.rule, one.clauses.is_empty()) else {
        return Err(Error::Invalid(format!(
            "{} has no rule or no condition on fields; a Sigma filter needs both.",
            one.id
        )));
    };
    let mut source = Map::new();
    if let Some(rule) = rule {
        let known = &rule.logsource;
        for (name, value) in
            [("product", &known.product), ("category", &known.category), ("service", &known.service)]
        {
            if let Some(value) = value {
                source.insert(name.to_owned(), json!(value));
            }
        }
    }
    // Clauses on one field stand in maps of their own: a map has each key once.
    let mut filter = Map::new();
    filter.insert("rules".to_owned(), json!([id]));
    let mut names = Vec::new();
    for (number, clause) in one.clauses.iter().enumerate() {
        let name = format!("clause_{}", number + 1);
        filter.insert(name.clone(), Value::Object(clause_map(clause)));
        names.push(name);
    }
    filter.insert("condition".to_owned(), json!(format!("not ({})", names.join(" and "))));
    let title = format!("{}: exception for {}", one.id, rule.map_or(id.as_str(), |rule| &rule.title));
    let document = json!({
        "title": title, "description": one.reason, "logsource": source, "filter": filter,
    });
    // JSON is YAML, and leaves no text from outside to be taken for anything but text.
    Ok(serde_json::to_string_pretty(&document)?)
}

fn clause_map(clause: &Clause) -> Map<String, Value> {
    let key = match clause.comparison {
        Comparison::Equals => clause.field.clone(),
        other => format!("{}|{other}", clause.field),
    };
    Map::from_iter([(key, json!(literal(&clause.value)))])
}

/// Wildcards are escaped, and backslashes before them or before others (Sigma 2.1, "escaping").
fn literal(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut signs = value.chars().peekable();
    while let Some(sign) = signs.next() {
        let risky = matches!(signs.peek(), Some('*' | '?' | '\\'));
        if matches!(sign, '*' | '?') || (sign == '\\' && risky) {
            text.push('\\');
        }
        text.push(sign);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::literal;

    #[test]
    fn a_value_stays_what_it_is() {
        assert_eq!(literal(r"C:\a*b?"), r"C:\a\*b\?");
        assert_eq!(literal(r"\\host\x"), r"\\\host\x");
    }
}

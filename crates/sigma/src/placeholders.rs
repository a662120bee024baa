//! The file of values that placeholders stand for: a map of names to lists of values.

use std::path::Path;

use crate::detection::{Placeholders, wrong_type};
use crate::error::{Located, Refusal, Result, SigmaError};
use crate::yaml::{self, Data};

const WANTED: &str = "a map of placeholder names to lists of values";

/// Reads values for the modifier `expand`, as [`crate::RuleSet::with_placeholders`] takes them: YAML
/// such as `admins: [root, 'adm-*']`. A single value counts as a list of one.
///
/// # Errors
/// With the line where the text is not that.
pub fn read_placeholders(file: &Path, text: &str) -> std::result::Result<Placeholders, Box<Refusal>> {
    read(text).map_err(|Located { line, error }| {
        Box::new(Refusal { file: file.to_owned(), line, title: None, id: None, reason: error })
    })
}

fn read(text: &str) -> Result<Placeholders> {
    let (documents, failure) = yaml::documents(text);
    if let Some(failure) = failure {
        return Err(failure);
    }
    let mut placeholders = Placeholders::new();
    for document in &documents {
        let Data::Map(entries) = &document.data else {
            return Err(wrong_type("the file", WANTED, document));
        };
        for (key, value) in entries {
            let name = key.text.trim().trim_matches('%').to_owned();
            let values: Vec<String> = match &value.data {
                Data::Scalar(_) => value.text().map(str::to_owned).into_iter().collect(),
                Data::List(items) => items
                    .iter()
                    .map(|item| {
                        item.text()
                            .map(str::to_owned)
                            .ok_or_else(|| wrong_type(&name, "a list of values", item))
                    })
                    .collect::<Result<_>>()?,
                Data::Map(_) => return Err(wrong_type(&name, "a list of values", value)),
            };
            if values.is_empty() {
                return Err(SigmaError::EmptyValue(name).at(value.line));
            }
            if placeholders.insert(name.clone(), values).is_some() {
                return Err(SigmaError::DuplicateKey(name).at(key.line));
            }
        }
    }
    Ok(placeholders)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        read_placeholders(Path::new("values.yml"), text).unwrap_err().to_string()
    }

    #[test]
    fn names_stand_for_lists_of_values() {
        let text = "admins: [root, 'adm-*']\n'%servers%': dc01\nports: [445, 3389]\n";
        let read = read_placeholders(Path::new("values.yml"), text).unwrap();
        assert_eq!(read["admins"], ["root", "adm-*"]);
        assert_eq!(read["servers"], ["dc01"]);
        assert_eq!(read["ports"], ["445", "3389"]);
        assert!(read_placeholders(Path::new("values.yml"), "# nothing yet\n").unwrap().is_empty());
    }

    #[test]
    fn what_is_no_such_map_is_refused_with_its_line() {
        assert!(refused("- a\n- b\n").starts_with("values.yml:1: `the file` must be a map"));
        assert!(refused("a: [x]\nb: []\n").contains("values.yml:2: `b` must not be empty"));
        assert!(refused("a: [x]\nb:\n").contains("values.yml:2"));
        assert!(refused("a: {b: c}\n").contains("must be a list of values"));
        assert!(refused("a: x\n'%a%': y\n").contains("occurs twice"));
    }
}

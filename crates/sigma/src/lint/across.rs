//! Rules that share what should be theirs alone.

use std::collections::HashMap;

use super::Lint;
use crate::rule::Rule;

/// Rules with the id, or the title, of another one. The first to have it is left in peace.
pub fn duplicates(rules: &[Rule]) -> Vec<Lint> {
    let mut found = Vec::new();
    let mut say = |rule: &Rule, code, message| {
        found.push(Lint {
            file: rule.file.clone(),
            line: rule.line,
            code,
            message,
            rule: rule.title.clone(),
        });
    };
    let mut ids: HashMap<String, &Rule> = HashMap::new();
    let mut titles: HashMap<String, &Rule> = HashMap::new();
    for rule in rules {
        let place = |first: &Rule| format!("{}:{}", first.file.display(), first.line);
        if let Some(id) = &rule.id {
            match ids.get(&id.to_ascii_lowercase()) {
                Some(first) => {
                    let message =
                        format!("the id {id} is also that of {}; give this rule its own", place(first));
                    say(rule, "duplicate-id", message);
                }
                None => {
                    ids.insert(id.to_ascii_lowercase(), rule);
                }
            }
        }
        match titles.get(&rule.title.to_lowercase()) {
            Some(first) if first.id != rule.id || rule.id.is_none() => {
                let message = format!(
                    "the title is also that of {}; people cannot tell their alerts apart",
                    place(first)
                );
                say(rule, "duplicate-title", message);
            }
            Some(_) => {}
            None => {
                titles.insert(rule.title.to_lowercase(), rule);
            }
        }
    }
    found
}

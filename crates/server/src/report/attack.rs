//! Which tactics an ATT&CK technique serves, from the shipped catalogue.

use std::collections::HashMap;
use std::sync::LazyLock;

use domain::attack::Tactic;
use serde::Deserialize;

const CATALOGUE: &str = include_str!("../../../../content/taxonomies/attack.json");

#[derive(Deserialize)]
struct Catalogue {
    techniques: HashMap<String, Technique>,
    /// Ids that this version no longer knows, and what took their place.
    replaced: HashMap<String, String>,
}

#[derive(Deserialize)]
struct Technique {
    name: String,
    tactics: Vec<String>,
}

static KNOWN: LazyLock<Option<Catalogue>> = LazyLock::new(|| serde_json::from_str(CATALOGUE).ok());

/// The name of a technique, with that of its parent, and the labels of its tactics.
pub fn describe(id: &str) -> Option<(String, String)> {
    let catalogue = KNOWN.as_ref()?;
    let id = catalogue.replaced.get(id).map_or(id, String::as_str);
    let technique = catalogue.techniques.get(id)?;
    let parent = id.split_once('.').and_then(|(parent, _)| catalogue.techniques.get(parent));
    let name = match parent {
        Some(parent) => format!("{}: {}", parent.name, technique.name),
        None => technique.name.clone(),
    };
    let tactics: Vec<&str> =
        technique.tactics.iter().filter_map(|slug| slug.parse::<Tactic>().ok()).map(Tactic::label).collect();
    Some((name, tactics.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::describe;

    #[test]
    fn techniques_have_names_and_tactics() {
        let (name, tactics) = describe("T1059.001").unwrap();
        assert_eq!(name, "Command and Scripting Interpreter: PowerShell");
        assert_eq!(tactics, "Execution");
        assert!(describe("T1562.001").is_some(), "an id of an older version");
        assert!(describe("T9999").is_none());
    }
}

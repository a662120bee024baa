//! The shipped catalogue of ATT&CK techniques, `content/taxonomies/attack.json`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::Tactic;

const FILE: &str = include_str!("../../../../content/taxonomies/attack.json");

/// A technique or sub-technique.
#[derive(Debug, Deserialize)]
pub struct Technique {
    pub name: String,
    /// That it serves, in the order of the catalogue.
    #[serde(deserialize_with = "tactics")]
    pub tactics: Vec<Tactic>,
}

#[derive(Debug, Default, Deserialize)]
struct Catalogue {
    version: String,
    techniques: BTreeMap<String, Technique>,
    /// Ids that this version no longer knows, and what took their place.
    replaced: BTreeMap<String, String>,
}

fn tactics<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<Tactic>, D::Error> {
    let slugs = Vec::<String>::deserialize(from)?;
    Ok(slugs.iter().filter_map(|slug| slug.parse().ok()).collect())
}

/// A test proves that the file can be read.
static KNOWN: LazyLock<Catalogue> = LazyLock::new(|| serde_json::from_str(FILE).unwrap_or_default());

/// The version of ATT&CK.
pub fn version() -> &'static str {
    &KNOWN.version
}

/// All techniques and sub-techniques by id, in its order.
pub fn techniques() -> impl Iterator<Item = (&'static str, &'static Technique)> {
    KNOWN.techniques.iter().map(|(id, technique)| (id.as_str(), technique))
}

/// Today's id of a technique, and the technique; an id of an older version leads to what took its place.
pub fn current(id: &str) -> Option<(&'static str, &'static Technique)> {
    let id = KNOWN.replaced.get(id).map_or(id, String::as_str);
    KNOWN.techniques.get_key_value(id).map(|(id, technique)| (id.as_str(), technique))
}

/// The name of a technique; that of a sub-technique stands behind the name of its technique and a colon.
pub fn full_name(id: &str) -> Option<String> {
    let (id, technique) = current(id)?;
    let parent = id.split_once('.').and_then(|(parent, _)| KNOWN.techniques.get(parent));
    Some(match parent {
        Some(parent) => format!("{}: {}", parent.name, technique.name),
        None => technique.name.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_catalogue_is_read() {
        assert_eq!(version(), "19");
        assert!(techniques().count() > 600);
        assert!(techniques().all(|(_, technique)| !technique.tactics.is_empty()));
        assert_eq!(full_name("T1059.001").as_deref(), Some("Command and Scripting Interpreter: PowerShell"));
        let (id, _) = current("T1002").unwrap();
        assert_eq!(id, "T1560", "an id of an older version");
        assert!(current("T9999").is_none());
    }
}

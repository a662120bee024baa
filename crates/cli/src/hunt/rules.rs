//! The rules of a hunt: those in the folders named, or the ones that Watchbell ships.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use sigma::{Engine, Refusal, RuleSet};

use crate::text;

pub struct Rules {
    pub engine: Engine,
    pub refused: Vec<Refusal>,
    /// How many rule files were looked at.
    pub files: usize,
    pub shipped: bool,
}

pub fn load(paths: &[PathBuf]) -> anyhow::Result<Rules> {
    if paths.is_empty() {
        let (engine, _) = server::alert::rules::load(&[])?;
        let files = engine.rules().len();
        return Ok(Rules { engine, refused: Vec::new(), files, shipped: true });
    }
    let set = RuleSet::new();
    let mut loaded = sigma::Loaded::default();
    for path in paths {
        let about = || format!("the rules in {} cannot be loaded; check the path", path.display());
        loaded.merge(set.load_dir(path).with_context(about)?);
    }
    loaded.apply_filters();
    if loaded.rules.is_empty() {
        list_refused(&loaded.refused);
        bail!(
            "no rule could be loaded from {}; Sigma rules are files that end in .yml",
            crate::files::shown(paths)
        );
    }
    Ok(Rules {
        engine: Engine::new(loaded.rules),
        refused: loaded.refused,
        files: loaded.files,
        shipped: false,
    })
}

pub fn list_refused(refused: &[Refusal]) {
    for refusal in refused {
        text::say(&format!(
            "{} {}",
            text::paint(text::YELLOW, "refused:"),
            text::plain(&refusal.to_string())
        ));
    }
}

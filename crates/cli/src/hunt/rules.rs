//! The rules of a hunt: those in the folders named, or the ones that Watchbell ships.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use sigma::{Correlations, Engine, Level, Refusal, Rule, RuleSet, Warning};

use crate::text;

pub struct Rules {
    pub engine: Engine,
    pub correlations: Arc<Correlations>,
    pub refused: Vec<Refusal>,
    /// What is odd about the filters and correlations among them.
    pub warnings: Vec<Warning>,
    /// How many rule files were looked at.
    pub files: usize,
    pub shipped: bool,
}

impl Rules {
    /// A rule by its number: those of the engine first, then the correlations.
    pub fn rule(&self, number: usize) -> Option<&Rule> {
        match number.checked_sub(self.engine.rules().len()) {
            None => self.engine.rule(number),
            Some(correlation) => Some(&self.correlations.get(correlation)?.rule),
        }
    }

    /// Whether a match of the engine's rule is a finding by itself, and of that level at least.
    pub fn raises(&self, rule: usize, level: Level) -> bool {
        !self.correlations.is_silent_rule(rule)
            && self.engine.rule(rule).is_some_and(|rule| rule.level >= level)
    }
}

/// Loads them with what the file of placeholders gives.
pub fn load(paths: &[PathBuf], placeholders: Option<&Path>) -> anyhow::Result<Rules> {
    let placeholders = crate::rules::placeholders(placeholders)?;
    if paths.is_empty() {
        let (engine, catalogue) = server::alert::rules::load(&[], &placeholders)?;
        let files = engine.rules().len();
        let correlations = Arc::clone(catalogue.correlations());
        let (refused, warnings) = (Vec::new(), Vec::new());
        return Ok(Rules { engine, correlations, refused, warnings, files, shipped: true });
    }
    let set = RuleSet::with_placeholders(placeholders);
    let mut loaded = sigma::Loaded::default();
    for path in paths {
        let about = || format!("the rules in {} cannot be loaded; check the path", path.display());
        loaded.merge(set.load_dir(path).with_context(about)?);
    }
    let of_rules = loaded.warnings.len();
    loaded.apply_filters();
    let correlations = Arc::new(loaded.link());
    let warnings = loaded.warnings.split_off(of_rules);
    if loaded.rules.is_empty() {
        list_refused(&loaded.refused);
        bail!(
            "no rule could be loaded from {}; Sigma rules are files that end in .yml",
            crate::files::shown(paths)
        );
    }
    Ok(Rules {
        engine: Engine::new(loaded.rules),
        correlations,
        refused: loaded.refused,
        warnings,
        files: loaded.files,
        shipped: false,
    })
}

pub fn list_refused(refused: &[Refusal]) {
    refused.iter().for_each(|refusal| tell("refused:", &refusal.to_string()));
}

pub fn list_warnings(warnings: &[Warning]) {
    warnings.iter().for_each(|warning| tell("warning:", &warning.to_string()));
}

fn tell(what: &str, text: &str) {
    text::say(&format!("{} {}", text::paint(text::YELLOW, what), text::plain(text)));
}

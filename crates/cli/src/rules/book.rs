//! The rules that a verb is about, with the texts they were read from.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use sigma::{Correlations, Loaded, Placeholders, Rule, RuleSet, Warning};
use std::io::IsTerminal as _;

use crate::text;

pub struct Book {
    /// With filters made part of the rules that they tune.
    pub loaded: Loaded,
    /// Joined with the rules.
    pub correlations: Arc<Correlations>,
    /// What is odd about the filters and the correlations.
    pub of_filters: Vec<Warning>,
    pub placeholders: Placeholders,
    pub shipped: bool,
}

/// Loads the rules under the paths, or the shipped ones.
pub fn load(paths: &[PathBuf], placeholders: Placeholders) -> anyhow::Result<Book> {
    let set = RuleSet::with_placeholders(placeholders.clone());
    let mut loaded = Loaded::default();
    if paths.is_empty() {
        for (name, text) in server::alert::rules::shipped_rules() {
            loaded.merge(set.load_str(name, &text));
        }
    }
    for path in paths {
        let about = || format!("the rules in {} cannot be loaded; check the path", path.display());
        loaded.merge(set.load_dir(path).with_context(about)?);
    }
    if loaded.files == 0 {
        bail!("there is no rule in {}; Sigma rules are files that end in .yml", crate::files::shown(paths));
    }
    let of_rules = loaded.warnings.len();
    loaded.apply_filters();
    let correlations = Arc::new(loaded.link());
    let of_filters = loaded.warnings.split_off(of_rules);
    Ok(Book { loaded, correlations, of_filters, placeholders, shipped: paths.is_empty() })
}

impl Book {
    /// The rules, or the reasons why there is none.
    pub fn rules(&self) -> anyhow::Result<&[Rule]> {
        if self.loaded.rules.is_empty() {
            crate::hunt::rules::list_refused(&self.loaded.refused);
            bail!("no rule could be loaded; `watchbell rules check` tells more");
        }
        Ok(&self.loaded.rules)
    }

    /// Says how many rules could not be loaded, for verbs that go on without them.
    pub fn warn_of_refused(&self) {
        let count = self.loaded.refused.len();
        if count > 0 {
            let count = text::count(u64::try_from(count).unwrap_or(u64::MAX), "rule", "rules");
            text::warn(&format!("{count} could not be loaded; `watchbell rules check` tells why"));
        }
    }

    /// The text that a rule's file holds.
    pub fn text(&self, file: &Path) -> anyhow::Result<String> {
        if self.shipped
            && let Some(name) = file.to_str()
            && let Some(text) = server::alert::rules::shipped_file(name)
        {
            return Ok(text);
        }
        std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))
    }

    /// The files that rules were loaded from, each once, in their order.
    pub fn files(&self) -> Vec<&Path> {
        let mut files: Vec<&Path> = self.loaded.rules.iter().map(|rule| rule.file.as_path()).collect();
        files.dedup();
        files
    }
}

/// A bar for work that goes file by file, where somebody looks.
pub fn progress(what: &str, count: usize) -> ProgressBar {
    let bar = ProgressBar::new(u64::try_from(count).unwrap_or(u64::MAX));
    if !std::io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
        return bar;
    }
    if let Ok(style) = ProgressStyle::with_template("{msg} {bar:36} {pos} of {len}  {eta} left") {
        bar.set_style(style);
    }
    bar.set_message(what.to_owned());
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

//! The rules in use: those that Watchbell ships, and those in folders that its operator names. A
//! shipped rule that cannot be loaded is a fault of the program and stops the start; another one is
//! left out, warned of, and shown with its reason.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::attack::{Tactic, TechniqueId, catalogue};
use domain::{IncidentType, Severity};
use rust_embed::RustEmbed;
use serde::Serialize;
use sigma::{Correlations, Engine, Level, Loaded, Placeholders, Refusal, Rule, RuleIndex, RuleSet};
use utoipa::ToSchema;

use crate::error::{Error, Result};
use crate::event::Source;

#[derive(RustEmbed)]
#[folder = "../../content/rules"]
#[include = "*.yml"]
#[include = "*/samples/*.jsonl"]
#[exclude = "mappings/*"]
struct Shipped;

/// Where shipped rules seem to stand.
const SHIPPED_FOLDER: &str = "content/rules";

/// The shipped rules' files, `content/rules/…`, each with its text, in the order of their names.
pub fn shipped_rules() -> impl Iterator<Item = (String, String)> {
    let mut names: Vec<_> = Shipped::iter().filter(|name| name.ends_with(".yml")).collect();
    names.sort();
    names.into_iter().filter_map(|name| {
        let path = format!("content/rules/{name}");
        shipped_file(&path).map(|text| (path, text))
    })
}

/// The text of a shipped rule's file, or of its samples.
pub fn shipped_file(path: &str) -> Option<String> {
    let file = Shipped::get(path.strip_prefix("content/rules/")?)?;
    Some(String::from_utf8_lossy(&file.data).into_owned())
}

/// What people know of a rule.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct KnownRule {
    /// The rule's own identifier; where it has none, its file and line.
    pub id: String,
    pub title: String,
    #[schema(value_type = String, example = "high")]
    pub severity: Severity,
    pub status: Option<String>,
    pub description: Option<String>,
    pub author: Option<String>,
    pub false_positives: Vec<String>,
    pub references: Vec<String>,
    pub logsource: Source,
    /// ATT&CK techniques, such as T1059.001, by the ids of the shipped version.
    pub techniques: Vec<String>,
    /// ATT&CK tactics, such as credential-access.
    pub tactics: Vec<String>,
    /// The type of incident that it is about, by its tag `watchbell.<type>`.
    #[schema(value_type = Option<String>, example = "malware")]
    pub suggested_type: Option<IncidentType>,
    /// Whether it came with Watchbell.
    pub shipped: bool,
    /// Whether it looks at what other rules find, instead of at events.
    pub is_correlation: bool,
    /// Whether it is only there for correlations, and raises no alerts of its own.
    pub is_silent: bool,
    /// `content/rules/…` for a shipped one.
    pub file: String,
    pub line: usize,
    /// The Sigma filters that are part of it.
    pub filters: Vec<Tuning>,
}

/// A Sigma filter that is part of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Tuning {
    pub title: String,
    pub file: String,
    pub line: usize,
}

/// A rule that could not be loaded.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RefusedRule {
    pub file: String,
    pub line: usize,
    pub title: Option<String>,
    pub reason: String,
}

/// All rules: those of the engine in its order, then the correlations in theirs.
#[derive(Default)]
pub struct Catalogue {
    rules: Vec<Arc<KnownRule>>,
    /// How many of them are the engine's.
    in_engine: usize,
    correlations: Arc<Correlations>,
    refused: Vec<RefusedRule>,
    texts: HashMap<String, Arc<str>>,
}

impl Catalogue {
    pub fn all(&self) -> &[Arc<KnownRule>] {
        &self.rules
    }

    pub fn correlations(&self) -> &Arc<Correlations> {
        &self.correlations
    }

    pub fn refused(&self) -> &[RefusedRule] {
        &self.refused
    }

    /// What is known of a correlation, by its place among [`Catalogue::correlations`].
    pub fn correlation(&self, number: usize) -> Option<&Arc<KnownRule>> {
        self.rules.get(self.in_engine.checked_add(number)?)
    }

    pub fn at(&self, index: RuleIndex) -> Option<&Arc<KnownRule>> {
        self.rules.get(index)
    }

    pub fn get(&self, id: &str) -> Option<&Arc<KnownRule>> {
        self.rules.iter().find(|rule| rule.id == id)
    }

    /// Adds the correlations behind the rules, and notes which rules are only there for them.
    fn take_in(&mut self, correlations: Correlations) -> Result<()> {
        self.in_engine = self.rules.len();
        for (number, rule) in self.rules.iter_mut().enumerate() {
            if correlations.is_silent_rule(number) {
                Arc::make_mut(rule).is_silent = true;
            }
        }
        for (number, correlation) in correlations.all().enumerate() {
            let shipped = self.texts.contains_key(&correlation.rule.file.display().to_string())
                && correlation.rule.file.starts_with(SHIPPED_FOLDER);
            let mut known = known(&correlation.rule, shipped);
            known.is_correlation = true;
            known.is_silent = correlations.is_silent(number);
            if !self.texts.contains_key(&known.file) {
                let text = std::fs::read_to_string(&correlation.rule.file)?;
                self.texts.insert(known.file.clone(), text.into());
            }
            self.rules.push(Arc::new(known));
        }
        self.correlations = Arc::new(correlations);
        Ok(())
    }

    /// The file that the rule stands in, as it was loaded.
    pub fn yaml(&self, rule: &KnownRule) -> Option<&str> {
        self.texts.get(&rule.file).map(|text| &**text)
    }
}

/// Loads the shipped rules and those in the folders.
pub fn load(folders: &[PathBuf], placeholders: &Placeholders) -> Result<(Engine, Catalogue)> {
    let set = RuleSet::with_placeholders(placeholders.clone());
    let mut catalogue = Catalogue::default();
    let mut all = shipped(&set, &mut catalogue)?;
    for folder in folders {
        all.merge(extra(&set, folder, &mut catalogue)?);
    }
    // Filters of one folder may tune the rules of another, and the shipped ones.
    all.apply_filters();
    for (known, rule) in
        catalogue.rules.iter_mut().zip(&all.rules).filter(|(_, rule)| !rule.tuned_by.is_empty())
    {
        Arc::make_mut(known).filters = rule.tuned_by.iter().map(tuning).collect();
    }
    let told = all.refused.len();
    let correlations = all.link();
    for refusal in all.refused.split_off(told) {
        leave_out(&refusal, &mut catalogue);
    }
    catalogue.take_in(correlations)?;
    for warning in &all.warnings {
        tracing::warn!(%warning, "a rule, a filter or a correlation is odd");
    }
    Ok((Engine::new(all.rules), catalogue))
}

fn shipped(set: &RuleSet, catalogue: &mut Catalogue) -> Result<Loaded> {
    let mut all = Loaded::default();
    for (path, text) in shipped_rules() {
        let loaded = set.load_str(&path, &text);
        if let Some(refusal) = loaded.refused.first() {
            return Err(Error::Invalid(format!("A rule that Watchbell ships cannot be loaded: {refusal}")));
        }
        catalogue.rules.extend(loaded.rules.iter().map(|rule| Arc::new(known(rule, true))));
        catalogue.texts.insert(path, text.into());
        all.merge(loaded);
    }
    Ok(all)
}

fn extra(set: &RuleSet, folder: &Path, catalogue: &mut Catalogue) -> Result<Loaded> {
    let loaded = set.load_dir(folder).map_err(|error| {
        Error::Invalid(format!("The rules in {} cannot be loaded: {error}", folder.display()))
    })?;
    for refusal in &loaded.refused {
        leave_out(refusal, catalogue);
    }
    for rule in &loaded.rules {
        let known = known(rule, false);
        if !catalogue.texts.contains_key(&known.file) {
            let text = std::fs::read_to_string(&rule.file)?;
            catalogue.texts.insert(known.file.clone(), text.into());
        }
        catalogue.rules.push(Arc::new(known));
    }
    Ok(loaded)
}

fn leave_out(refusal: &Refusal, catalogue: &mut Catalogue) {
    tracing::warn!(%refusal, "a rule is left out");
    catalogue.refused.push(RefusedRule {
        file: refusal.file.display().to_string(),
        line: refusal.line,
        title: refusal.title.clone(),
        reason: refusal.reason.to_string(),
    });
}

fn known(rule: &Rule, shipped: bool) -> KnownRule {
    let file = rule.file.display().to_string();
    let source = &rule.logsource;
    let text = |part: &Option<std::borrow::Cow<'static, str>>| part.as_deref().map(str::to_owned);
    let clean = |text: &str| text.replace('\0', "\u{fffd}");
    KnownRule {
        id: rule.id.as_deref().map_or_else(|| format!("{file}:{}", rule.line), clean),
        title: clean(&rule.title),
        severity: severity(rule.level),
        status: rule.status.and_then(|status| {
            serde_json::to_value(status).ok().and_then(|word| word.as_str().map(str::to_owned))
        }),
        description: rule.description.clone(),
        author: rule.author.clone(),
        false_positives: rule.falsepositives.clone(),
        references: rule.references.clone(),
        logsource: Source {
            product: text(&source.product),
            category: text(&source.category),
            service: text(&source.service),
        },
        techniques: distinct(
            rule.tags.iter().filter_map(|tag| TechniqueId::from_tag(tag)).map(|id| todays(id.as_str())),
        ),
        tactics: distinct(
            rule.tags.iter().filter_map(|tag| Tactic::from_tag(tag)).map(|tactic| tactic.to_string()),
        ),
        suggested_type: rule.tags.iter().find_map(|tag| suggested_type(tag)),
        shipped,
        is_correlation: false,
        is_silent: false,
        file,
        line: rule.line,
        filters: Vec::new(),
    }
}

fn tuning(filter: &sigma::Tuning) -> Tuning {
    Tuning { title: filter.title.clone(), file: filter.file.display().to_string(), line: filter.line }
}

/// Rules name techniques by the ids of their time; people look for today's.
fn todays(technique: &str) -> String {
    catalogue::current(technique).map_or(technique, |(id, _)| id).to_owned()
}

fn distinct(words: impl Iterator<Item = String>) -> Vec<String> {
    let mut kept = Vec::new();
    for word in words {
        if !kept.contains(&word) {
            kept.push(word);
        }
    }
    kept
}

fn severity(level: Level) -> Severity {
    match level {
        Level::Informational => Severity::Informational,
        Level::Low => Severity::Low,
        Level::Medium => Severity::Medium,
        Level::High => Severity::High,
        Level::Critical => Severity::Critical,
    }
}

/// `watchbell.data-breach` is the incident type `data_breach`.
fn suggested_type(tag: &str) -> Option<IncidentType> {
    let word = tag.to_ascii_lowercase();
    word.strip_prefix("watchbell.")?.replace('-', "_").parse().ok()
}

/// A technique's name in ATT&CK; `None` if the shipped catalogue has no such technique.
pub fn technique_name(id: &str) -> Option<&'static str> {
    catalogue::current(id).map(|(_, technique)| technique.name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_rules_are_all_known_by_name_technique_and_type() {
        let (engine, catalogue) = load(&[], &Placeholders::new()).unwrap();
        assert!(engine.rules().len() >= 40);
        assert_eq!(engine.rules().len() + catalogue.correlations().all().len(), catalogue.all().len());
        let guessing =
            catalogue.correlations().all().position(|one| one.rule.title.contains("Guessed At")).unwrap();
        let guessing = catalogue.correlation(guessing).unwrap();
        assert!(guessing.is_correlation && guessing.shipped && guessing.title.contains("Guessed At"));
        let failed = catalogue.all().iter().find(|rule| rule.title == "Windows Logon Failed").unwrap();
        assert!(failed.is_silent && !failed.is_correlation);
        assert!(catalogue.refused().is_empty());
        for rule in catalogue.all() {
            assert!(rule.suggested_type.is_some(), "{}", rule.title);
            assert!(catalogue.yaml(rule).unwrap().contains(&rule.id), "{}", rule.title);
            for technique in &rule.techniques {
                assert!(technique_name(technique).is_some(), "{technique}");
            }
        }
    }

    #[test]
    fn a_refused_rule_of_a_folder_is_kept_with_its_place() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("bad.yml"), "title: Bad\nlogsource:\n  product: windows\n")
            .unwrap();
        let (_, catalogue) = load(&[folder.path().to_owned()], &Placeholders::new()).unwrap();
        let refused = &catalogue.refused()[0];
        assert!(refused.file.ends_with("bad.yml"));
        assert_eq!(refused.title.as_deref(), Some("Bad"));
        assert!(refused.reason.contains("detection"), "{}", refused.reason);
        assert!(load(&[folder.path().join("nowhere")], &Placeholders::new()).is_err());
    }

    #[test]
    fn a_rule_with_placeholders_is_refused_until_they_have_values() {
        let folder = tempfile::tempdir().unwrap();
        let rule = "title: Admins\nlogsource: {product: linux}\ndetection:\n  s: {User|expand: '%admins%'}\n  condition: s\n";
        std::fs::write(folder.path().join("admins.yml"), rule).unwrap();
        let folders = [folder.path().to_owned()];
        let (_, without) = load(&folders, &Placeholders::new()).unwrap();
        assert!(without.refused()[0].reason.contains("%admins%"), "{}", without.refused()[0].reason);
        let values = Placeholders::from([("admins".to_owned(), vec!["root".to_owned()])]);
        let (_, with) = load(&folders, &values).unwrap();
        assert!(with.refused().is_empty());
        assert!(with.all().iter().any(|rule| rule.title == "Admins"));
    }

    #[test]
    fn a_filter_of_a_folder_tunes_shipped_rules() {
        let certutil = "proc_creation_win_certutil_download";
        let (engine, catalogue) = load(&[], &Placeholders::new()).unwrap();
        let rule = catalogue.all().iter().find(|rule| rule.file.contains(certutil)).unwrap();
        let text = std::fs::read_to_string(format!(
            "{}/../../content/rules/windows/samples/{certutil}.jsonl",
            env!("CARGO_MANIFEST_DIR")
        ))
        .unwrap();
        let samples = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let events: Vec<telemetry::Event> = samples
            .filter(|sample| sample["expect"] == true)
            .map(|sample| {
                let raw = serde_json::to_vec(&sample["event"]).unwrap();
                let mut event = telemetry::Event::new(raw.into(), telemetry::Format::JsonLines);
                for (name, value) in sample["event"].as_object().unwrap() {
                    if let Some(text) = value.as_str() {
                        event.set(name.as_str(), text.into());
                    }
                }
                event.set("User", "CORP\\packager".into());
                event.source =
                    telemetry::LogSource::of(Some("windows"), Some("process_creation"), Some("sysmon"));
                event
            })
            .collect();
        let fires = |engine: &Engine, catalogue: &Catalogue, event: &telemetry::Event| {
            engine.matches(event).iter().any(|index| catalogue.at(*index).unwrap().id == rule.id)
        };
        let folder = tempfile::tempdir().unwrap();
        let filter = format!(
            "title: Packaging\nlogsource: {{product: windows}}\nfilter:\n  rules: [{}]\n  packager: {{User|endswith: '\\packager'}}\n  condition: not packager\n",
            rule.id
        );
        std::fs::write(folder.path().join("filter.yml"), filter).unwrap();
        let (tuned, tuned_catalogue) = load(&[folder.path().to_owned()], &Placeholders::new()).unwrap();
        assert!(tuned_catalogue.refused().is_empty());
        assert!(!events.is_empty());
        let known = tuned_catalogue.get(&rule.id).unwrap();
        assert_eq!(known.filters[0].title, "Packaging");
        assert!(known.filters[0].file.ends_with("filter.yml"));
        for event in &events {
            assert!(fires(&engine, &catalogue, event));
            assert!(!fires(&tuned, &tuned_catalogue, event));
        }
    }
}

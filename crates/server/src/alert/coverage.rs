//! Which ATT&CK techniques the rules in use cover, and how many alerts they made lately.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use domain::Actor;
use domain::attack::{self, Cell, Matrix};

use super::noise;
use super::rules::KnownRule;
use crate::app::App;
use crate::error::Result;

/// The matrix of some rules, and the alerts of each in the last 30 days.
pub struct Coverage {
    pub rules: Vec<Arc<KnownRule>>,
    pub matrix: Matrix,
    /// By the rules' positions.
    alerts: Vec<i64>,
}

/// Of the rules that look at a log source, as [`sources`] names them, or of all.
pub async fn of(app: &App, actor: &Actor, source: &str) -> Result<Coverage> {
    let noise = noise::of_all(app, actor).await?;
    let counts = noise.into_iter().map(|(rule, noise)| (rule, noise.alerts)).collect();
    let fits = |rule: &&Arc<KnownRule>| source.is_empty() || source_name(rule) == source;
    Ok(Coverage::new(app.rules.all().iter().filter(fits).cloned().collect(), &counts))
}

/// What the log sources of rules are told apart by: the product, or the category of rules for any
/// product. Each with the number of its rules.
pub fn sources(app: &App) -> BTreeMap<String, usize> {
    let mut sources = BTreeMap::new();
    for rule in app.rules.all() {
        *sources.entry(source_name(rule).to_owned()).or_default() += 1;
    }
    sources
}

fn source_name(rule: &KnownRule) -> &str {
    let source = &rule.logsource;
    let parts = [&source.product, &source.category, &source.service];
    parts.into_iter().flatten().next().map_or("any", String::as_str)
}

impl Coverage {
    fn new(rules: Vec<Arc<KnownRule>>, counts: &HashMap<String, i64>) -> Coverage {
        let matrix = Matrix::of(rules.iter().map(|rule| (&*rule.techniques, &*rule.tactics)));
        let alerts = rules.iter().map(|rule| counts.get(&rule.id).copied().unwrap_or(0)).collect();
        Coverage { rules, matrix, alerts }
    }

    /// The alerts of these rules.
    pub fn alerts(&self, rules: &BTreeSet<usize>) -> i64 {
        rules.iter().filter_map(|rule| self.alerts.get(*rule)).sum()
    }

    /// How many techniques have had alerts. One that serves several tactics counts once.
    pub fn seen(&self) -> usize {
        let cells = self.matrix.columns.iter().flat_map(|column| &column.cells);
        let seen: BTreeSet<&str> =
            cells.filter(|cell| self.alerts(&cell.all_rules()) > 0).map(|cell: &Cell| cell.id).collect();
        seen.len()
    }

    /// A layer for the ATT&CK Navigator.
    pub fn layer(&self, source: &str) -> serde_json::Value {
        let name = if source.is_empty() {
            "Rules of Watchbell".to_owned()
        } else {
            format!("Rules of Watchbell for {source}")
        };
        let description = format!("{} rules in use, by technique", self.rules.len());
        let title = |rule: usize| self.rules.get(rule).map_or("", |rule| &rule.title);
        attack::layer(&self.matrix, &name, &description, title)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::rules;

    #[test]
    fn alerts_are_counted_for_the_techniques_of_their_rules() {
        let (_, catalogue) = rules::load(&[], &sigma::Placeholders::new()).unwrap();
        let rules = catalogue.all().to_vec();
        let first = Arc::clone(&rules[0]);
        let coverage = Coverage::new(rules, &HashMap::from([(first.id.clone(), 3)]));
        let techniques: BTreeSet<&str> =
            first.techniques.iter().map(|id| id.split('.').next().unwrap()).collect();
        assert_eq!(coverage.seen(), techniques.len());
        for column in &coverage.matrix.columns {
            for cell in &column.cells {
                let alerts = coverage.alerts(&cell.all_rules());
                assert_eq!(alerts > 0, cell.all_rules().contains(&0), "{}", cell.id);
            }
        }
        assert!(coverage.matrix.unknown.is_empty() && coverage.matrix.untagged.is_empty());
    }
}

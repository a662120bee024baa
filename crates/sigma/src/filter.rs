//! Filters: one tuning for many rules, kept beside them instead of in them (Sigma filters
//! specification 2.1). Reading a filter is here, and how it becomes part of the rules it names.

use std::path::PathBuf;

use telemetry::LogSource;

use crate::condition::Condition;
use crate::detection::{self, Detection, Placeholders, wrong_type};
use crate::error::{Result, SigmaError, Warning};
use crate::rule::{Rule, Tuning, optional_text, read_logsource, required_text};
use crate::yaml::{Data, Node};

/// A tuning that waits for the rules it is about.
#[derive(Debug, Clone)]
pub struct Filter {
    pub title: String,
    pub id: Option<String>,
    pub file: PathBuf,
    /// Counted from 1.
    pub line: usize,
    logsource: LogSource,
    /// Rules by id or name, each with its line; `None` for every rule of the log source.
    rules: Option<Vec<(usize, String)>>,
    detection: Detection,
}

pub(crate) fn read(node: &Node, file: PathBuf, placeholders: &Placeholders) -> Result<Filter> {
    let part = node.get("filter").ok_or_else(|| SigmaError::Missing("filter").at(node.line))?;
    let title = required_text(node, "title")?;
    let (logsource, _) = read_logsource(node)?;
    let detection = detection::read_but(part, placeholders, &["rules"])?;
    check_meaning(&detection.condition, part)?;
    Ok(Filter {
        title,
        id: optional_text(node, "id")?.map(|(_, text)| text),
        file,
        line: node.line,
        logsource,
        rules: read_rules(part)?,
        detection,
    })
}

fn read_rules(part: &Node) -> Result<Option<Vec<(usize, String)>>> {
    let wanted = "a list of rules by id or name, or `any`";
    let Some(rules) = part.get("rules") else { return Err(SigmaError::Missing("rules").at(part.line)) };
    match &rules.data {
        Data::Scalar(_) => match rules.text() {
            Some(word) if word.eq_ignore_ascii_case("any") => Ok(None),
            Some(one) => Ok(Some(vec![(rules.line, one.trim().to_owned())])),
            None => Err(wrong_type("rules", wanted, rules)),
        },
        Data::List(items) if items.is_empty() => {
            Err(SigmaError::EmptyValue("rules".to_owned()).at(rules.line))
        }
        Data::List(items) => {
            let name = |item: &Node| match item.text() {
                Some(text) => Ok((item.line, text.trim().to_owned())),
                None => Err(wrong_type("rules", wanted, item)),
            };
            Ok(Some(items.iter().map(name).collect::<Result<_>>()?))
        }
        Data::Map(_) => Err(wrong_type("rules", wanted, rules)),
    }
}

impl Filter {
    /// Makes itself part of the rules it is about, and says what of it concerns none.
    pub(crate) fn apply(&self, rules: &mut [Rule], warnings: &mut Vec<Warning>) {
        let mut warn = |line, message| warnings.push(Warning { file: self.file.clone(), line, message });
        match &self.rules {
            None => {
                let mut found = false;
                for rule in rules.iter_mut().filter(|rule| rule.logsource.satisfies(&self.logsource)) {
                    self.tune(rule);
                    found = true;
                }
                if !found {
                    warn(self.line, format!("the filter `{}` concerns no loaded rule", self.title));
                }
            }
            Some(names) => {
                for (line, name) in names {
                    let mut found = false;
                    for rule in rules.iter_mut().filter(|rule| is_called(rule, name)) {
                        found = true;
                        if rule.logsource.satisfies(&self.logsource) {
                            self.tune(rule);
                        } else {
                            let title = &rule.title;
                            warn(
                                *line,
                                format!(
                                    "the rule `{title}` has another log source than the filter, which leaves it as it is"
                                ),
                            );
                        }
                    }
                    if !found {
                        warn(*line, format!("no loaded rule has the id or name `{name}`"));
                    }
                }
            }
        }
    }

    fn tune(&self, rule: &mut Rule) {
        let (title, file, line) = (self.title.clone(), self.file.clone(), self.line);
        rule.tuned_by.push(Tuning { title, file, line });
        let own = &mut rule.detection;
        let first = own.searches.len();
        for search in &self.detection.searches {
            let mut search = search.clone();
            search.name = format!("{}: {}", self.title, search.name);
            own.searches.push(search);
        }
        let tuning = match shifted(&self.detection.condition, first) {
            tuning @ Condition::Not(_) => tuning,
            selected => Condition::Not(Box::new(selected)),
        };
        let before = std::mem::replace(&mut own.condition, Condition::All(Vec::new()));
        own.condition = Condition::All(vec![before, tuning]);
    }
}

pub(crate) fn is_called(rule: &Rule, name: &str) -> bool {
    rule.id.as_deref().is_some_and(|id| id.eq_ignore_ascii_case(name)) || rule.name.as_deref() == Some(name)
}

/// Lets only those conditions through whose meaning is beyond doubt. The reference implementation joins
/// the condition with `and`, so that it reads `not selection`; the specification's example selects what
/// is to be left out. Both are the same tuning. But `selection and not other` is what must hold in the
/// one reading and what is left out in the other, and whichever is wrong loses detections.
fn check_meaning(condition: &Condition, part: &Node) -> Result<()> {
    let selects = match condition {
        Condition::Not(inner) => inner,
        condition => condition,
    };
    if !says_not(selects) {
        return Ok(());
    }
    let node = part.get("condition").unwrap_or(part);
    Err(SigmaError::Condition {
        condition: node.text().unwrap_or_default().to_owned(),
        reason: "a filter either selects what is to be left out, without `not`, or says `not (…)` of all \
                 of it"
            .to_owned(),
    }
    .at(node.line))
}

fn says_not(condition: &Condition) -> bool {
    match condition {
        Condition::Not(_) => true,
        Condition::All(terms) | Condition::Any(terms) => terms.iter().any(says_not),
        Condition::Search(_) | Condition::AtLeast { .. } => false,
    }
}

/// The condition over searches that stand `by` places later.
fn shifted(condition: &Condition, by: usize) -> Condition {
    let all = |terms: &[Condition]| terms.iter().map(|term| shifted(term, by)).collect();
    match condition {
        Condition::Search(at) => Condition::Search(at + by),
        Condition::All(terms) => Condition::All(all(terms)),
        Condition::Any(terms) => Condition::Any(all(terms)),
        Condition::Not(inner) => Condition::Not(Box::new(shifted(inner, by))),
        Condition::AtLeast { count, of } => {
            Condition::AtLeast { count: *count, of: of.iter().map(|at| at + by).collect() }
        }
    }
}

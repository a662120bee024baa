//! Why a rule fires on an event, or why it does not: the log source, then the condition with every
//! search, item and value of it, and what the event holds there. Walks the rule's tree with the
//! engine's own tests, one at a time, so it is slow and says what the engine says. Here is the walk;
//! how a test reads in words is in `asked`, and how all of it reads as lines is in `lines`.

mod asked;
mod lines;

use serde::Serialize;
use telemetry::{Event, LogSource, Value};

use crate::condition::Condition;
use crate::detection::Detection;
use crate::rule::Rule;
use crate::test::Tester;
use crate::tree::{Subject, Test, Tree};
use crate::view::{FieldNames, Places, View, texts};

pub use lines::Line;

/// More values of one item than this are counted and not kept.
const SEEN: usize = 20;
/// Longer values are cut for the explanation; the rule was asked about the whole.
const LONGEST: usize = 2000;

/// The answer for one rule and one event.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// What the engine says, too.
    pub fires: bool,
    pub log_source: SourceCheck,
    /// Told also where the log source does not fit.
    pub condition: Step,
}

/// Whether the event comes from where the rule looks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceCheck {
    pub holds: bool,
    /// By the rule.
    pub wanted: LogSource,
    /// By the event.
    pub seen: LogSource,
}

/// A part of the condition, and whether it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    pub holds: bool,
    #[serde(flatten)]
    pub what: What,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "what")]
pub enum What {
    /// Every step must hold.
    All,
    /// One step must hold.
    Any,
    /// Its one step must not hold.
    Not,
    /// So many of the steps must hold.
    AtLeast {
        count: usize,
    },
    /// A search identifier. One that a filter brought stands behind the filter's title and a colon.
    Search {
        name: String,
    },
    Item(Item),
}

/// One field, or the whole record, and what it is asked for. One of the values must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    /// `None` for a keyword search of the whole record.
    pub field: Option<String>,
    pub asked: Vec<Asked>,
    /// What the event has there; for a keyword search, where it was found. Text from outside.
    pub seen: Vec<Seen>,
    /// The event has no such field.
    pub absent: bool,
    /// A field of the event that may be meant by the one that is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub similar: Option<String>,
}

/// One value of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Asked {
    pub holds: bool,
    /// `contains`, `is`, `matches`, …
    pub relation: String,
    pub value: String,
}

/// A value of the event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// `None` for the record as a whole.
    pub field: Option<String>,
    pub value: String,
}

impl Rule {
    /// Why the rule fires on the event, or why not.
    pub fn explain(&self, event: &Event) -> Explanation {
        let log_source = SourceCheck {
            holds: event.source.satisfies(&self.logsource),
            wanted: self.logsource.clone(),
            seen: event.source.clone(),
        };
        let condition = condition(&self.detection.condition, &self.detection, event);
        Explanation { fires: log_source.holds && condition.holds, log_source, condition }
    }
}

fn condition(asked: &Condition, detection: &Detection, event: &Event) -> Step {
    let each = |all: &[Condition]| all.iter().map(|inner| condition(inner, detection, event)).collect();
    let search = |at: usize| match detection.searches.get(at) {
        Some(search) => {
            let inner = tree(&search.tree, event);
            Step { holds: inner.holds, what: What::Search { name: search.name.clone() }, steps: vec![inner] }
        }
        None => any(Vec::new()),
    };
    match asked {
        Condition::Search(at) => search(*at),
        Condition::All(terms) => all(each(terms)),
        Condition::Any(terms) => any(each(terms)),
        Condition::Not(inner) => not(condition(inner, detection, event)),
        Condition::AtLeast { count, of } => {
            let steps: Vec<Step> = of.iter().map(|at| search(*at)).collect();
            if *count == steps.len() {
                return all(steps);
            }
            if *count == 1 {
                return any(steps);
            }
            let holds = steps.iter().filter(|step| step.holds).count() >= *count;
            Step { holds, what: What::AtLeast { count: *count }, steps }
        }
    }
}

fn tree(asked: &Tree, event: &Event) -> Step {
    let each = |trees: &[Tree]| trees.iter().map(|inner| tree(inner, event)).collect();
    match asked {
        Tree::Test(test) => item(test, event),
        Tree::All(trees) => all(each(trees)),
        Tree::Any(trees) => any(each(trees)),
        Tree::Not(inner) => not(tree(inner, event)),
    }
}

fn all(mut steps: Vec<Step>) -> Step {
    if steps.len() == 1
        && let Some(only) = steps.pop()
    {
        return only;
    }
    Step { holds: steps.iter().all(|step| step.holds), what: What::All, steps }
}

fn any(mut steps: Vec<Step>) -> Step {
    if steps.len() == 1
        && let Some(only) = steps.pop()
    {
        return only;
    }
    Step { holds: steps.iter().any(|step| step.holds), what: What::Any, steps }
}

fn not(step: Step) -> Step {
    Step { holds: !step.holds, what: What::Not, steps: vec![step] }
}

fn item(test: &Test, event: &Event) -> Step {
    let mut names = FieldNames::default();
    let whole = Tester::new(test, &mut names);
    let each: Vec<(Test, Tester)> = asked::split(test)
        .into_iter()
        .map(|one| {
            let tester = Tester::new(&one, &mut names);
            (one, tester)
        })
        .collect();
    let mut places = Places::default();
    let view = View::new(event, &names, &mut places);
    let holds = whole.holds(&view);
    let asked = each
        .iter()
        .map(|(one, tester)| {
            let (relation, value) = asked::in_words(&one.check, event);
            Asked { holds: tester.holds(&view), relation, value }
        })
        .collect();
    let item = match &test.subject {
        Subject::Field(name) => {
            let value = event.get(name);
            let absent = value.is_none() && !view.has_within(name);
            let similar = if absent { similar(name, event) } else { None };
            let seen = value.map(|value| seen(name, value)).unwrap_or_default();
            Item { field: Some(name.clone()), asked, seen, absent, similar }
        }
        Subject::Record => {
            let found = whole
                .found(&view, &names)
                .into_iter()
                .take(SEEN)
                .map(|found| Seen { field: found.field.map(str::to_owned), value: cut(&found.text) });
            Item { field: None, asked, seen: found.collect(), absent: false, similar: None }
        }
    };
    Step { holds, what: What::Item(item), steps: Vec::new() }
}

fn seen(name: &str, value: &Value) -> Vec<Seen> {
    let one = |text: &str| Seen { field: Some(name.to_owned()), value: cut(text) };
    match value {
        Value::Null => vec![one("null")],
        value => texts(value, true).iter().take(SEEN).map(|text| one(text)).collect(),
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}

/// A field whose name differs in the case of its letters, or in what stands before the last dot.
fn similar(name: &str, event: &Event) -> Option<String> {
    let last = |name: &str| name.rsplit('.').next().unwrap_or_default().to_lowercase();
    let wanted = last(name);
    let mut fields = event.fields().map(|(known, _)| known);
    fields.find(|known| last(known) == wanted).map(str::to_owned)
}

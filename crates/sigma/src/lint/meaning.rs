//! Conditions that cannot be meant: what is never asked, what can never hold, what nearly always does.

use super::Report;
use crate::condition::Condition;
use crate::detection::Detection;
use crate::pattern::{Part, Pattern};
use crate::text::TextSet;
use crate::tree::{Check, Subject, Test, Tree};
use crate::yaml::{Data, Node};

pub(super) fn look(node: &Node, report: &mut Report<'_>) {
    let detection = &report.rule.detection;
    let line = node.get("condition").map_or(node.line, |condition| condition.line);
    let mut asked = vec![false; detection.searches.len()];
    mark(&detection.condition, &mut asked);
    let unasked: Vec<String> = detection
        .searches
        .iter()
        .zip(&asked)
        .filter(|(_, asked)| !**asked)
        .map(|(search, _)| search.name.clone())
        .collect();
    let only_not = only_negation(&detection.condition);
    let never = never(detection);
    for name in unasked {
        let line = line_of(node, &name).unwrap_or(line);
        report.say(line, "unasked-search", format!("the condition never asks for `{name}`"));
    }
    if only_not {
        report.say(
            line,
            "only-negation",
            "the condition only says what must not be, so nearly every event of the log source fires",
        );
    }
    if let Some(why) = never {
        report.say(line, "contradiction", format!("the condition can never hold: {why}"));
    }
}

fn line_of(node: &Node, name: &str) -> Option<usize> {
    let Data::Map(entries) = &node.data else { return None };
    entries.iter().find(|(key, _)| key.text == name).map(|(key, _)| key.line)
}

fn mark(condition: &Condition, asked: &mut [bool]) {
    let mut one = |at: usize| {
        if let Some(place) = asked.get_mut(at) {
            *place = true;
        }
    };
    match condition {
        Condition::Search(at) => one(*at),
        Condition::AtLeast { of, .. } => of.iter().for_each(|at| one(*at)),
        Condition::Not(inner) => mark(inner, asked),
        Condition::All(terms) | Condition::Any(terms) => terms.iter().for_each(|term| mark(term, asked)),
    }
}

fn only_negation(condition: &Condition) -> bool {
    match condition {
        Condition::Not(_) => true,
        Condition::All(terms) => terms.iter().all(only_negation),
        Condition::Any(terms) => terms.iter().any(only_negation),
        Condition::Search(_) | Condition::AtLeast { .. } => false,
    }
}

/// Why the condition cannot hold, where that is seen without much ado.
fn never(detection: &Detection) -> Option<String> {
    let mut must = Vec::new();
    let mut must_not = Vec::new();
    demanded(&detection.condition, detection, &mut must, &mut must_not);
    for (at, search) in &must {
        if must_not.iter().any(|(other, _)| other == at) {
            return Some(format!("it asks for `{0}` and for `not {0}`", search.name));
        }
    }
    let mut tests: Vec<(&str, &Test)> = Vec::new();
    for (_, search) in &must {
        let mut own = Vec::new();
        gather(&search.tree, &mut own);
        tests.extend(own.into_iter().map(|test| (search.name.as_str(), test)));
    }
    for (_, filter) in &must_not {
        let mut own = Vec::new();
        if whole(&filter.tree, &mut own)
            && own.iter().all(|test| tests.iter().any(|(_, other)| other == test))
        {
            return Some(format!("whatever it looks for, `not {}` takes away", filter.name));
        }
    }
    for (at, (one_name, one)) in tests.iter().enumerate() {
        for (other_name, other) in tests.iter().skip(at + 1) {
            if let (Subject::Field(field), true) = (&one.subject, one.subject == other.subject)
                && (excludes(&one.check, &other.check) || excludes(&other.check, &one.check))
            {
                let place = if one_name == other_name {
                    format!("in `{one_name}`")
                } else {
                    format!("by `{one_name}` and by `{other_name}`")
                };
                return Some(format!("what is asked of the field {field} {place} excludes itself"));
            }
        }
    }
    None
}

type Numbered<'d> = Vec<(usize, &'d crate::detection::Search)>;

/// The searches that must hold, and those that must not, for the condition to hold.
fn demanded<'d>(
    condition: &Condition,
    detection: &'d Detection,
    must: &mut Numbered<'d>,
    must_not: &mut Numbered<'d>,
) {
    let named = |at: &usize| detection.searches.get(*at).map(|search| (*at, search));
    match condition {
        Condition::Search(at) => must.extend(named(at)),
        Condition::AtLeast { count, of } if *count == of.len() => must.extend(of.iter().filter_map(named)),
        Condition::All(terms) => terms.iter().for_each(|term| demanded(term, detection, must, must_not)),
        Condition::Not(inner) => match &**inner {
            Condition::Search(at) => must_not.extend(named(at)),
            Condition::AtLeast { count: 1, of } => must_not.extend(of.iter().filter_map(named)),
            _ => {}
        },
        Condition::Any(_) | Condition::AtLeast { .. } => {}
    }
}

/// The tests without which the tree cannot hold.
fn gather<'t>(tree: &'t Tree, tests: &mut Vec<&'t Test>) {
    match tree {
        Tree::Test(test) => tests.push(test),
        Tree::All(trees) => trees.iter().for_each(|inner| gather(inner, tests)),
        Tree::Any(_) | Tree::Not(_) => {}
    }
}

/// As [`gather`], and whether these tests are all there is to it.
fn whole<'t>(tree: &'t Tree, tests: &mut Vec<&'t Test>) -> bool {
    match tree {
        Tree::Test(test) => {
            tests.push(test);
            true
        }
        Tree::All(trees) => trees.iter().all(|inner| whole(inner, tests)),
        Tree::Any(_) | Tree::Not(_) => false,
    }
}

/// Whether no single value satisfies both: the one names its values, and the other takes none of them.
fn excludes(one: &Check, other: &Check) -> bool {
    match (one, other) {
        (Check::Null, Check::Null | Check::Exists(false))
        | (Check::Exists(false), Check::Null | Check::Exists(false)) => false,
        (Check::Exists(false), _) => true,
        (
            Check::Null,
            Check::Text { .. }
            | Check::Number(_)
            | Check::Compare { .. }
            | Check::Network(_)
            | Check::Regex(_),
        ) => true,
        (Check::Text { patterns, cased: false }, Check::Text { patterns: wanted, cased: false }) => {
            let literal = |pattern: &Pattern| match pattern.parts() {
                [Part::Text(text)] => Some(text.clone()),
                _ => None,
            };
            let Some(values) = patterns.iter().map(literal).collect::<Option<Vec<_>>>() else { return false };
            let set = TextSet::new(wanted);
            !values.iter().any(|value| set.matches(value))
        }
        (Check::Number(numbers), Check::Number(wanted)) => !numbers
            .iter()
            .any(|number| wanted.iter().any(|other| crate::number::Relation::Equal.holds(*number, *other))),
        _ => false,
    }
}

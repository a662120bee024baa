//! An explanation as lines to be read, for a terminal or a page: first what decided, then the tree.

use std::fmt::Write as _;

use serde::Serialize;
use telemetry::LogSource;

use super::{Asked, Explanation, Item, Seen, Step, What};

/// Of more values than this, only those that were found are listed.
const LISTED: usize = 8;
/// What people take in of a value on one line.
const SHOWN: usize = 240;

/// One line. Its texts hold values of the rule and of the event: text from outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// How far it is indented, from 0.
    pub depth: usize,
    /// Whether what it says holds, where it says something that can hold.
    pub holds: Option<bool>,
    pub text: String,
}

impl Explanation {
    /// What decided, in few sentences: what is missing where the rule does not fire, or what of it was
    /// found where it does.
    pub fn reasons(&self) -> Vec<String> {
        let mut reasons = Vec::new();
        if !self.log_source.holds {
            reasons.push(format!(
                "The rule looks at {}, and the event comes from {}.",
                source(&self.log_source.wanted),
                source(&self.log_source.seen)
            ));
        }
        if self.fires || !self.condition.holds {
            blame(&self.condition, "", &mut reasons);
        }
        reasons
    }

    /// The whole of it as a tree.
    pub fn lines(&self) -> Vec<Line> {
        let check = &self.log_source;
        let mut lines = vec![Line {
            depth: 0,
            holds: Some(check.holds),
            text: format!("log source: wants {}, event is {}", source(&check.wanted), source(&check.seen)),
        }];
        step(&self.condition, 0, "condition: ", &mut lines, &mut Vec::new());
        lines
    }
}

/// What the state of a step comes from.
fn blame(step: &Step, search: &str, reasons: &mut Vec<String>) {
    match &step.what {
        What::Search { name } => step.steps.iter().for_each(|inner| blame(inner, name, reasons)),
        What::Not => step.steps.iter().for_each(|inner| blame(inner, search, reasons)),
        What::All | What::Any | What::AtLeast { .. } => {
            step.steps
                .iter()
                .filter(|inner| inner.holds == step.holds)
                .for_each(|inner| blame(inner, search, reasons));
        }
        What::Item(item) => {
            let place = if search.is_empty() { String::new() } else { format!("{search}: ") };
            reasons.push(format!("{place}{}", sentence(item, step.holds)));
        }
    }
}

fn sentence(item: &Item, holds: bool) -> String {
    let field = item.field.as_deref().unwrap_or("the record");
    let mut text = if holds {
        match item.asked.iter().find(|asked| asked.holds) {
            Some(asked) => format!("{field} {}", words(asked)),
            None => format!("{field} holds what is asked for"),
        }
    } else {
        match item.asked.as_slice() {
            [only] => format!("{field} {}", negated(&words(only))),
            asked => format!("{field} holds none of {} values", asked.len()),
        }
    };
    text.push_str(&found(item));
    text.push('.');
    text
}

/// `contains …` as `does not contain …`.
fn negated(words: &str) -> String {
    let pairs = [
        ("does not exist", "exists"),
        ("exists", "does not exist"),
        ("contains", "does not contain"),
        ("starts with", "does not start with"),
        ("ends with", "does not end with"),
        ("matches", "does not match"),
        ("lies in", "does not lie in"),
        ("has a", "does not have a"),
        ("is ", "is not "),
    ];
    let pair = pairs.into_iter().find_map(|(said, denied)| Some((words.strip_prefix(said)?, denied)));
    pair.map_or_else(|| format!("not so: {words}"), |(rest, denied)| format!("{denied}{rest}"))
}

fn step(step: &Step, depth: usize, label: &str, lines: &mut Vec<Line>, told: &mut Vec<String>) {
    let mut line = |text: String| lines.push(Line { depth, holds: Some(step.holds), text });
    match &step.what {
        What::Item(item) => return self::item(item, step.holds, depth, label, lines),
        What::Search { name } => {
            if told.contains(name) {
                return line(format!("{label}{name} (told above)"));
            }
            told.push(name.clone());
            line(format!("{label}{name}"));
        }
        What::All => match one_field(&step.steps) {
            Some(item) => line(format!("{label}{}, all of these:{}", field(item), found(item))),
            None => line(format!("{label}all of these:")),
        },
        What::Any => line(format!("{label}one of these:")),
        What::Not => line(format!("{label}not:")),
        What::AtLeast { count } => line(format!("{label}at least {count} of these:")),
    }
    let together = step.what == What::All && one_field(&step.steps).is_some();
    for inner in &step.steps {
        match &inner.what {
            What::Item(item) if together => {
                for asked in &item.asked {
                    lines.push(Line { depth: depth + 1, holds: Some(asked.holds), text: words(asked) });
                }
            }
            _ => self::step(inner, depth + 1, "", lines, told),
        }
    }
}

/// The first of several items that ask the same field for one value each, as `contains|all` does.
fn one_field(steps: &[Step]) -> Option<&Item> {
    let items: Vec<&Item> = steps
        .iter()
        .map(|step| match &step.what {
            What::Item(item) if item.asked.len() == 1 && item.field.is_some() => Some(item),
            _ => None,
        })
        .collect::<Option<_>>()?;
    let first = items.first()?;
    items.iter().all(|item| item.field == first.field).then_some(*first)
}

fn item(item: &Item, holds: bool, depth: usize, label: &str, lines: &mut Vec<Line>) {
    let mut line = |depth, holds, text| lines.push(Line { depth, holds, text });
    if let [only] = item.asked.as_slice() {
        return line(depth, Some(holds), format!("{label}{} {}{}", field(item), words(only), found(item)));
    }
    line(
        depth,
        Some(holds),
        format!("{label}{}, one of {} values:{}", field(item), item.asked.len(), found(item)),
    );
    let all = item.asked.len() <= LISTED;
    let shown: Vec<&Asked> = item.asked.iter().filter(|asked| all || asked.holds).take(LISTED).collect();
    for asked in &shown {
        line(depth + 1, Some(asked.holds), words(asked));
    }
    let held = item.asked.iter().filter(|asked| asked.holds).count();
    let rest = item.asked.len() - shown.len();
    if rest > 0 {
        let which = if held > shown.len() { "more" } else { "more that do not hold" };
        line(depth + 1, None, format!("and {rest} {which}"));
    }
}

fn field(item: &Item) -> &str {
    item.field.as_deref().unwrap_or("anywhere in the record")
}

fn words(asked: &Asked) -> String {
    if asked.value.is_empty() {
        return asked.relation.clone();
    }
    format!("{} `{}`", asked.relation, shortened(&asked.value))
}

/// What the event has there.
fn found(item: &Item) -> String {
    if item.absent {
        return match &item.similar {
            Some(name) => format!(" — the event has no such field, but it has `{name}`"),
            None => " — the event has no such field".to_owned(),
        };
    }
    let mut text = String::new();
    match item.seen.as_slice() {
        [] if item.field.is_none() => text.push_str(" — found nowhere"),
        [] => text.push_str(" — the field is empty"),
        all => {
            text.push_str(" — ");
            for (at, Seen { field, value }) in all.iter().take(3).enumerate() {
                let before = if at == 0 { "" } else { ", " };
                match field.as_ref().filter(|_| item.field.is_none()) {
                    Some(field) => write!(text, "{before}{field}: `{}`", shortened(value)),
                    None => write!(text, "{before}`{}`", shortened(value)),
                }
                .ok();
            }
            if all.len() > 3 {
                write!(text, " and {} more", all.len() - 3).ok();
            }
        }
    }
    text
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}

fn source(source: &LogSource) -> String {
    let parts = [("product", &source.product), ("category", &source.category), ("service", &source.service)];
    let told: Vec<String> =
        parts.into_iter().filter_map(|(name, part)| Some(format!("{name} {}", part.as_deref()?))).collect();
    if told.is_empty() { "an unknown source".to_owned() } else { told.join(", ") }
}

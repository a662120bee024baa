//! Correlations joined with the rules they refer to, over everything that was loaded, and what an event
//! that a rule has matched brings to them.

use telemetry::{Event, Value};

use super::group::{Firing, Marks};
use super::{Alias, Correlation, Kind};
use crate::engine::RuleIndex;
use crate::error::{Refusal, Result, SigmaError, Warning};
use crate::filter::is_called;
use crate::hash::hash;
use crate::number::Number;
use crate::rule::Rule;

/// Longer values are told apart by a hash of the rest.
const LONGEST_VALUE: usize = 512;
/// Items of a list that are looked at.
const MOST_ITEMS: usize = 256;

/// What a correlation's rule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Rule(RuleIndex),
    Correlation(usize),
}

/// What to take from the events of one rule of a correlation, by field.
#[derive(Debug, Clone)]
struct Slot {
    target: Target,
    group: Vec<String>,
    values: Vec<String>,
    carried: Vec<String>,
}

#[derive(Debug, Clone)]
struct Joined {
    correlation: Correlation,
    slots: Vec<Slot>,
    /// Fields that correlations of this one ask for.
    carried: Vec<String>,
    /// Correlations of this one, with the place it has among their rules.
    uses: Vec<(usize, usize)>,
    is_silent: bool,
}

/// The correlations that can run, each behind those it needs.
#[derive(Debug, Clone, Default)]
pub struct Correlations {
    all: Vec<Joined>,
    /// By rule: the correlations of it, with the place it has among their rules.
    of_rules: Vec<Vec<(usize, usize)>>,
    silent_rules: Vec<bool>,
}

/// What an event brings to a correlation.
#[derive(Debug, Clone, PartialEq)]
pub struct Sighting {
    pub correlation: usize,
    /// Which of the correlation's rules has matched.
    pub slot: usize,
    /// The values of `group-by`.
    pub group: Vec<String>,
    pub marks: Marks,
}

impl Sighting {
    /// What is the same for all events of a group. Letters count the same large and small, as everywhere
    /// in Sigma.
    pub fn key(&self) -> String {
        self.group.iter().map(|value| value.to_lowercase()).collect::<Vec<_>>().join("\u{1f}")
    }
}

impl Correlations {
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub fn all(&self) -> impl ExactSizeIterator<Item = &Correlation> {
        self.all.iter().map(|joined| &joined.correlation)
    }

    pub fn get(&self, index: usize) -> Option<&Correlation> {
        self.all.get(index).map(|joined| &joined.correlation)
    }

    /// Whether the rule raises no detections of its own, since it is only there for correlations (Sigma
    /// correlation rules 2.1, "Generate"). Where correlations disagree, it does: a detection too many is
    /// safer than one too few.
    pub fn is_silent_rule(&self, rule: RuleIndex) -> bool {
        self.silent_rules.get(rule) == Some(&true)
    }

    /// The same of a correlation that others refer to.
    pub fn is_silent(&self, correlation: usize) -> bool {
        self.all.get(correlation).is_some_and(|joined| joined.is_silent)
    }

    /// What the event, which the rule has matched, brings to the correlations of the rule. It brings
    /// nothing to those whose `group-by` or `field` it does not have.
    pub fn sightings(&self, rule: RuleIndex, event: &Event) -> Vec<Sighting> {
        let uses = self.of_rules.get(rule).into_iter().flatten();
        uses.filter_map(|(correlation, slot)| self.sighting(*correlation, *slot, event)).collect()
    }

    fn sighting(&self, correlation: usize, place: usize, event: &Event) -> Option<Sighting> {
        let joined = self.all.get(correlation)?;
        let slot = joined.slots.get(place)?;
        let group = slot.group.iter().map(|field| text_of(event, field)).collect::<Option<_>>()?;
        let mut marks = Marks::default();
        if joined.correlation.kind == Kind::ValueCount {
            marks.values = match slot.values.as_slice() {
                [field] => texts_of(event.get(field)?),
                fields => vec![together(fields.iter().map(|field| text_of(event, field)))?],
            };
            if marks.values.is_empty() {
                return None;
            }
        } else if joined.correlation.kind.is_numeric() {
            let value = event.get(slot.values.first()?)?;
            marks.number = Some(Number::of_value(value)?.as_float()).filter(|number| number.is_finite());
            marks.number?;
        }
        let carried = slot.carried.iter().map(|field| text_of(event, field).map(String::into_boxed_str));
        marks.carried = carried.collect();
        Some(Sighting { correlation, slot: place, group, marks })
    }

    /// What a correlation that has fired brings to its own correlations: once for all events that say
    /// the same of what they ask for.
    pub fn raised<I>(&self, correlation: usize, firing: &Firing<I>) -> Vec<Sighting> {
        let Some(joined) = self.all.get(correlation) else { return Vec::new() };
        let mut all: Vec<Sighting> = Vec::new();
        for (upper, slot) in &joined.uses {
            for lead in &firing.leads {
                if let Some(sighting) = self.raise(joined, *upper, *slot, lead)
                    && !all.contains(&sighting)
                {
                    all.push(sighting);
                }
            }
        }
        all
    }

    fn raise(
        &self,
        lower: &Joined,
        upper: usize,
        place: usize,
        lead: &[Option<Box<str>>],
    ) -> Option<Sighting> {
        let joined = self.all.get(upper)?;
        let slot = joined.slots.get(place)?;
        let text = |field: &String| {
            let at = lower.carried.iter().position(|name| name == field)?;
            lead.get(at)?.as_deref().map(str::to_owned)
        };
        let group = slot.group.iter().map(text).collect::<Option<_>>()?;
        let mut marks = Marks::default();
        if joined.correlation.kind == Kind::ValueCount {
            marks.values = vec![together(slot.values.iter().map(text))?];
        } else if joined.correlation.kind.is_numeric() {
            let number = Number::of_text(&text(slot.values.first()?)?)?.as_float();
            marks.number = Some(number).filter(|number| number.is_finite());
            marks.number?;
        }
        marks.carried = slot.carried.iter().map(|field| text(field).map(String::into_boxed_str)).collect();
        Some(Sighting { correlation: upper, slot: place, group, marks })
    }

    /// Changes whenever what the correlation finds may change, so that what was kept for it is not
    /// taken for what it looks for now.
    pub fn fingerprint(&self, correlation: usize) -> String {
        let shown = self.all.get(correlation).map(|joined| {
            let of = &joined.correlation;
            format!(
                "{:?}",
                (of.kind, &of.rules, &of.group_by, of.timespan, &of.fields, &of.demand, &joined.slots)
            )
        });
        format!("{:016x}", hash(0, shown.unwrap_or_default().as_bytes()))
    }
}

/// One text for a field: of a list, its items; nothing where there is no value or an empty one.
fn text_of(event: &Event, field: &str) -> Option<String> {
    let value = event.get(field)?;
    let texts = texts_of(value);
    match texts.as_slice() {
        [] => None,
        [one] => match value {
            Value::List(_) => Some(one.to_string()),
            value => value.as_text().map(|text| bounded(&text)),
        },
        several => Some(bounded(&several.join(", "))),
    }
}

/// The values of a field, as they are compared.
fn texts_of(value: &Value) -> Vec<Box<str>> {
    let one = |value: &Value| {
        value
            .as_text()
            .filter(|text| !text.is_empty())
            .map(|text| bounded(&text).to_lowercase().into_boxed_str())
    };
    match value {
        Value::List(items) => items.iter().take(MOST_ITEMS).filter_map(one).collect(),
        value => one(value).into_iter().collect(),
    }
}

/// `None` if one of them is not there.
fn together(texts: impl Iterator<Item = Option<String>>) -> Option<Box<str>> {
    let texts: Vec<String> = texts.collect::<Option<_>>()?;
    Some(texts.join("\u{1f}").to_lowercase().into_boxed_str())
}

fn bounded(text: &str) -> String {
    if text.len() <= LONGEST_VALUE {
        return text.to_owned();
    }
    let kept = text.floor_char_boundary(LONGEST_VALUE);
    let (begin, rest) = text.split_at(kept);
    format!("{begin}…{:016x}", hash(0, rest.as_bytes()))
}

/// Joins the correlations with their rules; refuses those that refer to nothing, to several or in a
/// circle, and with them those that refer to these.
pub(crate) fn link(
    read: Vec<Correlation>,
    rules: &[Rule],
    refused: &mut Vec<Refusal>,
    warnings: &mut Vec<Warning>,
) -> Correlations {
    let mut alive: Vec<Correlation> = read;
    let targets = loop {
        let resolved: Vec<Result<Vec<Target>>> =
            alive.iter().map(|one| resolve(one, rules, &alive)).collect();
        if resolved.iter().all(Result::is_ok) {
            break resolved.into_iter().filter_map(Result::ok).collect::<Vec<_>>();
        }
        let mut outcome = resolved.into_iter();
        alive.retain(|one| match outcome.next() {
            Some(Err(located)) => {
                refused.push(refusal(one, located.line, located.error));
                false
            }
            _ => true,
        });
    };
    let order = in_order(&alive, &targets, refused);
    let mut place = vec![None; alive.len()];
    for (new, old) in order.iter().enumerate() {
        if let Some(place) = place.get_mut(*old) {
            *place = Some(new);
        }
    }
    let moved = |target: &Target| match target {
        Target::Rule(rule) => Some(Target::Rule(*rule)),
        Target::Correlation(old) => place.get(*old).copied().flatten().map(Target::Correlation),
    };
    let mut waiting: Vec<Option<Correlation>> = alive.into_iter().map(Some).collect();
    let mut linked = Correlations {
        of_rules: vec![Vec::new(); rules.len()],
        silent_rules: vec![false; rules.len()],
        all: Vec::new(),
    };
    for old in order {
        let Some(correlation) = waiting.get_mut(old).and_then(Option::take) else { continue };
        let targets = targets.get(old).map(|targets| targets.iter().filter_map(moved).collect());
        linked.join(correlation, targets.unwrap_or_default(), rules, warnings);
    }
    linked.carry();
    linked.silence();
    linked
}

fn refusal(of: &Correlation, line: usize, reason: SigmaError) -> Refusal {
    let rule = &of.rule;
    Refusal { file: rule.file.clone(), line, title: Some(rule.title.clone()), id: rule.id.clone(), reason }
}

fn resolve(of: &Correlation, rules: &[Rule], correlations: &[Correlation]) -> Result<Vec<Target>> {
    let mut targets: Vec<Target> = Vec::new();
    for (line, name) in &of.rules {
        let near = |rule: &Rule| rule.file == of.rule.file;
        let among_rules = rules.iter().enumerate().filter(|(_, rule)| is_called(rule, name));
        let among_correlations =
            correlations.iter().enumerate().filter(|(_, one)| is_called(&one.rule, name));
        let mut found: Vec<(Target, bool)> = among_rules
            .map(|(at, rule)| (Target::Rule(at), near(rule)))
            .chain(among_correlations.map(|(at, one)| (Target::Correlation(at), near(&one.rule))))
            .collect();
        // The same rules may be loaded from two folders; a file then means its own.
        if found.iter().filter(|(_, is_near)| *is_near).count() == 1 {
            found.retain(|(_, is_near)| *is_near);
        }
        let found: Vec<Target> = found.into_iter().map(|(target, _)| target).collect();
        match found.as_slice() {
            [] => return Err(SigmaError::Dangling(name.clone()).at(*line)),
            [one] if targets.contains(one) => return Err(SigmaError::NamedTwice(name.clone()).at(*line)),
            [one] => targets.push(*one),
            several => {
                let (name, count) = (name.clone(), several.len());
                return Err(SigmaError::Ambiguous { name, count }.at(*line));
            }
        }
    }
    for (line, name, _) in of.aliases.iter().flat_map(|alias| &alias.of) {
        let is_known = |(target, (_, reference)): (&Target, &(usize, String))| {
            let rule = match target {
                Target::Rule(at) => rules.get(*at),
                Target::Correlation(at) => correlations.get(*at).map(|one| &one.rule),
            };
            reference.eq_ignore_ascii_case(name) || rule.is_some_and(|rule| is_called(rule, name))
        };
        if !targets.iter().zip(&of.rules).any(is_known) {
            return Err(SigmaError::AliasOfStranger(name.clone()).at(*line));
        }
    }
    Ok(targets)
}

/// The places of the correlations, each behind those it needs. Those that need themselves are refused.
fn in_order(all: &[Correlation], targets: &[Vec<Target>], refused: &mut Vec<Refusal>) -> Vec<usize> {
    let mut order: Vec<usize> = Vec::new();
    let mut is_placed = vec![false; all.len()];
    let waits_for = |is_placed: &[bool], at: usize| {
        targets.get(at).into_iter().flatten().position(|target| match target {
            Target::Rule(_) => false,
            Target::Correlation(other) => is_placed.get(*other) != Some(&true),
        })
    };
    loop {
        let before = order.len();
        for at in 0..all.len() {
            if is_placed.get(at) == Some(&false) && waits_for(&is_placed, at).is_none() {
                order.push(at);
                is_placed.iter_mut().skip(at).take(1).for_each(|placed| *placed = true);
            }
        }
        if order.len() == before {
            break;
        }
    }
    for (at, one) in all.iter().enumerate() {
        if let Some((line, name)) = waits_for(&is_placed, at).and_then(|slot| one.rules.get(slot)) {
            refused.push(refusal(one, *line, SigmaError::Circular(name.clone())));
        }
    }
    order
}

impl Correlations {
    fn join(
        &mut self,
        mut correlation: Correlation,
        targets: Vec<Target>,
        rules: &[Rule],
        warnings: &mut Vec<Warning>,
    ) {
        let own = self.all.len();
        let mut levels = Vec::new();
        let mut slots = Vec::new();
        for (place, target) in targets.into_iter().enumerate() {
            let rule = match target {
                Target::Rule(at) => {
                    self.of_rules.iter_mut().skip(at).take(1).for_each(|uses| uses.push((own, place)));
                    rules.get(at)
                }
                Target::Correlation(at) => {
                    self.all.iter_mut().skip(at).take(1).for_each(|lower| lower.uses.push((own, place)));
                    self.all.get(at).map(|lower| &lower.correlation.rule)
                }
            };
            let Some(rule) = rule else { continue };
            levels.push(rule.level);
            let reference = correlation.rules.get(place).map_or("", |(_, name)| name.as_str());
            let mut called = |field: &String| {
                let Some(alias) = correlation.aliases.iter().find(|alias| alias.name == *field) else {
                    return field.clone();
                };
                field_of(alias, rule, reference).unwrap_or_else(|| {
                    let title = &rule.title;
                    warnings.push(Warning {
                        file: correlation.rule.file.clone(),
                        line: correlation.rule.line,
                        message: format!(
                            "the alias `{field}` names no field for the rule `{title}`; a field `{field}` is looked for"
                        ),
                    });
                    field.clone()
                })
            };
            let group = correlation.group_by.iter().map(&mut called).collect();
            let values = correlation.fields.iter().map(&mut called).collect();
            slots.push(Slot { target, group, values, carried: Vec::new() });
        }
        if !correlation.has_level
            && let Some(level) = levels.into_iter().max()
        {
            correlation.rule.level = level;
        }
        self.all.push(Joined { correlation, slots, carried: Vec::new(), uses: Vec::new(), is_silent: false });
    }

    /// Tells each correlation which fields those of it ask for, from the last to the first.
    fn carry(&mut self) {
        for upper in (0..self.all.len()).rev() {
            let Some(joined) = self.all.get_mut(upper) else { continue };
            let carried = std::mem::take(&mut joined.carried);
            let (aliases, rules) = (&joined.correlation.aliases, &joined.correlation.rules);
            let mut asked: Vec<(usize, Vec<String>)> = Vec::new();
            for (slot, (_, reference)) in joined.slots.iter_mut().zip(rules) {
                // Where a field is asked for by an alias of this correlation, it is that of the alias.
                let called = |field: &String| {
                    let alias = aliases.iter().find(|alias| alias.name == *field);
                    let of = alias.and_then(|alias| {
                        alias.of.iter().find(|(_, name, _)| name.eq_ignore_ascii_case(reference))
                    });
                    of.map_or_else(|| field.clone(), |(_, _, field)| field.clone())
                };
                slot.carried = carried.iter().map(called).collect();
                if let Target::Correlation(lower) = slot.target {
                    let fields = slot.group.iter().chain(&slot.values).chain(&slot.carried);
                    asked.push((lower, fields.cloned().collect()));
                }
            }
            joined.carried = carried;
            for (lower, fields) in asked {
                let Some(lower) = self.all.get_mut(lower) else { continue };
                for field in fields {
                    if !lower.carried.contains(&field) {
                        lower.carried.push(field);
                    }
                }
            }
        }
    }

    fn silence(&mut self) {
        let speaks = |uses: &[(usize, usize)], all: &[Joined]| {
            uses.iter().any(|(of, _)| all.get(*of).is_some_and(|joined| joined.correlation.generate))
        };
        for (uses, silent) in self.of_rules.iter().zip(&mut self.silent_rules) {
            *silent = !uses.is_empty() && !speaks(uses, &self.all);
        }
        let silent: Vec<bool> =
            self.all.iter().map(|one| !one.uses.is_empty() && !speaks(&one.uses, &self.all)).collect();
        for (joined, silent) in self.all.iter_mut().zip(silent) {
            joined.is_silent = silent;
        }
    }
}

fn field_of(alias: &Alias, rule: &Rule, reference: &str) -> Option<String> {
    let own = |(_, name, _): &&(usize, String, String)| {
        name.eq_ignore_ascii_case(reference) || is_called(rule, name)
    };
    alias.of.iter().find(own).map(|(_, _, field)| field.clone())
}

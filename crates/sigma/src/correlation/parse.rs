//! A correlation rule from YAML. Whether the rules it speaks of are there is not known here.

use std::path::PathBuf;

use super::{Alias, Comparison, Correlation, Demand, Kind};
use crate::condition;
use crate::detection::wrong_type;
use crate::error::{Located, Result, SigmaError};
use crate::rule::{self, required_text, texts};
use crate::yaml::{Data, Kind as Scalar, Node};

const SECOND: i64 = 1_000_000;
/// Letters with what they stand for. A month and a year are a twelfth of and the mean year of the
/// Gregorian calendar.
const UNITS: [(char, i64); 7] = [
    ('s', SECOND),
    ('m', 60 * SECOND),
    ('h', 3600 * SECOND),
    ('d', 86_400 * SECOND),
    ('w', 7 * 86_400 * SECOND),
    ('M', 2_629_746 * SECOND),
    ('y', 31_556_952 * SECOND),
];
const LONGEST: i64 = 10 * 31_556_952 * SECOND;
/// Rules that one correlation may look at.
const MOST_RULES: usize = 100;

pub(crate) fn read(node: &Node, file: PathBuf) -> Result<(Correlation, Vec<(usize, String)>)> {
    let rule::Reading { rule, mut oddities } = rule::read_head(node, file)?;
    let part = node.get("correlation").ok_or_else(|| SigmaError::Missing("correlation").at(node.line))?;
    if !matches!(part.data, Data::Map(_)) {
        return Err(wrong_type("correlation", "a map", part));
    }
    let kind = read_kind(part)?;
    let rules = read_rules(part)?;
    let group_by = no_empty(&texts(part, "group-by")?);
    let timespan = read_timespan(part)?;
    let condition = part.get("condition");
    let fields = read_fields(part, condition, kind)?;
    let demand = read_demand(part, condition, kind, &rules)?;
    if let Demand::Bounds(bounds) = &demand
        && !kind.is_numeric()
        && !bounds.iter().any(|(comparison, _)| bounds_below(*comparison))
        && let Some(condition) = condition
    {
        oddities.push((
            condition.line,
            "a condition without a lower bound holds at the first event already; add gt, gte or eq"
                .to_owned(),
        ));
    }
    let correlation = Correlation {
        kind,
        rules,
        group_by,
        timespan,
        fields,
        generate: read_generate(node, part)?,
        demand,
        aliases: read_aliases(part)?,
        has_level: node.get("level").is_some(),
        rule,
    };
    Ok((correlation, oddities))
}

fn bounds_below(comparison: Comparison) -> bool {
    matches!(comparison, Comparison::Greater | Comparison::AtLeast | Comparison::Equal)
}

fn read_kind(part: &Node) -> Result<Kind> {
    let name = required_text(part, "type")?;
    Ok(match name.as_str() {
        "event_count" => Kind::EventCount,
        "value_count" => Kind::ValueCount,
        "temporal" => Kind::Temporal,
        "temporal_ordered" => Kind::TemporalOrdered,
        "value_sum" => Kind::ValueSum,
        "value_avg" => Kind::ValueAvg,
        "value_min" => Kind::ValueMin,
        "value_max" => Kind::ValueMax,
        "value_median" => Kind::ValuePercentile(50.0),
        "value_percentile" => Kind::ValuePercentile(read_percentile(part)?),
        _ => {
            let line = part.get("type").map_or(part.line, |node| node.line);
            return Err(SigmaError::CorrelationType(name).at(line));
        }
    })
}

fn read_percentile(part: &Node) -> Result<f64> {
    let condition = part.get("condition").ok_or_else(|| SigmaError::Missing("condition").at(part.line))?;
    let node =
        condition.get("percentile").ok_or_else(|| SigmaError::Missing("percentile").at(condition.line))?;
    number(node)
        .filter(|rank| (0.0..=100.0).contains(rank))
        .ok_or_else(|| threshold("percentile", " from 0 to 100", node))
}

fn read_rules(part: &Node) -> Result<Vec<(usize, String)>> {
    let node = part.get("rules").ok_or_else(|| SigmaError::Missing("rules").at(part.line))?;
    let wanted = "a list of rules by id or name";
    let one = |item: &Node| match item.text().map(str::trim) {
        Some(text) if !text.is_empty() => Ok((item.line, text.to_owned())),
        _ => Err(wrong_type("rules", wanted, item)),
    };
    let rules: Vec<(usize, String)> = match &node.data {
        Data::Scalar(_) => vec![one(node)?],
        Data::List(items) if items.is_empty() => {
            return Err(SigmaError::EmptyValue("rules".to_owned()).at(node.line));
        }
        Data::List(items) => items.iter().take(MOST_RULES + 1).map(one).collect::<Result<_>>()?,
        Data::Map(_) => return Err(wrong_type("rules", wanted, node)),
    };
    if rules.len() > MOST_RULES {
        return Err(wrong_type("rules", "a list of at most 100 rules", node));
    }
    for (at, (line, name)) in rules.iter().enumerate() {
        if rules.iter().take(at).any(|(_, other)| other.eq_ignore_ascii_case(name)) {
            return Err(SigmaError::NamedTwice(name.clone()).at(*line));
        }
    }
    Ok(rules)
}

fn no_empty(texts: &[String]) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for text in texts.iter().map(|text| text.trim()).filter(|text| !text.is_empty()) {
        if !kept.iter().any(|other| other == text) {
            kept.push(text.to_owned());
        }
    }
    kept
}

fn read_timespan(part: &Node) -> Result<i64> {
    let text = required_text(part, "timespan")?;
    timespan(&text).ok_or_else(|| {
        let line = part.get("timespan").map_or(part.line, |node| node.line);
        SigmaError::Timespan(text.chars().take(100).collect()).at(line)
    })
}

fn timespan(text: &str) -> Option<i64> {
    let unit = text.chars().next_back()?;
    let count = text.strip_suffix(unit)?;
    let (_, length) = UNITS.into_iter().find(|(letter, _)| *letter == unit)?;
    if !count.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let span = count.parse::<i64>().ok()?.checked_mul(length)?;
    (1..=LONGEST).contains(&span).then_some(span)
}

/// In the largest unit that it is a whole number of.
pub(super) fn shown_timespan(span: i64) -> String {
    let fits = UNITS.into_iter().rev().find(|(_, length)| span % length == 0);
    fits.map_or_else(|| format!("{span}µs"), |(letter, length)| format!("{}{letter}", span / length))
}

/// In the condition, where the specification's text has it, or beside it, where its schema has it.
fn read_fields(part: &Node, condition: Option<&Node>, kind: Kind) -> Result<Vec<String>> {
    let is_asked = kind == Kind::ValueCount || kind.is_numeric();
    let place = condition.filter(|node| node.get("field").is_some()).unwrap_or(part);
    let fields = no_empty(&texts(place, "field")?);
    match fields.as_slice() {
        [] if is_asked => Err(SigmaError::Missing("field").at(condition.unwrap_or(part).line)),
        [_, _, ..] if kind.is_numeric() => {
            let node = place.get("field").unwrap_or(place);
            Err(wrong_type("field", "one field", node))
        }
        _ => Ok(fields),
    }
}

fn read_demand(
    part: &Node,
    condition: Option<&Node>,
    kind: Kind,
    rules: &[(usize, String)],
) -> Result<Demand> {
    let is_temporal = matches!(kind, Kind::Temporal | Kind::TemporalOrdered);
    let all = || f64::from(u32::try_from(rules.len()).unwrap_or(u32::MAX));
    let Some(node) = condition else {
        if is_temporal {
            return Ok(Demand::Bounds(vec![(Comparison::AtLeast, all())]));
        }
        return Err(SigmaError::Missing("condition").at(part.line));
    };
    match &node.data {
        Data::Map(entries) => {
            let mut bounds = Vec::new();
            for (key, value) in entries {
                let comparison = match key.text.as_str() {
                    "gt" => Comparison::Greater,
                    "gte" => Comparison::AtLeast,
                    "lt" => Comparison::Less,
                    "lte" => Comparison::AtMost,
                    "eq" => Comparison::Equal,
                    "neq" => Comparison::Unequal,
                    "field" | "percentile" => continue,
                    other => return Err(SigmaError::Comparison(other.to_owned()).at(key.line)),
                };
                bounds.push((comparison, read_threshold(&key.text, value, kind)?));
            }
            match bounds.is_empty() {
                true if is_temporal => Ok(Demand::Bounds(vec![(Comparison::AtLeast, all())])),
                true => Err(SigmaError::EmptyCondition.at(node.line)),
                false => Ok(Demand::Bounds(bounds)),
            }
        }
        Data::Scalar(_) if is_temporal => {
            let text = node.text().ok_or_else(|| SigmaError::EmptyCondition.at(node.line))?;
            let names: Vec<&str> = rules.iter().map(|(_, name)| name.as_str()).collect();
            condition::parse(text, &names).map(Demand::Rules).map_err(|error| error.at(node.line))
        }
        _ => Err(wrong_type("condition", "a map such as `gte: 10`", node)),
    }
}

/// Counts are whole numbers; below nothing there are none.
fn read_threshold(key: &str, node: &Node, kind: Kind) -> Result<f64> {
    let found = number(node);
    if kind.is_numeric() {
        return found.ok_or_else(|| threshold(key, "", node));
    }
    found
        .filter(|count| count.fract() == 0.0 && (0.0..=1e15).contains(count))
        .ok_or_else(|| threshold(key, " that is whole and not negative", node))
}

fn threshold(key: &str, range: &'static str, node: &Node) -> Located {
    let found = node.text().map_or_else(|| node.sort().to_owned(), |text| text.chars().take(100).collect());
    SigmaError::Threshold { key: key.to_owned(), range, found }.at(node.line)
}

#[allow(clippy::cast_precision_loss, reason = "a threshold above 2^53 is met to within its last digit")]
fn number(node: &Node) -> Option<f64> {
    match &node.data {
        Data::Scalar(scalar) => match scalar.kind {
            Scalar::Int(whole) => Some(whole as f64),
            Scalar::Float(number) => Some(number),
            _ => None,
        },
        _ => None,
    }
}

/// Beside the correlation, where the specification has it, or in it.
fn read_generate(node: &Node, part: &Node) -> Result<bool> {
    let Some(found) = node.get("generate").or_else(|| part.get("generate")) else { return Ok(false) };
    match &found.data {
        Data::Scalar(scalar) => match scalar.kind {
            Scalar::Bool(generate) => Ok(generate),
            Scalar::Null => Ok(false),
            _ => Err(wrong_type("generate", "true or false", found)),
        },
        _ => Err(wrong_type("generate", "true or false", found)),
    }
}

fn read_aliases(part: &Node) -> Result<Vec<Alias>> {
    let wanted = "a map of names to maps of rules to fields";
    let Some(node) = part.get("aliases") else { return Ok(Vec::new()) };
    let entries = match &node.data {
        Data::Map(entries) => entries,
        Data::Scalar(_) if node.text().is_none() => return Ok(Vec::new()),
        _ => return Err(wrong_type("aliases", wanted, node)),
    };
    let mut aliases = Vec::new();
    for (name, fields) in entries {
        let Data::Map(fields) = &fields.data else { return Err(wrong_type("aliases", wanted, fields)) };
        let mut of = Vec::new();
        for (rule, field) in fields {
            match field.text() {
                Some(text) => of.push((rule.line, rule.text.clone(), text.trim().to_owned())),
                None => return Err(wrong_type("aliases", wanted, field)),
            }
        }
        aliases.push(Alias { name: name.text.clone(), of });
    }
    Ok(aliases)
}

#[cfg(test)]
mod tests {
    use super::{shown_timespan, timespan};

    #[test]
    fn time_spans_are_a_number_and_a_letter_that_is_told_by_its_case() {
        assert_eq!(timespan("90m"), Some(5_400_000_000));
        assert_eq!(timespan("1M"), Some(2_629_746_000_000));
        for span in ["1s", "15m", "2h", "3d", "1w", "1M", "10y"] {
            assert_eq!(timespan(span).map(shown_timespan).as_deref(), Some(span));
        }
        for span in
            ["", "m", "0s", "1.5h", "-1s", "1H", "1 h", "+1h", "11y", "99999999999999999999s", "1h30m", "1µ"]
        {
            assert_eq!(timespan(span), None, "{span}");
        }
    }
}

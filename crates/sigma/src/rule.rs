//! A rule as people know it: what it is called, how bad it is, what it is about. Reading it from
//! YAML is here; what it searches for is in `detection`.

use std::path::PathBuf;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use telemetry::LogSource;

use crate::detection::{self, Detection, Placeholders, wrong_type};
use crate::error::{Result, SigmaError};
use crate::yaml::{Data, Node};

/// How critical a match is, from least to most (Sigma 2.1, "Level").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Informational,
    Low,
    Medium,
    High,
    Critical,
}

impl Level {
    pub const ALL: [Level; 5] =
        [Level::Informational, Level::Low, Level::Medium, Level::High, Level::Critical];

    pub fn name(self) -> &'static str {
        match self {
            Level::Informational => "informational",
            Level::Low => "low",
            Level::Medium => "medium",
            Level::High => "high",
            Level::Critical => "critical",
        }
    }
}

impl std::fmt::Display for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

impl std::str::FromStr for Level {
    type Err = SigmaError;

    fn from_str(text: &str) -> std::result::Result<Self, SigmaError> {
        let known = Level::ALL.into_iter().find(|level| text.eq_ignore_ascii_case(level.name()));
        known.ok_or_else(|| SigmaError::Level(text.to_owned()))
    }
}

/// How mature a rule is (Sigma 2.1, "Status").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Stable,
    Test,
    Experimental,
    Deprecated,
    Unsupported,
}

impl Status {
    fn read(text: &str) -> Option<Status> {
        Some(match text.to_ascii_lowercase().as_str() {
            "stable" => Status::Stable,
            "test" | "testing" => Status::Test,
            "experimental" => Status::Experimental,
            "deprecated" => Status::Deprecated,
            "unsupported" => Status::Unsupported,
            _ => return None,
        })
    }
}

/// What the tags of the namespace `attack` name (Sigma 2.1, appendix "Tags").
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Attack {
    /// `T1059` or `T1059.001`, in the rule's order.
    pub techniques: Vec<String>,
    /// `credential-access`, …
    pub tactics: Vec<String>,
    /// `G0016`, …
    pub groups: Vec<String>,
    /// `S0002`, …
    pub software: Vec<String>,
}

impl Attack {
    fn from_tags(tags: &[String]) -> Attack {
        let mut attack = Attack::default();
        for tag in tags {
            let Some(name) = tag.to_ascii_lowercase().strip_prefix("attack.").map(str::to_owned) else {
                continue;
            };
            let numbered = |letter: char| {
                name.strip_prefix(letter).is_some_and(|rest| {
                    rest.starts_with(|sign: char| sign.is_ascii_digit())
                        && rest.chars().all(|sign| sign.is_ascii_digit() || sign == '.')
                })
            };
            let (list, name) = if numbered('t') {
                (&mut attack.techniques, name.to_ascii_uppercase())
            } else if numbered('g') {
                (&mut attack.groups, name.to_ascii_uppercase())
            } else if numbered('s') {
                (&mut attack.software, name.to_ascii_uppercase())
            } else {
                (&mut attack.tactics, name.replace('_', "-"))
            };
            if !list.contains(&name) {
                list.push(name);
            }
        }
        attack
    }
}

/// A reference to another rule (Sigma 2.1, `related`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Related {
    pub id: String,
    /// `derived`, `obsolete`, `merged`, `renamed` or `similar`.
    pub relation: String,
}

/// One detection rule.
#[derive(Debug, Clone)]
pub struct Rule {
    pub title: String,
    pub id: Option<String>,
    pub name: Option<String>,
    pub status: Option<Status>,
    /// A rule that does not say is `medium`: to be looked at, but nobody is woken.
    pub level: Level,
    pub description: Option<String>,
    pub author: Option<String>,
    pub license: Option<String>,
    pub date: Option<Date>,
    pub modified: Option<Date>,
    pub references: Vec<String>,
    pub tags: Vec<String>,
    pub attack: Attack,
    pub falsepositives: Vec<String>,
    /// Fields worth showing beside a match.
    pub fields: Vec<String>,
    pub related: Vec<Related>,
    pub scope: Vec<String>,
    pub logsource: LogSource,
    /// What must be set up so that the log source holds what the rule looks for.
    pub logsource_definition: Option<String>,
    pub file: PathBuf,
    /// The line of the rule's first key, counted from 1.
    pub line: usize,
    /// The filters that are part of it by now.
    pub tuned_by: Vec<Tuning>,
    pub(crate) detection: Detection,
}

/// A filter that became part of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tuning {
    pub title: String,
    pub file: PathBuf,
    /// Counted from 1.
    pub line: usize,
}

/// A rule read from a document, and what is odd about it by line.
pub(crate) struct Reading {
    pub rule: Rule,
    pub oddities: Vec<(usize, String)>,
}

pub(crate) fn read(node: &Node, file: PathBuf, placeholders: &Placeholders) -> Result<Reading> {
    let mut reading = read_head(node, file)?;
    let (logsource, definition) = read_logsource(node)?;
    let detection = node.get("detection").ok_or_else(|| SigmaError::Missing("detection").at(node.line))?;
    reading.rule.logsource = logsource;
    reading.rule.logsource_definition = definition;
    reading.rule.detection = detection::read(detection, placeholders)?;
    Ok(reading)
}

/// What is said of a rule, without what it searches for and where.
pub(crate) fn read_head(node: &Node, file: PathBuf) -> Result<Reading> {
    if !matches!(node.data, Data::Map(_)) {
        return Err(SigmaError::NotARule(node.sort()).at(node.line));
    }
    refuse_other_kinds(node)?;
    let mut oddities = Vec::new();
    let title = required_text(node, "title")?;
    let tags = texts(node, "tags")?;
    let level = match node.get("level") {
        None => Level::Medium,
        Some(value) => {
            let text = value.text().ok_or_else(|| wrong_type("level", "a text", value))?;
            text.parse().map_err(|error: SigmaError| error.at(value.line))?
        }
    };
    let status = optional_text(node, "status")?.and_then(|(line, text)| {
        let status = Status::read(&text);
        if status.is_none() {
            oddities.push((line, format!("the status `{text}` is unknown and was left out")));
        }
        status
    });
    let mut date = |key: &str| -> Result<Option<Date>> {
        Ok(optional_text(node, key)?.and_then(|(line, text)| {
            let date = text.replace('/', "-").parse().ok();
            if date.is_none() {
                oddities.push((line, format!("`{key}` should be a date such as 2024-08-31, not `{text}`")));
            }
            date
        }))
    };
    let rule = Rule {
        title,
        id: optional_text(node, "id")?.map(|(_, text)| text),
        name: optional_text(node, "name")?.map(|(_, text)| text),
        status,
        level,
        description: optional_text(node, "description")?.map(|(_, text)| text),
        author: author(node)?,
        license: optional_text(node, "license")?.map(|(_, text)| text),
        date: date("date")?,
        modified: date("modified")?,
        references: texts(node, "references")?,
        attack: Attack::from_tags(&tags),
        tags,
        falsepositives: texts(node, "falsepositives")?,
        fields: texts(node, "fields")?,
        related: related(node)?,
        scope: texts(node, "scope")?,
        logsource: LogSource::default(),
        logsource_definition: None,
        file,
        line: node.line,
        tuned_by: Vec::new(),
        detection: Detection::nothing(),
    };
    Ok(Reading { rule, oddities })
}

fn refuse_other_kinds(node: &Node) -> Result<()> {
    if let Some(part) = node.get("correlation")
        && node.get("detection").is_some()
    {
        return Err(SigmaError::TwoKinds.at(part.line));
    }
    if let Some(part) = node.get("action") {
        return Err(SigmaError::Collection.at(part.line));
    }
    match node.get("taxonomy") {
        Some(part) if part.text().is_some_and(|name| name != "sigma") => {
            Err(SigmaError::Taxonomy(part.text().unwrap_or_default().to_owned()).at(part.line))
        }
        _ => Ok(()),
    }
}

pub(crate) fn read_logsource(node: &Node) -> Result<(LogSource, Option<String>)> {
    let part = node.get("logsource").ok_or_else(|| SigmaError::Missing("logsource").at(node.line))?;
    if !matches!(part.data, Data::Map(_)) {
        return Err(wrong_type("logsource", "a map", part));
    }
    let named = |key| Ok(optional_text(part, key)?.map(|(_, text)| text.into()));
    let source =
        LogSource { product: named("product")?, category: named("category")?, service: named("service")? };
    if source == LogSource::default() {
        return Err(SigmaError::LogSource.at(part.line));
    }
    Ok((source, optional_text(part, "definition")?.map(|(_, text)| text)))
}

/// A text, its line; an empty or absent key is none.
pub(crate) fn optional_text(node: &Node, key: &str) -> Result<Option<(usize, String)>> {
    match node.get(key) {
        None => Ok(None),
        Some(value) => match &value.data {
            Data::Scalar(_) => Ok(value
                .text()
                .map(|text| (value.line, text.trim().to_owned()))
                .filter(|(_, text)| !text.is_empty())),
            _ => Err(wrong_type(key, "a text", value)),
        },
    }
}

pub(crate) fn required_text(node: &Node, key: &'static str) -> Result<String> {
    match optional_text(node, key)? {
        Some((_, text)) => Ok(text),
        None => Err(SigmaError::Missing(key).at(node.get(key).map_or(node.line, |value| value.line))),
    }
}

/// A list of texts; a single text counts as a list of one.
pub(crate) fn texts(node: &Node, key: &str) -> Result<Vec<String>> {
    let Some(value) = node.get(key) else { return Ok(Vec::new()) };
    match &value.data {
        Data::Scalar(_) => Ok(value.text().map(str::to_owned).into_iter().collect()),
        Data::List(items) => items
            .iter()
            .filter(|item| !matches!(item.data, Data::Scalar(_)) || item.text().is_some())
            .map(|item| {
                item.text().map(str::to_owned).ok_or_else(|| wrong_type(key, "a list of texts", item))
            })
            .collect(),
        Data::Map(_) => Err(wrong_type(key, "a list of texts", value)),
    }
}

fn author(node: &Node) -> Result<Option<String>> {
    let names = texts(node, "author")?;
    Ok(if names.is_empty() { None } else { Some(names.join(", ")) })
}

fn related(node: &Node) -> Result<Vec<Related>> {
    let Some(part) = node.get("related") else { return Ok(Vec::new()) };
    let Data::List(items) = &part.data else {
        return Err(wrong_type("related", "a list of maps with `id` and `type`", part));
    };
    let mut found = Vec::new();
    for item in items {
        match (item.get("id").and_then(Node::text), item.get("type").and_then(Node::text)) {
            (Some(id), Some(relation)) => {
                found.push(Related { id: id.to_owned(), relation: relation.to_owned() });
            }
            _ => return Err(wrong_type("related", "a list of maps with `id` and `type`", item)),
        }
    }
    Ok(found)
}

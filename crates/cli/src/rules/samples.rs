//! The events that a rule is tried on: the samples beside it (`samples/<file>.jsonl`), and the
//! regression data that its key `regression_tests_path` names, as the public Sigma rules have it.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use serde::Deserialize;
use serde_json::Value as Json;
use telemetry::{Event, Format, LogSource, Value};

/// One line of a file of samples.
#[derive(Debug, Deserialize)]
struct Line {
    expect: bool,
    /// The id or title of the rule that it is about, where its file holds several.
    #[serde(default)]
    rule: Option<String>,
    #[serde(default)]
    logsource: Source,
    event: serde_json::Map<String, Json>,
}

#[derive(Debug, Default, Deserialize)]
struct Source {
    product: Option<String>,
    category: Option<String>,
    service: Option<String>,
}

/// An event on which a rule must fire, or must not.
#[derive(Debug)]
pub struct Sample {
    pub line: usize,
    pub expect: bool,
    pub rule: Option<String>,
    pub event: Event,
}

/// Reads a file of samples.
pub fn read(name: &str, text: &str) -> anyhow::Result<Vec<Sample>> {
    let mut samples = Vec::new();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let sample = parse(line).map_err(|error| {
            anyhow!("{name}:{}: {error}; a sample is {{\"expect\": true, \"logsource\": {{…}}, \"event\": {{…}}}}", at + 1)
        })?;
        samples.push(Sample { line: at + 1, ..sample });
    }
    Ok(samples)
}

/// The event of one line of samples.
pub fn parse(line: &str) -> anyhow::Result<Sample> {
    let line: Line = serde_json::from_str(line)?;
    let raw = serde_json::to_vec(&line.event)?;
    let mut event = Event::new(raw.into(), Format::JsonLines);
    for (name, field) in &line.event {
        if field.is_object() {
            bail!("the field `{name}` holds an object; write its fields with dotted names");
        }
        event.set(name.as_str(), value(field));
    }
    let part = |part: Option<String>| part.map(Cow::Owned);
    let source = line.logsource;
    event.source = LogSource {
        product: part(source.product),
        category: part(source.category),
        service: part(source.service),
    };
    Ok(Sample { line: 0, expect: line.expect, rule: line.rule, event })
}

fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Value::Int(whole),
            (None, Some(float)) => Value::Float(float),
            (None, None) => Value::Str(number.to_string()),
        },
        Json::String(text) => Value::Str(text.clone()),
        Json::Array(items) => Value::List(items.iter().map(value).collect()),
        Json::Object(_) => Value::Str(json.to_string()),
    }
}

/// Where the samples of the rules in a file are, if there are any.
pub fn beside(rules: &Path) -> PathBuf {
    let name = rules.file_stem().unwrap_or_default().to_string_lossy();
    rules.parent().unwrap_or(Path::new("")).join("samples").join(format!("{name}.jsonl"))
}

/// Regression data, as `info.yml` describes it.
#[derive(Debug)]
pub struct Regression {
    /// The ids of the rules that it is about; empty for the rule that names it.
    pub rules: Vec<String>,
    pub logs: Vec<Log>,
}

#[derive(Debug)]
pub struct Log {
    pub path: PathBuf,
    /// How often the rule must fire on it; 0 where it must keep still.
    pub matches: usize,
}

#[derive(Deserialize)]
struct Info {
    #[serde(default)]
    rule_metadata: Vec<Metadata>,
    #[serde(default)]
    regression_tests_info: Vec<Run>,
}

#[derive(Deserialize)]
struct Metadata {
    id: String,
}

#[derive(Deserialize)]
struct Run {
    path: String,
    #[serde(default = "once")]
    match_count: usize,
}

fn once() -> usize {
    1
}

/// The value of a rule's `regression_tests_path`. It is no key that detection needs, so rules do not
/// keep it.
pub fn regression_path(text: &str) -> Option<&str> {
    let value = text.lines().find_map(|line| line.strip_prefix("regression_tests_path:"))?;
    let value = value.trim().trim_matches(['\'', '"']);
    (!value.is_empty()).then_some(value)
}

/// Finds what a rule's `regression_tests_path` names: under the folder given, with or without the first
/// part of the path, or else under a folder that the rule lies in.
pub fn find_regression(rule: &Path, named: &str, folder: Option<&Path>) -> Option<PathBuf> {
    let named = Path::new(named);
    // A path out of a rule leads nowhere but down.
    if !named.components().all(|part| matches!(part, std::path::Component::Normal(_))) {
        return None;
    }
    let shorter: PathBuf = named.components().skip(1).collect();
    let given = folder.into_iter().flat_map(|folder| [folder.join(named), folder.join(&shorter)]);
    let around = rule.ancestors().skip(1).map(|folder| folder.join(named));
    given.chain(around).find(|path| path.is_file())
}

/// Reads an `info.yml`. Its logs are looked for beside it.
pub fn read_regression(info: &Path) -> anyhow::Result<Regression> {
    let about = || format!("{} cannot be read", info.display());
    let text = std::fs::read_to_string(info).with_context(about)?;
    let read: Info = serde_saphyr::from_str(&text).map_err(|error| anyhow!("{error}")).with_context(about)?;
    let folder = info.parent().unwrap_or(Path::new(""));
    let mut logs = Vec::new();
    for run in read.regression_tests_info {
        let name = Path::new(&run.path).file_name().unwrap_or_default();
        let path = folder.join(name);
        if !path.is_file() {
            bail!("{} names {}, which is not beside it", info.display(), run.path);
        }
        logs.push(Log { path, matches: run.match_count });
    }
    Ok(Regression { rules: read.rule_metadata.into_iter().map(|rule| rule.id).collect(), logs })
}

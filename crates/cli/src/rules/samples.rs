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
    event: Option<serde_json::Map<String, Json>>,
    /// Of a correlation, instead.
    events: Option<Vec<Moment>>,
}

/// An event of a course, with its time since the beginning; it may come again and again.
#[derive(Debug, Deserialize)]
struct Moment {
    at: String,
    #[serde(default = "once")]
    times: usize,
    every: Option<String>,
    #[serde(default)]
    logsource: Source,
    event: serde_json::Map<String, Json>,
}

/// Events of a course, all of them together.
const MOST_EVENTS: usize = 100_000;

#[derive(Debug, Default, Deserialize)]
struct Source {
    product: Option<String>,
    category: Option<String>,
    service: Option<String>,
}

/// What a rule must fire on, or must not.
#[derive(Debug)]
pub struct Sample {
    pub line: usize,
    pub expect: bool,
    pub rule: Option<String>,
    /// In the order of time, in microseconds since the beginning; one alone for a rule that looks at
    /// single events.
    pub events: Vec<(i64, Event)>,
    /// Whether it is a course of events, for a correlation.
    pub is_course: bool,
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

/// What one line of samples says.
pub fn parse(line: &str) -> anyhow::Result<Sample> {
    let line: Line = serde_json::from_str(line)?;
    let (events, is_course) = match (&line.event, &line.events) {
        (Some(fields), None) => (vec![(0, event_of(&line.logsource, fields)?)], false),
        (None, Some(events)) => (course(events)?, true),
        (None, None) => bail!("missing field `event`"),
        (Some(_), Some(_)) => bail!("it has one `event` or many `events`, not both"),
    };
    Ok(Sample { line: 0, expect: line.expect, rule: line.rule, events, is_course })
}

fn course(moments: &[Moment]) -> anyhow::Result<Vec<(i64, Event)>> {
    let mut events = Vec::new();
    for moment in moments {
        let event = event_of(&moment.logsource, &moment.event)?;
        let (mut at, every) = (time(&moment.at)?, moment.every.as_deref().map(time).transpose()?);
        if moment.times > 1 && every.is_none() {
            bail!("an event that comes {} times says how far apart: `every`", moment.times);
        }
        if events.len() + moment.times > MOST_EVENTS {
            bail!("it holds more than {MOST_EVENTS} events");
        }
        for _ in 0..moment.times {
            events.push((at, event.clone()));
            at = at.saturating_add(every.unwrap_or(0));
        }
    }
    events.sort_by_key(|(at, _)| *at);
    Ok(events)
}

/// `200ms`, `90s`, `10m` or `2h`, in microseconds.
fn time(text: &str) -> anyhow::Result<i64> {
    let units = [("ms", 1_000), ("s", 1_000_000), ("m", 60_000_000), ("h", 3_600_000_000_i64)];
    let read = units.into_iter().find_map(|(unit, length)| {
        let number = text.strip_suffix(unit)?.parse::<i64>().ok()?;
        number.checked_mul(length)
    });
    read.filter(|at| *at >= 0).ok_or_else(|| anyhow!("`{text}` is not a time such as 90s, 200ms or 10m"))
}

fn event_of(source: &Source, fields: &serde_json::Map<String, Json>) -> anyhow::Result<Event> {
    let raw = serde_json::to_vec(fields)?;
    let mut event = Event::new(raw.into(), Format::JsonLines);
    for (name, field) in fields {
        if field.is_object() {
            bail!("the field `{name}` holds an object; write its fields with dotted names");
        }
        event.set(name.as_str(), value(field));
    }
    let part = |part: &Option<String>| part.clone().map(Cow::Owned);
    event.source = LogSource {
        product: part(&source.product),
        category: part(&source.category),
        service: part(&source.service),
    };
    Ok(event)
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

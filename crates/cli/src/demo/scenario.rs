//! The story as `content/scenarios/` writes it, and its records as their sources would have sent them.

use std::time::Duration;

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

const SHIPPED: &str = include_str!("../../../../content/scenarios/first-intrusion.yaml");

/// Steps within this much of the story are sent together, as a log shipper would.
const TOGETHER: Duration = Duration::from_secs(2);

#[derive(Debug, Deserialize)]
pub struct Scenario {
    pub name: String,
    pub about: String,
    pub organisation: String,
    steps: Vec<Step>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    #[serde(deserialize_with = "offset")]
    at: Duration,
    format: Format,
    event: Option<Map<String, Value>>,
    line: Option<String>,
    note: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    JsonLines,
    ZeekJson,
    Syslog,
}

/// `+12.5s`
fn offset<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.strip_prefix('+')
        .and_then(|rest| rest.strip_suffix('s'))
        .and_then(|seconds| seconds.parse().ok())
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not an offset such as +12.5s")))
}

/// Something that happens at a moment of the story.
#[derive(Debug, PartialEq, Eq)]
pub enum Act {
    /// What is told to whoever watches.
    Tell(String),
    /// Records of one source, sent as one small file.
    Send { name: String, content: String },
}

impl Scenario {
    pub fn shipped() -> anyhow::Result<Scenario> {
        serde_saphyr::from_str(SHIPPED).context("the scenario that Watchbell ships cannot be read")
    }

    /// How long it takes, told as fast as life.
    pub fn length(&self) -> Duration {
        self.steps.iter().map(|step| step.at).max().unwrap_or_default()
    }

    /// What happens when, with the records' times filled in for a story that began at `start`.
    pub fn acts(&self, start: Timestamp) -> anyhow::Result<Vec<(Duration, Act)>> {
        let mut acts = Vec::new();
        let mut rest = self.steps.as_slice();
        while let Some(first) = rest.first() {
            let many = rest.iter().take_while(|step| step.at < first.at + TOGETHER).count();
            let (together, later) = rest.split_at(many);
            rest = later;
            // What is told comes with its own step; the records when the last of them has happened.
            let due = together.iter().map(|step| step.at).max().unwrap_or(first.at);
            for step in together {
                if let Some(note) = &step.note {
                    acts.push((step.at, Act::Tell(note.clone())));
                }
            }
            for format in [Format::JsonLines, Format::ZeekJson, Format::Syslog] {
                let mut content = String::new();
                for step in together.iter().filter(|step| step.format == format) {
                    content += &step.record(start)?;
                    content.push('\n');
                }
                if !content.is_empty() {
                    let name = format.file_name(acts.len());
                    acts.push((due, Act::Send { name, content }));
                }
            }
        }
        Ok(acts)
    }
}

impl Format {
    fn file_name(self, number: usize) -> String {
        match self {
            Format::JsonLines => format!("endpoints-{number:03}.jsonl"),
            Format::ZeekJson => format!("network-{number:03}.json"),
            Format::Syslog => format!("syslog-{number:03}.log"),
        }
    }
}

impl Step {
    /// The record as its source would have sent it at its time.
    fn record(&self, start: Timestamp) -> anyhow::Result<String> {
        let time = start.checked_add(self.at)?;
        match (self.format, &self.event, &self.line) {
            (Format::Syslog, None, Some(line)) => Ok(line.replace("{time}", &time.to_string())),
            (Format::ZeekJson, Some(event), None) => {
                let mut event = event.clone();
                event.insert("ts".to_owned(), Value::from(time.as_duration().as_secs_f64()));
                Ok(Value::Object(event).to_string())
            }
            (Format::JsonLines, Some(event), None) => {
                let mut event = event.clone();
                event.insert("TimeCreated".to_owned(), Value::from(time.to_string()));
                let sysmon = "Microsoft-Windows-Sysmon/Operational";
                if event.get("Channel").and_then(Value::as_str) == Some(sysmon) {
                    let utc = time.strftime("%Y-%m-%d %H:%M:%S.%3f").to_string();
                    event.insert("UtcTime".to_owned(), Value::from(utc));
                }
                Ok(Value::Object(event).to_string())
            }
            _ => bail!("the step at {:?} needs an event, or for syslog a line", self.at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_is_sent_once_in_order_with_its_time() {
        let scenario = Scenario::shipped().unwrap();
        let start: Timestamp = "2026-11-24T03:12:00Z".parse().unwrap();
        let acts = scenario.acts(start).unwrap();
        assert!(acts.is_sorted_by_key(|(at, _)| *at));
        let sent: Vec<&str> = acts
            .iter()
            .filter_map(|(_, act)| match act {
                Act::Send { content, .. } => Some(content.as_str()),
                Act::Tell(_) => None,
            })
            .collect();
        let records: usize = sent.iter().map(|content| content.lines().count()).sum();
        assert_eq!(records, scenario.steps.len());
        assert!(sent.len() < records && sent.len() > 20, "{} deliveries", sent.len());
        let all = sent.concat();
        assert!(all.contains("\"TimeCreated\":\"2026-11-24T03:12:00Z\"") && !all.contains("{time}"));
        assert!(all.contains("\"UtcTime\":\"2026-11-24 03:12:00.400\""));
        assert!(all.contains("\"ts\":1795489921.2"), "{all}");
        assert!(scenario.length() < Duration::from_secs(90));
    }
}

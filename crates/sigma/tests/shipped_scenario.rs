//! The scenario that the demo plays, read by the real readers and matched by the shipped rules: the
//! alerts must tell its story, and the ordinary work around it must stay quiet.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value as Json};
use sigma::{Engine, Level, RuleSet};
use telemetry::{Event, Format, Options};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    name: String,
    about: String,
    organisation: String,
    hosts: Vec<Host>,
    accounts: Vec<Account>,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Host {
    name: String,
    address: String,
    about: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Account {
    name: String,
    about: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    at: String,
    #[serde(default)]
    note: Option<String>,
    format: String,
    #[serde(default)]
    event: Option<Map<String, Json>>,
    #[serde(default)]
    line: Option<String>,
}

fn content(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../content").join(path)
}

fn scenario() -> Scenario {
    let text = std::fs::read_to_string(content("scenarios/first-intrusion.yaml")).unwrap();
    serde_saphyr::from_str(&text).unwrap()
}

fn start() -> Timestamp {
    "2026-11-24T03:12:00Z".parse().unwrap()
}

impl Step {
    fn offset(&self) -> SignedDuration {
        let seconds = self.at.strip_prefix('+').and_then(|rest| rest.strip_suffix('s')).expect("+12.5s");
        SignedDuration::from_secs_f64(seconds.parse().unwrap())
    }

    /// The record as its source would have sent it.
    fn record(&self) -> (Format, Bytes) {
        let time = start() + self.offset();
        let format: Format = self.format.parse().unwrap();
        let record = match (&self.event, &self.line) {
            (None, Some(line)) if format == Format::Syslog => {
                assert!(line.contains("{time}"), "a line says where its time stands: {line}");
                line.replace("{time}", &time.to_string())
            }
            (Some(event), None) if format == Format::ZeekJson => {
                let mut event = event.clone();
                event.insert("ts".to_owned(), Json::from(time.as_duration().as_secs_f64()));
                Json::Object(event).to_string()
            }
            (Some(event), None) if format == Format::JsonLines => {
                let mut event = event.clone();
                event.insert("TimeCreated".to_owned(), Json::from(time.to_string()));
                Json::Object(event).to_string()
            }
            _ => panic!("a step has an event, or for syslog a line: {}", self.at),
        };
        (format, Bytes::from(record))
    }

    fn read(&self) -> Event {
        let (format, bytes) = self.record();
        let options = Options::new(start()).with_format(format);
        let mut reader = telemetry::from_bytes("step", bytes, &options).unwrap();
        let event = reader.next().expect("one record").unwrap();
        assert!(reader.next().is_none());
        event
    }
}

#[test]
fn it_is_a_minute_of_well_formed_records() {
    let scenario = scenario();
    assert!((60..=90).contains(&scenario.steps.len()), "{} steps", scenario.steps.len());
    for text in [&scenario.name, &scenario.about, &scenario.organisation] {
        assert!(!text.trim().is_empty());
    }
    let hosts: BTreeSet<&str> =
        scenario.hosts.iter().flat_map(|host| [host.name.as_str(), host.address.as_str()]).collect();
    assert!(scenario.hosts.iter().all(|host| !host.about.is_empty()));
    assert!(scenario.accounts.iter().all(|account| !account.name.is_empty() && !account.about.is_empty()));
    assert!(scenario.steps.iter().filter(|step| step.note.is_some()).count() >= 5, "it tells its story");
    let mut last = SignedDuration::from_secs(-1);
    for step in &scenario.steps {
        assert!(step.offset() > last, "{} is not after the step before it", step.at);
        last = step.offset();
        let event = step.read();
        assert_eq!(event.time, Some(start() + step.offset()), "{}", step.at);
        assert!(event.source.product.is_some(), "{}: nobody knows where it comes from", step.at);
        let host = event.host.unwrap_or_else(|| panic!("{}: no host", step.at));
        assert!(hosts.contains(host.as_str()), "{}: the host {host} is not declared", step.at);
    }
    assert!(last <= SignedDuration::from_secs(60), "it lasts {last:?}");
}

#[test]
fn the_alerts_tell_the_story() {
    let mut loaded = RuleSet::new().load_dir(content("rules")).unwrap();
    let correlations = loaded.link();
    let engine = Engine::new(loaded.rules);
    let mut fired: BTreeMap<String, (Level, Vec<String>)> = BTreeMap::new();
    let mut techniques = BTreeSet::new();
    for step in &scenario().steps {
        let event = step.read();
        for index in engine.matches(&event) {
            if correlations.is_silent_rule(index) {
                continue;
            }
            let rule = engine.rule(index).unwrap();
            let host = event.host.clone().unwrap();
            assert!(
                !host.starts_with("ws-12") && host != "10.20.3.62",
                "{}: ordinary work set off \"{}\"",
                step.at,
                rule.title
            );
            let (_, at) = fired.entry(rule.title.clone()).or_insert((rule.level, Vec::new()));
            at.push(step.at.clone());
            techniques.extend(rule.attack.techniques.iter().cloned());
        }
    }
    for expected in [
        "Script Run Straight From a Mail Attachment or Archive",
        "Script Host Connects to a Public Address",
        "Name at a Dynamic DNS Provider Looked Up",
        "Hidden PowerShell With an Encoded Command",
        "Program or Script Fetched From a Bare Address",
        "Script Loads Code Into Memory",
        "PowerShell Downloads and Runs Code in One Line",
        "Scheduled Task Runs Something Any User Can Write",
        "Run Key Starts an Interpreter or a File From a Writable Folder",
        "Domain Trusts or Administrators Listed From a Workstation",
        "Service Ticket Requested With Weak Encryption",
        "Unusual Process Reads the Memory of LSASS",
        "New Service Runs a Command Line or a File From a Share",
        "Microsoft Defender Protection Switched Off in the Registry",
        "Password-Protected Archive Made From a Share or User Folder",
        "Command-Line Tool Copies Data to Cloud Storage",
        "More Than 500 MB Sent to a Public Address in One Connection",
        "Backup, Database or Security Service Stopped by Command",
        "Shadow Copies or Backup Catalogue Deleted",
        "Start-up Repair Switched Off",
    ] {
        assert!(fired.remove(expected).is_some(), "\"{expected}\" did not fire");
    }
    assert!(fired.is_empty(), "what the story does not tell: {fired:?}");
    for technique in ["T1003.001", "T1021.002", "T1053.005", "T1490", "T1560.001", "T1566.001"] {
        assert!(techniques.contains(technique), "{technique} is part of the story");
    }
}

#[test]
fn alerts_of_every_severity_arise() {
    let mut loaded = RuleSet::new().load_dir(content("rules")).unwrap();
    let correlations = loaded.link();
    let engine = Engine::new(loaded.rules);
    let levels: BTreeSet<String> = scenario()
        .steps
        .iter()
        .flat_map(|step| engine.matches(&step.read()))
        .filter(|index| !correlations.is_silent_rule(*index))
        .map(|index| engine.rule(index).unwrap().level.name().to_owned())
        .collect();
    let expected: BTreeSet<String> = ["low", "medium", "high", "critical"].map(str::to_owned).into();
    assert_eq!(levels, expected);
}

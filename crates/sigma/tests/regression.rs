//! The public regression samples: each names the rules that must fire on the log beside it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod shared;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use shared::shared;
use sigma::{Engine, Loaded, RuleSet};
use telemetry::Options;

/// What `info.yml` asks for: rule ids, and for each log how many matches at least.
struct Sample {
    folder: PathBuf,
    rules: Vec<String>,
    logs: Vec<(PathBuf, usize)>,
}

fn samples(folder: &Path, found: &mut Vec<Sample>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            samples(&path, found);
        } else if path.ends_with("info.yml") {
            found.push(read_info(&path));
        }
    }
}

/// The few lines that matter of a file whose shape is fixed.
fn read_info(path: &Path) -> Sample {
    let folder = path.parent().unwrap().to_owned();
    let mut sample = Sample { folder: folder.clone(), rules: Vec::new(), logs: Vec::new() };
    let mut count = 1;
    for line in std::fs::read_to_string(path).unwrap().lines() {
        let line = line.trim();
        if let Some(id) = line.strip_prefix("- id:") {
            sample.rules.push(id.trim().to_owned());
        } else if let Some(number) = line.strip_prefix("match_count:") {
            count = number.trim().parse().unwrap();
        } else if line.starts_with("- name:") {
            count = 1;
        } else if let Some(log) = line.strip_prefix("path:") {
            let log = folder.join(Path::new(log.trim()).file_name().unwrap());
            let twin = log.with_extension("json");
            if twin.exists() {
                sample.logs.push((twin, count));
            }
            sample.logs.push((log, count));
        }
    }
    assert!(!sample.rules.is_empty(), "{}", path.display());
    sample
}

fn all_rules() -> Option<Engine> {
    let mut all = Loaded::default();
    for folder in ["rules", "rules-emerging-threats", "rules-threat-hunting"] {
        all.merge(RuleSet::new().load_dir(shared(&format!("data/sigma/{folder}"))?).unwrap());
    }
    Some(Engine::new(all.rules))
}

#[test]
fn every_sample_fires_its_rule() {
    let (Some(engine), Some(root)) = (all_rules(), shared("data/sigma-regression")) else { return };
    let mut found = Vec::new();
    samples(&root, &mut found);
    let options = Options::new("2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap());
    let mut fired = 0;
    let mut silent = Vec::new();
    for sample in &found {
        for (log, wanted) in &sample.logs {
            let mut counts: HashMap<&str, usize> = HashMap::new();
            let mut events = 0;
            let mut source = String::new();
            match telemetry::open(log, &options) {
                Err(error) => source = error.to_string(),
                Ok(reader) => {
                    for event in reader {
                        let Ok(event) = event else {
                            source = event.err().unwrap().to_string();
                            continue;
                        };
                        events += 1;
                        if source.is_empty() {
                            source = format!("{:?}", event.source);
                        }
                        for rule in engine.matches(&event) {
                            *counts.entry(engine.rules()[rule].id.as_deref().unwrap()).or_default() += 1;
                        }
                    }
                }
            }
            for id in &sample.rules {
                let count = counts.get(id.as_str()).copied().unwrap_or(0);
                if count >= *wanted {
                    fired += 1;
                } else {
                    let log = log.strip_prefix(&root).unwrap().display();
                    silent.push(format!("{log}: {id} {count}/{wanted} in {events} events, {source}"));
                }
            }
        }
        if sample.logs.is_empty() {
            println!("no log to test with: {}", sample.folder.display());
        }
    }
    println!("{} samples, {fired} fired, {} did not", found.len(), silent.len());
    silent.iter().for_each(|line| println!("  {line}"));
    assert!(silent.is_empty(), "{} samples did not fire", silent.len());
}

/// The time this thread has spent on a processor: other work on the machine does not count.
fn busy() -> Duration {
    let spent = std::fs::read_to_string("/proc/thread-self/schedstat");
    let nanoseconds = spent.ok().and_then(|text| text.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(|| Duration::ZERO, Duration::from_nanos)
}

/// How fast all rules run over two logs; printed, and bounded loosely against disasters.
#[test]
fn events_per_second() {
    let Some(engine) = all_rules() else { return };
    let options = Options::new("2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap());
    for name in ["mixed.jsonl", "process-creation.jsonl"] {
        let Some(log) = shared(&format!("data/windows-jsonl/{name}")) else { return };
        let events: Vec<_> = telemetry::open(&log, &options).unwrap().map(Result::unwrap).collect();
        let started = busy();
        let matches: usize = events.iter().map(|event| engine.matches(event).len()).sum();
        let took = (busy() - started).as_secs_f64();
        if took > 0.0 {
            let rate = events.len() as f64 / took;
            println!("{name}: {matches} matches in {} events, {rate:.0} a second on one core", events.len());
            assert!(rate > 500.0, "{rate} events per second");
        }
    }
}

//! rsigma-eval over the same rules and logs, with its routing by log source.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use rsigma_eval::{Engine, JsonEvent, LogSourceExtractor};
use sigma::RuleSet;

use crate::ROUNDS;

/// An event, by its place in the log, and the id of a rule that fired on it.
type Fired = BTreeSet<(usize, String)>;

/// Prints the peer's speed over a log and which detections differ from ours.
pub fn row(log: &str, path: &Path, folder: &Path) {
    let rules = rsigma_parser::parse_sigma_directory(folder).expect("the rules can be read");
    let text = std::fs::read_to_string(path).expect("the log can be read");
    let mut shortest = Duration::MAX;
    let mut theirs = Fired::new();
    let mut seen = 0;
    for _ in 0..ROUNDS {
        let mut engine = Engine::new();
        engine.add_collection(&rules).expect("the rules compile");
        engine.set_logsource_extractor(Some(LogSourceExtractor::new()));
        let started = Instant::now();
        let mut found = Vec::new();
        seen = 0;
        for line in text.lines() {
            let record: serde_json::Value = serde_json::from_str(line).expect("a record");
            for result in engine.evaluate(&JsonEvent::borrow(&record)) {
                found.push((seen, result.header.rule_id));
            }
            seen += 1;
        }
        shortest = shortest.min(started.elapsed());
        theirs = found.into_iter().filter_map(|(event, id)| Some((event, id?))).collect();
    }
    println!(
        "{log:>24}  rsigma-eval: {:>9.0} events/s with parsing, {} detections",
        seen as f64 / shortest.as_secs_f64(),
        theirs.len()
    );
    let ours = ours(path, folder);
    for (event, id) in ours.difference(&theirs) {
        println!("  only ours:   event {} rule {id}", event + 1);
    }
    for (event, id) in theirs.difference(&ours) {
        println!("  only theirs: event {} rule {id}", event + 1);
    }
}

fn ours(path: &Path, folder: &Path) -> Fired {
    let engine = sigma::Engine::new(RuleSet::new().load_dir(folder).expect("the rules can be read").rules);
    let options = telemetry::Options::new("2026-01-01T00:00:00Z".parse().expect("a time"));
    let reader = telemetry::open(path, &options).expect("the log can be read");
    let mut fired = Fired::new();
    for (at, event) in reader.enumerate() {
        for rule in engine.matches(&event.expect("a record")) {
            fired.insert((at, engine.rules()[rule].id.clone().unwrap_or_default()));
        }
    }
    fired
}

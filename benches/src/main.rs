//! Prints the table of docs/performance.md: how fast all rules run over two logs, with more and more
//! rules, how long they take to load and how much memory they hold.

#[cfg(feature = "peer")]
mod peer;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sigma::{Engine, Rule, RuleSet};
use telemetry::Options;

const ROUNDS: usize = 7;
const LOGS: [&str; 2] = ["process-creation.jsonl", "mixed.jsonl"];

/// As `watchbell` has it.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let root = std::env::args().nth(1).map_or_else(|| PathBuf::from("../../shared/data"), PathBuf::from);
    let folder = root.join("sigma/rules");
    let before = resident();
    let (rules, reading) = best(|| RuleSet::new().load_dir(&folder).expect("the rules can be read").rules);
    let (_, compiling) = best(|| Engine::new(rules.clone()));
    drop(rules);
    let engine = Engine::new(RuleSet::new().load_dir(&folder).expect("the rules can be read").rules);
    let held = resident().saturating_sub(before);
    println!("{} rules: read in {reading:.1?}, compiled in {compiling:.1?}", engine.rules().len());
    println!("resident memory grew by {held} KiB, what loading freed included");
    let rules: Vec<Rule> = engine.rules().to_vec();
    for log in LOGS {
        let path = root.join("windows-jsonl").join(log);
        for count in [10, 100, 1000, rules.len()] {
            // Every n-th rule, so that each number has rules of all kinds.
            let step = rules.len() as f64 / count as f64;
            let some = (0..count).map(|at| rules[(at as f64 * step) as usize].clone()).collect::<Vec<_>>();
            row(log, &path, some);
        }
        #[cfg(feature = "peer")]
        peer::row(log, &path, &folder);
    }
}

fn row(log: &str, path: &Path, rules: Vec<Rule>) {
    let options = Options::new("2026-01-01T00:00:00Z".parse().expect("a time"));
    let mut whole = Duration::MAX;
    let mut matching = Duration::MAX;
    let (mut seen, mut found) = (0, 0);
    for _ in 0..ROUNDS {
        // Nothing is remembered from the round before.
        let engine = Engine::new(rules.clone());
        let started = Instant::now();
        let reader = telemetry::open(path, &options).expect("the log can be read");
        (seen, found) = (0, 0);
        for event in reader.flatten() {
            seen += 1;
            found += engine.detect(&event).len();
        }
        whole = whole.min(started.elapsed());
        let events: Vec<_> =
            telemetry::open(path, &options).expect("the log can be read").flatten().collect();
        let engine = Engine::new(rules.clone());
        let started = Instant::now();
        let again: usize = events.iter().map(|event| engine.detect(event).len()).sum();
        matching = matching.min(started.elapsed());
        assert_eq!(again, found);
    }
    let rate = |took: Duration| f64::from(seen) / took.as_secs_f64();
    println!(
        "{log:>24} {:>5} rules: {:>9.0} events/s with parsing, {:>9.0} matching alone, {found} detections",
        rules.len(),
        rate(whole),
        rate(matching)
    );
}

fn best<T>(mut make: impl FnMut() -> T) -> (T, Duration) {
    let mut shortest = Duration::MAX;
    let mut made = None;
    for _ in 0..ROUNDS {
        let started = Instant::now();
        made = Some(make());
        shortest = shortest.min(started.elapsed());
    }
    (made.expect("it was made"), shortest)
}

/// Kibibytes of memory that the process holds.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

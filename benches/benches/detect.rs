//! Reading, matching and both, of two logs and all rules: `cargo bench`, with `DATA` set to a folder that
//! has `sigma/rules` and `windows-jsonl`, unless that is `../../shared/data`. Each log is gone through
//! again and again with one engine, so what is measured here is one that has run for a while; the
//! program beside this one measures engines that remember nothing.

use std::hint::black_box;
use std::path::{Path, PathBuf};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sigma::{Engine, RuleSet};
use telemetry::{Event, Options};

/// As `watchbell` has it.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn read(log: &Path) -> impl Iterator<Item = Event> {
    let options = Options::new("2026-01-01T00:00:00Z".parse().expect("a time"));
    telemetry::open(log, &options).expect("the log can be read").flatten()
}

fn detect(criterion: &mut Criterion) {
    let root = std::env::var_os("DATA").map_or_else(|| PathBuf::from("../../shared/data"), PathBuf::from);
    let rules = RuleSet::new().load_dir(root.join("sigma/rules")).expect("the rules can be read").rules;
    let engine = Engine::new(rules);
    for name in ["process-creation", "mixed"] {
        let log = root.join("windows-jsonl").join(name).with_extension("jsonl");
        let events: Vec<Event> = read(&log).collect();
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Elements(u64::try_from(events.len()).expect("a count")));
        group.sample_size(20);
        group.bench_function("read", |bench| bench.iter(|| read(&log).map(black_box).count()));
        group.bench_function("match", |bench| {
            bench.iter(|| events.iter().map(|event| engine.matches(event).len()).sum::<usize>());
        });
        group.bench_function("read and detect", |bench| {
            bench.iter(|| read(&log).map(|event| engine.detect(&event).len()).sum::<usize>());
        });
        group.finish();
    }
}

criterion_group!(benches, detect);
criterion_main!(benches);

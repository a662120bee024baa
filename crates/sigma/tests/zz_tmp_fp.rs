#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use std::collections::BTreeMap;
use sigma::{Engine, RuleSet};
#[test]
fn count() {
    let engine = Engine::new(RuleSet::new().load_dir("/work/main/content/rules").unwrap().rules);
    let mut files = vec![];
    fn walk(p: &std::path::Path, out: &mut Vec<std::path::PathBuf>) {
        if p.is_dir() { for e in std::fs::read_dir(p).unwrap() { walk(&e.unwrap().path(), out) } } else { out.push(p.to_owned()) }
    }
    for d in ["windows-jsonl", "network", "suricata", "evtx-attack-samples"] { walk(std::path::Path::new(&format!("/work/shared/data/{d}")), &mut files); }
    let mut n: BTreeMap<String, BTreeMap<String, (usize, String)>> = BTreeMap::new();
    let mut events: BTreeMap<String, usize> = BTreeMap::new();
    for f in files {
        let root = f.strip_prefix("/work/shared/data").unwrap().iter().next().unwrap().to_str().unwrap().to_owned();
        let Ok(reader) = telemetry::open(&f, &telemetry::Options::new(jiff::Timestamp::now())) else { continue };
        for e in reader.flatten() {
            *events.entry(root.clone()).or_default() += 1;
            for d in engine.detect(&e) {
                let r = engine.rule(d.rule).unwrap();
                let x = n.entry(r.title.clone()).or_default().entry(root.clone()).or_insert((0, String::new()));
                x.0 += 1;
                if x.0 <= 2 { x.1.push_str(&format!("\n      {:?}", d.found.iter().map(|f| f.value.chars().take(110).collect::<String>()).collect::<Vec<_>>())); }
            }
        }
    }
    println!("{events:?}");
    for (k, v) in n { println!("{k}"); for (r, (c, x)) in v { println!("   {r}: {c}{x}"); } }
}

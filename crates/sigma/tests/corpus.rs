//! Every public rule loads, or is refused with its file, a line in it and a reason.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod shared;

use std::collections::HashMap;
use std::path::Path;

use shared::shared;
use sigma::{Engine, Loaded, RuleSet};

fn yaml_files(path: &Path) -> usize {
    std::fs::read_dir(path)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            if path.is_dir() {
                yaml_files(&path)
            } else {
                usize::from(path.extension().is_some_and(|extension| extension == "yml"))
            }
        })
        .sum()
}

fn load(folder: &str, rules: &RuleSet) -> Option<Loaded> {
    let path = shared(&format!("data/sigma/{folder}"))?;
    let started = std::time::Instant::now();
    let loaded = rules.load_dir(&path).unwrap();
    let took = started.elapsed();
    println!(
        "{folder}: {} files, {} rules, {} refused, {} warnings, {took:?}",
        loaded.files,
        loaded.rules.len(),
        loaded.refused.len(),
        loaded.warnings.len()
    );
    loaded.refused.iter().for_each(|refusal| println!("  {refusal}"));
    loaded.warnings.iter().for_each(|warning| println!("  {warning}"));
    assert_eq!(loaded.files, yaml_files(&path), "every file is accounted for");
    assert!(loaded.rules.len() + loaded.refused.len() >= loaded.files);
    for refusal in &loaded.refused {
        let text = std::fs::read_to_string(&refusal.file).unwrap();
        assert!((1..=text.lines().count()).contains(&refusal.line), "{refusal}");
        assert!(!refusal.reason.to_string().is_empty());
    }
    Some(loaded)
}

#[test]
fn the_main_rules_all_load() {
    let Some(loaded) = load("rules", &RuleSet::new()) else { return };
    assert!(loaded.refused.is_empty());
    let mut levels: HashMap<&str, usize> = HashMap::new();
    for rule in &loaded.rules {
        *levels.entry(rule.level.name()).or_default() += 1;
    }
    println!("levels: {levels:?}");
    let started = std::time::Instant::now();
    let engine = Engine::new(loaded.rules);
    println!("{engine:?} compiled in {:?}", started.elapsed());
}

#[test]
fn the_other_rules_load_too() {
    for folder in ["rules-emerging-threats", "rules-threat-hunting", "rules-compliance"] {
        let Some(loaded) = load(folder, &RuleSet::new()) else { return };
        let unexplained = |reason: &str| !reason.contains("placeholder");
        assert!(loaded.refused.iter().all(|refusal| !unexplained(&refusal.reason.to_string())), "{folder}");
    }
    load("rules-dfir", &RuleSet::new());
}

#[test]
fn rules_with_placeholders_need_values() {
    let Some(without) = load("rules-placeholder", &RuleSet::new()) else { return };
    let mut values = HashMap::new();
    for refusal in &without.refused {
        let reason = refusal.reason.to_string();
        assert!(reason.contains("placeholder"), "{refusal}");
        let name = reason.split('%').nth(1).unwrap().to_owned();
        values.insert(name, vec!["10.0.0.0/8".to_owned(), "example".to_owned()]);
    }
    assert!(!values.is_empty());
    // A network cannot be filled in with `example`; one value serves all kinds of fields.
    values.values_mut().for_each(|all| all.truncate(1));
    let with = load("rules-placeholder", &RuleSet::with_placeholders(values)).unwrap();
    assert!(with.rules.len() > without.rules.len());
}

#[test]
fn unsupported_rules_are_refused_with_a_reason_each() {
    let Some(loaded) = load("unsupported", &RuleSet::new()) else { return };
    assert!(!loaded.refused.is_empty());
}

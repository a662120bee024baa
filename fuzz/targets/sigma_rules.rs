//! Any text as a rule file: it compiles, or it is refused with a line that the file has.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sigma::{Engine, RuleSet};

fuzz_target!(|text: &str| {
    let loaded = RuleSet::new().load_str("fuzz.yml", text);
    let lines = text.lines().count().max(1) + 1;
    for refusal in &loaded.refused {
        assert!((1..=lines).contains(&refusal.line), "{refusal}");
    }
    let engine = Engine::new(loaded.rules);
    assert!(format!("{engine:?}").contains("rules"));
});

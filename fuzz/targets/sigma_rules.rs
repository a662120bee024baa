//! Any text as a rule file: it compiles, or it is refused with a line that the file has.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sigma::{Engine, RuleSet};

fuzz_target!(|text: &str| {
    let loaded = RuleSet::new().load_str("fuzz.yml", text);
    // A lone carriage return ends a line too (YAML 1.2.2, 5.4).
    let lines = text.split(['\n', '\r']).count() + 1;
    for refusal in &loaded.refused {
        assert!((1..=lines).contains(&refusal.line), "{refusal}");
    }
    let engine = Engine::new(loaded.rules);
    assert!(format!("{engine:?}").contains("rules"));
});

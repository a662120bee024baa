//! A rule and the events that it meets: the first part of the input, up to a line of `%%`, is the rule's
//! detection, the rest are JSON lines. Both ways of asking, and explanations, must say the same.
#![no_main]

use bytes::Bytes;
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use sigma::{Engine, Routing, RuleSet};
use telemetry::{Format, Options};

const HEAD: &str = "title: Fuzz\nlogsource: {product: windows}\ndetection:\n";

fuzz_target!(|text: &str| {
    let Some((detection, events)) = text.split_once("\n%%\n") else { return };
    let loaded = RuleSet::new().load_str("fuzz.yml", &format!("{HEAD}{detection}\n"));
    let engine = Engine::with_routing(loaded.rules, Routing::Lenient);
    let options = Options::new(Timestamp::UNIX_EPOCH).with_format(Format::JsonLines);
    let bytes = Bytes::copy_from_slice(events.as_bytes());
    let Ok(reader) = telemetry::from_bytes("fuzz", bytes, &options) else { return };
    for event in reader.flatten() {
        let matched = engine.matches(&event);
        let detected: Vec<_> = engine.detect(&event).into_iter().map(|detection| detection.rule).collect();
        assert_eq!(matched, detected);
        for (number, rule) in engine.rules().iter().enumerate() {
            let explained = rule.explain(&event);
            assert!(!explained.log_source.holds || explained.fires == matched.contains(&number));
            assert!(!explained.lines().is_empty());
        }
    }
});

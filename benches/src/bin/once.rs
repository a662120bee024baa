//! Matches one log once, for counting instructions: `valgrind --tool=callgrind once RULES LOG`.

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (Some(rules), Some(log)) = (arguments.next(), arguments.next()) else {
        return eprintln!("once RULES LOG");
    };
    let engine = sigma::Engine::new(sigma::RuleSet::new().load_dir(rules).expect("rules").rules);
    let options = telemetry::Options::new("2026-01-01T00:00:00Z".parse().expect("a time"));
    let events: Vec<_> = telemetry::open(log.as_ref(), &options).expect("a log").flatten().collect();
    println!("{} events, {} matches", events.len(), all(&engine, &events));
}

#[inline(never)]
fn all(engine: &sigma::Engine, events: &[telemetry::Event]) -> usize {
    events.iter().map(|event| engine.matches(event).len()).sum()
}

//! Reads and matches one log once, for counting the instructions of `once::read` or `once::all`:
//! `valgrind --tool=callgrind --toggle-collect=once::all once RULES LOG`.

/// As `watchbell` has it.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (Some(rules), Some(log)) = (arguments.next(), arguments.next()) else {
        return eprintln!("once RULES LOG");
    };
    let engine = sigma::Engine::new(sigma::RuleSet::new().load_dir(rules).expect("rules").rules);
    let options = telemetry::Options::new("2026-01-01T00:00:00Z".parse().expect("a time"));
    let events = read(log.as_ref(), &options);
    println!("{} events, {} matches", events.len(), all(&engine, &events));
}

#[inline(never)]
fn read(log: &std::path::Path, options: &telemetry::Options) -> Vec<telemetry::Event> {
    telemetry::open(log, options).expect("a log").flatten().collect()
}

#[inline(never)]
fn all(engine: &sigma::Engine, events: &[telemetry::Event]) -> usize {
    events.iter().map(|event| engine.matches(event).len()).sum()
}

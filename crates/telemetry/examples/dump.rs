#![allow(clippy::unwrap_used, clippy::panic)]
fn main() {
    let mut args = std::env::args().skip(1);
    let options = telemetry::Options::new("2026-01-01T00:00:00Z".parse().unwrap());
    let filter = args.next().unwrap();
    for path in args {
        for outcome in telemetry::open(path.as_ref(), &options).unwrap() {
            match outcome {
                Ok(event) => {
                    let text = format!(
                        "{path} {:?} {:?} {:?} {:?}",
                        event.time,
                        event.host,
                        event.source,
                        event.fields().collect::<Vec<_>>()
                    );
                    if text.contains(&filter) {
                        println!("{text}");
                    }
                }
                Err(error) => println!("{error}"),
            }
        }
    }
}

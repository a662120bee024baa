//! Reads real logs, where they are there: every file of a collection must yield events, and what
//! cannot be read must be said with file, record and cause.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use telemetry::{Event, Format, LogSource, Options, RecordError, Value};

fn shared(part: &str) -> Option<PathBuf> {
    let base = std::env::var_os("WATCHBELL_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let path = base.join("data").join(part);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: {} not there", path.display());
    None
}

fn files(under: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![under.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn options() -> Options {
    Options::new("2026-01-01T00:00:00Z".parse().unwrap())
}

fn read(path: &Path) -> (Format, Vec<Event>, Vec<RecordError>) {
    let reader = telemetry::open(path, &options()).unwrap();
    let format = reader.format();
    let (mut events, mut errors) = (Vec::new(), Vec::new());
    for outcome in reader {
        match outcome {
            Ok(event) => events.push(event),
            Err(error) => errors.push(error),
        }
    }
    (format, events, errors)
}

fn sources(events: &[Event]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for event in events {
        let part = |part: &Option<std::borrow::Cow<'static, str>>| part.as_deref().unwrap_or("-").to_owned();
        let source = &event.source;
        let name = [part(&source.product), part(&source.category), part(&source.service)].join("/");
        *counts.entry(name).or_insert(0) += 1;
    }
    counts
}

#[test]
fn every_evtx_sample_is_read() {
    let Some(folder) = shared("evtx-attack-samples") else { return };
    let start = Instant::now();
    let (mut count, mut events_in_all, mut errors_in_all) = (0, 0, Vec::new());
    let (mut counts, mut unknown) = (BTreeMap::new(), BTreeMap::new());
    for path in files(&folder) {
        if path.extension().is_none_or(|extension| extension != "evtx") {
            continue;
        }
        count += 1;
        let (format, events, errors) = read(&path);
        assert_eq!(format, Format::Evtx, "{}", path.display());
        assert!(!events.is_empty() || !errors.is_empty(), "{} yields nothing", path.display());
        for event in &events {
            assert!(event.raw.starts_with(b"**\0\0"), "{}", path.display());
            assert_eq!(event.raw[4..8], event.raw[event.raw.len() - 4..], "size and its copy");
            assert!(event.time.is_some() && event.host.is_some(), "{}", path.display());
            assert!(event.get("EventID").is_some(), "{}: {event:?}", path.display());
        }
        for event in events.iter().filter(|event| event.source.service.is_none()) {
            let channel = event.text("Channel").unwrap_or_default().into_owned();
            *unknown.entry(channel).or_insert(0) += 1;
        }
        for (source, more) in sources(&events) {
            *counts.entry(source).or_insert(0) += more;
        }
        events_in_all += events.len();
        errors_in_all.extend(errors);
    }
    println!("{count} files, {events_in_all} events in {:?}", start.elapsed());
    println!("{counts:#?}\nof no known service: {unknown:#?}");
    for error in &errors_in_all {
        println!("{error}");
        assert!(error.to_string().contains(".evtx: "), "{error}");
    }
    // What a count of the record signatures below each chunk's end of data gives.
    assert_eq!((count, events_in_all, errors_in_all.len()), (277, 8255, 0));
}

#[test]
fn regression_samples_read_alike_from_evtx_and_json() {
    let Some(folder) = shared("sigma-regression") else { return };
    let (mut compared, mut differ) = (0, Vec::new());
    for path in files(&folder) {
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let (format, json, errors) = read(&path);
        assert_eq!(format, Format::JsonLines, "{}", path.display());
        assert!(errors.is_empty(), "{errors:?}");
        let evtx = path.with_extension("evtx");
        if !evtx.exists() {
            continue;
        }
        let (_, binary, errors) = read(&evtx);
        for error in errors {
            println!("{error}");
        }
        assert!(!json.is_empty() && !binary.is_empty(), "{}", path.display());
        for event in &json {
            let twin = binary
                .iter()
                .find(|other| other.get("EventRecordID") == event.get("EventRecordID"))
                .unwrap_or_else(|| panic!("{}: no such record", path.display()));
            assert_eq!(event.host, twin.host, "{}", path.display());
            // Some of the JSON keeps microseconds where the record has tenths of them.
            let apart = event.time.unwrap().duration_since(twin.time.unwrap());
            assert!(apart.abs().as_nanos() < 1000, "{}: {apart:?}", path.display());
            assert_eq!(event.source, twin.source, "{}", path.display());
            for (name, value) in event.fields().filter(|(name, _)| *name != "TimeCreated") {
                // The JSON was written by another tool: GUIDs bare and in capitals, text trimmed.
                let plain =
                    |value: Option<&Value>| format!("{value:?}").to_lowercase().replace(['{', '}', ' '], "");
                let (one, other) = (plain(Some(value)), plain(twin.get(name)));
                if one != other {
                    differ.push(format!("{}: {name}: {one} and {other}", path.display()));
                }
            }
        }
        compared += 1;
    }
    assert!(compared > 50, "{compared}");
    assert!(differ.is_empty(), "{differ:#?}");
}

#[test]
fn flat_windows_json_has_the_log_source_that_its_makers_gave_it() {
    let Some(folder) = shared("windows-jsonl") else { return };
    for path in files(&folder) {
        let start = Instant::now();
        let (format, events, errors) = read(&path);
        println!("{}: {} events in {:?}", path.display(), events.len(), start.elapsed());
        println!("{:#?}", sources(&events));
        assert_eq!(format, Format::JsonLines);
        assert!(errors.is_empty(), "{errors:?}");
        let mut differ = BTreeMap::new();
        for event in &events {
            assert!(event.time.is_some() && event.host.is_some(), "{event:?}");
            assert_eq!(event.source.product.as_deref(), Some("windows"));
            let given = event.text("category").unwrap_or_default().into_owned();
            let own = event.source.category.as_deref().unwrap_or_default().to_owned();
            if given != own {
                *differ.entry((event.text("EventID").unwrap().into_owned(), given, own)).or_insert(0) += 1;
            }
        }
        // They call every 12 a deletion, whatever it did, and give the security log none.
        for ((id, given, own), count) in differ {
            println!("{count} of {id}: {given} there, {own} here");
            assert!(["12", "4689", "5156"].contains(&id.as_str()), "{id}: {given} there, {own} here");
        }
    }
}

#[test]
fn every_network_log_is_read() {
    for (part, wanted) in [("network", 40), ("suricata", 4)] {
        let Some(folder) = shared(part) else { return };
        let mut read_in_all = 0;
        for path in files(&folder) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if !(name.contains(".log") || name.ends_with(".json")) {
                continue;
            }
            let (format, events, errors) = read(&path);
            println!("{}: {format}, {} events, {} errors", path.display(), events.len(), errors.len());
            println!("{:?}", sources(&events));
            for error in errors.iter().take(3) {
                println!("{error}");
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let records = text.lines().any(|line| !line.starts_with('#'));
            assert_eq!(!events.is_empty(), records, "{}", path.display());
            let network = match format {
                Format::ZeekTsv | Format::ZeekJson => "zeek",
                _ => "suricata",
            };
            for event in &events {
                assert_eq!(event.source.product.as_deref(), Some(network), "{}", path.display());
                assert!(event.source.service.is_some(), "{}: {event:?}", path.display());
                assert!(event.time.is_some() || name.contains("loaded_scripts"), "{event:?}");
            }
            read_in_all += 1;
        }
        assert!(read_in_all >= wanted, "{read_in_all}");
    }
}

#[test]
fn hostile_json_is_refused_or_read_and_never_panics() {
    let Some(folder) = shared("hostile/json/test_parsing") else { return };
    let mut read_in_all = 0;
    for path in files(&folder) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = bytes::Bytes::from(std::fs::read(&path).unwrap());
        for format in [None, Some(Format::JsonLines), Some(Format::ZeekJson), Some(Format::SuricataEve)] {
            let options = Options { format, ..options() };
            let reader = match telemetry::from_bytes(&name, bytes.clone(), &options) {
                Ok(reader) => reader,
                Err(error) => {
                    assert!(error.to_string().contains(&name), "{error}");
                    continue;
                }
            };
            for outcome in reader {
                if let Err(error) = outcome {
                    assert!(error.to_string().starts_with(&name), "{error}");
                } else if name.starts_with("n_") && format.is_none() {
                    println!("{name}: read as an event");
                }
            }
        }
        // The same as one line among good ones: they are read all the same.
        if !bytes.contains(&b'\n') && !bytes.contains(&0) {
            let mut around = b"{\"before\":1}\n".to_vec();
            around.extend_from_slice(&bytes);
            around.extend_from_slice(b"\n{\"after\":1}\n");
            let reader = telemetry::from_bytes(&name, around.into(), &options()).unwrap();
            let events: Vec<_> = reader.filter_map(Result::ok).collect();
            assert!(events.first().unwrap().get("before").is_some(), "{name}");
            assert!(events.last().unwrap().get("after").is_some(), "{name}");
        }
        read_in_all += 1;
    }
    assert!(read_in_all > 300, "{read_in_all}");
}

#[test]
fn each_regression_rule_looks_at_an_event_beside_it() {
    let (Some(folder), Some(rules)) = (shared("sigma-regression"), shared("sigma")) else { return };
    let (mut looked_at, mut missed) = (0, Vec::new());
    for info in files(&folder).iter().filter(|path| path.ends_with("info.yml")) {
        let beside = info.parent().unwrap();
        let rule = rules.join(beside.strip_prefix(&folder).unwrap()).with_extension("yml");
        let Ok(text) = std::fs::read_to_string(&rule) else {
            println!("no rule {}", rule.display());
            continue;
        };
        let wanted = log_source(&text);
        let satisfied = files(beside)
            .iter()
            .filter(|path| !path.ends_with("info.yml"))
            .any(|path| read(path).1.iter().any(|event| event.source.satisfies(&wanted)));
        if !satisfied {
            missed.push(format!("{} {wanted:?}", rule.display()));
        }
        looked_at += 1;
    }
    println!("{looked_at} rules, {} without an event: {missed:#?}", missed.len());
    assert!(looked_at > 80, "{looked_at}");
    assert!(missed.is_empty(), "{missed:#?}");
}

/// The `logsource` of a rule, whose parts stand one to a line.
fn log_source(rule: &str) -> LogSource {
    let lines = rule.lines().skip_while(|line| !line.starts_with("logsource:")).skip(1);
    let mut source = LogSource::default();
    for line in lines.take_while(|line| line.starts_with(' ')) {
        let Some((name, value)) = line.split_once(':') else { continue };
        let value = value.split('#').next().unwrap().trim().to_owned();
        match name.trim() {
            "product" => source.product = Some(value.into()),
            "category" => source.category = Some(value.into()),
            "service" => source.service = Some(value.into()),
            _ => {}
        }
    }
    source
}

//! Whatever the bytes, reading them ends, does not panic, and says of each error where it is.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::cast_possible_truncation)]

mod support;

use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use proptest::prelude::*;
use telemetry::{Cause, Error, FORMATS, Format, Options, Position};

fn options(format: Option<Format>) -> Options {
    Options { format, ..Options::new("2024-06-01T00:00:00Z".parse().unwrap()) }
}

/// Reads to the end; how many events and how many errors there were.
fn exhaust(name: &str, bytes: &[u8], format: Option<Format>) -> (usize, usize) {
    let reader = match telemetry::from_bytes(name, Bytes::copy_from_slice(bytes), &options(format)) {
        Ok(reader) => reader,
        Err(error) => {
            assert!(error.to_string().contains(name), "{error}");
            return (0, 1);
        }
    };
    let (mut events, mut errors) = (0, 0);
    for outcome in reader {
        match outcome {
            Ok(event) => {
                events += 1;
                assert!(!event.raw.is_empty());
            }
            Err(error) => {
                errors += 1;
                assert!(error.to_string().starts_with(&format!("{name}: ")), "{error}");
            }
        }
        // Every outcome consumes something.
        assert!(events + errors <= bytes.len() + 2, "it never ends");
    }
    (events, errors)
}

fn exhaust_in_every_format(bytes: &[u8]) {
    exhaust("input", bytes, None);
    for (format, _) in FORMATS {
        exhaust("input", bytes, Some(*format));
    }
}

/// The fixtures and an EVTX file, as material to damage.
fn samples() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut samples: Vec<_> = paths.iter().map(|path| std::fs::read(path).unwrap()).collect();
    assert!(samples.len() >= 10);
    let records = (1..=3).map(support::process_creation).collect();
    samples.push(support::file(&[records, vec![support::process_creation(4)]]));
    samples
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        exhaust_in_every_format(&bytes);
    }

    #[test]
    fn random_text_of_the_formats_own_letters(
        text in "([\\[\\]{}\",:<>=%#\\\\ \n\t'-]|[0-9]{1,4}|Records|ts|uid|type=|CEF:0\\||LEEF:2.0\\||\\||#Fields: |\\[01/May/2024:10:00:00 \\+0000\\] \"|<Events>|<!\\[CDATA\\[|12 <1>|<Event>|</Event>|<Data Name=\"|May  1 10:00:00 gate x: |msg=audit\\(|May 1 10:00:00 |#fields\t|é|\u{0}){0,200}"
    ) {
        exhaust_in_every_format(text.as_bytes());
    }

    #[test]
    fn real_records_cut_and_changed(
        which in any::<prop::sample::Index>(),
        cut in any::<prop::sample::Index>(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..20),
    ) {
        let samples = samples();
        let mut bytes = which.get(&samples).clone();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(cut.index(bytes.len()) + 1);
        exhaust_in_every_format(&bytes);
    }

    #[test]
    fn mappings_of_the_languages_own_words(
        text in "((recognise|records|fields|parts|when|alert|title|unwrap|product|from|then|text|all|is|has|as): ?|\\{|\\}|\\[|\\]|, |\n|  |- |a\\.b|'\\{a\\}'|lower|&a |\\*a|null|~|split: ','|words: |#){0,60}"
    ) {
        if let Ok(mapping) = telemetry::Mapping::read("fuzz.yml", &text)
            && let Ok(mappings) = telemetry::Mappings::shipped().for_source("fuzz.yml", mapping)
        {
            let options = Options::new("2024-06-01T00:00:00Z".parse().unwrap()).with_mappings(mappings);
            let record = br#"{"a":{"b":["x,y",1,null]},"c":"1714557600"}"#;
            let bytes = Bytes::from_static(record);
            for event in telemetry::from_bytes("x.json", bytes, &options).unwrap().flatten() {
                // The record's own fields stay.
                assert_eq!(event.text("c").as_deref(), Some("1714557600"));
            }
        }
    }

    #[test]
    fn damaged_event_log_records(
        changes in proptest::collection::vec((0_usize..3000, any::<u8>()), 1..30),
    ) {
        let mut bytes = samples().pop().unwrap();
        for (at, byte) in changes {
            bytes[4096 + at] = byte;
        }
        exhaust("input.evtx", &bytes, None);
    }
}

#[test]
fn every_prefix_of_every_text_sample() {
    for sample in samples().iter().filter(|sample| sample.len() < 4000) {
        for end in 0..sample.len() {
            exhaust("input", &sample[..end], None);
        }
    }
}

#[test]
fn a_reader_can_go_to_another_thread() {
    let text = Bytes::from_static(b"{\"n\":1}\n");
    let reader = telemetry::from_bytes("x.jsonl", text, &options(None)).unwrap();
    assert_eq!(std::thread::spawn(move || reader.count()).join().unwrap(), 1);
}

#[test]
fn one_bad_line_costs_one_error() {
    let deep = "{\"a\":".repeat(1000);
    for bad in ["{\"a\":", "nul", "{\"a\":\"\u{1}\"}", "[1]", "{\"a\":\"\\ud800\"}", "\u{0}", &deep] {
        let text = format!("{{\"n\":1}}\r\n{bad}\r\n\r\n{{\"n\":2}}\n");
        assert_eq!(exhaust("x.jsonl", text.as_bytes(), None), (2, 1), "{bad:?}");
    }
    let bytes = b"\xef\xbb\xbf{\"n\":\"\xff\"}\n{\"n\":2}";
    assert_eq!(exhaust("x.jsonl", bytes, None), (2, 0));
}

#[test]
fn a_line_without_end_is_left_out_and_not_kept_in_memory() {
    let mut bytes = b"<13>May  1 10:00:00 gate app: first\n<13>".to_vec();
    bytes.resize(bytes.len() + 3 * 1024 * 1024, b'x');
    bytes.extend(b"\n<13>May  1 10:00:01 gate app: last\n");
    let reader = telemetry::from_bytes("big", bytes.into(), &options(None)).unwrap();
    let outcomes: Vec<_> = reader.collect();
    assert_eq!(outcomes.len(), 3);
    let error = outcomes[1].as_ref().unwrap_err();
    assert_eq!(error.position, Position::Line(2));
    assert!(matches!(error.cause, Cause::LineTooLong { .. }));
    assert_eq!(outcomes[2].as_ref().unwrap().text("message").as_deref(), Some("last"));
}

#[test]
fn hostile_records_do_not_take_long() {
    let keys: String = (0..200_000).map(|n| format!("\"k{n}\":1,")).collect();
    let same = "{\"a\":1},".repeat(300_000);
    let pairs = "a=1 ".repeat(200_000);
    let parameters = "p=\"v\" ".repeat(100_000);
    let start = Instant::now();
    for text in [
        format!("{{{keys}\"z\":1}}\n"),
        format!("{{\"list\":[{same}{{}}]}}\n"),
        format!("type=X msg=audit(1.0:1): {pairs}\n"),
        format!("<13>1 - - - - - [id {parameters}] x\n"),
        "[".repeat(1_000_000),
        "{\"a\":".repeat(1_000_000),
        "=".repeat(900_000),
        format!("<13>{}", "%A-".repeat(200_000)),
        format!("CEF:0|a|b|c|d|e|f|{}", "a=b ".repeat(200_000)),
        format!("CEF:0|a|b|c|d|e|f|{}", "=".repeat(900_000)),
        format!("CEF:0|a|b|c|d|e|f|{}", "aaaaaaaaaaaaaaaaaaaaaaaaaaaa.".repeat(30_000)),
        format!("LEEF:1.0|a|b|c|d|{}", "a=b\t".repeat(200_000)),
        format!("<Events>{}", "<Event>".repeat(200_000)),
        format!("<Event>{}</Event>", "<a>".repeat(200_000)),
        format!("<Event>{}</Event>", "<Data Name=\"a\">x</Data>".repeat(100_000)),
        format!("a - - [01/May/2024:10:00:00 +0000] \"{}\" 200 1", "\\\"".repeat(400_000)),
        format!("#Fields: {}\n{}\n", "a ".repeat(200_000), "b ".repeat(200_000)),
        (0..30_000).map(|n| format!("type=PATH msg=audit(1.0:{n}): a=b\n")).collect(),
        "type=PATH msg=audit(1.0:1): item=0 name=x\n".repeat(30_000),
        "1 <".repeat(300_000),
    ] {
        exhaust_in_every_format(text.as_bytes());
    }
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[test]
fn a_source_that_cannot_be_read_says_why() {
    let read = |name: &str, bytes: &'static [u8]| {
        telemetry::from_bytes(name, Bytes::from_static(bytes), &options(None)).err().expect("it is refused")
    };
    assert!(matches!(read("x", b""), Error::Empty { .. }));
    let error = read("notes.txt", b"Dear diary,\nnothing happened.\n");
    assert!(matches!(error, Error::Unrecognised { .. }));
    assert!(error.to_string().starts_with("notes.txt is in no format"), "{error}");
    let missing = telemetry::open(Path::new("/nowhere/x.evtx"), &options(None)).err().unwrap();
    assert!(missing.to_string().starts_with("/nowhere/x.evtx cannot be opened"), "{missing}");
    assert!("csv".parse::<Format>().unwrap_err().to_string().contains("evtx, json-lines"));
    for (format, _) in FORMATS {
        assert_eq!(format.name().parse::<Format>().unwrap(), *format);
    }
}

#[test]
fn formats_are_told_by_content_before_name() {
    for (name, head, wanted) in [
        ("x.txt", "ElfFile\0", Some(Format::Evtx)),
        ("x.evtx", "damaged", Some(Format::Evtx)),
        ("x.evtx", "{\"a\":1}\n", Some(Format::JsonLines)),
        ("x", "\u{feff}\n {\"a\":1}", Some(Format::JsonLines)),
        ("x", "[{\"event_type\":\"dns\",\"timestamp\":\"t\",\"flow_id\":1}]", Some(Format::SuricataEve)),
        ("x", "{\"ts\":1.5,\"uid\":\"C\"}\n", Some(Format::ZeekJson)),
        ("conn.log", "{\"a\":1}\n", Some(Format::ZeekJson)),
        ("x", "#separator \\x09\n", Some(Format::ZeekTsv)),
        ("x", "<34>1 - - - - - -", Some(Format::Syslog)),
        ("x", "May  1 10:00:00 gate x: y", Some(Format::Syslog)),
        ("x", "type=PATH msg=audit(1.0:1): a=b", Some(Format::LinuxAudit)),
        ("x", "CEF:0|a|b|c|d|e|f|", Some(Format::Cef)),
        ("x", "<13>May  1 10:00:00 gate CEF:0|a|b|c|d|e|f|", Some(Format::Cef)),
        ("x", "LEEF:2.0|a|b|c|d|^|", Some(Format::Leef)),
        ("x", "May  1 10:00:00 gate x: about CEF:", Some(Format::Syslog)),
        ("x", "<?xml version=\"1.0\"?>\r\n<Events>", Some(Format::WindowsXml)),
        ("x", "<Event xmlns='a'>", Some(Format::WindowsXml)),
        ("x", "<EventLog>", None),
        ("x", "a - - [01/May/2024:10:00:00 +0000] \"GET / HTTP/1.1\" 200 1", Some(Format::AccessLog)),
        ("x", "#Software: x", Some(Format::W3c)),
        ("x", "plain words", None),
        ("x", "", None),
    ] {
        assert_eq!(telemetry::detect(name, head.as_bytes()), wanted, "{name} {head:?}");
    }
}

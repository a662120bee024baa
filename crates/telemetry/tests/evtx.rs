//! Windows event log files, whole and damaged, which the tests write themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::cast_possible_truncation)]

mod support;

use bytes::Bytes;
use support::{Record, Typed, process_creation, record_of};
use telemetry::{Event, Format, LogSource, Options, RecordError, Value};

fn read(file: Vec<u8>) -> (Vec<Event>, Vec<String>) {
    let options = Options::new("2026-01-01T00:00:00Z".parse().unwrap());
    let reader = telemetry::from_bytes("desk.evtx", Bytes::from(file), &options).unwrap();
    assert_eq!(reader.format(), Format::Evtx);
    let (mut events, mut errors) = (Vec::new(), Vec::new());
    for outcome in reader {
        match outcome {
            Ok(event) => events.push(event),
            Err(error) => errors.push(RecordError::to_string(&error)),
        }
    }
    (events, errors)
}

fn ids(events: &[Event]) -> Vec<i64> {
    events
        .iter()
        .map(|event| match event.get("EventRecordID") {
            Some(Value::Int(id)) => *id,
            other => panic!("{other:?}"),
        })
        .collect()
}

/// Three chunks of two records each, with ids 1 to 6.
fn three_chunks() -> Vec<u8> {
    support::file(&[1, 3, 5].map(|id| vec![process_creation(id), process_creation(id + 1)]))
}

#[test]
fn a_record_has_its_bytes_and_sigmas_names_for_its_fields() {
    let file = support::file(&[vec![process_creation(1), process_creation(2)]]);
    let (events, errors) = read(file.clone());
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(events.len(), 2);
    let event = &events[1];
    assert_eq!(&*event.raw, record_of(&file, 0, 1));
    assert_eq!(event.time, Some("2024-05-01T10:00:00.1234567Z".parse().unwrap()));
    assert_eq!(event.host.as_deref(), Some("DESK-7.example.org"));
    assert_eq!(event.source, LogSource::of(Some("windows"), Some("process_creation"), Some("sysmon")));
    for (name, value) in [
        ("Provider_Name", Value::from("Microsoft-Windows-Sysmon")),
        ("EventID", Value::Int(1)),
        ("EventRecordID", Value::Int(2)),
        ("Channel", Value::from("Microsoft-Windows-Sysmon/Operational")),
        ("ProcessId", Value::Int(4242)),
        ("Image", Value::from("C:\\Windows\\System32\\cmd.exe")),
        ("CommandLine", Value::from("cmd /c echo \"grüße\" & whoami")),
        ("LogonId", Value::from("0x3e7")),
        ("Elevated", Value::Bool(true)),
    ] {
        assert_eq!(event.get(name), Some(&value), "{name}");
    }
    assert_eq!(event.get("TimeCreated"), Some(&Value::from("2024-05-01T10:00:00.1234567Z")));
}

#[test]
fn the_security_log_answers_to_sysmons_names() {
    let record = Record {
        event_id: 4688,
        provider: "Microsoft-Windows-Security-Auditing",
        channel: "Security",
        data: vec![
            ("SubjectUserName", Typed::Text("eve")),
            ("SubjectDomainName", Typed::Text("EXAMPLE")),
            ("NewProcessName", Typed::Text("C:\\Windows\\System32\\whoami.exe")),
            ("ParentProcessName", Typed::Text("C:\\Windows\\System32\\cmd.exe")),
            ("CommandLine", Typed::Text("whoami /all")),
            ("MandatoryLabel", Typed::Text("S-1-16-12288")),
        ],
        ..process_creation(1)
    };
    let (events, errors) = read(support::file(&[vec![record]]));
    assert!(errors.is_empty(), "{errors:?}");
    let event = &events[0];
    assert_eq!(event.source, LogSource::of(Some("windows"), Some("process_creation"), Some("security")));
    for (name, value) in [
        ("Image", "C:\\Windows\\System32\\whoami.exe"),
        ("ParentImage", "C:\\Windows\\System32\\cmd.exe"),
        ("CommandLine", "whoami /all"),
        ("User", "EXAMPLE\\eve"),
        ("IntegrityLevel", "High"),
    ] {
        assert_eq!(event.text(name).as_deref(), Some(value), "{name}");
    }
}

#[test]
fn data_without_names_is_a_list_under_one() {
    let record = Record {
        event_id: 400,
        provider: "PowerShell",
        channel: "Windows PowerShell",
        data: vec![("", Typed::Text("Available")), ("", Typed::Text("HostName=ConsoleHost"))],
        ..process_creation(1)
    };
    let (events, _) = read(support::file(&[vec![record]]));
    let wanted = ["Available", "HostName=ConsoleHost"].map(Value::from).to_vec();
    assert_eq!(events[0].get("Data"), Some(&Value::List(wanted)), "{:?}", events[0]);
    assert_eq!(events[0].source.category.as_deref(), Some("ps_classic_start"));
}

#[test]
fn a_damaged_chunk_is_named_and_the_others_are_read() {
    let mut file = three_chunks();
    file[4096 + 65_536] = b'X';
    let (events, errors) = read(file);
    assert_eq!(ids(&events), [1, 2, 5, 6]);
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].starts_with("desk.evtx: chunk 1: the EVTX structure is damaged"), "{errors:?}");
}

#[test]
fn a_damaged_record_is_named_and_the_others_are_read() {
    let mut file = three_chunks();
    // The second record of the first chunk begins with an element that no such token opens.
    let at = 4096 + 512 + record_of(&file, 0, 0).len() + 24;
    file[at] = 0x77;
    let (events, errors) = read(file);
    assert_eq!(ids(&events), [1, 3, 4, 5, 6]);
    assert!(errors.iter().any(|error| error.contains("record id 2 (chunk 0)")), "{errors:?}");
    assert!(errors.iter().any(|error| error.contains("chunk 0: ") && error.contains("checksum")));
}

#[test]
fn a_changed_byte_shows_in_the_checksum() {
    let mut file = three_chunks();
    let record = record_of(&file, 2, 1).as_ptr() as usize - file.as_ptr() as usize;
    let letter = file[record..].windows(2).position(|pair| pair == b"w\0").unwrap();
    file[record + letter] = b'W';
    let (events, errors) = read(file);
    assert_eq!(ids(&events), [1, 2, 3, 4, 5, 6]);
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].contains("chunk 2: ") && errors[0].contains("checksum"), "{errors:?}");
}

#[test]
fn a_file_that_ends_too_early_gives_what_is_there() {
    let file = three_chunks();
    let (events, errors) = read(file[..4096 + 65_536 + 512 + 200].to_vec());
    assert_eq!(ids(&events), [1, 2]);
    assert!(errors.iter().any(|error| error.contains("chunk 1: the file ends")), "{errors:?}");
    let (events, errors) = read(file[..100].to_vec());
    assert!(events.is_empty());
    assert_eq!(errors, ["desk.evtx: file header: the file ends in the middle of the record"]);
}

#[test]
fn a_damaged_file_header_does_not_hide_the_chunks() {
    let mut file = three_chunks();
    file[..8].fill(0);
    let (events, errors) = read(file);
    assert_eq!(ids(&events), [1, 2, 3, 4, 5, 6]);
    assert!(errors[0].contains("file header"), "{errors:?}");
    // A chunk that was carved out of a file stands alone.
    let (events, errors) = read(three_chunks()[4096..4096 + 65_536].to_vec());
    assert_eq!((ids(&events), errors.len()), (vec![1, 2], 0));
}

#[test]
fn unused_chunks_are_no_damage() {
    let mut file = three_chunks();
    file.resize(file.len() + 3 * 65_536, 0);
    let (events, errors) = read(file);
    assert_eq!((events.len(), errors.len()), (6, 0), "{errors:?}");
}

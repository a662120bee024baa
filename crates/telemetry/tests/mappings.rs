//! Mappings of an operator's own: what they say, which comes first, and how a wrong one is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use telemetry::{Event, Format, Mapping, Mappings, Options, Value};

fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::remove_dir_all(&folder).ok();
    std::fs::create_dir_all(&folder).unwrap();
    for (name, text) in files {
        std::fs::write(folder.join(name), text).unwrap();
    }
    folder
}

fn read(record: &str, mappings: Arc<Mappings>) -> Event {
    let options = Options::new("2024-06-01T00:00:00Z".parse().unwrap()).with_mappings(mappings);
    let bytes = record.to_owned().into_bytes().into();
    telemetry::from_bytes("x.json", bytes, &options).unwrap().next().unwrap().unwrap()
}

const DOOR: &str = "\
title: Doors of the building
recognise:
  - has: [door, badge]
time: seen
host: {from: door.name, then: [lower]}
user: {text: '{badge.company}\\{badge.holder}'}
product: doors
parts:
  - when: {is: {door.state: [forced, held]}, at-least: {door.seconds: 30}}
    category: alarm
  - category: passage
service: {from: door.kind, then: [{words: {revolving: rotor}}]}
unwrap: [door., {prefix: badge., capital: true}]
fields:
  Zone: {from: door.path, then: [{after: /}, {before: /}, upper]}
  Last: {from: door.path, then: [{after-last: /}]}
  Tags: {from: tags, then: [{split: ','}, trim]}
  Joined: {all: [door.name, nothing, badge.holder], then: [{join: '+'}]}
  Number: {from: door.seconds, then: [number]}
  At: {from: seen, then: [time]}
  Kind: {value: door}
  Braces: {text: '{{{door.name}}}'}
  Missing: {text: '{nothing} {door.name}'}
  Only: {from: door.name, when: {lacks: [badge.holder]}}
  Stripped: {from: door.path, then: [{strip: /house/}, {strip-end: /front}]}
";

#[test]
fn everything_the_language_can_say() {
    let folder =
        folder("door", &[("door.yml", DOOR), (".hidden.yml", "no: mapping"), ("readme.txt", "not read")]);
    let mappings = Mappings::with_folder(&folder).unwrap();
    let record = r#"{"seen":"2024-05-01 10:00:00","door":{"name":"NORTH","state":"Forced","seconds":"31","kind":"revolving","path":"/house/east/front"},"badge":{"company":"ex","holder":"eve"},"tags":"a, b","Kind":"own"}"#;
    // Objects have no value of their own, so `door` alone is no field.
    assert_eq!(read(record, Arc::clone(&mappings)).source.product, None);
    let text = DOOR.replace("[door, badge]", "[door.name, badge.holder]");
    std::fs::write(folder.join("door.yml"), text).unwrap();
    let mappings = Mappings::with_folder(&folder).unwrap();
    let event = read(record, mappings);
    let source = &event.source;
    assert_eq!(
        [&source.product, &source.category, &source.service].map(|part| part.as_deref().unwrap_or("-")),
        ["doors", "alarm", "rotor"]
    );
    assert_eq!(event.time.unwrap().to_string(), "2024-05-01T10:00:00Z");
    assert_eq!(event.host.as_deref(), Some("north"));
    for (name, value) in [
        ("User", "ex\\eve"),
        ("Zone", "HOUSE"),
        ("Last", "front"),
        ("Joined", "NORTH+eve"),
        ("At", "2024-05-01T10:00:00Z"),
        // The record's own stays.
        ("Kind", "own"),
        ("Braces", "{NORTH}"),
        ("Stripped", "east"),
        ("name", "NORTH"),
        ("Holder", "eve"),
        ("door.name", "NORTH"),
    ] {
        assert_eq!(event.text(name).as_deref(), Some(value), "{name}");
    }
    assert_eq!(event.get("Number"), Some(&Value::Int(31)));
    assert_eq!(event.get("Tags"), Some(&Value::List(vec!["a".into(), "b".into()])));
    assert_eq!((event.get("Missing"), event.get("Only")), (None, None));
    assert_eq!(event.format, Format::JsonLines);
    let calm = read(&record.replace("31", "29"), Mappings::with_folder(&folder).unwrap());
    assert_eq!(calm.source.category.as_deref(), Some("passage"));
}

#[test]
fn an_own_mapping_comes_before_the_shipped_ones_and_may_replace_one() {
    let record = r#"{"eventTime":"2024-05-01T10:00:00Z","eventSource":"a","eventName":"b","awsRegion":"c"}"#;
    let shipped = read(record, Mappings::shipped());
    assert_eq!(shipped.source.product.as_deref(), Some("aws"));
    let before = folder("before", &[("mine.yaml", "recognise: [{has: [awsRegion]}]\nproduct: mine\n")]);
    let event = read(record, Mappings::with_folder(&before).unwrap());
    assert_eq!((event.source.product.as_deref(), event.source.service), (Some("mine"), None));
    let instead =
        folder("instead", &[("x.yml", "name: cloudtrail\nrecognise: [{has: [nothing]}]\nproduct: p\n")]);
    let mappings = Mappings::with_folder(&instead).unwrap();
    assert_eq!(mappings.all().count(), Mappings::shipped().all().count());
    assert_eq!(read(record, mappings).source.product, None);
    let handed =
        folder("handed", &[("x.yml", "recognise: [{has: [awsRegion]}]\nservice: own\nas: cloudtrail\n")]);
    let event = read(record, Mappings::with_folder(&handed).unwrap());
    assert_eq!(
        (event.source.product.as_deref(), event.source.service.as_deref()),
        (Some("aws"), Some("own"))
    );
}

#[test]
fn a_wrong_mapping_is_refused_with_its_line_and_reason() {
    for (text, line, reason) in [
        ("", 1, "empty"),
        ("product: x\nfield: {}\n", 2, "field"),
        ("product: x\nrecognise:\n  - has: a\n  - {}\n", 4, "says nothing"),
        ("recognise:\n  - lacks: [a]\n", 2, "recognised by what they have"),
        ("fields:\n  A: {from: a, text: b}\n", 2, "only one"),
        ("fields:\n  A: b\n  C: {then: [lower]}\n", 3, "must stand here"),
        ("fields:\n  A: {text: 'x {a'}\n", 2, "do not enclose"),
        ("fields:\n  A: []\n", 2, "empty"),
        ("fields:\n  A: {from: b, then: [shout]}\n", 2, "shout"),
        ("fields:\n  A: b\n  A: c\n", 3, "A"),
        ("name: Big Name\n", 1, "cannot be used"),
        ("product: ''\n", 1, "empty text"),
        ("title: x\nparts:\n  - when: {is: {a: []}}\n", 3, "nothing is named"),
        ("title: x\n  y: [\n", 2, ""),
    ] {
        let error = Mapping::read("mine.yml", text).unwrap_err();
        assert_eq!(error.file, "mine.yml");
        assert_eq!(error.line, line, "{text:?}: {error}");
        assert!(error.reason.contains(reason), "{text:?}: {error}");
        assert!(!error.to_string().contains('\n'), "{error}");
    }
    let unknown = folder("unknown", &[("a.yml", "product: a\nas: nobody\nrecognise: [{has: [x]}]\n")]);
    let error = Mappings::with_folder(&unknown).unwrap_err();
    assert!(
        error.to_string().ends_with("a.yml:2: `as` names the mapping \"nobody\", which is not there"),
        "{error}"
    );
    let twice =
        folder("twice", &[("a.yml", "name: one\nproduct: a\n"), ("b.yml", "name: one\nproduct: b\n")]);
    let error = Mappings::with_folder(&twice).unwrap_err();
    assert!(error.file.ends_with("b.yml") && error.reason.contains("too"), "{error}");
    assert!(Mappings::with_folder(&twice.join("nothing")).unwrap_err().reason.contains("cannot be read"));
}

#[test]
fn deep_and_long_ones_cost_no_more_than_honest_ones() {
    let deep = format!("fields:\n  A: {}x{}\n", "{from: ".repeat(40), "}".repeat(40));
    assert!(Mapping::read("deep.yml", &deep).is_err());
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b]\nfields: {A: [*c,*c,*c,*c,*c,*c,*c,*c]}\n";
    assert!(Mapping::read("bomb.yml", bomb).is_err());
    let long = folder("long", &[("long.yml", &format!("# {}\nproduct: x\n", "-".repeat(300 << 10)))]);
    assert!(Mappings::with_folder(&long).unwrap_err().reason.contains("longer than 256 KiB"));
}

#[test]
fn every_shipped_file_is_in_use() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../content/rules/mappings");
    let shipped = Mappings::shipped();
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let mapping =
            Mapping::read(&path.display().to_string(), &text).unwrap_or_else(|error| panic!("{error}"));
        let stem = path.file_stem().unwrap().to_str().unwrap();
        assert_eq!(mapping.name(), stem, "a shipped mapping is named as its file is");
        assert_ne!(mapping.title(), stem, "{stem} has a title");
        assert!(shipped.named(stem).is_some(), "{stem} is in the folder and not in use");
        files += 1;
    }
    assert_eq!(files, shipped.all().count());
}

//! A mapping and the records that it is for: the first part of the input, up to a line of `%%`, is the mapping,
//! the rest are JSON lines. It is refused with a line that the text has, or no record loses what it has.
#![no_main]

use bytes::Bytes;
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use telemetry::{Format, Mapping, Mappings, Options};

fuzz_target!(|text: &str| {
    let Some((mapping, records)) = text.split_once("\n%%\n") else { return };
    let lines = u64::try_from(mapping.split(['\n', '\r']).count() + 1).unwrap_or(u64::MAX);
    let mapping = match Mapping::read("fuzz.yml", mapping) {
        Ok(mapping) => mapping,
        Err(error) => return assert!((1..=lines).contains(&error.line), "{error}"),
    };
    let Ok(mappings) = Mappings::shipped().for_source("fuzz.yml", mapping) else { return };
    let plain = Options::new(Timestamp::UNIX_EPOCH).with_format(Format::JsonLines);
    let mapped = plain.clone().with_mappings(mappings.clone());
    let bytes = Bytes::copy_from_slice(records.as_bytes());
    let Ok(reader) = telemetry::from_bytes("fuzz", bytes, &mapped) else { return };
    for event in reader.flatten() {
        if let Some(mapping) = mappings.of_source() {
            let _ = mapping.report(&event);
        }
        for (field, _) in event.fields() {
            assert!(event.get(field).is_some(), "{field:?} is listed and not found");
        }
    }
});

//! What the targets share: bytes are read as a source to its end, and everything that an event offers is
//! looked at. A panic, an endless loop or memory that grows without bound is a find; an error is not.

use bytes::Bytes;
use jiff::Timestamp;
use telemetry::{Format, Options};

/// More records than this out of one input would mean that the reader does not move on.
const MOST_RECORDS: usize = 1 << 20;

/// Reads the bytes in the given format, or in whichever they look like.
pub fn read(name: &str, data: &[u8], format: Option<Format>) {
    let options = Options::new(Timestamp::UNIX_EPOCH);
    let options = match format {
        Some(format) => options.with_format(format),
        None => options,
    };
    let Ok(reader) = telemetry::from_bytes(name, Bytes::copy_from_slice(data), &options) else { return };
    // A packed input may rightly hold many more records than it has bytes.
    let packed = data.starts_with(&[0x1f, 0x8b]) || data.starts_with(&[0x28, 0xb5]);
    let mut records = 0;
    for record in reader {
        records += 1;
        if packed && records == MOST_RECORDS / 16 {
            return;
        }
        assert!(records < MOST_RECORDS, "the reader does not end");
        match record {
            Ok(event) => {
                for (field, _) in event.fields() {
                    assert!(event.get(field).is_some(), "{field:?} is listed and not found");
                    event.text(field);
                }
            }
            Err(refusal) => {
                refusal.to_string();
            }
        }
    }
}

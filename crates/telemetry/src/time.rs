//! Reading points in time as logs write them. Nothing here asks what time it is now.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::Value;

/// Reads RFC 3339 and its looser relatives (`2024-05-01 10:00:00.5`, `…+0200`). A time without a
/// zone is taken as UTC.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    if let Some(text) = text.strip_suffix(" UTC") {
        return parse(text);
    }
    utc(civil(text)?)
}

/// A time that names no zone, as it stands.
pub(crate) fn civil(text: &str) -> Option<DateTime> {
    // jiff reads a civil time out of a zoned one too, which would lose the offset.
    if text.parse::<Timestamp>().is_ok() {
        return None;
    }
    text.trim().parse().ok()
}

pub(crate) fn utc(civil: DateTime) -> Option<Timestamp> {
    TimeZone::UTC.to_timestamp(civil).ok()
}

/// Reads text, or a number since 1970 whose unit (seconds to nanoseconds) its size tells.
pub(crate) fn value(value: &Value) -> Option<Timestamp> {
    match value {
        Value::Str(text) => parse(text).or_else(|| text.parse::<f64>().ok().and_then(seconds)),
        Value::Int(number) => epoch(*number),
        Value::Float(number) => seconds(*number),
        _ => None,
    }
}

/// Reads the ways in which devices write time in CEF and LEEF: a number since 1970, RFC 3339 and its
/// relatives, and `May 01 2024 10:00:00.123` with or without fraction and zone.
pub(crate) fn written(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(number) = text.parse() {
        return epoch(number);
    }
    if !text.starts_with(|first: char| first.is_ascii_alphabetic()) {
        return parse(text);
    }
    let text = text.strip_suffix(" UTC").or_else(|| text.strip_suffix(" GMT")).unwrap_or(text);
    DateTime::strptime("%b %d %Y %H:%M:%S%.f", text)
        .ok()
        .and_then(utc)
        .or_else(|| Timestamp::strptime("%b %d %Y %H:%M:%S%.f %z", text).ok())
}

fn epoch(number: i64) -> Option<Timestamp> {
    match number.unsigned_abs() {
        0..100_000_000_000 => Timestamp::from_second(number).ok(),
        100_000_000_000..100_000_000_000_000 => Timestamp::from_millisecond(number).ok(),
        100_000_000_000_000..100_000_000_000_000_000 => Timestamp::from_microsecond(number).ok(),
        _ => Timestamp::from_nanosecond(i128::from(number)).ok(),
    }
}

/// Seconds since 1970 with a fraction, kept to the microsecond (what a double can hold).
pub(crate) fn seconds(number: f64) -> Option<Timestamp> {
    if !number.is_finite() || number.abs() > 1e17 {
        return None;
    }
    if number.abs() >= 1e11 {
        return seconds(number / 1000.0);
    }
    let duration = SignedDuration::try_from_secs_f64(number).ok()?;
    let rounded = duration.round(jiff::Unit::Microsecond).ok()?;
    Timestamp::from_duration(rounded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Option<String> {
        parse(text).map(|time| time.to_string())
    }

    #[test]
    fn reads_the_ways_logs_write_time() {
        for (text, wanted) in [
            ("2020-09-22T08:11:49.5Z", "2020-09-22T08:11:49.5Z"),
            ("2020-09-22 08:11:49", "2020-09-22T08:11:49Z"),
            ("2020-09-22 08:11:49.522 UTC", "2020-09-22T08:11:49.522Z"),
            ("2021-06-06T15:59:46.457984+0200", "2021-06-06T13:59:46.457984Z"),
            ("2021-06-06T15:59:46+02:00", "2021-06-06T13:59:46Z"),
        ] {
            assert_eq!(at(text).as_deref(), Some(wanted), "{text}");
        }
        for text in ["", "yesterday", "2020-13-40T00:00:00Z", "\u{0}"] {
            assert_eq!(at(text), None, "{text:?}");
        }
    }

    #[test]
    fn reads_the_ways_devices_write_time() {
        for (text, wanted) in [
            ("1714557600123", Some("2024-05-01T10:00:00.123Z")),
            ("May 01 2024 10:00:00", Some("2024-05-01T10:00:00Z")),
            ("May 01 2024 10:00:00.5 UTC", Some("2024-05-01T10:00:00.5Z")),
            ("May 01 2024 12:00:00 +0200", Some("2024-05-01T10:00:00Z")),
            ("2024-05-01T10:00:00Z", Some("2024-05-01T10:00:00Z")),
            ("May be", None),
        ] {
            assert_eq!(written(text).map(|time| time.to_string()).as_deref(), wanted, "{text}");
        }
    }

    #[test]
    fn tells_the_unit_of_a_number_by_its_size() {
        for (number, wanted) in [
            (1_600_000_000, "2020-09-13T12:26:40Z"),
            (1_600_000_000_123, "2020-09-13T12:26:40.123Z"),
            (1_600_000_000_123_456, "2020-09-13T12:26:40.123456Z"),
        ] {
            let time = value(&Value::Int(number)).map(|time| time.to_string());
            assert_eq!(time.as_deref(), Some(wanted));
        }
        let time = value(&Value::Float(1_517_422_326.539_915)).map(|time| time.to_string());
        assert_eq!(time.as_deref(), Some("2018-01-31T18:12:06.539915Z"));
        assert_eq!(value(&Value::Float(f64::NAN)), None);
        assert_eq!(value(&Value::Float(1e300)), None);
    }
}

//! Times as people type them on a command line.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// One end of a range of time, as typed: a moment, or a whole day in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    Moment(Timestamp),
    Day(Date),
}

impl When {
    /// The first moment that a range beginning so holds.
    pub fn first(self) -> Result<Timestamp, String> {
        match self {
            When::Moment(moment) => Ok(moment),
            When::Day(day) => start(day),
        }
    }

    /// The first moment that a range ending so does not hold any more. A day is held whole.
    pub fn end(self) -> Result<Timestamp, String> {
        match self {
            When::Moment(moment) => Ok(moment),
            When::Day(day) => start(day.checked_add(1.day()).map_err(|error| error.to_string())?),
        }
    }
}

fn start(day: Date) -> Result<Timestamp, String> {
    TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).map_err(|error| error.to_string())
}

/// Reads `2026-11-24`, `2026-11-24T03:12`, `2026-11-24T03:12:44Z` or `2026-11-24T04:12:44+01:00`.
/// Without a zone it is UTC.
pub fn parse(text: &str) -> Result<When, String> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(When::Moment(moment));
    }
    if !text.contains(':') {
        if let Ok(day) = text.parse::<Date>() {
            return Ok(When::Day(day));
        }
    } else if let Ok(moment) = text.parse::<DateTime>()
        && let Ok(moment) = TimeZone::UTC.to_timestamp(moment)
    {
        return Ok(When::Moment(moment));
    }
    Err("write a date such as 2026-11-24, or a time such as 2026-11-24T03:12:44Z".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_held_whole_and_a_moment_is_exact() {
        let day = parse("2026-11-24").unwrap();
        assert_eq!(day.first().unwrap().to_string(), "2026-11-24T00:00:00Z");
        assert_eq!(day.end().unwrap().to_string(), "2026-11-25T00:00:00Z");
        for (text, moment) in [
            ("2026-11-24T03:12:44Z", "2026-11-24T03:12:44Z"),
            ("2026-11-24T03:12:44+01:00", "2026-11-24T02:12:44Z"),
            ("2026-11-24T03:12", "2026-11-24T03:12:00Z"),
            ("2026-11-24 03:12:01", "2026-11-24T03:12:01Z"),
        ] {
            assert_eq!(parse(text).unwrap().end().unwrap().to_string(), moment, "{text}");
        }
        for text in ["", "yesterday", "24.11.2026", "2026-13-01", "2026-11-24T25:00:00"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}

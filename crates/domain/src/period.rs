//! A length of time as a plan states it: `30m`, `4h`, `1h30m`, `2d`, `1w`. A day is 24 hours and a week
//! 7 days: the plan's periods are for deadlines, not for calendars.

use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};

use crate::Error;
use crate::words::as_text;

/// Whole seconds, above zero, below a hundred years.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    seconds: i64,
}

/// Largest first: the order in which a period is written.
const UNITS: [(char, i64); 5] = [('w', 604_800), ('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];
const LONGEST: i64 = 100 * 366 * 86_400;

impl Period {
    pub const fn as_duration(self) -> SignedDuration {
        SignedDuration::from_secs(self.seconds)
    }

    /// When the period is over that begins at `start`; the end of time if that is beyond it.
    pub fn after(self, start: Timestamp) -> Timestamp {
        start.checked_add(self.as_duration()).unwrap_or(Timestamp::MAX)
    }

    /// As people say it: `1 hour 30 minutes`, `14 days`. Days are the largest unit, because a plan's
    /// periods are lengths of time and no calendar's months or years.
    pub fn words(self) -> String {
        let mut rest = self.seconds;
        let mut said = Vec::new();
        for (unit, seconds) in [("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)] {
            let number = rest / seconds;
            rest %= seconds;
            if number > 0 {
                said.push(format!("{number} {unit}{}", if number == 1 { "" } else { "s" }));
            }
        }
        said.join(" ")
    }

    fn parse(text: &str) -> Option<Self> {
        let mut seconds = 0_i64;
        let mut rest = text;
        let mut smaller_than = i64::MAX;
        while !rest.is_empty() {
            let (digits, after) = rest.split_at_checked(rest.find(|c: char| !c.is_ascii_digit())?)?;
            let mut letters = after.chars();
            let letter = letters.next()?;
            let (_, unit) = UNITS.into_iter().find(|(name, _)| *name == letter)?;
            if unit >= smaller_than {
                return None;
            }
            smaller_than = unit;
            seconds = seconds.checked_add(digits.parse::<i64>().ok()?.checked_mul(unit)?)?;
            rest = letters.as_str();
        }
        (1..=LONGEST).contains(&seconds).then_some(Self { seconds })
    }
}

impl FromStr for Period {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text).ok_or_else(|| Error::Malformed {
            what: "a length of time",
            value: text.to_owned(),
            example: "30m, 4h, 1h30m, 2d or 1w",
        })
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.seconds;
        for (letter, unit) in UNITS {
            // "90d" reads better than "12w6d": weeks only when nothing remains.
            if letter == 'w' && rest % unit != 0 {
                continue;
            }
            if rest >= unit {
                write!(f, "{}{letter}", rest / unit)?;
                rest %= unit;
            }
        }
        Ok(())
    }
}

as_text!(Period);

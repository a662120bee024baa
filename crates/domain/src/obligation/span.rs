//! How long a law gives: hours, calendar days, business days or months. The four are counted differently,
//! so a span keeps its unit (`72 hours` is not `3 days`).

use std::fmt;
use std::str::FromStr;

use crate::Error;
use crate::words::as_text;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Span {
    /// Elapsed time, through nights, weekends and changes of the clock.
    Hours(u16),
    /// Whole days after the day on which it starts.
    Days(u16),
    /// Working days of a calendar after the day on which it starts.
    BusinessDays(u16),
    /// The same date of a later month, or that month's last day.
    Months(u16),
}

impl Span {
    /// Ten years of hours: beyond that, a number is a slip of the pen.
    const LONGEST: u16 = u16::MAX;

    pub const fn needs_calendar(self) -> bool {
        matches!(self, Self::BusinessDays(_))
    }

    fn parse(text: &str) -> Option<Self> {
        let (number, unit) = text.trim().split_once(' ')?;
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let number: u16 = number.parse().ok().filter(|number| (1..Self::LONGEST).contains(number))?;
        let made = match unit.trim() {
            "hour" | "hours" => Self::Hours(number),
            "day" | "days" => Self::Days(number),
            "business day" | "business days" => Self::BusinessDays(number),
            "month" | "months" => Self::Months(number),
            _ => return None,
        };
        let sane = match made {
            Self::Hours(_) => true,
            Self::Days(days) | Self::BusinessDays(days) => days <= 3660,
            Self::Months(months) => months <= 120,
        };
        sane.then_some(made)
    }
}

impl FromStr for Span {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text).ok_or_else(|| Error::Malformed {
            what: "a length of time that a law can give",
            value: text.to_owned(),
            example: "72 hours, 30 days, 4 business days or 1 month",
        })
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, unit) = match self {
            Self::Hours(number) => (number, "hour"),
            Self::Days(number) => (number, "day"),
            Self::BusinessDays(number) => (number, "business day"),
            Self::Months(number) => (number, "month"),
        };
        write!(f, "{number} {unit}{}", if *number == 1 { "" } else { "s" })
    }
}

as_text!(Span);

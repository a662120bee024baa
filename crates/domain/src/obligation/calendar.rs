//! Working days: a calendar's weekend, and rules from which the holidays of any year follow. The rules are
//! content (`calendars.yaml`); what is computed here is when they fall.

use std::collections::BTreeSet;

use jiff::civil::{Date, Weekday};
use jiff::{Span, ToSpan};
use serde::Deserialize;

use super::CalendarKey;
use crate::Line;
use crate::words::words;

words! {
    pub enum Day, "day of the week" {
        Monday: "monday", "Monday";
        Tuesday: "tuesday", "Tuesday";
        Wednesday: "wednesday", "Wednesday";
        Thursday: "thursday", "Thursday";
        Friday: "friday", "Friday";
        Saturday: "saturday", "Saturday";
        Sunday: "sunday", "Sunday";
    }
}

impl Day {
    const fn weekday(self) -> Weekday {
        match self {
            Self::Monday => Weekday::Monday,
            Self::Tuesday => Weekday::Tuesday,
            Self::Wednesday => Weekday::Wednesday,
            Self::Thursday => Weekday::Thursday,
            Self::Friday => Weekday::Friday,
            Self::Saturday => Weekday::Saturday,
            Self::Sunday => Weekday::Sunday,
        }
    }
}

words! {
    /// What becomes of a holiday that falls on a weekend.
    pub enum Observed, "rule for holidays on a weekend" {
        /// It stays there.
        Never: "never", "stays";
        /// Saturday's is kept on Friday, Sunday's on Monday (5 U.S.C. 6103(b)).
        Nearest: "nearest", "nearest weekday";
        /// It is kept on the next weekday that is no holiday yet.
        Next: "next", "next weekday";
    }
}

/// One holiday: a fixed date, so many days from Easter Sunday, a weekday of a month, or once.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holiday {
    pub name: Line,
    /// `12-25`.
    #[serde(default)]
    pub on: Option<MonthDay>,
    /// Days after Easter Sunday of the Western churches; below zero before it.
    #[serde(default)]
    pub easter: Option<i16>,
    #[serde(default)]
    pub weekday: Option<NthWeekday>,
    #[serde(default)]
    pub once: Option<Date>,
    /// The first and the last year in which it is kept.
    #[serde(default)]
    pub since: Option<i16>,
    #[serde(default)]
    pub until: Option<i16>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonthDay {
    month: i8,
    day: i8,
}

impl std::str::FromStr for MonthDay {
    type Err = crate::Error;

    fn from_str(text: &str) -> Result<Self, crate::Error> {
        let parsed = text.split_once('-').and_then(|(month, day)| {
            let (month, day) = (month.parse().ok()?, day.parse().ok()?);
            // A year with a 29 February, so that this day can be named.
            Date::new(2024, month, day).ok().map(|_| Self { month, day })
        });
        parsed.ok_or_else(|| crate::Error::Malformed {
            what: "a day of the year",
            value: text.to_owned(),
            example: "12-25",
        })
    }
}

impl<'de> Deserialize<'de> for MonthDay {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::words::deserialize_text(deserializer)
    }
}

/// `{nth: -1, day: monday, month: 5}` is the last Monday of May.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NthWeekday {
    pub nth: i8,
    pub day: Day,
    pub month: i8,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    pub id: CalendarKey,
    pub name: Line,
    pub weekend: Vec<Day>,
    pub observed: Observed,
    pub holidays: Vec<Holiday>,
}

impl Holiday {
    /// Why it cannot be reckoned, in words; `None` if it can.
    pub(super) fn flaw(&self) -> Option<&'static str> {
        let ways = [self.on.is_some(), self.easter.is_some(), self.weekday.is_some(), self.once.is_some()];
        if ways.iter().filter(|given| **given).count() != 1 {
            return Some(
                "says when it falls in none or several ways; give one of on, easter, weekday and once",
            );
        }
        match self.weekday {
            Some(rule) if !(1..=12).contains(&rule.month) || !matches!(rule.nth, -1 | 1..=4) => {
                Some("names a weekday that not every year has; nth is 1 to 4 or -1, month 1 to 12")
            }
            _ => None,
        }
    }

    fn in_year(&self, year: i16) -> Option<Date> {
        if self.since.is_some_and(|since| year < since) || self.until.is_some_and(|until| year > until) {
            return None;
        }
        if let Some(MonthDay { month, day }) = self.on {
            return Date::new(year, month, day).ok();
        }
        if let Some(days) = self.easter {
            return easter(year)?.checked_add(i64::from(days).days()).ok();
        }
        if let Some(rule) = self.weekday {
            let month = Date::new(year, rule.month, 1).ok()?;
            return month.nth_weekday_of_month(rule.nth, rule.day.weekday()).ok();
        }
        self.once.filter(|once| once.year() == year)
    }
}

/// Easter Sunday of the Gregorian calendar, by the lunar tables of 1582 written as arithmetic.
fn easter(year: i16) -> Option<Date> {
    let year_number = i32::from(year);
    let golden = year_number.rem_euclid(19);
    let century = year_number.div_euclid(100);
    let of_century = year_number.rem_euclid(100);
    // How far the century's moon lags, by the days that centuries leave out and the moon's own correction.
    let lunar = (century - (century + 8).div_euclid(25) + 1).div_euclid(3);
    let epact = (19 * golden + century - century.div_euclid(4) - lunar + 15).rem_euclid(30);
    let weekday =
        (32 + 2 * century.rem_euclid(4) + 2 * of_century.div_euclid(4) - epact - of_century.rem_euclid(4))
            .rem_euclid(7);
    let late = (golden + 11 * epact + 22 * weekday).div_euclid(451);
    let days_after_22_march = epact + weekday - 7 * late;
    Date::new(year, 3, 22).ok()?.checked_add(Span::new().try_days(i64::from(days_after_22_march)).ok()?).ok()
}

impl Calendar {
    fn is_weekend(&self, day: Date) -> bool {
        self.weekend.iter().any(|weekend| weekend.weekday() == day.weekday())
    }

    /// The days on which the holidays of a year are kept, and those of its neighbours that fall into it.
    fn holidays(&self, year: i16) -> BTreeSet<Date> {
        let mut kept = BTreeSet::new();
        for year in [year.saturating_sub(1), year, year.saturating_add(1)] {
            let mut days: Vec<Date> =
                self.holidays.iter().filter_map(|holiday| holiday.in_year(year)).collect();
            days.sort();
            // First those that stay, so that one which moves does not land on another.
            let (moving, staying): (Vec<Date>, Vec<Date>) =
                days.into_iter().partition(|day| self.observed != Observed::Never && self.is_weekend(*day));
            kept.extend(staying);
            for day in moving {
                if let Some(day) = self.kept_instead(day, &kept) {
                    kept.insert(day);
                }
            }
        }
        kept
    }

    fn kept_instead(&self, day: Date, kept: &BTreeSet<Date>) -> Option<Date> {
        if self.observed == Observed::Nearest && day.weekday() == Weekday::Saturday {
            return day.yesterday().ok();
        }
        let mut next = day.tomorrow().ok()?;
        while self.is_weekend(next) || kept.contains(&next) {
            next = next.tomorrow().ok()?;
        }
        Some(next)
    }

    pub fn is_working_day(&self, day: Date, own_holidays: &BTreeSet<Date>) -> bool {
        !self.is_weekend(day) && !own_holidays.contains(&day) && !self.holidays(day.year()).contains(&day)
    }

    /// The first working day on or after `day`.
    pub fn working_day_from(&self, day: Date, own_holidays: &BTreeSet<Date>) -> Option<Date> {
        let mut found = day;
        // No calendar has a year without a working day; one that has is no calendar.
        for _ in 0..366 {
            if self.is_working_day(found, own_holidays) {
                return Some(found);
            }
            found = found.tomorrow().ok()?;
        }
        None
    }

    /// The `number`th working day after `day`; that day itself never counts.
    pub fn business_days_after(&self, day: Date, number: u16, own_holidays: &BTreeSet<Date>) -> Option<Date> {
        let mut found = day;
        for _ in 0..number {
            found = self.working_day_from(found.tomorrow().ok()?, own_holidays)?;
        }
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    #[test]
    fn easter_falls_where_the_almanacs_say() {
        for (year, month, day) in [
            (1961, 4, 2),
            (2000, 4, 23),
            (2008, 3, 23),
            (2011, 4, 24),
            (2019, 4, 21),
            (2024, 3, 31),
            (2025, 4, 20),
            (2026, 4, 5),
            (2027, 3, 28),
            (2028, 4, 16),
            (2038, 4, 25),
            (2285, 3, 22),
        ] {
            assert_eq!(super::easter(year), Some(date(year, month, day)));
        }
    }
}

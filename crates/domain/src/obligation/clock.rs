//! The clocks of a duty's stages: from when they run, until when, by each reading of the law. The strict
//! reading, the earliest deadline, is the one that alarms. Everything is reckoned anew from the facts each
//! time, so a corrected fact corrects every deadline.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan, ZonedDateTime};

use super::decide::{Known, reason};
use super::duty::{Cap, ClockRule, Roll, Start};
use super::{Calendar, Duty, FactKey, Reason, Span, Stage, StageKey, Truth};
use crate::words::words;

/// A stage of a duty with its clocks.
#[derive(Debug, Clone)]
pub struct StageClock<'a> {
    pub stage: &'a Stage,
    /// Whether this stage is owed, if the duty is.
    pub owed: Truth,
    /// Why, where the stage has a condition of its own.
    pub reason: Option<Reason>,
    /// Earliest first; those that are not running last.
    pub readings: Vec<Reading<'a>>,
    /// When it was sent, earliest first.
    pub sent: Vec<Timestamp>,
    /// From when the law urges, where it gives no number.
    pub urges_since: Option<Timestamp>,
    /// What must be known before it runs or is owed.
    pub questions: Vec<FactKey>,
}

/// One reading of one clock.
#[derive(Debug, Clone)]
pub struct Reading<'a> {
    pub rule: &'a ClockRule,
    /// Whether the clock's own condition holds.
    pub truth: Truth,
    pub start: Option<Timestamp>,
    /// The first instant that is too late.
    pub deadline: Option<Timestamp>,
    /// When it has not started: the deadline if what starts it comes as late as it may.
    pub at_the_latest: Option<Timestamp>,
    /// How it was reckoned.
    pub words: String,
}

words! {
    /// How a stage stands.
    pub enum State, "state of a clock" {
        NotOwed: "not_owed", "Not owed";
        /// What starts it has not happened or is not known.
        Waiting: "waiting", "Not started";
        /// No number in the law: without delay.
        Urgent: "urgent", "Without delay";
        Running: "running", "Running";
        Breached: "breached", "Too late";
        Sent: "sent", "Sent";
        SentLate: "sent_late", "Sent late";
    }
}

words! {
    /// When a clock calls out.
    pub enum Alarm, "alarm" {
        Half: "half", "50 % of the time is gone";
        ThreeQuarters: "three_quarters", "75 % of the time is gone";
        NineTenths: "nine_tenths", "90 % of the time is gone";
        Breach: "breach", "The deadline has passed";
    }
}

impl Alarm {
    pub const fn percent(self) -> i64 {
        match self {
            Self::Half => 50,
            Self::ThreeQuarters => 75,
            Self::NineTenths => 90,
            Self::Breach => 100,
        }
    }

    /// When it calls on a clock from `start` to `deadline`.
    pub fn at(self, start: Timestamp, deadline: Timestamp) -> Timestamp {
        let whole = deadline.duration_since(start).as_millis();
        let part = i64::try_from(whole * i128::from(self.percent()) / 100).unwrap_or(i64::MAX);
        start.checked_add(SignedDuration::from_millis(part)).unwrap_or(deadline)
    }

    /// The gravest that has called by `now`.
    pub fn called(start: Timestamp, deadline: Timestamp, now: Timestamp) -> Option<Self> {
        Self::ALL.iter().rev().find(|alarm| now >= alarm.at(start, deadline)).copied()
    }
}

impl<'a> StageClock<'a> {
    /// The reading that alarms: the earliest deadline.
    pub fn strict(&self) -> Option<&Reading<'a>> {
        self.readings.first().filter(|reading| reading.deadline.is_some())
    }

    pub fn deadline(&self) -> Option<Timestamp> {
        self.strict().and_then(|reading| reading.deadline)
    }

    pub fn state(&self, now: Timestamp) -> State {
        let deadline = self.deadline();
        if let Some(first) = self.sent.first() {
            let late = deadline.is_some_and(|deadline| *first >= deadline);
            return if late { State::SentLate } else { State::Sent };
        }
        match deadline {
            _ if self.owed == Truth::No => State::NotOwed,
            Some(deadline) if now >= deadline => State::Breached,
            Some(_) => State::Running,
            None if self.urges_since.is_some() => State::Urgent,
            None => State::Waiting,
        }
    }

    /// The share of the time that is gone, in percent; above 100 after the deadline.
    pub fn percent_gone(&self, now: Timestamp) -> Option<i64> {
        let strict = self.strict()?;
        let (start, deadline) = (strict.start?, strict.deadline?);
        let whole = deadline.duration_since(start).as_millis().max(1);
        let gone = now.duration_since(start).as_millis().max(0);
        i64::try_from(gone * 100 / whole).ok()
    }
}

/// The stages of a duty, in their order.
pub(super) fn stages<'a>(duty: &'a Duty, known: &Known<'_>) -> Vec<StageClock<'a>> {
    let mut done: Vec<StageClock<'a>> = Vec::new();
    for stage in &duty.stages {
        let made = stage_clock(duty, stage, known, &done);
        done.push(made);
    }
    done
}

fn stage_clock<'a>(
    duty: &'a Duty,
    stage: &'a Stage,
    known: &Known<'_>,
    before: &[StageClock<'a>],
) -> StageClock<'a> {
    let answer = |fact: &FactKey| known.answer(fact);
    let own = stage.when.as_ref().map(|clause| reason(clause, known));
    let owed = own.as_ref().map_or(Truth::Yes, |reason| reason.truth);
    let mut questions: Vec<FactKey> = Vec::new();
    if let Some(clause) = &stage.when {
        questions.extend(clause.condition.open_facts(&answer).into_iter().cloned());
    }
    let reckoner = Reckoner { known, before, duty };
    let mut readings: Vec<Reading<'a>> = Vec::new();
    for rule in stage.clocks.iter().filter(|_| owed != Truth::No) {
        let truth = rule.when.as_ref().map_or(Truth::Yes, |clause| clause.condition.truth(&answer));
        if truth == Truth::No {
            continue;
        }
        if let Some(clause) = &rule.when {
            questions.extend(clause.condition.open_facts(&answer).into_iter().cloned());
        }
        questions.extend(rule.from.moment().filter(|moment| known.moment(moment).is_none()).cloned());
        readings.push(reckoner.reading(rule, truth));
    }
    if let Some(urges) = stage.urges_from.as_ref().filter(|_| owed != Truth::No).and_then(Start::moment)
        && known.moment(urges).is_none()
    {
        questions.push(urges.clone());
    }
    readings.sort_by_key(|reading| (reading.deadline.is_none(), reading.deadline));
    let mut seen: Vec<FactKey> = Vec::new();
    questions.retain(|fact| {
        let new = !seen.contains(fact);
        seen.push(fact.clone());
        new
    });
    StageClock {
        stage,
        owed,
        reason: own,
        readings,
        sent: sent(known, duty, &stage.id),
        urges_since: stage
            .urges_from
            .as_ref()
            .filter(|_| stage.wording.is_some() && owed != Truth::No)
            .and_then(|from| reckoner.start(from, &known.profile.zone())),
        questions,
    }
}

fn sent(known: &Known<'_>, duty: &Duty, stage: &StageKey) -> Vec<Timestamp> {
    let of_stage = known.sent.iter().filter(|(of, at_stage, _)| *of == duty.id && at_stage == stage);
    let mut times: Vec<Timestamp> = of_stage.map(|(_, _, at)| *at).collect();
    times.sort();
    times
}

struct Reckoner<'k, 'a> {
    known: &'k Known<'k>,
    before: &'k [StageClock<'a>],
    duty: &'k Duty,
}

impl Reckoner<'_, '_> {
    fn reading<'r>(&self, rule: &'r ClockRule, truth: Truth) -> Reading<'r> {
        let zone = rule.zone.clone().unwrap_or_else(|| self.known.profile.zone());
        let start = self.start(&rule.from, &zone);
        let mut words = format!("{} from {}", rule.within, self.start_words(&rule.from, start, &zone));
        let mut deadline = start.and_then(|start| self.end(rule, start, &zone));
        let cap = rule.cap.as_ref().and_then(|cap| self.cap(cap, &zone));
        if let (Some(start), Some(end), Some(cap), Some(rule)) = (start, deadline, cap, rule.cap.as_ref()) {
            if rule.void_if_started_later && start > cap {
                words += &format!(
                    "; the cap of {} ended {} before this clock started and does not count",
                    rule.within,
                    shown(cap, &zone)
                );
            } else if cap < end {
                deadline = Some(cap);
                words += &format!(
                    ", but no later than {} from {}",
                    rule.within,
                    self.start_words(&rule.from, self.start(&rule.from, &zone), &zone)
                );
            }
        }
        deadline = deadline.and_then(|end| self.on_working_day(rule, end, &zone));
        if let (Some(end), Some(held)) = (deadline, self.held(rule, deadline, &zone))
            && held > end
        {
            deadline = Some(held);
            words += &format!("; held back until {}", shown(held, &zone));
        }
        let at_the_latest = match deadline {
            Some(_) => None,
            None => {
                let latest = self.latest_start(&rule.from).and_then(|start| self.end(rule, start, &zone));
                latest.or(cap).and_then(|end| self.on_working_day(rule, end, &zone))
            }
        };
        if let Some(deadline) = deadline {
            words += &format!(": until {}", shown(deadline, &zone));
        }
        Reading { rule, truth, start, deadline, at_the_latest, words }
    }

    fn start(&self, from: &Start, zone: &TimeZone) -> Option<Timestamp> {
        match from {
            Start::Moment(fact) => self.known.moment(fact),
            Start::EndOfYear(fact) => {
                let year = self.known.moment(fact)?.to_zoned_datetime(zone.clone()).year();
                let last = Date::new(year, 12, 31).ok()?.at(23, 59, 59, 0);
                last.to_zoned_datetime(zone.clone()).ok().map(|end| end.timestamp())
            }
            Start::Sent(stage) => sent(self.known, self.duty, stage).first().copied(),
            Start::LastSent(stage) => sent(self.known, self.duty, stage).last().copied(),
        }
    }

    /// When a stage that has not been sent will be, if its own time is used up.
    fn latest_start(&self, from: &Start) -> Option<Timestamp> {
        let (Start::Sent(stage) | Start::LastSent(stage)) = from else { return None };
        let earlier = self.before.iter().find(|one| one.stage.id == *stage)?;
        earlier.deadline().or_else(|| earlier.readings.first().and_then(|reading| reading.at_the_latest))
    }

    fn cap(&self, cap: &Cap, zone: &TimeZone) -> Option<Timestamp> {
        let start = self.start(&cap.from, zone)?;
        self.end(&ClockRule::plain(cap.from.clone(), cap.within), start, zone)
    }

    /// Until when a hold moves the deadline, within what the law allows.
    fn held(&self, rule: &ClockRule, deadline: Option<Timestamp>, zone: &TimeZone) -> Option<Timestamp> {
        let until = self.known.moment(rule.held_until.as_ref()?)?;
        let Some(most) = rule.held_at_most else { return Some(until) };
        // A deadline at midnight belongs to the day that it ends.
        let last = deadline?.checked_sub(SignedDuration::from_nanos(1)).ok()?;
        self.end(&ClockRule::plain(rule.from.clone(), most), last, zone).map(|most| until.min(most))
    }

    fn end(&self, rule: &ClockRule, start: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let calendar = rule.calendar.as_ref().and_then(|id| self.known.book.calendar(id));
        let local = start.to_zoned_datetime(zone.clone());
        let days = match rule.within {
            Span::Hours(hours) => {
                let begin = if rule.whole_hours { next_hour(&local)? } else { local };
                return self.end_of_hours(rule, &begin, hours, calendar);
            }
            Span::Days(days) => local.date().checked_add(i64::from(days).days()).ok()?,
            Span::Months(months) => local.date().checked_add(i64::from(months).months()).ok()?,
            Span::BusinessDays(days) => {
                calendar?.business_days_after(local.date(), days, &self.known.profile.holidays)?
            }
        };
        match rule.ends_at {
            Some(time) => at(days.to_datetime(time), zone),
            None => end_of_day(days, zone),
        }
    }

    fn end_of_hours(
        &self,
        rule: &ClockRule,
        begin: &ZonedDateTime,
        hours: u16,
        calendar: Option<&Calendar>,
    ) -> Option<Timestamp> {
        let end = begin.timestamp().checked_add(SignedDuration::from_hours(i64::from(hours))).ok()?;
        match (rule.working_days, calendar) {
            (Some(days), Some(calendar)) => Some(end.max(self.end_of_working_days(begin, days, calendar)?)),
            _ => Some(end),
        }
    }

    /// The deadline, moved if it falls on a day without work and the rule says so.
    fn on_working_day(&self, rule: &ClockRule, end: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let calendar = rule.calendar.as_ref().and_then(|id| self.known.book.calendar(id));
        let (Some(roll), Some(calendar)) = (rule.roll, calendar) else { return Some(end) };
        let holidays = &self.known.profile.holidays;
        // A deadline at midnight belongs to the day that it ends.
        let last =
            end.checked_sub(SignedDuration::from_nanos(1)).ok()?.to_zoned_datetime(zone.clone()).date();
        if calendar.is_working_day(last, holidays) {
            return Some(end);
        }
        let day = calendar.working_day_from(last, holidays)?;
        match roll {
            Roll::EndOfDay => end_of_day(day, zone),
            Roll::At(time) => at(day.to_datetime(time), zone),
        }
    }

    /// The end of the `number`th whole working day since `begin`.
    fn end_of_working_days(
        &self,
        begin: &ZonedDateTime,
        number: u8,
        calendar: &Calendar,
    ) -> Option<Timestamp> {
        let midnight = begin.start_of_day().ok()?;
        let before = if midnight == *begin { begin.date().yesterday().ok()? } else { begin.date() };
        let last = calendar.business_days_after(before, u16::from(number), &self.known.profile.holidays)?;
        end_of_day(last, begin.time_zone())
    }

    fn start_words(&self, from: &Start, at: Option<Timestamp>, zone: &TimeZone) -> String {
        let title = |id: &StageKey| {
            let stage = self.duty.stage(id);
            stage.map_or_else(|| id.to_string(), |stage| stage.title.to_string())
        };
        let what = match from {
            Start::Moment(fact) => format!("\u{201c}{}\u{201d}", self.known.label(fact)),
            Start::EndOfYear(fact) => {
                format!("the end of the year of \u{201c}{}\u{201d}", self.known.label(fact))
            }
            Start::Sent(stage) => format!("sending \u{201c}{}\u{201d}", title(stage)),
            Start::LastSent(stage) => format!("the last sending of \u{201c}{}\u{201d}", title(stage)),
        };
        match at {
            Some(at) => format!("{what} ({})", shown(at, zone)),
            None => format!("{what}, which is not known or has not happened"),
        }
    }
}

/// `2 Mar 2026, 10:00 CET`; a deadline at midnight is named after the day that it ends.
pub fn shown(at: Timestamp, zone: &TimeZone) -> String {
    let local = at.to_zoned_datetime(zone.clone());
    if local.time() == jiff::civil::Time::midnight()
        && let Ok(yesterday) = local.yesterday()
    {
        return format!("{}, 24:00 {}", yesterday.strftime("%-d %b %Y"), local.strftime("%Z"));
    }
    local.strftime("%-d %b %Y, %H:%M %Z").to_string()
}

fn next_hour(local: &ZonedDateTime) -> Option<ZonedDateTime> {
    let since = i64::from(local.minute()) * 60 + i64::from(local.second());
    let hour = local.checked_sub(SignedDuration::from_secs(since)).ok()?;
    let whole = hour.with().subsec_nanosecond(0).build().ok()?;
    whole.checked_add(SignedDuration::from_hours(1)).ok()
}

fn end_of_day(day: Date, zone: &TimeZone) -> Option<Timestamp> {
    at(day.tomorrow().ok()?.at(0, 0, 0, 0), zone)
}

fn at(local: jiff::civil::DateTime, zone: &TimeZone) -> Option<Timestamp> {
    local.to_zoned_datetime(zone.clone()).ok().map(|zoned| zoned.timestamp())
}

//! How fast the response to an incident was, reckoned from its times. Whatever shows such a figure takes it from
//! here, so that one word means one thing: what is counted from when until when, and what is left out. It knows no
//! database; whoever asks hands in the times.

use jiff::{SignedDuration, Timestamp};

use crate::incident::{Outcome, Phase};
use crate::words::words;

words! {
    /// A length of time in the course of an incident.
    pub enum Interval, "interval" {
        Detect: "time_to_detect", "Time to detect";
        Acknowledge: "time_to_acknowledge", "Time to acknowledge";
        Declare: "time_to_declare", "Time to declare";
        Contain: "time_to_contain", "Time to contain";
        Recover: "time_to_recover", "Time to recover";
        Close: "time_to_close", "Time to close";
    }
}

impl Interval {
    /// From when until when, in one sentence.
    pub const fn help(self) -> &'static str {
        match self {
            Self::Detect => {
                "From the first event that belongs to the incident until the first alert about it."
            }
            Self::Acknowledge => {
                "From the first alert until a person took one of its alerts in hand, or declared it."
            }
            Self::Declare => "From the first event that belongs to the incident until it was declared.",
            Self::Contain => "From the declaration until the phase containment was over for good.",
            Self::Recover => "From the declaration until the phase recovery was over for good.",
            Self::Close => "From the declaration until the incident was closed.",
        }
    }
}

/// The times of one incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Course {
    pub outcome: Option<Outcome>,
    /// By the events' own clocks.
    pub first_event: Option<Timestamp>,
    pub first_alert: Option<Timestamp>,
    pub acknowledged: Option<Timestamp>,
    pub declared: Timestamp,
    pub closed: Option<Timestamp>,
    /// Every entering of a phase, in its order.
    pub phases: Vec<(Phase, Timestamp)>,
}

impl Course {
    /// Whether it says anything about the response: a false alarm, a duplicate and an authorised test do not.
    pub const fn counts(&self) -> bool {
        !matches!(self.outcome, Some(Outcome::FalsePositive | Outcome::Duplicate | Outcome::Test))
    }

    /// How long this took; none where it is not over, cannot be told, or does not count. A clock that was wrong
    /// can put an end before its beginning: that is nothing, and no time below zero.
    pub fn took(&self, interval: Interval) -> Option<SignedDuration> {
        if !self.counts() {
            return None;
        }
        let (from, until) = match interval {
            Interval::Detect => (self.first_event?, self.first_alert?),
            Interval::Acknowledge => {
                let first = self.first_alert?;
                (first, self.acknowledged.map_or(self.declared, |taken| taken.min(self.declared)))
            }
            Interval::Declare => (self.first_event?, self.declared),
            Interval::Contain => (self.declared, self.over(Phase::Containment)?),
            Interval::Recover => (self.declared, self.over(Phase::Recovery)?),
            Interval::Close => (self.declared, self.closed?),
        };
        Some(until.duration_since(from).max(SignedDuration::ZERO))
    }

    /// Since when a phase is behind the incident for good; none where it went back and is not beyond it yet.
    fn over(&self, phase: Phase) -> Option<Timestamp> {
        self.phases.iter().fold(None, |since, (entered, at)| (*entered > phase).then(|| since.unwrap_or(*at)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + minutes * 60).unwrap()
    }

    fn mins(minutes: i64) -> SignedDuration {
        SignedDuration::from_mins(minutes)
    }

    /// Events from minute 0, alert at 30, taken at 40, declared at 50.
    fn course(phases: &[(Phase, i64)]) -> Course {
        Course {
            outcome: None,
            first_event: Some(at(0)),
            first_alert: Some(at(30)),
            acknowledged: Some(at(40)),
            declared: at(50),
            closed: phases.iter().find(|(phase, _)| *phase == Phase::Closed).map(|(_, when)| at(*when)),
            phases: phases.iter().map(|(phase, when)| (*phase, at(*when))).collect(),
        }
    }

    #[test]
    fn every_interval_is_what_its_sentence_says() {
        let whole = course(&[
            (Phase::Detection, 50),
            (Phase::Containment, 60),
            (Phase::Eradication, 110),
            (Phase::Recovery, 170),
            (Phase::Closed, 290),
        ]);
        let took: Vec<i64> =
            Interval::ALL.iter().map(|one| whole.took(*one).unwrap().as_secs() / 60).collect();
        // Detect, acknowledge, declare, contain, recover, close.
        assert_eq!(took, [30, 10, 50, 60, 240, 240]);
    }

    #[test]
    fn a_phase_is_over_when_it_is_over_for_good() {
        let back = course(&[(Phase::Containment, 60), (Phase::Eradication, 100), (Phase::Containment, 120)]);
        assert_eq!(back.took(Interval::Contain), None, "it went back and is not beyond it again");
        let again = course(&[
            (Phase::Containment, 60),
            (Phase::Eradication, 100),
            (Phase::Containment, 120),
            (Phase::Recovery, 150),
        ]);
        assert_eq!(again.took(Interval::Contain), Some(mins(100)));
        assert_eq!(again.took(Interval::Recover), None);
    }

    #[test]
    fn false_alarms_count_for_nothing_and_no_time_is_below_zero() {
        let mut one = course(&[(Phase::Closed, 60)]);
        one.outcome = Some(Outcome::FalsePositive);
        assert!(Interval::ALL.iter().all(|interval| one.took(*interval).is_none()));
        one.outcome = Some(Outcome::Resolved);
        // The clock of the machine went ahead.
        one.first_event = Some(at(400));
        assert_eq!(one.took(Interval::Detect), Some(SignedDuration::ZERO));
        // Nobody took the alert before the incident was declared from it.
        one.acknowledged = None;
        assert_eq!(one.took(Interval::Acknowledge), Some(mins(20)));
        one.first_alert = None;
        assert_eq!(one.took(Interval::Acknowledge), None, "declared by hand: there was no alert");
    }
}

//! Times that are owed in an incident: to acknowledge, to assign, to contain, to inform. A clock runs
//! until what it waits for is done; nothing pauses it. Where the severity changes, it is replaced by one
//! with another target, and what it was stays on record.

use jiff::{SignedDuration, Timestamp};

use crate::Period;
use crate::words::words;

words! {
    pub enum ClockKind, "kind of clock" {
        /// From the first alert until somebody has it in hand.
        Acknowledge: "acknowledge", "Acknowledge";
        /// From the declaration until somebody commands it.
        Assign: "assign", "Assign";
        /// From the declaration until the phase containment is behind us.
        Contain: "contain", "Contain";
        /// From one situation report to the next.
        Update: "update", "Update";
    }
}

words! {
    /// How a clock stands at a moment.
    pub enum ClockState, "state of a clock" {
        Running: "running", "Running";
        /// Not done, and late.
        Breached: "breached", "Breached";
        Met: "met", "Met";
        /// Done, but late.
        MetLate: "met_late", "Met late";
        /// It counts no longer: the severity changed, or the incident was closed.
        Ended: "ended", "Ended";
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    pub starts: Timestamp,
    pub due: Timestamp,
    pub met_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
}

impl Clock {
    pub fn start(starts: Timestamp, target: Period) -> Self {
        Clock { starts, due: target.after(starts), met_at: None, ended_at: None }
    }

    pub fn state(&self, now: Timestamp) -> ClockState {
        match (self.met_at, self.ended_at) {
            (Some(met), _) if met > self.due => ClockState::MetLate,
            (Some(_), _) => ClockState::Met,
            (None, Some(_)) => ClockState::Ended,
            (None, None) if now > self.due => ClockState::Breached,
            (None, None) => ClockState::Running,
        }
    }

    /// Whether it still waits for something.
    pub const fn is_open(&self) -> bool {
        self.met_at.is_none() && self.ended_at.is_none()
    }

    /// How long it took, once it is met. Never below zero: who acted before it began owed nothing.
    pub fn took(&self) -> Option<SignedDuration> {
        self.met_at.map(|met| met.duration_since(self.starts).max(SignedDuration::ZERO))
    }

    /// The clock that replaces this one when the target changes at `at`. A shorter target counts from
    /// the change, for nobody could know of it before, and never gives more time than there was; a longer
    /// one counts from the beginning, and never takes away time that was granted.
    pub fn retargeted(&self, target: Period, at: Timestamp) -> Self {
        let from_the_start = target.after(self.starts);
        let due = if from_the_start < self.due { self.due.min(target.after(at)) } else { from_the_start };
        Clock { starts: self.starts, due, met_at: None, ended_at: None }
    }
}

//! Time as a dependency, so that every test can replay.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};

/// Tells the time: the machine's, or one that a test moves by hand.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    #[default]
    System,
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `at` until it is [advanced](Clock::advance).
    pub fn manual(at: Timestamp) -> Self {
        Clock::Manual(Arc::new(AtomicI64::new(at.as_microsecond())))
    }

    /// Now, to the microsecond: the precision that the database keeps.
    pub fn now(&self) -> Timestamp {
        let micros = match self {
            Clock::System => Timestamp::now().as_microsecond(),
            Clock::Manual(micros) => micros.load(Ordering::SeqCst),
        };
        Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Moves a manual clock; the system's clock goes by itself.
    pub fn advance(&self, by: SignedDuration) {
        if let Clock::Manual(micros) = self {
            let step = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
            micros.fetch_add(step, Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_only_when_told() {
        let clock = Clock::manual("2026-01-01T00:00:00Z".parse().unwrap());
        let before = clock.now();
        assert_eq!(clock.now(), before);
        clock.advance(SignedDuration::from_mins(5));
        assert_eq!(clock.now(), before + SignedDuration::from_mins(5));
    }
}

//! Slows guessing: after some failures an address must wait, longer each time.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

/// Failures that cost nothing.
const FREE: u32 = 5;
/// Addresses remembered at the most; beyond it the oldest go.
const REMEMBERED: usize = 10_000;
const LONGEST_WAIT: i64 = 900;

#[derive(Debug, Default)]
pub struct Throttle {
    failures: Mutex<HashMap<String, (u32, Timestamp)>>,
}

impl Throttle {
    /// The seconds that this address has still to wait.
    pub fn wait(&self, address: &str, now: Timestamp) -> Option<u64> {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let (count, last) = failures.get(address)?;
        let over = count.checked_sub(FREE)?;
        let penalty = 2i64.saturating_pow(over.min(20)).min(LONGEST_WAIT);
        let left = penalty - (now.as_second() - last.as_second());
        u64::try_from(left).ok().filter(|left| *left > 0)
    }

    pub fn failed(&self, address: &str, now: Timestamp) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= REMEMBERED {
            failures.retain(|_, (_, last)| now.as_second() - last.as_second() < LONGEST_WAIT);
        }
        if failures.len() < REMEMBERED || failures.contains_key(address) {
            let entry = failures.entry(address.to_owned()).or_insert((0, now));
            *entry = (entry.0.saturating_add(1), now);
        }
    }

    pub fn succeeded(&self, address: &str) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).remove(address);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    #[test]
    fn waiting_grows_and_ends() {
        let throttle = Throttle::default();
        let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        for _ in 0..4 {
            throttle.failed("a@example.org", start);
        }
        assert_eq!(throttle.wait("a@example.org", start), None);
        throttle.failed("a@example.org", start);
        assert_eq!(throttle.wait("a@example.org", start), Some(1));
        for _ in 0..3 {
            throttle.failed("a@example.org", start);
        }
        assert_eq!(throttle.wait("a@example.org", start), Some(8));
        assert_eq!(throttle.wait("a@example.org", start + SignedDuration::from_secs(8)), None);
        assert_eq!(throttle.wait("b@example.org", start), None);
        throttle.succeeded("a@example.org");
        assert_eq!(throttle.wait("a@example.org", start), None);
    }
}

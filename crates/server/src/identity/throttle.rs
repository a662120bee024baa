//! Slows guessing: after some failures an address must wait, longer each time.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

/// Failures that cost nothing.
const FREE: u32 = 5;
/// Addresses remembered at the most.
const REMEMBERED: usize = 10_000;
const LONGEST_WAIT: i64 = 900;

#[derive(Debug, Default)]
pub struct Throttle {
    failures: Mutex<HashMap<String, (u32, Timestamp)>>,
}

impl Throttle {
    /// Begins an attempt, or says how many seconds this address has still to wait. An attempt counts as
    /// a failure until it has succeeded, so that many at once are no way around the wait.
    pub fn attempt(&self, address: &str, now: Timestamp) -> Option<u64> {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = failures.get(address).and_then(|known| left(*known, now));
        if wait.is_none() {
            make_room(&mut failures, address, now);
            let entry = failures.entry(address.to_owned()).or_insert((0, now));
            *entry = (entry.0.saturating_add(1), now);
        }
        wait
    }

    pub fn succeeded(&self, address: &str) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).remove(address);
    }
}

fn left((count, last): (u32, Timestamp), now: Timestamp) -> Option<u64> {
    let over = count.checked_sub(FREE)?;
    let penalty = 2i64.saturating_pow(over.min(20)).min(LONGEST_WAIT);
    // Rounded up: a second that has begun is waited for to its end.
    let left = penalty.saturating_mul(1000) - (now.as_millisecond() - last.as_millisecond());
    u64::try_from(left).ok().map(|left| left.div_ceil(1000)).filter(|left| *left > 0)
}

/// The addresses with the fewest failures go, so that a flood of others never frees the one that is
/// being guessed at.
fn make_room(failures: &mut HashMap<String, (u32, Timestamp)>, address: &str, now: Timestamp) {
    if failures.len() < REMEMBERED || failures.contains_key(address) {
        return;
    }
    failures.retain(|_, (_, last)| now.as_second() - last.as_second() < LONGEST_WAIT);
    if failures.len() >= REMEMBERED {
        let least = failures.iter().min_by_key(|(_, known)| **known).map(|(address, _)| address.clone());
        if let Some(least) = least {
            failures.remove(&least);
        }
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
        for _ in 0..5 {
            assert_eq!(throttle.attempt("a@example.org", start), None);
        }
        assert_eq!(throttle.attempt("a@example.org", start), Some(1));
        let nearly = start + SignedDuration::from_millis(999);
        assert_eq!(throttle.attempt("a@example.org", nearly), Some(1));
        let later = start + SignedDuration::from_secs(1);
        assert_eq!(throttle.attempt("a@example.org", later), None);
        assert_eq!(throttle.attempt("a@example.org", later), Some(2));
        assert_eq!(throttle.attempt("b@example.org", later), None);
        throttle.succeeded("a@example.org");
        assert_eq!(throttle.attempt("a@example.org", later), None);
    }

    #[test]
    fn a_flood_of_addresses_neither_fills_the_memory_nor_frees_the_one_that_is_guessed_at() {
        let throttle = Throttle::default();
        let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        for _ in 0..5 {
            throttle.attempt("a@example.org", start);
        }
        for number in 0..REMEMBERED + 100 {
            throttle.attempt(&format!("{number}@example.org"), start);
        }
        assert_eq!(throttle.failures.lock().unwrap().len(), REMEMBERED);
        assert_eq!(throttle.attempt("a@example.org", start), Some(1));
        // Whoever comes after the flood is slowed as well.
        let late = (0..6).map(|_| throttle.attempt("late@example.org", start)).last().flatten();
        assert_eq!(late, Some(1));
    }
}

//! How much came from a source, as bars.

use jiff::Timestamp;
use maud::Markup;

use crate::source::{BUCKET, HISTORY, Rate};
use crate::web::chart::bars;

const BARS: u16 = 96;

/// Events in each half-hour of the last two days.
pub fn chart(rates: &[Rate], now: Timestamp, width: i64, height: i64, label: &str) -> Markup {
    bars(&counts(rates, now), width, height, label)
}

fn counts(rates: &[Rate], now: Timestamp) -> Vec<i64> {
    let each = i64::try_from(HISTORY.as_micros()).unwrap_or(i64::MAX) / i64::from(BARS);
    let begin = (now - HISTORY + BUCKET).as_microsecond();
    let mut counts = vec![0_i64; usize::from(BARS)];
    for rate in rates {
        let place = usize::try_from((rate.from.as_microsecond() - begin).max(0) / each).unwrap_or(0);
        if let Some(count) = counts.get_mut(place.min(usize::from(BARS) - 1)) {
            *count += rate.events;
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn each_half_hour_has_a_bar() {
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        let rate = |ago, events| Rate {
            from: now - SignedDuration::from_mins(ago),
            events,
            refused: 0,
            bytes: 0,
            detections: 0,
        };
        let counts = counts(&[rate(2875, 1), rate(40, 2), rate(10, 4), rate(0, 8)], now);
        assert_eq!((counts[0], counts[94], counts[95]), (1, 2, 12));
        assert_eq!(counts.iter().sum::<i64>(), 15);
    }
}

//! How much came from a source, as bars.

use jiff::Timestamp;
use maud::{Markup, html};

use crate::source::{BUCKET, HISTORY, Rate};

const BARS: u16 = 96;

/// Events in each half-hour of the last two days.
pub fn chart(rates: &[Rate], now: Timestamp, width: i64, height: i64, label: &str) -> Markup {
    let counts = counts(rates, now);
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    let total: i64 = counts.iter().sum();
    let bars = i64::from(BARS);
    html! {
        svg class="chart" viewBox={ "0 0 " (width) " " (height) } width=(width) height=(height) role="img" aria-label={ (label) ": " (total) } {
            line class="axis" x1="0" x2=(width) y1=(height) y2=(height) {}
            @for (place, count) in (0_i64..).zip(&counts).filter(|(_, count)| **count > 0) {
                @let tall = (count * height / most).max(1);
                rect class="bar" x=(place * width / bars) y=(height - tall) width=((width / bars - 1).max(1)) height=(tall) {}
            }
        }
    }
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

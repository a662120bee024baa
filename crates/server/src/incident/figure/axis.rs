//! Time along a line. Where nothing happens for long, the line is broken: a week between two hours of
//! events would leave the hours no room.

use jiff::Timestamp;

/// The room that a break takes, and that a stretch has at least.
const BREAK: f64 = 34.0;
const LEAST: f64 = 48.0;
/// A gap is broken that takes more than this part of the time in which something happens.
const LONG: f64 = 0.25;
/// No gap below two hours is worth a break, in seconds: who looks nearer zooms.
const SHORT: f64 = 7200.0;
const MOST_BREAKS: usize = 7;

/// A stretch of time, and where it lies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stretch {
    pub from: Timestamp,
    pub to: Timestamp,
    pub left: f64,
    pub right: f64,
}

/// The line: stretches in order, with breaks between them.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    pub stretches: Vec<Stretch>,
}

fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64()
}

impl Axis {
    /// The line on which these times, in order, stand between `left` and `right`.
    pub fn of(times: &[Timestamp], left: f64, right: f64) -> Self {
        let runs = runs(times);
        let count = runs.len() as f64;
        let room = (right - left - BREAK * (count - 1.0)).max(LEAST);
        let lasting: f64 = runs.iter().map(|run| seconds(run.from, run.to)).sum();
        let all = times.len().max(1) as f64;
        // Half by how long it lasted, half by how much happened in it.
        let share = |run: &RunOf| {
            let time = if lasting > 0.0 { seconds(run.from, run.to) / lasting } else { 1.0 / count };
            (time + run.count as f64 / all) / 2.0
        };
        let spare = (room - LEAST * count).max(0.0);
        let mut at = left;
        let stretches = runs
            .iter()
            .map(|run| {
                let wide = LEAST + spare * share(run);
                let stretch = Stretch { from: run.from, to: run.to, left: at, right: at + wide };
                at = stretch.right + BREAK;
                stretch
            })
            .collect();
        Axis { stretches }
    }

    /// Where a time stands. Times between stretches stand in the break.
    pub fn place(&self, at: Timestamp) -> f64 {
        let Some(stretch) = self.stretches.iter().find(|stretch| at <= stretch.to) else {
            return self.stretches.last().map_or(0.0, |last| last.right);
        };
        let lasts = seconds(stretch.from, stretch.to);
        if at < stretch.from {
            stretch.left - BREAK / 2.0
        } else if lasts <= 0.0 {
            (stretch.left + stretch.right) / 2.0
        } else {
            stretch.left + (stretch.right - stretch.left) * seconds(stretch.from, at) / lasts
        }
    }
}

impl Axis {
    /// The time at a place; in a break the nearer end of it.
    pub fn time(&self, x: f64) -> Option<Timestamp> {
        let last = self.stretches.last()?;
        let stretch = self.stretches.iter().find(|stretch| x <= stretch.right).unwrap_or(last);
        let part = ((x - stretch.left) / (stretch.right - stretch.left)).clamp(0.0, 1.0);
        let after = seconds(stretch.from, stretch.to) * part;
        stretch.from.checked_add(jiff::SignedDuration::try_from_secs_f64(after).ok()?).ok()
    }
}

/// Times that lie close together.
struct RunOf {
    from: Timestamp,
    to: Timestamp,
    count: usize,
}

fn runs(times: &[Timestamp]) -> Vec<RunOf> {
    let cuts = cuts(times);
    let mut runs: Vec<RunOf> = Vec::new();
    for (place, at) in times.iter().enumerate() {
        match runs.last_mut().filter(|_| !cuts.contains(&place)) {
            Some(run) => {
                run.to = *at;
                run.count += 1;
            }
            None => runs.push(RunOf { from: *at, to: *at, count: 1 }),
        }
    }
    runs
}

/// Before which of the times the line is broken.
fn cuts(times: &[Timestamp]) -> Vec<usize> {
    let mut gaps: Vec<(f64, usize)> = times
        .windows(2)
        .enumerate()
        .filter_map(|(place, pair)| match pair {
            [one, next] => Some((seconds(*one, *next), place + 1)),
            _ => None,
        })
        .collect();
    let mut lasting: f64 = gaps.iter().map(|(gap, _)| gap).sum();
    gaps.sort_by(|one, other| other.0.total_cmp(&one.0));
    let mut cuts = Vec::new();
    for (gap, place) in gaps.into_iter().take(MOST_BREAKS) {
        if gap < SHORT || gap < lasting * LONG {
            break;
        }
        lasting -= gap;
        cuts.push(place);
    }
    cuts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn years_between_two_nights_are_a_break() {
        let times =
            ["2019-03-17T19:00:00Z", "2019-03-17T19:30:00Z", "2026-11-24T02:00:00Z", "2026-11-24T03:00:00Z"]
                .map(at);
        let axis = Axis::of(&times, 0.0, 1000.0);
        assert_eq!(axis.stretches.len(), 2);
        let places: Vec<f64> = times.iter().map(|time| axis.place(*time)).collect();
        assert!(places[1] - places[0] > 200.0 && places[3] - places[2] > 200.0, "{places:?}");
        assert_eq!(places[0], 0.0);
        assert!((places[3] - 1000.0).abs() < 0.01, "{places:?}");
    }

    #[test]
    fn one_moment_and_none_at_all_can_be_drawn() {
        let one = [at("2026-11-24T02:00:00Z")];
        assert!(Axis::of(&one, 0.0, 100.0).place(one[0]) > 0.0);
        let none = Axis::of(&[], 0.0, 100.0);
        assert_eq!((none.stretches.len(), none.place(one[0])), (0, 0.0));
    }

    proptest! {
        #[test]
        fn later_stands_never_before_earlier(mut seconds in prop::collection::vec(0_i64..4_000_000_000, 1..60)) {
            seconds.sort_unstable();
            let times: Vec<Timestamp> = seconds.iter().map(|second| Timestamp::from_second(*second).unwrap()).collect();
            let axis = Axis::of(&times, 10.0, 1190.0);
            let places: Vec<f64> = times.iter().map(|time| axis.place(*time)).collect();
            for pair in places.windows(2) {
                prop_assert!(pair[0] <= pair[1] + 1e-6);
            }
            prop_assert!(places.iter().all(|place| (9.9..=1190.1).contains(place)));
        }
    }
}

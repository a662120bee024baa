//! Risk by entity: many small signs make one alert. Every detection is a sign about each host, address
//! and account that its event names. A sign's points come from its rule's level and from how often the
//! rule was right; they fade with a half-life. A rule counts once a day, so that a flood says no more
//! than its first detection, and different rules, techniques and tactics weigh more than repeats of one.

use std::collections::{BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::noise::Precision;
use crate::{Error, Result, Severity};

/// How much a rule's further days count beside its strongest.
const REPEAT: f64 = 0.25;
/// What each further technique and tactic adds to the whole, and how far that goes.
const TECHNIQUE: f64 = 0.1;
const TACTIC: f64 = 0.25;
const BROADEST: f64 = 2.0;
/// After so many half-lives a sign has less than a thousandth of its points: it is over.
pub const LIFES: i64 = 10;
/// How many signs of an entity are looked at, the latest first.
pub const MOST_SIGNS: usize = 400;

/// Points of a sign by its rule's level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Points {
    pub informational: i64,
    pub low: i64,
    pub medium: i64,
    pub high: i64,
    pub critical: i64,
}

impl Points {
    pub const fn of(&self, level: Severity) -> i64 {
        match level {
            Severity::Informational => self.informational,
            Severity::Low => self.low,
            Severity::Medium => self.medium,
            Severity::High => self.high,
            Severity::Critical => self.critical,
        }
    }

    const fn all(&self) -> [i64; 5] {
        [self.informational, self.low, self.medium, self.high, self.critical]
    }
}

/// How risk is reckoned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// From this score on an entity raises an alert.
    pub threshold: i64,
    /// By at least so many different rules: what a single one sees has its own alert.
    pub rules_needed: i64,
    /// After so many hours a sign has half of its points.
    pub half_life_hours: i64,
    pub points: Points,
    /// Detections of rules below this level raise no alert of their own; they are signs alone.
    pub alerts_from: Severity,
}

impl Default for Settings {
    /// Three rules of a high level reach the threshold; so do three of a medium one if each is of another
    /// technique and tactic, and seven of a low one if they are of four tactics.
    fn default() -> Self {
        Self {
            threshold: 100,
            rules_needed: 3,
            half_life_hours: 7 * 24,
            points: Points { informational: 2, low: 8, medium: 20, high: 40, critical: 70 },
            alerts_from: Severity::Informational,
        }
    }
}

impl Settings {
    pub fn check(&self) -> Result<()> {
        let within = |what: &'static str, value: i64, range: std::ops::RangeInclusive<i64>, example| {
            if range.contains(&value) {
                Ok(())
            } else {
                Err(Error::Malformed { what, value: value.to_string(), example })
            }
        };
        within("a threshold from 1 to 100000", self.threshold, 1..=100_000, "100")?;
        within("a number of rules from 1 to 20", self.rules_needed, 1..=20, "3")?;
        within("a half-life in hours from 1 to 8760 (a year)", self.half_life_hours, 1..=8760, "168")?;
        let mut before = 0;
        for points in self.points.all() {
            within("a number of points from 0 to 10000", points, 0..=10_000, "25")?;
            if points < before {
                return Err(Error::Inconsistent {
                    what: "setting",
                    why: "a higher level has fewer points than a lower one",
                });
            }
            before = points;
        }
        Ok(())
    }

    pub const fn half_life(&self) -> SignedDuration {
        SignedDuration::from_hours(self.half_life_hours)
    }

    /// How long after its last detection a sign still counts.
    pub const fn memory(&self) -> SignedDuration {
        SignedDuration::from_hours(self.half_life_hours * LIFES)
    }

    /// What a sign of a rule is worth when it is new. As long as verdicts do not show a rule to be wrong it
    /// counts in full: the upper end of its precision's interval falls only as they do.
    pub fn worth(&self, level: Severity, precision: Option<Precision>) -> f64 {
        let confidence = precision.map_or(1.0, |precision| precision.high);
        self.points.of(level) as f64 * confidence
    }

    /// Whether a score raises an alert.
    pub fn is_crossed(&self, score: &Score) -> bool {
        let rules = i64::try_from(score.rules).unwrap_or(i64::MAX);
        score.points >= self.threshold as f64 && rules >= self.rules_needed
    }
}

/// What one rule detected about an entity on one day.
#[derive(Debug, Clone, PartialEq)]
pub struct Sign {
    pub rule: String,
    /// When it was new.
    pub points: f64,
    /// By the events' own time.
    pub first: Timestamp,
    pub last: Timestamp,
    pub techniques: Vec<String>,
    pub tactics: Vec<String>,
}

/// An entity's risk at some time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Score {
    /// The sum of the signs times their breadth.
    pub points: f64,
    /// From 1, all of one kind, to 2.
    pub breadth: f64,
    /// How many rules have a part in it.
    pub rules: usize,
}

/// What is left of some points after a time.
pub fn faded(points: f64, age: SignedDuration, half_life: SignedDuration) -> f64 {
    let age = age.as_secs_f64().max(0.0);
    points * (-age / half_life.as_secs_f64().max(1.0)).exp2()
}

/// An entity's risk at `at`, by the signs that had been seen by then.
pub fn score(signs: &[Sign], at: Timestamp, settings: &Settings) -> Score {
    let mut rules: HashMap<&str, (f64, f64)> = HashMap::new();
    let (mut techniques, mut tactics) = (BTreeSet::new(), BTreeSet::new());
    for sign in signs.iter().filter(|sign| sign.first <= at && sign.points > 0.0) {
        let age = at.duration_since(sign.last);
        if age > settings.memory() {
            continue;
        }
        let left = faded(sign.points, age, settings.half_life());
        let (strongest, sum) = rules.entry(&sign.rule).or_insert((0.0, 0.0));
        *strongest = strongest.max(left);
        *sum += left;
        techniques.extend(sign.techniques.iter().map(String::as_str));
        tactics.extend(sign.tactics.iter().map(String::as_str));
    }
    let mut parts: Vec<f64> =
        rules.values().map(|(strongest, sum)| strongest + REPEAT * (sum - strongest)).collect();
    // A sum of fractions depends on its order; the map has none.
    parts.sort_by(f64::total_cmp);
    let further = |count: usize| count.saturating_sub(1) as f64;
    let breadth = 1.0 + TECHNIQUE * further(techniques.len()) + TACTIC * further(tactics.len());
    let breadth = breadth.min(BROADEST);
    // An empty sum of floats is minus zero.
    let sum = parts.iter().fold(0.0, |sum, part| sum + part);
    Score { points: sum * breadth, breadth, rules: parts.len() }
}

/// The highest score from `since` on, and when it was reached. A score only grows with a detection, so
/// the times of the signs are all that have to be looked at.
pub fn highest(signs: &[Sign], since: Timestamp, settings: &Settings) -> Option<(Timestamp, Score)> {
    let times: BTreeSet<Timestamp> =
        signs.iter().flat_map(|sign| [sign.first, sign.last]).filter(|at| *at >= since).collect();
    let scores = times.into_iter().map(|at| (at, score(signs, at, settings)));
    scores.fold(None, |best: Option<(Timestamp, Score)>, (at, one)| match best {
        Some((_, known)) if known.points >= one.points => best,
        _ => Some((at, one)),
    })
}

/// The score at `steps` times, the last of them `until`.
pub fn course(
    signs: &[Sign],
    until: Timestamp,
    step: SignedDuration,
    steps: i32,
    settings: &Settings,
) -> Vec<(Timestamp, f64)> {
    (0..steps)
        .rev()
        .filter_map(|back| until.checked_sub(step.checked_mul(back)?).ok())
        .map(|at| (at, score(signs, at, settings).points))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hour)
    }

    fn sign(rule: &str, points: f64, hour: i64, tactic: &str) -> Sign {
        let words = |word: &str| if word.is_empty() { Vec::new() } else { vec![word.to_owned()] };
        Sign {
            rule: rule.to_owned(),
            points,
            first: at(hour),
            last: at(hour),
            techniques: Vec::new(),
            tactics: words(tactic),
        }
    }

    fn points(signs: &[Sign], hour: i64) -> f64 {
        score(signs, at(hour), &Settings::default()).points
    }

    #[test]
    fn a_sign_fades_by_half_in_a_half_life_and_ends() {
        let one = [sign("a", 40.0, 0, "")];
        assert!((points(&one, 0) - 40.0).abs() < 1e-9);
        assert!((points(&one, 168) - 20.0).abs() < 1e-9);
        assert!((points(&one, 336) - 10.0).abs() < 1e-9);
        assert_eq!(points(&one, 168 * 10 + 1), 0.0);
        let before = score(&one, at(-1), &Settings::default()).points;
        assert_eq!(format!("{before:.0}"), "0", "not before it was seen, and not minus zero");
    }

    #[test]
    fn other_rules_and_tactics_weigh_more_than_repeats() {
        let repeats: Vec<Sign> = (0..4).map(|_| sign("a", 25.0, 0, "discovery")).collect();
        assert!((points(&repeats, 0) - (25.0 + 0.25 * 75.0)).abs() < 1e-9);
        let rules: Vec<Sign> =
            ["a", "b", "c", "d"].iter().map(|rule| sign(rule, 25.0, 0, "discovery")).collect();
        assert!((points(&rules, 0) - 100.0).abs() < 1e-9);
        let tactics: Vec<Sign> = [("a", "discovery"), ("b", "execution"), ("c", "impact")]
            .iter()
            .map(|(rule, tactic)| sign(rule, 25.0, 0, tactic))
            .collect();
        assert!((points(&tactics, 0) - 75.0 * 1.5).abs() < 1e-9);
        let many: Vec<Sign> =
            (0..30).map(|number| sign(&number.to_string(), 1.0, 0, &number.to_string())).collect();
        assert_eq!(score(&many, at(0), &Settings::default()).breadth, BROADEST);
    }

    #[test]
    fn the_order_in_which_signs_come_changes_nothing() {
        let mut signs: Vec<Sign> = (0..20)
            .map(|n| sign(&format!("r{}", n % 7), 3.3 * n as f64, n * 5, &format!("t{}", n % 3)))
            .collect();
        let forward = highest(&signs, at(0), &Settings::default());
        signs.reverse();
        assert_eq!(forward, highest(&signs, at(0), &Settings::default()));
    }

    #[test]
    fn the_highest_is_found_where_it_was() {
        let signs = [sign("a", 50.0, 0, ""), sign("b", 50.0, 1, ""), sign("c", 1.0, 5000, "")];
        let (when, score) = highest(&signs, at(0), &Settings::default()).unwrap();
        assert_eq!(when, at(1));
        assert!(score.points > 99.0 && score.rules == 2);
        assert_eq!(highest(&signs, at(4000), &Settings::default()).unwrap().0, at(5000));
        assert_eq!(highest(&[], at(0), &Settings::default()), None);
    }

    #[test]
    fn a_rule_that_was_wrong_is_worth_less() {
        let settings = Settings::default();
        let worth = |right, wrong| settings.worth(Severity::Medium, Precision::of(right, wrong));
        assert_eq!(settings.worth(Severity::Medium, None), 20.0);
        assert!(worth(5, 0) > 19.9);
        assert!(worth(0, 1) > 15.0, "one verdict says little");
        assert!(worth(0, 20) < 4.0);
    }

    #[test]
    fn a_threshold_is_crossed_by_several_rules() {
        let score = |points, rules| Score { points, breadth: 1.0, rules };
        let settings = Settings::default();
        assert!(settings.is_crossed(&score(100.0, 3)));
        assert!(!settings.is_crossed(&score(99.9, 3)));
        assert!(!settings.is_crossed(&score(500.0, 2)));
    }

    #[test]
    fn settings_that_make_no_sense_are_refused() {
        let good = Settings::default();
        assert!(good.check().is_ok());
        assert!(Settings { threshold: 0, ..good }.check().is_err());
        assert!(Settings { half_life_hours: 0, ..good }.check().is_err());
        assert!(Settings { rules_needed: 0, ..good }.check().is_err());
        let odd = Points { low: 100, ..good.points };
        assert!(Settings { points: odd, ..good }.check().is_err());
    }

    #[test]
    fn the_course_ends_now() {
        let signs = [sign("a", 40.0, 0, "")];
        let course = course(&signs, at(24), SignedDuration::from_hours(12), 3, &Settings::default());
        assert_eq!(course.iter().map(|(when, _)| *when).collect::<Vec<_>>(), [at(0), at(12), at(24)]);
        assert!(course[0].1 > course[1].1 && course[1].1 > course[2].1);
    }
}

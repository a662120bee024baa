//! How much noise a rule makes: how often it was right in the eyes of those who judged its alerts, how
//! sure that figure is, and when it is time to mend the rule.

use serde::Serialize;

use crate::alert::Verdict;
use crate::incident::Outcome;

/// From how many verdicts on a rule's precision says enough to call the rule wrong.
pub const VERDICTS_NEEDED: i64 = 5;
/// Below this precision a rule is wrong too often.
pub const WRONG_BELOW: f64 = 0.2;
/// A rule that makes more than this part of all alerts is loud.
pub const LOUD_ABOVE: f64 = 0.1;
/// With fewer alerts no rule is loud: of three alerts each makes a third.
pub const ALERTS_NEEDED: i64 = 10;

/// The two-sided 95 % quantile of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// Which part of a rule's judged alerts were true positives, from 0 to 1, with its 95 % interval by
/// Wilson's score (E. B. Wilson, 1927), which holds for few verdicts and for 0 and 1 too.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Precision {
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

impl Precision {
    /// True positives / (true positives + false positives). `None` without a verdict. Benign alerts count
    /// on neither side: the rule was right, and there was nothing to find.
    pub fn of(true_positives: i64, false_positives: i64) -> Option<Self> {
        let (right, wrong) = (true_positives.max(0), false_positives.max(0));
        let count = right.saturating_add(wrong);
        if count == 0 {
            return None;
        }
        let (right, count) = (right as f64, count as f64);
        let value = right / count;
        let square = Z * Z / count;
        let centre = value + square / 2.0;
        let spread = (value * (1.0 - value) * square + square * square / 4.0).sqrt();
        let whole = 1.0 + square;
        let within = |bound: f64| bound.clamp(0.0, 1.0);
        Some(Self { value, low: within((centre - spread) / whole), high: within((centre + spread) / whole) })
    }
}

/// What a rule's alerts were found to be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Verdicts {
    /// Judged so, or taken into an incident that did not turn out to be something else.
    pub true_positives: i64,
    pub false_positives: i64,
    pub benign: i64,
    pub duplicates: i64,
}

impl Verdicts {
    pub fn add(&mut self, verdict: Verdict, count: i64) {
        let place = match verdict {
            Verdict::TruePositive => &mut self.true_positives,
            Verdict::FalsePositive => &mut self.false_positives,
            Verdict::Benign => &mut self.benign,
            Verdict::Duplicate => &mut self.duplicates,
        };
        *place = place.saturating_add(count);
    }

    pub fn precision(&self) -> Option<Precision> {
        Precision::of(self.true_positives, self.false_positives)
    }
}

/// Why a rule is noisy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Noisy {
    /// It was judged often enough, and was wrong most of the time.
    Wrong,
    /// It makes a large part of all alerts, and none was a true positive.
    Loud,
}

/// Whether a rule is noisy. `alerts` of `of_all` are its own.
pub fn noisy(verdicts: &Verdicts, alerts: i64, of_all: i64) -> Option<Noisy> {
    let judged = verdicts.true_positives.saturating_add(verdicts.false_positives);
    if judged >= VERDICTS_NEEDED && verdicts.precision().is_some_and(|one| one.value < WRONG_BELOW) {
        return Some(Noisy::Wrong);
    }
    let loud = alerts >= ALERTS_NEEDED && share(alerts, of_all) > LOUD_ABOVE;
    (loud && verdicts.true_positives == 0).then_some(Noisy::Loud)
}

/// The part of all alerts that a rule makes, from 0 to 1.
pub fn share(alerts: i64, of_all: i64) -> f64 {
    if of_all <= 0 { 0.0 } else { alerts as f64 / of_all as f64 }
}

impl Outcome {
    /// What the alerts of an incident that ended so were.
    pub const fn verdict(self) -> Verdict {
        match self {
            Self::Resolved | Self::AcceptedRisk | Self::HandedOver => Verdict::TruePositive,
            Self::FalsePositive => Verdict::FalsePositive,
            Self::Duplicate => Verdict::Duplicate,
            Self::Test => Verdict::Benign,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 0.0005, "{found} is not {expected}");
    }

    #[test]
    fn precision_has_wilsons_interval() {
        // Values of R's prop.test(x, n, correct = FALSE).
        let half = Precision::of(5, 5).unwrap();
        near(half.value, 0.5);
        near(half.low, 0.2366);
        near(half.high, 0.7634);
        let never = Precision::of(0, 10).unwrap();
        near(never.low, 0.0);
        near(never.high, 0.2775);
        let once = Precision::of(1, 0).unwrap();
        near(once.low, 0.2065);
        near(once.high, 1.0);
        assert_eq!(Precision::of(0, 0), None);
    }

    #[test]
    fn a_rule_is_noisy_by_its_verdicts_or_by_its_share() {
        let verdicts = |true_positives, false_positives| Verdicts {
            true_positives,
            false_positives,
            ..Verdicts::default()
        };
        assert_eq!(noisy(&verdicts(0, 5), 5, 1000), Some(Noisy::Wrong));
        assert_eq!(noisy(&verdicts(0, 4), 4, 1000), None, "too few to say");
        assert_eq!(noisy(&verdicts(1, 4), 5, 1000), None, "a fifth is not below a fifth");
        assert_eq!(noisy(&verdicts(0, 0), 11, 100), Some(Noisy::Loud));
        assert_eq!(noisy(&verdicts(0, 0), 10, 100), None);
        assert_eq!(noisy(&verdicts(1, 0), 50, 100), None, "it found something");
        assert_eq!(noisy(&verdicts(0, 0), 3, 3), None, "all alerts there are, and few");
    }

    #[test]
    fn how_an_incident_ended_says_what_its_alerts_were() {
        let mut verdicts = Verdicts::default();
        for outcome in Outcome::ALL {
            verdicts.add(outcome.verdict(), 1);
        }
        assert_eq!((verdicts.true_positives, verdicts.false_positives), (3, 1));
        assert_eq!((verdicts.benign, verdicts.duplicates), (1, 1));
    }
}

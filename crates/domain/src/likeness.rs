//! How alike two things are: incidents, alerts, or one of each. What they have in common counts the more, the
//! fewer others have it too, and the better it tells an intrusion. Every number comes with its reason in words.

use std::cmp::Reverse;

use crate::observable::Standing;
use crate::words::words;
use crate::{Observable, ObservableKind};

/// Something that two have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Common {
    Value {
        observable: Observable,
        standing: Standing,
    },
    /// An ATT&CK technique.
    Technique(String),
    /// The title of a rule that fired.
    Rule(String),
}

/// One thing in common, and how many have it: at least the two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    pub what: Common,
    pub holders: u64,
}

words! {
    pub enum Strength, "strength of a likeness" {
        Strong: "strong", "Very alike";
        Some: "some", "Alike";
        Weak: "weak", "A little alike";
    }
}

/// How alike, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Likeness {
    pub points: f64,
    pub strength: Strength,
    /// The most telling first.
    pub reasons: Vec<String>,
}

/// Below this nothing is said: a shell that runs everywhere makes nothing alike.
const LEAST: f64 = 1.0;
const SOME: f64 = 3.0;
const STRONG: f64 = 7.0;
/// How many reasons are told, and how many of the values.
const REASONS: usize = 4;

/// How alike two are by what they have in common; none if that says nothing.
pub fn likeness(shared: &[Shared]) -> Option<Likeness> {
    let mut weighed: Vec<(f64, &Shared)> = shared.iter().map(|one| (points(one), one)).collect();
    weighed.sort_by(|(one, a), (other, b)| other.total_cmp(one).then_with(|| told(a).cmp(&told(b))));
    let points: f64 = weighed.iter().map(|(points, _)| points).sum();
    if points < LEAST {
        return None;
    }
    let strength = if points >= STRONG {
        Strength::Strong
    } else if points >= SOME {
        Strength::Some
    } else {
        Strength::Weak
    };
    let mut reasons: Vec<String> = weighed.iter().take(REASONS).map(|(_, one)| told(one)).collect();
    if weighed.len() > REASONS {
        reasons.push(format!("and {} more in common", weighed.len() - REASONS));
    }
    Some(Likeness { points, strength, reasons })
}

fn points(shared: &Shared) -> f64 {
    let base = match &shared.what {
        Common::Value { standing: Standing::Benign, .. } => 0.0,
        Common::Value { observable, standing } => {
            let base = weight(observable);
            if *standing == Standing::Indicator { base * 2.0 } else { base }
        }
        Common::Technique(_) => 0.5,
        Common::Rule(_) => 1.0,
    };
    base * rarity(shared.holders)
}

/// What a value tells when only two have it.
fn weight(observable: &Observable) -> f64 {
    use ObservableKind as Kind;
    match observable.kind() {
        Kind::Sha256 | Kind::Sha1 | Kind::Md5 | Kind::Url | Kind::MessageId => 3.0,
        Kind::Domain | Kind::Email => 2.5,
        Kind::Ipv4 | Kind::Ipv6 if observable.is_private_address() => 1.0,
        Kind::Ipv4 | Kind::Ipv6 => 2.5,
        Kind::Host | Kind::Account => 2.0,
        Kind::File | Kind::RegistryKey | Kind::Subject => 1.0,
        Kind::Process => 0.25,
    }
}

/// 1 where only two have it, a half among four, a fifth among ten.
fn rarity(holders: u64) -> f64 {
    2.0 / (holders.max(2) as f64)
}

fn told(shared: &Shared) -> String {
    let how_rare = match shared.holders {
        0..=2 => "only these two",
        3..=5 => "few others",
        _ => "many others",
    };
    match &shared.what {
        Common::Value { observable, standing } => {
            let bad = if *standing == Standing::Indicator { "indicator " } else { "" };
            let kind = observable.kind().label();
            let kind = if observable.kind().is_plain_word() { kind.to_lowercase() } else { kind.to_owned() };
            format!("the {bad}{kind} {} ({how_rare})", shortened(observable.value()))
        }
        Common::Technique(id) => format!("the technique {id}"),
        Common::Rule(title) => format!("the rule “{title}”"),
    }
}

/// How long a value in a reason may be.
const LONGEST: usize = 80;

fn shortened(value: &str) -> String {
    let length = value.chars().count();
    if length <= LONGEST {
        return value.to_owned();
    }
    // The end of a path tells more than its beginning.
    let end: String = value.chars().skip(length - LONGEST).collect();
    format!("…{end}")
}

/// The most alike first; of those that are equally so the newest, by number.
pub fn order(likeness: &Likeness, number: i64) -> (Reverse<u64>, Reverse<i64>) {
    // Points are small and never negative, so thousandths of them are whole numbers that compare alike.
    let thousandths = format!("{:.0}", likeness.points * 1000.0).parse().unwrap_or(u64::MAX);
    (Reverse(thousandths), Reverse(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(kind: ObservableKind, text: &str, standing: Standing, holders: u64) -> Shared {
        let observable = Observable::new(kind, text).unwrap();
        Shared { what: Common::Value { observable, standing }, holders }
    }

    #[test]
    fn a_rare_digest_says_more_than_a_hundred_shells() {
        let shell = value(ObservableKind::Process, "C:\\Windows\\System32\\cmd.exe", Standing::Unknown, 40);
        assert_eq!(likeness(&vec![shell.clone(); 30]), None);
        let digest = value(ObservableKind::Sha256, &"a1".repeat(32), Standing::Unknown, 2);
        let alike = likeness(&[shell, digest]).unwrap();
        assert_eq!(alike.strength, Strength::Some);
        assert!(alike.reasons[0].starts_with("the SHA-256 a1a1"), "{:?}", alike.reasons);
        assert!(alike.reasons[0].ends_with("(only these two)"));
    }

    #[test]
    fn an_indicator_counts_twice_and_a_harmless_value_nothing() {
        let of = |standing| likeness(&[value(ObservableKind::Domain, "evil.example.org", standing, 2)]);
        assert_eq!(of(Standing::Unknown).unwrap().points, 2.5);
        assert_eq!(of(Standing::Indicator).unwrap().points, 5.0);
        assert_eq!(of(Standing::Benign), None);
    }

    #[test]
    fn what_is_common_to_many_counts_less() {
        let of = |holders| likeness(&[value(ObservableKind::Host, "ws01", Standing::Unknown, holders)]);
        assert_eq!(of(2).unwrap().points, 2.0);
        assert_eq!(of(4).unwrap().points, 1.0);
        assert_eq!(of(50), None);
    }

    #[test]
    fn a_technique_alone_is_no_likeness() {
        let technique = |id: &str| Shared { what: Common::Technique(id.to_owned()), holders: 2 };
        assert_eq!(likeness(&[technique("T1059")]), None);
        let rule = Shared { what: Common::Rule("Shadow copies deleted".to_owned()), holders: 2 };
        let alike = likeness(&[technique("T1490"), rule]).unwrap();
        assert_eq!(alike.reasons, ["the rule “Shadow copies deleted”", "the technique T1490"]);
    }
}

//! Every vocabulary, identifier and checked text: what it accepts, how it is written, what it refuses.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::collections::BTreeSet;
use std::fmt::{Debug, Display};
use std::str::FromStr;

use common::sentence;
use domain::access::{Permission, Role};
use domain::alert::{AlertStatus, Verdict};
use domain::attack::{CountermeasureId, Tactic, TechniqueId};
use domain::entity::EntityKind;
use domain::evidence::{CustodyAct, CustodyStatus};
use domain::incident::Outcome;
use domain::observable::{ObservableKind, ObservableRole};
use domain::plan::{ChannelKind, Measure, RoleKey, Trigger};
use domain::severity::{FunctionalImpact, InformationImpact, Recoverability};
use domain::task::TaskStatus;
use domain::timeline::{EntryKind, Lane};
use domain::*;
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

fn check_vocabulary<T>(all: &[T], word: fn(T) -> &'static str, label: fn(T) -> &'static str)
where
    T: Copy + Debug + Display + Ord + FromStr<Err = Error> + Serialize + DeserializeOwned,
{
    assert!(all.is_sorted(), "the order of declaration is the order of comparison");
    for &member in all {
        assert_eq!(word(member).parse::<T>().unwrap(), member);
        assert_eq!(member.to_string(), word(member));
        let json = format!("\"{}\"", word(member));
        assert_eq!(serde_json::to_string(&member).unwrap(), json);
        assert_eq!(serde_json::from_str::<T>(&json).unwrap(), member);
        assert!(label(member).starts_with(|c: char| c.is_uppercase()), "{}", label(member));
    }
    let words: BTreeSet<_> = all.iter().map(|member| word(*member)).collect();
    assert_eq!(words.len(), all.len(), "no word is used twice");
    let refusal = sentence("Nonsense".parse::<T>());
    assert!(refusal.starts_with("\"Nonsense\" is not a known "), "{refusal}");
    assert!(words.iter().all(|word| refusal.contains(word)), "{refusal}");
}

macro_rules! vocabularies {
    ($($name:ident),+ $(,)?) => {$(
        check_vocabulary($name::ALL, $name::as_str, $name::label);
    )+};
}

#[test]
fn every_vocabulary_reads_what_it_writes_and_names_what_it_allows() {
    vocabularies!(
        AlertStatus,
        ChannelKind,
        CustodyAct,
        CustodyStatus,
        EntityKind,
        EntryKind,
        FunctionalImpact,
        IncidentType,
        InformationImpact,
        Lane,
        Measure,
        ObservableKind,
        ObservableRole,
        Outcome,
        Pap,
        Permission,
        Phase,
        Recoverability,
        Role,
        Severity,
        Tactic,
        TaskStatus,
        Tlp,
        Trigger,
        Verdict,
    );
}

#[test]
fn a_refused_word_is_named_with_the_allowed_ones() {
    assert_eq!(
        sentence("urgent".parse::<Severity>()),
        "\"urgent\" is not a known severity; use one of: informational, low, medium, high, critical"
    );
    let refusal = serde_json::from_str::<Tlp>("\"white\"").unwrap_err().to_string();
    assert!(refusal.contains("clear, green, amber, amber+strict, red"), "{refusal}");
}

#[test]
fn identifiers_are_read_in_either_case_and_written_in_one() {
    for (written, number) in [("INC-1", 1), ("inc-42", 42), ("Inc-9223372036854775807", i64::MAX)] {
        let id: IncidentId = written.parse().unwrap();
        assert_eq!(id.get(), number);
        assert_eq!(id.to_string(), written.to_uppercase());
    }
    for wrong in [
        "",
        "INC",
        "INC-",
        "INC-0",
        "INC-01",
        "INC--1",
        "INC-+1",
        "INC-1 ",
        "INC-1x",
        "ALR-1",
        "1",
        "INC-9223372036854775808",
    ] {
        assert_eq!(
            sentence(wrong.parse::<IncidentId>()),
            format!("{wrong:?} is not an incident's number; write it like INC-1")
        );
    }
    for number in [0, -1, i64::MIN] {
        assert!(IncidentId::try_from(number).is_err());
    }
}

#[test]
fn each_kind_of_record_has_its_prefix() {
    macro_rules! prefixes {
        ($($name:ident $written:literal),+) => {$(
            let id = $name::try_from(7).unwrap();
            assert_eq!(id.to_string(), $written);
            assert_eq!(format!("{id:?}"), $written);
            assert_eq!(serde_json::to_string(&id).unwrap(), format!("\"{}\"", $written));
            assert_eq!(serde_json::from_str::<$name>(&format!("\"{}\"", $written)).unwrap(), id);
        )+};
    }
    prefixes!(
        IncidentId "INC-7", AlertId "ALR-7", EvidenceId "EVD-7", TaskId "TSK-7", EntryId "ENT-7", ObservableId "OBS-7",
        AssetId "AST-7", DecisionId "DEC-7", EventId "EVT-7", UserId "USR-7", ApiKeyId "KEY-7", IntakeId "INT-7",
        PlanVersionId "PLAN-7"
    );
}

proptest! {
    #[test]
    fn an_identifier_survives_being_written(number in 1..=i64::MAX) {
        let id = TaskId::try_from(number).unwrap();
        prop_assert_eq!(id.to_string().parse::<TaskId>().unwrap(), id);
    }

    #[test]
    fn a_period_survives_being_written(seconds in 1_i64..3_000_000_000) {
        let period: Period = format!("{seconds}s").parse().unwrap();
        prop_assert_eq!(period.as_duration().as_secs(), seconds);
        prop_assert_eq!(period.to_string().parse::<Period>().unwrap(), period);
    }

    #[test]
    fn no_input_upsets_a_parser(input in ".*") {
        let _ = input.parse::<Period>();
        let _ = input.parse::<IncidentId>();
        let _ = input.parse::<TechniqueId>();
        let _ = input.parse::<CountermeasureId>();
        let _ = input.parse::<Sha256>();
        let _ = input.parse::<RoleKey>();
        let _ = Tactic::from_tag(&input);
    }
}

#[test]
fn periods_are_written_as_plans_write_them() {
    for (written, seconds, shown) in [
        ("30m", 1_800, "30m"),
        ("4h", 14_400, "4h"),
        ("90m", 5_400, "1h30m"),
        ("1h30m", 5_400, "1h30m"),
        ("24h", 86_400, "1d"),
        ("7d", 604_800, "1w"),
        ("90d", 7_776_000, "90d"),
        ("1w2d", 777_600, "9d"),
        ("1s", 1, "1s"),
    ] {
        let period: Period = written.parse().unwrap();
        assert_eq!(
            (period.as_duration().as_secs(), period.to_string().as_str()),
            (seconds, shown),
            "{written}"
        );
    }
    for wrong in [
        "",
        "0m",
        "m",
        "5",
        "-5m",
        "1m1h",
        "1h1h",
        "1.5h",
        "1 h",
        "1y",
        "99999999999999999999w",
        "200000d",
        "ä",
    ] {
        assert!(wrong.parse::<Period>().is_err(), "{wrong}");
    }
}

#[test]
fn texts_are_trimmed_and_never_blank() {
    assert_eq!(&*Line::new("the title", "  Stolen laptop ").unwrap(), "Stolen laptop");
    assert_eq!(sentence(Line::new("the title", " \t ")), "the title must not be blank");
    assert_eq!(
        sentence(Line::new("the title", "one\ntwo")),
        "the title must be one line without control characters"
    );
    assert_eq!(
        sentence(Line::new("the title", &"ü".repeat(201))),
        "the title may have at most 200 characters, this has 201"
    );
    assert!(Line::new("the title", &"ü".repeat(200)).is_ok());
    assert!(Text::new("the reason", "one\ntwo").is_ok());
    assert!(serde_json::from_str::<Text>("\"  \"").is_err(), "a document cannot go round the check");
}

#[test]
fn techniques_are_read_from_ids_and_tags() {
    let sub: TechniqueId = "t1059.001".parse().unwrap();
    assert_eq!((sub.as_str(), sub.technique().as_str(), sub.is_subtechnique()), ("T1059.001", "T1059", true));
    assert_eq!(TechniqueId::from_tag("attack.t1003.001").unwrap().as_str(), "T1003.001");
    assert_eq!(TechniqueId::from_tag("car.2016-03-001"), None);
    for wrong in
        ["", "T", "T105", "T10590", "T1059.", "T1059.01", "T1059.0011", "T1059.001.2", "TA0001", "X1059"]
    {
        assert!(wrong.parse::<TechniqueId>().is_err(), "{wrong}");
    }
    assert!("D3-NI".parse::<CountermeasureId>().is_ok());
    assert!("D3FEND".parse::<CountermeasureId>().is_err());
}

#[test]
fn tactics_are_read_from_tags_old_and_new() {
    assert_eq!(Tactic::from_tag("attack.stealth"), Some(Tactic::Stealth));
    assert_eq!(Tactic::from_tag("attack.defense-evasion"), Some(Tactic::Stealth));
    assert_eq!(Tactic::from_tag("attack.command_and_control"), Some(Tactic::CommandAndControl));
    assert_eq!(Tactic::from_tag("attack.t1059"), None);
    assert_eq!(Tactic::from_tag("detection.emerging-threats"), None);
}

#[test]
fn a_digest_is_64_hexadecimal_digits() {
    let upper = "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855";
    let digest: Sha256 = upper.parse().unwrap();
    assert_eq!(digest.to_string(), upper.to_lowercase());
    assert_eq!(Sha256::from_bytes(*digest.as_bytes()), digest);
    for wrong in
        ["", upper.trim_start_matches("E"), &format!("{upper}0"), &upper.replace('E', "G"), &"ä".repeat(32)]
    {
        assert!(wrong.parse::<Sha256>().is_err(), "{wrong}");
    }
}

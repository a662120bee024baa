//! Data and people concerned, and what an incident cost.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]

use domain::impact::{Country, Currency, DataKind, Money, PeopleCount, Sums};
use proptest::prelude::*;

fn eur() -> Currency {
    "EUR".parse().unwrap()
}

#[test]
fn numbers_of_people_are_as_sure_as_they_say() {
    let read = |text: &str| text.parse::<PeopleCount>().unwrap();
    assert_eq!(read("1,200"), PeopleCount::Exact(1200));
    assert_eq!(read("~ 1200").words(), "about 1,200");
    assert_eq!(read("300-1000").words(), "300 to 1,000");
    assert_eq!((read("300 – 1000").least(), read("300-1000").most()), (300, Some(1000)));
    assert_eq!((read("500+").words(), read("500+").most()), ("at least 500".to_owned(), None));
    for wrong in ["", "many", "-5", "10-10", "10-3", "~", "+", "1.5", "99999999999999"] {
        assert!(wrong.parse::<PeopleCount>().is_err(), "{wrong}");
    }
}

#[test]
fn kinds_of_data_are_those_that_the_duties_ask_for() {
    let facts =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../content/obligations/facts.yaml"))
            .unwrap();
    let begin = facts.find("- id: data\n").unwrap();
    let end = begin + facts[begin..].find("- id: acts_as\n").unwrap();
    let asked: Vec<&str> = facts[begin..end]
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- {word: ")?.split(',').next())
        .collect();
    let ours: Vec<&str> = DataKind::ALL.iter().map(|kind| kind.as_str()).collect();
    assert_eq!(ours, asked);
    assert!(DataKind::Health.is_personal() && !DataKind::Business.is_personal());
}

#[test]
fn countries_are_codes() {
    for (given, code) in [("de", "DE"), ("us-ca", "US-CA"), (" GB-ENG ", "GB-ENG")] {
        assert_eq!(given.parse::<Country>().unwrap().as_str(), code);
    }
    for wrong in ["", "Germany", "D", "D1", "US-", "US-CALI", "US CA"] {
        assert!(wrong.parse::<Country>().is_err(), "{wrong}");
    }
}

#[test]
fn amounts_have_the_digits_of_their_currency() {
    let read = |amount: &str, code: &str| Money::parse(amount, code.parse().unwrap());
    assert_eq!(read("1,200.5", "EUR").unwrap().to_string(), "EUR 1,200.50");
    assert_eq!(read("1200", "JPY").unwrap().to_string(), "JPY 1,200");
    assert_eq!(read("0.005", "KWD").unwrap().amount(), "0.005");
    for (amount, code) in [
        ("1.5", "JPY"),
        ("1.234", "EUR"),
        ("0", "EUR"),
        ("-5", "EUR"),
        ("", "EUR"),
        (".5", "EUR"),
        ("1e3", "EUR"),
        ("99999999999999999999", "EUR"),
    ] {
        assert!(read(amount, code).is_err(), "{amount} {code}");
    }
    for wrong in ["", "EURO", "XXX", "XAU", "€"] {
        assert!(wrong.parse::<Currency>().is_err(), "{wrong}");
    }
    assert_eq!("usd".parse::<Currency>().unwrap().to_string(), "USD");
}

#[test]
fn currencies_are_never_added_to_each_other() {
    let money = |amount: &str, code: &str| Money::parse(amount, code.parse().unwrap()).unwrap();
    let sums: Sums = [money("1.10", "EUR"), money("5", "USD"), money("2.05", "EUR")].into_iter().collect();
    let told: Vec<String> = sums.iter().map(|sum| sum.to_string()).collect();
    assert_eq!(told, ["EUR 3.15", "USD 5.00"]);
    assert_eq!(Sums::default().iter().count(), 0);
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(units in 1_i64..9_000_000_000_000, low in 0_u64..1_000_000, more in 1_u64..1_000_000) {
        for code in ["EUR", "JPY", "KWD"] {
            let money = Money { units, currency: code.parse().unwrap() };
            prop_assert_eq!(Money::parse(&money.amount(), money.currency).unwrap(), money);
        }
        for count in [PeopleCount::Exact(low), PeopleCount::Estimate(low), PeopleCount::Range(low, low + more), PeopleCount::AtLeast(low)] {
            prop_assert_eq!(count.to_string().parse::<PeopleCount>().unwrap(), count);
            prop_assert!(count.most().is_none_or(|most| most >= count.least()));
        }
    }

    #[test]
    fn no_text_upsets_a_reader(text in ".{0,40}") {
        text.parse::<PeopleCount>().ok();
        text.parse::<Country>().ok();
        text.parse::<Currency>().ok();
        Money::parse(&text, eur()).ok();
    }
}

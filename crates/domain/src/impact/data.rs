//! Records of data and people concerned. The kinds of data are those that the duties to notify ask for
//! (`content/obligations/facts.yaml`, fact `data`).

use std::fmt;
use std::str::FromStr;

use crate::words::{as_text, words};
use crate::{Error, Result};

words! {
    pub enum DataKind, "kind of data" {
        Personal: "personal", "Personal data";
        Health: "health", "Health data";
        Sensitive: "sensitive", "Other sensitive data";
        PaymentCard: "payment_card", "Payment card data";
        FinancialAccount: "financial_account", "Bank or account data";
        GovernmentId: "government_id", "Government identifiers";
        Credentials: "credentials", "User names with passwords";
        Defence: "defence", "Covered defence information";
        Business: "business", "Confidential business data";
    }
}

impl DataKind {
    /// Whether it is about people, so that their number is asked for.
    pub const fn is_personal(self) -> bool {
        !matches!(self, Self::Defence | Self::Business)
    }
}

words! {
    /// Whose data it is.
    pub enum DataSubject, "kind of people" {
        Customers: "customers", "Customers and users";
        Employees: "employees", "Employees and applicants";
        Patients: "patients", "Patients";
        Children: "children", "Children";
        Students: "students", "Pupils and students";
        Contacts: "contacts", "Contacts at other organisations";
        Public: "public", "Other people";
    }
}

words! {
    /// What was done to the data.
    pub enum DoneToData, "thing done to data" {
        Read: "read", "Read";
        Taken: "taken", "Taken";
        Published: "published", "Published";
        Changed: "changed", "Changed";
        Destroyed: "destroyed", "Destroyed";
        Unavailable: "unavailable", "Made unavailable";
    }
}

words! {
    /// Whether others could make sense of it.
    pub enum Protection, "protection of data" {
        Readable: "readable", "Readable";
        EncryptedKeySafe: "encrypted_key_safe", "Encrypted, the key is safe";
        EncryptedKeyLost: "encrypted_key_lost", "Encrypted, the key may be known";
        Unknown: "unknown", "Not known if readable";
    }
}

words! {
    /// How sure whoever recorded it is.
    pub enum Confidence, "confidence" {
        Confirmed: "confirmed", "Confirmed";
        Likely: "likely", "Likely";
        Possible: "possible", "Possible";
    }
}

/// How many people are concerned, as far as it is known: `1200`, `~1200`, `300-1000`, `500+`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PeopleCount {
    Exact(u64),
    Estimate(u64),
    /// At least and at most; the first is less than the second.
    Range(u64, u64),
    AtLeast(u64),
}

/// More people than there are.
const MOST_PEOPLE: u64 = 20_000_000_000;

impl PeopleCount {
    fn parse(text: &str) -> Option<Self> {
        let number = |digits: &str| {
            let plain: String =
                digits.trim().chars().filter(|c| !matches!(c, ' ' | ',' | '\'' | '_')).collect();
            plain.parse::<u64>().ok().filter(|number| *number <= MOST_PEOPLE)
        };
        let text = text.trim();
        if let Some(rest) = text.strip_prefix('~') {
            return number(rest).map(Self::Estimate);
        }
        if let Some(rest) = text.strip_suffix('+') {
            return number(rest).map(Self::AtLeast);
        }
        if let Some((low, high)) = text.split_once('-').or_else(|| text.split_once('–')) {
            let (low, high) = (number(low)?, number(high)?);
            return (low < high).then_some(Self::Range(low, high));
        }
        number(text).map(Self::Exact)
    }

    /// The least number that it may be.
    pub const fn least(self) -> u64 {
        match self {
            Self::Exact(number) | Self::Estimate(number) | Self::AtLeast(number) => number,
            Self::Range(low, _) => low,
        }
    }

    /// The greatest number that it may be, if there is one.
    pub const fn most(self) -> Option<u64> {
        match self {
            Self::Exact(number) | Self::Estimate(number) => Some(number),
            Self::Range(_, high) => Some(high),
            Self::AtLeast(_) => None,
        }
    }

    /// As people say it: "about 1,200", "300 to 1,000", "at least 500".
    pub fn words(self) -> String {
        match self {
            Self::Exact(number) => grouped(number),
            Self::Estimate(number) => format!("about {}", grouped(number)),
            Self::Range(low, high) => format!("{} to {}", grouped(low), grouped(high)),
            Self::AtLeast(number) => format!("at least {}", grouped(number)),
        }
    }
}

/// Digits in threes.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut said = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            said.push(',');
        }
        said.push(digit);
    }
    said
}

impl FromStr for PeopleCount {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text).ok_or_else(|| Error::Malformed {
            what: "a number of people",
            value: text.to_owned(),
            example: "1200, ~1200, 300-1000 or 500+",
        })
    }
}

impl fmt::Display for PeopleCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(number) => write!(f, "{number}"),
            Self::Estimate(number) => write!(f, "~{number}"),
            Self::Range(low, high) => write!(f, "{low}-{high}"),
            Self::AtLeast(number) => write!(f, "{number}+"),
        }
    }
}

/// A country or a part of one by its code (ISO 3166-1 alpha-2, ISO 3166-2): `DE`, `US-CA`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country(String);

impl Country {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Country {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let code = text.trim().to_ascii_uppercase();
        let (country, part) = code.split_once('-').map_or((code.as_str(), None), |(a, b)| (a, Some(b)));
        let letters = country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase());
        let subdivision = part.is_none_or(|part| {
            (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
        if letters && subdivision {
            Ok(Self(code))
        } else {
            Err(Error::Malformed { what: "a country's code", value: text.to_owned(), example: "DE or US-CA" })
        }
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

as_text!(PeopleCount, Country);

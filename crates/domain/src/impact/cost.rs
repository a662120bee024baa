//! Money in its own currency. Amounts are whole numbers of the currency's smallest unit (ISO 4217), so
//! nothing is lost in adding; different currencies are never added.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::words::{as_text, words};
use crate::{Error, Result};

words! {
    pub enum CostKind, "kind of cost" {
        Response: "response", "Response firm and forensics";
        Legal: "legal", "Legal counsel";
        Communication: "communication", "Notices, helpline and press";
        Hardware: "hardware", "Hardware";
        Software: "software", "Software and services";
        Overtime: "overtime", "Overtime and extra staff";
        Downtime: "downtime", "Lost business";
        Loss: "loss", "Money or goods lost";
        Fine: "fine", "Fines and damages";
        Other: "other", "Other";
    }
}

/// The active codes of ISO 4217 for money (no metals, no testing codes).
const CODES: &str = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP \
    CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD \
    IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN \
    MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP \
    STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG";

/// Currencies whose smallest unit is not a hundredth.
const NO_PARTS: &str = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF";
const THOUSANDTHS: &str = "BHD IQD JOD KWD LYD OMR TND";

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    pub fn as_str(&self) -> &str {
        // Made only from ASCII letters.
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// How many digits stand behind the point.
    pub fn digits(self) -> u32 {
        let is_one_of = |codes: &str| codes.split_whitespace().any(|code| code == self.as_str());
        if is_one_of(NO_PARTS) {
            0
        } else if is_one_of(THOUSANDTHS) {
            3
        } else {
            2
        }
    }
}

impl FromStr for Currency {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let code = text.trim().to_ascii_uppercase();
        let known = CODES.split_whitespace().any(|known| known == code);
        let bytes = <[u8; 3]>::try_from(code.as_bytes()).ok().filter(|_| known);
        bytes.map(Self).ok_or_else(|| Error::Malformed {
            what: "a currency's code (ISO 4217)",
            value: text.to_owned(),
            example: "EUR, USD or JPY",
        })
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

as_text!(Currency);

/// The largest amount, in smallest units: sums of a million of these still fit.
const LARGEST: i64 = 9_000_000_000_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    /// In the smallest unit of the currency; above zero.
    pub units: i64,
    pub currency: Currency,
}

impl Money {
    /// Reads an amount as people write it: `1200`, `1200.50`, `1,200.50`. At most as many digits behind the
    /// point as the currency has.
    pub fn parse(amount: &str, currency: Currency) -> Result<Self> {
        let malformed = || Error::Malformed {
            what: "an amount above zero with the currency's digits behind the point",
            value: amount.to_owned(),
            example: "1200 or 1200.50",
        };
        let plain: String = amount.trim().chars().filter(|c| !matches!(c, ',' | ' ' | '\'')).collect();
        let (whole, part) = plain.split_once('.').unwrap_or((&plain, ""));
        let digits = usize::try_from(currency.digits()).unwrap_or(0);
        let all = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !all(whole) || !all(part) || part.len() > digits {
            return Err(malformed());
        }
        let padded = format!("{whole}{part:0<digits$}");
        let units = padded.parse::<i64>().ok().filter(|units| (1..=LARGEST).contains(units));
        units.map(|units| Money { units, currency }).ok_or_else(malformed)
    }

    /// The amount as a number without the currency: `1200.50`.
    pub fn amount(&self) -> String {
        let digits = usize::try_from(self.currency.digits()).unwrap_or(0);
        let all = format!("{:0>width$}", self.units, width = digits + 1);
        let (whole, part) = all.split_at(all.len() - digits);
        if part.is_empty() { whole.to_owned() } else { format!("{whole}.{part}") }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let amount = self.amount();
        let (whole, part) = amount.split_once('.').unwrap_or((&amount, ""));
        let whole = super::data::grouped(whole.parse().unwrap_or(0));
        let point = if part.is_empty() { "" } else { "." };
        write!(f, "{} {whole}{point}{part}", self.currency)
    }
}

/// Sums, each currency for itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sums(BTreeMap<Currency, i64>);

impl Sums {
    pub fn add(&mut self, money: Money) {
        let sum = self.0.entry(money.currency).or_default();
        *sum = sum.saturating_add(money.units);
    }

    pub fn iter(&self) -> impl Iterator<Item = Money> {
        self.0.iter().map(|(currency, units)| Money { units: *units, currency: *currency })
    }
}

impl FromIterator<Money> for Sums {
    fn from_iter<I: IntoIterator<Item = Money>>(all: I) -> Self {
        let mut sums = Self::default();
        for money in all {
            sums.add(money);
        }
        sums
    }
}

//! Numbers, networks and parts of dates: the values of a rule that are not text, and how a field's
//! value compares with them.

use std::cmp::Ordering;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use jiff::civil::DateTime;
use telemetry::Value;

/// Whole numbers compare exactly, others as 64-bit floats. Floats are kept by their bits so that
/// equal tests can be found by hashing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Number {
    Int(i64),
    Float(u64),
}

impl Number {
    pub fn float(value: f64) -> Number {
        Number::Float(value.to_bits())
    }

    /// The number that a field's text or number stands for, in decimal.
    pub fn of_value(value: &Value) -> Option<Number> {
        match value {
            Value::Int(number) => Some(Number::Int(*number)),
            Value::Float(number) => Some(Number::float(*number)),
            Value::Str(text) => Number::of_text(text),
            Value::Null | Value::Bool(_) | Value::List(_) => None,
        }
    }

    pub fn of_text(text: &str) -> Option<Number> {
        // Keeps `inf`, `nan` and plain words from the float parser.
        let first = text.trim_start_matches(['-', '+']).bytes().next()?;
        if !first.is_ascii_digit() && first != b'.' {
            return None;
        }
        match text.parse::<i64>() {
            Ok(number) => Some(Number::Int(number)),
            Err(_) => text.parse::<f64>().ok().map(Number::float),
        }
    }

    pub fn as_float(self) -> f64 {
        match self {
            Number::Int(number) => number as f64,
            Number::Float(bits) => f64::from_bits(bits),
        }
    }

    pub fn compare(self, other: Number) -> Option<Ordering> {
        match (self, other) {
            (Number::Int(left), Number::Int(right)) => Some(left.cmp(&right)),
            _ => self.as_float().partial_cmp(&other.as_float()),
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Number::Int(number) => number.fmt(f),
            Number::Float(bits) => f64::from_bits(*bits).fmt(f),
        }
    }
}

/// How a field's number stands to the rule's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Relation {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Relation {
    pub fn holds(self, field: Number, wanted: Number) -> bool {
        match field.compare(wanted) {
            None => false,
            Some(order) => match self {
                Relation::Equal => order == Ordering::Equal,
                Relation::Less => order == Ordering::Less,
                Relation::LessOrEqual => order != Ordering::Greater,
                Relation::Greater => order == Ordering::Greater,
                Relation::GreaterOrEqual => order != Ordering::Less,
            },
        }
    }
}

/// A part of a date that is compared as a number (Sigma 2.1, "Time Modifiers").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum TimePart {
    Minute,
    Hour,
    Day,
    /// ISO 8601 week, 1 to 53.
    Week,
    Month,
    Year,
}

impl TimePart {
    /// The part of the date a field's text holds, as it stands there: no time zone is applied.
    pub fn of_text(self, text: &str) -> Option<Number> {
        let text = text.trim();
        let has_time = text.contains(':');
        let text = text.strip_suffix(['Z', 'z']).unwrap_or(text);
        let moment: DateTime = text.parse().ok()?;
        let part = match self {
            TimePart::Minute if has_time => i64::from(moment.minute()),
            TimePart::Hour if has_time => i64::from(moment.hour()),
            TimePart::Minute | TimePart::Hour => return None,
            TimePart::Day => i64::from(moment.day()),
            TimePart::Week => i64::from(moment.date().iso_week_date().week()),
            TimePart::Month => i64::from(moment.month()),
            TimePart::Year => i64::from(moment.year()),
        };
        Some(Number::Int(part))
    }
}

/// An IP network. Host bits in the rule's text are ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Network {
    V4 { network: u32, mask: u32 },
    V6 { network: u128, mask: u128 },
}

impl Network {
    pub fn parse(text: &str) -> Option<Network> {
        let (address, length) = match text.trim().split_once('/') {
            Some((address, length)) => (address, Some(length.parse::<u32>().ok()?)),
            None => (text.trim(), None),
        };
        match address.parse().ok()? {
            IpAddr::V4(address) => {
                let length = length.unwrap_or(32);
                let mask = u32::MAX.checked_shl(32_u32.checked_sub(length)?).unwrap_or(0);
                Some(Network::V4 { network: u32::from(address) & mask, mask })
            }
            IpAddr::V6(address) => {
                let length = length.unwrap_or(128);
                let mask = u128::MAX.checked_shl(128_u32.checked_sub(length)?).unwrap_or(0);
                Some(Network::V6 { network: u128::from(address) & mask, mask })
            }
        }
    }

    /// Whether the text is an address of the network. An IPv4 address may be written as the IPv6
    /// address that stands for it (`::ffff:10.0.0.1`).
    pub fn holds(&self, text: &str) -> bool {
        let text = text.trim().trim_start_matches('[').trim_end_matches(']');
        let text = text.split_once('%').map_or(text, |(address, _zone)| address);
        let Ok(address) = text.parse::<IpAddr>() else { return false };
        match (*self, address) {
            (Network::V4 { network, mask }, _) => match address.to_canonical() {
                IpAddr::V4(address) => u32::from(address) & mask == network,
                IpAddr::V6(_) => false,
            },
            (Network::V6 { network, mask }, IpAddr::V6(address)) => in_v6(address, network, mask),
            (Network::V6 { network, mask }, IpAddr::V4(address)) => {
                // Only a network of mapped addresses can mean IPv4.
                mask.leading_ones() >= 96 && in_v6(address.to_ipv6_mapped(), network, mask)
            }
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Network::V4 { network, mask } => {
                write!(f, "{}/{}", Ipv4Addr::from(*network), mask.leading_ones())
            }
            Network::V6 { network, mask } => {
                write!(f, "{}/{}", Ipv6Addr::from(*network), mask.leading_ones())
            }
        }
    }
}

fn in_v6(address: Ipv6Addr, network: u128, mask: u128) -> bool {
    u128::from(address) & mask == network
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks() {
        let cases = [
            ("10.0.0.0/8", "10.200.3.4", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.9.9.9/8", "10.0.0.1", true),
            ("192.168.1.7", "192.168.1.7", true),
            ("192.168.1.7", "192.168.1.8", false),
            ("0.0.0.0/0", "8.8.8.8", true),
            ("10.0.0.0/8", "::ffff:10.0.0.1", true),
            ("fe80::/10", "fe80::1%eth0", true),
            ("fe80::/10", "fec0::1", false),
            ("::1/128", "0:0:0:0:0:0:0:1", true),
            ("::/0", "2001:db8::1", true),
            ("::/0", "10.0.0.1", false),
            ("::ffff:0:0/96", "10.0.0.1", true),
            ("10.0.0.0/8", "not an address", false),
            ("10.0.0.0/8", "", false),
        ];
        for (network, address, expected) in cases {
            let network = Network::parse(network).unwrap();
            assert_eq!(network.holds(address), expected, "{network:?} {address}");
        }
        for wrong in ["", "10.0.0.0/33", "::/129", "10.0.0/8", "10.0.0.0/x", "192.168.*", "/8"] {
            assert_eq!(Network::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn numbers_compare_exactly_where_they_are_whole() {
        let big = 9_007_199_254_740_993;
        assert!(!Relation::Equal.holds(Number::Int(big), Number::Int(big - 1)));
        assert!(Relation::Equal.holds(Number::Int(3), Number::float(3.0)));
        assert!(Relation::Less.holds(Number::float(2.5), Number::Int(3)));
        assert_eq!(Number::of_text("0x10"), None);
        assert_eq!(Number::of_text("nan"), None);
        assert_eq!(Number::of_text("-inf"), None);
        assert_eq!(Number::of_text("-7"), Some(Number::Int(-7)));
        assert_eq!(Number::of_text("1.5"), Some(Number::float(1.5)));
    }

    #[test]
    fn parts_of_dates() {
        let text = "2024-12-30T23:59:07.5Z";
        let parts = [
            (TimePart::Minute, 59),
            (TimePart::Hour, 23),
            (TimePart::Day, 30),
            (TimePart::Week, 1),
            (TimePart::Month, 12),
            (TimePart::Year, 2024),
        ];
        for (part, expected) in parts {
            assert_eq!(part.of_text(text), Some(Number::Int(expected)), "{part:?}");
        }
        assert_eq!(TimePart::Hour.of_text("2024-12-30 05:00:00"), Some(Number::Int(5)));
        assert_eq!(TimePart::Hour.of_text("2024-12-30T05:00:00+09:00"), Some(Number::Int(5)));
        assert_eq!(TimePart::Day.of_text("2024-12-30"), Some(Number::Int(30)));
        assert_eq!(TimePart::Hour.of_text("2024-12-30"), None);
        assert_eq!(TimePart::Hour.of_text("yesterday"), None);
    }
}

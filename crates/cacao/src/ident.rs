//! The three kinds of names that CACAO writes by a pattern: identifiers, timestamps, variables.

/// Whether a text is an identifier (CACAO v2.0 §10.10): a lower-case type, two hyphens, a UUID of version 1 to 5.
pub fn is_identifier(text: &str) -> bool {
    prefix(text).is_some()
}

/// The type that an identifier begins with; nothing where the text is no identifier.
pub(crate) fn prefix(text: &str) -> Option<&str> {
    let split = text.len().checked_sub(38)?;
    let (kind, rest) = text.split_at_checked(split)?;
    let uuid = rest.strip_prefix("--")?;
    let bytes = kind.as_bytes();
    let known = bytes.len() >= 3
        && bytes.first().is_some_and(u8::is_ascii_lowercase)
        && bytes.last().is_some_and(|last| *last != b'-')
        && bytes.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-');
    (known && is_uuid(uuid)).then_some(kind)
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            14 => (b'1'..=b'5').contains(&byte),
            19 => matches!(byte, b'8' | b'9' | b'a' | b'b' | b'A' | b'B'),
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Whether a text is a timestamp (§10.17): RFC 3339 in UTC, written with `Z`.
pub fn is_timestamp(text: &str) -> bool {
    text.ends_with('Z') && text.as_bytes().get(10) == Some(&b'T') && text.parse::<jiff::Timestamp>().is_ok()
}

/// Whether a timestamp has the three digits after the point that the specification wants.
pub(crate) fn has_milliseconds(text: &str) -> bool {
    text.len() == 24 && text.as_bytes().get(19) == Some(&b'.')
}

/// Whether a text names a variable (§10.18): `__name__`.
pub fn is_variable_name(text: &str) -> bool {
    let Some(name) = text.strip_prefix("__").and_then(|rest| rest.strip_suffix("__")) else { return false };
    let mut letters = name.bytes();
    name.len() <= 200
        && letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == b'_' || letter == b'-')
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn identifiers_have_a_type_and_a_uuid() {
        assert_eq!(prefix("action--eb9372d4-d524-49fc-bf24-be26ea084779"), Some("action"));
        assert_eq!(prefix("if-condition--eb9372d4-d524-49fc-bf24-be26ea084779"), Some("if-condition"));
        for wrong in [
            "",
            "action",
            "action-eb9372d4-d524-49fc-bf24-be26ea084779",
            "Action--eb9372d4-d524-49fc-bf24-be26ea084779",
            "action--eb9372d4-d524-69fc-bf24-be26ea084779",
            "action--eb9372d4-d524-49fc-cf24-be26ea084779",
            "soarca-fin-pong-f896bb3b-bb37-429e-8ece-2d4286cf326d",
            "äöü--eb9372d4-d524-49fc-bf24-be26ea08477",
        ] {
            assert!(!is_identifier(wrong), "{wrong}");
        }
    }

    #[test]
    fn times_are_in_utc() {
        assert!(is_timestamp("2023-11-20T15:56:00.123456Z") && is_timestamp("2023-11-20T15:56:00Z"));
        for wrong in ["2023-11-20 15:56:00Z", "2023-11-20T15:56:00+01:00", "2023-13-20T15:56:00Z", "now"] {
            assert!(!is_timestamp(wrong), "{wrong}");
        }
    }

    #[test]
    fn variables_stand_between_underscores() {
        assert!(is_variable_name("__path__") && is_variable_name("__a-1__"));
        for wrong in ["path", "__1a__", "____", "__a b__", "__a_"] {
            assert!(!is_variable_name(wrong), "{wrong}");
        }
    }
}

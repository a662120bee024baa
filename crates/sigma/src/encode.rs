//! The encoding modifiers: UTF-16 in its three forms, Base64, and the three shapes that Base64 gives
//! a text depending on where it stands (Sigma 2.1, "Encoding").

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

/// How a text becomes bytes before it is Base64-encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Charset {
    Utf8,
    Utf16Le,
    Utf16Be,
    /// Little endian after a byte order mark.
    Utf16,
}

impl Charset {
    pub fn encode(self, text: &str) -> Vec<u8> {
        match self {
            Charset::Utf8 => text.as_bytes().to_vec(),
            Charset::Utf16Le => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            Charset::Utf16Be => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            Charset::Utf16 => {
                let body = text.encode_utf16().flat_map(u16::to_le_bytes);
                [0xff, 0xfe].into_iter().chain(body).collect()
            }
        }
    }
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// What of the encoded text stays the same whatever stands before and after it, for each of the
/// three places it can begin at within a group of three bytes.
pub(crate) fn base64_at_offsets(bytes: &[u8]) -> [String; 3] {
    [0_usize, 1, 2].map(|shift| {
        let mut shifted = vec![b' '; shift];
        shifted.extend_from_slice(bytes);
        let encoded = STANDARD_NO_PAD.encode(&shifted);
        // A sign holds six bits: those that also hold bits of the shift, and the last one where the
        // bytes end within it, depend on the neighbours.
        let before = (shift * 8).div_ceil(6);
        let whole = shifted.len() * 8 / 6;
        encoded.chars().take(whole).skip(before).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        assert_eq!(base64(b"http://"), "aHR0cDovLw==");
        assert_eq!(base64_at_offsets(b"foobar"), ["Zm9vYmFy", "Zvb2Jhc", "mb29iYX"]);
        assert_eq!(base64_at_offsets(b"/bin/bash"), ["L2Jpbi9iYXNo", "9iaW4vYmFza", "vYmluL2Jhc2"]);
        assert_eq!(
            base64_at_offsets(b"::FromBase64String"),
            ["OjpGcm9tQmFzZTY0U3RyaW5n", "o6RnJvbUJhc2U2NFN0cmluZ", "6OkZyb21CYXNlNjRTdHJpbm"]
        );
        assert_eq!(base64(&Charset::Utf16Le.encode("IEX")), "SQBFAFgA");
        assert_eq!(Charset::Utf16.encode("c"), [0xff, 0xfe, b'c', 0]);
        assert_eq!(Charset::Utf16Be.encode("c"), [0, b'c']);
    }

    #[test]
    fn the_offsets_occur_in_every_encoding_that_holds_the_text() {
        for before in 0..6 {
            for after in 0..6 {
                let hay = [vec![b'\xff'; before], b"Invoke".to_vec(), vec![b'\x80'; after]].concat();
                let encoded = base64(&hay);
                let shapes = base64_at_offsets(b"Invoke");
                assert!(shapes.iter().any(|shape| encoded.contains(shape)), "{before} {after} {encoded}");
            }
        }
    }
}

//! One mail as bytes (RFC 5322): plain text in UTF-8 as base64, whose lines no relay has a reason to change, so that a
//! signature of DKIM that it adds holds. Date and Message-ID are the same for every attempt.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Letter;

/// The longest line of base64 in a body (RFC 2045 §6.8).
const LINE: usize = 76;
/// Bytes of text in one encoded word: with its frame it stays below 75 characters (RFC 2047 §2).
const WORD: usize = 42;

/// Whether this can stand in an envelope and a header as it is: one `@`, printable ASCII, nothing that has a meaning.
pub(super) fn is_address(text: &str) -> bool {
    let plain = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>()[]\\,;:\"@".contains(&byte))
    };
    text.len() <= 254 && text.split_once('@').is_some_and(|(user, host)| plain(user) && plain(host))
}

/// The mail that says a letter.
pub(super) fn of(from: &str, letter: &Letter) -> String {
    let domain = from.rsplit('@').next().unwrap_or("watchbell.invalid");
    let date = letter.at.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string();
    let id = format!("{}.{}", letter.key.to_lowercase(), letter.at.as_microsecond());
    let head = [
        format!("From: Watchbell <{from}>"),
        format!("To: {}", letter.to),
        format!("Subject: {}", header(&letter.subject)),
        format!("Date: {date}"),
        format!("Message-ID: <{id}@{domain}>"),
        "MIME-Version: 1.0".to_owned(),
        "Content-Type: text/plain; charset=utf-8".to_owned(),
        "Content-Transfer-Encoding: base64".to_owned(),
        // Answers of absence would come back to nobody (RFC 3834).
        "Auto-Submitted: auto-generated".to_owned(),
    ];
    format!("{}\r\n\r\n{}", head.join("\r\n"), body(&letter.whole()))
}

/// A header's text: as it is where it is plain, folded between words, else as encoded words, each on its line.
fn header(text: &str) -> String {
    let plain = text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    let words = || text.split_whitespace();
    if plain && !text.contains("=?") && words().all(|word| word.len() < LINE) {
        // The first line begins with the header's name.
        let (mut out, mut column) = (String::new(), "Subject:".len());
        for word in words() {
            let fits = column + 1 + word.len() <= LINE;
            match (out.is_empty(), fits) {
                (true, _) => {}
                (false, true) => out.push(' '),
                (false, false) => out.push_str("\r\n "),
            }
            column = if fits { column + 1 + word.len() } else { 1 + word.len() };
            out.push_str(word);
        }
        return out;
    }
    let mut words = vec![String::new()];
    for letter in text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }) {
        match words.last_mut() {
            Some(word) if word.len() + letter.len_utf8() <= WORD => word.push(letter),
            _ => words.push(letter.to_string()),
        }
    }
    let encoded: Vec<String> =
        words.iter().map(|word| format!("=?utf-8?B?{}?=", STANDARD.encode(word))).collect();
    encoded.join("\r\n ")
}

fn body(text: &str) -> String {
    let encoded = STANDARD.encode(text.replace('\n', "\r\n"));
    let mut out = String::with_capacity(encoded.len() + encoded.len() / LINE * 2 + 2);
    for (place, letter) in encoded.chars().enumerate() {
        if place > 0 && place % LINE == 0 {
            out.push_str("\r\n");
        }
        out.push(letter);
    }
    out.push_str("\r\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_carries_no_second_command_and_no_second_header() {
        assert!(is_address("a.b+c@example.org"));
        for wrong in ["", "a", "a@", "@b", "a@b@c", "a@b>\r\nRCPT TO:<c@d", "a b@c", "ä@c", "\"a\"@c"] {
            assert!(!is_address(wrong), "{wrong:?}");
        }
    }

    #[test]
    fn a_subject_is_one_header_whatever_it_holds() {
        assert_eq!(header("INC-1: you are asked"), "INC-1: you are asked");
        let long = header(&"word ".repeat(40));
        assert!(long.lines().count() > 2 && long.lines().all(|line| line.len() <= LINE), "{long}");
        assert_eq!(long.replace("\r\n", ""), "word ".repeat(40).trim_end());
        let hostile = header("Schlüssel\r\nBcc: everybody@example.org and a good deal more of the same text");
        assert!(hostile.lines().skip(1).all(|line| line.starts_with(" =?utf-8?B?")), "{hostile}");
        assert!(hostile.lines().all(|line| line.len() <= 76), "{hostile}");
    }

    #[test]
    fn a_body_has_short_lines() {
        let long = body(&"ä".repeat(1000));
        assert!(long.ends_with("\r\n") && long.lines().all(|line| line.len() <= LINE), "{long}");
    }
}

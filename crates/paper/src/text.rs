//! What is done to every string before any format sees it: characters that hide, reorder or break text
//! are shown as `⟨U+XXXX⟩`, line ends become `\n`. Escaping for one format lives with that format.

use std::borrow::Cow;

/// The string with everything invisible made visible.
///
/// `\n` and tab stay. A zero-width joiner or a variation selector between letters that are not ASCII
/// stays too: scripts and emoji need them there.
pub(crate) fn visible(raw: &str) -> Cow<'_, str> {
    if raw.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\t')) {
        return Cow::Borrowed(raw);
    }
    let mut shown = String::with_capacity(raw.len() + 16);
    let mut before = None;
    let mut letters = raw.chars().peekable();
    while let Some(letter) = letters.next() {
        let after = letters.peek().copied();
        match letter {
            '\r' if after == Some('\n') => {}
            '\n' | '\t' => shown.push(letter),
            _ if is_hidden(letter, before, after) => show_code_point(letter, &mut shown),
            _ => shown.push(letter),
        }
        before = Some(letter);
    }
    Cow::Owned(shown)
}

/// Writes a character as its code point.
pub(crate) fn show_code_point(letter: char, into: &mut String) {
    use std::fmt::Write as _;
    // Writing into a String cannot fail.
    let _ = write!(into, "⟨U+{:04X}⟩", u32::from(letter));
}

fn is_hidden(letter: char, before: Option<char>, after: Option<char>) -> bool {
    let foreign = |neighbour: Option<char>| neighbour.is_some_and(|letter| !letter.is_ascii());
    match letter {
        '\u{200C}' | '\u{200D}' => !(foreign(before) && foreign(after)),
        '\u{FE00}'..='\u{FE0F}' => !foreign(before),
        _ if letter.is_control() => true,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' => true,
        '\u{180B}'..='\u{180F}' | '\u{200B}' | '\u{200E}' | '\u{200F}' => true,
        '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' => true,
        '\u{3164}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' => true,
        '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}' => true,
        _ => is_noncharacter(letter),
    }
}

fn is_noncharacter(letter: char) -> bool {
    let code = u32::from(letter);
    (0xFDD0..=0xFDEF).contains(&code) || code & 0xFFFE == 0xFFFE
}

/// Whether the string holds letters that run from right to left.
pub(crate) fn runs_right_to_left(text: &str) -> bool {
    text.chars().any(|letter| {
        matches!(letter, '\u{0590}'..='\u{08FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFF}'
            | '\u{10800}'..='\u{10FFF}' | '\u{1E800}'..='\u{1EFFF}')
    })
}

/// The address if it may be followed from a document: http, https or mailto, one line, nothing hidden.
pub(crate) fn followable(url: &str) -> Option<&str> {
    let clean = url.bytes().all(|byte| (b'!'..=b'~').contains(&byte))
        && !url.contains(['"', '<', '>', '\\', '`', '{', '}', '|', '^']);
    let lower = url.to_ascii_lowercase();
    let scheme = ["http://", "https://", "mailto:"]
        .iter()
        .any(|scheme| lower.starts_with(scheme) && lower.len() > scheme.len());
    (clean && scheme).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hides_is_shown() {
        assert_eq!(visible("plain, as it was"), "plain, as it was");
        assert_eq!(visible("invoice\u{202E}fdp.exe"), "invoice⟨U+202E⟩fdp.exe");
        assert_eq!(visible("a\u{0}b\u{1B}[31m"), "a⟨U+0000⟩b⟨U+001B⟩[31m");
        assert_eq!(visible("pay\u{200B}pal\u{FEFF}\u{FFFF}"), "pay⟨U+200B⟩pal⟨U+FEFF⟩⟨U+FFFF⟩");
        assert_eq!(visible("one\r\ntwo\rthree"), "one\ntwo⟨U+000D⟩three");
    }

    #[test]
    fn joiners_stay_where_a_script_needs_them() {
        assert_eq!(visible("👩\u{200D}💻"), "👩\u{200D}💻");
        assert_eq!(visible("می\u{200C}خواهم"), "می\u{200C}خواهم");
        assert_eq!(visible("ad\u{200D}min"), "ad⟨U+200D⟩min");
    }

    #[test]
    fn only_plain_addresses_are_followed() {
        assert!(followable("https://example.org/a?b=c#d").is_some());
        assert!(followable("MAILTO:soc@example.org").is_some());
        for bad in [
            "javascript:alert(1)",
            "data:text/html,x",
            "https://",
            "http://a b",
            "https://a\u{202E}",
            "file:///etc",
            "//x",
        ] {
            assert!(followable(bad).is_none(), "{bad}");
        }
    }
}

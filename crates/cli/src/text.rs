//! Words for a terminal: text from outside made harmless, numbers made readable, colour where it is
//! wanted. Nothing here knows what is said.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};
use std::time::Duration;

use anstyle::{AnsiColor, Style};

/// Text from outside as it may stand on a terminal: no character of it moves the cursor, changes a
/// colour, reverses the direction of reading or hides. What is left out stands as `\n`, `\u{1b}`, …
pub fn plain(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for sign in text.chars() {
        match sign {
            '\n' => safe.push_str("\\n"),
            '\r' => safe.push_str("\\r"),
            '\t' => safe.push_str("\\t"),
            sign if is_unsafe(sign) => {
                write!(safe, "\\u{{{:x}}}", u32::from(sign)).ok();
            }
            sign => safe.push(sign),
        }
    }
    Cow::Owned(safe)
}

/// Control characters, and the invisible ones that reorder, join or hide text.
pub fn is_unsafe(sign: char) -> bool {
    sign.is_control()
        || matches!(sign,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The beginning of a text, for a line that must stay short.
pub fn shortened(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default())),
    }
}

/// `1234567` as `1,234,567`.
pub fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `1 file`, `2 files`.
pub fn count(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", self::number(number), if number == 1 { one } else { many })
}

/// Bytes in the unit that people would use.
pub fn bytes(bytes: u64) -> String {
    indicatif::BinaryBytes(bytes).to_string()
}

pub fn duration(duration: Duration) -> String {
    if duration < Duration::from_secs(60) {
        format!("{:.2} s", duration.as_secs_f64())
    } else {
        indicatif::FormattedDuration(duration).to_string()
    }
}

pub const BOLD: Style = Style::new().bold();
pub const FAINT: Style = Style::new().dimmed();
pub const RED: Style = AnsiColor::Red.on_default().bold();
pub const YELLOW: Style = AnsiColor::Yellow.on_default();

/// Whether colour is wanted on standard error, where all but results is said.
pub fn colours() -> bool {
    std::io::stderr().is_terminal() && colours_allowed()
}

/// <https://no-color.org>
pub fn colours_allowed() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Text in a style, where colour is wanted on standard error.
pub fn paint(style: Style, text: &str) -> String {
    if colours() { format!("{style}{text}{style:#}") } else { text.to_owned() }
}

/// A line on standard error. That nobody reads it stops nothing.
pub fn say(line: &str) {
    writeln!(std::io::stderr().lock(), "{line}").ok();
}

/// Something went on all the same, but should be known.
pub fn warn(message: &str) {
    say(&format!("{} {}", paint(YELLOW, "warning:"), plain(message)));
}

/// It did not work.
pub fn complain(message: &str) {
    say(&format!("{} {}", paint(RED, "error:"), lines(message)));
}

/// Several lines stay several lines; each is made harmless.
pub fn lines(message: &str) -> String {
    message.lines().map(plain).collect::<Vec<_>>().join("\n")
}

/// The most memory that this process has held at once, in bytes, where the system tells.
pub fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_commands_the_terminal() {
        assert_eq!(plain("C:\\Users\\ända\\a.exe"), "C:\\Users\\ända\\a.exe");
        assert_eq!(plain("a\u{1b}[31mb\u{7}\n\u{9b}2J"), "a\\u{1b}[31mb\\u{7}\\n\\u{9b}2J");
        assert_eq!(plain("exe.\u{202e}fdp"), "exe.\\u{202e}fdp");
        assert_eq!(lines("one\ntwo\u{1b}"), "one\ntwo\\u{1b}");
    }

    #[test]
    fn numbers_are_grouped_and_counted() {
        let grouped = [0, 999, 1000, 1_234_567].map(number);
        assert_eq!(grouped, ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(
            (count(1, "file", "files"), count(0, "file", "files")),
            ("1 file".into(), "0 files".into())
        );
    }

    #[test]
    fn shortening_never_splits_a_letter() {
        assert_eq!(shortened("äöü", 2), "äö…");
        assert_eq!(shortened("äöü", 3), "äöü");
    }
}

//! How a report says times, spans, numbers and names.

use domain::Severity;
use jiff::{SignedDuration, Timestamp};
use paper::inline::badge;
use paper::{Document, Inline, Rich, Tone};

/// `17 November 2026, 09:30 UTC`
pub fn date(at: Timestamp) -> String {
    at.strftime("%-d %B %Y, %H:%M UTC").to_string()
}

/// `2026-11-17 09:30:12`, for tables whose head says that times are UTC.
pub fn stamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// `2 days 3 h`, `26 min`: the two largest units.
pub fn span(span: SignedDuration) -> String {
    let minutes = span.as_mins().max(0);
    let (days, hours, rest) = (minutes / 1440, minutes % 1440 / 60, minutes % 60);
    match (days, hours) {
        (0, 0) if minutes == 0 => "less than a minute".to_owned(),
        (0, 0) => format!("{rest} min"),
        (0, _) if rest == 0 => format!("{hours} h"),
        (0, _) => format!("{hours} h {rest} min"),
        (_, 0) => count(days, "day"),
        _ => format!("{} {hours} h", count(days, "day")),
    }
}

/// `1 host`, `12,345 events`
pub fn count(number: impl TryInto<i64>, thing: &str) -> String {
    let number = number.try_into().unwrap_or(i64::MAX);
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", grouped(number))
}

/// With commas between thousands.
pub fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if number < 0 { format!("-{text}") } else { text }
}

/// `a, b and c`; of more than `most`, `a, b and 5 more`.
pub fn listed(items: &[String], most: usize) -> String {
    let (shown, rest) = items.split_at(items.len().min(most));
    let mut shown: Vec<String> = shown.to_vec();
    if !rest.is_empty() {
        shown.push(format!("{} more", rest.len()));
    }
    match shown.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, before)) => format!("{} and {last}", before.join(", ")),
    }
}

pub fn severity(severity: Severity) -> Inline {
    let tone = match severity {
        Severity::Informational | Severity::Low => Tone::Info,
        Severity::Medium => Tone::Warning,
        Severity::High | Severity::Critical => Tone::Danger,
    };
    badge(severity.label(), tone)
}

/// What people wrote, a paragraph for each of its own; or that nothing is recorded yet.
pub fn written(document: &mut Document, text: Option<&str>) {
    let Some(text) = text.filter(|text| !text.trim().is_empty()) else {
        document.paragraph(missing());
        return;
    };
    for paragraph in text.split('\n').map(str::trim).filter(|paragraph| !paragraph.is_empty()) {
        document.paragraph(paragraph);
    }
}

pub fn missing() -> Rich {
    Rich::new().emphasis("Not recorded yet.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_spans_read_well() {
        assert_eq!(count(1, "host"), "1 host");
        assert_eq!(count(12_345, "event"), "12,345 events");
        assert_eq!(grouped(-1_000), "-1,000");
        assert_eq!(span(SignedDuration::from_secs(30)), "less than a minute");
        assert_eq!(span(SignedDuration::from_mins(26)), "26 min");
        assert_eq!(span(SignedDuration::from_mins(130)), "2 h 10 min");
        assert_eq!(span(SignedDuration::from_hours(51)), "2 days 3 h");
    }

    #[test]
    fn lists_are_sentences() {
        let items = |n: usize| (1..=n).map(|i| i.to_string()).collect::<Vec<_>>();
        assert_eq!(listed(&items(0), 3), "");
        assert_eq!(listed(&items(1), 3), "1");
        assert_eq!(listed(&items(3), 3), "1, 2 and 3");
        assert_eq!(listed(&items(5), 3), "1, 2, 3 and 2 more");
    }
}

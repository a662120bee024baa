//! Small pieces of HTML that many pages show the same way.

use domain::attack::Tactic;
use domain::{Phase, Severity, Tlp};
use jiff::Timestamp;
use maud::{Markup, html};

use super::assets;

/// An icon of the sprite. It is decoration: a word stands beside it or in a label.
pub fn icon(name: &str) -> Markup {
    html! {
        svg class="icon" aria-hidden="true" { use href={ (assets::url("icons.svg")) "#" (name) } {} }
    }
}

pub fn severity(severity: Severity) -> Markup {
    html! { span class="badge" data-severity=(severity.as_str()) { (severity.label()) } }
}

pub fn phase(phase: Phase) -> Markup {
    html! { span class="badge" data-phase=(phase.as_str()) { (phase.label()) } }
}

pub fn tlp(tlp: Tlp) -> Markup {
    html! { span class="badge" data-tlp=(tlp.as_str()) { (tlp.label()) } }
}

/// ATT&CK's tactics by their names, as the coverage page has them.
pub fn tactics(tactics: &[String]) -> String {
    let name = |tactic: &String| {
        tactic.parse::<Tactic>().map_or_else(|_| tactic.replace('-', " "), |known| known.label().to_owned())
    };
    tactics.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// A time: UTC to the second; the reader's browser shows it in their zone.
pub fn time(at: Timestamp) -> Markup {
    html! { time datetime=(at) { (at.strftime("%Y-%m-%d %H:%M:%S UTC")) } }
}

/// A time of which the distance matters more than the date.
pub fn ago(at: Timestamp) -> Markup {
    html! { time datetime=(at) data-relative="" { (at.strftime("%Y-%m-%d %H:%M UTC")) } }
}

/// A person's initials in a circle; the name stands beside it or in a label.
pub fn person_mark(name: &str) -> Markup {
    let initials: String = name.split_whitespace().filter_map(|word| word.chars().next()).take(2).collect();
    html! { span class="person-mark" aria-hidden="true" { (initials.to_uppercase()) } }
}

/// A person by name.
pub fn person(name: &str) -> Markup {
    html! { span class="person" { (person_mark(name)) (name) } }
}

/// A SHA-256 that can be copied.
pub fn sha256(hash: &str) -> Markup {
    html! {
        span class="hash" {
            span class="hash-kind" { "SHA-256" }
            code { (hash) }
            button class="copy" type="button" data-copy=(hash) aria-label="Copy SHA-256" { (icon("copy")) }
        }
    }
}

/// A number of bytes as people say it.
pub fn size(bytes: i64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} bytes");
    }
    let (mut tenths, mut unit) = (bytes.saturating_mul(10) / 1024, UNITS[0]);
    for larger in UNITS.iter().skip(1) {
        if tenths < 10_240 {
            break;
        }
        (tenths, unit) = (tenths / 1024, larger);
    }
    format!("{}.{} {unit}", tenths / 10, tenths % 10)
}

/// Text as a part of an address.
pub fn encode(text: &str) -> String {
    let percent = |byte: u8| {
        if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    text.bytes().map(percent).collect()
}

/// What an empty list says: why it is empty, and the next step.
pub fn empty(icon_name: &str, title: &str, text: &str, action: Option<(&str, &str)>) -> Markup {
    html! {
        div class="card" {
            div class="empty" {
                (icon(icon_name))
                h2 { (title) }
                p { (text) }
                @if let Some((href, label)) = action {
                    div class="row" { a class="button" data-kind="primary" href=(href) { (label) } }
                }
            }
        }
    }
}

/// The link to the next page of a list, if there is one.
pub fn next_page(path: &str, next: Option<&str>) -> Markup {
    html! {
        @if let Some(cursor) = next {
            nav class="pager" aria-label="Pages" {
                span class="pager-links" {
                    a class="button" data-size="small" rel="next" href={ (path) (cursor) } { "Older" (icon("chevron")) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_said_in_binary_units() {
        assert_eq!(size(0), "0 bytes");
        assert_eq!(size(1024), "1.0 KiB");
        assert_eq!(size(71_424_819), "68.1 MiB");
        assert_eq!(size(17_179_869_184), "16.0 GiB");
    }
}

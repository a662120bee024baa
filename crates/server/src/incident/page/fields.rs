//! Small parts of the tabs: fields of forms, choices of words and of people, text as people wrote it.

use domain::UserId;
use maud::{Markup, html};

use super::Shown;

/// A select of words, with a first choice that leaves it open where `open` names one.
pub fn select<T: Copy + PartialEq>(
    name: &str,
    label: &str,
    open: Option<&str>,
    choices: &[(T, &'static str, &'static str)],
    chosen: Option<T>,
) -> Markup {
    html! {
        div class="field" {
            label for=(name) { (label) }
            select id=(name) name=(name) {
                @if let Some(open) = open { option value="" { (open) } }
                @for (value, word, label) in choices {
                    option value=(word) selected[chosen == Some(*value)] { (label) }
                }
            }
        }
    }
}

/// The words of a vocabulary as choices.
macro_rules! choices {
    ($words:ty) => {
        <$words>::ALL.iter().map(|word| (*word, word.as_str(), word.label())).collect::<Vec<_>>()
    };
}
pub(super) use choices;

pub fn reason_field(id: &str, required: bool, help: &str) -> Markup {
    html! {
        div class="field" {
            label for=(id) { "Reason" @if !required { " " span class="optional" { "(optional)" } } }
            textarea id=(id) name="reason" rows="2" required[required] {}
            @if !help.is_empty() { p class="help" { (help) } }
        }
    }
}

pub fn text_field(name: &str, label: &str, rows: u8, optional: bool, help: &str) -> Markup {
    html! {
        div class="field" {
            label for=(name) { (label) @if optional { " " span class="optional" { "(optional)" } } }
            @if rows > 1 { textarea id=(name) name=(name) rows=(rows) required[!optional] {} }
            @else { input id=(name) name=(name) required[!optional] autocomplete="off"; }
            @if !help.is_empty() { p class="help" { (help) } }
        }
    }
}

/// A person to choose, from everybody with an account.
pub fn person_select(
    shown: &Shown,
    name: &str,
    label: &str,
    open: Option<&str>,
    chosen: Option<UserId>,
) -> Markup {
    html! {
        div class="field" {
            label for=(name) { (label) }
            select id=(name) name=(name) {
                @if let Some(open) = open { option value="" { (open) } }
                @for (id, person) in &shown.names {
                    option value=(id) selected[chosen == Some(*id)] { (person) }
                }
            }
        }
    }
}

/// Text as people wrote it, blank lines between paragraphs.
pub fn paragraphs(text: &str) -> Markup {
    html! {
        @for paragraph in text.split("\n\n").filter(|part| !part.trim().is_empty()) {
            p { @for (n, line) in paragraph.lines().enumerate() { @if n > 0 { br; } (line) } }
        }
    }
}

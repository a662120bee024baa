//! What is written on the timeline: a new entry, a correction, techniques.

use domain::timeline::EntryKind;
use maud::{Markup, html};

use super::super::super::Entry;
use super::super::Shown;
use super::super::fields::{select, text_field};
use crate::web::parts;

pub fn mend(shown: &Shown, entry: &Entry) -> Markup {
    let path = shown.path(&format!("/entries/{}", entry.id));
    html! {
        details class="task-how" {
            summary { "Correct or tag" }
            form class="stack-s" method="post" action={ (path) "/correct" } data-done={ (entry.id) " is corrected" } {
                textarea name="text" rows="3" required aria-label={ "What " (entry.id) " should say" } { (entry.text) }
                input type="hidden" name="at" value="";
                button class="button" data-size="small" type="submit" { "Correct by a new entry" }
            }
            form class="row gap-top" method="post" action={ (path) "/techniques" } data-done={ "Techniques of " (entry.id) " are set" } {
                input name="techniques" value=(entry.techniques.join(" ")) aria-label={ "ATT&CK techniques of " (entry.id) } placeholder="T1059.001 T1486" data-mono="";
                button class="button" data-size="small" type="submit" { "Set techniques" }
            }
        }
    }
}

/// What people add: what they did, learned, or were told.
pub fn add(shown: &Shown) -> Markup {
    html! {
        details id="new-entry" {
            summary class="button" data-key="e" data-key-help="Add an entry" { (parts::icon("plus")) "Add an entry" }
            (entry(shown, false))
        }
    }
}

/// The form alone. Whoever writes in the room stays there.
pub fn entry(shown: &Shown, stay: bool) -> Markup {
    let kinds: Vec<_> = [
        EntryKind::Note,
        EntryKind::Action,
        EntryKind::SituationReport,
        EntryKind::Communication,
        EntryKind::Event,
    ]
    .into_iter()
    .map(|kind| {
        let label = if kind == EntryKind::Event { "What a witness saw (adversary)" } else { kind.label() };
        (kind, kind.as_str(), label)
    })
    .collect();
    html! {
        form class="form gap-top" method="post" action=(shown.path("/entries")) data-stay[stay] data-done="Added to the timeline" {
            div class="field-row" {
                (select("kind", "Kind", None, &kinds, Some(EntryKind::Note)))
                (when_field("entry-at"))
            }
            (text_field("text", "What happened", 3, false, "The first line is its title."))
            (text_field("techniques", "ATT&CK techniques", 1, true, "Such as T1059.001, with blanks between them."))
            div class="form-actions" { button class="button" type="submit" data-kind=[stay.then_some("primary")] { "Add" } }
        }
    }
}

/// A time that may be left out.
pub fn when_field(id: &str) -> Markup {
    html! {
        div class="field" {
            label for=(id) { "When (UTC) " span class="optional" { "(now if left out)" } }
            input id=(id) type="datetime-local" name="at" step="1";
        }
    }
}

//! Small parts of the tabs: fields of forms, choices of words and of people, text as people wrote it.

use domain::{
    AlertId, AssetId, ChatLineId, DecisionId, EntryId, EventId, EvidenceId, IncidentId, ObservableId, TaskId,
    UserId,
};
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

/// Text in which the names of records (`EVD-3`, `TSK-12`) are links. What they lead to asks for its own
/// rights.
pub fn linked(incident: IncidentId, text: &str) -> Markup {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let mut parts: Vec<(&str, Option<String>)> = Vec::new();
    let mut rest = text;
    while let Some(begin) = rest.find(is_name) {
        let (before, from) = rest.split_at_checked(begin).unwrap_or((rest, ""));
        let end = from.find(|c| !is_name(c)).unwrap_or(from.len());
        let (word, after) = from.split_at_checked(end).unwrap_or((from, ""));
        parts.push((before, None));
        parts.push((word, record_path(incident, word)));
        rest = after;
    }
    parts.push((rest, None));
    html! {
        @for (part, path) in &parts {
            @match path { Some(path) => a href=(path) { (part) }, None => (part) }
        }
    }
}

/// Where a record is shown that goes by this name.
fn record_path(incident: IncidentId, word: &str) -> Option<String> {
    let (prefix, _) = word.split_once('-')?;
    let within = |tab: &str| format!("/incidents/{incident}/{tab}#{word}");
    match prefix {
        AlertId::PREFIX => word.parse::<AlertId>().ok().map(|id| format!("/alerts/{id}")),
        EventId::PREFIX => word.parse::<EventId>().ok().map(|id| format!("/events/{id}")),
        EvidenceId::PREFIX => word.parse::<EvidenceId>().ok().map(|id| format!("/evidence/{id}")),
        IncidentId::PREFIX => word.parse::<IncidentId>().ok().map(|id| format!("/incidents/{id}")),
        TaskId::PREFIX => word.parse::<TaskId>().ok().map(|_| within("tasks")),
        EntryId::PREFIX => word.parse::<EntryId>().ok().map(|_| within("timeline")),
        DecisionId::PREFIX => word.parse::<DecisionId>().ok().map(|_| within("decisions")),
        ChatLineId::PREFIX => word.parse::<ChatLineId>().ok().map(|_| within("chat")),
        ObservableId::PREFIX => word.parse::<ObservableId>().ok().map(|_| within("things")),
        AssetId::PREFIX => word.parse::<AssetId>().ok().map(|_| within("things")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_named_in_a_text_are_links_and_the_text_stays() {
        let incident = IncidentId::try_from(4).unwrap();
        let drawn = linked(incident, "See EVD-3, <b>TSK-0</b> and TSK-12.\nT1059-x ä").into_string();
        assert!(drawn.contains("<a href=\"/evidence/EVD-3\">EVD-3</a>,"), "{drawn}");
        assert!(drawn.contains("<a href=\"/incidents/INC-4/tasks#TSK-12\">TSK-12</a>."), "{drawn}");
        assert!(drawn.contains("&lt;b&gt;TSK-0&lt;/b&gt;") && drawn.ends_with("T1059-x ä"), "{drawn}");
    }
}

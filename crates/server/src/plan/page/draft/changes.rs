//! What differs between two states of the plan, for people to read.

use domain::plan::Plan;
use maud::{Markup, html};

use super::super::super::diff::{FileDiff, Line};
use super::super::names::count;
use crate::web::markdown;

/// A file's name as a part of the plan.
pub fn part_name(path: &str, plan: &Plan) -> String {
    let fixed = match path {
        "plan.yaml" => Some("Purpose, scope and authority"),
        "roles.yaml" => Some("Roles"),
        "channels.yaml" => Some("Channels"),
        "severity.yaml" => Some("Severity"),
        "notifications.yaml" => Some("Notifications"),
        "evidence.yaml" => Some("Evidence"),
        "review.yaml" => Some("Review and metrics"),
        _ => None,
    };
    if let Some(name) = fixed {
        return name.to_owned();
    }
    let procedure =
        plan.procedures.iter().find(|one| format!("procedures/{}.yaml", one.incident_type) == path);
    if let Some(procedure) = procedure {
        return procedure.title.to_string();
    }
    let chapter = plan.chapters.iter().find(|one| format!("prose/{}.md", one.name) == path);
    chapter.and_then(|one| markdown::title(&one.markdown)).unwrap_or_else(|| path.to_owned())
}

/// All changes, a card a part.
pub fn cards(diffs: &[FileDiff], plan: &Plan) -> Markup {
    html! {
        @for diff in diffs {
            section class="card" aria-label={ "Changes in " (part_name(&diff.path, plan)) } {
                div class="card-head" {
                    h3 { (part_name(&diff.path, plan)) }
                    span class="muted small" { code { (diff.path) } " · " (count(diff.added, "line")) " added, " (diff.removed) " taken out" }
                }
                @for hunk in &diff.hunks {
                    @if let Some(within) = &hunk.within { p class="diff-within" { (within) } }
                    ol class="diff" { @for line in &hunk.lines { (line_of(line)) } }
                }
            }
        }
    }
}

fn line_of(line: &Line) -> Markup {
    let (kind, sign, said, text) = match line {
        Line::Same(text) => (None, " ", None, text),
        Line::Added(text) => (Some("added"), "+", Some("Added: "), text),
        Line::Removed(text) => (Some("removed"), "−", Some("Taken out: "), text),
    };
    html! {
        li data-change=[kind] {
            span class="diff-sign" aria-hidden="true" { (sign) }
            @if let Some(said) = said { span class="visually-hidden" { (said) } }
            span class="diff-text" { (text) }
        }
    }
}

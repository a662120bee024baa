//! The tab of decisions: what was chosen, why, by whom, and where it was said.

use axum::extract::State;
use domain::response::ActKind;
use domain::{ChatLineId, IncidentId};
use maud::{Markup, html};

use super::super::{Decision, chat, read};
use super::related::origin;
use super::timeline::when_field;
use super::{Shown, Tab, choices, paragraphs, select, tab, text_field};
use crate::app::App;
use crate::error::Result;
use crate::web::extract::{Path, Who};
use crate::web::parts;

pub async fn page(State(app): State<App>, Who(actor): Who, Path(id): Path<IncidentId>) -> Result<Markup> {
    let shown = Shown::load(&app, &actor, id).await?;
    let mut decisions = read::decisions(&app, &actor, id).await?;
    decisions.reverse();
    let origins = chat::origins(&app, &actor, id).await?;
    let trigger = format!("live:{} from:body", super::topic(id));
    let content = html! {
        header class="page-head" { div class="page-title" { h2 { "Decisions" } p class="page-sub" { "What was chosen, why, and by whom; the latest first." } } }
        @if shown.works { (fold(&shown)) }
        div class="stack gap-top" id="decision-list" data-refresh="decisions" hx-ext="morph" hx-get=(shown.path("/decisions")) hx-select="#decision-list" hx-swap="morph" hx-trigger=(trigger) {
            @if decisions.is_empty() { (parts::empty("flag", "No decisions yet", "Write each decision down with its reason while it is fresh.", None)) }
            @for decision in &decisions { (decision_card(&shown, decision, origins.get(&decision.id.to_string()))) }
        }
    };
    Ok(tab(&app, &actor, &shown, Tab::Decisions, &content).await)
}

fn decision_card(shown: &Shown, decision: &Decision, line: Option<&ChatLineId>) -> Markup {
    html! {
        article class="card" id=(decision.id) {
            div class="card-head" { h3 { (decision.decision) } span class="muted" { (origin(shown, decision.incident)) " " (decision.id) } }
            div class="card-body stack-s" {
                (paragraphs(&decision.reason))
                div class="row muted" {
                    (parts::person(&decision.maker)) (parts::time(decision.at))
                    @if let Some(act) = decision.act { span class="badge" data-kind="response" { (act.label()) } }
                    @for approval in &decision.approvals { a href={ (shown.path("/response")) "#" (approval) } { "on " (approval) } }
                    @if decision.by != decision.maker { span { "written down by " (decision.by) } }
                    @if let Some(line) = line { a href=(shown.path(&format!("/chat#{line}"))) { "said in the chat, " (line) } }
                }
            }
        }
    }
}

fn fold(shown: &Shown) -> Markup {
    html! {
        details {
            summary class="button" data-key="d" data-key-help="Write down a decision" { (parts::icon("plus")) "Write down a decision" }
            (form(shown, false))
        }
    }
}

/// The form alone. Whoever writes in the room stays there.
pub fn form(shown: &Shown, stay: bool) -> Markup {
    // Closing is not decided here: it has a page of its own.
    let acts: Vec<_> = choices!(ActKind).into_iter().filter(|(act, ..)| *act != ActKind::Closing).collect();
    html! {
        form class="form gap-top" method="post" action=(shown.path("/decisions")) data-stay[stay] data-done="The decision is written down" {
            (text_field("decision", "What was decided", 2, false, ""))
            (text_field("reason", "Why", 3, false, "With the choices that were refused."))
            div class="field-row" {
                (select("act", "Act that may need approval", Some("None of these"), &acts, None))
                (text_field("maker", "Who decided", 1, true, "You, if left out."))
                (when_field("decision-at"))
            }
            div class="form-actions" { button class="button" type="submit" data-kind=[stay.then_some("primary")] { "Write down" } }
        }
    }
}

//! The editor: the text, with its checks and its figure beside it as it is typed.

use axum::extract::State;
use axum::response::Redirect;
use cacao::{Finding, Severity};
use domain::{Actor, Permission, PlaybookId};
use maud::{Markup, html};
use serde::Deserialize;

use super::super::{Checked, check as checked, get, keep as kept};
use super::figure;
use crate::app::App;
use crate::error::Result;
use crate::identity::need;
use crate::web::extract::{Form, Path, Who};
use crate::web::frame::{self, Nav};
use crate::web::parts;

/// Where a new playbook begins.
const SKETCH: &str = include_str!("../sketch.json");
/// How many findings are shown.
const MOST: usize = 40;

pub async fn new(State(app): State<App>, Who(actor): Who) -> Result<Markup> {
    need(&actor, Permission::EditPlan, "changing playbooks")?;
    // Each new playbook is its own: its identifiers are made anew.
    editor(&app, &actor, "Add a playbook", &fresh(SKETCH, app.clock.now())?).await
}

/// The sketch under an identifier of its own, of today.
fn fresh(sketch: &str, now: jiff::Timestamp) -> Result<String> {
    let number = platform::secrets::token()?;
    let part = |from: usize, to: usize| number.get(from..to).unwrap_or_default();
    let uuid = format!("{}-{}-4{}-8{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32));
    let today = now.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string();
    Ok(sketch
        .replace("7d6a1c52-3f0b-4b6e-9c1d-2a5e8f7b0c31", &uuid)
        .replace("2026-01-01T00:00:00.000Z", &today))
}

pub async fn edit(State(app): State<App>, Who(actor): Who, Path(id): Path<PlaybookId>) -> Result<Markup> {
    need(&actor, Permission::EditPlan, "changing playbooks")?;
    let kept = get(&app, &actor, id, None).await?;
    editor(&app, &actor, &format!("Edit {}", kept.playbook.name), &kept.document()?.pretty()).await
}

async fn editor(app: &App, actor: &Actor, title: &str, text: &str) -> Result<Markup> {
    let said = said(&checked(app, actor, text)?, text);
    let content = html! {
        header class="page-head" {
            div class="page-title" {
                nav aria-label="Where you are" { ol class="breadcrumb" { li { a href="/playbooks" { "Playbooks" } } li { (title) } } }
                h1 { (title) }
                p class="page-sub" { "CACAO v2.0 as JSON. What you type is checked and drawn beside it; what cannot be run is not kept." }
            }
        }
        div class="playbook-columns" data-halves="" {
            form class="form card" method="post" action="/playbooks" data-done="Kept" {
                div class="card-body stack-s" {
                    div class="field" {
                        label for="text" { "The playbook" }
                        textarea class="playbook-text" id="text" name="text" rows="34" spellcheck="false" autocomplete="off" required
                            hx-post="/playbooks/check" hx-trigger="input changed delay:500ms" hx-target="#checked" hx-swap="outerHTML" { (text) }
                        p class="help" { "A further version has the same " code { "id" } " and a later " code { "modified" } ". Signatures of an earlier text no longer hold: take them out." }
                    }
                    div class="form-actions" {
                        button class="button" data-kind="primary" type="submit" { "Keep" }
                        a class="button" href="/playbooks" { "Cancel" }
                    }
                }
            }
            (said)
        }
    };
    Ok(frame::page(app, actor, Nav::Playbooks, title, &[], &content).await)
}

/// What the check says, as the part beside the text.
fn said(checked: &Checked, text: &str) -> Markup {
    let shown: Vec<&Finding> = checked.findings.iter().filter(|one| one.severity > Severity::Note).collect();
    html! {
        div class="stack" id="checked" role="status" {
            @if checked.refused() {
                div class="notice" data-level="error" { (parts::icon("x")) div { strong { "Not kept like this" } "What is red must be mended first." } }
            } @else if shown.is_empty() {
                div class="notice" data-level="good" { (parts::icon("check")) div { strong { "Nothing to complain about" } "It can be kept and run." } }
            } @else {
                div class="notice" data-level="warning" { (parts::icon("alert")) div { strong { "It can be run" } "Some of it differs from CACAO v2.0." } }
            }
            @if !shown.is_empty() {
                ul class="findings" {
                    @for one in shown.iter().take(MOST) { (finding(one, text)) }
                    @if shown.len() > MOST { li class="muted" { "and " (shown.len() - MOST) " more" } }
                }
            }
            @if let Some(drawing) = &checked.drawing {
                section class="card" aria-labelledby="drawn" {
                    div class="card-head" { h2 id="drawn" { "Workflow" } }
                    (figure(drawing, "Workflow as it is written"))
                }
            }
        }
    }
}

fn finding(one: &Finding, text: &str) -> Markup {
    html! {
        li {
            p { span class="badge" data-status=(if one.severity == Severity::Error { "bad" } else { "waiting" }) { (one.severity.word()) } " " (one.sentence) }
            @if !one.pointer.is_empty() {
                p class="small muted" { @if let Some(line) = line_of(text, &one.pointer) { "Line " (line) " · " } code class="breaks" { (one.pointer) } }
            }
        }
    }
}

/// The line at which a JSON pointer's last name stands, looked for name after name.
fn line_of(text: &str, pointer: &str) -> Option<usize> {
    let mut at = 0;
    for name in pointer.split('/').skip(1).filter(|name| name.parse::<usize>().is_err()) {
        let name = name.replace("~1", "/").replace("~0", "~");
        let quoted = serde_json::to_string(&name).ok()?;
        let Some(found) = text.get(at..)?.match_indices(&quoted).find(|(place, found)| {
            let after = text.get(at + place + found.len()..).unwrap_or_default();
            after.trim_start().starts_with(':')
        }) else {
            break;
        };
        at += found.0;
    }
    (at > 0).then(|| text.get(..at).map_or(1, |before| before.matches('\n').count() + 1))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextForm {
    text: String,
}

pub async fn check(State(app): State<App>, Who(actor): Who, Form(form): Form<TextForm>) -> Result<Markup> {
    Ok(said(&checked(&app, &actor, &form.text)?, &form.text))
}

pub async fn keep(State(app): State<App>, Who(actor): Who, Form(form): Form<TextForm>) -> Result<Redirect> {
    // A form's lines end as the web has it (CR LF); a file's do not.
    let kept = kept(&app, &actor, form.text.replace("\r\n", "\n")).await?;
    Ok(Redirect::to(&format!("/playbooks/{}", kept.id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_leads_to_its_line() {
        let text = "{\n  \"name\": \"start\",\n  \"workflow\": {\n    \"start--1\": {\n      \"name\": \"x\"\n    }\n  }\n}";
        assert_eq!(line_of(text, "/workflow/start--1/name"), Some(5));
        assert_eq!(line_of(text, "/workflow/start--1/missing"), Some(4), "its nearest place");
        assert_eq!(line_of(text, "/workflow/0"), Some(3));
        assert_eq!(line_of(text, "/nowhere"), None);
    }

    #[test]
    fn every_new_playbook_has_a_name_of_its_own() {
        let now = "2026-11-24T03:00:00Z".parse().unwrap();
        let (one, other) = (fresh(SKETCH, now).unwrap(), fresh(SKETCH, now).unwrap());
        assert_ne!(one, other);
        for text in [one, other] {
            let document = cacao::Document::read(&text).unwrap();
            let findings: Vec<Finding> =
                cacao::check(&document).into_iter().filter(|one| one.severity > Severity::Note).collect();
            assert!(findings.is_empty(), "{findings:?}");
        }
    }
}

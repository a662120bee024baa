//! A draft's editor: the parts at the side, the form of one of them or its text, and what the draft still lacks.

use axum::extract::State;
use axum::response::Redirect;
use domain::{Permission, PlanDraftId};
use maud::{Markup, html};
use serde::Deserialize;

use super::super::super::folder::PARTS;
use super::super::super::{Folder, Opened, diff, form, open, save as keep};
use super::changes::part_name;
use super::{crumbs, faults, fields};
use crate::app::App;
use crate::error::{Error, Result};
use crate::identity::need;
use crate::web::extract::{Form, Path, Query, Who};
use crate::web::frame::{self, Nav};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct How {
    /// Whether the part is shown as its file.
    text: Option<String>,
}

/// `GET /plan/drafts/DRF-1/parts/roles.yaml`
pub async fn part(
    State(app): State<App>,
    Who(actor): Who,
    Path((id, path)): Path<(PlanDraftId, String)>,
    Query(how): Query<How>,
) -> Result<Markup> {
    need(&actor, Permission::EditPlan, "changing the plan")?;
    let opened = open(&app, &actor, id).await?;
    opened.draft.status.edit()?;
    let text = opened.files.text(&path).ok_or(Error::NotFound("part of the plan"))?;
    let title = part_name(&path, &opened.plan);
    let shape = form::shape_of(&path).filter(|_| how.text.is_none());
    let address = format!("/plan/drafts/{id}/parts/{path}");
    let content = html! {
        header class="page-head" {
            div class="page-title" {
                (crumbs(&opened.draft, Some(&title)))
                h1 { (title) }
            }
            div class="page-actions" {
                @if form::shape_of(&path).is_some() {
                    span class="button-group" role="group" aria-label="How it is written" {
                        a class="button" href=(address) aria-current=[how.text.is_none().then_some("true")] { "Form" }
                        a class="button" href={ (address) "?text=1" } aria-current=[how.text.is_some().then_some("true")] { "Text" }
                    }
                }
                a class="button" href={ "/plan/drafts/" (id) } { "Changes" }
            }
        }
        div class="draft-room" {
            (sections(&opened, Some(&path)))
            form class="form draft-form" method="post" action=(address) data-done={ "Kept: " (title) } {
                input type="hidden" name="#state" value=(opened.draft.state);
                @match shape {
                    Some(shape) => (fields::part(shape, &form::value_of(&opened.plan, &path)?, &opened.plan)),
                    None => {
                        input type="hidden" name="#as" value="text";
                        div class="field" {
                            label for="text" { @if path.ends_with(".md") { "Markdown" } @else { code { (path) } } }
                            textarea class="draft-text" id="text" name="#text" rows="30" spellcheck=(path.ends_with(".md")) data-mono[!path.ends_with(".md")] { "\n" (text) }
                        }
                    }
                }
                div class="form-actions" data-sticky="" {
                    button class="button" data-kind="primary" type="submit" { "Keep" }
                    a class="button" href={ "/plan/drafts/" (id) } { "Back to the draft" }
                }
            }
            aside class="stack" { (faults(&opened)) }
        }
    };
    Ok(frame::page(&app, &actor, Nav::Plan, &title, &[], &content).await)
}

/// The parts of the plan with what changed in them.
pub fn sections(opened: &Opened, here: Option<&str>) -> Markup {
    let changed = diff::folders(&opened.base, &opened.files);
    let link = |path: &str| {
        let altered = changed.iter().any(|diff| diff.path == path);
        let wrong = opened.faults.iter().filter(|fault| fault.file == path).count();
        html! {
            a href={ "/plan/drafts/" (opened.draft.id) "/parts/" (path) } aria-current=[(here == Some(path)).then_some("true")] data-changed[altered] {
                (part_name(path, &opened.plan))
                @if altered { span class="draft-mark" { "changed" } }
                @if wrong > 0 { span class="draft-mark" data-bad="" { (wrong) " to mend" } }
            }
        }
    };
    let named = |folder: &'static str, files: &Folder| -> Vec<String> {
        files.files().keys().filter(|path| path.starts_with(folder)).cloned().collect()
    };
    html! {
        nav class="toc draft-parts" aria-label="Parts of the plan" {
            h2 { "The plan" }
            @for path in PARTS { (link(path)) }
            h2 { "Procedures" }
            @for path in named("procedures/", &opened.files) { (link(&path)) }
            h2 { "In words" }
            @for path in named("prose/", &opened.files) { (link(&path)) }
        }
    }
}

/// `POST /plan/drafts/DRF-1/parts/roles.yaml`
pub async fn save(
    State(app): State<App>,
    Who(actor): Who,
    Path((id, path)): Path<(PlanDraftId, String)>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Redirect> {
    let said = form::Said::new(pairs);
    let opened = open(&app, &actor, id).await?;
    let before = opened.files.text(&path).ok_or(Error::NotFound("part of the plan"))?;
    let state: i64 = said
        .one("#state")
        .parse()
        .map_err(|_| Error::Invalid("The form does not say which state it was made for; load the page again.".to_owned()))?;
    let text = match form::shape_of(&path).filter(|_| said.one("#as") != "text") {
        Some(shape) => form::file(&path, shape, &said, before)?,
        None => ended(said.one("#text")),
    };
    keep(&app, &actor, id, state, &path, Some(text)).await?;
    let back = if said.one("#as") == "text" && form::shape_of(&path).is_some() { "?text=1" } else { "" };
    Ok(Redirect::to(&format!("/plan/drafts/{id}/parts/{path}{back}")))
}

/// A file ends with the end of a line.
fn ended(text: &str) -> String {
    if text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") }
}

//! The editors of a draft: a form for the plan's head, and for each other part its file as text, checked
//! against the rest of the plan while it is typed.

use axum::extract::State;
use axum::response::Redirect;
use domain::Permission;
use domain::plan::{DraftStatus, PlanHead};
use maud::{Markup, html};
use serde::Deserialize;

use super::super::super::draft::{self, Draft};
use super::super::super::edit::{Value, set};
use super::super::super::files::FileProblem;
use super::{crumbs, part_name};
use crate::app::App;
use crate::error::{Error, Result};
use crate::identity::need;
use crate::web::extract::{Form, Path, Who};
use crate::web::frame::{self, Nav};
use crate::web::parts;

const DRAFT: &[(&str, &str)] = &[("/plan/draft", "Draft")];
const HEAD: &str = "plan.yaml";

pub async fn file(State(app): State<App>, Who(actor): Who, Path(path): Path<String>) -> Result<Markup> {
    let draft = draft::the_draft(&app, &actor).await?;
    let text = draft.files.get(&path).ok_or(Error::NotFound("file of the plan"))?;
    let name = part_name(&path);
    let may = actor.may(Permission::EditPlan) && draft.status == DraftStatus::Writing;
    let content = html! {
        header class="page-head" { div class="page-title" {
            (crumbs(DRAFT, &name))
            h1 { (name) }
            p class="page-sub" { code { (path) } @if may { ". What you type is checked beside it, together with the other parts." } @else { ". It is not being written in now." } }
        } }
        div class="playbook-columns" data-halves="" {
            form class="form card" method="post" action={ "/plan/draft/file/" (path) } data-done="Saved" {
                div class="card-body stack-s" {
                    input type="hidden" name="edition" value=(draft.edition);
                    input type="hidden" name="file" value=(path);
                    div class="field" {
                        label for="text" { "The file" }
                        // The newline that begins a textarea's text is not part of it.
                        textarea class="playbook-text" id="text" name="text" rows="34" spellcheck="false" autocomplete="off" readonly[!may]
                            hx-post="/plan/draft/check" hx-include="closest form" hx-trigger="input changed delay:500ms" hx-target="#checked" hx-swap="outerHTML" { "\n" (text) }
                    }
                    div class="form-actions" {
                        @if may { button class="button" data-kind="primary" type="submit" { "Save" } }
                        a class="button" href="/plan/draft" { "Back to the draft" }
                    }
                }
            }
            (said(&path, &draft.problems()))
        }
    };
    Ok(frame::page(&app, &actor, Nav::Plan, &name, &[], &content).await)
}

/// What the check says, as the part beside the text: this file first, then what it breaks elsewhere.
fn said(path: &str, problems: &[FileProblem]) -> Markup {
    let (here, elsewhere): (Vec<_>, Vec<_>) = problems.iter().partition(|problem| problem.file == path);
    html! {
        div class="stack" id="checked" role="status" {
            @if here.is_empty() && elsewhere.is_empty() {
                div class="notice" data-level="good" { (parts::icon("check")) div { strong { "It holds together" } "This part fits the rest of the plan." } }
            }
            @for (problems, title) in [(here, "To mend here"), (elsewhere, "To mend elsewhere")] {
                @if !problems.is_empty() {
                    h2 { (title) }
                    ul class="findings" { @for problem in problems { li {
                        p { (problem.message) }
                        p class="small muted" { @if let Some(line) = problem.line { "Line " (line) " · " } code class="breaks" { (problem.file) } }
                    } } }
                }
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextForm {
    file: String,
    text: String,
    edition: i64,
}

/// A form's lines end as the web has it (CR LF); a file's as they did before.
fn lines_as_before(before: Option<&str>, text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    if before.is_some_and(|before| before.contains("\r\n")) { text.replace('\n', "\r\n") } else { text }
}

pub async fn check(State(app): State<App>, Who(actor): Who, Form(form): Form<TextForm>) -> Result<Markup> {
    need(&actor, Permission::EditPlan, "changing the plan")?;
    let draft = draft::the_draft(&app, &actor).await?;
    let files = draft.files.with(&form.file, lines_as_before(draft.files.get(&form.file), &form.text));
    let own = files.wrong_by_itself(&form.file);
    let problems = if own.is_empty() { files.read().err().unwrap_or_default() } else { own };
    Ok(said(&form.file, &problems))
}

pub async fn save(
    State(app): State<App>,
    Who(actor): Who,
    Path(path): Path<String>,
    Form(form): Form<TextForm>,
) -> Result<Redirect> {
    let draft = draft::the_draft(&app, &actor).await?;
    let text = lines_as_before(draft.files.get(&path), &form.text);
    draft::save(&app, &actor, path, text, form.edition).await?;
    Ok(Redirect::to("/plan/draft"))
}

fn read_head(draft: &Draft) -> Result<PlanHead> {
    let text = draft.files.get(HEAD).ok_or(Error::NotFound("file of the plan"))?;
    serde_saphyr::from_str(text).map_err(|error| Error::Conflict(format!("{HEAD}: {}", error.without_snippet())))
}

pub async fn head(State(app): State<App>, Who(actor): Who) -> Result<Markup> {
    need(&actor, Permission::EditPlan, "changing the plan")?;
    let draft = draft::the_draft(&app, &actor).await?;
    let head = read_head(&draft)?;
    let objectives: Vec<&str> = head.objectives.iter().map(|one| &**one).collect();
    let line = |name: &str, label: &str, value: &str, help: &str| {
        html! { div class="field" { label for=(name) { (label) } input id=(name) name=(name) value=(value) autocomplete="off"; @if !help.is_empty() { p class="help" { (help) } } } }
    };
    let area = |name: &str, label: &str, value: &str, rows: u8, help: &str| {
        html! { div class="field" { label for=(name) { (label) } textarea id=(name) name=(name) rows=(rows) required { "\n" (value) } @if !help.is_empty() { p class="help" { (help) } } } }
    };
    let content = html! {
        header class="page-head" { div class="page-title" {
            (crumbs(DRAFT, "Name, scope, authority"))
            h1 { "Name, scope, authority" }
            p class="page-sub" { "What the plan is, whom it binds and on whose word. Only these lines of " code { (HEAD) } " change; definitions and stakeholders are in " a href="/plan/draft/file/plan.yaml" { "the file itself" } "." }
        } }
        form class="form card" method="post" action="/plan/draft/head" data-done="Saved" {
            div class="card-body stack" {
                input type="hidden" name="edition" value=(draft.edition);
                (line("name", "Name", &head.name, ""))
                (line("version", "Version", &head.version, "Your own count, such as 1.1.0. It differs from the one in force."))
                (line("organisation", "Organisation", head.organisation.as_deref().map_or("", |name| name), "May stay empty."))
                (area("purpose", "Purpose", &head.purpose, 4, ""))
                (area("scope", "Scope", &head.scope, 10, "Markdown."))
                (area("objectives", "Objectives", &objectives.join("\n"), 10, "One on each line."))
                (area("authority", "Authority", &head.authority, 16, "Markdown. Who may declare, isolate, shut down, speak and pay."))
                div class="form-actions" {
                    button class="button" data-kind="primary" type="submit" { "Save" }
                    a class="button" href="/plan/draft" { "Cancel" }
                }
            }
        }
    };
    Ok(frame::page(&app, &actor, Nav::Plan, "Name, scope, authority", &[], &content).await)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeadForm {
    edition: i64,
    name: String,
    version: String,
    organisation: String,
    purpose: String,
    scope: String,
    objectives: String,
    authority: String,
}

pub async fn save_head(State(app): State<App>, Who(actor): Who, Form(form): Form<HeadForm>) -> Result<Redirect> {
    let draft = draft::the_draft(&app, &actor).await?;
    let before = read_head(&draft)?;
    let text = draft.files.get(HEAD).unwrap_or_default();
    let written = rewritten(text, &before, &form);
    draft::save(&app, &actor, HEAD.to_owned(), written, form.edition).await?;
    Ok(Redirect::to("/plan/draft"))
}

/// The head's file with what is different in the form.
fn rewritten(text: &str, before: &PlanHead, form: &HeadForm) -> String {
    let plain = |text: &str| text.replace("\r\n", "\n").trim().to_owned();
    let mut out = text.to_owned();
    let lines = [
        ("name", &*before.name, plain(&form.name)),
        ("version", &*before.version, plain(&form.version)),
        ("organisation", before.organisation.as_deref().map_or("", |name| name), plain(&form.organisation)),
    ];
    for (key, old, new) in lines {
        if new != old {
            out = set(&out, key, &Value::Line(&new));
        }
    }
    let texts = [
        ("purpose", &*before.purpose, plain(&form.purpose)),
        ("scope", &*before.scope, plain(&form.scope)),
        ("authority", &*before.authority, plain(&form.authority)),
    ];
    for (key, old, new) in texts {
        if new != old.trim() {
            out = set(&out, key, &Value::Text(&new));
        }
    }
    let objectives: Vec<String> =
        form.objectives.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    if objectives.iter().map(String::as_str).ne(before.objectives.iter().map(|one| &**one)) {
        out = set(&out, "objectives", &Value::List(&objectives));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_untouched_form_changes_nothing_and_a_changed_scope_only_itself() {
        let files = crate::plan::shipped::files().unwrap();
        let text = files.get(HEAD).unwrap();
        let head: PlanHead = serde_saphyr::from_str(text).unwrap();
        let objectives: Vec<&str> = head.objectives.iter().map(|one| &**one).collect();
        let mut form = HeadForm {
            edition: 1,
            name: head.name.to_string(),
            version: head.version.to_string(),
            organisation: String::new(),
            purpose: head.purpose.replace('\n', "\r\n"),
            scope: head.scope.replace('\n', "\r\n"),
            objectives: objectives.join("\r\n"),
            authority: head.authority.replace('\n', "\r\n"),
        };
        assert_eq!(rewritten(text, &head, &form), text);
        form.scope = "Ours: all of it.\r\n\r\n# And more".to_owned();
        let written = rewritten(text, &head, &form);
        let read: PlanHead = serde_saphyr::from_str(&written).unwrap();
        assert_eq!(&*read.scope, "Ours: all of it.\n\n# And more");
        assert_eq!((read.authority, read.definitions), (head.authority, head.definitions));
        assert!(written.starts_with("# What the plan is"), "comments stay");
    }

    #[test]
    fn line_ends_stay_as_they_were() {
        assert_eq!(lines_as_before(Some("a\r\n"), "b\r\nc\r\n"), "b\r\nc\r\n");
        assert_eq!(lines_as_before(Some("a\n"), "b\r\nc\r\n"), "b\nc\n");
    }
}

//! The page of the draft: how far it is, its parts, what it changes, and the acts that take it further.

mod changes;
mod edit;
mod readers;

use axum::Router;
use axum::extract::State;
use axum::response::Redirect;
use axum::routing::{get, post};
use domain::plan::{DraftStatus, Refusal};
use domain::{Actor, Permission};
use maud::{Markup, html};
use serde::Deserialize;

use super::super::approval::{self, Approved, Standing};
use super::super::diff::FileDiff;
use super::super::draft::{self, Draft};
use super::super::files::FileProblem;
use super::names::count;
use crate::app::App;
use crate::error::Result;
use crate::identity;
use crate::web::extract::{Form, Who};
use crate::web::frame::{self, Nav};
use crate::web::parts;

pub use readers::banner;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/plan/draft", get(page).post(begin))
        .route("/plan/draft/head", get(edit::head).post(edit::save_head))
        .route("/plan/draft/check", post(edit::check))
        .route("/plan/draft/file/{*file}", get(edit::file).post(edit::save))
        .route("/plan/draft/send", post(send))
        .route("/plan/draft/withdraw", post(withdraw))
        .route("/plan/draft/discard", post(discard))
        .route("/plan/draft/approve", post(approve))
        .route("/plan/draft/return", post(send_back))
        .route("/plan/versions", get(changes::versions))
        .route("/plan/versions/{version}", get(changes::one))
        .route("/plan/attestations", get(readers::page).post(readers::attest))
}

/// Where in the plan a page is.
pub fn crumbs(last: &[(&str, &str)], here: &str) -> Markup {
    html! {
        nav aria-label="Where you are" { ol class="breadcrumb" {
            li { a href="/plan" { "Plan" } }
            @for (href, label) in last { li { a href=(href) { (label) } } }
            li { (here) }
        } }
    }
}

/// What a file of the plan is called on a page.
pub fn part_name(path: &str) -> String {
    let plain = |name: &str| {
        let name = name.replace(['_', '-'], " ");
        let mut letters = name.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    };
    match path {
        "plan.yaml" => "Definitions and stakeholders".to_owned(),
        "roles.yaml" => "Roles and chain of command".to_owned(),
        "severity.yaml" => "Severity and response".to_owned(),
        "review.yaml" => "Review and metrics".to_owned(),
        _ => {
            let name = path.rsplit('/').next().unwrap_or(path);
            let name = name.split('.').next().unwrap_or(name);
            plain(name.trim_start_matches(|c: char| c.is_ascii_digit() || c == '-'))
        }
    }
}

async fn page(State(app): State<App>, Who(actor): Who) -> Result<Markup> {
    let may = actor.may(Permission::EditPlan);
    let Some(draft) = draft::draft(&app, &actor).await? else {
        return Ok(frame::page(&app, &actor, Nav::Plan, "Draft", &["plan"], &none(may)).await);
    };
    let names = identity::names(&app).await?;
    let name = |id: &domain::UserId| names.get(id).cloned().unwrap_or_else(|| id.to_string());
    let standing = approval::standing(&app, &actor, &draft).await?;
    let (problems, changed) = (draft.problems(), draft::changes(&app, &draft).await?);
    let waits = draft.status == DraftStatus::Waiting;
    let content = html! {
        header class="page-head" {
            div class="page-title" {
                (crumbs(&[], "Draft"))
                h1 { "Draft of the plan" }
                div class="page-meta" {
                    span class="badge" data-status=(if waits { "waiting" } else { "new" }) { (draft.status.label()) }
                    span { (draft.id) ", edition " (draft.edition) ", from " a href={ "/plan/versions/" (draft.base) } { (draft.base) } }
                    span { "changed by " (name(&draft.changed_by)) " " (parts::ago(draft.changed_at)) }
                }
            }
            @if may { (acts(&draft, &problems, &changed)) }
        }
        div class="stack" {
            @if let Some(returned) = &draft.returned {
                div class="notice" data-level="warning" { (parts::icon("alert")) div {
                    strong { "Sent back by " (name(&returned.by)) " " (parts::ago(returned.at)) }
                    span class="break" { (returned.reason) }
                } }
            }
            @if waits { (judging(&app, &draft, &standing, &name).await?) }
            (faults(&problems))
            div class="columns" {
                (changes::shown(&changed, "Nothing is changed yet", "Open a part, change it and save: what differs from the version in force stands here."))
                (contents(&draft, &problems, &changed, may && !waits))
            }
        }
    };
    Ok(frame::page(&app, &actor, Nav::Plan, "Draft of the plan", &["plan"], &content).await)
}

fn none(may: bool) -> Markup {
    html! {
        header class="page-head" { div class="page-title" { (crumbs(&[], "Draft")) h1 { "Draft of the plan" } } }
        div class="card" { div class="empty" {
            (parts::icon("plan"))
            h2 { "No draft is being written" }
            p { "The version in force binds everybody and is never changed. A draft begins with it; once its approvers have said yes, it takes its place." }
            @if may {
                form method="post" action="/plan/draft" data-done="The draft is begun" { button class="button" data-kind="primary" type="submit" { (parts::icon("edit")) "Begin a draft" } }
                p class="small muted" { "Or bring a folder of files: " code { "watchbell plan import FOLDER" } }
            } @else { div class="row" { a class="button" href="/plan" { "Read the plan" } } }
        } }
    }
}

fn acts(draft: &Draft, problems: &[FileProblem], changed: &[FileDiff]) -> Markup {
    let edition = html! { input type="hidden" name="edition" value=(draft.edition); };
    html! {
        div class="page-actions" {
            @if draft.status == DraftStatus::Waiting {
                form method="post" action="/plan/draft/withdraw" data-done="Taken back" data-confirm="It can be written in again. What its approvers have said so far is void." data-confirm-title="Take the draft back?" { (edition) button class="button" type="submit" { "Take back" } }
            } @else if problems.is_empty() && !changed.is_empty() {
                form method="post" action="/plan/draft/send" data-done="Sent for approval" { (edition) button class="button" data-kind="primary" type="submit" { (parts::icon("check")) "Send for approval" } }
            }
            form method="post" action="/plan/draft/discard" data-done="Discarded" data-confirm="All that was written in it is lost. The version in force stays as it is." data-confirm-title="Discard the draft?" data-confirm-action="Discard" { (edition) button class="button" data-kind="danger" type="submit" { "Discard" } }
        }
    }
}

async fn judging(
    app: &App,
    draft: &Draft,
    standing: &Standing,
    name: &impl Fn(&domain::UserId) -> String,
) -> Result<Markup> {
    let plan = super::super::in_force(app).await?.plan;
    Ok(html! {
        section class="card" aria-labelledby="approval" {
            div class="card-head" {
                h2 id="approval" { "Approval" }
                @if let (Some(by), Some(at)) = (&draft.sent_by, draft.sent_at) { span class="muted" { "sent by " (name(by)) " " (parts::ago(at)) } }
            }
            ul class="muster" {
                @for seat in &standing.seats {
                    @let word = standing.words.iter().find(|word| word.role == seat.role);
                    li {
                        div class="muster-role" { (plan.role(&seat.role).map_or(seat.role.as_str(), |role| &*role.title)) }
                        div class="muster-who row" {
                            @if let Some(word) = word { (parts::person(&name(&word.by))) span class="badge" data-status="good" { "Approved" } }
                            @else { @for person in &seat.people { (parts::person(&name(person))) } span class="badge" data-status="waiting" { "Awaited" } }
                        }
                    }
                }
            }
            @match standing.yours {
                Ok(()) => { div class="card-body stack" {
                    form class="row" method="post" action="/plan/draft/approve" data-done="Approved" data-confirm="With the last word that is needed the draft is in force and binds everybody at once." data-confirm-title="Approve the draft?" data-confirm-kind="primary" {
                        input type="hidden" name="edition" value=(draft.edition);
                        button class="button" data-kind="primary" type="submit" { (parts::icon("check")) "Approve" }
                    }
                    (refusal_form(draft.edition))
                } }
                Err(Refusal::OwnText) => { div class="card-body stack" { p class="muted" { (Refusal::OwnText.to_string()) } (refusal_form(draft.edition)) } }
                Err(_) => {}
            }
        }
    })
}

fn refusal_form(edition: i64) -> Markup {
    html! {
        form class="form" method="post" action="/plan/draft/return" data-done="Sent back" {
            input type="hidden" name="edition" value=(edition);
            div class="field" { label for="reason" { "Or send it back: what has to change" } textarea id="reason" name="reason" rows="2" required {} }
            div class="form-actions" { button class="button" type="submit" { "Send back" } }
        }
    }
}

/// What keeps the draft from approval, each with a way to its place.
pub fn faults(problems: &[FileProblem]) -> Markup {
    html! {
        @if !problems.is_empty() {
            section class="card" aria-labelledby="faults" {
                div class="card-head" { h2 id="faults" { "Mend this before it is sent" } span class="muted" { (count(problems.len(), "thing")) } }
                div class="card-body" { ul class="findings" {
                    @for problem in problems { li {
                        p { (problem.message) }
                        p class="small muted" { a href={ "/plan/draft/file/" (problem.file) } { (problem.file) } @if let Some(line) = problem.line { ", line " (line) } }
                    } }
                } }
            }
        }
    }
}

fn contents(draft: &Draft, problems: &[FileProblem], changed: &[FileDiff], may: bool) -> Markup {
    let group = |folder: &'static str| -> Vec<&String> {
        draft.files.0.keys().filter(|path| path.split_once('/').map_or("", |(folder, _)| folder) == folder).collect()
    };
    html! {
        nav class="toc" aria-label="Parts of the draft" {
            @if may { h2 { "Change" } a href="/plan/draft/head" { "Name, scope, authority" } } @else { h2 { "Parts" } }
            @for (folder, title) in [("", ""), ("procedures", "Procedures"), ("prose", "In words")] {
                @if !title.is_empty() { h2 { (title) } }
                @for path in group(folder) {
                    a href={ "/plan/draft/file/" (path) } {
                        (part_name(path))
                        @if problems.iter().any(|problem| problem.file == *path) { " " span class="badge" data-status="bad" { "To mend" } }
                        @else if changed.iter().any(|file| file.file == *path) { " " span class="badge" { "Changed" } }
                    }
                }
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EditionForm {
    edition: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReturnForm {
    edition: i64,
    reason: String,
}

fn to_draft() -> Redirect {
    Redirect::to("/plan/draft")
}

async fn begin(State(app): State<App>, Who(actor): Who, Form(Nothing {}): Form<Nothing>) -> Result<Redirect> {
    draft::begin(&app, &actor, None).await?;
    Ok(to_draft())
}

async fn send(State(app): State<App>, Who(actor): Who, Form(form): Form<EditionForm>) -> Result<Redirect> {
    approval::send(&app, &actor, form.edition).await?;
    Ok(to_draft())
}

async fn withdraw(State(app): State<App>, Who(actor): Who, Form(form): Form<EditionForm>) -> Result<Redirect> {
    approval::withdraw(&app, &actor, form.edition).await?;
    Ok(to_draft())
}

async fn discard(State(app): State<App>, Who(actor): Who, Form(form): Form<EditionForm>) -> Result<Redirect> {
    draft::discard(&app, &actor, form.edition).await?;
    Ok(to_draft())
}

async fn approve(State(app): State<App>, Who(actor): Who, Form(form): Form<EditionForm>) -> Result<Redirect> {
    match approval::approve(&app, &actor, form.edition).await? {
        Approved::Published(_) => Ok(Redirect::to("/plan")),
        Approved::Waits(_) => Ok(to_draft()),
    }
}

async fn send_back(State(app): State<App>, Who(actor): Who, Form(form): Form<ReturnForm>) -> Result<Redirect> {
    approval::send_back(&app, &actor, form.reason, form.edition).await?;
    Ok(to_draft())
}

/// A line that leads to the draft, for the plan's own page.
pub async fn hint(app: &App, actor: &Actor) -> Result<Markup> {
    let Some(draft) = draft::draft(app, actor).await? else { return Ok(html! {}) };
    let yours = draft.status == DraftStatus::Waiting && approval::standing(app, actor, &draft).await?.yours.is_ok();
    Ok(html! {
        div class="notice" data-level=(if yours { "warning" } else { "info" }) { (parts::icon("edit")) div {
            strong { @if yours { "A draft waits for your approval" } @else if draft.status == DraftStatus::Waiting { "A draft waits for approval" } @else { "A draft is being written" } }
            a href="/plan/draft" { "Open " (draft.id) }
        } }
    })
}

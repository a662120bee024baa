//! The plan as pages: one document that people read and print, and the procedures, each as a list of
//! steps. What the parts of the document look like is in the modules below; nothing is decided here.

mod draft;
mod fill;
mod head;
mod names;
mod people;
mod procedure;
mod rules;
mod severity;

use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};
use domain::plan::Plan;
use domain::severity::Recoverability;
use domain::{Actor, IncidentType, Permission};
use maud::{Markup, html};
use serde::Deserialize;

use super::InForce;
use crate::app::App;
use crate::error::{Error, Result};
use crate::web::extract::{Path, Query, Who};
use crate::web::frame::{self, Nav};
use crate::web::{markdown, parts};
pub use draft::{banner, hint};
use names::Names;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/plan", get(plan))
        .route("/plan/procedures", get(procedures))
        .route("/plan/procedures/{type}", get(one))
        .route("/plan/people", get(fill::page))
        .route("/plan/people/{role}", post(fill::save))
        .merge(draft::routes())
}

/// How the document is looked at.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct View {
    /// For which recoverability the matrix is shown.
    recoverability: Option<Recoverability>,
}

async fn plan(State(app): State<App>, Who(actor): Who, Query(view): Query<View>) -> Result<Markup> {
    let now = super::read(&app, &actor).await?;
    let (plan, names) = (&*now.plan, Names(&now.plan));
    let content = html! {
        (page_head(&now))
        div class="stack" { (banner(&app, &actor).await?) (hint(&app, &actor).await?) }
        div class="columns" {
            article class="stack document" {
                (head::sections(plan, names))
                (people::sections(plan, names))
                (severity::sections(&plan.severity, view.recoverability.unwrap_or(Recoverability::Regular), names))
                (rules::notifications(&plan.notifications, names))
                (procedure::contents(plan))
                (rules::evidence(&plan.evidence, names))
                (rules::review(&plan.review, names))
                @for (number, chapter) in plan.chapters.iter().enumerate() {
                    section class="card" id={ "chapter-" (number + 1) } {
                        div class="card-body" { div class="prose" { (markdown::render(&chapter.markdown, 2)) } }
                    }
                }
            }
            (contents(plan))
        }
    };
    Ok(frame::page(&app, &actor, Nav::Plan, &plan.head.name, &[], &content).await)
}

fn page_head(now: &InForce) -> Markup {
    let head = &now.plan.head;
    html! {
        header class="page-head" {
            div class="page-title" {
                h1 { (head.name) @if let Some(organisation) = &head.organisation { " of " (organisation) } }
                div class="page-meta" {
                    span class="badge" data-status="good" { "In force" }
                    span { (now.id) ", version " (head.version) }
                    span { "since " (parts::time(now.since)) }
                    @if let Some(approval) = &head.approval { span { "approved by " (approval.by) " on " (approval.on) } }
                }
            }
            div class="page-actions" {
                (print_hint())
                a class="button" href="/plan/draft" { (parts::icon("edit")) "Draft" }
                a class="button" href="/plan/versions" { (parts::icon("clock")) "Versions" }
                a class="button" href="/plan/attestations" { (parts::icon("check")) "Readers" }
                a class="button" href="/plan/people" { (parts::icon("people")) "People" }
                a class="button" data-kind="primary" href="/plan/procedures" { (parts::icon("rules")) "Procedures" }
            }
        }
    }
}

/// Printing is the browser's; the page only says that it is ready for it.
fn print_hint() -> Markup {
    html! { span class="muted small print-hint" { "Print with " kbd { "Ctrl" } " " kbd { "P" } } }
}

fn contents(plan: &Plan) -> Markup {
    const PARTS: [(&str, &str); 16] = [
        ("purpose", "Purpose"),
        ("scope", "Scope"),
        ("objectives", "Objectives"),
        ("authority", "Authority"),
        ("definitions", "Definitions"),
        ("stakeholders", "Stakeholders"),
        ("chain", "Chain of command"),
        ("roles", "Roles"),
        ("channels", "Channels"),
        ("severity", "Severity"),
        ("levels", "Levels"),
        ("notifications", "Notifications"),
        ("procedures", "Procedures"),
        ("evidence", "Evidence"),
        ("review", "Review"),
        ("metrics", "Metrics"),
    ];
    html! {
        nav class="toc" aria-label="Contents" {
            h2 { "The plan" }
            @for (id, label) in PARTS { a href={ "#" (id) } { (label) } }
            @if !plan.chapters.is_empty() {
                h2 { "In words" }
                @for (number, chapter) in plan.chapters.iter().enumerate() {
                    a href={ "#chapter-" (number + 1) } { (number + 1) " " (chapter_title(&chapter.name, &chapter.markdown)) }
                }
            }
        }
    }
}

fn chapter_title(name: &str, text: &str) -> String {
    markdown::title(text).unwrap_or_else(|| name.to_owned())
}

async fn procedures(State(app): State<App>, Who(actor): Who) -> Result<Markup> {
    let now = super::read(&app, &actor).await?;
    let content = html! {
        header class="page-head" {
            div class="page-title" {
                nav aria-label="Where you are" { ol class="breadcrumb" { li { a href="/plan" { "Plan" } } li { "Procedures" } } }
                h1 { "Procedures" }
                p class="page-sub" { "What is done, by whom and by when, for each type of incident. Declaring an incident turns the steps into tasks." }
            }
        }
        (procedure::cards(&now.plan))
    };
    Ok(frame::page(&app, &actor, Nav::Plan, "Procedures", &[], &content).await)
}

async fn one(
    State(app): State<App>,
    Who(actor): Who,
    Path(incident_type): Path<IncidentType>,
) -> Result<Markup> {
    let now = super::read(&app, &actor).await?;
    let found = now.plan.procedure(incident_type).ok_or(Error::NotFound("procedure"))?;
    let content = html! {
        header class="page-head" {
            div class="page-title" {
                nav aria-label="Where you are" {
                    ol class="breadcrumb" {
                        li { a href="/plan" { "Plan" } }
                        li { a href="/plan/procedures" { "Procedures" } }
                        li { (incident_type.label()) }
                    }
                }
                h1 { (found.title) }
                div class="page-meta" {
                    span class="badge" { (incident_type.label()) }
                    span { (names::count(found.steps.len(), "step")) }
                    span { (now.id) ", version " (now.plan.head.version) }
                }
            }
            div class="page-actions" { (print_hint()) (declare(&actor, incident_type)) }
        }
        (procedure::whole(found, Names(&now.plan)))
    };
    Ok(frame::page(&app, &actor, Nav::Plan, &found.title, &[], &content).await)
}

fn declare(actor: &Actor, incident_type: IncidentType) -> Markup {
    html! {
        @if actor.may(Permission::DeclareIncident) {
            a class="button" data-kind="primary" href={ "/incidents/declare?type=" (incident_type) } { (parts::icon("flag")) "Declare incident" }
        }
    }
}

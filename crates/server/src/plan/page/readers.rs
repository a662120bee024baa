//! Who read the plan in force, and every version that ever was with what it changed.

use axum::extract::State;
use axum::response::Redirect;
use domain::PlanVersionId;
use maud::{Markup, html};
use serde::Deserialize;

use super::super::{attest as say, diff, files, readers as read, version, versions as all};
use super::draft::changes;
use super::names::count;
use crate::app::App;
use crate::error::Result;
use crate::web::extract::{Form, Path, Who};
use crate::web::frame::{self, Nav};
use crate::web::parts::{self, icon};

fn crumbs(last: &str) -> Markup {
    html! { nav aria-label="Where you are" { ol class="breadcrumb" { li { a href="/plan" { "Plan" } } li { (last) } } } }
}

/// `GET /plan/readers`
pub async fn readers(State(app): State<App>, Who(actor): Who) -> Result<Markup> {
    let readers = read(&app, &actor).await?;
    let (of, missing) = (readers.readers.len(), readers.missing());
    let content = html! {
        header class="page-head" {
            div class="page-title" {
                (crumbs("Readers"))
                h1 { "Who has read the plan" }
                p class="page-sub" { @if missing == 0 { "All " (of) " have read " (readers.version) "." } @else { (of - missing) " of " (count(of, "person")) " said that they read " (readers.version) "." } }
            }
            div class="page-actions" { (attest_button(readers.version, readers.has_read(actor.user()))) }
        }
        div class="progress-line" {
            span { "Read " (readers.version) } span class="number" { (of - missing) " of " (of) }
            progress max=(of) value=(of - missing) data-tone=(if missing == 0 { "good" } else { "warning" }) aria-label={ (of - missing) " of " (of) " have read it" } {}
        }
        section class="card" {
            ul class="acts" { @for reader in &readers.readers {
                li {
                    (parts::person(&reader.name))
                    @match reader.read_at {
                        Some(at) => span class="row" { span class="muted small" { (parts::ago(at)) } span class="badge" data-status="good" { "Read" } },
                        None => span class="badge" data-status="waiting" { "Not yet" },
                    }
                }
            } }
        }
    };
    Ok(frame::page(&app, &actor, Nav::Plan, "Who has read the plan", &["plan"], &content).await)
}

/// The button with which somebody says that they read this version.
pub fn attest_button(version: PlanVersionId, done: bool) -> Markup {
    html! {
        @if done {
            a class="button" href="/plan/readers" { (icon("check")) "You have read it" }
        } @else {
            form method="post" action="/plan/attest" data-done={ "Noted: you have read " (version) } {
                input type="hidden" name="version" value=(version);
                button class="button" type="submit" { (icon("check")) "I have read it" }
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attest {
    version: PlanVersionId,
}

/// `POST /plan/attest`
pub async fn attest(State(app): State<App>, Who(actor): Who, Form(said): Form<Attest>) -> Result<Redirect> {
    say(&app, &actor, said.version).await?;
    Ok(Redirect::to("/plan/readers"))
}

/// `GET /plan/versions`
pub async fn versions(State(app): State<App>, Who(actor): Who) -> Result<Markup> {
    let versions = all(&app, &actor).await?;
    let content = html! {
        header class="page-head" { div class="page-title" { (crumbs("Versions")) h1 { "Versions" } p class="page-sub" { "Every version that was ever in force. None is ever changed." } } }
        section class="card" { ol class="acts" reversed {
            @for (place, (id, since, draft)) in versions.iter().enumerate() {
                li {
                    div {
                        a href={ "/plan/versions/" (id) } { strong { (id) } }
                        span class="cell-sub" { "in force since " (parts::time(*since)) @match draft { Some(draft) => { ", from " a href={ "/plan/drafts/" (draft) } { (draft) } }, None => ", as Watchbell ships it" } }
                    }
                    @if place == 0 { span class="badge" data-status="good" { "In force" } }
                }
            }
        } }
    };
    Ok(frame::page(&app, &actor, Nav::Plan, "Versions of the plan", &["plan"], &content).await)
}

/// `GET /plan/versions/PLAN-2`: what it changed.
pub async fn one(State(app): State<App>, Who(actor): Who, Path(id): Path<PlanVersionId>) -> Result<Markup> {
    let here = files(&app, &actor, id).await?;
    let plan = version(&app, id).await?;
    let before = all(&app, &actor).await?.into_iter().map(|(other, ..)| other).find(|other| *other < id);
    let diffs = match before {
        Some(before) => diff::folders(&files(&app, &actor, before).await?, &here),
        None => Vec::new(),
    };
    let content = html! {
        header class="page-head" { div class="page-title" {
            nav aria-label="Where you are" { ol class="breadcrumb" { li { a href="/plan" { "Plan" } } li { a href="/plan/versions" { "Versions" } } li { (id) } } }
            h1 { (id) }
            div class="page-meta" { span { "version " (plan.head.version) } @if let Some(before) = before { span { (count(diffs.len(), "part")) " changed since " (before) } } }
        } }
        div class="stack" {
            @if before.is_none() { (parts::empty("plan", "The first version", "There is none before it to compare it with.", Some(("/plan", "Read the plan")))) }
            (changes::cards(&diffs, &plan))
        }
    };
    Ok(frame::page(&app, &actor, Nav::Plan, &id.to_string(), &[], &content).await)
}

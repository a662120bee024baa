//! What changed between two versions, as lines, and the list of the versions.

use axum::extract::State;
use domain::PlanVersionId;
use maud::{Markup, html};

use super::super::super::diff::{self, FileDiff, What};
use super::super::super::{attest, export};
use super::super::names::count;
use super::{crumbs, part_name};
use crate::app::App;
use crate::error::{Error, Result};
use crate::identity;
use crate::web::extract::{Path, Who};
use crate::web::frame::{self, Nav};
use crate::web::parts;

/// The changed files, each with its changed lines.
pub fn shown(changed: &[FileDiff], none: &str, none_text: &str) -> Markup {
    html! {
        section class="stack" aria-label="Changes" {
            @if changed.is_empty() { (parts::empty("plan", none, none_text, None)) }
            @for (number, file) in changed.iter().enumerate() {
                @let id = format!("diff-{number}");
                section class="card" aria-labelledby=(id) {
                    div class="card-head" {
                        h2 id=(id) { (part_name(&file.file)) }
                        span class="muted small" { code { (file.file) } ", " (count(file.added, "line")) " added, " (file.removed) " removed" }
                    }
                    div class="diff" role="group" aria-label={ "Changes in " (file.file) } tabindex="0" {
                        table {
                            @for hunk in &file.hunks { tbody {
                                @for line in hunk {
                                    tr data-what=(match line.what { What::Same => "same", What::Added => "added", What::Removed => "removed" }) {
                                        td class="diff-number" { @if let Some(old) = line.old { (old) } }
                                        td class="diff-number" { @if let Some(new) = line.new { (new) } }
                                        td class="diff-sign" { @match line.what { What::Same => "", What::Added => { span class="visually-hidden" { "added" } span aria-hidden="true" { "+" } }, What::Removed => { span class="visually-hidden" { "removed" } span aria-hidden="true" { "−" } } } }
                                        td class="diff-text" { (line.text) }
                                    }
                                }
                            } }
                        }
                    }
                }
            }
        }
    }
}

pub async fn versions(State(app): State<App>, Who(actor): Who) -> Result<Markup> {
    let all = attest::versions(&app, &actor).await?;
    let names = identity::names(&app).await?;
    let name = |id: &domain::UserId| names.get(id).cloned().unwrap_or_else(|| id.to_string());
    let content = html! {
        header class="page-head" { div class="page-title" {
            (crumbs(&[], "Versions"))
            h1 { "Versions of the plan" }
            p class="page-sub" { "Each as it was in force. An incident keeps the one that it was declared under." }
        } }
        section class="card" { div class="table-scroll" role="group" aria-label="Versions" tabindex="0" {
            table class="table" data-narrow="list" {
                thead { tr { th { "Version" } th { "In force since" } th { "Written by" } th { "Approved by" } th data-type="number" { "Attested" } } }
                tbody { @for (place, version) in all.iter().enumerate() { tr {
                    td class="cell-main" { a class="row-link" href={ "/plan/versions/" (version.id) } { (version.id) ", " (version.version) } @if place == 0 { " " span class="badge" data-status="good" { "In force" } } }
                    td data-label="Since" { (parts::time(version.since)) }
                    td data-label="Written by" { @if version.authors.is_empty() { span class="muted" { "Came with Watchbell" } } @for person in &version.authors { (parts::person(&name(person))) } }
                    td data-label="Approved by" { @if version.approved.is_empty() { span class="muted" { "nobody" } } @for word in &version.approved { (parts::person(&name(&word.by))) } }
                    td data-type="number" data-label="Attested" { (version.attested) }
                } } }
            }
        } }
    };
    Ok(frame::page(&app, &actor, Nav::Plan, "Versions of the plan", &["plan"], &content).await)
}

/// One version: what it changed from the one before it.
pub async fn one(State(app): State<App>, Who(actor): Who, Path(id): Path<PlanVersionId>) -> Result<Markup> {
    let all = attest::versions(&app, &actor).await?;
    let place = all.iter().position(|version| version.id == id).ok_or(Error::NotFound("version of the plan"))?;
    let (_, files) = export(&app, &actor, Some(id)).await?;
    let before = all.get(place + 1);
    let changed = match before {
        Some(before) => diff::between(&export(&app, &actor, Some(before.id)).await?.1, &files),
        None => Vec::new(),
    };
    let content = html! {
        header class="page-head" { div class="page-title" {
            (crumbs(&[("/plan/versions", "Versions")], &id.to_string()))
            h1 { (id) @if let Some(version) = all.get(place) { ", version " (version.version) } }
            p class="page-sub" { @if let Some(before) = before { "What it changed from " a href={ "/plan/versions/" (before.id) } { (before.id) } "." } @else { "The first one." } }
        } }
        (shown(&changed, "The first version", "There is none before it that it could differ from."))
    };
    Ok(frame::page(&app, &actor, Nav::Plan, &id.to_string(), &[], &content).await)
}

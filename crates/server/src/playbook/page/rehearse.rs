//! A dry run: what a run would do, in order. Nothing is done.

use std::collections::BTreeMap;

use axum::extract::State;
use domain::PlaybookId;
use maud::{Markup, html};

use super::super::view::rehearsed;
use super::super::{get, rehearse};
use super::tab::value_fields;
use crate::app::App;
use crate::error::Result;
use crate::web::extract::{Path, Query, Who};
use crate::web::frame::{self, Nav};
use crate::web::parts;

pub async fn page(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<PlaybookId>,
    Query(values): Query<BTreeMap<String, String>>,
) -> Result<Markup> {
    let kept = get(&app, &actor, id, None).await?;
    let playbook = kept.read()?;
    let given: BTreeMap<String, String> = values.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    let rehearsal = rehearse(&app, &actor, id, &given).await?;
    let steps = rehearsed(&rehearsal, &playbook);
    let asks = playbook.variables().any(|(_, variable)| variable.is_external());
    let content = html! {
        header class="page-head" {
            div class="page-title" {
                nav aria-label="Where you are" { ol class="breadcrumb" { li { a href="/playbooks" { "Playbooks" } } li { a href={ "/playbooks/" (id) } { (id) } } li { "Dry run" } } }
                h1 { "Dry run of " (kept.playbook.name) }
                p class="page-sub" { "What a run would do, in order. Nothing is done. A condition that only a real run decides counts as true, once." }
            }
        }
        div class="stack" {
            @match rehearsal.run.failure() {
                Some(failure) => div class="notice" data-level="error" { (parts::icon("x")) div { strong { "It would fail" } (failure.message) } },
                None => div class="notice" data-level="good" { (parts::icon("check")) div { strong { "It would come to its end" } (steps.len()) " things would be done." } },
            }
            @if asks {
                form class="card" method="get" action={ "/playbooks/" (id) "/rehearse" } {
                    div class="card-body form" {
                        (value_fields(&playbook, &given))
                        div class="form-actions" { button class="button" type="submit" { "Try with these" } }
                    }
                }
            }
            section class="card" aria-labelledby="would" {
                div class="card-head" { h2 id="would" { "What would be done" } span class="muted" { (steps.len()) } }
                div class="table-scroll" role="group" aria-label="What would be done" tabindex="0" {
                    table class="table" data-narrow="stack" {
                        thead { tr { th { "Step" } th { "What" } th { "On" } } }
                        tbody {
                            @for (step, what, target) in &steps {
                                tr { td class="cell-main" { (step) } td class="break" data-label="What" { (what) } td data-label="On" { (target.as_deref().unwrap_or("–")) } }
                            }
                            @if steps.is_empty() { tr { td class="cell-main muted" colspan="3" { "Nothing would be done." } } }
                        }
                    }
                }
            }
        }
    };
    Ok(frame::page(&app, &actor, Nav::Playbooks, "Dry run", &[], &content).await)
}

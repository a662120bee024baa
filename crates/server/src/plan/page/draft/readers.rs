//! Who attested that they read the version in force, and the line that asks for it.

use axum::extract::State;
use axum::response::Redirect;
use domain::{Actor, PlanVersionId};
use maud::{Markup, html};
use serde::Deserialize;

use super::super::super::{attest as attestation, in_force};
use super::crumbs;
use crate::app::App;
use crate::error::Result;
use crate::web::extract::{Form, Who};
use crate::web::frame::{self, Nav};
use crate::web::parts;

/// Asks the reader to attest the version in force; nothing once they have.
pub async fn banner(app: &App, actor: &Actor) -> Result<Markup> {
    if attestation::attested(app, actor).await?.is_some() {
        return Ok(html! {});
    }
    let now = in_force(app).await?;
    Ok(html! {
        form class="notice" data-level="info" method="post" action="/plan/attestations" data-done="Noted: you have read it" {
            (parts::icon("plan"))
            div {
                strong { "Have you read the plan?" }
                span { (now.id) ", version " (now.plan.head.version) ", is in force. Read it, then say so; it stands in the ledger. " }
                input type="hidden" name="plan" value=(now.id);
                span class="row" { button class="button" data-size="small" type="submit" { "I have read it" } a href="/plan" { "Read it" } }
            }
        }
    })
}

pub async fn page(State(app): State<App>, Who(actor): Who) -> Result<Markup> {
    let readers = attestation::readers(&app, &actor).await?;
    let now = in_force(&app).await?;
    let done = readers.iter().filter(|reader| reader.at.is_some()).count();
    let content = html! {
        header class="page-head" { div class="page-title" {
            (crumbs(&[], "Readers"))
            h1 { "Who has read the plan" }
            p class="page-sub" { (done) " of " (readers.len()) " attested " (now.id) ", version " (now.plan.head.version) "." }
        } }
        div class="stack" {
            (banner(&app, &actor).await?)
            progress class="progress" value=(done) max=(readers.len().max(1)) aria-label="Attested" {}
            section class="card" { ul class="muster" {
                @for missing in [true, false] { @for reader in readers.iter().filter(|reader| reader.at.is_none() == missing) {
                    li {
                        div class="muster-role" { (parts::person(&reader.name)) }
                        div class="muster-who row" { @match reader.at {
                            Some(at) => { span class="badge" data-status="good" { "Read" } span class="muted" { (parts::time(at)) } }
                            None => { span class="badge" data-status="waiting" { "Not yet" } }
                        } }
                    }
                } }
            } }
        }
    };
    Ok(frame::page(&app, &actor, Nav::Plan, "Who has read the plan", &["plan"], &content).await)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttestForm {
    plan: PlanVersionId,
}

pub async fn attest(State(app): State<App>, Who(actor): Who, Form(form): Form<AttestForm>) -> Result<Redirect> {
    attestation::attest(&app, &actor, form.plan).await?;
    Ok(Redirect::to("/plan"))
}

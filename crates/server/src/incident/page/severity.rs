//! The page on which the severity is changed: what another one would set going is told in words before
//! anybody confirms it.

use axum::extract::State;
use domain::severity::{FunctionalImpact, InformationImpact, Recoverability};
use domain::{Actor, IncidentId, Severity};
use maud::{Markup, html};
use serde::Deserialize;

use super::super::api::inputs::word;
use super::super::response::{self, Preview};
use super::{Shown, Tab, choices, select, tab};
use crate::app::App;
use crate::error::Result;
use crate::web::extract::{Path, Query, Who};
use crate::web::parts;

/// What stands in the form so far; only the severity is looked at before it is sent.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct Chosen {
    severity: String,
    reason: String,
    functional: String,
    information: String,
    recoverability: String,
}

/// `GET /incidents/INC-1/severity?severity=critical`
pub async fn page(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Query(chosen): Query<Chosen>,
) -> Result<Markup> {
    let shown = Shown::load(&app, &actor, id).await?;
    let record = &shown.view.record;
    let to = word::<Severity>(Some(&chosen.severity))?;
    let preview = told(&app, &actor, &shown, to).await?;
    let content = html! {
        header class="page-head" {
            div class="page-title" {
                h2 { "Change the severity" }
                p class="page-sub" { "It is " (record.severity.label().to_lowercase()) " now. The response follows the plan of the severity that you choose." }
            }
        }
        @if record.is_closed() { p { "The incident is closed; reopen it first." } }
        @else if !shown.commands { p { "Only an incident manager or the commander changes the severity." } }
        @else {
            div class="halves" {
                form class="form" method="post" action=(shown.path("/severity")) data-done="Severity set; the response follows" {
                    div hx-get=(shown.path("/severity/preview")) hx-trigger="change" hx-target="#replan" hx-swap="outerHTML" hx-include="closest form" {
                        (select("severity", "Severity", Some("Choose …"), &other(record.severity), to))
                    }
                    noscript { button class="button" data-size="small" type="submit" formmethod="get" formnovalidate { "Show what it changes" } }
                    div class="field" {
                        label for="r-severity" { "Reason" }
                        textarea id="r-severity" name="reason" rows="2" required { (chosen.reason) }
                        p class="help" { "It stands with the decision." }
                    }
                    details {
                        summary { "The facts have changed as well" }
                        div class="field-row gap-top" {
                            (select("functional", "Functional impact", Some("As it is"), &choices!(FunctionalImpact), word::<FunctionalImpact>(Some(&chosen.functional)).ok().flatten()))
                            (select("information", "Information impact", Some("As it is"), &choices!(InformationImpact), word::<InformationImpact>(Some(&chosen.information)).ok().flatten()))
                            (select("recoverability", "Recoverability", Some("As it is"), &choices!(Recoverability), word::<Recoverability>(Some(&chosen.recoverability)).ok().flatten()))
                        }
                        p class="help" { "Give all three or none. Now: " (record.functional.label()) ", " (record.information.label().to_lowercase()) ", " (record.recoverability.label().to_lowercase()) "." }
                    }
                    div class="form-actions" {
                        button class="button" data-kind="primary" type="submit" { "Set severity" }
                        a class="button" href=(shown.path("/response")) { "Cancel" }
                    }
                }
                div class="stack" { (preview) }
            }
        }
    };
    Ok(tab(&app, &actor, &shown, Tab::Response, &content).await)
}

fn other(now: Severity) -> Vec<(Severity, &'static str, &'static str)> {
    choices!(Severity).into_iter().rev().filter(|(severity, ..)| *severity != now).collect()
}

/// What the chosen severity would change: a fragment.
pub async fn preview(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Query(chosen): Query<Chosen>,
) -> Result<Markup> {
    let shown = Shown::load(&app, &actor, id).await?;
    told(&app, &actor, &shown, word::<Severity>(Some(&chosen.severity))?).await
}

async fn told(app: &App, actor: &Actor, shown: &Shown, to: Option<Severity>) -> Result<Markup> {
    let preview = match to {
        Some(to) => Some((to, response::preview(app, actor, shown.id(), to).await?)),
        None => None,
    };
    Ok(html! {
        output class="card replan" id="replan" aria-live="polite" {
            @match &preview {
                None => div class="card-body" { h3 { "What it changes" } p class="muted" { "Choose a severity, and this says what the plan starts, whom it musters and what it leaves." } },
                Some((to, preview)) => (words(shown.view.record.severity, *to, preview)),
            }
        }
    })
}

fn words(now: Severity, to: Severity, preview: &Preview) -> Markup {
    html! {
        div class="card-head" { h3 class="row" { (parts::severity(now)) (parts::icon("chevron")) (parts::severity(to)) } }
        div class="card-body stack-s" {
            p { strong { "This " (preview.summary) "." } }
            ul class="fine-list" { @for sentence in &preview.sentences { li { (sentence) } } }
        }
    }
}

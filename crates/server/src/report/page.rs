//! The report in the browser, and the downloads that pages link to.

use axum::Router;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use domain::{Actor, EvidenceId, IncidentId, Permission, Tlp};
use maud::{Markup, html};
use paper::Format;

use super::api::{ExportInput, ReportQuery, export, sent};
use super::{exhibit, templates};
use crate::app::App;
use crate::error::Result;
use crate::evidence::{self, Evidence};
use crate::incident;
use crate::web::extract::{Form, Path, Query, Who};
use crate::web::frame::{self, Nav};
use crate::web::{download, parts};

/// The report is a document of its own with its style inside: nothing in it may run, ask or leave.
const SANDBOX: HeaderValue = HeaderValue::from_static(
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'",
);

pub fn routes() -> Router<App> {
    Router::new()
        .route("/incidents/{id}/report", get(report))
        .route("/incidents/{id}/reports", get(choose))
        .route("/incidents/{id}/bundle", get(export))
        .route("/evidence/{id}/export", get(export_form).post(export_item))
        .route("/incidents/{id}/evidence/export", get(export_all_form).post(export_all))
}

async fn report(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Query(query): Query<ReportQuery>,
) -> Result<Response> {
    let rendered =
        Box::pin(super::render(&app, &actor, id, &query.wanted()?, query.format(Format::Html)?)).await?;
    if rendered.format == Format::Html {
        let headers = [
            (CONTENT_TYPE, HeaderValue::from_static(Format::Html.media_type())),
            (CONTENT_SECURITY_POLICY, SANDBOX),
        ];
        return Ok((headers, rendered.bytes).into_response());
    }
    Ok(download::bytes(&rendered.name, rendered.format.media_type(), rendered.bytes))
}

/// Which report, for whom, in which form.
async fn choose(State(app): State<App>, Who(actor): Who, Path(id): Path<IncidentId>) -> Result<Markup> {
    let view = incident::get(&app, &actor, id).await?;
    let may_take = actor.may(Permission::ExportIncident);
    let content = html! {
        header class="page-head" { div class="page-title" {
            nav aria-label="Where you are" { ol class="breadcrumb" { li { a href={ "/incidents/" (id) } { (id) " " (view.record.title) } } li { "Reports" } } }
            h1 { "Make a report" }
            p class="page-sub" { "Drawn from what is recorded now. Nothing is changed by it." }
        } }
        form class="form card" method="get" action={ "/incidents/" (id) "/report" } data-plain {
            div class="card-body stack" {
                fieldset {
                    legend { "Which report" }
                    div class="choices" {
                        @for template in app.reports.all() {
                            label class="choice" {
                                input type="radio" name="kind" value=(template.id) checked[template.id.as_str() == templates::USUAL];
                                span class="choice-name" { (template.title) }
                                span class="choice-text" { (template.purpose) }
                            }
                        }
                    }
                }
                div class="field" {
                    label for="tlp" { "For whom" }
                    select id="tlp" name="tlp" aria-describedby="tlp-help" {
                        option value="" { "As the incident: " (view.record.tlp.label()) }
                        @for tlp in Tlp::ALL.iter().filter(|tlp| **tlp >= view.record.tlp) {
                            option value=(tlp) { (tlp.label()) ": " (tlp.help()) }
                        }
                    }
                    p class="help" id="tlp-help" { "What is marked above it is left out, and the report's last chapter says how much of which kind." }
                }
                div class="form-actions" {
                    button class="button" type="submit" name="format" value="html" { (parts::icon("report")) "Read here" }
                    @if may_take {
                        button class="button" type="submit" name="format" value="md" { "Markdown" }
                        button class="button" type="submit" name="format" value="docx" { "DOCX" }
                        button class="button" data-kind="primary" type="submit" name="format" value="pdf" { (parts::icon("download")) "PDF" }
                    }
                }
            }
        }
    };
    Ok(frame::page(&app, &actor, Nav::Incidents, "Make a report", &[], &content).await)
}

async fn export_form(State(app): State<App>, Who(actor): Who, Path(id): Path<EvidenceId>) -> Result<Markup> {
    let item = evidence::get(&app, &actor, id).await?;
    let here = format!("/evidence/{id}");
    let back = (here.clone(), format!("{id} {}", item.name));
    draw_export(&app, &actor, &format!("{here}/export"), &back, &[item]).await
}

async fn export_all_form(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
) -> Result<Markup> {
    evidence::seen(&app, &actor, id).await?;
    let items = evidence::of_incident(&app, &actor, id).await?;
    let here = format!("/incidents/{id}/evidence");
    let back = (here.clone(), format!("Evidence of {id}"));
    draw_export(&app, &actor, &format!("{here}/export"), &back, &items).await
}

/// The password stands here before the export is made, and nowhere afterwards.
async fn draw_export(
    app: &App,
    actor: &Actor,
    action: &str,
    (href, name): &(String, String),
    items: &[Evidence],
) -> Result<Markup> {
    let password = exhibit::passphrase()?;
    let bytes: i64 = items.iter().filter(|item| item.destroyed_at.is_none()).map(|item| item.bytes).sum();
    let content = html! {
        header class="page-head" { div class="page-title" {
            nav aria-label="Where you are" { ol class="breadcrumb" { li { a href=(href) { (name) } } li { "Export" } } }
            h1 { "Export evidence" }
            p class="page-sub" { "A ZIP encrypted with AES-256: the files, a custody form in PDF for each, and a manifest with all digests. That it left the house goes into the ledger." }
        } }
        div class="columns" {
            section class="card" aria-labelledby="export" {
                div class="card-head" { h2 id="export" { "Password" } span class="muted" { (items.len()) @if items.len() == 1 { " item, " } @else { " items, " } (parts::size(bytes)) } }
                div class="card-body" {
                    form class="form" method="post" action=(action) data-plain {
                        div class="field" {
                            label for="export-password" { "Password of the ZIP" }
                            div class="row" {
                                input id="export-password" class="mono" size="32" name="password" value=(password) required minlength="12" maxlength="200" autocomplete="off" spellcheck="false" aria-describedby="export-help";
                                button class="button needs-script" type="button" data-copy=(password) aria-label="Copy the proposed password" { (parts::icon("copy")) "Copy" }
                            }
                            p class="help" id="export-help" { "Made for this export and kept nowhere: note it before you go on. You may choose another of at least 12 characters." }
                        }
                        div class="form-actions" { button class="button" data-kind="primary" type="submit" { (parts::icon("download")) "Export" } }
                    }
                }
            }
            aside class="card" aria-labelledby="send" {
                div class="card-head" { h2 id="send" { "Sending it on" } }
                div class="card-body prose" {
                    p { "Tell the password by another way than the file: by telephone, or in person." }
                    p { "Have the receiver compare the SHA-256 on the custody form and sign it." }
                    p { "Files may be live malware. Names inside are made harmless; the true ones stand in the manifest." }
                }
            }
        }
    };
    Ok(frame::page(app, actor, Nav::Evidence, "Export evidence", &[], &content).await)
}

async fn export_item(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<EvidenceId>,
    Form(input): Form<ExportInput>,
) -> Result<Response> {
    sent(Box::pin(exhibit::item(&app, &actor, id, &input.password.unwrap_or_default())).await?, None)
}

async fn export_all(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Form(input): Form<ExportInput>,
) -> Result<Response> {
    sent(Box::pin(exhibit::incident(&app, &actor, id, &input.password.unwrap_or_default())).await?, None)
}

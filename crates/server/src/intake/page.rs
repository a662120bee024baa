//! The intake's pages: bringing logs in, what was brought in, and one delivery.

use std::collections::HashMap;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use domain::{IntakeId, Permission, UserId};
use maud::{Markup, html};

use super::api::IntakeAnswer;
use super::{page_of, upload};
use crate::alert::{self, Alert, Filter};
use crate::app::App;
use crate::error::Result;
use crate::event::page::names;
use crate::event::{self, Delivery, DeliveryState, RefusedRecord};
use crate::web::extract::{Path, Query, Who};
use crate::web::frame::{self, Nav};
use crate::web::paging::{Page, PageQuery};
use crate::web::parts;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/intake", get(list).post(send).layer(DefaultBodyLimit::disable()))
        .route("/intake/{id}", get(one))
}

async fn list(State(app): State<App>, Who(actor): Who, Query(page): Query<PageQuery>) -> Result<Markup> {
    let deliveries = event::deliveries(&app, &actor, event::From::Files, &page).await?;
    let names = names(&app, &actor).await?;
    let address = match &page.cursor {
        Some(cursor) => format!("/intake?cursor={cursor}"),
        None => "/intake".to_owned(),
    };
    let content = html! {
        header class="page-head" {
            div class="page-title" {
                h1 { "Intake" }
                p class="page-sub" { "Logs come in here. Each file is hashed, kept byte for byte, and shown to every rule." }
            }
        }
        div class="stack" {
            @if actor.may(Permission::Ingest) { (dropzone(app.intake.largest)) }
            div id="deliveries" data-refresh="deliveries" hx-get=(address) hx-select="#deliveries" hx-swap="outerHTML" hx-trigger="live:deliveries from:body" {
                @if deliveries.items.is_empty() {
                    (parts::empty("intake", "Nothing has come in yet", "Drop a file above, or run `watchbell import FILE` where the logs are. Windows event logs, JSON lines, Zeek, Suricata and syslog are understood.", None))
                } @else {
                    (table(&deliveries.items, &names))
                    (parts::next_page("/intake?cursor=", deliveries.next.as_deref()))
                }
            }
        }
    };
    Ok(frame::page(&app, &actor, Nav::Intake, "Intake", &["deliveries"], &content).await)
}

fn dropzone(largest: u64) -> Markup {
    html! {
        div {
            form class="dropzone" data-upload="/intake" method="post" action="/intake" enctype="multipart/form-data" {
                (parts::icon("upload"))
                p class="dropzone-title" { "Drop files or folders here" }
                p class="dropzone-text" { "EVTX, JSON lines, Zeek, Suricata, syslog; up to " (largest >> 20) " MiB at once. From a terminal: " code { "watchbell import FILE" } }
                label class="button dropzone-pick" for="pick" { "Choose files" }
                input id="pick" type="file" name="file" multiple aria-label="Files";
                button class="button dropzone-send" type="submit" { "Send" }
            }
            ul class="uploads" {}
        }
    }
}

fn table(deliveries: &[Delivery], names: &HashMap<UserId, String>) -> Markup {
    html! {
        div class="table-scroll" role="region" aria-label="Deliveries" tabindex="0" {
            table class="table" data-narrow="stack" {
                thead {
                    tr {
                        th { "Delivery" } th { "Format" } th data-type="number" { "Size" } th data-type="number" { "Events" }
                        th data-type="number" { "Refused" } th data-type="number" { "Detections" } th { "When" } th { "By" } th { "State" }
                    }
                }
                tbody {
                    @for delivery in deliveries {
                        tr data-href={ "/intake/" (delivery.id) } {
                            td class="cell-main" {
                                a class="row-link" href={ "/intake/" (delivery.id) } { (delivery.name) }
                                span class="cell-sub" { (delivery.id) }
                            }
                            td data-label="Format" { (delivery.format) }
                            td data-type="number" data-label="Size" { (size(delivery.bytes)) }
                            td data-type="number" data-label="Events" { (delivery.events) }
                            td data-type="number" data-label="Refused" { (delivery.refused) }
                            td data-type="number" data-label="Detections" { (delivery.detections) }
                            td data-type="time" data-label="When" { (parts::ago(delivery.received_at)) }
                            td data-label="By" { (by(delivery, names)) }
                            td data-label="State" { (state(delivery.state)) }
                        }
                    }
                }
            }
        }
    }
}

fn by(delivery: &Delivery, names: &HashMap<UserId, String>) -> Markup {
    match delivery.received_by.and_then(|user| names.get(&user)) {
        Some(name) => parts::person(name),
        None => html! { span class="person-none" { "Watchbell" } },
    }
}

fn state(state: DeliveryState) -> Markup {
    let word = match state {
        DeliveryState::Reading => "waiting",
        DeliveryState::Complete => "good",
        DeliveryState::Failed => "bad",
    };
    html! { span class="badge" data-status=(word) { (state.label()) } }
}

/// A size as people say it: three digits and a unit.
fn size(bytes: i64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    // Tenths of the unit, so that no float is needed.
    let (mut tenths, mut unit) = (bytes.saturating_mul(10) / 1024, 0);
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        tenths /= 1024;
        unit += 1;
    }
    let name = UNITS.get(unit).copied().unwrap_or_default();
    if tenths >= 1000 {
        format!("{} {name}", tenths / 10)
    } else {
        format!("{}.{} {name}", tenths / 10, tenths % 10)
    }
}

/// Takes files from the page: by its script one at a time, which reads the answer as JSON, or from the
/// plain form.
async fn send(State(app): State<App>, Who(actor): Who, request: Request) -> Result<Response> {
    let accept = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    let is_script = accept.is_some_and(|accept| !accept.contains("text/html"));
    let form = upload::read_form(&app, request).await?;
    let receipts = upload::take_form(&app, &actor, form).await?;
    if is_script {
        return Ok(axum::Json(IntakeAnswer::of(receipts)).into_response());
    }
    let to = match receipts.as_slice() {
        [one] => page_of(one.delivery.id),
        _ => "/intake".to_owned(),
    };
    Ok(Redirect::to(&to).into_response())
}

async fn one(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IntakeId>,
    Query(page): Query<PageQuery>,
) -> Result<Markup> {
    let delivery = event::delivery(&app, &actor, id).await?;
    let refused = event::refused(&app, &actor, id, &page).await?;
    let filter = Filter { delivery: Some(id), with_merged: true, ..Filter::default() };
    let alerts = alert::list(&app, &actor, &filter, &PageQuery { limit: Some(100), cursor: None }).await?;
    let names = names(&app, &actor).await?;
    let content = html! {
        header class="page-head" {
            div class="page-title" {
                nav aria-label="Where you are" { ol class="breadcrumb" { li { a href="/intake" { "Intake" } } li { (id) } } }
                h1 { (delivery.name) }
                div class="page-meta" { (state(delivery.state)) span { (delivery.events) " events" } span { (parts::ago(delivery.received_at)) } }
            }
        }
        @if let Some(problem) = &delivery.problem {
            div class="notice" data-level="error" { (parts::icon("alert")) div { strong { "It was not read to its end" } (problem) } }
        }
        div class="columns" {
            div class="stack" id="delivery" data-refresh="deliveries" hx-get={ "/intake/" (id) } hx-select="#delivery" hx-swap="outerHTML" hx-trigger="live:deliveries from:body, live:alerts from:body" {
                (alerts_card(&alerts))
                (refused_card(&delivery, &refused))
            }
            aside class="stack" aria-label="Facts" { (facts(&delivery, &names)) }
        }
    };
    Ok(frame::page(&app, &actor, Nav::Intake, &delivery.name, &["deliveries", "alerts"], &content).await)
}

fn alerts_card(alerts: &Page<Alert>) -> Markup {
    html! {
        section class="card" aria-labelledby="alerts" {
            div class="card-head" {
                h2 id="alerts" { "Alerts" }
                span class="muted" { (alerts.items.len()) @if alerts.next.is_some() { " and more" } }
            }
            @if alerts.items.is_empty() {
                div class="card-body" { p class="muted" { "No rule fired on these events." } }
            } @else {
                div class="table-scroll" role="region" aria-label="Alerts of this delivery" tabindex="0" {
                    table class="table" {
                        thead { tr { th { "Severity" } th { "Alert" } th { "Entity" } th { "Status" } } }
                        tbody {
                            @for alert in &alerts.items {
                                tr data-href={ "/alerts/" (alert.id) } {
                                    td { (parts::severity(alert.severity)) }
                                    td class="cell-main" { a class="row-link" href={ "/alerts/" (alert.id) } { (alert.title) } }
                                    td { span class="observable" { (alert.entity.name()) } }
                                    td { (alert::page::status(alert)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn refused_card(delivery: &Delivery, refused: &Page<RefusedRecord>) -> Markup {
    html! {
        section class="card" aria-labelledby="refused" {
            div class="card-head" { h2 id="refused" { "Records that could not be read" } span class="muted" { (delivery.refused) } }
            @if refused.items.is_empty() {
                div class="card-body" { p class="muted" { "Every record was read." } }
            } @else {
                div class="table-scroll" role="region" aria-label="Refused records" tabindex="0" {
                    table class="table" {
                        thead { tr { th { "Where" } th { "Why" } } }
                        tbody {
                            @for record in &refused.items { tr { td class="mono" { (record.record) } td { (record.cause) } } }
                        }
                    }
                }
                @if delivery.refused > event::REFUSED_KEPT {
                    div class="card-body" { p class="muted" { "The first " (event::REFUSED_KEPT) " are kept; the file itself holds them all." } }
                }
                (parts::next_page(&format!("/intake/{}?cursor=", delivery.id), refused.next.as_deref()))
            }
        }
    }
}

fn facts(delivery: &Delivery, names: &HashMap<UserId, String>) -> Markup {
    html! {
        section class="card" aria-labelledby="facts" {
            div class="card-head" { h2 id="facts" { "Facts" } }
            div class="card-body" {
                dl class="facts" data-layout="stacked" {
                    dt { "Format" } dd { (delivery.format) }
                    dt { "Size" } dd { (size(delivery.bytes)) " (" (delivery.bytes) " bytes)" }
                    dt { "Detections" } dd { (delivery.detections) }
                    dt { "Received" } dd { (parts::time(delivery.received_at)) }
                    dt { "By" } dd { (by(delivery, names)) }
                    @if let Some(at) = delivery.completed_at { dt { "Ended" } dd { (parts::time(at)) } }
                    @if let (Some(first), Some(last)) = (delivery.first_event, delivery.last_event) {
                        dt { "Events" } dd { a href={ "/events/" (first) } { (first) } " to " a href={ "/events/" (last) } { (last) } }
                    }
                    dt { "File's hash" } dd { (parts::sha256(&delivery.sha256)) }
                    @if let Some(hash) = &delivery.events_sha256 {
                        dt { "Hash over its events" } dd { (parts::sha256(hash)) }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_short() {
        assert_eq!(size(0), "0 B");
        assert_eq!(size(1536), "1.5 KiB");
        assert_eq!(size(71_409_664), "68.1 MiB");
        assert_eq!(size(214_748_364_800), "200 GiB");
    }
}

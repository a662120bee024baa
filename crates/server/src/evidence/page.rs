//! Evidence as pages: the list over all incidents, one item with its chain, and the part that an
//! incident's page shows. Bytes of evidence are shown as text or hexadecimal, never drawn.

mod acts;
mod chain;
mod hand_over;
mod keep;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::response::Redirect;
use axum::routing::{get, post};
use domain::evidence::{CustodyStatus, Pending};
use domain::{Actor, EvidenceId, IncidentId, Permission};
use maud::{Markup, html};

use super::api::{CustodyInput, read_form};
use super::content::{self, Glance};
use super::keeping::{self, Keeping};
use super::view::{self, dump};
use super::{Evidence, TOPIC, custody, form, inspect, recheck};
use crate::app::App;
use crate::error::Result;
use crate::identity;
use crate::web::extract::{Form, Path, Query, Who};
use crate::web::frame::{self, Nav};
use crate::web::paging::PageQuery;
use crate::web::parts;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/incidents/{id}/evidence", post(hand_over))
        .layer(DefaultBodyLimit::disable())
        .route("/evidence", get(list))
        .route("/evidence/{id}", get(item))
        .route("/evidence/{id}/custody", post(act))
        .route("/evidence/{id}/verify", post(verify))
        .merge(super::view::routes())
        .merge(keep::routes())
}

async fn list(State(app): State<App>, Who(actor): Who, Query(query): Query<PageQuery>) -> Result<Markup> {
    let page = super::list(&app, &actor, &query).await?;
    let held = keeping::held(&app, &page.items).await?;
    let due = keeping::all_due(&app, &actor).await?;
    let altered = super::altered(&app, &actor).await?;
    let here =
        query.cursor.as_ref().map_or("/evidence".to_owned(), |cursor| format!("/evidence?cursor={cursor}"));
    let content = html! {
        header class="page-head" {
            div class="page-title" {
                h1 { "Evidence" }
                p class="page-sub" { "Every item of every incident: what it is, where it is, and whether it still is what was acquired." }
            }
        }
        div class="stack" id="evidence" data-refresh=(TOPIC) hx-get=(here) hx-select="#evidence" hx-trigger={ "live:" (TOPIC) " from:body" } hx-swap="outerHTML" {
            (alarm(&altered))
            (keep::due_card(&due))
            @if page.items.is_empty() {
                (parts::empty("evidence", "No evidence yet", "Declare an incident from alerts: the files behind them become its first evidence items.", Some(("/", "Look at the alerts"))))
            } @else {
                (table(&page.items, &held, None))
                (parts::next_page("/evidence?cursor=", page.next.as_deref()))
            }
        }
    };
    Ok(frame::page(&app, &actor, Nav::Evidence, "Evidence", &[TOPIC], &content).await)
}

/// What an incident's page shows under "Evidence": its items, and the form to hand one over. The
/// page follows the topic `evidence`.
pub async fn part(app: &App, actor: &Actor, incident: IncidentId) -> Result<Markup> {
    let items = super::of_incident(app, actor, incident).await?;
    let held = keeping::held(app, &items).await?;
    let holds = keeping::of_incident(app, actor, incident).await?;
    let here = format!("/incidents/{incident}/evidence");
    Ok(html! {
        div class="stack" {
            div class="stack" id="evidence" data-refresh=(TOPIC) hx-get=(here) hx-select="#evidence" hx-trigger={ "live:" (TOPIC) " from:body" } hx-swap="outerHTML" {
                @if items.is_empty() {
                    (parts::empty("evidence", "No evidence yet", "Hand over a file below: it is hashed as it arrives and kept byte for byte.", None))
                } @else {
                    (table(&items, &held, Some(incident)))
                    @if actor.may(Permission::ExportIncident) { div class="row" { a class="button" href={ (here) "/export" } { (parts::icon("lock")) "Export all under a password" } } }
                    section class="card" aria-labelledby="chains" {
                        div class="card-head" { h2 id="chains" { "Chains of custody" } }
                        div class="card-body stack" {
                            @for item in &items {
                                // One link says no more than the table does.
                                details id={ "chain-" (item.id) } open[item.custody.len() > 1] {
                                    summary { (item.id) " " span class="muted" { (item.name) ", " (item.custody.len()) @if item.custody.len() == 1 { " act" } @else { " acts" } } }
                                    div class="gap-top" { (chain::timeline(item)) }
                                }
                            }
                        }
                    }
                }
            }
            @if actor.may(Permission::WorkIncident) { (hand_over::form(incident, app.vault.limits)) }
            (keep::of_incident(actor, incident, &holds))
        }
    })
}

/// `shown_in` is the incident on whose page the items stand; none in the list of all.
fn table(items: &[Evidence], held: &[EvidenceId], shown_in: Option<IncidentId>) -> Markup {
    let with_incident = shown_in.is_none();
    html! {
        div class="table-scroll" role="region" aria-label="Evidence items" tabindex="0" {
            table class="table" data-narrow="stack" {
                thead { tr {
                    th { "Item" }
                    @if with_incident { th { "Incident" } }
                    th { "SHA-256" } th data-type="number" { "Size" } th { "Acquired" } th { "Holder" } th { "Custody" } th { "Integrity" }
                } }
                tbody {
                    @for item in items {
                        @let href = format!("/evidence/{}", item.id);
                        tr data-href=(href) {
                            td class="cell-main" {
                                a class="row-link" href=(href) { (item.id) " " (item.name) }
                                span class="cell-sub" { (item.acquisition.method) " · " (item.acquisition.place) @if shown_in.is_some_and(|shown| shown != item.incident) { " " a class="badge" href={ "/incidents/" (item.incident) } { "from " (item.incident) } } }
                            }
                            @if with_incident { td data-label="Incident" { a href={ "/incidents/" (item.incident) } { (item.incident) } } }
                            td data-label="SHA-256" { (parts::sha256(&item.sha256.to_string())) }
                            td class="nowrap" data-type="number" data-label="Size" { (parts::size(item.bytes)) }
                            td data-type="time" data-label="Acquired" { (parts::ago(item.acquisition.at)) }
                            td data-label="Holder" { (parts::person(&item.holder)) }
                            td data-label="Custody" { (status(item)) @if held.contains(&item.id) { " " (keep::badge()) } }
                            td data-label="Integrity" { (integrity(item)) }
                        }
                    }
                }
            }
        }
    }
}

fn status(item: &Evidence) -> Markup {
    let look = match item.status {
        CustodyStatus::Held => "acknowledged",
        CustodyStatus::CheckedOut => "waiting",
        CustodyStatus::Sealed => "good",
        CustodyStatus::Destroyed => "closed",
    };
    html! {
        span class="badge" data-status=(look) { (item.status.label()) }
        @match &item.pending {
            Some(Pending::Transfer { .. }) => { " " span class="badge" data-status="waiting" { "Awaits receiver" } }
            Some(Pending::Destruction { .. }) => { " " span class="badge" data-status="bad" { "Destruction proposed" } }
            None => {}
        }
    }
}

/// Items whose bytes are not what they were, above everything else.
fn alarm(altered: &[EvidenceId]) -> Markup {
    html! {
        @if !altered.is_empty() {
            div class="notice" data-level="error" role="alert" { (parts::icon("alert")) div {
                strong { "Bytes on the disk are not the ones that were acquired" }
                p { "Hashed again, these differ from their record or are gone: "
                    @for (place, id) in altered.iter().enumerate() { @if place > 0 { ", " } a href={ "/evidence/" (id) } { (id) } }
                    ". Restore them from a backup and hash them again." }
            } }
        }
    }
}

fn integrity(item: &Evidence) -> Markup {
    html! {
        @match &item.checked {
            _ if item.destroyed_at.is_some() => span class="muted" { "Destroyed" },
            None => span class="muted" { "Hashed at acquisition" },
            Some(check) if check.intact => { span class="badge" data-status="good" { "Unchanged" } " " (parts::ago(check.at)) }
            Some(check) => { span class="badge" data-status="bad" { "Changed" } " " (parts::ago(check.at)) }
        }
    }
}

async fn item(State(app): State<App>, Who(actor): Who, Path(id): Path<EvidenceId>) -> Result<Markup> {
    let item = super::get(&app, &actor, id).await?;
    let destroyed = item.destroyed_at.is_some();
    let glance = if destroyed { None } else { content::glance(&app, &item).await? };
    // Bytes that are gone from the disk have a notice of their own.
    let seen = if destroyed { None } else { inspect::identify(&app, &actor, id).await.ok() };
    let derived = super::derived_of(&app, &actor, id).await?;
    let held = keeping::held(&app, &derived).await?;
    let keeping = keeping::of(&app, &actor, id).await?;
    let people = identity::accounts(&app, &actor).await?;
    let here = format!("/evidence/{id}");
    let content = html! {
        header class="page-head" {
            div class="page-title" {
                nav aria-label="Where you are" { ol class="breadcrumb" {
                    li { a href={ "/incidents/" (item.incident) } { (item.incident) } }
                    li { a href={ "/incidents/" (item.incident) "/evidence" } { "Evidence" } }
                    li { (id) }
                } }
                h1 { (item.name) }
                div class="page-meta" {
                    span class="badge" data-kind="code" { "Exhibit " (id) }
                    @if let Some(seen) = &seen { (view::kind_badge(seen)) }
                    (status(&item))
                    @if !keeping.holds.is_empty() { (keep::badge()) }
                    (integrity(&item))
                    span { (parts::size(item.bytes)) }
                }
            }
            @if item.destroyed_at.is_none() {
                div class="page-actions" {
                    @if actor.may(Permission::WorkIncident) {
                        form method="post" action={ (here) "/verify" } data-done="Hashed again; the result stands under the name" { button class="button" type="submit" { (parts::icon("shield")) "Hash again" } }
                    }
                    @if actor.may(Permission::ExportIncident) { a class="button" href={ (here) "/export" } { (parts::icon("lock")) "Export" } }
                    a class="button" href={ "/api/v1/evidence/" (id) "/content" } { (parts::icon("download")) "Download" }
                    a class="button" data-kind="primary" href={ (here) "/view" } { (parts::icon("search")) "Look inside" }
                }
            }
        }
        @if let Some(seen) = &seen { (view::doubts(seen)) }
        div class="columns" {
            div class="stack" {
                div id="item" class="stack" data-refresh=(TOPIC) hx-get=(here) hx-select="#item" hx-trigger={ "live:" (TOPIC) " from:body" } hx-swap="outerHTML" {
                    (notices(&item))
                    (exhibit(&item, &keeping))
                    section class="card" aria-labelledby="chain" {
                        div class="card-head" { h2 id="chain" { "Chain of custody" } span class="muted" { (chain::tally(&item)) } }
                        div class="card-body" { (chain::timeline(&item)) }
                    }
                }
                @if !derived.is_empty() {
                    section class="card" aria-labelledby="derived" {
                        div class="card-head" { h2 id="derived" { "Taken out of this item" } span class="muted" { (derived.len()) } }
                        (table(&derived, &held, Some(item.incident)))
                    }
                }
                @if actor.may(Permission::WorkIncident) { (acts::card(&item, &actor, &people)) }
                @if item.destroyed_at.is_none() { (preview(&item, glance.as_ref())) }
            }
            aside class="stack" {
                (acquisition(&item))
                (keep::card(&actor, &item, &keeping))
            }
        }
    };
    Ok(frame::page(&app, &actor, Nav::Evidence, &format!("{id} {}", item.name), &[TOPIC], &content).await)
}

/// What a reader must know before anything else.
fn notices(item: &Evidence) -> Markup {
    html! {
        @if let Some(at) = item.destroyed_at {
            div class="notice" data-level="warning" { (parts::icon("lock")) div {
                strong { "Destroyed" }
                p { "Its key was destroyed " (parts::time(at)) "; nothing can read its bytes again. The record, the digests and the chain of custody stay." }
            } }
        } @else if item.checked.as_ref().is_some_and(|check| !check.intact) {
            div class="notice" data-level="error" role="alert" { (parts::icon("alert")) div {
                strong { "These bytes are not the ones that were acquired" }
                p { "The SHA-256 of what is on the disk differs from the one in the ledger, or the file is gone. Restore it from a backup and hash it again." }
            } }
        }
        @match &item.pending {
            Some(Pending::Transfer { to, .. }) => div class="notice" data-level="info" { (parts::icon("people")) div {
                strong { "Offered to " (to) }
                p { "The transfer stands once they accept it with their signature. Until then " (item.custodian) " answers for it." }
            } },
            Some(Pending::Destruction { .. }) => div class="notice" data-level="warning" { (parts::icon("alert")) div {
                strong { "Its destruction is proposed" }
                p { "Somebody else than who proposed it has to approve. A legal hold stops it." }
            } },
            None => {},
        }
    }
}

/// What it is: digests, size, how it is kept.
fn exhibit(item: &Evidence, keeping: &Keeping) -> Markup {
    let next = item.checked.as_ref().map(|check| recheck::next(check.at));
    html! {
        section class="card" aria-labelledby="exhibit" {
            div class="card-head" { h2 id="exhibit" { "Exhibit" } span class="muted" { "SHA-256 stands in the ledger; SHA-1 and MD5 are for looking up only." } }
            div class="card-body" {
                dl class="facts" {
                    dt { "SHA-256" } dd { (digest("SHA-256", &item.sha256.to_string())) }
                    @for (name, value) in [("SHA-1", &item.sha1), ("MD5", &item.md5)] {
                        dt { (name) }
                        dd { @match value {
                            Some(value) => { (digest(name, value)) }
                            None => span class="muted" { "made when it is hashed again" },
                        } }
                    }
                    dt { "Size" } dd { span class="number" { (grouped(item.bytes)) } " bytes" }
                    dt { "At rest" } dd {
                        @if item.destroyed_at.is_some() { "key destroyed" }
                        @else if item.encrypted { "encrypted under a key of its own (AES-256-GCM)" }
                        @else if item.delivery.is_some() { "in the open, with the telemetry that it is" }
                        @else { "in the open, from before evidence was encrypted" }
                    }
                    @if let Some(derived) = &item.derived { dt { "Taken out of" } dd { a href={ "/evidence/" (derived.from) } { (derived.from) } ", " (derived.part) } }
                    @if let Some(delivery) = item.delivery { dt { "Delivery" } dd { a href={ "/intake/" (delivery) } { (delivery) } } }
                    dt { "Custodian" } dd { (parts::person(&item.custodian)) }
                    @if item.holder != item.custodian { dt { "In the hands of" } dd { (parts::person(&item.holder)) } }
                    @if let Some(check) = &item.checked { dt { "Last hashed" } dd { (parts::time(check.at)) " by " (check.by) } }
                    @if let Some(next) = next.filter(|_| item.destroyed_at.is_none()) { dt { "Next" } dd { (parts::time(next)) span class="muted" { ", by itself" } } }
                    @if let Some(due) = keeping.due { dt { "Due for destruction" } dd { (parts::time(due)) } }
                }
            }
        }
    }
}

/// A digest in full, to be copied.
fn digest(name: &str, value: &str) -> Markup {
    html! {
        span class="hash" data-full { code { (value) }
            button class="copy" type="button" data-copy=(value) aria-label={ "Copy " (name) } { (parts::icon("copy")) } }
    }
}

/// `10,737,418,240`
fn grouped(number: i64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) && digit.is_ascii_digit() {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn acquisition(item: &Evidence) -> Markup {
    let said = &item.acquisition;
    html! {
        section class="card" aria-labelledby="facts" {
            div class="card-head" { h2 id="facts" { "Acquisition" } }
            div class="card-body" {
                dl class="facts" data-layout="stacked" {
                    dt { "By" } dd { (parts::person(&said.by)) }
                    dt { "When" } dd { (parts::time(said.at)) }
                    dt { "From" } dd { span class="observable" { (said.place) } }
                    dt { "Method" } dd { (said.method) }
                    dt { "Tool" } dd { (said.tool_named()) }
                    @for (label, value) in [("Source device", &said.device), ("Serial number", &said.serial), ("Write blocker", &said.write_blocker)] {
                        @if let Some(value) = value { dt { (label) } dd { (value) } }
                    }
                    @if let Some(note) = &item.note { dt { "Notes" } dd { (note) } }
                }
            }
        }
    }
}

fn preview(item: &Evidence, glance: Option<&Glance>) -> Markup {
    html! {
        section class="card" aria-labelledby="look" {
            div class="card-head" { h2 id="look" { "First bytes" } span class="muted" { "As text or hexadecimal; nothing in it is run or drawn." } }
            div class="card-body" {
                @match glance {
                    None => p class="muted" { "The bytes are not on the disk." },
                    Some(glance) => {
                        div class="viewer" {
                            div class="viewer-head" { span { "The first " (glance.bytes.len()) " of " (item.bytes) " bytes" } }
                            @match &glance.text {
                                Some(text) => pre data-wrap tabindex="0" aria-label="First bytes as text" { (text) },
                                None => pre tabindex="0" aria-label="First bytes in hexadecimal" { (dump(0, &glance.bytes)) },
                            }
                        }
                    }
                }
            }
        }
    }
}

async fn hand_over(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    request: Request,
) -> Result<Redirect> {
    let form = read_form(&app, request).await?;
    Box::pin(form::take(&app, &actor, id, form)).await?;
    Ok(Redirect::to(&format!("/incidents/{id}/evidence")))
}

async fn act(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<EvidenceId>,
    Form(input): Form<CustodyInput>,
) -> Result<Redirect> {
    let act = custody::Act { act: input.act, to: input.to, reason: input.reason };
    Box::pin(custody::act(&app, &actor, id, act, &input.password)).await?;
    Ok(Redirect::to(&format!("/evidence/{id}")))
}

async fn verify(State(app): State<App>, Who(actor): Who, Path(id): Path<EvidenceId>) -> Result<Redirect> {
    content::verify(&app, &actor, id).await?;
    Ok(Redirect::to(&format!("/evidence/{id}")))
}

//! Evidence as pages: the list over all incidents, one item with its chain, and the part that an
//! incident's page shows. Bytes of evidence are shown as text or hexadecimal, never drawn.

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::response::Redirect;
use axum::routing::{get, post};
use domain::evidence::{CustodyAct, CustodyStatus};
use domain::{Actor, EvidenceId, IncidentId, Permission};
use maud::{Markup, html};

use super::api::{CustodyInput, read_form};
use super::content::{self, Glance};
use super::view::{self, dump};
use super::{Evidence, TOPIC, custody, form, inspect};
use crate::app::App;
use crate::error::Result;
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
}

async fn list(State(app): State<App>, Who(actor): Who, Query(query): Query<PageQuery>) -> Result<Markup> {
    let page = super::list(&app, &actor, &query).await?;
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
            @if page.items.is_empty() {
                (parts::empty("evidence", "No evidence yet", "Declare an incident from alerts: the files behind them become its first evidence items.", Some(("/", "Look at the alerts"))))
            } @else {
                (table(&page.items, None))
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
    let here = format!("/incidents/{incident}/evidence");
    Ok(html! {
        div class="stack" {
            div class="stack" id="evidence" data-refresh=(TOPIC) hx-get=(here) hx-select="#evidence" hx-trigger={ "live:" (TOPIC) " from:body" } hx-swap="outerHTML" {
                @if items.is_empty() {
                    (parts::empty("evidence", "No evidence yet", "Hand over a file below: it is hashed as it arrives and kept byte for byte.", None))
                } @else {
                    (table(&items, Some(incident)))
                    section class="card" aria-labelledby="chains" {
                        div class="card-head" { h2 id="chains" { "Chains of custody" } }
                        div class="card-body stack" {
                            @for item in &items {
                                // One link says no more than the table does.
                                details id={ "chain-" (item.id) } open[item.custody.len() > 1] {
                                    summary { (item.id) " " span class="muted" { (item.name) ", " (item.custody.len()) @if item.custody.len() == 1 { " act" } @else { " acts" } } }
                                    div class="gap-top" { (chain(item)) }
                                }
                            }
                        }
                    }
                }
            }
            @if actor.may(Permission::WorkIncident) { (hand_over_form(incident)) }
        }
    })
}

/// `shown_in` is the incident on whose page the items stand; none in the list of all.
fn table(items: &[Evidence], shown_in: Option<IncidentId>) -> Markup {
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
                            td data-label="Custody" { (status(item.status)) }
                            td data-label="Integrity" { (integrity(item)) }
                        }
                    }
                }
            }
        }
    }
}

fn status(status: CustodyStatus) -> Markup {
    let look = match status {
        CustodyStatus::Held => "acknowledged",
        CustodyStatus::CheckedOut => "waiting",
        CustodyStatus::Sealed => "good",
    };
    html! { span class="badge" data-status=(look) { (status.label()) } }
}

fn integrity(item: &Evidence) -> Markup {
    html! {
        @match &item.checked {
            None => span class="muted" { "Hashed at acquisition" },
            Some(check) if check.intact => { span class="badge" data-status="good" { "Unchanged" } " " (parts::ago(check.at)) }
            Some(check) => { span class="badge" data-status="bad" { "Changed" } " " (parts::ago(check.at)) }
        }
    }
}

async fn item(State(app): State<App>, Who(actor): Who, Path(id): Path<EvidenceId>) -> Result<Markup> {
    let item = super::get(&app, &actor, id).await?;
    let glance = content::glance(&app, &item).await?;
    // Bytes that are gone from the disk have a notice of their own.
    let seen = inspect::identify(&app, &actor, id).await.ok();
    let derived = super::derived_of(&app, &actor, id).await?;
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
                div class="page-meta" { @if let Some(seen) = &seen { (view::kind_badge(seen)) } (status(item.status)) (integrity(&item)) span { (parts::size(item.bytes)) } }
            }
            div class="page-actions" {
                @if actor.may(Permission::WorkIncident) {
                    form method="post" action={ (here) "/verify" } data-done="Hashed again; the result stands under the name" { button class="button" type="submit" { (parts::icon("shield")) "Hash again" } }
                }
                a class="button" href={ "/api/v1/evidence/" (id) "/content" } { (parts::icon("download")) "Download" }
                a class="button" data-kind="primary" href={ (here) "/view" } { (parts::icon("search")) "Look inside" }
            }
        }
        @if let Some(seen) = &seen { (view::doubts(seen)) }
        div id="item" class="stack" data-refresh=(TOPIC) hx-get=(here) hx-select="#item" hx-trigger={ "live:" (TOPIC) " from:body" } hx-swap="outerHTML" {
            @if item.checked.as_ref().is_some_and(|check| !check.intact) {
                div class="notice" data-level="error" role="alert" { (parts::icon("alert")) div {
                    strong { "These bytes are not the ones that were acquired" }
                    p { "The SHA-256 of what is on the disk differs from the one in the ledger, or the file is gone. Restore it from a backup and hash it again." }
                } }
            }
            div class="halves" {
                (facts(&item))
                section class="card" aria-labelledby="chain" {
                    div class="card-head" { h2 id="chain" { "Chain of custody" } }
                    div class="card-body" { (chain(&item)) }
                }
            }
        }
        @if !derived.is_empty() {
            section class="card" aria-labelledby="derived" {
                div class="card-head" { h2 id="derived" { "Taken out of this item" } span class="muted" { (derived.len()) } }
                (table(&derived, Some(item.incident)))
            }
        }
        @if actor.may(Permission::WorkIncident) { (acts(&item)) }
        (preview(&item, glance.as_ref()))
    };
    Ok(frame::page(&app, &actor, Nav::Evidence, &format!("{id} {}", item.name), &[TOPIC], &content).await)
}

fn facts(item: &Evidence) -> Markup {
    let said = &item.acquisition;
    html! {
        section class="card" aria-labelledby="facts" {
            div class="card-head" { h2 id="facts" { "Acquisition" } }
            div class="card-body" {
                dl class="facts" {
                    dt { "SHA-256" } dd { (parts::sha256(&item.sha256.to_string())) }
                    dt { "Size" } dd { span class="number" { (item.bytes) } " bytes" }
                    dt { "Method" } dd { (said.method) }
                    dt { "Tool" } dd { (said.tool) }
                    dt { "Place" } dd { span class="observable" { (said.place) } }
                    dt { "Acquired by" } dd { (parts::person(&said.by)) }
                    dt { "Acquired" } dd { (parts::time(said.at)) }
                    @if let Some(derived) = &item.derived { dt { "Taken out of" } dd { a href={ "/evidence/" (derived.from) } { (derived.from) } ", " (derived.part) } }
                    @if let Some(delivery) = item.delivery { dt { "Delivery" } dd { a href={ "/intake/" (delivery) } { (delivery) } } }
                    dt { "Custodian" } dd { (parts::person(&item.custodian)) }
                    dt { "In the hands of" } dd { (parts::person(&item.holder)) }
                    @if let Some(note) = &item.note { dt { "Note" } dd { (note) } }
                    @if let Some(check) = &item.checked {
                        dt { "Last hashed" } dd { (parts::time(check.at)) " by " (check.by) }
                    }
                }
            }
        }
    }
}

fn chain(item: &Evidence) -> Markup {
    html! {
        div class="timeline-view" {
            div class="timeline" data-lanes="one" {
                ol {
                    @for link in &item.custody {
                        li class="entry" data-lane="response" data-kind="task" {
                            span class="entry-time" { (parts::time(link.at)) }
                            div class="entry-body" {
                                div class="entry-title" { (link.act.label()) @if let Some(to) = &link.to { " to " (to) } }
                                @if let Some(reason) = &link.reason { div class="entry-text" { (reason) } }
                                div class="entry-foot" { span { "by " (link.by) } @if let Some(account) = link.account { span class="mono" title="Account" { (account) } } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The acts that the item's state allows, each with the fields that it owes.
fn acts(item: &Evidence) -> Markup {
    let possible: &[CustodyAct] = match item.status {
        CustodyStatus::Held => &[CustodyAct::Transferred, CustodyAct::CheckedOut, CustodyAct::Sealed],
        CustodyStatus::CheckedOut => &[CustodyAct::Returned],
        CustodyStatus::Sealed => &[CustodyAct::Transferred, CustodyAct::Unsealed],
    };
    html! {
        section class="card" aria-labelledby="acts" {
            div class="card-head" { h2 id="acts" { "Custody" } span class="muted" { "Each act is a line that can't be changed." } }
            div class="card-body row" {
                @for act in possible { (act_form(item, *act)) }
            }
        }
    }
}

fn act_form(item: &Evidence, act: CustodyAct) -> Markup {
    let (verb, receiver, reason) = match act {
        CustodyAct::Transferred => ("Transfer", Some("New custodian"), None),
        CustodyAct::CheckedOut => ("Check out", Some("Who takes it"), Some("What for")),
        CustodyAct::Returned => ("Take back", None, None),
        CustodyAct::Sealed => ("Seal", None, None),
        CustodyAct::Unsealed => ("Unseal", None, Some("Why")),
        CustodyAct::Collected => return Markup::default(),
    };
    html! {
        details class="act" {
            summary class="button" { (verb) }
            form class="form gap-top" method="post" action={ "/evidence/" (item.id) "/custody" } data-done="The act stands in the chain of custody" {
                input type="hidden" name="act" value=(act);
                div class="field-row" {
                    @if let Some(label) = receiver {
                        @let id = format!("to-{act}");
                        div class="field" { label for=(id) { (label) } input id=(id) name="to" required maxlength="200" autocomplete="off"; }
                    }
                    @let id = format!("reason-{act}");
                    div class="field" {
                        label for=(id) { (reason.unwrap_or("Reason or seal number")) @if reason.is_none() { " " span class="optional" { "(optional)" } } }
                        input id=(id) name="reason" required[reason.is_some()] maxlength="2000" autocomplete="off";
                    }
                }
                div class="form-actions" { button class="button" data-kind="primary" type="submit" { (verb) } }
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

fn hand_over_form(incident: IncidentId) -> Markup {
    html! {
        section class="card" aria-labelledby="hand-over" {
            div class="card-head" { h2 id="hand-over" { "Hand over a file" } span class="muted" { "Up to 512 MiB. You are its first custodian." } }
            div class="card-body" {
                form class="form" method="post" action={ "/incidents/" (incident) "/evidence" } enctype="multipart/form-data" data-done="The file is hashed and kept as evidence" {
                    div class="field" { label for="ev-file" { "File" } input id="ev-file" type="file" name="file" required; }
                    div class="field-row" {
                        (field("method", "How it was acquired", "disk image with write blocker", true))
                        (field("tool", "With what tool and version", "dc3dd 7.3", true))
                    }
                    div class="field-row" {
                        (field("place", "Where it was taken from", "FIN-WS-07", true))
                        div class="field" {
                            label for="ev-acquired_at" { "When, in UTC " span class="optional" { "(now if left out)" } }
                            input id="ev-acquired_at" type="datetime-local" step="1" name="acquired_at";
                        }
                    }
                    (field("note", "Note", "", false))
                    div class="form-actions" { button class="button" data-kind="primary" type="submit" { (parts::icon("upload")) "Hand over" } }
                }
            }
        }
    }
}

fn field(name: &str, label: &str, example: &str, required: bool) -> Markup {
    let id = format!("ev-{name}");
    html! {
        div class="field" {
            label for=(id) { (label) @if !required { " " span class="optional" { "(optional)" } } }
            input id=(id) name=(name) required[required] maxlength="200" placeholder=(example) autocomplete="off";
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
    custody::act(&app, &actor, id, input.act, input.to, input.reason).await?;
    Ok(Redirect::to(&format!("/evidence/{id}")))
}

async fn verify(State(app): State<App>, Who(actor): Who, Path(id): Path<EvidenceId>) -> Result<Redirect> {
    content::verify(&app, &actor, id).await?;
    Ok(Redirect::to(&format!("/evidence/{id}")))
}

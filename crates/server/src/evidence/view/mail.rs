//! A mail as a person may safely see it: what it says of itself, the way that it claims to have come, what
//! servers claim to have checked, its text, its links so that nothing takes them for links, its attachments.

use std::net::IpAddr;

use axum::extract::{RawForm, State};
use axum::response::Redirect;
use domain::{Actor, EvidenceId, IncidentId, Permission};
use exhibit::mail::{Address, Attachment, Body, Claim, Hop, Link, Mail, defang};
use maud::{Markup, html};

use super::{shown_name, warnings};
use crate::app::App;
use crate::error::{Error, Result};
use crate::evidence::derive::{self, MOST_PARTS};
use crate::evidence::inspect::{self, Seen};
use crate::web::extract::{Path, Who};
use crate::web::parts;

pub(super) async fn page(app: &App, actor: &Actor, id: EvidenceId) -> Result<(Seen, Markup)> {
    let (seen, mail) = inspect::mail(app, actor, id).await?;
    let may_work = actor.may(Permission::WorkIncident);
    let content = html! {
        (warnings("What a careful reader would notice", &mail.warnings))
        div class="halves" {
            (facts(&mail))
            (claims(&mail.claims))
        }
        (way(&mail.hops))
        @for (number, body) in mail.bodies.iter().enumerate() { (body_card(number, body, mail.bodies.len() == 1)) }
        (links(&mail))
        (attachments(&mail.attachments))
        @if may_work { (splitter(id, &mail)) (proposals(id, seen.item.incident, &mail)) }
        (fields(&mail))
    };
    Ok((seen, content))
}

fn facts(mail: &Mail) -> Markup {
    html! {
        section class="card" aria-labelledby="says" {
            div class="card-head" { h2 id="says" { "What it says" } span class="muted" { "Whoever sent it could write anything here." } }
            div class="card-body" {
                dl class="facts" {
                    dt { "Subject" } dd class="breaks" { (mail.subject.as_deref().unwrap_or("none")) }
                    (people("From", &mail.from))
                    (people("Sender", &mail.sender))
                    (people("Reply to", &mail.reply_to))
                    (people("To", &mail.to))
                    (people("Copy", &mail.cc))
                    (people("Blind copy", &mail.bcc))
                    @if let Some(path) = &mail.return_path { dt { "Return path" } dd { span class="observable" { (path) } } }
                    @if let Some(date) = mail.date { dt { "Date" } dd { (parts::time(date)) } }
                    @if let Some(id) = &mail.message_id { dt { "Message-ID" } dd { span class="observable" { (id) } } }
                }
            }
        }
    }
}

fn people(label: &str, list: &[Address]) -> Markup {
    html! {
        @if !list.is_empty() {
            dt { (label) }
            dd {
                @for one in list.iter().take(20) {
                    div { @if let Some(name) = &one.name { (name) " " } @if let Some(address) = &one.address { span class="observable" { (address) } } }
                }
                @if list.len() > 20 { span class="muted" { "and " (list.len() - 20) " more" } }
            }
        }
    }
}

fn claims(claims: &[Claim]) -> Markup {
    html! {
        section class="card" aria-labelledby="claims" {
            div class="card-head" { h2 id="claims" { "Authentication, as claimed" } span class="muted" { "Believe it only of your own server." } }
            @if claims.is_empty() {
                div class="card-body" { p class="muted" { "No server wrote down that it checked SPF, DKIM or DMARC." } }
            } @else {
                div class="table-scroll" role="region" aria-label="Table of claims" tabindex="0" {
                    table class="table" data-narrow="stack" data-dense="" {
                        thead { tr { th { "Checked" } th { "Result" } th { "By" } } }
                        tbody { @for claim in claims {
                            tr {
                                td class="cell-main" { (claim.method.to_uppercase()) span class="cell-sub" { (claim.about) } }
                                td data-label="Result" { span class="badge" data-kind=(look(&claim.result)) { (claim.result) } }
                                td data-label="By" { span class="breaks" { (claim.by.as_deref().unwrap_or("not named")) } span class="cell-sub" { (claim.field) } }
                            }
                        } }
                    }
                }
            }
        }
    }
}

fn look(result: &str) -> &'static str {
    match result {
        "pass" => "good",
        "fail" | "hardfail" | "permerror" | "reject" => "bad",
        "softfail" | "temperror" | "policy" | "quarantine" => "warning",
        _ => "code",
    }
}

fn way(hops: &[Hop]) -> Markup {
    html! {
        section class="card" aria-labelledby="way" {
            div class="card-head" { h2 id="way" { "The way it came" } span class="muted" { "By its Received fields, the first server first. Those below a server that you trust may be invented." } }
            @if hops.is_empty() {
                div class="card-body" { p class="muted" { "It names no server that it came through." } }
            } @else {
                div class="table-scroll" role="region" aria-label="Received fields" tabindex="0" {
                    table class="table" data-narrow="stack" data-dense="" {
                        thead { tr { th { "At" } th data-type="number" { "After" } th { "From" } th { "By" } th { "With" } } }
                        tbody { @for hop in hops { (hop_row(hop)) } }
                    }
                }
            }
        }
    }
}

fn hop_row(hop: &Hop) -> Markup {
    html! {
        tr title=(hop.raw) {
            td data-type="time" data-label="At" { @match hop.at { Some(at) => (parts::time(at)), None => span class="muted" { "no time" } } }
            td class="nowrap" data-type="number" data-label="After" {
                @if let Some(delay) = hop.delay {
                    @if delay < 0 { span class="badge" data-kind="warning" { (delay_words(delay)) } } @else { (delay_words(delay)) }
                }
            }
            td class="cell-main" {
                (hop.from.as_deref().unwrap_or("not named"))
                @if let Some(address) = hop.address.filter(|address| !names(hop, address)) { span class="cell-sub" { span class="observable" { (address) } } }
            }
            td data-label="By" { span class="breaks" { (hop.by.as_deref().unwrap_or("not named")) } }
            td data-label="With" { (hop.with.as_deref().unwrap_or("")) }
        }
    }
}

/// Whether the name that a server gave itself is its address already.
fn names(hop: &Hop, address: &IpAddr) -> bool {
    hop.from.as_deref().is_some_and(|from| from.split(' ').next() == Some(address.to_string().as_str()))
}

/// A number of seconds as people say it.
fn delay_words(seconds: i64) -> String {
    let (sign, seconds) = (if seconds < 0 { "−" } else { "" }, seconds.unsigned_abs());
    match seconds {
        0..=119 => format!("{sign}{seconds} s"),
        120..=7_199 => format!("{sign}{} min {} s", seconds / 60, seconds % 60),
        7_200..=172_799 => format!("{sign}{} h {} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{sign}{} days", seconds / 86_400),
    }
}

fn body_card(number: usize, body: &Body, alone: bool) -> Markup {
    let id = format!("body-{number}");
    html! {
        section class="card" aria-labelledby=(id) {
            div class="card-head" { h2 id=(id) { @if alone { "Body" } @else { "Body " (number + 1) } } span class="muted" { (body.kind.label()) ", " (body.bytes.len()) " bytes" } }
            div class="card-body" {
                @if body.text.trim().is_empty() { p class="muted" { "It holds no text." } }
                @else { div class="viewer" { pre data-wrap="" tabindex="0" aria-label="Text of the body" { (body.text) } } }
            }
        }
    }
}

fn links(mail: &Mail) -> Markup {
    let mut all: Vec<&Link> = Vec::new();
    for link in mail.bodies.iter().flat_map(|body| &body.links) {
        if !all.iter().any(|known| known.target == link.target && known.shown == link.shown) {
            all.push(link);
        }
    }
    html! {
        @if !all.is_empty() {
            section class="card" aria-labelledby="links" {
                div class="card-head" { h2 id="links" { "Links" } span class="muted" { (all.len()) ", written so that nothing follows them" } }
                div class="table-scroll" role="region" aria-label="Table of links" tabindex="0" {
                    table class="table" data-narrow="stack" data-dense="" {
                        thead { tr { th { "Leads to" } th { "Shows" } } }
                        tbody { @for link in all {
                            tr {
                                td class="cell-main" { span class="mono breaks" { (exhibit::one_line(&defang(&link.target), 2_100)) } }
                                td data-label="Shows" {
                                    @if let Some(shown) = &link.shown { span class="breaks" { (shown) } }
                                    @if link.misleads { " " span class="badge" data-kind="bad" { "leads elsewhere" } }
                                }
                            }
                        } }
                    }
                }
            }
        }
    }
}

fn attachments(list: &[Attachment]) -> Markup {
    html! {
        section class="card" aria-labelledby="attachments" {
            div class="card-head" { h2 id="attachments" { "Attachments" } span class="muted" { (list.len()) } }
            @if list.is_empty() {
                div class="card-body" { p class="muted" { "Nothing is attached." } }
            } @else {
                div class="table-scroll" role="region" aria-label="Table of attachments" tabindex="0" {
                    table class="table" data-narrow="stack" data-dense="" {
                        thead { tr { th { "Name" } th { "Is" } th { "Says it is" } th data-type="number" { "Size" } th { "SHA-256" } } }
                        tbody { @for one in list { (attachment_row(one)) } }
                    }
                }
            }
        }
    }
}

fn attachment_row(one: &Attachment) -> Markup {
    let kind = one.identity.kind;
    html! {
        tr {
            td class="cell-main" {
                span class="breaks" { (shown_name(&one.title())) } @if one.inline { " " span class="muted" { "inline" } }
                @for doubt in &one.identity.doubts { span class="cell-sub cell-warning" { (parts::icon("alert")) (doubt) } }
            }
            td data-label="Is" { span class="badge" data-kind=[kind.is_program().then_some("bad").or(Some("code"))] { (kind.label()) } }
            td data-label="Says it is" { (one.declared.as_deref().unwrap_or("")) }
            td class="nowrap" data-type="number" data-label="Size" { (parts::size(i64::try_from(one.bytes.len()).unwrap_or(i64::MAX))) }
            td data-label="SHA-256" { (parts::sha256(&one.sha256)) }
        }
    }
}

/// Which parts become items.
fn splitter(id: EvidenceId, mail: &Mail) -> Markup {
    let parts = derive::parts(mail);
    let all = parts.len() <= MOST_PARTS;
    html! {
        section class="card" aria-labelledby="split" {
            div class="card-head" { h2 id="split" { "Split into evidence" } span class="muted" { "Each part becomes an item with its own hash. You are its first custodian." } }
            div class="card-body" {
                form class="form" method="post" action={ "/evidence/" (id) "/split" } data-done="Split; each part is an evidence item of its own" {
                    @if !all { p class="help" { "It has " (parts.len()) " parts; at most " (MOST_PARTS) " are taken out at once." } }
                    div class="ticks" {
                        @for part in parts.iter().take(1_000) {
                            label class="check" {
                                input type="checkbox" name="part" value=(part.part) checked[all];
                                span { (shown_name(&part.name)) small { (part.part) ", " (parts::size(i64::try_from(part.bytes).unwrap_or(i64::MAX))) } }
                            }
                        }
                    }
                    div class="form-actions" { button class="button" data-kind="primary" type="submit" { (parts::icon("evidence")) "Split" } }
                }
            }
        }
    }
}

/// The values in the mail, to be added to the incident with a tick.
fn proposals(id: EvidenceId, incident: IncidentId, mail: &Mail) -> Markup {
    let seen = mail.seen();
    html! {
        @if !seen.is_empty() {
            section class="card" aria-labelledby="proposals" {
                div class="card-head" { h2 id="proposals" { "Observables" } span class="muted" { "Tick those that " (incident) " should remember. Those it has already stay as they are." } }
                div class="card-body" {
                    form class="form" method="post" action={ "/incidents/" (incident) "/observables/several" } data-done="Added to the observables" {
                        input type="hidden" name="note" value={ "Seen in " (id) };
                        div class="ticks" {
                            @for one in &seen {
                                label class="check" {
                                    input type="checkbox" name="observable" value={ (one.observable.kind()) ":" (one.observable.value()) };
                                    span { span class="observable breaks" { (exhibit::one_line(one.observable.value(), 300)) } small { (one.observable.kind().label()) ", " (shown_name(&one.place)) } }
                                }
                            }
                        }
                        div class="field-row" {
                            div class="field" { label for="standing" { "They are" }
                                select id="standing" name="standing" { option value="unknown" { "not judged yet" } option value="indicator" { "indicators: known bad" } option value="benign" { "benign" } }
                            }
                        }
                        div class="form-actions" { button class="button" type="submit" { (parts::icon("plus")) "Add to " (incident) } }
                    }
                }
            }
        }
    }
}

/// Splits the mail into the parts that are ticked.
pub(super) async fn split(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<EvidenceId>,
    RawForm(form): RawForm,
) -> Result<Redirect> {
    let mut wanted = Vec::new();
    for (name, value) in form_urlencoded::parse(&form) {
        match name.as_ref() {
            "part" => wanted.push(value.into_owned()),
            other => return Err(Error::Invalid(format!("The form has no field `{other}`."))),
        }
    }
    Box::pin(derive::split(&app, &actor, id, Some(wanted))).await?;
    Ok(Redirect::to(&format!("/evidence/{id}#derived")))
}

fn fields(mail: &Mail) -> Markup {
    html! {
        section class="card" aria-labelledby="fields" {
            div class="card-head" { h2 id="fields" { "Header" } span class="muted" { (mail.fields.len()) " fields, decoded" } }
            div class="table-scroll" role="region" aria-label="Header fields" tabindex="0" {
                table class="fields-table" { tbody {
                    @for field in &mail.fields { tr { th scope="row" { (field.name) } td { (field.value) } } }
                } }
            }
        }
    }
}

//! The pages of values across all incidents: the search, and what is known of one; the text that is pasted and what
//! stands in it.

use axum::extract::State;
use axum::response::Redirect;
use domain::observable::Standing;
use domain::{Actor, AlertId, Entity, EntityKind, IncidentId, Observable, ObservableKind, Permission, Tlp};
use maud::{Markup, html};
use serde::Deserialize;

use super::super::api::inputs::{ValueQuery, ValuesQuery, word};
use super::super::paste::{self, Candidate, NewObservables, Pasted};
use super::super::seen::{self, InIncident, ValueDetail, ValueView};
use super::fields::{choices, select};
use super::{Shown, Tab, tab};
use crate::alert::{self, Alert};
use crate::app::App;
use crate::error::{Error, Result};
use crate::web::extract::{Form, Path, Query, Who};
use crate::web::frame::{self, Nav};
use crate::web::parts;

/// The address of the page of a value.
pub fn address(kind: ObservableKind, value: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("kind", kind.as_str()).append_pair("value", value);
    format!("/observables/value?{}", query.finish())
}

/// A value with the way to what is known of it everywhere.
pub fn link(kind: ObservableKind, value: &str) -> Markup {
    html! { a class="observable" href=(address(kind, value)) { (value) } }
}

/// What people have found it to be.
pub fn standing(standing: Standing) -> Markup {
    let kind = match standing {
        Standing::Indicator => "bad",
        Standing::Benign => "good",
        Standing::Unknown => "",
    };
    html! { span class="badge" data-kind=(kind) { (standing.label()) } }
}

/// `GET /observables`
pub async fn search(
    State(app): State<App>,
    Who(actor): Who,
    Query(query): Query<ValuesQuery>,
) -> Result<Markup> {
    let asked = query.clone();
    let (sought, page) = query.split()?;
    let narrowed = [&asked.q, &asked.kind, &asked.standing, &asked.tag]
        .iter()
        .any(|part| part.as_deref().is_some_and(|part| !part.trim().is_empty()));
    let found = seen::search(&app, &actor, sought.clone(), &page).await?;
    let content = html! {
        header class="page-head" { div class="page-title" { h1 { "Observables" } p class="page-sub" { "Every value that an incident has, and where it was seen. Write it as you have it: hxxp and [.] are understood." } } }
        form class="filter-bar" method="get" action="/observables" {
            div class="field" data-grow="" { label for="f-q" { "Find" } input id="f-q" type="search" name="q" value=(asked.q.as_deref().unwrap_or_default()) placeholder="Address, name, digest, path, note"; }
            (select("kind", "Kind", Some("Any"), &choices!(ObservableKind), sought.kind))
            (select("standing", "What it is", Some("Any"), &choices!(Standing), sought.standing))
            div class="field" { label for="f-tag" { "Tag" } input id="f-tag" name="tag" value=(asked.tag.as_deref().unwrap_or_default()) size="12"; }
            button class="button" type="submit" { "Filter" }
        }
        @if found.items.is_empty() {
            @if narrowed { (parts::empty("search", "No incident holds this", "Nothing like it is an observable of an incident that you may see.", Some(("/observables", "Show all")))) }
            @else { (parts::empty("search", "No observables yet", "They come with the alerts from which an incident is declared, and are added by hand or by pasting a text.", Some(("/incidents", "To the incidents")))) }
        } @else { (table(&found.items)) }
        (parts::next_page(&format!("/observables?{}&cursor=", own_query(&asked)), found.next.as_deref()))
    };
    Ok(frame::page(&app, &actor, Nav::Observables, "Observables", &[], &content).await)
}

fn own_query(asked: &ValuesQuery) -> String {
    let mut pairs = form_urlencoded::Serializer::new(String::new());
    for (name, value) in
        [("q", &asked.q), ("kind", &asked.kind), ("standing", &asked.standing), ("tag", &asked.tag)]
    {
        if let Some(value) = value {
            pairs.append_pair(name, value);
        }
    }
    pairs.finish()
}

fn table(values: &[ValueView]) -> Markup {
    html! {
        div class="table-scroll" role="region" aria-label="Observables" tabindex="0" {
            table class="table" data-narrow="stack" {
                thead { tr { th { "Value" } th { "Kind" } th { "What it is" } th data-type="number" { "Incidents" } th data-type="number" { "Events" } th { "Last seen" } } }
                tbody {
                    @for one in values {
                        @let href = address(one.kind, &one.value);
                        tr data-href=(href) {
                            td class="cell-main" { a class="row-link observable" href=(href) { (one.value) } @if !one.tags.is_empty() { span class="cell-sub" { (tag_list(&one.tags)) } } }
                            td data-label="Kind" { (one.kind.label()) }
                            td data-label="What it is" { (standing(one.standing)) }
                            td data-type="number" data-label="Incidents" { (one.incidents) }
                            td data-type="number" data-label="Events" { (one.events) }
                            td data-type="time" data-label="Last seen" { @match one.last_seen { Some(at) => (parts::ago(at)), None => span class="muted" { "in no event" } } }
                        }
                    }
                }
            }
        }
    }
}

pub fn tag_list(tags: &[String]) -> Markup {
    html! { @for tag in tags { span class="badge" { (tag) } " " } }
}

/// `GET /observables/value?kind=domain&value=evil.example.org`
pub async fn one(State(app): State<App>, Who(actor): Who, Query(query): Query<ValueQuery>) -> Result<Markup> {
    let observable = query.observable()?;
    let detail = seen::value(&app, &actor, &observable).await?;
    let mut alerts = Vec::new();
    for id in detail.alerts.iter().take(20) {
        alerts.push(alert::get(&app, &actor, *id).await?);
    }
    let content = html! {
        header class="page-head" {
            div class="page-title" {
                nav aria-label="Where you are" { ol class="breadcrumb" { li { a href="/observables" { "Observables" } } li { (detail.kind.label()) } } }
                h1 class="break" { (detail.value) }
                div class="page-meta" {
                    @if let Some(word) = detail.standing { (standing(word)) }
                    span { (detail.incidents.len()) @if detail.incidents.len() == 1 { " incident" } @else { " incidents" } }
                    span { (detail.alerts.len()) @if detail.alerts.len() == 1 { " alert" } @else { " alerts" } }
                }
            }
            div class="page-actions" {
                button class="button" type="button" data-copy=(detail.value) { (parts::icon("copy")) "Copy" }
                @if let Some(entity) = entity(&observable) { a class="button" href=(entity) { (parts::icon("graph")) "Its risk" } }
            }
        }
        div class="columns" {
            div class="stack" { (incidents(&detail.incidents)) (alert_card(&alerts, detail.alerts.len())) }
            aside class="stack" aria-label="Sightings" { (sightings(&detail)) }
        }
    };
    Ok(frame::page(&app, &actor, Nav::Observables, &detail.value, &[], &content).await)
}

/// The page of what rules saw of a host, an account or an address.
fn entity(observable: &Observable) -> Option<String> {
    let kind = match observable.kind() {
        ObservableKind::Host => EntityKind::Host,
        ObservableKind::Account => EntityKind::Account,
        ObservableKind::Ipv4 | ObservableKind::Ipv6 => EntityKind::Address,
        _ => return None,
    };
    Entity::new(kind, observable.value()).ok().map(|entity| alert::risk::page::address(&entity))
}

fn incidents(all: &[InIncident]) -> Markup {
    html! {
        section class="card" aria-labelledby="in-incidents" {
            div class="card-head" { h2 id="in-incidents" { "Incidents" } span class="muted" { (all.len()) } }
            @if all.is_empty() { div class="card-body" { p class="muted" { "No incident that you may see has it as an observable." } } }
            @else {
                div class="table-scroll" role="region" aria-label="Incidents with this value" tabindex="0" {
                    table class="table" data-narrow="stack" {
                        thead { tr { th { "Incident" } th { "What it is there" } th data-type="number" { "Events" } th { "First seen" } th { "Last seen" } } }
                        tbody {
                            @for one in all {
                                @let href = format!("/incidents/{}/things#{}", one.incident, one.observable);
                                tr data-href=(href) {
                                    td class="cell-main" {
                                        a class="row-link" href=(href) { (one.incident) " " (one.title) }
                                        @if one.note.is_some() || !one.tags.is_empty() { span class="cell-sub" { (one.note.as_deref().unwrap_or_default()) " " (tag_list(&one.tags)) } }
                                    }
                                    td data-label="What it is there" { (standing(one.standing)) @if let Some(tlp) = one.tlp { " " (parts::tlp(tlp)) } }
                                    td data-type="number" data-label="Events" { (one.events) }
                                    td data-type="time" data-label="First seen" { @if let Some(at) = one.first_seen { (parts::time(at)) } }
                                    td data-type="time" data-label="Last seen" { @if let Some(at) = one.last_seen { (parts::time(at)) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn alert_card(alerts: &[Alert], all: usize) -> Markup {
    html! {
        section class="card" aria-labelledby="in-alerts" {
            div class="card-head" { h2 id="in-alerts" { "Alerts" } span class="muted" { @if all > alerts.len() { "the newest " (alerts.len()) " of " (all) } @else { (all) } } }
            @if alerts.is_empty() { div class="card-body" { p class="muted" { "No alert holds it in its first events." } } }
            @else {
                div class="table-scroll" role="region" aria-label="Alerts with this value" tabindex="0" {
                    table class="table" data-narrow="stack" {
                        thead { tr { th { "Severity" } th { "Alert" } th { "Entity" } th { "Status" } th { "Last seen" } } }
                        tbody {
                            @for one in alerts {
                                tr data-href={ "/alerts/" (one.id) } {
                                    td data-label="Severity" { (parts::severity(one.severity)) }
                                    td class="cell-main" { a class="row-link" href={ "/alerts/" (one.id) } { (one.title) } span class="cell-sub" { (one.id) } }
                                    td data-label="Entity" { span class="observable" { (one.entity.name()) } }
                                    td data-label="Status" { (alert::page::status(one)) }
                                    td data-type="time" data-label="Last seen" { (parts::ago(one.last_seen)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn sightings(detail: &ValueDetail) -> Markup {
    let first = detail.incidents.iter().filter_map(|one| one.first_seen).min();
    let last = detail.incidents.iter().filter_map(|one| one.last_seen).max();
    html! {
        section class="card" aria-labelledby="sightings" {
            div class="card-head" { h2 id="sightings" { "Sightings" } }
            div class="card-body" {
                dl class="facts" data-layout="stacked" {
                    @if let Some(at) = first { dt { "First seen" } dd { (parts::time(at)) } }
                    @if let Some(at) = last { dt { "Last seen" } dd { (parts::time(at)) } }
                    dt { "Sources" } dd { @if detail.sources.is_empty() { span class="muted" { "none" } } @for one in detail.sources.iter().take(12) { div { a href={ "/intake/" (one.delivery) } { (one.name) } } } }
                    dt { "Evidence" } dd { @if detail.evidence.is_empty() { span class="muted" { "none" } } div class="row" { @for id in detail.evidence.iter().take(20) { a href={ "/evidence/" (id) } { (id) } } } }
                    dt { "Events" } dd { @if detail.events.is_empty() { span class="muted" { "none" } } div class="row" { @for id in &detail.events { a href={ "/events/" (id) } { (id) } } } }
                }
            }
        }
    }
}

/// `GET /incidents/INC-1/observables/paste`
pub async fn paste(State(app): State<App>, Who(actor): Who, Path(id): Path<IncidentId>) -> Result<Markup> {
    let shown = Shown::load(&app, &actor, id).await?;
    Ok(tab(&app, &actor, &shown, Tab::Things, &paste_form(&shown, "", None)).await)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasteForm {
    text: String,
}

/// `POST` of the same: what stands in the text.
pub async fn look(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Form(form): Form<PasteForm>,
) -> Result<Markup> {
    crate::identity::need(&actor, Permission::WorkIncident, "working on incidents")?;
    let shown = Shown::load(&app, &actor, id).await?;
    let pasted = paste::look(&app, &actor, id, &form.text).await?;
    Ok(tab(&app, &actor, &shown, Tab::Things, &paste_form(&shown, &form.text, Some(&pasted))).await)
}

fn paste_form(shown: &Shown, text: &str, pasted: Option<&Pasted>) -> Markup {
    html! {
        header class="page-head" { div class="page-title" { h2 { "Add observables from a text" } p class="page-sub" { "Paste a mail, a report, a column of a sheet. Addresses, names, URLs, digests, paths and mail addresses are found, also where they were made harmless (hxxp, [.])." } } }
        @if let Some(pasted) = pasted { (preview(shown, pasted)) }
        form class="form" method="post" action=(shown.path("/observables/paste")) data-plain="" {
            div class="field" { label for="p-text" { "Text" } textarea id="p-text" name="text" rows="10" data-mono="" required { (text) } }
            div class="form-actions" { button class="button" data-kind=[pasted.is_none().then_some("primary")] type="submit" { (parts::icon("search")) "Look for values" } a class="button" href=(shown.path("/things")) { "Cancel" } }
        }
    }
}

fn preview(shown: &Shown, pasted: &Pasted) -> Markup {
    let fresh = pasted.found.iter().filter(|one| one.known.is_none()).count();
    html! {
        @if pasted.found.is_empty() { (parts::empty("search", "No value was found in this text", "Add one by hand instead, and say its kind.", Some((&shown.path("/things"), "Back")))) }
        @else {
            form class="form" method="post" action=(shown.path("/observables/chosen")) data-done="Observables added" {
                section class="card" {
                    div class="card-head" { h3 { (pasted.found.len()) " values found" } span class="muted" { (fresh) " new here" @if pasted.more { "; the text holds more, paste the rest afterwards" } } }
                    div class="table-scroll" role="region" aria-label="Values in the text" tabindex="0" {
                        table class="table" data-narrow="list" {
                            thead { tr { th class="cell-select" { label { input type="checkbox" data-select-all aria-label="Select all values"; } } th { "Value" } th { "Kind" } th data-type="number" { "Times" } th { "Seen elsewhere" } } }
                            tbody { @for one in &pasted.found { (candidate(one)) } }
                        }
                    }
                }
                div class="field-row" {
                    (select("standing", "What they are", None, &choices!(Standing), Some(Standing::Unknown)))
                    (select("tlp", "Marking", Some("As the incident"), &choices!(Tlp), None))
                    div class="field" { label for="p-tags" { "Tags " span class="optional" { "(optional)" } } input id="p-tags" name="tags" placeholder="c2, kit-17" autocomplete="off"; }
                }
                div class="form-actions" { button class="button" data-kind="primary" type="submit" { (parts::icon("plus")) "Add the selected" } }
            }
        }
    }
}

fn candidate(one: &Candidate) -> Markup {
    let (kind, value) = (one.observable.kind(), one.observable.value());
    html! {
        tr {
            td class="cell-select" {
                @if one.known.is_none() { label { input type="checkbox" name="value" value={ (kind) " " (value) } checked aria-label={ "Add " (value) }; } }
            }
            td class="cell-main" { span class="observable" { (value) } @if one.written != value { span class="cell-sub" { "written " (one.written) } } }
            td data-label="Kind" { (kind.label()) }
            td data-type="number" data-label="Times" { (one.times) }
            td data-label="Seen elsewhere" { @if let Some(known) = one.known { span class="muted" { "here already, " (known) } " " } (elsewhere(&one.elsewhere)) }
        }
    }
}

/// Where else a value was seen, with links.
pub fn elsewhere(elsewhere: &seen::Elsewhere) -> Markup {
    const NAMED: usize = 3;
    let more = elsewhere.incidents.len().saturating_sub(NAMED) + elsewhere.alerts.len().saturating_sub(NAMED);
    html! {
        @for id in elsewhere.incidents.iter().take(NAMED) { a href={ "/incidents/" (id) } { (id) } " " }
        @for id in elsewhere.alerts.iter().take(NAMED) { a href={ "/alerts/" (id) } { (id) } " " }
        @if more > 0 { span class="muted" { "and " (more) " more" } }
    }
}

/// The values ticked in the preview. A form with repeated names comes as pairs.
pub async fn chosen(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Redirect> {
    let mut new =
        NewObservables { values: Vec::new(), standing: Standing::Unknown, tlp: None, tags: Vec::new() };
    for (name, text) in pairs {
        match name.as_str() {
            "value" => new.values.push(ticked(&text)?),
            "standing" => new.standing = text.parse()?,
            "tlp" => new.tlp = word::<Tlp>(Some(&text))?,
            "tags" => new.tags = split_tags(&text),
            _ => return Err(Error::Invalid(format!("The form has no field {name:?}."))),
        }
    }
    paste::add(&app, &actor, id, new).await?;
    Ok(Redirect::to(&format!("/incidents/{id}/things")))
}

fn ticked(text: &str) -> Result<Observable> {
    let (kind, value) = text.split_once(' ').unwrap_or((text, ""));
    Ok(Observable::new(kind.parse()?, value)?)
}

/// Tags as a field holds them, with commas between.
pub fn split_tags(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect()
}

/// `GET /incidents/like?alert=ALR-1&alert=ALR-2`: the incidents that are like some alerts, for their pages.
pub async fn like(
    State(app): State<App>,
    Who(actor): Who,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Markup> {
    let mut alerts = Vec::new();
    for (name, value) in pairs {
        if name != "alert" {
            return Err(Error::Invalid(format!("There is no field {name:?}.")));
        }
        alerts.push(value.parse::<AlertId>()?);
    }
    if alerts.is_empty() || alerts.len() > 50 {
        return Err(Error::Invalid("Name from 1 to 50 alerts.".to_owned()));
    }
    like_card(&app, &actor, &alerts).await
}

/// The incidents that are like some alerts, with the reasons.
pub async fn like_card(app: &App, actor: &Actor, alerts: &[AlertId]) -> Result<Markup> {
    let found = super::super::alike::of_alerts(app, actor, alerts).await?;
    Ok(html! {
        section class="card" id="similar-incidents" {
            div class="card-head" { h2 { "Similar incidents" } span class="muted" { (found.len()) } }
            @if found.is_empty() { div class="card-body" { p class="muted" { "No incident that you may see has telling values in common with this." } } }
            @else { ul class="lines" { @for one in &found { (super::panel::similar::incident_line(one)) } } }
        }
    })
}

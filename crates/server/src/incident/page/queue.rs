//! The list of incidents, live, with its filters.

use axum::extract::{RawQuery, State};
use domain::{IncidentType, Permission, Phase, Severity};
use maud::{Markup, html};

use super::super::api::inputs::ListQuery;
use super::super::{Filter, IncidentView, read};
use super::{choices, due_at, select};
use crate::app::App;
use crate::error::Result;
use crate::web::extract::{Query, Who};
use crate::web::frame::{self, Nav};
use crate::web::parts;

pub async fn page(
    State(app): State<App>,
    Who(actor): Who,
    RawQuery(raw): RawQuery,
    Query(mut query): Query<ListQuery>,
) -> Result<Markup> {
    let asked = query.clone();
    let narrowed = asked.q.as_deref().is_some_and(|q| !q.trim().is_empty())
        || [&asked.phase, &asked.severity, &asked.r#type]
            .iter()
            .any(|part| part.as_deref().is_some_and(|p| !p.is_empty()));
    if query.state.is_none() && !narrowed {
        query.state = Some("open".to_owned());
    }
    if query.state.as_deref() == Some("all") {
        query.state = None;
    }
    let state = query.state.clone();
    let (filter, page) = query.split()?;
    let found = read::list(&app, &actor, filter.clone(), &page).await?;
    let open = read::count_open(&app, &actor).await?;
    let here = format!("/incidents?{}", raw.as_deref().unwrap_or_default());
    let now = app.clock.now();
    let may_declare = actor.may(Permission::DeclareIncident);
    let content = html! {
        header class="page-head" {
            div class="page-title" { h1 { "Incidents" } p class="page-sub" { (open) " open" } }
            div class="page-actions" {
                @if may_declare { a class="button" data-kind="primary" href="/incidents/declare" data-key="d" { (parts::icon("flag")) "Declare incident" } }
            }
        }
        (filters(&asked, &filter, state.as_deref()))
        @if found.items.is_empty() {
            div id="incident-list" data-refresh="incidents" hx-get=(here) hx-select="#incident-list" hx-trigger="live:incidents from:body" {
                @if narrowed { (parts::empty("search", "Nothing matches", "No incident has all of this. Widen the filter.", Some(("/incidents?state=all", "Show all")))) }
                @else { (parts::empty("incident", "No incidents here", "An incident is declared from alerts, or from a report by phone. When in doubt, declare: one that proves harmless costs an hour.", may_declare.then_some(("/incidents/declare", "Declare an incident")))) }
            }
        } @else {
            div id="incident-list" data-refresh="incidents" hx-get=(here) hx-select="#incident-list" hx-trigger="live:incidents from:body" {
                (table(&found.items, now))
            }
        }
        (parts::next_page(&link(&asked), found.next.as_deref()))
    };
    Ok(frame::page(&app, &actor, Nav::Incidents, "Incidents", &["incidents"], &content).await)
}

fn filters(asked: &ListQuery, filter: &Filter, state: Option<&str>) -> Markup {
    let chips = [("open", "Open"), ("closed", "Closed"), ("all", "All")];
    html! {
        form class="filter-bar" method="get" action="/incidents" {
            div class="field" data-grow="" { label for="f-q" { "Find" } input id="f-q" type="search" name="q" value=(asked.q.as_deref().unwrap_or_default()); }
            (select("severity", "Severity", Some("Any"), &choices!(Severity), filter.severity))
            (select("type", "Type", Some("Any"), &choices!(IncidentType), filter.incident_type))
            (select("phase", "Phase", Some("Any"), &choices!(Phase), filter.phase))
            button class="button" type="submit" { "Filter" }
            div class="chips filter-end" role="group" aria-label="State" {
                @for (word, label) in chips {
                    a class="chip" href={ "/incidents?state=" (word) } aria-current=[(state.unwrap_or("all") == word).then_some("true")] { (label) }
                }
            }
        }
    }
}

fn table(views: &[IncidentView], now: jiff::Timestamp) -> Markup {
    html! {
        div class="table-scroll" role="region" aria-label="Incidents" tabindex="0" {
            table class="table" data-narrow="stack" {
                thead { tr { th { "Severity" } th { "Incident" } th { "Type" } th { "Phase" } th { "Commander" } th { "Declared" } th data-type="number" { "Open tasks" } th { "Owed next" } th { "Next task" } } }
                tbody {
                    @for view in views { (row(view, now)) }
                }
            }
        }
    }
}

fn row(view: &IncidentView, now: jiff::Timestamp) -> Markup {
    let record = &view.record;
    let href = format!("/incidents/{}", record.id);
    html! {
        tr data-href=(href) data-severity=(record.severity.as_str()) {
            td data-label="Severity" { (parts::severity(record.severity)) }
            td class="cell-main" {
                a class="row-link" href=(href) { (record.id) " " (record.title) }
                @if let Some(head) = view.merged_into { " " span class="badge" { "merged into " (head) } }
                @if view.merged > 0 { " " span class="badge" { (view.merged) " merged in" } }
                @if record.restricted { " " span class="badge" data-kind="warning" { "Need to know" } }
            }
            td data-label="Type" { (record.incident_type.label()) }
            td data-label="Phase" { (parts::phase(record.phase)) @if let Some(label) = &view.status_label { " " span class="badge" { (label) } } }
            td data-label="Commander" {
                @match &view.commander_name { Some(name) => (parts::person(name)), None => span class="person-none" { "nobody yet" } }
            }
            td data-type="time" data-label="Declared" { (parts::ago(record.declared_at)) }
            td data-type="number" data-label="Open tasks" {
                (view.open_tasks)
                @if view.overdue_tasks > 0 { " " span class="badge" data-kind="bad" { (view.overdue_tasks) " late" } }
            }
            td data-label="Owed next" { @if let Some(clock) = view.next_clock { span class="small muted" { (clock.kind.label()) } " " (due_at(clock.due, now)) } }
            td data-label="Next due" { @if let Some(due) = view.next_due { @if !record.is_closed() { (due_at(due, now)) } } }
        }
    }
}

/// The address of the same list, up to the cursor.
fn link(asked: &ListQuery) -> String {
    let mut pairs = form_urlencoded::Serializer::new(String::new());
    for (name, value) in [
        ("state", &asked.state),
        ("phase", &asked.phase),
        ("severity", &asked.severity),
        ("type", &asked.r#type),
        ("status", &asked.status),
        ("q", &asked.q),
    ] {
        if let Some(value) = value {
            pairs.append_pair(name, value);
        }
    }
    format!("/incidents?{}&cursor=", pairs.finish())
}

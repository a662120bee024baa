//! What stands above every tab of an incident.

use axum::extract::State;
use domain::{Actor, IncidentId, Phase, UserId};
use jiff::Timestamp;
use maud::{Markup, html};

use super::super::IncidentView;
use super::deadline::Deadline;
use super::{Shown, Tab};
use crate::app::App;
use crate::error::Result;
use crate::web::extract::{Path, Who};
use crate::web::{parts, presence};

/// The bar, the tabs, and what is done with the incident as a whole.
pub fn above(app: &App, actor: &Actor, shown: &Shown, tab: Tab) -> Markup {
    html! { (status_bar(app, actor, shown, Some(tab))) @if shown.view.merged_into.is_none() { (tabs(shown, tab)) (head(shown)) } }
}

/// The bar alone, for a tab that asks for it anew.
pub async fn alone(State(app): State<App>, Who(actor): Who, Path(id): Path<IncidentId>) -> Result<Markup> {
    let shown = Shown::load(&app, &actor, id).await?;
    Ok(status_bar(&app, &actor, &shown, None))
}

/// What it is, how bad, who leads, what is due next: it stays in sight on every tab.
/// `tab` is what others see that the reader looks at.
fn status_bar(app: &App, actor: &Actor, shown: &Shown, tab: Option<Tab>) -> Markup {
    let record = &shown.view.record;
    let trigger = format!("live:{} from:body", super::topic(record.id));
    html! {
        div class="status-bar" id="status-bar" data-here=[tab.map(Tab::label)] data-severity=(record.severity.as_str()) data-refresh="incident" hx-ext="morph" hx-get=(shown.path("/bar")) hx-swap="morph" hx-trigger=(trigger) {
            div class="status-bar-name" { span class="status-bar-id" { (record.id) } h1 { (record.title) } }
            div class="status-bar-facts" {
                (parts::severity(record.severity))
                (parts::phase(record.phase))
                @if let Some(label) = &shown.view.status_label { a class="badge" href={ (shown.path("")) "#own-status" } { span class="visually-hidden" { "Status: " } (label) } }
                span class="status-bar-fact" { span class="visually-hidden" { "Type:" } (record.incident_type.label()) }
                (parts::tlp(record.tlp))
                @if record.restricted { span class="badge" data-kind="warning" { (parts::icon("lock")) "Need to know" } }
                @if let Some(head) = shown.view.merged_into { a class="badge" href={ "/incidents/" (head) } { "merged into " (head) } }
                @if shown.view.merged > 0 { a class="badge" href=(shown.path("/related")) { (parts::icon("link")) (shown.view.merged) " merged in" } }
                span class="status-bar-fact" {
                    (parts::icon("user")) span class="visually-hidden" { "Commander:" }
                    @match &shown.view.commander_name {
                        Some(name) => (name),
                        None => span class="badge" data-kind="bad" { "no commander" },
                    }
                }
                span class="status-bar-fact" {
                    (parts::icon("clock"))
                    span class="visually-hidden" { @if record.is_closed() { "Was open for" } @else { "Open for" } }
                    (elapsed(record.declared_at, record.closed_at))
                }
            }
            @if let Some(next) = &shown.deadline { (deadline(shown, next)) }
            (here(app, &shown.view, actor.user()))
        }
    }
}

/// How many people are named before the rest is counted.
const NAMED: usize = 5;

/// Who has the incident open: a mark for each, and behind it the names, roles and what they look at.
pub fn here(app: &App, view: &IncidentView, me: Option<UserId>) -> Markup {
    let id = view.record.id;
    let people = app.presence.list(id, app.clock.now());
    let names: Vec<&str> = people.iter().map(|one| one.name.as_str()).collect();
    let trigger = format!("every 20s, live:{} from:body", presence::topic(id));
    html! {
        details class="menu here" id="here" data-refresh="here" hx-ext="morph" hx-get={ "/incidents/" (id) "/here" } hx-swap="morph" hx-trigger=(trigger) {
            summary class="here-marks" {
                span class="visually-hidden" { "Here now: " (names.join(", ")) }
                @for one in people.iter().take(NAMED) { span class="here-mark" id={ "mark-" (one.person) } { (parts::person_mark(&one.name)) } }
                @if people.len() > NAMED { span class="muted" { "+" (people.len() - NAMED) } }
                @if people.is_empty() { span class="muted" { "Nobody here" } }
            }
            div class="menu-list" {
                div class="menu-head" { strong { "Here now" } }
                ul class="here-list" {
                    @for one in &people {
                        li id={ "here-" (one.person) } {
                            (parts::person(&one.name))
                            span class="muted" {
                                @if view.record.commander == Some(one.person) { "Commander" } @else { (one.role.label()) }
                                @if Some(one.person) == me { ", you" }
                                @if !one.page.is_empty() { " · " (one.page) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What is due next, with how long is left.
fn deadline(shown: &Shown, next: &Deadline) -> Markup {
    html! {
        a class="status-bar-next" href=(next.href) {
            span class="status-bar-next-name" { span class="muted" { "Next: " } (next.what) }
            (due_at(next.due, shown.now))
        }
    }
}

/// How long something has lasted, or did last.
fn elapsed(since: Timestamp, until: Option<Timestamp>) -> Markup {
    let end = until.map(|until| until.to_string()).unwrap_or_default();
    html! { time datetime=(since) data-elapsed=(end) { "since " (since.strftime("%Y-%m-%d %H:%M UTC")) } }
}

/// When something is due, and whether that is soon or past.
pub fn due_at(due: Timestamp, now: Timestamp) -> Markup {
    let left = due.duration_since(now).as_secs();
    let state = if left < 0 {
        "over"
    } else if left < 1800 {
        "soon"
    } else {
        "fine"
    };
    html! {
        span class="due" data-state=(state) {
            (parts::icon("clock"))
            time datetime=(due) data-countdown="1800" { "due " (due.strftime("%Y-%m-%d %H:%M UTC")) }
        }
    }
}

fn head(shown: &Shown) -> Markup {
    let record = &shown.view.record;
    html! {
        header class="page-head" {
            div class="page-title" {
                div class="page-meta" {
                    span { "Declared " (parts::ago(record.declared_at)) " by " (shown.view.declared_by_name) }
                    a href={ "/plan/procedures/" (record.incident_type) } { (record.incident_type.label()) " procedure" }
                }
            }
            div class="page-actions" {
                @if shown.commands && !record.is_closed() { (next_phase(shown)) }
                a class="button" href=(shown.path("/report?format=pdf")) { (parts::icon("report")) "Report" }
                details class="menu" {
                    summary class="button" aria-label="More actions" { "More " (parts::icon("chevron-down")) }
                    div class="menu-list" {
                        a href=(shown.path("/reports")) { (parts::icon("report")) "Other reports, for others" }
                        a href=(shown.path("/report?format=docx")) { (parts::icon("report")) "Report as DOCX" }
                        a href=(shown.path("/report?format=html")) { (parts::icon("report")) "Report as HTML" }
                        a href=(shown.path("/report?format=md")) { (parts::icon("report")) "Report as Markdown" }
                        a href=(shown.path("/bundle")) { (parts::icon("download")) "Export bundle" }
                        @if shown.commands {
                            hr;
                            a href={ (shown.path("")) "#steer" } { (parts::icon("edit")) "Change phase, severity, type" }
                            @if !record.is_closed() { a href=(shown.path("/close")) { (parts::icon("lock")) "Close incident" } }
                        }
                    }
                }
            }
        }
    }
}

/// The one move that is most likely next.
fn next_phase(shown: &Shown) -> Markup {
    let record = &shown.view.record;
    html! {
        @match record.phase.next() {
            Some(Phase::Closed) => {
                a class="button" data-kind="primary" href=(shown.path("/close")) { (parts::icon("lock")) "Close incident" }
            }
            Some(next) => {
                form method="post" action=(shown.path("/phase")) data-stay="" data-done={ "Moved to " (next.label().to_lowercase()) } data-confirm={ "The clocks of the tasks in " (next.label().to_lowercase()) " begin to run." } data-confirm-title={ "Move " (record.id) " to " (next.label().to_lowercase()) "?" } data-confirm-kind="primary" {
                    input type="hidden" name="phase" value=(next.as_str());
                    input type="hidden" name="reason" value="";
                    button class="button" data-kind="primary" type="submit" { "Move to " (next.label().to_lowercase()) (parts::icon("chevron")) }
                }
            }
            None => {}
        }
    }
}

/// The way of the incident. Times are those of the last visit to each phase.
pub fn stepper(shown: &Shown) -> Markup {
    let current = shown.view.record.phase;
    html! {
        ol class="stepper" aria-label="Phases" {
            @for phase in Phase::ALL {
                @let visit = shown.phases.iter().rposition(|change| change.phase == *phase);
                @let entered = visit.and_then(|place| shown.phases.get(place)).map(|change| change.at);
                @let left = visit.and_then(|place| shown.phases.get(place + 1)).map(|change| change.at);
                @if *phase == current {
                    li data-state="current" aria-current="step" {
                        span class="stepper-name" { (phase.label()) }
                        @if let Some(entered) = entered {
                            span class="stepper-time" {
                                @if current == Phase::Closed { (parts::ago(entered)) } @else { (elapsed(entered, None)) " so far" }
                            }
                        }
                    }
                } @else if *phase > current {
                    li data-state="next" { span class="stepper-name" { (phase.label()) } }
                } @else if let (Some(entered), Some(left)) = (entered, left) {
                    li data-state="done" {
                        span class="stepper-name" { (parts::icon("check")) (phase.label()) }
                        span class="stepper-time" { (elapsed(entered, Some(left))) }
                    }
                } @else {
                    li data-state="skipped" { span class="stepper-name" { (phase.label()) } span class="stepper-time" { "skipped" } }
                }
            }
        }
    }
}

fn tabs(shown: &Shown, current: Tab) -> Markup {
    html! {
        nav class="tabs" aria-label={ "Parts of " (shown.id()) } {
            @for (n, (tab, rest, label)) in (1..).zip(Tab::ALL) {
                a href=(shown.path(rest)) data-key=[(n < 10).then_some(n)] data-key-help=[(n < 10).then_some(label)] aria-current=[(tab == current).then_some("page")] {
                    (label)
                    @match tab {
                        Tab::Timeline => span class="nav-count" { (shown.view.entries) },
                        Tab::Tasks if shown.view.open_tasks > 0 => {
                            span class="nav-count" data-urgent[shown.view.overdue_tasks > 0] { (shown.view.open_tasks) span class="visually-hidden" { " open" } }
                        }
                        _ => {}
                    }
                }
            }
        }
    }
}

//! The pages of incidents. This file: addresses, and the head that all tabs of one incident share. The
//! queue and the form to declare: [`queue`], [`declare`]; the tabs: [`overview`], [`timeline`],
//! [`tasks`], [`things`], [`people`]; what forms do: [`forms`].

mod declare;
mod forms;
mod overview;
mod people;
mod queue;
mod tasks;
mod things;
mod timeline;

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};
use domain::{Actor, IncidentId, Permission, Phase, UserId};
use jiff::Timestamp;
use maud::{Markup, html};

use super::{IncidentView, PhaseChange, read, topic};
use crate::app::App;
use crate::error::Result;
use crate::evidence;
use crate::identity;
use crate::web::extract::{Path, Who};
use crate::web::frame::{self, Nav};
use crate::web::parts;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/incidents", get(queue::page).post(declare::send))
        .route("/incidents/declare", get(declare::page))
        .route("/incidents/severity", get(declare::severity))
        .route("/incidents/{id}", get(overview::page))
        .route("/incidents/{id}/timeline", get(timeline::page))
        .route("/incidents/{id}/tasks", get(tasks::page).post(forms::add_task))
        .route("/incidents/{id}/things", get(things::page))
        .route("/incidents/{id}/decisions", get(timeline::decisions).post(forms::decide))
        .route("/incidents/{id}/evidence", get(evidence_tab))
        .route("/incidents/{id}/people", get(people::page))
        .route("/incidents/{id}/close", get(overview::closing).post(forms::close))
        .route("/incidents/{id}/phase", post(forms::move_phase))
        .route("/incidents/{id}/reopen", post(forms::reopen))
        .route("/incidents/{id}/severity", post(forms::set_severity))
        .route("/incidents/{id}/type", post(forms::set_type))
        .route("/incidents/{id}/alerts", post(declare::add))
        .route("/incidents/{id}/edit", post(forms::edit))
        .route("/incidents/{id}/commander", post(forms::set_commander))
        .route("/incidents/{id}/restrict", post(forms::restrict))
        .route("/incidents/{id}/members", post(forms::add_member))
        .route("/incidents/{id}/members/{user}/remove", post(forms::remove_member))
        .route("/incidents/{id}/entries", post(forms::add_entry))
        .route("/incidents/{id}/entries/{entry}/correct", post(forms::correct))
        .route("/incidents/{id}/entries/{entry}/techniques", post(forms::set_techniques))
        .route("/incidents/{id}/observables", post(forms::add_observable))
        .route("/incidents/{id}/observables/{observable}", post(forms::set_standing))
        .route("/incidents/{id}/assets", post(forms::add_asset))
        .route("/incidents/{id}/assets/{asset}", post(forms::set_state))
        .route("/tasks/{id}/{verb}", post(forms::act))
}

/// Which part of an incident a page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tab {
    Overview,
    Timeline,
    Tasks,
    Things,
    Decisions,
    Evidence,
    People,
}

impl Tab {
    const ALL: [(Tab, &'static str, &'static str); 7] = [
        (Tab::Overview, "", "Overview"),
        (Tab::Timeline, "/timeline", "Timeline"),
        (Tab::Tasks, "/tasks", "Tasks"),
        (Tab::Things, "/things", "Observables and assets"),
        (Tab::Decisions, "/decisions", "Decisions"),
        (Tab::Evidence, "/evidence", "Evidence"),
        (Tab::People, "/people", "People"),
    ];
}

/// What all tabs need.
struct Shown {
    view: IncidentView,
    phases: Vec<PhaseChange>,
    names: BTreeMap<UserId, String>,
    now: Timestamp,
    /// May add to it: tasks, entries, findings.
    works: bool,
    /// May steer it: phase, severity, people.
    commands: bool,
}

impl Shown {
    async fn load(app: &App, actor: &Actor, id: IncidentId) -> Result<Self> {
        let view = read::get(app, actor, id).await?;
        let commands = actor.may_command(&view.record.incident()?);
        Ok(Shown {
            phases: read::phases(app, actor, id).await?,
            names: identity::names(app).await?,
            now: app.clock.now(),
            works: actor.may(Permission::WorkIncident),
            commands,
            view,
        })
    }

    fn id(&self) -> IncidentId {
        self.view.record.id
    }

    fn name(&self, user: UserId) -> String {
        self.names.get(&user).cloned().unwrap_or_else(|| user.to_string())
    }

    fn path(&self, rest: &str) -> String {
        format!("/incidents/{}{rest}", self.id())
    }
}

/// A tab of an incident: the bar that stays, the tabs, and the tab's own part.
async fn tab(app: &App, actor: &Actor, shown: &Shown, tab: Tab, content: &Markup) -> Markup {
    let record = &shown.view.record;
    let title = format!("{} {}", record.id, record.title);
    let topic = topic(record.id);
    let trigger = format!("live:{topic} from:body");
    let whole = html! {
        (status_bar(shown, &trigger))
        (head(shown))
        (stepper(shown))
        (tabs(shown, tab))
        (content)
    };
    frame::page(app, actor, Nav::Incidents, &title, &[topic.as_str(), "evidence"], &whole).await
}

fn status_bar(shown: &Shown, trigger: &str) -> Markup {
    let record = &shown.view.record;
    let severity = record.severity.as_str();
    html! {
        div class="status-bar" id="status-bar" data-severity=(severity) data-refresh="incident" hx-get=(shown.path("")) hx-select="#status-bar" hx-trigger=(trigger) {
            div class="status-bar-name" { span class="status-bar-id" { (record.id) } h1 { (record.title) } }
            div class="status-bar-facts" {
                (parts::severity(record.severity))
                (parts::phase(record.phase))
                (parts::tlp(record.tlp))
                @if record.restricted { span class="badge" data-kind="warning" { "Need to know" } }
                span class="status-bar-fact" {
                    (parts::icon("user")) span class="visually-hidden" { "Commander:" }
                    @match &shown.view.commander_name {
                        Some(name) => (name),
                        None => "no commander",
                    }
                }
                @if let Some(closed) = record.closed_at {
                    span class="status-bar-fact" { (parts::icon("clock")) span class="visually-hidden" { "Was open for" } (elapsed(record.declared_at, Some(closed))) }
                } @else {
                    span class="status-bar-fact" { (parts::icon("clock")) span class="visually-hidden" { "Open for" } (elapsed(record.declared_at, None)) }
                    @if let Some(due) = shown.view.next_due {
                        a class="status-bar-fact" href=(shown.path("/tasks")) { "Next task " (due_at(due, shown.now)) }
                    }
                }
            }
        }
    }
}

/// How long something has lasted, or did last.
fn elapsed(since: Timestamp, until: Option<Timestamp>) -> Markup {
    let end = until.map(|until| until.to_string()).unwrap_or_default();
    html! { time datetime=(since) data-elapsed=(end) { "since " (since.strftime("%Y-%m-%d %H:%M UTC")) } }
}

/// When something is due, and whether that is soon or past.
fn due_at(due: Timestamp, now: Timestamp) -> Markup {
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
fn stepper(shown: &Shown) -> Markup {
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
            @for (tab, rest, label) in Tab::ALL {
                a href=(shown.path(rest)) aria-current=[(tab == current).then_some("page")] {
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

async fn evidence_tab(State(app): State<App>, Who(actor): Who, Path(id): Path<IncidentId>) -> Result<Markup> {
    let shown = Shown::load(&app, &actor, id).await?;
    let part = evidence::page::part(&app, &actor, id).await?;
    Ok(tab(&app, &actor, &shown, Tab::Evidence, &part).await)
}

// Small parts of forms.

/// A select of words, with a first choice that leaves it open where `open` names one.
fn select<T: Copy + PartialEq>(
    name: &str,
    label: &str,
    open: Option<&str>,
    choices: &[(T, &'static str, &'static str)],
    chosen: Option<T>,
) -> Markup {
    html! {
        div class="field" {
            label for=(name) { (label) }
            select id=(name) name=(name) {
                @if let Some(open) = open { option value="" { (open) } }
                @for (value, word, label) in choices {
                    option value=(word) selected[chosen == Some(*value)] { (label) }
                }
            }
        }
    }
}

/// The words of a vocabulary as choices.
macro_rules! choices {
    ($words:ty) => {
        <$words>::ALL.iter().map(|word| (*word, word.as_str(), word.label())).collect::<Vec<_>>()
    };
}
use choices;

fn reason_field(id: &str, required: bool, help: &str) -> Markup {
    html! {
        div class="field" {
            label for=(id) { "Reason" @if !required { " " span class="optional" { "(optional)" } } }
            textarea id=(id) name="reason" rows="2" required[required] {}
            @if !help.is_empty() { p class="help" { (help) } }
        }
    }
}

fn text_field(name: &str, label: &str, rows: u8, optional: bool, help: &str) -> Markup {
    html! {
        div class="field" {
            label for=(name) { (label) @if optional { " " span class="optional" { "(optional)" } } }
            @if rows > 1 { textarea id=(name) name=(name) rows=(rows) required[!optional] {} }
            @else { input id=(name) name=(name) required[!optional] autocomplete="off"; }
            @if !help.is_empty() { p class="help" { (help) } }
        }
    }
}

/// A person to choose, from everybody with an account.
fn person_select(
    shown: &Shown,
    name: &str,
    label: &str,
    open: Option<&str>,
    chosen: Option<UserId>,
) -> Markup {
    html! {
        div class="field" {
            label for=(name) { (label) }
            select id=(name) name=(name) {
                @if let Some(open) = open { option value="" { (open) } }
                @for (id, person) in &shown.names {
                    option value=(id) selected[chosen == Some(*id)] { (person) }
                }
            }
        }
    }
}

//! The pages of incidents. This file: addresses, and what all tabs of one incident share. What stands
//! above each tab: [`bar`]; the queue and the form to declare: [`queue`], [`declare`]; the room:
//! [`overview`] with its [`panel`]s; the other tabs: [`timeline`], [`tasks`], [`things`], [`people`];
//! closing: [`close`]; what forms do: [`forms`].

mod bar;
mod close;
mod deadline;
mod declare;
mod fields;
mod forms;
mod overview;
mod panel;
mod people;
mod queue;
mod runs;
mod tasks;
mod things;
mod timeline;

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};
use domain::{Actor, IncidentId, Permission, UserId};
use jiff::Timestamp;
use maud::{Markup, html};

use super::{IncidentView, PhaseChange, read, topic};
use crate::app::App;
use crate::error::Result;
use crate::evidence;
use crate::identity;
use crate::web::extract::{Path, Who};
use crate::web::frame::{self, Nav};
use bar::due_at;
use deadline::Deadline;
use fields::{choices, paragraphs, person_select, select, text_field};

pub fn routes() -> Router<App> {
    Router::new()
        .route("/incidents", get(queue::page).post(declare::send))
        .route("/incidents/declare", get(declare::page))
        .route("/incidents/severity", get(declare::severity))
        .route("/incidents/{id}", get(overview::page))
        .route("/incidents/{id}/bar", get(bar::alone))
        .route("/incidents/{id}/timeline", get(timeline::page))
        .route("/incidents/{id}/tasks", get(tasks::page).post(forms::add_task))
        .route("/incidents/{id}/things", get(things::page))
        .route("/incidents/{id}/decisions", get(timeline::decisions).post(forms::decide))
        .route("/incidents/{id}/evidence", get(evidence_tab))
        .route("/incidents/{id}/people", get(people::page))
        .route("/incidents/{id}/close", get(close::page).post(forms::close))
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
    Playbooks,
    People,
}

impl Tab {
    const ALL: [(Tab, &'static str, &'static str); 8] = [
        (Tab::Overview, "", "Room"),
        (Tab::Timeline, "/timeline", "Timeline"),
        (Tab::Tasks, "/tasks", "Tasks"),
        (Tab::Things, "/things", "Observables and assets"),
        (Tab::Decisions, "/decisions", "Decisions"),
        (Tab::Evidence, "/evidence", "Evidence"),
        (Tab::Playbooks, "/playbooks", "Playbooks"),
        (Tab::People, "/people", "People"),
    ];
}

/// What all tabs need.
struct Shown {
    view: IncidentView,
    phases: Vec<PhaseChange>,
    names: BTreeMap<UserId, String>,
    now: Timestamp,
    /// What is due next; nothing in a closed incident.
    deadline: Option<Deadline>,
    /// May add to it: tasks, entries, findings.
    works: bool,
    /// May steer it: phase, severity, people.
    commands: bool,
}

impl Shown {
    async fn load(app: &App, actor: &Actor, id: IncidentId) -> Result<Self> {
        let view = read::get(app, actor, id).await?;
        let commands = actor.may_command(&view.record.incident()?);
        let open = !view.record.is_closed();
        let deadline = if open { deadline::next(app, id).await? } else { None };
        Ok(Shown {
            phases: read::phases(app, actor, id).await?,
            names: identity::names(app).await?,
            now: app.clock.now(),
            works: actor.may(Permission::WorkIncident),
            commands,
            deadline,
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
    let whole = html! { (bar::above(shown, tab)) (content) };
    frame::page(app, actor, Nav::Incidents, &title, &[topic.as_str(), "evidence"], &whole).await
}

/// The tab of the slice above that runs playbooks: what stands around its part.
pub async fn playbooks_tab(app: &App, actor: &Actor, id: IncidentId, part: &Markup) -> Result<Markup> {
    let shown = Shown::load(app, actor, id).await?;
    Ok(tab(app, actor, &shown, Tab::Playbooks, part).await)
}

async fn evidence_tab(State(app): State<App>, Who(actor): Who, Path(id): Path<IncidentId>) -> Result<Markup> {
    let shown = Shown::load(&app, &actor, id).await?;
    let part = evidence::page::part(&app, &actor, id).await?;
    Ok(tab(&app, &actor, &shown, Tab::Evidence, &part).await)
}

//! The pages of incidents. This file: addresses, and what all tabs of one incident share. What stands
//! above each tab: [`bar`]; the queue and the form to declare: [`queue`], [`declare`]; the room:
//! [`overview`] with its [`panel`]s; the other tabs: [`response`], [`timeline`], [`tasks`], [`things`], [`people`];
//! closing: [`close`]; other incidents: [`related`], [`merge`]; what forms do: [`forms`].

mod bar;
mod chat;
mod close;
mod custom;
mod deadline;
mod decisions;
mod declare;
mod fields;
mod forms;
mod graph;
mod impact;
mod library;
pub mod mentions;
mod merge;
mod mine;
mod observables;
mod overview;
mod panel;
mod people;
mod queue;
mod related;
mod response;
mod runs;
mod severity;
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
use crate::web::presence;
use bar::due_at;
use deadline::Deadline;
use fields::{choices, paragraphs, person_select, select, text_field};
pub use observables::address;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/incidents", get(queue::page).post(declare::send))
        .route("/incidents/declare", get(declare::page))
        .route("/incidents/severity", get(declare::severity))
        .route("/incidents/{id}", get(overview::page))
        .route("/incidents/{id}/bar", get(bar::alone))
        .route("/incidents/{id}/here", get(chat::here))
        .route("/incidents/{id}/seen", post(chat::seen))
        .route("/incidents/{id}/chat", get(chat::page).post(chat::say))
        .route("/incidents/{id}/chat/lines", get(chat::lines))
        .route("/incidents/{id}/chat/{line}/{verb}", post(chat::keep))
        .route("/mentions", get(mentions::page))
        .route("/mentions/mark", get(mentions::mark))
        .route("/incidents/{id}/timeline", get(timeline::page))
        .route("/incidents/{id}/timeline/export", get(timeline::export))
        .route("/incidents/{id}/tasks", get(tasks::page).post(forms::add_task))
        .route("/incidents/{id}/things", get(things::page))
        .route("/incidents/{id}/decisions", get(decisions::page).post(forms::decide))
        .route("/incidents/{id}/evidence", get(evidence_tab))
        .route("/incidents/{id}/people", get(people::page))
        .route("/incidents/{id}/close", get(close::page).post(forms::close))
        .route("/incidents/{id}/phase", post(forms::move_phase))
        .route("/incidents/{id}/reopen", post(forms::reopen))
        .route("/incidents/{id}/response", get(response::page))
        .route("/incidents/{id}/severity", get(severity::page).post(forms::set_severity))
        .route("/incidents/{id}/severity/preview", get(severity::preview))
        .route("/incidents/{id}/muster/{role}", post(response::order))
        .route("/incidents/{id}/approvals", post(response::ask_approval))
        .route("/muster/{id}/answer", post(response::answer_muster))
        .route("/approvals/{id}/answer", post(response::answer_approval))
        .route("/mine", get(mine::page))
        .route("/incidents/{id}/impact", get(impact::page))
        .route("/incidents/{id}/impact/data", post(impact::add_data))
        .route("/incidents/{id}/impact/effort", post(impact::add_effort))
        .route("/incidents/{id}/impact/cost", post(impact::add_cost))
        .route("/incidents/{id}/impact/{kind}/{record}/withdraw", post(impact::take_back))
        .route("/incidents/{id}/tasks/library", get(library::page).post(library::add))
        .route("/tasks/library", get(library::all))
        .route("/tasks/library/{saved}/remove", post(library::remove))
        .route("/tasks/{id}/save", post(library::save))
        .route("/settings/incidents", get(custom::page))
        .route("/settings/incidents/fields", post(custom::add_field))
        .route("/settings/incidents/fields/{field}", post(custom::change_field))
        .route("/settings/incidents/fields/{field}/retire", post(custom::retire_field))
        .route("/settings/incidents/statuses", post(custom::add_status))
        .route("/settings/incidents/statuses/{status}/retire", post(custom::retire_status))
        .route("/incidents/{id}/fields", post(custom::fill))
        .route("/incidents/{id}/status", post(custom::set_status))
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
        .route("/incidents/{id}/observables/several", post(forms::add_observables))
        .route("/incidents/{id}/observables/{observable}", post(forms::set_standing))
        .route("/incidents/{id}/assets", post(forms::add_asset))
        .route("/incidents/{id}/assets/move", post(forms::move_assets))
        .route("/incidents/{id}/assets/{asset}", post(forms::set_state))
        .route("/observables", get(observables::search))
        .route("/observables/value", get(observables::one))
        .route("/incidents/like", get(observables::like))
        .route("/incidents/{id}/observables/paste", get(observables::paste).post(observables::look))
        .route("/incidents/{id}/observables/chosen", post(observables::chosen))
        .route("/incidents/{id}/graph", get(graph::page))
        .route("/incidents/{id}/graph/file", get(graph::file))
        .route("/incidents/{id}/related", get(related::page))
        .route("/incidents/{id}/links", post(related::add))
        .route("/incidents/{id}/links/{link}/end", post(related::end))
        .route("/incidents/{id}/merge", get(merge::page).post(merge::send))
        .route("/incidents/{id}/unmerge", post(merge::part))
        .route("/tasks/{id}/{verb}", post(forms::act))
}

/// Which part of an incident a page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    Overview,
    Response,
    Timeline,
    Tasks,
    Things,
    Impact,
    Decisions,
    Chat,
    Evidence,
    Playbooks,
    Obligations,
    People,
    Graph,
    Related,
}

impl Tab {
    const ALL: [(Tab, &'static str, &'static str); 14] = [
        (Tab::Overview, "", "Room"),
        (Tab::Response, "/response", "Response"),
        (Tab::Timeline, "/timeline", "Timeline"),
        (Tab::Tasks, "/tasks", "Tasks"),
        (Tab::Things, "/things", "Observables and assets"),
        (Tab::Impact, "/impact", "Impact"),
        (Tab::Decisions, "/decisions", "Decisions"),
        (Tab::Chat, "/chat", "Chat"),
        (Tab::Evidence, "/evidence", "Evidence"),
        (Tab::Playbooks, "/playbooks", "Playbooks"),
        (Tab::Obligations, "/obligations", "Obligations"),
        (Tab::People, "/people", "People"),
        (Tab::Graph, "/graph", "Graph"),
        (Tab::Related, "/related", "Related"),
    ];

    fn label(self) -> &'static str {
        Self::ALL.iter().find(|(tab, ..)| *tab == self).map_or("", |(_, _, label)| label)
    }
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
        let open = !view.record.is_closed() && view.merged_into.is_none();
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
    // Of one that is merged into another, all is seen there.
    let stub = match shown.view.merged_into {
        Some(_) => merge::stub(app, actor, shown).await.ok().flatten(),
        None => None,
    };
    let topics = [topic, presence::topic(record.id), super::chat::topic(record.id), "evidence".to_owned()];
    let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
    let whole = html! { (bar::above(app, actor, shown, tab)) (stub.as_ref().unwrap_or(content)) };
    frame::page(app, actor, Nav::Incidents, &title, &topics, &whole).await
}

/// A tab whose part is drawn by a slice above: what stands around it.
pub async fn tab_around(app: &App, actor: &Actor, id: IncidentId, own: Tab, part: &Markup) -> Result<Markup> {
    let shown = Shown::load(app, actor, id).await?;
    Ok(tab(app, actor, &shown, own, part).await)
}

async fn evidence_tab(State(app): State<App>, Who(actor): Who, Path(id): Path<IncidentId>) -> Result<Markup> {
    let shown = Shown::load(&app, &actor, id).await?;
    let part = evidence::page::part(&app, &actor, id).await?;
    Ok(tab(&app, &actor, &shown, Tab::Evidence, &part).await)
}

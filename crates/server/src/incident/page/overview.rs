//! The first tab: the room. Its panels stand in [`super::panel`]; here is how they lie on the page.

use axum::extract::State;
use domain::IncidentId;
use futures_util::future::try_join_all;
use maud::{Markup, html};

use super::super::visit;
use super::panel::{self, Place, Room};
use super::{Shown, Tab, bar, chat, decisions, tab, timeline};
use crate::app::App;
use crate::error::Result;
use crate::plan;
use crate::web::extract::{Path, Who};
use crate::web::parts;

pub async fn page(State(app): State<App>, Who(actor): Who, Path(id): Path<IncidentId>) -> Result<Markup> {
    let shown = Shown::load(&app, &actor, id).await?;
    let plan = plan::version(&app, shown.view.record.plan).await?;
    let since = visit::come(&app, &actor, id).await?;
    let room = Room { app: &app, actor: &actor, shown: &shown, plan: &plan, since };
    let drawn = try_join_all(panel::ALL.iter().map(|(_, draw)| draw(&room))).await?;
    let of = |place: Place| {
        panel::ALL.iter().zip(&drawn).filter(move |((own, _), _)| *own == place).map(|(_, drawn)| drawn)
    };
    let trigger = format!("live:{} from:body", super::topic(id));
    let content = html! {
        div class="with-chat" {
        div class="room-parts" id="room" data-refresh="room" hx-ext="morph" hx-get=(shown.path("")) hx-select="#room" hx-swap="morph" hx-trigger=(trigger) {
            (bar::stepper(&shown))
            @if shown.works { (write(&shown)) }
            div class="room" {
                div class="stack" { @for one in of(Place::Main) { (one) } }
                aside class="stack" aria-label="Facts" { @for one in of(Place::Facts) { (one) } }
                div class="room-foot stack" { @for one in of(Place::Foot) { (one) } }
            }
        }
        (chat::panel(&app, &actor, id).await?)
        @if shown.works { (dialogs(&shown)) }
        }
    };
    Ok(tab(&app, &actor, &shown, Tab::Overview, &content).await)
}

/// What is written most, one key away. Without scripts the buttons lead to the tabs.
const WRITE: [(&str, &str, &str, &str); 3] = [
    ("e", "Entry", "/timeline#text", "write-entry"),
    ("d", "Decision", "/decisions#decision", "write-decision"),
    ("t", "Task", "/tasks#title", ""),
];

fn write(shown: &Shown) -> Markup {
    html! {
        div class="write" role="group" aria-label="Write down" {
            span class="muted" { "Write down" }
            @for (key, label, path, dialog) in WRITE {
                a class="button" data-size="small" href=(shown.path(path)) data-opens=[(!dialog.is_empty()).then_some(dialog)] data-key=(key) data-key-help={ "Write down: " (label.to_lowercase()) } { (parts::icon("plus")) (label) kbd aria-hidden="true" { (key) } }
            }
        }
    }
}

fn dialogs(shown: &Shown) -> Markup {
    html! {
        (dialog("write-entry", "Add an entry", &timeline::entry_form(shown, true)))
        (dialog("write-decision", "Write down a decision", &decisions::form(shown, true)))
    }
}

fn dialog(id: &str, title: &str, form: &Markup) -> Markup {
    html! {
        dialog class="dialog" data-size="wide" id=(id) aria-labelledby={ (id) "-title" } {
            div class="dialog-head" {
                h2 id={ (id) "-title" } { (title) }
                button class="button" data-kind="quiet" data-only="icon" type="button" data-closes="" aria-label="Close" { (parts::icon("x")) }
            }
            div class="dialog-body" { (form) }
        }
    }
}

//! The first tab: the room. Its panels stand in [`super::panel`]; here is how they lie on the page.

use axum::extract::State;
use domain::IncidentId;
use futures_util::future::try_join_all;
use maud::{Markup, html};

use super::panel::{self, Place, Room};
use super::{Shown, Tab, bar, tab};
use crate::app::App;
use crate::error::Result;
use crate::plan;
use crate::web::extract::{Path, Who};

pub async fn page(State(app): State<App>, Who(actor): Who, Path(id): Path<IncidentId>) -> Result<Markup> {
    let shown = Shown::load(&app, &actor, id).await?;
    let plan = plan::version(&app, shown.view.record.plan).await?;
    let room = Room { app: &app, actor: &actor, shown: &shown, plan: &plan };
    let drawn = try_join_all(panel::ALL.iter().map(|(_, draw)| draw(&room))).await?;
    let of = |place: Place| {
        panel::ALL.iter().zip(&drawn).filter(move |((own, _), _)| *own == place).map(|(_, drawn)| drawn)
    };
    let trigger = format!("live:{} from:body", super::topic(id));
    let content = html! {
        div id="room" data-refresh="room" hx-ext="morph" hx-get=(shown.path("")) hx-select="#room" hx-swap="morph" hx-trigger=(trigger) {
            (bar::stepper(&shown))
            div class="room" {
                div class="stack" { @for one in of(Place::Main) { (one) } }
                aside class="stack" aria-label="Facts" { @for one in of(Place::Facts) { (one) } }
                div class="room-foot stack" { @for one in of(Place::Foot) { (one) } }
            }
        }
    };
    Ok(tab(&app, &actor, &shown, Tab::Overview, &content).await)
}

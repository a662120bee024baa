//! The panels of the incident's room, a file each. A panel is one function that draws it, and one line
//! in [`ALL`]; the room is drawn anew as a whole when the incident changes, and only what differs is
//! touched on the page, so a panel asks for nothing itself.

mod alerts;
mod decided;
mod ended;
mod evidence;
mod known;
mod latest;
mod next;
mod own;
mod related;
mod response;
pub mod similar;
mod since;
mod steer;
mod techniques;
mod things;
mod why;

use domain::plan::Plan;
use domain::{Actor, UserId};
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use maud::{Markup, html};

use super::Shown;
use crate::app::App;
use crate::error::Result;

/// What a panel is drawn from.
pub struct Room<'r> {
    pub app: &'r App,
    pub actor: &'r Actor,
    pub shown: &'r Shown,
    /// The plan under which the incident was declared.
    pub plan: &'r Plan,
    /// What is younger is new to the reader; nothing on their first visit.
    pub since: Option<Timestamp>,
}

pub type Drawing<'r> = BoxFuture<'r, Result<Markup>>;
pub type Draw = for<'r> fn(&'r Room<'r>) -> Drawing<'r>;

/// Where in the room a panel stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The column that is read from the top: what matters at 3 a.m.
    Main,
    /// Half as wide, below: what is looked up.
    Facts,
    /// The full width, at the end.
    Foot,
}

/// Every panel, in the order in which they are read. An empty drawing takes no room.
pub const ALL: &[(Place, Draw)] = &[
    (Place::Main, since::draw),
    (Place::Main, ended::draw),
    (Place::Main, known::draw),
    (Place::Main, response::draw),
    (Place::Main, next::draw),
    (Place::Main, decided::draw),
    (Place::Main, latest::draw),
    (Place::Facts, own::draw),
    (Place::Facts, related::draw),
    (Place::Facts, similar::draw),
    (Place::Facts, things::assets),
    (Place::Facts, things::observables),
    (Place::Facts, evidence::draw),
    (Place::Facts, techniques::draw),
    (Place::Facts, why::draw),
    (Place::Foot, alerts::draw),
    (Place::Foot, steer::draw),
];

impl Room<'_> {
    /// Whether something that was written then, by whom it was written, is new to the reader.
    fn is_new(&self, written: Timestamp, by: Option<UserId>) -> bool {
        let mine = by.is_some() && by == self.actor.user();
        !mine && self.since.is_some_and(|since| written > since)
    }
}

/// A panel with its heading, what stands beside the heading, and what is below it.
pub fn card(id: &str, title: &str, aside: &Markup, below: &Markup) -> Markup {
    html! {
        section class="card" id=(id) aria-labelledby={ (id) "-title" } {
            div class="card-head" { h2 id={ (id) "-title" } { (title) } (aside) }
            (below)
        }
    }
}

/// What stands below the heading of a panel that has nothing to show.
pub fn nothing(text: &str) -> Markup {
    html! { div class="card-body" { p class="muted" { (text) } } }
}

//! The latest lines of the timeline, as they were written down, the newest first.

use maud::{Markup, html};

use super::super::runs::{Run, runs};
use super::{Drawing, Room, card, nothing};
use crate::error::Result;
use crate::incident::read;
use crate::web::parts;

const SHOWN: usize = 8;
/// How many lines are looked at: events of one alert are told in one.
const LOOKED_AT: i64 = 400;

pub fn draw<'r>(room: &'r Room<'r>) -> Drawing<'r> {
    Box::pin(async move { panel(room).await })
}

async fn panel(room: &Room<'_>) -> Result<Markup> {
    let entries = read::latest(room.app, room.actor, room.shown.id(), LOOKED_AT).await?;
    let timeline = room.shown.path("/timeline");
    let below = if entries.is_empty() {
        nothing("Nothing is written down yet.")
    } else {
        html! { ul class="lines" { @for run in runs(&entries).iter().take(SHOWN) { (line(room, &timeline, run)) } } }
    };
    let aside = html! { a href=(timeline) { "Timeline, " (room.shown.view.entries) } };
    Ok(card("panel-latest", "Latest", &aside, &below))
}

fn line(room: &Room<'_>, timeline: &str, run: &Run<'_>) -> Markup {
    let entry = run.first;
    html! {
        li id={ "room-" (entry.id) } data-lane=(entry.lane.as_str()) data-new[room.is_new(entry.recorded_at, entry.account)] {
            span class="lane-mark" { span class="visually-hidden" { (entry.lane.label()) ": " } }
            div class="line-main" {
                a href={ (timeline) "?cursor=" (entry.at.as_microsecond()) "." (entry.id.get() - 1) "#" (entry.id) } { (entry.text.lines().next().unwrap_or_default()) }
                @if run.count > 1 { " " span class="badge" { (run.count) " events" } }
            }
            span class="line-end" { @if entry.account.is_some() { (entry.by) " " } (parts::ago(entry.at)) }
        }
    }
}

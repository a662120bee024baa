//! The parent, the children with their state, and what the incident is linked with, in short.

use domain::kinship::LinkKind;
use maud::{Markup, html};

use super::super::bar::due_at;
use super::{Drawing, Room, card};
use crate::error::Result;
use crate::incident::kin::{self, Relative};
use crate::web::parts;

const SHOWN: usize = 6;

pub fn draw<'r>(room: &'r Room<'r>) -> Drawing<'r> {
    Box::pin(async move { panel(room).await })
}

async fn panel(room: &Room<'_>) -> Result<Markup> {
    let relatives = kin::relatives(room.app, room.actor, room.shown.id()).await?;
    if relatives.is_empty() {
        return Ok(html! {});
    }
    let below = html! { ul class="lines" { @for one in relatives.iter().take(SHOWN) { (line(room, one)) } } };
    let aside = html! { a href=(room.shown.path("/related")) { "All " (relatives.len()) } };
    Ok(card("panel-related", "Related incidents", &aside, &below))
}

fn line(room: &Room<'_>, one: &Relative) -> Markup {
    let (view, record) = (&one.incident, &one.incident.record);
    let is_open_child = one.reversed && one.link.kind == LinkKind::ChildOf && !record.is_closed();
    html! {
        li id={ "room-" (one.link.id) } {
            div class="line-main" {
                span class="muted" { (one.label) " " } a href={ "/incidents/" (record.id) } { (record.id) " " (record.title) }
                @if is_open_child {
                    p class="line-sub" {
                        (view.open_tasks) @if view.open_tasks == 1 { " task" } @else { " tasks" } " open"
                        @if view.overdue_tasks > 0 { ", " (view.overdue_tasks) " late" }
                        @if let Some(due) = view.next_due { ", next " (due_at(due, room.shown.now)) }
                    }
                }
            }
            span class="line-end" { (parts::phase(record.phase)) }
        }
    }
}

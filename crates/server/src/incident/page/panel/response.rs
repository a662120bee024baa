//! What is owed and who is there, in short.

use domain::response::{ApprovalStatus, ClockState, MusterStatus};
use maud::html;

use super::{Drawing, Room, card};
use crate::error::Result;
use crate::incident::page::due_at;
use crate::incident::response::{approval, clock, muster};
use crate::web::parts;

pub fn draw<'r>(room: &'r Room<'r>) -> Drawing<'r> {
    Box::pin(async move { panel(room).await })
}

async fn panel(room: &Room<'_>) -> Result<maud::Markup> {
    let shown = room.shown;
    let id = shown.id();
    let posts = muster::list(room.app, room.actor, id).await?;
    let clocks = clock::list(room.app, room.actor, id).await?;
    let asked = approval::list(room.app, room.actor, id).await?;
    let asked = asked.iter().filter(|one| one.status == ApprovalStatus::Asked).count();
    let called: Vec<_> = posts.iter().filter(|post| post.status != MusterStatus::StoodDown).collect();
    let missing: Vec<String> = called
        .iter()
        .filter(|post| post.status == MusterStatus::Missing)
        .map(|post| {
            room.plan.role(&post.role).map_or_else(|| post.role.to_string(), |role| role.title.to_string())
        })
        .collect();
    let waiting = called.iter().filter(|post| post.status == MusterStatus::Asked).count();
    let running: Vec<_> = clocks.iter().filter(|one| one.left.is_some()).collect();
    if shown.view.record.is_closed() || (called.is_empty() && running.is_empty()) {
        return Ok(html! {});
    }
    let all = shown.path("/response");
    let below = html! {
        ul class="lines" {
            @for one in running {
                li id={ "room-" (one.clock.id) } {
                    span class="line-main" { (one.clock.kind.label()) " within " (one.clock.target.words()) @if one.state == ClockState::Breached { " " span class="badge" data-status="bad" { "Breached" } } }
                    (due_at(one.clock.due, shown.now))
                }
            }
            @if !called.is_empty() {
                li id="room-muster" {
                    span class="line-main" {
                        "Muster"
                        @if !missing.is_empty() { p class="line-sub" { "Nobody yet: " (missing.join(", ")) } }
                    }
                    @if !missing.is_empty() { span class="badge" data-status="bad" { (missing.len()) " missing" } }
                    @if waiting > 0 { span class="badge" data-status="waiting" { (waiting) " asked" } }
                    span class="line-end" { (called.len() - missing.len() - waiting) " of " (called.len()) " here" }
                }
            }
            @if asked > 0 { li id="room-approvals" { a class="line-main" href={ (all) "#approvals" } { (parts::icon("flag")) "Approvals asked for" } span class="line-end" { (asked) } } }
        }
    };
    let aside = html! { a href=(all) { "All of it" } };
    Ok(card("panel-response", "Response", &aside, &below))
}

//! Evidence in short.

use domain::evidence::CustodyStatus;
use maud::html;

use super::{Drawing, Room, card, nothing};
use crate::error::Result;
use crate::evidence;
use crate::web::parts;

const SHOWN: usize = 4;

pub fn draw<'r>(room: &'r Room<'r>) -> Drawing<'r> {
    Box::pin(async move { panel(room).await })
}

async fn panel(room: &Room<'_>) -> Result<maud::Markup> {
    let mut items = evidence::of_incident(room.app, room.actor, room.shown.id()).await?;
    items.sort_by_key(|item| std::cmp::Reverse(item.id));
    let bytes: i64 = items.iter().map(|item| item.bytes).sum();
    let changed =
        items.iter().filter(|item| item.checked.as_ref().is_some_and(|check| !check.intact)).count();
    let below = if items.is_empty() {
        nothing("None yet. Files behind alerts become evidence by themselves; hand others over.")
    } else {
        html! {
            @if changed > 0 { div class="card-body" { span class="badge" data-status="bad" { (changed) " changed since acquired" } } }
            ul class="lines" {
                @for item in items.iter().take(SHOWN) {
                    li id={ "room-" (item.id) } {
                        a class="line-main" href={ "/evidence/" (item.id) } { (item.id) " " (item.name) }
                        @if item.status != CustodyStatus::Held { span class="badge" data-status="waiting" { (item.status.label()) } }
                        span class="line-end" { (parts::size(item.bytes)) }
                    }
                }
            }
        }
    };
    let aside = html! { @if !items.is_empty() { span class="muted" { (parts::size(bytes)) } } a href=(room.shown.path("/evidence")) { "All " (items.len()) } };
    Ok(card("panel-evidence", "Evidence", &aside, &below))
}

//! The last decisions.

use maud::html;

use super::{Drawing, Room, card, nothing};
use crate::error::Result;
use crate::incident::read;
use crate::web::parts;

const SHOWN: usize = 3;

pub fn draw<'r>(room: &'r Room<'r>) -> Drawing<'r> {
    Box::pin(async move { panel(room).await })
}

async fn panel(room: &Room<'_>) -> Result<maud::Markup> {
    let mut decisions = read::decisions(room.app, room.actor, room.shown.id()).await?;
    decisions.sort_by_key(|decision| std::cmp::Reverse(decision.id));
    let all = room.shown.path("/decisions");
    let below = if decisions.is_empty() {
        nothing("None yet. Write each down with its reason while it is fresh.")
    } else {
        html! {
            ul class="lines" {
                @for decision in decisions.iter().take(SHOWN) {
                    li id={ "room-" (decision.id) } data-new[room.is_new(decision.recorded_at, decision.account)] {
                        div class="line-main" {
                            a href={ (all) "#" (decision.id) } { (decision.decision) }
                            p class="line-sub" { (decision.reason) }
                        }
                        span class="line-end" { (decision.maker) " " (parts::ago(decision.at)) }
                    }
                }
            }
        }
    };
    let aside = html! { a href=(all) { "All " (decisions.len()) } };
    Ok(card("panel-decisions", "Decisions", &aside, &below))
}

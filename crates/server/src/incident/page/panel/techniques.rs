//! The ATT&CK techniques that stand on the timeline, by their names.

use domain::attack::catalogue::full_name;
use maud::html;

use super::{Drawing, Room, card, nothing};
use crate::error::Result;
use crate::incident::read;

/// How many the room names; the rest is one click away.
const NAMED: usize = 8;

pub fn draw<'r>(room: &'r Room<'r>) -> Drawing<'r> {
    Box::pin(async move { panel(room).await })
}

async fn panel(room: &Room<'_>) -> Result<maud::Markup> {
    let mut techniques = read::techniques(room.app, room.actor, room.shown.id()).await?;
    techniques.sort_by_key(|one| std::cmp::Reverse(one.entries));
    let path = |technique: &str| room.shown.path(&format!("/timeline?technique={technique}"));
    let below = if techniques.is_empty() {
        nothing("None noted yet. Tag entries on the timeline.")
    } else {
        html! {
            ul class="lines" {
                @for one in techniques.iter().take(NAMED) {
                    li {
                        a class="line-main" href=(path(&one.technique)) { (full_name(&one.technique).unwrap_or_else(|| one.technique.clone())) }
                        span class="badge" data-kind="code" { (one.technique) }
                        span class="muted number" { (one.entries) span class="visually-hidden" { " entries" } }
                    }
                }
            }
            @if techniques.len() > NAMED { div class="card-foot" { span class="muted" { (techniques.len() - NAMED) " more on the timeline" } } }
        }
    };
    let aside = html! { span class="muted" { (techniques.len()) } };
    Ok(card("panel-techniques", "ATT&CK techniques", &aside, &below))
}

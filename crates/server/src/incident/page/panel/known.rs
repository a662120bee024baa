//! What is known, in a few sentences.

use maud::html;

use super::super::fields::paragraphs;
use super::{Drawing, Room, card};

pub fn draw<'r>(room: &'r Room<'r>) -> Drawing<'r> {
    let shown = room.shown;
    let body = html! {
        div class="card-body" {
            @match &shown.view.record.summary {
                Some(summary) => div class="prose" { (paragraphs(summary)) },
                None => p class="muted" { "Nobody has written a summary yet. " @if shown.works { a href="#edit" { "Write one" } } },
            }
        }
    };
    let aside =
        html! { @if shown.works && shown.view.record.summary.is_some() { a href="#edit" { "Edit" } } };
    Box::pin(async move { Ok(card("panel-known", "What is known", &aside, &body)) })
}

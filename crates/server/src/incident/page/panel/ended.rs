//! How a closed incident ended.

use maud::{Markup, html};

use super::super::fields::paragraphs;
use super::{Drawing, Room};
use crate::incident::page::Shown;

pub fn draw<'r>(room: &'r Room<'r>) -> Drawing<'r> {
    Box::pin(async move { Ok(html! { @if room.shown.view.record.is_closed() { (ended(room.shown)) } }) })
}

fn ended(shown: &Shown) -> Markup {
    let record = &shown.view.record;
    html! {
        section class="card" {
            div class="card-head" { h2 { "How it ended" } @if let Some(outcome) = record.outcome { span class="badge" data-status="closed" { (outcome.label()) } } }
            div class="card-body" {
                div class="prose" {
                    @for (title, text) in [("Root cause", &record.root_cause), ("Impact", &record.impact), ("Lessons", &record.lessons), ("Recommendations", &record.recommendations)] {
                        @if let Some(text) = text { h3 { (title) } (paragraphs(text)) }
                    }
                }
            }
        }
    }
}

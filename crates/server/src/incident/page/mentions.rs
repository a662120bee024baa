//! The lines that name the reader: a list, the mark at the top of every page, and the notice on the
//! page on which their day begins.

use axum::extract::State;
use domain::Actor;
use maud::{Markup, html};

use super::super::chat::{self, Mention};
use crate::app::App;
use crate::error::Result;
use crate::web::extract::{Query, Who};
use crate::web::frame::{self, Nav};
use crate::web::paging::PageQuery;
use crate::web::parts;

/// How many the notice names.
const NAMED: u16 = 3;

pub async fn page(State(app): State<App>, Who(actor): Who, Query(query): Query<PageQuery>) -> Result<Markup> {
    let mentions = chat::mentions(&app, &actor, &query).await?;
    let content = html! {
        header class="page-head" { div class="page-title" { h1 { "Mentions" } p class="page-sub" { "What names you in the chats of incidents, the latest first." } } }
        @if mentions.items.is_empty() {
            (parts::empty("chat", "Nobody has named you", "Somebody who writes @ and your name in an incident's chat reaches you here.", Some(("/incidents", "Look at the incidents"))))
        } @else {
            div class="card" { ul class="lines" { @for mention in &mentions.items { (line(mention)) } } }
            (parts::next_page("/mentions?cursor=", mentions.next.as_deref()))
        }
    };
    Ok(frame::page(&app, &actor, Nav::Incidents, "Mentions", &[], &content).await)
}

fn line(mention: &Mention) -> Markup {
    let line = &mention.line;
    html! {
        li data-new[mention.seen_at.is_none()] {
            div class="line-main" {
                a class="row-link" href={ "/incidents/" (line.incident) "/chat#" (line.id) } { (line.text) }
                p class="line-sub" { (line.by) " in " (line.incident) ", " (mention.title) }
            }
            @if mention.seen_at.is_none() { span class="new-mark" { "new" } }
            span class="line-end" { (parts::ago(line.at)) }
        }
    }
}

/// The mark alone, for a page that asks anew.
pub async fn mark(State(app): State<App>, Who(actor): Who) -> Markup {
    badge(&app, &actor).await
}

/// The mark at the top of a page: how many lines name the reader that they have not seen.
pub async fn badge(app: &App, actor: &Actor) -> Markup {
    let Some(person) = actor.user() else { return html! {} };
    let unseen = chat::unseen(app, actor).await.unwrap_or(0);
    html! {
        a class="button mentions" id="mentions" data-kind="quiet" data-only="icon" href="/mentions" data-refresh="mentions"
            hx-get="/mentions/mark" hx-swap="outerHTML" hx-trigger={ "live:" (chat::topic_of(person)) " from:body" } {
            (parts::icon("chat"))
            span class="visually-hidden" { "Mentions of you" @if unseen > 0 { ": " } }
            @if unseen > 0 { span class="nav-count" data-urgent { (unseen) span class="visually-hidden" { " new" } } }
        }
    }
}

/// What the page says on which somebody's day begins: who named them, and where.
pub async fn notice(app: &App, actor: &Actor) -> Markup {
    let page = PageQuery { cursor: None, limit: Some(NAMED) };
    let Ok(mentions) = chat::mentions(app, actor, &page).await else { return html! {} };
    let new: Vec<&Mention> = mentions.items.iter().filter(|mention| mention.seen_at.is_none()).collect();
    html! {
        @if !new.is_empty() {
            div class="notice" data-level="info" {
                (parts::icon("chat"))
                div {
                    strong { "You are asked for" }
                    @for mention in &new {
                        p { a href={ "/incidents/" (mention.line.incident) "#chat" } { (mention.line.by) " in " (mention.line.incident) } ": " (mention.line.text) }
                    }
                }
            }
        }
    }
}

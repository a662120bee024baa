//! What happened since the reader was here: counted by kind, with the decisions and changes of status
//! in full. What they wrote themselves is not new to them.

use std::collections::BTreeMap;

use domain::timeline::EntryKind;
use jiff::Timestamp;
use maud::{Markup, html};

use super::{Drawing, Room};
use crate::error::Result;
use crate::incident::chat;
use crate::incident::{Entry, read};
use crate::web::paging::PageQuery;
use crate::web::parts;

/// How many lines are counted before "many" is said.
const LOOKED_AT: u16 = 500;
/// How many turning points are told in full.
const TOLD: usize = 4;

pub fn draw<'r>(room: &'r Room<'r>) -> Drawing<'r> {
    Box::pin(async move {
        match room.since {
            Some(since) => panel(room, since).await,
            None => Ok(html! {}),
        }
    })
}

async fn panel(room: &Room<'_>, since: Timestamp) -> Result<Markup> {
    let (id, me) = (room.shown.id(), room.actor.user());
    let entries: Vec<Entry> = read::latest(room.app, room.actor, id, i64::from(LOOKED_AT))
        .await?
        .into_iter()
        .filter(|entry| entry.recorded_at > since && (entry.account.is_none() || entry.account != me))
        .collect();
    let page = PageQuery { cursor: None, limit: Some(LOOKED_AT) };
    let said = chat::lines(room.app, room.actor, id, &page).await?.items;
    let said = said.iter().filter(|line| line.at > since && line.account != me).count();
    if entries.is_empty() && said == 0 {
        return Ok(html! {});
    }
    let mut counts: BTreeMap<EntryKind, usize> = BTreeMap::new();
    for entry in &entries {
        *counts.entry(entry.kind).or_default() += 1;
    }
    let turns = |entry: &&Entry| matches!(entry.kind, EntryKind::Decision | EntryKind::Status);
    let path = |kind: EntryKind| room.shown.path(&format!("/timeline?kind={kind}"));
    Ok(html! {
        section class="since" id="panel-since" aria-labelledby="panel-since-title" {
            div class="since-head" {
                h2 id="panel-since-title" { "Since you were here" } (parts::ago(since))
                form method="post" action=(room.shown.path("/seen")) data-stay="" { button class="button" data-size="small" data-kind="quiet" type="submit" { (parts::icon("check")) "Seen" } }
            }
            div class="row" {
                @for (kind, count) in &counts { a class="chip" href=(path(*kind)) { (kind.label()) " " span class="chip-count" { (count) } } }
                @if said > 0 { a class="chip" href="#chat" { "Chat " span class="chip-count" { (said) } } }
            }
            @if entries.iter().any(|entry| turns(&entry)) {
                ul class="since-turns" {
                    @for entry in entries.iter().filter(turns).take(TOLD) {
                        li { span class="muted" { (entry.kind.label()) } " " (entry.text.lines().next().unwrap_or_default()) " " span class="muted" { (entry.by) " " (parts::ago(entry.at)) } }
                    }
                }
            }
        }
    })
}

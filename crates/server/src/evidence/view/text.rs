//! An item as text: a page of lines, and what was found in all of it.

use domain::{Actor, EvidenceId};
use exhibit::text::{Finds, Page, SEARCHED};
use maud::{Markup, html};

use super::{Asked, pager, query};
use crate::app::App;
use crate::error::Result;
use crate::evidence::inspect::{self, From, Seen};
use crate::web::parts;

pub(super) async fn page(app: &App, actor: &Actor, id: EvidenceId, asked: &Asked) -> Result<(Seen, Markup)> {
    let here = format!("/evidence/{id}/view/text");
    let wanted = asked.wanted();
    let finder = finder(&here, wanted);
    // A text to look for without a place is looked for everywhere; with one, it is marked on that page.
    if let (Some(wanted), None) = (wanted, asked.at()) {
        let (seen, finds) = inspect::search(app, actor, id, wanted.to_owned(), 0).await?;
        return Ok((seen, html! { (finder) (found(&here, wanted, &finds, 0)) }));
    }
    if let (Some(wanted), Some(from)) = (wanted, asked.at().and_then(|at| at.strip_prefix("from-"))) {
        let from = from.parse().unwrap_or(0);
        let (seen, finds) = inspect::search(app, actor, id, wanted.to_owned(), from).await?;
        return Ok((seen, html! { (finder) (found(&here, wanted, &finds, from)) }));
    }
    let from = if asked.at() == Some("end") { From::LastPage } else { From::Byte(asked.byte()?) };
    let (seen, page) = inspect::text(app, actor, id, from).await?;
    let content = html! { (finder) (lines(&here, &page, wanted)) };
    Ok((seen, content))
}

fn finder(here: &str, wanted: Option<&str>) -> Markup {
    html! {
        form class="filter-bar" method="get" action=(here) role="search" aria-label="In this text" {
            div class="field" data-grow { label for="find" { "Find in this item" } input id="find" type="search" name="q" value=[wanted] maxlength="200" autocomplete="off"; }
            button class="button" type="submit" { (parts::icon("search")) "Find" }
        }
    }
}

fn lines(here: &str, page: &Page, wanted: Option<&str>) -> Markup {
    let with = |at: u64| match wanted {
        Some(wanted) => format!("?at={at}&q={}", query(wanted)),
        None => format!("?at={at}"),
    };
    let last = page.number.map(|first| first + u64::try_from(page.lines.len()).unwrap_or(0));
    let what = match (page.number, last) {
        _ if page.lines.is_empty() => "Nothing stands here".to_owned(),
        (Some(first), Some(last)) => format!("Lines {first} to {}", last.saturating_sub(1)),
        _ => format!("From byte {} of {}", page.at, page.length),
    };
    html! {
        section class="viewer" aria-label="Text" {
            div class="viewer-head" {
                span { (what) @if page.within_line { ", beginning within a line" } }
            }
            pre class="viewer-lines" data-wrap="" data-tall="" tabindex="0" aria-label="Text of the item" {
                @for (line, number) in page.lines.iter().zip(0u64..) {
                    span class="offset" title={ "byte " (line.at) } {
                        @match page.number { Some(first) => (format!("{:>7}", first + number)), None => (format!("{:>10x}", line.at)) }
                    }
                    "  " (marked(&line.text, wanted))
                    @if line.cut > 0 { span class="muted" { " … " (line.cut) " more bytes in this line" } }
                    "\n"
                }
            }
        }
        (pager(here, &format!("{} bytes", page.length), page.at > 0, page.before.map(with), page.next.map(with), page.next.map(|_| "?at=end")))
    }
}

/// The text with what was looked for marked in it.
fn marked(text: &str, wanted: Option<&str>) -> Markup {
    let Some(wanted) = wanted.map(str::to_ascii_lowercase) else { return html! { (text) } };
    let lower = text.to_ascii_lowercase();
    let mut pieces = Vec::new();
    let mut end = 0;
    // ASCII letters alone change, so the places are the same in both.
    for (at, hit) in lower.match_indices(&wanted) {
        pieces
            .push((text.get(end..at).unwrap_or_default(), text.get(at..at + hit.len()).unwrap_or_default()));
        end = at + hit.len();
    }
    html! { @for (before, hit) in pieces { (before) mark { (hit) } } (text.get(end..).unwrap_or_default()) }
}

fn found(here: &str, wanted: &str, finds: &Finds, from: u64) -> Markup {
    let on = finds.next.map(|next| format!("?q={}&at=from-{next}", query(wanted)));
    html! {
        section class="card" aria-labelledby="found" {
            div class="card-head" {
                h2 id="found" { (finds.finds.len()) @if finds.finds.len() == 1 { " place" } @else { " places" } }
                span class="muted" {
                    @if from > 0 { "From byte " (from) " on. " }
                    @if let Some(next) = finds.next { "Looked through up to byte " (next) "." } @else { "Looked through to the end." }
                }
            }
            @if finds.finds.is_empty() {
                div class="card-body" { p class="muted" {
                    "It does not stand here. Latin letters match in either case; everything else as it is written."
                    @if finds.next.is_some() { " One search looks through " (SEARCHED >> 20) " MiB." }
                } }
            } @else {
                ol class="finds" {
                    @for find in &finds.finds {
                        li {
                            a class="finds-place" href={ (here) "?at=" (find.line_at) "&q=" (query(wanted)) } { "byte " (find.at) }
                            code { (find.text.get(..find.place.start).unwrap_or_default()) mark { (find.text.get(find.place.clone()).unwrap_or_default()) } (find.text.get(find.place.end..).unwrap_or_default()) }
                        }
                    }
                }
            }
        }
        (pager(here, "", from > 0, None, on, None))
    }
}

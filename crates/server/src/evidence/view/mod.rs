//! The pages on which an item's bytes are looked at: as a table of records, as a mail, as an archive's
//! members, as text, as strings, as hexadecimal digits. What is drawn is our own markup with text from
//! outside in it as text; nothing of an item is ever drawn, run or loaded.

mod archive;
mod bytes;
mod mail;
mod table;
mod text;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use domain::{Actor, EvidenceId};
use exhibit::Kind;
use maud::{Markup, html};
use serde::Deserialize;

pub(super) use bytes::dump;

use super::inspect::{self, Seen};
use crate::app::App;
use crate::error::{Error, Result};
use crate::web::extract::{Path, Query, Who};
use crate::web::frame::{self, Nav};
use crate::web::parts;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/evidence/{id}/view", get(best))
        .route("/evidence/{id}/view/{way}", get(view))
        .route("/evidence/{id}/split", post(mail::split))
        .route("/evidence/{id}/members", post(archive::take_out))
}

/// A way of looking at an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    Table,
    Record,
    Mail,
    Archive,
    Text,
    Strings,
    Hex,
}

impl Way {
    const fn word(self) -> &'static str {
        match self {
            Way::Table => "table",
            Way::Record => "record",
            Way::Mail => "mail",
            Way::Archive => "archive",
            Way::Text => "text",
            Way::Strings => "strings",
            Way::Hex => "hex",
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Way::Table | Way::Record => "Records",
            Way::Mail => "Mail",
            Way::Archive => "Members",
            Way::Text => "Text",
            Way::Strings => "Strings",
            Way::Hex => "Hex",
        }
    }

    /// The ways that fit an item, the most telling first. Text can always be asked for: whoever knows
    /// better than we do may look.
    pub fn of(seen: &Seen) -> Vec<Way> {
        let kind = seen.identity.kind;
        let mut ways = Vec::new();
        if seen.log.is_some() && !kind.is_mail() {
            ways.push(Way::Table);
        }
        if kind.is_mail() {
            ways.push(Way::Mail);
        }
        if kind.is_archive() {
            ways.push(Way::Archive);
        }
        if seen.identity.encoding.is_some() {
            ways.extend([Way::Text, Way::Hex]);
        } else {
            ways.extend([Way::Hex, Way::Strings, Way::Text]);
        }
        ways
    }
}

/// Where in the item, and what is looked for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// A place: a number of bytes, a record's place, or `end`.
    #[serde(default)]
    pub at: Option<String>,
    /// A text to look for.
    #[serde(default)]
    pub q: Option<String>,
    /// The least length of strings.
    #[serde(default)]
    pub min: Option<usize>,
}

impl Asked {
    /// The place as a number of bytes, decimal or after `0x` hexadecimal; the beginning if none is given.
    fn byte(&self) -> Result<u64> {
        let Some(at) = self.at() else { return Ok(0) };
        let read = match at.strip_prefix("0x").or_else(|| at.strip_prefix("0X")) {
            Some(digits) => u64::from_str_radix(digits, 16),
            None => at.parse(),
        };
        read.map_err(|_| {
            Error::Invalid("Write the place as a number of bytes, such as 4096 or 0x1000.".to_owned())
        })
    }

    fn at(&self) -> Option<&str> {
        self.at.as_deref().map(str::trim).filter(|at| !at.is_empty())
    }

    fn wanted(&self) -> Option<&str> {
        self.q.as_deref().map(str::trim).filter(|q| !q.is_empty())
    }
}

/// Leads to the way that fits the item best.
async fn best(State(app): State<App>, Who(actor): Who, Path(id): Path<EvidenceId>) -> Result<Redirect> {
    let seen = inspect::identify(&app, &actor, id).await?;
    let way = Way::of(&seen).into_iter().next().unwrap_or(Way::Hex);
    Ok(Redirect::to(&format!("/evidence/{id}/view/{}", way.word())))
}

async fn view(
    State(app): State<App>,
    Who(actor): Who,
    Path((id, way)): Path<(EvidenceId, Way)>,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    let (seen, content) = match way {
        Way::Table => table::page(&app, &actor, id, &asked).await,
        Way::Record => table::record(&app, &actor, id, &asked).await,
        Way::Mail => mail::page(&app, &actor, id).await,
        Way::Archive => archive::page(&app, &actor, id).await,
        Way::Text => text::page(&app, &actor, id, &asked).await,
        Way::Strings => bytes::strings(&app, &actor, id, &asked).await,
        Way::Hex => bytes::hex(&app, &actor, id, &asked).await,
    }?;
    Ok(page(&app, &actor, way, &seen, &content).await.into_response())
}

/// The page around a view: what the item is, what is odd about it, and the other ways to look.
async fn page(app: &App, actor: &Actor, way: Way, seen: &Seen, content: &Markup) -> Markup {
    let item = &seen.item;
    let (id, name) = (item.id, shown_name(&item.name));
    let here = format!("/evidence/{id}");
    let mut ways = Way::of(seen);
    if !ways.contains(&way) && way != Way::Record {
        ways.push(way);
    }
    let page = html! {
        header class="page-head" {
            div class="page-title" {
                nav aria-label="Where you are" { ol class="breadcrumb" {
                    li { a href={ "/incidents/" (item.incident) } { (item.incident) } }
                    li { a href={ "/incidents/" (item.incident) "/evidence" } { "Evidence" } }
                    li { a href=(here) { (id) } }
                    li { "View" }
                } }
                h1 class="breaks" { (name) }
                div class="page-meta" { (kind_badge(seen)) span { (parts::size(item.bytes)) } @if seen.identity.encoding.is_some() { span { (seen.encoding().label()) } } }
            }
            div class="page-actions" {
                a class="button" href={ "/api/v1/evidence/" (id) "/content" } { (parts::icon("download")) "Download" }
            }
        }
        (doubts(seen))
        nav class="tabs" aria-label={ "Ways to look at " (id) } {
            @for other in ways {
                @let current = other == way || (way == Way::Record && other == Way::Table);
                a href={ (here) "/view/" (other.word()) } aria-current=[current.then_some("page")] { (other.label()) }
            }
        }
        div class="stack" { (content) }
    };
    frame::page(app, actor, Nav::Evidence, &format!("{id} {name}"), &[], &page).await
}

/// A name from outside as one line: what turns the direction of writing is shown as replaced.
pub(super) fn shown_name(name: &str) -> String {
    exhibit::one_line(name, 255)
}

pub(super) fn kind_badge(seen: &Seen) -> Markup {
    let kind = seen.identity.kind;
    html! { span class="badge" data-kind=[kind.is_program().then_some("bad").or(Some("code"))] { (kind_label(seen)) } }
}

/// The kind in words; of a log its format.
fn kind_label(seen: &Seen) -> String {
    match (seen.identity.kind, seen.log) {
        (Kind::Text, Some(format)) => format!("log: {}", format.name()),
        (kind, _) => kind.label().to_owned(),
    }
}

/// What the name says that the bytes do not.
pub(super) fn doubts(seen: &Seen) -> Markup {
    html! {
        @if !seen.identity.doubts.is_empty() {
            div class="notice" data-level="warning" { (parts::icon("alert")) div {
                strong { "The name and the bytes do not agree" }
                @for doubt in &seen.identity.doubts { p { (doubt) } }
            } }
        }
    }
}

/// What a reader noticed, as a notice.
fn warnings(title: &str, warnings: &[String]) -> Markup {
    html! {
        @if !warnings.is_empty() {
            div class="notice" data-level="warning" { (parts::icon("alert")) div {
                strong { (title) }
                ul { @for warning in warnings { li { (warning) } } }
            } }
        }
    }
}

/// The links to the pages around the present one.
fn pager(
    here: &str,
    what: &str,
    first: bool,
    before: Option<String>,
    next: Option<String>,
    last: Option<&str>,
) -> Markup {
    html! {
        nav class="pager" aria-label="Pages" {
            span { (what) }
            span class="pager-links" {
                @if first { a class="button" data-size="small" href=(here) { "Start" } }
                @if let Some(before) = before { a class="button" data-size="small" rel="prev" href={ (here) (before) } { "Previous" } }
                @if let Some(next) = next { a class="button" data-size="small" rel="next" href={ (here) (next) } { "Next" (parts::icon("chevron")) } }
                @if let Some(last) = last { a class="button" data-size="small" href={ (here) (last) } { "End" } }
            }
        }
    }
}

/// A value as it stands in a query.
fn query(value: &str) -> String {
    form_urlencoded::byte_serialize(value.as_bytes()).collect()
}

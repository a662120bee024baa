//! Search: one box over everything that people write and Watchbell sees. [`document`] says by which texts a record
//! is found, and is read by every change; [`written`] adds what is no record (plan, playbooks), [`catch_up`] what
//! was there before the index. Rights are applied in SQL, and nothing is counted that the reader may not see.

pub mod api;
pub mod catch_up;
pub mod document;
pub mod kind;
pub mod page;
mod store;
pub mod written;

use std::collections::BTreeSet;

use domain::{Actor, AlertId};
use jiff::Timestamp;
use platform::search::{Piece, Query, marked};
use serde::Serialize;
use utoipa::ToSchema;

pub use kind::Kind;

use crate::alert;
use crate::app::App;
use crate::change::time;
use crate::error::Result;
use crate::identity::scope;
use crate::web::paging::check_sought;
use crate::web::parts::encode;

/// How many of each kind are shown beside others, and how many of one kind alone.
const A_FEW: usize = 6;
const MANY: usize = 100;

/// A part of a text, and whether it is what was sought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Snippet {
    pub text: String,
    pub hit: bool,
}

/// Something that was found.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Hit {
    pub kind: Kind,
    /// The record's name; null for parts of the plan.
    #[schema(example = "INC-7")]
    pub record: Option<String>,
    /// The incident that it belongs to.
    #[schema(example = "INC-7")]
    pub incident: Option<String>,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Where it is looked at.
    #[schema(example = "/incidents/INC-7")]
    pub href: String,
    /// Its title or first words, in parts. Text from outside.
    pub title: Vec<Snippet>,
    /// Where else in it something was found; empty if only in the title.
    pub snippet: Vec<Snippet>,
}

/// What was found of one kind, the best first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Group {
    pub kind: Kind,
    pub hits: Vec<Hit>,
    /// Whether there are more than these.
    pub more: bool,
}

/// All that was found.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct Results {
    /// The record whose name was typed.
    pub named: Option<Hit>,
    pub groups: Vec<Group>,
}

/// Looks for what was typed, in all kinds or in one. What has the last word in all its length comes first.
pub async fn search(app: &App, actor: &Actor, typed: &str, only: Option<Kind>) -> Result<Results> {
    check_sought(Some(typed))?;
    let Some(query) = Query::new(typed) else { return Ok(Results::default()) };
    let most = if only.is_some() { MANY } else { A_FEW };
    let kinds = Kind::ALL.into_iter().filter(|kind| only.is_none_or(|only| only == *kind));
    let asked = kinds.filter(|kind| kind.open_to(actor)).map(|kind| of_kind(app, actor, kind, &query, most));
    let groups = futures_util::future::try_join_all(asked).await?;
    Ok(Results {
        named: named(app, actor, typed, &query).await?,
        groups: groups.into_iter().filter(|group| !group.hits.is_empty()).collect(),
    })
}

async fn of_kind(app: &App, actor: &Actor, kind: Kind, query: &Query, most: usize) -> Result<Group> {
    let account = scope::account(actor);
    let limit = i64::try_from(most + 1).unwrap_or(i64::MAX);
    let mut found = store::find(&app.db, account, kind, &query.as_typed(), limit).await?;
    if found.len() <= most && query.as_typed() != *query {
        let more = store::find(&app.db, account, kind, query, limit).await?;
        let known: Vec<i64> = found.iter().map(|one| one.id).collect();
        found.extend(more.into_iter().filter(|one| !known.contains(&one.id)));
    }
    if matches!(kind, Kind::Alert | Kind::AlertValue) {
        found = still_seen(app, actor, kind, found).await?;
    }
    let more = found.len() > most;
    let hits = found.into_iter().take(most).map(|one| hit(kind, &one, query)).collect::<Result<_>>()?;
    Ok(Group { kind, hits, more })
}

/// An alert is hidden with the one that it is merged into, which its own record does not tell: the alerts' own rights
/// have the last word.
async fn still_seen(
    app: &App,
    actor: &Actor,
    kind: Kind,
    found: Vec<store::Found>,
) -> Result<Vec<store::Found>> {
    let mut numbered = Vec::with_capacity(found.len());
    for one in found {
        numbered.push((kind.record(one.id).parse()?, one));
    }
    let ids: Vec<AlertId> = numbered.iter().map(|(id, _)| *id).collect();
    let alerts = alert::several(app, actor, &ids).await?;
    let seen: BTreeSet<AlertId> = alerts.iter().map(|alert| alert.id).collect();
    Ok(numbered.into_iter().filter(|(id, _)| seen.contains(id)).map(|(_, one)| one).collect())
}

/// Whoever types the name of a record means that one.
async fn named(app: &App, actor: &Actor, typed: &str, query: &Query) -> Result<Option<Hit>> {
    let Some((kind, number)) = Kind::of_record(typed).filter(|(kind, _)| kind.open_to(actor)) else {
        return Ok(None);
    };
    let found = store::get(&app.db, scope::account(actor), kind.document(number)).await?;
    let found: Vec<_> = found.into_iter().collect();
    let found = if kind == Kind::Alert { still_seen(app, actor, kind, found).await? } else { found };
    found.into_iter().next().map(|one| hit(kind, &one, query)).transpose()
}

fn hit(kind: Kind, found: &store::Found, query: &Query) -> Result<Hit> {
    let incident = found.scope.map(|number| format!("INC-{number}"));
    let record = Some(kind.record(found.id)).filter(|name| !name.is_empty());
    let (place, body) = match kind {
        Kind::Plan => written::place(&found.body),
        _ => ("", found.body.as_str()),
    };
    let name = record.as_deref().unwrap_or_default();
    let within = incident.as_deref().unwrap_or_default();
    let href = match kind {
        Kind::Incident => format!("/incidents/{name}"),
        Kind::Alert | Kind::AlertValue => format!("/alerts/{name}"),
        Kind::Observable | Kind::Asset => format!("/incidents/{within}/things#{name}"),
        Kind::Entry => format!("/incidents/{within}/timeline#{name}"),
        Kind::Decision => format!("/incidents/{within}/decisions#{name}"),
        Kind::Task => format!("/incidents/{within}/tasks#{name}"),
        Kind::Evidence => format!("/evidence/{name}"),
        Kind::Chat => format!("/incidents/{within}/chat#{name}"),
        // What they wrote on timelines.
        Kind::Person => format!("/search?kind=entry&q={}", encode(&format!("\"{}\"", found.title))),
        Kind::Plan => place.to_owned(),
        Kind::Playbook => format!("/playbooks/{name}"),
    };
    let title = marked(&found.title, query).map_or_else(|| plain(&found.title), snippets);
    let snippet = marked(body, query).map(snippets).unwrap_or_default();
    Ok(Hit { kind, record, incident, at: time(found.at)?, href, title, snippet })
}

/// How much of a title that holds no hit is shown, in characters.
const TITLE: usize = 160;

fn plain(text: &str) -> Vec<Snippet> {
    let mut shown: String = text.chars().take(TITLE).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    vec![Snippet { text: shown, hit: false }]
}

fn snippets(pieces: Vec<Piece>) -> Vec<Snippet> {
    pieces.into_iter().map(|piece| Snippet { text: piece.text, hit: piece.hit }).collect()
}

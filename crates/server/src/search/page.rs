//! The page of what was found.

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use maud::{Markup, html};
use serde::Deserialize;

use super::{A_FEW, Group, Hit, Kind, MANY, Results, Snippet};
use crate::app::App;
use crate::error::Result;
use crate::web::extract::{Query, Who};
use crate::web::frame::{self, Nav};
use crate::web::parts::{self, encode, icon};

pub fn routes() -> Router<App> {
    Router::new().route("/search", get(page))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    #[serde(default)]
    q: String,
    kind: Option<Kind>,
}

async fn page(State(app): State<App>, Who(actor): Who, Query(asked): Query<Asked>) -> Result<Markup> {
    let typed = asked.q.trim();
    let results = super::search(&app, &actor, typed, asked.kind).await?;
    let content = html! {
        header class="page-head" {
            div class="page-title" {
                h1 { "Search" }
                p class="page-sub" { "Incidents, alerts, observables, the timeline, evidence, people, plan and playbooks." }
            }
        }
        (form(typed, asked.kind))
        @if !typed.is_empty() { (kinds(&actor, typed, asked.kind)) }
        @if typed.is_empty() { (hints()) }
        @else if results.named.is_none() && results.groups.is_empty() { (nothing(typed, asked.kind)) }
        @else { (found(typed, asked.kind, &results)) }
    };
    let title = if typed.is_empty() { "Search".to_owned() } else { format!("{typed} · Search") };
    Ok(frame::searched(&app, &actor, Nav::None, &title, typed, &content).await)
}

fn form(typed: &str, kind: Option<Kind>) -> Markup {
    html! {
        form class="filter-bar" method="get" action="/search" {
            div class="field" data-grow="" {
                label for="s-q" { "What are you looking for?" }
                input id="s-q" type="search" name="q" value=(typed) maxlength="200" autocomplete="off" autofocus[typed.is_empty()];
            }
            @if let Some(kind) = kind { input type="hidden" name="kind" value=(kind.as_str()); }
            button class="button" data-kind="primary" type="submit" { (icon("search")) "Search" }
        }
    }
}

fn address(typed: &str, kind: Option<Kind>) -> String {
    let kind = kind.map(|kind| format!("&kind={}", kind.as_str())).unwrap_or_default();
    format!("/search?q={}{kind}", encode(typed))
}

fn kinds(actor: &domain::Actor, typed: &str, chosen: Option<Kind>) -> Markup {
    html! {
        div class="chips found-kinds" role="group" aria-label="Kind" {
            a class="chip" href=(address(typed, None)) aria-current=[chosen.is_none().then_some("true")] { "Everything" }
            @for kind in Kind::ALL.into_iter().filter(|kind| kind.open_to(actor)) {
                a class="chip" href=(address(typed, Some(kind))) aria-current=[(chosen == Some(kind)).then_some("true")] { (short(kind)) }
            }
        }
    }
}

fn short(kind: Kind) -> &'static str {
    match kind {
        Kind::AlertValue => "Values in alerts",
        other => other.label(),
    }
}

fn hints() -> Markup {
    html! {
        section class="card" aria-labelledby="how" {
            div class="card-head" { h2 id="how" { "How to look" } }
            div class="card-body" {
                dl class="facts" {
                    dt { code { "INC-7" } } dd { "A record by its name." }
                    dt { code { "10.0.0.5" } } dd { "A value: an address, a host, a hash, a path, a mail address. Also by a part of it, and as " code { "10[.]0[.]0[.]5" } " or " code { "hxxp" } "." }
                    dt { code { "word powersh" } } dd { "All of these words; the last may be unfinished." }
                    dt { code { "\"backup server\"" } } dd { "Words one after another." }
                }
                p class="muted gap-top" { "The key " kbd { "/" } " leads here from every page." }
            }
        }
    }
}

fn nothing(typed: &str, kind: Option<Kind>) -> Markup {
    match kind {
        Some(kind) => parts::empty(
            "search",
            &format!("Nothing under {}", short(kind)),
            "Nothing of this kind has all of these words. Look in everything.",
            Some((&address(typed, None), "Look in everything")),
        ),
        None => parts::empty(
            "search",
            "Nothing found",
            "Nothing that you may see has all of these words. Take a word away, or give only the beginning of one.",
            Some(("/observables", "Look through observables")),
        ),
    }
}

fn found(typed: &str, kind: Option<Kind>, results: &Results) -> Markup {
    html! {
        div class="stack" {
            @if let Some(hit) = &results.named {
                section class="card" aria-label="The record of this name" { ol class="found" { (one(hit)) } }
            }
            @for group in &results.groups { (section(typed, kind, group)) }
        }
    }
}

fn section(typed: &str, chosen: Option<Kind>, group: &Group) -> Markup {
    let id = format!("found-{}", group.kind.as_str());
    html! {
        section class="card" aria-labelledby=(id) {
            div class="card-head" {
                h2 id=(id) class="found-head" { (icon(group.kind.icon())) (group.kind.label()) }
                @if group.more && chosen.is_none() { a href=(address(typed, Some(group.kind))) { "More than " (A_FEW) } }
            }
            ol class="found" { @for hit in &group.hits { (one(hit)) } }
            @if group.more && chosen.is_some() {
                div class="card-foot" { span class="muted" { "The newest " (MANY) " are shown. A further word narrows it down." } }
            }
        }
    }
}

fn one(hit: &Hit) -> Markup {
    html! {
        li class="found-one" {
            a class="row-link found-title" href=(hit.href) { (pieces(&hit.title)) }
            @if !hit.snippet.is_empty() { p class="found-text" { (pieces(&hit.snippet)) } }
            p class="found-meta" {
                @if let Some(record) = &hit.record { span { (record) } }
                @if let Some(incident) = hit.incident.as_ref().filter(|incident| Some(*incident) != hit.record.as_ref()) {
                    a href={ "/incidents/" (incident) } { (incident) }
                }
                @if !matches!(hit.kind, Kind::Plan | Kind::Playbook | Kind::Person) { (parts::ago(hit.at)) }
            }
        }
    }
}

fn pieces(pieces: &[Snippet]) -> Markup {
    html! { @for piece in pieces { @if piece.hit { mark { (piece.text) } } @else { (piece.text) } } }
}

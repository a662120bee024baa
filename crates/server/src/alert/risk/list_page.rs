//! The list of entities by their risk.

use axum::extract::State;
use domain::{EntityKind, Permission};
use maud::{Markup, html};
use serde::Deserialize;

use super::page::{address, score};
use super::{EntityRisk, Wanted};
use crate::alert::page::encode;
use crate::app::App;
use crate::error::Result;
use crate::web::chart::line;
use crate::web::extract::{Query, Who};
use crate::web::frame::{self, Nav};
use crate::web::paging::PageQuery;
use crate::web::parts;

const KINDS: [EntityKind; 3] = [EntityKind::Host, EntityKind::Account, EntityKind::Address];

#[derive(Debug, Default, Deserialize)]
pub struct EntitiesQuery {
    #[serde(default)]
    q: String,
    #[serde(default)]
    kind: String,
    cursor: Option<String>,
}

pub async fn list(
    State(app): State<App>,
    Who(actor): Who,
    Query(query): Query<EntitiesQuery>,
) -> Result<Markup> {
    let kind = if query.kind.is_empty() { None } else { Some(query.kind.parse()?) };
    let text = Some(query.q.trim().to_owned()).filter(|text| !text.is_empty());
    let is_narrowed = kind.is_some() || text.is_some();
    let page = PageQuery { cursor: query.cursor.clone(), limit: None };
    let found = super::list(&app, &actor, &Wanted { kind, text }, &page).await?;
    let threshold = super::settings(&app).await?.threshold;
    let address = format!("/entities?q={}&kind={}&cursor=", encode(&query.q), encode(&query.kind));
    let here = format!("{address}{}", query.cursor.as_deref().map(encode).unwrap_or_default());
    let here = here.trim_end_matches("&cursor=").to_owned();
    let content = html! {
        header class="page-head" {
            div class="page-title" {
                h1 { "Entities" }
                p class="page-sub" { "Hosts, accounts and addresses by the risk that rules saw in them. At " (threshold) " one raises an alert." }
            }
            div class="page-actions" { a class="button" href="/entities/settings" { (parts::icon("settings")) @if actor.may(Permission::EditPlan) { "Set how risk is reckoned" } @else { "How risk is reckoned" } } }
        }
        form class="filter-bar" method="get" action="/entities" {
            div class="field" data-grow="" { label for="f-q" { "Find" } input id="f-q" type="search" name="q" value=(query.q) placeholder="Part of a name or an address"; }
            div class="field" { label for="f-kind" { "Kind" } select id="f-kind" name="kind" {
                option value="" { "Any" }
                @for kind in KINDS { option value=(kind.as_str()) selected[query.kind == kind.as_str()] { (kind.label()) } }
            } }
            button class="button" type="submit" { "Filter" }
        }
        div id="entities" data-refresh="entities" hx-get=(here) hx-select="#entities" hx-swap="outerHTML" hx-trigger="live:entities from:body" {
            @if found.items.is_empty() {
                @if is_narrowed { (parts::empty("graph", "No entity matches", "Nothing here fits this filter.", Some(("/entities", "Show all entities")))) }
                @else { (parts::empty("graph", "No sign of risk yet", "As soon as a rule fires, the host, the account and the address in its event stand here.", Some(("/intake", "Bring in logs")))) }
            } @else {
                (table(&found.items, threshold))
                (parts::next_page(&address, found.next.as_deref()))
            }
        }
    };
    Ok(frame::page(&app, &actor, Nav::Entities, "Entities", &["entities"], &content).await)
}

fn table(entities: &[EntityRisk], threshold: i64) -> Markup {
    html! {
        div class="table-scroll" role="region" aria-label="Entities by risk" tabindex="0" {
            table class="table" data-narrow="stack" {
                thead { tr { th { "Entity" } th data-type="number" { "Risk now" } th { "Two weeks" } th data-type="number" { "Highest" } th { "Why" } th { "Last seen" } } }
                tbody {
                    @for one in entities {
                        @let href = address(&one.entity);
                        tr data-href=(href) {
                            td class="cell-main" { a class="row-link mono" href=(href) { (one.entity.name()) } span class="cell-sub" { (one.entity.kind().label()) } }
                            td data-type="number" data-label="Risk now" { (score(one.score, threshold)) }
                            td { span class="spark" { (line(&one.course, 120, 24, Some(threshold as f64), "Risk in two weeks", None)) } }
                            td data-type="number" data-label="Highest" { (score(one.peak, threshold)) }
                            td class="break" { @if one.why.is_empty() { span class="muted" { "nothing that still counts" } } @else { (one.why.join(", ")) } }
                            td data-type="time" data-label="Last seen" { @if let Some(at) = one.last_seen { (parts::ago(at)) } }
                        }
                    }
                }
            }
        }
    }
}

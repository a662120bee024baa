//! The rules' pages: those in use and how often each fired, those that were refused, and one rule.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::State;
use domain::Severity;
use maud::{Markup, html};
use serde::Deserialize;

use super::page::{encode, status, techniques};
use super::rules::{KnownRule, RefusedRule};
use super::{Alert, Filter};
use crate::app::App;
use crate::error::{Error, Result};
use crate::web::extract::{Path, Query, Who};
use crate::web::frame::{self, Nav};
use crate::web::paging::PageQuery;
use crate::web::parts;

/// How many rules a page shows.
const SHOWN: usize = 200;

#[derive(Debug, Default, Deserialize)]
pub struct RulesQuery {
    #[serde(default)]
    q: String,
    #[serde(default)]
    level: String,
    /// `shipped` or `extra`.
    #[serde(default)]
    source: String,
    /// How many rules stand before this page.
    #[serde(default)]
    skip: usize,
}

impl RulesQuery {
    fn fits(&self, rule: &KnownRule) -> bool {
        let wanted = self.q.trim().to_lowercase();
        let holds = |text: &str| text.to_lowercase().contains(&wanted);
        let found = wanted.is_empty()
            || holds(&rule.title)
            || holds(&rule.id)
            || holds(&rule.logsource.to_string())
            || rule.techniques.iter().any(|technique| holds(technique));
        let from = match self.source.as_str() {
            "shipped" => rule.shipped,
            "extra" => !rule.shipped,
            _ => true,
        };
        found && from && (self.level.is_empty() || rule.severity.as_str() == self.level)
    }

    fn address(&self) -> String {
        format!(
            "/rules?q={}&level={}&source={}&skip=",
            encode(&self.q),
            encode(&self.level),
            encode(&self.source)
        )
    }
}

pub async fn list(
    State(app): State<App>,
    Who(actor): Who,
    Query(query): Query<RulesQuery>,
) -> Result<Markup> {
    let counts = super::count_by_rule(&app, &actor).await?;
    let fitting: Vec<&Arc<KnownRule>> = app.rules.all().iter().filter(|rule| query.fits(rule)).collect();
    let shown = fitting.iter().skip(query.skip).take(SHOWN);
    let next = query.skip.saturating_add(SHOWN);
    let next = (next < fitting.len()).then(|| next.to_string());
    let refused = app.rules.refused();
    let content = html! {
        header class="page-head" { div class="page-title" {
            h1 { "Rules" }
            p class="page-sub" { (app.rules.all().len()) " Sigma rules look at every event." @if !refused.is_empty() { " " (refused.len()) " could not be loaded." } }
        } }
        (filter_bar(&query))
        div class="stack" {
            @if fitting.is_empty() {
                (parts::empty("rules", "No rule matches", "Nothing here fits this filter.", Some(("/rules", "Show all rules"))))
            } @else {
                (table(shown.copied(), &counts))
                (parts::next_page(&query.address(), next.as_deref()))
            }
            @if !refused.is_empty() { (refused_card(refused)) }
        }
    };
    Ok(frame::page(&app, &actor, Nav::Rules, "Rules", &[], &content).await)
}

fn filter_bar(query: &RulesQuery) -> Markup {
    html! {
        form class="filter-bar" method="get" action="/rules" {
            div class="field" data-grow="" { label for="f-q" { "Find" } input id="f-q" type="search" name="q" value=(query.q) placeholder="Title, log source, technique"; }
            div class="field" {
                label for="f-level" { "Level" }
                select id="f-level" name="level" {
                    option value="" { "Any" }
                    @for level in Severity::ALL { option value=(level.as_str()) selected[query.level == level.as_str()] { (level.label()) } }
                }
            }
            div class="field" {
                label for="f-source" { "From" }
                select id="f-source" name="source" {
                    option value="" { "Anywhere" }
                    option value="shipped" selected[query.source == "shipped"] { "Watchbell" }
                    option value="extra" selected[query.source == "extra"] { "Your folders" }
                }
            }
            button class="button" type="submit" { "Filter" }
        }
    }
}

fn table<'a>(rules: impl Iterator<Item = &'a Arc<KnownRule>>, counts: &HashMap<String, i64>) -> Markup {
    html! {
        div class="table-scroll" role="region" aria-label="Rules in use" tabindex="0" {
            table class="table" data-narrow="stack" {
                thead { tr { th { "Level" } th { "Rule" } th { "Log source" } th { "ATT&CK" } th { "From" } th data-type="number" { "Alerts" } } }
                tbody {
                    @for rule in rules {
                        @let href = format!("/rules/{}", encode(&rule.id));
                        tr data-href=(href) {
                            td data-label="Level" { (parts::severity(rule.severity)) }
                            td class="cell-main" { a class="row-link" href=(href) { (rule.title) } }
                            td data-label="Log source" { (rule.logsource) }
                            td data-label="ATT&CK" { @for technique in &rule.techniques { span class="badge" data-kind="code" { (technique) } " " } }
                            td data-label="From" { (origin(rule)) }
                            td data-type="number" data-label="Alerts" { (counts.get(&rule.id).copied().unwrap_or(0)) }
                        }
                    }
                }
            }
        }
    }
}

fn origin(rule: &KnownRule) -> &'static str {
    if rule.shipped { "Watchbell" } else { "Your folders" }
}

fn refused_card(refused: &[RefusedRule]) -> Markup {
    html! {
        section class="card" aria-labelledby="refused" {
            div class="card-head" { h2 id="refused" { "Rules that could not be loaded" } span class="muted" { (refused.len()) } }
            div class="table-scroll" role="region" aria-label="Refused rules" tabindex="0" {
                table class="table" {
                    thead { tr { th { "Where" } th { "Rule" } th { "Why" } } }
                    tbody {
                        @for rule in refused.iter().take(SHOWN) {
                            tr { td class="mono" { (rule.file) ":" (rule.line) } td { (rule.title.as_deref().unwrap_or("without a title")) } td { (rule.reason) } }
                        }
                    }
                }
            }
            @if refused.len() > SHOWN { div class="card-body" { p class="muted" { "The first " (SHOWN) " are shown. " code { "GET /api/v1/rules" } " lists all." } } }
        }
    }
}

pub async fn one(State(app): State<App>, Who(actor): Who, Path(id): Path<String>) -> Result<Markup> {
    let rule = app.rules.get(&id).ok_or(Error::NotFound("rule"))?;
    let filter = Filter { rule: Some(rule.id.clone()), with_merged: true, ..Filter::default() };
    let alerts = super::list(&app, &actor, &filter, &PageQuery { cursor: None, limit: Some(20) }).await?;
    let content = html! {
        header class="page-head" {
            div class="page-title" {
                nav aria-label="Where you are" { ol class="breadcrumb" { li { a href="/rules" { "Rules" } } li { (rule.title) } } }
                h1 { (rule.title) }
                div class="page-meta" { (parts::severity(rule.severity)) span { (rule.logsource) } span { (origin(rule)) } }
            }
            div class="page-actions" { a class="button" href={ "/?status=all&rule=" (encode(&rule.id)) } { "All its alerts" } }
        }
        div class="columns" {
            div class="stack" {
                section class="card" aria-labelledby="what" {
                    div class="card-head" { h2 id="what" { "What it looks for" } }
                    div class="card-body prose" {
                        @match &rule.description { Some(text) => p { (text) }, None => p class="muted" { "The rule does not say." } }
                        @if !rule.false_positives.is_empty() { h3 { "Harmless when" } ul { @for text in &rule.false_positives { li { (text) } } } }
                    }
                }
                (alerts_card(&alerts.items))
                @if let Some(yaml) = app.rules.yaml(rule) {
                    section class="card" aria-labelledby="yaml" {
                        div class="card-head" { h2 id="yaml" { "The rule" } span class="muted mono" { (rule.file) ":" (rule.line) } }
                        div class="card-body" { div class="viewer" {
                            div class="viewer-head" { span { "Sigma" } button class="button needs-script" data-size="small" data-kind="quiet" type="button" data-copy-from="rule-text" { (parts::icon("copy")) "Copy" } }
                            pre id="rule-text" tabindex="0" aria-label="The rule as text" { (yaml) }
                        } }
                    }
                }
            }
            aside class="stack" aria-label="Facts" { (facts(rule)) }
        }
    };
    Ok(frame::page(&app, &actor, Nav::Rules, &rule.title, &[], &content).await)
}

fn alerts_card(alerts: &[Alert]) -> Markup {
    html! {
        section class="card" aria-labelledby="alerts" {
            div class="card-head" { h2 id="alerts" { "Its alerts" } span class="muted" { "the most severe and latest" } }
            @if alerts.is_empty() { div class="card-body" { p class="muted" { "It has not fired." } } } @else {
                div class="table-scroll" role="region" aria-label="Alerts of this rule" tabindex="0" {
                    table class="table" {
                        thead { tr { th { "Alert" } th { "Entity" } th data-type="number" { "Events" } th { "Last seen" } th { "Status" } } }
                        tbody {
                            @for alert in alerts {
                                tr data-href={ "/alerts/" (alert.id) } {
                                    td class="cell-main" { a class="row-link" href={ "/alerts/" (alert.id) } { (alert.id) } }
                                    td { span class="observable" { (alert.entity.name()) } }
                                    td data-type="number" { (alert.count) }
                                    td data-type="time" { (parts::ago(alert.last_seen)) }
                                    td { (status(alert)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn facts(rule: &KnownRule) -> Markup {
    html! {
        section class="card" aria-labelledby="facts" {
            div class="card-head" { h2 id="facts" { "Facts" } }
            div class="card-body" {
                dl class="facts" data-layout="stacked" {
                    dt { "Identifier" } dd class="mono" { (rule.id) }
                    @if let Some(status) = &rule.status { dt { "Maturity" } dd { (status) } }
                    @if let Some(author) = &rule.author { dt { "Author" } dd { (author) } }
                    dt { "Techniques" } dd { (techniques(&rule.techniques)) }
                    @if !rule.tactics.is_empty() { dt { "Tactics" } dd { (rule.tactics.join(", ").replace('-', " ")) } }
                    @if let Some(kind) = rule.suggested_type { dt { "Suggested incident type" } dd { (kind.label()) } }
                    @if !rule.references.is_empty() {
                        dt { "References" } dd { @for reference in &rule.references { div class="mono" { (reference) } } }
                    }
                }
            }
        }
    }
}

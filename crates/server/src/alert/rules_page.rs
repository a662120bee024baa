//! The rules' pages: those in use and how often each fired, those that were refused, and one rule.

use axum::extract::State;
use domain::{Actor, EventId, Severity};
use maud::{Markup, html};
use serde::Deserialize;

use super::noise::{self, Noise};
use super::page::{Pairs, encode, status, techniques, value};
use super::rules::{KnownRule, RefusedRule};
use super::try_event::{self, Shown};
use super::{Alert, Filter, grouping, suppress};
use crate::app::App;
use crate::error::{Error, Result};
use crate::event;
use crate::web::extract::{Form, Path, Query, Who};
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
    /// `noisy`, or `fired`: within the days that detections are counted over.
    #[serde(default)]
    show: String,
    /// What the list is sorted by: a column's word; the order of the files if it is blank.
    #[serde(default)]
    sort: String,
    /// How many rules stand before this page.
    #[serde(default)]
    skip: usize,
}

impl RulesQuery {
    fn fits(&self, rule: &KnownRule, noise: &Noise) -> bool {
        let wanted = self.q.trim().to_lowercase();
        let holds = |text: &str| text.to_lowercase().contains(&wanted);
        let found = wanted.is_empty()
            || holds(&rule.title)
            || holds(&rule.id)
            || holds(&rule.logsource.to_string())
            || (rule.is_correlation && "correlation".contains(&wanted))
            || rule.techniques.iter().any(|technique| holds(technique));
        let from = match self.source.as_str() {
            "shipped" => rule.shipped,
            "extra" => !rule.shipped,
            _ => true,
        };
        let shown = match self.show.as_str() {
            "noisy" => noise.noisy.is_some(),
            "fired" => noise.detections > 0,
            _ => true,
        };
        found && from && shown && (self.level.is_empty() || rule.severity.as_str() == self.level)
    }

    /// The list's address up to the word that it is sorted by.
    fn address(&self) -> String {
        format!(
            "/rules?q={}&level={}&source={}&show={}&sort=",
            encode(&self.q),
            encode(&self.level),
            encode(&self.source),
            encode(&self.show)
        )
    }
}

pub async fn list(
    State(app): State<App>,
    Who(actor): Who,
    Query(query): Query<RulesQuery>,
) -> Result<Markup> {
    let known = noise::of_all(&app, &actor).await?;
    let quiet = Noise::default();
    let of = |rule: &KnownRule| known.get(&rule.id).unwrap_or(&quiet);
    let mut fitting: Vec<(&KnownRule, &Noise)> = app
        .rules
        .all()
        .iter()
        .map(|rule| (&**rule, of(rule)))
        .filter(|(rule, noise)| query.fits(rule, noise))
        .collect();
    // Stable, so that rules of the same rank keep the order of the files.
    fitting.sort_by(|(_, one), (_, other)| {
        noise::rank(other, &query.sort).total_cmp(&noise::rank(one, &query.sort))
    });
    let shown: Vec<_> = fitting.iter().skip(query.skip).take(SHOWN).copied().collect();
    let next = query.skip.saturating_add(SHOWN);
    let next = (next < fitting.len()).then(|| next.to_string());
    let refused = app.rules.refused();
    let noisy = app.rules.all().iter().filter(|rule| of(rule).noisy.is_some()).count();
    let content = html! {
        header class="page-head" {
            div class="page-title" {
            h1 { "Rules" }
            @let correlations = app.rules.correlations().all().len();
            p class="page-sub" { (app.rules.all().len() - correlations) " Sigma rules look at every event, and " (correlations) " correlations at what they find." @if !refused.is_empty() { " " (refused.len()) " could not be loaded." } @if noisy > 0 { " " a href="/rules?show=noisy" { (noisy) @if noisy == 1 { " is noisy" } @else { " are noisy" } } "." } }
            }
            div class="page-actions" { a class="button" href="/rules/coverage" { (parts::icon("chart")) "Coverage of ATT&CK" } }
        }
        (filter_bar(&query))
        div class="stack" {
            @if fitting.is_empty() {
                @if query.show == "noisy" {
                    (parts::empty("check", "No rule is noisy", "A rule is noisy when its verdicts say that it is mostly wrong, or when it makes much of all alerts and was never right.", Some(("/rules", "Show all rules"))))
                } @else {
                    (parts::empty("rules", "No rule matches", "Nothing here fits this filter.", Some(("/rules", "Show all rules"))))
                }
            } @else {
                (table(&shown, &query))
                p class="muted small" { "Detections and alerts of the last 30 days; verdicts on alerts of the last 12 weeks. Precision is the part of true positives among true and false ones, with the range in which it lies with 95 % certainty." }
                (parts::next_page(&format!("{}{}&skip=", query.address(), encode(&query.sort)), next.as_deref()))
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
            div class="field" {
                label for="f-show" { "Show" }
                select id="f-show" name="show" {
                    option value="" { "All" }
                    option value="fired" selected[query.show == "fired"] { "Fired in 30 days" }
                    option value="noisy" selected[query.show == "noisy"] { "Noisy" }
                }
            }
            @if !query.sort.is_empty() { input type="hidden" name="sort" value=(query.sort); }
            button class="button" type="submit" { "Filter" }
        }
    }
}

fn table(rules: &[(&KnownRule, &Noise)], query: &RulesQuery) -> Markup {
    html! {
        div class="table-scroll" role="region" aria-label="Rules in use" tabindex="0" {
            table class="table" data-narrow="stack" {
                thead { tr { th { "Level" } th { "Rule" } (noise::head_cells(&query.address(), &query.sort)) } }
                tbody {
                    @for (rule, noise) in rules {
                        @let href = format!("/rules/{}", encode(&rule.id));
                        tr data-href=(href) {
                            td data-label="Level" { (parts::severity(rule.severity)) }
                            td class="cell-main" {
                                a class="row-link" href=(href) { (rule.title) } " " (noise::badge(noise))
                                span class="cell-sub" { (looks_at(rule)) @if !rule.techniques.is_empty() { ", " (rule.techniques.join(", ")) } @if !rule.shipped { ", your folders" } }
                            }
                            (noise::cells(noise))
                        }
                    }
                }
            }
        }
    }
}

fn looks_at(rule: &KnownRule) -> Markup {
    html! {
        @if rule.is_correlation { "what other rules find" } @else { (rule.logsource) }
        @if rule.is_silent { ", for correlations only" }
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

#[derive(Debug, Default, Deserialize)]
pub struct RuleQuery {
    /// A stored event that is to be explained.
    event: Option<EventId>,
}

pub async fn one(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<String>,
    Query(query): Query<RuleQuery>,
) -> Result<Markup> {
    // A correlation looks at many events; a single one explains nothing.
    let is_correlation = app.rules.get(&id).is_some_and(|rule| rule.is_correlation);
    let shown = match query.event.filter(|_| !is_correlation) {
        None => Shown::default(),
        Some(event) => {
            let (text, tried) = try_event::explain_stored(&app, &actor, &id, event).await?;
            Shown { text, assume: false, tried: Some(Ok(tried)) }
        }
    };
    draw(&app, &actor, &id, &shown).await
}

/// The same page, with what came of an event that somebody tried on the rule.
pub async fn try_event(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<String>,
    Form(form): Form<Pairs>,
) -> Result<Markup> {
    let text = value(&form, "event").unwrap_or_default().to_owned();
    let assume = value(&form, "assume").is_some();
    match try_event::explain(&app, &actor, &id, text.clone(), assume).await {
        Err(error @ (Error::NotFound(_) | Error::Forbidden(_))) => Err(error),
        tried => draw(&app, &actor, &id, &Shown { text, assume, tried: Some(tried) }).await,
    }
}

async fn draw(app: &App, actor: &Actor, id: &str, shown: &Shown) -> Result<Markup> {
    let rule = app.rules.get(id).ok_or(Error::NotFound("rule"))?;
    let filter = Filter { rule: Some(rule.id.clone()), with_merged: true, ..Filter::default() };
    let alerts = super::list(app, actor, &filter, &PageQuery { cursor: None, limit: Some(20) }).await?;
    let noise = noise::of_all(app, actor).await?.remove(&rule.id).unwrap_or_default();
    let weeks = noise::weeks(app, actor, &rule.id).await?;
    let suppressions = suppress::of_rule(app, actor, &rule.id).await?;
    let groupings = grouping::history(app, actor, &rule.id).await?;
    let names = event::page::names(app, actor).await?;
    let suggestion = match noise.noisy {
        Some(_) => noise::suggest(app, actor, &rule.id).await?,
        None => None,
    };
    let content = html! {
        header class="page-head" {
            div class="page-title" {
                nav aria-label="Where you are" { ol class="breadcrumb" { li { a href="/rules" { "Rules" } } li { (rule.title) } } }
                h1 { (rule.title) }
                div class="page-meta" { (parts::severity(rule.severity)) span { (looks_at(rule)) } span { (origin(rule)) } }
            }
            div class="page-actions" { a class="button" href={ "/?status=all&rule=" (encode(&rule.id)) } { "All its alerts" } }
        }
        (noise::notice(actor, &noise, suggestion.as_ref()))
        div class="columns" {
            div class="stack" {
                section class="card" aria-labelledby="what" {
                    div class="card-head" { h2 id="what" { "What it looks for" } }
                    div class="card-body prose" {
                        @match &rule.description { Some(text) => p { (text) }, None => p class="muted" { "The rule does not say." } }
                        @if !rule.false_positives.is_empty() { h3 { "Harmless when" } ul { @for text in &rule.false_positives { li { (text) } } } }
                    }
                }
                @if !rule.is_correlation { (try_event::card(rule, shown)) }
                (noise::history_card(&noise, &weeks))
                (alerts_card(&alerts.items, rule.is_silent))
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
            aside class="stack" aria-label="Facts" { (grouping::page::card(actor, rule, &groupings, &names)) (noise::tuned_card(rule, &suppressions)) (facts(rule)) }
        }
    };
    Ok(frame::page(app, actor, Nav::Rules, &rule.title, &[], &content).await)
}

fn alerts_card(alerts: &[Alert], is_silent: bool) -> Markup {
    html! {
        section class="card" aria-labelledby="alerts" {
            div class="card-head" { h2 id="alerts" { "Its alerts" } span class="muted" { "the most severe and latest" } }
            @if alerts.is_empty() { div class="card-body" { p class="muted" { @if is_silent { "It raises no alerts of its own: it is there for correlations only." } @else { "It has not fired." } } } } @else {
                div class="table-scroll" role="region" aria-label="Alerts of this rule" tabindex="0" {
                    table class="table" data-narrow="stack" {
                        thead { tr { th { "Alert" } th { "Entity" } th data-type="number" { "Events" } th { "Last seen" } th { "Status" } } }
                        tbody {
                            @for alert in alerts {
                                tr data-href={ "/alerts/" (alert.id) } {
                                    td class="cell-main" { a class="row-link" href={ "/alerts/" (alert.id) } { (alert.id) } }
                                    td { span class="observable" { (alert.entity.name()) } }
                                    td data-type="number" data-label="Events" { (alert.count) }
                                    td data-type="time" data-label="Last seen" { (parts::ago(alert.last_seen)) }
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
                    @if !rule.tactics.is_empty() { dt { "Tactics" } dd { (parts::tactics(&rule.tactics)) } }
                    @if let Some(kind) = rule.suggested_type { dt { "Suggested incident type" } dd { (kind.label()) } }
                    @if !rule.references.is_empty() {
                        dt { "References" } dd { @for reference in &rule.references { div class="mono" { (reference) } } }
                    }
                }
            }
        }
    }
}

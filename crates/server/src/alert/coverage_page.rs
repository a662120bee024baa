//! The page of coverage: tactics as columns, techniques as cells, shaded by rules or by alerts.

use axum::extract::State;
use axum::response::Response;
use domain::attack::{Cell, Column, catalogue};
use maud::{Markup, html};
use serde::Deserialize;

use super::coverage::{self, Coverage};
use super::page::encode;
use crate::app::App;
use crate::error::Result;
use crate::web::extract::{Query, Who};
use crate::web::frame::{self, Nav};
use crate::web::{download, parts};

#[derive(Debug, Default, Deserialize)]
pub struct CoverageQuery {
    /// A log source by the name that the page offers.
    #[serde(default)]
    source: String,
    /// `alerts`, or else rules.
    #[serde(default)]
    shade: String,
    /// `all`, or else only techniques with a rule.
    #[serde(default)]
    show: String,
}

impl CoverageQuery {
    fn by_alerts(&self) -> bool {
        self.shade == "alerts"
    }

    fn shows_gaps(&self) -> bool {
        self.show == "all"
    }
}

pub async fn page(
    State(app): State<App>,
    Who(actor): Who,
    Query(query): Query<CoverageQuery>,
) -> Result<Markup> {
    let found = coverage::of(&app, &actor, &query.source).await?;
    let (covered, all) = found.matrix.covered();
    let layer = format!("/rules/coverage/layer?source={}", encode(&query.source));
    let content = html! {
        header class="page-head" {
            div class="page-title" {
                nav aria-label="Where you are" { ol class="breadcrumb" { li { a href="/rules" { "Rules" } } li { "Coverage" } } }
                h1 { "Coverage of ATT&CK" }
                p class="page-sub" {
                    (found.rules.len()) " rules name " (covered) " of the " (all) " techniques of ATT&CK " (catalogue::version())
                    "; " (found.seen()) " have had alerts in the last 30 days."
                }
            }
            div class="page-actions" { a class="button" href=(layer) download="" { (parts::icon("download")) "Navigator layer" } }
        }
        (filter_bar(&query, &coverage::sources(&app)))
        @if covered == 0 {
            (parts::empty("rules", "No technique is covered", "No rule for this log source names a technique of ATT&CK. Tag rules with attack.t1059 and the like.", Some(("/rules/coverage", "Show all log sources"))))
        } @else {
            (legend(&query))
            div class="attack-scroll" role="region" aria-label="Techniques by tactic" tabindex="0" {
                div class="attack" {
                    @for column in &found.matrix.columns { (tactic(column, &found, &query)) }
                }
            }
            p class="muted" { "A technique counts as covered when a rule is tagged with it. That says neither that the rule's log source is collected here, nor that it finds every way to do it." }
        }
        (left_over(&found))
    };
    Ok(frame::page(&app, &actor, Nav::Rules, "Coverage", &[], &content).await)
}

fn filter_bar(query: &CoverageQuery, sources: &std::collections::BTreeMap<String, usize>) -> Markup {
    html! {
        form class="filter-bar" method="get" action="/rules/coverage" {
            div class="field" {
                label for="f-source" { "Log source" }
                select id="f-source" name="source" {
                    option value="" { "All" }
                    @for (name, rules) in sources { option value=(name) selected[query.source == *name] { (name) " (" (rules) ")" } }
                }
            }
            div class="field" {
                label for="f-shade" { "Shade by" }
                select id="f-shade" name="shade" {
                    option value="rules" { "Number of rules" }
                    option value="alerts" selected[query.by_alerts()] { "Alerts seen" }
                }
            }
            div class="field" {
                label for="f-show" { "Show" }
                select id="f-show" name="show" {
                    option value="covered" { "With a rule" }
                    option value="all" selected[query.shows_gaps()] { "All techniques" }
                }
            }
            button class="button" type="submit" { "Apply" }
        }
    }
}

/// From how many on a cell is shaded so.
const STEPS: [(i64, &str); 5] = [(0, "none"), (1, "1"), (2, "2 to 4"), (5, "5 to 19"), (20, "20 and more")];

fn shade(count: i64) -> usize {
    STEPS.iter().rposition(|(from, _)| count >= *from).unwrap_or(0)
}

fn legend(query: &CoverageQuery) -> Markup {
    html! {
        p class="attack-legend" {
            span { @if query.by_alerts() { "Alerts:" } @else { "Rules:" } }
            @for (step, (_, label)) in STEPS.iter().enumerate() { span { span class="attack-key" data-shade=(step) aria-hidden="true" {} (label) } }
        }
    }
}

fn tactic(column: &Column, found: &Coverage, query: &CoverageQuery) -> Markup {
    let id = format!("tactic-{}", column.tactic);
    html! {
        section class="attack-tactic" aria-labelledby=(id) {
            header { h2 id=(id) { (column.tactic.label()) } p { (column.covered()) " of " (column.cells.len()) } }
            @if column.covered() == 0 && !query.shows_gaps() { p class="attack-none" { "No rule" } }
            ul {
                @for cell in &column.cells {
                    @if query.shows_gaps() || !cell.all_rules().is_empty() { li { (technique(cell, found, query)) } }
                }
            }
        }
    }
}

fn technique(cell: &Cell, found: &Coverage, query: &CoverageQuery) -> Markup {
    let rules = cell.all_rules();
    let alerts = found.alerts(&rules);
    let count = i64::try_from(rules.len()).unwrap_or(i64::MAX);
    let shade = shade(if query.by_alerts() { alerts } else { count });
    let below: Vec<&Cell> =
        cell.subtechniques.iter().filter(|below| !below.rules.is_empty() || query.shows_gaps()).collect();
    html! {
        div class="attack-cell" data-shade=(shade) {
            @if rules.is_empty() {
                span class="attack-name" { (cell.name) } span class="attack-facts" { (cell.id) " · no rule" }
            } @else {
                a class="attack-name" href={ "/rules?q=" (cell.id) } { (cell.name) }
                span class="attack-facts" {
                    (cell.id) " · " (plural(count, "rule", "rules"))
                    @if alerts > 0 { " · " a href={ "/?status=all&q=" (cell.id) } { (plural(alerts, "alert", "alerts")) } }
                }
            }
            @if !below.is_empty() {
                @let covered = cell.subtechniques.iter().filter(|below| !below.rules.is_empty()).count();
                details {
                    summary { (covered) " of " (cell.subtechniques.len()) " sub-techniques" }
                    ul {
                        @for below in below {
                            li {
                                @if below.rules.is_empty() { (below.name) } @else { a href={ "/rules?q=" (below.id) } { (below.name) } " (" (below.rules.len()) ")" }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn plural(count: i64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// How many rules without a technique, or of one unknown technique, are named.
const NAMED: usize = 50;

/// Rules that no cell counts.
fn left_over(found: &Coverage) -> Markup {
    let matrix = &found.matrix;
    let unknown =
        matrix.unknown.iter().flat_map(|(id, rules)| rules.iter().map(move |rule| (Some(id), *rule)));
    let left: Vec<(Option<&String>, usize)> =
        unknown.chain(matrix.untagged.iter().map(|rule| (None, *rule))).collect();
    html! {
        @if !left.is_empty() {
            details class="attack-left" {
                summary { (plural(i64::try_from(left.len()).unwrap_or(i64::MAX), "tag or rule stands", "tags or rules stand")) " in no cell" }
                ul {
                    @for (technique, rule) in left.iter().take(NAMED) {
                        @if let Some(rule) = found.rules.get(*rule) {
                            li { a href={ "/rules/" (encode(&rule.id)) } { (rule.title) } ": " @match technique { Some(id) => { "ATT&CK does not know " (id) } None => { "names no technique" } } }
                        }
                    }
                }
                @if left.len() > NAMED { p class="muted" { "and " (left.len() - NAMED) " more; " code { "watchbell rules coverage" } " tells all." } }
            }
        }
    }
}

/// The layer, to be saved.
pub async fn layer(
    State(app): State<App>,
    Who(actor): Who,
    Query(query): Query<CoverageQuery>,
) -> Result<Response> {
    let found = coverage::of(&app, &actor, &query.source).await?;
    let text = serde_json::to_vec_pretty(&found.layer(&query.source))?;
    Ok(download::bytes("watchbell-coverage.json", "application/json", text))
}

#[cfg(test)]
mod tests {
    use super::shade;

    #[test]
    fn shades_go_by_steps() {
        assert_eq!([0, 1, 2, 4, 5, 19, 20, 4000].map(shade), [0, 1, 2, 2, 3, 3, 4, 4]);
    }
}

//! The noise of rules as people see it: cells of the list of rules, and cards of a rule's page.

use domain::noise::{Noisy, Precision};
use domain::{Actor, Permission};
use maud::{Markup, html};

use super::{DAYS, Noise, Suggestion, WEEKS, Week};
use crate::alert::page::encode;
use crate::alert::rules::KnownRule;
use crate::alert::suppress::Suppression;
use crate::alert::suppress::page::clause_words;
use crate::web::chart::{Part, bars, stacked};
use crate::web::parts;

/// By what the list may be sorted: the address's word, the column's head, and how the table shows it.
const COLUMNS: [(&str, &str); 7] = [
    ("detections", "Detections"),
    ("alerts", "Alerts"),
    ("share", "Share"),
    ("open", "Open"),
    ("false", "False positives"),
    ("true", "True positives"),
    ("precision", "Precision"),
];

/// What the list is sorted by; the highest first, but the lowest precision.
pub fn rank(noise: &Noise, by: &str) -> f64 {
    let number = |count: i64| count as f64;
    match by {
        "detections" => number(noise.detections),
        "alerts" | "share" => number(noise.alerts),
        "open" => number(noise.open),
        "false" => number(noise.verdicts.false_positives),
        "true" => number(noise.verdicts.true_positives),
        "precision" => noise.precision.map_or(-2.0, |precision| -precision.value),
        _ => 0.0,
    }
}

/// The heads of the columns; `address` is the list's, up to the word that it is sorted by.
pub fn head_cells(address: &str, sorted: &str) -> Markup {
    html! {
        @for (word, name) in COLUMNS {
            @let order = if word == "precision" { "ascending" } else { "descending" };
            th data-type="number" aria-sort=[(sorted == word).then_some(order)] { a href={ (address) (word) } { (name) } }
        }
    }
}

/// A rule's cells under these heads.
pub fn cells(noise: &Noise) -> Markup {
    let verdicts = &noise.verdicts;
    html! {
        td data-type="number" data-label="Detections" { span class="spark" { @if noise.detections > 0 { (bars(&noise.detections_by_day, 120, 24, "Detections in the last 30 days")) } (noise.detections) } }
        td data-type="number" data-label="Alerts" { (noise.alerts) }
        td data-type="number" data-label="Share" { @if noise.alerts > 0 { span class="nowrap" { (percent(noise.share)) } } @else { span class="muted" { "–" } } }
        td data-type="number" data-label="Open" { (noise.open) }
        td data-type="number" data-label="False positives" { (verdicts.false_positives) @if verdicts.benign > 0 { span class="cell-sub" { (verdicts.benign) " benign" } } }
        td data-type="number" data-label="True positives" { (verdicts.true_positives) }
        td data-type="number" data-label="Precision" {
            @match noise.precision {
                Some(precision) => { (percent(precision.value)) span class="cell-sub nowrap" { (interval(precision)) } },
                None => span class="muted nowrap" { "no verdicts yet" },
            }
        }
    }
}

/// A badge for a noisy rule.
pub fn badge(noise: &Noise) -> Markup {
    html! {
        @match noise.noisy {
            Some(Noisy::Wrong) => span class="badge" data-kind="warning" { "Noisy: mostly wrong" },
            Some(Noisy::Loud) => span class="badge" data-kind="warning" { "Noisy: loud" },
            None => {}
        }
    }
}

pub fn percent(part: f64) -> String {
    let percent = part * 100.0;
    if part > 0.0 && percent < 1.0 { "< 1 %".to_owned() } else { format!("{percent:.0} %") }
}

fn interval(precision: Precision) -> String {
    format!("{:.0} to {:.0} %", precision.low * 100.0, precision.high * 100.0)
}

/// What may be done about a noisy rule.
pub fn notice(actor: &Actor, noise: &Noise, suggestion: Option<&Suggestion>) -> Markup {
    let verdicts = &noise.verdicts;
    let judged = verdicts.true_positives + verdicts.false_positives;
    html! {
        @if let Some(noisy) = noise.noisy {
            div class="notice" data-level="warning" { (parts::icon("alert"))
                div {
                    @match noisy {
                        Noisy::Wrong => { strong { "This rule is mostly wrong" } "Of " (judged) " judged alerts, " (verdicts.false_positives) " were false positives. " },
                        Noisy::Loud => { strong { "This rule is loud" } "It makes " (percent(noise.share)) " of all alerts, and none was a true positive. " },
                    }
                    @match suggestion {
                        Some(one) => { (one.alerts) " of " (one.of) " alerts have " (clause(one)) ", and no true positive has." },
                        None => "Its alerts have nothing in common that an exception could be made of. Mend the rule, or group it otherwise.",
                    }
                }
                @if let Some(one) = suggestion.filter(|_| actor.may(Permission::TriageAlerts)) {
                    a class="button" data-size="small" href={ "/suppressions/new?kind=exception&alert=" (one.alert) "&field=" (encode(&one.field)) "&value=" (encode(&one.value)) } { "Propose an exception" }
                }
            }
        }
    }
}

fn clause(one: &Suggestion) -> Markup {
    html! { span class="break" { (one.field) " " code { (one.value) } } }
}

/// Detections by day, verdicts by week, and what they come to.
pub fn history_card(noise: &Noise, weeks: &[Week]) -> Markup {
    let column = |count: fn(&Week) -> i64| weeks.iter().map(count).collect::<Vec<i64>>();
    let (right, wrong) =
        (column(|week| week.verdicts.true_positives), column(|week| week.verdicts.false_positives));
    let (benign, open) =
        (column(|week| week.verdicts.benign + week.verdicts.duplicates), column(|week| week.open));
    let by_week = [
        Part { class: "good", name: "True positive", counts: &right },
        Part { class: "high", name: "False positive", counts: &wrong },
        Part { class: "informational", name: "Benign or duplicate", counts: &benign },
        Part { class: "bar", name: "Open", counts: &open },
    ];
    let by_day = [Part { class: "bar", name: "Detections", counts: &noise.detections_by_day }];
    let any = by_week.iter().any(|part| part.counts.iter().any(|count| *count > 0));
    html! {
        section class="card" aria-labelledby="noise" {
            div class="card-head" { h2 id="noise" { "Its noise" } (badge(noise)) }
            div class="card-body stack" {
                dl class="facts" data-layout="wide" {
                    div { dt { "Precision" } dd {
                        @match noise.precision {
                            Some(precision) => { (percent(precision.value)) " " span class="muted" { "(" (interval(precision)) ", 95 %)" } },
                            None => span class="muted" { "no verdicts yet" },
                        }
                    } }
                    div { dt { "Alerts in " (DAYS) " days" } dd { (noise.alerts) @if noise.alerts > 0 { " " span class="muted" { "(" (percent(noise.share)) " of all)" } } } }
                    div { dt { "Detections in " (DAYS) " days" } dd { (noise.detections) } }
                    div { dt { "Waiting for a verdict" } dd { (noise.open) } }
                }
                @if noise.detections == 0 && !any {
                    p class="muted" { "It has not fired in the last " (WEEKS) " weeks. What it detects from now on, and what its alerts are found to be, is drawn here." }
                } @else {
                    div { h3 { "Detections a day" } (stacked(&by_day, 640, 64, "Detections in the last 30 days", ("30 days ago", "today"))) }
                    div { h3 { "Alerts a week, by verdict" } (stacked(&by_week, 640, 96, "Alerts of the last 12 weeks", ("12 weeks ago", "this week"))) }
                }
            }
        }
    }
}

/// What is tuned about a rule.
pub fn tuned_card(rule: &KnownRule, suppressions: &[Suppression]) -> Markup {
    let count = rule.filters.len() + suppressions.len();
    html! {
        section class="card" aria-labelledby="tuned" {
            div class="card-head" { h2 id="tuned" { "Tuned" } span class="muted" { (count) } }
            div class="card-body" {
                @if count == 0 {
                    p class="muted" { "Nothing is left out of this rule. Dismiss one of its alerts as a false positive to propose an exception." }
                } @else {
                    ul class="changes" {
                        @for one in suppressions {
                            li data-change="same" { span class="break" {
                                a href="/suppressions" { (one.id) } ", " (one.kind.label().to_lowercase()) ": "
                                @if let Some(entity) = &one.entity { "on " span class="observable" { (entity.name()) } " " }
                                @for clause in &one.clauses { (clause_words(clause)) " " }
                                span class="muted" { "hid " (one.hidden) @if let Some(until) = one.until { ", until " (parts::time(until)) } }
                            } }
                        }
                        @for filter in &rule.filters {
                            li data-change="same" { span class="break" { "Sigma filter " (filter.title) " " span class="muted mono" { (filter.file) ":" (filter.line) } } }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_precision_comes_first_and_none_last() {
        let with = |precision| Noise { precision, ..Noise::default() };
        let one = |value| Some(Precision { value, low: 0.0, high: 1.0 });
        assert!(rank(&with(one(0.1)), "precision") > rank(&with(one(0.9)), "precision"));
        assert!(rank(&with(one(1.0)), "precision") > rank(&with(None), "precision"));
        assert_eq!(percent(0.004), "< 1 %");
        assert_eq!(percent(0.0), "0 %");
    }
}

//! The alerts that the incident was declared from, and those taken in since.

use maud::{Markup, html};

use super::super::Shown;
use super::super::related::origin;
use super::{Drawing, Room};
use crate::alert::{self, Alert};
use crate::web::parts;

pub fn draw<'r>(room: &'r Room<'r>) -> Drawing<'r> {
    Box::pin(async move { Ok(alert_card(room.shown, &alert::of_incident(room.app, room.shown.id()).await?)) })
}

/// How many are shown before the rest is folded.
const SHOWN: usize = 8;

fn alert_card(shown: &Shown, alerts: &[Alert]) -> Markup {
    let mut alerts: Vec<&Alert> = alerts.iter().collect();
    alerts.sort_by_key(|alert| std::cmp::Reverse((alert.severity, alert.last_seen)));
    let (first, rest) = alerts.split_at_checked(SHOWN).unwrap_or((&alerts, &[]));
    html! {
        section class="card" id="panel-alerts" aria-labelledby="panel-alerts-title" {
            div class="card-head" { h2 id="panel-alerts-title" { "Alerts" } span class="muted" { (alerts.len()) } }
            @if alerts.is_empty() { div class="card-body" { p class="muted" { "This incident was declared without an alert." } } }
            @else { (table(shown, first, "Alerts of this incident")) }
            @if !rest.is_empty() {
                details class="folded" id="more-alerts" { summary { (rest.len()) " more" } (table(shown, rest, "Further alerts of this incident")) }
            }
        }
    }
}

fn table(shown: &Shown, alerts: &[&Alert], label: &str) -> Markup {
    html! {
        div class="table-scroll" tabindex="0" role="region" aria-label=(label) {
            table class="table" data-narrow="stack" {
                thead { tr { th { "Severity" } th { "Alert" } th data-type="number" { "Events" } th { "Last seen" } } }
                tbody {
                    @for alert in alerts {
                        tr data-href={ "/alerts/" (alert.id) } {
                            td data-label="Severity" { (parts::severity(alert.severity)) }
                            td class="cell-main" { a class="row-link" href={ "/alerts/" (alert.id) } { (alert.title) } span class="cell-sub" { (alert.id) ", " (alert.entity.name()) @if let Some(incident) = alert.incident { " " (origin(shown, incident)) } } }
                            td data-type="number" data-label="Events" { (alert.count) }
                            td data-type="time" data-label="Last seen" { (parts::ago(alert.last_seen)) }
                        }
                    }
                }
            }
        }
    }
}

//! The plan's rules as tables: who is told, how evidence is kept, when the plan is reviewed and how it
//! is measured.

use domain::Severity;
use domain::plan::{EvidencePlan, NotificationRule, ReviewPlan};
use maud::{Markup, html};

use super::names::{Names, part, period};
use crate::web::parts;

pub fn notifications(rules: &[NotificationRule], names: Names<'_>) -> Markup {
    part(
        "notifications",
        "Notifications",
        Some("Who is told, over what, and who is told next if nobody answers"),
        &html! {
            div class="table-scroll" role="group" aria-label="Notification rules" tabindex="0" {
                table class="table notification-rules" data-narrow="list" {
                    thead { tr { th { "When" } th { "Told" } th { "Over" } th { "Without an answer" } } }
                    tbody { @for rule in rules { (notification(rule, names)) } }
                }
            }
        },
    )
}

fn notification(rule: &NotificationRule, names: Names<'_>) -> Markup {
    html! {
        tr id={ "notification-" (rule.id) } {
            td class="cell-main" {
                div class="row" {
                    (rule.trigger.label())
                    @if let Some(least) = rule.severity_at_least { (at_least(least)) }
                    @for phase in &rule.phases { (parts::phase(*phase)) }
                    @for kind in &rule.incident_types { span class="badge" { (kind.label()) } }
                }
                p class="muted small" { (rule.message) }
            }
            td data-label="Told" { (names.roles(&rule.roles)) }
            td data-label="Over" { ul { @for channel in &rule.channels { li class="nowrap" { (names.channel(channel)) } } } }
            td data-label="No answer" {
                @if let (Some(role), Some(after)) = (&rule.escalate_to, rule.escalate_after) {
                    span class="row" { "After " (period(after)) ":" (names.role(role)) }
                }
            }
        }
    }
}

/// A severity from which on something holds.
fn at_least(severity: Severity) -> Markup {
    html! {
        span class="nowrap" {
            (parts::severity(severity))
            @if severity < Severity::Critical { span class="muted small" { " or above" } }
        }
    }
}

pub fn evidence(plan: &EvidencePlan, names: Names<'_>) -> Markup {
    part(
        "evidence",
        "Evidence",
        Some("How it is taken and kept"),
        &html! {
            div class="card-body" {
                dl class="facts" {
                    dt { "Answers for it" } dd { (names.role(&plan.custodian)) }
                    dt { "Kept for" } dd { (period(plan.retain_for)) " after the incident is closed" }
                }
                h3 { "Principles" }
                div class="prose" { ul { @for principle in &plan.principles { li { (principle) } } } }
                h3 { "What to take, the most volatile first" }
            }
            div class="table-scroll" role="group" aria-label="Sources of evidence" tabindex="0" {
                table class="table" data-narrow="list" {
                    thead { tr { th { "Source" } th { "How" } th { "Gone after" } } }
                    tbody {
                        @for source in &plan.sources {
                            tr {
                                td class="cell-main" { (source.name) }
                                td data-label="How" { (source.how) }
                                td data-label="Gone after" class="nowrap" { @match source.lost_after { Some(after) => (period(after)), None => span class="muted" { "stays" } } }
                            }
                        }
                    }
                }
            }
            @if !plan.exceptions.is_empty() {
                div class="card-body" {
                    h3 { "Exceptions to the time it is kept" }
                    div class="prose" { ul { @for exception in &plan.exceptions { li { (exception) } } } }
                }
            }
        },
    )
}

pub fn review(plan: &ReviewPlan, names: Names<'_>) -> Markup {
    html! {
        (part("review", "Review", Some("How the plan is kept alive"), &html! {
            div class="card-body" {
                dl class="facts" {
                    dt { "Owner" } dd { (names.role(&plan.owner)) }
                    dt { "The plan" } dd { "every " (period(plan.plan_every)) }
                    dt { "Exercises" } dd { "every " (period(plan.exercise_every)) }
                    dt { "Incidents" }
                    dd { (at_least(plan.incidents_at_least)) ", within " (period(plan.incidents_within)) " after closing" }
                }
                @if !plan.also_when.is_empty() {
                    h3 { "Also when" }
                    div class="prose" { ul { @for sign in &plan.also_when { li { (sign) } } } }
                }
            }
        }))
        (part("metrics", "Metrics", Some("What tells whether the plan works"), &html! {
            div class="table-scroll" role="group" aria-label="Metrics" tabindex="0" {
                table class="table" data-narrow="list" {
                    thead { tr { th { "Metric" } th { "Measured" } th { "Target" } } }
                    tbody {
                        @for metric in &plan.metrics {
                            tr {
                                td class="cell-main" { (metric.name) span class="cell-sub" { (metric.question) } }
                                td data-label="Measured" { (metric.measure.label()) }
                                td data-label="Target" { (metric.target) }
                            }
                        }
                    }
                }
            }
        }))
    }
}

//! The first tab: what is known, why this severity, what is next; the forms that steer; and the page
//! on which an incident is closed.

use axum::extract::State;
use domain::incident::Outcome;
use domain::observable::Standing;
use domain::{Actor, IncidentId, IncidentType, Phase, Severity, Tlp};
use maud::{Markup, html};

use super::super::read::{self, TechniqueCount};
use super::super::{Observed, Task};
use super::{Shown, Tab, choices, reason_field, select, tab, tasks, text_field};
use crate::alert::{self, Alert};
use crate::app::App;
use crate::error::Result;
use crate::plan;
use crate::web::extract::{Path, Who};
use crate::web::parts;

/// How many observables the overview names.
const KEY_OBSERVABLES: usize = 12;

pub async fn page(State(app): State<App>, Who(actor): Who, Path(id): Path<IncidentId>) -> Result<Markup> {
    let shown = Shown::load(&app, &actor, id).await?;
    let record = &shown.view.record;
    let open: Vec<Task> = read::tasks(&app, &actor, id)
        .await?
        .into_iter()
        .filter(|task| task.phase <= record.phase && !task.is_settled())
        // What was left undone is told in the closing; after it only the work for afterwards counts.
        .filter(|task| !record.is_closed() || task.phase == Phase::Closed)
        .collect();
    let alerts = alert::of_incident(&app, id).await?;
    let techniques = read::techniques(&app, &actor, id).await?;
    let observables = read::observables(&app, &actor, id).await?;
    let plan = plan::version(&app, record.plan).await?;
    let content = html! {
        div class="columns" {
            div class="stack" {
                @if record.is_closed() { (closed(&shown)) }
                (known(&shown))
                section class="card" id="next-tasks" data-refresh="tasks" hx-get=(shown.path("")) hx-select="#next-tasks" hx-trigger={ "live:" (super::topic(id)) " from:body" } {
                    div class="card-head" { h2 { @if record.is_closed() { "Afterwards" } @else { "Next steps" } } a href=(shown.path("/tasks")) { "All tasks" } }
                    @if open.is_empty() {
                        div class="card-body" { p class="muted" { @if record.is_closed() { "Nothing is left to do." } @else { "Nothing is open in " (record.phase.label().to_lowercase()) ". Move on, or add a task." } } }
                    } @else {
                        ul class="tasks" { @for task in open.iter().take(8) { (tasks::item(&shown, &plan, task)) } }
                    }
                }
                (alert_card(&alerts))
                @if shown.commands || shown.works { (steer(&shown, &actor)) }
            }
            aside class="stack" aria-label="Facts" {
                (why(&shown))
                (technique_card(&techniques))
                (key_observables(&shown, &observables))
            }
        }
    };
    Ok(tab(&app, &actor, &shown, Tab::Overview, &content).await)
}

fn known(shown: &Shown) -> Markup {
    html! {
        section class="card" {
            div class="card-head" { h2 { "What is known" } }
            div class="card-body" {
                @match &shown.view.record.summary {
                    Some(summary) => div class="prose" { (paragraphs(summary)) },
                    None => p class="muted" { "Nobody has written a summary yet. " @if shown.works { a href="#edit" { "Write one" } } },
                }
            }
        }
    }
}

/// Text as people wrote it, blank lines between paragraphs.
pub fn paragraphs(text: &str) -> Markup {
    html! {
        @for paragraph in text.split("\n\n").filter(|part| !part.trim().is_empty()) {
            p { @for (n, line) in paragraph.lines().enumerate() { @if n > 0 { br; } (line) } }
        }
    }
}

fn why(shown: &Shown) -> Markup {
    let record = &shown.view.record;
    html! {
        section class="card" {
            div class="card-head" { h2 { "Why " (record.severity.label().to_lowercase()) } }
            div class="card-body stack-s" {
                p { (record.severity_reason) }
                @if record.proposed_severity != record.severity { p class="muted" { "The plan proposed " (record.proposed_severity.label().to_lowercase()) "." } }
                dl class="facts" {
                    dt { "Functional" } dd { (record.functional.label()) }
                    dt { "Information" } dd { (record.information.label()) }
                    dt { "Recovery" } dd { (record.recoverability.label()) }
                    dt { "Marking" } dd { (parts::tlp(record.tlp)) " " span class="muted" { (record.tlp.help()) } }
                }
            }
        }
    }
}

fn alert_card(alerts: &[Alert]) -> Markup {
    html! {
        section class="card" {
            div class="card-head" { h2 { "Alerts" } span class="muted" { (alerts.len()) } }
            @if alerts.is_empty() { div class="card-body" { p class="muted" { "This incident was declared without an alert." } } }
            @else {
                div class="table-scroll" tabindex="0" role="region" aria-label="Alerts of this incident" {
                    table class="table" data-narrow="stack" {
                        thead { tr { th { "Severity" } th { "Alert" } th data-type="number" { "Events" } th { "Last seen" } } }
                        tbody {
                            @for alert in alerts {
                                tr data-href={ "/alerts/" (alert.id) } {
                                    td data-label="Severity" { (parts::severity(alert.severity)) }
                                    td class="cell-main" { a class="row-link" href={ "/alerts/" (alert.id) } { (alert.title) } span class="cell-sub" { (alert.id) ", " (alert.entity.name()) } }
                                    td data-type="number" data-label="Events" { (alert.count) }
                                    td data-type="time" data-label="Last seen" { (parts::ago(alert.last_seen)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn technique_card(techniques: &[TechniqueCount]) -> Markup {
    html! {
        section class="card" {
            div class="card-head" { h2 { "ATT&CK techniques" } }
            div class="card-body" {
                @if techniques.is_empty() { p class="muted" { "None noted yet." } }
                div class="row" { @for one in techniques { span class="badge" data-kind="code" { (one.technique) } } }
            }
        }
    }
}

fn key_observables(shown: &Shown, observables: &[Observed]) -> Markup {
    let key = observables.iter().filter(|one| one.standing != Standing::Benign).take(KEY_OBSERVABLES);
    html! {
        section class="card" {
            div class="card-head" { h2 { "Key observables" } a href=(shown.path("/things")) { "All " (observables.len()) } }
            div class="card-body" {
                @if observables.is_empty() { p class="muted" { "None yet." } }
                ul class="stack-s" {
                    @for one in key {
                        li {
                            span class="muted" { (one.kind.label()) " " } span class="observable" { (one.value) }
                            @if one.standing == Standing::Indicator { " " span class="badge" data-kind="bad" { "Indicator" } }
                        }
                    }
                }
            }
        }
    }
}

fn closed(shown: &Shown) -> Markup {
    let record = &shown.view.record;
    html! {
        section class="card" {
            div class="card-head" { h2 { "How it ended" } @if let Some(outcome) = record.outcome { span class="badge" data-status="closed" { (outcome.label()) } } }
            div class="card-body" {
                div class="prose" {
                    @for (title, text) in [("Root cause", &record.root_cause), ("Impact", &record.impact), ("Lessons", &record.lessons), ("Recommendations", &record.recommendations)] {
                        @if let Some(text) = text { h3 { (title) } (paragraphs(text)) }
                    }
                }
            }
        }
    }
}

/// All that changes the incident's head, folded until it is wanted.
fn steer(shown: &Shown, _actor: &Actor) -> Markup {
    let record = &shown.view.record;
    let working: Vec<_> = choices!(Phase).into_iter().filter(|(phase, ..)| *phase != Phase::Closed).collect();
    html! {
        section class="card" id="steer" {
            div class="card-head" { h2 { "Change" } }
            div class="card-body stack" {
                @if shown.works {
                    details id="edit" open[record.summary.is_none()] {
                        summary { "Name, summary, marking" }
                        form class="form gap-top" method="post" action=(shown.path("/edit")) data-done="Saved" {
                            div class="field" { label for="e-title" { "Name" } input id="e-title" name="title" value=(record.title) required maxlength="200"; }
                            div class="field" { label for="e-summary" { "What is known" } textarea id="e-summary" name="summary" rows="5" { (record.summary.as_deref().unwrap_or_default()) } }
                            @if shown.commands { (select("tlp", "Marking", None, &choices!(Tlp), Some(record.tlp))) }
                            div class="form-actions" { button class="button" type="submit" { "Save" } }
                        }
                    }
                }
                @if shown.commands && record.is_closed() {
                    details {
                        summary { "Reopen" }
                        form class="form gap-top" method="post" action=(shown.path("/reopen")) data-done="Reopened" data-confirm="Work begins again; the closing stays in the record." data-confirm-title={ "Reopen " (record.id) "?" } {
                            (select("phase", "Phase in which work goes on", None, &working, Some(Phase::Assessment)))
                            (reason_field("r-reopen", true, ""))
                            div class="form-actions" { button class="button" type="submit" { "Reopen" } }
                        }
                    }
                }
                @if shown.commands && !record.is_closed() {
                    details {
                        summary { "Phase" }
                        form class="form gap-top" method="post" action=(shown.path("/phase")) data-done="Moved to the new phase" data-confirm="The clocks of the tasks in that phase begin to run." data-confirm-title="Move to this phase?" data-confirm-kind="primary" {
                            (select("phase", "Phase", None, &working, record.phase.next()))
                            (reason_field("r-phase", false, "Needed to skip a phase or to go back."))
                            div class="form-actions" { button class="button" type="submit" { "Move" } a class="button" href=(shown.path("/close")) { "Close instead" } }
                        }
                    }
                    details {
                        summary { "Severity" }
                        form class="form gap-top" method="post" action=(shown.path("/severity")) data-done="Severity set; the reason stands with the decisions" {
                            (select("severity", "Severity", None, &choices!(Severity), Some(record.severity)))
                            (reason_field("r-severity", true, "It stands with the decision."))
                            div class="form-actions" { button class="button" type="submit" { "Set severity" } }
                        }
                    }
                    details {
                        summary { "Type" }
                        form class="form gap-top" method="post" action=(shown.path("/type")) data-done="Type changed; see the new tasks" data-confirm="Steps of the present procedure that nobody has begun fall away; those of the new one are added." data-confirm-title="Change the type?" data-confirm-kind="primary" {
                            (select("type", "Type", None, &choices!(IncidentType), Some(record.incident_type)))
                            (reason_field("r-type", true, ""))
                            div class="form-actions" { button class="button" type="submit" { "Set type" } }
                        }
                    }
                }
            }
        }
    }
}

/// The page on which an incident is closed: what is asked, and what is still open.
pub async fn closing(State(app): State<App>, Who(actor): Who, Path(id): Path<IncidentId>) -> Result<Markup> {
    let shown = Shown::load(&app, &actor, id).await?;
    let open: Vec<Task> = read::tasks(&app, &actor, id)
        .await?
        .into_iter()
        .filter(|task| task.phase != Phase::Closed && !task.is_settled())
        .collect();
    let content = html! {
        div class="columns" {
            @if shown.view.record.is_closed() { p { "This incident is closed already." } }
            @else if !shown.commands { p { "Only an incident manager or the commander closes an incident." } }
            @else {
                form class="form" method="post" action=(shown.path("/close")) data-done="The incident is closed" data-confirm="Closing ends the response. The record stays; it can be opened again only with a reason." data-confirm-title={ "Close " (id) "?" } data-confirm-word=(id) data-confirm-action="Close incident" {
                    h2 { "Close the incident" }
                    (select("outcome", "Outcome", None, &choices!(Outcome), Some(Outcome::Resolved)))
                    (text_field("root_cause", "Root cause", 4, false, "Why it could happen, not who did it."))
                    (text_field("lessons", "Lessons", 4, false, "What went well, what did not, what to change."))
                    (text_field("impact", "Impact", 3, true, "What it cost: services, data, money, trust."))
                    (text_field("recommendations", "Recommendations", 3, true, ""))
                    div class="form-actions" { button class="button" data-kind="danger" type="submit" { (parts::icon("lock")) "Close incident" } a class="button" href=(shown.path("")) { "Not yet" } }
                }
            }
            aside class="stack" aria-label="Still open" {
                section class="card" {
                    div class="card-head" { h2 { "Still open" } span class="muted" { (open.len()) } }
                    div class="card-body" {
                        @if open.is_empty() { p class="muted" { "Every task of the response is done or skipped." } }
                        ul class="stack-s" { @for task in &open { li { (parts::phase(task.phase)) " " (task.title) } } }
                    }
                    @if !open.is_empty() { div class="card-foot" { a class="button" href=(shown.path("/tasks")) { "To the tasks" } } }
                }
            }
        }
    };
    Ok(tab(&app, &actor, &shown, Tab::Overview, &content).await)
}

//! All that changes the incident's head, folded until it is wanted.

use domain::{IncidentType, Phase, Tlp};
use maud::{Markup, html};

use super::super::fields::{choices, reason_field, select};
use super::{Drawing, Room};
use crate::incident::page::Shown;

pub fn draw<'r>(room: &'r Room<'r>) -> Drawing<'r> {
    Box::pin(async move {
        let wanted = room.shown.commands || room.shown.works;
        Ok(html! { @if wanted { (steer(room.shown)) } })
    })
}

fn steer(shown: &Shown) -> Markup {
    let record = &shown.view.record;
    let working: Vec<_> = choices!(Phase).into_iter().filter(|(phase, ..)| *phase != Phase::Closed).collect();
    html! {
        section class="card" id="steer" {
            div class="card-head" { h2 { "Change" } }
            div class="card-body stack" {
                @if shown.works {
                    details id="edit" open[record.summary.is_none()] {
                        summary { "Name, summary, marking" }
                        form class="form gap-top" method="post" action=(shown.path("/edit")) data-stay="" data-done="Saved" {
                            input type="hidden" name="edition" value=(shown.view.edition);
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
                    p { a href=(shown.path("/severity")) { "Change the severity" } span class="muted" { ": see first what it sets going" } }
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

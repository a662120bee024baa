//! The form by which a person hands a file over. Where scripts run it goes as a resumable upload, with a
//! bar; without them as one form, which takes files up to half a gigabyte.

use domain::IncidentId;
use maud::{Markup, html};

use super::super::Limits;
use super::super::collect::LARGEST;
use crate::web::parts;

pub fn form(incident: IncidentId, limits: Limits) -> Markup {
    let size = |bytes: u64| parts::size(i64::try_from(bytes).unwrap_or(i64::MAX));
    html! {
        section class="card" aria-labelledby="hand-over" {
            div class="card-head" { h2 id="hand-over" { "Hand over a file" } span class="muted" { "You are its first custodian." } }
            div class="card-body" {
                form class="form" method="post" action={ "/incidents/" (incident) "/evidence" } enctype="multipart/form-data"
                    data-tus={ "/api/v1/incidents/" (incident) "/uploads" } data-done="The file is hashed, encrypted and kept as evidence" {
                    div class="field" {
                        label for="ev-file" { "File" }
                        input id="ev-file" type="file" name="file" required aria-describedby="ev-file-help";
                        p class="help" id="ev-file-help" {
                            "Up to " (size(limits.largest)) "; an upload that breaks off goes on where it was. Without scripts up to " (size(LARGEST)) "."
                        }
                    }
                    div class="field-row" {
                        (field("method", "How it was acquired", "disk image", true))
                        (field("place", "Where it was taken from", "FIN-WS-07, room 3.12", true))
                    }
                    div class="field-row" {
                        (field("tool", "With what tool", "dc3dd", true))
                        (field("tool_version", "Its version", "7.3.1", false))
                    }
                    div class="field-row" {
                        div class="field" {
                            label for="ev-acquired_at" { "When, in UTC " span class="optional" { "(now if left out)" } }
                            input id="ev-acquired_at" type="datetime-local" step="1" name="acquired_at";
                        }
                        (field("write_blocker", "Write blocker", "Tableau T8u", false))
                    }
                    div class="field-row" {
                        (field("device", "Source device", "Lenovo T14, inventory 4711", false))
                        (field("serial", "Its serial number", "PF3XK2Q1", false))
                    }
                    div class="field" {
                        label for="ev-note" { "Notes " span class="optional" { "(optional)" } }
                        textarea id="ev-note" name="note" rows="2" maxlength="20000" {}
                    }
                    div class="form-actions" { button class="button" data-kind="primary" type="submit" { (parts::icon("upload")) "Hand over" } }
                }
            }
        }
    }
}

fn field(name: &str, label: &str, example: &str, required: bool) -> Markup {
    let id = format!("ev-{name}");
    html! {
        div class="field" {
            label for=(id) { (label) @if !required { " " span class="optional" { "(optional)" } } }
            input id=(id) name=(name) required[required] maxlength="200" placeholder=(example) autocomplete="off";
        }
    }
}

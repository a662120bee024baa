//! Why the severity is what it is, and how far what is written here may go.

use maud::html;

use super::{Drawing, Room, card};
use crate::web::parts;

pub fn draw<'r>(room: &'r Room<'r>) -> Drawing<'r> {
    let record = &room.shown.view.record;
    let title = format!("Why {}", record.severity.label().to_lowercase());
    let body = html! {
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
    };
    Box::pin(async move { Ok(card("panel-why", &title, &html! {}, &body)) })
}

//! What is like this incident: other incidents, and alerts in none, with the reasons.

use domain::likeness::Strength;
use maud::{Markup, html};

use super::{Drawing, Room, card};
use crate::alert::alike::AlikeAlert;
use crate::error::Result;
use crate::incident::alike::{self, AlikeIncident};
use crate::web::parts;

const SHOWN: usize = 4;

pub fn draw<'r>(room: &'r Room<'r>) -> Drawing<'r> {
    Box::pin(async move { panel(room).await })
}

async fn panel(room: &Room<'_>) -> Result<Markup> {
    let found = alike::of_incident(room.app, room.actor, room.shown.id()).await?;
    if found.incidents.is_empty() && found.alerts.is_empty() {
        return Ok(html! {});
    }
    let below = html! {
        ul class="lines" {
            @for one in found.incidents.iter().take(SHOWN) { (incident_line(one)) }
            @for one in found.alerts.iter().take(SHOWN) { (alert_line(one)) }
        }
    };
    let aside = html! { a href=(room.shown.path("/related")) { "All " (found.incidents.len() + found.alerts.len()) } };
    Ok(card("panel-similar", "Similar", &aside, &below))
}

pub fn incident_line(one: &AlikeIncident) -> Markup {
    let record = &one.incident.record;
    html! {
        li id={ "like-" (record.id) } {
            div class="line-main" {
                a href={ "/incidents/" (record.id) } { (record.id) " " (record.title) }
                p class="line-sub" { (one.reasons.join("; ")) }
            }
            span class="line-end" { (parts::phase(record.phase)) }
            (strength(one.strength))
        }
    }
}

pub fn alert_line(one: &AlikeAlert) -> Markup {
    html! {
        li id={ "like-" (one.alert.id) } {
            div class="line-main" {
                a href={ "/alerts/" (one.alert.id) } { (one.alert.id) " " (one.alert.title) }
                p class="line-sub" { (one.reasons.join("; ")) }
            }
            span class="line-end" { (parts::severity(one.alert.severity)) }
            (strength(one.strength))
        }
    }
}

fn strength(strength: Strength) -> Markup {
    let kind = match strength {
        Strength::Strong => "bad",
        Strength::Some => "warning",
        Strength::Weak => "",
    };
    html! { span class="badge" data-kind=(kind) { (strength.label()) } }
}

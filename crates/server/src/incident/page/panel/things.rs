//! Assets and observables in short: how many of each state, and those that matter most.

use domain::asset::AssetState;
use domain::observable::Standing;
use maud::{Markup, html};

use super::super::things::tone;
use super::{Drawing, Room, card, nothing};
use crate::error::Result;
use crate::incident::read;

const SHOWN: usize = 6;

pub fn assets<'r>(room: &'r Room<'r>) -> Drawing<'r> {
    Box::pin(async move { asset_panel(room).await })
}

async fn asset_panel(room: &Room<'_>) -> Result<Markup> {
    let assets = read::assets(room.app, room.actor, room.shown.id()).await?;
    let count = |state: AssetState| assets.iter().filter(|asset| asset.state == state).count();
    let below = if assets.is_empty() {
        nothing("No host or account is named yet.")
    } else {
        html! {
            div class="card-body row tally" {
                @for state in AssetState::ALL {
                    @if count(*state) > 0 { span class="badge" data-kind=(tone(*state)) { (count(*state)) " " (state.label().to_lowercase()) } }
                }
            }
            ul class="lines" {
                @for asset in assets.iter().take(SHOWN) {
                    li id={ "room-" (asset.id) } {
                        span class="line-main observable" { (asset.name) }
                        span class="line-end" { (asset.kind.label().to_lowercase()) }
                        span class="badge" data-kind=(tone(asset.state)) { (asset.state.label()) }
                    }
                }
            }
        }
    };
    let aside = html! { a href=(room.shown.path("/things")) { "All " (assets.len()) } };
    Ok(card("panel-assets", "Assets", &aside, &below))
}

pub fn observables<'r>(room: &'r Room<'r>) -> Drawing<'r> {
    Box::pin(async move { observable_panel(room).await })
}

async fn observable_panel(room: &Room<'_>) -> Result<Markup> {
    let observables = read::observables(room.app, room.actor, room.shown.id()).await?;
    let bad = observables.iter().filter(|one| one.standing == Standing::Indicator).count();
    let below = if observables.is_empty() {
        nothing("No value was seen or added yet.")
    } else {
        html! {
            @if bad > 0 { div class="card-body row tally" { span class="badge" data-kind="bad" { (bad) @if bad == 1 { " indicator" } @else { " indicators" } } } }
            ul class="lines" {
                @for one in observables.iter().filter(|one| one.standing != Standing::Benign).take(SHOWN) {
                    li id={ "room-" (one.id) } {
                        span class="line-main observable" { (one.value) }
                        span class="line-end" { (one.kind.label().to_lowercase()) }
                        @if one.standing == Standing::Indicator { span class="badge" data-kind="bad" { "Indicator" } }
                    }
                }
            }
        }
    };
    let aside = html! { a href=(room.shown.path("/things")) { "All " (observables.len()) } };
    Ok(card("panel-observables", "Observables", &aside, &below))
}

//! The tab of observables and assets.

use std::collections::BTreeMap;

use axum::extract::State;
use domain::asset::{AssetState, Compromise, Containment};
use domain::observable::Standing;
use domain::{Entity, EntityKind, IncidentId, Observable, ObservableId, ObservableKind, Tlp};
use maud::{Markup, html};
use serde::Deserialize;

use super::super::assets::{self, Machine, Step};
use super::super::gather::EVENTS_AN_OBSERVABLE;
use super::super::seen::{self, Elsewhere};
use super::super::{Asset, Observed, read};
use super::observables;
use super::related::{also, origin};
use super::{Shown, Tab, choices, select, tab, text_field};
use crate::alert;
use crate::app::App;
use crate::error::Result;
use crate::identity::scope;
use crate::web::extract::{Path, Query, Who};
use crate::web::parts;

/// Of how many observables the page tells where else they were seen.
const LOOKED_UP: usize = 400;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// The observable that was just added.
    added: Option<ObservableId>,
}

pub async fn page(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Query(asked): Query<Asked>,
) -> Result<Markup> {
    let shown = Shown::load(&app, &actor, id).await?;
    let all = read::assets(&app, &actor, id).await?;
    let observables = read::observables(&app, &actor, id).await?;
    let family = scope::family(&app, id).await?;
    let looked_up: Vec<Observable> = observables
        .iter()
        .enumerate()
        .filter(|(place, one)| *place < LOOKED_UP || asked.added == Some(one.id))
        .map(|(_, one)| one)
        .filter_map(|one| Observable::new(one.kind, &one.value).ok())
        .collect();
    let elsewhere = seen::elsewhere(&app, &actor, &looked_up, &family, &[]).await?;
    let steps = assets::steps(&app, &actor, id).await?;
    let trigger = format!("live:{} from:body", super::topic(id));
    let content = html! {
        (just_added(&observables, asked.added, &elsewhere))
        div class="stack" id="things" data-refresh="things" hx-get=(shown.path("/things")) hx-select="#things" hx-trigger=(trigger) {
            section class="card" {
                div class="card-head" { h2 { "Assets" } span class="muted" { (all.len()) " affected or suspected" } }
                @if all.is_empty() { div class="card-body" { p class="muted" { "No host or account is named yet." } } }
                @else { (asset_table(&shown, &all, &steps)) }
            }
            section class="card" {
                div class="card-head" {
                    h2 { "Observables" } span class="muted" { (observables.len()) @if !elsewhere.is_empty() { ", " (elsewhere.len()) " seen elsewhere" } }
                    @if shown.works { a class="button" data-size="small" href=(shown.path("/observables/paste")) { (parts::icon("plus")) "Paste a text" } }
                }
                @if observables.is_empty() { div class="card-body" { p class="muted" { "No value was seen or added yet." } } }
                @else { (observable_table(&shown, &observables, &elsewhere)) }
                @if observables.iter().any(|one| one.count > EVENTS_AN_OBSERVABLE) { div class="card-body" { p class="muted" { "All events are counted. Of what was seen in more than " (EVENTS_AN_OBSERVABLE) ", the first " (EVENTS_AN_OBSERVABLE) " are noted here; each is kept in its delivery." } } }
            }
        }
        @if shown.works { (forms(&shown)) }
    };
    Ok(tab(&app, &actor, &shown, Tab::Things, &content).await)
}

/// That what was just added was seen before.
fn just_added(
    observables: &[Observed],
    added: Option<ObservableId>,
    elsewhere: &BTreeMap<Observable, Elsewhere>,
) -> Markup {
    let one = observables.iter().find(|one| Some(one.id) == added);
    let known = one.and_then(|one| elsewhere.get(&Observable::new(one.kind, &one.value).ok()?));
    html! {
        @if let (Some(one), Some(known)) = (one, known) {
            div class="notice" data-level="warning" role="status" { (parts::icon("search")) div {
                strong { "Seen before: " (one.value) }
                "It stands in " (observables::elsewhere(known)) a href=(observables::address(one.kind, &one.value)) { "See all that is known of it" }
            } }
        }
    }
}

/// A host or an account with the way to what is known of it beyond this incident.
fn entity(kind: ObservableKind, name: &str) -> maud::Markup {
    let kind = match kind {
        ObservableKind::Host => Some(EntityKind::Host),
        ObservableKind::Account => Some(EntityKind::Account),
        ObservableKind::Ipv4 | ObservableKind::Ipv6 => Some(EntityKind::Address),
        _ => None,
    };
    match kind.and_then(|kind| Entity::new(kind, name).ok()) {
        Some(entity) => alert::risk::link(&entity),
        None => html! { span class="observable" { (name) } },
    }
}

fn asset_table(shown: &Shown, assets: &[Asset], steps: &[Step]) -> Markup {
    html! {
        form class="bulk" method="post" action=(shown.path("/assets/move")) data-stay="" data-done="Assets moved" {
            div class="table-scroll" role="region" aria-label="Assets" tabindex="0" {
                table class="table" data-narrow="list" {
                    thead {
                        tr {
                            @if shown.works { th class="cell-select" { label { input type="checkbox" data-select-all aria-label="Select all assets"; } } }
                            th { "Asset" } th { "Compromise" } th { "Containment" } th { "First seen" } th { "Last seen" }
                        }
                    }
                    tbody { @for asset in assets { (asset_row(shown, asset, steps)) } }
                }
            }
            @if shown.works {
                div class="bulk-bar asset-moves" {
                    output class="bulk-count" data-bulk-count {}
                    select name="compromise" aria-label="Compromise of the ticked" { option value="" { "Compromise as it is" } @for (_, word, label) in choices!(Compromise) { option value=(word) { (label) } } }
                    select name="containment" aria-label="Containment of the ticked" { option value="" { "Containment as it is" } @for (_, word, label) in choices!(Containment) { option value=(word) { (label) } } }
                    input name="reason" aria-label="Reason; needed to clear and to go back" placeholder="Reason; needed to clear and to go back";
                    button class="button" type="submit" { "Move those ticked" }
                }
            }
        }
    }
}

fn asset_row(shown: &Shown, asset: &Asset, steps: &[Step]) -> Markup {
    let own: Vec<&Step> = steps.iter().filter(|step| step.asset == asset.id).collect();
    html! {
        tr id=(asset.id) {
            @if shown.works { td class="cell-select" { label { input type="checkbox" name="asset" value=(asset.id) aria-label={ "Select: " (asset.name) }; } } }
            td class="cell-main" {
                (entity(asset.kind, &asset.name)) " " (origin(shown, asset.incident)) span class="cell-sub" { (asset.kind.label()) @if let Some(note) = &asset.note { ". " (note) } }
                @if !own.is_empty() {
                    details class="small" {
                        summary { (own.len()) @if own.len() == 1 { " step" } @else { " steps" } }
                        ul class="stack-s" {
                            @for step in own {
                                li { (said(step)) " " @if let Some(by) = step.by { (shown.name(by)) " " } (parts::ago(step.at)) @if let Some(reason) = &step.reason { ": " (reason) } }
                            }
                        }
                    }
                }
            }
            td data-label="Compromise" { span class="badge" data-kind=(compromise_tone(asset.compromise)) { (asset.compromise.label()) } }
            td data-label="Containment" { span class="badge" data-kind=(containment_tone(asset)) { (asset.containment.label()) } }
            td data-type="time" data-label="First seen" { @if let Some(at) = asset.first_seen { (parts::time(at)) } }
            td data-type="time" data-label="Last seen" { @if let Some(at) = asset.last_seen { (parts::time(at)) } }
        }
    }
}

/// A step in the words of its states.
fn said(step: &Step) -> String {
    let label = |word: &str| match step.machine {
        Machine::Compromise => {
            word.parse().map_or(String::new(), |state: Compromise| state.label().to_owned())
        }
        Machine::Containment => {
            word.parse().map_or(String::new(), |state: Containment| state.label().to_owned())
        }
    };
    format!("{} → {}", label(&step.before), label(&step.after))
}

const fn compromise_tone(compromise: Compromise) -> &'static str {
    match compromise {
        Compromise::Suspected => "warning",
        Compromise::Confirmed => "bad",
        Compromise::Cleared => "good",
    }
}

const fn containment_tone(asset: &Asset) -> &'static str {
    match (asset.containment, asset.compromise) {
        (Containment::Isolated | Containment::Rebuilding | Containment::Restored, _)
        | (Containment::Open, Compromise::Cleared) => "good",
        (Containment::Requested, _) | (Containment::Open, Compromise::Suspected) => "warning",
        (Containment::Open, Compromise::Confirmed) => "bad",
    }
}

pub const fn tone(state: AssetState) -> &'static str {
    match state {
        AssetState::Compromised => "bad",
        AssetState::Suspected => "warning",
        AssetState::Contained | AssetState::Clean => "good",
    }
}

fn observable_table(
    shown: &Shown,
    observables: &[Observed],
    elsewhere: &BTreeMap<Observable, Elsewhere>,
) -> Markup {
    html! {
        div class="table-scroll" role="region" aria-label="Observables" tabindex="0" {
            table class="table" data-narrow="list" {
                thead { tr { th { "Value" } th { "Kind" } th { "What it is" } th { "Seen elsewhere" } th data-type="number" { "Events" } th { "First seen" } th { "Last seen" } @if shown.works { th { span class="visually-hidden" { "Change" } } } } }
                tbody { @for observed in observables { (observable_row(shown, observed, elsewhere)) } }
            }
        }
    }
}

fn observable_row(shown: &Shown, observed: &Observed, elsewhere: &BTreeMap<Observable, Elsewhere>) -> Markup {
    let known = Observable::new(observed.kind, &observed.value).ok();
    let elsewhere = known.and_then(|known| elsewhere.get(&known));
    html! {
        tr id=(observed.id) {
            td class="cell-main" {
                (observables::link(observed.kind, &observed.value))
                button class="copy" type="button" data-copy=(observed.value) aria-label="Copy the value" { (parts::icon("copy")) }
                (origin(shown, observed.incident)) @for same in &observed.united { " " (also(same.incident)) }
                @if !observed.parts.is_empty() || observed.note.is_some() || !observed.tags.is_empty() {
                    span class="cell-sub" {
                        (observed.parts.iter().map(|part| part.replace('_', " ")).collect::<Vec<_>>().join(", "))
                        @if let Some(note) = &observed.note { " " (note) }
                        " " (observables::tag_list(&observed.tags))
                    }
                }
            }
            td data-label="Kind" { (observed.kind.label()) }
            td data-label="What it is" { (observables::standing(observed.standing)) @if let Some(tlp) = observed.tlp { " " (parts::tlp(tlp)) } }
            td data-label="Seen elsewhere" { @match elsewhere { Some(elsewhere) => (observables::elsewhere(elsewhere)), None => span class="muted" { "–" } } }
            td data-type="number" data-label="Events" {
                @match observed.events.first() { Some(event) => a href={ "/events/" (event) } { (observed.count) }, None => (observed.count) }
            }
            td data-type="time" data-label="First seen" { @if let Some(at) = observed.first_seen { (parts::time(at)) } }
            td data-type="time" data-label="Last seen" { @if let Some(at) = observed.last_seen { (parts::time(at)) } }
            @if shown.works { td data-type="actions" { (change(shown, observed)) } }
        }
    }
}

/// What is said of an observable, folded until it is wanted.
fn change(shown: &Shown, observed: &Observed) -> Markup {
    let id = |name: &str| format!("{name}-{}", observed.id);
    html! {
        details class="act" {
            summary class="button" data-size="small" aria-label={ "Change " (observed.value) } { "Change" }
            form class="form gap-top" method="post" action=(shown.path(&format!("/observables/{}", observed.id))) data-stay="" data-done={ "Set: " (observed.value) } {
                div class="field" { label for=(id("standing")) { "What it is" } select id=(id("standing")) name="standing" { @for (word, value, label) in choices!(Standing) { option value=(value) selected[word == observed.standing] { (label) } } } }
                div class="field" { label for=(id("tlp")) { "Marking" } select id=(id("tlp")) name="tlp" { option value="" { "As the incident" } @for (word, value, label) in choices!(Tlp) { option value=(value) selected[Some(word) == observed.tlp] { (label) } } } }
                div class="field" { label for=(id("tags")) { "Tags" } input id=(id("tags")) name="tags" value=(observed.tags.join(", ")) autocomplete="off"; }
                div class="field" { label for=(id("note")) { "Note" } input id=(id("note")) name="note" value=(observed.note.as_deref().unwrap_or_default()) autocomplete="off"; }
                div class="form-actions" { button class="button" type="submit" { "Set" } }
            }
        }
    }
}

fn forms(shown: &Shown) -> Markup {
    let assets: Vec<_> = choices!(ObservableKind).into_iter().filter(|(kind, ..)| kind.is_asset()).collect();
    html! {
        div class="halves gap-top" {
            details {
                summary class="button" { (parts::icon("plus")) "Add an observable" }
                form class="form gap-top" method="post" action=(shown.path("/observables")) data-done="Observable added" {
                    (text_field("value", "Value", 1, false, "An address, name, digest, path. Written harmlessly (hxxp, [.]) is fine."))
                    div class="field-row" {
                        (select("kind", "Kind", Some("Told from the value"), &choices!(ObservableKind), None))
                        (select("standing", "What it is", None, &choices!(Standing), Some(Standing::Unknown)))
                    }
                    div class="field-row" {
                        (select("tlp", "Marking", Some("As the incident"), &choices!(Tlp), None))
                        (text_field("tags", "Tags", 1, true, "With commas between."))
                    }
                    (text_field("note", "Note", 1, true, ""))
                    div class="form-actions" { button class="button" type="submit" { "Add" } a class="button" href=(shown.path("/observables/paste")) { "Paste a text instead" } }
                }
            }
            details {
                summary class="button" { (parts::icon("plus")) "Add an asset" }
                form class="form gap-top" method="post" action=(shown.path("/assets")) data-done="Asset added" {
                    div class="field" { label for="asset-name" { "Name" } input id="asset-name" name="name" required autocomplete="off"; }
                    div class="field-row" {
                        div class="field" { label for="asset-kind" { "Kind" } select id="asset-kind" name="kind" { @for (_, word, label) in &assets { option value=(word) { (label) } } } }
                        (select("state", "State", None, &choices!(AssetState), Some(AssetState::Suspected)))
                    }
                    div class="field" { label for="asset-note" { "Note " span class="optional" { "(optional)" } } input id="asset-note" name="note"; }
                    div class="form-actions" { button class="button" type="submit" { "Add" } }
                }
            }
        }
    }
}

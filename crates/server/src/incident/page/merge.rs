//! The form by which an incident is merged into another, with what that would bring and for whom; and the page of
//! one that is merged.

use axum::extract::State;
use axum::response::Redirect;
use domain::kinship::Membership;
use domain::{Actor, IncidentId};
use maud::{Markup, html};
use serde::Deserialize;

use super::super::kin::merge::{self, NewMerge, Preview};
use super::super::{IncidentView, Person, read};
use super::{Shown, Tab, paragraphs, related, tab};
use crate::app::App;
use crate::error::{Error, Result};
use crate::web::extract::{Form, Path, Query, Who};
use crate::web::parts;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct With {
    with: Option<String>,
}

/// `GET /incidents/INC-1/merge?with=INC-2`
pub async fn page(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Query(asked): Query<With>,
) -> Result<Markup> {
    let shown = Shown::load(&app, &actor, id).await?;
    let named = asked.with.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let other = named.map(str::parse::<IncidentId>).transpose()?;
    let content = match other {
        Some(other) if other == id => {
            return Err(Error::Invalid("An incident is not merged into itself.".to_owned()));
        }
        Some(other) => asking(&merge::preview(&app, &actor, id, other).await?),
        None => choosing(&app, &actor, &shown).await?,
    };
    Ok(tab(&app, &actor, &shown, Tab::Related, &content).await)
}

/// Which incident is meant.
async fn choosing(app: &App, actor: &Actor, shown: &Shown) -> Result<Markup> {
    let others = related::others(app, actor, shown.id()).await?;
    Ok(html! {
        header class="page-head" { div class="page-title" {
            h2 { "Merge another incident into " (shown.id()) }
            p class="page-sub" { "All of it is then seen here, with its origin. Nothing moves, and the two can be parted again." }
        } }
        @if others.is_empty() {
            (parts::empty("link", "No other incident stands alone", "There is nothing that could be merged into this one.", Some((&shown.path("/related"), "Back"))))
        } @else {
            form class="form" method="get" action=(shown.path("/merge")) {
                fieldset {
                    legend { "Which one?" }
                    div class="choices" {
                        @for (place, other) in others.iter().enumerate() {
                            label class="choice" {
                                input type="radio" name="with" value=(other.record.id) checked[place == 0];
                                span class="choice-name" { (other.record.id) " " (other.record.title) }
                                span class="choice-text" { (parts::severity(other.record.severity)) " " (parts::phase(other.record.phase)) " " (other.entries) " entries, declared " (parts::ago(other.record.declared_at)) }
                            }
                        }
                    }
                }
                div class="form-actions" { button class="button" data-kind="primary" type="submit" { "Look at both" } a class="button" href=(shown.path("/related")) { "Cancel" } }
            }
        }
    })
}

fn asking(preview: &Preview) -> Markup {
    let (head, part) = (preview.head.record.id, preview.part.record.id);
    let path = format!("/incidents/{head}");
    html! {
        header class="page-head" {
            div class="page-title" {
                h2 { "Merge " (part) " into " (head) "?" }
                p class="page-sub" { "Nothing moves and no number changes. The two can be parted again; each then has what it has now, with what was done to it meanwhile." }
            }
            div class="page-actions" { a class="button" href={ "/incidents/" (part) "/merge?with=" (head) } { "The other way round" } }
        }
        div class="columns" {
            form class="form" method="post" action={ (path) "/merge" } data-done={ (part) " is merged into " (head) } {
                input type="hidden" name="incident" value=(part);
                div class="halves" {
                    (side(&preview.part, "Is merged into the other, and points to it"))
                    (side(&preview.head, "Shows both, and is led on"))
                }
                @if preview.same_readers { input type="hidden" name="members" value=""; } @else { (people(preview)) }
                div class="field" {
                    label for="m-reason" { "Why they are one" }
                    textarea id="m-reason" name="reason" rows="3" required {}
                    p class="help" { "It stands on the timeline and in the ledger." }
                }
                div class="form-actions" { button class="button" data-kind="primary" type="submit" { (parts::icon("link")) "Merge " (part) " into " (head) } a class="button" href={ (path) "/related" } { "Cancel" } }
            }
            aside class="stack" aria-label="What it brings" { (brings(preview)) }
        }
    }
}

fn side(view: &IncidentView, role: &str) -> Markup {
    let record = &view.record;
    html! {
        section class="card" {
            div class="card-head" { h3 { (record.id) } span class="muted" { (role) } }
            div class="card-body stack-s" {
                p { strong { (record.title) } }
                div class="row" { (parts::severity(record.severity)) (parts::phase(record.phase)) @if record.restricted { span class="badge" data-kind="warning" { "Need to know" } } }
                p class="muted" { "Commander: " (view.commander_name.as_deref().unwrap_or("nobody")) }
            }
        }
    }
}

/// What the head shows besides its own.
fn brings(preview: &Preview) -> Markup {
    let part = &preview.part;
    let counted = [
        (part.entries, "timeline entries"),
        (part.open_tasks, "open tasks"),
        (count(preview.decisions), "decisions"),
        (count(preview.alerts), "alerts"),
        (count(preview.evidence), "evidence items, each with its chain of custody"),
        (count(preview.assets), "assets"),
        (count(preview.observables), "observables"),
    ];
    html! {
        section class="card" {
            div class="card-head" { h2 { "What " (preview.head.record.id) " will show besides" } }
            div class="card-body" {
                dl class="facts" { @for (number, what) in counted { dt class="number" { (number) } dd { (what) } } }
                @if preview.shared > 0 { p class="muted" { (preview.shared) " observables are in both; each is shown once." } }
            }
        }
    }
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Whose right to know changes, and the choice that has to be made.
fn people(preview: &Preview) -> Markup {
    let [of_head, of_part] = &preview.only;
    let (head, part) = (preview.head.record.id, preview.part.record.id);
    let choices = [
        (
            Membership::Unite,
            "The members of each belong to both until they part. Nobody loses sight of either.",
        ),
        (Membership::Keep, "While they are merged, only who may know of both sees either."),
    ];
    html! {
        div class="notice" data-level="warning" { (parts::icon("lock")) div {
            strong { "The two are not open to the same people" }
            p { "The stricter of the two holds for both while they are merged. " (names(of_head, head, part)) (names(of_part, part, head)) }
        } }
        fieldset {
            legend { "What becomes of the members?" }
            div class="choices" {
                @for (word, text) in choices {
                    label class="choice" {
                        input type="radio" name="members" value=(word) required;
                        span class="choice-name" { (word.label()) }
                        span class="choice-text" { (text) }
                    }
                }
            }
        }
    }
}

fn names(people: &[Person], of: IncidentId, not: IncidentId) -> Markup {
    let listed: Vec<&str> = people.iter().map(|one| one.name.as_str()).collect();
    html! { @if !listed.is_empty() { (listed.join(", ")) @if listed.len() == 1 { " is" } @else { " are" } " named in " (of) " and not in " (not) ". " } }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MergeForm {
    incident: IncidentId,
    reason: String,
    members: String,
}

pub async fn send(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Form(form): Form<MergeForm>,
) -> Result<Redirect> {
    let members = super::super::api::inputs::word::<Membership>(Some(&form.members))?;
    let new = NewMerge { part: form.incident, reason: form.reason, members };
    merge::merge(&app, &actor, id, new).await?;
    Ok(Redirect::to(&format!("/incidents/{id}/related")))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartForm {
    reason: String,
}

pub async fn part(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Form(form): Form<PartForm>,
) -> Result<Redirect> {
    merge::unmerge(&app, &actor, id, &form.reason).await?;
    Ok(Redirect::to(&format!("/incidents/{id}")))
}

/// All that the page of a merged incident shows: where it is read now, why, and the way back.
pub async fn stub(app: &App, actor: &Actor, shown: &Shown) -> Result<Option<Markup>> {
    let Some((merge, by)) = merge::of_part(app, shown.id()).await? else { return Ok(None) };
    let head = read::get(app, actor, merge.head).await?;
    Ok(Some(html! {
        div class="columns" {
            div class="stack" {
                section class="card" {
                    div class="empty" {
                        (parts::icon("link"))
                        h2 { "Merged into " (merge.head) }
                        p { "Everything that " (shown.id()) " has is read and worked on there, with its origin named: " strong { (head.record.title) } "." }
                        div class="row" { a class="button" data-kind="primary" href={ "/incidents/" (merge.head) } { "Open " (merge.head) } }
                    }
                }
                section class="card" {
                    div class="card-head" { h2 { "Why" } span class="muted" { (merge.id) } }
                    div class="card-body stack-s" {
                        (paragraphs(&merge.reason))
                        div class="row muted" { (parts::person(&by)) (parts::time(merge.at)) }
                    }
                }
            }
            aside class="stack" aria-label="Part" { @if shown.commands { (part_card(shown.id(), merge.head)) } }
        }
    }))
}

fn part_card(part: IncidentId, head: IncidentId) -> Markup {
    html! {
        section class="card" {
            div class="card-head" { h2 { "Part them again" } }
            div class="card-body" {
                p class="muted" { (part) " comes back with all that is its own, as it now is. What was added to " (head) " meanwhile stays there." }
                (part_form(part, &format!("p-{part}")))
            }
        }
    }
}

pub fn part_form(part: IncidentId, field: &str) -> Markup {
    html! {
        form class="form" method="post" action={ "/incidents/" (part) "/unmerge" } data-done={ (part) " stands alone again" } {
            div class="field" { label for=(field) { "Why " (part) " stands alone" } textarea id=(field) name="reason" rows="2" required {} }
            div class="form-actions" { button class="button" type="submit" { "Part " (part) } }
        }
    }
}

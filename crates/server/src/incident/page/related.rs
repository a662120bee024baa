//! The tab of what an incident is to others: what is merged into it, its parent and children with their state,
//! causes, duplicates, related ones; and what says on every tab where a record comes from.

use axum::extract::State;
use axum::response::Redirect;
use domain::kinship::LinkKind;
use domain::{Actor, IncidentId, LinkId};
use maud::{Markup, html};
use serde::Deserialize;

use super::super::alike::{self, Alike};
use super::super::kin::link::{self, NewLink};
use super::super::kin::{self, Merge, Relative};
use super::super::{Filter, IncidentView, read};
use super::panel::similar::{alert_line, incident_line};
use super::{Shown, Tab, due_at, merge, paragraphs, tab};
use crate::app::App;
use crate::error::{Error, Result};
use crate::web::extract::{Form, Path, Who};
use crate::web::paging::PageQuery;
use crate::web::parts;

/// How many incidents are offered to be linked or merged.
const OFFERED: u16 = 30;

pub async fn page(State(app): State<App>, Who(actor): Who, Path(id): Path<IncidentId>) -> Result<Markup> {
    let shown = Shown::load(&app, &actor, id).await?;
    let relatives = kin::relatives(&app, &actor, id).await?;
    let merges = kin::merges(&app, &actor, id).await?;
    let alike = alike::of_incident(&app, &actor, id).await?;
    let others = if shown.works { others(&app, &actor, id).await? } else { Vec::new() };
    let trigger = format!("live:{} from:body, live:incidents from:body", super::topic(id));
    let content = html! {
        header class="page-head" {
            div class="page-title" { h2 { "Related incidents" } p class="page-sub" { "What belongs to this incident, what it belongs to, and what it has to do with." } }
            div class="page-actions" {
                @if shown.commands && !shown.view.record.is_closed() { a class="button" href=(shown.path("/merge")) { (parts::icon("link")) "Merge another into it" } }
            }
        }
        div class="stack" id="related" data-refresh="related" hx-get=(shown.path("/related")) hx-select="#related" hx-trigger=(trigger) {
            (merged(&shown, &merges))
            (family(&shown, &relatives))
            (linked(&shown, &relatives))
            (similar(&alike))
            (past(&shown, &merges))
        }
        @if shown.works { (form(&shown, &others)) }
    };
    Ok(tab(&app, &actor, &shown, Tab::Related, &content).await)
}

/// Other incidents that stand alone, the newest first.
pub async fn others(app: &App, actor: &Actor, id: IncidentId) -> Result<Vec<IncidentView>> {
    let page = PageQuery { cursor: None, limit: Some(OFFERED) };
    let mut found = read::list(app, actor, Filter::default(), &page).await?.items;
    found.retain(|view| view.record.id != id && view.merged_into.is_none());
    found.sort_by_key(|view| (view.record.is_closed(), std::cmp::Reverse(view.record.id)));
    Ok(found)
}

/// Where a record comes from, if it is another incident's that is merged into the one shown.
pub fn origin(shown: &Shown, of: IncidentId) -> Markup {
    html! { @if of != shown.id() { a class="badge" href={ "/incidents/" (of) } title={ "It belongs to " (of) ", which is merged into this one" } { "from " (of) } } }
}

/// Where a record stands as well.
pub fn also(of: IncidentId) -> Markup {
    html! { a class="badge" href={ "/incidents/" (of) } { "also in " (of) } }
}

fn merged(shown: &Shown, merges: &[Merge]) -> Markup {
    let here: Vec<&Merge> =
        merges.iter().filter(|one| one.ended.is_none() && one.head == shown.id()).collect();
    html! {
        @if !here.is_empty() {
            section class="card" aria-labelledby="merged-h" {
                div class="card-head" { h2 id="merged-h" { "Merged into this incident" } span class="muted" { "all they have is shown here" } }
                div class="card-body stack" {
                    @for merge in here {
                        article class="stack-s" id=(merge.id) {
                            div class="row-spread" {
                                span { a href={ "/incidents/" (merge.part) } { strong { (merge.part) } } " " span class="muted" { "by " (shown.name(merge.by)) " " (parts::ago(merge.at)) } }
                                span class="muted" { (merge.id) }
                            }
                            (paragraphs(&merge.reason))
                            @if shown.commands { details { summary { "Part " (merge.part) " again" } div class="gap-top" { (merge::part_form(merge.part, &format!("p-{}", merge.part))) } } }
                        }
                    }
                }
            }
        }
    }
}

/// The parent, and the children with their state.
fn family(shown: &Shown, relatives: &[Relative]) -> Markup {
    let of = |reversed: bool| {
        move |one: &&Relative| one.link.kind == LinkKind::ChildOf && one.reversed == reversed
    };
    let children: Vec<&Relative> = relatives.iter().filter(of(true)).collect();
    let open = children.iter().filter(|one| !one.incident.record.is_closed()).count();
    html! {
        @for parent in relatives.iter().filter(of(false)) {
            div class="notice" data-level="info" { (parts::icon("link")) div {
                strong { "Part of " a href={ "/incidents/" (parent.incident.record.id) } { (parent.incident.record.id) " " (parent.incident.record.title) } }
                (parts::severity(parent.incident.record.severity)) " " (parts::phase(parent.incident.record.phase)) " " (parent.link.reason)
            } (end_form(shown, parent)) }
        }
        @if !children.is_empty() {
            section class="card" aria-labelledby="children-h" {
                div class="card-head" { h2 id="children-h" { "Children" } span class="muted" { (open) " of " (children.len()) " open" } }
                (table(shown, &children, "Children of this incident", false))
            }
        }
    }
}

fn linked(shown: &Shown, relatives: &[Relative]) -> Markup {
    let others: Vec<&Relative> = relatives.iter().filter(|one| one.link.kind != LinkKind::ChildOf).collect();
    html! {
        section class="card" aria-labelledby="linked-h" {
            div class="card-head" { h2 id="linked-h" { "Linked" } span class="muted" { (others.len()) } }
            @if others.is_empty() { div class="card-body" { p class="muted" { "No link is made yet. Link what caused this, what it caused, duplicates, and parts of one larger incident." } } }
            @else { (table(shown, &others, "Linked incidents", true)) }
        }
    }
}

fn table(shown: &Shown, relatives: &[&Relative], label: &str, with_kind: bool) -> Markup {
    html! {
        div class="table-scroll" role="region" aria-label=(label) tabindex="0" {
            table class="table" data-narrow="stack" {
                thead { tr {
                    @if with_kind { th { "What it is" } }
                    th { "Severity" } th { "Incident" } th { "Phase" } th { "Commander" } th data-type="number" { "Open tasks" } th { "Next due" }
                    @if shown.works { th { span class="visually-hidden" { "Actions" } } }
                } }
                tbody { @for one in relatives { (row(shown, one, with_kind)) } }
            }
        }
    }
}

fn row(shown: &Shown, one: &Relative, with_kind: bool) -> Markup {
    let record = &one.incident.record;
    let href = format!("/incidents/{}", record.id);
    html! {
        tr data-href=(href) id=(one.link.id) {
            @if with_kind { td data-label="What it is" { (one.label) } }
            td data-label="Severity" { (parts::severity(record.severity)) }
            td class="cell-main" {
                a class="row-link" href=(href) { (record.id) " " (record.title) }
                @if record.restricted { " " span class="badge" data-kind="warning" { "Need to know" } }
                @if let Some(head) = one.incident.merged_into { " " span class="badge" { "merged into " (head) } }
                span class="cell-sub" { (one.link.reason) " · " (one.by_name) ", " (parts::ago(one.link.at)) }
            }
            td data-label="Phase" { (parts::phase(record.phase)) }
            td data-label="Commander" { @match &one.incident.commander_name { Some(name) => (parts::person(name)), None => span class="person-none" { "nobody yet" } } }
            td data-type="number" data-label="Open tasks" {
                (one.incident.open_tasks)
                @if one.incident.overdue_tasks > 0 { " " span class="badge" data-kind="bad" { (one.incident.overdue_tasks) " late" } }
            }
            td data-label="Next due" { @if let Some(due) = one.incident.next_due { @if !record.is_closed() { (due_at(due, shown.now)) } } }
            @if shown.works { td data-type="actions" { (end_form(shown, one)) } }
        }
    }
}

fn end_form(shown: &Shown, one: &Relative) -> Markup {
    let action = shown.path(&format!("/links/{}/end", one.link.id));
    html! {
        @if shown.works {
            form method="post" action=(action) data-done={ (one.link.id) " ended" } data-confirm="The link is no longer shown. That it was there, and why, stays on record." data-confirm-title={ "End the link with " (one.incident.record.id) "?" } data-confirm-kind="primary" {
                input type="hidden" name="reason" value="";
                button class="button" data-size="small" data-kind="quiet" type="submit" aria-label={ "End the link with " (one.incident.record.id) } { "End" }
            }
        }
    }
}

/// What is like this incident, with the reasons.
fn similar(alike: &Alike) -> Markup {
    html! {
        section class="card" aria-labelledby="similar-h" {
            div class="card-head" { h2 id="similar-h" { "Similar" } span class="muted" { "by values that few others have, rules and techniques" } }
            @if alike.incidents.is_empty() && alike.alerts.is_empty() { div class="card-body" { p class="muted" { "No incident or alert that you may see has telling values in common with this one." } } }
            @else {
                ul class="lines" {
                    @for one in &alike.incidents { (incident_line(one)) }
                    @for one in &alike.alerts { (alert_line(one)) }
                }
            }
        }
    }
}

/// Merges that were undone.
fn past(shown: &Shown, merges: &[Merge]) -> Markup {
    let past: Vec<_> = merges.iter().filter_map(|one| one.ended.as_ref().map(|ended| (one, ended))).collect();
    html! {
        @if !past.is_empty() {
            section class="card" aria-labelledby="past-h" {
                div class="card-head" { h2 id="past-h" { "Merged once, and parted" } }
                div class="card-body" {
                    ul class="changes" {
                        @for (merge, ended) in past {
                            li data-change="same" { span {
                                (merge.part) " into " (merge.head) ", " (parts::ago(merge.at)) " by " (shown.name(merge.by)) "; parted " (parts::ago(ended.at)) " by " (shown.name(ended.by))
                                @if let Some(why) = &ended.reason { ": " (why) }
                            } }
                        }
                    }
                }
            }
        }
    }
}

/// What a form offers to say: the word, the label, the kind of link and whether it is said from the other side.
const SAID: [(&str, &str, LinkKind, bool); 7] = [
    ("related", "is related to", LinkKind::Related, false),
    ("caused_by", "was caused by", LinkKind::CausedBy, false),
    ("caused", "caused", LinkKind::CausedBy, true),
    ("duplicate_of", "is a duplicate of", LinkKind::DuplicateOf, false),
    ("has_duplicate", "has the duplicate", LinkKind::DuplicateOf, true),
    ("child_of", "is a child of", LinkKind::ChildOf, false),
    ("parent_of", "is the parent of", LinkKind::ChildOf, true),
];

fn form(shown: &Shown, others: &[IncidentView]) -> Markup {
    html! {
        details class="gap-top" {
            summary class="button" { (parts::icon("plus")) "Link another incident" }
            form class="form gap-top" method="post" action=(shown.path("/links")) data-done="Linked" {
                div class="field-row" {
                    div class="field" { label for="l-kind" { (shown.id()) } select id="l-kind" name="kind" { @for (word, label, ..) in SAID { option value=(word) { (label) } } } }
                    div class="field" {
                        label for="l-other" { "Incident" }
                        input id="l-other" name="other" required placeholder="INC-…" list="l-others" autocomplete="off";
                        datalist id="l-others" { @for other in others { option value=(other.record.id) { (other.record.title) } } }
                    }
                }
                div class="field" { label for="l-reason" { "Why" } textarea id="l-reason" name="reason" rows="2" required {} }
                div class="form-actions" { button class="button" type="submit" { "Link" } }
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkForm {
    kind: String,
    other: String,
    reason: String,
}

pub async fn add(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Form(form): Form<LinkForm>,
) -> Result<Redirect> {
    let (_, _, kind, reversed) = SAID
        .into_iter()
        .find(|(word, ..)| *word == form.kind)
        .ok_or_else(|| Error::Invalid("Choose what the one is to the other.".to_owned()))?;
    let new = NewLink { kind, other: form.other.trim().parse()?, reversed, reason: form.reason };
    let link = link::link(&app, &actor, id, new).await?;
    Ok(Redirect::to(&format!("/incidents/{id}/related#{}", link.id)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndForm {
    reason: String,
}

pub async fn end(
    State(app): State<App>,
    Who(actor): Who,
    Path((id, link)): Path<(IncidentId, LinkId)>,
    Form(form): Form<EndForm>,
) -> Result<Redirect> {
    link::unlink(&app, &actor, id, link, Some(form.reason)).await?;
    Ok(Redirect::to(&format!("/incidents/{id}/related")))
}

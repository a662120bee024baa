//! Drafts as pages: their list, and one with what it changes, what it lacks, who has to approve it and how it came to be.

pub mod changes;
pub mod edit;
mod fields;

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Redirect;
use domain::plan::DraftStatus;
use domain::{Actor, Permission, PlanDraftId, UserId};
use maud::{Markup, html};
use serde::Deserialize;

use super::super::{
    Draft, Opened, begin, catch_up, decide as say, diff, discard as give_up, drafts, give_back, go_back, in_force,
    open, state, submit as send,
};
use super::names::{Names, count};
use crate::app::App;
use crate::error::Result;
use crate::identity;
use crate::web::extract::{Form, Path, Query, Who};
use crate::web::frame::{self, Nav};
use crate::web::parts::{self, icon};

fn badge(status: DraftStatus) -> Markup {
    let tone = match status {
        DraftStatus::Editing => "new",
        DraftStatus::Review => "waiting",
        DraftStatus::Published => "good",
        DraftStatus::Discarded => "dismissed",
    };
    html! { span class="badge" data-status=(tone) { (status.label()) } }
}

/// Where a page of a draft stands.
fn crumbs(draft: &Draft, last: Option<&str>) -> Markup {
    html! {
        nav aria-label="Where you are" { ol class="breadcrumb" {
            li { a href="/plan" { "Plan" } }
            li { a href="/plan/drafts" { "Drafts" } }
            @match last {
                Some(last) => { li { a href={ "/plan/drafts/" (draft.id) } { (draft.id) } } li { (last) } }
                None => li { (draft.id) },
            }
        } }
    }
}

fn name(names: &BTreeMap<UserId, String>, person: UserId) -> String {
    names.get(&person).cloned().unwrap_or_else(|| person.to_string())
}

/// `GET /plan/drafts`
pub async fn list(State(app): State<App>, Who(actor): Who) -> Result<Markup> {
    let drafts = drafts(&app, &actor).await?;
    let (names, now) = (identity::names(&app).await?, in_force(&app).await?);
    let content = html! {
        header class="page-head" {
            div class="page-title" {
                nav aria-label="Where you are" { ol class="breadcrumb" { li { a href="/plan" { "Plan" } } li { "Drafts" } } }
                h1 { "Drafts" }
                p class="page-sub" { "The next version of the plan is written here, approved by those whom " (now.id) " names, and put in force." }
            }
        }
        @if actor.may(Permission::EditPlan) {
            form class="card" method="post" action="/plan/drafts" { div class="card-body row" {
                label for="title" { "What you want to change" }
                input id="title" name="title" required maxlength="200" placeholder="Name the new service desk" size="34";
                button class="button" data-kind="primary" type="submit" { (icon("plus")) "Begin a draft" }
            } }
        }
        @if drafts.is_empty() {
            (parts::empty("plan", "No drafts", "A draft begins from the version in force. Nothing that is written in it holds before it is approved.", None))
        } @else {
            section class="card" { div class="table-scroll" role="group" aria-label="Drafts" tabindex="0" {
                table class="table" data-narrow="list" {
                    thead { tr { th { "Draft" } th { "Status" } th { "Changes" } th { "By" } th { "Last change" } } }
                    tbody { @for draft in &drafts {
                        tr {
                            td class="cell-main" { a href={ "/plan/drafts/" (draft.id) } { (draft.title) } span class="cell-sub" { (draft.id) " from " (draft.base) } }
                            td data-label="Status" { (badge(draft.status)) }
                            td data-label="Changes" { (count(usize::try_from(draft.state - 1).unwrap_or(0), "change")) }
                            td data-label="By" { (name(&names, draft.author)) }
                            td data-label="Last change" { (parts::ago(draft.changed_at)) }
                        }
                    } }
                }
            } }
        }
    };
    Ok(frame::page(&app, &actor, Nav::Plan, "Drafts of the plan", &["plan"], &content).await)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Begin {
    title: String,
}

/// `POST /plan/drafts`
pub async fn start(State(app): State<App>, Who(actor): Who, Form(said): Form<Begin>) -> Result<Redirect> {
    let draft = begin(&app, &actor, &said.title).await?;
    Ok(Redirect::to(&format!("/plan/drafts/{}", draft.id)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Since {
    /// Shows what changed since this state of the draft instead of since the version that it was made from.
    since: Option<i64>,
}

/// `GET /plan/drafts/DRF-1`
pub async fn one(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<PlanDraftId>,
    Query(view): Query<Since>,
) -> Result<Markup> {
    let opened = open(&app, &actor, id).await?;
    let names = identity::names(&app).await?;
    let draft = &opened.draft;
    let (from, since) = match view.since {
        Some(number) => (state(&app, &actor, id, number).await?, format!("state {number}")),
        None => (opened.base.clone(), draft.base.to_string()),
    };
    let diffs = diff::folders(&from, &opened.files);
    let may = actor.may(Permission::EditPlan);
    let writing = may && draft.status == DraftStatus::Editing;
    let content = html! {
        header class="page-head" {
            div class="page-title" {
                (crumbs(draft, None))
                h1 { (draft.title) }
                div class="page-meta" { (badge(draft.status)) span { (draft.id) " from " (draft.base) } span { "by " (name(&names, draft.author)) } span { "changed " (parts::ago(draft.changed_at)) } }
            }
            div class="page-actions" { (actions(&opened, may)) }
        }
        @if let Some(newest) = opened.overtaken_by {
            @if matches!(draft.status, DraftStatus::Editing | DraftStatus::Review) {
                div class="notice" data-level="warning" { (icon("alert")) div {
                    strong { (newest) " was put in force after this draft was begun" }
                    "Its changes have to be carried over before the draft can be approved."
                    @if writing { form method="post" action={ "/plan/drafts/" (id) "/carry" } { button class="button" data-size="small" type="submit" { "Carry over" } } }
                } }
            }
        }
        div class="draft-room" data-read[!writing] {
            @if writing { (edit::sections(&opened, None)) }
            div class="stack" {
                div class="row-spread" {
                    h2 { "What changes" }
                    span class="muted" { (count(diffs.len(), "part")) " since " (since) }
                }
                @if diffs.is_empty() {
                    (parts::empty("edit", "Nothing differs yet", "Choose a part at the side and change it. Everything that you keep is shown here, line by line.", None))
                }
                (changes::cards(&diffs, &opened.plan))
            }
            aside class="stack" { (approval(&opened, &names, &actor)) @if draft.status == DraftStatus::Editing { (faults(&opened)) } (history(&opened, &names, writing)) }
        }
    };
    Ok(frame::page(&app, &actor, Nav::Plan, &draft.title, &["plan"], &content).await)
}

fn actions(opened: &Opened, may: bool) -> Markup {
    let address = format!("/plan/drafts/{}", opened.draft.id);
    html! {
        @if may && opened.draft.status == DraftStatus::Editing {
            form method="post" action={ (address) "/discard" } data-confirm="The draft stays readable, but nobody can go on with it." data-confirm-title="Give this draft up?" {
                button class="button" data-kind="quiet" type="submit" { "Give up" }
            }
            form method="post" action={ (address) "/submit" } data-done="Sent for approval" {
                button class="button" data-kind="primary" type="submit" { "Send for approval" }
            }
        }
        @if may && opened.draft.status == DraftStatus::Review {
            form method="post" action={ (address) "/withdraw" } { button class="button" type="submit" { "Take back" } }
        }
    }
}

/// What keeps the draft from being put in force.
fn faults(opened: &Opened) -> Markup {
    html! {
        section class="card" aria-labelledby="checks" {
            div class="card-head" { h2 id="checks" { "Checks" } @if opened.faults.is_empty() { span class="badge" data-status="good" { "Holds together" } } @else { span class="badge" data-status="bad" { (opened.faults.len()) " to mend" } } }
            @if opened.faults.is_empty() {
                div class="card-body" { p class="muted" { "Every name leads somewhere, every role has an alternate, every type has its procedure." } }
            } @else {
                ul class="findings" { @for fault in &opened.faults {
                    li {
                        p { (fault.message) }
                        p class="small muted" { a href={ "/plan/drafts/" (opened.draft.id) "/parts/" (fault.file) } { (fault.file) } @if let Some(line) = fault.line { ", line " (line) } }
                    }
                } }
            }
        }
    }
}

fn approval(opened: &Opened, names: &BTreeMap<UserId, String>, actor: &Actor) -> Markup {
    let (draft, votes) = (&opened.draft, &opened.votes);
    let titles = Names(&opened.plan);
    let mine = actor.user().map(|person| votes.open_to(person)).unwrap_or_default();
    html! {
        section class="card" aria-labelledby="approval" {
            div class="card-head" { h2 id="approval" { "Approval" } }
            ul class="acts draft-seats" {
                @for role in votes.seats.keys() {
                    li {
                        div {
                            (titles.role(role))
                            span class="cell-sub" { @if votes.given.contains(role) { "has approved" } @else { "can be given by " (votes.speakers(role).iter().map(|person| name(names, *person)).collect::<Vec<_>>().join(", ")) } }
                        }
                        @if votes.given.contains(role) { span class="badge" data-status="good" { "Approved" } }
                        @else if draft.status == DraftStatus::Review { span class="badge" data-status="waiting" { "Waiting" } }
                    }
                }
            }
            @if !opened.words.is_empty() {
                ul class="acts" { @for word in &opened.words {
                    li {
                        div { strong { (name(names, word.person)) } " " (if word.approved { "approved" } else { "refused" }) " state " (word.state)
                            @if !word.reason.is_empty() { span class="cell-sub" { (word.reason) } } }
                        span class="muted small" { (parts::ago(word.at)) }
                    }
                } }
            }
            @if draft.status == DraftStatus::Review && !mine.is_empty() {
                form class="form card-body" method="post" action={ "/plan/drafts/" (draft.id) "/decide" } {
                    input type="hidden" name="state" value=(draft.state);
                    div class="field" {
                        label for="reason" { "Reason " span class="optional" { "(needed for a no)" } }
                        textarea id="reason" name="reason" rows="2" {}
                    }
                    div class="form-actions" {
                        button class="button" data-kind="primary" type="submit" name="word" value="yes" { (icon("check")) "Approve" }
                        button class="button" type="submit" name="word" value="no" { "Refuse" }
                    }
                }
            } @else if draft.status == DraftStatus::Review && actor.user().is_some_and(|person| votes.writers.contains(&person)) {
                div class="card-body" { p class="muted" { "You wrote in this draft; somebody else approves it." } }
            }
        }
    }
}

fn history(opened: &Opened, names: &BTreeMap<UserId, String>, writing: bool) -> Markup {
    let id = opened.draft.id;
    html! {
        section class="card" aria-labelledby="history" {
            div class="card-head" { h2 id="history" { "How it came to be" } }
            ol class="acts" reversed { @for state in &opened.states {
                li {
                    div { (state.what) span class="cell-sub" { "State " (state.number) ", " (name(names, state.person)) ", " (parts::ago(state.at)) } }
                    @if state.number != opened.draft.state {
                        span class="row" {
                            a class="button" data-size="small" data-kind="quiet" href={ "/plan/drafts/" (id) "?since=" (state.number) } aria-label={ "Compare with state " (state.number) } { "Compare" }
                            @if writing {
                                form method="post" action={ "/plan/drafts/" (id) "/back" } {
                                    input type="hidden" name="state" value=(state.number);
                                    button class="button" data-size="small" type="submit" aria-label={ "Go back to state " (state.number) } { "Go back" }
                                }
                            }
                        }
                    }
                }
            } }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Back {
    state: i64,
}

/// `POST /plan/drafts/DRF-1/back`
pub async fn back(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<PlanDraftId>,
    Form(said): Form<Back>,
) -> Result<Redirect> {
    go_back(&app, &actor, id, said.state).await?;
    Ok(home(id))
}

pub async fn carry(State(app): State<App>, Who(actor): Who, Path(id): Path<PlanDraftId>) -> Result<Redirect> {
    catch_up(&app, &actor, id).await?;
    Ok(home(id))
}

pub async fn submit(State(app): State<App>, Who(actor): Who, Path(id): Path<PlanDraftId>) -> Result<Redirect> {
    send(&app, &actor, id).await?;
    Ok(home(id))
}

pub async fn withdraw(State(app): State<App>, Who(actor): Who, Path(id): Path<PlanDraftId>) -> Result<Redirect> {
    give_back(&app, &actor, id).await?;
    Ok(home(id))
}

pub async fn discard(State(app): State<App>, Who(actor): Who, Path(id): Path<PlanDraftId>) -> Result<Redirect> {
    give_up(&app, &actor, id).await?;
    Ok(Redirect::to("/plan/drafts"))
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    Yes,
    No,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decide {
    state: i64,
    word: Answer,
    #[serde(default)]
    reason: String,
}

/// `POST /plan/drafts/DRF-1/decide`
pub async fn decide(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<PlanDraftId>,
    Form(said): Form<Decide>,
) -> Result<Redirect> {
    say(&app, &actor, id, said.state, matches!(said.word, Answer::Yes), &said.reason).await?;
    Ok(home(id))
}

fn home(id: PlanDraftId) -> Redirect {
    Redirect::to(&format!("/plan/drafts/{id}"))
}

//! The Obligations tab of an incident: how many duties apply and what is due first, then each duty by the order of its
//! clock. Beside it stand what is [`asked`](super::asked) and the notices.

use std::collections::BTreeMap;

use axum::extract::State;
use domain::obligation::approval::NoticeState;
use domain::obligation::clock::{State as ClockState, shown};
use domain::obligation::{Book, Decision, Standing, Truth, Verdict};
use domain::{Actor, IncidentId, Permission, UserId};
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};

use super::{asked, duty};
use crate::app::App;
use crate::error::Result;
use crate::identity;
use crate::incident;
use crate::obligation::{Case, book};
use crate::web::extract::{Path, Who};
use crate::web::parts;

/// What the page shows, and for whom.
pub(super) struct View<'a> {
    pub case: &'a Case,
    pub book: &'static Book,
    names: BTreeMap<UserId, String>,
    pub works: bool,
    pub commands: bool,
    pub me: Option<UserId>,
}

impl View<'_> {
    pub fn path(&self, rest: &str) -> String {
        format!("/incidents/{}/obligations{rest}", self.case.record.id)
    }

    pub fn name(&self, user: UserId) -> String {
        self.names.get(&user).cloned().unwrap_or_else(|| user.to_string())
    }
}

pub async fn page(State(app): State<App>, Who(actor): Who, Path(id): Path<IncidentId>) -> Result<Markup> {
    let case = super::super::case(&app, &actor, id).await?;
    let view = View {
        book: book()?,
        names: identity::names(&app).await?,
        works: actor.may(Permission::WorkIncident),
        commands: actor.may_command(&case.record.incident()?),
        me: actor.user(),
        case: &case,
    };
    let part = if case.profile.is_none() { no_profile(&actor) } else { draw(&view)? };
    incident::page::tab_around(&app, &actor, id, incident::page::Tab::Obligations, &part).await
}

fn no_profile(actor: &Actor) -> Markup {
    let (text, action) = if actor.may(Permission::EditPlan) {
        (
            "Which laws can apply follows from where it is and what it is. Fill in the profile once, and this page says who \
             must be told, why, and until when.",
            Some(("/settings/obligations", "Fill in the profile")),
        )
    } else {
        (
            "Which laws can apply follows from where it is and what it is. Ask an incident manager to fill in the profile; \
             then this page says who must be told, why, and until when.",
            None,
        )
    };
    html! { div class="card" { (parts::empty("flag", "Nobody has said yet who the organisation is", text, action)) } }
}

fn draw(view: &View<'_>) -> Result<Markup> {
    let mut decisions = view.case.decisions()?;
    // The most pressing first; among equals the order of the content stays.
    decisions.sort_by_cached_key(|one| pressing(view.case, one));
    let of = |verdict: Verdict| {
        decisions.iter().filter(move |one| one.verdict == verdict && one.standing != Standing::NotBinding)
    };
    let (applying, open) = (of(Verdict::Applies).count(), of(Verdict::MayApply).count());
    let trigger = format!("live:{} from:body", incident::topic(view.case.record.id));
    Ok(html! {
        div id="obligations" data-refresh="obligations" hx-ext="morph" hx-get=(view.path("")) hx-select="#obligations" hx-swap="morph" hx-trigger=(trigger) {
            (tiles(view, &decisions, applying, open)?)
            (contradictions(view)?)
            div class="columns" {
                div class="stack" {
                    section class="stack" aria-labelledby="applies" {
                        h2 id="applies" { "Apply " span class="nav-count" { (applying) } }
                        @if applying == 0 { p class="muted" { "No duty applies for certain by what is known. The questions beside decide the rest." } }
                        @for decision in of(Verdict::Applies) { (duty::draw(view, decision)) }
                    }
                    @if open > 0 {
                        section class="stack" aria-labelledby="may" {
                            div { h2 id="may" { "May apply " span class="nav-count" { (open) } }
                                p class="muted" { "Something that nobody knows yet keeps them open. Until then their clocks run as if they applied." } }
                            @for decision in of(Verdict::MayApply) { (duty::draw(view, decision)) }
                        }
                    }
                    (others(&decisions))
                }
                aside class="stack" aria-label="Facts and notices" {
                    (notices(view)?)
                    (asked::draw(view, &decisions))
                }
            }
        }
    })
}

/// When a duty presses: decided or met last, then by its next deadline. Where the law says “without delay” and no
/// number, it is put where a day from then would be.
fn pressing(case: &Case, decision: &Decision<'_>) -> (bool, Timestamp) {
    let next = decision.stages.iter().filter_map(|stage| match stage.state(case.now) {
        ClockState::Running | ClockState::Breached => stage.deadline(),
        ClockState::Urgent => stage.urges_since.map(|since| since + SignedDuration::from_hours(24)),
        ClockState::Waiting => stage.readings.first().and_then(|reading| reading.at_the_latest),
        ClockState::NotOwed | ClockState::Sent | ClockState::SentLate => None,
    });
    (case.waived(&decision.duty.id).is_some(), next.min().unwrap_or(Timestamp::MAX))
}

/// The whole at a glance: how many, what is due first, and how far the notices are.
fn tiles(view: &View<'_>, decisions: &[Decision<'_>], applying: usize, open: usize) -> Result<Markup> {
    let case = view.case;
    let first = case.running()?.into_iter().next();
    let in_state = |state: NoticeState| case.notices.iter().filter(|one| one.state == state).count();
    let (waiting, sent) = (in_state(NoticeState::InApproval), in_state(NoticeState::Sent));
    let owed = decisions
        .iter()
        .filter(|one| one.verdict == Verdict::Applies && case.waived(&one.duty.id).is_none())
        .flat_map(|one| &one.stages)
        .filter(|stage| {
            matches!(stage.state(case.now), ClockState::Running | ClockState::Breached | ClockState::Urgent)
        })
        .count();
    Ok(html! {
        div class="tiles gap-top" data-first="wide" {
            @match first {
                Some(first) => {
                    @let over = first.deadline <= case.now;
                    a class="tile" href={ "#" (first.duty) } data-tone=[over.then_some("bad")] {
                        span class="tile-label" { "Due first" @if !first.certain { ", if it applies" } }
                        span class="tile-value due" { time datetime=(first.deadline) data-countdown="7200" { (shown(first.deadline, &case.zone())) } }
                        span class="tile-note" { (first.name) ", " (shown(first.deadline, &case.zone())) }
                    }
                }
                None => { div class="tile" { span class="tile-label" { "Due first" } span class="tile-value" { "–" } span class="tile-note" { "No clock runs." } } }
            }
            a class="tile" href="#applies" { span class="tile-label" { "Duties that apply" } span class="tile-value" { (applying) } span class="tile-note" { (owed) @if owed == 1 { " notice is due" } @else { " notices are due" } } }
            a class="tile" href="#may" { span class="tile-label" { "May apply" } span class="tile-value" { (open) } span class="tile-note" { @if open == 0 { "Nothing is open." } @else { "until the questions are answered" } } }
            a class="tile" href="#notices" { span class="tile-label" { "Notices sent" } span class="tile-value" { (sent) } span class="tile-note" { @if waiting == 0 { "none waits for approval" } @else { (waiting) " waiting for approval" } } }
        }
    })
}

fn contradictions(view: &View<'_>) -> Result<Markup> {
    let found = view.case.contradictions()?;
    Ok(html! {
        @if !found.is_empty() {
            details class="notice differences" data-level="warning" open {
                summary { (parts::icon("alert")) strong { "Notices say different things" } span class="nav-count" { (found.len()) } }
                ul {
                    @for one in &found {
                        li {
                            strong { (one.about) }
                            p class="break" { "“" (one.first.1) "” " span class="muted small" { (one.first.0) } }
                            p class="break" { "“" (one.second.1) "” " span class="muted small" { (one.second.0) } }
                        }
                    }
                }
            }
        }
    })
}

/// Duties that do not apply, and those that do not bind.
fn others(decisions: &[Decision<'_>]) -> Markup {
    let not: Vec<&Decision<'_>> =
        decisions.iter().filter(|one| one.verdict == Verdict::DoesNotApply).collect();
    html! {
        @if !not.is_empty() {
            details class="card duty" {
                summary class="card-head" { h3 { "Do not apply" } span class="nav-count" { (not.len()) } }
                ul class="lines" {
                    @for decision in not {
                        li {
                            span class="line-main" { (decision.duty.title) " " span class="muted small" { (decision.duty.clause) } }
                            span class="muted small" { @match decision.reasons.iter().find(|reason| reason.truth == Truth::No) {
                                Some(reason) if decision.standing == Standing::NotBinding => { (reason.says) "." }
                                Some(reason) => { "Does not hold: " (reason.says) }
                                None => { "–" }
                            } }
                        }
                    }
                }
            }
        }
    }
}

fn notices(view: &View<'_>) -> Result<Markup> {
    let written = view.case.sheet.len();
    let all = view.book.sheet().sections().len();
    Ok(html! {
        section class="card" aria-labelledby="notices" {
            div class="card-head" { h2 id="notices" { "Notices" }
                a class="button" data-size="small" href=(view.path("/sheet")) { (parts::icon("edit")) "Fact sheet" } }
            @if view.case.notices.is_empty() {
                div class="card-body" { p class="muted" { "None yet. Write the fact sheet once (" (written) " of " (all) " sections are written); every notice is drafted from it." } }
            } @else {
                ul class="lines" {
                    @for notice in view.case.notices.iter().rev() {
                        li {
                            a class="line-main" href=(view.path(&format!("/notices/{}", notice.id))) { (view.case.name(notice)) " " span class="muted small" { (notice.id) } }
                            (super::notice::state(notice.state))
                        }
                    }
                }
            }
        }
    })
}

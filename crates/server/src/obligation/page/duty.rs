//! One duty of an incident: whom it tells, why, its clocks with the next act of each, and the decision that it is
//! not met.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use domain::obligation::approval::{NoticeState, WaiverState, WaiverVerb};
use domain::obligation::clock::{Reading, StageClock, State as ClockState, shown};
use domain::obligation::{Decision, Status, Truth, Verdict};
use domain::{IncidentId, WaiverId};
use maud::{Markup, html};

use super::duties::View;
use super::{Pairs, value};
use crate::app::App;
use crate::error::{Error, Result};
use crate::obligation::{Notice, Waiver, waiver};
use crate::web::extract::{Form, Path, Who};
use crate::web::parts;

/// A duty that applies stands open; one that may apply opens on its line.
pub fn draw(view: &View<'_>, decision: &Decision<'_>) -> Markup {
    let duty = decision.duty;
    let waived = view.case.waived(&duty.id).is_some();
    let applies = decision.verdict == Verdict::Applies;
    html! {
        details class="card duty" id=(duty.id) open[applies && !waived] {
            summary class="card-head" {
                div class="duty-name" {
                    h3 { (duty.title) }
                    span class="muted small" { "To " (duty.to) }
                }
                span class="duty-state" {
                    @if waived { span class="badge" data-kind="good" { "Not notifiable" } } @else { (soonest(view, decision)) }
                    @if duty.status != Status::InForce { span class="badge" data-kind="warning" { (duty.status.label()) } }
                }
            }
            div class="card-body stack" {
                (because(decision))
                @if !waived {
                    div { @for stage in decision.stages.iter().filter(|stage| stage.owed != Truth::No) { (clock(view, decision, stage)) } }
                }
                (waivers(view, decision))
                (grounds(view, decision))
            }
        }
    }
}

/// The next deadline, for the line of the duty.
fn soonest(view: &View<'_>, decision: &Decision<'_>) -> Markup {
    let now = view.case.now;
    let open =
        |stage: &&StageClock<'_>| matches!(stage.state(now), ClockState::Running | ClockState::Breached);
    let next = decision.stages.iter().filter(open).filter_map(StageClock::deadline).min();
    let urgent = decision.stages.iter().any(|stage| stage.state(now) == ClockState::Urgent);
    html! {
        @match next {
            Some(deadline) => span class="due" { (parts::icon("clock")) time datetime=(deadline) data-countdown="7200" { (shown(deadline, &view.case.zone())) } },
            None if urgent => span class="badge" data-kind="warning" { "Without delay" },
            None => {},
        }
    }
}

/// Why it applies, or what keeps it open, in a line.
fn because(decision: &Decision<'_>) -> Markup {
    let (lead, truth) = match decision.verdict {
        Verdict::MayApply => ("Open: ", Truth::Open),
        Verdict::Applies | Verdict::DoesNotApply => ("Because: ", Truth::Yes),
    };
    let says: Vec<&str> =
        decision.reasons.iter().filter(|reason| reason.truth == truth).map(|reason| &*reason.says).collect();
    html! { p { span class="muted" { (lead) } @if says.is_empty() { "it binds everybody." } @else { (says.join(" ")) } } }
}

/// How it was decided and reckoned, and how far that can be trusted.
fn grounds(view: &View<'_>, decision: &Decision<'_>) -> Markup {
    let duty = decision.duty;
    let regime = view.book.regime(&duty.regime);
    html! {
        details class="task-how" {
            summary { "Why, and how the clocks are reckoned" }
            (reasons(decision))
            @for stage in decision.stages.iter().filter(|stage| !stage.readings.is_empty()) {
                p { strong { (stage.stage.title) } }
                ul class="explain-reasons" { @for reading in &stage.readings { (reckoned(view, reading)) } }
            }
            @if let Some(note) = &duty.note { p { (note) } }
            p class="muted small" {
                @if let Some(regime) = regime { (regime.name) ", " } (duty.clause) ". "
                "Checked: " (duty.grounds.label()) @if let Some(regime) = regime { ", as of " (regime.as_of) } ". No legal advice."
            }
        }
    }
}

fn reckoned(view: &View<'_>, reading: &Reading<'_>) -> Markup {
    html! {
        li {
            @if let Some(name) = &reading.rule.reading { strong { (name) } ". " }
            (reading.words) "."
            @if reading.truth == Truth::Open { " Whether this one counts is open." }
            @if let Some(latest) = reading.at_the_latest { " At the latest: " (shown(latest, &view.case.zone())) "." }
        }
    }
}

fn clock(view: &View<'_>, decision: &Decision<'_>, stage: &StageClock<'_>) -> Markup {
    let now = view.case.now;
    let state = stage.state(now);
    let gone =
        stage.percent_gone(now).filter(|_| matches!(state, ClockState::Running | ClockState::Breached));
    let (look, tone) = match (state, gone) {
        (ClockState::Breached | ClockState::SentLate, _) => ("over", "bad"),
        (_, Some(90..)) => ("over", "bad"),
        (_, Some(75..)) => ("soon", "warning"),
        _ => ("fine", "good"),
    };
    html! {
        div class="clock" data-state=(look) {
            span class="clock-name" { (stage.stage.title) @if let Some(to) = &stage.stage.to { span class="muted" { ", to " (to) } } }
            span class="clock-left" { (left(stage, state)) }
            @if let Some(gone) = gone {
                span class="clock-bar" { progress max="100" value=(gone.clamp(0, 100)) data-tone=(tone) aria-label={ (gone) " % of the time is gone" } {} }
            }
            div class="clock-note" { (noted(view, stage, state)) }
            div class="clock-act" { (act(view, decision, stage, state)) }
        }
    }
}

fn left(stage: &StageClock<'_>, state: ClockState) -> Markup {
    html! {
        @match (state, stage.deadline()) {
            (ClockState::Running | ClockState::Breached, Some(deadline)) => {
                time datetime=(deadline) data-countdown="7200" { (state.label()) }
            }
            (ClockState::Sent, _) => span class="badge" data-status="good" { (state.label()) },
            (ClockState::SentLate, _) => span class="badge" data-status="bad" { (state.label()) },
            (ClockState::Urgent, _) => span class="badge" data-kind="warning" { (state.label()) },
            _ => span class="muted" { (state.label()) },
        }
    }
}

/// The deadline in words; where the law is contested, the other readings too.
fn noted(view: &View<'_>, stage: &StageClock<'_>, state: ClockState) -> Markup {
    let zone = view.case.zone();
    let other: Vec<&Reading<'_>> =
        stage.readings.iter().skip(1).filter(|reading| reading.deadline != stage.deadline()).collect();
    html! {
        @match state {
            ClockState::Running | ClockState::Breached => {
                @if let Some(deadline) = stage.deadline() { p { "Until " strong { (shown(deadline, &zone)) } } }
                @for reading in other {
                    @if let (Some(name), Some(deadline)) = (&reading.rule.reading, reading.deadline) { p { "By the other reading (" (name) "): " (shown(deadline, &zone)) } }
                }
            }
            ClockState::Sent | ClockState::SentLate => {
                @if let Some(at) = stage.sent.first() { p { (shown(*at, &zone)) @if let Some(deadline) = stage.deadline() { "; the deadline was " (shown(deadline, &zone)) } } }
            }
            ClockState::Waiting => {
                @if let Some(reading) = stage.readings.first() { p { (reading.words) "."
                    @if let Some(latest) = reading.at_the_latest { " At the latest: " (shown(latest, &zone)) "." } } }
            }
            ClockState::Urgent | ClockState::NotOwed => {}
        }
        @if let Some(wording) = &stage.stage.wording { p { (wording) "." } }
        @if let Some(reason) = stage.reason.as_ref().filter(|reason| reason.truth == Truth::Open) { p { "Owed if: " (reason.says) } }
    }
}

/// What is to be done next about a stage.
fn act(view: &View<'_>, decision: &Decision<'_>, stage: &StageClock<'_>, state: ClockState) -> Markup {
    let of_stage = |one: &&Notice| one.duty == decision.duty.id && one.stage == stage.stage.id;
    let begun = view.case.notices.iter().rev().find(of_stage);
    let about = format!(" {}, {}", stage.stage.title, decision.duty.title);
    let quiet = (state == ClockState::Waiting).then_some("quiet");
    html! {
        @match begun {
            Some(notice) => {
                @let next = match notice.state {
                    NoticeState::Draft if view.works => "Finish the draft",
                    NoticeState::InApproval if view.commands && notice.may_approve(view.me) => "Approve",
                    NoticeState::Approved if view.works => "Send and record",
                    state => state.label(),
                };
                a class="button" data-size="small" href=(view.path(&format!("/notices/{}", notice.id))) { (next) " " span class="muted" { (notice.id) } }
            }
            None if view.works => form method="post" action=(view.path("/notices")) {
                input type="hidden" name="duty" value=(decision.duty.id);
                input type="hidden" name="stage" value=(stage.stage.id);
                button class="button" data-size="small" data-kind=[quiet] type="submit" { (parts::icon("edit")) "Draft the notice" span class="visually-hidden" { (about) } }
            },
            None => {},
        }
    }
}

fn reasons(decision: &Decision<'_>) -> Markup {
    html! {
        ul class="explain-reasons" {
            @for reason in &decision.reasons {
                li {
                    @match reason.truth {
                        Truth::Yes => { (parts::icon("check")) span class="visually-hidden" { "Holds: " } (reason.says) }
                        Truth::No => { (parts::icon("x")) span class="visually-hidden" { "Does not hold: " } (reason.says) }
                        Truth::Open => { (parts::icon("search")) span class="visually-hidden" { "Open: " } (reason.says) }
                    }
                    @if !reason.facts.is_empty() {
                        span class="muted" { " " @for (place, (label, words)) in reason.facts.iter().enumerate() { @if place > 0 { "; " } (label) ": " (words) } }
                    }
                }
            }
        }
    }
}

fn waivers(view: &View<'_>, decision: &Decision<'_>) -> Markup {
    let duty = decision.duty;
    let own: Vec<&Waiver> = view.case.waivers.iter().filter(|one| one.duty == duty.id).collect();
    let stands = own.iter().any(|one| matches!(one.state, WaiverState::Proposed | WaiverState::Approved));
    html! {
        @for one in own {
            div class="notice" data-level=(if one.state == WaiverState::Approved { "good" } else { "info" }) { (parts::icon("flag"))
                div {
                    strong { "Not notifiable: " (one.state.label().to_lowercase()) }
                    p class="break" { (one.reason) }
                    p class="muted" { "Proposed by " (view.name(one.proposed_by)) " " (parts::ago(one.proposed_at))
                        @if let (Some(by), Some(at)) = (one.settled_by, one.settled_at) { ", " (one.state.label().to_lowercase()) " by " (view.name(by)) " " (parts::ago(at)) } }
                    (waiver_buttons(view, one))
                }
            }
        }
        @if view.works && !stands {
            details class="task-how" {
                summary { "Not notifiable because …" }
                form class="form" method="post" action=(view.path("/waivers")) data-stay="" data-done="Proposed; somebody else approves it" {
                    input type="hidden" name="duty" value=(duty.id);
                    div class="field" {
                        label for={ "why-" (duty.id) } { "Reason" }
                        textarea id={ "why-" (duty.id) } name="reason" rows="3" required maxlength="20000" {}
                        p class="help" { "It stays on record with your name, and stops the clocks once somebody else has approved it." }
                    }
                    div class="form-actions" { button class="button" type="submit" { "Propose" } }
                }
            }
        }
    }
}

fn waiver_buttons(view: &View<'_>, one: &Waiver) -> Markup {
    let act = |verb: WaiverVerb| view.path(&format!("/waivers/{}/{verb}", one.id));
    html! {
        div class="row" {
            @if one.state == WaiverState::Proposed && view.commands {
                @if view.me != Some(one.proposed_by) {
                    form method="post" action=(act(WaiverVerb::Approve)) data-stay="" data-done="Approved" data-confirm="The clocks of this duty stop, and nobody is told under it. The decision stands in the incident's record with your name." data-confirm-title="Approve that nobody is told?" {
                        button class="button" data-size="small" data-kind="primary" type="submit" { "Approve" }
                    }
                }
                form method="post" action=(act(WaiverVerb::Reject)) data-stay="" data-done="Rejected" { button class="button" data-size="small" type="submit" { "Reject" } }
            }
            @if view.works && matches!(one.state, WaiverState::Proposed | WaiverState::Approved) {
                form method="post" action=(act(WaiverVerb::Withdraw)) data-stay="" data-done="Withdrawn; the clocks run again" { button class="button" data-size="small" data-kind="quiet" type="submit" { "Withdraw" } }
            }
        }
    }
}

pub async fn waive(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Form(form): Form<Pairs>,
) -> Result<Response> {
    let duty = value(&form, "duty").parse().map_err(|_| Error::NotFound("duty"))?;
    waiver::propose(&app, &actor, id, duty, value(&form, "reason")).await?;
    Ok(Redirect::to(&format!("/incidents/{id}/obligations")).into_response())
}

pub async fn act_on_waiver(
    State(app): State<App>,
    Who(actor): Who,
    Path((id, one, verb)): Path<(IncidentId, WaiverId, WaiverVerb)>,
) -> Result<Response> {
    waiver::act(&app, &actor, id, one, verb).await?;
    Ok(Redirect::to(&format!("/incidents/{id}/obligations")).into_response())
}

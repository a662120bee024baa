//! The Obligations tab of an incident: what is asked, which duties apply and why, their clocks, the decisions that
//! none is owed, and the notices.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use domain::obligation::approval::{WaiverState, WaiverVerb};
use domain::obligation::clock::{StageClock, State as ClockState, shown};
use domain::obligation::{About, Book, Decision, Fact, Standing, Status, Truth, Verdict, questions};
use domain::{Actor, IncidentId, Permission, UserId, WaiverId};
use maud::{Markup, html};

use super::{Pairs, fields, value};
use crate::app::App;
use crate::error::{Error, Result};
use crate::identity;
use crate::incident;
use crate::obligation::{Case, Waiver, book, facts, is_derived, waiver};
use crate::web::extract::{Form, Path, Who};
use crate::web::parts;

/// How many questions are asked at first sight.
const FIRST: usize = 4;

/// What the page shows, and for whom.
struct View<'a> {
    case: &'a Case,
    book: &'static Book,
    names: std::collections::BTreeMap<UserId, String>,
    works: bool,
    commands: bool,
    me: Option<UserId>,
}

impl View<'_> {
    fn path(&self, rest: &str) -> String {
        format!("/incidents/{}/obligations{rest}", self.case.record.id)
    }

    fn name(&self, user: UserId) -> String {
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
    incident::page::obligations_tab(&app, &actor, id, &part).await
}

fn no_profile(actor: &Actor) -> Markup {
    let action = actor.may(Permission::EditPlan).then_some(("/settings/obligations", "Fill in the profile"));
    parts::empty(
        "flag",
        "Nobody has said yet who the organisation is",
        "Which laws can apply follows from where it is and what it is. Once the profile is filled in, this page says who \
         must be told, why, and until when.",
        action,
    )
}

fn draw(view: &View<'_>) -> Result<Markup> {
    let decisions = view.case.decisions()?;
    let of = |verdict: Verdict| {
        decisions.iter().filter(move |one| one.verdict == verdict && one.standing != Standing::NotBinding)
    };
    let (applying, open) = (of(Verdict::Applies).count(), of(Verdict::MayApply).count());
    let trigger = format!("live:{} from:body", incident::topic(view.case.record.id));
    Ok(html! {
        div id="obligations" data-refresh="obligations" hx-ext="morph" hx-get=(view.path("")) hx-select="#obligations" hx-swap="morph" hx-trigger=(trigger) {
            div class="columns" {
                div class="stack" {
                    (contradictions(view)?)
                    section class="stack" aria-labelledby="applies" {
                        h2 id="applies" { "Apply " span class="nav-count" { (applying) } }
                        @if applying == 0 { p class="muted" { "No duty applies for certain by what is known." } }
                        @for decision in of(Verdict::Applies) { (duty(view, decision)) }
                    }
                    @if open > 0 {
                        section class="stack" aria-labelledby="may" {
                            h2 id="may" { "May apply " span class="nav-count" { (open) } }
                            p class="muted" { "Their clocks run as if they did. The questions decide." }
                            @for decision in of(Verdict::MayApply) { (duty(view, decision)) }
                        }
                    }
                    (others(&decisions))
                }
                aside class="stack" aria-label="Facts and notices" {
                    (asked(view, &decisions))
                    (notices(view)?)
                }
            }
        }
    })
}

fn contradictions(view: &View<'_>) -> Result<Markup> {
    let found = view.case.contradictions()?;
    Ok(html! {
        @if !found.is_empty() {
            div class="notice" data-level="warning" { (parts::icon("alert"))
                div {
                    strong { "Notices say different things" }
                    ul class="changes" {
                        @for one in &found {
                            li data-change="same" { span class="break" {
                                strong { (one.about) } ": “" (one.first.1) "”"
                                span class="cell-sub" { (one.first.0) }
                                "but “" (one.second.1) "”"
                                span class="cell-sub" { (one.second.0) }
                            } }
                        }
                    }
                }
            }
        }
    })
}

fn duty(view: &View<'_>, decision: &Decision<'_>) -> Markup {
    let duty = decision.duty;
    let regime = view.book.regime(&duty.regime);
    let waived = view.case.waived(&duty.id);
    html! {
        section class="card" id=(duty.id) aria-labelledby={ "h-" (duty.id) } {
            div class="card-head" {
                h3 id={ "h-" (duty.id) } { (duty.title) }
                @if waived.is_some() { span class="badge" data-kind="good" { "Not notifiable" } }
                @else if decision.verdict == Verdict::MayApply { span class="badge" data-status="waiting" { "May apply" } }
                @if duty.status != Status::InForce { span class="badge" data-kind="warning" { (duty.status.label()) } }
            }
            div class="card-body stack" {
                p { "To " strong { (duty.to) } ". " span class="muted" { @if let Some(regime) = regime { (regime.name) ", " } (duty.clause) "." } }
                @if waived.is_none() { @for stage in decision.stages.iter().filter(|stage| stage.owed != Truth::No) { (clock(view, decision, stage)) } }
                (waivers(view, decision))
                details class="task-how" {
                    summary { "Why" @if decision.verdict == Verdict::MayApply { ", and what is open" } }
                    (reasons(decision))
                    @if let Some(note) = &duty.note { p { (note) } }
                    p class="muted" {
                        "Checked: " (duty.grounds.label()) @if let Some(regime) = regime { ", as of " (regime.as_of) } ". No legal advice."
                    }
                }
            }
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

fn clock(view: &View<'_>, decision: &Decision<'_>, stage: &StageClock<'_>) -> Markup {
    let case = view.case;
    let state = stage.state(case.now);
    let begun =
        case.notices.iter().rev().find(|one| one.duty == decision.duty.id && one.stage == stage.stage.id);
    let look = match state {
        ClockState::Breached | ClockState::SentLate => "over",
        ClockState::Running if stage.percent_gone(case.now).is_some_and(|gone| gone >= 75) => "soon",
        _ => "fine",
    };
    html! {
        div class="clock" data-state=(look) {
            span class="clock-name" { (stage.stage.title) }
            span class="clock-left" { (left(view, stage, state)) }
            @if let (ClockState::Running | ClockState::Breached, Some(gone)) = (state, stage.percent_gone(case.now)) {
                progress max="100" value=(gone.min(100)) data-tone=(if gone >= 90 { "bad" } else if gone >= 75 { "warning" } else { "good" }) aria-label={ (gone) " % of the time is gone" } {}
            }
            span class="clock-note" {
                @for reading in &stage.readings {
                    span class="cell-sub" {
                        @if let Some(name) = &reading.rule.reading { strong { (name) } ". " }
                        (reading.words) "."
                        @if reading.truth == Truth::Open { " Whether this one counts is open." }
                        @if let Some(latest) = reading.at_the_latest { " At the latest: " (shown(latest, &case.zone())) "." }
                    }
                }
                @if let Some(wording) = &stage.stage.wording { span class="cell-sub" { (wording) "." } }
                @if let Some(reason) = stage.reason.as_ref().filter(|reason| reason.truth == Truth::Open) {
                    span class="cell-sub" { "Owed if: " (reason.says) }
                }
                @match begun {
                    Some(notice) => { a href=(view.path(&format!("/notices/{}", notice.id))) { (notice.id) ", " (notice.state.label().to_lowercase()) } }
                    None => { @if view.works {
                        form method="post" action=(view.path("/notices")) {
                            input type="hidden" name="duty" value=(decision.duty.id);
                            input type="hidden" name="stage" value=(stage.stage.id);
                            button class="button" data-size="small" type="submit" { (parts::icon("edit")) "Draft the notice" span class="visually-hidden" { " " (stage.stage.title) ", " (decision.duty.title) } }
                        }
                    } }
                }
            }
        }
    }
}

fn left(view: &View<'_>, stage: &StageClock<'_>, state: ClockState) -> Markup {
    let case = view.case;
    html! {
        @match (state, stage.deadline()) {
            (ClockState::Running | ClockState::Breached, Some(deadline)) => {
                time datetime=(deadline) data-countdown="7200" { "due " (shown(deadline, &case.zone())) }
            }
            (ClockState::Sent | ClockState::SentLate, _) => {
                @if let Some(at) = stage.sent.first() { (state.label()) " " (parts::ago(*at)) }
            }
            (ClockState::Urgent, _) => { span class="badge" data-kind="warning" { "Without delay" } }
            _ => { span class="muted" { (state.label()) } }
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

/// Duties that do not apply, and those that do not bind.
fn others(decisions: &[Decision<'_>]) -> Markup {
    let not: Vec<&Decision<'_>> =
        decisions.iter().filter(|one| one.verdict == Verdict::DoesNotApply).collect();
    html! {
        @if !not.is_empty() {
            details class="card" {
                summary class="card-head" { "Do not apply (" (not.len()) ")" }
                div class="card-body" {
                    dl class="facts" data-layout="stacked" {
                        @for decision in not {
                            dt { (decision.duty.title) " (" (decision.duty.clause) ")" }
                            dd { @match decision.reasons.iter().find(|reason| reason.truth == Truth::No) {
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

/// Open questions first, in the order of what they decide; then what is known.
fn asked(view: &View<'_>, decisions: &[Decision<'_>]) -> Markup {
    let open = questions(decisions);
    let facts: Vec<(&Fact, usize)> = open
        .iter()
        .filter_map(|one| Some((view.book.fact(&one.fact)?, one.duties)))
        .filter(|(fact, _)| fact.about == About::Incident)
        .collect();
    let known: Vec<&Fact> = view
        .book
        .facts()
        .iter()
        .filter(|fact| fact.about == About::Incident)
        .filter(|fact| view.case.answers.get(&fact.id).is_some() || is_derived(view.case, &fact.id))
        .collect();
    let of_us = open.len() - facts.len();
    html! {
        section class="card" aria-labelledby="questions" {
            div class="card-head" { h2 id="questions" { "What is not known yet" } span class="muted" { (facts.len()) } }
            div class="card-body stack" {
                @if of_us > 0 { p { "The " a href="/settings/obligations" { "organisation's profile" } " leaves " (of_us) " more open." } }
                @if facts.is_empty() { p class="muted" { "Nothing that would change who must be told." } }
                @if view.works && !facts.is_empty() {
                    form class="form" method="post" action=(view.path("/facts")) data-done="Facts recorded" {
                        @for (fact, duties) in facts.iter().take(FIRST) { (question(view, fact, Some(*duties))) }
                        @if facts.len() > FIRST {
                            details class="task-how" { summary { (facts.len() - FIRST) " more questions" }
                                @for (fact, duties) in facts.iter().skip(FIRST) { (question(view, fact, Some(*duties))) } }
                        }
                        div class="form-actions" { button class="button" data-kind="primary" type="submit" { "Record the facts" } }
                    }
                }
            }
        }
        section class="card" aria-labelledby="known" {
            div class="card-head" { h2 id="known" { "What is known" } }
            div class="card-body stack" {
                @if known.is_empty() { p class="muted" { "Nothing yet." } }
                dl class="facts" data-layout="stacked" {
                    @for fact in &known {
                        dt { (fact.label) }
                        dd { (answer_words(view, fact)) @if is_derived(view.case, &fact.id) { span class="cell-sub muted" { "Taken from the declaration until somebody says otherwise." } } }
                    }
                }
                @if view.works && !known.is_empty() {
                    details class="task-how" { summary { "Correct what is known" }
                        form class="form" method="post" action=(view.path("/facts")) data-done="Facts corrected; the clocks are reckoned anew" {
                            @for fact in &known { (question(view, fact, None)) }
                            div class="form-actions" { button class="button" type="submit" { "Correct" } }
                        }
                    }
                }
            }
        }
    }
}

fn answer_words(view: &View<'_>, fact: &Fact) -> String {
    let known = view.case.known(view.book);
    match known.moment(&fact.id) {
        Some(at) => shown(at, &view.case.zone()),
        None => known.answer(&fact.id).map(|answer| fact.in_words(answer)).unwrap_or_default(),
    }
}

fn question(view: &View<'_>, fact: &Fact, duties: Option<usize>) -> Markup {
    let hint = duties.map(|duties| match duties {
        1 => "One duty waits for it.".to_owned(),
        many => format!("{many} duties wait for it."),
    });
    html! {
        input type="hidden" name="asked" value=(fact.id);
        (fields::field(fact, view.case.answers.get(&fact.id), &view.case.zone(), hint.as_deref()))
    }
}

fn notices(view: &View<'_>) -> Result<Markup> {
    Ok(html! {
        section class="card" aria-labelledby="notices" {
            div class="card-head" { h2 id="notices" { "Notices" } }
            div class="card-body stack" {
                p { a class="button" href=(view.path("/sheet")) { (parts::icon("edit")) "Fact sheet" } }
                @if view.case.notices.is_empty() { p class="muted" { "None yet. Write the fact sheet once; every notice is drafted from it." } }
                ul class="lines" {
                    @for notice in view.case.notices.iter().rev() {
                        li {
                            a class="line-main" href=(view.path(&format!("/notices/{}", notice.id))) { (notice.id) " " (view.case.draft(notice)?.name) }
                            span class="line-end" { (notice.state.label()) }
                        }
                    }
                }
            }
        }
    })
}

pub async fn answer(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Form(form): Form<Pairs>,
) -> Result<Response> {
    let case = super::super::case(&app, &actor, id).await?;
    let book = book()?;
    let asked: Vec<String> =
        form.iter().filter(|(name, _)| name == "asked").map(|(_, fact)| fact.clone()).collect();
    let fact = |name: &str| book.facts().iter().find(|fact| fact.id.as_str() == name);
    let given = fields::answers(&form, &case.zone(), fact, |fact| case.answers.get(&fact.id), &asked)?;
    facts::answer(&app, &actor, id, given).await?;
    Ok(Redirect::to(&format!("/incidents/{id}/obligations")).into_response())
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

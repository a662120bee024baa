//! One notice: its text, what the law wants and is missing, its way to approval and out of the house.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use domain::obligation::approval::{NoticeState, NoticeVerb};
use domain::obligation::clock::{StageClock, shown};
use domain::{IncidentId, NoticeId, Permission, UserId};
use maud::{Markup, html};

use super::{Pairs, fields, sections, value};
use crate::app::App;
use crate::error::{Error, Result};
use crate::identity;
use crate::incident;
use crate::obligation::notice::{self, Sent, Shown};
use crate::obligation::{Case, Notice};
use crate::web::extract::{Form, Path, Who};
use crate::web::{markdown, parts};

pub async fn page(
    State(app): State<App>,
    Who(actor): Who,
    Path((id, notice)): Path<(IncidentId, NoticeId)>,
) -> Result<Markup> {
    let (case, shown) = notice::get(&app, &actor, id, notice).await?;
    let names = identity::names(&app).await?;
    let name = |user: UserId| names.get(&user).cloned().unwrap_or_else(|| user.to_string());
    let works = actor.may(Permission::WorkIncident);
    let commands = actor.may_command(&case.record.incident()?);
    let base = format!("/incidents/{id}/obligations/notices/{notice}");
    let part = html! {
        div class="page-title gap-top" {
            nav aria-label="Where you are" { ol class="breadcrumb" { li { a href={ "/incidents/" (id) "/obligations" } { "Obligations" } } li { (notice) } } }
            h2 { (shown.draft.name) }
            div class="page-meta" { (state(shown.notice.state)) (deadline(&case, &shown.notice)?) span { "To " (shown.draft.to) } }
        }
        div class="columns gap-top" {
            div class="stack" {
                @if shown.notice.state == NoticeState::Draft && works { (wording(&shown, &base)) }
                section class="card" aria-labelledby="text" {
                    div class="card-head" { h3 id="text" { "Text" }
                        @if works { span class="row" {
                            a class="button" data-size="small" href={ (base) "/file?format=pdf" } { (parts::icon("download")) "PDF" }
                            a class="button" data-size="small" href={ (base) "/file?format=docx" } { (parts::icon("download")) "DOCX" }
                            a class="button" data-size="small" href={ (base) "/file?format=md" } { (parts::icon("download")) "Markdown" }
                        } }
                    }
                    div class="card-body prose" { (markdown::render(&shown.draft.markdown, 4)) }
                }
            }
            aside class="stack" aria-label="State of the notice" {
                (missing(&shown))
                (way(&case, &shown, &base, works, commands, actor.user(), &name))
            }
        }
    };
    incident::page::tab_around(&app, &actor, id, incident::page::Tab::Obligations, &part).await
}

/// Until when it is owed, as long as it is.
fn deadline(case: &Case, notice: &Notice) -> Result<Markup> {
    let decisions = case.decisions()?;
    let of_duty = decisions.iter().filter(|one| one.duty.id == notice.duty);
    let mut stages = of_duty.flat_map(|one| &one.stages).filter(|stage| stage.stage.id == notice.stage);
    let due = stages.find_map(StageClock::deadline).filter(|_| notice.state != NoticeState::Sent);
    Ok(html! {
        @if let Some(due) = due {
            span class="due" { (parts::icon("clock")) time datetime=(due) data-countdown="7200" { (shown(due, &case.zone())) } }
            span { "until " (shown(due, &case.zone())) }
        }
    })
}

pub fn state(state: NoticeState) -> Markup {
    let look = match state {
        NoticeState::Draft => "new",
        NoticeState::InApproval => "waiting",
        NoticeState::Approved => "acknowledged",
        NoticeState::Sent => "good",
    };
    html! { span class="badge" data-status=(look) { (state.label()) } }
}

fn missing(shown: &Shown) -> Markup {
    let missing: Vec<&str> = shown.draft.missing().collect();
    html! {
        @if !missing.is_empty() && shown.notice.state != NoticeState::Sent {
            div class="notice" data-level="warning" { (parts::icon("alert")) div { strong { "The law wants more" } "Nothing is written under: " (missing.join(", ")) ". " a href={ "/incidents/" (shown.notice.incident) "/obligations/sheet" } { "Write the fact sheet" } } }
        }
    }
}

fn wording(shown: &Shown, base: &str) -> Markup {
    html! {
        details class="card" {
            summary class="card-head" { "Word sections differently here" }
            form class="card-body form" method="post" action=(base) data-done="Reworded" {
                p class="help" { "What is left empty comes from the fact sheet. Correct the sheet if the same is wrong everywhere." }
                @for section in &shown.draft.sections {
                    @let own = shown.notice.own.get(&section.section).map(|text| &**text).unwrap_or_default();
                    input type="hidden" name={ "was." (section.section) } value=(own);
                    div class="field" {
                        label for={ "own-" (section.section) } { (section.title) }
                        textarea id={ "own-" (section.section) } name={ "section." (section.section) } rows="3" maxlength="20000" { (own) }
                    }
                }
                div class="form-actions" { button class="button" type="submit" { "Save" } }
            }
        }
    }
}

fn way(
    case: &Case,
    shown_notice: &Shown,
    base: &str,
    works: bool,
    commands: bool,
    me: Option<UserId>,
    name: &impl Fn(UserId) -> String,
) -> Markup {
    let (notice, to) = (&shown_notice.notice, shown_notice.draft.to.as_str());
    let verb = |verb: NoticeVerb| format!("{base}/{verb}");
    html! {
        section class="card" aria-labelledby="way" {
            div class="card-head" { h3 id="way" { "Approval and sending" } }
            div class="card-body stack" {
                dl class="facts" data-layout="stacked" {
                    dt { "Begun" } dd { (name(notice.begun_by)) ", " (parts::ago(notice.begun_at)) }
                    @if let (Some(by), Some(at)) = (notice.routed_by, notice.routed_at) { dt { "Sent for approval" } dd { (name(by)) ", " (parts::ago(at)) } }
                    @if let (Some(by), Some(at)) = (notice.approved_by, notice.approved_at) { dt { "Approved" } dd { (name(by)) ", " (parts::ago(at)) } }
                    @if let Some(sending) = &notice.sending {
                        dt { "Sent" } dd { (shown(sending.at, &case.zone())) ", recorded by " (name(sending.by)) }
                        dt { "To" } dd { (sending.to) }
                        dt { "How" } dd { (sending.how) }
                        dt { "Receipt" } dd { (sending.receipt.as_deref().unwrap_or("none")) }
                    }
                }
                @if works && notice.state == NoticeState::Draft {
                    form method="post" action=(verb(NoticeVerb::Route)) data-stay="" data-done="Sent for approval" data-confirm="From now on its text stands still, whatever happens to the fact sheet, until somebody approves it or gives it back." data-confirm-title="Send for approval?" data-confirm-kind="primary" {
                        button class="button" data-kind="primary" type="submit" { "Send for approval" }
                    }
                }
                @if notice.state == NoticeState::InApproval {
                    @if commands && notice.may_approve(me) {
                        form method="post" action=(verb(NoticeVerb::Approve)) data-stay="" data-done="Approved" { button class="button" data-kind="primary" type="submit" { "Approve" } }
                    } @else { p class="muted" { "Somebody else approves it: an incident manager or the commander, and neither who began it nor who sent it here." } }
                }
                @if works && notice.state == NoticeState::Approved { (sending(base, case, to)) }
                @if works && matches!(notice.state, NoticeState::InApproval | NoticeState::Approved) {
                    form method="post" action=(verb(NoticeVerb::Return)) data-stay="" data-done="A draft again" { button class="button" data-kind="quiet" type="submit" { "Give back to be changed" } }
                }
            }
        }
    }
}

fn sending(base: &str, case: &Case, to: &str) -> Markup {
    html! {
        form class="form" method="post" action={ (base) "/sent" } data-done="Recorded as sent" {
            div class="field" { label for="at" { "Sent at" span class="optional" { " (now if left out)" } } input id="at" name="at" type="datetime-local" step="1" aria-describedby="at-help"; p class="help" id="at-help" { "Time of " (case.zone().iana_name().unwrap_or("UTC")) "." } }
            div class="field" { label for="to" { "To" } input id="to" name="to" required maxlength="200" value=(to); }
            div class="field" { label for="how" { "How" } input id="how" name="how" required maxlength="200" placeholder="Web form, registered mail …"; }
            div class="field" { label for="receipt" { "Receipt" span class="optional" { " (optional)" } } input id="receipt" name="receipt" maxlength="200" placeholder="Reference number, or EVD-4"; }
            div class="form-actions" { button class="button" data-kind="primary" type="submit" { "Record as sent" } }
        }
    }
}

pub async fn begin(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Form(form): Form<Pairs>,
) -> Result<Response> {
    let duty = value(&form, "duty").parse().map_err(|_| Error::NotFound("duty"))?;
    let stage = value(&form, "stage").parse().map_err(|_| Error::NotFound("stage of the duty"))?;
    let made = notice::begin(&app, &actor, id, duty, stage).await?;
    Ok(Redirect::to(&format!("/incidents/{id}/obligations/notices/{}", made.id)).into_response())
}

fn back(id: IncidentId, notice: NoticeId) -> Response {
    Redirect::to(&format!("/incidents/{id}/obligations/notices/{notice}")).into_response()
}

pub async fn reword(
    State(app): State<App>,
    Who(actor): Who,
    Path((id, one)): Path<(IncidentId, NoticeId)>,
    Form(form): Form<Pairs>,
) -> Result<Response> {
    notice::reword(&app, &actor, id, one, sections(&form)?).await?;
    Ok(back(id, one))
}

pub async fn act(
    State(app): State<App>,
    Who(actor): Who,
    Path((id, one, verb)): Path<(IncidentId, NoticeId, NoticeVerb)>,
) -> Result<Response> {
    notice::act(&app, &actor, id, one, verb).await?;
    Ok(back(id, one))
}

pub async fn sent(
    State(app): State<App>,
    Who(actor): Who,
    Path((id, one)): Path<(IncidentId, NoticeId)>,
    Form(form): Form<Pairs>,
) -> Result<Response> {
    let case = super::super::case(&app, &actor, id).await?;
    let at = match value(&form, "at").trim() {
        "" => None,
        text => fields::moment(text, &case.zone())?.parse().ok(),
    };
    let sent = Sent {
        at,
        to: value(&form, "to").to_owned(),
        how: value(&form, "how").to_owned(),
        receipt: Some(value(&form, "receipt").to_owned()),
    };
    notice::sent(&app, &actor, id, one, sent).await?;
    Ok(back(id, one))
}

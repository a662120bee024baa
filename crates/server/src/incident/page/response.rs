//! The tab of the response: who is mustered, which times are owed, which acts need somebody's word, and
//! what the plan no longer asks for.

use axum::extract::State;
use axum::response::Redirect;
use domain::plan::{Plan, RoleKey};
use domain::response::{ActKind, ApprovalStatus, ClockKind, ClockState, MusterStatus};
use domain::{Actor, ApprovalId, IncidentId, MusterId, UserId};
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};
use serde::Deserialize;

use super::super::api::inputs::word;
use super::super::response::approval::{self, Answer, Approval};
use super::super::response::clock::{self, ClockView};
use super::super::response::muster::{self, Order, Post};
use super::super::{Task, read};
use super::{Shown, Tab, tab, tasks};
use crate::app::App;
use crate::error::{Error, Result};
use crate::plan;
use crate::web::extract::{Form, Path, Who};
use crate::web::parts;

pub async fn page(State(app): State<App>, Who(actor): Who, Path(id): Path<IncidentId>) -> Result<Markup> {
    let shown = Shown::load(&app, &actor, id).await?;
    let plan = plan::in_force(&app).await?.plan;
    let posts = muster::list(&app, &actor, id).await?;
    let approvals = approval::list(&app, &actor, id).await?;
    let clocks = clock::list(&app, &actor, id).await?;
    let roles = spoken_for(&app, &actor, &posts).await?;
    let surplus: Vec<Task> = read::tasks(&app, &actor, id)
        .await?
        .into_iter()
        .filter(|task| task.surplus.is_some() && !task.is_settled())
        .collect();
    let trigger = format!("live:{} from:body", super::topic(id));
    let severity = shown.view.record.severity;
    let content = html! {
        header class="page-head" {
            div class="page-title" {
                h2 { "Response" }
                p class="page-sub" { "What the plan asks for at " (severity.label().to_lowercase()) ", and how far it is." }
            }
            div class="page-actions" {
                @if shown.commands && !shown.view.record.is_closed() { a class="button" href=(shown.path("/severity")) { (parts::icon("edit")) "Change severity" } }
            }
        }
        div class="columns" id="response" data-refresh="response" hx-get=(shown.path("/response")) hx-select="#response" hx-trigger=(trigger) {
            div class="stack" {
                @if !surplus.is_empty() { (not_asked_for(&shown, &plan, &surplus)) }
                (muster_card(&shown, &plan, &posts))
                (approval_card(&shown, &actor, &plan, &approvals, &roles))
            }
            aside class="stack" aria-label="Times" { (clock_card(&clocks, shown.now)) (measured(&clocks)) }
        }
    };
    Ok(tab(&app, &actor, &shown, Tab::Response, &content).await)
}

fn title(plan: &Plan, role: &RoleKey) -> String {
    plan.role(role).map_or_else(|| role.to_string(), |known| known.title.to_string())
}

// Tasks that the plan no longer asks for.

fn not_asked_for(shown: &Shown, plan: &Plan, surplus: &[Task]) -> Markup {
    html! {
        section class="card" aria-labelledby="surplus" {
            div class="card-head" { h2 id="surplus" { "Proposed to be skipped" } span class="muted" { (surplus.len()) } }
            div class="card-body" { p class="muted" { "The plan asks for these at a higher severity. Skip what is not needed, keep what is; nothing goes by itself." } }
            ul class="tasks" { @for task in surplus { (tasks::item(shown, plan, task)) } }
        }
    }
}

/// Skipping as proposed, or keeping: on a task that is proposed to be skipped.
pub fn proposal(task: &Task) -> Markup {
    html! {
        @if let Some(why) = task.surplus.as_ref().filter(|_| !task.is_settled()) {
            form class="row gap-top small" method="post" action={ "/tasks/" (task.id) "/skip" } data-stay="" data-done={ "Skipped: " (task.title) } {
                span { (why) }
                input type="hidden" name="reason" value=(why);
                button class="button" data-size="small" type="submit" { (parts::icon("skip")) "Skip as proposed" }
                button class="button" data-size="small" data-kind="quiet" type="submit" formaction={ "/tasks/" (task.id) "/want" } data-done={ "Kept: " (task.title) } { "Keep" }
            }
        }
    }
}

// The muster list.

fn muster_card(shown: &Shown, plan: &Plan, posts: &[Post]) -> Markup {
    let called: Vec<&Post> = posts.iter().filter(|post| post.status != MusterStatus::StoodDown).collect();
    let there = called.iter().filter(|post| post.status == MusterStatus::Assigned).count();
    let open = shown.commands && !shown.view.record.is_closed();
    let others: Vec<(&RoleKey, &str)> = plan
        .roles
        .iter()
        .filter(|role| !posts.iter().any(|post| post.role == role.id))
        .map(|role| (&role.id, &*role.title))
        .collect();
    html! {
        section class="card" aria-labelledby="muster" {
            div class="card-head" {
                h2 id="muster" { "Muster" }
                @if !called.is_empty() { span class="muted" { (there) " of " (called.len()) " filled" } }
            }
            @if posts.is_empty() {
                div class="card-body" { p class="muted" { "The plan asks for nobody in particular at this severity." } }
            } @else {
                ul class="muster" { @for post in posts { (place(shown, plan, post, open)) } }
            }
            @if open && !others.is_empty() {
                div class="card-foot" {
                    details {
                        summary { "Call another role" }
                        form class="row gap-top" method="post" action=(shown.path("/muster/other")) data-stay="" data-done="Called" {
                            select name="role" aria-label="Role" { @for (id, title) in &others { option value=(id) { (title) } } }
                            (people(shown, "Who is asked"))
                            button class="button" data-size="small" type="submit" name="order" value="ask" { "Ask" }
                            button class="button" data-size="small" type="submit" name="order" value="assign" { "Set in" }
                        }
                    }
                }
            }
        }
    }
}

fn people(shown: &Shown, label: &str) -> Markup {
    html! { select name="person" aria-label=(label) required { option value="" { "Choose …" } @for (id, name) in &shown.names { option value=(id) { (name) } } } }
}

fn place(shown: &Shown, plan: &Plan, post: &Post, open: bool) -> Markup {
    let role = title(plan, &post.role);
    let tone = match post.status {
        MusterStatus::Assigned => "good",
        MusterStatus::Asked => "waiting",
        MusterStatus::Missing => "bad",
        MusterStatus::StoodDown => "closed",
    };
    html! {
        li id=(post.id) {
            div class="muster-role" {
                a href={ "/plan#role-" (post.role) } { (role) }
                @if let Some(why) = post.surplus.as_ref() { span class="small muted" { (why) } }
                @if let Some(note) = post.note.as_ref() { span class="small muted break" { (note) } }
            }
            div class="muster-who" {
                @match post.person { Some(person) => (parts::person(&shown.name(person))), None => span class="person-none" { @if post.status == MusterStatus::StoodDown { "nobody needed" } @else { "nobody yet" } } }
            }
            div class="muster-state" {
                span class="badge" data-status=(tone) { (post.status.label()) }
                @if post.status == MusterStatus::Asked { @if let Some(asked) = post.asked_at { span class="small muted" { (parts::ago(asked)) } } }
            }
            @if open {
                details class="menu" {
                    summary class="button" data-size="small" { @if post.status == MusterStatus::Missing { "Fill" } @else { "Change" } span class="visually-hidden" { ": " (role) } (parts::icon("chevron-down")) }
                    form class="menu-list menu-form" method="post" action=(shown.path(&format!("/muster/{}", post.role))) data-stay="" data-done={ "Done: " (role) } {
                        (people(shown, &format!("Who is to be {role}")))
                        div class="row" {
                            @if post.status != MusterStatus::Assigned { button class="button" data-size="small" type="submit" name="order" value="ask" { "Ask them" } }
                            button class="button" data-size="small" type="submit" name="order" value="assign" { "Set them in" }
                        }
                        @if post.status != MusterStatus::StoodDown {
                            hr;
                            button class="button" data-size="small" data-kind="quiet" type="submit" name="order" value="stand_down" formnovalidate { "Stand down" }
                        }
                    }
                }
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderForm {
    #[serde(default)]
    role: String,
    #[serde(default)]
    person: String,
    order: String,
}

/// `POST /incidents/INC-1/muster/forensics_lead`; the role `other` is named in the form.
pub async fn order(
    State(app): State<App>,
    Who(actor): Who,
    Path((id, role)): Path<(IncidentId, String)>,
    Form(form): Form<OrderForm>,
) -> Result<Redirect> {
    let role: RoleKey = if role == "other" { form.role.parse()? } else { role.parse()? };
    let person =
        || word::<UserId>(Some(&form.person))?.ok_or_else(|| Error::Invalid("Choose somebody.".to_owned()));
    let order = match form.order.as_str() {
        "ask" => Order::Ask(person()?),
        "assign" => Order::Assign(person()?),
        "stand_down" => Order::StandDown { why: None },
        _ => return Err(Error::Invalid("The order is ask, assign or stand_down.".to_owned())),
    };
    muster::order(&app, &actor, id, role, order).await?;
    Ok(Redirect::to(&format!("/incidents/{id}/response")))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComingForm {
    coming: bool,
    note: String,
}

/// `POST /muster/MUS-1/answer`
pub async fn answer_muster(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<MusterId>,
    Form(form): Form<ComingForm>,
) -> Result<Redirect> {
    let post = muster::answer(&app, &actor, id, form.coming, Some(form.note)).await?;
    Ok(Redirect::to(&if form.coming { format!("/incidents/{}", post.incident) } else { "/mine".to_owned() }))
}

// Acts under approval.

/// The roles for which the reader may give their word: those that they fill here, and those that they hold.
async fn spoken_for(app: &App, actor: &Actor, posts: &[Post]) -> Result<Vec<RoleKey>> {
    let Some(me) = actor.user() else { return Ok(Vec::new()) };
    let mut roles = plan::roles_of(app, me).await?;
    let filled = posts.iter().filter(|post| post.status == MusterStatus::Assigned && post.person == Some(me));
    roles.extend(filled.map(|post| post.role.clone()));
    Ok(roles)
}

fn approval_card(
    shown: &Shown,
    actor: &Actor,
    plan: &Plan,
    approvals: &[Approval],
    roles: &[RoleKey],
) -> Markup {
    let level = plan.severity.level(shown.view.record.severity);
    let needed: Vec<(ActKind, &[RoleKey])> = approval::needed(level).collect();
    html! {
        section class="card" aria-labelledby="approvals" {
            div class="card-head" { h2 id="approvals" { "Acts that need approval" } }
            @if needed.is_empty() && approvals.is_empty() {
                div class="card-body" { p class="muted" { "The plan puts no act under approval at this severity." } }
            }
            ul class="acts" {
                @for (act, roles) in &needed { (act_line(shown, plan, *act, roles, approvals)) }
            }
            @if !approvals.is_empty() {
                div class="table-scroll" role="region" aria-label="Requests" tabindex="0" {
                    table class="table" data-narrow="list" {
                        thead { tr { th { "Request" } th { "Of" } th { "Asked by" } th { "State" } th { span class="visually-hidden" { "Answer" } } } }
                        tbody { @for approval in approvals { (request(shown, actor, plan, approval, roles)) } }
                    }
                }
            }
        }
    }
}

fn act_line(shown: &Shown, plan: &Plan, act: ActKind, roles: &[RoleKey], approvals: &[Approval]) -> Markup {
    let given = |role: &RoleKey| {
        approvals.iter().any(|one| one.act == act && one.role == *role && one.status == ApprovalStatus::Given)
    };
    let all = roles.iter().all(given);
    let asked = roles.iter().all(|role| {
        approvals.iter().any(|one| {
            one.act == act
                && one.role == *role
                && matches!(one.status, ApprovalStatus::Asked | ApprovalStatus::Given)
        })
    });
    html! {
        li {
            div { strong { (act.label()) } span class="small muted" { " by " @for (n, role) in roles.iter().enumerate() { @if n > 0 { " and " } (title(plan, role)) } } }
            @if all { span class="badge" data-status="good" { "May be done" } }
            @else if asked { span class="badge" data-status="waiting" { "Asked for" } }
            @else if shown.works && !shown.view.record.is_closed() {
                details class="act-ask" {
                    summary class="button" data-size="small" aria-label={ "Ask for approval: " (act.label()) } { "Ask" }
                    form class="row gap-top" method="post" action=(shown.path("/approvals")) data-stay="" data-done="Approval asked for" {
                        input type="hidden" name="act" value=(act);
                        input name="what" required aria-label={ "What exactly is to be done: " (act.label()) } placeholder="What exactly is to be done";
                        button class="button" data-size="small" type="submit" { "Ask for approval" }
                    }
                }
            } @else { span class="badge" data-status="closed" { "Not asked for" } }
        }
    }
}

fn request(shown: &Shown, actor: &Actor, plan: &Plan, approval: &Approval, roles: &[RoleKey]) -> Markup {
    let tone = match approval.status {
        ApprovalStatus::Asked => "waiting",
        ApprovalStatus::Given => "good",
        ApprovalStatus::Refused => "bad",
        ApprovalStatus::Withdrawn | ApprovalStatus::Used => "closed",
    };
    let mine = actor.user() == Some(approval.asked_by);
    html! {
        tr id=(approval.id) {
            td class="cell-main" { (approval.act.label()) span class="cell-sub break" { (approval.id) ", " (approval.what) } }
            td data-label="Of" { (title(plan, &approval.role)) }
            td data-label="Asked by" { (shown.name(approval.asked_by)) span class="cell-sub" { (parts::ago(approval.asked_at)) } }
            td data-label="State" {
                span class="badge" data-status=(tone) { (approval.status.label()) }
                span class="cell-sub break" {
                    @if let Some(by) = approval.answered_by { "by " (shown.name(by)) " " @if let Some(at) = approval.answered_at { (parts::ago(at)) } }
                    @if let Some(used) = approval.used_for.as_ref() { ", for " (used) }
                    @if let Some(reason) = approval.reason.as_ref() { br; (reason) }
                }
            }
            td data-type="actions" {
                @if approval.status == ApprovalStatus::Asked && !mine && roles.contains(&approval.role) { (answer_form(approval.id)) }
                @if mine && matches!(approval.status, ApprovalStatus::Asked | ApprovalStatus::Given) {
                    form method="post" action={ "/approvals/" (approval.id) "/answer" } data-stay="" data-done="Withdrawn" {
                        input type="hidden" name="reason" value="";
                        button class="button" data-size="small" data-kind="quiet" type="submit" name="answer" value="withdraw" { "Withdraw" }
                    }
                }
            }
        }
    }
}

/// Giving or refusing a word; also on the page of what waits for one.
pub fn answer_form(id: ApprovalId) -> Markup {
    html! {
        form class="row" method="post" action={ "/approvals/" (id) "/answer" } data-stay="" data-done="Answered" {
            input name="reason" aria-label={ "Reason, needed to refuse " (id) } placeholder="Reason, needed to refuse";
            button class="button" data-size="small" type="submit" name="answer" value="give" { (parts::icon("check")) "Approve" }
            button class="button" data-size="small" data-kind="quiet" type="submit" name="answer" value="refuse" { "Refuse" }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskForm {
    act: ActKind,
    what: String,
}

pub async fn ask_approval(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Form(form): Form<AskForm>,
) -> Result<Redirect> {
    approval::ask(&app, &actor, id, form.act, &form.what).await?;
    Ok(Redirect::to(&format!("/incidents/{id}/response")))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerForm {
    answer: String,
    reason: String,
}

/// `POST /approvals/APR-1/answer`
pub async fn answer_approval(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<ApprovalId>,
    Form(form): Form<AnswerForm>,
) -> Result<Redirect> {
    let answer = match form.answer.as_str() {
        "give" => Answer::Give { reason: Some(form.reason) },
        "refuse" => Answer::Refuse { reason: form.reason },
        "withdraw" => Answer::Withdraw { reason: Some(form.reason) },
        _ => return Err(Error::Invalid("The answer is give, refuse or withdraw.".to_owned())),
    };
    let approval = approval::answer(&app, &actor, id, answer).await?;
    Ok(Redirect::to(&format!("/incidents/{}/response#{id}", approval.incident)))
}

// Times.

/// The clocks that count now, each as it stands.
pub fn clock_card(clocks: &[ClockView], now: Timestamp) -> Markup {
    let last = |kind: ClockKind| clocks.iter().rev().find(|one| one.clock.kind == kind);
    let before: Vec<&ClockView> = clocks
        .iter()
        .filter(|one| last(one.clock.kind).is_none_or(|last| last.clock.id != one.clock.id))
        .collect();
    html! {
        section class="card" aria-labelledby="clocks" {
            div class="card-head" { h2 id="clocks" { "Times owed" } }
            div class="card-body" {
                @if clocks.is_empty() { p class="muted" { "Nothing is owed: the incident was declared before times were kept. They begin with the next change of severity." } }
                @for kind in ClockKind::ALL { @if let Some(one) = last(*kind) { (clock_line(one, now)) } }
                @if !before.is_empty() {
                    details class="gap-top" {
                        summary { (before.len()) " earlier" }
                        ul class="stack-s small gap-top" {
                            @for one in before {
                                li {
                                    (one.clock.kind.label()) ", " (one.clock.target.words()) " at " (one.clock.severity.label().to_lowercase()) ": "
                                    (one.state.label().to_lowercase())
                                    @if let Some(took) = one.took { " after " (span(took)) }
                                    @if let Some(why) = one.clock.why.as_ref() { ". " (why) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn clock_line(one: &ClockView, now: Timestamp) -> Markup {
    let state = match (one.state, one.left) {
        (ClockState::Breached | ClockState::MetLate, _) => "over",
        (ClockState::Running, Some(left)) if left < 1800 => "soon",
        _ => "fine",
    };
    let whole = one.clock.due.duration_since(one.clock.starts).as_secs().max(1);
    let gone = now.duration_since(one.clock.starts).as_secs().clamp(0, whole);
    let tone = match state {
        "over" => Some("bad"),
        "soon" => Some("warning"),
        _ => None,
    };
    let open = one.left.is_some();
    html! {
        div class="clock" data-state=(state) {
            span class="clock-name" { (one.clock.kind.label()) }
            span class="clock-left" {
                @if open { time datetime=(one.clock.due) data-countdown="1800" { "due " (one.clock.due.strftime("%Y-%m-%d %H:%M UTC")) } }
                @else if let Some(took) = one.took { (one.state.label()) ", " (span(took)) }
                @else { (one.state.label()) }
            }
            @if open { progress max=(whole) value=(gone) data-tone=[tone] aria-label={ (one.clock.kind.label()) ": time gone" } {} }
            span class="clock-note" { "Within " (one.clock.target.words()) " at " (one.clock.severity.label().to_lowercase()) @if let Some(why) = one.clock.why.as_ref() { ". " (why) } }
        }
    }
}

/// A measured time in its two largest units.
fn span(seconds: i64) -> String {
    let all = [("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)];
    let mut rest = SignedDuration::from_secs(seconds).as_secs();
    let mut said = Vec::new();
    for (unit, size) in all {
        if rest >= size && said.len() < 2 {
            said.push(format!("{} {unit}", rest / size));
        }
        rest %= size;
    }
    if said.is_empty() { "at once".to_owned() } else { said.join(" ") }
}

fn measured(clocks: &[ClockView]) -> Markup {
    let updates: Vec<&ClockView> =
        clocks.iter().filter(|one| one.clock.kind == ClockKind::Update && one.took.is_some()).collect();
    let late = updates.iter().filter(|one| one.state == ClockState::MetLate).count();
    html! {
        @if !updates.is_empty() {
            section class="card" {
                div class="card-head" { h2 { "Updates" } }
                div class="card-body" { p { (updates.len()) @if updates.len() == 1 { " situation report" } @else { " situation reports" } ", " @if late == 0 { "all in time." } @else { (late) " late." } } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::span;

    #[test]
    fn measured_times_have_two_units() {
        assert_eq!(span(0), "at once");
        assert_eq!(span(59), "59 s");
        assert_eq!(span(3_600), "1 h");
        assert_eq!(span(93_784), "1 d 2 h");
    }
}

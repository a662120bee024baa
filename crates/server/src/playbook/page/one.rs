//! One playbook: its workflow drawn, its steps in words for whoever follows them on paper, what it is, who signed it, its
//! versions.

use axum::extract::State;
use axum::response::Redirect;
use cacao::{Options, Sealed, Step, StepKind};
use domain::{Actor, Permission, Phase, PlaybookId};
use maud::{Markup, html};

use super::super::api::VersionQuery;
use super::super::view::{in_order, references};
use super::super::{Kept, Version, get, seal as seals, versions};
use super::{checks, figure, plain_name};
use crate::app::App;
use crate::error::Result;
use crate::plan;
use crate::web::extract::{Path, Query, Who};
use crate::web::frame::{self, Nav};
use crate::web::parts;

pub async fn page(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<PlaybookId>,
    Query(query): Query<VersionQuery>,
) -> Result<Markup> {
    let kept = get(&app, &actor, id, query.version).await?;
    let versions = versions(&app, &actor, id).await?;
    let playbook = kept.read()?;
    let seals = seals::seals(&app, &kept)?;
    let plan = plan::in_force(&app).await?.plan;
    let role = |role: &str| {
        let known = role.parse().ok().and_then(|key| plan.role(&key));
        known.map_or_else(|| role.replace('_', " "), |known| known.title.to_string())
    };
    let drawing = cacao::draw(&playbook, &Options { link: Some("#step-".to_owned()), ..Options::default() });
    let content = html! {
        (head(&actor, &kept))
        div class="playbook-columns" {
            section class="card" aria-labelledby="workflow" {
                div class="card-head" { h2 id="workflow" { "Workflow" } span class="muted" { (playbook.workflow.len()) " steps" } }
                (figure(&drawing, "Workflow"))
            }
            div class="stack" {
                (facts(&kept, &playbook))
                (seal_card(&actor, &kept, &seals))
                (version_card(&kept, &versions))
            }
        }
        div class="stack document gap-top" { (steps(&playbook, &role)) }
    };
    Ok(frame::page(&app, &actor, Nav::Playbooks, &kept.playbook.name, &[], &content).await)
}

fn head(actor: &Actor, kept: &Kept) -> Markup {
    let id = kept.playbook.id;
    html! {
        header class="page-head" {
            div class="page-title" {
                nav aria-label="Where you are" { ol class="breadcrumb" { li { a href="/playbooks" { "Playbooks" } } li { (id) } } }
                h1 { (kept.playbook.name) }
                @if let Some(text) = &kept.playbook.description { p class="page-sub" { (text) } }
                div class="page-meta" {
                    @for one in kept.playbook.incident_types() { span class="badge" data-role="responder" { (one.label()) } }
                    @if kept.is_present() { (checks(&kept.playbook)) } @else { span class="badge" data-status="waiting" { "Version " (kept.version.version) ", not the present one" } }
                }
            }
            div class="page-actions" {
                a class="button" href={ "/playbooks/" (id) "/rehearse" } { (parts::icon("play")) "Dry run" }
                @if actor.may(Permission::EditPlan) { a class="button" href={ "/playbooks/" (id) "/edit" } { (parts::icon("edit")) "Edit" } }
            }
        }
    }
}

fn facts(kept: &Kept, playbook: &cacao::Playbook) -> Markup {
    let external: Vec<&String> =
        playbook.variables().filter(|(_, variable)| variable.is_external()).map(|(name, _)| name).collect();
    let policy = playbook.policy().unwrap_or_default();
    html! {
        section class="card" aria-labelledby="facts" {
            div class="card-head" { h2 id="facts" { "What it is" } }
            div class="card-body" {
                dl class="facts" data-layout="stacked" {
                    @if let Some(kinds) = &playbook.playbook_types { dt { "Type" } dd { (kinds.join(", ")) } }
                    dt { "Asks for" } dd { @if external.is_empty() { span class="muted" { "nothing" } } @else { (external.iter().map(|name| plain_name(name)).collect::<Vec<_>>().join(", ")) } }
                    dt { "Commands" } dd { (kept.playbook.summary.commands.iter().map(|(kind, count)| format!("{count} {kind}")).collect::<Vec<_>>().join(", ")) }
                    @if let Some(most) = policy.max_targets { dt { "Acts on" } dd { (most) " hosts at most" } }
                    dt { "Modified" } dd { (playbook.modified) }
                    dt { "Identifier" } dd class="mono break small" { (playbook.id) }
                    dt { "Text" } dd { (parts::sha256(&kept.version.sha256)) a href={ "/api/v1/playbooks/" (kept.playbook.id) "/content?version=" (kept.version.version) } { "Save the JSON" } }
                }
            }
        }
    }
}

fn seal_card(actor: &Actor, kept: &Kept, seals: &[Sealed]) -> Markup {
    html! {
        section class="card" aria-labelledby="seals" {
            div class="card-head" { h2 id="seals" { "Signatures" } }
            div class="card-body stack-s" {
                @if seals.is_empty() { p class="muted" { "Nobody has signed this version." } }
                @for seal in seals { (seal_line(seal)) }
                @if kept.is_present() && actor.may(Permission::EditPlan) {
                    form method="post" action={ "/playbooks/" (kept.playbook.id) "/seal" } data-done="Signed; the signed text is a further version" {
                        button class="button" data-size="small" type="submit" { (parts::icon("shield")) "Sign with this server's key" }
                    }
                }
            }
        }
    }
}

fn seal_line(seal: &Sealed) -> Markup {
    let holds = seal.verdict.holds();
    html! {
        div class="stack-s" {
            p class="row" {
                span class="badge" data-status=(if holds { "good" } else { "bad" }) { @if holds { "Holds" } @else { "Does not hold" } }
                strong { (seal.signee) }
                span class="muted" { (seal.algorithm) }
            }
            @if !holds { p class="small" { (seal.verdict.sentence()) } }
            @if let Some(fingerprint) = &seal.fingerprint { p class="muted breaks mono small" { (fingerprint) } }
        }
    }
}

fn version_card(kept: &Kept, versions: &[Version]) -> Markup {
    html! {
        section class="card" aria-labelledby="versions" {
            div class="card-head" { h2 id="versions" { "Versions" } span class="muted" { (versions.len()) } }
            ul class="card-body stack-s" {
                @for version in versions {
                    li class="row-spread" {
                        a href={ "/playbooks/" (kept.playbook.id) "?version=" (version.version) } aria-current=[(version.version == kept.version.version).then_some("true")] { "Version " (version.version) }
                        span class="muted small" { (parts::ago(version.kept_at)) }
                    }
                }
            }
        }
    }
}

/// The steps that do something, by their phase where they name one.
fn steps(playbook: &cacao::Playbook, role: &dyn Fn(&str) -> String) -> Markup {
    let all: Vec<(&str, &Step)> = in_order(playbook)
        .into_iter()
        .filter(|(_, step)| !matches!(step.kind, StepKind::Start(_) | StepKind::End(_)))
        .collect();
    let phase_of = |step: &Step| step.policy().ok().and_then(|policy| policy.phase);
    let mut number = 0;
    let mut group = |title: &str, anchor: &str, some: &[(&str, &Step)]| {
        html! {
            section class="card" aria-labelledby=(anchor) {
                div class="card-head" { h2 id=(anchor) { (title) } span class="muted" { (some.len()) @if some.len() == 1 { " step" } @else { " steps" } } }
                ol class="steps" { @for (id, step) in some { ({ number += 1; one(id, step, number, role) }) } }
            }
        }
    };
    let phased = all.iter().any(|(_, step)| phase_of(step).is_some());
    html! {
        @if phased {
            @for phase in Phase::ALL {
                @let some: Vec<(&str, &Step)> = all.iter().copied().filter(|(_, step)| phase_of(step).as_deref() == Some(phase.as_str())).collect();
                @if !some.is_empty() { (group(if *phase == Phase::Closed { "Afterwards" } else { phase.label() }, phase.as_str(), &some)) }
            }
            @let rest: Vec<(&str, &Step)> = all.iter().copied().filter(|(_, step)| phase_of(step).is_none()).collect();
            @if !rest.is_empty() { (group("What decides the way", "ways", &rest)) }
        } @else { (group("Steps in words", "steps", &all)) }
    }
}

fn one(id: &str, step: &Step, number: usize, role: &dyn Fn(&str) -> String) -> Markup {
    let policy = step.policy().unwrap_or_default();
    let known = policy.role.is_some();
    html! {
        li class="step" id={ "step-" (id) } value=(number) {
            span class="step-number" aria-hidden="true" { (number) }
            div {
                h3 { (step.title()) }
                // What the description says again of role and time stands below in its own place.
                @if let Some(text) = step.description.as_ref().filter(|_| !known) { p { (text) } }
                @match &step.kind {
                    StepKind::Action(action) => @for command in &action.commands { (command_line(command)) },
                    StepKind::IfCondition(choice) => span class="code-line" { "if " (choice.condition) },
                    StepKind::WhileCondition(choice) => span class="code-line" { "while " (choice.condition) },
                    StepKind::SwitchCondition(choice) => span class="code-line" { "by " (choice.switch) },
                    StepKind::Parallel(parallel) => p { (parallel.next_steps.len()) " branches at the same time." },
                    StepKind::PlaybookAction(action) => span class="code-line" { "runs " (action.playbook_id) },
                    StepKind::Start(_) | StepKind::End(_) => {}
                }
                div class="step-facts" {
                    @if let Some(own) = &policy.role { span class="badge" data-role="responder" { (role(own)) } }
                    @if !known { span class="badge" data-kind="code" { (step.type_name()) } }
                    @if let Some(within) = &policy.due_within { span class="due" { (parts::icon("clock")) "within " (within) } }
                    @if let Some(approval) = &policy.approval { span { "needs the approval of " (approval.quorum) " × " (role(&approval.role)) } }
                    @if let Some(retry) = &policy.retry { span { "tried up to " (retry.attempts) " times" } }
                    @for reference in references(step) { span class="badge" data-kind="code" { (reference) } }
                }
                @if !policy.evidence.is_empty() { p class="step-keep" { span { "Keep: " } (policy.evidence.join(" · ")) } }
                @if !policy.tell.is_empty() { p class="step-keep" { span { "Must know: " } (policy.tell.iter().map(|one| role(one)).collect::<Vec<_>>().join(" · ")) } }
            }
        }
    }
}

fn command_line(command: &cacao::Command) -> Markup {
    match command.text() {
        Ok(text) if command.kind == "manual" => html! { p { (text) } },
        Ok(text) => html! { span class="code-line" { (command.kind) ": " (text) } },
        Err(_) => html! { span class="code-line" { (command.kind) } },
    }
}

pub async fn seal(State(app): State<App>, Who(actor): Who, Path(id): Path<PlaybookId>) -> Result<Redirect> {
    seals::seal(&app, &actor, id).await?;
    Ok(Redirect::to(&format!("/playbooks/{id}")))
}

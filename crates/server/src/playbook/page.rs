//! The library as pages: the list, one playbook with its figure, and the editor with its checks.

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::Redirect;
use axum::routing::{get, post};
use cacao::{Finding, Options, Sealed, Severity};
use domain::{Actor, Permission, PlaybookId};
use maud::{Markup, PreEscaped, html};
use serde::Deserialize;

use super::api::VersionQuery;
use super::{Checked, Kept, Playbook, TOPIC, Version, run_page, view};
use crate::app::App;
use crate::error::Result;
use crate::web::extract::{Form, Path, Query, Who};
use crate::web::frame::{self, Nav};
use crate::web::parts;

pub fn routes() -> Router<App> {
    // A playbook in a form is longer than other forms are.
    let texts = Router::new()
        .route("/playbooks", get(list).post(keep))
        .route("/playbooks/check", post(check))
        .layer(DefaultBodyLimit::max(16 << 20));
    texts
        .route("/playbooks/new", get(new))
        .route("/playbooks/{id}", get(one))
        .route("/playbooks/{id}/edit", get(edit))
        .route("/playbooks/{id}/seal", post(seal))
        .route("/playbooks/{id}/rehearse", get(rehearse))
        .merge(run_page::routes())
}

async fn list(State(app): State<App>, Who(actor): Who) -> Result<Markup> {
    let all = super::list(&app, &actor).await?;
    let may_edit = actor.may(Permission::EditPlan);
    let content = html! {
        header class="page-head" {
            div class="page-title" {
                h1 { "Playbooks" }
                p class="page-sub" { "CACAO v2.0 playbooks: checked before they are kept, run on an incident step by step, and never half forgotten." }
            }
            @if may_edit { div class="page-actions" { a class="button" data-kind="primary" href="/playbooks/new" { (parts::icon("plus")) "Add a playbook" } } }
        }
        div class="stack" id="playbooks" data-refresh=(TOPIC) hx-get="/playbooks" hx-select="#playbooks" hx-trigger={ "live:" (TOPIC) " from:body" } hx-swap="outerHTML" {
            @if all.is_empty() {
                (parts::empty("play", "No playbooks yet", "Paste a CACAO v2.0 playbook: it is checked, drawn and kept, and can then be run on an incident.", may_edit.then_some(("/playbooks/new", "Add a playbook"))))
            } @else { (table(&all)) }
        }
    };
    Ok(frame::page(&app, &actor, Nav::Playbooks, "Playbooks", &[TOPIC], &content).await)
}

fn table(all: &[Playbook]) -> Markup {
    html! {
        div class="table-scroll" role="region" aria-label="Playbooks" tabindex="0" {
            table class="table" data-narrow="stack" {
                thead { tr { th { "Playbook" } th data-type="number" { "Steps" } th data-type="number" { "Version" } th { "Changed" } } }
                tbody {
                    @for playbook in all {
                        @let href = format!("/playbooks/{}", playbook.id);
                        tr data-href=(href) {
                            td class="cell-main" {
                                a class="row-link" href=(href) { (playbook.name) }
                                @if let Some(text) = &playbook.description { span class="cell-sub" { (first_line(text)) } }
                            }
                            td data-type="number" data-label="Steps" { (playbook.steps) }
                            td data-type="number" data-label="Version" { (playbook.version) }
                            td data-type="time" data-label="Changed" { (parts::ago(playbook.updated_at)) }
                        }
                    }
                }
            }
        }
    }
}

fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(160) {
        Some((cut, _)) => format!("{}…", line.get(..cut).unwrap_or_default()),
        None => line.to_owned(),
    }
}

async fn one(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<PlaybookId>,
    Query(query): Query<VersionQuery>,
) -> Result<Markup> {
    let kept = super::get(&app, &actor, id, query.version).await?;
    let versions = super::versions(&app, &actor, id).await?;
    let playbook = kept.read()?;
    let seals = super::seals(&app, &kept)?;
    let drawing = cacao::draw(&playbook, &Options::default());
    let content = html! {
        (head(&actor, &kept))
        div class="playbook-columns" {
            section class="card" aria-labelledby="workflow" {
                div class="card-head" { h2 id="workflow" { "Workflow" } span class="muted" { (playbook.workflow.len()) " steps" } }
                (figure(drawing.markup(), "Workflow"))
            }
            div class="stack" {
                (facts(&kept, &playbook))
                (seal_card(&actor, &kept, &seals))
                (version_card(&kept, &versions))
            }
        }
        (step_card(&playbook))
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
                @if kept.version.version != kept.playbook.version {
                    div class="page-meta" { span class="badge" data-status="waiting" { "Version " (kept.version.version) ", not the present one" } }
                }
            }
            div class="page-actions" {
                a class="button" href={ "/playbooks/" (id) "/rehearse" } { (parts::icon("info")) "Dry run" }
                @if actor.may(Permission::EditPlan) { a class="button" href={ "/playbooks/" (id) "/edit" } { (parts::icon("edit")) "Edit" } }
            }
        }
    }
}

/// A figure that scrolls in itself.
pub(super) fn figure(markup: &str, label: &str) -> Markup {
    html! { div class="cacao-figure" role="region" aria-label=(label) tabindex="0" { (PreEscaped(markup)) } }
}

fn facts(kept: &Kept, playbook: &cacao::Playbook) -> Markup {
    let external: Vec<&String> =
        playbook.variables().filter(|(_, variable)| variable.is_external()).map(|(name, _)| name).collect();
    html! {
        section class="card" aria-labelledby="facts" {
            div class="card-head" { h2 id="facts" { "What it is" } }
            div class="card-body" {
                dl class="facts" data-layout="stacked" {
                    dt { "Identifier" } dd class="mono break" { (playbook.id) }
                    @if let Some(kinds) = &playbook.playbook_types { dt { "For" } dd { (kinds.join(", ")) } }
                    dt { "Modified" } dd { (playbook.modified) }
                    dt { "Asks for" } dd { @if external.is_empty() { span class="muted" { "nothing" } } @else { @for name in external { code { (name) } " " } } }
                    dt { "Text" } dd { (parts::sha256(&kept.version.sha256)) a href={ "/api/v1/playbooks/" (kept.playbook.id) "/content?version=" (kept.version.version) } { "Show the JSON" } }
                }
                p class="gap-top muted" { "It is run from the tab Playbooks of an incident." }
            }
        }
    }
}

fn seal_card(actor: &Actor, kept: &Kept, seals: &[Sealed]) -> Markup {
    let present = kept.version.version == kept.playbook.version;
    html! {
        section class="card" aria-labelledby="seals" {
            div class="card-head" { h2 id="seals" { "Signatures" } }
            div class="card-body stack-s" {
                @if seals.is_empty() { p class="muted" { "Nobody has signed this version." } }
                @for seal in seals { (seal_line(seal)) }
                @if present && actor.may(Permission::EditPlan) {
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
        div {
            span class="badge" data-status=(if holds { "good" } else { "bad" }) { @if holds { "Holds" } @else { "Does not hold" } }
            " " strong { (seal.signee) } " " span class="muted" { (seal.algorithm) }
            @if !holds { p { (seal.verdict.sentence()) } }
            @if let Some(fingerprint) = &seal.fingerprint { div class="muted break mono" { (fingerprint) } }
        }
    }
}

fn version_card(kept: &Kept, versions: &[Version]) -> Markup {
    html! {
        section class="card" aria-labelledby="versions" {
            div class="card-head" { h2 id="versions" { "Versions" } }
            ul class="card-body stack-s" {
                @for version in versions {
                    li {
                        a href={ "/playbooks/" (kept.playbook.id) "?version=" (version.version) } aria-current=[(version.version == kept.version.version).then_some("true")] { "Version " (version.version) }
                        " " span class="muted" { "kept " (parts::ago(version.kept_at)) }
                    }
                }
            }
        }
    }
}

/// The steps in words, for whoever follows them on paper.
fn step_card(playbook: &cacao::Playbook) -> Markup {
    let steps = playbook.workflow.values().filter(|step| !matches!(step.type_name(), "start" | "end"));
    html! {
        section class="card gap-top" aria-labelledby="steps" {
            div class="card-head" { h2 id="steps" { "Steps in words" } }
            div class="card-body stack" {
                @for step in steps {
                    div {
                        h3 { (step.title()) " " span class="badge" data-kind="code" { (step.type_name()) } }
                        @if let Some(text) = &step.description { p { (text) } }
                        @if let cacao::StepKind::Action(action) = &step.kind {
                            @for command in &action.commands {
                                @match command.text() {
                                    Ok(text) => span class="code-line" { (command.kind) ": " (text) },
                                    Err(_) => span class="code-line" { (command.kind) },
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

const SKETCH: &str = include_str!("sketch.json");

async fn new(State(app): State<App>, Who(actor): Who) -> Result<Markup> {
    crate::identity::need(&actor, Permission::EditPlan, "changing playbooks")?;
    editor(&app, &actor, "Add a playbook", SKETCH).await
}

async fn edit(State(app): State<App>, Who(actor): Who, Path(id): Path<PlaybookId>) -> Result<Markup> {
    crate::identity::need(&actor, Permission::EditPlan, "changing playbooks")?;
    let kept = super::get(&app, &actor, id, None).await?;
    editor(&app, &actor, &format!("Edit {}", kept.playbook.name), &kept.document()?.pretty()).await
}

async fn editor(app: &App, actor: &Actor, title: &str, text: &str) -> Result<Markup> {
    let checked = super::check(app, actor, text)?;
    let content = html! {
        header class="page-head" {
            div class="page-title" {
                nav aria-label="Where you are" { ol class="breadcrumb" { li { a href="/playbooks" { "Playbooks" } } li { (title) } } }
                h1 { (title) }
                p class="page-sub" { "CACAO v2.0 as JSON. What you type is checked and drawn beside it; what cannot be run is not kept." }
            }
        }
        div class="playbook-columns" {
            form class="form" method="post" action="/playbooks" data-done="Kept" {
                div class="field" {
                    label for="text" { "The playbook" }
                    textarea class="playbook-text" id="text" name="text" rows="32" spellcheck="false" required
                        hx-post="/playbooks/check" hx-trigger="input changed delay:600ms" hx-target="#checked" hx-swap="outerHTML" { (text) }
                    p class="help" { "Another version has the same " code { "id" } " and a later " code { "modified" } "." }
                }
                div class="form-actions" {
                    button class="button" data-kind="primary" type="submit" { "Keep" }
                    button class="button needs-script" type="button" hx-post="/playbooks/check" hx-include="closest form" hx-target="#checked" hx-swap="outerHTML" { (parts::icon("check")) "Check" }
                    a class="button" href="/playbooks" { "Cancel" }
                }
            }
            (said(&checked))
        }
    };
    Ok(frame::page(app, actor, Nav::Playbooks, title, &[], &content).await)
}

/// What the check says, as the part beside the text.
fn said(checked: &Checked) -> Markup {
    let shown: Vec<&Finding> = checked.findings.iter().filter(|one| one.severity > Severity::Note).collect();
    html! {
        div class="stack" id="checked" role="status" {
            @if checked.refused() {
                div class="notice" data-level="error" { (parts::icon("x")) div { strong { "Not kept like this" } "What is red must be mended first." } }
            } @else if shown.is_empty() {
                div class="notice" data-level="good" { (parts::icon("check")) div { strong { "Nothing to complain about" } "It can be kept and run." } }
            } @else {
                div class="notice" data-level="warning" { (parts::icon("alert")) div { strong { "It can be run" } "Some of it differs from CACAO v2.0." } }
            }
            @if !shown.is_empty() {
                ul class="findings" {
                    @for one in shown.iter().take(40) {
                        li {
                            span class="badge" data-status=(if one.severity == Severity::Error { "bad" } else { "waiting" }) { (one.severity.word()) }
                            " " (one.sentence)
                            @if !one.pointer.is_empty() { code { (one.pointer) } }
                        }
                    }
                    @if shown.len() > 40 { li class="muted" { "and " (shown.len() - 40) " more" } }
                }
            }
            @if let Some(drawing) = &checked.drawing { section class="card" aria-label="Workflow" { (figure(drawing.markup(), "Workflow as it is written")) } }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TextForm {
    text: String,
}

async fn check(State(app): State<App>, Who(actor): Who, Form(form): Form<TextForm>) -> Result<Markup> {
    Ok(said(&super::check(&app, &actor, &form.text)?))
}

async fn keep(State(app): State<App>, Who(actor): Who, Form(form): Form<TextForm>) -> Result<Redirect> {
    // A form's lines end as the web has it (CR LF); a file's do not.
    let kept = super::keep(&app, &actor, form.text.replace("\r\n", "\n")).await?;
    Ok(Redirect::to(&format!("/playbooks/{}", kept.id)))
}

async fn seal(State(app): State<App>, Who(actor): Who, Path(id): Path<PlaybookId>) -> Result<Redirect> {
    super::seal(&app, &actor, id).await?;
    Ok(Redirect::to(&format!("/playbooks/{id}")))
}

async fn rehearse(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<PlaybookId>,
    Query(values): Query<BTreeMap<String, String>>,
) -> Result<Markup> {
    let kept = super::get(&app, &actor, id, None).await?;
    let playbook = kept.read()?;
    let given: BTreeMap<String, String> = values.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    let rehearsal = super::rehearse(&app, &actor, id, &given).await?;
    let steps = view::rehearsed(&rehearsal, &playbook);
    let content = html! {
        header class="page-head" {
            div class="page-title" {
                nav aria-label="Where you are" { ol class="breadcrumb" { li { a href="/playbooks" { "Playbooks" } } li { a href={ "/playbooks/" (id) } { (id) } } li { "Dry run" } } }
                h1 { "Dry run of " (kept.playbook.name) }
                p class="page-sub" { "What a run would do, in order. Nothing is done. A condition that only a real run decides counts as true, once." }
            }
        }
        div class="stack" {
            @if playbook.variables().any(|(_, variable)| variable.is_external()) {
                form class="card" method="get" action={ "/playbooks/" (id) "/rehearse" } {
                    div class="card-body form" {
                        (run_page::value_fields(&playbook, &given))
                        div class="form-actions" { button class="button" type="submit" { "Try with these" } }
                    }
                }
            }
            @if let Some(failure) = rehearsal.run.failure() {
                div class="notice" data-level="error" { (parts::icon("x")) div { strong { "It would fail" } (failure.message) } }
            }
            div class="table-scroll" role="region" aria-label="What would be done" tabindex="0" {
                table class="table" data-narrow="stack" {
                    thead { tr { th { "Step" } th { "What" } th { "On" } } }
                    tbody {
                        @for (step, what, target) in &steps {
                            tr { td class="cell-main" { (step) } td class="break" data-label="What" { (what) } td data-label="On" { (target.as_deref().unwrap_or("–")) } }
                        }
                        @if steps.is_empty() { tr { td colspan="3" class="muted" { "Nothing would be done." } } }
                    }
                }
            }
        }
    };
    Ok(frame::page(&app, &actor, Nav::Playbooks, "Dry run", &[], &content).await)
}

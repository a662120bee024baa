//! The page on which a webhook's mapping is written, tried and saved.

use std::io::{Read as _, Seek as _, SeekFrom};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use domain::{Actor, Permission, SourceId};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

use super::trial::{self, Trial, Tried};
use crate::app::App;
use crate::error::{Error, Result};
use crate::event;
use crate::event::quarantine::{self, HeldState, Which};
use crate::source::mapping::{self, Version};
use crate::source::{self, Source};
use crate::web::extract::{Form, Path, Query, Who};
use crate::web::frame::{self, Nav};
use crate::web::paging::PageQuery;
use crate::web::parts;

/// How much of a body that was received is put into the box.
const OFFERED: u64 = 64 << 10;

/// What stands in the box before anything was saved.
const FIRST: &str = "\
# Say which field holds what. Try it on a body below, then save it.
product: my-product
time: time
host: host.name
user: user.name
fields:
  CommandLine: process.command_line
  SourceIp: [source.ip, client_ip]

# If each record is an alert of the product:
# alert:
#   title: title
#   severity: {from: severity, then: [{words: {\"1\": critical, \"2\": high, \"3\": medium, \"4\": low}}]}
#   host: host.name
#   id: id
";

pub fn routes() -> Router<App> {
    Router::new()
        .route("/sources", post(make))
        .route("/sources/{id}/mapping", get(show).post(save))
        .route("/sources/{id}/mapping/try", post(try_out))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewWebhook {
    name: String,
}

async fn make(State(app): State<App>, Who(actor): Who, Form(new): Form<NewWebhook>) -> Result<Redirect> {
    let source = source::make_webhook(&app, &actor, &new.name).await?;
    Ok(Redirect::to(&format!("/sources/{}/mapping", source.id)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shown {
    version: Option<i64>,
    held: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    text: String,
    #[serde(default)]
    body: String,
}

/// What came of a press of a button.
enum Outcome {
    None,
    Tried(Trial),
    Refused(String),
}

async fn show(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<SourceId>,
    Query(query): Query<Shown>,
) -> Result<Markup> {
    let text = match query.version {
        Some(number) => mapping::version(&app, &actor, id, number).await?.text,
        None => mapping::newest(&app, &actor, id).await?.map_or_else(|| FIRST.to_owned(), |known| known.text),
    };
    let body = match query.held {
        Some(number) => {
            let held = quarantine::held_record(&app, &actor, number).await?;
            String::from_utf8_lossy(&held.raw).into_owned()
        }
        None => offered(&app, &actor, id).await?,
    };
    page(&app, &actor, id, &Written { text, body }, &Outcome::None).await
}

async fn save(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<SourceId>,
    Form(written): Form<Written>,
) -> Result<Response> {
    match mapping::save(&app, &actor, id, &written.text).await {
        Ok(_) => Ok(Redirect::to(&format!("/sources/{id}/mapping")).into_response()),
        Err(Error::Invalid(reason)) => {
            let page = page(&app, &actor, id, &written, &Outcome::Refused(reason)).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(error) => Err(error),
    }
}

async fn try_out(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<SourceId>,
    Form(written): Form<Written>,
) -> Result<Response> {
    let outcome = match trial::try_out(&app, &actor, id, &written.text, &written.body).await {
        Ok(trial) => (StatusCode::OK, Outcome::Tried(trial)),
        Err(Error::Invalid(reason)) => (StatusCode::UNPROCESSABLE_ENTITY, Outcome::Refused(reason)),
        Err(error) => return Err(error),
    };
    let page = page(&app, &actor, id, &written, &outcome.1).await?;
    Ok((outcome.0, page).into_response())
}

/// A body to try on: what is held and waits to be replayed, else the last that came.
async fn offered(app: &App, actor: &Actor, id: SourceId) -> Result<String> {
    let which = Which { source: Some(id), ..Which::default() };
    let one = PageQuery { limit: Some(1), cursor: None };
    let held = quarantine::held(app, actor, &which, Some(HeldState::Held), &one).await?;
    if let Some(held) = held.items.first().filter(|held| !held.raw.is_empty()) {
        return Ok(String::from_utf8_lossy(&held.raw).into_owned());
    }
    let Some(last) = event::last_batch(app, id).await? else { return Ok(String::new()) };
    let blobs = app.blobs.clone();
    let body = tokio::task::spawn_blocking(move || -> std::io::Result<Vec<u8>> {
        let mut blob = blobs.open_blob(&last.sha256)?;
        blob.seek(SeekFrom::Start(u64::try_from(last.starts_at).unwrap_or(0)))?;
        let mut body = Vec::new();
        blob.take(u64::try_from(last.bytes).unwrap_or(0).min(OFFERED)).read_to_end(&mut body)?;
        Ok(body)
    });
    let body = body.await.map_err(|error| std::io::Error::other(error.to_string()))??;
    Ok(String::from_utf8_lossy(&body).into_owned())
}

async fn page(
    app: &App,
    actor: &Actor,
    id: SourceId,
    written: &Written,
    outcome: &Outcome,
) -> Result<Markup> {
    let source = source::get(app, actor, id).await?;
    mapping::check_kind(&source)?;
    let versions = mapping::versions(app, actor, id).await?;
    let may = actor.may(Permission::TriageAlerts);
    let content = html! {
        header class="page-head" {
            div class="page-title" {
                nav aria-label="Where you are" { ol class="breadcrumb" { li { a href="/sources" { "Sources" } } li { a href={ "/sources/" (id) } { (id) } } li { "Mapping" } } }
                h1 { "What " (source.title()) " sends" }
                p class="page-sub" { "Which log source a record is, and which of its fields have which of Sigma's names. Each record keeps its own fields too." }
            }
        }
        div class="columns" {
            div class="stack" {
                (outcome_card(outcome))
                form class="form" method="post" action={ "/sources/" (id) "/mapping/try" } data-plain="" {
                    div class="field" {
                        label for="text" { "Mapping" }
                        textarea id="text" name="text" rows="20" data-mono="" spellcheck="false" autocapitalize="off" required maxlength=(mapping::LONGEST) readonly[!may] aria-describedby="text-help" { "\n" (written.text) }
                        p class="help" id="text-help" { "YAML; the words are explained beside this box." }
                    }
                    div class="field" {
                        label for="body" { "Body to try it on" }
                        textarea id="body" name="body" rows="10" data-mono="" spellcheck="false" autocapitalize="off" aria-describedby="body-help" { "\n" (written.body) }
                        p class="help" id="body-help" { "A record, an array of records, or one a line. What is held in the quarantine stands here first, else the last body that came." }
                    }
                    @if may {
                        div class="form-actions" data-sticky="" {
                            button class="button" data-kind="primary" type="submit" { (parts::icon("play")) "Try it" }
                            button class="button" type="submit" formaction={ "/sources/" (id) "/mapping" } { "Save" }
                            a class="button" data-kind="quiet" href={ "/sources/" (id) } { "Back to the source" }
                        }
                    }
                }
            }
            aside class="stack" aria-label="Versions and help" {
                (versions_card(id, &versions))
                (sending(&source))
                (words())
            }
        }
    };
    Ok(frame::page(app, actor, Nav::Sources, &format!("Mapping of {}", source.title()), &[], &content).await)
}

fn outcome_card(outcome: &Outcome) -> Markup {
    html! {
        @match outcome {
            Outcome::None => {}
            Outcome::Refused(reason) => { div class="notice" data-level="error" role="alert" id="result" { (parts::icon("alert")) div { strong { "Nothing was done" } (reason) } } }
            Outcome::Tried(trial) => {
                section class="card" aria-labelledby="result" {
                    div class="card-head" { h2 id="result" tabindex="-1" { "What would come of it" } span class="muted" { (trial.events) @if trial.events == 1 { " event, " } @else { " events, " } (trial.refused) " refused" } }
                    div class="card-body stack" {
                        @for tried in &trial.records { (tried_record(tried)) }
                        @let more = (trial.events + trial.refused).saturating_sub(trial.records.len());
                        @if more > 0 { p class="muted" { "and " (more) " more" } }
                    }
                }
            }
        }
    }
}

fn tried_record(tried: &Tried) -> Markup {
    let part = |part: &Option<String>| part.clone().unwrap_or_else(|| "–".to_owned());
    let given = |name: &str| tried.given.iter().any(|known| known == name);
    html! {
        section class="stack-s" aria-label=(tried.record) {
            h3 { (tried.record) }
            @if let Some(problem) = &tried.problem {
                div class="notice" data-level="warning" { (parts::icon("alert")) div { strong { "It does not fit and would be held" } (problem) } }
            } @else {
                dl class="facts" {
                    dt { "Log source" } dd { (part(&tried.logsource.product)) " / " (part(&tried.logsource.category)) " / " (part(&tried.logsource.service)) }
                    dt { "Time" } dd { @match tried.time { Some(at) => (parts::time(at)), None => "not told; the time of receipt counts" } }
                    dt { "Host" } dd { @match &tried.host { Some(host) => span class="observable" { (host) }, None => "not told" } }
                    dt { "Rules that fire" } dd {
                        @if tried.rules.is_empty() { "none" } @else { ul class="plain-list" { @for rule in &tried.rules { li { (parts::severity(rule.severity)) " " a href={ "/rules/" (rule.id) } { (rule.title) } } } } }
                    }
                    @if let Some(alert) = &tried.alert { dt { "Alert" } dd { (parts::severity(alert.severity)) " " (alert.title) " about " span class="observable" { (alert.entity) } } }
                }
                div class="table-scroll" role="region" aria-label={ "Fields of " (tried.record) } tabindex="0" {
                    table class="table" {
                        thead { tr { th { "Field" } th { "Value" } th { "From" } } }
                        tbody {
                            @for (name, value) in tried.fields.iter().filter(|(name, _)| given(name)) { tr { td class="mono" { (name) } td class="break" { (shown(value)) } td { span class="badge" data-status="good" { "mapping" } } } }
                            @for (name, value) in tried.fields.iter().filter(|(name, _)| !given(name)) { tr { td class="mono" { (name) } td class="break" { (shown(value)) } td { "record" } } }
                        }
                    }
                }
            }
        }
    }
}

fn shown(value: &Value) -> String {
    const SIGNS: usize = 300;
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match text.char_indices().nth(SIGNS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

fn versions_card(id: SourceId, versions: &[Version]) -> Markup {
    html! {
        section class="card" aria-labelledby="versions" {
            div class="card-head" { h2 id="versions" { "Versions" } }
            div class="card-body" {
                @if versions.is_empty() {
                    p class="muted" { "None is saved yet. Until then records are read as those of any source." }
                } @else {
                    ol class="plain-list" {
                        @for (place, version) in versions.iter().enumerate() {
                            li { a href={ "/sources/" (id) "/mapping?version=" (version.version) } { "Version " (version.version) } @if place == 0 { " " span class="badge" data-status="good" { "in force" } } " " span class="muted" { (parts::ago(version.created_at)) @if let Some(by) = version.created_by { " by " (by) } } }
                        }
                    }
                    p class="help" { "Open an older one and save it to go back to it. All of them are in the ledger." }
                }
            }
        }
    }
}

fn sending(source: &Source) -> Markup {
    let command = format!(
        "curl -H \"Authorization: Bearer $KEY\" \\\n  --json @body.json \\\n  https://WATCHBELL/api/v1/webhooks/{}",
        address_of(&source.name)
    );
    html! {
        section class="card" aria-labelledby="sending" {
            div class="card-head" { h2 id="sending" { "Where to send" } }
            div class="card-body stack" {
                p { "POST JSON with a key of the role responder, made under " a href="/settings" { "Settings" } "." }
                div class="viewer" {
                    div class="viewer-head" {
                        span { "curl" }
                        button class="button needs-script" data-size="small" data-kind="quiet" type="button" data-copy-from="send" { (parts::icon("copy")) "Copy" }
                    }
                    pre id="send" data-wrap="" tabindex="0" aria-label="Command" { (command) }
                }
            }
        }
    }
}

/// A name as a part of an address.
fn address_of(name: &str) -> String {
    name.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

/// The language in short.
fn words() -> Markup {
    let all: [(&str, &str); 11] = [
        ("records: data.alerts", "where in the body the records stand"),
        ("recognise: [{has: [id, type]}]", "what a record must have to fit; others are held"),
        ("product, category, service", "the log source, in Sigma's words"),
        ("time, host, user", "the field that tells it"),
        ("fields: {Image: process.path}", "Sigma's name, and the record's field"),
        ("[a, b]", "the first that is there"),
        ("{text: '{domain}\\{name}'}", "a text with fields in it"),
        ("{from: a, then: [lower, {split: ','}]}", "changed on its way"),
        ("parts: [{when: {is: {type: login}}, fields: …}]", "what holds for some records only"),
        ("as: ecs", "handed on to a mapping that is shipped"),
        (
            "alert: {title, severity, id, host, address, account, description, techniques, when}",
            "each record is an alert; id tells what is the same",
        ),
    ];
    html! {
        section class="card" aria-labelledby="words" {
            div class="card-head" { h2 id="words" { "Words of the language" } }
            div class="card-body" { dl class="facts" data-layout="stacked" { @for (word, meaning) in all { dt { code { (word) } } dd { (meaning) } } } }
        }
    }
}

//! The chat: in the room, and on a tab of its own with all that was ever said. Lines are swapped in
//! place; where scripts are off, the same forms go back to the tab.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use domain::chat::{Mention, mentions};
use domain::timeline::EntryKind;
use domain::{Actor, ChatLineId, IncidentId, Text, UserId};
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;

use super::super::chat::{self, ChatLine, JustSaid, Keep};
use super::super::{read, visit};
use super::fields::linked;
use super::{Shown, Tab, tab};
use crate::app::App;
use crate::error::{Error, Result};
use crate::identity;
use crate::web::extract::{Form, Path, Query, Who};
use crate::web::paging::PageQuery;
use crate::web::{parts, toast};

/// How many lines the room and a page of the tab show.
const IN_ROOM: u16 = 60;
const A_PAGE: u16 = 200;

/// What lines are drawn with.
struct Drawing {
    incident: IncidentId,
    people: Vec<(UserId, String)>,
    me: Option<UserId>,
    /// What others said after this is new.
    since: Option<Timestamp>,
    works: bool,
}

impl Drawing {
    async fn load(app: &App, actor: &Actor, incident: IncidentId) -> Result<Self> {
        Ok(Drawing {
            incident,
            people: identity::names(app).await?.into_iter().collect(),
            me: actor.user(),
            since: visit::come(app, actor, incident).await?,
            works: actor.may(domain::Permission::WorkIncident),
        })
    }

    fn path(&self, rest: &str) -> String {
        format!("/incidents/{}/chat{rest}", self.incident)
    }
}

/// The chat as the room shows it: the latest lines and the field to write in.
pub async fn panel(app: &App, actor: &Actor, id: IncidentId) -> Result<Markup> {
    let drawing = Drawing::load(app, actor, id).await?;
    let lines = latest(app, actor, id, IN_ROOM).await?;
    Ok(html! {
        section class="card chat" id="chat" aria-labelledby="chat-title" hx-ext="morph" {
            div class="card-head" { h2 id="chat-title" { "Chat" } a href=(drawing.path("")) { "All that was said" } }
            (log(&drawing, &lines))
            @if drawing.works { (form(&drawing)) }
        }
    })
}

pub async fn page(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Query(query): Query<PageQuery>,
) -> Result<Markup> {
    let shown = Shown::load(&app, &actor, id).await?;
    let drawing = Drawing::load(&app, &actor, id).await?;
    let earlier = query.cursor.is_some();
    let page = PageQuery { limit: query.limit.or(Some(A_PAGE)), ..query };
    let mut lines = chat::lines(&app, &actor, id, &page).await?;
    lines.items.reverse();
    let content = html! {
        section class="card chat" id="chat" data-size="page" aria-labelledby="chat-title" hx-ext="morph" {
            div class="card-head" {
                h2 id="chat-title" { "Chat" }
                @if let Some(next) = &lines.next { a href={ (drawing.path("?cursor=")) (next) } { "Earlier" } }
            }
            @if earlier {
                ol class="chat-lines" { @for line in &lines.items { (one(&drawing, line)) } }
                div class="card-foot" { a class="button" href=(drawing.path("")) { "Latest" } }
            } @else {
                (log(&drawing, &lines.items))
                @if drawing.works { (form(&drawing)) }
            }
        }
    };
    Ok(tab(&app, &actor, &shown, Tab::Chat, &content).await)
}

/// The latest lines alone, for a page that asks for them anew.
pub async fn lines(State(app): State<App>, Who(actor): Who, Path(id): Path<IncidentId>) -> Result<Markup> {
    let drawing = Drawing::load(&app, &actor, id).await?;
    Ok(list(&drawing, &latest(&app, &actor, id, A_PAGE).await?))
}

async fn latest(app: &App, actor: &Actor, id: IncidentId, most: u16) -> Result<Vec<ChatLine>> {
    let page = PageQuery { cursor: None, limit: Some(most) };
    let mut lines = chat::lines(app, actor, id, &page).await?.items;
    lines.reverse();
    Ok(lines)
}

fn log(drawing: &Drawing, lines: &[ChatLine]) -> Markup {
    html! {
        div class="chat-log" id="chat-log" role="log" aria-label="What was said" tabindex="0" { (list(drawing, lines)) }
    }
}

fn list(drawing: &Drawing, lines: &[ChatLine]) -> Markup {
    let trigger = format!("live:{} from:body", chat::topic(drawing.incident));
    html! {
        ol class="chat-lines" id="chat-lines" data-refresh="chat" hx-get=(drawing.path("/lines")) hx-swap="morph" hx-trigger=(trigger) {
            @if lines.is_empty() { li class="chat-empty" { "Nothing was said yet. What is said here stays: one key makes it an entry, a decision or a task." } }
            @for line in lines { (one(drawing, line)) }
        }
    }
}

fn one(drawing: &Drawing, line: &ChatLine) -> Markup {
    let by_me = line.account.is_some() && line.account == drawing.me;
    let fresh = !by_me && drawing.since.is_some_and(|since| line.at > since);
    html! {
        li class="chat-line" id=(line.id) tabindex="-1" data-mine[by_me] data-new[fresh] {
            (parts::person_mark(&line.by))
            div class="chat-said" {
                div class="chat-head" {
                    strong { (line.by) }
                    a class="chat-time" href={ (drawing.path("#")) (line.id) } { time datetime=(line.at) data-local="time" { (line.at.strftime("%H:%M:%S")) } }
                    @if fresh { span class="new-mark" { "new" } }
                }
                div class="chat-text" { (text(drawing, &line.text)) }
                (kept(drawing, line))
            }
            @if drawing.works { (tools(drawing, line)) }
        }
    }
}

/// The words of a line, with the people it names and the records it speaks of.
fn text(drawing: &Drawing, said: &str) -> Markup {
    let named: Vec<Mention> =
        Text::new("the line", said).map(|said| mentions(&said, &drawing.people)).unwrap_or_default();
    let mut parts: Vec<Markup> = Vec::new();
    let mut from = 0;
    for mention in named {
        let (Some(before), Some(name)) =
            (said.get(from..mention.place.start), said.get(mention.place.clone()))
        else {
            continue;
        };
        parts.push(linked(drawing.incident, before));
        let mine = Some(mention.person) == drawing.me;
        parts.push(html! { span class="mention" data-mine[mine] { (name) } });
        from = mention.place.end;
    }
    parts.push(linked(drawing.incident, said.get(from..).unwrap_or_default()));
    html! { @for part in &parts { (part) } }
}

fn kept(drawing: &Drawing, line: &ChatLine) -> Markup {
    let path = |rest: String| format!("/incidents/{}{rest}", drawing.incident);
    html! {
        @if line.entry.is_some() || line.decision.is_some() || line.task.is_some() {
            div class="chat-kept" {
                @if let Some(entry) = line.entry { a class="badge" data-kind="response" href=(path(format!("/timeline#{entry}"))) { "Entry " (entry) } }
                @if let Some(decision) = line.decision { a class="badge" data-kind="response" href=(path(format!("/decisions#{decision}"))) { "Decision " (decision) } }
                @if let Some(task) = line.task { a class="badge" data-kind="response" href=(path(format!("/tasks#{task}"))) { "Task " (task) } }
            }
        }
    }
}

/// One press each: what the line becomes.
fn tools(drawing: &Drawing, line: &ChatLine) -> Markup {
    let keep = |verb: &str| drawing.path(&format!("/{}/{verb}", line.id));
    let reason = format!("reason-{}", line.id);
    html! {
        div class="chat-tools" {
            @if line.entry.is_none() { (press(&keep("entry"), "Entry", "e", line)) }
            @if line.task.is_none() { (press(&keep("task"), "Task", "t", line)) }
            @if line.decision.is_none() {
                details class="chat-decide" {
                    summary data-key="d" aria-label={ "Decision: keep " (line.id) } { "Decision" }
                    form method="post" action=(keep("decision")) hx-post=(keep("decision")) hx-target="#chat-lines" hx-swap="morph" {
                        label for=(reason) { "Why " (line.by) " decided so" }
                        textarea id=(reason) name="reason" rows="2" required {}
                        button class="button" data-size="small" data-kind="primary" type="submit" { "Keep as decision" }
                    }
                }
            }
        }
    }
}

fn press(address: &str, label: &str, key: &str, line: &ChatLine) -> Markup {
    html! {
        form method="post" action=(address) hx-post=(address) hx-target="#chat-lines" hx-swap="morph" {
            button class="chat-tool" type="submit" data-key=(key) aria-label={ (label) ": keep " (line.id) } { (label) }
        }
    }
}

fn form(drawing: &Drawing) -> Markup {
    html! {
        form class="chat-form" method="post" action=(drawing.path("")) hx-post=(drawing.path("")) hx-target="#chat-lines" hx-swap="morph" {
            label class="visually-hidden" for="chat-text" data-key="c" data-key-help="Say something" { "Say something" }
            textarea id="chat-text" name="text" rows="2" required maxlength="20000" placeholder="Say something" aria-describedby="chat-help" {}
            button class="button" data-kind="primary" type="submit" { "Say" }
            p class="help" id="chat-help" {
                code { "/entry" } " " code { "/task" } " " code { "/decision … because …" } " keep it at once. " code { "@name" } " tells somebody."
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SayForm {
    text: String,
}

pub async fn say(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    headers: HeaderMap,
    Form(form): Form<SayForm>,
) -> Result<Response> {
    let JustSaid { not_told, .. } = chat::say(&app, &actor, id, &form.text).await?;
    let answer = answer(&app, &actor, id, &headers).await?;
    if not_told.is_empty() {
        return Ok(answer);
    }
    let names = not_told.iter().map(|person| person.name.as_str()).collect::<Vec<_>>().join(", ");
    let text = "They may not see this incident. Add them under People first, if they should.";
    Ok((toast::header("warning", &format!("{names}: not told"), text), answer).into_response())
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct KeepForm {
    reason: String,
}

/// `POST /incidents/INC-1/chat/CHT-1/entry`
pub async fn keep(
    State(app): State<App>,
    Who(actor): Who,
    Path((id, line, verb)): Path<(IncidentId, ChatLineId, String)>,
    headers: HeaderMap,
    Form(form): Form<KeepForm>,
) -> Result<Response> {
    let keep = match verb.as_str() {
        "entry" => Keep::Entry { kind: EntryKind::Note },
        "decision" => Keep::Decision { reason: form.reason },
        "task" => Keep::Task,
        _ => return Err(Error::NotFound("page")),
    };
    chat::keep(&app, &actor, id, line, keep).await?;
    answer(&app, &actor, id, &headers).await
}

/// The lines as they now are, for a script; for others the way back.
async fn answer(app: &App, actor: &Actor, id: IncidentId, headers: &HeaderMap) -> Result<Response> {
    if !headers.contains_key("hx-request") {
        return Ok(Redirect::to(&format!("/incidents/{id}/chat")).into_response());
    }
    let drawing = Drawing::load(app, actor, id).await?;
    Ok(list(&drawing, &latest(app, actor, id, A_PAGE).await?).into_response())
}

/// All that was there until now is old to the reader.
pub async fn seen(State(app): State<App>, Who(actor): Who, Path(id): Path<IncidentId>) -> Result<Redirect> {
    visit::all_seen(&app, &actor, id).await?;
    Ok(Redirect::to(&format!("/incidents/{id}")))
}

/// Who is here, for a page that asks anew; whoever asks is here too.
pub async fn here(State(app): State<App>, Who(actor): Who, Path(id): Path<IncidentId>) -> Result<Markup> {
    let view = read::get(&app, &actor, id).await?;
    app.presence.renew(id, &actor, app.clock.now());
    Ok(super::bar::here(&app, &view, actor.user()))
}

//! The chat in an incident's room. A line that was said stays as it was said, with a leaf of its own;
//! one key keeps it as an entry, a decision or a task, with who said it and when. Whom a line names is
//! told on every page until they look.

mod store;

use std::collections::BTreeMap;

use domain::access::Via;
use domain::chat::{self as words, Kept};
use domain::notify::Matter;
use domain::timeline::EntryKind;
use domain::{Actor, ChatLineId, DecisionId, EntryId, IncidentId, Line, Permission, TaskId, Text, UserId};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::tasks::{self, NewTask};
use super::{Decision, Person, keep, read, record, response, text};
use crate::app::App;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::identity::{self, need, scope};
use crate::notify::{self, Notice};
use crate::plan;
use crate::web::paging::{Page, PageQuery};

/// A line of the chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChatLine {
    #[schema(value_type = String, example = "CHT-1")]
    pub id: ChatLineId,
    #[schema(value_type = String, example = "INC-1")]
    pub incident: IncidentId,
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The name of whoever said it.
    pub by: String,
    #[schema(value_type = Option<String>, example = "USR-3")]
    pub account: Option<UserId>,
    #[schema(example = "FS-01 is off the network @Max Manager")]
    pub text: String,
    /// The entry as which it was kept.
    #[schema(value_type = Option<String>, example = "ENT-12")]
    pub entry: Option<EntryId>,
    #[schema(value_type = Option<String>, example = "DEC-2")]
    pub decision: Option<DecisionId>,
    #[schema(value_type = Option<String>, example = "TSK-40")]
    pub task: Option<TaskId>,
}

/// A line just said, and whom it names in vain.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct JustSaid {
    pub line: ChatLine,
    /// Those named who may not see the incident: they are not told.
    pub not_told: Vec<Person>,
}

/// A line that names the reader.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Mention {
    pub line: ChatLine,
    /// The title of the incident.
    #[schema(example = "Ransomware on the file servers")]
    pub title: String,
    /// When the reader saw it; null while they have not.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub seen_at: Option<Timestamp>,
}

/// The topic that the chat of one incident is followed by.
pub fn topic(incident: IncidentId) -> String {
    format!("chat-{}", incident.get())
}

/// The topic on which somebody hears that they were named.
pub fn topic_of(person: UserId) -> String {
    format!("mentions-{}", person.get())
}

/// Says a line. `/entry`, `/task` and `/decision … because …` before it keep it as that at once.
pub async fn say(app: &App, actor: &Actor, incident: IncidentId, said: &str) -> Result<JustSaid> {
    let words::Said { keep, text: said } = words::said(said);
    let said = text("the line", said)?;
    let reason = match keep {
        Some(Kept::Decision) => Some(reason_of(&said)?),
        _ => None,
    };
    let people: Vec<_> = identity::names(app).await?.into_iter().collect();
    let named = words::mentions(&said, &people).into_iter().map(|mention| mention.person).collect::<Vec<_>>();
    let actor = actor.clone();
    app.change(&actor.clone(), move |change| {
        Box::pin(async move {
            keep::to_add(change, &actor, incident).await?;
            let mut line = ChatLine {
                id: keep::unnumbered()?,
                incident,
                at: change.at,
                by: actor.name().to_owned(),
                account: actor.user(),
                text: said.to_string(),
                entry: None,
                decision: None,
                task: None,
            };
            line.id = store::insert(change, &line).await?;
            commit(change, &line, "chat.say").await?;
            let not_told = tell_named(change, &line, &named, &people.into_iter().collect()).await?;
            match (keep, reason) {
                (Some(Kept::Entry), _) => as_entry(change, &actor, &mut line, EntryKind::Note).await?,
                (Some(Kept::Task), _) => as_task(change, &actor, incident, &mut line).await?,
                (Some(Kept::Decision), Some((decision, reason))) => {
                    as_decision(change, &actor, &mut line, &decision, &reason).await?;
                }
                _ => {}
            }
            change.tell(&topic(incident), &line.id.to_string(), Some(incident.get())).await?;
            Ok(JustSaid { line, not_told })
        })
    })
    .await
}

fn reason_of(said: &str) -> Result<(Text, Text)> {
    let (decision, reason) = words::because(said).ok_or_else(|| {
        Error::Invalid(
            "A decision has a reason. Write it like this: /decision Cut FS-01 off because it spreads."
                .to_owned(),
        )
    })?;
    Ok((text("the decision", decision)?, text("the reason", reason)?))
}

/// Notes whom the line names, tells them, and gives those who may not see the incident.
async fn tell_named(
    change: &mut Change<'_>,
    line: &ChatLine,
    named: &[UserId],
    names: &BTreeMap<UserId, String>,
) -> Result<Vec<Person>> {
    let scope = line.incident.get();
    let mut not_told = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for id in named.iter().copied().filter(|id| Some(*id) != line.account && seen.insert(*id)) {
        if may_see(change, id, scope).await? {
            store::insert_mention(change, line.id, id).await?;
            change.tell(&topic_of(id), &line.id.to_string(), Some(scope)).await?;
            raise_mention(change, line, id).await?;
        } else {
            not_told.push(Person { id, name: names.get(&id).cloned().unwrap_or_else(|| id.to_string()) });
        }
    }
    Ok(not_told)
}

/// The message to somebody who is named. What was said stays in the room.
async fn raise_mention(change: &mut Change<'_>, line: &ChatLine, person: UserId) -> Result<()> {
    let Some(record) = super::store::record_in(change.tx, line.incident).await? else { return Ok(()) };
    let notice = Notice {
        matter: Matter::Mention,
        severity: record.severity,
        incident: line.incident,
        record: line.id.to_string(),
        round: 0,
        title: format!("{}: {} names you in the chat", line.incident, line.by),
        body: format!("{} ({}). Sign in to read it.", record.title, line.incident),
    };
    notify::raise(change, &notice, &[person]).await
}

/// Whether somebody who is named may see the incident.
async fn may_see(change: &mut Change<'_>, id: UserId, scope: i64) -> Result<bool> {
    let account = identity::person(change, id).await?;
    let person = Actor::User { user: id, name: account.name.parse()?, role: account.role, via: Via::Session };
    Ok(!account.disabled
        && person.may(Permission::ReadIncident)
        && scope::sees_in(change, &person, scope).await?)
}

/// What a line of the chat is to be kept as.
#[derive(Debug, Clone)]
pub enum Keep {
    Entry { kind: EntryKind },
    Decision { reason: String },
    Task,
}

/// Keeps a line as an entry, a decision or a task. Who said it and when goes with it.
pub async fn keep(
    app: &App,
    actor: &Actor,
    incident: IncidentId,
    id: ChatLineId,
    as_what: Keep,
) -> Result<ChatLine> {
    let reason = match &as_what {
        Keep::Decision { reason } if reason.trim().is_empty() => {
            return Err(domain::Error::ReasonNeeded { verb: "a decision" }.into());
        }
        Keep::Decision { reason } => Some(text("the reason", reason)?),
        _ => None,
    };
    let now = plan::in_force(app).await?;
    let actor = actor.clone();
    app.change(&actor.clone(), move |change| {
        Box::pin(async move {
            let record = keep::to_work(change, &actor, incident).await?;
            let family = scope::family_in(change, incident).await?;
            let line = store::line_in(change.tx, &family, id).await?;
            let mut line = line.ok_or(Error::NotFound("chat line"))?;
            match (as_what, reason) {
                (Keep::Entry { kind }, _) => {
                    as_entry(change, &actor, &mut line, kind).await?;
                    if kind == EntryKind::SituationReport {
                        let level = now.plan.severity.level(record.severity);
                        response::clock::reported(change, &record, level).await?;
                    }
                }
                (Keep::Task, _) => as_task(change, &actor, incident, &mut line).await?,
                (Keep::Decision { .. }, Some(reason)) => {
                    let decision = text("the decision", &line.text)?;
                    as_decision(change, &actor, &mut line, &decision, &reason).await?;
                }
                (Keep::Decision { .. }, None) => {}
            }
            change.tell(&topic(incident), &id.to_string(), Some(incident.get())).await?;
            Ok(line)
        })
    })
    .await
}

async fn as_entry(
    change: &mut Change<'_>,
    actor: &Actor,
    line: &mut ChatLine,
    kind: EntryKind,
) -> Result<()> {
    not_yet(line, line.entry.map(|id| id.to_string()))?;
    record::may_be_written(kind)?;
    let mut entry = keep::entry(change, actor, line.incident, kind, line.at, line.text.clone())?;
    // The words are those of whoever said them; whoever kept them stands in the ledger's leaf.
    entry.by.clone_from(&line.by);
    entry.account = line.account;
    line.entry = keep::entries(change, "entry.add", vec![entry]).await?.pop().map(|entry| entry.id);
    kept(change, line).await
}

/// The work is for whoever works on the incident now, which the line's own may be merged into.
async fn as_task(
    change: &mut Change<'_>,
    actor: &Actor,
    incident: IncidentId,
    line: &mut ChatLine,
) -> Result<()> {
    not_yet(line, line.task.map(|id| id.to_string()))?;
    let first = line.text.lines().next().unwrap_or_default();
    let title = Line::new("the task's name", first)?;
    let more = line.text.get(first.len()..).unwrap_or_default().trim();
    let instructions = format!("{more}\nSaid by {} in the chat ({}).", line.by, line.id).trim().to_owned();
    let new = NewTask {
        title: title.to_string(),
        instructions: Some(instructions),
        phase: None,
        role: None,
        due: None,
        owner: None,
    };
    line.task = Some(tasks::add_in(change, actor, incident, new).await?.id);
    kept(change, line).await
}

async fn as_decision(
    change: &mut Change<'_>,
    actor: &Actor,
    line: &mut ChatLine,
    decision: &Text,
    reason: &Text,
) -> Result<()> {
    not_yet(line, line.decision.map(|id| id.to_string()))?;
    let decision = Decision {
        at: line.at,
        maker: line.by.clone(),
        ..Decision::made(actor, line.incident, change.at, decision.to_string(), reason.to_string())?
    };
    line.decision = Some(record::decision_kept(change, actor, decision).await?.id);
    kept(change, line).await
}

fn not_yet(line: &ChatLine, already: Option<String>) -> Result<()> {
    match already {
        Some(record) => Err(Error::Conflict(format!("{} was kept as {record} already.", line.id))),
        None => Ok(()),
    }
}

async fn kept(change: &mut Change<'_>, line: &ChatLine) -> Result<()> {
    store::set_kept(change, line).await?;
    commit(change, line, "chat.keep").await?;
    keep::tell(change, line.incident).await
}

async fn commit(change: &mut Change<'_>, line: &ChatLine, act: &str) -> Result<()> {
    change.record(&line.id.to_string(), act, line, Some(line.incident.get())).await
}

/// A page of the chat, the latest first.
pub async fn lines(app: &App, actor: &Actor, id: IncidentId, page: &PageQuery) -> Result<Page<ChatLine>> {
    read::get(app, actor, id).await?;
    let limit = page.limit()?;
    let before = page.position::<1>()?.map(|[line]| line);
    let lines = store::page(&app.db, &scope::family(app, id).await?, before, limit + 1).await?;
    Ok(Page::of(lines, limit, |line| [line.id.get()]))
}

/// All that was said, in its order.
pub async fn all(app: &App, actor: &Actor, id: IncidentId) -> Result<Vec<ChatLine>> {
    read::get(app, actor, id).await?;
    let mut lines = store::page(&app.db, &scope::family(app, id).await?, None, i64::MAX).await?;
    lines.reverse();
    Ok(lines)
}

/// From which line of the chat entries and decisions were kept, by the record's name.
pub async fn origins(app: &App, actor: &Actor, id: IncidentId) -> Result<BTreeMap<String, ChatLineId>> {
    read::get(app, actor, id).await?;
    let mut origins = BTreeMap::new();
    for line in store::kept(&app.db, &scope::family(app, id).await?).await? {
        origins.extend(line.entry.map(|entry| (entry.to_string(), line.id)));
        origins.extend(line.decision.map(|decision| (decision.to_string(), line.id)));
    }
    Ok(origins)
}

/// The lines that name the actor in incidents that they may see, the latest first.
pub async fn mentions(app: &App, actor: &Actor, page: &PageQuery) -> Result<Page<Mention>> {
    need(actor, Permission::ReadIncident, "reading incidents")?;
    let limit = page.limit()?;
    let before = page.position::<1>()?.map(|[line]| line);
    let Some(person) = actor.user() else { return Ok(Page { items: Vec::new(), next: None }) };
    let mentions = store::mentions(&app.db, person, before, limit + 1).await?;
    Ok(Page::of(mentions, limit, |mention| [mention.line.id.get()]))
}

/// How many lines name the actor that they have not seen.
pub async fn unseen(app: &App, actor: &Actor) -> Result<i64> {
    match actor.user().filter(|_| actor.may(Permission::ReadIncident)) {
        Some(person) => store::unseen(&app.db, person).await,
        None => Ok(0),
    }
}

/// Whether a line of this incident names somebody who has not seen it.
pub(super) async fn unseen_in(app: &App, incident: IncidentId, person: UserId) -> Result<bool> {
    store::unseen_in(&app.db, incident, person).await
}

/// Somebody has seen what names them in this incident.
pub(super) async fn see(change: &mut Change<'_>, incident: IncidentId, person: UserId) -> Result<()> {
    store::see(change, incident, person, change.at).await?;
    change.tell(&topic_of(person), &incident.to_string(), Some(incident.get())).await
}

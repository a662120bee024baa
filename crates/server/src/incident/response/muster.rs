//! The muster list: which roles the incident needs somebody for, who is asked, who comes. The people who
//! hold a role are asked by Watchbell itself, first choice first, then those of its alternates; whoever
//! commands may ask or set in anybody else.

use domain::notify::Matter;
use domain::plan::{Plan, RoleKey};
use domain::response::{MusterState, MusterStatus, Replan};
use domain::timeline::EntryKind;
use domain::{Actor, IncidentId, MusterId, Permission, UserId};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::{Record, keep, optional, read, store, text};
use crate::app::App;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::identity::{self, scope};
use crate::notify::{self, Notice};
use crate::plan;

/// The role that the incident's commander fills.
pub(super) const COMMANDER: &str = "incident_commander";

/// A role that the incident needs somebody for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Post {
    #[schema(value_type = String, example = "MUS-1")]
    pub id: MusterId,
    #[schema(value_type = String, example = "INC-1")]
    pub incident: IncidentId,
    #[schema(value_type = String, example = "forensics_lead")]
    pub role: RoleKey,
    /// `missing`, `asked`, `assigned` or `stood_down`.
    #[schema(value_type = String, example = "asked")]
    pub status: MusterStatus,
    #[schema(value_type = Option<String>, example = "USR-3")]
    pub person: Option<UserId>,
    /// How somebody answered, or why the place is free.
    pub note: Option<String>,
    /// Why the present level does not ask for it: proposed for standing down.
    pub surplus: Option<String>,
    /// Who said that they cannot.
    #[schema(value_type = Vec<String>)]
    pub declined: Vec<UserId>,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub asked_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub answered_at: Option<Timestamp>,
}

impl Post {
    fn state(&self) -> Result<MusterState> {
        MusterState::restore(self.status, self.person)
            .map_err(|error| Error::Damaged(format!("{}: {error}", self.id)))
    }

    fn follow(&mut self, state: MusterState) {
        (self.status, self.person) = (state.status(), state.person());
    }

    fn new(change: &Change<'_>, incident: IncidentId, role: RoleKey) -> Result<Self> {
        Ok(Post {
            id: keep::unnumbered()?,
            incident,
            role,
            status: MusterStatus::Missing,
            person: None,
            note: None,
            surplus: None,
            declined: Vec::new(),
            created_at: change.at,
            asked_at: None,
            answered_at: None,
        })
    }
}

pub async fn list(app: &App, actor: &Actor, id: IncidentId) -> Result<Vec<Post>> {
    read::get(app, actor, id).await?;
    store::muster::of_incident(&app.db, id).await
}

/// Those who speak for a role in an incident, within a change: whoever fills it there, and those who hold it.
pub async fn speakers_in(
    change: &mut Change<'_>,
    incident: IncidentId,
    role: &RoleKey,
) -> Result<Vec<UserId>> {
    let post = store::muster::of_role_in(change.tx, incident, role).await?;
    let fills = post.filter(|post| post.status == MusterStatus::Assigned).and_then(|post| post.person);
    let mut speakers: Vec<UserId> = fills.into_iter().collect();
    for person in plan::holders_in(change, role).await? {
        if !speakers.contains(&person) {
            speakers.push(person);
        }
    }
    Ok(speakers)
}

/// Opens the places that a level asks for, and marks those that it does not.
pub(super) async fn follow(
    change: &mut Change<'_>,
    record: &Record,
    plan: &Plan,
    replan: &Replan,
) -> Result<()> {
    for role in &replan.muster {
        call(change, record, plan, role).await?;
    }
    for mut post in store::muster::of_incident_in(change.tx, record.id).await? {
        let surplus = replan.stand_down.contains(&post.role);
        if surplus == post.surplus.is_some() {
            continue;
        }
        let level = replan.to.label().to_lowercase();
        post.surplus = surplus.then(|| format!("The plan does not ask for this role at {level}."));
        save(change, &post, "muster.propose").await?;
    }
    Ok(())
}

/// Opens a place, or opens it again, and asks whoever holds the role.
async fn call(change: &mut Change<'_>, record: &Record, plan: &Plan, role: &RoleKey) -> Result<Post> {
    let known = store::muster::of_role_in(change.tx, record.id, role).await?;
    let mut post = match known {
        Some(mut post) => {
            let state = post.state()?.call_again()?;
            post.follow(state);
            post.note = None;
            post
        }
        None => {
            let mut post = Post::new(change, record.id, role.clone())?;
            post.id = store::muster::insert(change, &post).await?;
            post
        }
    };
    if let Some(commander) = record.commander.filter(|_| role.as_str() == COMMANDER) {
        let state = post.state()?.assign(commander)?;
        post.follow(state);
        post.answered_at = Some(change.at);
    } else {
        ask_next(change, record, plan, &mut post).await?;
    }
    save(change, &post, "muster.call").await?;
    Ok(post)
}

/// Asks the first of those who hold the role, or one of its alternates, who has not said no and may know
/// of the incident. Nobody: the place stays missing, for whoever commands to fill.
async fn ask_next(change: &mut Change<'_>, record: &Record, plan: &Plan, post: &mut Post) -> Result<()> {
    let alternates = plan.role(&post.role).map(|role| role.alternates.clone()).unwrap_or_default();
    let members = scope::members_in(change, record.id).await?;
    // Nobody is called to stand in who is called or there already.
    let posts = store::muster::of_incident_in(change.tx, record.id).await?;
    let busy: Vec<UserId> = posts.iter().filter_map(|post| post.person).collect();
    let own = post.role.clone();
    for role in std::iter::once(&own).chain(&alternates) {
        for person in plan::holders_in(change, role).await? {
            let knows = !record.restricted || members.contains(&person);
            let free = *role == own || !busy.contains(&person);
            if knows && free && !post.declined.contains(&person) {
                let state = post.state()?.ask(person)?;
                post.follow(state);
                post.asked_at = Some(change.at);
                post.answered_at = None;
                return Ok(());
            }
        }
    }
    Ok(())
}

/// What whoever commands does about a role.
#[derive(Debug, Clone)]
pub enum Order {
    /// Asks somebody; they answer for themselves.
    Ask(UserId),
    /// Sets somebody in, as after a telephone call.
    Assign(UserId),
    StandDown {
        why: Option<String>,
    },
}

/// Does it for a role of the plan; a role that is not on the list yet comes onto it.
pub async fn order(app: &App, actor: &Actor, id: IncidentId, role: RoleKey, order: Order) -> Result<Post> {
    let now = plan::in_force(app).await?;
    let title = now.plan.role(&role).map(|role| role.title.to_string());
    let title = title.ok_or_else(|| Error::Invalid(format!("The plan has no role {role}.")))?;
    let actor = actor.clone();
    app.change(&actor.clone(), move |change| {
        Box::pin(async move {
            let record = keep::to_command(change, &actor, id).await?;
            if record.is_closed() {
                return Err(domain::Error::IncidentClosed.into());
            }
            let known = store::muster::of_role_in(change.tx, id, &role).await?;
            let mut post = match (known, &order) {
                (Some(post), _) => post,
                (None, Order::StandDown { .. }) => return Err(Error::NotFound("place on the muster list")),
                (None, _) => {
                    let mut post = Post::new(change, id, role)?;
                    post.id = store::muster::insert(change, &post).await?;
                    post
                }
            };
            let (act, line) = apply(change, &record, &mut post, order, &title).await?;
            save(change, &post, act).await?;
            keep::line(change, &actor, id, EntryKind::Action, line).await?;
            keep::tell(change, id).await?;
            Ok(post)
        })
    })
    .await
}

async fn apply(
    change: &mut Change<'_>,
    record: &Record,
    post: &mut Post,
    order: Order,
    title: &str,
) -> Result<(&'static str, String)> {
    let state = post.state()?;
    Ok(match order {
        Order::Ask(person) => {
            let name = reachable(change, record, person).await?;
            post.follow(state.ask(person)?);
            post.asked_at = Some(change.at);
            post.answered_at = None;
            post.note = None;
            ("muster.ask", format!("{name} is asked to come as {title}"))
        }
        Order::Assign(person) => {
            let name = reachable(change, record, person).await?;
            post.follow(state.assign(person)?);
            post.answered_at = Some(change.at);
            post.note = None;
            ("muster.assign", format!("{name} is {title}"))
        }
        Order::StandDown { why } => {
            let why = optional(why).map(|why| text("the reason", &why)).transpose()?;
            post.follow(state.stand_down()?);
            post.note = why.map(|why| why.to_string()).or_else(|| post.surplus.clone());
            post.surplus = None;
            let line = match &post.note {
                Some(note) => format!("{title} stands down ({note})"),
                None => format!("{title} stands down"),
            };
            ("muster.stand_down", line)
        }
    })
}

/// Somebody who is to be asked. Whoever is called to a restricted incident belongs to it from then on.
async fn reachable(change: &mut Change<'_>, record: &Record, person: UserId) -> Result<String> {
    let account = identity::person(change, person).await?;
    if !account.role.may(Permission::ReadIncident) {
        return Err(Error::Conflict(format!("{} has no right to see incidents.", account.name)));
    }
    let members = scope::members_in(change, record.id).await?;
    if record.restricted && !members.contains(&person) {
        scope::add_member(change, record.id, person).await?;
        keep::commit(change, record, "incident.add_member").await?;
    }
    Ok(account.name)
}

/// The answer of whoever is asked. Who cannot is followed by the next who holds the role.
pub async fn answer(
    app: &App,
    actor: &Actor,
    id: MusterId,
    coming: bool,
    note: Option<String>,
) -> Result<Post> {
    let note = optional(note).map(|note| text("the note", &note)).transpose()?;
    let me = actor.user().ok_or(Error::Forbidden("only a person answers"))?;
    let now = plan::in_force(app).await?;
    let actor = actor.clone();
    app.change(&actor.clone(), move |change| {
        Box::pin(async move {
            let missing = || Error::NotFound("place on a muster list");
            let mut post = store::muster::post_in(change.tx, id).await?.ok_or_else(missing)?;
            let record = keep::seen(change, &actor, post.incident).await.map_err(|error| match error {
                Error::NotFound(_) => missing(),
                other => other,
            })?;
            let state = post.state()?.answer(me, coming)?;
            post.follow(state);
            post.answered_at = Some(change.at);
            post.note = note.as_ref().map(ToString::to_string);
            let title = now.plan.role(&post.role).map_or(post.role.as_str(), |role| &*role.title);
            let said = if coming { "comes as" } else { "cannot come as" };
            let because = note.as_ref().map(|note| format!("\n{note}")).unwrap_or_default();
            let line = format!("{} {said} {title}{because}", actor.name());
            if !coming {
                post.note = Some(match &note {
                    Some(note) => format!("{} cannot: {note}", actor.name()),
                    None => format!("{} cannot.", actor.name()),
                });
                post.declined.push(me);
                ask_next(change, &record, &now.plan, &mut post).await?;
            }
            save(change, &post, if coming { "muster.come" } else { "muster.decline" }).await?;
            keep::line(change, &actor, record.id, EntryKind::Action, line).await?;
            keep::tell(change, record.id).await?;
            Ok(post)
        })
    })
    .await
}

/// The command passed on: the place follows, if there is one.
pub(in super::super) async fn command_passed(
    change: &mut Change<'_>,
    incident: IncidentId,
    to: UserId,
) -> Result<()> {
    let role: RoleKey = COMMANDER.parse()?;
    let Some(mut post) = store::muster::of_role_in(change.tx, incident, &role).await? else { return Ok(()) };
    if post.status == MusterStatus::StoodDown || post.state()? == MusterState::Assigned(to) {
        return Ok(());
    }
    let state = post.state()?.assign(to)?;
    post.follow(state);
    post.answered_at = Some(change.at);
    post.note = None;
    save(change, &post, "muster.assign").await
}

async fn save(change: &mut Change<'_>, post: &Post, act: &str) -> Result<()> {
    store::muster::update(change, post).await?;
    tell_person(change, post).await?;
    change.record(&post.id.to_string(), act, post, Some(post.incident.get())).await?;
    // Whoever is asked sees it on their page at once.
    change.tell("mine", &post.id.to_string(), Some(post.incident.get())).await
}

/// Whoever is asked gets a message; once the place is no longer asked for, nobody is told of it any more.
async fn tell_person(change: &mut Change<'_>, post: &Post) -> Result<()> {
    let record = post.id.to_string();
    let (Some(person), MusterStatus::Asked) = (post.person, post.status) else {
        return notify::settle(change, &record, "The call is answered.").await;
    };
    // Saved for another reason: the call is out already.
    if post.asked_at != Some(change.at) {
        return Ok(());
    }
    notify::settle(change, &record, "Somebody else is asked.").await?;
    let Some(incident) = store::record_in(change.tx, post.incident).await? else { return Ok(()) };
    let role = post.role.as_str().replace('_', " ");
    let notice = Notice {
        matter: Matter::Muster,
        severity: incident.severity,
        incident: post.incident,
        record,
        round: change.at_micros(),
        title: format!("{}: you are asked to come as {role}", post.incident),
        body: format!(
            "{} ({}), {}.\nYou are asked to come as {role}. Say whether you come.",
            incident.title,
            post.incident,
            incident.severity.label().to_lowercase()
        ),
    };
    notify::raise(change, &notice, &[person]).await
}

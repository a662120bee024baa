//! What is set up: the channels with their sealed secrets, where each person is reached and when they are left alone,
//! and the one policy of escalation.

use domain::notify::{ChannelKind, Matter, Policy, QuietHours};
use domain::{Actor, ChannelId, Line, Permission, Severity, UserId};
use jiff::Timestamp;
use serde::Serialize;

use super::channel::{self, Letter, Told};
use super::store;
use crate::app::App;
use crate::error::{Error, Result};
use crate::identity::{self, need};
use crate::plan;

/// A way by which messages go out. It is never shown with its secret.
#[derive(Debug, Clone, Serialize)]
pub struct Channel {
    pub id: ChannelId,
    pub name: String,
    pub kind: ChannelKind,
    pub address: String,
    pub detail: String,
    #[serde(skip)]
    pub sealed: Option<Vec<u8>>,
    pub active: bool,
}

/// What an administrator says of a new channel.
#[derive(Debug, Clone)]
pub struct NewChannel {
    pub name: String,
    pub kind: ChannelKind,
    pub address: String,
    pub detail: String,
    pub secret: String,
}

/// Where somebody wants to be reached.
#[derive(Debug, Clone, Serialize)]
pub struct Point {
    pub id: i64,
    pub channel: ChannelId,
    /// The channel's name.
    pub by: String,
    pub address: String,
    /// None: all.
    pub matters: Vec<Matter>,
}

impl Point {
    pub fn takes(&self, matter: Matter) -> bool {
        self.matters.is_empty() || self.matters.contains(&matter)
    }
}

/// Quiet hours as they were written.
#[derive(Debug, Clone, Serialize)]
pub struct Quiet {
    pub zone: String,
    pub from: String,
    pub to: String,
    pub breaks: Severity,
}

impl Quiet {
    pub fn hours(&self) -> Result<QuietHours> {
        Ok(QuietHours::new(&self.zone, &self.from, &self.to, self.breaks)?)
    }
}

/// What the secret of a channel is sealed for.
fn about(id: ChannelId) -> String {
    format!("watchbell notify: secret of {id}")
}

/// The channel's secret, opened.
pub(super) fn secret(app: &App, channel: &Channel) -> Result<Option<String>> {
    let Some(sealed) = &channel.sealed else { return Ok(None) };
    let opened = app.notifier.key.open(&about(channel.id), sealed)?;
    let text = std::str::from_utf8(&opened);
    text.map(|text| Some(text.to_owned()))
        .map_err(|_| Error::Damaged(format!("the secret of {}", channel.id)))
}

pub async fn channels(app: &App) -> Result<Vec<Channel>> {
    store::channels(&app.db).await
}

pub async fn add_channel(app: &App, actor: &Actor, new: NewChannel) -> Result<ChannelId> {
    need(actor, Permission::ManageUsers, "setting up channels")?;
    let name = Line::new("the channel's name", &new.name)?;
    let channel = Channel {
        id: ChannelId::try_from(1)?,
        name: name.to_string(),
        kind: new.kind,
        address: new.address.trim().to_owned(),
        detail: new.detail.trim().to_owned(),
        sealed: None,
        active: true,
    };
    let secret = Some(new.secret.trim().to_owned()).filter(|secret| !secret.is_empty());
    channel::check(&channel, secret.as_deref())?;
    let key = app.notifier.clone();
    app.change(actor, move |change| {
        Box::pin(async move {
            let id = store::insert_channel(change, &channel).await?;
            if let Some(secret) = secret {
                let sealed = key.key.seal(&about(id), secret.as_bytes())?;
                store::set_secret(change, id, sealed).await?;
            }
            let channel = Channel { id, ..channel };
            change.record(&id.to_string(), "channel.create", &channel, None).await?;
            Ok(id)
        })
    })
    .await
}

pub async fn switch_channel(app: &App, actor: &Actor, id: ChannelId, active: bool) -> Result<()> {
    need(actor, Permission::ManageUsers, "setting up channels")?;
    app.change(actor, move |change| {
        Box::pin(async move {
            let mut channel = store::channel_in(change.tx, id).await?.ok_or(Error::NotFound("channel"))?;
            channel.active = active;
            store::set_active(change, id, active).await?;
            change.record(&id.to_string(), "channel.switch", &channel, None).await
        })
    })
    .await
}

/// Sends a message to try a channel, at once, and says what the other side answered.
pub async fn test_channel(app: &App, actor: &Actor, id: ChannelId, to: &str) -> Result<Told> {
    need(actor, Permission::ManageUsers, "setting up channels")?;
    let channel = store::channels(&app.db).await?.into_iter().find(|channel| channel.id == id);
    let channel = channel.ok_or(Error::NotFound("channel"))?;
    let letter = Letter {
        key: format!("test-{id}-{}", app.clock.now().as_microsecond()),
        subject: "Watchbell: a message to try this channel".to_owned(),
        text: format!("{} tries the channel {}. Nothing is to be done.", actor.name(), channel.name),
        link: None,
        severity: Severity::Informational,
        at: app.clock.now(),
        now: app.clock.now(),
        to: to.trim().to_owned(),
    };
    Ok(channel::transmit(app, &channel, &letter).await)
}

pub async fn points(app: &App, actor: &Actor) -> Result<Vec<Point>> {
    store::points(&app.db, person(actor)?).await
}

pub async fn quiet(app: &App, actor: &Actor) -> Result<Option<Quiet>> {
    store::quiet_of(&app.db, person(actor)?).await
}

pub async fn add_point(
    app: &App,
    actor: &Actor,
    channel: ChannelId,
    address: &str,
    matters: Vec<Matter>,
) -> Result<()> {
    let me = person(actor)?;
    let address = address.trim().to_owned();
    app.change(actor, move |change| {
        Box::pin(async move {
            let found = store::channel_in(change.tx, channel).await?.filter(|channel| channel.active);
            let found = found.ok_or(Error::NotFound("channel"))?;
            channel::check_address(found.kind, &address)?;
            let point = Point { id: 0, channel, by: found.name, address, matters };
            if !store::insert_point(change, me, &point).await? {
                return Err(Error::Conflict("You are reached there already.".to_owned()));
            }
            // The ledger holds no telephone numbers.
            let body = serde_json::json!({ "channel": channel, "matters": point.matters });
            change.record(&format!("{me}.contact"), "contact.add", &body, None).await
        })
    })
    .await
}

pub async fn remove_point(app: &App, actor: &Actor, id: i64) -> Result<()> {
    let me = person(actor)?;
    app.change(actor, move |change| {
        Box::pin(async move {
            if store::delete_point(change, me, id).await? == 0 {
                return Err(Error::NotFound("contact point"));
            }
            let body = serde_json::json!({ "removed": id });
            change.record(&format!("{me}.contact"), "contact.remove", &body, None).await
        })
    })
    .await
}

pub async fn set_quiet(app: &App, actor: &Actor, quiet: Quiet) -> Result<()> {
    let me = person(actor)?;
    quiet.hours()?;
    app.change(actor, move |change| {
        Box::pin(async move {
            store::set_quiet(change, me, &quiet).await?;
            change.record(&format!("{me}.quiet"), "quiet.set", &quiet, None).await
        })
    })
    .await
}

pub async fn policy(app: &App) -> Result<Policy> {
    store::policy_of(&app.db).await
}

/// Sets who is told when nobody answers; what is under way follows it from its next step on.
pub async fn set_policy(app: &App, actor: &Actor, lines: &str) -> Result<()> {
    need(actor, Permission::ManageUsers, "setting up the escalation")?;
    let policy = Policy::read(lines)?;
    let now = plan::in_force(app).await?;
    let people = identity::names(app).await?;
    let channels = store::channels(&app.db).await?;
    for step in &policy.steps {
        use domain::notify::Target;
        let known = match &step.to {
            Target::Role(role) => now.plan.role(role).is_some(),
            Target::Person(person) => people.contains_key(person),
            Target::Channel(id) => channels.iter().any(|channel| channel.id == *id),
        };
        if !known {
            return Err(Error::Invalid(format!(
                "Nobody is called {}: name a role of the plan, a person such as USR-1 or a channel such as CHN-1.",
                step.to
            )));
        }
    }
    app.change(actor, move |change| {
        Box::pin(async move {
            store::set_policy(change, &policy).await?;
            change.record("ESCALATION-1", "escalation.set", &policy, None).await
        })
    })
    .await
}

fn person(actor: &Actor) -> Result<UserId> {
    actor.user().ok_or(Error::Forbidden("only a person is reached"))
}

/// Until when a link that is sent now may be used.
pub(super) fn link_ends(now: Timestamp) -> Timestamp {
    now + jiff::SignedDuration::from_hours(24)
}

//! Who is told what. [`raise`] is called within the change that gives the reason: it stores the message and where it
//! goes, and nothing leaves the house by it. [`worker`] sends what is stored, apart from all changes, so that no
//! channel holds up an incident; it tries again, makes one digest of many, and takes the steps of the escalation. The
//! parts: [`settings`] (channels, contact points, quiet hours, the policy), [`channel`] (the protocols) and [`link`]
//! (answers without signing in).

pub mod api;
pub mod channel;
pub mod link;
pub mod page;
pub mod settings;
mod store;
pub mod worker;

use domain::notify::{DeliveryState, Matter};
use domain::{Actor, ChannelId, IncidentId, NotificationId, Permission, Severity, UserId};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::identity::{need, scope};

pub use worker::Notifier;

/// How many messages a page of the log has.
const SHOWN: i64 = 100;

/// What somebody is to be told.
#[derive(Debug, Clone)]
pub struct Notice {
    pub matter: Matter,
    pub severity: Severity,
    pub incident: IncidentId,
    /// The record that asks: what settles it settles the message.
    pub record: String,
    /// What tells this asking from an earlier one of the same record.
    pub round: i64,
    pub title: String,
    pub body: String,
}

/// A message to one person, or to a team's channel.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Notification {
    #[schema(value_type = String, example = "NTF-1")]
    pub id: NotificationId,
    #[schema(value_type = String, example = "muster")]
    pub matter: Matter,
    #[schema(value_type = String, example = "critical")]
    pub severity: Severity,
    #[schema(value_type = Option<String>, example = "INC-1")]
    pub incident: Option<IncidentId>,
    /// The record that it is about.
    #[schema(example = "MUS-1")]
    pub record: String,
    pub title: String,
    pub body: String,
    #[schema(value_type = Option<String>, example = "USR-3")]
    pub person: Option<UserId>,
    /// The first message of the escalation that this one is a step of.
    #[schema(value_type = Option<String>, example = "NTF-1")]
    pub root: Option<NotificationId>,
    /// How many steps of the escalation were taken.
    pub step: i64,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub acknowledged_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, example = "USR-3")]
    pub acknowledged_by: Option<UserId>,
    /// Why nothing more is to be done, where nobody acknowledged it.
    pub settled: Option<String>,
}

impl Notification {
    pub const fn is_open(&self) -> bool {
        self.acknowledged_at.is_none() && self.settled.is_none()
    }
}

/// A message on its way to one address.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Delivery {
    pub id: i64,
    #[schema(value_type = String, example = "NTF-1")]
    pub notification: NotificationId,
    #[schema(value_type = String, example = "CHN-1")]
    pub channel: ChannelId,
    /// The channel's name.
    pub by: String,
    pub address: String,
    #[schema(value_type = String, example = "sent")]
    pub state: DeliveryState,
    pub attempts: i64,
    #[schema(value_type = String, format = DateTime)]
    pub due_at: Timestamp,
    /// What the other side said last.
    pub answer: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

/// A message with all its deliveries.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Logged {
    #[serde(flatten)]
    pub notification: Notification,
    pub deliveries: Vec<Delivery>,
}

/// Stores what people are to be told, and by which ways. The same is told to nobody twice.
pub async fn raise(change: &mut Change<'_>, notice: &Notice, to: &[UserId]) -> Result<()> {
    for person in to {
        let key = format!("{}/{}/{person}", notice.record, notice.round);
        let policy = store::policy_in(change.tx).await?;
        let next_at = if notice.matter.escalates() { policy.due(change.at, 0) } else { None };
        if let Some(id) = store::insert(change, notice, &key, Some(*person), None, next_at).await? {
            committed(change, id, "notification.raise").await?;
            address(change, id, notice, *person).await?;
        }
    }
    Ok(())
}

/// Gives a message its deliveries: one for each of the person's contact points that takes such a matter.
async fn address(change: &mut Change<'_>, id: NotificationId, notice: &Notice, person: UserId) -> Result<()> {
    let quiet = store::quiet_in(change.tx, person).await?;
    let due = match quiet {
        Some(quiet) => quiet.hours()?.release(change.at, notice.severity),
        None => change.at,
    };
    for point in store::points_in(change.tx, person).await? {
        if point.takes(notice.matter) {
            store::insert_delivery(change, id, point.channel, &point.address, due).await?;
        }
    }
    Ok(())
}

/// What a record asked is answered: nothing more is sent about it, and nobody else is told.
pub async fn settle(change: &mut Change<'_>, record: &str, why: &str) -> Result<()> {
    for id in store::open_of_record(change.tx, record).await? {
        store::close(change, id, None, Some(why)).await?;
        store::drop_waiting(change, id).await?;
        committed(change, id, "notification.settle").await?;
    }
    Ok(())
}

/// Says that one has seen a message; the escalation ends, for all whom it told.
pub async fn acknowledge(app: &App, actor: &Actor, id: NotificationId) -> Result<Notification> {
    let me = actor.user().ok_or(Error::Forbidden("only a person acknowledges"))?;
    let actor = actor.clone();
    app.change(&actor.clone(), move |change| {
        Box::pin(async move {
            let found = store::one_in(change.tx, id).await?;
            let mut one = found.ok_or(Error::NotFound("notification"))?;
            if !may_see(change, &actor, &one).await? {
                return Err(Error::NotFound("notification"));
            }
            if one.is_open() {
                let root = one.root.unwrap_or(one.id);
                for id in store::family_in(change.tx, root).await? {
                    store::close(change, id, Some(me), None).await?;
                    store::drop_waiting(change, id).await?;
                    committed(change, id, "notification.acknowledge").await?;
                }
                one = store::one_in(change.tx, id).await?.ok_or(Error::NotFound("notification"))?;
            }
            Ok(one)
        })
    })
    .await
}

/// One's own messages are one's own; others' are for whoever manages incidents and may know of this one.
async fn may_see(change: &mut Change<'_>, actor: &Actor, one: &Notification) -> Result<bool> {
    let seen = match one.incident {
        Some(incident) => scope::sees_in(change, actor, incident.get()).await?,
        None => true,
    };
    Ok(seen && (one.person == actor.user() || actor.may(Permission::CommandIncident)))
}

/// The newest messages: one's own, and for whoever manages incidents everybody's.
pub async fn list(app: &App, actor: &Actor) -> Result<Vec<Logged>> {
    need(actor, Permission::ReadIncident, "reading incidents")?;
    let only = if actor.may(Permission::CommandIncident) { None } else { actor.user() };
    let notifications = store::list(&app.db, scope::account(actor), only, SHOWN).await?;
    let mut deliveries = store::deliveries_of(&app.db, &notifications).await?;
    let take = |id, deliveries: &mut Vec<Delivery>| {
        let (mine, rest): (Vec<_>, Vec<_>) = std::mem::take(deliveries)
            .into_iter()
            .partition(|delivery: &Delivery| delivery.notification == id);
        *deliveries = rest;
        mine
    };
    Ok(notifications
        .into_iter()
        .map(|notification| Logged { deliveries: take(notification.id, &mut deliveries), notification })
        .collect())
}

/// Tries what failed once more, at once.
pub async fn retry(app: &App, actor: &Actor, id: NotificationId) -> Result<()> {
    let actor = actor.clone();
    app.change(&actor.clone(), move |change| {
        Box::pin(async move {
            let one = store::one_in(change.tx, id).await?.ok_or(Error::NotFound("notification"))?;
            if !may_see(change, &actor, &one).await? {
                return Err(Error::NotFound("notification"));
            }
            if store::retry(change, id).await? == 0 {
                return Err(Error::Conflict("Nothing of this message failed.".to_owned()));
            }
            committed(change, id, "notification.retry").await
        })
    })
    .await
}

/// Commits a message as it stands to the ledger.
async fn committed(change: &mut Change<'_>, id: NotificationId, act: &str) -> Result<()> {
    let one = store::one_in(change.tx, id).await?.ok_or(Error::NotFound("notification"))?;
    let scope = one.incident.map(IncidentId::get);
    change.record(&id.to_string(), act, &one, scope).await?;
    change.tell("notifications", &id.to_string(), scope).await
}

//! Sends what is stored. One loop looks for channels that have something to send and for messages whose next step is
//! due; each channel is a task of its own, so that one which hangs holds up neither another nor any change. An attempt
//! is stored before it is made and closed with what the other side said.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use aws_lc_rs::hmac;
use domain::notify::{DeliveryState, Target, is_storm, retry_after};
use domain::{Actor, ChannelId, NotificationId, UserId};
use platform::sealed::Key;
use platform::secrets;
use sha2::{Digest, Sha256};

use super::channel::{self, Letter, Told};
use super::{Notice, Notification, committed, link, store};
use crate::app::App;
use crate::error::{Error, Result};
use crate::plan;

/// How often the loop looks.
const EVERY: Duration = Duration::from_millis(500);
/// How long a channel rests after it failed, so that many messages do not wear it out.
const REST: Duration = Duration::from_secs(3);
/// The file in the data folder with the key that seals channels' secrets and signs links.
const KEY_FILE: &str = "notify.key";

/// What the server holds for its messages beside the database.
pub struct Notifier {
    pub(super) key: Key,
    pub(super) links: hmac::Key,
    /// Where people reach this server, without a slash at the end.
    pub(super) base: OnceLock<String>,
    busy: Mutex<BTreeSet<ChannelId>>,
}

impl Notifier {
    /// Reads the key, making it the first time.
    pub fn open(data: &Path) -> Result<Self> {
        let path = data.join(KEY_FILE);
        let key = match std::fs::read_to_string(&path) {
            Ok(text) => {
                hex::decode(text.trim()).ok().and_then(|bytes| Key::from_bytes(&bytes)).ok_or_else(|| {
                    Error::Damaged(format!("{} holds no key of 64 hexadecimal digits", path.display()))
                })?
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let key = Key::generate()?;
                secrets::write_private(&path, hex::encode(key.as_bytes()).as_bytes())?;
                key
            }
            Err(error) => return Err(error.into()),
        };
        let of_links =
            Sha256::new_with_prefix(b"watchbell notify: links").chain_update(key.as_bytes()).finalize();
        let links = hmac::Key::new(hmac::HMAC_SHA256, &of_links);
        Ok(Notifier { key, links, base: OnceLock::new(), busy: Mutex::default() })
    }

    /// Says under which address people reach this server; the first word counts.
    pub fn reached_at(&self, base: &str) {
        self.base.set(base.trim_end_matches('/').to_owned()).ok();
    }

    fn take(&self, channel: ChannelId) -> bool {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner).insert(channel)
    }

    fn give_back(&self, channel: ChannelId) {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&channel);
    }
}

/// Something to be sent now.
pub struct Due {
    pub delivery: i64,
    pub address: String,
    pub attempts: i64,
    /// Only members may know of its incident.
    pub hidden: bool,
    pub notification: Notification,
}

/// Sends and escalates for as long as the server runs.
pub async fn watch(app: App) {
    let swept = app
        .change(&Actor::Watchbell, |change| Box::pin(async move { store::interrupted(change).await }))
        .await;
    if let Err(error) = swept {
        tracing::error!(%error, "messages that were under way could not be taken up again");
    }
    loop {
        if let Err(error) = round(&app).await {
            tracing::error!(%error, "messages cannot be looked for; trying again");
        }
        tokio::time::sleep(EVERY).await;
    }
}

async fn round(app: &App) -> Result<()> {
    escalate(app).await?;
    for channel in store::busy_channels(&app.db, app.clock.now()).await? {
        if app.notifier.take(channel) {
            let app = app.clone();
            tokio::spawn(async move {
                match send_all(&app, channel).await {
                    Ok(true) => {}
                    Ok(false) => tokio::time::sleep(REST).await,
                    Err(error) => {
                        tracing::error!(%error, %channel, "what came of a message could not be stored");
                        tokio::time::sleep(REST).await;
                    }
                }
                app.notifier.give_back(channel);
            });
        }
    }
    Ok(())
}

/// Sends what waits for a channel, address by address; `false` once something failed.
async fn send_all(app: &App, id: ChannelId) -> Result<bool> {
    let known = store::channels(&app.db).await?.into_iter().find(|channel| channel.id == id);
    let channel = known.ok_or(Error::NotFound("channel"))?;
    let mut due = store::due(&app.db, id, app.clock.now()).await?.into_iter().peekable();
    while let Some(first) = due.next() {
        let address = first.address.clone();
        let mut group = vec![first];
        while let Some(next) = due.next_if(|next| next.address == address) {
            group.push(next);
        }
        let parts: Vec<Vec<Due>> = if is_storm(group.len()) {
            vec![group]
        } else {
            group.into_iter().map(|one| vec![one]).collect()
        };
        for part in parts {
            if !send(app, &channel, part).await? {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Sends one message, or one digest of many: intent, attempt, outcome.
async fn send(app: &App, channel: &super::settings::Channel, part: Vec<Due>) -> Result<bool> {
    let begun = app
        .change(&Actor::Watchbell, move |change| {
            Box::pin(async move {
                let mut begun = Vec::new();
                for due in part {
                    if store::begin(change, due.delivery).await? {
                        begun.push(due);
                    }
                }
                Ok(begun)
            })
        })
        .await?;
    let Some(letter) = letter(app, &begun) else { return Ok(true) };
    let told = if channel.active {
        channel::transmit(app, channel, &letter).await
    } else {
        Told::refused("The channel is switched off.")
    };
    let sent = told.sent;
    app.change(&Actor::Watchbell, move |change| {
        Box::pin(async move {
            for due in begun {
                let wait = retry_after(due.attempts + 1).filter(|_| told.again);
                let (state, at) = match (told.sent, wait) {
                    (true, _) => (DeliveryState::Sent, change.at),
                    (false, Some(wait)) => (DeliveryState::Waiting, change.at + wait),
                    (false, None) => (DeliveryState::Failed, change.at),
                };
                store::end(change, due.delivery, state, at, &told.answer).await?;
                let scope = due.notification.incident.map(domain::IncidentId::get);
                change.tell("notifications", &due.notification.id.to_string(), scope).await?;
            }
            Ok(())
        })
    })
    .await?;
    Ok(sent)
}

/// What is written to one address. Of an incident that only members may know of nothing is said, and no link leads to it.
fn letter(app: &App, parts: &[Due]) -> Option<Letter> {
    let worst = parts.iter().max_by_key(|due| due.notification.severity)?;
    let first = parts.first()?;
    let subject = |due: &Due| {
        if due.hidden {
            "You are needed: sign in to Watchbell".to_owned()
        } else {
            due.notification.title.clone()
        }
    };
    let base = app.notifier.base.get().map(String::as_str).unwrap_or_default();
    let (subject, text, link) = if parts.len() > 1 {
        let lines: Vec<String> = parts.iter().map(|due| format!("- {}", subject(due))).collect();
        let text =
            format!("{} messages at once:\n\n{}\n\nSign in to answer them.", parts.len(), lines.join("\n"));
        let open = parts.iter().all(|due| !due.hidden);
        (
            format!("Watchbell: {} messages for you", parts.len()),
            text,
            open.then(|| format!("{base}/notifications")),
        )
    } else if first.hidden {
        (subject(first), "Something waits for your answer. Sign in to see what.".to_owned(), None)
    } else {
        let link = first.notification.person.and_then(|_| link::to(app, first.notification.id));
        (subject(first), first.notification.body.clone(), link)
    };
    Some(Letter {
        key: format!("{}-{}", first.notification.id, first.delivery),
        subject,
        text,
        link,
        severity: worst.notification.severity,
        at: first.notification.created_at,
        now: app.clock.now(),
        to: first.address.clone(),
    })
}

/// Takes the steps that are due.
async fn escalate(app: &App) -> Result<()> {
    for id in store::to_escalate(&app.db, app.clock.now()).await? {
        app.change(&Actor::Watchbell, move |change| Box::pin(async move { step(change, id).await })).await?;
    }
    Ok(())
}

async fn step(change: &mut crate::change::Change<'_>, id: NotificationId) -> Result<()> {
    let Some(root) = store::one_in(change.tx, id).await?.filter(Notification::is_open) else {
        return store::stepped(change, id, 0, None).await;
    };
    // It may have been taken between the look and the change.
    if root.next_at.is_none_or(|due| due > change.at) {
        return Ok(());
    }
    let policy = store::policy_in(change.tx).await?;
    let place = usize::try_from(root.step).unwrap_or(usize::MAX);
    if let Some(step) = policy.steps.get(place) {
        tell_next(change, &root, &step.to).await?;
    }
    let next = policy.due(root.created_at, place.saturating_add(1));
    store::stepped(change, id, root.step + 1, next).await?;
    committed(change, id, "notification.escalate").await
}

/// Tells those whom a step names, as far as they may know of the incident.
async fn tell_next(change: &mut crate::change::Change<'_>, root: &Notification, to: &Target) -> Result<()> {
    let Some(incident) = root.incident else { return Ok(()) };
    let minutes = change.at.duration_since(root.created_at).as_mins();
    let notice = Notice {
        matter: root.matter,
        severity: root.severity,
        incident,
        record: root.record.clone(),
        round: root.id.get(),
        title: format!("Unanswered for {minutes} min: {}", root.title),
        body: root.body.clone(),
    };
    let key = |whom: &str| format!("{}/step-{}/{whom}", root.id, root.step);
    let people: Vec<UserId> = match to {
        Target::Person(person) => vec![*person],
        Target::Role(role) => plan::holders_in(change, role).await?,
        Target::Channel(id) => {
            let channel = store::channel_in(change.tx, *id).await?;
            if let Some(channel) = channel.filter(|channel| channel.active) {
                let made =
                    store::insert(change, &notice, &key(&id.to_string()), None, Some(root.id), None).await?;
                if let Some(made) = made {
                    committed(change, made, "notification.raise").await?;
                    store::insert_delivery(change, made, channel.id, "", change.at).await?;
                }
            }
            Vec::new()
        }
    };
    for person in people {
        if !crate::identity::scope::account_sees_in(change, person, incident.get()).await? {
            continue;
        }
        let made =
            store::insert(change, &notice, &key(&person.to_string()), Some(person), Some(root.id), None)
                .await?;
        if let Some(made) = made {
            committed(change, made, "notification.raise").await?;
            super::address(change, made, &notice, person).await?;
        }
    }
    Ok(())
}

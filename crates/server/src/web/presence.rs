//! Who has an incident open just now. It is kept in memory alone: who looked when is nobody's record.
//! Somebody is here while their page's live stream is open and says so again; a page that is closed is
//! gone after a few seconds, a machine that fell asleep after a minute.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::{Actor, IncidentId, Role, UserId};
use jiff::{SignedDuration, Timestamp};
use platform::outbox::Signal;
use serde::Serialize;
use tokio::sync::broadcast;
use utoipa::ToSchema;

/// Whoever goes from one page to the next is not gone.
const GRACE: Duration = Duration::from_secs(4);
/// Whose page says nothing for so long is gone, even if the connection seems to stand.
const LEASE: SignedDuration = SignedDuration::from_secs(60);
/// The longest name of a page that is taken from outside, in characters.
const LONGEST_PAGE: usize = 30;

pub struct Presence {
    here: Mutex<BTreeMap<(IncidentId, UserId), Here>>,
    grace: Duration,
}

impl Default for Presence {
    fn default() -> Self {
        Presence { here: Mutex::default(), grace: GRACE }
    }
}

struct Here {
    name: String,
    role: Role,
    page: String,
    streams: usize,
    since: Timestamp,
    renewed: Timestamp,
}

/// Somebody who has an incident open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Present {
    #[schema(value_type = String, example = "USR-3")]
    pub person: UserId,
    pub name: String,
    #[schema(value_type = String, example = "responder")]
    pub role: Role,
    /// The part of the incident that they look at.
    #[schema(example = "Timeline")]
    pub page: String,
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
}

/// The topic on which people hear that somebody came or went.
pub fn topic(incident: IncidentId) -> String {
    format!("here-{}", incident.get())
}

/// The incident that a page follows, from its topics.
pub fn followed(topics: &[String]) -> Option<IncidentId> {
    let number = topics.iter().find_map(|topic| topic.strip_prefix("here-"))?;
    IncidentId::try_from(number.parse::<i64>().ok()?).ok()
}

/// Somebody's stream. They leave when it is dropped, unless another one of theirs is open.
pub struct Stream {
    presence: Arc<Presence>,
    key: (IncidentId, UserId),
    signals: broadcast::Sender<Signal>,
}

impl Presence {
    /// Somebody opens an incident's page. Who comes in by nobody's account is nobody.
    pub fn enter(
        self: &Arc<Self>,
        incident: IncidentId,
        actor: &Actor,
        page: &str,
        now: Timestamp,
        signals: &broadcast::Sender<Signal>,
    ) -> Option<Stream> {
        let Actor::User { user, name, role, .. } = actor else { return None };
        let key = (incident, *user);
        let page: String = page.chars().filter(|c| !c.is_control()).take(LONGEST_PAGE).collect();
        {
            let mut here = self.here.lock().unwrap_or_else(PoisonError::into_inner);
            let one = here.entry(key).or_insert_with(|| Here {
                name: name.to_string(),
                role: *role,
                page: String::new(),
                streams: 0,
                since: now,
                renewed: now,
            });
            if now.duration_since(one.renewed) > LEASE {
                one.since = now;
            }
            (one.page, one.renewed) = (page, now);
            one.streams += 1;
        }
        tell(signals, incident);
        Some(Stream { presence: Arc::clone(self), key, signals: signals.clone() })
    }

    /// Somebody who is here says so again.
    pub fn renew(&self, incident: IncidentId, actor: &Actor, now: Timestamp) {
        let Some(user) = actor.user() else { return };
        let mut here = self.here.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(one) = here.get_mut(&(incident, user)) {
            one.renewed = now;
        }
    }

    /// Who is here, the first to come first.
    pub fn list(&self, incident: IncidentId, now: Timestamp) -> Vec<Present> {
        let here = self.here.lock().unwrap_or_else(PoisonError::into_inner);
        let mut present: Vec<Present> = here
            .iter()
            .filter(|((of, _), one)| *of == incident && now.duration_since(one.renewed) <= LEASE)
            .map(|((_, person), one)| Present {
                person: *person,
                name: one.name.clone(),
                role: one.role,
                page: one.page.clone(),
                since: one.since,
            })
            .collect();
        present.sort_by_key(|one| (one.since, one.person));
        present
    }

    /// Takes one stream away; true if it was the last.
    fn close(&self, key: &(IncidentId, UserId)) -> bool {
        let mut here = self.here.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(one) = here.get_mut(key) else { return false };
        one.streams = one.streams.saturating_sub(1);
        one.streams == 0
    }

    /// Takes somebody out who has not come back; true if they are gone.
    fn forget(&self, key: &(IncidentId, UserId)) -> bool {
        let mut here = self.here.lock().unwrap_or_else(PoisonError::into_inner);
        let gone = here.get(key).is_some_and(|one| one.streams == 0);
        if gone {
            here.remove(key);
        }
        gone
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if !self.presence.close(&self.key) {
            return;
        }
        let (presence, key, signals) = (Arc::clone(&self.presence), self.key, self.signals.clone());
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                tokio::time::sleep(presence.grace).await;
                if presence.forget(&key) {
                    tell(&signals, key.0);
                }
            });
        } else {
            presence.forget(&key);
        }
    }
}

fn tell(signals: &broadcast::Sender<Signal>, incident: IncidentId) {
    let signal =
        Signal { id: 0, topic: topic(incident), record: incident.to_string(), scope: Some(incident.get()) };
    // No listener is no fault: the page that opens next asks who is here.
    signals.send(signal).ok();
}

#[cfg(test)]
mod tests {
    use domain::access::Via;

    use super::*;

    fn actor(number: i64, name: &str) -> Actor {
        let user = UserId::try_from(number).unwrap();
        Actor::User { user, name: name.parse().unwrap(), role: Role::Responder, via: Via::Session }
    }

    #[tokio::test]
    async fn people_come_and_go() {
        let (signals, mut heard) = broadcast::channel(16);
        let presence = Arc::new(Presence { grace: Duration::ZERO, ..Presence::default() });
        let incident = IncidentId::try_from(7).unwrap();
        let now: Timestamp = "2026-11-24T03:00:00Z".parse().unwrap();
        let enter =
            |number, name, page| presence.enter(incident, &actor(number, name), page, now, &signals).unwrap();
        let rita = enter(3, "Rita", "Room");
        let max = enter(2, "Max", "Tasks");
        let again = enter(2, "Max", "Timeline");
        let pages = |now| presence.list(incident, now).into_iter().map(|one| one.page).collect::<Vec<_>>();
        assert_eq!(pages(now), ["Timeline", "Room"]);
        for _ in 0..3 {
            heard.recv().await.unwrap();
        }

        // One of two pages is closed; then the other, and another comes before anybody looks.
        drop(max);
        drop(again);
        let back = enter(2, "Max", "Tasks");
        heard.recv().await.unwrap();
        drop(rita);
        let left = heard.recv().await.unwrap();
        assert_eq!((left.topic.as_str(), left.scope), ("here-7", Some(7)));
        assert_eq!(pages(now), ["Tasks"]);

        // Whoever says nothing is gone, and here again once they do.
        let later = now + LEASE + SignedDuration::from_secs(1);
        assert!(pages(later).is_empty());
        presence.renew(incident, &actor(2, "Max"), later);
        assert_eq!(pages(later), ["Tasks"]);
        drop(back);
        heard.recv().await.unwrap();
        assert!(pages(later).is_empty());
    }

    #[test]
    fn the_incident_is_read_from_the_topics() {
        let topics = |topics: &[&str]| topics.iter().map(|topic| (*topic).to_owned()).collect::<Vec<_>>();
        assert_eq!(followed(&topics(&["alerts", "here-7"])), IncidentId::try_from(7).ok());
        assert_eq!(followed(&topics(&["here-x", "incident-7"])), None);
    }
}

//! When somebody was last in an incident's room, so that the room can show what is new to them. It is
//! nobody's record: no leaf, no line on the timeline.

use domain::{Actor, IncidentId};
use jiff::{SignedDuration, Timestamp};

use super::{chat, keep, read, store};
use crate::app::App;
use crate::error::Result;

/// Who was away for longer comes anew.
const AWAY: SignedDuration = SignedDuration::from_mins(10);
/// How exactly it is kept when somebody was here last.
const STEP: SignedDuration = SignedDuration::from_mins(1);

/// Somebody's visit: since when and until when they were here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visit {
    /// What is younger is new to them; nothing on the first visit.
    pub since: Option<Timestamp>,
    pub last: Timestamp,
}

impl Visit {
    /// The visit as it is now that they are here again; itself if there is nothing to write down.
    fn at(self, now: Timestamp) -> Self {
        let away = now.duration_since(self.last);
        if away > AWAY {
            Visit { since: Some(self.last), last: now }
        } else if away > STEP {
            Visit { last: now, ..self }
        } else {
            self
        }
    }
}

/// Notes that the actor is in the room, and that they saw what names them there. Gives since when what
/// is there is new to them.
pub async fn come(app: &App, actor: &Actor, incident: IncidentId) -> Result<Option<Timestamp>> {
    read::get(app, actor, incident).await?;
    let Some(person) = actor.user() else { return Ok(None) };
    let now = app.clock.now();
    let known = store::visit::of(&app.db, incident, person).await?;
    let visit = known.map_or(Visit { since: None, last: now }, |visit| visit.at(now));
    let named = chat::unseen_in(app, incident, person).await?;
    if known == Some(visit) && !named {
        return Ok(visit.since);
    }
    app.change(actor, move |change| {
        Box::pin(async move {
            store::visit::set(change, incident, person, visit).await?;
            if named {
                chat::see(change, incident, person).await?;
            }
            Ok(())
        })
    })
    .await?;
    Ok(visit.since)
}

/// All that is there is old to the actor from now on.
pub async fn all_seen(app: &App, actor: &Actor, incident: IncidentId) -> Result<()> {
    let who = actor.clone();
    app.change(actor, move |change| {
        Box::pin(async move {
            keep::seen(change, &who, incident).await?;
            if let Some(person) = who.user() {
                let visit = Visit { since: Some(change.at), last: change.at };
                store::visit::set(change, incident, person, visit).await?;
            }
            Ok(())
        })
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_new_stays_new_while_somebody_is_here() {
        let at = |time: &str| format!("2026-11-24T{time}Z").parse::<Timestamp>().unwrap();
        let first = Visit { since: None, last: at("01:00:00") };
        assert_eq!(first.at(at("01:00:30")), first);
        let still = first.at(at("01:05:00"));
        assert_eq!(still, Visit { since: None, last: at("01:05:00") });
        let back = still.at(at("03:00:00"));
        assert_eq!(back, Visit { since: Some(at("01:05:00")), last: at("03:00:00") });
        assert_eq!(back.at(at("03:09:00")).since, back.since);
    }
}

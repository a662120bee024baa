//! Live pages: a stream of server-sent events that says what changed, never what it now says. The
//! page asks again for what it shows, with its own rights.

use std::convert::Infallible;

use axum::extract::State;
use axum::http::{HeaderMap, Method};
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use domain::{Actor, Permission};
use futures_util::future::ready;
use futures_util::{Stream, StreamExt};
use platform::outbox::Signal;
use serde::Deserialize;
use tokio_stream::wrappers::BroadcastStream;

use super::extract::{Query, Who};
use super::{gate, presence};
use crate::app::App;
use crate::identity::scope;

#[derive(Deserialize)]
pub struct Topics {
    /// Comma-separated.
    topics: String,
    /// The part of an incident that is looked at, for others there to see.
    #[serde(default)]
    here: String,
}

/// `GET /live?topics=alerts,incidents`: an event `change` for each change, its data the topic.
pub async fn live(
    State(app): State<App>,
    Who(actor): Who,
    headers: HeaderMap,
    Query(Topics { topics, here }): Query<Topics>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let wanted: Vec<String> = topics.split(',').map(str::to_owned).collect();
    let signals = BroadcastStream::new(app.signals.subscribe());
    let presence = enter(&app, &actor, &wanted, &here).await;
    let events = signals.then(move |signal| {
        let (app, headers, wanted) = (app.clone(), headers.clone(), wanted.clone());
        async move {
            match signal {
                Ok(signal) if wanted.contains(&signal.topic) => told(&app, &headers, signal).await,
                Ok(_) => Some(Vec::new()),
                // The listener was too slow and missed some: let it look at everything anew.
                Err(_) => Some(wanted),
            }
        }
    });
    let events = events.take_while(|topics| ready(topics.is_some())).filter_map(ready);
    let events = events.flat_map(futures_util::stream::iter).map(move |topic| {
        // Whoever listens is here for as long as the stream lives.
        let _ = &presence;
        Ok(Event::default().event("change").data(topic))
    });
    Sse::new(events).keep_alive(KeepAlive::default())
}

/// Notes that somebody has an incident open, if they may see it.
async fn enter(app: &App, actor: &Actor, topics: &[String], here: &str) -> Option<presence::Stream> {
    let incident = presence::followed(topics)?;
    let may =
        actor.may(Permission::ReadIncident) && scope::sees(app, actor, incident.get()).await.unwrap_or(false);
    may.then(|| app.presence.enter(incident, actor, here, app.clock.now(), &app.signals)).flatten()
}

/// What a listener is told of a signal: its topic, or nothing. `None` ends the stream: whoever listened
/// has signed out since, or their account or key is no longer good.
async fn told(app: &App, headers: &HeaderMap, signal: Signal) -> Option<Vec<String>> {
    let actor = gate::who(app, &Method::GET, "/live", headers).await.ok().flatten()?;
    Some(if hears(app, &actor, &signal).await { vec![signal.topic] } else { Vec::new() })
}

/// What happens in an incident under need-to-know is heard by its members alone.
async fn hears(app: &App, actor: &Actor, signal: &Signal) -> bool {
    match signal.scope {
        Some(incident) => scope::sees(app, actor, incident).await.unwrap_or(false),
        None => true,
    }
}

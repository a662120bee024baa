//! Live pages: a stream of server-sent events that says what changed, never what it now says. The
//! page asks again for what it shows, with its own rights.

use std::convert::Infallible;

use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use domain::Actor;
use futures_util::{Stream, StreamExt};
use platform::outbox::Signal;
use serde::Deserialize;
use tokio_stream::wrappers::BroadcastStream;

use super::extract::{Query, Who};
use crate::app::App;
use crate::identity::scope;

#[derive(Deserialize)]
pub struct Topics {
    /// Comma-separated.
    topics: String,
}

/// `GET /live?topics=alerts,incidents`: an event `change` for each change, its data the topic.
pub async fn live(
    State(app): State<App>,
    Who(actor): Who,
    Query(Topics { topics }): Query<Topics>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let wanted: Vec<String> = topics.split(',').map(str::to_owned).collect();
    let signals = BroadcastStream::new(app.signals.subscribe());
    let events = signals.then(move |signal| {
        let (app, actor, wanted) = (app.clone(), actor.clone(), wanted.clone());
        async move {
            match signal {
                Ok(signal) if wanted.contains(&signal.topic) && hears(&app, &actor, &signal).await => {
                    vec![signal.topic]
                }
                Ok(_) => Vec::new(),
                // The listener was too slow and missed some: let it look at everything anew.
                Err(_) => wanted,
            }
        }
    });
    let events = events
        .flat_map(futures_util::stream::iter)
        .map(|topic| Ok(Event::default().event("change").data(topic)));
    Sse::new(events).keep_alive(KeepAlive::default())
}

/// What happens in an incident under need-to-know is heard by its members alone.
async fn hears(app: &App, actor: &Actor, signal: &Signal) -> bool {
    match signal.scope {
        Some(incident) => scope::sees(app, actor, incident).await.unwrap_or(false),
        None => true,
    }
}

//! Splunk's HTTP Event Collector at its own addresses. A sourcetype is the name of a stream. An answer
//! comes after the commit, so there is nothing left to acknowledge later: indexer acknowledgement is
//! off, as Splunk says it.

use axum::Router;
use axum::extract::{DefaultBodyLimit, Query, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use bytes::Bytes;
use domain::{Actor, SourceKind};
use serde::Deserialize;
use serde_json::Value;

use super::hec::{self, Beside, Event, Refusal, Word};
use super::tongue::{json_answer, splunk_word};
use super::{body, by_stream, send_in};
use crate::app::App;
use crate::error::{Error, Result};
use crate::web::extract::Who;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/services/collector", post(events))
        .route("/services/collector/event", post(events))
        .route("/services/collector/event/1.0", post(events))
        .route("/services/collector/raw", post(raw))
        .route("/services/collector/raw/1.0", post(raw))
        .route("/services/collector/ack", post(ack))
        .route("/services/collector/health", get(health))
        .route("/services/collector/health/1.0", get(health))
        .layer(DefaultBodyLimit::disable())
}

/// What may stand in the address. `channel` and others that steer Splunk's own parsing are let be.
#[derive(Deserialize)]
struct Asked {
    token: Option<String>,
    time: Option<String>,
    host: Option<String>,
    source: Option<String>,
    sourcetype: Option<String>,
    index: Option<String>,
}

type Read = fn(&[u8], &Beside) -> std::result::Result<Vec<Event>, Refusal>;

async fn events(
    State(app): State<App>,
    Who(actor): Who,
    Query(asked): Query<Asked>,
    request: Request,
) -> Result<Response> {
    take(&app, &actor, asked, request, hec::events).await
}

async fn raw(
    State(app): State<App>,
    Who(actor): Who,
    Query(asked): Query<Asked>,
    request: Request,
) -> Result<Response> {
    take(&app, &actor, asked, request, hec::raw).await
}

async fn ack() -> Response {
    splunk_word(Word::AckDisabled)
}

async fn health() -> Response {
    splunk_word(Word::Healthy)
}

async fn take(app: &App, actor: &Actor, asked: Asked, request: Request, read: Read) -> Result<Response> {
    if asked.token.is_some() {
        return Ok(splunk_word(Word::QueryToken));
    }
    let all = Beside {
        time: asked.time.map(Value::String),
        host: asked.host,
        source: asked.source,
        sourcetype: asked.sourcetype,
        index: asked.index,
    };
    let body: Bytes = body::read(request).await?;
    let read = tokio::task::spawn_blocking(move || read(&body, &all));
    let events = match read.await.map_err(|error| std::io::Error::other(error.to_string()))? {
        Ok(events) => events,
        Err(refusal) => return Ok(refuse(refusal)),
    };
    let records = events.into_iter().enumerate();
    let records =
        records.map(|(n, event)| (n, event.sourcetype.unwrap_or_else(|| "default".to_owned()), event.record));
    for ((name, _), stream) in by_stream(records) {
        match send_in(app, actor, SourceKind::SplunkHec, &name, &stream).await {
            Ok(_) => {}
            Err(Error::Invalid(_)) => {
                let event = stream.first().map(|(place, _)| *place);
                return Ok(refuse(Refusal { word: Word::InvalidFormat, event }));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(splunk_word(Word::Success))
}

fn refuse(refusal: Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.word.told().0).unwrap_or(StatusCode::BAD_REQUEST);
    json_answer(status, &refusal.body())
}

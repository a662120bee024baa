//! OTLP/HTTP at `/v1/logs`. A service's name is the name of a stream.

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use domain::SourceKind;
use serde_json::json;

use super::tongue::json_answer;
use super::{body, by_stream, otlp, send_in};
use crate::app::App;
use crate::error::{Error, Result};
use crate::web::extract::Who;

pub fn routes() -> Router<App> {
    Router::new().route("/v1/logs", post(logs)).layer(DefaultBodyLimit::disable())
}

async fn logs(State(app): State<App>, Who(actor): Who, request: Request) -> Result<Response> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or_default().to_ascii_lowercase();
    let is_json = kind.starts_with("application/json");
    if !is_json && !kind.starts_with("application/x-protobuf") {
        return Err(Error::Invalid(
            "Send OTLP logs as application/x-protobuf or as application/json.".to_owned(),
        ));
    }
    let body = body::read(request).await?;
    let read = tokio::task::spawn_blocking(move || {
        if is_json { otlp::from_json(&body) } else { otlp::from_protobuf(&body) }
    });
    let read = read.await.map_err(|error| std::io::Error::other(error.to_string()))?;
    let logs = read.map_err(|refusal| match refusal {
        otlp::Refusal::TooMany => Error::TooLarge(refusal.to_string()),
        otlp::Refusal::Unreadable(_) => Error::Invalid(refusal.to_string()),
    })?;
    let records = logs.into_iter().enumerate();
    let records =
        records.map(|(n, log)| (n, log.service.unwrap_or_else(|| "unknown_service".to_owned()), log.record));
    let (mut refused, mut why) = (0usize, String::new());
    for ((name, _), stream) in by_stream(records) {
        match send_in(&app, &actor, SourceKind::Otlp, &name, &stream).await {
            Ok(receipt) => {
                refused = refused.saturating_add(usize::try_from(receipt.refused).unwrap_or(0));
            }
            Err(Error::Invalid(reason)) => {
                refused = refused.saturating_add(stream.len());
                why = reason;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(answer(is_json, refused, why))
}

/// `ExportLogsServiceResponse`, with a partial success where records were refused.
fn answer(is_json: bool, refused: usize, why: String) -> Response {
    let why = if refused > 0 && why.is_empty() { "some records cannot be read".to_owned() } else { why };
    if !is_json {
        let body = otlp::response(i64::try_from(refused).unwrap_or(i64::MAX), why);
        return ([(header::CONTENT_TYPE, "application/x-protobuf")], body).into_response();
    }
    let body = if refused == 0 {
        json!({})
    } else {
        json!({ "partialSuccess": { "rejectedLogRecords": refused.to_string(), "errorMessage": why } })
    };
    json_answer(StatusCode::OK, &body)
}

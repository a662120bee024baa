//! Errors in the words of whoever asks. Services and the gate answer with problem documents; on the
//! addresses of a foreign protocol they become what that protocol's clients read, so that a client
//! knows whether to send again, to send less, or to give up.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use prost::Message;
use serde::Deserialize;
use serde_json::{Value, json};

use super::hec::Word;
use super::otlp;

/// The largest problem document that is read back; ours are a few hundred bytes.
const LARGEST: usize = 64 << 10;

/// The protocol that is spoken at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    Elastic,
    Splunk,
    Otlp,
    TheHive,
    Iris,
}

impl Dialect {
    pub fn of(path: &str) -> Option<Self> {
        let under = |prefix: &str| {
            path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if under("/elastic") {
            Some(Dialect::Elastic)
        } else if under("/services/collector") {
            Some(Dialect::Splunk)
        } else if path == "/v1/logs" {
            Some(Dialect::Otlp)
        } else if under("/thehive") || path == "/api/alert" {
            Some(Dialect::TheHive)
        } else if under("/iris") {
            Some(Dialect::Iris)
        } else {
            None
        }
    }

    /// Whether the request brought credentials, and its type, decide some answers.
    fn error(self, status: StatusCode, detail: &str, asked: &Asked) -> Response {
        match self {
            Dialect::Elastic => elastic(status, detail),
            Dialect::Splunk => splunk(status, asked),
            Dialect::Otlp => otlp(status, detail, asked),
            Dialect::TheHive => thehive(status, detail),
            Dialect::Iris => iris(status, detail),
        }
    }
}

struct Asked {
    has_credentials: bool,
    is_json: bool,
}

#[derive(Deserialize)]
struct Told {
    detail: String,
}

/// Turns problem documents into the dialect's own errors.
pub async fn translate(request: Request, next: Next) -> Response {
    let Some(dialect) = Dialect::of(request.uri().path()) else { return next.run(request).await };
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let asked = Asked {
        has_credentials: request.headers().contains_key(header::AUTHORIZATION),
        is_json: kind.is_some_and(|kind| kind.starts_with("application/json")),
    };
    let response = next.run(request).await;
    let is_problem =
        response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/problem+json");
    if !is_problem {
        return response;
    }
    let status = response.status();
    let body = to_bytes(response.into_body(), LARGEST).await.unwrap_or_default();
    let detail = serde_json::from_slice(&body).map(|told: Told| told.detail).unwrap_or_default();
    dialect.error(status, &detail, &asked)
}

/// An error of Elasticsearch.
pub fn elastic_error(status: StatusCode, kind: &str, reason: &str) -> Response {
    let cause = json!({ "type": kind, "reason": reason });
    let body = json!({
        "error": { "root_cause": [cause], "type": kind, "reason": reason },
        "status": status.as_u16(),
    });
    let mut response = json_answer(status, &body);
    response.headers_mut().insert("x-elastic-product", HeaderValue::from_static("Elasticsearch"));
    if status == StatusCode::UNAUTHORIZED {
        // Clients built on curl send a password only once they are asked for it.
        let challenge = HeaderValue::from_static("Basic realm=\"watchbell\", charset=\"UTF-8\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

fn elastic(status: StatusCode, detail: &str) -> Response {
    let (status, kind) = match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => (status, "security_exception"),
        StatusCode::NOT_FOUND => (status, "resource_not_found_exception"),
        StatusCode::PAYLOAD_TOO_LARGE => (status, "content_too_long_exception"),
        StatusCode::TOO_MANY_REQUESTS => (status, "es_rejected_execution_exception"),
        status if status.is_server_error() => (StatusCode::SERVICE_UNAVAILABLE, "unavailable_exception"),
        _ => (StatusCode::BAD_REQUEST, "illegal_argument_exception"),
    };
    elastic_error(status, kind, detail)
}

fn splunk(status: StatusCode, asked: &Asked) -> Response {
    let word = match status {
        StatusCode::UNAUTHORIZED if asked.has_credentials => Word::InvalidToken,
        StatusCode::UNAUTHORIZED => Word::TokenRequired,
        StatusCode::FORBIDDEN => Word::TokenDisabled,
        StatusCode::PAYLOAD_TOO_LARGE => Word::TooLarge,
        StatusCode::NOT_FOUND => {
            let body = json!({ "text": "The requested URL was not found on this server.", "code": 404 });
            return json_answer(status, &body);
        }
        StatusCode::TOO_MANY_REQUESTS => Word::Busy,
        status if status.is_server_error() => Word::ServerError,
        _ => Word::InvalidFormat,
    };
    splunk_word(word)
}

pub fn splunk_word(word: Word) -> Response {
    let (status, code, text) = word.told();
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    json_answer(status, &json!({ "text": text, "code": code }))
}

/// An OTLP client sends again after 429, 502, 503 and 504 and gives up after everything else, so what
/// failed on our side must be 503 (OTLP 1.x, "Failures").
fn otlp(status: StatusCode, detail: &str, asked: &Asked) -> Response {
    let status = match status {
        StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
        status if status.is_server_error() => StatusCode::SERVICE_UNAVAILABLE,
        status => status,
    };
    // google.rpc.Code
    let code = match status {
        StatusCode::UNAUTHORIZED => 16,
        StatusCode::FORBIDDEN => 7,
        StatusCode::NOT_FOUND => 5,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::PAYLOAD_TOO_LARGE => 8,
        StatusCode::SERVICE_UNAVAILABLE => 14,
        _ => 3,
    };
    if asked.is_json {
        return json_answer(status, &json!({ "code": code, "message": detail }));
    }
    let body = otlp::Status { code, message: detail.to_owned() }.encode_to_vec();
    (status, [(header::CONTENT_TYPE, "application/x-protobuf")], Body::from(body)).into_response()
}

fn thehive(status: StatusCode, detail: &str) -> Response {
    let (status, kind) = match status {
        StatusCode::UNAUTHORIZED => (status, "AuthenticationError"),
        StatusCode::FORBIDDEN => (status, "AuthorizationError"),
        StatusCode::NOT_FOUND => (status, "NotFoundError"),
        StatusCode::CONFLICT => (StatusCode::BAD_REQUEST, "CreateError"),
        StatusCode::UNPROCESSABLE_ENTITY => (StatusCode::BAD_REQUEST, "BadRequest"),
        status if status.is_server_error() => (status, "InternalError"),
        status => (status, "BadRequest"),
    };
    json_answer(status, &json!({ "type": kind, "message": detail }))
}

fn iris(status: StatusCode, detail: &str) -> Response {
    let status = match status {
        StatusCode::UNPROCESSABLE_ENTITY | StatusCode::CONFLICT => StatusCode::BAD_REQUEST,
        status => status,
    };
    json_answer(status, &json!({ "status": "error", "message": detail, "data": {} }))
}

pub fn json_answer(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

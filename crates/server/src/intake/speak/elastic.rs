//! Elasticsearch under `/elastic`: `_bulk`, and what shippers ask before they send. An index is the
//! name of a stream. Templates and policies are answered as being there, so that shippers do not try
//! to make any: Watchbell has nothing that they would steer.

use std::time::Instant;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::{get, post};
use bytes::Bytes;
use domain::{Actor, SourceKind};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::bulk::{self, Fault, Item, Verb};
use super::tongue::{elastic_error, json_answer};
use super::{body, by_stream, send_in};
use crate::app::App;
use crate::error::{Error, Result};
use crate::web::extract::Who;

/// What clients are told to speak to. Their own checks ask for a version 8 or so.
const VERSION: &str = "8.19.0";

pub fn routes() -> Router<App> {
    Router::new()
        .route("/elastic", get(root))
        .route("/elastic/", get(root))
        .route("/elastic/_license", get(license))
        .route("/elastic/_xpack", get(xpack))
        .route("/elastic/_cluster/health", get(health))
        .route("/elastic/_cat/health", get(cat_health))
        .route("/elastic/_index_template/{name}", get(template))
        .route("/elastic/_template/{name}", get(template))
        .route("/elastic/_ilm/policy/{name}", get(template))
        .route("/elastic/_ingest/pipeline/{name}", get(template))
        .route("/elastic/_bulk", post(bulk_to_any).put(bulk_to_any))
        .route("/elastic/{index}/_bulk", post(bulk_to_one).put(bulk_to_one))
        .route("/elastic/{index}/_doc", post(document))
        .layer(DefaultBodyLimit::disable())
        .layer(map_response(with_product))
}

/// Clients since 7.14 speak only to what says that it is Elasticsearch.
async fn with_product(mut response: Response) -> Response {
    response.headers_mut().insert("x-elastic-product", HeaderValue::from_static("Elasticsearch"));
    response
}

async fn root() -> Response {
    ok(&json!({
        "name": "watchbell",
        "cluster_name": "watchbell",
        "cluster_uuid": "watchbell",
        "version": {
            "number": VERSION,
            "build_flavor": "default",
            "build_type": "docker",
            "build_hash": "unknown",
            "build_date": "2025-01-01T00:00:00.000Z",
            "build_snapshot": false,
            "lucene_version": "9.12.0",
            "minimum_wire_compatibility_version": "7.17.0",
            "minimum_index_compatibility_version": "7.0.0",
        },
        "tagline": "You Know, for Search",
    }))
}

async fn license() -> Response {
    ok(&json!({ "license": {
        "status": "active", "uid": "watchbell", "type": "basic", "issued_to": "watchbell", "issuer": "watchbell",
    } }))
}

async fn xpack() -> Response {
    let off = json!({ "available": false, "enabled": false });
    ok(&json!({
        "license": { "uid": "watchbell", "type": "basic", "mode": "basic", "status": "active" },
        "features": { "ilm": off, "security": { "available": true, "enabled": true } },
    }))
}

async fn health() -> Response {
    ok(&json!({
        "cluster_name": "watchbell", "status": "green", "timed_out": false,
        "number_of_nodes": 1, "number_of_data_nodes": 1,
    }))
}

async fn cat_health(State(app): State<App>) -> String {
    let now = app.clock.now();
    format!("{} {} watchbell green 1 1 0 0 0 0 0 0 - 100.0%\n", now.as_second(), now.strftime("%H:%M:%S"))
}

async fn template(Path(name): Path<String>) -> Response {
    let there = json!({ "name": name, "index_template": { "index_patterns": [], "data_stream": {} } });
    ok(&json!({ "index_templates": [there] }))
}

async fn bulk_to_any(State(app): State<App>, Who(actor): Who, request: Request) -> Result<Response> {
    take_bulk(&app, &actor, None, request).await
}

async fn bulk_to_one(
    State(app): State<App>,
    Who(actor): Who,
    Path(index): Path<String>,
    request: Request,
) -> Result<Response> {
    take_bulk(&app, &actor, Some(index), request).await
}

async fn take_bulk(app: &App, actor: &Actor, index: Option<String>, request: Request) -> Result<Response> {
    let began = Instant::now();
    let body = body::read(request).await?;
    let parsing = body.clone();
    let parsed = tokio::task::spawn_blocking(move || bulk::parse(&parsing, index.as_deref()));
    let mut items = match parsed.await.map_err(|error| std::io::Error::other(error.to_string()))? {
        Ok(items) => items,
        Err(refusal) => {
            let (status, kind) = match refusal {
                bulk::Refusal::TooMany => (StatusCode::PAYLOAD_TOO_LARGE, "content_too_long_exception"),
                bulk::Refusal::Empty => (StatusCode::BAD_REQUEST, "parse_exception"),
                _ => (StatusCode::BAD_REQUEST, "illegal_argument_exception"),
            };
            return Ok(elastic_error(status, kind, &refusal.to_string()));
        }
    };
    keep(app, actor, &mut items).await?;
    let names = names(&body);
    let answers: Vec<Value> =
        items.iter().enumerate().map(|(place, item)| bulk::answer(item, &names(place))).collect();
    Ok(ok(&json!({
        "took": u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        "errors": items.iter().any(|item| item.fault.is_some()),
        "items": answers,
    })))
}

/// One document a request, as `omelasticsearch` sends without `bulkmode`.
async fn document(
    State(app): State<App>,
    Who(actor): Who,
    Path(index): Path<String>,
    request: Request,
) -> Result<Response> {
    let document = body::read(request).await?;
    let mut items = vec![bulk::one(&index, &document)];
    keep(&app, &actor, &mut items).await?;
    let [item] = items.as_slice() else { return Err(Error::NotFound("document")) };
    if let Some(fault) = &item.fault {
        return Ok(elastic_error(StatusCode::BAD_REQUEST, fault.kind, &fault.reason));
    }
    let answer = bulk::answer(item, &names(&document)(0));
    Ok(json_answer(StatusCode::CREATED, answer.get(Verb::Index.as_str()).unwrap_or(&Value::Null)))
}

/// Takes in the documents that are sound, stream by stream. A stream of which nothing can be read makes
/// its items refused; a failure on our side refuses the request, which clients then send again.
async fn keep(app: &App, actor: &Actor, items: &mut [Item]) -> Result<()> {
    let sound = items.iter().enumerate().filter(|(_, item)| item.fault.is_none());
    let records = sound.filter_map(|(place, item)| {
        Some((place, bulk::source_of(&item.index).to_owned(), item.document.clone()?))
    });
    for ((name, _), stream) in by_stream(records.collect::<Vec<_>>()) {
        match send_in(app, actor, SourceKind::ElasticBulk, &name, &stream).await {
            Ok(_) => {}
            Err(Error::Invalid(reason)) => {
                for (place, _) in &stream {
                    if let Some(item) = items.get_mut(*place) {
                        item.fault =
                            Some(Fault { kind: "document_parsing_exception", reason: reason.clone() });
                    }
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Names for documents that brought none: the same body sent again gives the same names.
fn names(body: &Bytes) -> impl Fn(usize) -> String + use<> {
    let digest = hex::encode(Sha256::digest(body));
    move |place| format!("{}-{place}", digest.get(..16).unwrap_or_default())
}

fn ok(body: &Value) -> Response {
    json_answer(StatusCode::OK, body)
}

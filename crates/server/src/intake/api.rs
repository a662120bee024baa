//! The intake over HTTP.

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use bytes::Bytes;
use domain::SourceKind;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Batch, BatchReceipt, Receipt, batch, count_alerts, page_of, take_batch, upload};
use crate::app::App;
use crate::error::{Error, Problem, Result};
use crate::source;
use crate::web::extract::{Path, Query, Who};

pub fn routes() -> OpenApiRouter<App> {
    // The intake has a limit of its own and never holds a body in memory.
    OpenApiRouter::new()
        .routes(routes!(intake))
        .layer(DefaultBodyLimit::disable())
        .merge(OpenApiRouter::new().routes(routes!(events)).layer(DefaultBodyLimit::max(batch::LARGEST)))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Named {
    /// The file's name, where the body is the file itself.
    #[param(example = "security.evtx")]
    name: Option<String>,
}

/// What came of a request: of each file, and in sum.
#[derive(Serialize, ToSchema)]
pub struct IntakeAnswer {
    deliveries: Vec<Receipt>,
    events: i64,
    refused: i64,
    detections: i64,
    /// How many different alerts the events belong to.
    alerts: usize,
    /// The page that shows it.
    #[schema(example = "/intake/INT-1")]
    href: String,
}

impl IntakeAnswer {
    pub fn of(deliveries: Vec<Receipt>) -> Self {
        let sum = |of: fn(&Receipt) -> i64| deliveries.iter().map(of).sum();
        IntakeAnswer {
            events: sum(|receipt| receipt.delivery.events),
            refused: sum(|receipt| receipt.delivery.refused),
            detections: sum(|receipt| receipt.delivery.detections),
            alerts: count_alerts(&deliveries),
            href: match deliveries.as_slice() {
                [one] => page_of(one.delivery.id),
                _ => "/intake".to_owned(),
            },
            deliveries,
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Sent {
    /// The records' format; told by the source or by the bytes if left out.
    #[param(example = "syslog")]
    format: Option<String>,
    /// How the source reaches us, noted when it is new; `http` if left out.
    #[param(value_type = Option<String>, example = "http")]
    kind: Option<SourceKind>,
}

/// Takes in a batch of a source, which is made when it is new. Answers when the batch is stored and
/// shown to the rules. A batch that was sent with the same `Idempotency-Key` in the last day is answered
/// as it was then; without one, whatever is sent is stored.
#[utoipa::path(post, path = "/api/v1/sources/{name}/events", tag = "source",
    params(("name" = String, Path, example = "firewall"), Sent,
        ("Idempotency-Key" = Option<String>, Header)),
    request_body(content(
        (String = "application/octet-stream")
    )),
    responses(
        (status = 201, description = "Stored.", body = BatchReceipt),
        (status = 200, description = "It was here already.", body = BatchReceipt),
        (status = 409, description = "The source is retired.", body = Problem),
        (status = 413, body = Problem),
        (status = 422, body = Problem),
        (status = 503, description = "Not now: send it again later.", body = Problem),
    ))]
async fn events(
    State(app): State<App>,
    Who(actor): Who,
    Path(name): Path<String>,
    Query(sent): Query<Sent>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, axum::Json<BatchReceipt>)> {
    let format = sent.format.map(|name| name.parse()).transpose();
    let format = format.map_err(|error: telemetry::Error| Error::Invalid(format!("{error}.")))?;
    let key = headers.get("idempotency-key").map(|key| key.to_str().map(str::to_owned)).transpose();
    let key = key.map_err(|_| Error::Invalid("`Idempotency-Key` is not ASCII text.".to_owned()))?;
    let kind = sent.kind.unwrap_or(SourceKind::Http);
    let source = source::ensure(&app, &actor, kind, &name).await?;
    let batch = Batch { source: source.id, format, body, records: Vec::new(), key };
    let receipt = take_batch(&app, &actor, batch).await?;
    let status = if receipt.again { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, axum::Json(receipt)))
}

/// Takes in telemetry: files in a form (parts called `file`), or one file as the body with its name in
/// `name`. Answers when every event is stored and shown to the rules.
#[utoipa::path(post, path = "/api/v1/intake", tag = "intake", params(Named),
    request_body(content(
        (String = "multipart/form-data"),
        (String = "application/octet-stream")
    )),
    responses(
        (status = 201, description = "Taken in.", body = IntakeAnswer),
        (status = 200, description = "All of it was here already.", body = IntakeAnswer),
        (status = 413, body = Problem),
        (status = 422, description = "A file of which no record can be read. Nothing of it is stored.", body = Problem),
    ))]
async fn intake(
    State(app): State<App>,
    Who(actor): Who,
    Query(Named { name }): Query<Named>,
    request: Request,
) -> Result<(StatusCode, axum::Json<IntakeAnswer>)> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let receipts = if kind.is_some_and(|kind| kind.starts_with("multipart/form-data")) {
        let form = upload::read_form(&app, request).await?;
        upload::take_form(&app, &actor, form).await?
    } else {
        let name = name.ok_or_else(|| {
            Error::Invalid("Name the file: POST /api/v1/intake?name=FILE, or send a form.".to_owned())
        })?;
        vec![upload::take_body(&app, &actor, &name, request.into_body()).await?]
    };
    let again = receipts.iter().all(|receipt| receipt.again);
    let status = if again { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, axum::Json(IntakeAnswer::of(receipts))))
}

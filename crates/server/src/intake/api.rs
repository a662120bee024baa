//! The intake over HTTP.

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Receipt, count_alerts, page_of, upload};
use crate::app::App;
use crate::error::{Error, Problem, Result};
use crate::web::extract::{Query, Who};

pub fn routes() -> OpenApiRouter<App> {
    // The intake has a limit of its own and never holds a body in memory.
    OpenApiRouter::new().routes(routes!(intake)).layer(DefaultBodyLimit::disable())
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

//! Webhooks over HTTP: what is sent to them, what their records mean, and trying that.

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::StatusCode;
use domain::{SourceId, SourceKind};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::trial::{self, Trial};
use crate::app::App;
use crate::error::{Error, Problem, Result};
use crate::intake::speak::body;
use crate::intake::{Batch, BatchReceipt, take_batch};
use crate::source::mapping::{self, Version};
use crate::source::{self};
use crate::web::extract::{Json as Body, Path, Who};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(get, put))
        .routes(routes!(try_out))
        .merge(OpenApiRouter::new().routes(routes!(send)).layer(DefaultBodyLimit::disable()))
}

/// Takes in what a webhook brings: any JSON, plain or packed. The webhook is made when it is new; until a
/// mapping is saved on its page, its records are read as those of any source. Answers when all is stored
/// and shown to the rules; what does not fit the mapping is in the quarantine.
#[utoipa::path(post, path = "/api/v1/webhooks/{name}", tag = "source",
    params(("name" = String, Path, example = "door-system"), ("Idempotency-Key" = Option<String>, Header)),
    request_body(content((String = "application/json"))),
    responses(
        (status = 201, description = "Stored.", body = BatchReceipt),
        (status = 200, description = "It was here already.", body = BatchReceipt),
        (status = 409, description = "The name is another kind of source's, or the webhook is retired.", body = Problem),
        (status = 413, body = Problem),
        (status = 422, body = Problem),
        (status = 503, description = "Not now: send it again later.", body = Problem),
    ))]
async fn send(
    State(app): State<App>,
    Who(actor): Who,
    Path(name): Path<String>,
    request: Request,
) -> Result<(StatusCode, axum::Json<BatchReceipt>)> {
    let key = request.headers().get("idempotency-key").map(|key| key.to_str().map(str::to_owned)).transpose();
    let key = key.map_err(|_| Error::Invalid("`Idempotency-Key` is not ASCII text.".to_owned()))?;
    let body = body::read(request).await?;
    if body.is_empty() {
        return Err(Error::Invalid("The body is empty. Send JSON.".to_owned()));
    }
    let source = source::ensure(&app, &actor, SourceKind::Webhook, &name).await?;
    if source.kind != SourceKind::Webhook {
        return Err(Error::Conflict(format!(
            "{name} is the name of another source, which is no webhook ({}). Choose another name.",
            source.kind.label()
        )));
    }
    let batch = Batch { source: source.id, format: None, body, records: Vec::new(), key };
    let receipt = take_batch(&app, &actor, batch).await?;
    let status = if receipt.again { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, axum::Json(receipt)))
}

/// The mapping of a webhook that is in force.
#[utoipa::path(get, path = "/api/v1/sources/{id}/mapping", tag = "source",
    params(("id" = String, Path, example = "SRC-1")),
    responses((status = 200, body = Version), (status = 404, body = Problem)))]
async fn get(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<SourceId>,
) -> Result<axum::Json<Version>> {
    let version = mapping::newest(&app, &actor, id).await?;
    version.map(axum::Json).ok_or(Error::NotFound("mapping"))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewMapping {
    /// YAML, in the language of docs/formats.md.
    #[schema(example = "product: doors\nfields:\n  User: badge.holder\n")]
    text: String,
}

/// Puts a mapping in force for a webhook, as its next version.
#[utoipa::path(put, path = "/api/v1/sources/{id}/mapping", tag = "source", request_body = NewMapping,
    params(("id" = String, Path, example = "SRC-1")),
    responses((status = 200, body = Version), (status = 404, body = Problem),
        (status = 409, description = "The source is no webhook.", body = Problem),
        (status = 422, description = "It cannot be used; the line and the reason.", body = Problem)))]
async fn put(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<SourceId>,
    Body(new): Body<NewMapping>,
) -> Result<axum::Json<Version>> {
    Ok(axum::Json(mapping::save(&app, &actor, id, &new.text).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TrialOf {
    /// The mapping to try, as YAML.
    text: String,
    /// A body as it would be sent.
    body: String,
}

/// Tries a mapping on a body: the events, the rules that fire, the alerts. Nothing is stored.
#[utoipa::path(post, path = "/api/v1/sources/{id}/mapping/try", tag = "source", request_body = TrialOf,
    params(("id" = String, Path, example = "SRC-1")),
    responses((status = 200, body = Trial), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn try_out(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<SourceId>,
    Body(of): Body<TrialOf>,
) -> Result<axum::Json<Trial>> {
    Ok(axum::Json(trial::try_out(&app, &actor, id, &of.text, &of.body).await?))
}

//! The room over HTTP: who is here, what is said, and what names the caller.

use axum::extract::State;
use axum::http::StatusCode;
use domain::timeline::EntryKind;
use domain::{ChatLineId, IncidentId};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::chat::{self, ChatLine, JustSaid, Keep, Mention};
use super::super::read;
use crate::app::App;
use crate::error::{Problem, Result};
use crate::web::extract::{Json, Path, Query, Who};
use crate::web::paging::{Page, PageQuery};
use crate::web::presence::Present;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(here))
        .routes(routes!(lines, say))
        .routes(routes!(keep_entry))
        .routes(routes!(keep_decision))
        .routes(routes!(keep_task))
        .routes(routes!(mentions))
}

/// Something said in the room.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SayInput {
    /// `/entry`, `/task` or `/decision … because …` before it keeps it as that at once; `@name` tells
    /// somebody.
    #[schema(example = "/decision Cut FS-01 off because it spreads")]
    pub text: String,
}

/// As what kind of entry a line is kept.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeepEntryInput {
    /// `note` if left out.
    #[schema(value_type = Option<String>, example = "action")]
    pub kind: Option<EntryKind>,
}

/// Why it was decided so.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeepDecisionInput {
    #[schema(example = "Encryption goes on")]
    pub reason: String,
}

/// Lists who has the incident open in a browser just now.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/here", tag = "incident", params(("id" = String, Path, example = "INC-1")),
    responses((status = 200, body = [Present]), (status = 404, body = Problem)))]
async fn here(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
) -> Result<axum::Json<Vec<Present>>> {
    read::get(&app, &actor, id).await?;
    Ok(axum::Json(app.presence.list(id, app.clock.now())))
}

/// Lists what was said in the room, the latest first.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/chat", tag = "incident", params(("id" = String, Path, example = "INC-1"), PageQuery),
    responses((status = 200, body = Page<ChatLine>), (status = 404, body = Problem)))]
async fn lines(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Query(page): Query<PageQuery>,
) -> Result<axum::Json<Page<ChatLine>>> {
    Ok(axum::Json(chat::lines(&app, &actor, id, &page).await?))
}

/// Says something in the room.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/chat", tag = "incident", params(("id" = String, Path, example = "INC-1")),
    request_body = SayInput, responses((status = 201, body = JustSaid), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn say(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Json(input): Json<SayInput>,
) -> Result<(StatusCode, axum::Json<JustSaid>)> {
    Ok((StatusCode::CREATED, axum::Json(chat::say(&app, &actor, id, &input.text).await?)))
}

/// Keeps a line of the chat as an entry on the timeline, with who said it and when.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/chat/{line}/entry", tag = "incident",
    params(("id" = String, Path, example = "INC-1"), ("line" = String, Path, example = "CHT-1")),
    request_body = KeepEntryInput, responses((status = 200, body = ChatLine), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn keep_entry(
    State(app): State<App>,
    Who(actor): Who,
    Path((id, line)): Path<(IncidentId, ChatLineId)>,
    Json(input): Json<KeepEntryInput>,
) -> Result<axum::Json<ChatLine>> {
    let keep = Keep::Entry { kind: input.kind.unwrap_or(EntryKind::Note) };
    Ok(axum::Json(chat::keep(&app, &actor, id, line, keep).await?))
}

/// Keeps a line of the chat as a decision of whoever said it.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/chat/{line}/decision", tag = "incident",
    params(("id" = String, Path, example = "INC-1"), ("line" = String, Path, example = "CHT-1")),
    request_body = KeepDecisionInput, responses((status = 200, body = ChatLine), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn keep_decision(
    State(app): State<App>,
    Who(actor): Who,
    Path((id, line)): Path<(IncidentId, ChatLineId)>,
    Json(input): Json<KeepDecisionInput>,
) -> Result<axum::Json<ChatLine>> {
    let keep = Keep::Decision { reason: input.reason };
    Ok(axum::Json(chat::keep(&app, &actor, id, line, keep).await?))
}

/// Keeps a line of the chat as a task of the present phase.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/chat/{line}/task", tag = "incident",
    params(("id" = String, Path, example = "INC-1"), ("line" = String, Path, example = "CHT-1")),
    responses((status = 200, body = ChatLine), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn keep_task(
    State(app): State<App>,
    Who(actor): Who,
    Path((id, line)): Path<(IncidentId, ChatLineId)>,
) -> Result<axum::Json<ChatLine>> {
    Ok(axum::Json(chat::keep(&app, &actor, id, line, Keep::Task).await?))
}

/// Lists the lines of all rooms that name the caller, the latest first.
#[utoipa::path(get, path = "/api/v1/mentions", tag = "incident", params(PageQuery),
    responses((status = 200, body = Page<Mention>)))]
async fn mentions(
    State(app): State<App>,
    Who(actor): Who,
    Query(page): Query<PageQuery>,
) -> Result<axum::Json<Page<Mention>>> {
    Ok(axum::Json(chat::mentions(&app, &actor, &page).await?))
}

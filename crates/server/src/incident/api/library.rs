//! The library of tasks over HTTP.

use axum::extract::State;
use axum::http::StatusCode;
use domain::plan::RoleKey;
use domain::{IncidentId, Period, Phase, SavedTaskId, TaskId};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::Task;
use super::super::library::{self, NewSaved, Offer, Saved, Sought};
use super::inputs::word;
use crate::app::App;
use crate::error::{Problem, Result};
use crate::web::extract::{Json, Path, Query, Who};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(find, write))
        .routes(routes!(remove))
        .routes(routes!(add))
        .routes(routes!(save))
}

#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct LibraryQuery {
    /// Words that all stand in the title, the text, the role or the group.
    #[param(example = "mailbox rules")]
    pub q: Option<String>,
    #[param(example = "containment")]
    pub phase: Option<String>,
    #[param(example = "technical_lead")]
    pub role: Option<String>,
}

impl LibraryQuery {
    pub fn sought(self) -> Result<Sought> {
        crate::web::paging::check_sought(self.q.as_deref())?;
        Ok(Sought {
            phase: word::<Phase>(self.phase.as_deref())?,
            role: word::<RoleKey>(self.role.as_deref())?,
            text: self.q,
        })
    }
}

/// Finds tasks in the library, one's own first.
#[utoipa::path(get, path = "/api/v1/task-library", tag = "incident", params(LibraryQuery),
    responses((status = 200, body = Vec<Offer>), (status = 422, body = Problem)))]
async fn find(
    State(app): State<App>,
    Who(actor): Who,
    Query(query): Query<LibraryQuery>,
) -> Result<axum::Json<Vec<Offer>>> {
    Ok(axum::Json(library::find(&app, &actor, &query.sought()?).await?))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedInput {
    pub title: String,
    pub instructions: Option<String>,
    #[schema(value_type = Option<String>, example = "technical_lead")]
    pub role: Option<RoleKey>,
    #[schema(value_type = String, example = "containment")]
    pub phase: Phase,
    #[schema(value_type = Option<String>, example = "4h")]
    pub due_within: Option<Period>,
}

/// Writes a task for the library.
#[utoipa::path(post, path = "/api/v1/task-library", tag = "incident", request_body = SavedInput,
    responses((status = 201, body = Saved), (status = 422, body = Problem)))]
async fn write(
    State(app): State<App>,
    Who(actor): Who,
    Json(input): Json<SavedInput>,
) -> Result<(StatusCode, axum::Json<Saved>)> {
    let SavedInput { title, instructions, role, phase, due_within } = input;
    let new = NewSaved { title, instructions, role, phase, due_within };
    Ok((StatusCode::CREATED, axum::Json(library::write(&app, &actor, new).await?)))
}

/// Takes a saved task out of the library. Tasks that were made from it stay.
#[utoipa::path(delete, path = "/api/v1/task-library/{id}", tag = "incident", params(("id" = String, Path, example = "LIB-1")),
    responses((status = 200, body = Saved), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn remove(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<SavedTaskId>,
) -> Result<axum::Json<Saved>> {
    Ok(axum::Json(library::remove(&app, &actor, id).await?))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddInput {
    /// Names of tasks in the library.
    #[schema(example = json!(["purge_message", "LIB-1"]))]
    pub tasks: Vec<String>,
}

/// Adds tasks of the library to an incident.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/tasks/library", tag = "incident", params(("id" = String, Path, example = "INC-1")),
    request_body = AddInput, responses((status = 201, body = Vec<Task>), (status = 404, body = Problem), (status = 409, body = Problem),
    (status = 422, body = Problem)))]
async fn add(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Json(input): Json<AddInput>,
) -> Result<(StatusCode, axum::Json<Vec<Task>>)> {
    Ok((StatusCode::CREATED, axum::Json(library::add(&app, &actor, id, &input.tasks).await?)))
}

/// Saves a task of an incident for others to use.
#[utoipa::path(post, path = "/api/v1/tasks/{id}/save", tag = "incident", params(("id" = String, Path, example = "TSK-1")),
    responses((status = 201, body = Saved), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn save(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<TaskId>,
) -> Result<(StatusCode, axum::Json<Saved>)> {
    Ok((StatusCode::CREATED, axum::Json(library::save(&app, &actor, id).await?)))
}

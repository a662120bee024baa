//! Notifications over HTTP.

use axum::extract::State;
use domain::NotificationId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Logged, Notification};
use crate::app::App;
use crate::error::{Problem, Result};
use crate::web::extract::{Path, Who};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(acknowledge))
}

/// Lists the newest messages, each with where it went and what was answered: one's own, and for incident managers
/// everybody's.
#[utoipa::path(get, path = "/api/v1/notifications", tag = "notification",
    responses((status = 200, body = Vec<Logged>)))]
async fn list(State(app): State<App>, Who(actor): Who) -> Result<axum::Json<Vec<Logged>>> {
    Ok(axum::Json(super::list(&app, &actor).await?))
}

/// Acknowledges a message; its escalation ends.
#[utoipa::path(post, path = "/api/v1/notifications/{id}/acknowledge", tag = "notification",
    params(("id" = String, Path, example = "NTF-1")),
    responses((status = 200, body = Notification), (status = 404, body = Problem)))]
async fn acknowledge(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<NotificationId>,
) -> Result<axum::Json<Notification>> {
    Ok(axum::Json(super::acknowledge(&app, &actor, id).await?))
}

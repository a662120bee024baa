//! Incidents over HTTP. This file: the incident itself. What belongs to one: [`parts`] (tasks, entries,
//! decisions, observables, assets), [`response`] (muster, approvals, clocks), [`library`] (reusable tasks),
//! [`room`] (who is here, what is said); how two are to each other: [`kin`]. What is sent as JSON is read
//! from forms by the same types.

mod custom;
mod impact;
pub mod inputs;
mod kin;
pub mod library;
mod parts;
mod response;
mod room;
mod seen;

use axum::extract::State;
use axum::http::StatusCode;
use domain::{IncidentId, UserId};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::read::TechniqueCount;
use super::{Filter, IncidentView, Person, PhaseChange, command, declare as declaring, read};
use crate::app::App;
use crate::error::{Problem, Result};
use crate::web::extract::{Json, Path, Query, Who};
use crate::web::paging::Page;
use inputs::{
    AlertsInput, CloseInput, CommanderInput, DeclarationInput, EditInput, ListQuery, MemberInput, PhaseInput,
    ReopenInput, RestrictInput, SeverityInput, TypeInput,
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, declare_incident))
        .routes(routes!(get, edit))
        .routes(routes!(phases, move_phase))
        .routes(routes!(close))
        .routes(routes!(reopen))
        .routes(routes!(set_severity))
        .routes(routes!(set_type))
        .routes(routes!(set_commander))
        .routes(routes!(restrict))
        .routes(routes!(members, add_member))
        .routes(routes!(remove_member))
        .routes(routes!(take_in_alerts))
        .routes(routes!(techniques))
        .merge(parts::routes())
        .merge(kin::routes())
        .merge(seen::routes())
        .merge(room::routes())
        .merge(response::routes())
        .merge(library::routes())
        .merge(impact::routes())
        .merge(custom::routes())
}

/// Lists incidents, the newest first.
#[utoipa::path(get, path = "/api/v1/incidents", tag = "incident", params(ListQuery),
    responses((status = 200, body = Page<IncidentView>), (status = 422, body = Problem)))]
async fn list(
    State(app): State<App>,
    Who(actor): Who,
    Query(query): Query<ListQuery>,
) -> Result<axum::Json<Page<IncidentView>>> {
    let (filter, page): (Filter, _) = query.split()?;
    Ok(axum::Json(read::list(&app, &actor, filter, &page).await?))
}

/// Declares an incident from alerts, or from none.
#[utoipa::path(post, path = "/api/v1/incidents", tag = "incident", request_body = DeclarationInput,
    responses((status = 201, body = IncidentView), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn declare_incident(
    State(app): State<App>,
    Who(actor): Who,
    Json(input): Json<DeclarationInput>,
) -> Result<(StatusCode, axum::Json<IncidentView>)> {
    let view = super::declare(&app, &actor, input.into()).await?;
    Ok((StatusCode::CREATED, axum::Json(view)))
}

/// Gives an incident.
#[utoipa::path(get, path = "/api/v1/incidents/{id}", tag = "incident", params(("id" = String, Path, example = "INC-1")),
    responses((status = 200, body = IncidentView), (status = 404, body = Problem)))]
async fn get(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
) -> Result<axum::Json<IncidentView>> {
    Ok(axum::Json(read::get(&app, &actor, id).await?))
}

/// Changes title, summary or marking; what is left out stays.
#[utoipa::path(patch, path = "/api/v1/incidents/{id}", tag = "incident", params(("id" = String, Path, example = "INC-1")),
    request_body = EditInput, responses((status = 200, body = IncidentView), (status = 404, body = Problem)))]
async fn edit(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Json(input): Json<EditInput>,
) -> Result<axum::Json<IncidentView>> {
    command::edit(&app, &actor, id, input.into()).await?;
    Ok(axum::Json(read::get(&app, &actor, id).await?))
}

/// Lists the phases that an incident entered.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/phase", tag = "incident", params(("id" = String, Path, example = "INC-1")),
    responses((status = 200, body = [PhaseChange]), (status = 404, body = Problem)))]
async fn phases(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
) -> Result<axum::Json<Vec<PhaseChange>>> {
    Ok(axum::Json(read::phases(&app, &actor, id).await?))
}

/// Moves to another phase. Skipping one and going back need a reason.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/phase", tag = "incident", params(("id" = String, Path, example = "INC-1")),
    request_body = PhaseInput, responses((status = 200, body = IncidentView), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn move_phase(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Json(input): Json<PhaseInput>,
) -> Result<axum::Json<IncidentView>> {
    command::move_to(&app, &actor, id, input.phase, input.reason).await?;
    Ok(axum::Json(read::get(&app, &actor, id).await?))
}

/// Closes an incident with its outcome, root cause and lessons.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/close", tag = "incident", params(("id" = String, Path, example = "INC-1")),
    request_body = CloseInput, responses((status = 200, body = IncidentView), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn close(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Json(input): Json<CloseInput>,
) -> Result<axum::Json<IncidentView>> {
    command::close(&app, &actor, id, input.into()).await?;
    Ok(axum::Json(read::get(&app, &actor, id).await?))
}

/// Opens a closed incident again.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/reopen", tag = "incident", params(("id" = String, Path, example = "INC-1")),
    request_body = ReopenInput, responses((status = 200, body = IncidentView), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn reopen(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Json(input): Json<ReopenInput>,
) -> Result<axum::Json<IncidentView>> {
    command::reopen(&app, &actor, id, input.phase, &input.reason).await?;
    Ok(axum::Json(read::get(&app, &actor, id).await?))
}

/// Sets another severity, with a reason.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/severity", tag = "incident", params(("id" = String, Path, example = "INC-1")),
    request_body = SeverityInput, responses((status = 200, body = IncidentView), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn set_severity(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Json(input): Json<SeverityInput>,
) -> Result<axum::Json<IncidentView>> {
    let facts = input.facts()?;
    command::set_severity(&app, &actor, id, input.severity, facts, &input.reason).await?;
    Ok(axum::Json(read::get(&app, &actor, id).await?))
}

/// Sets another type, with a reason. Untouched steps of the former procedure fall away.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/type", tag = "incident", params(("id" = String, Path, example = "INC-1")),
    request_body = TypeInput, responses((status = 200, body = IncidentView), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn set_type(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Json(input): Json<TypeInput>,
) -> Result<axum::Json<IncidentView>> {
    command::set_type(&app, &actor, id, input.incident_type, &input.reason).await?;
    Ok(axum::Json(read::get(&app, &actor, id).await?))
}

/// Gives the command to somebody.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/commander", tag = "incident", params(("id" = String, Path, example = "INC-1")),
    request_body = CommanderInput, responses((status = 200, body = IncidentView), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn set_commander(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Json(input): Json<CommanderInput>,
) -> Result<axum::Json<IncidentView>> {
    command::assign_commander(&app, &actor, id, input.commander).await?;
    Ok(axum::Json(read::get(&app, &actor, id).await?))
}

/// Puts an incident under need-to-know, or lifts that.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/restrict", tag = "incident", params(("id" = String, Path, example = "INC-1")),
    request_body = RestrictInput, responses((status = 200, body = IncidentView), (status = 404, body = Problem)))]
async fn restrict(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Json(input): Json<RestrictInput>,
) -> Result<axum::Json<IncidentView>> {
    command::restrict(&app, &actor, id, input.restricted).await?;
    Ok(axum::Json(read::get(&app, &actor, id).await?))
}

/// Lists who belongs to an incident.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/members", tag = "incident", params(("id" = String, Path, example = "INC-1")),
    responses((status = 200, body = [Person]), (status = 404, body = Problem)))]
async fn members(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
) -> Result<axum::Json<Vec<Person>>> {
    Ok(axum::Json(read::members(&app, &actor, id).await?))
}

/// Adds somebody to an incident.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/members", tag = "incident", params(("id" = String, Path, example = "INC-1")),
    request_body = MemberInput, responses((status = 200, body = [Person]), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn add_member(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Json(input): Json<MemberInput>,
) -> Result<axum::Json<Vec<Person>>> {
    command::add_member(&app, &actor, id, input.member).await?;
    Ok(axum::Json(read::members(&app, &actor, id).await?))
}

/// Takes somebody out of an incident. The commander stays, and so does the last one.
#[utoipa::path(delete, path = "/api/v1/incidents/{id}/members/{user}", tag = "incident",
    params(("id" = String, Path, example = "INC-1"), ("user" = String, Path, example = "USR-3")),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn remove_member(
    State(app): State<App>,
    Who(actor): Who,
    Path((id, user)): Path<(IncidentId, UserId)>,
) -> Result<StatusCode> {
    command::remove_member(&app, &actor, id, user).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes further alerts into an open incident.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/alerts", tag = "incident", params(("id" = String, Path, example = "INC-1")),
    request_body = AlertsInput, responses((status = 200, body = IncidentView), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn take_in_alerts(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Json(input): Json<AlertsInput>,
) -> Result<axum::Json<IncidentView>> {
    Ok(axum::Json(declaring::add_alerts(&app, &actor, id, input.alerts).await?))
}

/// Lists the ATT&CK techniques on the timeline.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/techniques", tag = "incident", params(("id" = String, Path, example = "INC-1")),
    responses((status = 200, body = [TechniqueCount]), (status = 404, body = Problem)))]
async fn techniques(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
) -> Result<axum::Json<Vec<TechniqueCount>>> {
    Ok(axum::Json(read::techniques(&app, &actor, id).await?))
}

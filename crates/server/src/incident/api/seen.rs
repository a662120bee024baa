//! Values across incidents over HTTP: where they were seen, what is like an incident, what a text holds.

use axum::extract::State;
use axum::http::StatusCode;
use domain::IncidentId;
use domain::observable::Standing;
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::Observed;
use super::super::alike::{self, Alike};
use super::super::graph::{self, Asked, GraphView};
use super::super::paste::{self, NewObservables, Pasted};
use super::super::seen::{self, ValueDetail, ValueView};
use super::inputs::{ChosenInput, PasteInput, ValueQuery, ValuesQuery};
use crate::app::App;
use crate::error::{Problem, Result};
use crate::web::extract::{Json, Path, Query, Who};
use crate::web::paging::Page;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(values))
        .routes(routes!(value))
        .routes(routes!(similar))
        .routes(routes!(look))
        .routes(routes!(add_many))
        .routes(routes!(entities))
}

/// Lists the values of all incidents, those that were added last first.
#[utoipa::path(get, path = "/api/v1/observables", tag = "incident", params(ValuesQuery),
    responses((status = 200, body = Page<ValueView>), (status = 422, body = Problem)))]
async fn values(
    State(app): State<App>,
    Who(actor): Who,
    Query(query): Query<ValuesQuery>,
) -> Result<axum::Json<Page<ValueView>>> {
    let (sought, page) = query.split()?;
    Ok(axum::Json(seen::search(&app, &actor, sought, &page).await?))
}

/// Tells all that is known of one value: the incidents, alerts and evidence that hold it, its events and where they
/// came from.
#[utoipa::path(get, path = "/api/v1/observables/value", tag = "incident", params(ValueQuery),
    responses((status = 200, body = ValueDetail), (status = 404, body = Problem)))]
async fn value(
    State(app): State<App>,
    Who(actor): Who,
    Query(query): Query<ValueQuery>,
) -> Result<axum::Json<ValueDetail>> {
    Ok(axum::Json(seen::value(&app, &actor, &query.observable()?).await?))
}

/// Lists the incidents and alerts that are like this incident, with the reasons.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/similar", tag = "incident", params(("id" = String, Path, example = "INC-1")),
    responses((status = 200, body = Alike), (status = 404, body = Problem)))]
async fn similar(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
) -> Result<axum::Json<Alike>> {
    Ok(axum::Json(alike::of_incident(&app, &actor, id).await?))
}

/// What of a graph is asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct GraphQuery {
    /// Kinds of nodes with commas between; all if left out.
    #[param(example = "host,process")]
    kinds: Option<String>,
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
}

/// Gives the graph of an incident: hosts, accounts, addresses, processes, what they touched, alerts and evidence, with
/// their relations as the events on the timeline show them.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/graph", tag = "incident", params(("id" = String, Path, example = "INC-1"), GraphQuery),
    responses((status = 200, body = GraphView), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn entities(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Query(query): Query<GraphQuery>,
) -> Result<axum::Json<GraphView>> {
    let words = query.kinds.as_deref().unwrap_or_default();
    let kinds = words.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::parse);
    let kinds = kinds.collect::<domain::Result<_>>()?;
    let asked = Asked { kinds, from: query.from, until: query.until };
    Ok(axum::Json(graph::graph(&app, &actor, id, &asked).await?))
}

/// Looks for values in a text. Nothing is added.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/observables/look", tag = "incident", params(("id" = String, Path, example = "INC-1")),
    request_body = PasteInput, responses((status = 200, body = Pasted), (status = 404, body = Problem), (status = 413, body = Problem)))]
async fn look(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Json(input): Json<PasteInput>,
) -> Result<axum::Json<Pasted>> {
    Ok(axum::Json(paste::look(&app, &actor, id, &input.text).await?))
}

/// Adds several observables at once; those that the incident has already stay as they are.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/observables/chosen", tag = "incident", params(("id" = String, Path, example = "INC-1")),
    request_body = ChosenInput, responses((status = 201, body = [Observed]), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn add_many(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Json(input): Json<ChosenInput>,
) -> Result<(StatusCode, axum::Json<Vec<Observed>>)> {
    let ChosenInput { values, standing, tlp, tags } = input;
    let new = NewObservables { values, standing: standing.unwrap_or(Standing::Unknown), tlp, tags };
    Ok((StatusCode::CREATED, axum::Json(paste::add(&app, &actor, id, new).await?)))
}

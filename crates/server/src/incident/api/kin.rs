//! How incidents are to each other, over HTTP: links, merging and parting.

use axum::extract::State;
use axum::http::StatusCode;
use domain::kinship::{LinkKind, Membership};
use domain::{IncidentId, LinkId};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::kin::link::{self as linking, NewLink};
use super::super::kin::merge::{self as merging, NewMerge};
use super::super::kin::{self, Link, Merge, Relative};
use super::super::{IncidentView, read};
use crate::app::App;
use crate::error::{Problem, Result};
use crate::web::extract::{Json, Path, Who};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(links, link))
        .routes(routes!(end_link))
        .routes(routes!(merges))
        .routes(routes!(merge))
        .routes(routes!(unmerge))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LinkInput {
    /// What this incident is to the other: `related`, `duplicate_of`, `caused_by` or `child_of`.
    #[schema(value_type = String, example = "caused_by")]
    kind: LinkKind,
    #[schema(value_type = String, example = "INC-1")]
    other: IncidentId,
    /// Said from the other one's side: with `child_of` the other becomes a child of this one.
    #[serde(default)]
    reversed: bool,
    #[schema(example = "The stolen password was used here.")]
    reason: String,
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EndInput {
    reason: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MergeInput {
    /// The incident that is merged into this one.
    #[schema(value_type = String, example = "INC-4")]
    incident: IncidentId,
    #[schema(example = "The same intrusion, seen on two hosts.")]
    reason: String,
    /// Needed where the two are not open to the same people. `unite`: the members of each belong to both until
    /// they part; `keep`: only who may know of both sees them while they are merged.
    #[schema(value_type = Option<String>, example = "unite")]
    members: Option<Membership>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UnmergeInput {
    #[schema(example = "Two intruders, as the keys show.")]
    reason: String,
}

/// Lists the incidents that this one is linked with: its parent, its children with their state, causes,
/// duplicates, related ones.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/links", tag = "incident", params(("id" = String, Path, example = "INC-1")),
    responses((status = 200, body = [Relative]), (status = 404, body = Problem)))]
async fn links(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
) -> Result<axum::Json<Vec<Relative>>> {
    Ok(axum::Json(kin::relatives(&app, &actor, id).await?))
}

/// Says what an incident is to another. A child has one parent; a circle is refused.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/links", tag = "incident", params(("id" = String, Path, example = "INC-4")),
    request_body = LinkInput, responses((status = 201, body = Link), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn link(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Json(input): Json<LinkInput>,
) -> Result<(StatusCode, axum::Json<Link>)> {
    let LinkInput { kind, other, reversed, reason } = input;
    let made = linking::link(&app, &actor, id, NewLink { kind, other, reversed, reason }).await?;
    Ok((StatusCode::CREATED, axum::Json(made)))
}

/// Ends a link; that it was there stays on record.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/links/{link}/end", tag = "incident",
    params(("id" = String, Path, example = "INC-4"), ("link" = String, Path, example = "LNK-1")), request_body = EndInput,
    responses((status = 200, body = Link), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn end_link(
    State(app): State<App>,
    Who(actor): Who,
    Path((id, link)): Path<(IncidentId, LinkId)>,
    Json(input): Json<EndInput>,
) -> Result<axum::Json<Link>> {
    Ok(axum::Json(linking::unlink(&app, &actor, id, link, input.reason).await?))
}

/// Lists the merges in which an incident took part, the latest first, with their ends.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/merges", tag = "incident", params(("id" = String, Path, example = "INC-1")),
    responses((status = 200, body = [Merge]), (status = 404, body = Problem)))]
async fn merges(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
) -> Result<axum::Json<Vec<Merge>>> {
    Ok(axum::Json(kin::merges(&app, &actor, id).await?))
}

/// Merges another incident into this one. Nothing moves: this one's lists show what both have, each record with
/// the incident that it belongs to, and parting restores both.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/merge", tag = "incident", params(("id" = String, Path, example = "INC-1")),
    request_body = MergeInput, responses((status = 200, body = IncidentView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn merge(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Json(input): Json<MergeInput>,
) -> Result<axum::Json<IncidentView>> {
    let MergeInput { incident, reason, members } = input;
    let new = NewMerge { part: incident, reason, members };
    Ok(axum::Json(merging::merge(&app, &actor, id, new).await?))
}

/// Takes an incident out of the one that it is merged into. What was added to that one meanwhile stays there; what
/// was this one's comes back as it now is.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/unmerge", tag = "incident", params(("id" = String, Path, example = "INC-4")),
    request_body = UnmergeInput, responses((status = 200, body = IncidentView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn unmerge(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Json(input): Json<UnmergeInput>,
) -> Result<axum::Json<IncidentView>> {
    merging::unmerge(&app, &actor, id, &input.reason).await?;
    Ok(axum::Json(read::get(&app, &actor, id).await?))
}

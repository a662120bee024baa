//! What belongs to an incident, over HTTP: tasks, entries, decisions, observables, assets.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::asset::AssetState;
use domain::observable::Standing;
use domain::{AssetId, EntryId, IncidentId, Observable, ObservableId, TaskId};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::assets::{self, Step, To};
use super::super::export;
use super::super::findings::{self, NewAsset, NewObservable};
use super::super::record::{self, NewDecision, NewEntry};
use super::super::seen::{self, Elsewhere};
use super::super::tasks::{self, Act, NewTask};
use super::super::{Asset, Decision, Entry, Observed, Task, read};
use super::inputs::{
    AssetInput, AssetStateInput, CorrectionInput, DecisionInput, EntriesQuery, EntryInput, ExportQuery,
    MoveAssetsInput, ObservableInput, ObservablesInput, OwnerInput, SkipInput, StandingInput, TaskInput,
    TechniquesInput,
};
use crate::app::App;
use crate::error::{Error, Problem, Result};
use crate::web::extract::{Json, Path, Query, Who};
use crate::web::paging::{Page, PageQuery};

/// An observable that was added.
#[derive(Debug, Serialize, ToSchema)]
struct Added {
    #[serde(flatten)]
    observed: Observed,
    /// Where else it was seen, as far as you may know.
    elsewhere: Elsewhere,
}

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_tasks, add_task))
        .routes(routes!(start))
        .routes(routes!(release))
        .routes(routes!(done))
        .routes(routes!(skip))
        .routes(routes!(reopen))
        .routes(routes!(want))
        .routes(routes!(assign))
        .routes(routes!(entries, add_entry))
        .routes(routes!(take_timeline))
        .routes(routes!(correct))
        .routes(routes!(set_techniques))
        .routes(routes!(decisions, decide))
        .routes(routes!(observables, add_observable))
        .routes(routes!(add_observables))
        .routes(routes!(set_standing))
        .routes(routes!(list_assets, add_asset))
        .routes(routes!(move_assets))
        .routes(routes!(asset_steps))
        .routes(routes!(set_state))
}

/// Lists an incident's tasks by phase.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/tasks", tag = "incident", params(("id" = String, Path, example = "INC-1"), PageQuery),
    responses((status = 200, body = Page<Task>), (status = 404, body = Problem)))]
async fn list_tasks(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Query(page): Query<PageQuery>,
) -> Result<axum::Json<Page<Task>>> {
    let all = read::tasks(&app, &actor, id).await?;
    Ok(axum::Json(page.cut(all, |one| one.id.get())?))
}

/// Adds a task.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/tasks", tag = "incident", params(("id" = String, Path, example = "INC-1")),
    request_body = TaskInput, responses((status = 201, body = Task), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn add_task(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Json(input): Json<TaskInput>,
) -> Result<(StatusCode, axum::Json<Task>)> {
    let TaskInput { title, instructions, phase, role, due, owner } = input;
    let new = NewTask { title, instructions, phase, role, due, owner };
    Ok((StatusCode::CREATED, axum::Json(tasks::add(&app, &actor, id, new).await?)))
}

/// Takes a task in hand.
#[utoipa::path(post, path = "/api/v1/tasks/{id}/start", tag = "incident", params(("id" = String, Path, example = "TSK-1")),
    responses((status = 200, body = Task), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn start(State(app): State<App>, Who(actor): Who, Path(id): Path<TaskId>) -> Result<axum::Json<Task>> {
    Ok(axum::Json(tasks::act(&app, &actor, id, Act::Start).await?))
}

/// Gives a task back to whoever will take it.
#[utoipa::path(post, path = "/api/v1/tasks/{id}/release", tag = "incident", params(("id" = String, Path, example = "TSK-1")),
    responses((status = 200, body = Task), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn release(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<TaskId>,
) -> Result<axum::Json<Task>> {
    Ok(axum::Json(tasks::act(&app, &actor, id, Act::Release).await?))
}

/// Says that a task is done.
#[utoipa::path(post, path = "/api/v1/tasks/{id}/done", tag = "incident", params(("id" = String, Path, example = "TSK-1")),
    responses((status = 200, body = Task), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn done(State(app): State<App>, Who(actor): Who, Path(id): Path<TaskId>) -> Result<axum::Json<Task>> {
    Ok(axum::Json(tasks::act(&app, &actor, id, Act::Finish).await?))
}

/// Skips a task, with a reason.
#[utoipa::path(post, path = "/api/v1/tasks/{id}/skip", tag = "incident", params(("id" = String, Path, example = "TSK-1")),
    request_body = SkipInput, responses((status = 200, body = Task), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn skip(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<TaskId>,
    Json(input): Json<SkipInput>,
) -> Result<axum::Json<Task>> {
    Ok(axum::Json(tasks::act(&app, &actor, id, Act::Skip { reason: input.reason }).await?))
}

/// Opens a finished task again.
#[utoipa::path(post, path = "/api/v1/tasks/{id}/reopen", tag = "incident", params(("id" = String, Path, example = "TSK-1")),
    responses((status = 200, body = Task), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn reopen(State(app): State<App>, Who(actor): Who, Path(id): Path<TaskId>) -> Result<axum::Json<Task>> {
    Ok(axum::Json(tasks::act(&app, &actor, id, Act::Reopen).await?))
}

/// Keeps a task that the plan does not ask for at the present severity and proposes to skip.
#[utoipa::path(post, path = "/api/v1/tasks/{id}/want", tag = "incident", params(("id" = String, Path, example = "TSK-1")),
    responses((status = 200, body = Task), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn want(State(app): State<App>, Who(actor): Who, Path(id): Path<TaskId>) -> Result<axum::Json<Task>> {
    Ok(axum::Json(tasks::act(&app, &actor, id, Act::Want).await?))
}

/// Gives a task to somebody.
#[utoipa::path(post, path = "/api/v1/tasks/{id}/owner", tag = "incident", params(("id" = String, Path, example = "TSK-1")),
    request_body = OwnerInput, responses((status = 200, body = Task), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn assign(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<TaskId>,
    Json(input): Json<OwnerInput>,
) -> Result<axum::Json<Task>> {
    Ok(axum::Json(tasks::act(&app, &actor, id, Act::Assign { owner: input.owner }).await?))
}

/// Lists an incident's timeline, by what happened when.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/entries", tag = "incident", params(("id" = String, Path, example = "INC-1"), EntriesQuery),
    responses((status = 200, body = Page<Entry>), (status = 404, body = Problem)))]
async fn entries(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Query(query): Query<EntriesQuery>,
) -> Result<axum::Json<Page<Entry>>> {
    let (filter, page) = query.split()?;
    Ok(axum::Json(read::entries(&app, &actor, id, &filter, &page).await?))
}

/// Takes an incident's timeline out: as CSV, JSON, or the figure as SVG.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/timeline", tag = "incident", params(("id" = String, Path, example = "INC-1"), ExportQuery),
    responses((status = 200, content_type = "text/csv"), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn take_timeline(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Query(query): Query<ExportQuery>,
) -> Result<Response> {
    let format = query.format;
    export::timeline(&app, &actor, id, &query.filter()?, format).await
}

/// Adds a line to the timeline.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/entries", tag = "incident", params(("id" = String, Path, example = "INC-1")),
    request_body = EntryInput, responses((status = 201, body = Entry), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn add_entry(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Json(input): Json<EntryInput>,
) -> Result<(StatusCode, axum::Json<Entry>)> {
    let EntryInput { kind, at, text, techniques } = input;
    let entry = record::add_entry(&app, &actor, id, NewEntry { kind, at, text, techniques }).await?;
    Ok((StatusCode::CREATED, axum::Json(entry)))
}

/// Corrects a line by a further one; the first stays as it was written.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/entries/{entry}/correct", tag = "incident",
    params(("id" = String, Path, example = "INC-1"), ("entry" = String, Path, example = "ENT-1")), request_body = CorrectionInput,
    responses((status = 201, body = Entry), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn correct(
    State(app): State<App>,
    Who(actor): Who,
    Path((id, entry)): Path<(IncidentId, EntryId)>,
    Json(input): Json<CorrectionInput>,
) -> Result<(StatusCode, axum::Json<Entry>)> {
    let entry = record::correct_entry(&app, &actor, id, entry, input.at, &input.text).await?;
    Ok((StatusCode::CREATED, axum::Json(entry)))
}

/// Says which ATT&CK techniques a line shows.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/entries/{entry}/techniques", tag = "incident",
    params(("id" = String, Path, example = "INC-1"), ("entry" = String, Path, example = "ENT-1")), request_body = TechniquesInput,
    responses((status = 200, body = Entry), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn set_techniques(
    State(app): State<App>,
    Who(actor): Who,
    Path((id, entry)): Path<(IncidentId, EntryId)>,
    Json(input): Json<TechniquesInput>,
) -> Result<axum::Json<Entry>> {
    Ok(axum::Json(record::set_techniques(&app, &actor, id, entry, input.techniques).await?))
}

/// Lists an incident's decisions.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/decisions", tag = "incident", params(("id" = String, Path, example = "INC-1"), PageQuery),
    responses((status = 200, body = Page<Decision>), (status = 404, body = Problem)))]
async fn decisions(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Query(page): Query<PageQuery>,
) -> Result<axum::Json<Page<Decision>>> {
    let all = read::decisions(&app, &actor, id).await?;
    Ok(axum::Json(page.cut(all, |one| one.id.get())?))
}

/// Writes a decision down, with its reason and its maker.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/decisions", tag = "incident", params(("id" = String, Path, example = "INC-1")),
    request_body = DecisionInput, responses((status = 201, body = Decision), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn decide(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Json(input): Json<DecisionInput>,
) -> Result<(StatusCode, axum::Json<Decision>)> {
    let DecisionInput { decision, reason, act, maker, at } = input;
    let made = record::decide(&app, &actor, id, NewDecision { decision, reason, act, maker, at }).await?;
    Ok((StatusCode::CREATED, axum::Json(made)))
}

/// Lists an incident's observables: indicators first.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/observables", tag = "incident", params(("id" = String, Path, example = "INC-1"), PageQuery),
    responses((status = 200, body = Page<Observed>), (status = 404, body = Problem)))]
async fn observables(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Query(page): Query<PageQuery>,
) -> Result<axum::Json<Page<Observed>>> {
    let all = read::observables(&app, &actor, id).await?;
    Ok(axum::Json(page.cut(all, |one| one.id.get())?))
}

/// Adds an observable by hand, and says where else it was seen.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/observables", tag = "incident", params(("id" = String, Path, example = "INC-1")),
    request_body = ObservableInput, responses((status = 201, body = Added), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn add_observable(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Json(input): Json<ObservableInput>,
) -> Result<(StatusCode, axum::Json<Added>)> {
    let ObservableInput { value, kind, standing, note, tlp, tags } = input;
    let standing = standing.unwrap_or(Standing::Unknown);
    let new = NewObservable { value, kind, standing, note, tlp, tags };
    let observed = findings::add_observable(&app, &actor, id, new).await?;
    let value = Observable::new(observed.kind, &observed.value)?;
    let known = seen::elsewhere(&app, &actor, &[value], &[id], &[]).await?;
    let elsewhere = known.into_values().next().unwrap_or_default();
    Ok((StatusCode::CREATED, axum::Json(Added { observed, elsewhere })))
}

/// Observables that were added.
#[derive(serde::Serialize, utoipa::ToSchema)]
struct AddedObservables {
    items: Vec<Observed>,
}

/// Adds several observables. Those that the incident has already are left as they are and not named in the
/// answer.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/observables/several", tag = "incident", params(("id" = String, Path, example = "INC-1")),
    request_body = ObservablesInput, responses((status = 201, body = AddedObservables), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn add_observables(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Json(input): Json<ObservablesInput>,
) -> Result<(StatusCode, axum::Json<AddedObservables>)> {
    let new = input.items.into_iter().map(|one| {
        let ObservableInput { value, kind, standing, note, tlp, tags } = one;
        NewObservable { value, kind, standing: standing.unwrap_or(Standing::Unknown), note, tlp, tags }
    });
    let items = findings::add_several(&app, &actor, id, new.collect()).await?;
    Ok((StatusCode::CREATED, axum::Json(AddedObservables { items })))
}

/// Says what an observable is: known bad, harmless, or neither.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/observables/{observable}", tag = "incident",
    params(("id" = String, Path, example = "INC-1"), ("observable" = String, Path, example = "OBS-1")), request_body = StandingInput,
    responses((status = 200, body = Observed), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn set_standing(
    State(app): State<App>,
    Who(actor): Who,
    Path((id, observable)): Path<(IncidentId, ObservableId)>,
    Json(input): Json<StandingInput>,
) -> Result<axum::Json<Observed>> {
    Ok(axum::Json(findings::set_standing(&app, &actor, id, observable, input.word()?).await?))
}

/// Lists an incident's assets, the worst first.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/assets", tag = "incident", params(("id" = String, Path, example = "INC-1"), PageQuery),
    responses((status = 200, body = Page<Asset>), (status = 404, body = Problem)))]
async fn list_assets(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Query(page): Query<PageQuery>,
) -> Result<axum::Json<Page<Asset>>> {
    let all = read::assets(&app, &actor, id).await?;
    Ok(axum::Json(page.cut(all, |one| one.id.get())?))
}

/// Adds an asset by hand.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/assets", tag = "incident", params(("id" = String, Path, example = "INC-1")),
    request_body = AssetInput, responses((status = 201, body = Asset), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn add_asset(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Json(input): Json<AssetInput>,
) -> Result<(StatusCode, axum::Json<Asset>)> {
    let AssetInput { kind, name, state, note } = input;
    let new = NewAsset { kind, name, state: state.unwrap_or(AssetState::Suspected), note };
    Ok((StatusCode::CREATED, axum::Json(findings::add_asset(&app, &actor, id, new).await?)))
}

/// Says how far we have got with an asset.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/assets/{asset}", tag = "incident",
    params(("id" = String, Path, example = "INC-1"), ("asset" = String, Path, example = "AST-1")), request_body = AssetStateInput,
    responses((status = 200, body = Asset), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn set_state(
    State(app): State<App>,
    Who(actor): Who,
    Path((id, asset)): Path<(IncidentId, AssetId)>,
    Json(input): Json<AssetStateInput>,
) -> Result<axum::Json<Asset>> {
    let AssetStateInput { state, note } = input;
    let moved = assets::move_all(&app, &actor, id, vec![asset], To::Word(state), note).await?;
    moved.into_iter().next().map(axum::Json).ok_or(Error::NotFound("asset"))
}

/// Moves one asset or many: whether the intruder had them, how far they are contained.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/assets/move", tag = "incident", params(("id" = String, Path, example = "INC-1")),
    request_body = MoveAssetsInput, responses((status = 200, body = Vec<Asset>), (status = 404, body = Problem),
    (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn move_assets(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Json(input): Json<MoveAssetsInput>,
) -> Result<axum::Json<Vec<Asset>>> {
    let to = To::Stand { compromise: input.compromise, containment: input.containment };
    Ok(axum::Json(assets::move_all(&app, &actor, id, input.assets, to, input.reason).await?))
}

/// Lists every step of the incident's assets, the newest first.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/assets/steps", tag = "incident", params(("id" = String, Path, example = "INC-1")),
    responses((status = 200, body = Vec<Step>), (status = 404, body = Problem)))]
async fn asset_steps(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
) -> Result<axum::Json<Vec<Step>>> {
    Ok(axum::Json(assets::steps(&app, &actor, id).await?))
}

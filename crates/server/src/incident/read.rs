//! Reading incidents and what belongs to them. What an actor may not see does not exist.

use std::collections::BTreeMap;

use domain::timeline::{EntryKind, Lane};
use domain::{Actor, IncidentId, IncidentType, Permission, Phase, Severity};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Asset, Decision, Entry, IncidentView, Observed, Person, PhaseChange, Task, optional, store};
use crate::app::App;
use crate::error::{Error, Result};
use crate::identity::{self, need, scope};
use crate::web::paging::{Page, PageQuery, check_sought};

/// How many of an observable's events a list names.
const EVENTS_NAMED: i64 = 20;

/// Which incidents are asked for. The default is all of them.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub phase: Option<Phase>,
    pub severity: Option<Severity>,
    pub incident_type: Option<IncidentType>,
    /// Open ones, or closed ones.
    pub open: Option<bool>,
    /// Part of the title or the summary, or the number.
    pub text: Option<String>,
}

pub async fn list(app: &App, actor: &Actor, filter: Filter, page: &PageQuery) -> Result<Page<IncidentView>> {
    need(actor, Permission::ReadIncident, "reading incidents")?;
    let limit = page.limit()?;
    let before = page.position::<1>()?.map(|[id]| id);
    check_sought(filter.text.as_deref())?;
    let text = optional(filter.text).map(|text| text.to_lowercase().replace('\0', ""));
    let wanted = store::Wanted {
        phase: filter.phase,
        severity: filter.severity,
        incident_type: filter.incident_type,
        open: filter.open,
        text,
    };
    let account = scope::account(actor);
    let views = store::list(&app.db, account, &wanted, before, limit + 1, app.clock.now()).await?;
    Ok(Page::of(views, limit, |view| [view.record.id.get()]))
}

/// How many open incidents the actor may see.
pub async fn count_open(app: &App, actor: &Actor) -> Result<i64> {
    need(actor, Permission::ReadIncident, "reading incidents")?;
    store::count_open(&app.db, scope::account(actor)).await
}

pub async fn get(app: &App, actor: &Actor, id: IncidentId) -> Result<IncidentView> {
    need(actor, Permission::ReadIncident, "reading incidents")?;
    let view = store::view_of(&app.db, scope::account(actor), id, app.clock.now()).await?;
    view.ok_or(Error::NotFound("incident"))
}

pub async fn tasks(app: &App, actor: &Actor, id: IncidentId) -> Result<Vec<Task>> {
    get(app, actor, id).await?;
    let mut tasks = store::work::of_incident(&app.db, id).await?;
    tasks.sort_by_key(|task| (task.phase, task.id));
    Ok(tasks)
}

/// A page of the timeline, by what happened when.
pub async fn entries(
    app: &App,
    actor: &Actor,
    id: IncidentId,
    lane: Option<Lane>,
    kind: Option<EntryKind>,
    page: &PageQuery,
) -> Result<Page<Entry>> {
    get(app, actor, id).await?;
    let limit = page.limit()?;
    let entries = store::timeline::page(&app.db, id, lane, kind, page.position::<2>()?, limit + 1).await?;
    Ok(Page::of(entries, limit, |entry| [entry.at.as_microsecond(), entry.id.get()]))
}

/// What was written down last, the newest first.
pub async fn latest(app: &App, actor: &Actor, id: IncidentId, limit: i64) -> Result<Vec<Entry>> {
    get(app, actor, id).await?;
    store::timeline::latest(&app.db, id, limit).await
}

pub async fn decisions(app: &App, actor: &Actor, id: IncidentId) -> Result<Vec<Decision>> {
    get(app, actor, id).await?;
    store::timeline::decisions(&app.db, id).await
}

pub async fn observables(app: &App, actor: &Actor, id: IncidentId) -> Result<Vec<Observed>> {
    get(app, actor, id).await?;
    store::things::observables(&app.db, id, EVENTS_NAMED).await
}

pub async fn assets(app: &App, actor: &Actor, id: IncidentId) -> Result<Vec<Asset>> {
    get(app, actor, id).await?;
    store::things::assets(&app.db, id).await
}

/// Who belongs to it: who sees it while it is restricted.
pub async fn members(app: &App, actor: &Actor, id: IncidentId) -> Result<Vec<Person>> {
    get(app, actor, id).await?;
    let names = identity::names(app).await?;
    let members = scope::members(app, id).await?;
    Ok(members
        .into_iter()
        .map(|id| Person { id, name: names.get(&id).cloned().unwrap_or_else(|| id.to_string()) })
        .collect())
}

pub async fn phases(app: &App, actor: &Actor, id: IncidentId) -> Result<Vec<PhaseChange>> {
    get(app, actor, id).await?;
    store::phases(&app.db, id).await
}

/// An ATT&CK technique, and on how many lines of the timeline it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TechniqueCount {
    #[schema(example = "T1059.001")]
    pub technique: String,
    pub entries: u64,
}

pub async fn techniques(app: &App, actor: &Actor, id: IncidentId) -> Result<Vec<TechniqueCount>> {
    get(app, actor, id).await?;
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for technique in store::timeline::techniques(&app.db, id).await?.into_iter().flatten() {
        *counts.entry(technique).or_default() += 1;
    }
    Ok(counts.into_iter().map(|(technique, entries)| TechniqueCount { technique, entries }).collect())
}

//! Reading incidents and what belongs to them. What an actor may not see does not exist.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::attack::TechniqueId;
use domain::timeline::{EntryKind, Lane};
use domain::{
    Actor, EntryId, IncidentId, IncidentType, ObservableKind, Permission, Phase, Severity, StatusId, UserId,
};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Asset, Decision, Entry, IncidentView, Observed, Person, PhaseChange, SameValue, Task, optional, store,
};
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
    /// A status of the organisation's own.
    pub status: Option<StatusId>,
    /// Open ones, or closed ones.
    pub open: Option<bool>,
    /// Part of the title, the summary or a field of the organisation's own, or the number.
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
        status: filter.status,
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
    let mut tasks = store::work::of_family(&app.db, &scope::family(app, id).await?).await?;
    tasks.sort_by_key(|task| (task.phase, task.id));
    Ok(tasks)
}

/// Which lines of a timeline are asked for. The default is all of them.
#[derive(Debug, Clone, Default)]
pub struct EntryFilter {
    pub lane: Option<Lane>,
    pub kind: Option<EntryKind>,
    /// With its sub-techniques.
    pub technique: Option<TechniqueId>,
    /// Who wrote it.
    pub by: Option<UserId>,
    /// Part of the text.
    pub text: Option<String>,
    /// Both ends belong to it.
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
}

/// All lines of the timeline that are asked for, by what happened when.
pub async fn all_entries(
    app: &App,
    actor: &Actor,
    id: IncidentId,
    filter: &EntryFilter,
) -> Result<Vec<Entry>> {
    get(app, actor, id).await?;
    check_sought(filter.text.as_deref())?;
    store::timeline::page(&app.db, &scope::family(app, id).await?, filter, None, i64::MAX).await
}

/// Where on the timeline the lines that are asked for stand, and what each is in a few words. At most
/// `most` of them.
pub async fn marks(
    app: &App,
    actor: &Actor,
    id: IncidentId,
    filter: &EntryFilter,
    most: i64,
) -> Result<Vec<Mark>> {
    get(app, actor, id).await?;
    check_sought(filter.text.as_deref())?;
    store::timeline::marks(&app.db, &scope::family(app, id).await?, filter, most).await
}

/// Who wrote on the timeline.
pub async fn writers(app: &App, actor: &Actor, id: IncidentId) -> Result<Vec<UserId>> {
    get(app, actor, id).await?;
    store::timeline::writers(&app.db, &scope::family(app, id).await?).await
}

/// A line of the timeline as a figure shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    pub id: EntryId,
    pub at: Timestamp,
    pub kind: EntryKind,
    /// The beginning of its text.
    pub title: String,
}

/// A page of the timeline, by what happened when.
pub async fn entries(
    app: &App,
    actor: &Actor,
    id: IncidentId,
    filter: &EntryFilter,
    page: &PageQuery,
) -> Result<Page<Entry>> {
    get(app, actor, id).await?;
    let limit = page.limit()?;
    check_sought(filter.text.as_deref())?;
    let family = scope::family(app, id).await?;
    let entries = store::timeline::page(&app.db, &family, filter, page.position::<2>()?, limit + 1).await?;
    Ok(Page::of(entries, limit, |entry| [entry.at.as_microsecond(), entry.id.get()]))
}

/// What was written down last, the newest first.
pub async fn latest(app: &App, actor: &Actor, id: IncidentId, limit: i64) -> Result<Vec<Entry>> {
    get(app, actor, id).await?;
    store::timeline::latest(&app.db, &scope::family(app, id).await?, limit).await
}

pub async fn decisions(app: &App, actor: &Actor, id: IncidentId) -> Result<Vec<Decision>> {
    get(app, actor, id).await?;
    store::timeline::decisions(&app.db, &scope::family(app, id).await?).await
}

pub async fn observables(app: &App, actor: &Actor, id: IncidentId) -> Result<Vec<Observed>> {
    get(app, actor, id).await?;
    let family = scope::family(app, id).await?;
    let all = store::things::observables(&app.db, &family, EVENTS_NAMED).await?;
    let twice = match family.as_slice() {
        [_] => HashMap::new(),
        family => store::things::seen_twice(&app.db, family).await?,
    };
    Ok(united(all, id, &twice))
}

/// The values of an incident and of those merged into it, each once: indicators first, then what was seen most.
fn united(
    all: Vec<Observed>,
    incident: IncidentId,
    twice: &HashMap<(ObservableKind, String), i64>,
) -> Vec<Observed> {
    let mut values: BTreeMap<(ObservableKind, String), Observed> = BTreeMap::new();
    // The incident's own record speaks for the value, else the oldest.
    let (own, merged): (Vec<_>, Vec<_>) = all.into_iter().partition(|one| one.incident == incident);
    for one in own.into_iter().chain(merged) {
        let key = (one.kind, one.value.clone());
        match values.get_mut(&key) {
            Some(known) => unite(known, one),
            None => {
                values.insert(key, one);
            }
        }
    }
    for (key, one) in &mut values {
        one.count -= twice.get(key).copied().unwrap_or(0);
    }
    let mut united: Vec<Observed> = values.into_values().collect();
    united.sort_by_key(|one| (one.standing.order(), one.kind, -one.count, one.id));
    united
}

/// Adds what another record knows of the same value. The graver word on it holds.
fn unite(known: &mut Observed, one: Observed) {
    known.united.push(SameValue { id: one.id, incident: one.incident });
    if one.standing.order() < known.standing.order() {
        known.standing = one.standing;
    }
    known.note = known.note.take().or(one.note);
    known.tlp = known.tlp.max(one.tlp);
    known.tags = BTreeSet::from_iter(known.tags.drain(..).chain(one.tags)).into_iter().collect();
    known.count += one.count;
    known.first_seen = known.first_seen.into_iter().chain(one.first_seen).min();
    known.last_seen = known.last_seen.max(one.last_seen);
    known.parts = BTreeSet::from_iter(known.parts.drain(..).chain(one.parts)).into_iter().collect();
    let events = BTreeSet::from_iter(known.events.drain(..).chain(one.events));
    known.events = events.into_iter().take(usize::try_from(EVENTS_NAMED).unwrap_or(usize::MAX)).collect();
}

pub async fn assets(app: &App, actor: &Actor, id: IncidentId) -> Result<Vec<Asset>> {
    get(app, actor, id).await?;
    store::things::assets(&app.db, &scope::family(app, id).await?).await
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
    let family = scope::family(app, id).await?;
    for technique in store::timeline::techniques(&app.db, &family).await?.into_iter().flatten() {
        *counts.entry(technique).or_default() += 1;
    }
    Ok(counts.into_iter().map(|(technique, entries)| TechniqueCount { technique, entries }).collect())
}

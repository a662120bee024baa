//! Alerts: detections of one rule about one entity within a window, waiting for triage. The verbs are
//! here; how detections become alerts is in `absorb`, which rules there are in `rules`.

pub mod absorb;
pub mod alike;
pub mod api;
pub mod correlate;
mod coverage;
mod coverage_page;
pub mod grouping;
mod matches;
pub mod merge;
mod merge_page;
pub mod noise;
pub(crate) mod outside;
pub mod page;
mod queue_page;
pub mod risk;
pub mod rules;
mod rules_page;
mod store;
pub mod suppress;
pub mod try_event;
pub mod values;

use domain::alert::{AlertState, AlertStatus, Verdict};
use domain::{
    Actor, AlertId, Entity, EventId, IncidentId, IncidentType, IntakeId, Permission, Severity, Text, UserId,
};
use jiff::Timestamp;
use platform::db::Tx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use absorb::{Detected, absorb};
pub use outside::{Outside, raise_outside};

use crate::app::App;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::identity::{need, scope};
use crate::web::paging::{Page, PageQuery, check_sought};

/// How many alerts one request may change at once.
const MOST_AT_ONCE: usize = 500;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Alert {
    #[schema(value_type = String, example = "ALR-1")]
    pub id: AlertId,
    /// The rule's identifier.
    pub rule: String,
    /// The rule's title.
    pub title: String,
    /// From the rule's level.
    #[schema(value_type = String, example = "high")]
    pub severity: Severity,
    /// Whom or what it is about.
    #[schema(value_type = Object, example = json!({ "kind": "host", "name": "ws01.example.org" }))]
    pub entity: Entity,
    /// By the events' own time.
    #[schema(value_type = String, format = DateTime)]
    pub first_seen: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    pub last_seen: Timestamp,
    /// How many events matched.
    pub count: i64,
    #[schema(value_type = String, example = "new")]
    pub status: AlertStatus,
    /// What it was, if it is dismissed.
    #[schema(value_type = Option<String>, example = "false_positive")]
    pub verdict: Option<Verdict>,
    /// Why it is dismissed.
    pub reason: Option<String>,
    /// ATT&CK techniques, such as T1059.001.
    pub techniques: Vec<String>,
    /// ATT&CK tactics, such as credential-access.
    pub tactics: Vec<String>,
    /// The type of incident that the rule is about.
    #[schema(value_type = Option<String>, example = "malware")]
    pub suggested_type: Option<IncidentType>,
    #[schema(value_type = Option<String>, example = "INC-1")]
    pub incident: Option<IncidentId>,
    #[schema(value_type = Option<String>, example = "USR-1")]
    pub acknowledged_by: Option<UserId>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub acknowledged_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// Who told of it, if it was no rule here. Text from outside.
    #[schema(example = "thehive/soc")]
    pub origin: Option<String>,
    /// Its name where it came from. Text from outside.
    pub reference: Option<String>,
    /// What was told of it. Text from outside.
    pub description: Option<String>,
    /// The alert that this one is merged into.
    #[schema(value_type = Option<String>, example = "ALR-1")]
    pub merged_into: Option<AlertId>,
    /// How many alerts are merged into this one; its times and its count are theirs too.
    pub merged: i64,
    /// What it was grouped by, where its rule is not grouped by the entity.
    pub grouped: Vec<GroupPart>,
    /// What its detections are grouped under.
    #[serde(skip)]
    group_key: String,
    /// The key under which it is known outside.
    #[serde(skip)]
    outside_key: Option<String>,
    /// The incident of the alert that this one is merged into.
    #[serde(skip)]
    lead_incident: Option<IncidentId>,
    /// When it was last seen itself, without those that are merged into it.
    #[serde(skip)]
    own_last: Timestamp,
}

impl Alert {
    /// A new alert about an entity, with nothing behind it yet. Its number comes when it is stored.
    fn raised(
        rule: String,
        title: String,
        severity: Severity,
        entity: Entity,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<Alert> {
        Ok(Alert {
            id: AlertId::try_from(1)?,
            rule,
            title,
            severity,
            first_seen: at,
            last_seen: at,
            count: 0,
            status: AlertStatus::New,
            verdict: None,
            reason: None,
            techniques: Vec::new(),
            tactics: Vec::new(),
            suggested_type: None,
            incident: None,
            acknowledged_by: None,
            acknowledged_at: None,
            created_at: now,
            updated_at: now,
            origin: None,
            reference: None,
            description: None,
            merged_into: None,
            merged: 0,
            grouped: Vec::new(),
            group_key: entity.to_string(),
            entity,
            outside_key: None,
            lead_incident: None,
            own_last: at,
        })
    }

    /// What it belongs to: its own incident, or that of the alert that it is merged into.
    fn scope(&self) -> Option<i64> {
        self.incident.or(self.lead_incident).map(IncidentId::get)
    }

    /// The state as the domain knows it.
    pub fn state(&self) -> Result<AlertState> {
        let by = self.acknowledged_by.filter(|_| self.status == AlertStatus::Acknowledged);
        let dismissal = match (self.verdict, &self.reason) {
            (Some(verdict), Some(reason)) => Some((verdict, Text::new("the reason", reason)?)),
            _ => None,
        };
        AlertState::restore(self.status, by, self.incident, dismissal)
            .map_err(|error| Error::Damaged(format!("{}: {error}", self.id)))
    }

    /// The alert in its next state.
    fn with(mut self, state: AlertState, at: Timestamp) -> Self {
        self.status = state.status();
        self.updated_at = at;
        self.incident = None;
        self.verdict = None;
        self.reason = None;
        match state {
            AlertState::New => (self.acknowledged_by, self.acknowledged_at) = (None, None),
            AlertState::Acknowledged { by } => {
                (self.acknowledged_by, self.acknowledged_at) = (Some(by), Some(at));
            }
            AlertState::InIncident { incident } => self.incident = Some(incident),
            AlertState::Dismissed { verdict, reason } => {
                (self.verdict, self.reason) = (Some(verdict), Some(reason.to_string()));
            }
        }
        self
    }
}

/// What an alert's detections have in common. The value is text from outside; a long one is cut.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GroupPart {
    #[schema(example = "Image")]
    pub by: String,
    pub value: String,
}

/// A field with the value that the rule looked for. Text from outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Found {
    /// None where a keyword was found in the record itself.
    pub field: Option<String>,
    /// Long values are cut; the event has all of it.
    pub value: String,
}

/// An event that an alert is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Match {
    #[schema(value_type = String, example = "EVT-1")]
    pub event: EventId,
    /// The event's time; where it tells none, the time it was received.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The rule's identifier.
    pub rule: String,
    pub found: Vec<Found>,
}

/// An alert that took in detections, and the new ones.
#[derive(Debug, Clone)]
pub struct Touched {
    pub alert: Alert,
    pub new: Vec<Match>,
}

/// Which alerts are asked for. The default is all of them.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub statuses: Vec<AlertStatus>,
    pub at_least: Option<Severity>,
    pub rule: Option<String>,
    /// The entity's whole name.
    pub entity: Option<String>,
    /// Part of the title, the entity's name, the rule's identifier or a technique.
    pub text: Option<String>,
    /// Only alerts that took in events of this delivery.
    pub delivery: Option<IntakeId>,
    /// Also alerts that are merged into others.
    pub with_merged: bool,
    /// Only alerts that are merged into this one.
    pub merged_into: Option<AlertId>,
}

/// How full the queue is.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    pub new: i64,
    pub acknowledged: i64,
    pub in_incident: i64,
    pub dismissed: i64,
    /// New or acknowledged, and critical.
    pub critical: i64,
    /// When the oldest new alert was raised.
    pub oldest: Option<Timestamp>,
}

/// What was done with an alert, from the ledger.
#[derive(Debug, Clone)]
pub struct Act {
    pub at: Timestamp,
    pub actor: String,
    pub act: String,
}

/// Alerts for the queue: the most severe first, then the latest seen.
pub async fn list(app: &App, actor: &Actor, filter: &Filter, page: &PageQuery) -> Result<Page<Alert>> {
    need(actor, Permission::ReadAlerts, "seeing alerts")?;
    check_sought(filter.text.as_deref())?;
    let limit = page.limit()?;
    let found = store::list(&app.db, scope::account(actor), filter, page.position::<3>()?, limit + 1).await?;
    Ok(Page::of(found, limit, |alert| {
        [store::rank(alert.severity), alert.own_last.as_microsecond(), alert.id.get()]
    }))
}

pub async fn get(app: &App, actor: &Actor, id: AlertId) -> Result<Alert> {
    need(actor, Permission::ReadAlerts, "seeing alerts")?;
    store::get(&app.db, scope::account(actor), id).await?.ok_or(Error::NotFound("alert"))
}

/// Those of these alerts that the actor may see.
pub async fn several(app: &App, actor: &Actor, ids: &[AlertId]) -> Result<Vec<Alert>> {
    need(actor, Permission::ReadAlerts, "seeing alerts")?;
    store::several(&app.db, scope::account(actor), ids).await
}

/// An alert's matched events, the latest first.
pub async fn matches(app: &App, actor: &Actor, id: AlertId, page: &PageQuery) -> Result<Page<Match>> {
    get(app, actor, id).await?;
    let limit = page.limit()?;
    let found = store::matches(&app.db, id, page.position::<2>()?, limit + 1).await?;
    Ok(Page::of(found, limit, |one| [one.at.as_microsecond(), one.event.get()]))
}

/// The first `limit` matched events of an alert, within a change.
pub async fn matches_in(tx: &mut Tx, id: AlertId, limit: i64) -> Result<Vec<Match>> {
    store::matches_in(tx, id, limit).await
}

/// The alerts of an incident and of those merged into it. Whoever calls has checked that it may be seen.
pub async fn of_incident(app: &App, incident: IncidentId) -> Result<Vec<Alert>> {
    store::of_incidents(&app.db, &scope::family(app, incident).await?).await
}

/// The alerts that took in events of this delivery, as far as this actor may see them.
pub async fn of_delivery(app: &App, actor: &Actor, delivery: IntakeId) -> Result<Vec<AlertId>> {
    need(actor, Permission::ReadAlerts, "seeing alerts")?;
    store::of_delivery(&app.db, scope::account(actor), delivery).await
}

/// How many alerts nobody has looked at. New alerts are in no incident, so everybody may know.
pub async fn count_new(app: &App) -> Result<i64> {
    store::count_new(&app.db).await
}

pub async fn tally(app: &App, actor: &Actor) -> Result<Tally> {
    need(actor, Permission::ReadAlerts, "seeing alerts")?;
    store::tally(&app.db, scope::account(actor)).await
}

/// What people did with an alert, the latest first. That it took in more events is left out.
pub async fn history(app: &App, actor: &Actor, id: AlertId) -> Result<Vec<Act>> {
    get(app, actor, id).await?;
    store::history(&app.db, id).await
}

pub async fn acknowledge(app: &App, actor: &Actor, id: AlertId) -> Result<Alert> {
    let by = person(actor, Permission::TriageAlerts, "acknowledging alerts")?;
    let changed =
        change_all(app, actor, vec![id], "alert.acknowledge", move |state| state.acknowledge(by)).await?;
    changed.into_iter().next().ok_or(Error::NotFound("alert"))
}

/// Acknowledges many alerts at once, all or none. Those that somebody has acknowledged meanwhile stay as
/// they are.
pub async fn acknowledge_all(app: &App, actor: &Actor, ids: Vec<AlertId>) -> Result<Vec<Alert>> {
    let by = person(actor, Permission::TriageAlerts, "acknowledging alerts")?;
    change_all(app, actor, ids, "alert.acknowledge", move |state| match state {
        AlertState::Acknowledged { .. } => Ok(state.clone()),
        state => state.acknowledge(by),
    })
    .await
}

pub async fn dismiss(app: &App, actor: &Actor, id: AlertId, verdict: Verdict, reason: &str) -> Result<Alert> {
    let changed = dismiss_all(app, actor, vec![id], verdict, reason).await?;
    changed.into_iter().next().ok_or(Error::NotFound("alert"))
}

/// Dismisses many alerts at once for one reason, all or none.
pub async fn dismiss_all(
    app: &App,
    actor: &Actor,
    ids: Vec<AlertId>,
    verdict: Verdict,
    reason: &str,
) -> Result<Vec<Alert>> {
    person(actor, Permission::TriageAlerts, "dismissing alerts")?;
    let reason = Text::new("the reason", reason)?;
    if reason.contains('\0') {
        return Err(Error::Invalid("The reason holds a character that is not text.".to_owned()));
    }
    change_all(app, actor, ids, "alert.dismiss", move |state| state.dismiss(verdict, reason.clone())).await
}

/// Takes a dismissal back: the alert is new again.
pub async fn reopen(app: &App, actor: &Actor, id: AlertId) -> Result<Alert> {
    person(actor, Permission::TriageAlerts, "reopening alerts")?;
    let changed = change_all(app, actor, vec![id], "alert.reopen", AlertState::reopen).await?;
    changed.into_iter().next().ok_or(Error::NotFound("alert"))
}

/// Puts alerts into an incident, within the change that declares or widens it. Gives them together with
/// those that are merged into them, each with its own count.
pub async fn take_in(
    change: &mut Change<'_>,
    actor: &Actor,
    alerts: &[AlertId],
    incident: IncidentId,
) -> Result<Vec<Alert>> {
    let account = scope::account(actor);
    let leads = move_all(change, account, alerts, "alert.take_in", |state| state.attach(incident)).await?;
    let mut taken = Vec::with_capacity(leads.len());
    for lead in leads {
        let merged = store::merged_in(change.tx, lead.id).await?;
        taken.push(lead);
        taken.extend(merged);
    }
    Ok(taken)
}

async fn change_all(
    app: &App,
    actor: &Actor,
    ids: Vec<AlertId>,
    act: &'static str,
    step: impl Fn(&AlertState) -> domain::Result<AlertState> + Send + Sync + 'static,
) -> Result<Vec<Alert>> {
    if ids.is_empty() || ids.len() > MOST_AT_ONCE {
        return Err(Error::Invalid(format!("Name from 1 to {MOST_AT_ONCE} alerts.")));
    }
    let account = scope::account(actor);
    app.change(actor, move |change| Box::pin(async move { move_all(change, account, &ids, act, step).await }))
        .await
}

/// Moves alerts to their next state. One that may not be moved is named, and none is.
async fn move_all(
    change: &mut Change<'_>,
    account: Option<i64>,
    ids: &[AlertId],
    act: &str,
    step: impl Fn(&AlertState) -> domain::Result<AlertState> + Send + Sync,
) -> Result<Vec<Alert>> {
    let mut moved: Vec<Alert> = Vec::with_capacity(ids.len());
    for id in ids {
        if moved.iter().any(|alert| alert.id == *id) {
            continue;
        }
        let alert = store::get_in(change.tx, account, *id).await?.ok_or(Error::NotFound("alert"))?;
        if let Some(lead) = alert.merged_into {
            return Err(Error::Conflict(format!(
                "{id} is merged into {lead}. Act on {lead}, or take {id} out of it first."
            )));
        }
        let before = alert.state()?;
        let next = step(&before).map_err(|refusal| Error::Conflict(format!("{id}: {refusal}")))?;
        if next == before {
            moved.push(alert);
            continue;
        }
        let alert = alert.with(next, change.at);
        store::update_state(change.tx, &alert).await?;
        if alert.status != AlertStatus::Acknowledged {
            let merged = store::merged_in(change.tx, alert.id).await?;
            risk::settle(change, &alert, &merged).await?;
        }
        change.record(&id.to_string(), act, &alert, alert.scope()).await?;
        change.tell("alerts", &id.to_string(), alert.scope()).await?;
        moved.push(alert);
    }
    Ok(moved)
}

fn person(actor: &Actor, permission: Permission, doing: &'static str) -> Result<UserId> {
    need(actor, permission, doing)?;
    actor.user().ok_or(Error::Forbidden("only a person triages alerts"))
}

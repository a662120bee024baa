//! Suppressions and exceptions: what is kept from becoming an alert, by whom, why and until when. The
//! pipeline asks [`sift`] before it makes alerts; what is hidden is counted, and its events stay. What an
//! alert's events have in common, to make an exception of, is in `propose`.

pub mod api;
pub mod page;
mod propose;
mod sigma;
mod store;

use std::collections::{HashMap, HashSet};

use domain::suppression::{Clause, Hides, SuppressionKind, check_until};
use domain::{Actor, AlertId, Entity, EventId, Permission, SuppressionId, Text, UserId};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

pub use propose::{Effect, Proposal, TELLING, propose, try_out};
pub use sigma::filter;

use super::{Detected, person};
use crate::app::App;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::event;
use crate::identity::need;
use crate::web::paging::{Page, PageQuery};

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Suppression {
    #[schema(value_type = String, example = "SUP-1")]
    pub id: SuppressionId,
    #[schema(value_type = String, example = "exception")]
    pub kind: SuppressionKind,
    /// The rule's identifier; null for all rules.
    pub rule: Option<String>,
    #[schema(value_type = Option<Object>, example = json!({ "kind": "host", "name": "ws01.example.org" }))]
    pub entity: Option<Entity>,
    #[schema(value_type = Vec<Object>, example = json!([{ "field": "Image", "comparison": "endswith", "value": "\\backup.exe" }]))]
    pub clauses: Vec<Clause>,
    pub reason: String,
    /// The alert that it was made from.
    #[schema(value_type = Option<String>, example = "ALR-1")]
    pub alert: Option<AlertId>,
    #[schema(value_type = String, example = "USR-1")]
    pub made_by: UserId,
    #[schema(value_type = String, format = DateTime)]
    pub made_at: Timestamp,
    /// When it ends by itself; null for an exception for good.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, example = "USR-1")]
    pub ended_by: Option<UserId>,
    /// How many detections it has hidden.
    pub hidden: i64,
    /// By the events' own time.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub first_hidden: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_hidden: Option<Timestamp>,
    /// The latest event that it has hidden a detection on.
    #[schema(value_type = Option<String>, example = "EVT-1")]
    pub last_event: Option<EventId>,
}

impl Suppression {
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && self.until.is_none_or(|until| until > now)
    }

    fn hides(&self) -> Hides {
        Hides { rule: self.rule.clone(), entity: self.entity.clone(), clauses: self.clauses.clone() }
    }
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct New {
    pub kind: SuppressionKind,
    pub hides: Hides,
    pub reason: String,
    pub alert: Option<AlertId>,
    pub until: Option<Timestamp>,
}

/// Suppressions, the latest made first.
pub async fn list(app: &App, actor: &Actor, page: &PageQuery) -> Result<Page<Suppression>> {
    need(actor, Permission::ReadAlerts, "seeing suppressions")?;
    let limit = page.limit()?;
    let found = store::list(&app.db, page.position::<1>()?.map(|[id]| id), limit + 1).await?;
    Ok(Page::of(found, limit, |one| [one.id.get()]))
}

/// What hides detections of this rule by name at present, in the order in which it was made.
pub async fn of_rule(app: &App, actor: &Actor, rule: &str) -> Result<Vec<Suppression>> {
    need(actor, Permission::ReadAlerts, "seeing suppressions")?;
    let mut active = store::active(&mut *app.db.readers().acquire().await?, app.clock.now()).await?;
    active.retain(|one| one.rule.as_deref() == Some(rule));
    Ok(active)
}

pub async fn get(app: &App, actor: &Actor, id: SuppressionId) -> Result<Suppression> {
    need(actor, Permission::ReadAlerts, "seeing suppressions")?;
    store::get(&app.db, id).await?.ok_or(Error::NotFound("suppression"))
}

/// Makes a suppression or an exception. It holds for what comes after; alerts that are there stay.
pub async fn make(app: &App, actor: &Actor, new: New) -> Result<Suppression> {
    let by = person(actor, Permission::TriageAlerts, "suppressing detections")?;
    let reason = Text::new("the reason", &new.reason)?;
    let has_nul = |text: &Option<String>| text.as_deref().is_some_and(|text| text.contains('\0'));
    if reason.contains('\0') || has_nul(&new.hides.rule) {
        return Err(Error::Invalid("The text holds a character that is not text.".to_owned()));
    }
    new.hides.check(new.kind)?;
    if let Some(alert) = new.alert {
        super::get(app, actor, alert).await?;
    }
    app.change(actor, move |change| {
        Box::pin(async move {
            check_until(new.kind, new.until, change.at)?;
            let made = Suppression {
                id: SuppressionId::try_from(1)?,
                kind: new.kind,
                rule: new.hides.rule,
                entity: new.hides.entity,
                clauses: new.hides.clauses,
                reason: reason.to_string(),
                alert: new.alert,
                made_by: by,
                made_at: change.at,
                until: new.until,
                ended_at: None,
                ended_by: None,
                hidden: 0,
                first_hidden: None,
                last_hidden: None,
                last_event: None,
            };
            let made = store::insert(change.tx, made).await?;
            announce(change, &made, "suppression.make").await?;
            Ok(made)
        })
    })
    .await
}

/// Ends a suppression before its time.
pub async fn end(app: &App, actor: &Actor, id: SuppressionId) -> Result<Suppression> {
    let by = person(actor, Permission::TriageAlerts, "ending suppressions")?;
    app.change(actor, move |change| {
        Box::pin(async move {
            let mut one = store::get_in(change.tx, id).await?.ok_or(Error::NotFound("suppression"))?;
            if !one.is_active(change.at) {
                return Err(Error::Conflict(format!("{id} has ended already.")));
            }
            (one.ended_at, one.ended_by) = (Some(change.at), Some(by));
            store::update(change.tx, &one).await?;
            announce(change, &one, "suppression.end").await?;
            Ok(one)
        })
    })
    .await
}

async fn announce(change: &mut Change<'_>, one: &Suppression, act: &str) -> Result<()> {
    let name = one.id.to_string();
    change.record(&name, act, one, None).await?;
    change.tell("suppressions", &name, None).await
}

/// Takes out of a chunk's detections what is hidden, and counts it with whatever hides it.
pub async fn sift(change: &mut Change<'_>, detections: Vec<Detected>) -> Result<Vec<Detected>> {
    if detections.is_empty() {
        return Ok(detections);
    }
    let mut active = store::active(change.tx, change.at).await?;
    if active.is_empty() {
        return Ok(detections);
    }
    let hides: Vec<Hides> = active.iter().map(Suppression::hides).collect();
    let fields = fields_needed(change, &hides, &detections).await?;
    let mut shown = Vec::with_capacity(detections.len());
    let mut hit: HashSet<usize> = HashSet::new();
    for detected in detections {
        let of_event = fields.get(&detected.event);
        let values = |name: &str| of_event.map(|fields| texts(fields, name)).unwrap_or_default();
        let place = hides.iter().position(|one| one.fits(&detected.rule.id, &detected.entity, values));
        match place.and_then(|place| Some((place, active.get_mut(place)?))) {
            Some((place, suppression)) => {
                count(suppression, detected.event, detected.at);
                hit.insert(place);
            }
            None => shown.push(detected),
        }
    }
    for (place, suppression) in active.iter().enumerate() {
        if hit.contains(&place) {
            store::update(change.tx, suppression).await?;
            announce(change, suppression, "suppression.hide").await?;
        }
    }
    Ok(shown)
}

/// Whether an alert that no rule's detection raises is hidden as a whole; it is then counted like one.
pub async fn hides(
    change: &mut Change<'_>,
    rule: &str,
    entity: &Entity,
    event: EventId,
    at: Timestamp,
) -> Result<bool> {
    let active = store::active(change.tx, change.at).await?;
    let fits = |one: &Suppression| one.clauses.is_empty() && one.hides().concerns(rule, entity);
    let Some(mut suppression) = active.into_iter().find(fits) else { return Ok(false) };
    count(&mut suppression, event, at);
    store::update(change.tx, &suppression).await?;
    announce(change, &suppression, "suppression.hide").await?;
    Ok(true)
}

fn count(suppression: &mut Suppression, event: EventId, at: Timestamp) {
    suppression.hidden += 1;
    let first = suppression.first_hidden.unwrap_or(at);
    suppression.first_hidden = Some(first.min(at));
    suppression.last_hidden = suppression.last_hidden.max(Some(at));
    suppression.last_event = Some(event);
}

/// The fields of those events that a condition has to look at; mostly of none.
async fn fields_needed(
    change: &mut Change<'_>,
    hides: &[Hides],
    detections: &[Detected],
) -> Result<HashMap<EventId, Map<String, Value>>> {
    let looked_at = |detected: &&Detected| {
        hides.iter().any(|one| !one.clauses.is_empty() && one.concerns(&detected.rule.id, &detected.entity))
    };
    let mut events: Vec<EventId> = detections.iter().filter(looked_at).map(|one| one.event).collect();
    events.sort_unstable();
    events.dedup();
    let loaded = event::load(change.tx, &events).await?;
    Ok(loaded.into_iter().map(|event| (event.id, event.fields)).collect())
}

/// The texts of a field; a list gives each of its parts, and `a.b` reaches into an object.
pub(super) fn texts(fields: &Map<String, Value>, name: &str) -> Vec<String> {
    let value = fields.get(name).or_else(|| {
        let (head, rest) = name.split_once('.')?;
        rest.split('.').try_fold(fields.get(head)?, |value, part| value.get(part))
    });
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    match value {
        Some(Value::Array(parts)) => parts.iter().filter_map(text).collect(),
        Some(value) => text(value).into_iter().collect(),
        None => Vec::new(),
    }
}

//! Where values were seen: in which other incidents, alerts and evidence, and all that is known of one value across
//! the organisation. Whatever somebody may not see is neither named nor counted.

use std::collections::{BTreeMap, BTreeSet};

use domain::observable::Standing;
use domain::{
    Actor, AlertId, EventId, EvidenceId, IncidentId, Observable, ObservableId, ObservableKind, Permission,
    Tlp,
};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{optional, store};
use crate::alert::values as alert_values;
use crate::app::App;
use crate::error::{Error, Result};
use crate::event;
use crate::evidence;
use crate::identity::{need, scope};
use crate::web::paging::{Page, PageQuery, check_sought};

/// How many incidents with one value are told; there may be more.
pub const HOLDERS: usize = 50;
/// How many events of a value are named, and how many are asked for their deliveries.
const EVENTS: i64 = 200;

/// Where else a value was seen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Elsewhere {
    /// The newest first.
    #[schema(value_type = Vec<String>, example = json!(["INC-3"]))]
    pub incidents: Vec<IncidentId>,
    /// Alerts in none of these incidents, nor in the one that is looked at.
    #[schema(value_type = Vec<String>, example = json!(["ALR-12"]))]
    pub alerts: Vec<AlertId>,
}

impl Elsewhere {
    pub fn is_empty(&self) -> bool {
        self.incidents.is_empty() && self.alerts.is_empty()
    }
}

/// Where else these values were seen than in `family` and in `alerts`.
pub async fn elsewhere(
    app: &App,
    actor: &Actor,
    values: &[Observable],
    family: &[IncidentId],
    alerts: &[AlertId],
) -> Result<BTreeMap<Observable, Elsewhere>> {
    need(actor, Permission::ReadIncident, "reading incidents")?;
    let mut found: BTreeMap<Observable, Elsewhere> = BTreeMap::new();
    for (observable, incident) in holders(app, actor, values).await? {
        if !family.contains(&incident) {
            found.entry(observable).or_default().incidents.push(incident);
        }
    }
    for holder in alert_values::holders(app, actor, values).await? {
        let known = found.entry(holder.observable).or_default();
        let told = alerts.contains(&holder.alert)
            || holder.incident.is_some_and(|one| family.contains(&one) || known.incidents.contains(&one));
        if !told {
            known.alerts.push(holder.alert);
        }
    }
    found.retain(|_, elsewhere| !elsewhere.is_empty());
    Ok(found)
}

/// The incidents that hold these values, of each value the newest.
pub(super) async fn holders(
    app: &App,
    actor: &Actor,
    values: &[Observable],
) -> Result<Vec<(Observable, IncidentId)>> {
    store::seen::holders(&app.db, scope::account(actor), values, HOLDERS).await
}

/// Which values are asked for. The default is all of them.
#[derive(Debug, Clone, Default)]
pub struct Sought {
    pub kind: Option<ObservableKind>,
    pub standing: Option<Standing>,
    pub tag: Option<String>,
    /// Part of the value or the note.
    pub text: Option<String>,
}

/// A value across all incidents that the actor may see.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ValueView {
    #[schema(value_type = String, example = "domain")]
    pub kind: ObservableKind,
    #[schema(example = "evil.example.org")]
    pub value: String,
    /// The gravest word on it.
    #[schema(value_type = String, example = "indicator")]
    pub standing: Standing,
    pub tags: Vec<String>,
    /// In how many incidents it is an observable.
    pub incidents: i64,
    /// In how many events of these it was seen.
    pub events: i64,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub first_seen: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_seen: Option<Timestamp>,
    #[serde(skip)]
    pub(super) newest: ObservableId,
}

/// All values, those that were added last first.
pub async fn search(app: &App, actor: &Actor, sought: Sought, page: &PageQuery) -> Result<Page<ValueView>> {
    need(actor, Permission::ReadIncident, "reading incidents")?;
    check_sought(sought.text.as_deref())?;
    check_sought(sought.tag.as_deref())?;
    let limit = page.limit()?;
    let before = page.position::<1>()?.map(|[id]| id);
    let sought = Sought {
        // What was made harmless is looked for as what it is.
        text: optional(sought.text).map(|text| plain(&Observable::refang(&text))),
        tag: optional(sought.tag).map(|tag| plain(&tag)),
        ..sought
    };
    let found = store::seen::search(&app.db, scope::account(actor), &sought, before, limit + 1).await?;
    Ok(Page::of(found, limit, |view| [view.newest.get()]))
}

/// PostgreSQL keeps no NUL in a text.
fn plain(text: &str) -> String {
    text.to_lowercase().replace('\0', "\u{fffd}")
}

/// An incident in which a value is an observable.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct InIncident {
    #[schema(value_type = String, example = "INC-3")]
    pub incident: IncidentId,
    pub title: String,
    #[schema(value_type = String, example = "OBS-7")]
    pub observable: ObservableId,
    #[schema(value_type = String, example = "indicator")]
    pub standing: Standing,
    pub note: Option<String>,
    #[schema(value_type = Option<String>, example = "green")]
    pub tlp: Option<Tlp>,
    pub tags: Vec<String>,
    pub events: i64,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub first_seen: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_seen: Option<Timestamp>,
}

/// Where events with a value came from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
pub struct SeenBy {
    /// The delivery's name: a file, or a source.
    #[schema(example = "sysmon.jsonl")]
    pub name: String,
    #[schema(value_type = String, example = "INT-1")]
    pub delivery: domain::IntakeId,
}

/// All that the actor may know of one value.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ValueDetail {
    #[schema(value_type = String, example = "domain")]
    pub kind: ObservableKind,
    pub value: String,
    /// The gravest word on it in any incident; null where it is in none.
    #[schema(value_type = Option<String>, example = "indicator")]
    pub standing: Option<Standing>,
    pub incidents: Vec<InIncident>,
    #[schema(value_type = Vec<String>)]
    pub alerts: Vec<AlertId>,
    #[schema(value_type = Vec<String>)]
    pub evidence: Vec<EvidenceId>,
    /// The newest events in which it was seen.
    #[schema(value_type = Vec<String>)]
    pub events: Vec<EventId>,
    pub sources: Vec<SeenBy>,
}

pub async fn value(app: &App, actor: &Actor, observable: &Observable) -> Result<ValueDetail> {
    need(actor, Permission::ReadIncident, "reading incidents")?;
    let incidents = store::seen::incidents(&app.db, scope::account(actor), observable).await?;
    let holders = alert_values::holders(app, actor, std::slice::from_ref(observable)).await?;
    let alerts: Vec<AlertId> = holders.iter().map(|holder| holder.alert).collect();
    let ids: Vec<ObservableId> = incidents.iter().map(|one| one.observable).collect();
    let mut events: BTreeSet<EventId> =
        store::seen::events(&app.db, &ids, EVENTS).await?.into_iter().collect();
    for alert in alerts.iter().take(10) {
        let page = PageQuery { cursor: None, limit: Some(20) };
        let matched = crate::alert::matches(app, actor, *alert, &page).await?.items;
        let matched: Vec<EventId> = matched.into_iter().map(|one| one.event).collect();
        for one in event::several(app, actor, &matched).await? {
            if one.sightings().iter().any(|seen| seen.observable == *observable) {
                events.insert(one.id);
            }
        }
    }
    let events: Vec<EventId> = events.into_iter().rev().collect();
    if incidents.is_empty() && alerts.is_empty() {
        return Err(Error::NotFound("observable"));
    }
    let deliveries = event::delivered_in(app, actor, &events).await?;
    let evidence = evidence::holding(app, actor, observable, &deliveries).await?;
    Ok(ValueDetail {
        kind: observable.kind(),
        value: observable.value().to_owned(),
        standing: incidents.iter().map(|one| one.standing).min_by_key(|standing| standing.order()),
        alerts,
        evidence,
        sources: deliveries.into_iter().map(|one| SeenBy { name: one.name, delivery: one.id }).collect(),
        events: events.into_iter().take(20).collect(),
        incidents,
    })
}

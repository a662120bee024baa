//! Risk by entity: what is known of each host, address and account by the signs that rules saw, and how
//! it is reckoned. How detections become signs, and signs an alert, is in `note`; what a verdict ends,
//! in `settle`. The reckoning itself is the domain's (`domain::risk`).

pub mod api;
pub mod list_page;
mod note;
pub mod page;
pub mod settings_page;
mod settle;
mod store;

use domain::risk::{self, Settings};
use domain::{
    Actor, AlertId, Entity, EntityKind, EventId, Permission, RiskSettingId, Severity, Text, UserId,
};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

pub use note::{Hints, gather, note};
pub use page::{alert_card, link};
pub use settle::{in_force, settle, settle_incident};

use super::{Alert, Filter, person};
use crate::app::App;
use crate::error::{Error, Result};
use crate::identity::{need, scope};
use crate::web::paging::{Page, PageQuery, check_sought};

/// What stands in the place of a rule in alerts of risk.
pub const RULE: &str = "watchbell:risk";
/// How many days a small course shows, and how many steps the large one of 30 days has.
const DAYS: i32 = 14;
const STEPS: i32 = 121;
const STEP: SignedDuration = SignedDuration::from_hours(6);

/// What one rule detected about an entity on one day.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Sign {
    #[serde(skip)]
    id: i64,
    #[serde(skip)]
    entity: Entity,
    pub rule: String,
    /// The rule's title.
    pub title: String,
    #[schema(value_type = String, example = "medium")]
    pub severity: Severity,
    /// How much the rule was believed by its verdicts, from 0 to 1.
    pub confidence: f64,
    /// What it was worth when it was new.
    pub points: f64,
    /// How many detections it stands for.
    pub count: i64,
    /// By the events' own time.
    #[schema(value_type = String, format = DateTime)]
    pub first_seen: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    pub last_seen: Timestamp,
    /// The first event.
    #[schema(value_type = String, example = "EVT-1")]
    pub event: EventId,
    /// The alert that took it in, if its rule raises any.
    #[schema(value_type = Option<String>, example = "ALR-1")]
    pub alert: Option<AlertId>,
    /// A verdict ended it: it counts no more.
    pub cleared: bool,
    /// Its alert is in an incident, where it is dealt with: it counts no more.
    pub in_incident: bool,
    pub techniques: Vec<String>,
    pub tactics: Vec<String>,
    #[serde(skip)]
    risk_alert: Option<AlertId>,
}

impl Sign {
    fn counts(&self) -> bool {
        !self.cleared && !self.in_incident
    }

    fn as_domain(&self) -> risk::Sign {
        risk::Sign {
            rule: self.rule.clone(),
            points: self.points,
            first: self.first_seen,
            last: self.last_seen,
            techniques: self.techniques.clone(),
            tactics: self.tactics.clone(),
        }
    }
}

/// The signs that count, for the domain.
fn counted(signs: &[Sign]) -> Vec<risk::Sign> {
    signs.iter().filter(|sign| sign.counts()).map(Sign::as_domain).collect()
}

/// Where an entity stands.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EntityRisk {
    #[schema(value_type = Object, example = json!({ "kind": "host", "name": "ws01.example.org" }))]
    pub entity: Entity,
    /// Its score now.
    pub score: f64,
    /// How much the signs' variety multiplies it, from 1 to 2.
    pub breadth: f64,
    /// How many rules have a part in it.
    pub rules: usize,
    /// Its highest score, and when it was reached.
    pub peak: f64,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub peak_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub first_seen: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_seen: Option<Timestamp>,
    /// The titles of the rules that weigh the most.
    pub why: Vec<String>,
    /// The scores of the last days up to now; if it was last seen before, up to then.
    pub course: Vec<f64>,
}

/// An entity with all that is known of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EntityDetail {
    #[serde(flatten)]
    pub risk: EntityRisk,
    pub threshold: i64,
    /// The latest first.
    pub signs: Vec<Sign>,
    /// Every six hours of 30 days.
    pub course_of_30_days: Vec<Point>,
    /// The alerts about it, the gravest first.
    pub alerts: Vec<Alert>,
}

#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct Point {
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    pub score: f64,
}

/// How risk is reckoned, and who set it so.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Setting {
    #[schema(value_type = String, example = "RSK-1")]
    pub id: RiskSettingId,
    #[schema(value_type = Object)]
    pub settings: Settings,
    pub reason: String,
    #[schema(value_type = String, example = "USR-1")]
    pub set_by: UserId,
    #[schema(value_type = String, format = DateTime)]
    pub set_at: Timestamp,
}

/// Which entities are asked for.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    pub kind: Option<EntityKind>,
    /// Part of the name.
    pub text: Option<String>,
}

/// Entities by their risk, the highest first, as far as this actor may see what is behind it.
pub async fn list(app: &App, actor: &Actor, wanted: &Wanted, page: &PageQuery) -> Result<Page<EntityRisk>> {
    need(actor, Permission::ReadAlerts, "seeing entities")?;
    check_sought(wanted.text.as_deref())?;
    let (account, limit) = (scope::account(actor), page.limit()?);
    let found = store::entities(&app.db, account, wanted, page.position::<2>()?, limit + 1).await?;
    let found = Page::of(found, limit, |entity| [entity.rank, entity.id]);
    let settings = settings(app).await?;
    let entities: Vec<Entity> = found.items.iter().map(|one| one.entity.clone()).collect();
    let mut tx = app.db.readers().acquire().await?;
    let mut signs = store::signs(&mut tx, account, &entities).await?;
    let now = app.clock.now();
    let items = entities
        .into_iter()
        .map(|entity| {
            let signs = signs.remove(&entity).unwrap_or_default();
            standing(entity, &signs, &settings, now)
        })
        .collect();
    Ok(Page { items, next: found.next })
}

/// One entity: its score over time, the signs behind it, and the alerts about it.
pub async fn get(app: &App, actor: &Actor, entity: &Entity) -> Result<EntityDetail> {
    need(actor, Permission::ReadAlerts, "seeing entities")?;
    let account = scope::account(actor);
    let filter = Filter { entity: Some(entity.name().to_owned()), ..Filter::default() };
    let page = PageQuery { cursor: None, limit: Some(50) };
    let mut alerts = super::list(app, actor, &filter, &page).await?.items;
    alerts.retain(|alert| alert.entity == *entity);
    let mut tx = app.db.readers().acquire().await?;
    let mut signs = store::signs(&mut tx, account, std::slice::from_ref(entity)).await?;
    let signs = signs.remove(entity).unwrap_or_default();
    let (settings, now) = (settings(app).await?, app.clock.now());
    let risk = standing(entity.clone(), &signs, &settings, now);
    let until = shown_until(&signs, now, STEP * (STEPS - 1));
    let course = risk::course(&counted(&signs), until, STEP, STEPS, &settings);
    Ok(EntityDetail {
        risk,
        threshold: settings.threshold,
        signs,
        course_of_30_days: course.into_iter().map(|(at, score)| Point { at, score }).collect(),
        alerts,
    })
}

/// The signs that a risk alert lists.
pub async fn of_alert(app: &App, actor: &Actor, alert: AlertId) -> Result<Vec<Sign>> {
    need(actor, Permission::ReadAlerts, "seeing alerts")?;
    store::of_alert(&app.db, scope::account(actor), alert).await
}

fn standing(entity: Entity, signs: &[Sign], settings: &Settings, now: Timestamp) -> EntityRisk {
    let known = counted(signs);
    let score = risk::score(&known, now, settings);
    let peak = risk::highest(&known, Timestamp::MIN, settings);
    let day = SignedDuration::from_hours(24);
    let until = shown_until(signs, now, day * (DAYS - 1));
    let course = risk::course(&known, until, day, DAYS, settings);
    EntityRisk {
        entity,
        score: score.points,
        breadth: score.breadth,
        rules: score.rules,
        peak: peak.map_or(0.0, |(_, score)| score.points),
        peak_at: peak.map(|(at, _)| at),
        first_seen: signs.iter().map(|sign| sign.first_seen).min(),
        last_seen: signs.iter().map(|sign| sign.last_seen).max(),
        why: heaviest(signs),
        course: course.into_iter().map(|(_, points)| points).collect(),
    }
}

/// A course ends now; for what was last seen before its beginning, a day after that.
fn shown_until(signs: &[Sign], now: Timestamp, span: SignedDuration) -> Timestamp {
    let last = signs.iter().map(|sign| sign.last_seen).max().unwrap_or(now);
    if now.duration_since(last) > span {
        last.saturating_add(SignedDuration::from_hours(24)).unwrap_or(now)
    } else {
        now
    }
}

fn heaviest(signs: &[Sign]) -> Vec<String> {
    let mut by_weight: Vec<&Sign> = signs.iter().filter(|sign| sign.counts()).collect();
    by_weight
        .sort_by(|one, other| other.points.total_cmp(&one.points).then(other.last_seen.cmp(&one.last_seen)));
    let mut why: Vec<String> = Vec::new();
    for sign in by_weight {
        if why.len() == 3 {
            break;
        }
        if !why.contains(&sign.title) {
            why.push(sign.title.clone());
        }
    }
    why
}

/// How risk is reckoned now.
pub async fn settings(app: &App) -> Result<Settings> {
    let mut tx = app.db.readers().acquire().await?;
    Ok(store::settings(&mut tx).await?.into_iter().next().map(|set| set.settings).unwrap_or_default())
}

/// What was set, the latest first. The first is in force.
pub async fn settings_history(app: &App, actor: &Actor) -> Result<Vec<Setting>> {
    need(actor, Permission::ReadAlerts, "seeing how risk is reckoned")?;
    store::settings(&mut *app.db.readers().acquire().await?).await
}

/// Reckons risk in another way from now on. Signs that are there keep their points.
pub async fn set(app: &App, actor: &Actor, settings: Settings, reason: &str) -> Result<Setting> {
    let by = person(actor, Permission::EditPlan, "setting how risk is reckoned")?;
    settings.check()?;
    let reason = Text::new("the reason", reason)?;
    if reason.contains('\0') {
        return Err(Error::Invalid("The reason holds a character that is not text.".to_owned()));
    }
    app.change(actor, move |change| {
        Box::pin(async move {
            let known = store::settings(change.tx).await?;
            if known.first().map(|set| set.settings).unwrap_or_default() == settings {
                return Err(Error::Conflict("Risk is reckoned so already.".to_owned()));
            }
            let set = Setting {
                id: RiskSettingId::try_from(1)?,
                settings,
                reason: reason.to_string(),
                set_by: by,
                set_at: change.at,
            };
            let set = store::insert_setting(change.tx, set).await?;
            let name = set.id.to_string();
            change.record(&name, "risk.set", &set, None).await?;
            settle::reckon_anew(change, &settings).await?;
            change.tell("entities", &name, None).await?;
            Ok(set)
        })
    })
    .await
}

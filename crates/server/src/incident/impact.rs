//! What the incident did and cost: records of data and people concerned, of work, and of money. A record
//! is never changed; a wrong one is withdrawn with the reason and written anew, so that what was thought
//! when stays to be seen.

use domain::impact::{
    Confidence, CostKind, Country, Currency, DataKind, DataSubject, DoneToData, Money, PeopleCount,
    Protection, Sums,
};
use domain::timeline::EntryKind;
use domain::{Actor, AffectedId, CostId, EffortId, IncidentId, Line, UserId};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use serde::Serialize;
use utoipa::ToSchema;

use super::{keep, optional, read, store, text};
use crate::app::App;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::identity::scope;

/// The longest work that one line tells of: a person for a month, day and night.
const LONGEST: i64 = 31 * 24 * 60;
const MOST_COUNTRIES: usize = 100;

/// Who recorded something and when, and how it was withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Recorded {
    #[schema(value_type = String, example = "USR-3")]
    pub recorded_by: UserId,
    #[schema(value_type = String, format = DateTime)]
    pub recorded_at: Timestamp,
    #[schema(value_type = Option<String>, example = "USR-3")]
    pub withdrawn_by: Option<UserId>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub withdrawn_at: Option<Timestamp>,
    /// Why it was withdrawn.
    pub why: Option<String>,
}

impl Recorded {
    fn now(change: &Change<'_>, by: UserId) -> Self {
        Recorded {
            recorded_by: by,
            recorded_at: change.at,
            withdrawn_by: None,
            withdrawn_at: None,
            why: None,
        }
    }

    /// Whether it still counts.
    pub const fn counts(&self) -> bool {
        self.withdrawn_at.is_none()
    }
}

/// Data that is concerned, and whose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Affected {
    #[schema(value_type = String, example = "DAT-1")]
    pub id: AffectedId,
    #[schema(value_type = String, example = "INC-1")]
    pub incident: IncidentId,
    /// `personal`, `health`, `sensitive`, `payment_card`, `financial_account`, `government_id`, `credentials`,
    /// `defence`, `business`.
    #[schema(value_type = Vec<String>, example = json!(["personal", "credentials"]))]
    pub kinds: Vec<DataKind>,
    /// `read`, `taken`, `published`, `changed`, `destroyed`, `unavailable`; empty while that is not known.
    #[schema(value_type = Vec<String>, example = json!(["taken"]))]
    pub done: Vec<DoneToData>,
    /// `customers`, `employees`, `patients`, `children`, `students`, `contacts`, `public`.
    #[schema(value_type = Vec<String>, example = json!(["customers"]))]
    pub subjects: Vec<DataSubject>,
    /// Codes of ISO 3166, parts of a country as well.
    #[schema(value_type = Vec<String>, example = json!(["DE", "US-CA"]))]
    pub countries: Vec<Country>,
    /// `1200`, `~1200`, `300-1000` or `500+`; null while nobody knows.
    #[schema(value_type = Option<String>, example = "~1200")]
    pub people: Option<PeopleCount>,
    /// `readable`, `encrypted_key_safe`, `encrypted_key_lost` or `unknown`.
    #[schema(value_type = String, example = "readable")]
    pub protection: Protection,
    /// `confirmed`, `likely` or `possible`.
    #[schema(value_type = String, example = "likely")]
    pub confidence: Confidence,
    /// Where this is known from.
    #[schema(example = "Listing of the share, EVD-4")]
    pub source: String,
    pub note: Option<String>,
    #[serde(flatten)]
    pub recorded: Recorded,
}

/// Work that was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Effort {
    #[schema(value_type = String, example = "EFF-1")]
    pub id: EffortId,
    #[schema(value_type = String, example = "INC-1")]
    pub incident: IncidentId,
    /// A person or a team, also of another organisation.
    pub who: String,
    #[schema(example = 90)]
    pub minutes: i64,
    /// On what.
    pub what: String,
    #[schema(value_type = String, format = Date, example = "2026-11-24")]
    pub day: Date,
    #[serde(flatten)]
    pub recorded: Recorded,
}

/// Money that was spent or lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Cost {
    #[schema(value_type = String, example = "CST-1")]
    pub id: CostId,
    #[schema(value_type = String, example = "INC-1")]
    pub incident: IncidentId,
    #[schema(value_type = String, example = "response")]
    pub kind: CostKind,
    /// With the currency's digits behind the point.
    #[schema(example = "1200.50")]
    pub amount: String,
    /// ISO 4217.
    #[schema(value_type = String, example = "EUR")]
    pub currency: Currency,
    /// Whom it was paid to, if it was somebody outside.
    pub vendor: Option<String>,
    pub what: String,
    #[schema(value_type = String, format = Date, example = "2026-11-24")]
    pub day: Date,
    #[serde(flatten)]
    pub recorded: Recorded,
    #[serde(skip)]
    pub money: Money,
}

/// A sum in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Sum {
    #[schema(value_type = String, example = "EUR")]
    pub currency: Currency,
    #[schema(example = "1200.50")]
    pub amount: String,
    #[serde(skip)]
    pub money: Money,
}

/// All of it, with what it comes to. Withdrawn records stay in the lists and out of the sums.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Impact {
    pub data: Vec<Affected>,
    pub efforts: Vec<Effort>,
    pub costs: Vec<Cost>,
    /// Of all efforts that count.
    pub minutes: i64,
    /// Of all costs that count, a line for each currency.
    pub sums: Vec<Sum>,
}

pub async fn impact(app: &App, actor: &Actor, id: IncidentId) -> Result<Impact> {
    read::get(app, actor, id).await?;
    let family = scope::family(app, id).await?;
    let data = store::impact::data(&app.db, &family).await?;
    let efforts = store::impact::efforts(&app.db, &family).await?;
    let costs = store::impact::costs(&app.db, &family).await?;
    let minutes = efforts.iter().filter(|one| one.recorded.counts()).map(|one| one.minutes).sum();
    let sums: Sums = costs.iter().filter(|one| one.recorded.counts()).map(|one| one.money).collect();
    let sums =
        sums.iter().map(|money| Sum { currency: money.currency, amount: money.amount(), money }).collect();
    Ok(Impact { data, efforts, costs, minutes, sums })
}

/// A record of data that somebody writes.
pub struct NewAffected {
    pub kinds: Vec<DataKind>,
    pub done: Vec<DoneToData>,
    pub subjects: Vec<DataSubject>,
    pub countries: Vec<Country>,
    pub people: Option<PeopleCount>,
    pub protection: Protection,
    pub confidence: Confidence,
    pub source: String,
    pub note: Option<String>,
}

pub async fn add_data(app: &App, actor: &Actor, id: IncidentId, mut new: NewAffected) -> Result<Affected> {
    let by = person(actor)?;
    let source = text("the source", &new.source)?;
    let note = optional(new.note.take()).map(|note| text("the note", &note)).transpose()?;
    sort(&mut new.kinds);
    sort(&mut new.done);
    sort(&mut new.subjects);
    sort(&mut new.countries);
    if new.kinds.is_empty() {
        return Err(Error::Invalid("Say at least one kind of data.".to_owned()));
    }
    if new.countries.len() > MOST_COUNTRIES {
        return Err(Error::Invalid(format!("Name at most {MOST_COUNTRIES} countries.")));
    }
    if new.people.is_some() && !new.kinds.iter().any(|kind| kind.is_personal()) {
        return Err(Error::Invalid(
            "A number of people belongs to data about people; add the kind, or leave the number out."
                .to_owned(),
        ));
    }
    let actor = actor.clone();
    app.change(&actor.clone(), move |change| {
        Box::pin(async move {
            keep::to_add(change, &actor, id).await?;
            let mut record = Affected {
                id: keep::unnumbered()?,
                incident: id,
                kinds: new.kinds,
                done: new.done,
                subjects: new.subjects,
                countries: new.countries,
                people: new.people,
                protection: new.protection,
                confidence: new.confidence,
                source: source.to_string(),
                note: note.map(|note| note.to_string()),
                recorded: Recorded::now(change, by),
            };
            record.id = store::impact::insert_data(change, &record).await?;
            change.record(&record.id.to_string(), "data.record", &record, Some(id.get())).await?;
            let line = format!("Data concerned: {}\n{source}", told(&record));
            keep::line(change, &actor, id, EntryKind::Action, line).await?;
            keep::tell(change, id).await?;
            Ok(record)
        })
    })
    .await
}

/// A record of data in one line.
pub fn told(record: &Affected) -> String {
    let mut parts = vec![labels(record.kinds.iter().map(|kind| kind.label()))];
    if let Some(people) = record.people {
        parts.push(format!("{} people", people.words()));
    }
    if !record.done.is_empty() {
        parts.push(labels(record.done.iter().map(|done| done.label())).to_lowercase());
    }
    parts.push(record.confidence.label().to_lowercase());
    parts.join("; ")
}

fn labels(words: impl Iterator<Item = &'static str>) -> String {
    words.collect::<Vec<_>>().join(", ")
}

fn sort<T: Ord>(list: &mut Vec<T>) {
    list.sort_unstable();
    list.dedup();
}

/// Work that somebody writes down.
pub struct NewEffort {
    /// Whoever writes it if left out.
    pub who: Option<String>,
    pub minutes: i64,
    pub what: String,
    /// Today (UTC) if left out.
    pub day: Option<Date>,
}

pub async fn add_effort(app: &App, actor: &Actor, id: IncidentId, new: NewEffort) -> Result<Effort> {
    let by = person(actor)?;
    let who = optional(new.who).unwrap_or_else(|| actor.name().to_owned());
    let who = Line::new("who did it", &who)?;
    let what = Line::new("what was done", &new.what)?;
    if !(1..=LONGEST).contains(&new.minutes) {
        return Err(Error::Invalid(format!(
            "Give from 1 to {LONGEST} minutes; split longer work by person or month."
        )));
    }
    let actor = actor.clone();
    app.change(&actor.clone(), move |change| {
        Box::pin(async move {
            keep::to_add(change, &actor, id).await?;
            let mut effort = Effort {
                id: keep::unnumbered()?,
                incident: id,
                who: who.to_string(),
                minutes: new.minutes,
                what: what.to_string(),
                day: past(change, new.day)?,
                recorded: Recorded::now(change, by),
            };
            effort.id = store::impact::insert_effort(change, &effort).await?;
            change.record(&effort.id.to_string(), "effort.record", &effort, Some(id.get())).await?;
            keep::tell(change, id).await?;
            Ok(effort)
        })
    })
    .await
}

/// A cost that somebody writes down.
pub struct NewCost {
    pub kind: CostKind,
    pub amount: String,
    pub currency: Currency,
    pub vendor: Option<String>,
    pub what: String,
    /// Today (UTC) if left out.
    pub day: Option<Date>,
}

pub async fn add_cost(app: &App, actor: &Actor, id: IncidentId, new: NewCost) -> Result<Cost> {
    let by = person(actor)?;
    let money = Money::parse(&new.amount, new.currency)?;
    let vendor = optional(new.vendor).map(|vendor| Line::new("the vendor", &vendor)).transpose()?;
    let what = Line::new("what it was for", &new.what)?;
    let actor = actor.clone();
    app.change(&actor.clone(), move |change| {
        Box::pin(async move {
            keep::to_add(change, &actor, id).await?;
            let mut cost = Cost {
                id: keep::unnumbered()?,
                incident: id,
                kind: new.kind,
                amount: money.amount(),
                currency: money.currency,
                vendor: vendor.map(|vendor| vendor.to_string()),
                what: what.to_string(),
                day: past(change, new.day)?,
                recorded: Recorded::now(change, by),
                money,
            };
            cost.id = store::impact::insert_cost(change, &cost).await?;
            change.record(&cost.id.to_string(), "cost.record", &cost, Some(id.get())).await?;
            keep::tell(change, id).await?;
            Ok(cost)
        })
    })
    .await
}

/// The day, which must not lie ahead of the world's latest today.
fn past(change: &Change<'_>, day: Option<Date>) -> Result<Date> {
    let today = Offset::UTC.to_datetime(change.at).date();
    let day = day.unwrap_or(today);
    let tomorrow = today.tomorrow().unwrap_or(today);
    if day > tomorrow {
        return Err(Error::Invalid("The day lies in the future; write down what has happened.".to_owned()));
    }
    Ok(day)
}

/// What is withdrawn.
#[derive(Debug, Clone, Copy)]
pub enum Which {
    Data(AffectedId),
    Effort(EffortId),
    Cost(CostId),
}

/// Withdraws a record that was wrong. It stays to be read, and counts no more.
pub async fn withdraw(app: &App, actor: &Actor, id: IncidentId, which: Which, why: &str) -> Result<()> {
    let by = person(actor)?;
    if why.trim().is_empty() {
        return Err(domain::Error::ReasonNeeded { verb: "withdrawing a record" }.into());
    }
    let why = text("the reason", why)?;
    let actor = actor.clone();
    app.change(&actor.clone(), move |change| {
        Box::pin(async move {
            keep::to_work(change, &actor, id).await?;
            let family = scope::family_in(change, id).await?;
            let mark = |recorded: &mut Recorded, at: Timestamp| {
                if !recorded.counts() {
                    return Err(Error::Conflict("This record is withdrawn already.".to_owned()));
                }
                recorded.withdrawn_by = Some(by);
                recorded.withdrawn_at = Some(at);
                recorded.why = Some(why.to_string());
                Ok(())
            };
            match which {
                Which::Data(number) => {
                    let found = store::impact::data_in(change.tx, &family, number).await?;
                    let mut record = found.ok_or(Error::NotFound("record of data"))?;
                    mark(&mut record.recorded, change.at)?;
                    store::impact::withdraw(change, "affected_data", number.get(), &record.recorded).await?;
                    change
                        .record(&number.to_string(), "data.withdraw", &record, Some(record.incident.get()))
                        .await?;
                    let line = format!("Record of data withdrawn: {}\n{why}", told(&record));
                    keep::line(change, &actor, id, EntryKind::Action, line).await?;
                }
                Which::Effort(number) => {
                    let found = store::impact::effort_in(change.tx, &family, number).await?;
                    let mut record = found.ok_or(Error::NotFound("effort"))?;
                    mark(&mut record.recorded, change.at)?;
                    store::impact::withdraw(change, "effort", number.get(), &record.recorded).await?;
                    change
                        .record(&number.to_string(), "effort.withdraw", &record, Some(record.incident.get()))
                        .await?;
                }
                Which::Cost(number) => {
                    let found = store::impact::cost_in(change.tx, &family, number).await?;
                    let mut record = found.ok_or(Error::NotFound("cost"))?;
                    mark(&mut record.recorded, change.at)?;
                    store::impact::withdraw(change, "cost", number.get(), &record.recorded).await?;
                    change
                        .record(&number.to_string(), "cost.withdraw", &record, Some(record.incident.get()))
                        .await?;
                }
            }
            keep::tell(change, id).await
        })
    })
    .await
}

fn person(actor: &Actor) -> Result<UserId> {
    actor.user().ok_or(Error::Forbidden("only a person records what an incident did"))
}

/// Minutes as people say them: `2 h 30 min`.
pub fn hours(minutes: i64) -> String {
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::hours;

    #[test]
    fn work_is_said_in_hours() {
        assert_eq!([hours(5), hours(120), hours(150)], ["5 min", "2 h", "2 h 30 min"]);
    }
}

//! Telemetry as it was received: deliveries (files, or bodies of requests) and the events in them.
//! Events never change. How bytes become events is `intake`'s business, what they mean `alert`'s.

pub mod api;
pub mod page;
pub mod quarantine;
mod store;

use std::fmt;

use bytes::Bytes;
use domain::observable::{Sighting, from_event};
use domain::{Actor, EventId, IntakeId, Observable, ObservableKind, Permission, SourceId, UserId};
use jiff::Timestamp;
use platform::db::Tx;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::app::App;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::identity::need;
use crate::web::paging::{Page, PageQuery};

/// How many refused records of a delivery are kept; all are counted.
pub const REFUSED_KEPT: i64 = 1000;
/// How many of a source are held; beyond it they are counted, and their delivery holds their bytes.
pub const HELD_OF_SOURCE: i64 = 10_000;
/// How many bytes of a refused record are kept beside its delivery, which has them all.
pub const RAW_KEPT: usize = 64 << 10;

/// How far the reading of a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    Reading,
    Complete,
    /// It cannot be read to its end; `problem` says why.
    Failed,
}

impl DeliveryState {
    const ALL: [DeliveryState; 3] = [DeliveryState::Reading, DeliveryState::Complete, DeliveryState::Failed];

    pub const fn as_str(self) -> &'static str {
        match self {
            DeliveryState::Reading => "reading",
            DeliveryState::Complete => "complete",
            DeliveryState::Failed => "failed",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            DeliveryState::Reading => "Being read",
            DeliveryState::Complete => "Complete",
            DeliveryState::Failed => "Failed",
        }
    }

    fn parse(text: &str) -> Result<Self> {
        let known = DeliveryState::ALL.into_iter().find(|state| state.as_str() == text);
        known.ok_or_else(|| Error::Damaged(format!("no state of a delivery is called {text:?}")))
    }
}

impl fmt::Display for DeliveryState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A file or a request's body that was taken in.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Delivery {
    #[schema(value_type = String, example = "INT-1")]
    pub id: IntakeId,
    /// The file's name as its sender gave it. Text from outside.
    pub name: String,
    #[schema(example = "evtx")]
    pub format: String,
    /// Of the whole file, lower-case hex.
    pub sha256: String,
    pub bytes: i64,
    #[schema(value_type = String, example = "complete")]
    pub state: DeliveryState,
    /// Events stored so far.
    pub events: i64,
    /// Records that could not be read.
    pub refused: i64,
    /// How often a rule fired on an event.
    pub detections: i64,
    #[schema(value_type = Option<String>, example = "EVT-1")]
    pub first_event: Option<EventId>,
    /// Two deliveries may be read at once, so not all events between belong to this one.
    #[schema(value_type = Option<String>, example = "EVT-1200")]
    pub last_event: Option<EventId>,
    /// SHA-256 over the SHA-256 digests of all events in reading order; once complete.
    pub events_sha256: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    pub received_at: Timestamp,
    #[schema(value_type = Option<String>, example = "USR-1")]
    pub received_by: Option<UserId>,
    /// The source whose batches these are; null for a file.
    #[schema(value_type = Option<String>, example = "SRC-1")]
    pub source: Option<SourceId>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub completed_at: Option<Timestamp>,
    /// Why it failed.
    pub problem: Option<String>,
}

/// A record of a delivery that could not be read.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RefusedRecord {
    #[serde(skip)]
    pub(crate) number: i64,
    /// Where it stands in the file.
    #[schema(example = "line 7")]
    pub record: String,
    pub cause: String,
}

/// Where an event comes from, in the words of a Sigma rule's `logsource`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Source {
    pub product: Option<String>,
    pub category: Option<String>,
    pub service: Option<String>,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [&self.product, &self.category, &self.service];
        let known: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
        f.write_str(&known.join(" / "))
    }
}

/// One event. All text in it comes from outside.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StoredEvent {
    #[schema(value_type = String, example = "EVT-1")]
    pub id: EventId,
    #[schema(value_type = String, example = "INT-1")]
    pub delivery: IntakeId,
    /// By the record's own word.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<Timestamp>,
    pub host: Option<String>,
    #[schema(example = "evtx")]
    pub format: String,
    pub source: Source,
    #[schema(value_type = Object)]
    pub fields: Map<String, Value>,
    /// The record byte for byte: `GET /api/v1/events/{id}/raw`.
    #[serde(skip)]
    pub raw: Vec<u8>,
    pub raw_sha256: String,
}

impl StoredEvent {
    /// Its fields as texts; a list gives one for each of its parts.
    pub fn texts(&self) -> Vec<(String, String)> {
        let mut texts = Vec::with_capacity(self.fields.len());
        for (name, value) in &self.fields {
            match value {
                Value::String(text) => texts.push((name.clone(), text.clone())),
                Value::Array(parts) => texts.extend(
                    parts.iter().filter_map(Value::as_str).map(|text| (name.clone(), text.to_owned())),
                ),
                Value::Number(number) => texts.push((name.clone(), number.to_string())),
                Value::Null | Value::Bool(_) | Value::Object(_) => {}
            }
        }
        texts
    }

    /// The values worth remembering in it, with the parts that they play.
    pub fn sightings(&self) -> Vec<Sighting> {
        let texts = self.texts();
        let mut sightings = from_event(texts.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        // Some formats name the machine in no field of their own.
        if let Some(host) = &self.host
            && let Ok(observable) = Observable::new(ObservableKind::Host, host)
            && !sightings.iter().any(|one| one.observable == observable && one.role.is_none())
        {
            sightings.push(Sighting { observable, role: None });
        }
        sightings
    }
}

/// What begins a delivery.
#[derive(Debug, Clone)]
pub struct NewDelivery {
    pub name: String,
    pub format: String,
    pub sha256: String,
    pub bytes: i64,
    pub received_by: Option<UserId>,
    /// Null for files.
    pub source: Option<SourceId>,
}

/// An event to be stored: its fields are JSON already.
#[derive(Debug, Clone)]
pub struct NewEvent {
    pub at: Option<Timestamp>,
    pub host: Option<String>,
    pub format: &'static str,
    pub source: Source,
    pub fields: String,
    pub raw: Bytes,
    /// Lower-case hex.
    pub raw_sha256: String,
}

/// What one chunk adds to its delivery.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    pub refused: i64,
    pub detections: i64,
    /// Of the refused ones, those to be kept.
    pub refused_records: Vec<NewRefused>,
}

/// A record that could not be read, on its way into the quarantine.
#[derive(Debug, Clone)]
pub struct NewRefused {
    pub record: String,
    pub cause: String,
    /// Up to [`RAW_KEPT`] bytes of it.
    pub raw: Vec<u8>,
    /// How long it is.
    pub raw_bytes: i64,
}

/// A batch in a delivery: one request's body, or the messages that a listener took together.
#[derive(Debug, Clone)]
pub struct NewBatch {
    /// Where its body begins in the delivery's bytes.
    pub starts_at: i64,
    pub bytes: i64,
    pub events: i64,
    pub refused: i64,
    pub detections: i64,
    /// The sender's name for it.
    pub key: Option<String>,
}

/// What is known of a batch that was sent before.
#[derive(Debug, Clone)]
pub struct KnownBatch {
    pub delivery: IntakeId,
    pub events: i64,
    pub refused: i64,
    pub detections: i64,
}

/// Which deliveries a list shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum From {
    #[default]
    Anywhere,
    /// Files alone: batches would flood them.
    Files,
    Source(SourceId),
}

/// Deliveries, newest first.
pub async fn deliveries(app: &App, actor: &Actor, from: From, page: &PageQuery) -> Result<Page<Delivery>> {
    need(actor, Permission::ReadAlerts, "seeing what was taken in")?;
    let limit = page.limit()?;
    let found = store::deliveries(&app.db, from, page.position::<1>()?.map(|[id]| id), limit + 1).await?;
    Ok(Page::of(found, limit, |delivery| [delivery.id.get()]))
}

pub async fn delivery(app: &App, actor: &Actor, id: IntakeId) -> Result<Delivery> {
    need(actor, Permission::ReadAlerts, "seeing what was taken in")?;
    store::delivery(&app.db, id).await?.ok_or(Error::NotFound("delivery"))
}

/// A delivery's refused records in reading order; at most [`REFUSED_KEPT`] are kept.
pub async fn refused(
    app: &App,
    actor: &Actor,
    id: IntakeId,
    page: &PageQuery,
) -> Result<Page<RefusedRecord>> {
    need(actor, Permission::ReadAlerts, "seeing what was taken in")?;
    let limit = page.limit()?;
    let found = store::refused(&app.db, id, page.position::<1>()?.map(|[id]| id), limit + 1).await?;
    Ok(Page::of(found, limit, |record| [record.number]))
}

pub async fn get(app: &App, actor: &Actor, id: EventId) -> Result<StoredEvent> {
    need(actor, Permission::ReadAlerts, "reading events")?;
    store::event(&app.db, id).await?.ok_or(Error::NotFound("event"))
}

/// These events, by number. Those that do not exist are left out.
pub async fn several(app: &App, actor: &Actor, ids: &[EventId]) -> Result<Vec<StoredEvent>> {
    need(actor, Permission::ReadAlerts, "reading events")?;
    store::events_in(&mut *app.db.readers().acquire().await?, ids).await
}

/// The record as it stood in its file, byte for byte.
pub async fn raw(app: &App, actor: &Actor, id: EventId) -> Result<Vec<u8>> {
    Ok(get(app, actor, id).await?.raw)
}

/// The events after this number, in their order; `0` for the first.
pub async fn after(app: &App, actor: &Actor, number: i64, limit: i64) -> Result<Vec<StoredEvent>> {
    need(actor, Permission::ReadAlerts, "reading events")?;
    store::events_after(&app.db, number, limit).await
}

/// As [`several`], within a change.
pub async fn load(tx: &mut Tx, ids: &[EventId]) -> Result<Vec<StoredEvent>> {
    store::events_in(tx, ids).await
}

/// The deliveries that these events came in, by number.
pub async fn deliveries_of(tx: &mut Tx, events: &[EventId]) -> Result<Vec<Delivery>> {
    store::deliveries_of(tx, events).await
}

/// The deliveries that these events came in, by number, outside of a change.
pub async fn delivered_in(app: &App, actor: &Actor, events: &[EventId]) -> Result<Vec<Delivery>> {
    need(actor, Permission::ReadAlerts, "seeing what was taken in")?;
    store::deliveries_of(&mut *app.db.readers().acquire().await?, events).await
}

/// The first event of a delivery.
pub async fn first_of(tx: &mut Tx, delivery: IntakeId) -> Result<Option<EventId>> {
    store::first_of(tx, delivery).await
}

/// Whether the blob of this name holds a delivery.
pub async fn is_delivery_in(tx: &mut Tx, sha256: &str) -> Result<bool> {
    store::is_delivery(tx, sha256).await
}

/// Whether anything was ever taken in.
pub async fn any_delivery(app: &App) -> Result<bool> {
    store::any_delivery(&app.db).await
}

/// The newest delivery of this content under this name that did not fail.
pub async fn same_delivery(app: &App, sha256: &str, name: &str) -> Result<Option<Delivery>> {
    store::same_delivery(&app.db, sha256, name).await
}

/// Deliveries of which the reading was interrupted, oldest first.
pub async fn unfinished(app: &App) -> Result<Vec<Delivery>> {
    store::unfinished(&app.db).await
}

/// Begins a delivery.
pub async fn begin(change: &mut Change<'_>, new: &NewDelivery) -> Result<Delivery> {
    let delivery = store::insert_delivery(change, new).await?;
    announce(change, &delivery, "delivery.begin").await?;
    Ok(delivery)
}

/// Adds a chunk of events and what else came of it to a delivery that is being read. Gives the
/// numbers of the events, in order. The ledger has a leaf for the whole delivery, not for each chunk.
pub async fn append(
    change: &mut Change<'_>,
    id: IntakeId,
    events: &[NewEvent],
    progress: &Progress,
) -> Result<Vec<EventId>> {
    let ids = store::insert_events(change.tx, id, events).await?;
    store::insert_refused(change.tx, id, &progress.refused_records).await?;
    store::advance(change.tx, id, &ids, progress).await?;
    change.tell("deliveries", &id.to_string(), None).await?;
    Ok(ids)
}

/// Notes which batches a delivery is made of, in order.
pub async fn note_batches(
    change: &mut Change<'_>,
    delivery: IntakeId,
    source: SourceId,
    batches: &[NewBatch],
) -> Result<()> {
    store::insert_batches(change, delivery, source, batches).await
}

/// Where in a blob a batch's body stands.
#[derive(Debug, Clone)]
pub struct LastBatch {
    pub sha256: String,
    pub starts_at: i64,
    pub bytes: i64,
}

/// The newest batch of a source.
pub async fn last_batch(app: &App, source: SourceId) -> Result<Option<LastBatch>> {
    store::last_batch(&app.db, source).await
}

/// The newest batch of a source that its sender gave this name since some time.
pub async fn batch_by_key(
    app: &App,
    source: SourceId,
    key: &str,
    since: Timestamp,
) -> Result<Option<KnownBatch>> {
    store::batch_by_key(&app.db, source, key, since).await
}

/// Ends a delivery that was read to its end.
pub async fn complete(change: &mut Change<'_>, id: IntakeId, events_sha256: &str) -> Result<Delivery> {
    let delivery = store::complete(change, id, events_sha256).await?.ok_or(Error::NotFound("delivery"))?;
    announce(change, &delivery, "delivery.complete").await?;
    Ok(delivery)
}

/// Ends a delivery that cannot be read to its end.
pub async fn fail(change: &mut Change<'_>, id: IntakeId, problem: &str) -> Result<Delivery> {
    let delivery = store::fail(change, id, problem).await?.ok_or(Error::NotFound("delivery"))?;
    announce(change, &delivery, "delivery.fail").await?;
    Ok(delivery)
}

async fn announce(change: &mut Change<'_>, delivery: &Delivery, act: &str) -> Result<()> {
    change.record(&delivery.id.to_string(), act, delivery, None).await?;
    change.tell("deliveries", &delivery.id.to_string(), None).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_give_each_of_their_parts_and_the_host_is_named() {
        let fields = serde_json::json!({ "a": ["x", "y"], "b": 3, "c": null });
        let event = StoredEvent {
            id: EventId::try_from(1).unwrap(),
            delivery: IntakeId::try_from(1).unwrap(),
            at: None,
            host: Some("WS01".to_owned()),
            format: "json".to_owned(),
            source: Source::default(),
            fields: fields.as_object().unwrap().clone(),
            raw: Vec::new(),
            raw_sha256: String::new(),
        };
        assert_eq!(event.texts().len(), 3);
        let seen: Vec<String> = event.sightings().iter().map(|one| one.observable.to_string()).collect();
        assert_eq!(seen, ["host ws01"]);
    }
}

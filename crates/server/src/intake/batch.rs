//! Batches: what a source sends a little at a time. A batch is answered after its commit. Batches of a
//! source that wait together become one delivery: one blob, one change. Either all of a delivery's
//! batches are stored or none, so what was not acknowledged can be sent again.
//!
//! The same records sent twice are stored twice, since two equal messages may well be two happenings.
//! Whoever sends again what may have arrived gives each batch a name (`Idempotency-Key`): a name that
//! was acknowledged in the last day is answered as it was then, and nothing is stored.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use domain::{Actor, IntakeId, Permission, SourceId};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use sha2::{Digest, Sha256};
use telemetry::{Format, MappingError, Mappings, Options, Records};
use tokio::sync::oneshot;
use utoipa::ToSchema;

use super::chunk::{self, Chunk};
use super::{stopped, webhook};
use crate::app::App;
use crate::error::{Error, Result};
use crate::event::{self, KnownBatch, NewBatch, NewDelivery};
use crate::identity::need;
use crate::source::{self, Heard, Source, mapping};

/// The largest batch.
pub const LARGEST: usize = 32 << 20;
pub const MOST_RECORDS: usize = 50_000;
/// When a delivery takes no further batch.
const GROUP_BATCHES: usize = 256;
const GROUP_BYTES: usize = 8 << 20;
const GROUP_RECORDS: usize = 10_000;
/// How much may wait for one source; beyond it senders are asked to come again.
const WAITING_BYTES: usize = 64 << 20;
/// For how long a batch is known by its name.
const KEY_KEPT: SignedDuration = SignedDuration::from_hours(24);
const LONGEST_KEY: usize = 255;

/// Some records of a source.
#[derive(Debug, Clone)]
pub struct Batch {
    pub source: SourceId,
    /// Told by the source, or else by the bytes, if left out.
    pub format: Option<Format>,
    /// As received; it is kept.
    pub body: Bytes,
    /// The records in the body. Empty: the body is read as a file would be.
    pub records: Vec<Bytes>,
    /// The sender's name for this batch.
    pub key: Option<String>,
}

/// What came of a batch. It is stored.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BatchReceipt {
    #[schema(value_type = String, example = "SRC-1")]
    pub source: SourceId,
    #[schema(value_type = String, example = "INT-1")]
    pub delivery: IntakeId,
    pub events: i64,
    /// Records that could not be read; they are in the quarantine.
    pub refused: i64,
    pub detections: i64,
    /// A batch of this name was taken before; nothing was done.
    pub again: bool,
}

/// A batch whose sender waits.
struct Waiting {
    batch: Batch,
    actor: Actor,
    answer: oneshot::Sender<Result<BatchReceipt>>,
}

/// The batches that wait, by source. A source that is here has somebody at work.
#[derive(Default)]
pub struct Queues(Mutex<HashMap<SourceId, Vec<Waiting>>>);

impl Queues {
    /// Whether nobody is at work for this source yet.
    fn push(&self, waiting: Waiting) -> Result<bool> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match all.entry(waiting.batch.source) {
            Entry::Occupied(mut queue) => {
                let bytes: usize = queue.get().iter().map(|other| other.batch.body.len()).sum();
                if bytes + waiting.batch.body.len() > WAITING_BYTES {
                    return Err(Error::Unavailable(
                        "More of this source waits than can be stored at once. Send it again in a moment."
                            .to_owned(),
                    ));
                }
                queue.get_mut().push(waiting);
                Ok(false)
            }
            Entry::Vacant(place) => {
                place.insert(vec![waiting]);
                Ok(true)
            }
        }
    }

    /// The next batches of one sender. When there are none, the source has nobody at work any more.
    fn take(&self, source: SourceId) -> Option<Vec<Waiting>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let queue = all.get_mut(&source)?;
        let (mut bytes, mut records) = (0, 0);
        let whose = queue.first().map(|first| first.actor.user());
        let fits = |waiting: &&Waiting| {
            bytes += waiting.batch.body.len();
            records += waiting.batch.records.len();
            Some(waiting.actor.user()) == whose && bytes <= GROUP_BYTES && records <= GROUP_RECORDS
        };
        let count = queue.iter().take(GROUP_BATCHES).take_while(fits).count().max(1);
        if queue.is_empty() {
            all.remove(&source);
            return None;
        }
        Some(queue.drain(..count).collect())
    }
}

/// Takes a batch in. It is durable when this returns; goes on to that end even if the caller gives up.
pub async fn take_batch(app: &App, actor: &Actor, batch: Batch) -> Result<BatchReceipt> {
    need(actor, Permission::Ingest, "sending telemetry")?;
    check(&batch)?;
    source::check_listening(&source::get(app, actor, batch.source).await?)?;
    let source = batch.source;
    let (answer, answered) = oneshot::channel();
    if app.intake.queues.push(Waiting { batch, actor: actor.clone(), answer })? {
        tokio::spawn(work(app.clone(), source));
    }
    answered.await.map_err(|_| stopped())?
}

fn check(batch: &Batch) -> Result<()> {
    if batch.body.is_empty() {
        return Err(Error::Invalid("The batch is empty. Send at least one record.".to_owned()));
    }
    if batch.body.len() > LARGEST || batch.records.len() > MOST_RECORDS {
        return Err(too_large());
    }
    match &batch.key {
        Some(key) if key.is_empty() || key.len() > LONGEST_KEY || key.contains(char::is_control) => {
            Err(Error::Invalid(format!("`Idempotency-Key` is a text of 1 to {LONGEST_KEY} bytes.")))
        }
        _ => Ok(()),
    }
}

fn too_large() -> Error {
    Error::TooLarge(format!(
        "A batch brings {} MiB and {MOST_RECORDS} records at the most. Send smaller batches, or the whole as a \
         file to /api/v1/intake.",
        LARGEST >> 20
    ))
}

/// Stores what waits for one source, delivery after delivery, until nothing does.
async fn work(app: App, source: SourceId) {
    while let Some(group) = app.intake.queues.take(source) {
        // In a task of its own, so that whatever happens in it, the next group is served.
        let done = tokio::spawn(store_group(app.clone(), source, group)).await;
        if let Err(error) = done {
            tracing::error!(%error, %source, "batches were not stored");
        }
    }
}

/// Answers everybody in the group.
async fn store_group(app: App, source: SourceId, group: Vec<Waiting>) {
    let (mut new, mut twins): (Vec<Waiting>, Vec<Waiting>) = (Vec::new(), Vec::new());
    for waiting in group {
        let Some(key) = waiting.batch.key.clone() else {
            new.push(waiting);
            continue;
        };
        let since = app.clock.now() - KEY_KEPT;
        match event::batch_by_key(&app, source, &key, since).await {
            Ok(Some(known)) => answer_again(waiting, &known),
            Ok(None) if new.iter().any(|other| other.batch.key.as_ref() == Some(&key)) => twins.push(waiting),
            Ok(None) => new.push(waiting),
            Err(error) => {
                waiting.answer.send(Err(error)).ok();
            }
        }
    }
    if let Some(first) = new.first() {
        let actor = first.actor.clone();
        let (batches, answers): (Vec<_>, Vec<_>) =
            new.into_iter().map(|waiting| (waiting.batch, waiting.answer)).unzip();
        match store_batches(&app, &actor, source, batches).await {
            Ok(receipts) => {
                for (answer, receipt) in answers.into_iter().zip(receipts) {
                    answer.send(Ok(receipt)).ok();
                }
            }
            Err(error) => answer_failure(answers, error),
        }
    }
    for waiting in twins {
        let key = waiting.batch.key.clone().unwrap_or_default();
        match event::batch_by_key(&app, source, &key, Timestamp::UNIX_EPOCH).await {
            Ok(Some(known)) => answer_again(waiting, &known),
            // Its twin failed, and so does it.
            Ok(None) => answer_failure(vec![waiting.answer], stopped()),
            Err(error) => answer_failure(vec![waiting.answer], error),
        }
    }
}

fn answer_again(waiting: Waiting, known: &KnownBatch) {
    let receipt = BatchReceipt {
        source: waiting.batch.source,
        delivery: known.delivery,
        events: known.events,
        refused: known.refused,
        detections: known.detections,
        again: true,
    };
    waiting.answer.send(Ok(receipt)).ok();
}

/// One hears of the error itself, the others that theirs was not stored.
fn answer_failure(answers: Vec<oneshot::Sender<Result<BatchReceipt>>>, error: Error) {
    let mut error = Some(error);
    for answer in answers {
        let told = error.take().unwrap_or_else(|| {
            Error::Unavailable("The batch was not stored; nothing of it remains. Send it again.".to_owned())
        });
        answer.send(Err(told)).ok();
    }
}

/// What the reading thread makes of some batches.
struct Prepared {
    blob: platform::blobs::Blob,
    format: &'static str,
    events_sha256: String,
    chunk: Chunk,
    batches: Vec<NewBatch>,
}

async fn store_batches(
    app: &App,
    actor: &Actor,
    id: SourceId,
    batches: Vec<Batch>,
) -> Result<Vec<BatchReceipt>> {
    let source = source::get(app, actor, id).await?;
    let meaning = mapping::in_force(app, &source).await?;
    let (here, told) = (app.clone(), source.clone());
    let preparing = tokio::task::spawn_blocking(move || prepare(&here, &told, meaning.as_ref(), &batches));
    let prepared = preparing.await.map_err(|error| std::io::Error::other(error.to_string()))??;
    let new = NewDelivery {
        name: source.title().to_owned(),
        format: prepared.format.to_owned(),
        sha256: prepared.blob.sha256,
        bytes: i64::try_from(prepared.blob.bytes).unwrap_or(i64::MAX),
        received_by: actor.user(),
        source: Some(id),
    };
    let Prepared { events_sha256, chunk, batches, .. } = prepared;
    let heard = Heard {
        batches: i64::try_from(batches.len()).unwrap_or(i64::MAX),
        events: i64::try_from(chunk.events.len()).unwrap_or(i64::MAX),
        refused: chunk.progress.refused,
        bytes: new.bytes,
        detections: chunk.progress.detections,
        newest: chunk.events.iter().filter_map(|event| event.at).max(),
    };
    let rules = Arc::clone(&app.rules);
    app.change(actor, move |change| {
        Box::pin(async move {
            let delivery = event::begin(change, &new).await?;
            super::store(change, &rules, &delivery, chunk).await?;
            event::note_batches(change, delivery.id, id, &batches).await?;
            event::complete(change, delivery.id, &events_sha256).await?;
            source::heard(change, id, &heard).await?;
            let receipt = |batch: NewBatch| BatchReceipt {
                source: id,
                delivery: delivery.id,
                events: batch.events,
                refused: batch.refused,
                detections: batch.detections,
                again: false,
            };
            Ok(batches.into_iter().map(receipt).collect())
        })
    })
    .await
}

/// Keeps the bodies as one blob and shows their records to the rules.
fn prepare(app: &App, source: &Source, meaning: Option<&Meaning>, batches: &[Batch]) -> Result<Prepared> {
    let mut kept = app.blobs.writer()?;
    let (mut chunk, mut noted, mut starts_at) = (Chunk::default(), Vec::new(), 0);
    let mut format = None;
    for batch in batches {
        std::io::Write::write_all(&mut kept, &batch.body)?;
        let before = (chunk.events.len(), chunk.progress.refused, chunk.progress.detections);
        let used = match meaning {
            Some(meaning) => read_webhook(app, source, meaning, &batch.body, &mut chunk)?,
            None => read(app, source, batch, &mut chunk)?,
        };
        format = format.or(used);
        let bytes = i64::try_from(batch.body.len()).unwrap_or(i64::MAX);
        noted.push(NewBatch {
            starts_at,
            bytes,
            events: i64::try_from(chunk.events.len() - before.0).unwrap_or(i64::MAX),
            refused: chunk.progress.refused - before.1,
            detections: chunk.progress.detections - before.2,
            key: batch.key.clone(),
        });
        starts_at += bytes;
    }
    let mut all = Sha256::new();
    for event in &chunk.events {
        all.update(hex::decode(&event.raw_sha256).unwrap_or_default());
    }
    Ok(Prepared {
        blob: kept.finish()?,
        format: format.map_or("unknown", Format::name),
        events_sha256: hex::encode(all.finalize()),
        chunk,
        batches: noted,
    })
}

/// A webhook's mapping, or why it cannot be used.
type Meaning = std::result::Result<Arc<Mappings>, MappingError>;

/// Reads a webhook's body by its mapping.
fn read_webhook(
    app: &App,
    source: &Source,
    meaning: &Meaning,
    body: &Bytes,
    chunk: &mut Chunk,
) -> Result<Option<Format>> {
    let mappings = match meaning {
        Ok(mappings) => mappings,
        Err(error) => {
            chunk::refuse(chunk, "the whole body", &error.to_string(), body);
            return Ok(None);
        }
    };
    let read = webhook::read(source, body, mappings, app.clock.now()).ok_or_else(too_large)?;
    for one in read {
        match one.outcome {
            Ok(told) => take_told(app, told, chunk),
            Err(cause) => chunk::refuse(chunk, &one.place, &cause, &one.raw),
        }
    }
    Ok(Some(Format::JsonLines))
}

/// Takes an event and the alert that it reports.
pub(super) fn take_told(app: &App, told: webhook::Told, chunk: &mut Chunk) {
    let place = chunk.events.len();
    take(chunk, &app.engine, &app.rules, &told.event);
    chunk.reported.extend(told.reported.map(|outside| (place, outside)));
}

/// Reads the records of a batch into the chunk. Gives the format; none if it cannot be told.
fn read(app: &App, source: &Source, batch: &Batch, chunk: &mut Chunk) -> Result<Option<Format>> {
    let (engine, rules) = (&app.engine, &app.rules);
    let expected = source.format.as_deref().and_then(|name| name.parse().ok());
    let mut options = Options::new(app.clock.now()).with_mappings(Arc::clone(&app.mappings));
    options.format = batch.format.or(expected);
    if batch.records.is_empty() {
        return read_whole(app, source, &batch.body, &options, chunk);
    }
    options.format =
        options.format.or_else(|| batch.records.iter().find_map(|one| telemetry::detect(&source.name, one)));
    let Some(format) = options.format else {
        let cause = "its format is not known; set the source's format on its page";
        for (number, raw) in batch.records.iter().enumerate() {
            chunk::refuse(chunk, &format!("record {}", number + 1), cause, raw);
        }
        return Ok(None);
    };
    let Some(mut records) = Records::new(&source.name, format, &options) else {
        // Its records are made of several lines, so they are looked for anew.
        let joined = Bytes::from(batch.records.join(&b'\n'));
        return read_whole(app, source, &joined, &options, chunk);
    };
    for (number, raw) in batch.records.iter().enumerate() {
        match records.read(raw) {
            Some(Ok(event)) => take(chunk, engine, rules, &event),
            Some(Err(cause)) => {
                chunk::refuse(chunk, &format!("record {}", number + 1), &cause.to_string(), raw);
            }
            None => {}
        }
    }
    Ok(Some(format))
}

/// Reads bytes as a file's.
fn read_whole(
    app: &App,
    source: &Source,
    body: &Bytes,
    options: &Options,
    chunk: &mut Chunk,
) -> Result<Option<Format>> {
    let reader = match telemetry::from_bytes(&source.name, body.clone(), options) {
        Ok(reader) => reader,
        Err(error) => {
            chunk::refuse(chunk, "the whole batch", &error.to_string(), body);
            return Ok(None);
        }
    };
    let format = reader.format();
    for (number, record) in reader.enumerate() {
        if number >= MOST_RECORDS {
            return Err(too_large());
        }
        match record {
            Ok(event) => take(chunk, &app.engine, &app.rules, &event),
            Err(refusal) => {
                let (position, cause) = (refusal.position.to_string(), refusal.cause.to_string());
                chunk::refuse(chunk, &position, &cause, &refusal.raw);
            }
        }
    }
    Ok(Some(format))
}

fn take(
    chunk: &mut Chunk,
    engine: &sigma::Engine,
    rules: &crate::alert::rules::Catalogue,
    event: &telemetry::Event,
) {
    chunk::add(chunk, engine, rules, event, hex::encode(Sha256::digest(&event.raw)));
}

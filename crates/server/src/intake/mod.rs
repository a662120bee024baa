//! The pipeline: bytes → blob → telemetry → events → rules → alerts → incidents. Nothing is answered
//! before everything is committed. A file is read chunk by chunk, and each chunk is one change: its
//! events, the alerts they raise, what follows in incidents, and how far the delivery is. So a reading
//! that was cut off goes on exactly where the last committed chunk ended.

pub mod api;
pub mod batch;
mod chunk;
pub mod page;
pub mod quarantine_api;
mod replay;
pub mod silence;
pub mod source_page;
pub mod speak;
pub mod syslog;
mod upload;
pub mod webhook;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use domain::{Actor, AlertId, IntakeId, Permission};
use platform::blobs::Blob;
use serde::Serialize;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard, Semaphore, mpsc};
use utoipa::ToSchema;

use crate::alert::correlate::Seen;
use crate::alert::rules::Catalogue;
use crate::alert::{self, Detected};
use crate::app::App;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::event::{self, Delivery, DeliveryState, NewDelivery};
use crate::identity::need;
use crate::incident;
pub use batch::{Batch, BatchReceipt, take_batch};
use chunk::{Chunk, Piece, Start};
pub use replay::{Replay, replay};

/// How many files are read at once; further ones wait.
const AT_ONCE: usize = 2;
/// How many chunks may wait to be committed.
const AHEAD: usize = 2;

/// What the intake shares between requests.
pub struct Desk {
    /// The largest request, in bytes.
    pub largest: u64,
    places: Semaphore,
    queues: batch::Queues,
    /// One lock for each content and name under way, so that the same file sent twice is read once.
    under_way: Mutex<HashMap<Content, Arc<AsyncMutex<()>>>>,
}

/// A file's SHA-256 and its name.
type Content = (String, String);

impl Desk {
    pub fn new(largest: u64) -> Self {
        Desk {
            largest,
            places: Semaphore::new(AT_ONCE),
            queues: batch::Queues::default(),
            under_way: Mutex::default(),
        }
    }

    async fn alone(&self, sha256: &str, name: &str) -> OwnedMutexGuard<()> {
        let lock = {
            let mut all = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
            // Whoever holds or awaits a lock holds it twice with this table.
            all.retain(|_, lock| Arc::strong_count(lock) > 1);
            Arc::clone(all.entry((sha256.to_owned(), name.to_owned())).or_default())
        };
        lock.lock_owned().await
    }
}

/// What came of a delivery.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Receipt {
    #[serde(flatten)]
    pub delivery: Delivery,
    /// The alerts that its events belong to.
    #[schema(value_type = Vec<String>, example = json!(["ALR-1"]))]
    pub alerts: Vec<AlertId>,
    /// The same bytes were taken in under this name before; nothing was done.
    pub again: bool,
}

/// Reads a stored blob as a delivery. Returns when all of it is committed; goes on to that end even if
/// the caller gives up waiting.
pub async fn take(app: &App, actor: &Actor, name: &str, blob: Blob) -> Result<Receipt> {
    need(actor, Permission::Ingest, "sending telemetry")?;
    let (app_here, actor_here, name) = (app.clone(), actor.clone(), clean_name(name));
    let reading = tokio::spawn(async move { take_alone(&app_here, &actor_here, name, &blob).await });
    let (delivery, again) = reading.await.map_err(|error| std::io::Error::other(error.to_string()))??;
    let alerts = alert::of_delivery(app, actor, delivery.id).await?;
    Ok(Receipt { delivery, alerts, again })
}

async fn take_alone(app: &App, actor: &Actor, name: String, blob: &Blob) -> Result<(Delivery, bool)> {
    let _alone = app.intake.alone(&blob.sha256, &name).await;
    match event::same_delivery(app, &blob.sha256, &name).await? {
        Some(known) if known.state == DeliveryState::Complete => Ok((known, true)),
        // Its reading was cut off by an error of the database.
        Some(known) => Ok((read_on(app, known).await?, false)),
        None => {
            let new = NewDelivery {
                name,
                format: String::new(),
                sha256: blob.sha256.clone(),
                bytes: i64::try_from(blob.bytes).unwrap_or(i64::MAX),
                received_by: actor.user(),
                source: None,
            };
            Ok((read_new(app, actor, new).await?, false))
        }
    }
}

/// Goes on with every delivery whose reading was cut off, behind the server's back: it answers
/// meanwhile.
pub async fn resume(app: &App) -> Result<()> {
    for delivery in event::unfinished(app).await? {
        let app = app.clone();
        tokio::spawn(async move {
            let id = delivery.id;
            let _alone = app.intake.alone(&delivery.sha256, &delivery.name).await;
            // A client may have sent it again and been faster.
            let now = match event::delivery(&app, &Actor::Watchbell, id).await {
                Ok(now) if now.state == DeliveryState::Reading => now,
                Ok(_) => return,
                Err(error) => return tracing::error!(%error, %id, "an interrupted delivery cannot be found"),
            };
            match read_on(&app, now).await {
                Ok(delivery) => {
                    tracing::info!(%id, events = delivery.events, "an interrupted delivery is complete");
                }
                Err(error) => tracing::error!(%error, %id, "an interrupted delivery cannot be read on"),
            }
        });
    }
    Ok(())
}

/// Reads a delivery that is not stored yet. It is stored once its first event is read, so a file that
/// holds none leaves no trace but its refusal.
async fn read_new(app: &App, actor: &Actor, new: NewDelivery) -> Result<Delivery> {
    let _place = place(app).await?;
    let start = Start {
        sha256: new.sha256.clone(),
        name: new.name.clone(),
        now: app.clock.now(),
        mappings: Arc::clone(&app.mappings),
        skip: 0,
    };
    let mut pieces = begin_reading(app, start);
    let (format, first) = match pieces.recv().await {
        Some(Piece::Begun { format, first }) => (format, first),
        Some(Piece::Nothing(problem)) => return Err(Error::Invalid(problem)),
        _ => return Err(stopped()),
    };
    let new = NewDelivery { format: format.to_owned(), ..new };
    let rules = Arc::clone(&app.rules);
    let delivery = app
        .change(actor, move |change| {
            Box::pin(async move {
                let delivery = event::begin(change, &new).await?;
                store(change, &rules, &delivery, first).await?;
                Ok(delivery)
            })
        })
        .await?;
    read_rest(app, actor, delivery, pieces).await
}

/// Reads on where the last committed chunk of a delivery ended.
async fn read_on(app: &App, delivery: Delivery) -> Result<Delivery> {
    let _place = place(app).await?;
    let start = Start {
        sha256: delivery.sha256.clone(),
        name: delivery.name.clone(),
        // Not now: what a record means must not depend on when its reading was resumed.
        now: delivery.received_at,
        mappings: Arc::clone(&app.mappings),
        skip: u64::try_from(delivery.events + delivery.refused).unwrap_or(0),
    };
    let pieces = begin_reading(app, start);
    read_rest(app, &Actor::Watchbell, delivery, pieces).await
}

async fn read_rest(
    app: &App,
    actor: &Actor,
    delivery: Delivery,
    mut pieces: mpsc::Receiver<Piece>,
) -> Result<Delivery> {
    let id = delivery.id;
    while let Some(piece) = pieces.recv().await {
        match piece {
            Piece::Begun { first: chunk, .. } | Piece::More(chunk) => {
                let (delivery, rules) = (delivery.clone(), Arc::clone(&app.rules));
                app.change(actor, move |change| {
                    Box::pin(async move { store(change, &rules, &delivery, chunk).await })
                })
                .await?;
            }
            Piece::End { events_sha256 } => {
                return app
                    .change(actor, move |change| {
                        Box::pin(async move { event::complete(change, id, &events_sha256).await })
                    })
                    .await;
            }
            Piece::Nothing(problem) => {
                let told = problem.clone();
                app.change(actor, move |change| {
                    Box::pin(async move { event::fail(change, id, &told).await })
                })
                .await?;
                return Err(Error::Invalid(problem));
            }
        }
    }
    Err(stopped())
}

/// Stores a chunk and all that follows from it.
async fn store(change: &mut Change<'_>, rules: &Catalogue, delivery: &Delivery, chunk: Chunk) -> Result<()> {
    let Chunk { events, progress, detections, reported, seen } = chunk;
    let ids = event::append(change, delivery.id, &events, &progress).await?;
    let mut detections: Vec<Detected> = detections
        .into_iter()
        .filter_map(|(place, detection)| {
            Some(Detected {
                rule: detection.rule,
                entity: detection.entity,
                named: detection.named,
                event: *ids.get(place)?,
                at: events.get(place)?.at.unwrap_or(delivery.received_at),
                found: detection.found,
            })
        })
        .collect();
    let seen = seen.into_iter().filter_map(|(place, named, sighting)| {
        let at = events.get(place)?.at?;
        Some(Seen { event: *ids.get(place)?, at, named, sighting })
    });
    detections.extend(alert::correlate::follow(change, rules, seen.collect()).await?);
    let mut touched = alert::absorb(change, delivery.id, detections).await?;
    let reported = reported
        .into_iter()
        .filter_map(|(place, outside)| Some(alert::Outside { event: Some(*ids.get(place)?), ..outside }));
    touched.extend(alert::raise_outside(change, reported.collect()).await?);
    incident::follow(change, &touched).await
}

fn begin_reading(app: &App, start: Start) -> mpsc::Receiver<Piece> {
    let (sender, pieces) = mpsc::channel(AHEAD);
    let (blobs, engine, rules) = (app.blobs.clone(), Arc::clone(&app.engine), Arc::clone(&app.rules));
    tokio::task::spawn_blocking(move || chunk::read(&blobs, &engine, &rules, &start, &sender));
    pieces
}

async fn place(app: &App) -> Result<tokio::sync::SemaphorePermit<'_>> {
    app.intake.places.acquire().await.map_err(|_| stopped())
}

fn stopped() -> Error {
    Error::Io(std::io::Error::other("the reading of a delivery stopped"))
}

/// A file's name as it can be stored and shown: one line, not endless.
fn clean_name(name: &str) -> String {
    let clean: String = name
        .trim()
        .chars()
        .map(|sign| if sign.is_control() { '\u{fffd}' } else { sign })
        .take(domain::Line::LIMIT)
        .collect();
    if clean.is_empty() { "unnamed".to_owned() } else { clean }
}

/// How many different alerts some receipts name.
fn count_alerts(receipts: &[Receipt]) -> usize {
    receipts.iter().flat_map(|receipt| &receipt.alerts).collect::<BTreeSet<_>>().len()
}

/// The page of a delivery.
fn page_of(id: IntakeId) -> String {
    format!("/intake/{id}")
}

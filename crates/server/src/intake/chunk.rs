//! Reading a blob in chunks, in a thread of its own: records become events, events are shown to the
//! rules, and all of it is made ready to be stored. The order is the file's, so that the same blob
//! always gives the same chunks.

use std::sync::Arc;

use domain::Entity;
use domain::observable::{self, Entities};
use jiff::Timestamp;
use platform::blobs::Blobs;
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};
use sigma::Engine;
use sigma::correlation::Sighting;
use telemetry::Options;
use tokio::sync::mpsc::Sender;

use crate::alert::rules::{Catalogue, KnownRule};
use crate::alert::{Found, Outside};
use crate::event::{NewEvent, NewRefused, Progress, RAW_KEPT, REFUSED_KEPT, Source};

/// How many records make a chunk, and after how many bytes it ends before that.
const RECORDS: usize = 1000;
const BYTES: usize = 8 << 20;
/// How much of a match is kept beside the alert; the event has all of it.
const FOUND_FIELDS: usize = 16;
const FOUND_SIGNS: usize = 512;
/// How much is kept of where and why a record was refused.
const CAUSE_SIGNS: usize = 500;

/// What to read, and from where.
pub struct Start {
    pub sha256: String,
    pub name: String,
    /// The time of reading, for formats that leave the year out.
    pub now: Timestamp,
    pub mappings: Arc<telemetry::Mappings>,
    /// Records that are stored already.
    pub skip: u64,
}

/// A rule that fired on the event at some place of the chunk.
pub struct Detection {
    pub rule: Arc<KnownRule>,
    pub entity: Entity,
    pub named: Entities,
    pub found: Vec<Found>,
}

#[derive(Default)]
pub struct Chunk {
    pub events: Vec<NewEvent>,
    pub progress: Progress,
    /// Each with its event's place in `events`.
    pub detections: Vec<(usize, Detection)>,
    /// Alerts that events themselves report, likewise.
    pub reported: Vec<(usize, Outside)>,
    /// What events bring to correlations, likewise, with whom and what the event names.
    pub seen: Vec<(usize, Entities, Sighting)>,
}

/// What the reading thread hands on.
pub enum Piece {
    /// The first chunk; it holds at least one event.
    Begun {
        format: &'static str,
        first: Chunk,
    },
    More(Chunk),
    /// The file's end.
    End {
        events_sha256: String,
    },
    /// There is nothing to store, and why.
    Nothing(String),
}

/// Reads the blob to its end, or until nobody takes the pieces any more.
pub fn read(blobs: &Blobs, engine: &Engine, rules: &Catalogue, start: &Start, out: &Sender<Piece>) {
    let last = match read_pieces(blobs, engine, rules, start, out) {
        Ok(Some(last)) => last,
        Ok(None) => return,
        Err(problem) => Piece::Nothing(problem),
    };
    // Nobody waits any more when the server stops; the delivery is then read on at the next start.
    out.blocking_send(last).ok();
}

/// `None` when nobody takes the pieces any more.
fn read_pieces(
    blobs: &Blobs,
    engine: &Engine,
    rules: &Catalogue,
    start: &Start,
    out: &Sender<Piece>,
) -> Result<Option<Piece>, String> {
    let blob = blobs
        .open_blob(&start.sha256)
        .map_err(|error| format!("{}: its bytes cannot be read from the blob store: {error}", start.name))?;
    let records = telemetry::from_read(
        &start.name,
        blob,
        &Options::new(start.now).with_mappings(Arc::clone(&start.mappings)),
    )
    .map_err(|error| format!("{error}."))?;
    let format = records.format().name();
    let mut all = Sha256::new();
    let mut chunk = Chunk::default();
    let (mut bytes, mut begun, mut first_refusal) = (0, start.skip > 0, None);
    for (number, record) in (0..).zip(records) {
        let skipped = number < start.skip;
        match record {
            Ok(event) => {
                let digest = Sha256::digest(&event.raw);
                all.update(digest);
                if !skipped {
                    bytes += event.raw.len();
                    add(&mut chunk, engine, rules, &event, hex::encode(digest));
                }
            }
            Err(_) if skipped => {}
            Err(refusal) => {
                if first_refusal.is_none() {
                    first_refusal = Some(refusal.to_string());
                }
                let (position, cause) = (refusal.position.to_string(), refusal.cause.to_string());
                refuse(&mut chunk, &position, &cause, &refusal.raw);
            }
        }
        let full = chunk.events.len() >= RECORDS || bytes >= BYTES;
        // A file is begun by its first event, and one of many damaged records still shows progress.
        if full || (begun && chunk.progress.refused >= 10 * REFUSED_KEPT) {
            let full = std::mem::take(&mut chunk);
            bytes = 0;
            let piece = if begun { Piece::More(full) } else { Piece::Begun { format, first: full } };
            begun = true;
            if out.blocking_send(piece).is_err() {
                return Ok(None);
            }
        }
    }
    if !begun && chunk.events.is_empty() {
        let cause = first_refusal.unwrap_or_else(|| format!("{}: it holds no records", start.name));
        return Err(format!("No record of this file can be read. {cause}."));
    }
    if !chunk.events.is_empty() || chunk.progress.refused > 0 {
        let piece = if begun { Piece::More(chunk) } else { Piece::Begun { format, first: chunk } };
        if out.blocking_send(piece).is_err() {
            return Ok(None);
        }
    }
    Ok(Some(Piece::End { events_sha256: hex::encode(all.finalize()) }))
}

pub fn add(
    chunk: &mut Chunk,
    engine: &Engine,
    rules: &Catalogue,
    event: &telemetry::Event,
    raw_sha256: String,
) {
    let place = chunk.events.len();
    let detections = engine.detect(event);
    if !detections.is_empty() {
        let named = observable::entities_of(|name| event.text(name));
        let entity = named.main();
        for detection in detections {
            let Some(rule) = rules.at(detection.rule) else { continue };
            if event.time.is_some() {
                let sightings = rules.correlations().sightings(detection.rule, event);
                chunk.seen.extend(sightings.into_iter().map(|sighting| (place, named.clone(), sighting)));
            }
            if rules.correlations().is_silent_rule(detection.rule) {
                continue;
            }
            chunk.progress.detections += 1;
            let found = detection.found.into_iter().take(FOUND_FIELDS).map(found).collect();
            let (rule, entity, named) = (Arc::clone(rule), entity.clone(), named.clone());
            let detection = Detection { rule, entity, named, found };
            chunk.detections.push((place, detection));
        }
    }
    let text = |part: &Option<std::borrow::Cow<'static, str>>| part.as_deref().map(clean);
    chunk.events.push(NewEvent {
        at: event.time,
        host: event.host.as_deref().map(clean),
        format: event.format.name(),
        source: Source {
            product: text(&event.source.product),
            category: text(&event.source.category),
            service: text(&event.source.service),
        },
        fields: serde_json::to_string(&Fields(event)).unwrap_or_else(|_| "{}".to_owned()),
        raw: event.raw.clone(),
        raw_sha256,
    });
}

pub fn refuse(chunk: &mut Chunk, position: &str, cause: &str, raw: &[u8]) {
    chunk.progress.refused += 1;
    let kept = i64::try_from(chunk.progress.refused_records.len()).unwrap_or(i64::MAX);
    if kept < REFUSED_KEPT {
        chunk.progress.refused_records.push(NewRefused {
            record: clean(position),
            cause: cut(&clean(cause), CAUSE_SIGNS),
            raw: raw.get(..RAW_KEPT.min(raw.len())).unwrap_or_default().to_vec(),
            raw_bytes: i64::try_from(raw.len()).unwrap_or(i64::MAX),
        });
    }
}

fn found(field: sigma::FoundField) -> Found {
    Found { field: field.field.map(|name| cut(&name, FOUND_SIGNS)), value: cut(&field.value, FOUND_SIGNS) }
}

/// PostgreSQL keeps no NUL in a text.
fn clean(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

fn cut(text: &str, signs: usize) -> String {
    match text.char_indices().nth(signs) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// An event's fields as a JSON object.
struct Fields<'a>(&'a telemetry::Event);

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.fields())
    }
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn long_text_is_cut_between_signs() {
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("äöü!", 3), "äöü…");
    }
}

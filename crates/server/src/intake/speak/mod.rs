//! The protocols that shippers and alerting tools of other makes speak, so that they send to Watchbell
//! with nothing changed but an address. For each protocol one file turns a body into records and knows
//! nothing of the server, and one answers requests. Every protocol's errors are in its own shape
//! (`tongue`), bodies are bounded (`body`), and nothing is answered before it is committed.

pub(super) mod body;
mod bulk;
mod elastic;
mod hec;
mod iris;
mod otel;
mod otlp;
mod record;
mod report;
mod reported;
mod splunk;
mod store;
mod thehive;
mod tongue;

use std::collections::BTreeMap;

use axum::Router;
use bytes::Bytes;
use domain::{Actor, Line, SourceKind};
use sha2::{Digest, Sha256};

use super::{Batch, BatchReceipt, Receipt, take, take_batch};
use crate::app::App;
use crate::error::Result;
use crate::source;
pub(super) use report::techniques;
pub use tongue::{Dialect, translate};

/// How many streams one request may feed under their own names.
const STREAMS: usize = 64;

pub fn routes() -> Router<App> {
    Router::new()
        .merge(elastic::routes())
        .merge(splunk::routes())
        .merge(otel::routes())
        .merge(reported::routes())
}

/// Records of one stream, each with its place in the request.
type Stream = Vec<(usize, Bytes)>;

/// Sorts a request's records by their stream, and JSON apart from lines, so that each part is of one
/// format. Streams beyond the first few are one: a client must not name a million of them.
fn by_stream(records: impl IntoIterator<Item = (usize, String, Bytes)>) -> BTreeMap<(String, bool), Stream> {
    let mut streams: BTreeMap<(String, bool), Stream> = BTreeMap::new();
    for (place, name, record) in records {
        let is_json = record.trim_ascii_start().starts_with(b"{");
        let mut key = (name, is_json);
        if streams.len() >= STREAMS && !streams.contains_key(&key) {
            key = ("various".to_owned(), is_json);
        }
        streams.entry(key).or_default().push((place, record));
    }
    streams
}

/// Takes in records of one stream as a batch of its source. Returns when they are stored and shown to
/// the rules; what cannot be read is in the quarantine. The batch's name is its content's hash, so what
/// a client sends again because it heard no answer is there once.
async fn send_in(
    app: &App,
    actor: &Actor,
    kind: SourceKind,
    name: &str,
    records: &Stream,
) -> Result<BatchReceipt> {
    let prefix = match kind {
        SourceKind::ElasticBulk => "elastic",
        SourceKind::SplunkHec => "splunk",
        other => other.as_str(),
    };
    let name: String = format!("{prefix}/{name}")
        .chars()
        .map(|sign| if sign.is_control() { '\u{fffd}' } else { sign })
        .take(Line::LIMIT)
        .collect();
    let source = source::ensure(app, actor, kind, &name).await?;
    let mut body = Vec::with_capacity(records.iter().map(|(_, record)| record.len() + 1).sum());
    for (_, record) in records {
        body.extend_from_slice(record);
        body.push(b'\n');
    }
    let key = Some(hex::encode(Sha256::digest(&body)));
    let batch = Batch { source: source.id, format: None, body: body.into(), records: Vec::new(), key };
    take_batch(app, actor, batch).await
}

/// Keeps the record of one report as a delivery of its own. Returns when it is stored and shown to the
/// rules; the same record sent again is told from a new one by its content.
async fn hand_in(app: &App, actor: &Actor, name: &str, record: Bytes) -> Result<Receipt> {
    let mut writer = app.blobs.writer()?;
    let blob = tokio::task::spawn_blocking(move || -> std::io::Result<_> {
        use std::io::Write;
        writer.write_all(&record)?;
        writer.write_all(b"\n")?;
        writer.finish()
    })
    .await
    .map_err(|error| std::io::Error::other(error.to_string()))??;
    take(app, actor, name, blob).await
}

//! Taking evidence in: the delivery behind an incident's alerts, or a file that a person hands over.

use std::io::Write;

use bytes::Bytes;
use domain::evidence::{Acquisition, CustodyAct, CustodyStatus, Sha256};
use domain::{Actor, IncidentId, IntakeId, Line, Permission};
use futures_util::{Stream, StreamExt};
use jiff::{SignedDuration, Timestamp};
use platform::blobs::{Blob, BlobWriter, Blobs};

use super::{Derived, Evidence, Link, TOPIC, seen, store};
use crate::app::App;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::identity::{need, scope};

/// The largest file that a person can hand over: 512 MiB.
pub const LARGEST: u64 = 512 << 20;
/// How much is gathered before a thread writes and hashes it.
const PIECE: usize = 1 << 20;
/// How far a clock may be ahead of ours before "acquired in the future" is no slip.
const SKEW: SignedDuration = SignedDuration::from_mins(5);
const LONGEST_NAME: usize = 255;

/// An item to be taken in. Its bytes are a blob already.
pub struct NewEvidence {
    pub incident: IncidentId,
    /// The file's name. Text from outside; it is never used as a path.
    pub name: String,
    /// Of the bytes, lower-case hex.
    pub sha256: String,
    pub bytes: i64,
    pub acquisition: Acquisition,
    pub delivery: Option<IntakeId>,
    /// The item that it was taken out of.
    pub derived: Option<Derived>,
}

/// What a person says about how a file was acquired.
#[derive(Debug, Clone, Default)]
pub struct Statement {
    pub method: String,
    pub tool: String,
    pub place: String,
    pub acquired_at: Option<Timestamp>,
    pub note: Option<String>,
}

/// Whether this delivery is an evidence item of this incident already.
pub async fn holds_delivery(
    change: &mut Change<'_>,
    incident: IncidentId,
    delivery: IntakeId,
) -> Result<bool> {
    store::holds_delivery(change.tx, incident, delivery).await
}

/// Takes an item in within a change. Whoever acts is its first custodian. The caller has seen to it
/// that the actor may know of the incident.
pub async fn collect(change: &mut Change<'_>, actor: &Actor, new: NewEvidence) -> Result<Evidence> {
    collect_with(change, actor, new, None).await
}

async fn collect_with(
    change: &mut Change<'_>,
    actor: &Actor,
    new: NewEvidence,
    note: Option<String>,
) -> Result<Evidence> {
    need(actor, Permission::WorkIncident, "collecting evidence")?;
    let sha256: Sha256 = new.sha256.parse()?;
    let link = Link {
        act: CustodyAct::Collected,
        by: actor.name().to_owned(),
        account: actor.user(),
        to: None,
        reason: None,
        at: change.at,
    };
    let item = store::NewItem {
        incident: new.incident,
        name: plain_name(&new.name),
        sha256,
        bytes: new.bytes,
        acquisition: new.acquisition,
        note,
        delivery: new.delivery,
        derived: new.derived,
        collected_by: actor.user(),
        status: CustodyStatus::Held,
        custodian: link.by.clone(),
    };
    let id = store::insert(change, &item).await?;
    store::insert_link(change, id, &link).await?;
    let evidence =
        store::get_in(change.tx, &Actor::Watchbell, id).await?.ok_or(Error::NotFound("evidence item"))?;
    evidence.chain()?;
    let scope = Some(new.incident.get());
    change.record(&id.to_string(), "evidence.collect", &evidence, scope).await?;
    change.tell(TOPIC, &id.to_string(), scope).await?;
    Ok(evidence)
}

/// Takes in a file that a person hands over. The bytes are on disk, hashed, before anything else
/// happens; memory stays constant.
pub async fn upload<S, E>(
    app: &App,
    actor: &Actor,
    incident: IncidentId,
    name: &str,
    content: S,
) -> Result<Upload>
where
    S: Stream<Item = std::result::Result<Bytes, E>> + Unpin,
    E: Into<Error>,
{
    need(actor, Permission::WorkIncident, "collecting evidence")?;
    seen(app, actor, incident).await?;
    let blob = stream_in(&app.blobs, content).await?;
    Ok(Upload { incident, name: name.to_owned(), blob })
}

/// A file that has arrived and waits for what is said about it.
#[derive(Debug)]
pub struct Upload {
    incident: IncidentId,
    name: String,
    blob: Blob,
}

impl Upload {
    /// Of its bytes, lower-case hex.
    pub fn sha256(&self) -> &str {
        &self.blob.sha256
    }

    /// Makes the file an item within a change, with what is known of how it came into our hands.
    pub(super) async fn collect(
        self,
        change: &mut Change<'_>,
        actor: &Actor,
        acquisition: Acquisition,
        derived: Derived,
    ) -> Result<Evidence> {
        let new = NewEvidence {
            incident: self.incident,
            name: self.name,
            sha256: self.blob.sha256,
            bytes: i64::try_from(self.blob.bytes).unwrap_or(i64::MAX),
            acquisition,
            delivery: None,
            derived: Some(derived),
        };
        collect(change, actor, new).await
    }

    /// Makes the file an evidence item.
    pub async fn state(self, app: &App, actor: &Actor, statement: Statement) -> Result<Evidence> {
        let line = |what, text: &str| Line::new(what, text);
        let now = app.clock.now();
        let at = statement.acquired_at.unwrap_or(now);
        if at > now + SKEW {
            return Err(Error::Invalid("The time of acquisition lies in the future.".to_owned()));
        }
        let acquisition = Acquisition {
            method: line("the method of acquisition", &statement.method)?,
            tool: line("the tool of acquisition", &statement.tool)?,
            place: line("the place of acquisition", &statement.place)?,
            by: line("your name", actor.name())?,
            at,
        };
        let note = statement.note.filter(|note| !note.trim().is_empty());
        let note = note.map(|note| domain::Text::new("the note", &note)).transpose()?;
        let new = NewEvidence {
            incident: self.incident,
            name: self.name,
            sha256: self.blob.sha256,
            bytes: i64::try_from(self.blob.bytes).unwrap_or(i64::MAX),
            acquisition,
            delivery: None,
            derived: None,
        };
        let who = actor.clone();
        app.change(actor, move |change| {
            Box::pin(async move {
                // Membership may have ended while the file was on its way.
                if !store::incident_is_there_in(change.tx, &who, new.incident).await? {
                    return Err(Error::NotFound("incident"));
                }
                scope::stands_alone(change, new.incident).await?;
                collect_with(change, &who, new, note.map(|note| note.to_string())).await
            })
        })
        .await
    }
}

async fn stream_in<S, E>(blobs: &Blobs, mut content: S) -> Result<Blob>
where
    S: Stream<Item = std::result::Result<Bytes, E>> + Unpin,
    E: Into<Error>,
{
    let (mut writer, mut piece, mut total) = (blobs.writer()?, Vec::with_capacity(PIECE), 0u64);
    while let Some(bytes) = content.next().await {
        let bytes = bytes.map_err(Into::into)?;
        total = total.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        if total > LARGEST {
            return Err(Error::TooLarge(format!(
                "An evidence file has at most {} MiB. Keep a larger one on its medium and hand over its record.",
                LARGEST >> 20
            )));
        }
        piece.extend_from_slice(&bytes);
        if piece.len() >= PIECE {
            (writer, piece) = write(writer, piece).await?;
        }
    }
    let (writer, _) = write(writer, piece).await?;
    blocking(move || writer.finish()).await
}

async fn write(mut writer: BlobWriter, mut piece: Vec<u8>) -> Result<(BlobWriter, Vec<u8>)> {
    blocking(move || {
        writer.write_all(&piece)?;
        piece.clear();
        Ok((writer, piece))
    })
    .await
}

/// Runs what waits for the disk where it holds up nobody.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T> {
    Ok(tokio::task::spawn_blocking(work).await.map_err(std::io::Error::other)??)
}

/// A name that every database takes: control characters shown as such, of bounded length.
fn plain_name(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c })
        .take(LONGEST_NAME)
        .collect();
    let plain = plain.trim();
    if plain.is_empty() { "(no name)".to_owned() } else { plain.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::plain_name;

    #[test]
    fn a_name_is_one_line_that_any_database_takes() {
        assert_eq!(plain_name("a\r\nX: y\0"), "a\u{fffd}\u{fffd}X: y\u{fffd}");
        assert_eq!(plain_name(" \u{2003}"), "(no name)");
        assert_eq!(plain_name(&"x".repeat(400)).len(), 255);
        assert_eq!(plain_name("../../etc/passwd"), "../../etc/passwd");
    }
}

//! The bytes of an item: opened for whoever shows or sends them, looked into, hashed again.
//!
//! [`open`] is the one door to them: whoever wants an item's bytes takes them from the [`Content`] that it
//! gives, so that how they are kept (in the open, or under a key) is known here alone.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use domain::{Actor, EvidenceId, Permission};
use platform::hashes::{Hashes, Hashing};
use platform::sealed::{Key, SealedReader};

use super::collect::blocking;
use super::store::keys::Keyed;
use super::{Check, Evidence, TOPIC, get, store};
use crate::app::App;
use crate::error::{Error, Result};
use crate::identity::need;

/// How many bytes a look into an item shows.
const GLANCE: u64 = 4096;

/// The beginning of an item's bytes.
pub struct Glance {
    pub bytes: Vec<u8>,
    /// Whether all of them are text.
    pub text: Option<String>,
}

/// An item's bytes. They are read from any place, and are never whole in memory. Reading waits for the
/// disk, so it is done where it holds up nobody.
pub struct Content {
    bytes: Bytes,
    length: u64,
}

enum Bytes {
    Open(File),
    Sealed(Box<SealedReader<File>>),
}

impl Content {
    fn plain(file: File) -> io::Result<Self> {
        let length = file.metadata()?.len();
        Ok(Content { bytes: Bytes::Open(file), length })
    }

    fn sealed(file: File, key: &Key) -> io::Result<Self> {
        let reader = SealedReader::open(file, key)?;
        Ok(Content { length: reader.length(), bytes: Bytes::Sealed(Box::new(reader)) })
    }

    /// How many bytes there are.
    pub const fn length(&self) -> u64 {
        self.length
    }
}

impl Read for Content {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.bytes {
            Bytes::Open(file) => file.read(buffer),
            Bytes::Sealed(reader) => reader.read(buffer),
        }
    }
}

impl Seek for Content {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match &mut self.bytes {
            Bytes::Open(file) => file.seek(to),
            Bytes::Sealed(reader) => reader.seek(to),
        }
    }
}

/// The item and its bytes, for whoever may know of its incident.
pub async fn open(app: &App, actor: &Actor, id: EvidenceId) -> Result<(Evidence, Content)> {
    let item = get(app, actor, id).await?;
    let content = of(app, &item).await?;
    Ok((item, content))
}

/// The bytes of an item that the caller has got for its actor.
pub async fn of(app: &App, item: &Evidence) -> Result<Content> {
    let place = store::keys::place(&app.db, item.id).await?.ok_or(Error::NotFound("evidence item"))?;
    let key = match place.key {
        Keyed::Open => None,
        Keyed::Under { incident, of_incident, of_item } => {
            Some(app.vault.item_key(incident, &of_incident, &of_item)?)
        }
        Keyed::Destroyed => {
            return Err(Error::Conflict(format!(
                "{} was destroyed: its key is gone, and nothing can read its bytes again. Its record stays.",
                item.id
            )));
        }
    };
    let blobs = app.blobs.clone();
    let opened = blocking(move || {
        let file = blobs.open_blob(&place.blob)?;
        match key {
            None => Content::plain(file),
            Some(key) => Content::sealed(file, &key),
        }
    });
    match opened.await {
        Err(Error::Io(error)) if error.kind() == io::ErrorKind::NotFound => Err(Error::Conflict(format!(
            "The bytes of {} are not on the disk. Restore them from a backup, and hash the item again.",
            item.id
        ))),
        Err(Error::Io(error)) if error.kind() == io::ErrorKind::InvalidData => Err(Error::Conflict(format!(
            "The bytes of {} were changed on the disk: {error}. Restore them from a backup, and hash the item again.",
            item.id
        ))),
        opened => opened,
    }
}

/// A look at the first bytes; `None` if they cannot be had.
pub async fn glance(app: &App, item: &Evidence) -> Result<Option<Glance>> {
    let content = match of(app, item).await {
        Ok(content) => content,
        Err(Error::Conflict(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let read = blocking(move || {
        let mut bytes = Vec::new();
        content.take(GLANCE).read_to_end(&mut bytes)?;
        Ok(bytes)
    });
    match read.await {
        Ok(bytes) => Ok(Some(Glance { text: as_text(&bytes), bytes })),
        Err(Error::Io(error)) if error.kind() == io::ErrorKind::InvalidData => Ok(None),
        Err(error) => Err(error),
    }
}

/// The digests of an item's bytes as they are now; `None` if they cannot be had or were changed.
pub async fn hashes(app: &App, item: &Evidence) -> Result<Option<Hashes>> {
    let mut content = match of(app, item).await {
        Ok(content) => content,
        Err(Error::Conflict(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let hashed = blocking(move || {
        let (mut hashing, mut buffer) = (Hashing::default(), vec![0; 1 << 17]);
        loop {
            let read = content.read(&mut buffer)?;
            let Some(piece) = buffer.get(..read).filter(|piece| !piece.is_empty()) else { break };
            hashing.update(piece);
        }
        Ok(hashing.finish())
    });
    match hashed.await {
        Ok(hashes) => Ok(Some(hashes).filter(|hashes| hashes.sha256 == item.sha256.to_string())),
        Err(Error::Io(error)) if error.kind() == io::ErrorKind::InvalidData => Ok(None),
        Err(error) => Err(error),
    }
}

/// Hashes the bytes again and keeps in the ledger what came of it. Custody is not touched.
pub async fn verify(app: &App, actor: &Actor, id: EvidenceId) -> Result<Evidence> {
    need(actor, Permission::WorkIncident, "verifying evidence")?;
    let item = get(app, actor, id).await?;
    if item.destroyed_at.is_some() {
        return Err(Error::Conflict(format!("{id} was destroyed: there is nothing left to hash.")));
    }
    let found = hashes(app, &item).await?;
    let intact = found.is_some();
    if !intact {
        tracing::error!(evidence = %id, "the bytes of an evidence item are not what they were");
    }
    let who = actor.clone();
    app.change(actor, move |change| {
        Box::pin(async move {
            let mut item =
                store::get_in(change.tx, &who, id).await?.ok_or(Error::NotFound("evidence item"))?;
            // Items from before these were made get them the first time that they are whole.
            if let Some(found) = found.filter(|_| item.md5.is_none()) {
                store::set_digests(change, id, &found.sha1, &found.md5).await?;
                (item.sha1, item.md5) = (Some(found.sha1), Some(found.md5));
            }
            let check = Check { at: change.at, by: who.name().to_owned(), intact };
            store::set_check(change, id, &check).await?;
            item.checked = Some(check);
            let (record, scope) = (id.to_string(), Some(item.incident.get()));
            let act = if intact { "evidence.verify" } else { "evidence.altered" };
            change.record(&record, act, &item, scope).await?;
            change.tell(TOPIC, &record, scope).await?;
            Ok(item)
        })
    })
    .await
}

/// The bytes as text, if they are. A character cut off at the end is left out.
fn as_text(bytes: &[u8]) -> Option<String> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(bytes.get(..error.valid_up_to())?).ok()?
        }
        Err(_) => return None,
    };
    let odd = text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'));
    (!text.is_empty() && !odd).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::as_text;

    #[test]
    fn only_text_is_shown_as_text() {
        assert_eq!(as_text("a\tß\r\n".as_bytes()).as_deref(), Some("a\tß\r\n"));
        assert_eq!(as_text(&"aß".as_bytes()[..2]).as_deref(), Some("a"));
        assert_eq!(as_text(b"ElfFile\0"), None);
        assert_eq!(as_text(b"\x1b[2J"), None);
        assert_eq!(as_text(&[0xff, b'a']), None);
    }
}

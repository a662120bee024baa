//! The bytes of an item: opened for whoever shows or sends them, looked into, hashed again.
//!
//! [`open`] is the one door to them: whoever wants an item's bytes takes them from the [`Content`] that it
//! gives, so that how they are kept (in a file, packed, encrypted) is known here alone.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use domain::{Actor, EvidenceId, Permission};

use super::collect::blocking;
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
    bytes: File,
    length: u64,
}

impl Content {
    /// How many bytes there are.
    pub const fn length(&self) -> u64 {
        self.length
    }
}

impl Read for Content {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.bytes.read(buffer)
    }
}

impl Seek for Content {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.bytes.seek(to)
    }
}

/// The item and its bytes, for whoever may know of its incident.
pub async fn open(app: &App, actor: &Actor, id: EvidenceId) -> Result<(Evidence, Content)> {
    let item = get(app, actor, id).await?;
    let content = of(app, &item).await?;
    Ok((item, content))
}

async fn of(app: &App, item: &Evidence) -> Result<Content> {
    let (blobs, sha256) = (app.blobs.clone(), item.sha256.to_string());
    let opened = blocking(move || {
        let bytes = blobs.open_blob(&sha256)?;
        let length = bytes.metadata()?.len();
        Ok(Content { bytes, length })
    });
    match opened.await {
        Err(Error::Io(error)) if error.kind() == io::ErrorKind::NotFound => Err(Error::Conflict(format!(
            "The bytes of {} are not on the disk. Restore them from a backup, and hash the item again.",
            item.id
        ))),
        opened => opened,
    }
}

/// A look at the first bytes; `None` if they are gone from the disk.
pub async fn glance(app: &App, item: &Evidence) -> Result<Option<Glance>> {
    let content = match of(app, item).await {
        Ok(content) => content,
        Err(Error::Conflict(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let read = move || {
        let mut bytes = Vec::new();
        content.take(GLANCE).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = blocking(read).await?;
    Ok(Some(Glance { text: as_text(&bytes), bytes }))
}

/// Hashes the bytes again and keeps in the ledger what came of it. Custody is not touched.
pub async fn verify(app: &App, actor: &Actor, id: EvidenceId) -> Result<Evidence> {
    need(actor, Permission::WorkIncident, "verifying evidence")?;
    let item = get(app, actor, id).await?;
    let (blobs, sha256) = (app.blobs.clone(), item.sha256.to_string());
    let intact = match blocking(move || blobs.verify(&sha256)).await {
        Ok(intact) => intact,
        Err(Error::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => false,
        Err(error) => return Err(error),
    };
    if !intact {
        tracing::error!(evidence = %id, "the bytes of an evidence item are not what they were");
    }
    let who = actor.clone();
    app.change(actor, move |change| {
        Box::pin(async move {
            let mut item =
                store::get_in(change.tx, &who, id).await?.ok_or(Error::NotFound("evidence item"))?;
            let check = Check { at: change.at, by: who.name().to_owned(), intact };
            store::set_check(change, id, &check).await?;
            item.checked = Some(check);
            let (record, scope) = (id.to_string(), Some(item.incident.get()));
            change.record(&record, "evidence.verify", &item, scope).await?;
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

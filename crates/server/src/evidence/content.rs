//! The bytes of an item: opened for download, looked into, hashed again.

use std::fs::File;
use std::io::Read;

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

/// The item and its bytes, opened.
pub async fn open(app: &App, actor: &Actor, id: EvidenceId) -> Result<(Evidence, File)> {
    let item = get(app, actor, id).await?;
    let (blobs, sha256) = (app.blobs.clone(), item.sha256.to_string());
    let file = blocking(move || blobs.open_blob(&sha256)).await?;
    Ok((item, file))
}

/// A look at the first bytes; `None` if they are gone from the disk.
pub async fn glance(app: &App, item: &Evidence) -> Result<Option<Glance>> {
    let (blobs, sha256) = (app.blobs.clone(), item.sha256.to_string());
    let read = blocking(move || {
        let mut bytes = Vec::new();
        blobs.open_blob(&sha256)?.take(GLANCE).read_to_end(&mut bytes)?;
        Ok(bytes)
    });
    match read.await {
        Ok(bytes) => Ok(Some(Glance { text: as_text(&bytes), bytes })),
        Err(Error::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
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

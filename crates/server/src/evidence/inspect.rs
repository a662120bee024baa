//! Looking into an item without running or drawing it: what kind it is, its text, its strings, its bytes,
//! the records of a log, the members of an archive, the parts of a mail. The crate `exhibit` reads them,
//! `telemetry` reads logs; here the item is opened for whoever may see it, and the work is done where it
//! holds up nobody.

use std::io::Seek;

use domain::{Actor, EvidenceId};
use exhibit::archive::Listing;
use exhibit::kind::HEAD;
use exhibit::mail::Mail;
use exhibit::strings::Strings;
use exhibit::text::{self, Encoding, Finds, Page};
use exhibit::{Identity, Kind};
use tokio::sync::Semaphore;

use super::Evidence;
use super::content::{self, Content};
use crate::app::App;
use crate::error::{Error, Result};

/// How many looks are taken at once: each may hold a mail, or read many megabytes.
static LOOKS: Semaphore = Semaphore::const_new(4);

/// The lines of a page of text, and the bytes of a page of hexadecimal digits.
pub const LINES: usize = 200;
pub const BYTES: usize = 4096;

/// An item with what its bytes are.
pub struct Seen {
    pub item: Evidence,
    pub identity: Identity,
    /// The log format that its records can be read in.
    pub log: Option<telemetry::Format>,
    /// How many bytes there are.
    pub length: u64,
}

impl Seen {
    /// How its text is read: as it says, or each byte as a character.
    pub fn encoding(&self) -> Encoding {
        self.identity.encoding.unwrap_or(Encoding::Windows1252)
    }
}

/// Does something with the item's bytes.
pub(super) async fn look<T: Send + 'static>(
    app: &App,
    actor: &Actor,
    id: EvidenceId,
    work: impl FnOnce(&Seen, Content) -> exhibit::Result<T> + Send + 'static,
) -> Result<(Seen, T)> {
    let (item, mut content) = content::open(app, actor, id).await?;
    let _turn = LOOKS.acquire().await.map_err(|_| Error::Unavailable("Watchbell is stopping.".to_owned()))?;
    let looked = tokio::task::spawn_blocking(move || {
        let identity = exhibit::kind::identify(&mut content, &item.name)?;
        let head = exhibit::window(&mut content, 0, HEAD)?;
        content.rewind()?;
        let may_be_log = identity.encoding.is_some() || identity.kind == Kind::Evtx;
        let log = may_be_log.then(|| telemetry::detect(&item.name, &head)).flatten();
        let seen = Seen { item, identity, log, length: content.length() };
        let told = work(&seen, content)?;
        Ok((seen, told))
    });
    looked.await.map_err(std::io::Error::other)?.map_err(refused)
}

/// What the bytes are is not our fault; that they cannot be read is.
pub(super) fn refused(error: exhibit::Error) -> Error {
    match error {
        exhibit::Error::Read(error) if error.kind() == std::io::ErrorKind::InvalidData => {
            Error::Invalid(format!("The bytes cannot be unpacked: {error}."))
        }
        exhibit::Error::Read(error) => Error::Io(error),
        exhibit::Error::NoSuchMember(_) => Error::NotFound("member of this archive"),
        other => Error::Invalid(other.to_string()),
    }
}

/// What the item's bytes are.
pub async fn identify(app: &App, actor: &Actor, id: EvidenceId) -> Result<Seen> {
    Ok(look(app, actor, id, |_, _| Ok(())).await?.0)
}

/// Where a page of text begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    Byte(u64),
    LastPage,
}

/// A page of the item's text.
pub async fn text(app: &App, actor: &Actor, id: EvidenceId, from: From) -> Result<(Seen, Page)> {
    look(app, actor, id, move |seen, mut content| {
        let encoding = seen.encoding();
        let at = match from {
            From::Byte(at) => at,
            From::LastPage => text::last_page(&mut content, encoding, LINES)?,
        };
        text::page(&mut content, encoding, at, LINES)
    })
    .await
}

/// The places at which a text stands in the item.
pub async fn search(
    app: &App,
    actor: &Actor,
    id: EvidenceId,
    wanted: String,
    at: u64,
) -> Result<(Seen, Finds)> {
    crate::web::paging::check_sought(Some(&wanted))?;
    look(app, actor, id, move |seen, mut content| text::search(&mut content, seen.encoding(), &wanted, at))
        .await
}

/// Some bytes of the item, from a multiple of sixteen on.
pub async fn bytes(app: &App, actor: &Actor, id: EvidenceId, at: u64) -> Result<(Seen, u64, Vec<u8>)> {
    let (seen, (at, bytes)) = look(app, actor, id, move |seen, mut content| {
        let at = at.min(seen.length.saturating_sub(1)) / 16 * 16;
        Ok((at, exhibit::window(&mut content, at, BYTES)?))
    })
    .await?;
    Ok((seen, at, bytes))
}

/// The strings in the item from a place on.
pub async fn strings(
    app: &App,
    actor: &Actor,
    id: EvidenceId,
    at: u64,
    least: usize,
) -> Result<(Seen, Strings)> {
    look(app, actor, id, move |_, mut content| exhibit::strings::strings(&mut content, at, least)).await
}

/// The members of the archive that the item is.
pub async fn archive(app: &App, actor: &Actor, id: EvidenceId) -> Result<(Seen, Listing)> {
    look(app, actor, id, |seen, mut content| exhibit::archive::list(&mut content, seen.identity.kind)).await
}

/// The mail that the item is.
pub async fn mail(app: &App, actor: &Actor, id: EvidenceId) -> Result<(Seen, Mail)> {
    look(app, actor, id, |seen, mut content| exhibit::mail::read(&mut content, seen.identity.kind)).await
}

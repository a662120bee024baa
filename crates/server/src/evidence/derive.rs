//! Items out of items: a mail split into its header, bodies and attachments, and a member taken out of an
//! archive. Each part becomes an item of its own whose custody begins with whoever took it out; what it
//! was taken out of stays as it is.

use std::sync::Arc;

use bytes::Bytes;
use domain::evidence::Acquisition;
use domain::{Actor, EvidenceId, Line, Permission};
use exhibit::mail::Mail;
use futures_util::stream;

use super::collect::{Arrived, arrive};
use super::inspect::{self, look};
use super::{Derived, Evidence, get, store};
use crate::app::App;
use crate::error::{Error, Result};
use crate::identity::{need, scope};
use crate::web::download::pieces;

/// The most parts that are taken out at once.
pub const MOST_PARTS: usize = 200;

/// A part of a mail that can become an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What it is called among the parts: `header`, `body 1`, `attachment 2`.
    pub part: String,
    /// The name that its file gets.
    pub name: String,
    pub bytes: usize,
}

/// The parts of a mail, in the order in which they are shown.
pub fn parts(mail: &Mail) -> Vec<Part> {
    let mut parts = Vec::new();
    if !mail.header.is_empty() {
        parts.push(Part {
            part: "header".to_owned(),
            name: "header.txt".to_owned(),
            bytes: mail.header.len(),
        });
    }
    for (body, number) in mail.bodies.iter().zip(1..) {
        let name = format!("body-{number}.{}", body.kind.ending());
        parts.push(Part { part: format!("body {number}"), name, bytes: body.bytes.len() });
    }
    for attachment in &mail.attachments {
        let part = format!("attachment {}", attachment.number);
        parts.push(Part { part, name: attachment.title(), bytes: attachment.bytes.len() });
    }
    parts.retain(|part| part.bytes > 0);
    parts
}

/// The bytes of a part.
fn bytes_of(mail: &mut Mail, part: &str) -> Option<Vec<u8>> {
    if part == "header" {
        return Some(std::mem::take(&mut mail.header));
    }
    let (kind, number) = part.split_once(' ')?;
    let place = number.parse::<usize>().ok()?.checked_sub(1)?;
    match kind {
        "body" => mail.bodies.get_mut(place).map(|body| std::mem::take(&mut body.bytes)),
        "attachment" => mail.attachments.get_mut(place).map(|one| std::mem::take(&mut one.bytes)),
        _ => None,
    }
}

/// Splits a mail: each of these parts, or all of them, becomes an item. A part that is an item already is
/// given as it is. Gives the items in the order of the parts.
pub async fn split(
    app: &App,
    actor: &Actor,
    id: EvidenceId,
    wanted: Option<Vec<String>>,
) -> Result<Vec<Evidence>> {
    need(actor, Permission::WorkIncident, "collecting evidence")?;
    let (seen, mut mail) = inspect::mail(app, actor, id).await?;
    let mut parts = parts(&mail);
    if let Some(wanted) = wanted {
        if let Some(unknown) = wanted.iter().find(|name| !parts.iter().any(|part| part.part == **name)) {
            let known: Vec<&str> = parts.iter().take(20).map(|part| part.part.as_str()).collect();
            return Err(Error::Invalid(format!(
                "{id} has no part {unknown:?}. Its parts are: {}.",
                known.join(", ")
            )));
        }
        parts.retain(|part| wanted.contains(&part.part));
    }
    if parts.is_empty() {
        return Err(Error::Invalid("Choose at least one part of the mail.".to_owned()));
    }
    if parts.len() > MOST_PARTS {
        return Err(Error::Invalid(format!(
            "{id} has {} parts; at most {MOST_PARTS} are taken out at once. Name those that you need.",
            parts.len()
        )));
    }
    let mut uploads = Vec::with_capacity(parts.len());
    for part in parts {
        let bytes = bytes_of(&mut mail, &part.part).unwrap_or_default();
        let whole = stream::iter([Ok::<_, Error>(Bytes::from(bytes))]);
        uploads.push((part.part, arrive(app, actor, seen.item.incident, &part.name, whole).await?));
    }
    keep(app, actor, id, "split from", uploads).await
}

/// Takes a member out of an archive. `name` must be the member's name: an archive may hold several of one
/// name, and a number alone says nothing to a reader.
pub async fn take_out(
    app: &App,
    actor: &Actor,
    id: EvidenceId,
    number: usize,
    name: &str,
) -> Result<Evidence> {
    need(actor, Permission::WorkIncident, "collecting evidence")?;
    let (seen, opened) = look(app, actor, id, move |seen, content| {
        exhibit::archive::open(content, seen.identity.kind, number)
    })
    .await?;
    if opened.member.name != name {
        return Err(Error::Invalid(format!(
            "Member {number} of {id} is not called that. List the archive again and choose from it."
        )));
    }
    let content = Box::pin(arrive(app, actor, seen.item.incident, name, pieces(opened.content)));
    let taken = content.await.map_err(unpacked)?;
    let uploads = vec![(format!("member {number}"), taken)];
    let items = keep(app, actor, id, "taken out of", uploads).await?;
    items.into_iter().next().ok_or(Error::NotFound("evidence item"))
}

/// That bytes cannot be unpacked is what they are, not our disk's fault.
fn unpacked(error: Error) -> Error {
    use std::io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    match error {
        Error::Io(error) if matches!(error.kind(), InvalidData | InvalidInput | UnexpectedEof) => {
            Error::Invalid(format!("The member cannot be taken out: {error}. Nothing was kept."))
        }
        other => other,
    }
}

/// Makes items of parts that are on the disk, all or none.
async fn keep(
    app: &App,
    actor: &Actor,
    id: EvidenceId,
    how: &str,
    uploads: Vec<(String, Arrived)>,
) -> Result<Vec<Evidence>> {
    let (who, method) = (actor.clone(), Line::new("the method", &format!("{how} {id}"))?);
    let tool = Line::new("the tool", concat!("Watchbell ", env!("CARGO_PKG_VERSION")))?;
    let by = Line::new("your name", actor.name())?;
    let vault = Arc::clone(&app.vault);
    let numbers = app
        .change(actor, move |change| {
            Box::pin(async move {
                // Membership may have ended while the parts were written.
                let item = store::get_in(change.tx, &who, id).await?;
                let item = item.ok_or(Error::NotFound("evidence item"))?;
                scope::stands_alone(change, item.incident).await?;
                let taken = store::parts_taken(change.tx, id).await?;
                let mut items = Vec::with_capacity(uploads.len());
                for (part, upload) in uploads {
                    let known =
                        taken.iter().find(|(_, known, sha256)| *known == part && sha256 == upload.sha256());
                    if let Some((known, ..)) = known {
                        items.push(*known);
                        continue;
                    }
                    let acquisition = Acquisition {
                        method: method.clone(),
                        tool: tool.clone(),
                        tool_version: None,
                        place: Line::new("the place", &format!("{part} of {id}"))?,
                        device: None,
                        serial: None,
                        write_blocker: None,
                        by: by.clone(),
                        at: change.at,
                    };
                    items.push(
                        upload
                            .collect(change, &vault, &who, acquisition, Derived { from: id, part })
                            .await?
                            .id,
                    );
                }
                Ok(items)
            })
        })
        .await?;
    let mut items = Vec::with_capacity(numbers.len());
    for number in numbers {
        items.push(get(app, actor, number).await?);
    }
    Ok(items)
}

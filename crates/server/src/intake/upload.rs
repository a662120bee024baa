//! From the network to the blob store: piece by piece, so that memory stays the same whatever the
//! size, and no further than the limit.

use std::io::Write;

use axum::body::{Body, BodyDataStream};
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request};
use bytes::Bytes;
use domain::Actor;
use futures_util::{Stream, StreamExt};
use platform::blobs::{Blob, Blobs};
use tokio::sync::mpsc;

use super::{Receipt, take};
use crate::app::App;
use crate::error::{Error, Result};

/// Pieces that wait for the disk.
const WAITING: usize = 16;

/// What may still come in a request.
struct Allowance {
    left: u64,
    limit: u64,
}

impl Allowance {
    fn new(limit: u64) -> Self {
        Allowance { left: limit, limit }
    }

    fn spend(&mut self, bytes: usize) -> Result<()> {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.left = self.left.checked_sub(bytes).ok_or_else(|| {
            Error::TooLarge(format!(
                "One request may bring {} MiB at the most. Send fewer or smaller files at once.",
                self.limit >> 20
            ))
        })?;
        Ok(())
    }
}

/// Takes in the body of a request as one file.
pub async fn take_body(app: &App, actor: &Actor, name: &str, body: Body) -> Result<Receipt> {
    let mut allowance = Allowance::new(app.intake.largest);
    let stream: BodyDataStream = body.into_data_stream();
    let blob = keep(&app.blobs, stream, &mut allowance).await?;
    take(app, actor, name, blob).await
}

/// How much more than its files a form may hold: the heads of its parts, and parts that are no files.
const AROUND: usize = 1 << 20;

/// The form in a request, bounded as a whole: a part that is no file, or the head of a part, must have
/// an end as well.
pub async fn read_form(app: &App, mut request: Request) -> Result<Multipart> {
    let largest = usize::try_from(app.intake.largest).unwrap_or(usize::MAX).saturating_add(AROUND);
    DefaultBodyLimit::max(largest).apply(&mut request);
    Multipart::from_request(request, app)
        .await
        .map_err(|refusal| Error::Invalid(format!("The form cannot be read: {}.", refusal.body_text())))
}

/// Takes in every part `file` of a form, one after the other. Other parts are left out.
pub async fn take_form(app: &App, actor: &Actor, mut form: Multipart) -> Result<Vec<Receipt>> {
    let mut allowance = Allowance::new(app.intake.largest);
    let mut receipts: Vec<Receipt> = Vec::new();
    while let Some(field) = form.next_field().await.map_err(|error| broken(&error))? {
        if field.name() != Some("file") {
            continue;
        }
        // A form without scripts sends an empty part where nobody picked a file.
        let name = field.file_name().unwrap_or_default().to_owned();
        let taken = take_field(app, actor, &name, field, &mut allowance).await;
        receipts.push(taken.map_err(|error| with_earlier(error, receipts.len()))?);
    }
    if receipts.is_empty() {
        return Err(Error::Invalid("Send at least one file, in a part called `file`.".to_owned()));
    }
    Ok(receipts)
}

async fn take_field(
    app: &App,
    actor: &Actor,
    name: &str,
    field: Field<'_>,
    allowance: &mut Allowance,
) -> Result<Receipt> {
    let blob = keep(&app.blobs, field, allowance).await?;
    if blob.bytes == 0 && name.is_empty() {
        return Err(Error::Invalid("Choose at least one file.".to_owned()));
    }
    take(app, actor, name, blob).await
}

/// Says of a refused file how many before it were taken: those stay.
fn with_earlier(error: Error, earlier: usize) -> Error {
    match error {
        Error::Invalid(text) if earlier > 0 => {
            Error::Invalid(format!("{text} The {earlier} before it in this request are taken in."))
        }
        error => error,
    }
}

/// Stores a stream as a blob.
async fn keep<E>(
    blobs: &Blobs,
    stream: impl Stream<Item = Result<Bytes, E>>,
    allowance: &mut Allowance,
) -> Result<Blob>
where
    Error: FromStream<E>,
{
    let (pieces, mut waiting) = mpsc::channel::<Bytes>(WAITING);
    let mut writer = blobs.writer()?;
    let writing = tokio::task::spawn_blocking(move || -> std::io::Result<Option<Blob>> {
        let mut whole = false;
        while let Some(piece) = waiting.blocking_recv() {
            if piece.is_empty() {
                whole = true;
                break;
            }
            writer.write_all(&piece)?;
        }
        if whole { writer.finish().map(Some) } else { Ok(None) }
    });
    let mut stream = std::pin::pin!(stream);
    while let Some(piece) = stream.next().await {
        let piece = piece.map_err(Error::from_stream)?;
        allowance.spend(piece.len())?;
        // An error here is the disk's; the writing thread tells it below.
        if !piece.is_empty() && pieces.send(piece).await.is_err() {
            break;
        }
    }
    // The empty piece is the end of a whole file; a channel that merely closes is that of a broken one.
    pieces.send(Bytes::new()).await.ok();
    let written = writing.await.map_err(|error| std::io::Error::other(error.to_string()))??;
    written.ok_or_else(|| Error::Io(std::io::Error::other("a file was not written to its end")))
}

/// How a stream breaks off, told to its sender.
trait FromStream<E> {
    fn from_stream(error: E) -> Self;
}

impl FromStream<axum::Error> for Error {
    fn from_stream(error: axum::Error) -> Self {
        Error::Invalid(format!("The request broke off: {error}. Send it again."))
    }
}

impl FromStream<MultipartError> for Error {
    fn from_stream(error: MultipartError) -> Self {
        broken(&error)
    }
}

fn broken(error: &MultipartError) -> Error {
    if error.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
        return Error::TooLarge("The form is larger than this route takes.".to_owned());
    }
    Error::Invalid(format!("The form cannot be read: {}.", error.body_text()))
}

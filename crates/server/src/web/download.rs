//! Files that leave through a browser. A name from outside only ever stands in the parameters of one
//! header, encoded (RFC 6266, RFC 8187); what it names is never drawn or run.

use std::fs::File;
use std::io::{self, Read};

use axum::body::Body;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::io::ReaderStream;

use crate::error::Result;

pub const BYTES: &str = "application/octet-stream";
/// How much of a file is read at once.
const PIECE: usize = 64 * 1024;
/// How many pieces wait for the network.
const AHEAD: usize = 4;

/// The value of `Content-Disposition` that saves a response under `name`.
pub fn attachment(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' })
        .collect();
    let encoded: String = name.bytes().map(percent).collect();
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

fn percent(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_') {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}

/// Bytes in memory, to be saved.
pub fn bytes(name: &str, kind: &'static str, content: Vec<u8>) -> Response {
    ([(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, attachment(name))], content).into_response()
}

/// A file on disk, to be saved; it is read as it is sent.
pub fn file(name: &str, kind: &'static str, content: File) -> Result<Response> {
    let length = content.metadata()?.len();
    let stream = ReaderStream::with_capacity(tokio::fs::File::from_std(content), PIECE);
    let headers = [
        (CONTENT_TYPE, kind.to_owned()),
        (CONTENT_DISPOSITION, attachment(name)),
        (CONTENT_LENGTH, length.to_string()),
    ];
    Ok((headers, Body::from_stream(stream)).into_response())
}

/// Bytes that come piece by piece from a reader, to be saved; their number is known.
pub fn stream(name: &str, kind: &'static str, length: u64, content: impl Read + Send + 'static) -> Response {
    let headers = [
        (CONTENT_TYPE, kind.to_owned()),
        (CONTENT_DISPOSITION, attachment(name)),
        (CONTENT_LENGTH, length.to_string()),
    ];
    (headers, Body::from_stream(pieces(content))).into_response()
}

/// A reader's bytes, read by a thread of their own as far as somebody takes them.
pub fn pieces(
    mut content: impl Read + Send + 'static,
) -> impl Stream<Item = io::Result<Bytes>> + Send + Unpin {
    let (sender, receiver) = tokio::sync::mpsc::channel(2);
    tokio::task::spawn_blocking(move || {
        loop {
            let mut piece = Vec::new();
            let outcome = content.by_ref().take(PIECE as u64).read_to_end(&mut piece);
            // What came before an error is sent before it.
            if !piece.is_empty() && sender.blocking_send(Ok(Bytes::from(piece))).is_err() {
                return;
            }
            match outcome {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) => {
                    let _ = sender.blocking_send(Err(error));
                    return;
                }
            }
        }
    });
    ReceiverStream::new(receiver)
}

#[cfg(test)]
mod tests {
    use super::attachment;

    #[test]
    fn a_name_stays_in_its_parameter() {
        assert_eq!(
            attachment("a\r\nX: y\".exe"),
            "attachment; filename=\"a__X__y_.exe\"; filename*=UTF-8''a%0D%0AX%3A%20y%22.exe"
        );
        assert_eq!(
            attachment("größe.log"),
            "attachment; filename=\"gr__e.log\"; filename*=UTF-8''gr%C3%B6%C3%9Fe.log"
        );
        assert!(!attachment("../../etc/passwd").contains('/'));
    }
}

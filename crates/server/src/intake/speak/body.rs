//! The body of a shipper's request: read whole, unpacked, and bounded on both sides of the unpacking,
//! so that neither an endless stream nor a bomb of a few kilobytes costs more than [`LARGEST`].

use std::io::Read;

use axum::extract::Request;
use axum::http::{HeaderMap, header};
use bytes::{Bytes, BytesMut};
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use futures_util::StreamExt;

use crate::error::{Error, Result};

/// The largest body, packed or unpacked, in bytes. Shippers send far less at once and halve what is
/// refused with 413.
pub const LARGEST: usize = 32 << 20;

/// Reads and unpacks a request's body.
pub async fn read(request: Request) -> Result<Bytes> {
    let coding = coding(request.headers())?;
    let mut packed = BytesMut::new();
    let mut pieces = request.into_body().into_data_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece
            .map_err(|error| Error::Invalid(format!("The request broke off: {error}. Send it again.")))?;
        if packed.len().saturating_add(piece.len()) > LARGEST {
            return Err(too_large());
        }
        packed.extend_from_slice(&piece);
    }
    let packed = packed.freeze();
    match coding {
        Coding::Plain => Ok(packed),
        coding => tokio::task::spawn_blocking(move || unpack(coding, &packed))
            .await
            .map_err(|error| std::io::Error::other(error.to_string()))?,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Plain,
    Gzip,
    /// RFC 9110 §8.4.1.2: what HTTP calls deflate is zlib's format.
    Deflate,
}

fn coding(headers: &HeaderMap) -> Result<Coding> {
    let Some(value) = headers.get(header::CONTENT_ENCODING) else { return Ok(Coding::Plain) };
    match value.to_str().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "" | "identity" => Ok(Coding::Plain),
        "gzip" | "x-gzip" => Ok(Coding::Gzip),
        "deflate" => Ok(Coding::Deflate),
        other => Err(Error::Invalid(format!(
            "Bodies are taken plain, as gzip or as deflate; this one says it is {:?}.",
            other.chars().take(40).collect::<String>()
        ))),
    }
}

fn unpack(coding: Coding, packed: &[u8]) -> Result<Bytes> {
    let mut plain = Vec::new();
    let limit = u64::try_from(LARGEST).unwrap_or(u64::MAX).saturating_add(1);
    let read = match coding {
        Coding::Plain => return Ok(Bytes::copy_from_slice(packed)),
        Coding::Gzip => MultiGzDecoder::new(packed).take(limit).read_to_end(&mut plain),
        Coding::Deflate => ZlibDecoder::new(packed).take(limit).read_to_end(&mut plain),
    };
    read.map_err(|error| Error::Invalid(format!("The packed body cannot be unpacked: {error}.")))?;
    if plain.len() > LARGEST {
        return Err(too_large());
    }
    Ok(plain.into())
}

fn too_large() -> Error {
    Error::TooLarge(format!(
        "A request may bring {} MiB at the most, packed or unpacked. Send less at once.",
        LARGEST >> 20
    ))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{GzEncoder, ZlibEncoder};

    use super::*;

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(content).unwrap();
        packer.finish().unwrap()
    }

    async fn sent(coding: Option<&str>, body: Vec<u8>) -> Result<Bytes> {
        let mut request = Request::builder().method("POST").uri("/");
        if let Some(coding) = coding {
            request = request.header("content-encoding", coding);
        }
        read(request.body(body.into()).unwrap()).await
    }

    #[tokio::test]
    async fn bodies_come_plain_or_packed() {
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
        zlib.write_all(b"abc").unwrap();
        for (coding, body) in [
            (None, b"abc".to_vec()),
            (Some("identity"), b"abc".to_vec()),
            (Some("gzip"), gzip(b"abc")),
            (Some("GZIP"), [gzip(b"a"), gzip(b"bc")].concat()),
            (Some("deflate"), zlib.finish().unwrap()),
        ] {
            assert_eq!(&*sent(coding, body).await.unwrap(), b"abc", "{coding:?}");
        }
    }

    #[tokio::test]
    async fn what_is_not_what_it_says_is_refused() {
        let half = gzip(b"abc")[..12].to_vec();
        for (coding, body) in
            [(Some("gzip"), b"abc".to_vec()), (Some("gzip"), half), (Some("br"), b"abc".to_vec())]
        {
            assert!(matches!(sent(coding, body).await, Err(Error::Invalid(_))), "{coding:?}");
        }
    }

    #[tokio::test]
    async fn a_bomb_ends_at_the_limit() {
        let bomb = gzip(&vec![0; 3 * LARGEST]);
        assert!(bomb.len() < LARGEST / 10);
        assert!(matches!(sent(Some("gzip"), bomb).await, Err(Error::TooLarge(_))));
        assert!(matches!(sent(None, vec![b'a'; LARGEST + 1]).await, Err(Error::TooLarge(_))));
        assert_eq!(sent(None, vec![b'a'; LARGEST]).await.unwrap().len(), LARGEST);
    }
}

//! Content at rest under a key. It is cut into chunks of 64 KiB, each sealed with AES-256-GCM under a
//! random nonce; its place and whether it is the last are sealed with it, so that chunks cannot be
//! changed, moved, left out or cut off without notice (the STREAM construction of Hoang, Reyhanitabar,
//! Rogaway and Vizár, with nonces drawn anew). Chunks have one size, so a reader can seek.
//!
//! Without its key, sealed content is noise: destroying the key destroys the content.

use std::io::{self, Read, Seek, SeekFrom, Write};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroizing;

use crate::blobs::{Blob, BlobWriter};

/// Bytes of content in each chunk but the last, which has fewer.
pub const CHUNK: usize = 64 << 10;
const TAG: usize = 16;
/// What a chunk has beside its content.
const AROUND: usize = NONCE_LEN + TAG;
/// The first bytes of sealed content.
pub const HEAD: &[u8; 8] = b"WBSEAL1\n";
/// Bytes that a sealed chunk with full content takes.
pub const SEALED_CHUNK: u64 = (CHUNK + AROUND) as u64;

/// A secret of 256 bits. It is wiped from memory when dropped and never printed.
pub struct Key(Zeroizing<[u8; 32]>);

impl Key {
    /// A new key from the system's randomness.
    pub fn generate() -> io::Result<Self> {
        let mut key = Zeroizing::new([0; 32]);
        getrandom::fill(key.as_mut_slice()).map_err(io::Error::other)?;
        Ok(Key(key))
    }

    /// The key with these bytes; `None` unless there are 32.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        <[u8; 32]>::try_from(bytes).ok().map(|bytes| Key(Zeroizing::new(bytes)))
    }

    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// Seals something small. Only who says the same `about` can open it.
    pub fn seal(&self, about: &str, content: &[u8]) -> io::Result<Vec<u8>> {
        let mut out = Vec::with_capacity(content.len() + AROUND);
        seal_into(&self.cipher()?, about.as_bytes(), content, &mut out)?;
        Ok(out)
    }

    /// Opens what [`Key::seal`] sealed. `InvalidData` if it is not that.
    pub fn open(&self, about: &str, sealed: &[u8]) -> io::Result<Zeroizing<Vec<u8>>> {
        let mut buffer = Zeroizing::new(sealed.to_vec());
        let length = open_in_place(&self.cipher()?, about.as_bytes(), &mut buffer)?;
        buffer.copy_within(NONCE_LEN..NONCE_LEN + length, 0);
        buffer.truncate(length);
        Ok(buffer)
    }

    /// Opens a key that was sealed under this one.
    pub fn open_key(&self, about: &str, sealed: &[u8]) -> io::Result<Key> {
        Key::from_bytes(&self.open(about, sealed)?).ok_or_else(|| broken("a sealed key has 32 bytes"))
    }

    fn cipher(&self) -> io::Result<LessSafeKey> {
        let key = UnboundKey::new(&AES_256_GCM, self.as_bytes()).map_err(io::Error::other)?;
        Ok(LessSafeKey::new(key))
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(not shown)")
    }
}

/// Seals content as it comes: bytes in, sealed bytes out. What does not fill a chunk yet is its
/// [tail](Sealer::tail).
pub struct Sealer {
    cipher: LessSafeKey,
    next: u64,
    tail: Zeroizing<Vec<u8>>,
}

impl Sealer {
    /// Goes on after `chunks` full chunks, with the content that has filled no chunk yet.
    pub fn resume(key: &Key, chunks: u64, tail: &[u8]) -> io::Result<Self> {
        let mut held = Vec::with_capacity(CHUNK);
        held.extend_from_slice(tail);
        Ok(Sealer { cipher: key.cipher()?, next: chunks, tail: Zeroizing::new(held) })
    }

    /// Takes a piece; appends what became full to `out`.
    pub fn push(&mut self, mut piece: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
        while !piece.is_empty() {
            let (now, rest) = piece.split_at(piece.len().min(CHUNK.saturating_sub(self.tail.len())));
            self.tail.extend_from_slice(now);
            piece = rest;
            if self.tail.len() == CHUNK {
                seal_into(&self.cipher, &place(self.next, false), &self.tail, out)?;
                self.next += 1;
                self.tail.clear();
            }
        }
        Ok(())
    }

    /// Seals what remains as the last chunk.
    pub fn finish(self, out: &mut Vec<u8>) -> io::Result<()> {
        seal_into(&self.cipher, &place(self.next, true), &self.tail, out)
    }

    /// Content that is in no chunk yet: less than [`CHUNK`] bytes.
    pub fn tail(&self) -> &[u8] {
        &self.tail
    }
}

/// Writes sealed content into a blob, which is named by the SHA-256 of its sealed bytes: the disk can
/// be checked by whoever has no key.
pub struct SealedWriter {
    sealer: Sealer,
    blob: BlobWriter,
    out: Vec<u8>,
}

impl SealedWriter {
    pub fn new(mut blob: BlobWriter, key: &Key) -> io::Result<Self> {
        blob.write_all(HEAD)?;
        Ok(SealedWriter { sealer: Sealer::resume(key, 0, &[])?, blob, out: Vec::new() })
    }

    /// Seals the last chunk, makes it durable and names it.
    pub fn finish(mut self) -> io::Result<Blob> {
        self.out.clear();
        self.sealer.finish(&mut self.out)?;
        self.blob.write_all(&self.out)?;
        self.blob.finish()
    }
}

impl Write for SealedWriter {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.out.clear();
        self.sealer.push(piece, &mut self.out)?;
        self.blob.write_all(&self.out)?;
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.blob.flush()
    }
}

/// Reads sealed content from any place in it.
pub struct SealedReader<R> {
    inner: R,
    cipher: LessSafeKey,
    /// Full chunks before the last one.
    full: u64,
    length: u64,
    position: u64,
    /// The chunk that was opened last, and its place.
    chunk: Zeroizing<Vec<u8>>,
    at: Option<u64>,
}

impl<R: Read + Seek> SealedReader<R> {
    /// `InvalidData` if this is no sealed content, or was cut off between two chunks.
    pub fn open(mut inner: R, key: &Key) -> io::Result<Self> {
        let end = inner.seek(SeekFrom::End(0))?;
        inner.rewind()?;
        let mut head = [0; HEAD.len()];
        inner.read_exact(&mut head).map_err(|_| broken("it is no sealed content"))?;
        if head != *HEAD {
            return Err(broken("it is no sealed content"));
        }
        let body = end.saturating_sub(HEAD.len() as u64);
        let (full, last) = (body / SEALED_CHUNK, body % SEALED_CHUNK);
        let last = last.checked_sub(AROUND as u64).ok_or_else(|| broken("its end is missing"))?;
        Ok(SealedReader {
            inner,
            cipher: key.cipher()?,
            full,
            length: full * CHUNK as u64 + last,
            position: 0,
            chunk: Zeroizing::new(Vec::new()),
            at: None,
        })
    }

    /// Bytes of content.
    pub const fn length(&self) -> u64 {
        self.length
    }

    fn load(&mut self, index: u64) -> io::Result<()> {
        if self.at == Some(index) {
            return Ok(());
        }
        self.at = None;
        let from = HEAD.len() as u64 + index * SEALED_CHUNK;
        self.inner.seek(SeekFrom::Start(from))?;
        self.chunk.clear();
        (&mut self.inner).take(SEALED_CHUNK).read_to_end(&mut self.chunk)?;
        let about = place(index, index == self.full);
        let length = open_in_place(&self.cipher, &about, &mut self.chunk)?;
        self.chunk.copy_within(NONCE_LEN..NONCE_LEN + length, 0);
        self.chunk.truncate(length);
        self.at = Some(index);
        Ok(())
    }
}

impl<R: Read + Seek> Read for SealedReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() || self.position >= self.length {
            // An empty content is still opened once, so that a forged one is noticed.
            if self.length == 0 && self.at.is_none() {
                self.load(0)?;
            }
            return Ok(0);
        }
        let (index, within) = (self.position / CHUNK as u64, self.position % CHUNK as u64);
        self.load(index)?;
        let rest = usize::try_from(within).ok().and_then(|within| self.chunk.get(within..));
        let rest = rest.ok_or_else(|| broken("a chunk is shorter than it was"))?;
        let count = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        self.position += count as u64;
        // The last chunk says that nothing is missing; it may be empty and would else not be opened.
        if self.position == self.length && index < self.full {
            self.load(self.full)?;
        }
        Ok(count)
    }
}

impl<R: Read + Seek> Seek for SealedReader<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
        };
        self.position = target.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.position)
    }
}

/// Opens the full chunks of content that is not finished, one after another, and gives each to `take`:
/// its sealed bytes and its content. `count` of them must be there.
pub fn each_chunk(
    mut inner: impl Read,
    key: &Key,
    count: u64,
    mut take: impl FnMut(&[u8], &[u8]),
) -> io::Result<()> {
    let cipher = key.cipher()?;
    let mut head = [0; HEAD.len()];
    inner.read_exact(&mut head)?;
    take(&head, &[]);
    let mut sealed = vec![0; CHUNK + AROUND];
    let mut opened = Zeroizing::new(vec![0; CHUNK + AROUND]);
    for index in 0..count {
        inner.read_exact(&mut sealed)?;
        opened.copy_from_slice(&sealed);
        let length = open_in_place(&cipher, &place(index, false), &mut opened)?;
        take(&sealed, opened.get(NONCE_LEN..NONCE_LEN + length).unwrap_or_default());
    }
    Ok(())
}

/// What is sealed with a chunk: where it stands and whether another follows.
fn place(index: u64, last: bool) -> [u8; 17] {
    let mut about = [0; 17];
    let fields = HEAD.iter().copied().chain(index.to_be_bytes()).chain([u8::from(last)]);
    for (to, from) in about.iter_mut().zip(fields) {
        *to = from;
    }
    about
}

fn seal_into(cipher: &LessSafeKey, about: &[u8], content: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
    let mut nonce = [0; NONCE_LEN];
    getrandom::fill(&mut nonce).map_err(io::Error::other)?;
    out.extend_from_slice(&nonce);
    let from = out.len();
    out.extend_from_slice(content);
    let nonce = Nonce::assume_unique_for_key(nonce);
    let rest = out.get_mut(from..).unwrap_or_default();
    let tag = cipher.seal_in_place_separate_tag(nonce, Aad::from(about), rest).map_err(io::Error::other)?;
    out.extend_from_slice(tag.as_ref());
    Ok(())
}

/// Opens `nonce ‖ sealed ‖ tag` in its place; the content then stands after the nonce. Gives its length.
fn open_in_place(cipher: &LessSafeKey, about: &[u8], buffer: &mut [u8]) -> io::Result<usize> {
    let damaged = || broken("it was changed, or the key is another one");
    let (nonce, sealed) = buffer.split_at_mut_checked(NONCE_LEN).ok_or_else(damaged)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| damaged())?;
    let content = cipher.open_in_place(nonce, Aad::from(about), sealed).map_err(|_| damaged())?;
    Ok(content.len())
}

fn broken(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn sealed(key: &Key, content: &[u8]) -> Vec<u8> {
        let mut out = HEAD.to_vec();
        let mut sealer = Sealer::resume(key, 0, &[]).unwrap();
        for piece in content.chunks(10_000) {
            sealer.push(piece, &mut out).unwrap();
        }
        sealer.finish(&mut out).unwrap();
        out
    }

    fn opened(key: &Key, sealed: &[u8]) -> io::Result<Vec<u8>> {
        let mut back = Vec::new();
        SealedReader::open(Cursor::new(sealed), key)?.read_to_end(&mut back)?;
        Ok(back)
    }

    fn content(length: usize) -> Vec<u8> {
        (0u32..).map(|n| u8::try_from(n * 31 % 251).unwrap()).take(length).collect()
    }

    #[test]
    fn what_is_sealed_comes_back_whatever_its_length() {
        let key = Key::generate().unwrap();
        for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 77] {
            let content = content(length);
            assert_eq!(opened(&key, &sealed(&key, &content)).unwrap(), content, "{length}");
        }
    }

    #[test]
    fn a_reader_goes_to_any_place() {
        let key = Key::generate().unwrap();
        let (content, mut piece) = (content(3 * CHUNK + 77), [0; 100]);
        let sealed = sealed(&key, &content);
        let mut reader = SealedReader::open(Cursor::new(&sealed), &key).unwrap();
        for at in [3 * CHUNK - 50, 10, CHUNK, 2 * CHUNK - 1] {
            reader.seek(SeekFrom::Start(at as u64)).unwrap();
            reader.read_exact(&mut piece).unwrap();
            assert_eq!(piece, content[at..at + 100]);
        }
        assert_eq!(reader.seek(SeekFrom::End(0)).unwrap(), content.len() as u64);
        assert_eq!(reader.read(&mut piece).unwrap(), 0);
        assert!(reader.seek(SeekFrom::End(-1 - i64::try_from(content.len()).unwrap())).is_err());
    }

    #[test]
    fn no_change_goes_unnoticed() {
        let key = Key::generate().unwrap();
        let whole = sealed(&key, &content(2 * CHUNK + 5));
        let chunk = usize::try_from(SEALED_CHUNK).unwrap();
        for at in [0, 8, 30, HEAD.len() + chunk + 100, whole.len() - 1] {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            assert_eq!(opened(&key, &changed).unwrap_err().kind(), io::ErrorKind::InvalidData, "{at}");
        }
        let mut swapped = whole[..HEAD.len()].to_vec();
        swapped.extend_from_slice(&whole[HEAD.len() + chunk..HEAD.len() + 2 * chunk]);
        swapped.extend_from_slice(&whole[HEAD.len()..HEAD.len() + chunk]);
        swapped.extend_from_slice(&whole[HEAD.len() + 2 * chunk..]);
        let shorter = [&whole[..HEAD.len() + chunk], &whole[HEAD.len() + 2 * chunk..]].concat();
        for broken in [&swapped, &shorter, &whole[..HEAD.len() + 2 * chunk].to_vec(), &whole[..20].to_vec()] {
            assert_eq!(opened(&key, broken).unwrap_err().kind(), io::ErrorKind::InvalidData);
        }
        // Content of a whole number of chunks ends with an empty last one: it cannot be left out.
        let even = sealed(&key, &content(CHUNK));
        assert!(opened(&key, &even[..even.len() - AROUND]).is_err());
        assert!(opened(&Key::generate().unwrap(), &whole).is_err(), "another key opens nothing");
    }

    #[test]
    fn sealing_goes_on_where_it_was_left() {
        let key = Key::generate().unwrap();
        let content = content(2 * CHUNK + 1000);
        let mut out = HEAD.to_vec();
        let mut first = Sealer::resume(&key, 0, &[]).unwrap();
        first.push(&content[..CHUNK + 500], &mut out).unwrap();
        let tail = first.tail().to_vec();
        assert_eq!(tail, content[CHUNK..CHUNK + 500]);
        let (mut hashed, mut seen) = (Vec::new(), 0);
        each_chunk(Cursor::new(&out), &key, 1, |sealed, plain| {
            seen += sealed.len();
            hashed.extend_from_slice(plain);
        })
        .unwrap();
        assert_eq!((hashed.as_slice(), seen), (&content[..CHUNK], out.len()));
        let mut second = Sealer::resume(&key, 1, &tail).unwrap();
        second.push(&content[CHUNK + 500..], &mut out).unwrap();
        second.finish(&mut out).unwrap();
        assert_eq!(opened(&key, &out).unwrap(), content);
    }

    #[test]
    fn a_key_under_a_key_opens_only_for_what_it_was_sealed() {
        let (outer, inner) = (Key::generate().unwrap(), Key::generate().unwrap());
        let sealed = outer.seal("INC-1", inner.as_bytes()).unwrap();
        assert_eq!(outer.open_key("INC-1", &sealed).unwrap().as_bytes(), inner.as_bytes());
        assert!(outer.open_key("INC-2", &sealed).is_err());
        assert!(inner.open_key("INC-1", &sealed).is_err());
        assert!(outer.open("INC-1", &[0; 5]).is_err());
        assert_eq!(format!("{inner:?}"), "Key(not shown)");
    }
}

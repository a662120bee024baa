//! What may lie between a source's bytes and its text: gzip and zstd, told by their first bytes and
//! unpacked piece by piece, and UTF-16, told by its byte order mark. A source that expands beyond
//! all measure is stopped, so that a small hostile file costs neither disk nor hours.

use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use encoding_rs_io::DecodeReaderBytesBuilder;
use flate2::bufread::MultiGzDecoder;

use crate::detect::HEAD;
use crate::error::Error;
use crate::lines::Input;

/// Logs shrink to a tenth or a hundredth. What expands more than this is no log.
const MOST_RATIO: u64 = 200;
/// What may come out of any source, however small: a short file of one repeated line is no attack.
const FREE: u64 = 64 << 20;
/// The largest window that a zstd frame may ask for, as a power of two: 128 MiB, which is what the
/// `zstd` program allows as well. It bounds the memory.
const ZSTD_WINDOW: u32 = 27;

/// A source's beginning, and the stream that starts with it.
pub(crate) struct Opened {
    pub(crate) head: Vec<u8>,
    pub(crate) input: Input,
    /// The source's name without `.gz` or `.zst`, where it was packed.
    pub(crate) name: String,
}

/// Reads the beginning of a source, through one layer of compression and one of UTF-16 where they
/// are there.
pub(crate) fn open(name: &str, read: impl Read + Send + 'static) -> Result<Opened, Error> {
    let mut opened = begin(name, read).map_err(|source| Error::Read { name: name.to_owned(), source })?;
    if let Some(packing) = Packing::of(&opened.head) {
        let decoder = packing.decoder(opened.input);
        let unpacked = decoder.and_then(|decoder| begin(name, decoder));
        opened = unpacked.map_err(|source| Error::Read { name: name.to_owned(), source })?;
        opened.name = packing.name_inside(name).to_owned();
    }
    if opened.head.starts_with(&[0xff, 0xfe]) || opened.head.starts_with(&[0xfe, 0xff]) {
        let decoder = DecodeReaderBytesBuilder::new().strip_bom(true).build(opened.input);
        let inside = opened.name;
        opened = begin(name, decoder).map_err(|source| Error::Read { name: name.to_owned(), source })?;
        opened.name = inside;
    }
    Ok(opened)
}

/// Takes a look at the first bytes. An error behind some of them is told when reading comes there.
fn begin(name: &str, read: impl Read + Send + 'static) -> io::Result<Opened> {
    let mut rest = BufReader::with_capacity(HEAD, read);
    let mut head = Vec::new();
    let outcome = rest.by_ref().take(u64::try_from(HEAD).unwrap_or(u64::MAX)).read_to_end(&mut head);
    let failure = match outcome {
        Ok(_) => None,
        Err(error) if head.is_empty() => return Err(error),
        Err(error) => Some(error),
    };
    let start = Cursor::new(head.clone());
    let input: Input = match failure {
        None => Box::new(start.chain(rest)),
        Some(error) => Box::new(start.chain(Failed(Some(error)))),
    };
    Ok(Opened { head, input, name: name.to_owned() })
}

/// The error that a stream ended with, told once.
struct Failed(Option<io::Error>);

impl Read for Failed {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

impl BufRead for Failed {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.0.take().map_or(Ok(&[]), Err)
    }

    fn consume(&mut self, _: usize) {}
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Packing {
    Gzip,
    Zstd,
}

impl Packing {
    fn of(head: &[u8]) -> Option<Packing> {
        if head.starts_with(&[0x1f, 0x8b, 0x08]) {
            Some(Packing::Gzip)
        } else if head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
            Some(Packing::Zstd)
        } else {
            None
        }
    }

    /// Both go on with the next member or frame where one ends.
    fn decoder(self, packed: Input) -> io::Result<Box<dyn Read + Send>> {
        let taken = Arc::new(AtomicU64::new(0));
        let packed = BufReader::with_capacity(HEAD, Counted { inner: packed, taken: Arc::clone(&taken) });
        let inner: Box<dyn Read + Send> = match self {
            Packing::Gzip => Box::new(MultiGzDecoder::new(packed)),
            Packing::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(packed)?;
                decoder.window_log_max(ZSTD_WINDOW)?;
                Box::new(decoder)
            }
        };
        Ok(Box::new(Bounded { inner, taken, given: 0 }))
    }

    fn name_inside(self, name: &str) -> &str {
        let endings: &[&str] = match self {
            Packing::Gzip => &[".gz", ".gzip"],
            Packing::Zstd => &[".zst", ".zstd"],
        };
        let ending = endings.iter().find(|ending| {
            name.len()
                .checked_sub(ending.len())
                .and_then(|at| name.get(at..))
                .is_some_and(|end| end.eq_ignore_ascii_case(ending))
        });
        ending.and_then(|ending| name.get(..name.len() - ending.len())).unwrap_or(name)
    }
}

/// Counts the packed bytes.
struct Counted {
    inner: Input,
    taken: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.taken.fetch_add(u64::try_from(read).unwrap_or(0), Ordering::Relaxed);
        Ok(read)
    }
}

/// Stops when more has come out than any log's packed bytes could hold.
struct Bounded {
    inner: Box<dyn Read + Send>,
    taken: Arc<AtomicU64>,
    given: u64,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.given = self.given.saturating_add(u64::try_from(read).unwrap_or(0));
        let allowed = self.taken.load(Ordering::Relaxed).saturating_mul(MOST_RATIO).saturating_add(FREE);
        if self.given > allowed {
            return Err(io::Error::other(format!(
                "it expands to more than {MOST_RATIO} times its size, as a decompression bomb does; \
                 unpack it by hand if you trust it"
            )));
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::io::Write;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn all(bytes: Vec<u8>) -> (Vec<u8>, Option<io::Error>) {
        let mut opened = open("x.log.gz", Cursor::new(bytes)).unwrap();
        let mut whole = Vec::new();
        let error = opened.input.read_to_end(&mut whole).err();
        (whole, error)
    }

    #[test]
    fn members_and_frames_follow_each_other() {
        let members = [gzip(b"one\n"), gzip(b""), gzip(b"two\n")].concat();
        assert_eq!(all(members).0, b"one\ntwo\n");
        let frames =
            [zstd::encode_all(&b"one\n"[..], 1).unwrap(), zstd::encode_all(&b"two\n"[..], 19).unwrap()];
        assert_eq!(all(frames.concat()).0, b"one\ntwo\n");
    }

    #[test]
    fn utf_16_of_either_order_becomes_text_packed_or_not() {
        let text = "Grüße, 🦀\r\n";
        let little: Vec<u8> =
            "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> =
            "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
        for bytes in [little.clone(), big, gzip(&little)] {
            assert_eq!(all(bytes).0, text.as_bytes());
        }
    }

    #[test]
    fn a_bomb_is_stopped_and_what_is_cut_off_says_so() {
        let zeros = vec![b'0'; 200 << 20];
        for bomb in [gzip(&zeros), zstd::encode_all(&zeros[..], 1).unwrap()] {
            let (came, error) = all(bomb);
            assert!(came.len() < zeros.len(), "{}", came.len());
            assert!(error.unwrap().to_string().contains("decompression bomb"));
        }
        let mut cut = gzip(b"one\ntwo\nthree\n");
        cut.truncate(cut.len() - 10);
        let (_, error) = all(cut);
        assert_eq!(error.unwrap().kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn a_packed_name_gives_the_name_inside() {
        assert_eq!(Packing::Gzip.name_inside("a/conn.log.GZ"), "a/conn.log");
        assert_eq!(Packing::Zstd.name_inside("x.zst"), "x");
        assert_eq!(Packing::Gzip.name_inside("é"), "é");
    }
}

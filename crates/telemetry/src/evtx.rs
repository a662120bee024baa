//! The Windows event log file: its chunks, the records in them, and each record's bytes. What the
//! fields mean to Sigma stands in `windows`.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;
use evtx::err::EvtxError;
use evtx::{EvtxChunkData, EvtxFileHeader, EvtxRecord, ParserSettings};

use crate::error::{Cause, Position};
use crate::flatten::flatten;
use crate::lines::Input;
use crate::windows::{self, Tree};
use crate::{Event, Format};

const FILE_HEADER: usize = 4096;
const CHUNK: usize = 65_536;
/// Signature, size, record id and time written, before the binary XML.
const RECORD_HEADER: usize = 24;
/// The copy of the size after the binary XML.
const RECORD_TRAILER: usize = 4;

type Outcome = Result<Event, (Position, Cause)>;

/// Reads a file chunk by chunk and hands out the events of one chunk at a time.
pub(crate) struct Evtx {
    input: Input,
    settings: Arc<ParserSettings>,
    /// Whether the file says that it was not closed: then its last chunk's checksums lag behind.
    dirty: bool,
    next_chunk: u64,
    started: bool,
    ended: bool,
    ready: VecDeque<Outcome>,
}

impl Evtx {
    pub(crate) fn new(input: Input) -> Self {
        Evtx {
            input,
            settings: Arc::new(ParserSettings::new().indent(false)),
            dirty: false,
            next_chunk: 0,
            started: false,
            ended: false,
            ready: VecDeque::new(),
        }
    }

    pub(crate) fn next(&mut self) -> Option<Outcome> {
        loop {
            if let Some(outcome) = self.ready.pop_front() {
                return Some(outcome);
            }
            if self.ended {
                return None;
            }
            if self.started {
                self.read_chunk();
            } else {
                self.started = true;
                self.read_file_header();
            }
        }
    }

    fn fail(&mut self, position: Position, cause: Cause) {
        self.ready.push_back(Err((position, cause)));
    }

    fn read_file_header(&mut self) {
        // A chunk that was cut out of its file stands alone.
        if self.input.fill_buf().is_ok_and(|head| head.starts_with(b"ElfChnk\0")) {
            return;
        }
        let mut header = vec![0; FILE_HEADER];
        match fill(&mut self.input, &mut header) {
            Ok(FILE_HEADER) => match EvtxFileHeader::from_bytes(&header) {
                Ok(header) => {
                    self.dirty = header.flags.contains(evtx::HeaderFlags::DIRTY);
                    if !header.validate_checksum() {
                        let text = "its checksum is wrong; the chunks are read nevertheless";
                        self.fail(Position::Header, Cause::Evtx(text.to_owned()));
                    }
                }
                Err(error) => self.fail(Position::Header, Cause::Evtx(chain(&error))),
            },
            Ok(_) => {
                self.ended = true;
                self.fail(Position::Header, Cause::Truncated);
            }
            Err(error) => {
                self.ended = true;
                self.fail(Position::Header, Cause::Io(error));
            }
        }
    }

    fn read_chunk(&mut self) {
        let number = self.next_chunk;
        let position = Position::Chunk(number);
        self.next_chunk += 1;
        let mut bytes = vec![0; CHUNK];
        let read = match fill(&mut self.input, &mut bytes) {
            Ok(read) => read,
            Err(error) => {
                self.ended = true;
                return self.fail(position, Cause::Io(error));
            }
        };
        let cut_off = read < CHUNK;
        if cut_off {
            self.ended = true;
        }
        // Windows sets a file's size in advance: unused chunks are zeros.
        if bytes.iter().all(|byte| *byte == 0) {
            return;
        }
        if cut_off {
            self.fail(position, Cause::Truncated);
        }
        // The decoder is not ours and the bytes may be an attacker's: should it panic, that is an
        // error of this chunk and not the end of the program.
        let (settings, check) = (Arc::clone(&self.settings), !cut_off && !self.dirty);
        let decoded = catch_unwind(AssertUnwindSafe(|| decode_chunk(bytes, number, settings, check)));
        match decoded {
            Ok(outcomes) => self.ready.extend(outcomes),
            Err(_) => self.fail(position, Cause::Evtx("the decoder gave up on it".to_owned())),
        }
    }
}

fn decode_chunk(bytes: Vec<u8>, number: u64, settings: Arc<ParserSettings>, check: bool) -> Vec<Outcome> {
    let broken =
        |error: &dyn std::error::Error| vec![Err((Position::Chunk(number), Cause::Evtx(chain(error))))];
    let mut data = match EvtxChunkData::new(bytes, false) {
        Ok(data) => data,
        Err(error) => return broken(&error),
    };
    data.number = Some(number);
    let mut outcomes = Vec::with_capacity(128);
    if check && !data.validate_checksum() {
        let text = "its checksum is wrong; its records are read nevertheless";
        outcomes.push(Err((Position::Chunk(number), Cause::Evtx(text.to_owned()))));
    }
    let mut chunk = match data.parse(settings) {
        Ok(chunk) => chunk,
        Err(error) => {
            outcomes.extend(broken(&error));
            return outcomes;
        }
    };
    for record in chunk.iter() {
        outcomes.push(match record {
            Ok(record) => decode_record(record, number),
            Err(error) => Err(located(&error, number)),
        });
    }
    outcomes
}

fn decode_record(record: EvtxRecord<'_>, chunk: u64) -> Outcome {
    let position = Position::EvtxRecord { chunk, id: record.event_record_id };
    let raw = record_bytes(&record)
        .ok_or_else(|| (position, Cause::Evtx("the record leaves its chunk".to_owned())))?;
    let written = record.timestamp.as_nanosecond();
    let json = record.into_json_bytes().map_err(|error| located(&error, chunk))?;
    let mut event = Event::new(raw, Format::Evtx);
    flatten(&json.data, &mut Tree(&mut event)).map_err(|error| (position, Cause::Json(error)))?;
    windows::finish(&mut event);
    if event.time.is_none() {
        event.time = jiff::Timestamp::from_nanosecond(written).ok();
    }
    Ok(event)
}

/// The record as it stands in the file, from its signature to the copy of its size.
fn record_bytes(record: &EvtxRecord<'_>) -> Option<Bytes> {
    let xml = usize::try_from(record.binxml_offset).ok()?;
    let size = usize::try_from(record.binxml_size).ok()?;
    let start = xml.checked_sub(RECORD_HEADER)?;
    let end = xml.checked_add(size)?.checked_add(RECORD_TRAILER)?;
    record.chunk.data.get(start..end.min(record.chunk.data.len())).map(Bytes::copy_from_slice)
}

/// Names the record if the error does.
fn located(error: &EvtxError, chunk: u64) -> (Position, Cause) {
    let position = match error {
        EvtxError::FailedToParseRecord { record_id, .. } => Position::EvtxRecord { chunk, id: *record_id },
        _ => Position::Chunk(chunk),
    };
    (position, Cause::Evtx(chain(error)))
}

/// An error and what caused it, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

/// Reads until the buffer is full or the input ends.
fn fill(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..)
        && !rest.is_empty()
    {
        match input.read(rest) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

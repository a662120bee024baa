//! What can go wrong: a source that cannot be read at all ([`Error`]), and one record of it that
//! cannot ([`RecordError`]), after which the rest goes on.

use std::fmt;
use std::io;
use std::sync::Arc;

use bytes::Bytes;

use crate::Format;

/// A source that cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{name} cannot be opened: {source}")]
    Open { name: String, source: io::Error },
    #[error("{name} cannot be read: {source}")]
    Read { name: String, source: io::Error },
    #[error("{name} is empty")]
    Empty { name: String },
    #[error(
        "{name} is in no format that is known here ({}); name the format if you know better",
        crate::detect::names()
    )]
    Unrecognised { name: String },
    #[error("there is no format {name:?}; the formats are {}", crate::detect::names())]
    NoSuchFormat { name: String },
}

/// Where in its source a record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// The file header, before any record.
    Header,
    /// A line of text, counted from 1.
    Line(u64),
    /// A JSON document or an element of one, counted from 1.
    Record(u64),
    /// An EVTX chunk, counted from 0 as the format does.
    Chunk(u64),
    /// An EVTX record by its record id, and the chunk that holds it.
    EvtxRecord { chunk: u64, id: u64 },
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Position::Header => write!(f, "file header"),
            Position::Line(number) => write!(f, "line {number}"),
            Position::Record(number) => write!(f, "record {number}"),
            Position::Chunk(number) => write!(f, "chunk {number}"),
            Position::EvtxRecord { chunk, id } => write!(f, "record id {id} (chunk {chunk})"),
        }
    }
}

/// Why a record cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    #[error("reading stopped: {0}")]
    Io(#[from] io::Error),
    #[error("the line is longer than {limit} bytes and was left out")]
    LineTooLong { limit: usize },
    #[error("the record is longer than {limit} bytes and was left out")]
    RecordTooLong { limit: usize },
    #[error("not valid JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the JSON value is not an object")]
    NotAnObject,
    #[error("text between records that is not JSON was left out")]
    BetweenRecords,
    #[error("the file ends in the middle of the record")]
    Truncated,
    #[error("the EVTX structure is damaged: {0}")]
    Evtx(String),
    #[error("a Zeek data line stands before any #fields header")]
    ZeekWithoutHeader,
    #[error("the Zeek line has {found} columns where #fields names {expected}")]
    ZeekColumns { found: usize, expected: usize },
    #[error("the Zeek header is damaged: {0}")]
    ZeekHeader(&'static str),
    #[error("not a syslog message: {0}")]
    Syslog(&'static str),
    #[error("the source's mapping does not recognise the record: none of its tests passes")]
    Unmapped,
    #[error("not {what}: {why}")]
    Unreadable { what: &'static str, why: &'static str },
}

/// A record that cannot be read; the records around it still are.
#[derive(Debug, thiserror::Error)]
#[error("{source_name}: {position}: {cause}")]
pub struct RecordError {
    /// The file name or other name of the source.
    pub source_name: Arc<str>,
    pub format: Format,
    pub position: Position,
    /// Its bytes, as far as its bounds are known.
    pub raw: Bytes,
    #[source]
    pub cause: Cause,
}

//! Opening a source and walking over its records, whatever the format.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;

use crate::access::Access;
use crate::audit::Audit;
use crate::detect::{self, detect};
use crate::documents::Documents;
use crate::error::{Cause, Error, Position, RecordError};
use crate::evtx::Evtx;
use crate::frames::Frames;
use crate::lines::{Line, Lines};
use crate::syslog::{self, Syslog};
use crate::unpack::{self, Opened};
use crate::w3c::W3c;
use crate::xml_events::Events;
use crate::zeek::Tsv;
use crate::{Event, Format, Mappings, json};

/// Longest line of Zeek or syslog text.
const MAX_LINE: usize = 1024 * 1024;
/// Longest event as XML.
const MAX_XML: usize = 4 * 1024 * 1024;
/// Longest JSON record.
const MAX_JSON: usize = 16 * 1024 * 1024;

/// How to read a source.
#[derive(Debug, Clone)]
pub struct Options {
    /// The time of reading. RFC 3164 leaves the year out; it is the one that puts a message
    /// within the twelve months before this.
    pub now: Timestamp,
    /// The format, where the caller knows it; otherwise it is detected.
    pub format: Option<Format>,
    /// What the records of products mean.
    pub mappings: Arc<Mappings>,
}

impl Options {
    /// With the mappings that Watchbell ships.
    pub fn new(now: Timestamp) -> Self {
        Options { now, format: None, mappings: Mappings::shipped() }
    }

    pub fn with_format(mut self, format: Format) -> Self {
        self.format = Some(format);
        self
    }

    pub fn with_mappings(mut self, mappings: Arc<Mappings>) -> Self {
        self.mappings = mappings;
        self
    }
}

impl FromStr for Format {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        detect::FORMATS
            .iter()
            .map(|(format, _)| *format)
            .find(|format| format.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| Error::NoSuchFormat { name: name.to_owned() })
    }
}

/// Walks over the records of one source. A record that cannot be read is an error of its own, and
/// the walk goes on behind it.
pub struct Reader {
    name: Arc<str>,
    format: Format,
    body: Body,
}

enum Body {
    Evtx(Evtx),
    Documents { documents: Documents, record: Vec<u8>, json: json::Context },
    Text { lines: Lines, line: Vec<u8>, parser: Parser },
    Framed { frames: Frames, message: Vec<u8>, syslog: Syslog },
    Xml { events: Events, record: Vec<u8> },
}

enum Parser {
    Json(json::Context),
    Zeek(Box<Tsv>),
    Syslog(Box<Syslog>),
    Audit(Box<Audit>),
    Access(Access),
    W3c(Box<W3c>),
}

/// Opens a file. It is read piece by piece.
pub fn open(path: &Path, options: &Options) -> Result<Reader, Error> {
    let name = path.display().to_string();
    let file = match File::open(path) {
        Ok(file) => file,
        Err(source) => return Err(Error::Open { name, source }),
    };
    from_read(&name, file, options)
}

/// Reads bytes that are in memory. `name` is what errors call them, and may help to tell the
/// format.
pub fn from_bytes(name: &str, bytes: Bytes, options: &Options) -> Result<Reader, Error> {
    from_read(name, Cursor::new(bytes), options)
}

/// Reads a stream.
pub fn from_read(name: &str, read: impl Read + Send + 'static, options: &Options) -> Result<Reader, Error> {
    let opened = unpack::open(name, read)?;
    if opened.head.is_empty() {
        return Err(Error::Empty { name: name.to_owned() });
    }
    let format = match options.format.or_else(|| detect(&opened.name, &opened.head)) {
        Some(format) => format,
        None => return Err(Error::Unrecognised { name: name.to_owned() }),
    };
    let body = Body::new(format, opened, options);
    Ok(Reader { name: name.into(), format, body })
}

impl Body {
    fn new(format: Format, opened: Opened, options: &Options) -> Self {
        let Opened { head, input, name } = opened;
        let name = name.as_str();
        let json = matches!(format, Format::JsonLines | Format::ZeekJson | Format::SuricataEve);
        let by_line = json && detect::one_record_a_line(&head);
        let text =
            |input, limit, parser| Body::Text { lines: Lines::new(input, limit), line: Vec::new(), parser };
        match format {
            Format::Evtx => Body::Evtx(Evtx::new(input)),
            Format::ZeekTsv => {
                text(input, MAX_LINE, Parser::Zeek(Box::new(Tsv::new(name, &options.mappings))))
            }
            Format::Syslog if syslog::counted(&head).is_some() => Body::Framed {
                frames: Frames::new(input, MAX_LINE),
                message: Vec::new(),
                syslog: Syslog::new(options.now),
            },
            Format::Syslog | Format::Cef | Format::Leef => {
                text(input, MAX_LINE, Parser::Syslog(Box::new(Syslog::new(options.now))))
            }
            Format::LinuxAudit => {
                text(input, MAX_LINE, Parser::Audit(Box::new(Audit::new(&options.mappings))))
            }
            Format::AccessLog => text(input, MAX_LINE, Parser::Access(Access::new(name))),
            Format::W3c => text(input, MAX_LINE, Parser::W3c(Box::default())),
            Format::WindowsXml => Body::Xml { events: Events::new(input, MAX_XML), record: Vec::new() },
            Format::JsonLines | Format::ZeekJson | Format::SuricataEve => {
                let json = json::Context::new(name, format, &options.mappings);
                if by_line {
                    text(input, MAX_JSON, Parser::Json(json))
                } else {
                    let documents = Documents::new(input, MAX_JSON);
                    Body::Documents { documents, record: Vec::new(), json }
                }
            }
        }
    }

    /// The bytes of the record read last, where records have bounds that do not depend on their content.
    fn last(&self) -> Bytes {
        match self {
            Body::Evtx(_) => Bytes::new(),
            Body::Documents { record, .. } | Body::Xml { record, .. } => Bytes::copy_from_slice(record),
            Body::Framed { message, .. } => Bytes::copy_from_slice(message),
            Body::Text { line, .. } => Bytes::copy_from_slice(line),
        }
    }

    fn next(&mut self) -> Option<Result<Event, (Position, Cause)>> {
        match self {
            Body::Evtx(evtx) => evtx.next(),
            Body::Documents { documents, record, json } => {
                let outcome = documents.next(record)?;
                let position = Position::Record(documents.number);
                Some(outcome.and_then(|()| json.event(record)).map_err(|cause| (position, cause)))
            }
            Body::Framed { frames, message, syslog } => {
                let outcome = frames.next(message)?;
                let position = Position::Record(frames.number);
                Some(outcome.and_then(|()| syslog.line(message)).map_err(|cause| (position, cause)))
            }
            Body::Xml { events, record } => {
                let outcome = events.next(record)?;
                let position = Position::Record(events.number);
                Some(outcome.map_err(|cause| (position, cause)))
            }
            Body::Text { lines, line, parser } => loop {
                if let Some(event) = parser.ready() {
                    return Some(Ok(event));
                }
                let outcome = match lines.next(line) {
                    Ok(Line::End) => {
                        parser.end();
                        return parser.ready().map(Ok);
                    }
                    Ok(Line::Read) => {
                        if line.iter().all(u8::is_ascii_whitespace) {
                            continue;
                        }
                        match parser.event(line) {
                            Some(outcome) => outcome,
                            None => continue,
                        }
                    }
                    Ok(Line::TooLong) => Err(Cause::LineTooLong { limit: lines.limit() }),
                    Err(error) => Err(Cause::Io(error)),
                };
                let position = Position::Line(lines.number);
                return Some(outcome.map_err(|cause| (position, cause)));
            },
        }
    }
}

impl Parser {
    /// Reads a line; `None` if it is no record and rightly so.
    fn event(&mut self, line: &[u8]) -> Option<Result<Event, Cause>> {
        match self {
            Parser::Json(json) => Some(json.event(line)),
            Parser::Zeek(zeek) => zeek.line(line),
            Parser::Syslog(syslog) => Some(syslog.line(line)),
            Parser::Audit(audit) => audit.line(line).err().map(Err),
            Parser::Access(access) => Some(access.line(line)),
            Parser::W3c(w3c) => w3c.line(line),
        }
    }

    /// An event that earlier lines have made complete.
    fn ready(&mut self) -> Option<Event> {
        match self {
            Parser::Audit(audit) => audit.ready(),
            _ => None,
        }
    }

    /// No line follows.
    fn end(&mut self) {
        if let Parser::Audit(audit) = self {
            audit.end();
        }
    }
}

/// Reads records that come one by one, each within bounds of its own, as the messages of a protocol do.
pub struct Records {
    format: Format,
    parser: Parser,
}

impl Records {
    /// `None` for a format whose records do not stand alone.
    pub fn new(name: &str, format: Format, options: &Options) -> Option<Self> {
        let parser = match format {
            Format::Evtx | Format::WindowsXml | Format::LinuxAudit => return None,
            Format::ZeekTsv => Parser::Zeek(Box::new(Tsv::new(name, &options.mappings))),
            Format::AccessLog => Parser::Access(Access::new(name)),
            Format::W3c => Parser::W3c(Box::default()),
            Format::Syslog | Format::Cef | Format::Leef => Parser::Syslog(Box::new(Syslog::new(options.now))),
            Format::JsonLines | Format::ZeekJson | Format::SuricataEve => {
                Parser::Json(json::Context::new(name, format, &options.mappings))
            }
        };
        Some(Records { format, parser })
    }

    pub fn format(&self) -> Format {
        self.format
    }

    /// Reads a record; `None` if it is no record and rightly so, as a blank line.
    pub fn read(&mut self, record: &[u8]) -> Option<Result<Event, Cause>> {
        if record.iter().all(u8::is_ascii_whitespace) {
            return None;
        }
        if record.len() > MAX_JSON {
            return Some(Err(Cause::RecordTooLong { limit: MAX_JSON }));
        }
        self.parser.event(record)
    }
}

impl Reader {
    /// The source's name, as given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The format, as detected or told.
    pub fn format(&self) -> Format {
        self.format
    }
}

impl Iterator for Reader {
    type Item = Result<Event, RecordError>;

    fn next(&mut self) -> Option<Self::Item> {
        let outcome = self.body.next()?;
        Some(outcome.map_err(|(position, cause)| RecordError {
            source_name: Arc::clone(&self.name),
            format: self.format,
            position,
            raw: self.body.last(),
            cause,
        }))
    }
}

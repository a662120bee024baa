//! Opening a source and walking over its records, whatever the format.

use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read};
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;

use crate::detect::{self, HEAD, detect};
use crate::documents::Documents;
use crate::error::{Cause, Error, Position, RecordError};
use crate::evtx::Evtx;
use crate::lines::{Input, Line, Lines};
use crate::syslog::Syslog;
use crate::zeek::Tsv;
use crate::{Event, Format, json};

/// Longest line of Zeek or syslog text.
const MAX_LINE: usize = 1024 * 1024;
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
}

impl Options {
    pub fn new(now: Timestamp) -> Self {
        Options { now, format: None }
    }

    pub fn with_format(mut self, format: Format) -> Self {
        self.format = Some(format);
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
}

enum Parser {
    Json(json::Context),
    Zeek(Box<Tsv>),
    Syslog(Box<Syslog>),
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
    let mut input = BufReader::with_capacity(HEAD, read);
    let mut head = Vec::new();
    let taken = input.by_ref().take(u64::try_from(HEAD).unwrap_or(u64::MAX)).read_to_end(&mut head);
    if let Err(source) = taken {
        return Err(Error::Read { name: name.to_owned(), source });
    }
    if head.is_empty() {
        return Err(Error::Empty { name: name.to_owned() });
    }
    if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
        return Err(Error::Utf16 { name: name.to_owned() });
    }
    let format = match options.format.or_else(|| detect(name, &head)) {
        Some(format) => format,
        None => return Err(Error::Unrecognised { name: name.to_owned() }),
    };
    let body = Body::new(name, format, head, input, options);
    Ok(Reader { name: name.into(), format, body })
}

impl Body {
    /// `head` has been read off `rest` already.
    fn new(
        name: &str,
        format: Format,
        head: Vec<u8>,
        rest: impl BufRead + Send + 'static,
        options: &Options,
    ) -> Self {
        let json = matches!(format, Format::JsonLines | Format::ZeekJson | Format::SuricataEve);
        let by_line = json && detect::one_record_a_line(&head);
        let input: Input = Box::new(Cursor::new(head).chain(rest));
        let text =
            |input, limit, parser| Body::Text { lines: Lines::new(input, limit), line: Vec::new(), parser };
        match format {
            Format::Evtx => Body::Evtx(Evtx::new(input)),
            Format::ZeekTsv => text(input, MAX_LINE, Parser::Zeek(Box::new(Tsv::new(name)))),
            Format::Syslog => text(input, MAX_LINE, Parser::Syslog(Box::new(Syslog::new(options.now)))),
            Format::JsonLines | Format::ZeekJson | Format::SuricataEve => {
                let json = json::Context::new(name, format);
                if by_line {
                    text(input, MAX_JSON, Parser::Json(json))
                } else {
                    let documents = Documents::new(input, MAX_JSON);
                    Body::Documents { documents, record: Vec::new(), json }
                }
            }
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
            Body::Text { lines, line, parser } => loop {
                let outcome = match lines.next(line) {
                    Ok(Line::End) => return None,
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
        }
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
            cause,
        }))
    }
}

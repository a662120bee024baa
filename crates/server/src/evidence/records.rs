//! The records of a log that is an evidence item, as a table: a page of them from a place on, and one with
//! all its fields. An event log of Windows is opened at the chunk that is asked for; other logs are read
//! from the beginning, up to a bound.

use std::fmt;
use std::str::FromStr;

use bytes::Bytes;
use domain::{Actor, EvidenceId};
use jiff::Timestamp;
use telemetry::{Event, Format, Options, Value};

use super::content::Content;
use super::inspect::{Seen, look};
use crate::app::App;
use crate::error::{Error, Result};
use crate::web::paging::check_sought;

/// The records of a page.
pub const ROWS: usize = 50;
/// How many records one request looks at.
const LOOKED_AT: usize = 20_000;
/// How far into a log that has no chunks a page may lie.
const FARTHEST: u64 = 500_000;
/// How many of the records that cannot be read a page names.
const MOST_REFUSALS: usize = 20;
/// The file header of an event log, and a chunk of it.
const HEADER: u64 = 4096;
const CHUNK: u64 = 65_536;

/// The place of a record: the chunk that it is in (0 in a log without chunks), and its number there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Place {
    pub chunk: u64,
    pub number: u64,
}

impl FromStr for Place {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let unknown =
            || Error::Invalid("A record's place is written as two numbers, such as 0.12.".to_owned());
        let (chunk, number) = text.split_once('.').ok_or_else(unknown)?;
        Ok(Place {
            chunk: chunk.parse().map_err(|_| unknown())?,
            number: number.parse().map_err(|_| unknown())?,
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.chunk, self.number)
    }
}

/// A record as a row.
pub struct Row {
    pub place: Place,
    pub at: Option<Timestamp>,
    pub host: Option<String>,
    pub event_id: Option<String>,
    pub channel: Option<String>,
    /// The log source in a rule's words.
    pub source: String,
    /// The fields that say most about what happened.
    pub says: Vec<(String, String)>,
}

/// Some records of a log.
pub struct Records {
    pub rows: Vec<Row>,
    pub next: Option<Place>,
    /// How many records were looked at for these.
    pub looked_at: usize,
    /// What could not be read on the way, in words.
    pub refused: Vec<String>,
}

/// One record with all that it says.
pub struct Record {
    pub place: Place,
    pub event: Event,
    pub next: Option<Place>,
}

/// The records from a place on in which a text stands, in either case: anywhere, or, written as
/// `name=text`, in one field.
pub async fn records(
    app: &App,
    actor: &Actor,
    id: EvidenceId,
    from: Place,
    wanted: Option<String>,
) -> Result<(Seen, Records)> {
    check_sought(wanted.as_deref())?;
    let wanted = wanted.filter(|wanted| !wanted.trim().is_empty()).map(|wanted| Wanted::new(&wanted));
    let options = options(app);
    let (seen, records) = look(app, actor, id, move |seen, content| {
        let mut told = Records { rows: Vec::new(), next: None, looked_at: 0, refused: Vec::new() };
        walk(seen, content, &options, from, |place, read| {
            match read {
                Ok(event) => {
                    if told.rows.len() == ROWS || told.looked_at == LOOKED_AT {
                        told.next = Some(place);
                        return false;
                    }
                    told.looked_at += 1;
                    if wanted.as_ref().is_none_or(|wanted| wanted.matches(&event)) {
                        told.rows.push(row(place, &event));
                    }
                }
                Err(refusal) if told.refused.len() < MOST_REFUSALS => told.refused.push(refusal),
                Err(_) => {}
            }
            true
        })?;
        Ok(told)
    })
    .await?;
    Ok((seen, records))
}

/// The record at a place.
pub async fn record(app: &App, actor: &Actor, id: EvidenceId, place: Place) -> Result<(Seen, Record)> {
    let options = options(app);
    let (seen, found) = look(app, actor, id, move |seen, content| {
        let (mut found, mut next) = (None, None);
        walk(seen, content, &options, place, |at, read| match (read, found.is_some()) {
            (Ok(_), true) => {
                next = Some(at);
                false
            }
            (Ok(event), false) if at == place => {
                found = Some(event);
                true
            }
            (Ok(_), false) => false,
            (Err(_), _) => true,
        })?;
        Ok(found.map(|event| Record { place, event, next }))
    })
    .await?;
    Ok((seen, found.ok_or(Error::NotFound("record in this log"))?))
}

fn options(app: &App) -> Options {
    Options::new(app.clock.now()).with_mappings(std::sync::Arc::clone(&app.mappings))
}

/// Goes over the records from a place on until there are no more or `each` has enough.
fn walk(
    seen: &Seen,
    content: Content,
    options: &Options,
    from: Place,
    mut each: impl FnMut(Place, std::result::Result<Event, String>) -> bool,
) -> exhibit::Result<()> {
    let format = seen.log.ok_or_else(|| exhibit::Error::Damaged {
        what: "log",
        why: format!("it is: {}", seen.identity.kind.label()),
    })?;
    let options = options.clone().with_format(format);
    if format == Format::Evtx {
        return walk_chunks(seen, content, &options, from, each);
    }
    if from.number > FARTHEST || from.chunk > 0 {
        return Err(exhibit::Error::TooMuch {
            what: "A log that is looked at here",
            limit: format!("{FARTHEST} records"),
            instead: "Send it to the intake: there it can be searched as a whole.",
        });
    }
    let reader = telemetry::from_read(&seen.item.name, content, &options);
    let reader = reader.map_err(|error| exhibit::Error::Damaged { what: "log", why: error.to_string() })?;
    let mut number = 0;
    for read in reader {
        let place = Place { chunk: 0, number };
        let is_record = read.is_ok();
        if is_record && number < from.number {
            number += 1;
            continue;
        }
        if !each(place, read.map_err(|error| error.to_string())) {
            break;
        }
        number += u64::from(is_record);
    }
    Ok(())
}

/// Reads an event log chunk by chunk, each behind the file's header, as if it were the only one.
fn walk_chunks(
    seen: &Seen,
    mut content: Content,
    options: &Options,
    from: Place,
    mut each: impl FnMut(Place, std::result::Result<Event, String>) -> bool,
) -> exhibit::Result<()> {
    let header = exhibit::window(&mut content, 0, 4096)?;
    let (begin, header) = if header.starts_with(b"ElfChnk\0") { (0, Vec::new()) } else { (HEADER, header) };
    let mut chunk = from.chunk;
    loop {
        let at = begin.saturating_add(chunk.saturating_mul(CHUNK));
        if at >= seen.length {
            return Ok(());
        }
        let mut bytes = header.clone();
        bytes.extend(exhibit::window(&mut content, at, 65_536)?);
        let reader = telemetry::from_bytes(&seen.item.name, Bytes::from(bytes), options);
        let reader =
            reader.map_err(|error| exhibit::Error::Damaged { what: "event log", why: error.to_string() })?;
        let mut number = 0;
        for read in reader {
            let place = Place { chunk, number };
            let is_record = read.is_ok();
            if is_record && chunk == from.chunk && number < from.number {
                number += 1;
                continue;
            }
            // Each chunk is read as the first of its file, and the file's header before each of them.
            let of_header =
                chunk > 0 && matches!(&read, Err(error) if error.position == telemetry::Position::Header);
            if !of_header && !each(place, read.map_err(|error| format!("Chunk {chunk}: {}", error.cause))) {
                return Ok(());
            }
            number += u64::from(is_record);
        }
        chunk += 1;
    }
}

/// What a reader looks for.
struct Wanted {
    field: Option<(String, String)>,
    anywhere: String,
}

impl Wanted {
    fn new(text: &str) -> Self {
        let text = text.trim();
        let field =
            text.split_once('=').map(|(name, value)| (name.trim().to_owned(), value.trim().to_lowercase()));
        Wanted { field, anywhere: text.to_lowercase() }
    }

    fn matches(&self, event: &Event) -> bool {
        if let Some((name, value)) = &self.field
            && let Some((_, found)) = event.fields().find(|(known, _)| known.eq_ignore_ascii_case(name))
        {
            // An event's number is that number, not one that holds it.
            let text = said(found).to_lowercase();
            return if matches!(found, Value::Int(_)) { text == *value } else { text.contains(value) };
        }
        event.fields().any(|(_, value)| said(value).to_lowercase().contains(&self.anywhere))
    }
}

fn row(place: Place, event: &Event) -> Row {
    let text = |name: &str| event.text(name).map(|text| exhibit::one_line(&text, 200));
    let source = &event.source;
    let parts = [&source.product, &source.category, &source.service];
    Row {
        place,
        at: event.time,
        host: event.host.as_ref().map(|host| exhibit::one_line(host, 200)),
        event_id: text("EventID"),
        channel: text("Channel"),
        source: parts.into_iter().flatten().map(AsRef::as_ref).collect::<Vec<&str>>().join(" "),
        says: summary(event),
    }
}

/// The fields that say most about what happened, most telling first.
const TELLING: [&str; 44] = [
    "CommandLine",
    "Image",
    "NewProcessName",
    "ProcessName",
    "ScriptBlockText",
    "ContextInfo",
    "Payload",
    "SourceImage",
    "TargetImage",
    "GrantedAccess",
    "ParentImage",
    "ParentCommandLine",
    "TargetFilename",
    "TargetObject",
    "Details",
    "QueryName",
    "DestinationIp",
    "DestinationHostname",
    "DestinationPort",
    "PipeName",
    "ImageLoaded",
    "ServiceName",
    "ImagePath",
    "ServiceFileName",
    "TaskName",
    "ShareName",
    "RelativeTargetName",
    "ObjectName",
    "TargetUserName",
    "TargetDomainName",
    "LogonType",
    "IpAddress",
    "WorkstationName",
    "Status",
    "SubjectUserName",
    "MemberName",
    "Message",
    "id.orig_h",
    "id.resp_h",
    "id.resp_p",
    "host",
    "uri",
    "query",
    "c-ip",
];
/// The fields that every record of its kind has, or that say nothing to a reader.
const COMMON: [&str; 16] = [
    "EventID",
    "Channel",
    "Computer",
    "Level",
    "Task",
    "Opcode",
    "Keywords",
    "Version",
    "EventRecordID",
    "TimeCreated",
    "Qualifiers",
    "EventSourceName",
    "UtcTime",
    "RuleName",
    "@timestamp",
    "Hostname",
];
/// How many fields a row shows, and how much of each.
const MOST_SAID: usize = 4;
const LONGEST_SAID: usize = 120;

/// What a record says in short: its telling fields, filled up with others.
fn summary(event: &Event) -> Vec<(String, String)> {
    let is_empty = |text: &str| text.trim().is_empty() || text == "-";
    let telling = TELLING.iter().filter_map(|name| event.get(name).map(|value| (*name, value)));
    let dull = |name: &str| {
        TELLING.contains(&name)
            || COMMON.contains(&name)
            || ["Provider_", "Execution_", "Security_", "Correlation", "UserData."]
                .iter()
                .any(|start| name.starts_with(start))
            || name.to_ascii_lowercase().ends_with("guid")
            || name.contains("xmlns")
    };
    let others = event.fields().filter(|(name, _)| !dull(name));
    telling
        .chain(others)
        .map(|(name, value)| (name, said(value)))
        .filter(|(_, text)| !is_empty(text))
        .take(MOST_SAID)
        .map(|(name, text)| (exhibit::one_line(name, 60), exhibit::one_line(text.trim(), LONGEST_SAID)))
        .collect()
}

/// A field's value as people read it.
pub fn said(value: &Value) -> String {
    match value {
        Value::List(values) => values.iter().map(said).collect::<Vec<_>>().join(", "),
        other => other.as_text().unwrap_or_default().into_owned(),
    }
}

//! Log formats in, events out. One file a format; nothing here knows rules, alerts or stores.
//!
//! [`open`] and [`from_bytes`] give a [`Reader`], which walks over the records of a source and
//! yields each as an [`Event`] or as the reason why it could not be read.

mod access;
mod audit;
mod auditd;
mod cef;
mod detect;
mod documents;
mod error;
mod event;
mod evtx;
mod flatten;
mod fortigate;
mod frames;
mod json;
mod layout;
mod leef;
mod lines;
mod mapping;
mod name;
mod reader;
mod straight;
mod suricata;
mod syslog;
mod time;
mod unpack;
mod vendors;
mod w3c;
mod web;
mod windows;
mod xml;
mod xml_events;
mod zeek;

pub use detect::{FORMATS, detect};
pub use error::{Cause, Error, Position, RecordError};
pub use event::{Event, Format, LogSource, Value};
pub use mapping::{Mapping, MappingError, Mappings, Reported};
pub use name::Name;
pub use reader::{Options, Reader, Records, from_bytes, from_read, open};

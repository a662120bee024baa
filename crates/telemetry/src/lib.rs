//! Log formats in, events out. One file a format; nothing here knows rules, alerts or stores.

mod event;

pub use event::{Event, Format, LogSource, Value};

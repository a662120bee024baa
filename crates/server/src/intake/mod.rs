//! The pipeline: bytes → blob → telemetry → events → rules → alerts → incidents. Nothing is answered
//! before everything is committed.

pub mod api;
pub mod page;

use crate::app::App;
use crate::error::Result;

/// What the intake shares between requests.
pub struct Desk {
    /// The largest request, in bytes.
    pub largest: u64,
}

impl Desk {
    pub fn new(largest: u64) -> Self {
        Desk { largest }
    }
}

pub async fn resume(_app: &App) -> Result<()> {
    Ok(())
}

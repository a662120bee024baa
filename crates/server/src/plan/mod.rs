//! (being written)

pub mod api;
pub mod page;

use crate::app::App;
use crate::error::Result;

pub async fn ensure_in_force(_app: &App) -> Result<()> {
    Ok(())
}

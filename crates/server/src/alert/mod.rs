//! (being written)

pub mod api;
pub mod page;
pub mod rules;

use crate::app::App;
use crate::error::Result;

pub async fn count_new(_app: &App) -> Result<i64> {
    Ok(0)
}

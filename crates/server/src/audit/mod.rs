//! (being written)

pub mod api;
pub mod page;

use crate::app::App;
use crate::error::Result;

pub async fn sign_as_it_grows(_app: App) {}

pub async fn sign_now(_app: &App) -> Result<()> {
    Ok(())
}

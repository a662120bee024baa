//! What is done to evidence by the clock: every item is hashed again once a week, one after another, and
//! uploads that nobody goes on with are thrown away. What differs is an alarm on the item and a leaf in
//! the ledger.

use std::time::Duration;

use domain::Actor;
use jiff::{SignedDuration, Timestamp};

use super::{content, store, upload};
use crate::app::App;
use crate::error::Result;

/// How often the clock is looked at.
const EVERY: Duration = Duration::from_secs(60);
/// How long the bytes of an item are taken on trust.
const TRUSTED_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

/// When what was hashed at `at` is to be hashed again.
pub fn next(at: Timestamp) -> Timestamp {
    at.checked_add(TRUSTED_FOR).unwrap_or(Timestamp::MAX)
}

/// Looks again and again for what is due.
pub async fn watch(app: App) {
    loop {
        if let Err(error) = upload::sweep(&app).await {
            tracing::error!(%error, "unfinished uploads cannot be thrown away");
        }
        if let Err(error) = due(&app).await {
            tracing::error!(%error, "evidence cannot be hashed again");
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Hashes every item whose time has come; says how many there were.
pub async fn due(app: &App) -> Result<usize> {
    let mut hashed = 0;
    while let Some(id) = store::check_due(&app.db, app.clock.now()).await? {
        content::verify(app, &Actor::Watchbell, id).await?;
        hashed += 1;
    }
    Ok(hashed)
}

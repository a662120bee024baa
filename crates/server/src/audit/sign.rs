//! Signed checkpoints: one soon after the ledger grew, and one whenever somebody needs it now. A
//! checkpoint is no change: it appends no leaf.

use std::time::Duration;

use ledger::{Checkpoint, Frontier};

use super::store;
use crate::app::App;
use crate::error::Result;

/// How long changes are gathered under one checkpoint.
const GATHER: Duration = Duration::from_millis(500);

/// Signs a checkpoint within a second after the ledger grew, for as long as the server runs.
pub async fn sign_as_it_grows(app: App) {
    let mut committed = app.db.writer().committed();
    loop {
        if let Err(error) = sign_if_grown(&app).await {
            tracing::error!(%error, "no checkpoint could be signed; the next change tries again");
        }
        if committed.changed().await.is_err() {
            return;
        }
        tokio::time::sleep(GATHER).await;
        // What was committed meanwhile is covered by the look that follows.
        committed.mark_unchanged();
    }
}

async fn sign_if_grown(app: &App) -> Result<()> {
    let size = store::frontier(&app.db).await?.size();
    let signed = store::newest_checkpoint(&app.db).await?;
    if size > 0 && signed.is_none_or(|newest| newest.size < size) {
        sign_now(app).await?;
    }
    Ok(())
}

/// The signed checkpoint of the ledger as it is now. The same size is signed once.
pub async fn sign_now(app: &App) -> Result<String> {
    let (key, now) = (app.key.clone(), app.clock.now());
    app.db
        .writer()
        .run(move |tx| {
            Box::pin(async move {
                let frontier = store::frontier_in(tx).await?.unwrap_or_else(Frontier::new);
                if let Some(note) = store::checkpoint_in(tx, frontier.size()).await? {
                    return Ok(note);
                }
                let note = Checkpoint::of(key.origin(), &frontier)?.sign(&key)?;
                store::insert_checkpoint(tx, frontier.size(), &note, now).await?;
                Ok(note)
            })
        })
        .await
}

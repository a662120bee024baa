//! Fills the index of a store that was made before there was one, from the ledger's records, while the server
//! answers already. Changes made meanwhile index themselves; a document of an earlier leaf never replaces theirs.

use platform::db::DbError;
use platform::search::{Document, put};

use super::document::{self, State};
use super::{store, written};
use crate::app::App;
use crate::error::{Error, Result};
use crate::{alert, audit, plan, playbook};

/// How many leaves are read and written at once: little enough that changes of people come in between.
const AT_ONCE: i64 = 500;

/// Makes the index whole. What is written down anew with each release is looked over at each start.
pub async fn catch_up(app: App) {
    if let Err(error) = bring_up(&app).await {
        tracing::error!(%error, "the search index could not be completed; the next start goes on with it");
    }
}

/// The plan in force and the playbooks.
async fn written_down(app: &App) -> Result<()> {
    let now = plan::in_force(app).await?;
    let playbooks = playbook::documents(app).await?;
    let dialect = app.db.dialect();
    let since = now.since.as_microsecond();
    app.db
        .writer()
        .run(move |tx| {
            Box::pin(async move {
                written::plan(tx, dialect, &now.plan, since).await?;
                Ok(put(tx, dialect, playbooks).await?)
            })
        })
        .await
}

pub async fn bring_up(app: &App) -> Result<()> {
    written_down(app).await?;
    let (mut done_to, whole) = store::state(&app.db).await?.unwrap_or((0, false));
    if whole {
        return Ok(());
    }
    let size = audit::size(app).await?;
    if size > 0 {
        tracing::info!(records = size - done_to, "indexing what was written before");
    }
    while done_to < size {
        let states = audit::states(app, done_to, AT_ONCE).await?;
        let documents: Vec<Document> = states
            .iter()
            .filter_map(|one| {
                document::of(&State {
                    record: &one.record,
                    body: &one.body,
                    scope: one.scope,
                    at: one.at,
                    leaf: one.leaf,
                })
            })
            .collect();
        done_to += AT_ONCE;
        write(app, documents, Some(done_to.min(size))).await?;
    }
    values(app).await?;
    app.db.writer().run(move |tx| Box::pin(async move { store::set_state(tx, size, true).await })).await?;
    tracing::info!("the search index is whole");
    Ok(())
}

/// The values in alerts, which are no records.
async fn values(app: &App) -> Result<()> {
    let mut after = 0;
    loop {
        let documents = alert::values::documents(app, after, AT_ONCE).await?;
        let Some(last) = documents.last() else { return Ok(()) };
        after = last.id - super::Kind::AlertValue.numbers().start;
        write(app, documents, None).await?;
    }
}

async fn write(app: &App, documents: Vec<Document>, done_to: Option<i64>) -> Result<()> {
    let dialect = app.db.dialect();
    app.db
        .writer()
        .run(move |tx| {
            Box::pin(async move {
                put(tx, dialect, documents).await.map_err(|error: DbError| Error::Db(error))?;
                match done_to {
                    Some(done_to) => store::set_state(tx, done_to, false).await,
                    None => Ok(()),
                }
            })
        })
        .await
}
